"""One period's evaluation over canonical case files: what to count, and with what to compare.

Decides `as_of`, the stretches of time to be counted and the months at hand; the counting is
in `counts`, the arithmetic in `core.assessment`. Reads only Parquet that `sources` has checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import ibis.expr.types as ir
import pyarrow.parquet as pq

from jiesu.core.assessment import Counted, Roster, assess
from jiesu.core.case_table import COLUMNS
from jiesu.core.counts import Counts
from jiesu.core.period import MONTHS_IN, Period, month_period
from jiesu.core.policy import Policy
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import Evaluation, Input
from jiesu.evaluation.counts import Question, Window, count, unit_names
from jiesu.evaluation.engines import DEFAULT, open_cases, open_engine, rows

MONTHS_IN_PATHS = 12

GROUPING_COLUMNS = tuple(column.name for column in COLUMNS if column.kind == "text")
"""The columns whose values may stand for units (`--group-by`)."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to evaluate. `as_of` `None` means the latest time in the input, never after `now`."""

    policy: Policy
    period: Period
    roster: Roster
    now: datetime
    as_of: datetime | None = None
    group_by: str = "unit"
    engine: str = DEFAULT


def evaluate(
    files: Sequence[Path],
    request: Request,
    source: Input,
    *,
    city: Mapping[str, str],
    synthetic: bool = False,
) -> Evaluation:
    """Evaluate a period over canonical Parquet files.

    Raises InputError when no case falls in the period.
    """
    policy, period = request.policy, request.period
    cases = open_cases(open_engine(request.engine), files)
    first, last = _span(files, cases, policy.period.by)
    as_of = request.as_of or _latest(files, cases, request.now)
    if first is None or last is None or last < period.start or first >= period.end:
        raise InputError(_nothing_there(files, period, policy.period.by, first, last))

    wanted = _parts(period)
    previous = period.previous()
    reaches_back = first < previous.end
    path = _path_months(period, first)
    before_as_of = period.previous_as_of(as_of)
    same_day = before_as_of == as_of
    if reaches_back and same_day:
        wanted = [*_parts(previous), *wanted]
    counted = _count(cases, {*wanted, *path}, request, as_of)
    now = Counted(period, tuple(counted[part] for part in _parts(period)))
    if not now.whole.volume:
        raise InputError(_nothing_there(files, period, policy.period.by, first, last))
    before = None
    if reaches_back:
        if not same_day:
            earlier = _count(cases, set(_parts(previous)), request, before_as_of)
        else:
            earlier = counted
        before = Counted(previous, tuple(earlier[part] for part in _parts(previous)))
    has_before = before is not None and before.whole.volume > 0
    roster = request.roster
    if roster.units is None and _has_values(files, "unit_name"):
        names = unit_names(cases, request.group_by) if request.group_by == "unit" else {}
        roster = Roster(None, names, roster.lines)
    months = [Counted(month, (counted[month],)) for month in path if counted[month].volume]
    findings = assess(policy, roster, now, before if has_before else None, months)
    return Evaluation(
        period=period,
        previous_period=previous if has_before else None,
        as_of=as_of.astimezone(period.rule.zone),
        policy=policy,
        input=source,
        city=city,
        synthetic=synthetic,
        groups=findings.groups,
        lists=findings.lists,
        totals=findings.totals,
        paths=findings.paths,
        notes=tuple(_notes(period, previous if has_before else None, first, as_of)),
    )


def _parts(period: Period) -> list[Period]:
    return list(period.months()) or [period]


def _path_months(period: Period, first: datetime) -> list[Period]:
    """The months at hand that end with the period, at most twelve; a range has none."""
    months = period.months()
    if not months:
        return []
    end = period.first + MONTHS_IN[period.kind]
    begin = max(period.rule.month_of(first), end - MONTHS_IN_PATHS)
    return [month_period(period.rule, month) for month in range(begin, end)]


def _count(
    cases: ir.Table, periods: set[Period], request: Request, as_of: datetime
) -> dict[Period, Counts]:
    ordered = sorted(periods, key=lambda period: period.start)
    windows: list[Window] = [(period.start, period.end) for period in ordered]
    with_places = any(rule.kind in ("volume", "per_10000") for rule in request.policy.lists)
    question = Question(request.policy, as_of, request.group_by, with_places)
    return dict(zip(ordered, count(cases, windows, question), strict=True))


def _latest(files: Sequence[Path], cases: ir.Table, now: datetime) -> datetime:
    """The latest created, closed or call-back time in the input, never after `now`."""
    latest = [_span(files, cases, name)[1] for name in ("created_at", "closed_at", "callback_at")]
    return min(max(moment for moment in latest if moment is not None), now)


def _span(
    files: Sequence[Path], cases: ir.Table, column: str
) -> tuple[datetime | None, datetime | None]:
    """First and last value of a time column: from the files' statistics where they have them."""
    bounds: list[datetime] = []
    for file in files:
        metadata = pq.ParquetFile(file).metadata
        index = metadata.schema.to_arrow_schema().get_field_index(column)
        for group in range(metadata.num_row_groups):
            chunk = metadata.row_group(group).column(index)
            statistics = chunk.statistics
            if statistics is None or not (statistics.has_min_max or _all_null(statistics, chunk)):
                return _scanned_span(cases, column)
            if statistics.has_min_max:
                bounds += [statistics.min, statistics.max]
    return (min(bounds), max(bounds)) if bounds else (None, None)


def _all_null(statistics: pq.Statistics, chunk: pq.ColumnChunkMetaData) -> bool:
    return bool(statistics.has_null_count and statistics.null_count == chunk.num_values)


def _scanned_span(cases: ir.Table, column: str) -> tuple[datetime | None, datetime | None]:
    seconds = cases[column].epoch_seconds()
    [(low, high)] = rows(cases.aggregate(low=seconds.min(), high=seconds.max()))
    if low is None:
        return None, None
    return datetime.fromtimestamp(low, UTC), datetime.fromtimestamp(high, UTC)


def _has_values(files: Sequence[Path], column: str) -> bool:
    """Whether a column may hold a value, by the files' statistics."""
    for file in files:
        metadata = pq.ParquetFile(file).metadata
        index = metadata.schema.to_arrow_schema().get_field_index(column)
        for group in range(metadata.num_row_groups):
            chunk = metadata.row_group(group).column(index)
            if chunk.statistics is None or not _all_null(chunk.statistics, chunk):
                return True
    return False


def _nothing_there(
    files: Sequence[Path],
    period: Period,
    by: str,
    first: datetime | None,
    last: datetime | None,
) -> Problem:
    zone = period.rule.zone
    there = "no case has that time"
    if first is not None and last is not None:
        there = (
            f"the input's {by} goes from {first.astimezone(zone):%Y-%m-%d} "
            f"to {last.astimezone(zone):%Y-%m-%d}"
        )
    what = (
        f"no case falls in the period {period.label} "
        f"({period.start:%Y-%m-%d %H:%M} to {period.end:%Y-%m-%d %H:%M})"
    )
    return Problem("--period", period.label, what, f"{there}: choose a period within it")


def _notes(
    period: Period, previous: Period | None, first: datetime, as_of: datetime
) -> list[tuple[str, Mapping[str, str]]]:
    notes: list[tuple[str, Mapping[str, str]]] = []
    zone = period.rule.zone
    if period.is_running(as_of):
        notes.append(("running", {"as_of": f"{as_of.astimezone(zone):%Y-%m-%d %H:%M}"}))
    if previous is not None and (first - previous.start).days >= 1:
        notes.append(
            (
                "previous_partial",
                {"period": previous.label, "first": f"{first.astimezone(zone):%Y-%m-%d}"},
            )
        )
    return notes
