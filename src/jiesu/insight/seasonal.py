"""How many cases a day should bring: a model of the days before, with an interval for one day.

For warnings through the month: a day above the interval is out of the ordinary. Weekday, holidays,
a slow trend and, with enough history, the season; what stood out in the past weighs less. Says
nothing of causes. Method: docs/methods/topics.md, "Expected volume".
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from jiesu.insight.series import Fitted, Matrix, NoFit, Vector, fit, seasons

FEWEST_DAYS = 28
"""Fewer days of history are no basis."""

DAYS_FOR_SEASON = 540
"""From so many days on, a yearly wave is in the model."""

FEWEST_HOLIDAYS = 3
"""With fewer holidays in the history, they are left out of it and count as Sundays."""

OUTLYING = 2.58
"""Past days further off than so many standard deviations weigh less (Farrington's rule)."""

ROUNDS = 8
"""At most so often days are drawn in."""

MEDIAN_OF_SQUARES = 0.4549
"""The median of the square of a standard normal number."""

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a day should bring: `expected`, and the interval `low..high` for the one day.

    `n` are the days of history. `missing` says why there is no figure: `few_days` or `no_fit`
    (then the figures are 0).
    """

    day: date
    n: int
    expected: float = 0.0
    low: float = 0.0
    high: float = 0.0
    dispersion: float = 1.0
    seasonal: bool = False
    missing: Literal["few_days", "no_fit"] | None = None

    def is_above(self, count: int) -> bool:
        """Whether a count is more than the interval allows."""
        return self.missing is None and count > self.high

    def is_below(self, count: int) -> bool:
        return self.missing is None and count < self.low


def expected(counts: Mapping[date, int], day: date, holidays: Collection[date] = ()) -> Expectation:
    """The expectation for a day from the counts of the days before it.

    `counts` gives every day at hand, a day without cases with 0; days from `day` on are not looked
    at, and a day that is missing is unknown, not 0. `holidays` are days off other than Saturdays
    and Sundays. Errors are not raised: see `Expectation.missing`.

    log E(count) = constant + weekday + holiday + trend (+ season). The interval is that of a
    Gamma-Poisson (negative binomial) day with the variance dispersion x mean + mean^2 x variance of
    the linear predictor.
    """
    days = sorted(one for one in counts if one < day)
    if len(days) < FEWEST_DAYS or len({one.weekday() for one in days}) < 7:
        return Expectation(day, len(days), missing="few_days")
    if sum(one in holidays for one in days) < FEWEST_HOLIDAYS:
        days = [one for one in days if one not in holidays]
    if not sum(counts[one] for one in days):
        return Expectation(day, len(days))
    seasonal = (day - days[0]).days >= DAYS_FOR_SEASON
    design = _design([*days, day], day, holidays, seasonal)
    response = np.array([counts[one] for one in days], dtype=np.float64)
    try:
        fitted = _without_outbreaks(response, design[:-1])
    except NoFit:
        return Expectation(day, len(days), missing="no_fit")
    eta = float(design[-1] @ fitted.coefficients)
    mean = float(np.exp(eta))
    variance = fitted.dispersion * mean + mean**2 * fitted.variance(design[-1])
    low, high = _interval(mean, variance)
    return Expectation(day, len(days), mean, low, high, fitted.dispersion, seasonal)


def _design(days: list[date], day: date, holidays: Collection[date], seasonal: bool) -> Matrix:
    """Weekdays (a holiday is none of them, or a Sunday where there are too few), trend, season."""
    past = [one for one in days[:-1] if one in holidays]
    own_column = len(past) >= FEWEST_HOLIDAYS
    off = np.array([one in holidays for one in days])
    weekday = np.array([one.weekday() for one in days])
    if not own_column:
        weekday = np.where(off, 6, weekday)
    columns = [((weekday == number) & ~(off & own_column)).astype(float) for number in range(7)]
    if own_column:
        columns.append(off.astype(float))
    time = np.array([(one - day).days for one in days], dtype=np.float64)
    # In years, so that the coefficient is of the order of one.
    columns.append(time / 365.25)
    return np.column_stack([*columns, seasons(time, 365.25, int(seasonal))])


def _without_outbreaks(response: Vector, design: Matrix) -> Fitted:
    """Fit again and again, days far above the fit before drawn in to its limit.

    Otherwise one wave of the past would hide the next (Farrington et al., J. R. Stat. Soc. A 159,
    1996; there by weights, here by drawing in). How far days usually lie off is read from the
    median, which a wave does not move.
    """
    drawn = response
    for _ in range(ROUNDS):
        fitted = fit("poisson", drawn, design)
        mean = fitted.mean(design @ fitted.coefficients)
        squares = (response - mean) ** 2 / mean
        spread = max(1.0, float(np.median(squares)) / MEDIAN_OF_SQUARES)
        limit = mean + OUTLYING * np.sqrt(spread * mean)
        nearer = np.minimum(response, limit)
        if np.allclose(nearer, drawn, rtol=1e-3):
            break
        drawn = nearer
    return fitted


def _interval(mean: float, variance: float) -> tuple[float, float]:
    """The middle of a negative binomial (Poisson where it is no wider) with these moments."""
    from scipy.stats import nbinom, poisson

    tails = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
    if variance <= mean * (1 + 1e-9):
        found = poisson.ppf(tails, mean)
    else:
        size = mean**2 / (variance - mean)
        found = nbinom.ppf(tails, size, size / (size + mean))
    return float(found[0]), float(found[1])
