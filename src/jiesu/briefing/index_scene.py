"""What the index's tables, charts and sentences look up: names, titles, printed figures.

Holds no figures of its own and no layout.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from jiesu.briefing.labels import Words
from jiesu.briefing.wording import clean, unit_name
from jiesu.core.index_scores import Value
from jiesu.core.indicators import ROOT
from jiesu.core.indices import IndexResult, UnitIndex
from jiesu.core.period import Period
from jiesu.core.scoring import rounded
from jiesu.core.units import Units


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an index's documents are made from.

    `period` is the assessment year, `as_of` the day until which cases are known, `office` who
    signs (empty for the usual words).
    """

    result: IndexResult
    units: Units
    period: Period
    city: Mapping[str, str]
    as_of: date
    synthetic: bool = False
    office: str = ""


@dataclass(frozen=True)
class IndexScene:
    """A report with the words of one language."""

    report: IndexReport
    words: Words

    @property
    def result(self) -> IndexResult:
        return self.report.result

    @property
    def decimals(self) -> int:
        return self.result.tree.decimals

    @property
    def city_name(self) -> str:
        return clean(self.words.title(self.report.city, ""))

    @property
    def title(self) -> str:
        return clean(self.words.title(self.result.tree.title, ""))

    @cached_property
    def ranked(self) -> tuple[UnitIndex, ...]:
        return tuple(unit for unit in self.result.units if unit.rank is not None)

    @cached_property
    def _tied(self) -> Counter[int | None]:
        return Counter(unit.rank for unit in self.ranked)

    def tied(self, unit: UnitIndex) -> str:
        """The word before a rank that several share."""
        return self.words("index.tied") if self._tied[unit.rank] > 1 else ""

    def node(self, key: str) -> str:
        """The title of an indicator, or of the total."""
        if key == ROOT:
            return self.words("index.total")
        return clean(self.words.title(self.result.tree.nodes[key].title, key))

    def measured(self, key: str) -> str:
        """The title of an indicator with its unit of measure."""
        measured_in = clean(self.words.title(self.result.tree.leaves[key].measured_in, ""))
        if not measured_in:
            return self.node(key)
        brackets = "（{}）" if self.words.lang == "zh" else " ({})"
        return self.node(key) + brackets.format(measured_in)

    def name(self, code: str) -> str:
        """A unit's name, with that of the unit above it, since names alone are not unique."""
        return unit_name(code, self.report.units.by_code, self.words.lang)

    def value(self, year: int, key: str, code: str) -> Value | None:
        return self.result.values.get(year, {}).get(key, {}).get(code)

    def figure(self, value: Value | None, key: str) -> str:
        """A figure as it is printed; # on a hotline figure that was given and not counted."""
        if value is None:
            return self.words("none")
        leaf = self.result.tree.leaves[key]
        mark = "#" if leaf.kind == "hotline" and not value.counted else ""
        return f"{rounded(value.value, leaf.decimals):,f}{mark}"

    def points(self, value: Fraction) -> Decimal:
        """Points with the index's decimals."""
        return rounded(value, self.decimals)
