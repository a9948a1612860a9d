"""`jiesu load`, `jiesu dump` and `jiesu directory`: city folders and the desk's database.

Django is imported when a command needs the database; `jiesu directory check --city` does not.
"""

from datetime import UTC, datetime
from pathlib import Path

import typer

from jiesu.cli.options import plain

CityOption = typer.Option(help="A city folder.")


def load_command(city: Path) -> None:
    """Load a folder; the first time this makes the site's data folder and its tables."""
    from jiesu.city.folder import read_city

    # A folder that is mistyped makes no site.
    read_city(city)
    _open_site()
    from jiesu.cases.loading import load_city

    loaded = load_city(city, as_of=datetime.now(UTC))
    for line in loaded.changes:
        typer.echo(plain(line))
    for line in loaded.kept:
        typer.echo(f"kept: {plain(line)}")
    if not loaded.changes:
        typer.echo(f"{city}: loaded before; nothing has changed")
    if loaded.n_holes:
        typer.echo(f"The directory finds no unit for {loaded.n_holes} pairs of category and place:")
        typer.echo(f"  jiesu directory check --city {city}")


def dump_command(city: Path) -> None:
    """Write the database's units, directory and rules into a folder, and say what was written."""
    _open_site()
    from jiesu.cases.dumping import dump_city

    written = dump_city(city)
    for name in written:
        typer.echo(f"written: {plain(name)}")
    if not written:
        typer.echo(f"{city}: agrees with the database; nothing was written")


def _open_site() -> None:
    from jiesu.project.serving import open_site

    open_site(typer.echo)
