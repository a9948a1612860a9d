"""Cases by label and place for the index: integers only.

Labels are the dimensions of 七有五性 (and others) that a source or its categories give to cases.
Divides nothing (see `core.index_cases`). Method: docs/methods/index.md §1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir

from jiesu.core.case_table import CATEGORIES, LIST_SEPARATOR
from jiesu.core.facts import Joint
from jiesu.core.index_cases import LabelCounts
from jiesu.core.policy import Policy, RateRule
from jiesu.evaluation.counts import Question, Window, in_windows
from jiesu.evaluation.engines import DEFAULT, counted_by_sets, open_cases, open_engine
from jiesu.evaluation.facts import instant, mask


@dataclass(frozen=True, slots=True)
class LabelQuestion:
    """What is counted: the facts of `rates` under a policy, as of when, in which windows.

    `labels` are those looked for. `by_category` gives labels to cases without any, by the
    beginning of their category's path; the longest beginning counts.
    """

    policy: Policy
    rates: tuple[RateRule, ...]
    as_of: datetime
    windows: tuple[Window, ...]
    labels: frozenset[str]
    by_category: Mapping[tuple[str, ...], tuple[str, ...]]
    engine: str = DEFAULT
    spill: Path | None = None


def count_labels(files: Sequence[Path], ask: LabelQuestion) -> list[LabelCounts]:
    """The cases of each window by label and place, in the windows' order, in one scan.

    The place is that of the case, else its district, else the unit that leads it.
    """
    engine = open_engine(ask.engine, ask.spill)
    try:
        table = _marked(open_cases(engine, files), ask)
        cells: list[dict[str, dict[str | None, dict[int, int]]]] = [{} for _ in ask.windows]
        n_cases, n_labelled = [0] * len(ask.windows), [0] * len(ask.windows)
        for place, labels, *path, stretch, bits, n in counted_by_sets(table, [table.columns]):
            n_cases[stretch] += n
            found = _labels(labels, path, ask)
            n_labelled[stretch] += n if found else 0
            for label in found:
                masks = cells[stretch].setdefault(label, {}).setdefault(place, {})
                masks[bits] = masks.get(bits, 0) + n
        return [
            LabelCounts(
                {
                    label: {place: Joint(masks) for place, masks in by_place.items()}
                    for label, by_place in by_label.items()
                },
                n_cases[index],
                n_labelled[index],
            )
            for index, by_label in enumerate(cells)
        ]
    finally:
        engine.disconnect()


def _marked(cases: ir.Table, ask: LabelQuestion) -> ir.Table:
    """Place, labels, category where it is needed, window and facts of each case."""
    inside = in_windows(cases, ask.windows, Question(ask.policy, ask.as_of, "unit"))
    facts = {"created", "excluded"}
    for rate in ask.rates:
        facts |= {rate.whole, *rate.part}
    levels = {}
    if ask.by_category:
        unlabelled = inside.labels.isnull() | (inside.labels == "")
        levels = {
            level: ibis.ifelse(unlabelled, inside[level], ibis.null("string"))
            for level in CATEGORIES
        }
    return inside.select(
        place=ibis.coalesce(inside.place, inside.district, inside.unit),
        labels=inside.labels,
        **levels,
        stretch=inside.stretch,
        mask=mask(inside, ask.policy, instant(ask.as_of), facts),
    )


def _labels(labels: str | None, path: Iterable[str | None], ask: LabelQuestion) -> frozenset[str]:
    """The labels looked for that a case bears, or that its category gives it."""
    if labels:
        return ask.labels.intersection(label.strip() for label in labels.split(LIST_SEPARATOR))
    known = tuple(level or "" for level in path)
    for length in range(len(known), 0, -1):
        if known[:length] in ask.by_category:
            return ask.labels.intersection(ask.by_category[known[:length]])
    return frozenset()
