"""`jiesu import` and `jiesu profile`: other systems' files, without an evaluation."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from jiesu.cli.progress import progress_bar

if TYPE_CHECKING:
    from jiesu.sources.intake import Intake


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
    for line in intake_lines(intake):
        typer.echo(line)
    for path in intake.cases:
        typer.echo(f"Written: {path}")


HEADERS = 8
"""Unused headers of a file that are named; a mistyped one shows here."""


def intake_lines(intake: "Intake") -> Iterator[str]:
    """What was read, in lines: rows, the agreement check, what was left aside."""
    rows_in = intake.accepted + intake.rejected + intake.duplicates
    yield (
        f"Rows {rows_in:,} = accepted {intake.accepted:,} + rejected {intake.rejected:,} "
        f"+ duplicates {intake.duplicates:,}"
    )
    if intake.agreement is not None:
        n_agree, n_checked = intake.agreement.n_agree, intake.agreement.n_checked
        yield f"The source's on-time flag agrees in {n_agree:,} of {n_checked:,} cases"
    for key, values in intake.notes:
        yield _note_line(key, values)


def _note_line(key: str, values: Mapping[str, str]) -> str:
    file = values["file"]
    if key == "flags_not_used":
        n = int(values["n"])
        return f"On-time flags not used in {file} ({n:,}): due times are mapped, and all empty"
    what, names = {
        "unused_headers": ("Columns not used", "headers"),
        "other_sheets": ("Sheets not read", "sheets"),
    }[key]
    given = values[names].split(", ")
    more = f" and {len(given) - HEADERS} more" if len(given) > HEADERS else ""
    return f"{what} in {file}: {', '.join(given[:HEADERS])}{more}"


def profile_command(file: Path) -> None:
    from jiesu.sources.guess import draft_profile

    typer.echo(draft_profile(file))
