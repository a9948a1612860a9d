"""`jiesu report`: daily, weekly and monthly reports."""

from datetime import UTC, datetime
from pathlib import Path

import typer

from jiesu.city.reports import FORMATS, make_report
from jiesu.cli import options
from jiesu.cli.progress import progress_bar
from jiesu.core.reporting import Kind


def report_command(
    kind: Kind, city: Path, date: str, out: Path | None, lang: str | None, formats: str
) -> None:
    with progress_bar("Reading", bytes_=True) as progress:
        made = make_report(
            city,
            kind,
            options.day(date, "--date"),
            now=datetime.now(UTC),
            out=out,
            lang=options.language(lang),
            formats=options.formats(formats, FORMATS),
            progress=progress,
        )
    report = made.report
    start, end = report.span.window
    typer.echo(f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}: {report.n:,} cases")
    total = report.open_total
    typer.echo(f"Open {total.n:,}, overdue {total.overdue:,}, soon due {total.soon:,}")
    for path in made.written:
        typer.echo(f"Written: {path}")
