"""Every event gets a seal, in the database and in the file, whatever interrupts it."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from jiesu.cases.history import seals
from jiesu.cases.history.seals import seal_events, seal_job, seal_of
from jiesu.cases.models import Event, Seal
from jiesu.cases.privacy.vault import ring
from jiesu.core.problems import InputError
from jiesu.core.seals import check_sealed_events, check_seals, parse_seal_line
from tests.cases.cast import ELEVATOR, HEATING, NOW, City


def findings(file: Path) -> list[str]:
    """Everything that the checks of `core.seals` say of the database and the file."""
    rows = [seal_of(row) for row in Seal.objects.order_by("number")]
    keys = ring().secrets_by_id("seal")
    found = list(map(str, check_seals(rows, file.read_text().splitlines(), keys)))
    for row in rows:
        events = Event.objects.filter(seal=row.number).order_by("id")
        if (wrong := check_sealed_events(row, events.values_list("id", "digest"))) is not None:
            found.append(str(wrong))
    return found


def test_all_events_without_a_seal_get_one(city: City, file: Path) -> None:
    city.received()
    made = seal_events(NOW, file=file)
    assert (made.n_events, made.n_seals, made.n_lines) == (2, 1, 1)
    assert not Event.objects.filter(seal=None).exists()
    again = seal_events(NOW + timedelta(minutes=1), file=file)
    assert (again.n_events, again.n_seals, again.n_lines) == (0, 0, 0)
    city.received(ELEVATOR)
    seal_events(NOW + timedelta(minutes=2), file=file)
    assert [seal.n_events for seal in Seal.objects.order_by("number")] == [2, 2]
    assert findings(file) == []


def test_many_events_are_sealed_in_several_seals(city: City, file: Path) -> None:
    city.received()
    city.received(HEATING)
    made = seal_events(NOW, file=file, at_once=3)
    assert (made.n_events, made.n_seals) == (4, 2)
    assert findings(file) == []


def test_the_file_is_for_its_owner_alone(city: City, file: Path) -> None:
    city.received()
    seal_events(NOW, file=file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    seal_events(NOW, file=file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_catches_up_with_all_seals_that_it_lacks(city: City, file: Path) -> None:
    for minutes in range(4):
        city.received(ELEVATOR, new_facts=True)
        seal_events(NOW + timedelta(minutes=minutes), file=file)
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:1]))
    made = seal_events(NOW, file=file)
    assert (made.n_events, made.n_lines) == (0, 3)
    assert file.read_text().splitlines(keepends=True) == lines
    file.unlink()
    assert seal_events(NOW, file=file).n_lines == 4


@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_a_line_that_was_cut_is_followed_by_the_whole_one(
    city: City, file: Path, kept: int
) -> None:
    city.received()
    seal_events(NOW, file=file)
    city.received(ELEVATOR)
    seal_events(NOW, file=file)
    first, second = file.read_text().splitlines()
    file.write_text(f"{first}\n{second[:kept]}")
    city.received(HEATING)
    seal_events(NOW, file=file)
    assert findings(file) == []
    numbers = [parse_seal_line(line).number for line in file.read_text().splitlines()[-2:]]
    assert numbers == [2, 3]


def test_a_last_line_without_its_end_is_not_written_twice(city: City, file: Path) -> None:
    city.received()
    seal_events(NOW, file=file)
    file.write_text(file.read_text().rstrip("\n"))
    city.received(ELEVATOR)
    seal_events(NOW, file=file)
    assert [parse_seal_line(line).number for line in file.read_text().splitlines()] == [1, 2]


def test_the_last_seal_is_found_behind_much_that_is_none(city: City, file: Path) -> None:
    city.received()
    seal_events(NOW, file=file)
    with file.open("a") as opened:
        opened.write("x" * 200_000)
    city.received(ELEVATOR)
    seal_events(NOW, file=file)
    assert findings(file) == ["line 2: not a seal"]


def test_nothing_is_sealed_on_an_older_copy_of_the_database(city: City, file: Path) -> None:
    city.received()
    seal_events(NOW, file=file)
    city.received(ELEVATOR)
    seal_events(NOW, file=file)
    Event.objects.filter(seal=2).update(seal=None)
    Seal.objects.filter(number=2).delete()
    with pytest.raises(InputError, match=r"it has seal 2, the database ends with seal 1.*older"):
        seal_events(NOW, file=file)
    assert (Seal.objects.count(), len(file.read_text().splitlines())) == (1, 2)


def test_nothing_is_sealed_beside_a_file_of_another_history(city: City, file: Path) -> None:
    city.received()
    seal_events(NOW, file=file)
    Seal.objects.update(mac=bytes(32))
    with pytest.raises(InputError, match="its seal 1 is not the database's"):
        seal_events(NOW, file=file)


def test_a_seal_that_was_committed_reaches_the_file_later(
    city: City, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.received()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(seals, "_append", killed)
        with pytest.raises(KeyboardInterrupt):
            seal_events(NOW, file=file)
    assert (Seal.objects.count(), file.read_text()) == (1, "")
    assert seal_events(NOW, file=file).n_lines == 1
    assert findings(file) == []


def test_a_sealer_that_is_late_leaves_no_half_of_a_seal(
    city: City, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.received()
    other: list[int] = []
    mark = seals._mark

    def overtaken(ids: list[int], number: int) -> None:
        Event.objects.filter(pk=ids[0]).delete()
        other.append(number)
        mark(ids, number)

    with monkeypatch.context() as patch:
        patch.setattr(seals, "_mark", overtaken)
        assert seal_events(NOW, file=file).n_seals == 0
    assert other == [1]
    assert (Seal.objects.count(), Event.objects.filter(seal=None).count()) == (0, 2)
    assert seal_events(NOW, file=file).n_events == 2


def test_a_folder_that_cannot_be_written_is_said(city: City, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    city.received()
    with pytest.raises(InputError, match="cannot be written"):
        seal_events(NOW, file=blocked / "seals.jsonl")


def test_the_job_says_what_keeps_it_from_sealing(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(seals, "seals_file", lambda: tmp_path / "seals.jsonl")
    city.received()
    assert seal_job(NOW) == "2 events under 1 seals"
    Seal.objects.update(mac=bytes(32))
    assert "nothing is sealed: seals.jsonl: its seal 1 is not the database's" in seal_job(NOW)
    assert "seals.jsonl" in caplog.text
