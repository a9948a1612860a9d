"""Before and after a measure: interrupted time series of a topic's volume and of its rate.

Segmented regression on months: a level and a trend before, a change of each at the start.
Volume is a Poisson model with overdispersion, relative to all other demand; the rate a binomial
one. It shows what changed at that time, not why. Method: docs/methods/topics.md.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from jiesu.core.before_after import (
    BeforeAfter,
    Effect,
    Estimate,
    MonthFigures,
    MonthFit,
    modelled,
)
from jiesu.insight.series import Fitted, Matrix, NoFit, Vector, fit, seasons

FEWEST_BEFORE, FEWEST_AFTER = 6, 4
"""Months that a model needs on each side of the start."""

MONTHS_FOR_SEASON, MONTHS_FOR_OVERTONE = 24, 36
"""From so many months on, one and two yearly waves are in the model."""

FEWEST_CASES = 30
"""Fewer cases in all, or in the rate's whole, are no series."""

LEVEL, SLOPE = 2, 3
"""Columns of the design; 0 is the constant, 1 the trend."""


def effects(months: Sequence[MonthFigures]) -> BeforeAfter:
    """A topic's months with both effects; `months` oldest first, none left out between."""
    return BeforeAfter(tuple(months), volume_effect(months), rate_effect(months))


def volume_effect(months: Sequence[MonthFigures]) -> Effect:
    """Change of a topic's volume relative to all other demand.

    log E(volume) = log(others) + constant + trend + level + slope; the constant is measured from
    the mean volume. Where a month has no other demand, its days take the place of the others in
    all months.
    """
    chosen = modelled(months)
    before, after = _sides(chosen)
    if before < FEWEST_BEFORE or after < FEWEST_AFTER:
        return Effect("volume", before, after, "few_months")
    if sum(month.volume for month in chosen) < FEWEST_CASES:
        return Effect("volume", before, after, "few_cases")
    relative = all(month.others > 0 for month in chosen)
    exposure = _vector([month.others if relative else month.days for month in chosen])
    response = _vector([month.volume for month in chosen])
    # About the mean volume, so that the constant is near 0 however rare the topic is, and a fit
    # that ran away can be told by its size.
    offset = np.log(exposure)
    offset += np.log(response.mean()) - offset.mean()
    return _effect("volume", months, chosen, response, offset)


def rate_effect(months: Sequence[MonthFigures]) -> Effect:
    """Change of a topic's rate: logit E(rate) = constant + trend + level + slope.

    Months without a case in the whole are left out.
    """
    chosen = [month for month in modelled(months) if month.whole]
    before, after = _sides(chosen)
    if before < FEWEST_BEFORE or after < FEWEST_AFTER:
        return Effect("rate", before, after, "few_months")
    if sum(month.whole for month in chosen) < FEWEST_CASES:
        return Effect("rate", before, after, "few_cases")
    parts = _vector([float(month.part) for month in chosen])
    wholes = _vector([month.whole for month in chosen])
    return _effect("rate", months, chosen, np.column_stack([parts, wholes - parts]), None)


def _sides(months: Sequence[MonthFigures]) -> tuple[int, int]:
    after = sum(month.side == "after" for month in months)
    return len(months) - after, after


def _vector(values: Sequence[float]) -> Vector:
    return np.array(values, dtype=np.float64)


def _effect(
    of: Literal["volume", "rate"],
    months: Sequence[MonthFigures],
    chosen: Sequence[MonthFigures],
    response: Matrix,
    offset: Vector | None,
) -> Effect:
    before, after = _sides(chosen)
    waves = (len(chosen) >= MONTHS_FOR_SEASON) + (len(chosen) >= MONTHS_FOR_OVERTONE)
    design = _design(months, chosen, waves)
    try:
        fitted = fit("poisson" if of == "volume" else "binomial", response, design, offset=offset)
    except NoFit:
        return Effect(of, before, after, "no_fit")
    without = design.copy()
    without[:, [LEVEL, SLOPE]] = 0.0
    return Effect(
        of=of,
        n_before=before,
        n_after=after,
        level=_ratio(fitted, _unit(LEVEL, design)),
        slope=_ratio(fitted, _unit(SLOPE, design)),
        average=_average(of, fitted, chosen, design, without),
        dispersion=fitted.dispersion,
        lag=fitted.lag,
        seasonal=waves > 0,
        months=_months(fitted, chosen, design, without, offset),
    )


def _design(months: Sequence[MonthFigures], chosen: Sequence[MonthFigures], waves: int) -> Matrix:
    """Constant, trend in months, level and slope from the start on, and the season.

    Time is counted over all months, so that one left out leaves a gap. The trend is 0 in the first
    month after the start, where the change of level is read off.
    """
    place = {month.month: i for i, month in enumerate(months)}
    first = next(place[month.month] for month in chosen if month.side == "after")
    time = _vector([place[month.month] - first for month in chosen])
    after = _vector([float(month.side == "after") for month in chosen])
    parts = [np.ones(len(chosen)), time, after, after * time]
    return np.column_stack([*parts, seasons(time, 12.0, waves)])


def _unit(column: int, design: Matrix) -> Vector:
    weights = np.zeros(design.shape[1])
    weights[column] = 1.0
    return weights


def _ratio(fitted: Fitted, weights: Vector) -> Estimate:
    found = fitted.linear(weights)
    return Estimate(math.exp(found.value), math.exp(found.low), math.exp(found.high))


def _average(
    of: Literal["volume", "rate"],
    fitted: Fitted,
    chosen: Sequence[MonthFigures],
    design: Matrix,
    without: Matrix,
) -> Estimate:
    """Over the months after: the mean log ratio, or the mean difference weighted by the whole."""
    after = np.array([month.side == "after" for month in chosen])
    if of == "volume":
        return _ratio(fitted, (design - without)[after].mean(axis=0))
    weights = _vector([month.whole for month in chosen])[after]
    weights = weights / weights.sum()
    value, gradient = 0.0, np.zeros(design.shape[1])
    for sign, rows in ((1.0, design[after]), (-1.0, without[after])):
        eta = rows @ fitted.coefficients
        value += sign * float(weights @ fitted.mean(eta))
        gradient += sign * (weights * fitted.slope(eta)) @ rows
    return fitted.around(value, gradient)


def _months(
    fitted: Fitted,
    chosen: Sequence[MonthFigures],
    design: Matrix,
    without: Matrix,
    offset: Vector | None,
) -> tuple[MonthFit, ...]:
    found = []
    base = np.zeros(len(chosen)) if offset is None else offset
    for month, row, bare, plus in zip(chosen, design, without, base, strict=True):
        eta = fitted.linear(bare)
        line = _vector([float(row @ fitted.coefficients), eta.value, eta.low, eta.high]) + plus
        values = fitted.mean(np.minimum(line, 700.0))
        found.append(MonthFit(month.month, *(float(value) for value in values)))
    return tuple(found)
