"""Units are renamed, moved, merged and ended; the past stays as it was."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from jiesu.cases.actions.assistance import (
    answer_assist,
    ask_assist,
    blow_whistle,
    end_whistle,
    escalate_case,
)
from jiesu.cases.actions.dispatching import dispatch_case
from jiesu.cases.actions.handling import sign_case, submit_feedback
from jiesu.cases.actions.redoing import redo_case
from jiesu.cases.actions.supervision import answer_supervision, raise_supervision
from jiesu.cases.actions.units import end_unit, merge_units, move_unit, rename_unit
from jiesu.cases.actor import Actor
from jiesu.cases.figures.case_rows import Words, rows_of
from jiesu.cases.folder.unit_history import UnitThen, unit_on
from jiesu.cases.history.events import chain_of
from jiesu.cases.models import (
    Case,
    Consultation,
    DirectoryEntry,
    Opinion,
    Role,
    Unit,
    UnitChange,
    User,
)
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, NotFound
from jiesu.cases.rulebook import rulebook, rules_changed
from jiesu.cases.sweep import sweep
from jiesu.core.chain import check_chain
from jiesu.core.lifecycle import State
from tests.cases.calling import ANGRY, HAPPY, LIMIT, answered
from tests.cases.cast import ELEVATOR, HEATING, LIGHTS, NOW, STALLS, City

TODAY = date(2022, 2, 8)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
OLD, NEW = "110101001", "110101002"


def rename(city: City, **more: Any) -> Unit:
    given: dict[str, Any] = {
        "code": OLD,
        "name": "新街道",
        "on": TODAY,
        "by": city.administrator,
        "as_of": NOW,
    }
    return rename_unit(**(given | more))


def move(city: City, **more: Any) -> Unit:
    given: dict[str, Any] = {
        "code": OLD,
        "parent": "110102",
        "on": TODAY,
        "by": city.administrator,
        "as_of": NOW,
    }
    return move_unit(**(given | more))


def merge(city: City, **more: Any) -> Unit:
    given: dict[str, Any] = {
        "codes": [OLD],
        "into": NEW,
        "on": TODAY,
        "by": city.administrator,
        "as_of": NOW,
    }
    return merge_units(**(given | more))


def end(city: City, **more: Any) -> Unit:
    given: dict[str, Any] = {"code": "D02", "on": TODAY, "by": city.administrator, "as_of": NOW}
    return end_unit(**(given | more))


CHANGES: dict[str, Callable[..., Unit]] = {
    "rename": rename, "move": move, "merge": merge, "end": end,
}  # fmt: skip


def history(code: str) -> list[tuple[str, str, str, date]]:
    rows = UnitChange.objects.filter(unit__code=code).order_by("pk")
    return [(row.field, row.old, row.new, row.on) for row in rows]


# ---- Renaming and moving.


def test_a_new_name_is_kept_with_the_old_one_and_its_day(city: City) -> None:
    rename(city, on=TODAY - 3 * DAY)
    assert history(OLD) == [("name", "东华门街道", "新街道", TODAY - 3 * DAY)]
    change = UnitChange.objects.get()
    assert (change.at, change.actor) == (NOW, city.administrator.name)
    assert rulebook().units[OLD].name == "新街道"


def test_a_past_day_knows_the_names_and_districts_of_its_time(city: City) -> None:
    rename(city, name="中间街道", on=TODAY - 10 * DAY)
    rename(city, name="新街道", on=TODAY - 5 * DAY)
    unit = move(city, on=TODAY - 2 * DAY)
    then = {n: unit_on(unit, TODAY - n * DAY) for n in (0, 2, 3, 5, 6, 10, 11)}
    assert then == {
        0: UnitThen(OLD, "新街道", "110102"),
        2: UnitThen(OLD, "新街道", "110102"),
        3: UnitThen(OLD, "新街道", "110101"),
        5: UnitThen(OLD, "新街道", "110101"),
        6: UnitThen(OLD, "中间街道", "110101"),
        10: UnitThen(OLD, "中间街道", "110101"),
        11: UnitThen(OLD, "东华门街道", "110101"),
    }


def test_a_unit_may_be_put_below_none(city: City) -> None:
    assert move(city, parent="").parent is None
    assert history(OLD) == [("parent", "110101", "", TODAY)]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"parent": OLD}, "parent"),
        ({"code": "110101", "parent": OLD}, "parent"),
        ({"parent": "110101"}, "parent"),
        ({"parent": "110102", "on": TODAY + DAY}, "on"),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(
    city: City, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        move(city, **more)
    assert set(caught.value.fields) == {field}
    assert history(OLD) == []


@pytest.mark.parametrize("name", ["", "东华门街道", "长" * 101, "a\x00"])
def test_a_name_that_is_none_or_the_same_is_refused(city: City, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        rename(city, name=name)
    assert set(caught.value.fields) == {"name"}


def test_a_change_before_a_later_one_is_refused(city: City) -> None:
    rename(city, on=TODAY)
    with pytest.raises(Invalid, match="later day already"):
        rename(city, name="更早", on=TODAY - DAY)
    # Another field's history is its own.
    assert move(city, on=TODAY - DAY).parent == city.unit["110102"]


# ---- Ending.


def test_a_unit_that_has_nothing_left_ends(city: City) -> None:
    unit = end(city)
    assert (unit.valid_to, unit.successor) == (TODAY, None)
    assert history("D02") == [("valid_to", "", "2022-02-08", TODAY)]
    case = city.received()
    with pytest.raises(Invalid):
        ask_assist(case_id=case.pk, unit="D02", by=city.clerk, as_of=NOW)


def test_a_unit_with_something_left_does_not_end(city: City) -> None:
    city.received(HEATING)
    with pytest.raises(Conflict, match="open cases: 1"):
        end(city, code="E01")
    with pytest.raises(Conflict, match="units below it: 2, places: 1"):
        end(city, code="110101")
    Case.objects.update(state=State.CLOSED)
    assert end(city, code="E01").valid_to == TODAY


# ---- Merging.


def test_open_cases_go_to_the_successor_as_they_stand(city: City) -> None:
    case = city.received()
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + HOUR)
    case.refresh_from_db()
    before = case
    merge(city, as_of=NOW + 2 * HOUR)
    case = Case.objects.get(pk=before.pk)
    assert (case.unit, case.state, case.version) == (
        city.unit[NEW], State.SIGNED, before.version + 1,
    )  # fmt: skip
    assert (case.due_at, case.contact_due_at, case.signed_at, case.dispatched_at) == (
        before.due_at, before.contact_due_at, before.signed_at, before.dispatched_at,
    )  # fmt: skip
    event = case.events.order_by("-seq")[0]
    assert (event.kind, event.at, event.actor) == (
        "unit_merged", NOW + 2 * HOUR, city.administrator.name,
    )  # fmt: skip
    assert event.changes["unit"] == [OLD, NEW]
    assert (event.changes["merged"], event.changes["into"]) == (OLD, NEW)
    assert check_chain(
        chain_of(case), case=case.number, head=case.head, n_events=case.n_events
    ) is None  # fmt: skip


@pytest.mark.parametrize("state", [State.CLOSED, State.ARCHIVED, State.ANSWERED])
def test_what_has_ended_stays_with_the_old_unit(city: City, state: State) -> None:
    case = city.received()
    Case.objects.filter(pk=case.pk).update(state=state, ended_at=NOW)
    merge(city)
    case.refresh_from_db()
    assert (case.unit, case.version) == (city.unit[OLD], 1)


def test_a_closed_case_of_a_merged_unit_is_redone_by_its_successor(city: City) -> None:
    case = city.received()
    Case.objects.filter(pk=case.pk).update(state=State.CLOSED, ended_at=NOW)
    merge(city)
    again = redo_case(case_id=case.pk, opinion="未解决", by=city.evaluator, as_of=NOW + HOUR)
    assert (again.unit, again.state) == (city.unit[NEW], State.DISPATCHED)


def test_a_score_stays_with_the_merged_unit_and_an_open_call_back_goes_on(city: City) -> None:
    judged, due = city.received(), city.received(new_facts=True)
    sweep(LIMIT)
    answered(judged, city.caller, LIMIT, ANGRY)
    merge(city, as_of=LIMIT + HOUR)
    judged.refresh_from_db()
    assert judged.unit == city.unit[NEW]
    answered(due, city.caller, LIMIT + 2 * HOUR, HAPPY)
    rows = rows_of([judged.pk, due.pk], Words.of_the_city()).table.to_pylist()
    assert {row["case_id"]: row["unit"] for row in rows} == {judged.number: OLD, due.number: NEW}


def test_the_people_of_a_merged_unit_go_on_with_its_cases(city: City) -> None:
    case = city.received()
    merge(city, as_of=NOW + HOUR)
    assert city.clerk.user is not None
    with pytest.raises(NotFound):
        sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + 2 * HOUR)
    clerk = Actor.of(User.objects.get(pk=city.clerk.user.pk))
    assert clerk.unit_id == city.unit[NEW].pk
    sign_case(case_id=case.pk, by=clerk, as_of=NOW + 2 * HOUR)
    said = submit_feedback(
        case_id=case.pk, result="resolved", real=True, answer="好", by=clerk, as_of=NOW + 3 * HOUR
    )
    assert said.unit == city.unit[NEW]


def test_a_merged_unit_ends_and_names_its_successor(city: City) -> None:
    merge(city)
    unit = Unit.objects.get(code=OLD)
    assert (unit.successor, unit.valid_to) == (city.unit[NEW], TODAY)
    assert history(OLD) == [
        ("successor", "", NEW, TODAY),
        ("valid_to", "", "2022-02-08", TODAY),
    ]
    assert history(NEW) == []


def test_new_demands_of_its_places_go_to_the_successor(city: City) -> None:
    merge(city)
    case = city.received(ELEVATOR, at=NOW + DAY)
    assert case.unit == city.unit[NEW]


def test_a_directory_that_still_names_it_reaches_the_successor(city: City) -> None:
    DirectoryEntry.objects.filter(category_3="电梯故障").update(unit="D01", assist_units="D02")
    rules_changed()
    merge(city, codes=["D01"], into="D02")
    case = city.received(ELEVATOR, at=NOW + DAY)
    assert case.unit == city.unit["D02"]
    assert case.assists.count() == 0
    assert case.events.get(kind="dispatched").changes["in_place_of"] == "D01"
    said = case.dispatches.get().explanation
    assert "→ 住建部门；" in said["zh"]
    assert "住建部门已并入城管部门，由其承接" in said["zh"]


def test_units_that_point_at_each_other_stand_for_nobody(city: City) -> None:
    DirectoryEntry.objects.filter(category_3="电梯故障").update(unit="D01")
    ended = TODAY - DAY
    Unit.objects.filter(code="D01").update(successor=city.unit["D02"], valid_to=ended)
    Unit.objects.filter(code="D02").update(successor=city.unit["D01"], valid_to=ended)
    rules_changed()
    case = city.received(ELEVATOR)
    assert (case.unit, case.dispatches.get().entry) == (city.unit[OLD], 2)
    assert "住建部门 is not in office" in case.dispatches.get().explanation["en"]


def test_what_others_asked_of_a_merged_unit_is_asked_of_its_successor(city: City) -> None:
    case = city.received()
    assist = case.assists.get()
    [whistle] = blow_whistle(
        case_id=case.pk, units=["D01"], matter="到场", by=city.clerk, as_of=NOW
    )
    escalation = escalate_case(case_id=case.pk, to="D01", matter="研究", by=city.head, as_of=NOW)
    assert city.dispatcher.user is not None
    consultation = Consultation.objects.create(
        case=case, opened_at=NOW, opened_by=city.dispatcher.user
    )
    opinion = Opinion.objects.create(consultation=consultation, unit=city.unit["D01"])
    merge(city, codes=["D01"], into="D02")
    for row in (assist, whistle, opinion):
        row.refresh_from_db()
        assert row.unit == city.unit["D02"]
    escalation.refresh_from_db()
    assert escalation.to == city.unit["D02"]
    event = case.events.get(kind="unit_merged")
    assert event.changes["records"] == {
        "assists": [assist.pk],
        "whistles": [whistle.pk],
        "escalations": [escalation.pk],
        "opinions": [opinion.pk],
    }
    assert "unit" not in event.changes
    officer = Actor.of(User.objects.create_user("officer", role=Role.CLERK, unit=city.unit["D02"]))
    answer_assist(case_id=case.pk, assist_id=assist.pk, answer="好", by=officer, as_of=NOW + HOUR)


def test_who_succeeds_a_unit_answers_for_it_where_it_was_put_under_supervision(city: City) -> None:
    case = city.received()
    raised = raise_supervision(case_id=case.pk, words="催办", by=city.dispatcher, as_of=NOW)
    Case.objects.filter(pk=case.pk).update(state="closed")
    merge(city, codes=[OLD], into=NEW)
    event = case.events.get(kind="unit_merged")
    assert event.changes["records"] == {"supervisions": [raised.pk]}
    clerk = Actor.of(User.objects.create_user("new_clerk", role=Role.CLERK, unit=city.unit[NEW]))
    answered = answer_supervision(
        case_id=case.pk, supervision_id=raised.pk, answer="好", by=clerk, as_of=NOW + HOUR
    )
    assert (answered.unit, answered.answered_by) == (city.unit[NEW], clerk.user)


def test_what_was_answered_stays_and_nothing_is_asked_twice(city: City) -> None:
    case = city.received()
    answered = case.assists.get()
    answer_assist(
        case_id=case.pk, assist_id=answered.pk, answer="好", by=city.department, as_of=NOW
    )
    again = ask_assist(case_id=case.pk, unit="D01", by=city.clerk, as_of=NOW)
    own = ask_assist(case_id=case.pk, unit="D02", by=city.clerk, as_of=NOW)
    merge(city, codes=["D01"], into="D02")
    units = {row.pk: row.unit.code for row in case.assists.all()}
    assert units == {answered.pk: "D01", again.pk: "D01", own.pk: "D02"}


def test_a_whistle_of_a_merged_street_is_ended_by_its_successor(city: City) -> None:
    case = city.received()
    [whistle] = blow_whistle(
        case_id=case.pk, units=["D02"], matter="到场", by=city.clerk, as_of=NOW, limit="2h"
    )
    merge(city)
    assert city.clerk.user is not None
    clerk = Actor.of(User.objects.get(pk=city.clerk.user.pk))
    ended = end_whistle(
        case_id=case.pk, whistle_id=whistle.pk, mark=1, by=clerk, as_of=NOW + 3 * HOUR
    )
    assert ended.street == city.unit[NEW]


def test_a_merged_district_gives_its_streets_and_their_open_cases(city: City) -> None:
    through, street = city.received(STALLS), city.received()
    merge(city, codes=["110101"], into="110102")
    assert [child.code for child in city.unit["110102"].children.order_by("code")] == [
        OLD, NEW, "110102001",
    ]  # fmt: skip
    assert history(OLD) == [("parent", "110101", "110102", TODAY)]
    through.refresh_from_db()
    street.refresh_from_db()
    assert (through.unit, through.district) == (city.unit["110102"], city.unit["110102"])
    assert (street.unit, street.district) == (city.unit[OLD], city.unit["110102"])


def test_a_dispatch_by_hand_is_copied_to_the_district_that_stands(city: City) -> None:
    # As a folder may say it: the streets are still below the district that was merged.
    merged = city.unit["110101"]
    merged.successor, merged.valid_to = city.unit["110102"], TODAY
    merged.save()
    rules_changed()
    case = city.received(LIGHTS)
    dispatch_case(case_id=case.pk, unit=OLD, why="属地", by=city.dispatcher, as_of=NOW)
    assert case.dispatches.get().copied_to == city.unit["110102"]


def test_merging_again_gives_over_what_came_in_meanwhile(city: City) -> None:
    merge(city)
    late = city.received(ELEVATOR)
    Case.objects.filter(pk=late.pk).update(unit=city.unit[OLD])
    merge(city, as_of=NOW + HOUR)
    late.refresh_from_db()
    assert late.unit == city.unit[NEW]
    assert len(history(OLD)) == 2


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"codes": []}, "codes"),
        ({"codes": [OLD, OLD]}, "codes"),
        ({"codes": [NEW]}, "codes"),
        ({"codes": ["D01"]}, "into"),
        ({"on": TODAY + DAY}, "on"),
    ],
)
def test_a_merger_that_makes_no_sense_is_refused(
    city: City, more: dict[str, Any], field: str
) -> None:
    city.received()
    with pytest.raises(Invalid) as caught:
        merge(city, **more)
    assert set(caught.value.fields) == {field}
    assert UnitChange.objects.count() == 0
    assert Case.objects.get().unit == city.unit[OLD]


def test_nothing_is_merged_into_what_is_below_it_or_has_ended(city: City) -> None:
    below = Unit.objects.create(
        code="110103", name="下级区", kind="district", parent=city.unit["110101"]
    )
    with pytest.raises(Invalid, match="below a unit that would end"):
        merge(city, codes=["110101"], into=below.code)
    Unit.objects.filter(code=NEW).update(valid_to=TODAY)
    with pytest.raises(Invalid, match="not in office"):
        merge(city)


def test_a_merger_is_whole_or_not_at_all(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    from jiesu.cases.actions import units

    city.received()
    city.received(ELEVATOR)
    kept, calls = units._hand_over, []

    def fails(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("killed")
        kept(*args)

    monkeypatch.setattr(units, "_hand_over", fails)
    with pytest.raises(RuntimeError):
        merge(city)
    assert {case.unit for case in Case.objects.all()} == {city.unit[OLD]}
    assert UnitChange.objects.count() == 0
    assert Unit.objects.get(code=OLD).valid_to is None


# ---- What holds for all of them.


@pytest.mark.parametrize("name", CHANGES)
def test_only_an_administrator_changes_units(city: City, name: str) -> None:
    for other in (
        city.operator, city.dispatcher, city.clerk, city.head, city.coordinator, city.caller,
        city.evaluator, city.leader, city.auditor, Actor.resident(),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            CHANGES[name](city, by=other)
    assert UnitChange.objects.count() == 0


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_never_recorded_ahead_nor_before_the_unit_was_there(
    city: City, name: str
) -> None:
    with pytest.raises(Invalid, match="on its day or later"):
        CHANGES[name](city, on=TODAY + DAY)
    Unit.objects.update(valid_from=TODAY)
    with pytest.raises(Invalid, match="not in office"):
        CHANGES[name](city, on=TODAY - DAY)
    assert CHANGES[name](city, on=TODAY).pk


@pytest.mark.parametrize("name", CHANGES)
def test_an_unknown_unit_is_said_to_be_none(city: City, name: str) -> None:
    more: dict[str, Any] = {"codes": ["nobody"]} if name == "merge" else {"code": "nobody"}
    with pytest.raises(NotFound, match="no unit with this code"):
        CHANGES[name](city, **more)


@pytest.mark.parametrize("name", CHANGES)
def test_the_rules_are_read_anew_after_a_change(city: City, name: str) -> None:
    before = rulebook().generation
    CHANGES[name](city)
    assert rulebook().generation == before + 1
