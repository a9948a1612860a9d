"""`jiesu checkup`: what the terminal shows of a run of health checks."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from jiesu.city.checkup_run import (
    FORMATS,
    CheckupDone,
    CheckupOrder,
    count_checkups,
    write_checkups,
)
from jiesu.cli import options
from jiesu.cli.progress import progress_bar
from jiesu.core.problems import InputError, Problem

SHOWN = 10
"""So many failures are told one by one."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of the command as they were given."""

    city: Path
    period: str
    unit: str | None
    all_units: bool
    out: Path | None
    before: Path | None
    formats: str
    lang: str
    jobs: int | None
    as_of: datetime | None


def checkup_command(choices: Choices) -> None:
    """Make health checks; those that could not be done end the command with exit code 1."""
    if (choices.unit is None) != choices.all_units:
        what, remedy = "either one unit or all", "write --unit CODE or --all"
        raise InputError(Problem("jiesu checkup", "", what, remedy))
    order = CheckupOrder(
        folder=choices.city,
        period=choices.period,
        unit=choices.unit,
        out=choices.out,
        lang=options.language(choices.lang),
        formats=options.formats(choices.formats, FORMATS),
        jobs=choices.jobs,
        before=choices.before,
        as_of=choices.as_of,
    )
    with progress_bar("Reading", bytes_=True) as progress:
        counts = count_checkups(order, now=datetime.now(UTC), progress=progress)
    with progress_bar("Writing") as progress:
        done = write_checkups(counts, progress=progress)
    _show(done)
    if done.failed:
        raise typer.Exit(1)


def _show(done: CheckupDone) -> None:
    frame, units = done.checkups.frame, done.checkups.units.values()
    typer.echo(
        f"{frame.period.label}: {frame.n_units:,} units, {frame.n_tests:,} tests, "
        f"{sum(len(unit.strengths) for unit in units):,} strengths and "
        f"{sum(len(unit.shortcomings) for unit in units):,} shortcomings found"
    )
    there = f", {len(done.skipped):,} were there already" if done.skipped else ""
    typer.echo(f"Written: {len(done.done):,} of units in {done.out}{there}")
    for path in done.overview:
        typer.echo(f"Written: {path}")
    for code, what in done.failed[:SHOWN]:
        typer.echo(f"jiesu: {code}: {what}", err=True)
    if len(done.failed) > SHOWN:
        typer.echo(f"jiesu: and {len(done.failed) - SHOWN} more failed", err=True)
