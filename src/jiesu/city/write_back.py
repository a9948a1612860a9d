"""The desk's content back into a city folder, which `jiesu load` reads again to the same.

Files that say the same already are not touched; each that is written is read back first. Nothing
that the desk does not know is lost: such a folder is refused. Where the content comes from is
known to `jiesu.cases.folder.dumping`.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from jiesu.city.calendar_file import checked_calendar, folder_calendar
from jiesu.city.categories_file import categories_bytes, checked_categories
from jiesu.city.desk_file import checked_desk, shipped_desk
from jiesu.city.directory_file import checked_directories, directory_bytes, read_entries
from jiesu.city.folder import FILE, USUAL_PLACES, City, checked_city
from jiesu.city.outputs import WORK, work_folder
from jiesu.city.places_file import checked_places, places_bytes
from jiesu.city.policies import checked_policies
from jiesu.city.spreadsheet import CSV
from jiesu.city.toml_edit import with_key
from jiesu.city.units_file import checked_units, units_bytes
from jiesu.core.category_tree import Category, Levels
from jiesu.core.directory import Directory
from jiesu.core.places import Places, places_of_units
from jiesu.core.problems import InputError, Problem, writable
from jiesu.core.units import Units
from jiesu.core.worktime import WorkCalendar

LOAD_FIRST = "load the folder first (jiesu load), or remove it from there"
NAMED = 10

Row = TypeVar("Row")


@dataclass(frozen=True)
class DeskContent:
    """What the desk holds of a city. Texts of rules are those of their files, byte for byte.

    `retired` are categories that are no longer in use. `policies` have their names; `past` are
    rules that hold no more, as suffix and text, in the order in which they held.
    """

    city_text: str
    units: Units
    places: Places
    categories: Sequence[Category]
    retired: Collection[Levels]
    directories: Sequence[Directory]
    desk: Sequence[tuple[str, str]]
    policies: Sequence[tuple[str, str]]
    calendar: WorkCalendar
    past: Sequence[tuple[str, str]]


def write_back(folder: Path, content: DeskContent) -> list[str]:
    """Write the content into a city folder, a new or an empty one; the files that were written.

    Each file is put in place at once, `city.toml` last. Raises InputError, and changes nothing,
    for a folder with something else in it, for one with mistakes, and where something would be
    lost.
    """
    if (folder / FILE).exists():
        return _apply(_planned(folder, content))
    if folder.exists() and (not folder.is_dir() or _has_something(folder)):
        what = "this is no city folder, and not empty"
        raise InputError(Problem(str(folder), "", what, "name a new folder, or a city folder"))
    with work_folder(folder) as work, writable(str(folder)):
        (work / FILE).write_text(content.city_text, "utf-8", newline="")
        _apply(_planned(work, content))
        names = sorted(path.relative_to(work).as_posix() for path in work.rglob("*.*"))
        for path in sorted(work.iterdir(), key=lambda path: path.name == FILE):
            path.replace(folder / path.name)
    return names


def _has_something(folder: Path) -> bool:
    return any(not path.name.startswith(WORK) for path in folder.iterdir())


@dataclass
class _Plan:
    """What is to be written, what removed, and what forbids it."""

    city: City
    text: str
    files: dict[Path, bytes] = field(default_factory=dict)
    gone: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def set(self, key: str, value: str | Sequence[str]) -> None:
        self.text = with_key(self.text, key, value, file=FILE)

    def place(self, key: str) -> Path:
        """Where an input lies, or is to lie."""
        return self.city.outside.get(key) or self.city.folder / USUAL_PLACES[key]

    def write(self, path: Path, content: bytes) -> None:
        if not path.resolve().is_relative_to(self.city.folder.resolve()):
            what = "this lies outside the folder and would be changed"
            self.problems.append(
                Problem(FILE, str(path), what, "copy it into the folder, and name it there")
            )
        self.files[path] = content

    def refuse(self, path: Path, lost: Iterable[str], what: str) -> None:
        """Say what the folder has and the desk does not know."""
        if named := list(lost):
            more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
            said = f"the desk does not know {what} {', '.join(named[:NAMED])}{more}"
            self.problems.append(Problem(self.city.shown(path), "", said, LOAD_FIRST))

    def read(self, path: Path, reader: Callable[[Path], tuple[Any, list[Problem]]]) -> Any:
        """What a file holds now; `None` where it is not there. Its mistakes are noted."""
        if not path.exists():
            return None
        found, problems = reader(path)
        self.problems += problems
        return found


def _planned(folder: Path, content: DeskContent) -> _Plan:
    city, problems = checked_city(folder)
    if city is None or problems:
        raise InputError(problems)
    plan = _Plan(city, (folder / FILE).read_bytes().decode("utf-8"))
    _plan_units(plan, content.units)
    _plan_places(plan, content.places, content.units)
    _plan_categories(plan, content.categories, content.retired)
    _plan_directories(plan, content.directories)
    _plan_desk(plan, content.desk, content.past)
    _plan_policies(plan, content.policies)
    _plan_calendar(plan, content.calendar, content.past)
    _plan_past(plan, content.past)
    if plan.problems:
        raise InputError(plan.problems)
    return plan


def _plan_units(plan: _Plan, units: Units) -> None:
    path = plan.city.units
    if path is None:
        path = plan.city.folder / "units.csv"
        plan.set("inputs.units", path.name)
    found = plan.read(path, checked_units)
    before = found.by_code if found is not None else {}
    plan.refuse(path, before.keys() - units.by_code.keys(), "the units")
    if before != units.by_code:
        rows = _in_their_order(before, units.by_code)
        plan.write(path, _read_back(path, units_bytes(rows), checked_units, Units.of(rows)))


def _plan_places(plan: _Plan, places: Places, units: Units) -> None:
    path = plan.place("places")
    found = plan.read(path, checked_places)
    if found is None and places.by_code == places_of_units(units).by_code:
        return
    before = found.by_code if found is not None else {}
    plan.refuse(path, before.keys() - places.by_code.keys(), "the places")
    if before != places.by_code:
        rows = _in_their_order(before, places.by_code)
        content = places_bytes(rows, suffix=path.suffix)
        plan.write(path, _read_back(path, content, checked_places, Places.of(rows)))


def _plan_categories(
    plan: _Plan, categories: Sequence[Category], retired: Collection[Levels]
) -> None:
    path = plan.place("categories")
    found = plan.read(path, checked_categories)
    before = {category.levels: category for category in found or ()}
    after = {category.levels: category for category in categories}
    lost = ("/".join(levels) for levels in before if levels not in after and levels not in retired)
    plan.refuse(path, lost, "the categories")
    if before != after:
        rows = _in_their_order(before, after)
        content = categories_bytes(rows, suffix=path.suffix)
        plan.write(path, _read_back(path, content, checked_categories, tuple(rows), tuple))


def _plan_directories(plan: _Plan, directories: Sequence[Directory]) -> None:
    folder = plan.place("directory")
    found: Sequence[Directory] = plan.read(folder, checked_directories) or ()
    before = {directory.version: directory.entries for directory in found}
    known = {directory.version for directory in directories}
    plan.refuse(folder, (version for version in before if version not in known), "the versions")
    for directory in directories:
        if directory.valid_from is None or directory.valid_from.isoformat() != directory.version:
            what = f"version {directory.version!r} is not called by its first day"
            plan.problems.append(Problem(folder.name, "", what, "put it in force from a day"))
        elif before.get(directory.version) != directory.entries:
            path = next(folder.glob(f"{directory.version}.*"), folder / f"{directory.version}{CSV}")
            content = directory_bytes(directory.entries, suffix=path.suffix)
            plan.write(path, _read_back(path, content, _entries, directory.entries))


def _entries(path: Path) -> tuple[Any, list[Problem]]:
    return read_entries(path), []


def _plan_desk(
    plan: _Plan, desk: Sequence[tuple[str, str]], past: Sequence[tuple[str, str]]
) -> None:
    """The desk's rules: one file, or a folder where there are several versions."""
    path = plan.city.outside.get("desk")
    if path is None and [text.encode() for _, text in desk] == [shipped_desk()]:
        return
    there = path is not None and path.exists()
    found = plan.read(path, checked_desk) if path is not None and there else ()
    before = {version.text: version.file for version in found or ()}
    texts = {text for _, text in (*desk, *past)}
    path = path or plan.place("desk")
    plan.refuse(path, (file for text, file in before.items() if text not in texts), "the version")
    missing = [(name, text) for name, text in desk if text not in before]
    stale = [file for text, file in before.items() if text not in {text for _, text in desk}]
    if not missing and not stale:
        return
    if len(desk) == 1 and not path.is_dir():
        plan.write(path, desk[0][1].encode())
        return
    if not path.is_dir():
        if there:
            plan.gone.append(path)
        path, missing = plan.city.folder / "desk", list(desk)
        plan.set("inputs.desk", path.name)
    else:
        plan.gone += [plan.city.folder / file for file in stale]
    for name, text in missing:
        plan.write(_free(path, name, plan), text.encode())


def _plan_policies(plan: _Plan, policies: Sequence[tuple[str, str]]) -> None:
    """Policies where `city.toml` names them; new versions in a folder beside."""
    named = [item for item in plan.city.policies if isinstance(item, str) or item.exists()]
    found, problems = checked_policies(named)
    plan.problems += problems
    digests = {sha256(text.encode()).hexdigest() for _, text in policies}
    for policy in found:
        if policy.digest not in digests:
            plan.refuse(plan.city.folder / FILE, [f"{policy.name} {policy.version}"], "the policy")
    there = {policy.digest for policy in found}
    missing = [
        (name, text) for name, text in policies if sha256(text.encode()).hexdigest() not in there
    ]
    if not missing:
        return
    only = plan.city.policies[0] if len(plan.city.policies) == 1 else None
    if isinstance(only, Path) and only.is_dir():
        for name, text in missing:
            plan.write(_free(only, name, plan), text.encode())
    elif isinstance(only, Path) and not named and len(missing) == 1 and only.suffix == ".toml":
        plan.write(only, missing[0][1].encode())
    else:
        folder = plan.city.folder / "policies"
        made = []
        for name, text in missing:
            path = _free(folder, name, plan)
            plan.write(path, text.encode())
            made.append(plan.city.shown(path))
        kept = [item if isinstance(item, str) else plan.city.shown(item) for item in named]
        plan.set("inputs.policy", [*kept, *made])


def _plan_calendar(plan: _Plan, calendar: WorkCalendar, past: Sequence[tuple[str, str]]) -> None:
    path = plan.city.outside.get("calendar_file")
    there = path if path is not None and path.exists() else None
    found, problems = checked_calendar(plan.city.calendar, plan.city.zone, there)
    plan.problems += problems
    if problems or found == calendar:
        return
    if there is not None and found.text not in {text for _, text in past}:
        plan.refuse(there, ["of this file"], "the calendar")
    try:
        name, text = folder_calendar(calendar)
    except ValueError as error:
        what = f"the desk's calendar cannot be written: {error}"
        plan.problems.append(Problem("calendar", "", what, "load another calendar"))
        return
    if name != plan.city.calendar:
        plan.set("calendar", name)
    path = path or plan.place("calendar_file")
    if text or there is not None:
        plan.write(path, (text or "date,kind,name\n").encode())


def _plan_past(plan: _Plan, past: Sequence[tuple[str, str]]) -> None:
    folder = plan.place("past_rules")
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    there = {path.read_bytes().decode("utf-8") for path in inside if path.suffix in (".toml", CSV)}
    numbers = [int(path.name[:3]) for path in inside if path.name[:3].isdigit()]
    number = max(numbers, default=0)
    for suffix, text in past:
        if text not in there:
            number += 1
            plan.write(folder / f"{number:03}{suffix}", text.encode())


def _in_their_order(before: Mapping[Any, Any], after: Mapping[Any, Row]) -> list[Row]:
    """The rows as the file has them, new ones at its end."""
    return [after[key] for key in (*before, *(key for key in after if key not in before))
            if key in after]  # fmt: skip


def _read_back(
    path: Path,
    content: bytes,
    reader: Callable[[Path], tuple[Any, list[Problem]]],
    meant: Any,
    made: Callable[[Any], Any] = lambda found: found,
) -> bytes:
    """The content, once it is sure that it is read as it is meant."""
    with tempfile.TemporaryDirectory(prefix="jiesu-") as folder:
        copy = Path(folder, path.name)
        copy.write_bytes(content)
        found, problems = reader(copy)
    if problems:
        raise InputError(problems)
    if made(found) != meant:
        what = "what the desk holds cannot be written so that it is read as it is"
        raise InputError(Problem(path.name, "", what, "look for odd characters in names"))
    return content


def _free(folder: Path, name: str, plan: _Plan) -> Path:
    """A file's path in a folder by a version's name, as letters, digits and dashes."""
    stem = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in name).strip(".-")
    for number in range(1, 10_000):
        path = folder / f"{stem or 'version'}{f'-{number}' if number > 1 else ''}.toml"
        if not path.exists() and path not in plan.files:
            return path
    raise ValueError("ten thousand versions of one name")


def _apply(plan: _Plan) -> list[str]:
    """Put the files in place, `city.toml` last; what was written."""
    settings = plan.city.folder / FILE
    if plan.text.encode() != settings.read_bytes():
        plan.files[settings] = plan.text.encode()
    for path, content in plan.files.items():
        with writable(plan.city.shown(path)):
            _put(path, content)
    for path in plan.gone:
        with writable(plan.city.shown(path)):
            path.unlink()
    return [plan.city.shown(path) for path in plan.files]


def _put(path: Path, content: bytes) -> None:
    """Replace a file at once: whoever reads it sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, name)
        else:
            os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
