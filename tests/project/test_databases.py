"""Each test of the desk runs on SQLite and on PostgreSQL, or says why not."""

import re
from pathlib import Path

import pytest
from django.db import connection

from tests import databases

MAKEFILE = Path(__file__).resolve().parent.parent.parent / "Makefile"


def test_the_folders_with_django_are_those_that_run_on_both() -> None:
    starting = {
        path.parent.name
        for path in databases.HERE.glob("*/conftest.py")
        if "start_django()" in path.read_text("utf-8")
    }
    line = re.search(r"JIESU_TEST_DATABASE=postgresql .*", MAKEFILE.read_text("utf-8"))
    assert line is not None
    assert set(re.findall(r"tests/(\w+)", line[0])) == starting == set(databases.FOLDERS)


@pytest.mark.django_db
def test_a_run_is_on_the_database_that_it_names() -> None:
    assert connection.vendor == databases.chosen()


@pytest.mark.django_db
@pytest.mark.only_on("sqlite", reason="these are SQLite's own settings")
def test_sqlite_is_safe_against_power_cuts_and_erases_what_is_deleted() -> None:
    with connection.cursor() as cursor:

        def value(name: str) -> object:
            return cursor.execute(f"PRAGMA {name}").fetchone()[0]

        found = [value(name) for name in ("journal_mode", "synchronous", "secure_delete")]
        assert found == ["wal", 2, 1]
        assert [value("foreign_keys"), value("busy_timeout")] == [1, 10_000]
        assert value("journal_size_limit") == 8 * 1024 * 1024


class Item:
    """Enough of a test for its marks to be read."""

    def __init__(self, mark: pytest.Mark, folder: str = "project") -> None:
        self.mark = mark
        self.path = databases.HERE / folder / "test_x.py"
        self.nodeid = "x"
        self.added: list[pytest.MarkDecorator] = []

    def iter_markers(self, name: str) -> list[pytest.Mark]:
        assert name == "only_on"
        return [self.mark]

    def add_marker(self, mark: pytest.MarkDecorator) -> None:
        self.added.append(mark)


def other_database() -> str:
    return next(name for name in databases.DATABASES if name != databases.chosen())


def test_a_test_of_the_other_database_is_skipped_with_its_reason() -> None:
    item = Item(pytest.mark.only_on(other_database(), reason="it is so").mark)
    databases.skip_on_the_other([item])  # type: ignore[list-item]
    assert item.added[0].kwargs == {"reason": f"only on {other_database()}: it is so"}
    here = Item(pytest.mark.only_on(databases.chosen(), reason="it is so").mark)
    databases.skip_on_the_other([here])  # type: ignore[list-item]
    assert here.added == []


@pytest.mark.parametrize(
    ("mark", "folder"),
    [
        (pytest.mark.only_on("postgresql").mark, "project"),
        (pytest.mark.only_on("oracle", reason="why not").mark, "project"),
        (pytest.mark.only_on("postgresql", reason="it is so").mark, "core"),
    ],
)
def test_a_test_is_left_out_for_a_reason_and_where_it_runs_elsewhere(
    mark: pytest.Mark, folder: str
) -> None:
    with pytest.raises(pytest.UsageError):
        databases.skip_on_the_other([Item(mark, folder)])  # type: ignore[list-item]
