"""A person gets a copy of all that is held of them, and of nobody else."""

import json
import stat
from pathlib import Path
from zipfile import ZipFile

import pytest

from jiesu.cases.actions.privacy import erase_person
from jiesu.cases.history.audit import Audit
from jiesu.cases.history.seals import seal_events
from jiesu.cases.privacy import person_copy
from jiesu.cases.privacy.person_copy import write_person_copy
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.privacy.vault import Person
from jiesu.cases.refusals import Forbidden, Invalid, NotFound
from jiesu.core.problems import InputError
from tests.cases.cast import ELEVATOR, NOW, PHONE, City
from tests.cases.test_privacy import LATER, PDF, WORDS, lived

REASON = "本人书面申请"


def copy(city: City, path: Path, phone: str = PHONE) -> tuple[str, ...]:
    return write_person_copy(path, phone=phone, reason=REASON, by=city.administrator, as_of=LATER)


def test_a_copy_holds_everything_of_the_person_and_nothing_of_others(
    city: City, tmp_path: Path
) -> None:
    case, second = lived(city), city.received(ELEVATOR, confidential=True)
    city.received(ELEVATOR, person=Person(name="李四", phone="13900000000"), body="李四家电梯")
    path = tmp_path / "copy.zip"
    assert copy(city, path, "+86 138 0000 0000") == (case.number, second.number)
    with ZipFile(path) as archive:
        table = json.loads(archive.read("person.json"))
        [name] = [one for one in archive.namelist() if one != "person.json"]
        assert archive.read(name) == PDF
    assert name.startswith(f"{case.number}/")
    assert name.endswith("张三的收据.pdf")
    first, other = table["cases"]
    assert first["person"] == {
        "name": "张三", "phone": PHONE, "email": "", "company": "", "address": "一号楼",
    }  # fmt: skip
    assert (first["title"], first["unit"], other["confidential"]) == ("停车费", "东华门街道", True)
    text = json.dumps(table, ensure_ascii=False)
    for words in WORDS:
        assert words in text
    assert "李四" not in text
    assert "user:" not in text
    assert first["history"][0]["what"] == "received"
    assert {one["record"] for one in first["records"]} >= {"contact", "feedback", "callback"}


def test_the_copy_is_the_owners_alone_and_written_down(city: City, tmp_path: Path) -> None:
    case, path = city.received(), tmp_path / "copy.zip"
    copy(city, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["copy.zip"]
    event = case.events.get(kind="exported")
    assert event.actor == city.administrator.name
    assert words_of(case, case.disclosures.get(), "reason") == REASON
    seal_events(LATER, file=tmp_path / "seals.jsonl")
    assert list(Audit(file=tmp_path / "seals.jsonl").run()) == []


def test_a_file_that_is_there_is_kept_and_nothing_is_written_down(
    city: City, tmp_path: Path
) -> None:
    case, path = city.received(), tmp_path / "copy.zip"
    path.write_text("mine")
    with pytest.raises(InputError, match="cannot be written"):
        copy(city, path)
    assert path.read_text() == "mine"
    assert not case.events.filter(kind="exported").exists()
    assert [one.name for one in tmp_path.iterdir()] == ["copy.zip"]


def test_without_a_reason_a_phone_or_the_right_there_is_no_copy(city: City, tmp_path: Path) -> None:
    city.received()
    path = tmp_path / "copy.zip"
    for phone, refusal in (("?", Invalid), ("13911111111", NotFound)):
        with pytest.raises(refusal):
            copy(city, path, phone)
    with pytest.raises(Invalid, match="reason"):
        write_person_copy(path, phone=PHONE, reason=" ", by=city.administrator, as_of=NOW)
    with pytest.raises(Forbidden):
        write_person_copy(path, phone=PHONE, reason=REASON, by=city.dispatcher, as_of=NOW)
    assert not path.exists()


def test_what_was_erased_is_in_no_copy(city: City, tmp_path: Path) -> None:
    case = lived(city)
    erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)
    with pytest.raises(NotFound):
        copy(city, tmp_path / "copy.zip")


def test_a_failure_leaves_no_half_of_a_file(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.received()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(person_copy, "_document", full)
    with pytest.raises(InputError, match="No space left"):
        copy(city, tmp_path / "copy.zip")
    assert list(tmp_path.iterdir()) == []
