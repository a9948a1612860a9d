"""Outside measures: figures of units that do not come from the cases, ranked like scores.

Investment, fines, mean PM2.5: each with its source, its unit of measure, its direction and its
precision. Ranks stand on the printed figure, lists of N on the exact one. Files are read in
`jiesu.city`. Method: docs/methods/measures.md.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from jiesu.core.period import Period
from jiesu.core.ranking import competition_ranks
from jiesu.core.result import InputFile
from jiesu.core.scoring import rounded

Direction = Literal["higher", "lower"]
DIRECTIONS: tuple[Direction, ...] = ("higher", "lower")


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured. `measured_in` is the unit of measure in words (µg/m³, 亿元).

    `direction` says whether a `higher` or a `lower` figure is better, `decimals` with how many
    it is printed and ranked. A figure stands for later periods without one that end at most
    `stands_for_months` months after its own.
    """

    key: str
    title: Mapping[str, str]
    measured_in: Mapping[str, str]
    direction: Direction
    decimals: int
    source: str
    stands_for_months: int = 12


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
    (今年以来: from 1 January), as first..last; `days` is how many. `files` are what was read.
    """

    measure: Measure
    period: str
    readings: Mapping[str, Reading]
    span: str = ""
    days: int | None = None
    files: tuple[InputFile, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Stretch:
    """The months that a label names: `last` numbers the last one as `year * 12 + month - 1`."""

    last: int
    months: int

    @property
    def first(self) -> int:
        return self.last - self.months + 1


def stretch_of(label: str) -> Stretch | None:
    """The months of `2022-02`, `2022-Q1` or `2022`; `None` for anything else."""
    match = re.fullmatch(r"((?:19|20|21)[0-9]{2})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?", label)
    if match is None:
        return None
    year, quarter, month = int(match[1]), match[2], match[3]
    if month:
        return Stretch(year * 12 + int(month) - 1, 1)
    if quarter:
        return Stretch(year * 12 + int(quarter) * 3 - 1, 3)
    return Stretch(year * 12 + 11, 12)


def asked_stretch(period: Period) -> Stretch:
    """The months of a period; of a range the last month that has ended with it, and no length."""
    if (known := stretch_of(period.label)) is not None:
        return known
    month = period.rule.month_of(period.end)
    return Stretch(month - 1, 0)


def standing_for(asked: Stretch, labels: Iterable[str], months: int) -> str | None:
    """The label whose figures stand for the months that are asked for; `None` where none does.

    The same months; else the latest that end with them or before them, are not shorter and ended
    at most `months` before; of those that end together the shortest (docs/methods/measures.md).
    """
    known = [(found, label) for label in labels if (found := stretch_of(label)) is not None]
    for found, label in known:
        if found == asked:
            return label
    fitting = [
        (found.last, -found.months, label)
        for found, label in known
        if 0 <= asked.last - found.last <= months and found.months >= asked.months and months
    ]
    return max(fitting)[2] if fitting else None
