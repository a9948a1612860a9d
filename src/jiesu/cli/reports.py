"""`jiesu report`: daily, weekly and monthly reports."""

from datetime import UTC, datetime
from datetime import date as Date
from pathlib import Path

import typer

from jiesu.city.reports import FORMATS, make_report
from jiesu.cli.progress import progress_bar
from jiesu.core.problems import InputError, Problem
from jiesu.core.reporting import Kind


def report_command(
    kind: Kind, city: Path, date: str, out: Path | None, lang: str | None, formats: str
) -> None:
    with progress_bar("Reading", bytes_=True) as progress:
        made = make_report(
            city,
            kind,
            _day(date),
            now=datetime.now(UTC),
            out=out,
            lang=lang or "",
            formats=_formats(formats),
            progress=progress,
        )
    report = made.report
    start, end = report.span.window
    typer.echo(f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}: {report.n:,} cases")
    total = report.open_total
    typer.echo(f"Open {total.n:,}, overdue {total.overdue:,}, soon due {total.soon:,}")
    for path in made.written:
        typer.echo(f"Written: {path}")


def _day(text: str) -> Date:
    try:
        day = Date.fromisoformat(text)
        if not 1900 < day.year < 2200:
            raise ValueError(text)
        return day
    except ValueError:
        what = f"{text[:40]!r} is not a day"
        raise InputError(Problem("--date", "", what, "write it as 2022-02-10")) from None


def _formats(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    for name in names:
        if name not in FORMATS:
            remedy = f"choose from: {', '.join(FORMATS)}"
            raise InputError(Problem("--formats", "", f"{name!r} is not a format", remedy))
    return names or FORMATS
