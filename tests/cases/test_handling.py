"""A unit signs, contacts the caller, works, reports and feeds back; nobody else does."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from jiesu.cases.actions.dispatching import redispatch_case
from jiesu.cases.actions.handling import (
    record_contact,
    report_interim,
    sign_case,
    start_handling,
    submit_feedback,
)
from jiesu.cases.actor import Actor
from jiesu.cases.history.events import chain_of
from jiesu.cases.models import Case, Contact, Feedback, Objection, Pause
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.privacy.vault import Person
from jiesu.cases.queries import contact_overdue, marks
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, MoveRefused, NotFound, Stale
from jiesu.cases.sweep import sweep
from jiesu.core.chain import check_chain
from jiesu.core.lifecycle import HANDLING, State
from tests.cases.cast import NOW, STALLS, City

HOUR = timedelta(hours=1)
ANSWER = "已与物业协商，停车费恢复原价"


def signed(city: City, **more: Any) -> Case:
    case = city.received(**more)
    return sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + HOUR)


def put(case: Case, state: State) -> None:
    Case.objects.filter(pk=case.pk).update(state=state)


def feed_back(case: Case, by: Actor, as_of: datetime = NOW + 5 * HOUR, **more: Any) -> Feedback:
    given: dict[str, Any] = {"result": "resolved", "real": True, "answer": ANSWER} | more
    return submit_feedback(case_id=case.pk, by=by, as_of=as_of, **given)


def contact(case: Case, by: Actor, as_of: datetime = NOW + 2 * HOUR, **more: Any) -> Contact:
    return record_contact(case_id=case.pk, by=by, as_of=as_of, **{"reached": True, **more})


def report(case: Case, by: Actor, as_of: datetime = NOW + 4 * HOUR, **more: Any) -> Feedback:
    return report_interim(case_id=case.pk, report="需要等待施工", by=by, as_of=as_of, **more)


def sign(case: Case, by: Actor, as_of: datetime = NOW + HOUR, **more: Any) -> Case:
    return sign_case(case_id=case.pk, by=by, as_of=as_of, **more)


def start(case: Case, by: Actor, as_of: datetime = NOW + 3 * HOUR, **more: Any) -> Case:
    return start_handling(case_id=case.pk, by=by, as_of=as_of, **more)


ACTIONS: dict[str, tuple[Callable[..., Any], frozenset[State]]] = {
    "sign": (sign, frozenset({State.DISPATCHED})),
    "contact": (contact, HANDLING - {State.DISPATCHED}),
    "start": (start, frozenset({State.SIGNED, State.CONTACTED})),
    "report": (report, frozenset({State.SIGNED, State.CONTACTED, State.IN_PROGRESS})),
    "feedback": (feed_back, frozenset({State.SIGNED, State.CONTACTED, State.IN_PROGRESS})),
}


def test_a_case_goes_from_signing_to_feedback_with_all_its_moments(city: City) -> None:
    case = signed(city)
    contact(case, city.clerk)
    start(case, city.clerk)
    feed_back(case, city.head)
    case.refresh_from_db()
    assert case.state == State.FEEDBACK_SUBMITTED
    assert (case.signed_at, case.contacted_at, case.feedback_at) == (
        NOW + HOUR, NOW + 2 * HOUR, NOW + 5 * HOUR,
    )  # fmt: skip
    assert case.ended_at is None
    kinds = [event.kind for event in case.events.order_by("seq")][-4:]
    assert kinds == ["signed", "contact_recorded", "started", "feedback_submitted"]
    assert check_chain(
        chain_of(case), case=case.number, head=case.head, n_events=case.n_events
    ) is None  # fmt: skip


def test_an_attempt_that_reached_nobody_leaves_the_response_clock_running(city: City) -> None:
    case = signed(city)
    tried = contact(case, city.clerk, reached=False, means="visit")
    case.refresh_from_db()
    assert (tried.reached, tried.means, tried.unit) == (False, "visit", case.unit)
    assert (case.state, case.contacted_at) == (State.SIGNED, None)


def test_only_the_first_contact_that_reached_the_caller_counts(city: City) -> None:
    case = signed(city)
    contact(case, city.clerk, NOW + 2 * HOUR, reached=False)
    contact(case, city.clerk, NOW + 3 * HOUR)
    contact(case, city.clerk, NOW + 4 * HOUR)
    case.refresh_from_db()
    assert (case.state, case.contacted_at) == (State.CONTACTED, NOW + 3 * HOUR)
    assert case.contacts.count() == 3


@pytest.mark.parametrize("state", [State.IN_PROGRESS, State.FEEDBACK_SUBMITTED])
def test_a_later_contact_keeps_the_state_and_stops_the_clock(city: City, state: State) -> None:
    case = signed(city)
    put(case, state)
    contact(case, city.clerk)
    case.refresh_from_db()
    assert (case.state, case.contacted_at) == (state, NOW + 2 * HOUR)


def test_an_anonymous_caller_is_not_contacted_and_the_unit_starts_without(city: City) -> None:
    case = signed(city, person=Person(), anonymous=True)
    with pytest.raises(Conflict, match="start without"):
        contact(case, city.clerk)
    assert start(case, city.clerk).state == State.IN_PROGRESS
    assert case.contacts.count() == 0


def test_a_means_that_nobody_knows_is_refused(city: City) -> None:
    case = signed(city)
    with pytest.raises(Invalid, match="phone, message"):
        contact(case, city.clerk, means="pigeon")


def test_words_are_sealed_and_the_history_holds_only_their_digests(city: City) -> None:
    case = signed(city)
    called = contact(case, city.clerk, note="张三说晚上在家")
    said = feed_back(case, city.clerk)
    called.refresh_from_db()
    said.refresh_from_db()
    assert words_of(case, called, "note") == "张三说晚上在家"
    assert words_of(case, said, "answer") == ANSWER
    told = str([event.changes for event in case.events.all()])
    stored = bytes(called.note) + bytes(said.answer)
    for secret in ("张三", "晚上", "停车费"):
        assert secret not in told
        assert secret.encode() not in stored
    event = case.events.get(kind="contact_recorded")
    assert len(event.changes["note"]["digest"]) == 64


def test_an_interim_report_changes_neither_state_nor_limit(city: City) -> None:
    case = signed(city)
    before = case.due_at
    said = report(case, city.clerk)
    case.refresh_from_db()
    assert (said.interim, said.result, said.overdue) == (True, "", False)
    assert (case.state, case.due_at, case.feedback_at) == (State.SIGNED, before, None)
    assert words_of(case, said, "answer") == "需要等待施工"


def test_feedback_is_judged_by_the_limit_in_force(city: City) -> None:
    case = signed(city)
    assert case.due_at is not None
    assert not feed_back(case, city.clerk, case.due_at).overdue
    other = signed(city, new_facts=True)
    assert other.due_at is not None
    late = feed_back(other, city.clerk, other.due_at + timedelta(microseconds=1))
    assert late.overdue
    assert other.events.get(kind="feedback_submitted").changes["overdue"] is True


def test_a_clock_that_stands_does_not_run_out(city: City) -> None:
    case = signed(city)
    assert case.due_at is not None
    # At its limit it would have run out.
    stands_since = case.due_at - HOUR
    Case.objects.filter(pk=case.pk).update(paused_since=stands_since)
    Pause.objects.create(case=case, cause=Pause.Cause.PARKED, start=stands_since)
    assert not feed_back(case, city.clerk, case.due_at + timedelta(days=9)).overdue


def test_a_pause_does_not_undo_a_limit_that_had_run_out(city: City) -> None:
    case = signed(city)
    assert case.due_at is not None
    Case.objects.filter(pk=case.pk).update(paused_since=case.due_at + HOUR)
    Pause.objects.create(case=case, cause=Pause.Cause.PARKED, start=case.due_at + HOUR)
    assert feed_back(case, city.clerk, case.due_at + 2 * HOUR).overdue


def test_feedback_ends_the_waiting_for_the_caller_and_counts_it(city: City) -> None:
    case = signed(city)
    due = case.due_at
    assert due is not None
    waiting = Pause.objects.create(
        case=case, cause=Pause.Cause.WAITING, start=due - HOUR, end=due + 71 * HOUR
    )
    said = feed_back(case, city.clerk, due + HOUR)
    waiting.refresh_from_db()
    case.refresh_from_db()
    assert (waiting.end, said.overdue) == (due + HOUR, False)
    assert (case.due_at, case.paused_since) == (due + 2 * HOUR, None)


def test_feedback_after_a_redo_is_kept_as_another_and_the_first_counts(city: City) -> None:
    case = signed(city)
    feed_back(case, city.clerk)
    put(case, State.SIGNED)
    feed_back(case, city.clerk, NOW + 30 * HOUR, result="partial", real=False)
    case.refresh_from_db()
    assert case.feedback_at == NOW + 5 * HOUR
    rows = case.feedbacks.values_list("result", "real", "at")
    assert list(rows) == [
        ("resolved", True, NOW + 5 * HOUR),
        ("partial", False, NOW + 30 * HOUR),
    ]


def test_an_explanation_rests_on_a_law(city: City) -> None:
    case = signed(city)
    with pytest.raises(Invalid) as caught:
        feed_back(case, city.clerk, result="explained")
    assert set(caught.value.fields) == {"legal_basis"}
    said = feed_back(case, city.clerk, result="explained", legal_basis="《停车条例》第三条")
    assert words_of(case, said, "legal_basis") == "《停车条例》第三条"
    assert "停车条例" not in str(case.events.get(kind="feedback_submitted").changes)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"result": "done"}, "result"),
        ({"answer": "  "}, "answer"),
        ({"answer": "长" * 20_001}, "answer"),
        ({"answer": "a\x00b"}, "answer"),
        ({"legal_basis": "法" * 201}, "legal_basis"),
    ],
)
def test_what_is_wrong_with_a_feedback_is_said_by_field(
    city: City, wrong: dict[str, Any], field: str
) -> None:
    case = signed(city)
    with pytest.raises(Invalid) as caught:
        feed_back(case, city.clerk, **wrong)
    assert set(caught.value.fields) == {field}
    assert case.feedbacks.count() == 0


def test_whoever_objects_to_a_dispatch_does_not_feed_back_meanwhile(city: City) -> None:
    case = signed(city)
    assert city.clerk.user is not None
    Objection.objects.create(
        case=case,
        dispatch=case.dispatches.get(),
        kind=Objection.Kind.OBJECTION,
        reason="duty",
        raised_by=city.clerk.user,
        raised_at=NOW + HOUR,
    )
    with pytest.raises(Conflict, match="objection is open"):
        feed_back(case, city.clerk)


def test_a_district_signs_what_goes_through_it(city: City) -> None:
    case = city.received(STALLS)
    assert sign(case, city.coordinator).state == State.SIGNED
    with pytest.raises(Forbidden):
        feed_back(case, city.coordinator)


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize("state", list(State))
def test_each_state_allows_what_its_table_says(city: City, name: str, state: State) -> None:
    act, allowed = ACTIONS[name]
    case = city.received()
    put(case, state)
    if state in allowed:
        act(case, city.clerk)
        return
    version = Case.objects.get(pk=case.pk).version
    with pytest.raises((MoveRefused, Conflict)):
        act(case, city.clerk)
    case.refresh_from_db()
    assert (case.state, case.version) == (state, version)


@pytest.mark.parametrize("name", ACTIONS)
def test_others_than_the_lead_unit_may_not(city: City, name: str) -> None:
    act, allowed = ACTIONS[name]
    case = city.received()
    put(case, min(allowed))
    for stranger in (city.other_clerk, city.enterprise, city.other_coordinator):
        with pytest.raises(NotFound):
            act(case, stranger)
    # D01 assists and sees the case; the others see the whole city.
    for onlooker in (
        city.department, city.operator, city.dispatcher, city.caller, city.evaluator,
        city.leader, city.auditor, city.administrator,
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            act(case, onlooker)
    case.refresh_from_db()
    assert case.version == 1


@pytest.mark.parametrize("name", ACTIONS)
def test_who_saw_an_older_version_is_told_so(city: City, name: str) -> None:
    act, allowed = ACTIONS[name]
    case = city.received()
    put(case, min(allowed))
    with pytest.raises(Stale) as caught:
        act(case, city.clerk, expected=0)
    assert caught.value.version == 1
    act(case, city.clerk, expected=1)
    case.refresh_from_db()
    assert case.version == 2


def test_a_job_feeds_nothing_back(city: City) -> None:
    case = signed(city)
    with pytest.raises(Forbidden, match="account"):
        feed_back(case, Actor.system("sweep"))


@pytest.mark.django_db(transaction=True)
def test_of_two_clerks_who_sign_at_once_one_signs_and_one_is_told_so() -> None:
    from tests.cases.cast import made_city

    city = made_city()
    case = city.received()
    together = threading.Barrier(2, timeout=30)
    outcomes: list[str] = []

    def sign_too(by: Actor) -> None:
        try:
            connection.ensure_connection()
            together.wait()
            sign(case, by, expected=1)
            outcomes.append("signed")
        except Stale as stale:
            outcomes.append(f"stale at {stale.version}")
        finally:
            connection.close()

    threads = [threading.Thread(target=sign_too, args=(by,)) for by in (city.clerk, city.head)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["signed", "stale at 2"]
    case.refresh_from_db()
    assert (case.state, case.version) == (State.SIGNED, 2)
    assert case.events.filter(kind="signed").count() == 1


def test_the_next_unit_contacts_the_caller_within_its_own_clock(city: City) -> None:
    case = signed(city)
    contact(case, city.clerk)
    at = NOW + 30 * HOUR
    redispatch_case(case_id=case.pk, unit="D01", why="房屋安全", by=city.dispatcher, as_of=at)
    case.refresh_from_db()
    assert (case.contacted_at, case.contact_due_at) == (None, at + 24 * HOUR)
    late = at + 25 * HOUR
    assert marks(case, late).contact_overdue_by == HOUR
    sweep(late)
    assert case.supervisions.get(rule="no_contact").unit == city.unit["D01"]
    sign(case, city.department, late)
    contact(case, city.department, late + HOUR)
    case.refresh_from_db()
    assert case.contacted_at == late + HOUR
    # As it was known at earlier moments.
    found = [marks(case, at + hours * HOUR, past=True).contact_overdue for hours in (-1, 25, 27)]
    assert found == [False, True, False]


def test_nobody_is_late_with_the_contact_of_an_anonymous_caller(city: City) -> None:
    case = signed(city, person=Person(), anonymous=True)
    late = NOW + 25 * HOUR
    sweep(late)
    case.refresh_from_db()
    assert not case.supervisions.exists()
    assert not marks(case, late).contact_overdue
    assert not marks(case, late, past=True).contact_overdue
    assert not contact_overdue(Case.objects.all(), late).exists()
    assert not contact_overdue(Case.objects.all(), late, past=True).exists()
