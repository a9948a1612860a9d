"""Other units help: assistance, whistles with both marks, escalation; communities never lead."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from jiesu.cases.actions.assistance import (
    answer_assist,
    answer_escalation,
    ask_assist,
    blow_whistle,
    end_whistle,
    escalate_case,
    mark_whistle,
    report_whistle,
)
from jiesu.cases.actions.dispatching import dispatch_case, redispatch_case
from jiesu.cases.actions.extensions import (
    ask_extension,
    decide_extension,
    resume,
    wait_for_caller,
)
from jiesu.cases.actions.handling import record_contact, sign_case, submit_feedback
from jiesu.cases.actions.objections import return_case
from jiesu.cases.actions.redoing import redo_case
from jiesu.cases.actions.units import merge_units
from jiesu.cases.actor import Actor
from jiesu.cases.figures.whistles import WhistleMarks, whistle_marks
from jiesu.cases.history.case_audit import Known, found_in_cases
from jiesu.cases.models import Assist, Case, DirectoryEntry, Escalation, Role, Unit, User, Whistle
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, MoveRefused, NotFound, Stale
from jiesu.cases.rulebook import city_zone, local_day, rules_changed
from jiesu.cases.scopes import visible_cases
from jiesu.core.lifecycle import AT_WORK, State
from jiesu.core.period import MonthRule, month_period
from tests.cases.cast import ELEVATOR, LIGHTS, NOW, STALLS, City

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def officer(city: City, unit: str, role: Role = Role.CLERK) -> Actor:
    """Another person of a unit."""
    name = f"{role.value}-{unit}"
    return Actor.of(User.objects.create_user(name, role=role, unit=city.unit[unit]))


def put(case: Case, state: State) -> None:
    Case.objects.filter(pk=case.pk).update(state=state)


def ask(case: Case, by: Actor, as_of: datetime = NOW + HOUR, **more: Any) -> Assist:
    given: dict[str, Any] = {"unit": "D02", "matter": "请查一下占道许可"} | more
    return ask_assist(case_id=case.pk, by=by, as_of=as_of, **given)


def blow(
    case: Case, by: Actor, units: Sequence[str] = ("D01", "D02"),
    as_of: datetime = NOW + HOUR, **more: Any,
) -> list[Whistle]:  # fmt: skip
    given: dict[str, Any] = {"matter": "请到现场", "units": units} | more
    return blow_whistle(case_id=case.pk, by=by, as_of=as_of, **given)


def escalate(case: Case, by: Actor, as_of: datetime = NOW + HOUR, **more: Any) -> Escalation:
    given: dict[str, Any] = {"to": "110101", "matter": "涉及多个部门"} | more
    return escalate_case(case_id=case.pk, by=by, as_of=as_of, **given)


@dataclass
class Asked:
    """A case with one of each open: the department D02 was asked, called and escalated to."""

    case: Case
    assist: Assist
    whistle: Whistle
    escalation: Escalation
    department: Actor


@pytest.fixture
def asked(city: City) -> Asked:
    case = city.received()
    assist = ask(case, city.clerk)
    [whistle] = blow(case, city.clerk, ["D02"])
    escalation = escalate(case, city.head, to="D02")
    return Asked(case, assist, whistle, escalation, officer(city, "D02"))


def answer(asked: Asked, by: Actor, as_of: datetime = NOW + 2 * HOUR, **more: Any) -> Assist:
    given: dict[str, Any] = {"assist_id": asked.assist.pk, "answer": "没有许可"} | more
    return answer_assist(case_id=asked.case.pk, by=by, as_of=as_of, **given)


def turn_up(asked: Asked, by: Actor, as_of: datetime = NOW + 2 * HOUR, **more: Any) -> Whistle:
    given: dict[str, Any] = {"whistle_id": asked.whistle.pk, "report": "已到现场处理"} | more
    return report_whistle(case_id=asked.case.pk, by=by, as_of=as_of, **given)


def end(asked: Asked, by: Actor, as_of: datetime = NOW + 3 * HOUR, **more: Any) -> Whistle:
    given: dict[str, Any] = {"whistle_id": asked.whistle.pk, "mark": 4} | more
    return end_whistle(case_id=asked.case.pk, by=by, as_of=as_of, **given)


def mark(asked: Asked, by: Actor, as_of: datetime = NOW + 4 * HOUR, **more: Any) -> Whistle:
    given: dict[str, Any] = {"whistle_id": asked.whistle.pk, "mark": 5} | more
    return mark_whistle(case_id=asked.case.pk, by=by, as_of=as_of, **given)


def study(asked: Asked, by: Actor, as_of: datetime = NOW + 5 * HOUR, **more: Any) -> Escalation:
    given: dict[str, Any] = {"escalation_id": asked.escalation.pk, "answer": "列入整治计划"} | more
    return answer_escalation(case_id=asked.case.pk, by=by, as_of=as_of, **given)


# ---- Assist units.


def test_help_is_due_with_the_leads_result_or_by_a_limit_of_its_own(city: City) -> None:
    case = city.received()
    assist = ask(case, city.clerk)
    assert (assist.due_at, assist.asked_by) == (case.due_at, city.clerk.name)
    assert words_of(case, assist, "matter") == "请查一下占道许可"
    own = ask(case, city.dispatcher, unit="E01", limit="24h")
    assert own.due_at == NOW + 25 * HOUR


def longer(city: City, case: Case, at: datetime = NOW + HOUR) -> None:
    """The lead gets three days more."""
    ask_extension(
        case_id=case.pk, reason="works_needed", statement="要采购", amount=3,
        unit_of_time="natural_day", caller_told_at=at, by=city.clerk, as_of=at,
    )  # fmt: skip
    decide_extension(case_id=case.pk, granted=True, by=city.coordinator, as_of=at)
    case.refresh_from_db()


def due_times(case: Case) -> dict[str, datetime]:
    """By when help is due, of assist units and whistles together."""
    assists = {f"assist {one.unit.code}": one.due_at for one in case.assists.all()}
    return assists | {f"whistle {one.unit.code}": one.due_at for one in case.whistles.all()}


def findings(case: Case) -> list[str]:
    return found_in_cases(case.pk, case.pk, Known()).findings.get(case.pk, [])


def test_help_that_is_due_with_the_leads_result_moves_with_it(city: City) -> None:
    case = city.received()
    ask(case, city.clerk)
    ask(case, city.clerk, unit="E01", limit="24h")
    blow(case, city.clerk, ["D01"])
    blow(case, city.clerk, ["D02"], limit="24h")
    longer(city, case)
    assert case.due_at == NOW + 10 * DAY
    own = NOW + 25 * HOUR
    assert due_times(case) == {
        "assist D01": case.due_at, "assist D02": case.due_at, "assist E01": own,
        "whistle D01": case.due_at, "whistle D02": own,
    }  # fmt: skip
    [changes] = case.events.filter(kind="extension_granted").values_list("changes", flat=True)
    assert changes["help"] == {
        "assist": [case.assists.get(unit__code=code).pk for code in ("D01", "D02")],
        "whistle": [case.whistles.get(unit__code="D01").pk],
        "due_at": changes["due_at"][1],
    }
    assert findings(case) == []
    # Of the directory's help no event told by when it is due until it moved.
    helped = case.assists.get(unit__code="D01")
    Assist.objects.filter(pk=helped.pk).update(due_at=NOW + 30 * DAY)
    assert findings(case) == [
        f"case {case.number}: the due_at of its assist {helped.pk} is not what was last recorded"
    ]


def test_what_was_answered_or_reported_keeps_its_due_time(city: City, asked: Asked) -> None:
    answer(asked, asked.department)
    turn_up(asked, asked.department)
    due = asked.case.due_at
    longer(city, asked.case, NOW + 3 * HOUR)
    times = due_times(asked.case)
    assert (times["assist D02"], times["whistle D02"]) == (due, due)
    assert times["assist D01"] == asked.case.due_at


def test_help_waits_as_long_as_the_lead_waits(city: City) -> None:
    case = city.received()
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW)
    record_contact(case_id=case.pk, reached=True, by=city.clerk, as_of=NOW)
    wait_for_caller(case_id=case.pk, by=city.clerk, as_of=NOW)
    assert due_times(case) == {"assist D01": NOW + 10 * DAY}
    resume(case_id=case.pk, by=city.clerk, as_of=NOW + 5 * HOUR)
    assert due_times(case) == {"assist D01": NOW + 7 * DAY + 5 * HOUR}
    assert findings(case) == []


def test_help_is_due_by_the_new_limit_of_whoever_leads_then(city: City) -> None:
    case = city.received()
    return_case(
        case_id=case.pk, reason="not_our_duty", statement="不归我们", by=city.clerk,
        as_of=NOW + HOUR,
    )  # fmt: skip
    assert due_times(case) == {"assist D01": NOW + 7 * DAY}
    dispatch_case(case_id=case.pk, by=city.dispatcher, as_of=NOW + DAY)
    assert due_times(case) == {"assist D01": NOW + 8 * DAY}
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + 2 * DAY)
    submit_feedback(
        case_id=case.pk, result="resolved", real=True, answer="已解决", by=city.clerk,
        as_of=NOW + 2 * DAY,
    )  # fmt: skip
    redo_case(case_id=case.pk, opinion="没修好", by=city.dispatcher, as_of=NOW + 3 * DAY)
    case.refresh_from_db()
    assert due_times(case) == {"assist D01": case.due_at}
    assert case.due_at != NOW + 8 * DAY
    assert findings(case) == []


def test_an_answer_is_kept_and_one_after_its_due_time_is_marked(city: City) -> None:
    case = city.received()
    department = officer(city, "D02")
    assist = ask(case, city.clerk, limit="24h")
    asked = Asked(case, assist, Whistle(), Escalation(), department)
    answered = answer(asked, department, assist.due_at)
    assert not answered.is_late
    assert words_of(case, answered, "answer") == "没有许可"
    asked.assist = ask(case, city.clerk, limit="2h")
    late = answer(asked, department, asked.assist.due_at + timedelta(seconds=1))
    assert late.is_late
    marks = [event.changes["late"] for event in case.events.filter(kind="assist_answered")]
    assert marks == [False, True]


def test_a_unit_that_has_not_answered_is_not_asked_twice(city: City) -> None:
    case = city.received()
    ask(case, city.clerk)
    with pytest.raises(Conflict, match="yet to answer"):
        ask(case, city.clerk)
    assert case.assists.filter(unit=city.unit["D02"]).count() == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"unit": "110101001"}, "unit"),
        ({"unit": "nobody"}, "unit"),
        ({"limit": "1y"}, "limit"),
        ({"matter": "a\x00"}, "matter"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_by_field(
    city: City, given: dict[str, Any], field: str
) -> None:
    case = city.received()
    with pytest.raises(Invalid) as caught:
        ask(case, city.clerk, **given)
    assert set(caught.value.fields) == {field}


def test_past_its_own_limit_a_case_asks_for_help_by_another(city: City) -> None:
    case = city.received()
    assert case.due_at is not None
    with pytest.raises(Invalid, match="choose a limit"):
        ask(case, city.clerk, case.due_at)
    assert ask(case, city.clerk, case.due_at, limit="2h").due_at == case.due_at + 2 * HOUR


def test_the_assist_unit_sees_the_case_and_answers_for_itself_alone(
    city: City, asked: Asked
) -> None:
    assert visible_cases(asked.department).get() == asked.case
    with pytest.raises(NotFound):
        # D01 assists too, by the directory, and this is not what it was asked.
        answer(asked, city.department)
    answer(asked, asked.department)
    with pytest.raises(Conflict, match="already"):
        answer(asked, asked.department)


@pytest.mark.parametrize("state", list(State))
def test_help_is_answered_until_the_case_has_ended(asked: Asked, state: State) -> None:
    put(asked.case, state)
    if state in AT_WORK | {State.FEEDBACK_SUBMITTED}:
        assert answer(asked, asked.department).answered_at == NOW + 2 * HOUR
    else:
        with pytest.raises(MoveRefused):
            answer(asked, asked.department)


# ---- Whistles.


def test_a_street_calls_several_departments_each_with_a_record(city: City) -> None:
    case = city.received()
    whistles = blow(case, city.clerk, limit="24h")
    assert [(one.unit.code, one.street.code, one.due_at) for one in whistles] == [
        ("D01", "110101001", NOW + 25 * HOUR),
        ("D02", "110101001", NOW + 25 * HOUR),
    ]
    assert {words_of(case, one, "matter") for one in whistles} == {"请到现场"}
    assert whistles[0].matter != whistles[1].matter
    assert visible_cases(officer(city, "D02")).get() == case


def test_a_whistle_goes_to_all_or_to_none(city: City) -> None:
    case = city.received()
    blow(case, city.clerk, ["D02"])
    with pytest.raises(Conflict, match="called to this case already"):
        blow(case, city.clerk, ["D01", "D02"])
    with pytest.raises(Invalid):
        blow(case, city.clerk, ["D01", "nobody"])
    assert [one.unit.code for one in case.whistles.all()] == ["D02"]


@pytest.mark.parametrize(
    "units", [[], ["D01", "D01"], ["110101002"], ["110101"], ["110101001"], ["nobody"]]
)
def test_a_whistle_calls_departments_each_once(city: City, units: list[str]) -> None:
    case = city.received()
    with pytest.raises(Invalid) as caught:
        blow(case, city.clerk, units)
    assert set(caught.value.fields) == {"units"}


def test_only_a_street_whistles(city: City) -> None:
    case = city.received(STALLS)
    redispatch_case(
        case_id=case.pk, unit="D01", why="住建职责", by=city.dispatcher, as_of=NOW
    )  # fmt: skip
    with pytest.raises(Forbidden, match="streets and townships"):
        blow(case, city.department, ["D02"])


def test_both_sides_mark_each_other_once(city: City, asked: Asked) -> None:
    reported = turn_up(asked, asked.department)
    assert (reported.is_late, words_of(asked.case, reported, "answer")) == (False, "已到现场处理")
    end(asked, city.clerk)
    mark(asked, asked.department)
    asked.whistle.refresh_from_db()
    assert (asked.whistle.mark_of_unit, asked.whistle.mark_of_street) == (4, 5)
    assert asked.whistle.ended_at == NOW + 3 * HOUR
    repeated: list[tuple[Callable[..., Whistle], Actor]] = [
        (turn_up, asked.department), (end, city.clerk), (mark, asked.department),
    ]  # fmt: skip
    for act, by in repeated:
        with pytest.raises(Conflict):
            act(asked, by)


def test_a_department_reports_once(asked: Asked) -> None:
    turn_up(asked, asked.department)
    with pytest.raises(Conflict, match="reported already"):
        turn_up(asked, asked.department)


def test_a_department_that_does_not_come_is_marked_after_its_due_time(
    city: City, asked: Asked
) -> None:
    due = asked.whistle.due_at
    with pytest.raises(Conflict, match="still has time"):
        end(asked, city.clerk, due, mark=1)
    with pytest.raises(Conflict, match="report first"):
        mark(asked, asked.department, due, mark=1)
    ended = end(asked, city.clerk, due + HOUR, mark=1)
    assert (ended.reported_at, ended.mark_of_unit) == (None, 1)
    with pytest.raises(Conflict, match="ended"):
        turn_up(asked, asked.department, due + 2 * HOUR)
    assert mark(asked, asked.department, due + 2 * HOUR, mark=2).mark_of_street == 2


def test_a_late_report_is_marked(asked: Asked) -> None:
    late = turn_up(asked, asked.department, asked.whistle.due_at + HOUR)
    assert late.is_late
    assert asked.case.events.get(kind="whistle_reported").changes["late"] is True


@pytest.mark.parametrize("wrong", [0, 6, -1])
def test_a_mark_is_one_to_five(city: City, asked: Asked, wrong: int) -> None:
    turn_up(asked, asked.department)
    with pytest.raises(Invalid):
        end(asked, city.clerk, mark=wrong)
    with pytest.raises(Invalid):
        mark(asked, asked.department, mark=wrong)


def test_a_street_still_marks_when_the_case_has_gone_elsewhere_or_closed(
    city: City, asked: Asked
) -> None:
    turn_up(asked, asked.department)
    redispatch_case(
        case_id=asked.case.pk, unit="D01", why="住建职责", by=city.dispatcher, as_of=NOW + 2 * HOUR
    )
    put(asked.case, State.CLOSED)
    assert end(asked, city.clerk).mark_of_unit == 4
    assert mark(asked, asked.department).mark_of_street == 5


def test_the_other_side_of_a_whistle_cannot_act_for_it(city: City, asked: Asked) -> None:
    with pytest.raises(Forbidden):
        turn_up(asked, city.clerk)
    turn_up(asked, asked.department)
    with pytest.raises(Forbidden):
        end(asked, asked.department)
    with pytest.raises(Forbidden):
        mark(asked, city.clerk)
    with pytest.raises(Forbidden):
        end(asked, city.evaluator)


def test_the_successor_of_a_department_marks_for_it(city: City, asked: Asked) -> None:
    turn_up(asked, asked.department)
    end(asked, city.clerk)
    called, other = asked.whistle.unit.code, officer(city, "D01", Role.HEAD)
    assert called == "D02"
    with pytest.raises(Forbidden):
        mark(asked, other)
    merge_units(
        codes=[called], into="D01", on=local_day(NOW), by=city.administrator, as_of=NOW + 3 * HOUR
    )
    assert mark(asked, other, NOW + 4 * HOUR).mark_of_street == 5


def test_the_marks_of_a_period_are_sums_and_counts(city: City) -> None:
    rule = MonthRule(city_zone(), 19, 0, True)
    february = month_period(rule, 2022 * 12 + 1)
    units = [city.unit[code] for code in ("110101001", "D01", "D02", "E01")]
    assert set(whistle_marks(units, february).values()) == {WhistleMarks()}
    department = officer(city, "D02")
    for number, category in enumerate((ELEVATOR, STALLS)):
        case = city.received(category, new_facts=True)
        if case.unit != city.unit["110101001"]:
            redispatch_case(
                case_id=case.pk, unit="110101001", why="辖区", by=city.coordinator, as_of=NOW
            )
        for whistle in blow(case, city.clerk, limit="24h"):
            asked = Asked(case, Assist(), whistle, Escalation(), department)
            if whistle.unit == city.unit["D02"]:
                turn_up(asked, department, NOW + HOUR + number * 25 * HOUR)
                mark(asked, department, NOW + 40 * HOUR, mark=3 + number)
            end(asked, city.clerk, NOW + 40 * HOUR, mark=1 + number)
    case = city.received(ELEVATOR, new_facts=True, at=february.end)
    blow(case, city.clerk, ["D01"], february.end)
    assert whistle_marks(units, february) == {
        "110101001": WhistleMarks(n_blown=4, n_marked_as_street=2, sum_as_street=7),
        "D01": WhistleMarks(n_called=2, n_marked_as_department=2, sum_as_department=3),
        "D02": WhistleMarks(
            n_called=2,
            n_reported_in_time=1,
            n_reported_late=1,
            n_marked_as_department=2,
            sum_as_department=3,
        ),
        "E01": WhistleMarks(),
    }
    march = month_period(rule, 2022 * 12 + 2)
    assert whistle_marks(units, march)["D01"].n_called == 1


# ---- Escalation.


@pytest.mark.parametrize("to", ["110101", "D01"])
def test_a_case_is_brought_before_the_unit_above_or_a_regulator(city: City, to: str) -> None:
    case = city.received()
    made = escalate(case, city.head, to=to)
    assert (made.to, made.unit, made.answered_at) == (city.unit[to], case.unit, None)
    assert words_of(case, made, "matter") == "涉及多个部门"


@pytest.mark.parametrize("to", ["110102", "110101001", "110101002", "E01", "nobody"])
def test_it_is_not_brought_before_others(city: City, to: str) -> None:
    case = city.received()
    with pytest.raises(Invalid) as caught:
        escalate(case, city.head, to=to)
    assert set(caught.value.fields) == {"to"}


def test_only_the_head_escalates_and_once_until_it_is_answered(city: City) -> None:
    case = city.received()
    with pytest.raises(Forbidden):
        escalate(case, city.clerk)
    first = escalate(case, city.head)
    with pytest.raises(Conflict, match="yet to answer"):
        escalate(case, city.head)
    asked = Asked(case, Assist(), Whistle(), first, city.coordinator)
    study(asked, city.coordinator, NOW + 2 * HOUR)
    assert escalate(case, city.head).pk != first.pk


def test_it_must_be_answered_also_when_the_case_has_closed(asked: Asked) -> None:
    put(asked.case, State.CLOSED)
    answered = study(asked, asked.department)
    assert (answered.answered_at, answered.answered_by) == (NOW + 5 * HOUR, asked.department.user)
    assert words_of(asked.case, answered, "answer") == "列入整治计划"
    with pytest.raises(Conflict, match="already"):
        study(asked, asked.department)


def test_who_was_not_asked_does_not_answer(city: City, asked: Asked) -> None:
    for stranger in (city.other_clerk, city.other_coordinator):
        with pytest.raises(NotFound):
            study(asked, stranger)
    for onlooker in (city.clerk, city.department, city.leader):
        with pytest.raises(Forbidden):
            study(asked, onlooker)


# ---- What holds for all of them.

OPENING: dict[str, Callable[..., Any]] = {"ask": ask, "blow": blow, "escalate": escalate}
FOLLOWING: dict[str, Callable[..., Any]] = {
    "answer": answer, "turn_up": turn_up, "end": end, "mark": mark, "study": study,
}  # fmt: skip


@pytest.mark.parametrize("name", OPENING)
@pytest.mark.parametrize("state", list(State))
def test_help_is_asked_for_while_the_unit_works(city: City, name: str, state: State) -> None:
    case = city.received()
    put(case, state)
    if state in AT_WORK:
        OPENING[name](case, city.head)
        return
    with pytest.raises(MoveRefused):
        OPENING[name](case, city.head)
    case.refresh_from_db()
    assert (case.state, case.version) == (state, 1)


@pytest.mark.parametrize("name", OPENING)
def test_only_the_lead_unit_asks_for_help(city: City, name: str) -> None:
    case = city.received()
    act = OPENING[name]
    for stranger in (city.other_clerk, city.enterprise, city.other_coordinator):
        with pytest.raises(NotFound):
            act(case, stranger)
    for onlooker in (
        city.department, city.coordinator, city.operator, city.caller, city.evaluator,
        city.leader, city.auditor, city.administrator,
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            act(case, onlooker)


@pytest.mark.parametrize("name", OPENING)
def test_who_asks_with_an_older_version_is_told_so(city: City, name: str) -> None:
    case = city.received()
    with pytest.raises(Stale):
        OPENING[name](case, city.head, expected=0)
    OPENING[name](case, city.head, expected=1)
    case.refresh_from_db()
    assert case.version == 2


@pytest.mark.parametrize("name", FOLLOWING)
def test_who_answers_with_an_older_version_is_told_so(city: City, asked: Asked, name: str) -> None:
    if name in ("end", "mark"):
        turn_up(asked, asked.department)
    asked.case.refresh_from_db()
    version = asked.case.version
    by = city.clerk if name == "end" else asked.department
    with pytest.raises(Stale):
        FOLLOWING[name](asked, by, expected=version - 1)
    FOLLOWING[name](asked, by, expected=version)
    asked.case.refresh_from_db()
    assert asked.case.version == version + 1


@pytest.mark.parametrize("name", FOLLOWING)
def test_strangers_do_not_answer(city: City, asked: Asked, name: str) -> None:
    for stranger in (city.other_clerk, city.enterprise, city.other_coordinator):
        with pytest.raises(NotFound):
            FOLLOWING[name](asked, stranger)


def test_no_words_of_units_are_in_the_history(city: City, asked: Asked) -> None:
    answer(asked, asked.department)
    turn_up(asked, asked.department)
    study(asked, asked.department)
    told = str([event.changes for event in asked.case.events.all()])
    for secret in ("占道许可", "请到现场", "涉及多个部门", "没有许可", "已到现场", "整治计划"):
        assert secret not in told


# ---- No community leads (article 17).


@pytest.fixture
def community(city: City) -> Unit:
    made = Unit.objects.create(
        code="C01", name="多福巷社区", kind="community", parent=city.unit["110101001"]
    )
    rules_changed()
    return made


def test_a_community_is_never_dispatched_to_by_hand(city: City, community: Unit) -> None:
    case = city.received(LIGHTS)
    with pytest.raises(Invalid, match="article 17"):
        dispatch_case(
            case_id=case.pk, by=city.dispatcher, as_of=NOW, unit=community.code, why="就近"
        )
    with pytest.raises(Invalid, match="article 17"):
        redispatch_case(
            case_id=city.received().pk, unit=community.code, why="就近", by=city.dispatcher,
            as_of=NOW,
        )  # fmt: skip


def test_a_directory_that_names_a_community_never_dispatches_to_it(
    city: City, community: Unit
) -> None:
    DirectoryEntry.objects.filter(category_3="电梯故障").update(unit=community.code)
    rules_changed()
    # The next line holds, as where a unit has ended.
    assert city.received(ELEVATOR).unit == city.unit["110101001"]
    DirectoryEntry.objects.exclude(category_3="电梯故障").delete()
    rules_changed()
    case = city.received(ELEVATOR, new_facts=True)
    assert (case.state, case.unit) == (State.CLASSIFIED, None)


def test_a_community_assists(city: City, community: Unit) -> None:
    case = city.received()
    assert ask(case, city.clerk, unit=community.code).unit == community
    with pytest.raises(Invalid):
        blow(case, city.clerk, [community.code])
