"""A case of another system keeps the due time of its record: it is moved later, never earlier."""

from datetime import timedelta
from pathlib import Path

import pytest

from jiesu.cases.actions.extensions import (
    ask_extension,
    decide_extension,
    resume,
    wait_for_caller,
)
from jiesu.cases.actions.objections import decide_objection, object_to_dispatch
from jiesu.cases.clock import explanation
from jiesu.cases.models import Case, DeadlineChange, Dispatch
from jiesu.cases.queries import marks
from jiesu.cases.refusals import Conflict
from tests.cases.cast import NOW, City
from tests.cases.test_bulk_import import bare, case_of, findings, taken

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SENT, DUE = NOW - 5 * DAY, NOW + 25 * DAY
RECORD = bare(unit="110101001", dispatched_at=SENT, due_at=DUE, caller="c-0123456789ab")
CONTACTED = RECORD | {"contacted_at": SENT + HOUR}


def extended(city: City, case: Case, amount: int = 5) -> Case:
    ask_extension(
        case_id=case.pk,
        reason="works_needed",
        statement="需要采购配件",
        amount=amount,
        unit_of_time="natural_day",
        caller_told_at=NOW,
        by=city.clerk,
        as_of=NOW + HOUR,
    )
    decide_extension(case_id=case.pk, granted=True, by=city.coordinator, as_of=NOW + 2 * HOUR)
    case.refresh_from_db()
    return case


def test_an_imported_dispatch_has_the_due_times_of_its_record(city: City, tmp_path: Path) -> None:
    taken(tmp_path, RECORD)
    case, dispatch = case_of(), Dispatch.objects.get()
    assert (case.due_at, case.contact_due_at) == (DUE, None)
    assert (dispatch.due_at, dispatch.contact_due_at) == (DUE, None)
    assert explanation(case, "en") == (
        "due 2022-03-05 09:00: the imported record has 2022-03-05 09:00"
    )
    assert explanation(case, "zh") == "截止2022-03-05 09:00：导入记录的截止时间为2022-03-05 09:00"


def test_an_extension_counts_from_the_due_time_of_the_record(city: City, tmp_path: Path) -> None:
    taken(tmp_path, RECORD)
    case = extended(city, case_of())
    assert (case.due_at, case.contact_due_at) == (DUE + 5 * DAY, None)
    assert not marks(case, NOW + 3 * HOUR).contact_overdue
    assert explanation(case, "en") == (
        "due 2022-03-10 09:00: the imported record has 2022-03-05 09:00, extended by 5 natural days"
    )
    change = DeadlineChange.objects.get(case=case)
    assert (change.old_due_at, change.new_due_at) == (DUE, DUE + 5 * DAY)
    assert findings() == []


def test_a_record_that_fits_a_class_of_limits_gets_no_other_clock(
    city: City, tmp_path: Path
) -> None:
    taken(tmp_path, RECORD | {"due_at": SENT + 7 * DAY})
    case = extended(city, case_of(), amount=3)
    assert case.limit == "7d"
    assert (case.due_at, case.contact_due_at) == (SENT + 10 * DAY, None)


def test_a_wait_moves_the_due_time_of_the_record_by_its_length(city: City, tmp_path: Path) -> None:
    taken(tmp_path, CONTACTED)
    case = case_of()
    pause = wait_for_caller(case_id=case.pk, by=city.clerk, as_of=NOW)
    case.refresh_from_db()
    assert pause.end is not None
    assert (case.due_at, case.contact_due_at) == (DUE + (pause.end - NOW), None)
    resume(case_id=case.pk, by=city.clerk, as_of=NOW + 6 * HOUR)
    case.refresh_from_db()
    assert (case.due_at, case.paused_since) == (DUE + 6 * HOUR, None)
    assert explanation(case, "en").endswith("has 2022-03-05 09:00, paused 6 h")
    assert findings() == []


def test_a_record_without_a_due_time_has_no_clock(city: City, tmp_path: Path) -> None:
    taken(tmp_path, CONTACTED | {"due_at": ""})
    case, dispatch = case_of(), Dispatch.objects.get()
    assert (case.due_at, dispatch.due_at) == (None, None)
    with pytest.raises(Conflict, match="has no limit"):
        extended(city, case)
    with pytest.raises(Conflict, match="has no limit"):
        wait_for_caller(case_id=case.pk, by=city.clerk, as_of=NOW)
    assert explanation(case, "en") == ""


def test_a_dispatch_that_the_desk_makes_has_the_desk_s_clocks(city: City, tmp_path: Path) -> None:
    taken(tmp_path, RECORD | {"dispatched_at": NOW})
    case = case_of()
    object_to_dispatch(
        case_id=case.pk, reason="duty", statement="不归我们管", by=city.clerk,
        as_of=NOW + HOUR,
    )  # fmt: skip
    decide_objection(
        case_id=case.pk, upheld=True, opinion="改派", unit="D01", by=city.dispatcher,
        as_of=NOW + 2 * HOUR,
    )  # fmt: skip
    case.refresh_from_db()
    assert (case.due_at, case.contact_due_at) == (NOW + 2 * HOUR + 7 * DAY, NOW + 26 * HOUR)
    assert "7 natural days from" in explanation(case, "en")
