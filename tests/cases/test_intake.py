"""Demands come in: once, dispatched by the directory, repeats linked."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from jiesu.cases.actions import intake
from jiesu.cases.actions.callbacks import Answers
from jiesu.cases.actions.dispatching import (
    classify_case,
    dispatch_case,
    dispose_case,
    redispatch_case,
)
from jiesu.cases.actions.intake import Received, receive_case
from jiesu.cases.actions.objections import consult_units, return_case
from jiesu.cases.actions.redoing import redo_case
from jiesu.cases.actions.units import end_unit
from jiesu.cases.actor import Actor
from jiesu.cases.history.audit import Audit
from jiesu.cases.history.events import chain_of
from jiesu.cases.models import Case, CasePrivate, DirectoryEntry, DirectoryVersion, Event, Place
from jiesu.cases.privacy.vault import Person, person_of, text_of
from jiesu.cases.refusals import Conflict, Forbidden, Invalid
from jiesu.cases.repeats import Earlier, earlier_of
from jiesu.cases.rulebook import city_zone, local_day, rulebook, rules_changed
from jiesu.core.chain import check_chain
from jiesu.core.lifecycle import State
from tests.cases.calling import ANGRY, HAPPY, LIMIT, answered, at_once, due_case, set_rule
from tests.cases.cast import DEMAND, ELEVATOR, HEATING, LIGHTS, NOW, PHONE, STALLS, City, made_city

HOUR = timedelta(hours=1)
N_AT_ONCE = 6


def events(case: Case) -> list[Event]:
    return list(case.events.order_by("seq"))


def test_a_demand_becomes_a_dispatched_case_with_its_clocks(city: City) -> None:
    case = city.received()
    case.refresh_from_db()
    assert case.number == "20220208000001"
    assert (case.state, case.unit) == (State.DISPATCHED, city.unit["110101001"])
    assert case.district == city.unit["110101"]
    assert (case.contact_due_at, case.due_at) == (NOW + timedelta(hours=24), NOW + timedelta(7))
    [dispatch] = case.dispatches.all()
    assert (dispatch.copied_to, dispatch.entry, dispatch.directory) == (
        city.unit["110101"], 2, "2022",
    )  # fmt: skip
    assert "住房" in dispatch.explanation["zh"]
    assert [assist.unit.code for assist in case.assists.all()] == ["D01"]


def test_the_chain_of_a_new_case_is_whole(city: City) -> None:
    case = city.received()
    case.refresh_from_db()
    assert [event.kind for event in events(case)] == ["received", "dispatched"]
    broken = check_chain(chain_of(case), case=case.number, head=case.head, n_events=case.n_events)
    assert broken is None


def test_events_and_the_case_hold_nothing_that_tells_who_asked(city: City) -> None:
    case = city.received()
    case.refresh_from_db()
    row = {field.name: str(getattr(case, field.attname)) for field in Case._meta.concrete_fields}
    told = str(row) + str([event.changes for event in events(case)])
    for secret in ("张三", PHONE, "一号楼", "停车费"):
        assert secret not in told
    assert person_of(case, case.private).phone == PHONE
    assert text_of(case, case.private) == ("停车费", "小区地面停车费突然上涨")


def test_an_urgent_case_gets_the_shorter_limit_and_its_dispatch_says_so(city: City) -> None:
    case = city.received(urgent=True)
    dispatch = case.dispatches.get()
    assert (case.limit, dispatch.limit, case.due_at) == ("2h", "2h", NOW + 2 * HOUR)
    assert case.contact_due_at == NOW + HOUR
    assert dispatch.explanation["en"].endswith(
        ". The case is urgent: its limit is emergency (2 hours), not general (7 days)."
    )
    assert dispatch.explanation["zh"].endswith(
        "诉求紧急：时限为“紧急（2小时）”，不是“一般（7日）”。"
    )
    heating = city.received(HEATING, urgent=True)
    assert heating.limit == "2h"
    assert "urgent" not in heating.dispatches.get().explanation["en"]


def test_of_the_urgent_limit_and_another_the_one_that_ends_sooner_holds(city: City) -> None:
    set_rule('urgent_limit = "2h"', 'urgent_limit = "7d"')
    assert city.received(ELEVATOR, urgent=True).limit == "24h"
    assert city.received(STALLS, urgent=True).limit == "7d"
    set_rule('urgent_limit = "7d"\n', "")
    assert city.received(STALLS, urgent=True, new_facts=True).limit == "15d"


def test_by_hand_too_an_urgent_case_gets_the_shorter_limit_and_keeps_it(city: City) -> None:
    case = receive_case(DEMAND, by=city.operator, as_of=NOW, dispatch=False).case
    classify_case(
        case_id=case.pk, category=DEMAND.category, urgent=True, by=city.dispatcher, as_of=NOW
    )
    case = dispatch_case(
        case_id=case.pk, unit="D01", limit="15d", why="职责", by=city.dispatcher, as_of=NOW
    )
    assert case.limit == "2h"
    assert case.dispatches.get().explanation["en"] == (
        "住建部门 was chosen by hand. "
        "The case is urgent: its limit is emergency (2 hours), not complex (15 days)."
    )
    sent: dict[str, Any] = {"why": "职责", "by": city.dispatcher, "as_of": NOW + HOUR}
    assert redispatch_case(case_id=case.pk, unit="D02", **sent).limit == "2h"
    assert redispatch_case(case_id=case.pk, unit="D01", limit="24h", **sent).limit == "2h"
    Case.objects.filter(pk=case.pk).update(state=State.FEEDBACK_SUBMITTED)
    redo_case(case_id=case.pk, opinion="再办", by=city.dispatcher, as_of=NOW + HOUR)
    assert redispatch_case(case_id=case.pk, unit="D02", **sent).limit == "redo"


def test_an_elevator_is_more_urgent_than_other_matters_of_housing(city: City) -> None:
    assert city.received(ELEVATOR).due_at == NOW + timedelta(hours=24)
    assert city.received(HEATING, person=Person()).unit == city.unit["E01"]


def test_what_goes_through_the_district_waits_there(city: City) -> None:
    case = city.received(STALLS)
    assert case.unit == city.unit["110101"]
    assert case.dispatches.get().via_district


def test_without_a_line_in_the_directory_the_case_waits_for_a_dispatcher(city: City) -> None:
    case = city.received(LIGHTS)
    assert (case.state, case.unit, case.due_at) == (State.CLASSIFIED, None, None)


def test_a_line_whose_unit_has_ended_gives_way_to_the_next_one(city: City) -> None:
    end_unit(code="E01", on=local_day(NOW), by=city.administrator, as_of=NOW)
    assert city.received(HEATING).state == State.CLASSIFIED
    directory = DirectoryVersion.objects.get()
    directory.entries.create(number=9, category_1="供暖", unit="D01", limit="7d")
    directory.entries.create(number=10, category_1="供暖", category_2="室温", unit="E01")
    directory.entries.filter(number=4).delete()
    rules_changed()
    case = city.received(HEATING, person=Person())
    dispatch = case.dispatches.get()
    assert (case.unit, case.limit, dispatch.entry) == (city.unit["D01"], "7d", 9)
    assert dispatch.explanation["en"] == (
        "line 9: 供暖/*/* at any place, any kind → 住建部门; line 10 (供暖/室温/* at any "
        "place, any kind) is passed by, as 供热企业 is not in office and no unit stands for it."
    )


def test_the_same_key_makes_one_case(city: City) -> None:
    first = receive_case(DEMAND, by=city.operator, as_of=NOW, idempotency_key="a")
    again = receive_case(DEMAND, by=city.operator, as_of=NOW, idempotency_key="a")
    assert (first.is_new, again.is_new) == (True, False)
    assert first.case.pk == again.case.pk
    assert Case.objects.count() == 1
    with pytest.raises(Conflict, match="another demand"):
        receive_case(replace(DEMAND, body="别的"), by=city.operator, as_of=NOW, idempotency_key="a")
    other = receive_case(DEMAND, by=city.dispatcher, as_of=NOW, idempotency_key="a")
    assert other.is_new


@pytest.mark.django_db(transaction=True)
def test_demands_of_one_caller_that_come_at_once_see_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    city = made_city()
    seen = threading.local()
    gate = threading.Barrier(N_AT_ONCE, timeout=30)

    def read_by_all(*values: Any) -> list[Earlier]:
        earlier = earlier_of(*values)
        # The first time on PostgreSQL all have read before anyone has written.
        if connection.vendor == "postgresql" and not hasattr(seen, "once"):
            seen.once = True
            gate.wait()
        return earlier

    monkeypatch.setattr(intake, "earlier_of", read_by_all)
    rulebook()
    receive = partial(receive_case, DEMAND, by=city.operator, as_of=NOW)
    made = [one.case for one in at_once(*[receive] * N_AT_ONCE) if isinstance(one, Received)]
    assert sorted(case.n_month for case in made) == list(range(1, N_AT_ONCE + 1))
    assert sorted(case.n_year for case in made) == list(range(1, N_AT_ONCE + 1))
    [first] = [case for case in made if case.repeat_of_id is None]
    assert {case.repeat_of_id for case in made} == {None, first.pk}
    assert first.state == State.DISPATCHED
    # Who lost has left nothing behind.
    assert Case.objects.count() == CasePrivate.objects.count() == N_AT_ONCE
    assert first.n_month == 1


def test_a_repeat_is_linked_to_the_first_and_not_dispatched(city: City) -> None:
    first = city.received()
    second = city.received(at=NOW + timedelta(days=2))
    third = city.received(at=NOW + timedelta(days=3))
    assert (second.state, second.repeat_of_id, second.unit) == (State.ANSWERED, first.pk, None)
    assert third.repeat_of_id == first.pk
    assert (third.n_month, third.n_year, third.disposition) == (3, 3, "repeat")


def test_demands_are_counted_in_the_months_and_years_of_the_city(city: City) -> None:
    zone, tick = city_zone(), timedelta(microseconds=1)
    march, year = datetime(2022, 3, 1, tzinfo=zone), datetime(2023, 1, 1, tzinfo=zone)
    moments = [NOW, march - tick, march, year - tick, year, year + timedelta(days=31)]
    counted = [city.received(at=at, new_facts=True) for at in moments]
    assert [case.n_month for case in counted] == [1, 2, 1, 1, 1, 1]
    assert [case.n_year for case in counted] == [1, 2, 3, 4, 1, 2]
    # Taken down late: those of the following months are of the same year, not of its month.
    late = city.received(at=march + tick, new_facts=True)
    assert (late.n_month, late.n_year) == (2, 5)


def test_another_matter_or_place_new_facts_or_a_later_time_are_no_repeats(city: City) -> None:
    city.received()
    assert city.received(ELEVATOR).state == State.DISPATCHED
    assert city.received(place="110102001").state == State.DISPATCHED
    assert city.received(place="").state == State.ANSWERED
    assert city.received(new_facts=True).state == State.DISPATCHED
    Case.objects.update(state=State.CLOSED)
    assert city.received(at=NOW + timedelta(days=31)).state == State.DISPATCHED
    Case.objects.update(state=State.CLOSED)
    assert city.received(at=NOW + timedelta(days=61)).state == State.ANSWERED


def test_what_is_in_progress_is_repeated_however_long_it_takes(city: City) -> None:
    first = city.received()
    for days in (31, 90, 364):
        assert city.received(at=NOW + timedelta(days=days)).repeat_of_id == first.pk
    assert city.received(at=NOW + timedelta(days=367)).state == State.DISPATCHED


def test_an_open_first_is_reached_through_an_old_repeat_of_it(city: City) -> None:
    first = city.received()
    city.received(at=NOW + timedelta(days=1))
    Case.objects.filter(pk=first.pk).update(state=State.CLOSED)
    assert city.received(at=NOW + timedelta(days=40)).state == State.DISPATCHED
    Case.objects.filter(pk=first.pk).update(state=State.IN_PROGRESS)
    assert city.received(at=NOW + timedelta(days=80), new_facts=True).state == State.DISPATCHED
    Case.objects.exclude(pk=first.pk).update(state=State.CLOSED, repeat_of=None)
    assert city.received(at=NOW + timedelta(days=120)).repeat_of_id == first.pk


DISTRICT, STREET, OTHER_STREET = "110101", "110101001", "110101002"
COMMUNITY, OTHER_COMMUNITY = "110101001001", "110101001002"


@pytest.mark.parametrize(
    ("first", "second", "repeats"),
    [
        ((STREET, COMMUNITY), (STREET, COMMUNITY), True),
        ((STREET, COMMUNITY), (STREET, OTHER_COMMUNITY), False),
        ((STREET, COMMUNITY), (STREET, ""), True),
        ((STREET, ""), (STREET, COMMUNITY), True),
        ((DISTRICT, ""), (STREET, ""), True),
        ((STREET, ""), (DISTRICT, ""), True),
        ((DISTRICT, ""), (STREET, COMMUNITY), True),
        ((STREET, COMMUNITY), (DISTRICT, ""), True),
        ((STREET, ""), (OTHER_STREET, ""), False),
        ((STREET, COMMUNITY), (OTHER_STREET, ""), False),
        (("110102", ""), (STREET, ""), False),
        (("", ""), (STREET, COMMUNITY), True),
    ],
)
def test_places_are_compared_as_far_as_both_are_known(
    city: City, first: tuple[str, str], second: tuple[str, str], repeats: bool
) -> None:
    Place.objects.create(
        code=OTHER_COMMUNITY, name="甘雨社区", kind="community",
        parent=Place.objects.get(code=STREET),
    )  # fmt: skip
    rules_changed()
    earlier = city.received(place=first[0], community=first[1])
    later = city.received(place=second[0], community=second[1])
    assert later.repeat_of_id == (earlier.pk if repeats else None)


def test_a_repeat_without_its_street_does_not_join_two_streets(city: City) -> None:
    first = city.received()
    assert city.received(place=DISTRICT).repeat_of_id == first.pk
    assert city.received(place=OTHER_STREET).repeat_of_id is None


def unclassified(city: City, **more: object) -> Case:
    demand = replace(DEMAND, category=("", "", ""), **more)  # type: ignore[arg-type]
    return receive_case(demand, by=city.operator, as_of=NOW + HOUR).case


def classified(case: Case, city: City, **more: Any) -> Case:
    said = {"category": DEMAND.category, **more}
    classify_case(case_id=case.pk, by=city.dispatcher, as_of=NOW + 2 * HOUR, **said)
    case.refresh_from_db()
    return case


def test_a_repeat_is_found_too_when_its_category_is_given_later(city: City, tmp_path: Path) -> None:
    first, second = city.received(), unclassified(city)
    later = city.received(at=NOW + HOUR, new_facts=True)
    consult_units(
        case_id=second.pk, units=["D01"], question="谁办", by=city.dispatcher, as_of=NOW + HOUR
    )
    classified(second, city)
    assert (second.state, second.repeat_of, second.disposition) == ("answered", first, "repeat")
    assert second.ended_at == NOW + 2 * HOUR
    assert not second.consultations.filter(closed_at=None).exists()
    assert [one.kind for one in events(second)][-2:] == ["consultation_lapsed", "answered"]
    said = events(second)[-1].changes
    assert (said["repeat_of"], said["state_of_first"]) == ([None, first.number], "dispatched")
    assert later.repeat_of is None
    assert list(Audit(number=second.number, file=tmp_path / "seals").run()) == []


def test_what_brings_new_facts_stays_no_repeat_when_its_category_is_given(city: City) -> None:
    city.received()
    case = classified(unclassified(city, new_facts=True), city)
    assert (case.state, case.repeat_of) == (State.CLASSIFIED, None)
    assert events(case)[0].changes["new_facts"] is True
    assert classified(case, city, new_facts=False).state == State.ANSWERED
    case = classified(unclassified(city), city, new_facts=True)
    assert case.state == State.CLASSIFIED
    assert events(case)[-1].changes["new_facts"] is True
    assert classified(case, city).state == State.CLASSIFIED


def test_only_what_came_before_a_case_is_repeated_by_it(city: City) -> None:
    case = unclassified(city)
    city.received(at=NOW + 2 * HOUR)
    assert classified(case, city).state == State.CLASSIFIED


def test_a_case_that_others_repeat_is_no_repeat_itself(city: City) -> None:
    city.received(ELEVATOR)
    first = receive_case(DEMAND, by=city.operator, as_of=NOW + HOUR, dispatch=False).case
    assert city.received(at=NOW + HOUR).repeat_of == first
    assert classified(first, city, category=ELEVATOR).state == State.CLASSIFIED


def test_a_case_that_a_unit_gave_back_is_no_repeat(city: City) -> None:
    city.received()
    case = city.received(ELEVATOR, at=NOW + HOUR)
    return_case(
        case_id=case.pk, reason="not_our_duty", statement="错", by=city.clerk, as_of=NOW + HOUR
    )
    assert classified(case, city).state == State.CLASSIFIED


def test_a_category_known_to_its_first_level_only_makes_no_repeat(city: City) -> None:
    first, second = (
        receive_case(
            replace(DEMAND, category=(DEMAND.category[0], "", "")), by=city.operator, as_of=NOW
        ).case
        for _ in range(2)
    )
    assert (first.state, second.state, second.n_month) == (State.DISPATCHED, State.DISPATCHED, 2)


@pytest.mark.parametrize(("answers", "state"), [(HAPPY, "answered"), (ANGRY, "dispatched")])
def test_what_was_closed_unsolved_is_not_done_and_swallows_nothing(
    city: City, answers: Answers, state: str
) -> None:
    set_rule("max_redos = 2", "max_redos = 0")
    answered(due_case(city), city.caller, LIMIT, answers)
    assert city.received(at=LIMIT + timedelta(days=1)).state == state


def test_a_case_is_no_repeat_of_another_callers(city: City) -> None:
    others = city.received()
    nobodys = city.received(person=Person(), anonymous=True)
    case = receive_case(
        replace(DEMAND, person=Person(phone="13800000009")),
        by=city.operator, as_of=NOW, dispatch=False,
    ).case  # fmt: skip
    for first in (others, nobodys):
        with pytest.raises(Invalid, match="not this caller's"):
            dispose_case(
                case_id=case.pk, reason="repeat", answer="已在办理", repeat_of=first.pk,
                by=city.operator, as_of=NOW,
            )  # fmt: skip
    case.refresh_from_db()
    assert (case.state, case.repeat_of_id) == (State.CLASSIFIED, None)


def test_a_repeat_names_what_it_repeats(city: City) -> None:
    first = city.received()
    demand = replace(DEMAND, new_facts=True)
    case = receive_case(demand, by=city.operator, as_of=NOW, dispatch=False).case
    end = {"case_id": case.pk, "reason": "repeat", "answer": "已在办理"}
    with pytest.raises(Invalid, match="name the case") as caught:
        dispose_case(**end, by=city.operator, as_of=NOW)  # type: ignore[arg-type]
    assert set(caught.value.fields) == {"repeat_of"}
    dispose_case(**end, repeat_of=first.pk, by=city.operator, as_of=NOW)  # type: ignore[arg-type]
    case.refresh_from_db()
    assert (case.state, case.repeat_of) == (State.ANSWERED, first)


def test_an_anonymous_caller_never_repeats(city: City) -> None:
    city.received(person=Person(), anonymous=True)
    case = city.received(person=Person(), anonymous=True)
    assert (case.state, case.caller, case.n_year) == (State.DISPATCHED, "", 1)


def test_everything_wrong_with_a_demand_is_said_at_once(city: City) -> None:
    wrong = replace(
        DEMAND, channel="pigeon", kind="x", title="", body=" ", place="9", category=("a", "", ""),
        anonymous=True,
    )  # fmt: skip
    with pytest.raises(Invalid) as caught:
        receive_case(wrong, by=city.operator, as_of=NOW)
    assert set(caught.value.fields) == {
        "channel", "kind", "body", "place", "category", "anonymous",
    }  # fmt: skip
    assert Case.objects.count() == 0


def test_a_unit_takes_no_demands_in(city: City) -> None:
    with pytest.raises(Forbidden):
        receive_case(DEMAND, by=city.clerk, as_of=NOW)


def test_a_demand_is_no_repeat_of_what_repeats_it(city: City) -> None:
    first = receive_case(DEMAND, by=city.operator, as_of=NOW, dispatch=False).case
    repeat = city.received(at=NOW + timedelta(days=1))
    assert repeat.repeat_of_id == first.pk
    with pytest.raises(Invalid, match="repeats this one"):
        dispose_case(
            case_id=first.pk, reason="repeat", answer="已在办理", repeat_of=repeat.pk,
            by=city.operator, as_of=NOW + timedelta(days=2),
        )  # fmt: skip


def test_a_directory_may_name_a_limit_that_an_older_case_does_not_know(city: City) -> None:
    case = receive_case(DEMAND, by=city.operator, as_of=NOW, dispatch=False).case
    DirectoryEntry.objects.update(limit="30d")
    rules_changed()
    dispatch_case(case_id=case.pk, by=city.dispatcher, as_of=NOW)
    case.refresh_from_db()
    assert (case.limit, case.due_at) == ("7d", NOW + timedelta(days=7))


def test_what_came_by_a_public_form_keeps_nobody_from_being_heard(city: City) -> None:
    forged = receive_case(DEMAND, by=Actor.resident("web"), as_of=NOW).case
    called = city.received()
    assert (forged.state, called.state) == (State.DISPATCHED, State.DISPATCHED)
    assert called.repeat_of_id is None
    again = receive_case(DEMAND, by=Actor.resident("web"), as_of=NOW).case
    assert again.repeat_of_id == called.pk


def test_a_demand_that_came_without_its_place_is_classified_with_it(
    city: City, tmp_path: Path
) -> None:
    demand = replace(DEMAND, place="", category=("", "", ""))
    case = receive_case(demand, by=city.operator, as_of=NOW).case
    with pytest.raises(Invalid, match="no street"):
        classify_case(
            case_id=case.pk, category=DEMAND.category, place="110101001001", by=city.operator,
            as_of=NOW,
        )  # fmt: skip
    classify_case(
        case_id=case.pk, category=DEMAND.category, place="110102001", by=city.operator, as_of=NOW
    )
    dispatch_case(case_id=case.pk, by=city.dispatcher, as_of=NOW)
    case.refresh_from_db()
    assert (case.unit, case.district) == (city.unit["110102001"], city.unit["110102"])
    assert case.events.get(kind="classified").changes["place"] == [None, "110102001"]
    assert list(Audit(number=case.number, file=tmp_path / "seals").run()) == []
