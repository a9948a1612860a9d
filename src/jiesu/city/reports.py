"""Making a daily, weekly or monthly report from a city folder.

Brings windows, counts and the running evaluation together; counts nothing itself. What a report
holds: docs/reports.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jiesu.city.folder import City, read_city
from jiesu.city.outputs import every_format, put_in_place, write_json
from jiesu.city.policies import load_policies
from jiesu.city.workspace import Progress, Workspace, job_of, opened
from jiesu.core.counts import Counts
from jiesu.core.facts import pooled
from jiesu.core.policy import Policy
from jiesu.core.problems import InputError, Problem
from jiesu.core.report_contract import report_document
from jiesu.core.reporting import (
    QUARTER,
    CallBacks,
    Kind,
    RankRow,
    Report,
    Span,
    Tally,
    Window,
    alerts,
    days_of,
    hours_of,
    span_of,
    tallies,
)
from jiesu.core.result import Evaluation
from jiesu.core.scoring import Scale, figures
from jiesu.core.standings import Counted, standings

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from jiesu.evaluation.rhythm import Intake

FORMATS = ("html", "docx", "pdf")

DAYS_SHOWN = 28
"""So many days of intake stand before the end of a daily or weekly report."""

RANKS_SHOWN = 7
"""At so many cut hours the ranks of the last units are given."""

STEPS = ("called_back", "contacted", "resolved")
DISSATISFIED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Made:
    """A report and the files that were written of it."""

    report: Report
    written: tuple[Path, ...]


def make_report(
    folder: Path,
    kind: Kind,
    day: date,
    *,
    now: datetime,
    out: Path | None = None,
    lang: str = "",
    formats: Sequence[str] = FORMATS,
    progress: Progress | None = None,
) -> Made:
    """Make the report of a date and write its documents and `report.json`.

    All files appear together; documents of an earlier run in other formats go. Raises InputError
    for bad input, for a window without cases, and where nothing can be written.
    """
    from jiesu.briefing.report_content import report_content
    from jiesu.briefing.write import write_document

    city = read_city(folder)
    out = out or folder / "out" / "reports" / f"{kind}-{day}"
    job = replace(job_of(folder, _label(city, kind, day)), out=out)
    with opened(job, now=now, progress=progress) as workspace:
        report = report_of(workspace, city, kind, day)
        content = report_content(report, lang or city.language, office=city.office)
        made = [
            *write_document(content, workspace.folder, "report", formats),
            write_json(report_document(report), workspace.folder / "report.json"),
        ]
        written = put_in_place(made, out, stale=every_format("report"))
    return Made(report, written)


def _label(city: City, kind: Kind, day: date) -> str:
    """The assessment month that a report is about, by the months of the newest policy."""
    versions = load_policies(city.policies)
    newest = max(versions, key=lambda version: version.valid_from or date.min)
    return span_of(kind, day, newest.period.months(city.zone), city.reports).period.label


def report_of(workspace: Workspace, city: City, kind: Kind, day: date) -> Report:
    """The report of a date from an opened workspace. Raises InputError without cases in it."""
    from jiesu.evaluation.rhythm import opened_cases

    policy, period = workspace.period(workspace.job.period)
    span = span_of(kind, day, period.rule, city.reports)
    running = None if kind == "monthly" else _running(workspace, span)
    with opened_cases(workspace.files, workspace.job.engine, workspace.folder) as cases:
        return _Maker(workspace, city, policy, span, running, cases).report()


def _running(workspace: Workspace, span: Span) -> Evaluation | None:
    """The month as it stands; `None` where no case falls in it yet."""
    try:
        return workspace.evaluation(span.period.label, span.as_of, measured=False)
    except InputError:
        return None


@dataclass(frozen=True)
class _Maker:
    """Counts what one report needs, step by step."""

    workspace: Workspace
    city: City
    policy: Policy
    span: Span
    running: Evaluation | None
    cases: "ir.Table"

    @property
    def zone(self) -> ZoneInfo:
        return self.span.period.rule.zone

    def report(self) -> Report:
        from jiesu.evaluation.rhythm import intake, open_by_unit, time_span

        span, policy, rules = self.span, self.policy, self.city.reports
        known = time_span(self.cases)
        windows = [span.window, span.before, *span.usual]
        came = intake(self.cases, windows, policy, span.as_of)
        here, before = came[span.window], came[span.before]
        if known is None or not here.n:
            raise InputError(self._nothing_there(known))
        first = known[0]
        n_running, n_previous = self._running_intake(first)
        callbacks, callbacks_before, dissatisfied = self._callbacks()
        days, hours = self._rhythm(first)
        moments, ranks = self._ranks()
        open_cases, has_due = open_by_unit(
            self.cases, span.as_of, timedelta(hours=rules.soon_hours)
        )
        watched, enterprise = self._watched()
        usual = [came[window] for window in span.usual if _reaches(first, window)]
        units = self.workspace.roster.units
        return Report(
            span=span,
            rules=rules,
            city=self.city.name,
            synthetic=self.city.synthetic,
            policy=(policy.name, policy.version, policy.digest),
            rates=policy.rates,
            n=here.n,
            n_before=before.n if _reaches(first, span.before) else None,
            n_excluded=here.excluded,
            n_repeats=here.repeats,
            n_running=n_running,
            n_previous=n_previous,
            by={column: tallies(here.by[column], before.by[column]) for column in here.by},
            watched=watched,
            enterprise=enterprise,
            callbacks=callbacks,
            callbacks_before=callbacks_before,
            running=self.running,
            moments=moments,
            ranks=ranks,
            days=days,
            hours=hours,
            alerts=alerts(_against(here, usual), rules),
            has_usual=len(usual) > 1,
            open=open_cases,
            has_due=has_due,
            dissatisfied=dissatisfied,
            funnel=self._funnel() if span.kind == "monthly" else (),
            units={} if units is None else units.by_code,
            lacking=_lacking(due=has_due, callbacks=callbacks, enterprise=enterprise),
        )

    def _nothing_there(self, known: Window | None) -> Problem:
        start, end = self.span.window
        what = f"no case came in from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
        there = "there is no case at all"
        if known is not None:
            low, high = (moment.astimezone(self.zone) for moment in known)
            there = f"the input goes from {low:%Y-%m-%d} to {high:%Y-%m-%d}: choose a date in it"
        return Problem("--date", str(self.span.day), what, there)

    def _running_intake(self, first: datetime) -> tuple[int, int | None]:
        from jiesu.evaluation.rhythm import intake

        span = self.span
        windows = [span.running]
        if span.previous[0] < span.previous[1]:
            windows.append(span.previous)
        found = intake(self.cases, windows, self.policy, span.as_of)
        reaches = span.previous in found and _reaches(first, span.previous)
        return found[span.running].n, found[span.previous].n if reaches else None

    def _callbacks(
        self,
    ) -> tuple[CallBacks | None, CallBacks | None, tuple[tuple[str, int, int], ...]]:
        """Rates of the call-backs made in the window and before it, and who disappointed most."""
        from jiesu.evaluation.rhythm import called_back

        span, policy = self.span, self.policy
        here, before = called_back(self.cases, [span.window, span.before], policy, span.as_of)
        disappointed = []
        for unit, joint in here.lead.items():
            counted = joint.without("excluded")
            n = counted.count("called_back", "dissatisfied")
            if unit is not None and n:
                disappointed.append((unit, n, counted.count("called_back")))
        disappointed.sort(key=lambda row: (-row[1], row[2], row[0]))
        shown = tuple(disappointed[:DISSATISFIED_SHOWN])
        return _rates(here, policy), _rates(before, policy), shown

    def _rhythm(
        self, first: datetime
    ) -> tuple[tuple[tuple[date, int], ...], Mapping[tuple[int, int], int]]:
        """Intake by day, from the first day that the data have, and by hour of the window."""
        from jiesu.evaluation.rhythm import by_quarter

        span, zone = self.span, self.zone
        start, end = span.window
        hour, day = start.hour, end.date() - timedelta(DAYS_SHOWN)
        if span.kind == "monthly":
            hour, day = 0, start.date()
        day = max(day, first.astimezone(zone).date())
        n = (end.date() - day).days
        begun = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
        quarters = by_quarter(self.cases, (min(begun, start), end), self.policy, span.as_of)
        low = int(start.timestamp()) // QUARTER
        inside = ((quarter, n) for quarter, n in quarters.items() if quarter >= low)
        return days_of(quarters, day, n, hour, zone), hours_of(inside, zone)

    def _ranks(self) -> tuple[tuple[datetime, ...], tuple[RankRow, ...]]:
        """The ranks of the last units of the first group, as they stood at each cut hour."""
        from jiesu.evaluation.rhythm import as_they_stood

        running, span = self.running, self.span
        if running is None or not running.groups:
            return (), ()
        ranked = [unit for unit in running.groups[0].units if unit.rank is not None]
        last = ranked[-self.city.reports.ends :]
        end = span.window[1]
        moments = tuple(
            moment
            for back in range(RANKS_SHOWN - 1, -1, -1)
            if (moment := _earlier(end, back)) > span.period.start
        )
        counted = as_they_stood(self.cases, self.policy, span.period.start, moments)
        found = [
            standings(self.policy, self.workspace.roster, Counted(span.period, (counts,)))
            for counts in counted
        ]
        rows = tuple(
            RankRow(
                unit.unit,
                unit.name,
                unit.parent,
                tuple(at[unit.unit].rank if unit.unit in at else None for at in found),
            )
            for unit in last
        )
        return moments, rows

    def _watched(self) -> tuple[tuple[Tally, ...], Tally | None]:
        from jiesu.evaluation.rhythm import named, watched

        span, rules = self.span, self.city.reports
        windows = [span.before, span.window]
        found = watched(self.cases, windows, self.policy, span.as_of, rules.watch)
        tallied = tuple(
            Tally(word, n, before)
            for word, (before, n) in zip(rules.watch, found, strict=True)
            if n or before
        )
        before, n = named(self.cases, windows, self.policy, span.as_of, rules.enterprise)
        return tallied, Tally("", n, before) if n or before else None

    def _funnel(self) -> tuple[tuple[str, int], ...]:
        """The cases of the month from demand to satisfied caller, as far as the policy counts."""
        from jiesu.evaluation.counts import Question, count
        from jiesu.evaluation.facts import facts_of

        question = Question(self.policy, self.span.as_of, "unit")
        [counts] = count(self.cases, [self.span.window], question)
        joint = pooled(counts.lead.values())
        rest = joint.without("excluded")
        steps = [("created", joint.count("created")), ("counted", rest.count("created"))]
        known = facts_of(self.policy)
        steps += [(fact, rest.count(fact)) for fact in STEPS if fact in known]
        if "satisfied" in known:
            pleased = rest.count("satisfied") + rest.count("fairly_satisfied")
            steps.append(("pleased", pleased))
        return tuple(steps)


def _lacking(**there: object) -> tuple[str, ...]:
    """The names of what the data do not have."""
    return tuple(name for name, found in there.items() if not found)


def _reaches(first: datetime, window: Window) -> bool:
    """Whether the data go back to a window's begin, give or take a 24th of it."""
    start, end = window
    return first < start + (end - start) / 24


def _earlier(moment: datetime, days: int) -> datetime:
    """The same local hour some days before."""
    day = moment.date() - timedelta(days)
    return moment.replace(year=day.year, month=day.month, day=day.day)


def _rates(counts: Counts, policy: Policy) -> CallBacks | None:
    joint = pooled(counts.lead.values())
    weights = {rate.key: rate.weight for rate in policy.rates}
    scale = Scale(policy.rates, weights, policy.decimals, None)
    found = CallBacks(figures(joint.without("excluded"), scale), figures(joint, scale))
    return found if joint.count("called_back") and found.n else None


def _against(here: "Intake", usual: Sequence["Intake"]) -> dict[str, dict[str, list[int]]]:
    """Counts now and in the usual stretches, of all categories and places of any of them."""
    stretches = [here, *usual]
    return {
        column: {
            value: [one.by[column].get(value, 0) for one in stretches]
            for value in {value: None for one in stretches for value in one.by[column]}
        }
        for column in ("category_1", "category_2", "place")
    }
