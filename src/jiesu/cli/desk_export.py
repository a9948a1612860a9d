"""`jiesu export` and `jiesu ranking`: the evaluation of what is in the desk's database.

Django is imported when a command runs.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import typer

from jiesu.cli.evaluate import list_line, ranking_table
from jiesu.cli.options import language, plain
from jiesu.cli.progress import progress_bar
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import Evaluation


def export_command(out: Path) -> None:
    """Write the desk into a city folder, and say what was written."""
    _open_site()
    from jiesu.cases.figures.city_export import export_city

    with progress_bar("Exporting") as progress:
        done = export_city(out, progress)
    for name in done.written:
        typer.echo(f"written: {plain(name)}")
    for note in done.notes:
        typer.echo(f"note: {plain(note)}")
    typer.echo(f"{done.n_cases:,} cases: jiesu evaluate --city {out} --period PERIOD")


def ranking_command(
    period: str | None, *, as_of: datetime | None, lang: str | None, out: Path | None
) -> None:
    """Evaluate a period from the live export, brought up to date, and show it."""
    chosen = language(lang)
    _open_site()
    from jiesu.cases.figures.running import evaluated
    from jiesu.cases.figures.site_city import month_of, site_city
    from jiesu.cases.rulebook import city_zone

    at = as_of or datetime.now(UTC)
    if at.tzinfo is None:
        at = at.replace(tzinfo=city_zone())
    if at > datetime.now(UTC):
        what = "nobody knows what will have happened by then"
        raise InputError(Problem("--as-of", "", what, "leave it out, or name a time in the past"))
    label = period or month_of(at)[1].label
    evaluation = evaluated(label, at)
    _show(evaluation, chosen or site_city().language)
    if out is not None:
        from jiesu.city.outputs import write_json
        from jiesu.core.contract import evaluation_document

        typer.echo(f"Written: {write_json(evaluation_document(evaluation), out)}")


def _show(evaluation: Evaluation, lang: str) -> None:
    from rich.console import Console

    width = None if sys.stdout.isatty() else 100
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)
    period, totals = evaluation.period, evaluation.totals
    console.print(
        f"{period.label}: {period.start:%Y-%m-%d %H:%M} to {period.end:%Y-%m-%d %H:%M}, "
        f"as of {evaluation.as_of:%Y-%m-%d %H:%M:%S}"
    )
    console.print(
        f"Cases {totals.volume:,}, excluded {totals.excluded:,}, "
        f"without a unit {totals.unassigned:,}"
    )
    for group in evaluation.groups:
        console.print(ranking_table(group, evaluation.policy.rates, lang), soft_wrap=False)
    for named in evaluation.lists:
        console.print(list_line(named, evaluation.groups, lang))


def _open_site() -> None:
    from jiesu.project.serving import open_site

    open_site(typer.echo)
