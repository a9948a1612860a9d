"""More time: extensions, waiting for the caller, pauses of others, a calendar that comes later."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from jiesu.cases.actions import extensions
from jiesu.cases.actions.assistance import ask_assist
from jiesu.cases.actions.dispatching import dispatch_case, redispatch_case
from jiesu.cases.actions.extensions import (
    ask_extension,
    calendar_job,
    decide_extension,
    recompute_provisional,
    resume,
    wait_for_caller,
)
from jiesu.cases.actions.handling import record_contact, sign_case, start_handling
from jiesu.cases.actor import Actor
from jiesu.cases.change import Change, changing
from jiesu.cases.clock import explanation, reclock
from jiesu.cases.explanations import extension_words
from jiesu.cases.history.events import chain_of
from jiesu.cases.jobs import More
from jiesu.cases.models import Case, DeadlineChange, Extension, Pause, Role, RuleVersion, User
from jiesu.cases.pauses import pause
from jiesu.cases.pauses import resume as resume_clocks
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.privacy.vault import Person
from jiesu.cases.queries import marks
from jiesu.cases.refusals import Conflict, Forbidden, Invalid
from jiesu.cases.rulebook import rules_changed
from jiesu.city.calendar_file import calendar_text, read_calendar
from jiesu.core.chain import check_chain
from jiesu.core.worktime import Limit, deadline_for, overdue_by
from jiesu.core.worktime import Pause as Stretch
from tests.cases.cast import ELEVATOR, LIGHTS, NOW, STALLS, ZONE, City
from tests.cases.changed_rules import change_rules

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
INSTANT = timedelta(microseconds=1)
SYSTEM = Actor.system("calendar")
SEVEN_DAYS = Limit("7d", 7, "natural_day")


def asked(
    city: City,
    case: Case,
    at: datetime = NOW + HOUR,
    amount: int = 3,
    unit_of_time: str = "natural_day",
    told_at: datetime | None = NOW,
    by: Actor | None = None,
    reason: str = "works_needed",
) -> Extension:
    return ask_extension(
        case_id=case.pk,
        reason=reason,
        statement="需要采购配件",
        amount=amount,
        unit_of_time=unit_of_time,
        caller_told_at=told_at,
        by=by or city.clerk,
        as_of=at,
    )


def decided(
    city: City, case: Case, granted: bool, at: datetime = NOW + 2 * HOUR, by: Actor | None = None
) -> Case:
    decide_extension(case_id=case.pk, granted=granted, by=by or city.coordinator, as_of=at)
    case.refresh_from_db()
    return case


def reached(city: City, case: Case, at: datetime) -> None:
    """The unit signs and contacts the caller, if it has not."""
    case.refresh_from_db()
    if case.contacted_at is None:
        sign_case(case_id=case.pk, by=city.clerk, as_of=at)
        record_contact(case_id=case.pk, reached=True, by=city.clerk, as_of=at)


def waited(city: City, case: Case, at: datetime) -> Case:
    """The unit waits for the caller, whom it has contacted by then."""
    reached(city, case, at)
    wait_for_caller(case_id=case.pk, by=city.clerk, as_of=at)
    case.refresh_from_db()
    return case


def resumed(city: City, case: Case, at: datetime) -> Case:
    resume(case_id=case.pk, by=city.clerk, as_of=at)
    case.refresh_from_db()
    return case


def parked(case: Case, at: datetime, *, on: bool) -> Case:
    """As the claims do it."""
    with changing(case.pk, "claim", by=Actor.system("test"), as_of=at) as change:
        (pause if on else resume_clocks)(change, Pause.Cause.PARKED)
        change.set(parked=on)
        change.event("parked" if on else "unparked")
    case.refresh_from_db()
    return case


def test_a_granted_extension_moves_the_due_time_and_says_so(city: City) -> None:
    case = city.received()
    extension = asked(city, case)
    assert words_of(case, extension, "statement") == "需要采购配件"
    case.refresh_from_db()
    assert case.due_at == NOW + 7 * DAY
    decided(city, case, granted=True)
    assert (case.due_at, case.contact_due_at) == (NOW + 10 * DAY, NOW + DAY)
    change = DeadlineChange.objects.get(case=case)
    assert (change.at, change.cause) == (NOW + 2 * HOUR, "extension")
    assert (change.old_due_at, change.new_due_at) == (NOW + 7 * DAY, NOW + 10 * DAY)
    assert "extended by 3 natural days" in explanation(case, "en")
    extension.refresh_from_db()
    assert extension_words(extension, "zh") == (
        "东华门街道于2022-02-08 10:00申请延期3个自然日（需要施工或采购），"
        "2022-02-08 09:00已告知诉求人；2022-02-08 11:00同意延期"
    )
    told = str([event.changes for event in case.events.all()])
    assert "需要采购配件" not in told
    assert check_chain(
        chain_of(case), case=case.number, head=case.head, n_events=case.n_events
    ) is None  # fmt: skip


def test_a_refused_extension_moves_nothing_and_another_may_be_asked_for(city: City) -> None:
    case = city.received()
    asked(city, case)
    decided(city, case, granted=False)
    assert case.due_at == NOW + 7 * DAY
    assert not DeadlineChange.objects.exists()
    asked(city, case)
    assert case.extensions.count() == 2


def test_an_extension_is_asked_for_before_the_deadline_only(city: City) -> None:
    case = city.received()
    with pytest.raises(Conflict, match="has run out"):
        asked(city, case, at=NOW + 7 * DAY)
    asked(city, case, at=NOW + 7 * DAY - INSTANT)


def test_a_request_in_time_may_be_granted_after_the_deadline(city: City) -> None:
    case = city.received()
    asked(city, case)
    late = NOW + 7 * DAY + HOUR
    case.refresh_from_db()
    assert marks(case, late).overdue
    decided(city, case, granted=True, at=late)
    assert not marks(case, late).overdue
    # Before it was granted the case was overdue, and is so still as of then.
    assert marks(case, late - INSTANT, past=True).overdue_by == HOUR - INSTANT


def test_the_caller_is_told_first_where_the_rules_want_it(city: City) -> None:
    case = city.received()
    # A time without a zone is none.
    for told_at in (None, NOW - INSTANT, NOW + HOUR + INSTANT, NOW.replace(tzinfo=None)):
        with pytest.raises(Invalid) as caught:
            asked(city, case, told_at=told_at)
        assert set(caught.value.fields) == {"caller_told_at"}
    change_rules(("notice = true", "notice = false"))
    assert asked(city, case, told_at=None).caller_told_at is None


def test_an_extension_is_at_most_as_long_as_the_rules_allow(city: City) -> None:
    # The longest is 15 natural days, whatever the unit of time that is asked in.
    case = city.received()
    for amount, unit in (
        (16, "natural_day"), (15, "working_day"), (361, "hour"), (0, "hour"), (10_001, "hour"),
        (-1, "natural_day"), (1, "week"),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            asked(city, case, amount=amount, unit_of_time=unit)
    for amount, unit in ((15, "natural_day"), (360, "hour"), (11, "working_day")):
        asked(city, case, amount=amount, unit_of_time=unit)
        decided(city, case, granted=False)


def test_a_dispatch_has_as_many_extensions_as_the_rules_allow(city: City) -> None:
    case = city.received()
    asked(city, case)
    with pytest.raises(Conflict, match="wait for its decision"):
        asked(city, case)
    decided(city, case, granted=True)
    with pytest.raises(Conflict, match="1 extensions at most"):
        asked(city, case)


def test_the_reason_stands_in_the_catalogue(city: City) -> None:
    with pytest.raises(Invalid, match="legal_term, works_needed, investigation"):
        asked(city, city.received(), reason="duty")


def test_nobody_decides_what_they_or_their_unit_have_asked_for(city: City) -> None:
    # 占道经营 goes through the district: its own clerk asks.
    case = city.received(STALLS)
    user = User.objects.create_user("district_clerk", role=Role.CLERK, unit=city.unit["110101"])
    asked(city, case, by=Actor.of(user))
    with pytest.raises(Forbidden, match="does not decide"):
        decided(city, case, granted=True)
    decided(city, case, granted=True, by=city.dispatcher)
    assert case.due_at == NOW + 18 * DAY


def test_units_and_other_districts_decide_no_extension(city: City) -> None:
    case = city.received()
    asked(city, case)
    for actor in (city.clerk, city.head, city.evaluator):
        with pytest.raises(Forbidden):
            decided(city, case, granted=True, by=actor)
    assert case.extensions.get().decided_at is None


def test_waiting_for_the_caller_moves_the_due_time_by_the_time_waited(city: City) -> None:
    case = waited(city, city.received(), NOW + DAY)
    assert case.due_at == NOW + 10 * DAY
    resumed(city, case, NOW + DAY + 5 * HOUR)
    assert case.due_at == NOW + 7 * DAY + 5 * HOUR
    kinds = case.events.filter(kind__startswith="wait").order_by("seq").values_list("kind")
    assert list(kinds) == [("waiting",), ("waited",)]
    assert "paused 5 h" in explanation(case, "en")


def test_waiting_ends_by_itself_when_its_hours_are_used_up(city: City) -> None:
    case = waited(city, city.received(), NOW + DAY)
    due = NOW + 7 * DAY + 72 * HOUR
    # Nothing runs in between: the moment alone decides.
    assert not marks(case, due).overdue
    assert marks(case, due + HOUR).overdue_by == HOUR
    # The words say what the columns do: its end is planned, and so it is due.
    assert (case.paused_since, case.due_at) == (None, due)
    assert explanation(case, "en") == (
        "due 2022-02-18 09:00: 7 natural days from 2022-02-08 09:00, paused 3 d"
    )
    with pytest.raises(Conflict, match="the clocks run"):
        resumed(city, case, NOW + 4 * DAY)
    with pytest.raises(Conflict, match="all 72 hours are used up"):
        waited(city, case, NOW + 4 * DAY)


def test_the_hours_of_waiting_are_counted_together(city: City) -> None:
    case = waited(city, city.received(), NOW)
    with pytest.raises(Conflict, match="waits for the caller already"):
        waited(city, case, NOW + HOUR)
    resumed(city, case, NOW + 70 * HOUR)
    waited(city, case, NOW + 80 * HOUR)
    assert [one.end for one in case.pauses.order_by("start")] == [NOW + 70 * HOUR, NOW + 82 * HOUR]
    assert case.due_at == NOW + 7 * DAY + 72 * HOUR


def test_a_unit_waits_for_nobody_whom_it_has_not_contacted(city: City) -> None:
    case = city.received()

    def refused(match: str) -> None:
        with pytest.raises(Conflict, match=match):
            wait_for_caller(case_id=case.pk, by=city.clerk, as_of=NOW + HOUR)

    refused("contact the caller first")
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + HOUR)
    record_contact(case_id=case.pk, reached=False, by=city.clerk, as_of=NOW + HOUR)
    start_handling(case_id=case.pk, by=city.clerk, as_of=NOW + HOUR)
    refused("contact the caller first")
    case.refresh_from_db()
    assert (case.contact_due_at, case.pauses.count()) == (NOW + DAY, 0)
    record_contact(case_id=case.pk, reached=True, by=city.clerk, as_of=NOW + HOUR)
    waited(city, case, NOW + HOUR)
    # Another unit has not contacted anybody.
    redispatch_case(
        case_id=case.pk, unit="110101002", why="辖区", by=city.dispatcher, as_of=NOW + 2 * HOUR
    )
    redispatch_case(
        case_id=case.pk, unit="110101001", why="辖区", by=city.dispatcher, as_of=NOW + 2 * HOUR
    )
    refused("contact the caller first")


def test_a_unit_does_not_wait_for_somebody_whom_nobody_knows(city: City) -> None:
    case = city.received(person=Person(), anonymous=True)
    with pytest.raises(Conflict, match="nobody to wait for"):
        wait_for_caller(case_id=case.pk, by=city.clerk, as_of=NOW + HOUR)


def test_who_is_late_does_not_wait(city: City) -> None:
    case = city.received(ELEVATOR)
    with pytest.raises(Conflict, match="has run out"):
        waited(city, case, NOW + 24 * HOUR)


def test_where_the_rules_say_so_waiting_does_not_stop_the_clock(city: City) -> None:
    change_rules(("waiting = true", "waiting = false"))
    case = city.received()
    with pytest.raises(Conflict, match="the clock runs on"):
        waited(city, case, NOW + HOUR)
    assert not case.pauses.exists()


def test_parking_holds_the_clocks_until_it_ends(city: City) -> None:
    case = parked(city.received(), NOW + 2 * DAY, on=True)
    assert (case.paused_since, case.due_at) == (NOW + 2 * DAY, NOW + 7 * DAY)
    assert explanation(case, "en") == (
        "no due time, the clock stands since 2022-02-10 09:00: "
        "7 natural days from 2022-02-08 09:00, 5 d left"
    )
    assert marks(case, NOW + 30 * DAY).stands
    assert not marks(case, NOW + 30 * DAY).overdue
    parked(case, NOW + 30 * DAY, on=False)
    assert (case.paused_since, case.due_at) == (None, NOW + 35 * DAY)


def test_a_case_that_was_overdue_stays_so_when_it_is_parked(city: City) -> None:
    case = parked(city.received(), NOW + 8 * DAY, on=True)
    assert case.paused_since is None
    assert marks(case, NOW + 9 * DAY).overdue_by == 2 * DAY


def test_where_the_rules_say_so_parking_does_not_stop_the_clock(city: City) -> None:
    change_rules(("parked = true", "parked = false"))
    case = parked(city.received(), NOW + DAY, on=True)
    assert (case.paused_since, case.due_at) == (None, NOW + 7 * DAY)
    assert not case.pauses.exists()


def test_time_that_is_paused_for_two_causes_counts_once(city: City) -> None:
    case = parked(city.received(), NOW + DAY, on=True)
    waited(city, case, NOW + 2 * DAY)
    resumed(city, case, NOW + 3 * DAY)
    parked(case, NOW + 4 * DAY, on=False)
    assert case.due_at == NOW + 10 * DAY


UNKNOWN = datetime(2032, 3, 3, 9, 0, tzinfo=ZONE)
"""A Wednesday of a year whose holidays nobody has published."""


def in_working_days(city: City) -> Case:
    """A case of 2032 that is due in five working days."""
    case = city.received(LIGHTS, at=UNKNOWN, new_facts=True)
    return dispatch_case(
        case_id=case.pk, unit="D01", limit="redo", why="试点", by=city.dispatcher, as_of=UNKNOWN
    )


def published(**changes: Any) -> RuleVersion:
    """A newer calendar, loaded."""
    calendar = replace(read_calendar("china", ZONE, None), **changes)
    text = calendar_text(calendar)
    version = RuleVersion.objects.create(
        kind=RuleVersion.Kind.CALENDAR,
        name="calendar",
        version="2",
        digest=sha256(text.encode()).hexdigest(),
        text=text,
        loaded_at=NOW,
    )
    rules_changed()
    return version


def recomputed() -> int:
    return recompute_provisional(by=SYSTEM, as_of=UNKNOWN + HOUR)


def test_provisional_due_times_are_worked_out_anew_when_the_calendar_comes(city: City) -> None:
    cases = [in_working_days(city) for _ in range(3)]
    other = city.received(at=UNKNOWN, new_facts=True)
    assert [(case.provisional, case.due_at) for case in cases] == [(True, UNKNOWN + 7 * DAY)] * 3
    assert "provisional" in explanation(cases[0], "en")
    ask_assist(case_id=cases[0].pk, unit="D02", matter="请协助", by=city.dispatcher, as_of=UNKNOWN)
    assert recomputed() == 0
    version = published(
        known_until=date(2032, 12, 31), days_off=frozenset({date(2032, 3, 4), date(2032, 3, 5)})
    )
    assert recomputed() == 3
    assert recomputed() == 0
    for case in cases:
        case.refresh_from_db()
        assert (case.provisional, case.due_at) == (False, UNKNOWN + 9 * DAY)
        assert case.calendar_id == version.pk
        last = case.events.order_by("-seq").first()
        assert last is not None
        assert (last.kind, last.actor) == ("recomputed", "system:calendar")
        assert "due_at" in last.changes
        assert case.deadline_changes.get(cause="calendar").old_due_at == UNKNOWN + 7 * DAY
    assert {one.due_at for one in cases[0].assists.all()} == {UNKNOWN + 9 * DAY}
    assert other.events.filter(kind="recomputed").count() == 0


def test_a_contact_that_is_due_in_working_days_is_provisional_too(city: City) -> None:
    change_rules(
        (
            'contact = { amount = 24, unit = "hour" }\nresolution = { amount = 15,',
            'contact = { amount = 1, unit = "working_day" }\nresolution = { amount = 15,',
        )
    )
    case = city.received(STALLS, at=UNKNOWN)
    assert (case.provisional, case.contact_due_at) == (True, UNKNOWN + DAY)
    known = date(2032, 12, 31)
    published(known_until=known, days_off=frozenset({date(2032, 3, 4)}))
    assert recomputed() == 1
    case.refresh_from_db()
    assert (case.provisional, case.contact_due_at) == (False, UNKNOWN + 2 * DAY)
    assert case.due_at == UNKNOWN + 15 * DAY
    [changes] = case.events.filter(kind="recomputed").values_list("changes", flat=True)
    assert {"contact_due_at", "provisional"} <= changes.keys()
    assert "due_at" not in changes


def test_what_the_newest_calendar_does_not_know_either_stays_provisional(city: City) -> None:
    case = in_working_days(city)
    published(known_until=date(2031, 12, 31))
    assert recomputed() == 1
    assert recomputed() == 0
    case.refresh_from_db()
    assert (case.provisional, case.due_at) == (True, UNKNOWN + 7 * DAY)
    published(known_until=date(2032, 12, 31))
    assert recomputed() == 1


def test_a_run_that_was_killed_is_taken_up_where_it_stopped(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [in_working_days(city) for _ in range(3)]
    published(known_until=date(2032, 12, 31))
    done: list[int] = []

    def killed(change: Change, cause: str) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(change.case.pk)
        reclock(change, cause)

    with monkeypatch.context() as patched:
        patched.setattr(extensions, "reclock", killed)
        with pytest.raises(KeyboardInterrupt):
            recomputed()
    assert Case.objects.filter(provisional=True).count() == 1
    assert recomputed() == 1
    for case in cases:
        assert case.events.filter(kind="recomputed").count() == 1


def test_the_worker_recomputes_so_many_at_a_time(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extensions, "CHUNK", 2)
    for _ in range(3):
        in_working_days(city)
    published(known_until=date(2032, 12, 31))
    notes = [calendar_job(UNKNOWN + HOUR) for _ in range(3)]
    assert [(note, isinstance(note, More)) for note in notes] == [
        ("2 due times worked out anew", True),
        ("1 due times worked out anew", False),
        ("0 due times worked out anew", False),
    ]


def test_nobody_but_an_administrator_recomputes(city: City) -> None:
    in_working_days(city)
    published(known_until=date(2032, 12, 31))
    with pytest.raises(Forbidden):
        recompute_provisional(by=city.dispatcher, as_of=UNKNOWN)
    assert recompute_provisional(by=city.administrator, as_of=UNKNOWN) == 1


CAUSES = st.sampled_from(["wait", "resume", "park", "unpark", "extend"])


@hypothesis.settings(
    max_examples=25, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(steps=st.lists(st.tuples(CAUSES, st.integers(0, 60)), max_size=8))
def test_the_due_time_is_what_the_pauses_and_extensions_make_of_it(
    city: City, steps: list[tuple[str, int]]
) -> None:
    case, at = city.received(new_facts=True), NOW
    reached(city, case, at)
    waiting: list[Stretch] = []
    parking: list[Stretch] = []
    more: list[Limit] = []
    for step, hours in steps:
        at += hours * HOUR
        with suppress(Conflict):
            match step:
                case "wait":
                    made = wait_for_caller(case_id=case.pk, by=city.clerk, as_of=at)
                    waiting.append(Stretch(at, made.end))
                case "resume":
                    resume(case_id=case.pk, by=city.clerk, as_of=at)
                    waiting[-1] = Stretch(waiting[-1].start, at)
                case "park":
                    parked(case, at, on=True)
                    if not parking or parking[-1].end is not None:
                        parking.append(Stretch(at, None))
                case "unpark":
                    parked(case, at, on=False)
                    if parking and parking[-1].end is None:
                        parking[-1] = Stretch(parking[-1].start, at)
                case "extend":
                    asked(city, case, at=at)
                    decided(city, case, granted=True, at=at)
                    more.append(Limit("extension", 3, "natural_day"))
    case.refresh_from_db()
    calendar = read_calendar("china", ZONE, None)
    spans = [*waiting, *parking]
    due = deadline_for(NOW, SEVEN_DAYS, calendar, pauses=spans, extensions=more)
    for moment in (at, at + 50 * HOUR, at + 300 * HOUR):
        late = overdue_by(due.due_at, moment)
        assert marks(case, moment).overdue_by == late
    assert marks(case, at).stands is (due.due_at is None)
    assert sum((one.end - one.start for one in waiting if one.end), timedelta()) <= 72 * HOUR
