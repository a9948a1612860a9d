"""`jiesu import` and `jiesu profile`: other systems' files, without an evaluation."""

from pathlib import Path

import typer

from jiesu.cli.progress import progress_bar


def import_command(files: list[str], profile: str, out: Path) -> None:
    from jiesu.sources.intake import read_cases
    from jiesu.sources.profile import load_profile

    with progress_bar("Reading", bytes_=True) as progress:
        intake = read_cases(
            files,
            load_profile(profile),
            into=out,
            rejects=out / "rejects.csv",
            duplicates=out / "duplicates.csv",
            progress=progress,
        )
    rows_in = intake.accepted + intake.rejected + intake.duplicates
    typer.echo(
        f"Rows {rows_in:,} = accepted {intake.accepted:,} + rejected {intake.rejected:,} "
        f"+ duplicates {intake.duplicates:,}"
    )
    for path in intake.cases:
        typer.echo(f"Written: {path}")


def profile_command(file: Path) -> None:
    from jiesu.sources.guess import draft_profile

    typer.echo(draft_profile(file))
