"""Periods: how they are read, and what holds for all of them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.period import MonthRule, parse_period

BEIJING = MonthRule(ZoneInfo("Asia/Shanghai"), 19, 0, True)
BOSTON = MonthRule(ZoneInfo("America/New_York"))

rules = st.builds(
    MonthRule,
    st.sampled_from([ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York"), ZoneInfo("UTC")]),
    st.integers(1, 28),
    st.integers(0, 23),
    st.booleans(),
)
labels = st.one_of(
    st.builds("{:04}-{:02}".format, st.integers(1990, 2100), st.integers(1, 12)),
    st.builds("{:04}-Q{}".format, st.integers(1990, 2100), st.integers(1, 4)),
    st.builds("{:04}".format, st.integers(1990, 2100)),
)
instants = st.datetimes(
    datetime(1995, 1, 1),  # noqa: DTZ001 - the strategy wants naive bounds
    datetime(2095, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def test_data_reach_a_period_that_begin_within_its_first_day() -> None:
    february = parse_period("2022-02", BEIJING)
    assert february.reached_by(datetime(2022, 1, 19, 15, 59, tzinfo=UTC))
    assert february.reached_by(datetime(2021, 1, 1, tzinfo=UTC))
    assert not february.reached_by(datetime(2022, 1, 19, 16, tzinfo=UTC))
    assert not february.reached_by(None)
    # A day of 23 hours is a day.
    spring = parse_period("2022-03-13..2022-03-20", BOSTON)
    assert spring.reached_by(datetime(2022, 3, 14, 3, 59, tzinfo=UTC))
    assert not spring.reached_by(datetime(2022, 3, 14, 4, tzinfo=UTC))


def test_calendar_quarter_begins_at_local_midnight() -> None:
    period = parse_period("2011-Q4", BOSTON)
    assert period.start.isoformat() == "2011-10-01T00:00:00-04:00"
    assert period.end.isoformat() == "2012-01-01T00:00:00-05:00"


@pytest.mark.parametrize(
    "text",
    [
        "2022-13",
        "2022-00",
        "2022-Q5",
        "22",
        "2022-2",
        "2022/02",
        "",
        "2022-02-30..2022-03-01",
        "2022-03-01..2022-02-01",
        "0000",
        "9999",
        "2022-02 ",
        "２０２２",
        "２０２２-02",
        "2022-０２",
        "２０２２-Q1",
        "２０２２-01-05..2022-02-04",
        "٢٠٢٢-02",
    ],
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        parse_period(text, BEIJING)


@given(rules, labels)
def test_the_end_of_the_previous_period_is_the_start(rule: MonthRule, label: str) -> None:
    period = parse_period(label, rule)
    assert period.previous().end == period.start
    assert period.previous().kind == period.kind


@given(rules, labels)
def test_a_period_is_the_union_of_its_months(rule: MonthRule, label: str) -> None:
    period = parse_period(label, rule)
    months = period.months()
    assert (months[0].start, months[-1].end) == (period.start, period.end)
    assert all(a.end == b.start for a, b in pairwise(months))


@given(rules, instants)
def test_an_instant_lies_in_the_month_that_is_found_for_it(
    rule: MonthRule, instant: datetime
) -> None:
    month = rule.month_of(instant)
    assert rule.month_start(month) <= instant < rule.month_start(month + 1)


@given(rules, labels)
def test_labels_are_read_back_to_the_same_period(rule: MonthRule, label: str) -> None:
    period = parse_period(label, rule)
    assert parse_period(period.label, rule) == period
    assert period.label == label


@given(rules, labels, st.integers(0, 400))
def test_a_running_period_is_never_compared_with_later_than_itself(
    rule: MonthRule, label: str, days: int
) -> None:
    period = parse_period(label, rule)
    as_of = period.start + timedelta(days)
    earlier = period.previous_as_of(as_of)
    assert earlier <= as_of
    if period.is_running(as_of):
        assert earlier < period.start + timedelta(1)
    else:
        assert earlier == as_of


def test_the_last_day_of_a_period_counts_as_its_end() -> None:
    period = parse_period("2022-02", BEIJING)
    zone = BEIJING.zone
    assert period.is_running(datetime(2022, 2, 17, 23, 59, tzinfo=zone))
    assert not period.is_running(datetime(2022, 2, 18, 0, 0, tzinfo=zone))
