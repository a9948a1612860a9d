"""`jiesu init`, `jiesu check` and `jiesu synth`: city folders."""

from pathlib import Path
from typing import Literal

import typer

from jiesu.cli.progress import progress_bar
from jiesu.core.problems import InputError

Format = Literal["csv", "parquet"]


def init_command(folder: Path) -> None:
    from jiesu.city.template import write_template

    write_template(folder)
    typer.echo(f"Written: {folder}. Put the exported files into {folder / 'cases'}, then run:")
    typer.echo(f"  jiesu check {folder}")


def check_command(folder: Path) -> None:
    from jiesu.city.check import check_city

    problems = check_city(folder)
    if problems:
        raise InputError(problems)
    typer.echo(f"{folder}: no mistakes found")


def synth_command(
    *, period: str, months: int, cases: int, seed: int, out: Path, format: Format
) -> None:
    from jiesu.city.synth.write import write_city

    with progress_bar("Writing") as progress:
        write_city(
            out,
            period=period,
            months=months,
            cases=cases,
            seed=seed,
            format=format,
            progress=progress,
        )
    typer.echo(f"Written: {out} (synthetic)")
