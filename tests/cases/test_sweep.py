"""What comes up by itself: exactly when, once, in batches, and the same after any interruption."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.cases.actions.dispatching import dispatch_case, redispatch_case
from jiesu.cases.actions.handling import record_contact, sign_case
from jiesu.cases.actions.objections import return_case
from jiesu.cases.actor import Actor
from jiesu.cases.jobs import More
from jiesu.cases.models import (
    Callback,
    Case,
    Event,
    Pause,
    Role,
    RuleVersion,
    Supervision,
    Unit,
    User,
)
from jiesu.cases.moments import AT_ONCE, INSTANT, moments, next_sweep_at
from jiesu.cases.privacy.vault import Person
from jiesu.cases.rulebook import rulebook
from jiesu.cases.sweep import sweep, sweep_job
from jiesu.city.desk_file import parse_desk, shipped_desk
from jiesu.core.lifecycle import State
from tests.cases.calling import (
    ANGRY,
    DAY,
    HOUR,
    LIMIT,
    MINUTE,
    answered,
    assert_whole,
    due_case,
    kinds,
    set_rule,
    with_feedback,
)
from tests.cases.cast import ELEVATOR, NOW, City


def unit_clerk(name: str, unit: Unit) -> Actor:
    return Actor.of(User.objects.create_user(name, role=Role.CLERK, unit=unit))


def raised(case: Case) -> list[tuple[str, int]]:
    return list(case.supervisions.order_by("pk").values_list("rule", "occasion"))


# Supervision --------------------------------------------------------------------------------------


def test_at_the_limit_a_unit_is_in_time_and_an_instant_later_it_is_not(city: City) -> None:
    case = city.received()
    sweep(NOW + DAY)
    assert raised(case) == []
    sweep(NOW + DAY + INSTANT)
    assert raised(case) == [("no_contact", 1)]
    sweep(LIMIT)
    assert raised(case) == [("no_contact", 1)]
    sweep(LIMIT + INSTANT)
    sweep(LIMIT + 3 * DAY)
    assert raised(case) == [("no_contact", 1), ("overdue", 1)]
    sweep(LIMIT + 3 * DAY + INSTANT)
    assert raised(case) == [("no_contact", 1), ("overdue", 1), ("long_overdue", 1)]
    assert {row.unit for row in case.supervisions.all()} == {city.unit["110101001"]}
    assert_whole(case)
    assert case.next_sweep_at is None


def test_a_late_sweep_raises_all_that_it_missed_in_its_order(city: City) -> None:
    case = city.received()
    swept = sweep(LIMIT + 30 * DAY)
    assert kinds(case)[2:] == [
        "supervision_raised", "callback_due", "supervision_raised", "supervision_raised",
    ]  # fmt: skip
    assert (swept.n_cases, swept.n_callbacks, swept.n_supervisions) == (1, 1, 3)
    assert_whole(case)
    assert sweep(LIMIT + 31 * DAY).n_cases == 0


def test_who_makes_contact_and_gives_feedback_in_time_is_not_supervised(city: City) -> None:
    case = city.received()
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + HOUR)
    record_contact(case_id=case.pk, reached=True, by=city.clerk, as_of=NOW + HOUR)
    other = city.received(new_facts=True)
    with_feedback(city, other)
    sweep(LIMIT - MINUTE)
    assert raised(case) == []
    assert raised(other) == [("no_contact", 1)]
    sweep(LIMIT + 30 * DAY)
    assert raised(case) == [("overdue", 1), ("long_overdue", 1)]
    assert raised(other) == [("no_contact", 1)]


def test_another_dispatch_is_another_occasion(city: City) -> None:
    case = due_case(city)
    sweep(LIMIT + MINUTE)
    redispatch_case(
        case_id=case.pk, unit="110101002", why="属地更正", by=city.dispatcher, as_of=LIMIT + HOUR
    )
    sweep(LIMIT + HOUR + 7 * DAY + INSTANT)
    assert raised(case) == [
        ("no_contact", 1), ("overdue", 1), ("no_contact", 2), ("overdue", 2),
    ]  # fmt: skip
    assert case.supervisions.get(rule="overdue", occasion=2).unit == city.unit["110101002"]


def test_a_second_redo_is_supervised_at_once_and_once(city: City) -> None:
    case = due_case(city)
    at = LIMIT
    for _ in range(2):
        answered(case, city.caller, at, ANGRY)
        case.refresh_from_db()
        assert case.due_at is not None
        redone_at, at = at, case.due_at
        sweep(redone_at)
        assert ("redone_twice", 1) in raised(case) or case.n_redos < 2
        sweep(at)
    assert raised(case).count(("redone_twice", 1)) == 1
    assert case.supervisions.get(rule="redone_twice").raised_at == redone_at


def test_what_was_returned_three_times_is_supervised_where_it_goes_next(city: City) -> None:
    case = city.received()
    third = unit_clerk("xichanganjie", city.unit["110102001"])
    turns = (
        (city.clerk, "110101002"),
        (unit_clerk("jingshan", city.unit["110101002"]), "110102001"),
        (third, "110101002"),
    )
    for by, unit in turns:
        return_case(case_id=case.pk, reason="not_our_duty", statement="不属于", by=by, as_of=NOW)
        sweep(NOW)
        assert raised(case) == []
        dispatch_case(case_id=case.pk, unit=unit, why="指定", by=city.dispatcher, as_of=NOW)
    sweep(NOW)
    sweep(NOW + MINUTE)
    assert raised(case) == [("returned_thrice", 1)]
    assert case.supervisions.get().unit == city.unit["110101002"]


def test_while_the_clock_stands_nothing_comes_up_but_what_had(city: City) -> None:
    case, stopped = city.received(), city.received(new_facts=True)
    for one, since in ((case, LIMIT + MINUTE), (stopped, LIMIT - MINUTE)):
        Pause.objects.create(case=one, cause=Pause.Cause.PARKED, start=since)
        one.refresh_from_db()
        one.paused_since = since
        rules = rulebook().rules_of(one.rules_id)
        one.next_sweep_at = next_sweep_at(one, rules, since)
        one.save()
    sweep(LIMIT + 30 * DAY)
    assert raised(case) == [("no_contact", 1), ("overdue", 1)]
    assert case.callbacks.count() == 1
    assert raised(stopped) == [("no_contact", 1)]
    assert not stopped.callbacks.exists()


def test_a_case_without_a_unit_has_no_moments(city: City) -> None:
    rules = rulebook().desks[0][1]
    assert moments(Case(state=State.CLASSIFIED, due_at=NOW), rules) == []
    assert moments(Case(state=State.CLOSED, due_at=NOW, unit=city.unit["D01"]), rules) == []


@settings(max_examples=60)
@given(
    contacted=st.booleans(),
    state=st.sampled_from(["dispatched", "signed", "feedback_submitted"]),
    n_redos=st.integers(0, 3),
    paused=st.none() | st.integers(0, 300),
    at=st.integers(0, 400),
)
def test_the_next_moment_is_the_first_of_those_that_are_ahead(
    contacted: bool, state: str, n_redos: int, paused: int | None, at: int
) -> None:
    rules, as_of = parse_desk(shipped_desk(), "desk.toml").rules, NOW + timedelta(hours=at)
    case = Case(
        state=state, unit_id=1, caller="x", n_redos=n_redos, due_at=LIMIT,
        contact_due_at=NOW + DAY, contacted_at=NOW if contacted else None,
        paused_since=None if paused is None else NOW + timedelta(hours=paused),
    )  # fmt: skip
    found = moments(case, rules)
    assert [one.at for one in found] == sorted(one.at for one in found)
    after = next_sweep_at(case, rules, as_of, after=as_of)
    ahead = [one.at for one in found if one.at > as_of]
    assert after == (ahead[0] if ahead else None)
    first = next_sweep_at(case, rules, as_of)
    if found and found[0].at == AT_ONCE:
        assert first == as_of
    else:
        assert first == (found[0].at if found else None)


# In batches, at any time --------------------------------------------------------------------------


def test_what_comes_up_does_not_depend_on_when_the_sweep_came_by(city: City) -> None:
    often, never = city.received(), city.received(new_facts=True)
    at = NOW
    while at < LIMIT + 4 * DAY:
        at += 7 * HOUR
        Case.objects.filter(pk=never.pk).update(next_sweep_at=None)
        sweep(at)
    never.refresh_from_db()
    never.next_sweep_at = NOW
    never.save(update_fields=["next_sweep_at"])
    for case in (often, never):
        sign_case(case_id=case.pk, by=city.clerk, as_of=at)
    assert raised(never) == raised(often)
    assert [row.due_at for row in never.callbacks.all()] == [LIMIT]
    assert kinds(never) == kinds(often)


def test_a_batch_takes_as_many_statements_as_it_has_kinds_of_rows(city: City) -> None:
    def n_statements(n_cases: int, at: datetime) -> int:
        for _ in range(n_cases):
            city.received(new_facts=True, at=at)
        with CaptureQueriesContext(connection) as queries:
            assert sweep(at + 8 * DAY, batch=100).n_callbacks == n_cases
        return len(queries)

    assert n_statements(3, NOW) == n_statements(12, NOW + 30 * DAY)


def test_only_what_is_due_is_looked_for_in_an_index_of_its_own(city: City) -> None:
    due = Case.objects.filter(next_sweep_at__lte=LIMIT).order_by("next_sweep_at", "pk")[:500]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A few rows are quicker read all, and sorted.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = due.explain()
    assert "case_to_sweep" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


class Killed(BaseException):
    """The process is no more."""


@contextmanager
def killed_at(n: int) -> Iterator[list[int]]:
    """Die at the n-th statement."""
    count = [0]

    def run(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "SAVEPOINT" not in sql:
            count[0] += 1
            if count[0] == n:
                raise Killed
        return execute(sql, *rest)

    with connection.execute_wrapper(run):
        yield count


def rows() -> list[Any]:
    """Everything that a sweep writes."""
    return [
        list(Case.objects.order_by("pk").values_list(
            "pk", "state", "version", "n_events", "next_sweep_at", "ended_at", "exported"
        )),
        [bytes(head) for head in Case.objects.order_by("pk").values_list("head", flat=True)],
        list(Callback.objects.order_by("case", "round").values_list(
            "case", "round", "state", "unit", "due_at", "next_at", "ended_at", "ended_by"
        )),
        list(Supervision.objects.order_by("case", "rule", "occasion").values_list(
            "case", "rule", "occasion", "unit", "raised_at"
        )),
        [
            (case, seq, kind, bytes(digest))
            for case, seq, kind, digest in Event.objects.order_by("case", "seq").values_list(
                "case", "seq", "kind", "digest"
            )
        ],
    ]  # fmt: skip


def test_killed_at_any_statement_the_next_sweep_leaves_the_same_rows(city: City) -> None:
    set_rule("sample_percent = 100", "sample_percent = 60")
    for _ in range(3):
        city.received(new_facts=True)
    handled = city.received(new_facts=True)
    with_feedback(city, handled)
    city.received(person=Person(), anonymous=True)
    city.received(ELEVATOR)
    at = LIMIT + 2 * HOUR

    def outcome(kill_at: int) -> tuple[list[Any], int]:
        with transaction.atomic():
            with killed_at(kill_at) as count, suppress(Killed):
                sweep(at, batch=2)
            sweep(at, batch=2)
            made = rows()
            transaction.set_rollback(True)
        return made, count[0]

    expected, n_statements = outcome(0)
    assert n_statements > 20
    assert len({row[1] for row in expected[0]}) > 1
    for n in range(1, n_statements + 1):
        assert outcome(n)[0] == expected, f"killed at statement {n}"


def test_a_sweep_ends_when_its_time_is_up_and_says_that_there_is_more(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        city.received(new_facts=True)
    first = sweep(LIMIT, batch=2, seconds=0)
    assert (first.n_cases, first.more) == (2, True)
    monkeypatch.setattr("jiesu.cases.sweep.SECONDS", 0.0)
    assert isinstance(sweep_job(LIMIT), More)
    note = sweep_job(LIMIT)
    assert not isinstance(note, More)
    assert note.startswith("0 cases")
    assert Callback.objects.count() == 3


def test_a_case_that_fails_holds_up_no_other(city: City, caplog: pytest.LogCaptureFixture) -> None:
    bad, good = city.received(), city.received(new_facts=True)
    wrong = RuleVersion.objects.get(kind=RuleVersion.Kind.CALENDAR)
    Case.objects.filter(pk=bad.pk).update(rules=wrong)
    with caplog.at_level(logging.ERROR):
        swept = sweep(LIMIT)
    assert (swept.n_failed, swept.n_callbacks) == (1, 1)
    assert good.callbacks.count() == 1
    assert f"key {bad.pk}" in caplog.text
    assert "停车" not in caplog.text
    Case.objects.filter(pk=bad.pk).update(rules=good.rules)
    assert sweep(LIMIT).n_callbacks == 1


def test_cases_of_before_the_desk_have_nothing_coming_up(city: City) -> None:
    case = city.received()
    Case.objects.filter(pk=case.pk).update(rules=None)
    assert sweep(LIMIT).n_callbacks == 0
    case.refresh_from_db()
    assert case.next_sweep_at is None
