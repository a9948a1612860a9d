"""Counting for reports through the month: intake by column and by time, open cases, call-backs.

Only integers leave this module. Rates, ranks and windows are in `core`.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ibis
import ibis.expr.types as ir

from jiesu.core.counts import Counts
from jiesu.core.policy import Policy
from jiesu.core.reporting import INSTANT, QUARTER, OpenCases
from jiesu.evaluation.counts import Question, Window, count, in_windows
from jiesu.evaluation.engines import counted_by_sets, open_cases, open_engine, rows
from jiesu.evaluation.facts import bears, happened, instant

COLUMNS = ("channel", "kind", "category_1", "category_2", "place", "exclusion_reason")
"""The columns by whose values the intake is counted; a reason counts where a case is excluded."""


@dataclass
class Intake:
    """The cases that came in during a stretch of time.

    `by` counts them by column and value; the empty value stands for none.
    """

    n: int = 0
    excluded: int = 0
    repeats: int = 0
    by: dict[str, dict[str, int]] = field(default_factory=lambda: {name: {} for name in COLUMNS})


@contextmanager
def opened_cases(files: Sequence[Path], engine_url: str, spill: Path) -> Iterator[ir.Table]:
    """The cases of canonical files, in an engine that is closed at the end.

    Raises InputError for a URL that names none (`evaluation.engines.open_engine`).
    """
    engine = open_engine(engine_url, spill)
    try:
        yield open_cases(engine, files)
    finally:
        engine.disconnect()


def _question(policy: Policy, as_of: datetime, by: str = "created_at") -> Question:
    """What is known at a moment of the cases by one of their times, whatever the policy's."""
    return Question(replace(policy, period=replace(policy.period, by=by)), as_of, "unit")


def intake(
    cases: ir.Table, windows: Iterable[Window], policy: Policy, as_of: datetime
) -> dict[Window, Intake]:
    """What came in during each of several disjoint stretches of time."""
    ordered = sorted(set(windows))
    inside = in_windows(cases, ordered, _question(policy, as_of))
    excluded = inside.excluded.fill_null(False)
    # A value that is null would look like a column that is not in the row's set.
    table = inside.select(
        stretch=inside.stretch,
        excluded=excluded,
        repeated=inside.repeat_of.notnull(),
        exclusion_reason=ibis.ifelse(excluded, inside.exclusion_reason, "").fill_null(""),
        **{name: inside[name].fill_null("") for name in COLUMNS[:-1]},
    )
    flags = ("stretch", "excluded", "repeated")
    sets = [flags, *(("stretch", name) for name in COLUMNS)]
    names = table.columns
    found = {window: Intake() for window in ordered}
    for *values, total in counted_by_sets(table, sets):
        row = dict(zip(names, values, strict=True))
        here = found[ordered[row["stretch"]]]
        if row["excluded"] is not None:
            here.n += total
            here.excluded += total if row["excluded"] else 0
            here.repeats += total if row["repeated"] else 0
        else:
            [name] = [name for name in COLUMNS if row[name] is not None]
            here.by[name][row[name]] = total
    return found


def named(
    cases: ir.Table,
    windows: Sequence[Window],
    policy: Policy,
    as_of: datetime,
    words: Sequence[str],
) -> list[int]:
    """The cases of each window of which the kind, a category or a label is one of the words."""
    ordered = sorted(windows)
    inside = in_windows(cases, ordered, _question(policy, as_of))
    hit = inside.kind.isin(words) | inside.category_1.isin(words) | inside.category_2.isin(words)
    for word in words:
        hit = hit.fill_null(False) | bears(inside, word)
    table = inside.select(stretch=inside.stretch, hit=hit.fill_null(False)).filter(ibis._.hit)
    numbers = [0] * len(ordered)
    for stretch, n in counted_by_sets(table.select("stretch"), [["stretch"]]):
        numbers[stretch] = n
    return [numbers[ordered.index(window)] for window in windows]


def watched(
    cases: ir.Table,
    windows: Sequence[Window],
    policy: Policy,
    as_of: datetime,
    words: Sequence[str],
) -> list[list[int]]:
    """By word, the cases of each window of which the main category is the word or a finer
    category's name holds it; each case once."""
    if not words:
        return []
    ordered = sorted(windows)
    inside = in_windows(cases, ordered, _question(policy, as_of))
    finer = inside.category_2.fill_null("") + "\n" + inside.category_3.fill_null("")
    hits = {
        f"word_{i}": (inside.category_1 == word).fill_null(False) | finer.contains(word)
        for i, word in enumerate(words)
    }
    table = inside.select(stretch=inside.stretch, **hits)
    found = [[0] * len(ordered) for _ in words]
    for stretch, *flags, n in counted_by_sets(table, [("stretch", name) for name in hits]):
        for i, flag in enumerate(flags):
            found[i][stretch] += n if flag else 0
    return [[numbers[ordered.index(window)] for window in windows] for numbers in found]


def by_quarter(cases: ir.Table, window: Window, policy: Policy, as_of: datetime) -> dict[int, int]:
    """The intake of a stretch of time by quarter hours since 1970."""
    inside = in_windows(cases, [window], _question(policy, as_of))
    table = inside.select(quarter=(inside.created_at.epoch_seconds() // QUARTER).cast("int64"))
    return dict(counted_by_sets(table, [["quarter"]]))


def open_by_unit(
    cases: ir.Table, as_of: datetime, soon: timedelta
) -> tuple[dict[str | None, OpenCases], bool]:
    """The cases that are open at a moment by unit, and whether any of them has a due time.

    Open: it came in and is not closed by then, and is neither excluded nor parked: those stand
    apart. Overdue: `due_at < as_of`; due soon: it is due from then on and before `as_of + soon`.
    """
    now = instant(as_of)
    still = cases.filter(cases.created_at <= now, ~happened(cases.closed_at, now))
    excluded = still.excluded.fill_null(False)
    table = still.select(
        unit=still.unit,
        excluded=excluded,
        parked=still.parked.fill_null(False) & ~excluded,
        has_due=still.due_at.notnull(),
        overdue=(still.due_at < now).fill_null(False),
        soon=((still.due_at >= now) & (still.due_at < instant(as_of + soon))).fill_null(False),
    )
    found: dict[str | None, OpenCases] = {}
    any_due = False
    for unit, is_excluded, is_parked, has_due, overdue, is_soon, n in counted_by_sets(
        table, [table.columns]
    ):
        if is_excluded or is_parked:
            more = OpenCases(excluded=n) if is_excluded else OpenCases(parked=n)
        else:
            any_due = any_due or has_due
            more = OpenCases(n, n if overdue else 0, n if is_soon else 0)
        found[unit] = found.get(unit, OpenCases()) + more
    return found, any_due


def called_back(
    cases: ir.Table, windows: Sequence[Window], policy: Policy, as_of: datetime
) -> list[Counts]:
    """The cases by the stretch of time in which they were called back."""
    ordered = sorted(windows)
    counts = count(cases, ordered, _question(policy, as_of, "callback_at"))
    found = dict(zip(ordered, counts, strict=True))
    return [found[window] for window in windows]


def as_they_stood(
    cases: ir.Table, policy: Policy, start: datetime, moments: Sequence[datetime]
) -> list[Counts]:
    """The counts of a period's cases since its start, as they were known at several moments.

    What is known changes with the moment, so that each is counted by itself; the engine reads
    only the row groups of the stretch.
    """
    return [
        count(cases, [(start, moment)], Question(policy, moment - INSTANT, "unit"))[0]
        for moment in moments
    ]


def time_span(cases: ir.Table) -> Window | None:
    """First and last time at which a case came in, to the second; `None` without cases."""
    seconds = cases.created_at.epoch_seconds()
    [(low, high)] = rows(cases.aggregate(low=seconds.min(), high=seconds.max()))
    if low is None:
        return None
    return datetime.fromtimestamp(low, UTC), datetime.fromtimestamp(high, UTC)
