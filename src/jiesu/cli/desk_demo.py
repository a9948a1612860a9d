"""`jiesu intake` and `jiesu demo`: cases of another system, and a desk to look at.

Django is imported when a command runs.
"""

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from jiesu.cli.options import plain
from jiesu.cli.progress import progress_bar
from jiesu.cli.sources import intake_lines

if TYPE_CHECKING:
    from jiesu.cases.demo.play import Demo
    from jiesu.cases.importing.bulk_import import Imported

NAMED = 8
"""So many of the words that the desk does not know are named; the report has all."""


def intake_command(files: list[str], profile: str, texts: list[str], out: Path | None) -> None:
    """Import cases into the desk; the reports go to `out`, else into the site's data folder."""
    from jiesu.project.serving import open_site
    from jiesu.sources.profile import load_profile

    chosen = load_profile(profile)
    options = open_site(typer.echo)
    from jiesu.cases.importing.bulk_import import import_cases

    as_of = datetime.now(UTC)
    reports = out or options.data / "imports" / f"{as_of:%Y-%m-%dT%H%M%S}"
    with progress_bar("Importing") as progress:
        done = import_cases(
            files, chosen, as_of=as_of, reports=reports, texts=texts, progress=progress
        )
    for line in _lines(done):
        typer.echo(plain(line))


def _lines(done: "Imported") -> Iterator[str]:
    yield from intake_lines(done.intake)
    counts = done.counts
    yield (
        f"Of these {counts.rows:,}: made {counts.made:,}, updated {counts.updated:,}, "
        f"known {counts.known:,}, held back {counts.held:,}, rejected {counts.rejected:,}"
    )
    if counts.held:
        yield "Held back: they differ from what was imported, and the desk has worked on them since"
    for (column, value), n in sorted(done.gaps.items(), key=lambda one: -one[1])[:NAMED]:
        yield f"Not known to the desk, or left out: {column} {value} ({n:,} rows)"
    yield f"Reports: {done.report.parent}"


def demo_command(city: Path, site: Path, n_cases: int, *, stop: bool) -> None:
    """Make a site with made-up cases on a synthetic city, and start it in the background.

    What runs there from an earlier time is stopped first; with `stop` nothing else is done.
    """
    from jiesu.cli.demo_site import (
        demo_environment,
        free_port,
        remove_site,
        start_site,
        stop_site,
    )

    n_stopped = stop_site(site)
    if n_stopped or stop:
        typer.echo("The demo is stopped" if n_stopped else "No demo was running")
    if stop:
        return
    remove_site(site)
    environ = demo_environment(site, os.environ)
    for name in [name for name in os.environ if name.startswith("JIESU_")]:
        del os.environ[name]
    os.environ.update(environ)
    demo = _made(city, site, n_cases)
    url = start_site(site, free_port(typer.echo))
    for line in _shown(url, demo, site):
        typer.echo(line)


def _made(city: Path, site: Path, n_cases: int) -> "Demo":
    from jiesu.city.folder import read_city
    from jiesu.project.serving import open_site
    from jiesu.sources.profile import load_profile

    read_city(city)
    # The first administrator that it tells of is nobody's: the demo has its own.
    open_site(lambda line: None)
    from jiesu.cases.demo.play import make_demo
    from jiesu.cases.folder.loading import load_city
    from jiesu.cases.importing.bulk_import import import_cases

    as_of = datetime.now(UTC)
    load_city(_folder(city, site / "city"), as_of=as_of)
    part = _part(city, site / "part", n_cases)
    with progress_bar("Importing") as progress:
        done = import_cases(
            [part["cases"]],
            load_profile("jiesu"),
            as_of=as_of,
            reports=site / "import",
            texts=[part["texts"]],
            progress=progress,
        )
    demo = make_demo(as_of=as_of)
    typer.echo(
        f"The desk holds {done.counts.made:,} cases of {part['cases'].stem} and {demo.n_cases} "
        "made-up ones of these days, in every state"
    )
    return demo


def _folder(city: Path, to: Path) -> Path:
    """A copy of the city folder without its cases, in which nothing is erased by its age.

    The synthetic months lie years back: by the rules that are shipped the worker would at once
    begin to forget who asked.
    """
    shutil.copytree(city, to, ignore=shutil.ignore_patterns("cases", "texts", "out"))
    rules = files("jiesu.city").joinpath("shipped/desk.toml").read_text("utf-8")
    (to / "desk.toml").write_text(
        re.sub(r"(?m)^((?:contact|text|attachment)_days) = \d+$", r"\1 = 0", rules), "utf-8"
    )
    return to


def _part(city: Path, folder: Path, n_cases: int) -> dict[str, Path]:
    """Every so many-th case of the folder's last month, with its text: some `n_cases` of them.

    The synthetic files have a case in each line, both in one order.
    """
    found = {}
    folder.mkdir()
    for name in ("cases", "texts"):
        *_, last = sorted((city / name).glob("*.csv"))
        header, *lines = last.read_text("utf-8").splitlines(keepends=True)
        step = max(1, len(lines) // n_cases)
        found[name] = folder / name / last.name
        found[name].parent.mkdir()
        found[name].write_text(header + "".join(lines[::step]), "utf-8")
    return found


def _shown(url: str, demo: "Demo", site: Path) -> Iterator[str]:
    yield ""
    yield f"The working desk is at {url}"
    yield f"  {url}/admin/           the admin: sign in as demo-administrator"
    yield f"  {url}/api/v1/docs      the API, to be tried in the browser once signed in"
    yield f"  {url}/readyz           whether it can work"
    yield ""
    yield f"Everybody's password is {demo.password}"
    for one in demo.sign_ins:
        yield f"  {one.username:<20} {one.role:<14} {one.unit}".rstrip()
    yield f"A program brings demands in and reads them with the key {demo.api_key}"
    yield "They work on this machine only. Nobody and nothing in this city is real."
    yield ""
    yield f"make stop ends it; its log is {site}/log"
