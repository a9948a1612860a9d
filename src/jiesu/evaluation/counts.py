"""Group and add up: from canonical cases to integers by unit, place and stretch of time.

Only integers leave this module (`core.counts.Counts`). Stretches of time are disjoint and
sorted; a longer period is a sum of them. Divides nothing and ranks nothing.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import ibis
import ibis.expr.types as ir

from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.counts import Counts
from jiesu.core.facts import Joint
from jiesu.core.policy import Policy
from jiesu.evaluation.engines import counted_by_sets, rows
from jiesu.evaluation.facts import facts_of, happened, holds, instant, mask

Window = tuple[datetime, datetime]
"""A half-open stretch of time: start <= t < end, both aware."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be counted: under which policy, as of when, and by which units.

    `group_by` is the canonical column whose values are the units.
    """

    policy: Policy
    as_of: datetime
    group_by: str


def count(cases: ir.Table, windows: Sequence[Window], question: Question) -> list[Counts]:
    """The counts of each window, in the windows' order."""
    inside = in_windows(cases, windows, question)
    n = len(windows)
    with _collector_paused():
        lead, places = _lead_and_places(inside, question, n)
        assist = [dict[str | None, Joint]() for _ in windows]
        if question.policy.assist_weight:
            assist = _assist(inside, question, n)
        hours = _closing_hours(inside, question, n)
    return [Counts(lead[i], assist[i], places[i], hours[i]) for i in range(n)]


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Look for no cycles meanwhile: a year's rows hold none, and the search takes a tenth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def in_windows(cases: ir.Table, windows: Sequence[Window], question: Question) -> ir.Table:
    """The cases that fall in one of the windows and exist by `as_of`, with the window's number."""
    at = cases[question.policy.period.by]
    edges = sorted({moment.astimezone(UTC) for window in windows for moment in window})
    number = {start.astimezone(UTC): i for i, (start, _) in enumerate(windows)}
    stretches = [number.get(edge, -1) for edge in edges[:-1]]
    inside = cases.filter(
        at >= instant(edges[0]),
        at < instant(edges[-1]),
        cases.created_at <= instant(question.as_of),
    )
    numbered = inside.mutate(stretch=_stretch(at, edges, stretches).cast("int16"))
    return numbered.filter(numbered.stretch >= 0) if -1 in stretches else numbered


def _stretch(
    at: ir.TimestampColumn, edges: Sequence[datetime], numbers: Sequence[int]
) -> ir.IntegerValue:
    """The number of the stretch between two edges, by halving: four comparisons for a year."""
    if len(numbers) == 1:
        return ibis.literal(numbers[0])
    half = len(numbers) // 2
    return ibis.ifelse(
        at < instant(edges[half]),
        _stretch(at, edges[: half + 1], numbers[:half]),
        _stretch(at, edges[half:], numbers[half:]),
    )


def _lead_and_places(
    inside: ir.Table, question: Question, n: int
) -> tuple[list[dict[str | None, Joint]], list[dict[str | None, int]]]:
    """Joint tables of the facts by lead unit, and cases by place (by unit where it is null)."""
    unit = inside[question.group_by]
    table = inside.select(
        unit=unit,
        place=ibis.coalesce(inside.place, unit),
        stretch=inside.stretch,
        mask=_mask(inside, question),
    )
    cells: list[dict[str | None, dict[int, int]]] = [{} for _ in range(n)]
    places: list[dict[str | None, int]] = [{} for _ in range(n)]
    sets = (("unit", "stretch", "mask"), ("place", "stretch"))
    for code, place, window, bits, total in counted_by_sets(table, sets):
        # A mask is never null, so a row without one counts a place.
        if bits is None:
            places[window][place] = total
        else:
            cells[window].setdefault(code, {})[bits] = total
    return _as_joints(cells), places


def _assist(inside: ir.Table, question: Question, n: int) -> list[dict[str | None, Joint]]:
    """Joint tables of the facts by assist unit, where that unit does not lead the case."""
    marked = inside.mutate(mask=_mask(inside, question))
    helped = marked.mutate(helper=marked.assist_units.split(LIST_SEPARATOR).unnest())
    others = helped.filter((helped.helper != helped.unit).fill_null(True))
    table = others.select("helper", "stretch", "mask")
    return _as_joints(_histograms(table, n))


def _histograms(table: ir.Table, n: int) -> list[dict[str | None, dict[int, int]]]:
    """How often each number stands, by unit, for each window: from (unit, stretch, number)."""
    found: list[dict[str | None, dict[int, int]]] = [{} for _ in range(n)]
    for code, window, number, total in counted_by_sets(table, [table.columns]):
        found[window].setdefault(code, {})[number] = total
    return found


def _mask(cases: ir.Table, question: Question) -> ir.IntegerColumn:
    policy = question.policy
    return mask(cases, policy, instant(question.as_of), facts_of(policy))


def _as_joints(
    cells: Sequence[Mapping[str | None, Mapping[int, int]]],
) -> list[dict[str | None, Joint]]:
    return [{code: Joint(counts) for code, counts in table.items()} for table in cells]


def _closing_hours(
    inside: ir.Table, question: Question, n: int
) -> list[dict[str | None, dict[int, int]]]:
    """Closed cases by whole hours from creation to closing, excluded cases left out."""
    policy, as_of = question.policy, instant(question.as_of)
    if not policy.closing_time:
        return [{} for _ in range(n)]
    closed = inside.filter(
        happened(inside.closed_at, as_of),
        ~holds(inside, policy, as_of, "excluded").fill_null(False),
        inside.closed_at >= inside.created_at,
    )
    seconds = closed.closed_at.epoch_seconds() - closed.created_at.epoch_seconds()
    table = closed.select(
        unit=closed[question.group_by],
        stretch=closed.stretch,
        hours=(seconds // 3600).cast("int64"),
    )
    return _histograms(table, n)


def unit_names(cases: ir.Table, group_by: str) -> dict[str, str]:
    """The name that each unit bears most often; of equally frequent ones the latest."""
    named = cases.filter(cases.unit_name.notnull(), cases[group_by].notnull())
    counted = (
        named.select(unit=named[group_by], name=named.unit_name, created_at=named.created_at)
        .group_by(["unit", "name"])
        .aggregate(
            n=lambda table: table.count(),
            latest=lambda table: table.created_at.max().epoch_seconds(),
        )
    )
    best: dict[str, tuple[int, int, str]] = {}
    for unit, name, n, latest in rows(counted):
        best[unit] = max(best.get(unit, (0, 0, "")), (int(n), int(latest), name))
    return {unit: name for unit, (_, _, name) in best.items()}
