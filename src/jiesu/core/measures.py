"""Outside measures: figures of units that do not come from the cases, ranked like scores.

Investment, fines, mean PM2.5: each with its source, its unit of measure, its direction and its
precision. Ranks stand on the printed figure, lists of N on the exact one. Files are read in
`jiesu.city`. Method: docs/methods/measures.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from jiesu.core.ranking import competition_ranks
from jiesu.core.scoring import rounded

Direction = Literal["higher", "lower"]
DIRECTIONS: tuple[Direction, ...] = ("higher", "lower")


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured. `measured_in` is the unit of measure in words (µg/m³, 亿元).

    `direction` says whether a `higher` or a `lower` figure is better, `decimals` with how many
    it is printed and ranked.
    """

    key: str
    title: Mapping[str, str]
    measured_in: Mapping[str, str]
    direction: Direction
    decimals: int
    source: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A unit's figure. `source` is where this one comes from, if not from the measure's source.

    `weak` marks a figure that stands on too little data to be relied on; it is ranked and marked.
    """

    value: Fraction
    source: str = ""
    weak: bool = False


@dataclass(frozen=True, slots=True)
class MeasureTable:
    """A measure's readings by unit for one period; a unit without a figure is not in it.

    `period` is the label, `span` the days the figures are about where the period does not say it
    (今年以来: from 1 January), both as shown.
    """

    measure: Measure
    period: str
    readings: Mapping[str, Reading]
    span: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit's place among others by a measure: `rank` by the `shown` figure, with gaps."""

    unit: str
    rank: int
    value: Fraction
    shown: Decimal
    weak: bool


def placed(table: MeasureTable, units: Iterable[str]) -> tuple[Placed, ...]:
    """The units that have a figure, the best first; equal printed figures share a rank.

    Units of one rank stand in the order of their exact figures, then of their codes: by it a list
    of exactly N is cut (docs/methods/measures.md).
    """
    measure = table.measure
    found = {unit: table.readings[unit] for unit in units if unit in table.readings}
    shown = {unit: rounded(one.value, measure.decimals) for unit, one in found.items()}
    sign = 1 if measure.direction == "higher" else -1
    ranks = competition_ranks({unit: sign * value for unit, value in shown.items()})
    return tuple(
        Placed(unit, ranks[unit], found[unit].value, shown[unit], found[unit].weak)
        for unit in sorted(found, key=lambda unit: (-sign * found[unit].value, unit))
    )
