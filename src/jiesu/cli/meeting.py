"""`jiesu meeting`: what the terminal shows of a prepared review meeting."""

from datetime import UTC, datetime
from pathlib import Path

import typer

from jiesu.city.meeting_run import FORMATS, MeetingDone, MeetingOrder, hold
from jiesu.cli import options
from jiesu.cli.progress import progress_bar

SHOWN = 12
"""So many files are listed one by one."""


def meeting_command(
    folder: Path,
    period: str,
    *,
    out: Path | None,
    draft_only: bool,
    formats: str,
    lang: str,
    jobs: int | None,
    as_of: datetime | None,
) -> None:
    """Prepare a meeting; documents that could not be made end the command with exit code 1."""
    chosen = options.formats(formats, FORMATS)
    order = MeetingOrder(
        folder, period, out, options.language(lang), chosen, jobs, draft_only, as_of
    )
    with progress_bar("Preparing") as progress:
        prepared = hold(order, now=datetime.now(UTC), progress=progress)
    _show(prepared)
    if prepared.failed:
        raise typer.Exit(1)


def _show(prepared: MeetingDone) -> None:
    drafted = prepared.drafted
    if drafted is not None:
        typer.echo(f"Proposed: {drafted.path}")
        for line in drafted.difference:
            typer.echo(f"  {line}")
        if drafted.path.name.endswith(".proposed.toml"):
            typer.echo("The meeting's own file was not touched.")
        else:
            typer.echo("Edit it, remove the line `draft`, and run this command again.")
    if prepared.written:
        typer.echo(f"Papers: {prepared.n_made} made, {prepared.n_kept} were there already")
    for path in prepared.written[:SHOWN]:
        typer.echo(f"In place: {path}")
    if len(prepared.written) > SHOWN:
        last: Path = prepared.written[-1]
        typer.echo(f"... and {len(prepared.written) - SHOWN} more, the last {last}")
    for key, what in prepared.failed:
        typer.echo(f"jiesu: {key}: {what}", err=True)
