"""Cases by category, month, place and unit, and those that belong to a topic: integers only.

For monthly topics and governance (`core.selection`, `core.before_after`, `core.governance`).
Divides nothing. Reads case texts only to look for words in them; no text leaves this module.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TypeVar

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from jiesu.core.case_table import CATEGORIES
from jiesu.core.facts import Joint
from jiesu.core.policy import Policy, RateRule
from jiesu.core.problems import InputError, Problem
from jiesu.core.selection import CategoryCounts
from jiesu.core.topics import CategoryPath, Topic, category_path
from jiesu.evaluation.counts import Question, Window, in_windows
from jiesu.evaluation.engines import DEFAULT, counted_by_sets, open_cases, open_engine, open_texts
from jiesu.evaluation.facts import instant, mask

K = TypeVar("K")

TEXT_SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class CategoryQuestion:
    """What is counted: under which policy's `rate`, as of when, in which months, oldest first."""

    policy: Policy
    rate: RateRule
    as_of: datetime
    windows: tuple[Window, ...]
    engine: str = DEFAULT
    spill: Path | None = None


@dataclass(frozen=True, slots=True)
class TopicCounts:
    """By month: the joint table of each topic by its key, and all cases of the city.

    `paths` are the categories that any case has.
    """

    topics: tuple[dict[str, Joint], ...]
    volumes: tuple[int, ...]
    paths: frozenset[CategoryPath]


def count_topics(
    files: Sequence[Path],
    ask: CategoryQuestion,
    topics: Sequence[Topic],
    texts: Sequence[Path] = (),
) -> TopicCounts:
    """Each topic's cases month by month: those of its categories or with one of its words.

    `texts` are files with `case_id` and `text` (CSV or Parquet); without them words find nothing.
    Raises InputError where a text file cannot be read.
    """
    engine = open_engine(ask.engine, ask.spill)
    try:
        inside = _inside(open_cases(engine, files), ask)
        by_month, volumes = _by_month(inside, ask)
        found: list[dict[str, Joint]] = []
        for month in by_month:
            found.append({topic.key: _covered(month, topic) for topic in topics})
        with_words = [topic for topic in topics if topic.words] if texts else []
        if with_words:
            words = _texts(engine, texts)
            for topic in with_words:
                for index, joint in enumerate(_with_words(inside, words, topic, ask)):
                    found[index][topic.key] = joint
        paths = frozenset(path for month in by_month for path in month)
        return TopicCounts(tuple(found), volumes, paths)
    finally:
        engine.disconnect()


def count_categories(files: Sequence[Path], ask: CategoryQuestion) -> CategoryCounts:
    """The counts for the selection tests, over all months together and by month, in one scan."""
    engine = open_engine(ask.engine, ask.spill)
    try:
        inside = _inside(open_cases(engine, files), ask)
        table = _marked(inside, ask)
        sets = (
            (*CATEGORIES, "stretch", "mask"),
            (*CATEGORIES, "place", "mask"),
            (*CATEGORIES, "unit"),
        )
        months: list[dict[CategoryPath, dict[int, int]]] = [{} for _ in ask.windows]
        places: dict[CategoryPath, dict[str | None, dict[int, int]]] = {}
        units: dict[CategoryPath, dict[str | None, int]] = {}
        for one, two, three, stretch, place, unit, bits, n in counted_by_sets(table, sets):
            path = category_path(one, two, three)
            # Month and mask of a case are never null: a row without them is of another set.
            if stretch is not None:
                _add(months[stretch].setdefault(path, {}), bits, n)
            elif bits is not None:
                _add(places.setdefault(path, {}).setdefault(place, {}), bits, n)
            else:
                _add(units.setdefault(path, {}), unit, n)
        return CategoryCounts(
            months=tuple({path: Joint(cells) for path, cells in month.items()} for month in months),
            places={
                path: {place: Joint(cells) for place, cells in by_place.items()}
                for path, by_place in places.items()
            },
            units=units,
        )
    finally:
        engine.disconnect()


def count_places(files: Sequence[Path], ask: CategoryQuestion) -> list[dict[str | None, int]]:
    """Cases by place (by unit where the place is null), month by month."""
    engine = open_engine(ask.engine, ask.spill)
    try:
        inside = _inside(open_cases(engine, files), ask)
        table = inside.select(
            place=ibis.coalesce(inside.place, inside.unit), stretch=inside.stretch
        )
        found: list[dict[str | None, int]] = [{} for _ in ask.windows]
        for place, stretch, n in counted_by_sets(table, [table.columns]):
            found[stretch][place] = n
        return found
    finally:
        engine.disconnect()


def _inside(cases: ir.Table, ask: CategoryQuestion) -> ir.Table:
    return in_windows(cases, ask.windows, Question(ask.policy, ask.as_of, "unit"))


def _mask(cases: ir.Table, ask: CategoryQuestion) -> ir.IntegerColumn:
    """Only the facts of the one rate: fewer cells for a count by place."""
    facts = {"created", "excluded", ask.rate.whole, *ask.rate.part}
    return mask(cases, ask.policy, instant(ask.as_of), facts)


def _marked(inside: ir.Table, ask: CategoryQuestion) -> ir.Table:
    return inside.select(
        **{level: inside[level] for level in CATEGORIES},
        stretch=inside.stretch,
        place=ibis.coalesce(inside.place, inside.unit),
        unit=inside.unit,
        mask=_mask(inside, ask),
    )


def _by_month(
    inside: ir.Table, ask: CategoryQuestion
) -> tuple[list[dict[CategoryPath, dict[int, int]]], tuple[int, ...]]:
    table = _marked(inside, ask).drop("place", "unit")
    months: list[dict[CategoryPath, dict[int, int]]] = [{} for _ in ask.windows]
    volumes = [0] * len(ask.windows)
    for one, two, three, stretch, bits, n in counted_by_sets(table, [table.columns]):
        _add(months[stretch].setdefault(category_path(one, two, three), {}), bits, n)
        volumes[stretch] += n
    return months, tuple(volumes)


def _covered(month: dict[CategoryPath, dict[int, int]], topic: Topic) -> Joint:
    cells: dict[int, int] = {}
    for path, counted in month.items():
        if topic.covers(path):
            for bits, n in counted.items():
                _add(cells, bits, n)
    return Joint(cells)


def _with_words(
    inside: ir.Table, texts: ir.Table, topic: Topic, ask: CategoryQuestion
) -> list[Joint]:
    """The cases of a topic's categories and those in whose text one of its words stands."""
    says = reduce(or_, (texts.text.contains(word) for word in topic.words))
    named = texts.filter(says).select("case_id").distinct()
    chosen = inside.case_id.isin(named.case_id)
    for path in topic.categories:
        levels = zip(CATEGORIES, path, strict=False)
        branch = reduce(lambda a, b: a & b, (inside[level] == word for level, word in levels))
        chosen = chosen | branch.fill_null(False)
    cases = inside.filter(chosen)
    table = cases.select(stretch=cases.stretch, mask=_mask(cases, ask))
    cells: list[dict[int, int]] = [{} for _ in ask.windows]
    for stretch, bits, n in counted_by_sets(table, [table.columns]):
        cells[stretch][bits] = n
    return [Joint(month) for month in cells]


def _texts(engine: BaseBackend, files: Sequence[Path]) -> ir.Table:
    """The case texts of all files as one table of `case_id` and `text`."""
    parts = []
    for file in files:
        table = open_texts(engine, file)
        if missing := [name for name in ("case_id", "text") if name not in table.columns]:
            what = f"the column {missing[0]} is missing"
            raise InputError(Problem(file.name, "line 1", what, "the columns are case_id,text"))
        parts.append(table.select("case_id", "text").cast({"case_id": "string", "text": "string"}))
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _add(table: dict[K, int], key: K, n: int) -> None:
    table[key] = table.get(key, 0) + n
