"""`jiesu load`, `jiesu dump` and `jiesu directory`: city folders and the desk's database.

Django is imported when a command needs the database; `jiesu directory check --city` does not.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from jiesu.cli.options import day, plain
from jiesu.core.category_tree import shown_levels
from jiesu.core.directory import Directory, directory_on
from jiesu.core.directory_check import Finding, HolePair
from jiesu.core.problems import InputError, Problem, writable

if TYPE_CHECKING:
    from jiesu.cases.actor import Actor
    from jiesu.cases.models import DirectoryVersion


def load_command(city: Path, despite: str) -> None:
    """Load a folder; the first time this makes the site's data folder and its tables."""
    from jiesu.city.folder import read_city

    # A folder that is mistyped makes no site.
    read_city(city)
    _open_site()
    from jiesu.cases.folder.loading import load_city

    loaded = load_city(city, as_of=datetime.now(UTC), despite=despite)
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
    from jiesu.cases.folder.dumping import dump_city

    written = dump_city(city)
    for name in written:
        typer.echo(f"written: {plain(name)}")
    if not written:
        typer.echo(f"{city}: agrees with the database; nothing was written")


def directory_check_command(
    city: Path | None, version: str | None, *, every: bool, on: str | None
) -> None:
    """Print what is wrong with a version, of a folder or of the database; exit with 2 if anything.

    Lines that are never reached, said twice, or of units that are not there yet are printed too.
    """
    asked = day(on, "--on") if on else None
    found = _of_folder(city, version, asked) if city else _of_database(version, asked)
    directory, findings, holes, names = found
    if every:
        findings = [finding for finding in findings if finding.sort != "hole"]
    for finding in findings:
        mark = "hole" if finding.sort == "hole" else "error" if finding.is_error else "note"
        typer.echo(f"{mark}: {plain(finding.what['en'])}; {plain(finding.remedy['en'])}")
    n_pairs = sum(finding.n_pairs for finding in findings)
    if every:
        n_pairs = 0
        for pair in holes:
            n_pairs += 1
            typer.echo(plain(_pair(pair, names)))
    errors = sum(finding.is_error for finding in findings)
    typer.echo(
        f"directory {plain(directory.version)}: {len(directory.entries)} lines, {errors} errors, "
        f"{n_pairs} pairs of category and place without a unit"
    )
    if errors or n_pairs:
        raise typer.Exit(2)


def directory_import_command(
    file: Path, name: str, *, in_force_from: str | None, despite: str
) -> None:
    """Make a draft from a spreadsheet, and put it in force where a day is given."""
    begins = day(in_force_from, "--in-force-from") if in_force_from else None
    try:
        content = file.read_bytes()
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise InputError(Problem(str(file), "", what, "name a .csv or .xlsx file")) from None
    _open_site()
    from django.db import transaction

    from jiesu.cases.folder.directory_edit import import_draft, put_in_force
    from jiesu.cases.refusals import Refusal

    now = datetime.now(UTC)
    try:
        with transaction.atomic():
            draft = import_draft(
                name=name, file_name=file.name, content=content, by=_by(), as_of=now
            )
            if begins is not None:
                draft = put_in_force(
                    directory_id=draft.pk, valid_from=begins, despite=despite, by=_by(), as_of=now
                )
    except Refusal as error:
        raise InputError(Problem(file.name, "", str(error), "nothing was imported")) from error
    state = f"in force from {begins}" if begins else "a draft"
    typer.echo(f"directory {plain(draft.version)}: {draft.entries.count()} lines, {state}")


def directory_export_command(file: Path, version: str | None, language: str) -> None:
    """Write a version as a spreadsheet. Never replaces a file."""
    from jiesu.city.spreadsheet import SUFFIXES

    if file.suffix.lower() not in SUFFIXES:
        what = "the name ends neither in .csv nor in .xlsx"
        raise InputError(Problem(str(file), "", what, "let it end in one of them"))
    if file.exists():
        raise InputError(Problem(str(file), "", "it is there already", "name a new file"))
    _open_site()
    from jiesu.cases.folder.directory_edit import directory_table

    row = _row(version, None)
    content = directory_table(row, suffix=file.suffix.lower(), language=language)
    with writable(str(file)):
        file.write_bytes(content)
    typer.echo(f"written: {file} ({row.entries.count()} lines of {plain(row.version)})")


Checked = tuple[Directory, Sequence[Finding], Iterable[HolePair], Mapping[str, str]]


def _of_folder(city: Path, version: str | None, asked: date | None) -> Checked:
    from jiesu.city.desk_folder import checked_desk_folder

    folder, problems = checked_desk_folder(city)
    if folder is None:
        raise InputError(problems)
    on = asked or datetime.now(folder.city.zone).date()
    versions = folder.dispatch.directories
    found = directory_on(versions, on)
    if version is not None:
        found = next((one for one in versions if one.version == version), None)
    if found is None:
        raise _no_version(version, [one.version for one in versions], on)
    on = max(on, found.valid_from or on)
    kinds = [kind.key for kind in folder.desk_on(on).rules.kinds]
    names = {place.code: place.name for place in folder.dispatch.places}
    holes = folder.dispatch.holes(found, folder.units, on, kinds=kinds)
    return found, folder.findings(found, on), holes, names


def _of_database(version: str | None, asked: date | None) -> Checked:
    _open_site()
    from jiesu.cases.folder.directory_edit import as_directory, desk_on
    from jiesu.cases.refusals import Invalid
    from jiesu.cases.rulebook import local_day

    row = _row(version, asked)
    on = asked or local_day(datetime.now(UTC))
    desk = desk_on(max(on, row.valid_from or on))
    try:
        found = as_directory(row)
    except Invalid as error:
        raise InputError(Problem(row.version, "", str(error), "correct the draft")) from error
    return found, desk.findings(found), desk.holes(found), desk.book.names


def _row(version: str | None, asked: date | None) -> "DirectoryVersion":
    """A version of the database's directory by its name, or the one in force on a day."""
    from jiesu.cases.models import DirectoryVersion
    from jiesu.cases.rulebook import local_day, rulebook

    on = asked or local_day(datetime.now(UTC))
    if version is None:
        held = rulebook().directory_on(on)
        version = held.version if held is not None else None
    row = DirectoryVersion.objects.filter(version=version).first()
    if row is None:
        raise _no_version(version, DirectoryVersion.objects.values_list("version", flat=True), on)
    return row


def _no_version(version: str | None, known: Iterable[str], on: date) -> InputError:
    what = f"there is no version {version!r}" if version else f"no version is in force on {on}"
    listed = ", ".join(known)
    remedy = f"name one of: {listed}" if listed else "load a city folder, or import a spreadsheet"
    return InputError(Problem("directory", "", what, remedy))


def _pair(pair: HolePair, names: Mapping[str, str]) -> str:
    place = f"{pair.place} {names.get(pair.place, '')}".rstrip() or "anywhere"
    kinds = f" ({', '.join(kind or 'other kinds' for kind in pair.kinds)})" if pair.kinds else ""
    return f"{shown_levels(pair.category)} × {place}{kinds}"


def _by() -> "Actor":
    from jiesu.cases.actor import Actor

    return Actor.system("directory")


def _open_site() -> None:
    from jiesu.project.serving import open_site

    open_site(typer.echo)
