"""Whose case it is: units consulted before the dispatch, objections reviewed, cases returned."""

from datetime import datetime, timedelta

import pytest

from jiesu.cases.actions.dispatching import classify_case, dispatch_case, redispatch_case
from jiesu.cases.actions.extensions import ask_extension, wait_for_caller
from jiesu.cases.actions.handling import record_contact, sign_case
from jiesu.cases.actions.intake import receive_case
from jiesu.cases.actions.objections import (
    close_consultation,
    consult_units,
    decide_objection,
    give_opinion,
    object_to_dispatch,
    return_case,
)
from jiesu.cases.asking import window_end
from jiesu.cases.clock import explanation
from jiesu.cases.explanations import consultation_words, objection_words
from jiesu.cases.history.events import chain_of
from jiesu.cases.models import Case, Consultation, Dispatch, Event, Objection, Pause
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, MoveRefused, NotFound
from jiesu.cases.scopes import visible_cases
from jiesu.core.chain import check_chain
from jiesu.core.lifecycle import State
from tests.cases.cast import DEMAND, LIGHTS, NOW, ZONE, City
from tests.cases.changed_rules import change_rules

HOUR = timedelta(hours=1)


def objected(city: City, case: Case, at: datetime = NOW + HOUR) -> Objection:
    return object_to_dispatch(
        case_id=case.pk, reason="duty", statement="不归我们管", by=city.clerk, as_of=at
    )


def upheld(city: City, case: Case, at: datetime, unit: str = "110102001") -> Objection:
    return decide_objection(
        case_id=case.pk, upheld=True, unit=unit, opinion="属实", by=city.dispatcher, as_of=at
    )


def refused(city: City, case: Case, at: datetime) -> Objection:
    return decide_objection(
        case_id=case.pk, upheld=False, opinion="不属实", by=city.dispatcher, as_of=at
    )


def returned(city: City, case: Case, at: datetime = NOW + HOUR) -> Objection:
    return return_case(
        case_id=case.pk, reason="not_our_duty", statement="不是我们的", by=city.clerk, as_of=at
    )


def last_event(case: Case) -> Event:
    event = case.events.order_by("-seq").first()
    assert event is not None
    return event


def waiting_for_dispatch(city: City) -> Case:
    return city.received(LIGHTS)


def consulted(city: City, case: Case, *units: str) -> Consultation:
    return consult_units(
        case_id=case.pk, units=units, question="谁来办", by=city.dispatcher, as_of=NOW
    )


def test_an_objection_leaves_the_case_and_its_clocks_where_they_are(city: City) -> None:
    case = city.received()
    objection = objected(city, case)
    case.refresh_from_db()
    assert (case.state, case.unit, case.due_at) == (
        State.DISPATCHED, city.unit["110101001"], NOW + timedelta(7),
    )  # fmt: skip
    assert case.paused_since is None
    assert words_of(case, objection, "statement") == "不归我们管"
    assert "不归我们管" not in str(last_event(case).changes)


def test_an_upheld_objection_designates_another_unit_with_fresh_clocks(city: City) -> None:
    case = city.received()
    objected(city, case)
    decided = NOW + 5 * HOUR
    objection = upheld(city, case, decided)
    case.refresh_from_db()
    first, second = case.dispatches.order_by("number")
    assert (first.ended_at, first.ended_as) == (decided, "objection_upheld")
    assert (second.unit, second.designated) == (city.unit["110102001"], True)
    assert (case.unit, case.state) == (city.unit["110102001"], State.DISPATCHED)
    assert (case.due_at, case.contact_due_at) == (decided + timedelta(7), decided + timedelta(1))
    assert objection.new_unit == city.unit["110102001"]
    assert "职责争议" in second.explanation["zh"]
    assert "designated after review" in second.explanation["en"]
    assert check_chain(
        chain_of(case), case=case.number, head=case.head, n_events=case.n_events
    ) is None  # fmt: skip


def test_the_time_of_a_review_is_credited_only_where_the_objection_was_upheld(city: City) -> None:
    case, other = city.received(), city.received(new_facts=True)
    for one in (case, other):
        objected(city, one)
    upheld(city, case, NOW + 5 * HOUR)
    refused(city, other, NOW + 5 * HOUR)
    [pause] = case.pauses.all()
    assert (pause.cause, pause.start, pause.end) == ("objection", NOW + HOUR, NOW + 5 * HOUR)
    assert not other.pauses.exists()
    other.refresh_from_db()
    assert other.due_at == NOW + timedelta(7)


def test_where_the_rules_say_always_the_clock_stands_during_the_review(city: City) -> None:
    change_rules(('objection = "upheld"', 'objection = "always"'))
    case = city.received()
    objected(city, case)
    case.refresh_from_db()
    assert case.paused_since == NOW + HOUR
    refused(city, case, NOW + 5 * HOUR)
    case.refresh_from_db()
    assert case.due_at == NOW + timedelta(7) + 4 * HOUR
    assert "paused 4 h" in explanation(case, "en")


def test_where_the_rules_say_never_a_review_costs_the_unit_its_time(city: City) -> None:
    change_rules(('objection = "upheld"', 'objection = "never"'))
    case = city.received()
    objected(city, case)
    upheld(city, case, NOW + 5 * HOUR)
    assert not Pause.objects.exists()


def test_a_refused_objection_designates_the_unit_that_has_the_case(city: City) -> None:
    case = city.received()
    objected(city, case)
    refused(city, case, NOW + 2 * HOUR)
    case.refresh_from_db()
    assert case.dispatches.get().designated
    for ask in (objected, returned):
        with pytest.raises(Conflict, match="can't object or return again"):
            ask(city, case, NOW + 3 * HOUR)


def test_a_unit_that_was_designated_can_neither_object_nor_return(city: City) -> None:
    case = city.received()
    objected(city, case)
    upheld(city, case, NOW + 2 * HOUR)
    for action, reason in ((object_to_dispatch, "duty"), (return_case, "not_our_duty")):
        with pytest.raises(Conflict) as caught:
            action(
                case_id=case.pk, reason=reason, statement="再退", by=city.other_clerk,
                as_of=NOW + 3 * HOUR,
            )  # fmt: skip
        assert caught.value.code == "designated"


def test_only_one_objection_is_open_at_a_time(city: City) -> None:
    case = city.received()
    objected(city, case)
    for ask in (objected, returned):
        with pytest.raises(Conflict, match="wait for its decision"):
            ask(city, case, NOW + 2 * HOUR)


def test_the_window_ends_after_one_working_day_and_that_moment_is_in_it(city: City) -> None:
    # Dispatched on a Friday morning: a weekend later it is still open.
    friday = datetime(2022, 2, 11, 9, 0, tzinfo=ZONE)
    monday = friday + timedelta(days=3)
    case, other = city.received(at=friday), city.received(at=friday, new_facts=True)
    assert window_end(case, case.dispatches.get(), "objection") == monday
    objected(city, case, monday)
    for ask in (objected, returned):
        with pytest.raises(Conflict, match="passed at 2022-02-14 09:00"):
            ask(city, other, monday + timedelta(microseconds=1))


def test_a_reason_is_one_of_its_catalogue_and_a_statement_is_needed(city: City) -> None:
    case = city.received()
    with pytest.raises(Invalid, match="duty, jurisdiction"):
        object_to_dispatch(
            case_id=case.pk, reason="not_our_duty", statement="x", by=city.clerk, as_of=NOW
        )
    for statement in ("", "  ", "x" * 20_001, "a\x00b", "\ud800"):
        with pytest.raises(Invalid) as caught:
            object_to_dispatch(
                case_id=case.pk, reason="duty", statement=statement, by=city.clerk, as_of=NOW
            )
        assert set(caught.value.fields) == {"statement"}
    assert not Objection.objects.exists()


def test_only_the_lead_unit_objects_and_only_dispatchers_decide(city: City) -> None:
    case = city.received()
    with pytest.raises(Forbidden):
        object_to_dispatch(
            case_id=case.pk, reason="duty", statement="x", by=city.department, as_of=NOW
        )
    with pytest.raises(NotFound):
        object_to_dispatch(
            case_id=case.pk, reason="duty", statement="x", by=city.other_clerk, as_of=NOW
        )
    objected(city, case)
    for actor in (city.clerk, city.head, city.coordinator, city.evaluator):
        with pytest.raises(Forbidden):
            decide_objection(case_id=case.pk, upheld=False, opinion="x", by=actor, as_of=NOW)


def test_an_upheld_objection_names_another_unit_in_office(city: City) -> None:
    case = city.received()
    objected(city, case)
    for unit in ("", "999", "110101001"):
        with pytest.raises(Invalid) as caught:
            upheld(city, case, NOW + 2 * HOUR, unit)
        assert "unit" in caught.value.fields
    with pytest.raises(Invalid):
        decide_objection(
            case_id=case.pk, upheld=False, unit="110102001", opinion="x", by=city.dispatcher,
            as_of=NOW + 2 * HOUR,
        )  # fmt: skip
    assert case.objections.get().decided_at is None
    assert case.dispatches.count() == 1


def test_nothing_is_decided_twice(city: City) -> None:
    case = city.received()
    objected(city, case)
    refused(city, case, NOW + 2 * HOUR)
    with pytest.raises(Conflict, match="no objection is open"):
        refused(city, case, NOW + 3 * HOUR)


def test_a_returned_case_waits_for_a_new_dispatch_without_unit_and_clocks(city: City) -> None:
    case = city.received()
    returned(city, case)
    case.refresh_from_db()
    assert (case.state, case.unit, case.n_returns) == (State.CLASSIFIED, None, 1)
    assert (case.due_at, case.contact_due_at, case.paused_since) == (None, None, None)
    dispatch = case.dispatches.get()
    assert (dispatch.ended_at, dispatch.ended_as) == (NOW + HOUR, "returned")
    assert explanation(case, "zh") == ""
    assert last_event(case).kind == "returned"
    again = dispatch_case(
        case_id=case.pk, unit="110102001", why="在西城", by=city.dispatcher, as_of=NOW + 2 * HOUR
    )
    assert (again.unit, again.due_at) == (
        city.unit["110102001"], NOW + 2 * HOUR + timedelta(7),
    )  # fmt: skip


def sent(city: City, case: Case, unit: str = "110101001") -> Dispatch:
    dispatch_case(case_id=case.pk, unit=unit, why="复核", by=city.dispatcher, as_of=NOW + 2 * HOUR)
    return case.dispatches.get(ended_at=None)


def contested_in_vain(city: City, case: Case) -> None:
    for ask in (objected, returned):
        with pytest.raises(Conflict) as caught:
            ask(city, case, NOW + 3 * HOUR)
        assert caught.value.code == "designated"


def test_a_unit_that_gets_back_what_it_returned_is_designated(city: City) -> None:
    case = city.received()
    returned(city, case)
    again = sent(city, case)
    assert again.designated
    assert last_event(case).changes["designated"] is True
    assert again.explanation["zh"].endswith("不得再提异议或退单")
    assert again.explanation["en"].startswith("东华门街道 was chosen by hand. The unit disputed")
    contested_in_vain(city, case)


def test_the_directory_too_designates_a_unit_that_had_returned_the_case(city: City) -> None:
    case = city.received()
    returned(city, case)
    dispatch_case(case_id=case.pk, by=city.dispatcher, as_of=NOW + 2 * HOUR)
    contested_in_vain(city, case)


def test_a_unit_stays_designated_when_the_case_was_elsewhere_in_between(city: City) -> None:
    case, other = city.received(), city.received(new_facts=True)
    returned(city, case)
    assert not sent(city, case, "110102001").designated
    objected(city, other)
    refused(city, other, NOW + 2 * HOUR)
    for one, at in ((case, NOW + 2 * HOUR), (other, NOW + 3 * HOUR)):
        for unit in ("110101002", "110101001"):
            redispatch_case(
                case_id=one.pk, unit=unit, why="辖区", by=city.dispatcher, as_of=at
            )  # fmt: skip
        assert [row.designated for row in one.dispatches.order_by("-number")[:2]] == [True, False]
        contested_in_vain(city, one)


def test_who_was_right_to_object_may_object_again(city: City) -> None:
    case = city.received()
    objected(city, case)
    upheld(city, case, NOW + 2 * HOUR)
    redispatch_case(
        case_id=case.pk, unit="110101001", why="复核", by=city.dispatcher, as_of=NOW + 2 * HOUR
    )
    objected(city, case, NOW + 3 * HOUR)


def test_a_case_is_returned_after_signing_but_not_after_the_contact(city: City) -> None:
    case, other = city.received(), city.received(new_facts=True)
    for one in (case, other):
        sign_case(case_id=one.pk, by=city.clerk, as_of=NOW)
    returned(city, case)
    Case.objects.filter(pk=other.pk).update(state=State.CONTACTED)
    with pytest.raises(MoveRefused):
        returned(city, other)


def test_what_was_asked_lapses_when_the_case_is_given_on(city: City) -> None:
    case = city.received()
    objection = objected(city, case)
    ask_extension(
        case_id=case.pk, reason="works_needed", statement="要采购", amount=3,
        unit_of_time="natural_day", caller_told_at=NOW + HOUR, by=city.clerk, as_of=NOW + HOUR,
    )  # fmt: skip
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + HOUR)
    record_contact(case_id=case.pk, reached=True, by=city.clerk, as_of=NOW + HOUR)
    wait_for_caller(case_id=case.pk, by=city.clerk, as_of=NOW + HOUR)
    at = NOW + 2 * HOUR
    redispatch_case(case_id=case.pk, unit="110101002", why="辖区", by=city.dispatcher, as_of=at)
    case.refresh_from_db()
    objection.refresh_from_db()
    extension = case.extensions.get()
    assert (objection.decided_at, objection.upheld, objection.decided_by) == (at, None, None)
    assert (extension.decided_at, extension.granted) == (at, None)
    assert case.pauses.get().end == at
    assert case.due_at == at + timedelta(7)
    kinds = [event.kind for event in case.events.order_by("seq")]
    assert kinds[-3:] == ["objection_lapsed", "extension_lapsed", "redispatched"]
    assert "not decided before the dispatch ended" in objection_words(objection, "en")


def test_every_step_says_in_words_what_became_of_it(city: City) -> None:
    case, other, third = (
        city.received(), city.received(new_facts=True), city.received(new_facts=True),
    )  # fmt: skip
    objection = objected(city, case)
    said = "东华门街道于2022-02-08 10:00提出派单异议（职责争议）"
    assert objection_words(objection, "zh") == f"{said}；尚未决定"
    objection = upheld(city, case, NOW + 2 * HOUR)
    assert objection_words(objection, "zh") == (
        f"{said}；2022-02-08 11:00审核成立，指定由西长安街街道办理，不得再退"
    )
    objected(city, other)
    assert "refused at 2022-02-08 11:00" in objection_words(
        refused(city, other, NOW + 2 * HOUR), "en"
    )
    assert objection_words(returned(city, third), "zh") == (
        "东华门街道于2022-02-08 10:00退单（不属于本单位职责）；工单退回，待重新派单"
    )


def test_consulted_units_see_the_case_and_nobody_else_of_the_units(city: City) -> None:
    case = waiting_for_dispatch(city)
    consulted(city, case, "D01", "110102001")
    for actor, sees in (
        (city.department, True), (city.other_clerk, True), (city.clerk, False),
        (city.enterprise, False), (city.coordinator, False),
    ):  # fmt: skip
        assert visible_cases(actor).filter(pk=case.pk).exists() is sees
    with pytest.raises(NotFound):
        give_opinion(case_id=case.pk, accepts=True, opinion="可以", by=city.clerk, as_of=NOW)


def test_a_consultation_ends_with_a_unit_and_the_dispatch_cites_it(city: City) -> None:
    case = waiting_for_dispatch(city)
    consultation = consulted(city, case, "D01", "D02", "D01")
    opinion = give_opinion(
        case_id=case.pk, accepts=True, opinion="我们来办", by=city.department, as_of=NOW + HOUR
    )
    assert [one.unit.code for one in consultation.opinions.all()] == ["D01", "D02"]
    assert words_of(case, opinion, "opinion") == "我们来办"
    consultation = close_consultation(
        case_id=case.pk, chosen="D01", outcome="由住建办理", by=city.dispatcher, as_of=NOW + HOUR
    )
    assert consultation_words(consultation, "zh") == (
        "2022-02-08 09:00会商住建部门、城管部门；住建部门愿意承办；会商确定由住建部门办理"
    )
    sent = dispatch_case(case_id=case.pk, unit="D01", by=city.dispatcher, as_of=NOW + 2 * HOUR)
    assert sent.dispatches.get().explanation["zh"] == consultation_words(consultation, "zh")
    told = str([event.changes for event in case.events.all()])
    assert not any(words in told for words in ("谁来办", "我们来办", "由住建办理"))


def test_another_unit_than_the_chosen_one_still_needs_a_reason(city: City) -> None:
    case = waiting_for_dispatch(city)
    consulted(city, case, "D01")
    close_consultation(
        case_id=case.pk, chosen="D01", outcome="由住建办理", by=city.dispatcher, as_of=NOW
    )
    with pytest.raises(Invalid, match="say why this unit"):
        dispatch_case(case_id=case.pk, unit="D02", by=city.dispatcher, as_of=NOW)


def test_an_opinion_is_given_once_and_only_while_the_consultation_is_open(city: City) -> None:
    case = waiting_for_dispatch(city)
    consulted(city, case, "D01", "110102001")
    give_opinion(case_id=case.pk, accepts=False, opinion="不归", by=city.department, as_of=NOW)
    with pytest.raises(Conflict, match="has given its opinion"):
        give_opinion(case_id=case.pk, accepts=True, opinion="归", by=city.department, as_of=NOW)
    close_consultation(
        case_id=case.pk, chosen="D02", outcome="另一单位", by=city.dispatcher, as_of=NOW
    )
    with pytest.raises(Conflict, match="closed"):
        give_opinion(case_id=case.pk, accepts=True, opinion="归", by=city.other_clerk, as_of=NOW)


def test_units_are_consulted_before_the_dispatch_one_round_at_a_time(city: City) -> None:
    case = waiting_for_dispatch(city)
    for units in ((), ("999",), ("D01", "999")):
        with pytest.raises(Invalid):
            consulted(city, case, *units)
    consulted(city, case, "D01")
    with pytest.raises(Conflict, match="close it before"):
        consulted(city, case, "D02")
    with pytest.raises(Conflict, match="before a dispatch"):
        consulted(city, city.received(), "D02")
    with pytest.raises(Forbidden):
        consult_units(case_id=case.pk, units=("D01",), question="x", by=city.operator, as_of=NOW)


def test_a_consultation_that_nobody_closed_lapses_with_the_dispatch(city: City) -> None:
    received = receive_case(DEMAND, by=city.operator, as_of=NOW, dispatch=False).case
    classify_case(case_id=received.pk, category=DEMAND.category, by=city.dispatcher, as_of=NOW)
    consultation = consulted(city, received, "D01")
    dispatch_case(case_id=received.pk, by=city.dispatcher, as_of=NOW + HOUR)
    consultation.refresh_from_db()
    assert (consultation.closed_at, consultation.chosen) == (NOW + HOUR, None)
    with pytest.raises(Conflict):
        close_consultation(
            case_id=received.pk, chosen="D01", outcome="x", by=city.dispatcher, as_of=NOW + HOUR
        )
