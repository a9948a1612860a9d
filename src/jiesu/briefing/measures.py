"""Outside measures in a bulletin: values with their unit of measure, period, span and source.

Final figures in words; ranks and values are made in `core.measure_lists`.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from hashlib import sha256

from jiesu.briefing.labels import Words
from jiesu.briefing.scene import Scene
from jiesu.briefing.wording import clean, day, period_label, raised
from jiesu.core.measures import MeasureTable
from jiesu.core.result import NamedList

WEAK = "*"
SHORT_DIGEST = 12


def table_of_list(scene: Scene, named: NamedList) -> MeasureTable | None:
    return scene.evaluation.measures.get(named.measure)


def measured(table: MeasureTable | None, value: Decimal, weak: bool, words: Words) -> str:
    """A printed figure with its unit of measure, and the mark of one that stands on few data."""
    mark = WEAK if weak else ""
    if table is None:
        return f"{value:,f}{mark}"
    unit = clean(words.title(table.measure.measured_in, ""))
    if unit in ("%", ""):
        return f"{value:,f}{unit}{mark}"
    return words("measures.value", value=f"{value:,f}", unit=unit) + mark


def column_title(table: MeasureTable, words: Words) -> str:
    """What stands over the values: the unit of measure, for the list's title names the measure."""
    return clean(words.title(table.measure.measured_in, "")) or words("column.value")


def list_note(scene: Scene, named: NamedList) -> str:
    """When the figures of a list are about and where they come from; empty for other lists."""
    table, words = table_of_list(scene, named), scene.words
    if table is None or not named.available:
        return ""
    note = words(
        "measures.note",
        title=_title(table, words),
        when=_when(table, words),
        source=clean(table.measure.source, 200),
    )
    marks = [words("measures.weak")] if any(unit.weak for unit in named.units) else []
    return words("join.sentences").join([note, *marks])


def measure_facts(scene: Scene) -> Iterator[tuple[str, str]]:
    """For each measure of the lists: what it is about, its source, the digest of its files."""
    words = scene.words
    for table in scene.evaluation.measures.values():
        # One for all files, order and names left aside, as for the cases.
        joined = "\n".join(sorted(file.sha256 for file in table.files))
        digest = sha256(joined.encode()).hexdigest()[:SHORT_DIGEST] if table.files else ""
        text = words(
            "measures.source.text" if digest else "measures.source.bare",
            when=_when(table, words),
            source=clean(table.measure.source, 200),
            digest=digest,
        )
        yield words("measures.source", title=_title(table, words)), text


def _title(table: MeasureTable, words: Words) -> str:
    return raised(clean(words.title(table.measure.title, table.measure.key)))


def _when(table: MeasureTable, words: Words) -> str:
    """The days where they are known, else the period."""
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", table.span)
    if match:
        first, last = (day(date.fromisoformat(text), words) for text in match.groups())
        return words("measures.span", first=first, last=last)
    if match := re.fullmatch(r"(\d{4})-Q([1-4])", table.period):
        return words("measures.quarter", year=match[1], n=match[2])
    if re.fullmatch(r"\d{4}", table.period):
        return words("period.year", year=table.period, n=0, month="")
    return period_label(table.period, words)
