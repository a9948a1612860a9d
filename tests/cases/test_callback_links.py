"""Residents answer alone by a link: once, in time, with nothing that could be guessed."""

from dataclasses import replace

import pytest

from jiesu.cases.actions.callback_links import answer_by_link, link_of, make_link
from jiesu.cases.actions.callbacks import record_callback, take_callback
from jiesu.cases.actions.dispatching import redispatch_case
from jiesu.cases.models import (
    CallbackLink,
)
from jiesu.cases.refusals import (
    Conflict,
    Invalid,
    NotFound,
)
from jiesu.cases.sweep import sweep
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
    due_case,
    missed,
)
from tests.cases.cast import City, made_city


def test_a_resident_answers_alone_by_a_link(city: City) -> None:
    case = due_case(city)
    token = make_link(case_id=case.pk, by=city.caller, as_of=LIMIT)
    assert len(token) >= 43
    stored = CallbackLink.objects.values_list("digest", flat=True).get()
    assert token not in stored
    assert token not in str([event.changes for event in case.events.all()])
    assert link_of(token, LIMIT).callback.case_id == case.pk
    done = answer_by_link(token=token, answers=ANGRY, as_of=LIMIT + HOUR, origin="192.0.2.1")
    assert (done.state, done.means, done.ended_by) == ("done", "link", "resident")
    assert_whole(case)
    assert case.n_redos == 1
    event = case.events.get(kind="callback_done")
    assert (event.actor, event.origin) == ("resident", "192.0.2.1")


def test_a_link_answers_once_within_its_days_and_not_after_the_clerk(city: City) -> None:
    case = due_case(city)
    token = make_link(case_id=case.pk, by=city.caller, as_of=LIMIT)
    with pytest.raises(Conflict, match="expired"):
        answer_by_link(token=token, answers=HAPPY, as_of=LIMIT + 7 * DAY)
    answer_by_link(token=token, answers=HAPPY, as_of=LIMIT + 7 * DAY - MINUTE)
    with pytest.raises(Conflict, match="was used"):
        answer_by_link(token=token, answers=ANGRY, as_of=LIMIT + 7 * DAY - MINUTE)
    other = city.received(new_facts=True, at=LIMIT)
    sweep(LIMIT + 7 * DAY)
    late = make_link(case_id=other.pk, by=city.caller, as_of=LIMIT + 7 * DAY)
    answered(other, city.caller, LIMIT + 7 * DAY)
    with pytest.raises(Conflict, match="asked already"):
        answer_by_link(token=late, answers=ANGRY, as_of=LIMIT + 7 * DAY)
    assert other.callbacks.get().satisfaction == "satisfied"


def test_an_unknown_link_is_not_found_and_an_older_one_holds_no_longer(city: City) -> None:
    case = due_case(city)
    first = make_link(case_id=case.pk, by=city.caller, as_of=LIMIT)
    second = make_link(case_id=case.pk, by=city.caller, as_of=LIMIT + HOUR)
    for token in ("", "nonsense", "\ud800", second + "x"):
        with pytest.raises(NotFound):
            link_of(token, LIMIT + HOUR)
    with pytest.raises(Conflict, match="expired"):
        link_of(first, LIMIT + HOUR)
    with pytest.raises(Invalid):
        answer_by_link(token=second, answers=replace(HAPPY, resolved=""), as_of=LIMIT + HOUR)
    assert answer_by_link(token=second, answers=HAPPY, as_of=LIMIT + HOUR).state == "done"


def test_a_link_waits_for_the_limit_of_the_next_unit(city: City) -> None:
    case = due_case(city)
    token = make_link(case_id=case.pk, by=city.caller, as_of=LIMIT)
    redispatch_case(
        case_id=case.pk, unit="D01", why="房屋安全", by=city.dispatcher, as_of=LIMIT + HOUR,
        limit="24h",
    )  # fmt: skip
    with pytest.raises(Conflict, match="new time limit"):
        answer_by_link(token=token, answers=ANGRY, as_of=LIMIT + 2 * HOUR)
    done = answer_by_link(token=token, answers=ANGRY, as_of=LIMIT + 25 * HOUR)
    assert done.unit == city.unit["D01"]


def test_a_link_may_follow_a_call_that_nobody_answered(city: City) -> None:
    case = due_case(city)
    missed(case, city.caller, LIMIT)
    token = make_link(case_id=case.pk, by=city.caller, as_of=LIMIT + MINUTE)
    assert answer_by_link(token=token, answers=HAPPY, as_of=LIMIT + HOUR).state == "done"


def test_who_could_not_be_reached_is_told_so_by_an_older_link(city: City) -> None:
    case = due_case(city)
    token = make_link(case_id=case.pk, by=city.caller, as_of=LIMIT)
    for n in range(3):
        missed(case, city.caller, LIMIT + n * 5 * HOUR)
    with pytest.raises(Conflict, match="could not be reached"):
        link_of(token, LIMIT + DAY)


def test_after_a_link_was_answered_the_clerk_has_nothing_to_write(city: City) -> None:
    case = due_case(city)
    token = make_link(case_id=case.pk, by=city.caller, as_of=LIMIT)
    take_callback(by=city.caller, as_of=LIMIT)
    answer_by_link(token=token, answers=HAPPY, as_of=LIMIT + MINUTE)
    with pytest.raises(Conflict, match="has ended"):
        record_callback(case_id=case.pk, answers=ANGRY, by=city.caller, as_of=LIMIT + MINUTE)


@pytest.mark.django_db(transaction=True)
def test_a_link_that_is_used_twice_at_once_answers_once() -> None:
    city = made_city()
    case = due_case(city)
    token = make_link(case_id=case.pk, by=city.caller, as_of=LIMIT)
    given = at_once(
        lambda: answer_by_link(token=token, answers=HAPPY, as_of=LIMIT),
        lambda: answer_by_link(token=token, answers=replace(HAPPY, contacted=False), as_of=LIMIT),
    )
    assert sorted(type(one).__name__ for one in given) == ["Callback", "Conflict"]
    assert case.events.filter(kind="callback_done").count() == 1
    assert_whole(case)
