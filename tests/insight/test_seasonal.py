"""Expected volume of a day: recovers what it was made from, and is silent without a basis."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from jiesu.insight.seasonal import expected

DAY = date(2022, 3, 1)
SHAPE = (1.2, 1.1, 1.0, 1.0, 1.0, 0.8, 0.6)


def history(
    n: int, rng: np.random.Generator | None = None, *, level: float = 200.0, noise: float = 0.0
) -> dict[date, int]:
    """Counts of the n days before DAY, by weekday; exact without a generator."""
    found = {}
    for back in range(n, 0, -1):
        day = DAY - timedelta(days=back)
        mean = level * SHAPE[day.weekday()]
        if rng is not None:
            factor = rng.gamma(1 / noise, noise) if noise else 1.0
            found[day] = int(rng.poisson(mean * factor))
        else:
            found[day] = round(mean)
    return found


def test_a_steady_week_is_expected_again() -> None:
    for ahead in range(7):
        day = DAY + timedelta(days=ahead)
        found = expected(history(70), day)
        assert found.missing is None
        assert found.expected == pytest.approx(200 * SHAPE[day.weekday()], rel=0.01)
        assert found.low < found.expected < found.high


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_the_interval_holds_a_day_about_as_often_as_it_says(noise: float) -> None:
    rng = np.random.default_rng(3)
    n, hits = 150, 0
    for _ in range(n):
        found = expected(history(84, rng, noise=noise), DAY)
        factor = rng.gamma(1 / noise, noise) if noise else 1.0
        count = int(rng.poisson(200 * SHAPE[DAY.weekday()] * factor))
        hits += not (found.is_above(count) or found.is_below(count))
    assert 0.88 <= hits / n <= 0.995


def test_one_wave_of_the_past_does_not_hide_the_next() -> None:
    rng = np.random.default_rng(4)
    counts = history(84, rng)
    calm = expected(counts, DAY)
    for back in range(10, 14):
        counts[DAY - timedelta(days=back)] *= 5
    after_wave = expected(counts, DAY)
    assert after_wave.high < calm.high * 1.6
    assert after_wave.is_above(round(calm.expected * 2.5))


def test_days_from_the_day_on_are_not_looked_at() -> None:
    counts = history(70)
    later = {**counts, DAY: 10**6, DAY + timedelta(days=1): 10**6}
    assert expected(counts, DAY) == expected(later, DAY)


def test_a_missing_day_is_unknown_and_not_zero() -> None:
    counts = history(70)
    del counts[DAY - timedelta(days=14)]
    found = expected(counts, DAY)
    assert found.n == 69
    assert found.expected == pytest.approx(200 * SHAPE[DAY.weekday()], rel=0.01)


def test_holidays_have_a_level_of_their_own_once_there_are_three() -> None:
    counts = history(84)
    holidays = [DAY - timedelta(days=back) for back in (15, 16, 17)]
    for day in holidays:
        counts[day] = 50
    usual = expected(counts, DAY, holidays)
    off = expected(counts, DAY, [*holidays, DAY])
    assert usual.expected == pytest.approx(200 * SHAPE[DAY.weekday()], rel=0.02)
    assert off.expected == pytest.approx(50, rel=0.1)
    # With fewer, a holiday is a Sunday.
    few = expected(history(84), DAY, [DAY])
    assert few.expected == pytest.approx(200 * SHAPE[6], rel=0.02)


def test_a_wave_over_the_year_enters_with_a_year_and_a_half() -> None:
    counts = {}
    for back in range(800, 0, -1):
        day = DAY - timedelta(days=back)
        counts[day] = round(300 * math.exp(0.5 * math.cos(2 * math.pi * back / 365.25)))
    found = expected(counts, DAY)
    assert found.seasonal
    assert found.expected == pytest.approx(300 * math.exp(0.5), rel=0.05)
    assert not expected(history(70), DAY).seasonal


def test_without_a_basis_there_is_no_figure_and_no_warning() -> None:
    for counts in ({}, history(27), {DAY: 5}):
        found = expected(counts, DAY)
        assert found.missing == "few_days"
        assert not found.is_above(10**6)
        assert not found.is_below(0)


def test_a_class_nobody_calls_about_expects_nothing() -> None:
    silent = dict.fromkeys(history(40), 0)
    found = expected(silent, DAY)
    assert (found.missing, found.expected, found.high) == (None, 0.0, 0.0)
    assert found.is_above(1)
