"""What the documents of topics and of governed places look up: names, titles, figures in words.

Holds no sentences and no layout of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from jiesu.briefing.document import Cell, Column, Content, Kind, Section, Table
from jiesu.briefing.labels import Words
from jiesu.briefing.wording import clean, day, office_line, percent, period_label, unit_name
from jiesu.core.scoring import rounded
from jiesu.core.units import Units

SHORT = 6.0
"""Columns of words that are narrower stand in the middle."""

MAX_TEXT = 200
"""Longer texts of the folder are cut: a plan is a paragraph, not a chapter."""


@dataclass(frozen=True)
class View:
    """The words of one language, the city's units, and what the documents' edges show."""

    words: Words
    units: Units | None
    city: Mapping[str, str]
    synthetic: bool
    office: str = ""

    def unit(self, code: str) -> str:
        """A unit's name, a street's with its district's before it; an unknown code as it is."""
        units = {} if self.units is None else self.units.by_code
        return unit_name(code, units, self.words.lang)

    def names(self, codes: Iterable[str]) -> str:
        return self.words("join").join(self.unit(code) for code in codes) or self.words("none")

    def text(self, titles: Mapping[str, str]) -> str:
        return clean(self.words.title(titles, ""), MAX_TEXT)

    def day(self, when: date | None) -> str:
        return self.words("none") if when is None else day(when, self.words)

    def month(self, label: str) -> str:
        return period_label(label, self.words)

    def percent(self, value: Fraction | None, decimals: int = 1) -> str:
        return self.words("none") if value is None else percent(value, decimals)

    def content(
        self,
        title: str,
        sections: Iterable[Section],
        sheets: tuple[Table, ...] = (),
        *,
        signed: bool = False,
    ) -> Content:
        """A document with the usual edges: mark, contents and, where it is signed, the office."""
        from jiesu.briefing.content import numbered

        words = self.words
        city = clean(words.title(self.city, ""))
        return Content(
            lang=words.lang,
            title=title,
            mark=words("synthetic") if self.synthetic else "",
            sections=numbered(sections, words),
            sheets=sheets,
            office=office_line(self.office, city, words) if signed else "",
            ui=words.ui(),
        )


def number(value: Fraction, decimals: int = 2) -> str:
    """A figure as people write it: whole where it is whole, else with so many decimals."""
    if value.denominator == 1:
        return f"{value.numerator:,}"
    return f"{rounded(value, decimals):,f}"


def share_cell(value: Fraction | None, none: str, decimals: int = 1) -> Cell:
    """A share in 0..1 as a percentage without its sign, which the head has."""
    if value is None:
        return Cell(none)
    return Cell(percent(value, decimals).removesuffix("%"), rounded(value, 6), "percent")


def count_cell(n: int) -> Cell:
    return Cell(f"{n:,}", n, "integer")


def score_cell(value: Decimal | None, none: str) -> Cell:
    return Cell(none) if value is None else Cell(f"{value:f}", value, "decimal")


def column(
    words: Words, key: str, kind: Kind = "text", width: float = 4.0, *, decimals: int = 0
) -> Column:
    """A column whose head is the word `topics.column.KEY`."""
    centred = kind == "text" and width < SHORT
    return Column(key, words(f"topics.column.{key}"), kind, width, decimals, centred=centred)
