"""A topic's cases month by month, before and after its start: exact figures, and a model's answer.

The figures here are counts and exact quotients. `Effect` is what `insight.interrupted` estimates
from them; its floats inform and enter no score. Method: docs/methods/topics.md, "Before and
after".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from jiesu.core.period import Period

Side = Literal["before", "start", "after", "running"]


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """One assessment month of a topic.

    `volume` counts its cases, `others` all other cases of the city, excluded ones too. `part` of
    `whole` is the rate, without excluded cases. `side` is `start` for a month in the middle of
    which the measures began, `running` for one that has not ended.
    """

    month: str
    days: int
    volume: int
    others: int
    part: Fraction
    whole: int
    side: Side

    @property
    def rate(self) -> Fraction | None:
        return self.part / self.whole if self.whole else None


def side_of(month: Period, started_on: date, *, running: bool) -> Side:
    """On which side of a start an assessment month lies; see docs/methods/topics.md."""
    if running:
        return "running"
    if month.last_day < started_on:
        return "before"
    return "after" if month.start.date() >= started_on else "start"


@dataclass(frozen=True, slots=True)
class Mean:
    """Months of one side together: cases a month, their share of all cases, and the rate.

    `per_month` and `share` are `None` without a month, `rate` without a case in its whole.
    """

    n: int
    volume: int
    per_month: Fraction | None
    share: Fraction | None
    rate: Fraction | None


def mean_of(months: Iterable[MonthFigures]) -> Mean:
    """The months pooled: volumes and wholes are added before anything is divided."""
    every = list(months)
    n, volume = len(every), sum(month.volume for month in every)
    demand = volume + sum(month.others for month in every)
    whole = sum(month.whole for month in every)
    part = sum((month.part for month in every), Fraction(0))
    return Mean(
        n=n,
        volume=volume,
        per_month=Fraction(volume, n) if n else None,
        share=Fraction(volume, demand) if demand else None,
        rate=part / whole if whole else None,
    )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A model's figure with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MonthFit:
    """What the model says of a month: `fitted`, and `expected` without the measures, with the
    latter's interval. In the months before, both are the same."""

    month: str
    fitted: float
    expected: float
    low: float
    high: float


NoEffect = Literal["few_months", "few_cases", "no_fit"]


@dataclass(frozen=True, slots=True)
class Effect:
    """An interrupted time series of `volume` or `rate`, or the reason why there is none.

    Volume: `level`, `slope` and `average` are ratios (1 is no change): at once, from month to
    month, and over all months after. Rate: `level` and `slope` are odds ratios, `average` is in
    points (0.02 is two percentage points). `n_before` and `n_after` are the months that the model
    saw. `dispersion` is the variance factor, `lag` that of Newey and West, `seasonal` whether terms
    for the season were in it.
    """

    of: Literal["volume", "rate"]
    n_before: int
    n_after: int
    missing: NoEffect | None = None
    level: Estimate | None = None
    slope: Estimate | None = None
    average: Estimate | None = None
    dispersion: float = 1.0
    lag: int = 0
    seasonal: bool = False
    months: tuple[MonthFit, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether the interval of the average effect leaves out no change."""
        none = 1.0 if self.of == "volume" else 0.0
        return self.average is not None and not self.average.low <= none <= self.average.high


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """A topic's months, oldest first, with both effects (`None`: no model was asked for)."""

    months: tuple[MonthFigures, ...]
    volume: Effect | None = None
    rate: Effect | None = None

    @property
    def before(self) -> Mean:
        return mean_of(month for month in self.months if month.side == "before")

    @property
    def after(self) -> Mean:
        return mean_of(month for month in self.months if month.side == "after")


def modelled(months: Sequence[MonthFigures]) -> list[MonthFigures]:
    """The months that a model looks at: those wholly before the start or wholly after it."""
    return [month for month in months if month.side in ("before", "after")]
