"""Group and add up: from canonical cases to integers by unit, place and stretch of time.

Only integers leave this module (`core.counts.Counts`). Stretches of time are disjoint and
sorted; a longer period is a sum of them. Divides nothing and ranks nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import ibis
import ibis.expr.types as ir

from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.counts import Counts
from jiesu.core.facts import Joint
from jiesu.core.policy import Policy
from jiesu.evaluation.engines import rows
from jiesu.evaluation.facts import as_seen, columns_for, facts_of, happened, instant, mask

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
    seen = _in_windows(cases, windows, question)
    policy = question.policy
    lead = _joints(seen, question, seen[question.group_by], len(windows))
    assist = [dict[str | None, Joint]() for _ in windows]
    if policy.assist_weight:
        helped = seen.mutate(helper=seen.assist_units.split(LIST_SEPARATOR).unnest())
        # A unit that leads a case has its part in it already.
        helped = helped.filter((helped.helper != helped.unit).fill_null(True))
        assist = _joints(helped, question, helped.helper, len(windows))
    places = _places(seen, question, len(windows))
    hours = _closing_hours(seen, question, len(windows))
    return [
        Counts(lead=lead[i], assist=assist[i], places=places[i], closing_hours=hours[i])
        for i in range(len(windows))
    ]


def _in_windows(cases: ir.Table, windows: Sequence[Window], question: Question) -> ir.Table:
    """The cases that fall in one of the windows and exist by `as_of`, with the window's number."""
    at = cases[question.policy.period.by]
    edges = sorted({moment.astimezone(UTC) for window in windows for moment in window})
    number = {start.astimezone(UTC): i for i, (start, _) in enumerate(windows)}
    branches = [(at < instant(after), number.get(before, -1)) for before, after in pairwise(edges)]
    inside = cases.filter(
        at >= instant(edges[0]),
        at < instant(edges[-1]),
        cases.created_at <= instant(question.as_of),
    )
    numbered = inside.mutate(window=ibis.cases(*branches, else_=-1).cast("int32"))
    has_gaps = any(number.get(edge) is None for edge in edges[:-1])
    return numbered.filter(numbered.window >= 0) if has_gaps else numbered


def _joints(
    seen: ir.Table, question: Question, unit: ir.StringColumn, n: int
) -> list[dict[str | None, Joint]]:
    """Joint tables of the facts by unit, for each window."""
    facts = facts_of(question.policy)
    columns = columns_for(facts)
    inputs = as_seen(seen, question.policy, instant(question.as_of), columns)
    distinct = (
        seen.select(unit=unit, window=seen.window, **inputs)
        .group_by(["unit", "window", *columns])
        .aggregate(n=lambda table: table.count())
    )
    by_mask = (
        distinct.select("unit", "window", "n", mask=mask(distinct, facts))
        .group_by(["unit", "window", "mask"])
        .aggregate(n=lambda table: table.n.sum())
    )
    found: list[dict[str | None, dict[int, int]]] = [{} for _ in range(n)]
    for code, window, bits, total in rows(by_mask):
        found[window].setdefault(code, {})[bits] = int(total)
    return [{code: Joint(cells) for code, cells in table.items()} for table in found]


def _places(seen: ir.Table, question: Question, n: int) -> list[dict[str | None, int]]:
    """Cases by place, by unit where the place is null."""
    found: list[dict[str | None, int]] = [{} for _ in range(n)]
    place = ibis.coalesce(seen.place, seen[question.group_by])
    counted = (
        seen.select(place=place, window=seen.window)
        .group_by(["place", "window"])
        .aggregate(n=lambda table: table.count())
    )
    for code, window, total in rows(counted):
        found[window][code] = int(total)
    return found


def _closing_hours(
    seen: ir.Table, question: Question, n: int
) -> list[dict[str | None, dict[int, int]]]:
    """Closed cases by whole hours from creation to closing, excluded cases left out."""
    found: list[dict[str | None, dict[int, int]]] = [{} for _ in range(n)]
    if question.policy.closing_time:
        excluded = as_seen(seen, question.policy, instant(question.as_of), ["excluded"])["excluded"]
        closed = seen.filter(
            happened(seen.closed_at, instant(question.as_of)),
            ~excluded,
            seen.closed_at >= seen.created_at,
        )
        seconds = closed.closed_at.epoch_seconds() - closed.created_at.epoch_seconds()
        counted = (
            closed.select(
                unit=closed[question.group_by],
                window=closed.window,
                hours=(seconds // 3600).cast("int64"),
            )
            .group_by(["unit", "window", "hours"])
            .aggregate(n=lambda table: table.count())
        )
        for code, window, hours, total in rows(counted):
            found[window].setdefault(code, {})[int(hours)] = int(total)
    return found


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
