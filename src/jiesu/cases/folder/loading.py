"""A city folder into the database: `jiesu load`. All of it or nothing, and again without harm.

Rules become immutable versions (`loading_rules`); units, places and categories follow the folder,
a unit's changes with their history; directories are added. What the folder lacks is never deleted
but named. Writing back is in `dumping`; what the files mean is in `jiesu.city`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import transaction

from jiesu.cases.folder.directory_rows import directory_digest, write_entries
from jiesu.cases.folder.ended_units import settle_ended, standing_codes
from jiesu.cases.folder.loading_rules import Kind, RuleFile, take_rules
from jiesu.cases.folder.unit_changes import change_unit, first_row
from jiesu.cases.folder.unit_rows import core_units
from jiesu.cases.models import (
    Category,
    Counter,
    DirectoryVersion,
    Dispatch,
    Place,
    Unit,
    UnitChange,
)
from jiesu.cases.rulebook import GENERATION, local_day, read_rulebook, rules_changed
from jiesu.city import categories_file, units_file
from jiesu.city.calendar_file import calendar_text, parse_calendar
from jiesu.city.desk_file import DeskVersion, parse_desk
from jiesu.city.desk_folder import DeskFolder, checked_desk_folder
from jiesu.city.folder import FILE
from jiesu.city.spreadsheet import read_table
from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.directory import Directory
from jiesu.core.policy import Policy
from jiesu.core.problems import InputError, Problem
from jiesu.core.worktime import WorkCalendar

LOADER = "system:load"
"""Who changed a unit, as its history names the command."""

LONGEST_UNIT = {"code": 32, "name": 100, "kind": 32}
MOST_RESIDENTS = 2_147_483_647
LONGEST_LABELS = 200
LONGEST_DESPITE = 200
LONGEST_NAMES = {"name": 100, "version": 64}
NAMED = 10
"""At most so many codes are named in a line; a number stands for the rest."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading changed, and what the database keeps though the folder lacks it, in lines.

    `n_holes` counts the pairs of category and place that find no unit today.
    """

    changes: tuple[str, ...]
    kept: tuple[str, ...]
    n_holes: int


def load_city(folder: Path, *, as_of: datetime, despite: str = "") -> Loaded:
    """Load a city folder in one transaction. Raises InputError with every mistake.

    Refused are mistakes in the files, errors of a directory that still holds, a time zone that is
    not the site's, changes of rules by which cases were dealt with, and ends of units that are not
    free. `despite` says why a directory with errors is wanted all the same.
    """
    today = local_day(as_of)
    found, problems = checked_desk_folder(folder)
    if found is not None:
        problems += _unfit(found)
        if not despite:
            problems += found.directory_errors(today, _wanted_with_errors(found))
    if found is None or problems:
        raise InputError(problems)
    rules, past = list(_rules(found, folder)), list(_past_rules(found))
    with transaction.atomic():
        # Two loads at once would take each other's rows for missing.
        Counter.objects.select_for_update().filter(key=GENERATION).first()
        changes, problems = take_rules(rules, past, as_of=as_of)
        if not problems:
            kept: list[str] = []
            stood = standing_codes(core_units(), today)
            changes += _load_units(found, as_of, today, kept)
            changes += _load_places(found, kept)
            changes += _load_categories(found, kept)
            more, problems = _load_directories(found, as_of, despite[:LONGEST_DESPITE], kept)
            changes += more
            more, busy = settle_ended(stood, _units_file(found), kept, today=today, as_of=as_of)
            changes, problems = [*changes, *more], [*problems, *busy]
        if problems:
            raise InputError(problems)
        if changes:
            rules_changed()
            _require_whole()
    return Loaded(tuple(changes), tuple(kept), _holes(found, today))


def _require_whole() -> None:
    """Raise InputError where what the database keeps does not fit to what the folder says."""
    try:
        read_rulebook()
    except ValueError as error:
        what = f"what the folder lacks and the database keeps does not fit to it ({error})"
        remedy = "write it back with jiesu dump, and change the folder from there"
        raise InputError(Problem(FILE, "", what, remedy)) from error


def _unfit(found: DeskFolder) -> Iterator[Problem]:
    """What an evaluation of files bears and the desk's tables do not."""
    zone = settings.JIESU.zone
    if found.city.time_zone != zone:
        what = f"the city's zone is {found.city.time_zone}, the site's is {zone}"
        remedy = f"start jiesu with JIESU_TIME_ZONE={found.city.time_zone}, or correct it here"
        yield Problem(FILE, "time_zone", what, remedy)
    if path := found.city.units:
        yield from _too_long(path, units_file, LONGEST_UNIT)
    if path := found.city.outside.get("categories"):
        yield from _too_long(path, categories_file, {"labels": LONGEST_LABELS})
    for unit in found.units:
        if unit.population is not None and unit.population > MOST_RESIDENTS:
            what = f"unit {unit.code} has more than {MOST_RESIDENTS} residents"
            yield Problem("units", "population", what, "correct the number")
    rules = [("policy", policy.name, policy.version) for policy in found.policies]
    rules += [(version.file, "", version.rules.version) for version in found.desk]
    for file, *texts in rules:
        for (key, longest), text in zip(LONGEST_NAMES.items(), texts, strict=True):
            if len(text) > longest:
                yield Problem(file, key, f"has more than {longest} characters", "shorten it")


def _too_long(path: Path, reader: ModuleType, longest: Mapping[str, int]) -> Iterator[Problem]:
    for line in read_table(path, reader.REQUIRED, reader.OPTIONAL, [], also=reader.CHINESE):
        for column, most in longest.items():
            if len(line.cells.get(column, "")) > most:
                what = f"has more than {most} characters"
                yield Problem(path.name, f"{line.where}, {column}", what, "shorten it")


def _rules(found: DeskFolder, folder: Path) -> Iterator[RuleFile]:
    """The folder's rules in force, the earliest first."""
    text = (folder / FILE).read_bytes().decode("utf-8")
    yield RuleFile(Kind.CITY, found.city.name["zh"][:100], "", text, FILE)
    for version in found.desk:
        yield _desk_rule(version)
    for policy in sorted(found.policies, key=lambda one: one.valid_from or date.min):
        yield _policy_rule(policy, found.policy_text(policy))
    yield _calendar_rule(found.calendar)


def _past_rules(found: DeskFolder) -> Iterator[RuleFile]:
    """Rules that hold no more but that cases may name, in the order in which they held."""
    folder = found.city.outside.get("past_rules")
    for path in sorted(folder.iterdir()) if folder else ():
        shown = f"{path.parent.name}/{path.name}"
        if path.suffix == ".toml":
            yield _desk_rule(parse_desk(path.read_bytes(), shown))
        elif path.suffix == ".csv":
            yield _calendar_rule(parse_calendar(path.read_bytes().decode("utf-8"), shown))


def _desk_rule(version: DeskVersion) -> RuleFile:
    rules = version.rules
    return RuleFile(Kind.DESK, "", rules.version, version.text, version.file, rules.valid_from)


def _policy_rule(policy: Policy, text: str) -> RuleFile:
    return RuleFile(
        Kind.POLICY, policy.name, policy.version, text, f"policy {policy.name}",
        policy.valid_from, policy.valid_to,
    )  # fmt: skip


def _calendar_rule(calendar: WorkCalendar) -> RuleFile:
    version = calendar.known_until.isoformat() if calendar.known_until else ""
    return RuleFile(Kind.CALENDAR, "", version, calendar_text(calendar), "calendar")


def _load_units(found: DeskFolder, as_of: datetime, today: date, kept: list[str]) -> Iterator[str]:
    rows = {row.code: row for row in Unit.objects.select_related("parent", "successor")}
    known = set(rows)
    # In the folder's order; who is above whom is said when all are there.
    new = [
        Unit(code=unit.code, name=unit.name, kind=unit.kind, population=unit.population,
             valid_from=unit.valid_from, valid_to=unit.valid_to)
        for unit in found.units
        if unit.code not in known
    ]  # fmt: skip
    rows |= {row.code: row for row in Unit.objects.bulk_create(new)}
    UnitChange.objects.bulk_create(first_row(row, by=LOADER, as_of=as_of, on=today) for row in new)
    for row in new:
        row.parent = rows.get(found.units[row.code].parent or "")
        row.successor = rows.get(found.units[row.code].successor or "")
    Unit.objects.bulk_update(new, ("parent", "successor"), batch_size=200)
    if n_new := len(rows) - len(known):
        yield f"units: {n_new} new"
    n_changed = 0
    for unit in found.units:
        values: dict[str, Any] = {
            "name": unit.name,
            "kind": unit.kind,
            "parent": rows.get(unit.parent or ""),
            "successor": rows.get(unit.successor or ""),
            "population": unit.population,
            "valid_from": unit.valid_from,
            "valid_to": unit.valid_to,
        }
        changed = change_unit(rows[unit.code], values, by=LOADER, as_of=as_of, on=today)
        n_changed += bool(changed) and unit.code in known
    if n_changed:
        yield f"units: {n_changed} changed, with their history"
    kept += _absent("units", known - set(found.units.by_code))


def _units_file(found: DeskFolder) -> str:
    return found.city.units.name if found.city.units else "units"


def _load_places(found: DeskFolder, kept: list[str]) -> Iterator[str]:
    places, units = found.dispatch.places, dict(Unit.objects.in_bulk(field_name="code"))
    rows = {row.code: row for row in Place.objects.select_related("parent", "unit")}
    known = set(rows)
    changed = []
    for batch in _by_depth({place.code: place.parent for place in places}):
        new = []
        for code in batch:
            place, row = places[code], rows.get(code) or Place(code=code)
            before = (row.name, row.kind, row.parent, row.unit) if row.pk else None
            row.name, row.kind = place.name, place.kind
            row.parent, row.unit = rows.get(place.parent or ""), units.get(place.unit or "")
            if before is None:
                new.append(row)
            elif before != (row.name, row.kind, row.parent, row.unit):
                changed.append(row)
        rows |= {row.code: row for row in Place.objects.bulk_create(new)}
    if n_new := len(rows) - len(known):
        yield f"places: {n_new} new"
    if changed:
        Place.objects.bulk_update(changed, ("name", "kind", "parent", "unit"), batch_size=500)
        yield f"places: {len(changed)} changed"
    kept += _absent("places", known - set(places.by_code))


def _load_categories(found: DeskFolder, kept: list[str]) -> Iterator[str]:
    rows = {(row.category_1, row.category_2, row.category_3): row for row in Category.objects.all()}
    new, changed = [], []
    for category in found.dispatch.categories:
        labels = LIST_SEPARATOR.join(category.labels)
        row = rows.pop(category.levels, None)
        if row is None:
            one, two, three = category.levels
            new.append(Category(category_1=one, category_2=two, category_3=three, labels=labels))
        elif (row.labels, row.active) != (labels, True):
            row.labels, row.active = labels, True
            changed.append(row)
    Category.objects.bulk_create(new)
    if new:
        yield f"categories: {len(new)} new"
    if changed:
        Category.objects.bulk_update(changed, ("labels", "active"), batch_size=500)
        yield f"categories: {len(changed)} changed"
    if not found.dispatch.categories:
        return
    gone = [row for row in rows.values() if row.active]
    if gone:
        Category.objects.filter(pk__in=[row.pk for row in gone]).update(active=False)
        yield f"categories: {len(gone)} no longer in use"


def _load_directories(
    found: DeskFolder, as_of: datetime, despite: str, kept: list[str]
) -> tuple[list[str], list[Problem]]:
    done: list[str] = []
    problems: list[Problem] = []
    rows = {row.version: row for row in DirectoryVersion.objects.all()}
    known = {directory.version for directory in found.dispatch.directories}
    for directory in found.dispatch.directories:
        row, digest = rows.pop(directory.version, None), directory_digest(directory.entries)
        if row is not None and row.in_force and row.digest == digest:
            continue
        if row is not None:
            problem = _taken(row, found.directory_file(directory))
            if problem is not None:
                problems.append(problem)
                continue
            row.delete()
        wrong = despite and any(found.directory_errors(date.min, known - {directory.version}))
        _write_directory(directory, digest, as_of, despite if wrong else "")
        done.append(f"directory {directory.version}: {'replaced' if row else 'loaded'}")
    absent = [version for version, row in rows.items() if row.in_force]
    kept += _absent("directories", absent)
    return done, problems


def _taken(row: DirectoryVersion, file: str) -> Problem | None:
    """Why a version that is there cannot be replaced by another with its day."""
    if not row.in_force:
        what = f"a draft is called {row.version!r} like this version"
        return Problem(file, "", what, "rename the draft in the admin")
    cases = Dispatch.objects.filter(directory=row.version)
    numbers = list(cases.values_list("case__number", flat=True).order_by("pk")[:3])
    if not numbers:
        return None
    what = f"it was changed, but {cases.count()} dispatches were made by it ({', '.join(numbers)})"
    remedy = "put the changed directory into a file of its own, called by its first day"
    return Problem(file, "", what, remedy)


def _wanted_with_errors(found: DeskFolder) -> set[str]:
    """The versions that are in force with their errors for a reason, as the folder has them."""
    wanted = DirectoryVersion.objects.filter(in_force=True).exclude(despite="")
    digests = dict(wanted.values_list("version", "digest"))
    return {
        directory.version
        for directory in found.dispatch.directories
        if digests.get(directory.version) == directory_digest(directory.entries)
    }


def _write_directory(directory: Directory, digest: str, as_of: datetime, despite: str) -> None:
    row = DirectoryVersion.objects.create(
        version=directory.version,
        valid_from=directory.valid_from,
        in_force=True,
        digest=digest,
        loaded_at=as_of,
        put_by=LOADER,
        despite=despite,
    )
    write_entries(row, directory.entries)


def _by_depth(parents: Mapping[str, str | None]) -> Iterator[list[str]]:
    """The codes in batches, each below those before it; within a batch in their order."""
    done: set[str] = set()
    waiting = list(parents)
    while waiting:
        batch = [code for code in waiting if (parents[code] or "") in done or not parents[code]]
        yield batch
        done.update(batch)
        waiting = [code for code in waiting if code not in done]


def _absent(what: str, codes: Iterable[str]) -> Iterator[str]:
    named = sorted(codes)
    if named:
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        yield f"{what} that the folder lacks: {', '.join(named[:NAMED])}{more}"


def _holes(found: DeskFolder, today: date) -> int:
    """How many pairs of category and place find no unit by the directory in force today."""
    held = [one for one in found.dispatch.directories if one.holds_on(today)]
    findings = chain.from_iterable(found.findings(one, today) for one in held)
    return sum(finding.n_pairs for finding in findings if finding.sort == "hole")
