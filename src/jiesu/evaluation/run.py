"""One period's evaluation over canonical case files: what to count, and with what to compare.

Decides `as_of`, the stretches of time to be counted and the months at hand; the counting is
in `counts`, the arithmetic in `core.assessment`. Reads only Parquet that `sources` has checked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import ibis.expr.types as ir
from ibis.backends import BaseBackend

from jiesu.core.assessment import Findings, assess
from jiesu.core.counts import Counts
from jiesu.core.measures import MeasureTable
from jiesu.core.period import MONTHS_IN, Period, month_period
from jiesu.core.policy import Policy
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import Evaluation, Input
from jiesu.core.roster import Roster, group_rules
from jiesu.core.standings import Counted
from jiesu.evaluation.counts import Question, Window, count, unit_names
from jiesu.evaluation.engines import DEFAULT, open_cases, open_engine, rows
from jiesu.evaluation.statistics import FileStatistics

MONTHS_IN_PATHS = 12

_KNOWN_BY = ("created_at", "closed_at", "callback_at")
"""The times that say how much is known: the latest of them is the default `as_of`."""

_TIMES = (*_KNOWN_BY, "due_at")


@dataclass(frozen=True, slots=True)
class Request:
    """What to evaluate.

    `as_of` `None` means the latest time in the input, never after `now`. `spill` is the folder
    for what the engine cannot hold in memory. `first` is the earliest time of a larger input of
    which the files are only what a period needs; `None` means the earliest in the files.
    `measures` are the outside measures at hand by key.
    """

    policy: Policy
    period: Period
    roster: Roster
    now: datetime
    as_of: datetime | None = None
    group_by: str = "unit"
    engine: str = DEFAULT
    spill: Path | None = None
    first: datetime | None = None
    measures: Mapping[str, MeasureTable] = field(default_factory=dict)


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
    engine = open_engine(request.engine, request.spill)
    try:
        return _evaluated(engine, files, request, source, city, synthetic)
    finally:
        engine.disconnect()


def _evaluated(
    engine: BaseBackend,
    files: Sequence[Path],
    request: Request,
    source: Input,
    city: Mapping[str, str],
    synthetic: bool,
) -> Evaluation:
    policy, period = request.policy, request.period
    if policy.assist_weight and request.group_by != "unit":
        what = "the policy shares cases among units, and these are no units"
        raise InputError(
            Problem("--group-by", request.group_by, what, "leave it out, or use another policy")
        )
    cases = open_cases(engine, files)
    known = FileStatistics(files)
    times = {name: _span(known, cases, name) for name in _TIMES}
    span = times[policy.period.by]
    as_of = request.as_of or _latest((times[name] for name in _KNOWN_BY), request.now)
    if span is None or span[1] < period.start or span[0] >= period.end:
        raise InputError(_nothing_there(period, policy.period.by, span, as_of))
    first = request.first or span[0]
    now, before, months = _counted(cases, request, as_of, first)
    if not now.whole.volume:
        raise InputError(_nothing_there(period, policy.period.by, span, as_of))
    roster = request.roster
    if roster.units is None and request.group_by == "unit" and known.may_have_values("unit_name"):
        roster = Roster(None, unit_names(cases, request.group_by), roster.lines)
    findings = assess(policy, roster, now, before, months, request.measures)
    previous = None if before is None else before.period
    return Evaluation(
        period=period,
        previous_period=previous,
        as_of=as_of.astimezone(period.rule.zone),
        policy=policy,
        input=source,
        city=city,
        synthetic=synthetic,
        groups=findings.groups,
        lists=findings.lists,
        totals=findings.totals,
        paths=findings.paths,
        notes=tuple(_notes(request, roster, previous, first, as_of, findings)),
        measures={
            rule.measure: request.measures[rule.measure]
            for rule in policy.lists
            if rule.measure in request.measures
        },
    )


def _counted(
    cases: ir.Table, request: Request, as_of: datetime, first: datetime
) -> tuple[Counted, Counted | None, list[Counted]]:
    """The period, the previous one where the input has cases of it, and the months at hand.

    One count serves all, unless the period is running: then the previous one is counted as it
    stood on the same day.
    """
    period, previous = request.period, request.period.previous()
    path = _path_months(period, first)
    wanted = {*_parts(period), *path}
    before_as_of = period.previous_as_of(as_of)
    reaches_back = first < previous.end
    if reaches_back and before_as_of == as_of:
        wanted |= set(_parts(previous))
    counted = _count(cases, wanted, request, as_of)
    now = Counted(period, tuple(counted[part] for part in _parts(period)))
    months = [Counted(month, (counted[month],)) for month in path if counted[month].volume]
    if not reaches_back:
        return now, None, months
    if before_as_of != as_of:
        counted = _count(cases, set(_parts(previous)), request, before_as_of)
    before = Counted(previous, tuple(counted[part] for part in _parts(previous)))
    return now, before if before.whole.volume else None, months


def counted_window(period: Period, first: datetime) -> Window:
    """From when to when an evaluation looks at cases: the period, those before it, the paths."""
    parts = [period, period.previous(), *_path_months(period, first)]
    return min(part.start for part in parts), period.end


def first_time(files: Sequence[Path], by: str) -> datetime | None:
    """The earliest time of the cases in a column by which periods are cut."""
    engine = open_engine(DEFAULT)
    try:
        span = _span(FileStatistics(files), open_cases(engine, files), by)
    finally:
        engine.disconnect()
    return None if span is None else span[0]


def known_until(files: Sequence[Path], now: datetime) -> datetime:
    """The latest time of the cases, never after `now`: what an evaluation takes for `as_of`."""
    engine = open_engine(DEFAULT)
    try:
        known, cases = FileStatistics(files), open_cases(engine, files)
        return _latest([_span(known, cases, name) for name in _KNOWN_BY], now)
    finally:
        engine.disconnect()


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
    question = Question(request.policy, as_of, request.group_by)
    return dict(zip(ordered, count(cases, windows, question), strict=True))


Span = tuple[datetime, datetime]


def _latest(spans: Iterable[Span | None], now: datetime) -> datetime:
    """The latest of several columns' last times, never after `now`."""
    return min(max(span[1] for span in spans if span is not None), now)


def _span(known: FileStatistics, cases: ir.Table, column: str) -> Span | None:
    """First and last value of a time column: from the files' statistics where they have them."""
    try:
        return known.span(column)
    except LookupError:
        pass
    seconds = cases[column].epoch_seconds()
    [(low, high)] = rows(cases.aggregate(low=seconds.min(), high=seconds.max()))
    if low is None:
        return None
    return datetime.fromtimestamp(low, UTC), datetime.fromtimestamp(high, UTC)


def _nothing_there(period: Period, by: str, span: Span | None, as_of: datetime) -> Problem:
    zone = period.rule.zone
    if as_of < period.start:
        what = (
            f"as of {as_of.astimezone(zone):%Y-%m-%d %H:%M} nothing of {period.label} has happened"
        )
        return Problem("--as-of", "", what, "choose a later time, or an earlier period")
    there = "no case has that time"
    if span is not None:
        first, last = (moment.astimezone(zone) for moment in span)
        there = f"the input's {by} goes from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    what = (
        f"no case falls in the period {period.label} "
        f"({period.start:%Y-%m-%d %H:%M} to {period.end:%Y-%m-%d %H:%M})"
    )
    return Problem("--period", period.label, what, f"{there}: choose a period within it")


def _notes(
    request: Request,
    roster: Roster,
    previous: Period | None,
    first: datetime,
    as_of: datetime,
    findings: Findings,
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What a reader must know of the input; the words for each key are in `briefing`."""
    policy, period = request.policy, request.period
    zone = period.rule.zone
    if period.is_running(as_of):
        yield "running", {"as_of": f"{as_of.astimezone(zone):%Y-%m-%d %H:%M}"}
    if previous is not None and (first - previous.start).days >= 1:
        begun = f"{first.astimezone(zone):%Y-%m-%d}"
        yield "previous_partial", {"period": previous.label, "first": begun}
    grouped = {kind for rule in group_rules(policy, roster.units) for kind in rule.kinds}
    if kinds := {unit.kind for unit in roster.units or () if unit.kind not in grouped}:
        yield "ungrouped_kinds", {"kinds": ", ".join(sorted(kinds))}
    if lapsed := findings.totals.lapsed:
        yield "lapsed_units", {"n": str(lapsed)}
    lines = [line for line in roster.lines if line.period == period.label]
    if unapproved := sum(not line.approval for line in lines):
        yield "unapproved_adjustments", {"n": str(unapproved)}
    units = [unit for group in findings.groups for unit in group.units if unit.adjustments]
    if capped := sum(
        sum(line.points for line in unit.adjustments) != unit.points for unit in units
    ):
        yield "capped_adjustments", {"n": str(capped)}
