"""A caller of imported files is the same in every run, whatever the process and its environment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jiesu.cases.history.events import chain_of
from jiesu.cases.models import Case, Event
from jiesu.cases.privacy.keys import rotated, without
from jiesu.cases.privacy.rotation import key_uses, renew
from jiesu.cases.privacy.vault import imported_caller, ring
from jiesu.sources import pseudonyms
from tests.cases.cast import NOW, City
from tests.cases.test_bulk_import import DAY, HOUR, bare, case_of, findings, taken
from tests.cases.test_rotation import Use, use

__all__ = ["use"]

NAMED = "01065550000"


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    """Each test begins and ends as a new process does."""
    pseudonyms._key.cache_clear()
    yield
    pseudonyms._key.cache_clear()


def another_process(monkeypatch: pytest.MonkeyPatch, key: str = "") -> None:
    monkeypatch.setenv(pseudonyms.KEY, key)
    pseudonyms._key.cache_clear()


def test_an_unchanged_file_is_known_in_the_next_run(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [bare(f"A{n}", caller=NAMED) for n in range(4)]
    taken(tmp_path, *rows)
    before = list(Case.objects.order_by("pk").values_list("caller", "version", "n_events"))
    for key in ("", "another"):
        another_process(monkeypatch, key)
        again = taken(tmp_path, *rows)
        assert (again.counts.known, again.counts.updated, again.counts.rows) == (4, 0, 4)
    after = list(Case.objects.order_by("pk").values_list("caller", "version", "n_events"))
    assert after == before
    assert NAMED not in str(after)
    assert set(Event.objects.values_list("kind", flat=True)) == {"imported"}


def test_the_demands_of_a_caller_are_counted_over_all_files(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken(tmp_path, *(bare(f"A{n}", caller=NAMED) for n in range(3)))
    another_process(monkeypatch)
    taken(tmp_path, bare("B1", caller=NAMED, created_at=NOW), bare("B2", caller="0106555111"))
    assert len(set(Case.objects.values_list("caller", flat=True))) == 2
    assert [(case_of(n).n_month, case_of(n).n_year) for n in ("B1", "B2")] == [(1, 4), (1, 1)]
    taken(tmp_path, bare("B3", caller=NAMED, created_at=NOW + HOUR))
    assert (case_of("B3").n_month, case_of("B3").n_year) == (2, 5)


def test_a_caller_is_known_again_after_a_rotation(city: City, tmp_path: Path, use: Use) -> None:
    row = bare(caller=NAMED)
    taken(tmp_path, row)
    use(rotated(ring(), "hash", NOW))
    assert renew().n_failed == 0
    assert "h1" not in key_uses()["hash"]
    assert taken(tmp_path, row).counts.known == 1


def test_another_pseudonym_alone_is_taken_without_an_event(
    city: City, tmp_path: Path, use: Use
) -> None:
    row = bare(
        unit="D01", caller=NAMED, location="一号楼", closed_at=NOW - DAY, callback_valid="true"
    )
    taken(tmp_path, row)
    case = case_of()
    use(without(rotated(ring(), "hash", NOW), "h1"))
    done = taken(tmp_path, row, as_of=NOW + DAY)
    assert (done.counts.updated, done.counts.rows) == (1, 1)
    now = case_of()
    assert (now.caller, now.version) == (imported_caller(NAMED), case.version + 1)
    assert now.caller != case.caller
    assert [event.kind for event in chain_of(now)] == ["imported"]
    assert findings() == []
    assert taken(tmp_path, row).counts.known == 1
    taken(tmp_path, row | {"caller": "c-0123456789ab", "labels": "便利性"})
    assert [event.kind for event in chain_of(now)] == ["imported", "reimported"]
    assert findings() == []
