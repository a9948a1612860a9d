"""`report.json`: what a report says, for other programs. Described in docs/reports.md.

Counts leave as integers and rates as decimal strings, never as floats.
"""

from collections.abc import Sequence
from typing import Any

from jiesu.core.reporting import CallBacks, OpenCases, Report, Tally, Window
from jiesu.core.result import Figures, Group
from jiesu.core.scoring import rounded

SCHEMA = "jiesu.report/1"

Json = dict[str, Any]


def report_document(report: Report) -> Json:
    """The report as plain values, ready for `json.dumps`."""
    span = report.span
    name, version, digest = report.policy
    running = report.running
    return {
        "schema": SCHEMA,
        "kind": span.kind,
        "date": span.day.isoformat(),
        "as_of": span.as_of.isoformat(),
        "city": dict(report.city),
        "synthetic": report.synthetic,
        "window": _window(span.window),
        "before": _window(span.before),
        "running": _window(span.running),
        "previous": _window(span.previous),
        "policy": {"name": name, "version": version, "digest": digest},
        "intake": {
            "n": report.n,
            "before": report.n_before,
            "excluded": report.n_excluded,
            "repeats": report.n_repeats,
            "running": report.n_running,
            "previous": report.n_previous,
        },
        "by": {column: _tallies(tallies) for column, tallies in report.by.items()},
        "watched": _tallies(report.watched),
        "enterprise": None if report.enterprise is None else _tallies([report.enterprise])[0],
        "callbacks": _callbacks(report.callbacks),
        "callbacks_before": _callbacks(report.callbacks_before),
        "period": span.period.label,
        "groups": [] if running is None else [_group(group) for group in running.groups],
        **_times(report),
        **_warnings(report),
        "dissatisfied": [
            {"unit": unit, "n": n, "called_back": whole} for unit, n, whole in report.dissatisfied
        ],
        "funnel": [{"step": step, "n": n} for step, n in report.funnel],
        "lacking": list(report.lacking),
    }


def _times(report: Report) -> Json:
    return {
        "ranks": {
            "moments": [moment.isoformat() for moment in report.moments],
            "units": [{"unit": row.unit, "ranks": list(row.ranks)} for row in report.ranks],
        },
        "days": [{"day": day.isoformat(), "n": n} for day, n in report.days],
        "hours": [
            {"weekday": weekday, "hour": hour, "n": n}
            for (weekday, hour), n in sorted(report.hours.items())
        ],
    }


def _warnings(report: Report) -> Json:
    return {
        "alerts": [
            {
                "column": alert.column,
                "value": alert.value,
                "n": alert.n,
                "usual": list(alert.usual),
                "chance": f"{alert.chance:f}",
            }
            for alert in report.alerts
        ],
        "open": {
            "has_due": report.has_due,
            **_open(report.open_total),
            "units": [
                {"unit": unit, **_open(cases)}
                for unit, cases in sorted(report.open.items(), key=lambda item: item[0] or "")
            ],
        },
    }


def _window(window: Window) -> Json:
    return {"start": window[0].isoformat(), "end": window[1].isoformat()}


def _tallies(tallies: Sequence[Tally]) -> list[Json]:
    return [{"value": one.value, "n": one.n, "before": one.before} for one in tallies]


def _callbacks(found: CallBacks | None) -> Json | None:
    if found is None:
        return None
    return {
        "n": found.n,
        "without": _figures(found.figures),
        "with": _figures(found.with_excluded),
    }


def _figures(figures: Figures) -> Json:
    return {
        "score": None if figures.score is None else f"{figures.score:f}",
        "rates": {
            key: {
                "whole": rate.whole,
                "value": None if rate.value is None else f"{rounded(rate.value, 6):f}",
            }
            for key, rate in figures.rates.items()
        },
    }


def _open(cases: OpenCases) -> Json:
    return {
        "n": cases.n,
        "overdue": cases.overdue,
        "soon": cases.soon,
        "parked": cases.parked,
        "excluded": cases.excluded,
    }


def _group(group: Group) -> Json:
    return {
        "key": group.key,
        "units": [
            {
                "unit": unit.unit,
                "name": unit.name,
                "parent": unit.parent,
                "rank": unit.rank,
                "volume": unit.volume,
                **_figures(unit.figures),
                "score": None if unit.score is None else f"{unit.score:f}",
            }
            for unit in group.units
        ],
    }
