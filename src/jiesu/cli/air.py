"""`jiesu air`: the order from folder and options, and what the terminal shows of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from jiesu.city.air_files import Air, AirInputs, checked_air_rule
from jiesu.city.air_run import FORMATS, AirDone, AirOrder, air_order, run_air
from jiesu.city.workspace import LANGUAGES
from jiesu.cli.evaluate import check_choice
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
    last = _day(until)
    if city is not None:
        if files or stations is not None or rules is not None:
            what = "--city and FILE, --stations or --rules exclude one another"
            raise InputError(Problem("jiesu air", "", what, "leave one of them out"))
        order = air_order(city, until=last, period=period)
    else:
        order = _order_without_folder(files, stations, last, out, rules, time_zone)
    if out is not None:
        order = replace(order, out=out)
    if lang:
        order = replace(order, lang=lang)
    check_choice("--lang", order.lang, LANGUAGES)
    order = replace(order, formats=_formats(formats))
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


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
        if not 1900 <= day.year <= 2200:
            raise ValueError(text)
        return day
    except ValueError:
        what = f"{text[:40]!r} is not a day"
        raise InputError(Problem("--until", "", what, "write it as 2022-02-18")) from None


def _formats(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    for name in names:
        check_choice("--formats", name, FORMATS)
    return names or FORMATS


def _show(done: AirDone) -> None:
    for line in _lines(done.air):
        typer.echo(line)
    for path in done.written:
        typer.echo(f"Written: {path}")


def _lines(air: Air) -> Iterator[str]:
    result, report = air.result, air.report
    yield f"Air from {result.first} to {result.until} ({result.counts.days} days)"
    yield (
        f"Rows {report.rows:,}, in the span {report.used:,}; values missing {report.missing:,}, "
        f"not believable {report.unbelievable:,}"
    )
    if report.repeated or report.conflicting:
        yield (
            f"Hours that came again: {report.repeated:,} with the same value, "
            f"{report.conflicting:,} with another (the later file's holds)"
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
            shown = ", ".join(_plain(name) for name in names[:NAMED])
            more = f" … +{len(names) - NAMED}" if len(names) > NAMED else ""
            yield f"{title} ({len(names)}): {shown}{more}"
    for place in result.districts:
        figure = place.figures[result.headline]
        if figure.shown is not None:
            mark = " (low validity)" if figure.weak else ""
            yield f"{figure.rank:>4} {_plain(place.name)} {figure.shown}{mark}"


def _plain(name: str) -> str:
    """A name without characters that would steer the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
