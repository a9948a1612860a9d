"""Everything that the working desk takes from a city folder, with every mistake at once.

Units, places, categories, directories, the desk's rules, policies and the calendar as objects; for
`jiesu check`, `jiesu load` and `jiesu directory`. Knows no database.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jiesu.city.calendar_file import checked_calendar
from jiesu.city.desk_file import DeskVersion, checked_desk
from jiesu.city.directory_file import FOLDER
from jiesu.city.dispatch_files import DispatchFiles, checked_dispatch
from jiesu.city.folder import FILE, City, checked_city
from jiesu.city.policies import checked_policies, policy_bytes
from jiesu.city.units_file import checked_units
from jiesu.core.directory import Directory
from jiesu.core.directory_check import Finding
from jiesu.core.policy import Policy
from jiesu.core.problems import Problem
from jiesu.core.units import Units
from jiesu.core.worktime import WorkCalendar


@dataclass(frozen=True)
class DeskFolder:
    """A folder as the desk sees it."""

    city: City
    units: Units
    dispatch: DispatchFiles
    desk: tuple[DeskVersion, ...]
    calendar: WorkCalendar
    policies: tuple[Policy, ...] = ()

    def policy_text(self, policy: Policy) -> str:
        """The file of a policy's version. Raises InputError where it was changed meanwhile."""
        return policy_bytes(self.city.policies, policy.digest).decode("utf-8")

    def desk_on(self, day: date) -> DeskVersion:
        """The desk's rules in force on a day; before the first version that one."""
        begun = (
            version
            for version in reversed(self.desk)
            if version.rules.valid_from is None or version.rules.valid_from <= day
        )
        return next(begun, self.desk[0])

    def findings(self, directory: Directory, on: date) -> list[Finding]:
        """What is wrong with a version of the directory by the desk's rules of a day."""
        rules = self.desk_on(on).rules
        kinds = [kind.key for kind in rules.kinds]
        return self.dispatch.findings(directory, self.units, on, limits=rules.limits, kinds=kinds)

    def directory_file(self, directory: Directory) -> str:
        """How the file of a version is named to people."""
        folder = self.city.outside.get("directory")
        if folder is None:
            return f"{FOLDER}/{directory.version}.csv"
        inside = sorted(folder.glob(f"{directory.version}.*"))
        return f"{folder.name}/{inside[0].name if inside else directory.version}"

    def directory_errors(self, on: date | None, passed: Collection[str] = ()) -> Iterator[Problem]:
        """What must be mended before the versions of the directory are taken into use.

        Those that ended before `on` are let be: units and categories may have changed since.
        Without a day only the last version is looked at. `passed` are versions that somebody wanted
        with their mistakes.
        """
        versions = self.dispatch.directories
        for directory in versions if on else versions[-1:]:
            if on and directory.valid_to is not None and directory.valid_to <= on:
                continue
            if directory.version in passed:
                continue
            day = max(filter(None, (directory.valid_from, on)), default=date.min)
            for finding in self.findings(directory, day):
                if finding.is_error:
                    yield finding.problem(self.directory_file(directory))


def checked_desk_folder(folder: Path) -> tuple[DeskFolder | None, list[Problem]]:
    """The folder, and every mistake in what the desk takes from it; none where it has mistakes.

    Whether the directory fits to the rest is told by `directory_errors`.
    """
    city, problems = checked_city(folder)
    if city is None:
        return None, problems
    if city.units is None:
        what = "the desk needs the units that answer for cases"
        problems.append(Problem(FILE, "inputs.units", what, 'add units = "units.csv"'))
    units, wrong = checked_units(city.units) if city.units else (Units({}), [])
    problems += wrong
    policies, wrong = checked_policies(city.policies)
    problems += wrong
    found, wrong = checked_desk_parts(city, None if problems else units, policies)
    problems += wrong
    return (None if problems else found), problems


def checked_desk_parts(
    city: City, units: Units | None, policies: tuple[Policy, ...] = ()
) -> tuple[DeskFolder, list[Problem]]:
    """What the desk alone takes, as far as it could be read, and every mistake in it.

    `units` are `None` where they have mistakes: then nothing is compared with them.
    """
    desk, problems = checked_desk(city.outside.get("desk"))
    kinds = {word: key for version in desk for word, key in version.words_of_kinds.items()}
    dispatch, wrong = checked_dispatch(city, units, kinds=kinds)
    problems += wrong
    path = city.outside.get("calendar_file")
    calendar, wrong = checked_calendar(city.calendar, city.zone, path)
    problems += wrong
    return DeskFolder(city, units or Units({}), dispatch, desk, calendar, policies), problems
