"""`jiesu publish` and `jiesu edition`: freezing evaluations, and looking at what is frozen."""

from datetime import UTC, datetime
from pathlib import Path

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jiesu.city.editions import (
    FOLDER,
    edition_folder,
    editions_of,
    numbers_of,
    published_periods,
    read_edition,
    seal,
    stored_evaluation,
)
from jiesu.city.outputs import DOCUMENTS
from jiesu.cli import options
from jiesu.cli.progress import progress_bar
from jiesu.core.difference import CASE_CHANGES, Differences, differences
from jiesu.core.edition import ROLES, Edition
from jiesu.core.problems import InputError, Problem

UNITS_SHOWN = 20


def publish_command(
    city: Path,
    period: str,
    offices: list[str],
    reason: str,
    as_of: datetime | None,
    lang: str | None,
    formats: str,
) -> None:
    from jiesu.city.publish import PublishOrder, publish

    signed = tuple(map(sign_off, offices))
    chosen = options.formats(formats, DOCUMENTS)
    order = PublishOrder(city, period, signed, reason, as_of, options.language(lang), chosen)
    with progress_bar("Reading", bytes_=True) as progress:
        done = publish(order, now=datetime.now(UTC), progress=progress)
    edition = done.edition
    if not done.is_new:
        typer.echo(f"Nothing changed since edition {edition.number} of {period}; none was made")
        return
    typer.echo(f"Published: {period}, edition {edition.number} ({edition.n_cases:,} cases kept)")
    if done.differs is not None:
        for line in _difference_lines(done.differs):
            typer.echo(line)
    typer.echo(f"Seal: {seal(done.folder)}")
    for name in sorted((*edition.files, "edition.json", "edition.sha256")):
        typer.echo(f"Written: {done.folder / name}")


def sign_off(text: str) -> tuple[str, str]:
    """An option `OFFICE` or `ROLE=OFFICE` as (role, office). Raises InputError."""
    role, mark, office = text.partition("=")
    if not mark:
        role, office = "issued", text
    role, office = role.strip(), office.strip()
    if role not in ROLES or not office:
        remedy = f"write the office, or ROLE=OFFICE with one of: {', '.join(ROLES)}"
        raise InputError(Problem("--office", "", f"{text!r} is no office with its role", remedy))
    return role, office


def list_command(city: Path, period: str | None) -> None:
    table = _table("Period", "Edition", "Made", "As of", "Cases", "Seal", "Signed", "Reason")
    n = 0
    for label in published_periods(city) if period is None else (period,):
        for edition in editions_of(city, label):
            table.add_row(*map(options.plain, _row(city, edition)))
            n += 1
    if not n:
        typer.echo(f"No editions in {city / FOLDER}" + (f" of {period}" if period else ""))
        return
    _console().print(table)


def _row(city: Path, edition: Edition) -> list[str]:
    return [
        edition.period,
        str(edition.number),
        f"{edition.made_at:%Y-%m-%d %H:%M}",
        f"{edition.as_of:%Y-%m-%d %H:%M}",
        f"{edition.n_cases:,}",
        seal(edition_folder(city, edition.period, edition.number))[:12],
        "; ".join(f"{sign.office} ({sign.role})" for sign in edition.signed) or "-",
        edition.reason or "-",
    ]


def show_command(city: Path, period: str, number: int | None) -> None:
    folder = _folder(city, period, number)
    edition = read_edition(folder)
    name, version, digest = edition.policy
    rows = [
        ("Edition", f"{edition.period}, {edition.number}"),
        ("Made", f"{edition.made_at:%Y-%m-%d %H:%M:%S} by jiesu {edition.made_by}"),
        ("As of", f"{edition.as_of:%Y-%m-%d %H:%M:%S}"),
        ("Policy", f"{name} {version} ({digest})"),
        ("Cases kept", f"{edition.n_cases:,}"),
        ("Input", f"{len(edition.input.files)} files ({edition.input.digest})"),
        ("Seal", seal(folder)),
        ("Corrects", edition.previous or "-"),
        ("Reason", edition.reason or "-"),
    ]
    rows += [("Signed", f"{sign.on}: {sign.office} ({sign.role})") for sign in edition.signed]
    rows += [("File", f"{digest}  {name}") for name, digest in edition.files.items()]
    for label, value in rows:
        typer.echo(f"{label + ':':12} {options.plain(value)}")


def verify_command(city: Path | None, folder: Path | None, where: list[str]) -> None:
    from jiesu.city.verification import verify_editions, verify_folder

    if (city is None) == (folder is None) or (folder is not None and where):
        what = "name a city folder, or the folder of one edition"
        remedy = "write --city DIR [PERIOD [NUMBER]], or --folder EDITION"
        raise InputError(Problem("jiesu edition verify", "", what, remedy))
    period, number = _where(where)
    problems: list[Problem] = []
    if folder is not None:
        verdicts = iter((verify_folder(folder),))
    else:
        assert city is not None
        verdicts = verify_editions(city, period, number)
    for verdict in verdicts:
        problems += verdict.problems
        edition = verdict.edition
        if edition is None or verdict.problems:
            continue
        how = "the same to the byte"
        if verdict.added:
            how = (
                f"the same in every figure; made by jiesu {edition.made_by}, this version adds: "
                + ", ".join(verdict.added)
            )
        typer.echo(f"{edition.period}, edition {edition.number}: {how}")
    if folder is not None and not problems:
        typer.echo("By itself: the chain of editions was not looked at")
    if problems:
        raise InputError(problems)


def diff_command(city: Path, period: str, before: int, after: int) -> None:
    from jiesu.city.publish import changed_cases

    one, two = _folder(city, period, before), _folder(city, period, after)
    differs = differences(stored_evaluation(one), stored_evaluation(two))
    for line in _difference_lines(differs):
        typer.echo(line)
    cases = changed_cases(one, read_edition(one), two, read_edition(two))
    counted = [(how, sum(how in case.how for case in cases)) for how in CASE_CHANGES]
    said = ", ".join(f"{how} {n:,}" for how, n in counted if n)
    typer.echo(f"Cases that differ: {len(cases):,}" + (f" ({said})" if said else ""))
    if differs.moved:
        _console().print(_units_table(differs))


def _units_table(differs: Differences) -> Table:
    table = _table("Group", "Unit", "Score", "Now", "Change", "Rank", "Now")
    for change in differs.moved[:UNITS_SHOWN]:
        one, two, points = change.before, change.after, change.score_change
        cells = [change.group, f"{change.name} ({change.unit})"]
        cells += [str(place.score if place and place.score else "-") for place in (one, two)]
        cells += ["-" if points is None else f"{points:+}"]
        cells += [str(place.rank if place and place.rank else "-") for place in (one, two)]
        table.add_row(*map(options.plain, cells))
    if len(differs.moved) > UNITS_SHOWN:
        table.caption = f"and {len(differs.moved) - UNITS_SHOWN} more"
    return table


def _difference_lines(differs: Differences) -> list[str]:
    moved = len(differs.moved)
    lines = [f"Units {differs.n_units:,}; score or rank differs for {moved:,}"]
    lines.append(f"Only what lies below them differs for {len(differs.units) - moved:,}")
    lines += [
        f"List {change.key}: {len(change.joined)} joined, {len(change.left)} left"
        for change in differs.lists
    ]
    if differs.rules_changed:
        lines.append("The rules differ")
    return [options.plain(line) for line in lines]


def _folder(city: Path, period: str, number: int | None) -> Path:
    """The folder of an edition, of the newest one by default. Raises InputError."""
    numbers = numbers_of(city, period)
    if not numbers or (number is not None and number not in numbers):
        listed = ", ".join(map(str, numbers)) or "none"
        what = f"there is no edition {number or ''}".rstrip() + f" of {period}"
        raise InputError(Problem(str(city / FOLDER), "", what, f"there is: {listed}"))
    return edition_folder(city, period, number or numbers[-1])


def _where(words: list[str]) -> tuple[str | None, int | None]:
    if len(words) > 2 or (len(words) == 2 and not words[1].isdecimal()):
        what, remedy = f"{' '.join(words)!r} names no edition", "write it as 2022-02 1"
        raise InputError(Problem("jiesu edition verify", "", what, remedy))
    period = words[0] if words else None
    return period, int(words[1]) if len(words) == 2 else None


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(Text(heading))
    return table


def _console() -> Console:
    return Console(highlight=False, markup=False, emoji=False, width=120)
