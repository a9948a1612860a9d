"""The options of `jiesu edition`; what the commands do is in `editions`, imported when they run."""

from pathlib import Path
from typing import Annotated

import typer

edition = typer.Typer(
    name="edition",
    help="Look at published editions: list, show, compare, verify.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

CityOption = Annotated[Path, typer.Option("--city", help="A city folder.")]
PeriodArgument = Annotated[str, typer.Argument(help="Such as 2022-02.")]


@edition.command("list")
def list_editions(
    city: CityOption,
    period: Annotated[str | None, typer.Argument(help="Such as 2022-02; default: all.")] = None,
) -> None:
    """List the editions of a city folder."""
    from jiesu.cli.editions import list_command

    list_command(city, period)


@edition.command()
def show(
    city: CityOption,
    period: PeriodArgument,
    number: Annotated[int | None, typer.Argument(help="Default: the newest.")] = None,
) -> None:
    """Show an edition's record."""
    from jiesu.cli.editions import show_command

    show_command(city, period, number)


@edition.command()
def diff(
    city: CityOption,
    period: PeriodArgument,
    before: Annotated[int, typer.Argument(help="The number of one edition.")],
    after: Annotated[int, typer.Argument(help="The number of a later one.")],
) -> None:
    """Say what differs between two editions of a period."""
    from jiesu.cli.editions import diff_command

    diff_command(city, period, before, after)


@edition.command()
def verify(
    where: Annotated[
        list[str] | None, typer.Argument(metavar="[PERIOD [NUMBER]]", help="Default: all.")
    ] = None,
    city: Annotated[Path | None, typer.Option("--city", help="A city folder.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="The folder of one edition, wherever it lies.")
    ] = None,
) -> None:
    """Check that editions are as they were sealed, and recompute their figures."""
    from jiesu.cli.editions import verify_command

    verify_command(city, folder, where or [])
