"""The reports page's tables, recomputed; alerts and the counting of days and hours."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import comb
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.period import MonthRule
from jiesu.core.reporting import (
    QUARTER,
    ReportRules,
    alerts,
    chance_of,
    days_of,
    hours_of,
    span_of,
    tallies,
)

from .cast import SHANGHAI, policy
from .pages import table

MONTHS = policy().period.months(SHANGHAI)
RULES = ReportRules()
WINDOWS = table(
    "reports", "report", "date", "window from", "to", "compared from", "running from",
    "previous until",
)  # fmt: skip


@pytest.mark.parametrize("row", WINDOWS, ids=lambda row: f"{row['report']} {row['date']}")
def test_windows(row: dict[str, str]) -> None:
    found = span_of(row["report"], date.fromisoformat(row["date"]), MONTHS, RULES)  # type: ignore[arg-type]
    moments = {
        "window from": found.window[0],
        "to": found.window[1],
        "compared from": found.before[0],
        "running from": found.running[0],
        "previous until": found.previous[1],
    }
    assert {key: f"{at:%Y-%m-%d %H:%M}" for key, at in moments.items()} == {
        key: row[key] for key in moments
    }


@given(
    st.sampled_from(["daily", "weekly", "monthly"]),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(0, 23),
    st.integers(1, 7),
    st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]),
)
def test_windows_follow_one_another_and_nothing_later_is_known(
    kind: str, day: date, hour: int, weekday: int, zone: str
) -> None:
    rules = ReportRules(cut_hour=hour, week_start=weekday)
    months = MonthRule(ZoneInfo(zone), 19, 0, True)
    found = span_of(kind, day, months, rules)  # type: ignore[arg-type]
    assert found.before[1] == found.window[0] < found.window[1]
    assert found.as_of.date() <= day
    assert found.as_of >= found.window[1] - timedelta(microseconds=1)
    assert found.period.start <= found.running[0] < found.running[1] <= found.period.end
    assert found.previous[1] <= found.period.start
    assert found.previous[0] == found.period.previous().start
    stretches = sorted({*found.usual, found.before, found.window})
    assert all(one[1] <= two[0] for one, two in pairwise(stretches))
    if kind == "weekly":
        assert found.window[0].isoweekday() == weekday
        assert timedelta(0) <= day - found.window[1].date() < timedelta(7)


def test_chances_are_those_of_the_page_and_of_exact_arithmetic() -> None:
    for row in table("reports", "count", "four before", "chance"):
        n, usual = int(row["count"]), [int(text) for text in row["four before"].split(",")]
        total = n + sum(usual)
        exact = sum(
            Fraction(comb(total, i) * 4 ** (total - i), 5**total) for i in range(n, total + 1)
        )
        assert f"{float(exact):.4f}" == row["chance"]
        assert chance_of(n, usual) == pytest.approx(float(exact), rel=1e-9)


@given(st.integers(0, 3000), st.lists(st.integers(0, 3000), max_size=4))
def test_a_chance_is_one_and_falls_with_the_count(n: int, usual: list[int]) -> None:
    assert -1e-9 <= chance_of(n + 1, usual) <= chance_of(n, usual) + 1e-9 <= 1 + 2e-9


@given(st.integers(1, 120), st.lists(st.integers(0, 120), min_size=1, max_size=4))
def test_a_chance_is_that_of_exact_arithmetic(n: int, usual: list[int]) -> None:
    total, k = n + sum(usual), len(usual)
    exact = sum(comb(total, i) * k ** (total - i) for i in range(n, total + 1))
    assert chance_of(n, usual) == pytest.approx(
        float(Fraction(exact, (k + 1) ** total)), rel=1e-8, abs=1e-12
    )


def test_far_from_the_mean_nothing_is_lost() -> None:
    assert chance_of(1, [3000]) == 1.0
    assert chance_of(3000, [1]) == 0.0
    assert chance_of(200_000, [200_000] * 4) == pytest.approx(0.5, abs=0.01)


def test_what_is_out_of_the_ordinary_is_named_and_the_usual_is_not() -> None:
    counts = {
        "category_1": {
            "供暖": (60, 20, 22, 18, 20),
            "住房": (101, 100, 99, 103, 98),
            "其他": (9, 0, 0, 0, 0),
            "": (90, 1, 1, 1, 1),
        },
        "place": {"A": (1400, 1000, 1000, 1000, 1000)},
    }
    assert [(alert.column, alert.value) for alert in alerts(counts, RULES)] == [
        ("category_1", "供暖")
    ]


def test_without_earlier_stretches_nothing_is_out_of_the_ordinary() -> None:
    assert alerts({"place": {"A": (500,)}}, RULES) == ()
    assert chance_of(5, []) == 1.0


def test_tallies_stand_in_order_and_keep_what_went() -> None:
    found = tallies({"b": 2, "a": 2, "c": 5}, {"a": 3, "d": 4})
    assert [(tally.value, tally.n, tally.before) for tally in found] == [
        ("c", 5, 0), ("a", 2, 3), ("b", 2, 0), ("d", 0, 4),
    ]  # fmt: skip


@given(
    st.lists(st.integers(0, 20 * 24 * 3600), max_size=40),
    st.sampled_from(["Asia/Kathmandu", "America/New_York", "Asia/Shanghai"]),
    st.integers(0, 23),
)
def test_days_and_hours_are_those_of_the_local_clock(
    seconds: list[int], zone: str, hour: int
) -> None:
    local = ZoneInfo(zone)
    first = date(2022, 3, 8)
    start = datetime(2022, 3, 8, hour, tzinfo=local).astimezone(UTC)
    moments = [start + timedelta(seconds=n) for n in seconds]
    quarters: dict[int, int] = {}
    for at in moments:
        number = int(at.timestamp()) // QUARTER
        quarters[number] = quarters.get(number, 0) + 1
    for (day, n), i in zip(days_of(quarters, first, 25, hour, local), range(25), strict=True):
        low, high = (
            datetime.combine(first + timedelta(i + add), datetime.min.time(), local).replace(
                hour=hour
            )
            for add in (0, 1)
        )
        assert day == (first + timedelta(i + bool(hour)))
        assert n == sum(low.astimezone(UTC) <= at < high.astimezone(UTC) for at in moments)
    hours: dict[tuple[int, int], int] = {}
    for at in moments:
        there = at.astimezone(local)
        key = (there.isoweekday(), there.hour)
        hours[key] = hours.get(key, 0) + 1
    assert hours_of(quarters.items(), local) == hours
