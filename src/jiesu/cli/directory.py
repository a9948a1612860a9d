"""`jiesu directory`: what is wrong with the dispatch directory, and spreadsheets of it.

Sub-commands with their options; what they do is in `desk_data`, imported when one runs.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

directory = typer.Typer(
    name="directory",
    help="Check, import and export the dispatch directory (派单目录).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Version = Annotated[
    str | None, typer.Option("--version", help="A version or a draft; default: the one in force.")
]


@directory.command()
def check(
    city: Annotated[
        Path | None, typer.Option(help="A city folder; without it the working desk's database.")
    ] = None,
    version: Version = None,
    every: Annotated[
        bool, typer.Option("--all", help="Each category and place that find no unit.")
    ] = False,
    on: Annotated[str | None, typer.Option(help="On this day; default: today.")] = None,
) -> None:
    """Name holes and contradictions; ends with 2 when there are any."""
    from jiesu.cli.desk_data import directory_check_command

    directory_check_command(city, version, every=every, on=on)


@directory.command("import")
def import_table(
    file: Annotated[Path, typer.Argument(help="A spreadsheet, .csv or .xlsx.")],
    name: Annotated[str, typer.Option(help="What the draft is called.")],
    in_force_from: Annotated[
        str | None, typer.Option(help="Put it in force from this day, such as 2022-03-01.")
    ] = None,
    despite: Annotated[
        str, typer.Option(help="Why it is wanted though it has holes or contradictions.")
    ] = "",
) -> None:
    """Make a draft of the working desk's directory from a spreadsheet."""
    from jiesu.cli.desk_data import directory_import_command

    directory_import_command(file, name, in_force_from=in_force_from, despite=despite)


@directory.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write, .csv or .xlsx.")],
    version: Version = None,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Of the headers.")] = "zh",
) -> None:
    """Write a version of the working desk's directory as a spreadsheet."""
    from jiesu.cli.desk_data import directory_export_command

    directory_export_command(file, version, lang)
