"""Every mistake of a city folder at once: what `jiesu check` prints.

Goes on after a broken file, with what the others allow. Reads settings whole and of the case
files only whether they are there and fit the profile; their rows are checked when they are
read.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from jiesu.city.adjustments import checked_adjustments
from jiesu.city.air_files import air_measures, check_air
from jiesu.city.boundaries import checked_boundaries
from jiesu.city.checkup_file import check_checkup
from jiesu.city.commitments_file import checked_commitments
from jiesu.city.desk_folder import checked_desk_parts
from jiesu.city.editions import checked_editions
from jiesu.city.folder import City, checked_city
from jiesu.city.governance_file import check_governance
from jiesu.city.index_files import check_index
from jiesu.city.measures_files import checked_measures
from jiesu.city.meeting_file import checked_meetings
from jiesu.city.policies import checked_policies, unknown_measures
from jiesu.city.topics_files import check_topics
from jiesu.city.units_file import checked_units
from jiesu.core.policy import Policy
from jiesu.core.problems import InputError, Problem
from jiesu.core.roster import Line
from jiesu.core.units import Units
from jiesu.sources.canonical import bind
from jiesu.sources.intake import used_as_it_stands
from jiesu.sources.profile import Profile, load_profile
from jiesu.sources.readers import expand_inputs, open_table


def check_city(folder: Path) -> list[Problem]:
    """Every mistake in a city folder with file, key path or line, and remedy; empty when right.

    Where `city.toml` itself cannot be read, the files with the template's names are checked.
    """
    city, problems = checked_city(folder)
    units_path = _default(folder, "units.csv") if city is None else city.units
    units: Units | None = None
    if units_path is not None:
        units, wrong = checked_units(units_path)
        problems += wrong
        # Codes are compared only with units that are all there.
        units = None if wrong else units
    adjustments = _default(folder, "adjustments.csv") if city is None else city.adjustments
    lines: list[Line] = []
    if adjustments is not None:
        lines, wrong = checked_adjustments(adjustments, units)
        problems += wrong
    if city is None:
        policy = _default(folder, "policy.toml")
        return problems + (checked_policies([policy])[1] if policy else [])
    policies, wrong = checked_policies(city.policies)
    problems += wrong
    if adjustments is not None:
        problems += _uncounted(adjustments, lines, policies)
    problems += _meetings(city, units)
    problems += _cases(city)
    if city.boundaries is not None:
        problems += checked_boundaries(city.boundaries)
    measures, wrong = checked_measures(city, units)
    problems += wrong
    rules = city.outside.get("measure_rules")
    if rules is None or all(problem.file != rules.name for problem in wrong):
        problems += unknown_measures(city.policies, {*measures.rules, *air_measures(city)})
    problems += check_air(city, units)
    problems += check_topics(city, units)
    problems += check_governance(city, units)
    problems += check_index(city, units)
    problems += check_checkup(city)
    problems += _desk(city, units)
    problems += checked_editions(folder)
    return problems


def _meetings(city: City, units: Units | None) -> list[Problem]:
    """What is wrong with the files of review meetings and with the commitments."""
    problems = checked_meetings(city.folder, units)[1]
    if path := city.outside.get("commitments"):
        problems += checked_commitments(path, units)[1]
    return problems


def _desk(city: City, units: Units | None) -> list[Problem]:
    """What is wrong with the files of the working desk, and with its directory as a whole."""
    found, problems = checked_desk_parts(city, units)
    if units is not None and not problems:
        problems += found.directory_errors(None)
    return problems


def _default(folder: Path, name: str) -> Path | None:
    path = folder / name
    return path if path.is_file() else None


def _uncounted(path: Path, lines: Sequence[Line], policies: Sequence[Policy]) -> Iterator[Problem]:
    """A bonus or deduction that no version of the policy lets count would be lost in silence."""
    for key, sign in (("max_bonus", 1), ("max_deduction", -1)):
        approved = any(line.approval and line.points * sign > 0 for line in lines)
        if approved and policies and not any(getattr(policy, key) for policy in policies):
            what = f"has approved points that the policy does not count: its {key} is 0"
            remedy = f"set {key} in the policy's [adjustments], or remove the lines"
            yield Problem(path.name, "points", what, remedy)


def _cases(city: City) -> list[Problem]:
    """What is wrong with the profile, and which case files are missing or do not fit it."""
    problems: list[Problem] = []
    profile: Profile | None = None
    if city.profile:  # That it is missing has been said of city.toml.
        try:
            profile = load_profile(city.profile)
        except InputError as error:
            problems += error.problems
    for item in city.cases:
        try:
            paths = expand_inputs([item])
        except InputError as error:
            problems += error.problems
            continue
        if profile is not None:
            for path in paths:
                problems += _header(path, profile, city.zone)
    return problems


def _header(path: Path, profile: Profile, zone: ZoneInfo) -> tuple[Problem, ...]:
    """What keeps a file from being read with the profile; nothing for a file of our own."""
    if used_as_it_stands(path, profile):
        return ()
    try:
        with open_table(path, profile) as table:
            binding = bind(profile, table, zone)
            # The first rows too: they tell whether the file can be cut into cells at all.
            next(table.batches(binding.wanted), None)
    except InputError as error:
        return error.problems
    return ()
