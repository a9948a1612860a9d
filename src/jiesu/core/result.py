"""What an evaluation yields: the objects that documents, lists and later months read.

Every figure is exact (`int`, `Fraction` or `Decimal`) and final: nothing downstream
computes a rate, a score or a rank again. Holds no arithmetic and no JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING

from jiesu.core.period import Period
from jiesu.core.policy import Policy

if TYPE_CHECKING:
    from jiesu.core.measures import MeasureTable


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of an estimate, both in the unit of the figure they belong to."""

    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate in 0..1: `part` over `whole`. `value` is `None` when `whole` is 0.

    `part` is a weighted count, an integer unless level weights apply; `whole` is a count.
    `interval` is the Wilson interval, six decimals; `None` when `whole` is 0 or none is given.
    """

    part: Fraction
    whole: int
    value: Fraction | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Rates by key and the score of a unit, in one version (with or without excluded cases).

    `score` is the composite times 100, rounded to the policy's decimals; `None` when a rate
    has no whole. `interval` is the composite's, in points. Intervals are given only in the
    version without excluded cases, which is the one that is ranked.
    """

    rates: Mapping[str, Rate]
    score: Decimal | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An approved bonus (positive) or deduction (negative) line, in points, before any cap."""

    points: Decimal
    reason: str
    approval: str


@dataclass(frozen=True, slots=True)
class Previous:
    """A unit's place in the previous period of equal kind. Both are set or the object is `None`."""

    rank: int
    score: Decimal


@dataclass(frozen=True, slots=True)
class ClosingTime:
    """Hours from creation to closing over `n` closed cases; whole hours, rounded down."""

    n: int
    median_hours: int
    p90_hours: int


@dataclass(frozen=True, slots=True)
class UnitResult:
    """A unit's result in a period.

    `figures` are without excluded cases and are what is ranked; `with_excluded` is the other
    version. `score` is `base_score` plus `points`: the composite of `figures` (or the mean that the
    policy puts in its place) and what the approved `adjustments` count for under the caps. A unit
    listed apart has `rank` and `score` `None` and the reason in `apart` (see `APART_REASONS`).
    `volume` counts all cases of the unit created in the period, excluded ones too; `n_excluded`
    of them are excluded. `per_10000` is the volume of its places per 10,000 residents, two
    decimals. `change` is that of score (or of rank, by policy; positive is better) since
    `previous`.
    `within_chance` says that the distance from the group is within the funnel's limits.
    `mean_of_units` is the mean of the scores of the ranked units directly below, for units
    that have some: informative, never ranked unless the policy says so.
    """

    unit: str
    name: str
    rank: int | None
    score: Decimal | None
    base_score: Decimal | None
    points: Decimal
    figures: Figures
    with_excluded: Figures
    volume: int
    n_excluded: int
    population: int | None
    per_10000: Decimal | None
    previous: Previous | None
    previous_volume: int | None
    change: Decimal | None
    apart: str | None
    within_chance: bool | None
    grade: str | None
    adjustments: tuple[Adjustment, ...]
    mean_of_units: Decimal | None
    closing_time: ClosingTime | None
    parent: str | None


APART_REASONS = ("no_cases", "too_few")
"""`no_cases`: none in the period. `too_few`: fewer in the whole of a rate than the policy asks."""


@dataclass(frozen=True, slots=True)
class FunnelLimit:
    """The limits of the funnel, in points, for a unit with `n` cases in the whole."""

    n: int
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Funnel:
    """The group's centre in points, the overdispersion factor and the limits over `n`.

    `dispersion` is the variance factor (at least 1) by which the limits were widened.
    """

    centre: Decimal
    dispersion: Decimal
    limits: tuple[FunnelLimit, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A peer group: ranked units in rank order, then those listed apart.

    `pooled` holds the figures of all its units' cases together, `mean_of_units` the mean of the
    ranked units' scores: two answers to one question, always shown with their labels.
    """

    key: str
    title: Mapping[str, str]
    n_ranked: int
    units: tuple[UnitResult, ...]
    pooled: Figures
    mean_of_units: Decimal | None
    funnel: Funnel | None


@dataclass(frozen=True, slots=True)
class ListedUnit:
    """A unit in a named list. `position` is its rank by the list's own `value`, `rank` and
    `score` are the unit's in its group (`None` when listed apart). `weak` marks a value that stands
    on too little data to be relied on."""

    unit: str
    name: str
    rank: int | None
    score: Decimal | None
    position: int
    value: Decimal
    weak: bool = False


@dataclass(frozen=True, slots=True)
class NamedList:
    """A list that the bulletin announces. `kind` is the kind in the policy (`tied_first`, `top`,
    `bottom`, `improved`, `volume`, `per_10000`, `measure`). `available` is false when the data for
    it is not at hand (no previous period, an outside measure not given): then `units` is empty.
    `measure` is the key of the outside measure, for kind `measure`, and `end` which of its ends is
    listed, `worst` or `best`."""

    key: str
    kind: str
    group: str
    title: Mapping[str, str]
    available: bool
    units: tuple[ListedUnit, ...]
    measure: str = ""
    end: str = ""

    @property
    def is_merit(self) -> bool:
        """Whether it honours a unit to be named here."""
        return self.kind in ("tied_first", "top", "improved") or self.end == "best"

    @property
    def is_fault(self) -> bool:
        """Whether a unit is named here for what it must mend. A volume is neither."""
        return self.kind == "bottom" or self.end == "worst"


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that was read: its name and the SHA-256 of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Input:
    """What was read. Rows in = accepted + rejected + duplicates."""

    files: tuple[InputFile, ...]
    accepted: int
    rejected: int
    duplicates: int

    @property
    def digest(self) -> str:
        """One SHA-256 for all files, order and names left aside."""
        joined = "\n".join(sorted(file.sha256 for file in self.files))
        return sha256(joined.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Totals:
    """The whole city. `volume` counts every case created in the period; `unassigned` of them
    have no unit, `unlisted` a unit that the units file does not know, `lapsed` one that does not
    exist in the period; none of these is ranked (the unit above a lapsed one pools its cases)."""

    volume: int
    previous_volume: int | None
    unassigned: int
    unlisted: int
    lapsed: int
    excluded: int
    figures: Figures
    with_excluded: Figures


@dataclass(frozen=True, slots=True)
class RankPoint:
    """A unit's rank and score in one of the periods at hand; both `None` when not ranked."""

    period: str
    rank: int | None
    score: Decimal | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A period's evaluation: what `evaluation.json` holds and every document is made from.

    `paths` gives, by group key and unit, the rank in each month at hand, oldest first.
    `notes` are sentences about the input that a reader must know, as (key, values) pairs.
    `measures` are the outside measures by key that the lists are made from.
    """

    period: Period
    previous_period: Period | None
    as_of: datetime
    policy: Policy
    input: Input
    city: Mapping[str, str]
    synthetic: bool
    groups: tuple[Group, ...]
    lists: tuple[NamedList, ...]
    totals: Totals
    paths: Mapping[str, Mapping[str, tuple[RankPoint, ...]]]
    notes: tuple[tuple[str, Mapping[str, str]], ...]
    measures: Mapping[str, "MeasureTable"] = field(default_factory=dict)
