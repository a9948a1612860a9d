"""What was erased stands nowhere in SQLite's files: neither in the database nor in its log."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from jiesu.cases import write_ahead
from jiesu.cases.actions.privacy import erase_case_text, erase_person
from jiesu.cases.models import Attachment, Case, CasePrivate
from jiesu.cases.privacy.retention import apply_retention
from jiesu.cases.privacy.vault import Person
from jiesu.cases.write_ahead import empty_log, empty_log_job
from tests.cases.cast import NOW, City, made_city
from tests.cases.test_privacy import LATER, lived

pytestmark = [
    pytest.mark.only_on("sqlite", reason="PostgreSQL's log is its own"),
    pytest.mark.django_db(transaction=True),
]


def files() -> bytes:
    """The database and its log, as they lie on the disk."""
    name = Path(str(connection.settings_dict["NAME"]))
    return name.read_bytes() + name.with_name(f"{name.name}-wal").read_bytes()


def personal_bytes(case: Case) -> dict[str, bytes]:
    private = CasePrivate.objects.get(case=case)
    return {
        "person": bytes(private.person),
        "person_salt": bytes(private.person_salt),
        "name_hash": private.name_hash.encode(),
        "text": bytes(private.text),
        "text_salt": bytes(private.text_salt),
        "attachment": bytes(Attachment.objects.get(case=case).name),
    }


def found(values: dict[str, bytes]) -> list[str]:
    held = files()
    return [name for name, value in values.items() if value in held]


@pytest.fixture
def lived_case(folder: Path) -> tuple[City, Case, dict[str, bytes]]:
    """A case that has ended, and what is to be forgotten of it."""
    city = made_city()
    case = lived(city)
    values = personal_bytes(case)
    assert found(values) == list(values)
    return city, case, values


Lived = tuple[City, Case, dict[str, bytes]]


def by_hand(city: City, case: Case) -> None:
    erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)


def in_its_time(city: City, case: Case) -> None:
    apply_retention(LATER + timedelta(days=9999))


@pytest.mark.parametrize("erased", [by_hand, in_its_time])
def test_what_was_erased_stands_in_no_file(
    lived_case: Lived, erased: Callable[[City, Case], None]
) -> None:
    city, case, values = lived_case
    erased(city, case)
    assert found(values) == []


def test_an_erased_text_stands_in_no_file(lived_case: Lived) -> None:
    city, case, values = lived_case
    erase_case_text(case_id=case.pk, cause="mistake", by=city.administrator, as_of=LATER)
    assert found(values) == ["person", "person_salt", "name_hash", "attachment"]


@contextmanager
def reading() -> Iterator[None]:
    """Somebody who has begun to read and does not end."""
    other = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)
    try:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM cases_case").fetchone()
        yield
    finally:
        other.close()


def test_where_somebody_reads_the_worker_comes_again(lived_case: Lived) -> None:
    city, case, values = lived_case
    with reading():
        begun = time.monotonic()
        by_hand(city, case)
        # Nobody is kept from writing for as long as somebody reads.
        assert time.monotonic() - begun < 5
        assert found(values)
        assert empty_log_job(NOW).startswith("somebody reads")
        city.received(person=Person(name="李四"))
    assert empty_log_job(NOW) == "empty"
    assert found(values) == []
    [wait] = connection.cursor().execute("PRAGMA busy_timeout").fetchone()
    assert wait == settings.DATABASES["default"]["OPTIONS"]["timeout"] * 1000


def test_a_log_that_is_not_emptied_undoes_no_erasure(
    lived_case: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    city, case, _ = lived_case
    # A connection that reads cannot cut the log off: SQLite says so by an error.
    cursor = connection.cursor()
    cursor.execute("SELECT id FROM cases_event")
    monkeypatch.setattr(write_ahead, "WAIT_MILLISECONDS", 1)
    assert empty_log() is False
    by_hand(city, case)
    cursor.close()
    assert CasePrivate.objects.get(case=case).person == b""
