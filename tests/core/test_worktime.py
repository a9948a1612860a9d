"""Time limits: what holds for every start, limit, pause and calendar."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jiesu.core.worktime import (
    UNITS,
    Limit,
    Pause,
    Unit,
    WorkCalendar,
    deadline_for,
    duration_words,
    is_on_time,
    is_overdue,
    overdue_by,
    plain_due,
)

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
APIA = ZoneInfo("Pacific/Apia")  # it had no 30 December 2011
FESTIVAL = frozenset(date(2022, 1, 31) + timedelta(i) for i in range(7))
CHINA = WorkCalendar(
    SHANGHAI, days_off=FESTIVAL, days_on=frozenset({date(2022, 1, 29), date(2022, 1, 30)})
)
AMERICA = WorkCalendar(NEW_YORK, days_off=frozenset({date(2022, 11, 11)}))
FIRST, LAST = datetime(2022, 1, 1, tzinfo=UTC), datetime(2022, 12, 31, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=UTC)


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def limit(amount: int, unit: Unit) -> Limit:
    return Limit("resolution", amount, unit)


def pause(start: str, end: str | None) -> Pause:
    return Pause(local(start), None if end is None else local(end))


# Around the holidays and the changes of clocks, to the quarter of an hour, so that ends meet.
SEASONS = (
    datetime(2022, 1, 27, tzinfo=UTC),
    datetime(2022, 3, 10, tzinfo=UTC),
    datetime(2022, 11, 3, tzinfo=UTC),
)
calendars = st.builds(
    WorkCalendar,
    st.sampled_from([SHANGHAI, NEW_YORK, APIA]),
    st.frozensets(st.integers(1, 7), max_size=3),
    st.just(FESTIVAL | {date(2022, 3, 14), date(2022, 11, 7)}),
    st.sampled_from([frozenset(), frozenset({date(2022, 1, 29), date(2022, 3, 12)})]),
)
limits = st.builds(limit, st.integers(1, 9), st.sampled_from(UNITS))


@st.composite
def cases(draw: st.DrawFn) -> tuple[WorkCalendar, datetime, list[Pause], list[Limit]]:
    """A calendar, a start, pauses and limits that lie close together."""
    season = draw(st.sampled_from(SEASONS))
    moments = st.integers(0, 12 * 96).map(lambda n: season + n * HOUR / 4)
    pauses = []
    for _ in range(draw(st.integers(0, 4))):
        begin, end = sorted([draw(moments), draw(moments)])
        pauses.append(Pause(begin, draw(st.sampled_from([end, end, end, end, None]))))
    steps = draw(st.lists(limits, min_size=1, max_size=3))
    return draw(calendars), draw(moments), pauses, steps


def due(
    calendar: WorkCalendar, start: datetime, pauses: Sequence[Pause], steps: Sequence[Limit]
) -> datetime:
    """The due time; what has none while a pause is open is due never."""
    found = deadline_for(start, steps[0], calendar, pauses=pauses, extensions=steps[1:])
    return found.due_at or NEVER


@given(cases(), st.integers(0, 4 * 72))
def test_a_later_start_is_never_due_earlier(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]], quarters: int
) -> None:
    calendar, start, pauses, steps = case
    later = start + quarters * HOUR / 4
    assert due(calendar, start, pauses, steps) <= due(calendar, later, pauses, steps)


@given(cases(), st.integers(0, 12 * 96), st.integers(0, 400))
def test_a_further_pause_never_makes_a_deadline_earlier(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]], offset: int, quarters: int
) -> None:
    calendar, start, pauses, steps = case
    begin = start + (offset - 96) * HOUR / 4
    further = Pause(begin, begin + quarters * HOUR / 4)
    more = due(calendar, start, [*pauses, further], steps)
    assert due(calendar, start, pauses, steps) <= more


@given(cases(), st.data())
def test_a_longer_pause_never_makes_a_deadline_earlier(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]], data: st.DataObject
) -> None:
    calendar, start, pauses, steps = case
    assume(pauses)
    index = data.draw(st.integers(0, len(pauses) - 1))
    chosen = pauses[index]
    before = data.draw(st.integers(0, 96)) * HOUR / 4
    after = data.draw(st.integers(0, 96)) * HOUR / 4
    end = None if chosen.end is None else chosen.end + after
    longer = [*pauses[:index], Pause(chosen.start - before, end), *pauses[index + 1 :]]
    assert due(calendar, start, pauses, steps) <= due(calendar, start, longer, steps)


@given(cases(), st.integers(0, 15))
def test_a_further_holiday_never_makes_a_deadline_earlier(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]], days: int
) -> None:
    calendar, start, pauses, steps = case
    day = start.date() + timedelta(days)
    on, off = calendar.days_on - {day}, calendar.days_off | {day}
    stricter = replace(calendar, days_on=on, days_off=off)
    assert due(calendar, start, pauses, steps) <= due(stricter, start, pauses, steps)


@given(cases(), st.integers(0, 15), st.integers(0, 96), st.integers(0, 96))
def test_a_pause_wholly_on_days_off_moves_no_limit_of_working_days(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]], days: int, at: int, to: int
) -> None:
    calendar, start, pauses, steps = case
    steps = [limit(step.amount, "working_day") for step in steps]
    day = start.astimezone(calendar.zone).date() + timedelta(days)
    assume(not calendar.is_working_day(day))
    midnight = datetime.combine(day, time(), tzinfo=calendar.zone).astimezone(UTC)
    next_day = datetime.combine(day + DAY, time(), tzinfo=calendar.zone).astimezone(UTC)
    begin, end = (min(midnight + n * HOUR / 4, next_day) for n in sorted((at, to)))
    plain = due(calendar, start, pauses, steps)
    assert due(calendar, start, [*pauses, Pause(begin, end)], steps) == plain


@given(cases())
def test_without_pauses_the_plain_rule_holds(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]],
) -> None:
    calendar, start, _, steps = case
    long_ago = Pause(start - 9 * DAY, start - 8 * DAY)
    plain = deadline_for(start, steps[0], calendar)
    assert plain.due_at == plain_due(start, steps[0], calendar)
    assert plain == deadline_for(start, steps[0], calendar, pauses=[long_ago])


@given(cases())
def test_pauses_count_once_and_in_any_order(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]],
) -> None:
    calendar, start, pauses, steps = case
    once = due(calendar, start, pauses, steps)
    assert due(calendar, start, [*reversed(pauses), *pauses], steps) == once


@given(cases())
def test_limits_of_one_unit_add_up(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]],
) -> None:
    calendar, start, pauses, [first, *_] = case
    double = due(calendar, start, pauses, [limit(first.amount * 2, first.unit)])
    assert due(calendar, start, pauses, [first, first]) == double


@given(cases(), st.integers(0, 12 * 96))
def test_a_limit_in_hours_ends_when_so_many_hours_were_not_paused(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]], amount: int
) -> None:
    calendar, start, pauses, _ = case
    hours = 1 + amount // 24
    found = deadline_for(start, limit(hours, "hour"), calendar, pauses=pauses)
    quarters = [start + n * HOUR / 4 for n in range(4 * hours + 4 * 13 * 24)]
    running = [
        one
        for one in quarters
        if not any(p.start <= one and (p.end is None or one < p.end) for p in pauses)
    ]
    if found.due_at is None:
        assert len(running) < 4 * hours
        assert found.remaining == hours * HOUR - len(running) * HOUR / 4
    else:
        assert found.due_at == running[4 * hours - 1] + HOUR / 4
        assert found.paused == found.due_at - start - hours * HOUR


@given(cases())
def test_a_limit_in_working_days_ends_on_a_working_day_with_so_much_working_time_between(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]],
) -> None:
    calendar, start, pauses, [first, *_] = case
    calendar = replace(calendar, zone=SHANGHAI)
    found = deadline_for(start, limit(first.amount, "working_day"), calendar, pauses=pauses)
    assume(found.due_at is not None)
    assert found.due_at is not None
    assert calendar.is_working_day(found.due_at.astimezone(SHANGHAI).date())
    n_quarters = 0
    moment = start
    while moment < found.due_at:
        paused = any(p.start <= moment and (p.end is None or moment < p.end) for p in pauses)
        works = calendar.is_working_day(moment.astimezone(SHANGHAI).date())
        n_quarters += works and not paused
        moment += HOUR / 4
    assert n_quarters == first.amount * 96
    assert found.paused == found.paused_working


@given(cases(), st.integers(-96, 12 * 96))
def test_as_of_a_moment_only_what_has_happened_counts(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]], quarters: int
) -> None:
    calendar, start, pauses, [first, *more] = case
    as_of = start + quarters * HOUR / 4
    known = [
        Pause(p.start, p.end if p.end is not None and p.end <= as_of else None)
        for p in pauses
        if p.start <= as_of
    ]
    found = deadline_for(start, first, calendar, pauses=pauses, extensions=more, as_of=as_of)
    assert (
        found.due_at == deadline_for(start, first, calendar, pauses=known, extensions=more).due_at
    )
    if found.due_at is None:
        assert not found.running
        assert found.stands_since is not None
        assert found.remaining


def test_an_open_pause_is_counted_up_to_as_of() -> None:
    start, limit_24 = local("2022-01-30 09:00"), limit(24, "hour")
    since = [pause("2022-01-30 10:00", "2022-01-30 11:00"), pause("2022-01-30 15:00", None)]
    now = deadline_for(start, limit_24, CHINA, pauses=since, as_of=local("2022-01-30 17:30"))
    assert (now.paused, now.remaining) == (3.5 * HOUR, 19 * HOUR)
    assert now.stands_since == local("2022-01-30 15:00")
    assert now.explain("en", SHANGHAI) == (
        "no due time, the clock stands since 2022-01-30 15:00: 24 hours from 2022-01-30 09:00, "
        "paused 3 h 30 min, 19 h left"
    )
    before = deadline_for(start, limit_24, CHINA, pauses=since, as_of=local("2022-01-30 14:59"))
    assert before.due_at == local("2022-01-31 10:00")


def test_a_pause_that_ends_at_as_of_has_ended() -> None:
    start, as_of = local("2022-01-30 09:00"), local("2022-01-30 11:00")
    one = [pause("2022-01-30 10:00", "2022-01-30 11:00")]
    found = deadline_for(start, limit(24, "hour"), CHINA, pauses=one, as_of=as_of)
    assert found.due_at == local("2022-01-31 10:00")
    before = deadline_for(start, limit(24, "hour"), CHINA, pauses=one, as_of=as_of - SECOND)
    assert (before.due_at, before.paused) == (None, HOUR - SECOND)


def test_a_clock_stands_since_the_first_of_the_pauses_that_hold_it() -> None:
    since = [
        pause("2022-01-30 12:00", None),
        pause("2022-01-30 11:00", "2022-01-30 12:00"),
        pause("2022-01-30 10:00", "2022-01-30 11:30"),
        pause("2022-01-30 13:00", "2022-01-30 14:00"),
    ]
    found = deadline_for(local("2022-01-30 09:00"), limit(24, "hour"), CHINA, pauses=since)
    assert (found.stands_since, found.remaining) == (local("2022-01-30 10:00"), 23 * HOUR)
    late = deadline_for(local("2022-01-30 13:30"), limit(24, "hour"), CHINA, pauses=since)
    assert (late.stands_since, late.remaining) == (local("2022-01-30 13:30"), DAY)


def test_before_its_start_a_clock_has_not_been_paused() -> None:
    found = deadline_for(
        local("2022-01-30 09:00"),
        limit(24, "hour"),
        CHINA,
        pauses=[pause("2022-01-30 07:00", None)],
        as_of=local("2022-01-30 08:00"),
    )
    assert (found.paused, found.remaining) == (timedelta(), DAY)


def test_an_extension_over_a_skipped_hour_keeps_the_clock_time_of_the_start() -> None:
    start, day = local("2022-03-12 02:30", NEW_YORK), limit(1, "natural_day")
    found = deadline_for(start, day, AMERICA, extensions=[day])
    assert found.due_at == local("2022-03-14 02:30", NEW_YORK)


def test_an_extension_in_hours_does_not_make_a_provisional_deadline_final() -> None:
    calendar = WorkCalendar(SHANGHAI, known_until=date(2026, 12, 31))
    start, more = local("2026-12-31 10:00"), [limit(24, "hour")]
    assert deadline_for(start, limit(1, "working_day"), calendar, extensions=more).provisional


@given(cases(), st.integers(0, 12 * 96))
def test_a_recorded_due_time_holds_and_is_only_moved_later(
    case: tuple[WorkCalendar, datetime, list[Pause], list[Limit]], quarters: int
) -> None:
    calendar, start, pauses, more = case
    recorded = start + quarters * HOUR / 4
    kept = deadline_for(start, recorded, calendar)
    assert (kept.due_at, kept.provisional) == (recorded, False)
    paused = deadline_for(start, recorded, calendar, pauses=pauses)
    assert paused.due_at is None or paused.due_at == recorded + paused.paused
    extended = deadline_for(start, recorded, calendar, pauses=pauses, extensions=more)
    assert recorded <= (paused.due_at or NEVER) <= (extended.due_at or NEVER)


def test_what_is_left_names_the_stages_that_have_not_begun() -> None:
    stands = deadline_for(
        local("2022-01-28 09:00"),
        limit(1, "working_day"),
        CHINA,
        pauses=[pause("2022-01-28 12:00", None)],
        extensions=[limit(1, "natural_day"), limit(2, "working_day")],
    )
    assert stands.remaining == 3 * DAY + 21 * HOUR
    assert stands.remaining_working == 2 * DAY + 21 * HOUR
    assert "1 d left, 2 d 21 h of working days left" in stands.explain("en", SHANGHAI)


def test_a_case_that_waits_on_days_that_are_not_known_yet_is_provisional() -> None:
    calendar = WorkCalendar(SHANGHAI, known_until=date(2026, 12, 31))
    start, paused = local("2026-12-30 10:00"), [pause("2027-01-01 09:00", None)]
    assert deadline_for(start, limit(5, "working_day"), calendar, pauses=paused).provisional
    assert not deadline_for(start, limit(5, "natural_day"), calendar, pauses=paused).provisional


def test_a_calendar_that_ends_within_a_year_names_the_day() -> None:
    calendar = WorkCalendar(SHANGHAI, known_until=date(2022, 6, 30))
    found = deadline_for(local("2022-06-30 10:00"), limit(1, "working_day"), calendar)
    assert found.explain("en", SHANGHAI).endswith(
        "; provisional: the holidays after 2022-06-30 are not published yet"
    )
    assert found.explain("zh", SHANGHAI).endswith("；暂定：2022-06-30之后的节假日安排尚未公布")


def test_a_day_that_a_zone_skipped_is_the_midnight_after_it() -> None:
    calendar = WorkCalendar(APIA)
    start = local("2011-12-29 10:00", APIA)
    assert plain_due(start, limit(1, "natural_day"), calendar) == local("2011-12-31", APIA)
    assert plain_due(start, limit(2, "natural_day"), calendar) == local("2011-12-31 10:00", APIA)


def test_the_second_pass_of_an_hour_stands_at_its_end_also_for_pauses() -> None:
    start = datetime(2022, 11, 4, 12, tzinfo=UTC)
    first, second = (
        datetime(2022, 11, 6, 5, 59, tzinfo=UTC),
        datetime(2022, 11, 6, 6, 5, tzinfo=UTC),
    )
    found = deadline_for(start, limit(3, "natural_day"), AMERICA, pauses=[Pause(first, second)])
    assert found.paused == timedelta(minutes=1)
    assert found.due_at == datetime(2022, 11, 7, 13, 1, tzinfo=UTC)


def test_due_times_are_in_utc_whatever_zone_the_start_is_in() -> None:
    start = local("2022-01-30 09:00")
    for unit in UNITS:
        found = plain_due(start, limit(1, unit), CHINA)
        assert found.tzinfo is UTC
        assert found == plain_due(start.astimezone(NEW_YORK), limit(1, unit), CHINA)


def test_late_is_told_by_instants_and_not_by_what_the_wall_shows() -> None:
    # 01:30 in the first pass and 01:15 in the second, 45 minutes later, in one zone.
    due_at = datetime(2022, 11, 6, 1, 30, tzinfo=NEW_YORK)
    as_of = datetime(2022, 11, 6, 1, 15, fold=1, tzinfo=NEW_YORK)
    assert overdue_by(due_at, as_of) == timedelta(minutes=45)
    assert is_overdue(due_at, as_of)
    assert not is_on_time(due_at, as_of)


moments = st.integers(0, 20).map(lambda n: FIRST + n * HOUR)


@given(st.none() | moments, moments, st.none() | moments)
def test_the_marks_agree(
    due_at: datetime | None, as_of: datetime, closed_at: datetime | None
) -> None:
    closed = closed_at is not None and closed_at <= as_of
    late = overdue_by(due_at, as_of, closed_at)
    assert is_overdue(due_at, as_of, closed_at) == (late is not None and not closed)
    if closed_at is not None and closed and due_at is not None:
        assert is_on_time(due_at, closed_at) == (late is None)


def test_limits_say_themselves_in_words() -> None:
    assert limit(1, "hour").words("en") == "1 hour"
    assert limit(7, "natural_day").words("en") == "7 natural days"
    assert limit(1, "working_day").words("zh") == "1个工作日"
    assert limit(7, "natural_day").words("zh") == "7个自然日"


@pytest.mark.parametrize(
    ("span", "english", "chinese"),
    [
        (timedelta(days=1, hours=4), "1 d 4 h", "1天4小时"),
        (timedelta(days=2, minutes=5, seconds=59), "2 d 5 min", "2天5分钟"),
        (timedelta(seconds=40), "40 s", "40秒"),
        (timedelta(), "0 s", "0秒"),
    ],
)
def test_spans_are_said_to_the_minute(span: timedelta, english: str, chinese: str) -> None:
    assert (duration_words(span, "en"), duration_words(span, "zh")) == (english, chinese)


@pytest.mark.parametrize("amount", [0, -1, 10_001])
def test_a_limit_has_a_reasonable_amount(amount: int) -> None:
    with pytest.raises(ValueError, match="a limit is from 1 to 10000"):
        limit(amount, "hour")


def test_a_unit_that_is_none_is_refused() -> None:
    wrong: Any = "week"
    with pytest.raises(ValueError, match="'week' is no unit of a limit: use hour"):
        limit(1, wrong)


def test_a_pause_that_ends_before_it_begins_is_refused_by_instants() -> None:
    with pytest.raises(ValueError, match="a pause ends before it begins"):
        pause("2022-01-30 10:00", "2022-01-30 09:00")
    first = datetime(2022, 11, 6, 1, 30, tzinfo=NEW_YORK)
    assert Pause(first, datetime(2022, 11, 6, 1, 15, fold=1, tzinfo=NEW_YORK)).start == first


def test_instants_without_a_zone_are_refused() -> None:
    naive = datetime(2022, 1, 30)  # noqa: DTZ001 - that is the point
    for call in (
        lambda: plain_due(naive, limit(1, "hour"), CHINA),
        lambda: deadline_for(naive, limit(1, "hour"), CHINA),
        lambda: Pause(naive, None),
        lambda: is_overdue(naive, FIRST),
    ):
        with pytest.raises(ValueError, match="an instant needs a time zone"):
            call()


def test_a_calendar_in_which_nobody_works_is_refused() -> None:
    with pytest.raises(ValueError, match="not all of them"):
        WorkCalendar(SHANGHAI, frozenset(range(1, 8)))
    with pytest.raises(ValueError, match="ISO weekdays"):
        WorkCalendar(SHANGHAI, frozenset({0}))
    with pytest.raises(ValueError, match="2022-01-31 is both a day off and a working day"):
        WorkCalendar(SHANGHAI, days_off=FESTIVAL, days_on=frozenset({date(2022, 1, 31)}))


def test_a_digest_recognises_a_calendar_by_its_content() -> None:
    twin = WorkCalendar(ZoneInfo.no_cache("Asia/Shanghai"), days_off=FESTIVAL)
    small = WorkCalendar(SHANGHAI, days_off=FESTIVAL)
    assert twin.digest == small.digest
    others = {
        small.digest,
        CHINA.digest,
        replace(small, zone=NEW_YORK).digest,
        replace(small, weekend=frozenset({7})).digest,
        replace(small, known_until=date(2022, 12, 31)).digest,
    }
    assert len(others) == 5
    weekends = WorkCalendar(SHANGHAI)
    assert weekends.text == "kind,value\nzone,Asia/Shanghai\nweekend,6\nweekend,7\n"
    # Pinned: a stored digest must be found again by every later version.
    assert weekends.digest[:12] == "1e340c49cb88"
