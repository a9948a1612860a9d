"""The reports page's tables, recomputed; alerts and the counting of days and hours."""

import csv
import gzip
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import comb, prod
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.chance import count_p_value, dispersions
from jiesu.core.period import MonthRule
from jiesu.core.reporting import (
    QUARTER,
    WINSOR,
    ReportRules,
    alerts,
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


def exact_chance(n: int, usual: list[int], dispersion: Fraction) -> Fraction:
    """By rising factorials; multiplied out, so that it also holds without clusters."""
    total, k = n + sum(usual), len(usual)
    c = (dispersion - 1) * (k + 1) / max(total, 1)

    def rising(start: int, factors: int) -> Fraction:
        return prod((start + i * c for i in range(factors)), start=Fraction(1))

    several = (comb(total, i) * rising(1, i) * rising(k, total - i) for i in range(n, total + 1))
    return sum(several, Fraction(0)) / rising(k + 1, total)


CHANCES = table("reports", "count", "four before", "variance / mean", "chance")


@pytest.mark.parametrize("row", CHANCES, ids=lambda row: f"{row['count']} {row['chance']}")
def test_chances_are_those_of_the_page_and_of_exact_arithmetic(row: dict[str, str]) -> None:
    n, usual = int(row["count"]), [int(text) for text in row["four before"].split(",")]
    dispersion = Fraction(row["variance / mean"])
    found = count_p_value(n, usual, float(dispersion))
    assert f"{found:f}" == row["chance"]
    assert float(found) == pytest.approx(float(exact_chance(n, usual, dispersion)), rel=1e-5)


def test_how_much_counts_vary_is_that_of_the_page() -> None:
    rows = table("reports", "before", "X²", "variance / mean")
    series = [[int(text) for text in row["before"].split(",")] for row in rows]
    means = [Fraction(sum(counts), 4) for counts in series]
    squares = [
        sum((n - mean) ** 2 for n in counts) / mean
        for counts, mean in zip(series, means, strict=True)
    ]
    assert [f"{float(square):.2f}" for square in squares] == [row["X²"] for row in rows]
    drawn_in = sorted(squares)[-2]
    common = sum(min(square, drawn_in) for square in squares) / 18 * (1 + Fraction(6, 18))
    own = [max(common, (6 * common + square) / 9) for square in squares]
    assert [f"{float(one):.2f}" for one in own] == [row["variance / mean"] for row in rows]
    assert dispersions(series, WINSOR) == pytest.approx([float(one) for one in own])


@given(
    st.integers(0, 3000), st.lists(st.integers(0, 3000), max_size=4), st.sampled_from([1, 1.5, 40])
)
def test_a_chance_falls_with_the_count(n: int, usual: list[int], dispersion: float) -> None:
    chance = count_p_value(n, usual, dispersion)
    assert 0 < count_p_value(n + 1, usual, dispersion) <= chance <= 1


@given(
    st.integers(1, 25),
    st.lists(st.integers(0, 25), min_size=1, max_size=4),
    st.fractions(1, 12, max_denominator=4),
)
def test_a_chance_is_that_of_exact_arithmetic(
    n: int, usual: list[int], dispersion: Fraction
) -> None:
    exact = float(exact_chance(n, usual, dispersion))
    assert float(count_p_value(n, usual, float(dispersion))) == pytest.approx(exact, rel=1e-5)


def test_far_from_the_mean_nothing_is_lost() -> None:
    assert count_p_value(1, [3000], 1) == 1
    assert count_p_value(3000, [1], 1) == Decimal("1E-30")
    assert float(count_p_value(200_000, [200_000] * 4, 1)) == pytest.approx(0.5, abs=0.01)
    assert float(count_p_value(200_000, [200_000] * 4, 9)) == pytest.approx(0.5, abs=0.01)


def test_series_without_a_case_are_poisson_ones() -> None:
    assert dispersions([], WINSOR) == []
    assert dispersions([[0, 0, 0, 0]], WINSOR) == pytest.approx([1 + 6 / 3])


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


@pytest.mark.parametrize("usual", [(), (5,)])
def test_without_two_earlier_stretches_nothing_is_out_of_the_ordinary(
    usual: tuple[int, ...],
) -> None:
    assert alerts({"place": {"A": (500, *usual)}}, RULES) == ()
    assert count_p_value(5, [], 2) == 1


def quiet(n_series: int, mean: float, dispersion: float, seed: int) -> dict[str, list[int]]:
    """Five stretches of negative binomial counts in which nothing happens."""
    draws = np.random.default_rng(seed)
    rates: Any = mean
    if dispersion > 1:
        rates = draws.gamma(mean / (dispersion - 1), dispersion - 1, (n_series, 5))
    return {str(i): row for i, row in enumerate(draws.poisson(rates, (n_series, 5)).tolist())}


@pytest.mark.parametrize("dispersion", [1, 2, 3, 5])
@pytest.mark.parametrize(("n_series", "mean"), [(15, 30), (100, 30), (60, 200)])
def test_where_nothing_happens_alerts_are_about_as_rare_as_asked(
    n_series: int, mean: int, dispersion: int
) -> None:
    # The ratio would hide what the test does.
    rules = replace(RULES, alert_ratio=Fraction(1))
    days = 100
    named = sum(
        len(alerts({"place": quiet(n_series, mean, dispersion, seed)}, rules))
        for seed in range(days)
    )
    assert named <= 5


def test_small_series_are_not_chosen_by_how_many_cases_they_have_now() -> None:
    rules = replace(RULES, alert_ratio=Fraction(1))
    assert sum(len(alerts({"place": quiet(300, 4, 1, seed)}, rules)) for seed in range(60)) <= 3


@pytest.mark.parametrize("dispersion", [1, 2, 3])
def test_a_wave_is_named_although_another_series_had_one_before(dispersion: int) -> None:
    named = 0
    for seed in range(20):
        counts = quiet(15, 60, dispersion, seed)
        counts["0"][2] *= 6
        counts["1"][0] = 240
        found = alerts({"place": counts}, RULES)
        named += "1" in [alert.value for alert in found]
        assert "0" not in [alert.value for alert in found]
    assert named >= 18


@pytest.mark.realdata
def test_a_hurricane_is_named_and_few_other_days_are(realdata: Path) -> None:
    counted: Counter[tuple[str, str, date]] = Counter()
    with gzip.open(realdata / "boston-311-2011-q3.csv.gz", "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            # From noon to noon: a day ends on its date.
            day = (datetime.fromisoformat(row["open_dt"]) + timedelta(hours=12)).date()
            for column in ("reason", "neighborhood"):
                counted[column, row[column], day] += 1
    values = {(column, value) for column, value, _ in counted}
    named: Counter[date] = Counter()
    for day in (date(2011, 7, 30) + timedelta(n) for n in range(63)):
        counts: dict[str, dict[str, list[int]]] = {"reason": {}, "neighborhood": {}}
        for column, value in values:
            stretches = (day - timedelta(back) for back in (0, 7, 14, 21, 28))
            counts[column][value] = [counted[column, value, at] for at in stretches]
        named[day] = len(alerts(counts, RULES))
    hurricane = sum(named[date(2011, 8, n)] for n in (28, 29, 30, 31))
    assert (sum(named.values()), hurricane) == (36, 25)


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
