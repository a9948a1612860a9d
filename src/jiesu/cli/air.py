"""`jiesu air`: the order from folder and options, and what the terminal shows of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from jiesu.city.air_files import Air, AirInputs, checked_air_rule
from jiesu.city.air_run import FORMATS, AirDone, AirOrder, air_order, run_air
from jiesu.cli import options
from jiesu.cli.progress import progress_bar
from jiesu.core.problems import InputError, Problem

NAMED = 8
"""So many stations or districts are named in a line."""


def air_command(
    *,
    files: tuple[str, ...],
    city: Path | None,
    stations: Path | None,
    until: str | None,
    period: str | None,
    out: Path | None,
    rules: Path | None,
    time_zone: str,
    formats: str,
    lang: str,
) -> None:
    last = None if until is None else options.day(until, "--until")
    if period is not None and (last is not None or city is None):
        what = "--period needs --city, and excludes --until"
        raise InputError(Problem("jiesu air", "", what, "leave one of them out"))
    if city is not None:
        if files or stations is not None or rules is not None:
            what = "--city and FILE, --stations or --rules exclude one another"
            raise InputError(Problem("jiesu air", "", what, "leave one of them out"))
        order = air_order(city, until=last, period=period)
    else:
        order = _order_without_folder(files, stations, last, out, rules, time_zone)
    if out is not None:
        order = replace(order, out=out)
    chosen = options.formats(formats, FORMATS)
    order = replace(order, lang=options.language(lang) or order.lang, formats=chosen)
    with progress_bar("Reading") as progress:
        done = run_air(order, progress)
    _show(done)


def _order_without_folder(
    files: tuple[str, ...],
    stations: Path | None,
    until: date | None,
    out: Path | None,
    rules: Path | None,
    time_zone: str,
) -> AirOrder:
    needed = {"FILE": files, "--stations": stations, "--until": until, "--out": out}
    missing = [name for name, value in needed.items() if not value]
    if missing or stations is None or until is None or out is None:
        what = f"without --city this is needed: {', '.join(missing)}"
        raise InputError(Problem("jiesu air", "", what, "add it, or name a city folder"))
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, OSError, ValueError):
        what, remedy = f"{time_zone[:40]!r} is no time zone", "write one such as Asia/Shanghai"
        raise InputError(Problem("--time-zone", "", what, remedy)) from None
    rule, problems = checked_air_rule(rules)
    if problems:
        raise InputError(problems)
    return AirOrder(AirInputs(files, stations, rule, zone), until, out, {})


def _show(done: AirDone) -> None:
    for line in _lines(done.air):
        typer.echo(line)
    for path in done.written:
        typer.echo(f"Written: {path}")


def _lines(air: Air) -> Iterator[str]:
    result, report = air.result, air.report
    yield f"Air from {result.first} to {result.until} ({result.counts.days} days)"
    yield (
        f"Rows {report.rows:,}, in the span {report.used:,}; of these values missing "
        f"{report.missing:,}, not believable {report.unbelievable:,}"
    )
    if report.repeated or report.conflicting:
        yield (
            f"Hours of stations that came again: {report.repeated:,} with the same values, "
            f"{report.conflicting:,} with another (of two files the later holds, within one the "
            "first row)"
        )
    if report.last is not None and report.last < result.until:
        yield f"The data end on {report.last}, before the last day"
    silent = [
        one.key for one in result.stations if not any(f.days_valid for f in one.figures.values())
    ]
    for title, names in (
        ("Stations in the data that the list lacks", list(result.unlisted)),
        ("Stations without a valid day", silent),
        ("Districts without a station", [d.name for d in result.districts if not d.stations]),
    ):
        if names:
            shown = ", ".join(options.plain(name) for name in names[:NAMED])
            more = f" … +{len(names) - NAMED}" if len(names) > NAMED else ""
            yield f"{title} ({len(names)}): {shown}{more}"
    for place in result.districts:
        figure = place.figures[result.headline]
        if figure.shown is not None:
            mark = " (low validity)" if figure.weak else ""
            yield f"{figure.rank:>4} {options.plain(place.name)} {figure.shown}{mark}"
