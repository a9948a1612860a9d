"""What has had its time is erased, in any number of runs, and no figure changes."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from jiesu.cases.actions.dispatching import dispose_case
from jiesu.cases.figures.export import write_cases
from jiesu.cases.history.audit import Audit
from jiesu.cases.history.seals import seal_events
from jiesu.cases.jobs import More
from jiesu.cases.models import Case, CasePrivate
from jiesu.cases.privacy import retention
from jiesu.cases.privacy.erasure import erase
from jiesu.cases.privacy.retention import Retained, apply_retention, retention_job
from jiesu.cases.privacy.vault import Person, person_of, text_of
from tests.cases.calling import set_rule
from tests.cases.cast import LIGHTS, NOW, PHONE, City
from tests.cases.test_privacy import lived

DAY = timedelta(days=1)
CONTACT, TEXT = 1095 * DAY, 1825 * DAY
"""The times of the rules that come with jiesu."""


def declined(city: City, days: int, phone: str = PHONE) -> Case:
    """A case that came and ended on a day."""
    at = NOW + days * DAY
    case = city.received(LIGHTS, at=at, person=Person(name="张三", phone=phone))
    if case.ended_at is None:
        dispose_case(
            case_id=case.pk, reason="unlawful", answer="告知张三不受理", by=city.operator, as_of=at
        )
    return case


def test_contact_details_attachments_and_texts_go_each_in_its_time(city: City) -> None:
    case = lived(city)
    assert case.ended_at is not None
    before = apply_retention(case.ended_at + CONTACT - timedelta(seconds=1))
    assert before.n_erased == {"person": 0, "text": 0, "attachments": 0}
    first = apply_retention(case.ended_at + CONTACT)
    assert first.n_erased == {"person": 1, "text": 0, "attachments": 1}
    private = CasePrivate.objects.get(case=case)
    assert person_of(case, private) == Person()
    assert text_of(case, private)[0] == "停车费"
    second = apply_retention(case.ended_at + TEXT)
    assert second.n_erased == {"person": 0, "text": 1, "attachments": 0}
    assert text_of(case, CasePrivate.objects.get(case=case)) == ("", "")
    kinds = case.events.filter(kind="erased").order_by("seq").values_list("changes", "actor")
    assert list(kinds) == [
        ({"parts": ["attachments", "person"], "cause": "retention"}, "system:retention"),
        ({"parts": ["text"], "cause": "retention"}, "system:retention"),
    ]
    assert apply_retention(case.ended_at + 2 * TEXT) == Retained()


def test_cases_that_have_not_ended_and_times_of_zero_days_are_left(city: City) -> None:
    city.received()
    case = declined(city, 0)
    set_rule("contact_days = 1095", "contact_days = 0")
    set_rule("text_days = 1825", "text_days = 0")
    set_rule("attachment_days = 1095", "attachment_days = 0")
    assert apply_retention(NOW + 9999 * DAY) == Retained()
    assert person_of(case, CasePrivate.objects.get(case=case)).phone == PHONE


def test_a_shorter_time_reaches_back(city: City) -> None:
    declined(city, 0)
    assert apply_retention(NOW + 31 * DAY).n_erased["person"] == 0
    set_rule("contact_days = 1095", "contact_days = 30")
    assert apply_retention(NOW + 31 * DAY).n_erased["person"] == 1


def figures(folder: Path) -> list[dict[str, Any]]:
    rows = [row for file in write_cases(folder) for row in pq.read_table(file).to_pylist()]
    return sorted(rows, key=lambda row: str(row["case_id"]))


def test_no_figure_changes_by_erasing(city: City, tmp_path: Path) -> None:
    lived(city)
    for days, phone in ((0, PHONE), (3, "13900000000"), (40, PHONE), (41, PHONE), (300, PHONE)):
        declined(city, days, phone)
    before = figures(tmp_path / "before")
    assert len(before) == 6
    # Some of a caller's cases at first, then all.
    for days in (1095 + 20, 1095 + 40, 1095 + 41, 1095 + 400):
        apply_retention(NOW + days * DAY)
        after = figures(tmp_path / str(days))
        assert [{**row, "caller": ""} for row in after] == [{**row, "caller": ""} for row in before]
        assert not any(str(row["caller"]).startswith("h1:") for row in after[:1])
    callers = {(one["caller"], two["caller"]) for one, two in zip(before, after, strict=True)}
    # One to one: whoever counted as one caller of the year still does, and nobody else.
    assert len(callers) == len({old for old, _ in callers}) == len({new for _, new in callers})
    assert {old for old, _ in callers}.isdisjoint({new for _, new in callers})


def test_a_run_that_is_killed_is_gone_on_with(
    city: City, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for days in range(5):
        declined(city, days, f"1380000000{days}")
    n = 0

    def killed(*given: Any) -> Any:
        nonlocal n
        n += 1
        if n == 4:
            raise KeyboardInterrupt
        return erase(*given)

    with monkeypatch.context() as patch:
        patch.setattr(retention, "erase", killed)
        with pytest.raises(KeyboardInterrupt):
            apply_retention(NOW + 3000 * DAY, batch=2)
    # The batch in which it was killed is as if it had not begun.
    assert CasePrivate.objects.filter(person_erased_at=None).count() == 3
    assert apply_retention(NOW + 3000 * DAY, batch=2).n_erased["person"] == 3
    assert not CasePrivate.objects.filter(person_erased_at=None).exists()
    assert Case.objects.filter(events__kind="erased").count() == 5
    seal_events(NOW, file=tmp_path / "seals.jsonl")
    assert list(Audit(file=tmp_path / "seals.jsonl").run()) == []


def test_a_case_that_fails_stops_no_other_and_is_named_without_its_words(
    city: City, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = declined(city, 0), declined(city, 1, "13900000000")

    def failing(change: Any, *given: Any) -> Any:
        if change.case.pk == first.pk:
            raise RuntimeError(PHONE)
        return erase(change, *given)

    monkeypatch.setattr(retention, "erase", failing)
    done = apply_retention(NOW + 3000 * DAY)
    assert (done.n_failed, done.n_erased["person"]) == (1, 1)
    assert first.number in caplog.text
    assert PHONE not in caplog.text
    assert second.events.filter(kind="erased").exists()


def test_the_job_is_cut_into_stretches(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    declined(city, 0)
    declined(city, 1, "13900000000")
    monkeypatch.setattr(retention, "SECONDS", -1.0)
    monkeypatch.setattr(
        apply_retention, "__kwdefaults__", {"batch": 1, "seconds": None}, raising=True
    )
    first = retention_job(NOW + 3000 * DAY)
    assert isinstance(first, More)
    assert first == "erased: 1 person, 1 text, 0 attachments; 0 failed"
    while isinstance(retention_job(NOW + 3000 * DAY), More):
        pass
    assert not CasePrivate.objects.filter(text_erased_at=None).exists()
