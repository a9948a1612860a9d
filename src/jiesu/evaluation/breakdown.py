"""A period's cases by unit and category, month, place, caller: what a health check counts.

For all units at once, one pass a question. Only integers leave this module, with the numbers of
the oldest unsolved cases; callers are counted and never named. Divides nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from jiesu.core.breakdown import OpenCase, Recurrence, Repeats, UnitBreakdown, months_open
from jiesu.core.case_table import CATEGORIES, LIST_SEPARATOR
from jiesu.core.facts import Joint, pooled, shared
from jiesu.core.policy import Policy
from jiesu.core.topics import CategoryPath, category_path
from jiesu.evaluation.counts import Question, Window, in_windows
from jiesu.evaluation.engines import (
    DEFAULT,
    counted_by_sets,
    open_cases,
    open_engine,
    rows,
    small_table,
)
from jiesu.evaluation.facts import bears, facts_of, happened, holds, instant, mask

Cells = dict[int, int]


@dataclass(frozen=True, slots=True)
class BreakdownQuestion:
    """What is counted, as of when, in which stretches of time (a period's months, oldest first).

    `below` gives for each unit its own code and those of all units below it; empty where there is
    no units file. A caller is a repeat caller from `repeat_from` demands on; so many `places` and
    `unsolved` cases are listed for a unit; `label` is one that cases may bear.
    """

    policy: Policy
    as_of: datetime
    zone: ZoneInfo
    windows: tuple[Window, ...]
    below: Mapping[str, Sequence[str]]
    repeat_from: int
    places: int
    unsolved: int
    label: str
    engine: str = DEFAULT
    spill: Path | None = None


def break_down(files: Sequence[Path], ask: BreakdownQuestion) -> dict[str, UnitBreakdown]:
    """Each unit's counts, for the units that have cases; see `core.breakdown`."""
    with _opened(files, ask) as (engine, inside):
        categories, months = _joints(inside, ask)
        above = _with_units_above(engine, inside, ask)
        recurring = _recurring(above, ask)
        repeats = _repeats(above, ask)
        counts, listed = _unsolved(above, ask)
        exclusions = _exclusions(above, ask)
        labelled = _labelled(above, ask)
    return {
        unit: UnitBreakdown(
            categories=categories.get(unit, {}),
            months=tuple(months[unit]),
            recurrences=tuple(recurring.get(unit, ())),
            repeats=repeats.get(unit, Repeats(0, 0, 0)),
            unsolved=counts.get(unit, 0),
            open_cases=tuple(listed.get(unit, ())),
            exclusions=exclusions.get(unit, {}),
            labelled=labelled.get(unit, 0),
        )
        for unit in months
    }


@contextmanager
def _opened(
    files: Sequence[Path], ask: BreakdownQuestion
) -> Iterator[tuple[BaseBackend, ir.Table]]:
    engine = open_engine(ask.engine, ask.spill)
    try:
        question = Question(ask.policy, ask.as_of, "unit")
        yield engine, in_windows(open_cases(engine, files), ask.windows, question)
    finally:
        engine.disconnect()


# Joint tables --------------------------------------------------------------------------------


def _joints(
    inside: ir.Table, ask: BreakdownQuestion
) -> tuple[dict[str, dict[CategoryPath, Joint]], dict[str, list[Joint]]]:
    """By unit: the joint table of each category over the period, and of each month.

    Categories are weighted as the policy shares cases among lead and assist units; months count
    the cases that the unit leads, as volumes do.
    """
    policy = ask.policy
    facts = {*facts_of(policy), "due", "closed", "closed_on_time"}
    bits = mask(inside, policy, instant(ask.as_of), facts)
    table = inside.select(
        unit=inside.unit,
        **{level: inside[level] for level in CATEGORIES},
        stretch=inside.stretch,
        mask=bits,
    )
    lead: dict[str, dict[CategoryPath, Cells]] = {}
    by_month: dict[str, list[Cells]] = {}
    sets = (("unit", *CATEGORIES, "mask"), ("unit", "stretch", "mask"))
    for unit, one, two, three, stretch, cell, n in counted_by_sets(table, sets):
        if unit is None:
            continue
        if stretch is None:
            _add(lead, unit, category_path(one, two, three), cell, n)
        else:
            months = by_month.setdefault(unit, [{} for _ in ask.windows])
            months[stretch][cell] = n
    assist = _assisted(inside, bits, ask) if policy.assist_weight else {}
    own = {unit: _weighted(lead.get(unit, {}), assist.get(unit, {}), policy) for unit in by_month}
    own |= {unit: _weighted({}, found, policy) for unit, found in assist.items() if unit not in own}
    return _pooled_categories(own, ask), _pooled_months(by_month, ask)


def _assisted(
    inside: ir.Table, bits: ir.IntegerColumn, ask: BreakdownQuestion
) -> dict[str, dict[CategoryPath, Cells]]:
    marked = inside.mutate(mask=bits)
    helped = marked.mutate(helper=marked.assist_units.split(LIST_SEPARATOR).unnest())
    others = helped.filter((helped.helper != helped.unit).fill_null(True))
    found: dict[str, dict[CategoryPath, Cells]] = {}
    table = others.select("helper", *CATEGORIES, "mask")
    for unit, one, two, three, cell, n in counted_by_sets(table, [table.columns]):
        if unit is not None:
            _add(found, unit, category_path(one, two, three), cell, n)
    return found


def _add(
    table: dict[str, dict[CategoryPath, Cells]], unit: str, path: CategoryPath, cell: int, n: int
) -> None:
    cells = table.setdefault(unit, {}).setdefault(path, {})
    cells[cell] = cells.get(cell, 0) + n


def _weighted(
    lead: Mapping[CategoryPath, Cells], assist: Mapping[CategoryPath, Cells], policy: Policy
) -> dict[CategoryPath, Joint]:
    if not policy.assist_weight:
        return {path: Joint(cells) for path, cells in lead.items()}
    return {
        path: shared(
            Joint(lead.get(path, {})),
            Joint(assist.get(path, {})),
            policy.lead_weight,
            policy.assist_weight,
        )
        for path in {**lead, **assist}
    }


def _pooled_categories(
    own: Mapping[str, Mapping[CategoryPath, Joint]], ask: BreakdownQuestion
) -> dict[str, dict[CategoryPath, Joint]]:
    found = {unit: dict(table) for unit, table in own.items()}
    for unit, below in ask.below.items():
        parts = [own[code] for code in below if code in own]
        if len(below) > 1 and parts:
            paths = {path: None for part in parts for path in part}
            found[unit] = {
                path: pooled(part[path] for part in parts if path in part) for path in paths
            }
    return found


def _pooled_months(
    by_month: Mapping[str, Sequence[Cells]], ask: BreakdownQuestion
) -> dict[str, list[Joint]]:
    own = {unit: [Joint(cells) for cells in months] for unit, months in by_month.items()}
    found = dict(own)
    for unit, below in ask.below.items():
        parts = [own[code] for code in below if code in own]
        if len(below) > 1 and parts:
            found[unit] = [pooled(month) for month in zip(*parts, strict=True)]
    return found


# Places, callers, unsolved cases, exclusions -------------------------------------------------


def _with_units_above(engine: BaseBackend, inside: ir.Table, ask: BreakdownQuestion) -> ir.Table:
    """Each case once for its unit and once for each unit above: `counted_for`.

    A community or a caller may lie in several units below one, so that what is counted for those
    does not add up.
    """
    led = inside.filter(inside.unit.notnull())
    pairs = [(code, unit) for unit, below in ask.below.items() for code in below if code != unit]
    if not pairs:
        return led.mutate(counted_for=led.unit)
    codes, units = zip(*pairs, strict=True)
    above = small_table(engine, "units_above", {"code": codes, "counted_for": units})
    joined = led.join(above, led.unit == above.code).drop("code")
    return led.mutate(counted_for=led.unit).union(joined.select(*led.columns, "counted_for"))


def _recurring(above: ir.Table, ask: BreakdownQuestion) -> dict[str, list[Recurrence]]:
    """By unit the places and communities with most cases; a single case recurs nowhere."""
    place = ibis.coalesce(above.place, above.unit)
    counted = (
        above.select(unit=above.counted_for, place=place, community=above.community)
        .group_by(["unit", "place", "community"])
        .aggregate(n=lambda table: table.count())
        .filter(lambda table: table.n > 1)
    )
    order = [ibis.desc("n"), counted.place.asc(), counted.community.asc()]
    first = _first(counted, order, ask.places)
    found: dict[str, list[Recurrence]] = {}
    for unit, where, community, n, _ in first:
        found.setdefault(unit, []).append(Recurrence(where, community, int(n)))
    return found


def _first(table: ir.Table, order: Sequence[Any], n: int) -> list[tuple[Any, ...]]:
    """The first rows of each unit by an order that leaves no two alike, in that order."""
    window = ibis.window(group_by="unit", order_by=order)
    numbered = table.mutate(place_in_order=ibis.row_number().over(window))
    return sorted(rows(numbered.filter(numbered.place_in_order < n)), key=lambda row: row[-1])


def _repeats(above: ir.Table, ask: BreakdownQuestion) -> dict[str, Repeats]:
    known = above.filter(above.caller.notnull())
    by_caller = (
        known.group_by([known.counted_for, known.caller])
        .aggregate(n=lambda table: table.count())
        .group_by("counted_for")
        .aggregate(
            callers=lambda table: (table.n >= ask.repeat_from).sum(),
            demands=lambda table: ibis.ifelse(table.n >= ask.repeat_from, table.n, 0).sum(),
            known=lambda table: table.n.sum(),
        )
    )
    return {
        unit: Repeats(int(callers), int(demands), int(n))
        for unit, callers, demands, n in rows(by_caller)
    }


def _unsolved(
    above: ir.Table, ask: BreakdownQuestion
) -> tuple[dict[str, int], dict[str, list[OpenCase]]]:
    """How many cases of each unit are not solved as of the moment, and the oldest of them.

    Not solved: not closed, or the last valid answer says `no` or `partial`. Excluded and parked
    ones are left out.
    """
    as_of = instant(ask.as_of)
    answer = ibis.coalesce(above.final_resolved, above.callback_resolved)
    answered = holds(above, ask.policy, as_of, "called_back").fill_null(False)
    still = ~happened(above.closed_at, as_of) | (answered & answer.isin(["no", "partial"]))
    excluded = holds(above, ask.policy, as_of, "excluded").fill_null(False)
    parked = above.parked.fill_null(False)
    cases = above.filter(still.fill_null(False), ~excluded, ~parked).select(
        "case_id", *CATEGORIES, unit=above.counted_for, seconds=above.created_at.epoch_seconds()
    )
    counts = {
        unit: int(n)
        for unit, n in rows(cases.group_by("unit").aggregate(n=lambda table: table.count()))
    }
    listed: dict[str, list[OpenCase]] = {}
    order = [cases.seconds.asc(), cases.case_id.asc()]
    for case_id, one, two, three, unit, seconds, _ in _first(cases, order, ask.unsolved):
        months = months_open(datetime.fromtimestamp(int(seconds), UTC), ask.as_of, ask.zone)
        case = OpenCase(case_id, category_path(one, two, three), months)
        listed.setdefault(unit, []).append(case)
    return counts, listed


def _exclusions(above: ir.Table, ask: BreakdownQuestion) -> dict[str, dict[str | None, int]]:
    excluded = holds(above, ask.policy, instant(ask.as_of), "excluded").fill_null(False)
    table = above.filter(excluded).select("counted_for", "exclusion_reason")
    found: dict[str, dict[str | None, int]] = {}
    counted = counted_by_sets(table, [table.columns])
    for unit, reason, n in sorted(counted, key=lambda row: (row[0], row[1] or "")):
        found.setdefault(unit, {})[reason] = n
    return found


def _labelled(above: ir.Table, ask: BreakdownQuestion) -> dict[str, int]:
    """Cases that bear the label, as one of several."""
    if not ask.label:
        return {}
    table = above.filter(bears(above, ask.label)).select("counted_for")
    return dict(counted_by_sets(table, [table.columns]))
