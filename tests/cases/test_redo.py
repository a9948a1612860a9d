"""Cases go back to their unit, by answers or by decision; each round keeps its answers."""

from dataclasses import replace

import pytest

from jiesu.cases.actions.dispatching import redispatch_case
from jiesu.cases.actions.redoing import redo_case
from jiesu.cases.change import changing
from jiesu.cases.figures.case_rows import Words, rows_of
from jiesu.cases.models import (
    Case,
    Redo,
)
from jiesu.cases.privacy.erasure import ALIAS, erase
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.refusals import (
    Conflict,
    Forbidden,
    Invalid,
    MoveRefused,
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
    city_caller,
    due_case,
    kinds,
    set_rule,
    with_feedback,
)
from tests.cases.cast import NOW, City


def test_a_dissatisfied_resident_sends_the_case_back_to_its_unit(city: City) -> None:
    case = due_case(city)
    with_words = answered(case, city.caller, LIMIT + HOUR, ANGRY)
    assert_whole(case)
    assert (case.state, case.n_redos, case.round, case.ended_at) == (State.DISPATCHED, 1, 2, None)
    assert case.unit == city.unit["110101001"]
    dispatches = list(case.dispatches.order_by("number"))
    assert [one.ended_as for one in dispatches] == ["redone", ""]
    assert (dispatches[1].limit, dispatches[1].designated) == ("redo", True)
    # Five working days after Tuesday 2022-02-15 10:00.
    assert case.due_at == LIMIT + HOUR + 7 * DAY
    assert Redo.objects.get(case=case).callback == with_words
    assert kinds(case)[-3:] == ["callback_attempted", "callback_done", "redone"]


def test_each_round_keeps_its_answers_the_first_and_the_last(city: City) -> None:
    case = due_case(city)
    answered(case, city.caller, LIMIT, ANGRY)
    second = LIMIT + 7 * DAY
    sweep(second - MINUTE)
    assert case.callbacks.count() == 1
    sweep(second)
    answered(case, city.caller, second, HAPPY)
    assert_whole(case)
    assert (case.state, case.ended_at) == (State.CLOSED, second)
    kept = case.callbacks.order_by("round").values_list("round", "resolved", "satisfaction")
    assert list(kept) == [(1, "no", "dissatisfied"), (2, "yes", "satisfied")]


def test_a_case_is_redone_as_often_as_the_rules_allow(city: City) -> None:
    case = due_case(city)
    at = LIMIT
    for _ in range(3):
        answered(case, city.caller, at, ANGRY)
        case.refresh_from_db()
        assert case.due_at is not None
        at = case.due_at
        sweep(at)
    assert (case.state, case.n_redos, case.callbacks.count()) == (State.CLOSED, 2, 3)
    with pytest.raises(Conflict, match="as often as the rules allow"):
        redo_case(case_id=case.pk, opinion="再办", by=city.evaluator, as_of=at)


def test_which_answers_reopen_a_case_is_the_rules(city: City) -> None:
    set_rule('redo_on = ["no", "dissatisfied"]', 'redo_on = ["partial"]')
    case = due_case(city)
    answered(case, city.caller, LIMIT, ANGRY)
    other = city.received(new_facts=True, at=LIMIT)
    sweep(LIMIT + 7 * DAY)
    answered(other, city.caller, LIMIT + 7 * DAY, replace(HAPPY, resolved="partial"))
    assert Case.objects.get(pk=case.pk).state == State.CLOSED
    assert Case.objects.get(pk=other.pk).state == State.DISPATCHED


def test_what_is_parked_is_not_redone_by_itself(city: City) -> None:
    case = due_case(city)
    Case.objects.filter(pk=case.pk).update(parked=True)
    answered(case, city.caller, LIMIT, ANGRY)
    assert Case.objects.get(pk=case.pk).state == State.CLOSED


def test_the_city_may_have_a_case_redone_with_an_opinion(city: City) -> None:
    case = due_case(city)
    answered(case, city.caller, LIMIT)
    at = LIMIT + DAY
    redo_case(case_id=case.pk, opinion="张三的答复不完整", by=city.evaluator, as_of=at)
    assert_whole(case)
    assert (case.state, case.round, case.n_redos) == (State.DISPATCHED, 2, 1)
    row = Redo.objects.get(case=case)
    assert words_of(case, row, "opinion") == "张三的答复不完整"
    assert "张三" not in str(case.events.get(kind="redone").changes)


def test_a_redo_before_the_call_back_belongs_to_the_same_round(city: City) -> None:
    case = city.received()
    with_feedback(city, case)
    redo_case(case_id=case.pk, opinion="不完整", by=city.dispatcher, as_of=NOW + 3 * DAY)
    case.refresh_from_db()
    assert (case.state, case.round, case.n_redos) == (State.DISPATCHED, 1, 1)
    assert case.due_at is not None
    assert case.due_at > LIMIT
    sweep(LIMIT)
    assert not case.callbacks.exists()
    sweep(case.due_at)
    assert case.callbacks.get().round == 1


def test_a_redo_of_feedback_after_the_limit_lets_its_call_back_wait(city: City) -> None:
    case = city.received()
    with_feedback(city, case)
    sweep(LIMIT)
    redo_case(case_id=case.pk, opinion="不完整", by=city.dispatcher, as_of=LIMIT + HOUR)
    case.refresh_from_db()
    callback = case.callbacks.get()
    assert (callback.round, callback.next_at) == (1, case.due_at)


def test_a_redo_needs_an_opinion_a_state_and_the_right_role(city: City) -> None:
    case = city.received()
    with pytest.raises(Invalid, match="opinion"):
        redo_case(case_id=case.pk, opinion=" ", by=city.evaluator, as_of=NOW)
    with pytest.raises(MoveRefused):
        redo_case(case_id=case.pk, opinion="重办", by=city.evaluator, as_of=NOW)
    for actor in (city.clerk, city.coordinator, city.operator, city.leader):
        with pytest.raises(Forbidden):
            redo_case(case_id=case.pk, opinion="重办", by=actor, as_of=NOW)
    sweep(LIMIT)
    answered(case, city.caller, LIMIT)
    with pytest.raises(Forbidden, match="own unit"):
        redo_case(
            case_id=case.pk, opinion="重办", by=city_caller("insider", "110101001", city),
            as_of=LIMIT,
        )  # fmt: skip


def test_redone_cases_are_called_whatever_the_sample(city: City) -> None:
    set_rule("sample_percent = 100", "sample_percent = 0")
    case = city.received()
    with_feedback(city, case)
    sweep(LIMIT)
    redo_case(case_id=case.pk, opinion="抽查", by=city.evaluator, as_of=LIMIT + HOUR)
    case.refresh_from_db()
    assert case.due_at is not None
    sweep(case.due_at)
    assert [row.state for row in case.callbacks.order_by("round")] == ["not_sampled", "due"]


def test_what_is_redone_of_a_case_that_was_not_drawn_counts_in_no_rate(city: City) -> None:
    set_rule("sample_percent = 100", "sample_percent = 0")
    case = city.received()
    with_feedback(city, case)
    sweep(LIMIT)
    redo_case(case_id=case.pk, opinion="抽查未完成", by=city.evaluator, as_of=LIMIT + HOUR)
    second = LIMIT + HOUR + 7 * DAY
    sweep(second)
    answered(case, city.caller, second, ANGRY)
    [row] = rows_of([case.pk], Words.of_the_city()).table.to_pylist()
    assert (row["callback_at"], row["callback_valid"], row["final_resolved"]) == (None,) * 3


def test_a_caller_who_was_erased_is_not_called_about_a_redo(city: City) -> None:
    case = due_case(city)
    answered(case, city.caller, LIMIT)
    with changing(case.pk, "erase", by=city.administrator, as_of=LIMIT + HOUR) as change:
        erase(change, ["person"], "retention")
    redo_case(case_id=case.pk, opinion="抽查", by=city.evaluator, as_of=LIMIT + DAY)
    case.refresh_from_db()
    assert case.caller.startswith(ALIAS)
    assert case.due_at is not None
    sweep(case.due_at + MINUTE)
    assert [row.state for row in case.callbacks.order_by("round")] == ["done", "invalid"]


def test_what_was_said_of_a_unit_stays_with_it_when_another_redoes_the_case(city: City) -> None:
    case = due_case(city)
    answered(case, city.caller, LIMIT, ANGRY)
    redispatch_case(
        case_id=case.pk, unit="D01", why="属住建职责", by=city.dispatcher, as_of=LIMIT + HOUR
    )
    second = LIMIT + HOUR + 7 * DAY
    sweep(second)
    answered(case, city.caller, second, HAPPY)
    case.refresh_from_db()
    assert case.unit == city.unit["D01"]
    [row] = rows_of([case.pk], Words.of_the_city()).table.to_pylist()
    assert (row["unit"], row["callback_resolved"], row["final_resolved"]) == (
        "110101001", "no", "yes",
    )  # fmt: skip
