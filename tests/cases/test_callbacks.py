"""Residents are called back, by the city alone, once; a case closes with it or is redone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jiesu.cases.actions.callback_links import answer_by_link, make_link
from jiesu.cases.actions.callbacks import Answers, record_attempt, record_callback, take_callback
from jiesu.cases.actions.claims import end_parking
from jiesu.cases.actions.dispatching import redispatch_case
from jiesu.cases.actions.handling import sign_case, start_handling, submit_feedback
from jiesu.cases.actor import Actor
from jiesu.cases.callback_queue import callbacks_for, draw, queue
from jiesu.cases.models import Attempt, Callback, Case, Role, User
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.privacy.vault import Person
from jiesu.cases.refusals import (
    Conflict,
    Forbidden,
    Invalid,
    Stale,
)
from jiesu.cases.sweep import sweep
from jiesu.core.lifecycle import State
from tests.cases.calling import (
    ANGRY,
    DAY,
    HAPPY,
    HOUR,
    LIMIT,
    MINUTE,
    answered,
    assert_whole,
    at_once,
    city_caller,
    due_case,
    kinds,
    missed,
    set_rule,
    with_feedback,
)
from tests.cases.cast import NOW, City, made_city
from tests.cases.claiming import claimed, decided

# When a call-back is due --------------------------------------------------------------------------


def test_a_call_back_falls_due_at_the_limit_also_when_the_unit_did_nothing(city: City) -> None:
    case = city.received()
    sweep(LIMIT - timedelta(microseconds=1))
    assert not case.callbacks.exists()
    sweep(LIMIT)
    [callback] = case.callbacks.all()
    assert (callback.round, callback.state, callback.due_at) == (1, "due", LIMIT)
    assert callback.unit == city.unit["110101001"]
    case.refresh_from_db()
    assert case.state == State.DISPATCHED


def test_early_feedback_brings_no_earlier_call_back(city: City) -> None:
    case = city.received()
    with_feedback(city, case)
    sweep(NOW + 3 * DAY)
    assert not case.callbacks.exists()
    sweep(LIMIT)
    assert case.callbacks.get().due_at == LIMIT


def test_whoever_acts_after_the_limit_finds_the_call_back_there_without_a_sweep(
    city: City,
) -> None:
    case = city.received()
    sign_case(case_id=case.pk, by=city.clerk, as_of=LIMIT + MINUTE)
    assert kinds(case)[2:] == ["supervision_raised", "callback_due", "supervision_raised", "signed"]
    assert_whole(case)


def test_a_new_limit_moves_a_call_back_that_had_fallen_due(city: City) -> None:
    case = due_case(city)
    missed(case, city.caller, LIMIT + HOUR)
    redispatch_case(
        case_id=case.pk, unit="110101002", why="属地更正", by=city.dispatcher, as_of=LIMIT + DAY
    )
    [callback] = case.callbacks.all()
    assert callback.due_at == callback.next_at == LIMIT + 8 * DAY
    assert callback.unit == city.unit["110101002"]
    assert take_callback(by=city.caller, as_of=LIMIT + 2 * DAY) is None
    assert take_callback(by=city.caller, as_of=LIMIT + 8 * DAY) == callback


def test_while_the_clock_stands_nobody_is_called_also_where_it_had_fallen_due(
    city: City,
) -> None:
    case = due_case(city)
    token = make_link(case_id=case.pk, by=city.caller, as_of=LIMIT)
    redispatch_case(case_id=case.pk, unit="D01", why="职责", by=city.dispatcher, as_of=LIMIT + HOUR)
    head = Actor.of(User.objects.create_user("d01", role=Role.HEAD, unit=city.unit["D01"]))
    claim = claimed(city, case, "parking", by=head, as_of=LIMIT + 2 * HOUR)
    decided(city, claim, LIMIT + 3 * HOUR)
    long_after = LIMIT + 30 * DAY
    assert not queue(city.caller, long_after).exists()
    assert take_callback(by=city.caller, as_of=long_after) is None
    with pytest.raises(Conflict, match="clock stands"):
        make_link(case_id=case.pk, by=city.caller, as_of=long_after)
    with pytest.raises(Conflict, match="new time limit"):
        answer_by_link(token=token, answers=ANGRY, as_of=LIMIT + 6 * DAY)
    end_parking(case_id=case.pk, why="已开工", by=city.evaluator, as_of=long_after)
    case.refresh_from_db()
    assert case.due_at is not None
    assert not queue(city.caller, long_after).exists()
    assert [one.case_id for one in queue(city.caller, case.due_at)] == [case.pk]


def test_a_caller_who_cannot_be_called_ends_the_case_at_its_limit(city: City) -> None:
    anonymous = city.received(person=Person(), anonymous=True)
    without_phone = city.received(person=Person(name="李四"))
    sweep(LIMIT)
    assert not anonymous.callbacks.exists()
    sweep(LIMIT + MINUTE)
    for case in (anonymous, without_phone):
        callback = case.callbacks.get()
        assert (callback.state, callback.ended_by) == ("invalid", "system:sweep")
        assert_whole(case)
        assert (case.state, case.ended_at) == (State.CLOSED, LIMIT + MINUTE)
        # That the unit had given no feedback is not forgotten.
        assert case.supervisions.filter(rule="overdue").exists()


# The sample ---------------------------------------------------------------------------------------


def test_only_drawn_cases_are_called_and_others_close_with_their_feedback(city: City) -> None:
    set_rule("sample_percent = 100", "sample_percent = 50")
    cases = [city.received(new_facts=True) for _ in range(20)]
    drawn = {case.pk for case in cases if draw(case.number) < 50}
    assert 0 < len(drawn) < 20
    handled = next(case for case in cases if case.pk not in drawn)
    idle = next(case for case in cases if case.pk not in {*drawn, handled.pk})
    with_feedback(city, handled)
    sweep(LIMIT)
    states = dict(Callback.objects.values_list("case_id", "state"))
    assert states == {case.pk: "due" if case.pk in drawn else "not_sampled" for case in cases}
    assert [Case.objects.get(pk=case.pk).state for case in (handled, idle)] == [
        State.CLOSED, State.DISPATCHED,
    ]  # fmt: skip
    sign_case(case_id=idle.pk, by=city.clerk, as_of=LIMIT + HOUR)
    start_handling(case_id=idle.pk, by=city.clerk, as_of=LIMIT + HOUR)
    submit_feedback(
        case_id=idle.pk, result="unresolved", real=True, answer="未解决", by=city.clerk,
        as_of=LIMIT + 2 * HOUR,
    )  # fmt: skip
    sweep(LIMIT + 3 * HOUR)
    assert_whole(idle)
    assert (idle.state, idle.ended_at) == (State.CLOSED, LIMIT + 3 * HOUR)
    [event] = idle.events.filter(kind="callback_not_sampled")
    assert event.changes["sample_percent"] == 50
    assert event.changes["drawn"] == draw(idle.number) >= 50


def test_the_draw_of_a_number_is_always_the_same_and_spreads_evenly(city: City) -> None:
    numbers = [f"20220208{n:06}" for n in range(2000)]
    draws = [draw(number) for number in numbers]
    assert draws == [draw(number) for number in numbers]
    assert min(draws) == 0
    assert max(draws) == 99
    assert 500 < sum(drawn < 30 for drawn in draws) < 700


def test_with_a_sample_of_none_nobody_is_called(city: City) -> None:
    set_rule("sample_percent = 100", "sample_percent = 0")
    assert due_case(city).callbacks.get().state == "not_sampled"


# The queue ----------------------------------------------------------------------------------------


def test_the_oldest_call_back_is_taken_first_and_is_then_nobody_elses(city: City) -> None:
    late = city.received(at=NOW + HOUR, person=Person(phone="13800000001"))
    early = city.received()
    sweep(LIMIT + 2 * HOUR)
    colleague = city_caller("caller2")
    at = LIMIT + 2 * HOUR
    first, second = take_callback(by=city.caller, as_of=at), take_callback(by=colleague, as_of=at)
    assert first is not None
    assert second is not None
    assert [first.case_id, second.case_id] == [early.pk, late.pk]
    third = city_caller("caller3")
    assert take_callback(by=third, as_of=at + 14 * MINUTE) is None
    with pytest.raises(Conflict, match="colleague"):
        take_callback(by=third, as_of=at, case_id=early.pk)
    again = take_callback(by=third, as_of=at + 15 * MINUTE)
    assert again is not None
    assert again.case_id == early.pk


def test_a_clerk_who_asks_again_gets_the_one_in_hand(city: City) -> None:
    city.received(at=NOW + HOUR, person=Person(phone="13800000001"))
    case = due_case(city)
    sweep(LIMIT + 2 * HOUR)
    take_callback(by=city.caller, as_of=LIMIT + 2 * HOUR)
    held = take_callback(by=city.caller, as_of=LIMIT + 2 * HOUR + 10 * MINUTE)
    assert held is not None
    assert held.case_id == case.pk
    assert held.taken_until == LIMIT + 2 * HOUR + 25 * MINUTE


def test_nobody_calls_without_having_taken_the_call_back(city: City) -> None:
    case = due_case(city)
    with pytest.raises(Conflict, match="take the call-back first"):
        record_callback(case_id=case.pk, answers=HAPPY, by=city.caller, as_of=LIMIT)
    take_callback(by=city_caller("caller2"), as_of=LIMIT)
    with pytest.raises(Conflict, match="take the call-back first"):
        record_attempt(case_id=case.pk, outcome="no_answer", by=city.caller, as_of=LIMIT)


def test_a_long_call_may_be_written_down_if_nobody_took_it_meanwhile(city: City) -> None:
    case = due_case(city)
    take_callback(by=city.caller, as_of=LIMIT)
    at = LIMIT + 40 * MINUTE
    done = record_callback(case_id=case.pk, answers=HAPPY, by=city.caller, as_of=at)
    assert (done.state, done.ended_at) == ("done", at)


# Attempts -----------------------------------------------------------------------------------------


def test_attempts_are_spaced_and_the_last_one_makes_the_call_back_invalid(city: City) -> None:
    case = due_case(city)
    at = LIMIT + HOUR
    assert missed(case, city.caller, at).next_at == at + 4 * HOUR
    assert list(queue(city.caller, at + 4 * HOUR - MINUTE)) == []
    with pytest.raises(Conflict, match="not before 2022-02-15 14:00"):
        record_attempt(case_id=case.pk, outcome="no_answer", by=city.caller, as_of=at + HOUR)
    assert missed(case, city.caller, at + 4 * HOUR).state == "attempting"
    last = missed(case, city.caller, at + 8 * HOUR)
    assert (last.state, last.n_attempts) == ("invalid", 3)
    assert_whole(case)
    assert (case.state, case.ended_at) == (State.CLOSED, at + 8 * HOUR)
    assert kinds(case)[-4:] == [
        "callback_attempted", "callback_attempted", "callback_attempted", "callback_invalid",
    ]  # fmt: skip


@pytest.mark.parametrize("outcome", ["refused", "wrong_number"])
def test_who_refuses_or_is_not_there_is_not_called_again(city: City, outcome: str) -> None:
    case = due_case(city)
    take_callback(by=city.caller, as_of=LIMIT)
    ended = record_attempt(case_id=case.pk, outcome=outcome, by=city.caller, as_of=LIMIT)
    assert ended.state == "invalid"
    assert Case.objects.get(pk=case.pk).state == State.CLOSED


def test_a_connection_is_no_attempt_in_vain(city: City) -> None:
    case = due_case(city)
    at = LIMIT
    for _ in range(3):
        take_callback(by=city.caller, as_of=at)
        record_attempt(case_id=case.pk, outcome="connected", by=city.caller, as_of=at)
        at += HOUR
    assert case.callbacks.get().state == "attempting"
    record_callback(case_id=case.pk, answers=HAPPY, by=city.caller, as_of=at)
    assert case.callbacks.get().n_attempts == 3


def test_answers_without_a_recorded_call_record_one(city: City) -> None:
    case = due_case(city)
    callback = answered(case, city.caller, LIMIT)
    [attempt] = Attempt.objects.filter(callback=callback)
    assert (attempt.outcome, attempt.number) == ("connected", 1)


# Answers ------------------------------------------------------------------------------------------


def test_a_done_call_back_closes_its_case_in_whatever_state(city: City) -> None:
    idle, handled = city.received(), city.received(new_facts=True)
    with_feedback(city, handled)
    sweep(LIMIT)
    for case in (idle, handled):
        callback = answered(case, city.caller, LIMIT + HOUR)
        assert (callback.contacted, callback.resolved) == (True, "yes")
        assert_whole(case)
        assert (case.state, case.ended_at) == (State.CLOSED, LIMIT + HOUR)
        assert case.next_sweep_at is None


def test_answers_are_never_changed(city: City) -> None:
    case = due_case(city)
    answered(case, city.caller, LIMIT)
    with pytest.raises(Conflict, match="has ended"):
        record_callback(case_id=case.pk, answers=ANGRY, by=city.caller, as_of=LIMIT + MINUTE)
    with pytest.raises(Conflict, match="has ended"):
        record_attempt(case_id=case.pk, outcome="refused", by=city.caller, as_of=LIMIT + MINUTE)
    assert case.callbacks.get().resolved == "yes"


def test_all_three_questions_need_an_answer(city: City) -> None:
    case = due_case(city)
    take_callback(by=city.caller, as_of=LIMIT)
    wrong = Answers(contacted=None, resolved="", satisfaction="great")  # type: ignore[arg-type]
    with pytest.raises(Invalid) as caught:
        record_callback(case_id=case.pk, answers=wrong, by=city.caller, as_of=LIMIT)
    assert set(caught.value.fields) == {"contacted", "resolved", "satisfaction"}
    with pytest.raises(Invalid, match="means"):
        record_callback(case_id=case.pk, answers=HAPPY, by=city.caller, as_of=LIMIT, means="pigeon")
    with pytest.raises(Invalid, match="words"):
        record_callback(
            case_id=case.pk, answers=replace(HAPPY, words="a\x00"), by=city.caller, as_of=LIMIT
        )
    assert case.callbacks.get().state == "due"


def test_the_residents_words_are_sealed_and_in_the_history_a_digest(city: City) -> None:
    case = due_case(city)
    callback = answered(case, city.caller, LIMIT, replace(HAPPY, words="张三很满意"))
    callback.refresh_from_db()
    assert "张三" not in str(bytes(callback.words))
    assert words_of(case, callback, "words") == "张三很满意"
    changes = case.events.get(kind="callback_done").changes
    assert set(changes["words"]) == {"digest"}
    assert "张三" not in str(changes)


def test_no_call_back_before_the_limit(city: City) -> None:
    case = city.received()
    with pytest.raises(Conflict, match="no call-back is due"):
        record_callback(case_id=case.pk, answers=HAPPY, by=city.caller, as_of=NOW + HOUR)
    assert take_callback(by=city.caller, as_of=LIMIT - MINUTE) is None


def test_who_saw_an_older_version_calls_in_vain(city: City) -> None:
    case = due_case(city)
    take_callback(by=city.caller, as_of=LIMIT)
    with pytest.raises(Stale):
        record_callback(
            case_id=case.pk, answers=HAPPY, by=city.caller, as_of=LIMIT, expected=case.version - 1
        )


# Who may ------------------------------------------------------------------------------------------


def test_a_unit_never_writes_a_call_back(city: City) -> None:
    case = due_case(city)
    for actor in (
        city.clerk, city.head, city.coordinator, city.evaluator, city.dispatcher, city.operator,
        city.leader, city.auditor, city.administrator,
    ):  # fmt: skip
        for act in (
            lambda by: take_callback(by=by, as_of=LIMIT),
            lambda by: record_attempt(case_id=case.pk, outcome="refused", by=by, as_of=LIMIT),
            lambda by: record_callback(case_id=case.pk, answers=HAPPY, by=by, as_of=LIMIT),
            lambda by: make_link(case_id=case.pk, by=by, as_of=LIMIT),
        ):
            with pytest.raises(Forbidden):
                act(actor)
    assert case.callbacks.get().state == "due"


@pytest.mark.parametrize("unit", ["110101001", "110101"])
def test_a_clerk_who_belongs_to_the_unit_or_its_district_does_not_call(
    city: City, unit: str
) -> None:
    case = due_case(city)
    insider = city_caller("insider", unit, city)
    assert take_callback(by=insider, as_of=LIMIT) is None
    take_callback(by=city.caller, as_of=LIMIT)
    Callback.objects.update(taken_by=insider.account)
    for act in (
        lambda: record_attempt(case_id=case.pk, outcome="refused", by=insider, as_of=LIMIT),
        lambda: record_callback(case_id=case.pk, answers=HAPPY, by=insider, as_of=LIMIT),
        lambda: make_link(case_id=case.pk, by=insider, as_of=LIMIT),
    ):
        with pytest.raises(Forbidden, match="own unit"):
            act()
    assert not callbacks_for(insider, case).exists()
    other = city_caller("outsider", "110102", city)
    Callback.objects.update(taken_by=None, taken_until=None)
    assert take_callback(by=other, as_of=LIMIT) is not None


def test_a_unit_sees_a_call_back_only_when_it_has_ended(city: City) -> None:
    case = due_case(city)
    insiders = (city.clerk, city.head, city.coordinator, city.dispatcher, city.leader)
    outsiders = (city.caller, city.evaluator, city.auditor)
    assert [callbacks_for(one, case).count() for one in insiders] == [0] * 5
    assert [callbacks_for(one, case).count() for one in outsiders] == [1] * 3
    missed(case, city.caller, LIMIT)
    assert not callbacks_for(city.clerk, case).exists()
    callback = answered(case, city.caller, LIMIT + 4 * HOUR, ANGRY)
    case.refresh_from_db()
    for one in (*insiders, *outsiders):
        assert [row.resolved for row in callbacks_for(one, case)] == ["no"]
    assert words_of(case, callback, "words") == "没人来过"


def test_a_unit_cannot_tell_that_its_case_was_not_drawn(city: City) -> None:
    set_rule("sample_percent = 100", "sample_percent = 0")
    case = due_case(city)
    assert not callbacks_for(city.clerk, case).exists()
    assert callbacks_for(city.caller, case).get().state == "not_sampled"


@pytest.mark.django_db(transaction=True)
def test_two_clerks_at_once_never_call_the_same_resident() -> None:
    city = made_city()
    for n in range(6):
        city.received(person=Person(phone=f"1380000000{n}"))
    sweep(LIMIT)
    clerks = [city_caller(f"clerk{n}") for n in range(6)]
    taken = at_once(*[lambda by=by: take_callback(by=by, as_of=LIMIT) for by in clerks])
    assert len({one.pk for one in taken if isinstance(one, Callback)}) == 6


def test_a_unit_cannot_tell_from_the_version_that_its_case_is_being_called(city: City) -> None:
    case = due_case(city)
    # Supervision comes up meanwhile, and is no secret.
    sweep(LIMIT + HOUR)
    case.refresh_from_db()
    before = case.version
    missed(case, city.caller, LIMIT + HOUR)
    case.refresh_from_db()
    assert (case.version, kinds(case)[-1]) == (before, "callback_attempted")
    assert_whole(case)
