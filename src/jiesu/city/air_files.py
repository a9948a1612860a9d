"""The air of a city folder: `air.toml`, `stations.csv` and the hourly files to `core.air`.

Reads, joins and asks for the counting; what means and ranks are is said in docs/methods/air.md.
Forms of the files: docs/air.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jiesu.city.folder import City
from jiesu.city.lines import Line, by_line, read_lines
from jiesu.core.air import AirArea, AirResult, AirRule, Station, air_result, parse_air_rule
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import InputFile
from jiesu.core.settings import Settings, toml_table
from jiesu.core.units import Unit, Units

if TYPE_CHECKING:
    from jiesu.evaluation.air_days import HourReport
    from jiesu.sources.air_rows import AirForm, AirRows

DISTRICT, STREET = "district", "street"
"""Kinds of unit that stations stand in."""

REQUIRED = ("station", "district")
OPTIONAL = ("name", "street")
CHINESE = {
    "站点": "station",
    "监测站": "station",
    "区": "district",
    "街道": "street",
    "名称": "name",
    "station_zh": "name",
}
"""Headers that stand for the columns."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class StationList:
    """The stations, and the places that they can stand in."""

    stations: tuple[Station, ...]
    districts: tuple[AirArea, ...]
    streets: tuple[AirArea, ...]


@dataclass(frozen=True, slots=True)
class AirInputs:
    """What to read. `units` `None`: the list's own words are the districts and streets.

    `city` is the folder that the files belong to; without one they are named as they were given.
    """

    files: tuple[str | Path, ...]
    stations: Path
    rule: AirRule
    zone: ZoneInfo
    units: Units | None = None
    city: City | None = None

    def shown(self, path: Path) -> str:
        return str(path) if self.city is None else self.city.shown(path)


@dataclass(frozen=True, slots=True)
class Air:
    """The air with what was met in the files, and the digests of the files."""

    result: AirResult
    report: "HourReport"
    files: tuple[InputFile, ...]


def air_inputs(city: City, units: Units | None) -> AirInputs | None:
    """What a folder has of air; `None` where it has no hourly data. Raises InputError."""
    if "air" not in city.outside:
        return None
    problems: list[Problem] = []
    if "stations" not in city.outside:
        what, remedy = "there is no list of stations", "add stations.csv with station,district"
        problems.append(Problem("stations.csv", "", what, remedy))
    rule, wrong = checked_air_rule(city.outside.get("air_rules"))
    problems += wrong
    if problems:
        raise InputError(problems)
    files = (city.outside["air"],)
    return AirInputs(files, city.outside["stations"], rule, city.zone, units, city)


def measured_air(inputs: AirInputs, until: date, progress: Progress | None = None) -> Air:
    """Read the files and make the means. `progress` takes files done and their number.

    Raises InputError with every mistake of the station list, and those of the first file that
    cannot be used.
    """
    from jiesu.evaluation.air_days import count_days
    from jiesu.sources.air_rows import SCALE, AirForm
    from jiesu.sources.readers import expand_inputs

    listed, problems = checked_stations(inputs, until)
    if problems:
        raise InputError(problems)
    paths = expand_inputs(inputs.files)
    rule = inputs.rule
    form = AirForm(rule.pollutants, inputs.zone, rule.lowest, rule.highest)
    rows = _each_file(inputs, paths, form, progress)
    counts, report = count_days(rows, rule.pollutants, until, SCALE)
    result = air_result(rule, counts, listed.stations, listed.districts, listed.streets)
    files = tuple(_input_file(path) for path in (*paths, inputs.stations))
    return Air(result, report, files)


def _each_file(
    inputs: AirInputs, paths: Sequence[Path], form: "AirForm", progress: Progress | None
) -> "Iterator[AirRows]":
    """Each file's rows in turn: never more than one file is in memory."""
    from jiesu.sources.air_rows import read_air

    for done, path in enumerate(paths):
        yield read_air(path, form, inputs.shown(path))
        if progress is not None:
            progress(done + 1, len(paths))


def _input_file(path: Path) -> InputFile:
    with path.open("rb") as content:
        return InputFile(path.name, file_digest(content, "sha256").hexdigest())


def checked_air_rule(path: Path | None) -> tuple[AirRule, list[Problem]]:
    """The rule of an `air.toml`, or the usual one where there is none, and every mistake."""
    if path is None:
        return AirRule(), []
    try:
        content = path.read_bytes()
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        return AirRule(), [Problem(path.name, "", what, "make it readable, or remove it")]
    try:
        top = Settings(toml_table(content, path.name), path.name)
    except InputError as error:
        return AirRule(), list(error.problems)
    return parse_air_rule(top), top.problems


def checked_stations(
    inputs: AirInputs, on: date | None = None
) -> tuple[StationList, list[Problem]]:
    """The stations with their places as far as they could be read, and every mistake.

    With units a station's district is a code or a name of one that exists `on` a day, its street a
    code; all districts and streets of that day are places, with a station or without. `on` `None`
    means whenever.
    """
    problems: list[Problem] = []
    lines = _station_lines(inputs, problems)
    if not lines and not problems:
        remedy = "write a line for each station: station,district"
        problems.append(
            Problem(inputs.shown(inputs.stations), "", "no station in the file", remedy)
        )
    reading = _Reading(inputs, on, problems)
    for line in lines:
        reading.take(line)
    return reading.result(), by_line(problems)


def _station_lines(inputs: AirInputs, problems: list[Problem]) -> list[Line]:
    path, file = inputs.stations, inputs.shown(inputs.stations)
    if inputs.city is None and not path.is_file():
        what, remedy = "there is no such file", "name the list of stations with --stations"
        problems.append(Problem(file, "", what, remedy))
        return []
    return read_lines(path, REQUIRED, OPTIONAL, problems, also=CHINESE, others=True, shown=file)


class _Reading:
    """A station list on the way: stations by code, and what each place is called in the file."""

    def __init__(self, inputs: AirInputs, on: date | None, problems: list[Problem]) -> None:
        units = inputs.units
        self.file = inputs.shown(inputs.stations)
        self.problems = problems
        self.known = units is not None
        self.districts = _existing(units, DISTRICT, on)
        self.streets = _existing(units, STREET, on)
        self.by_name = {unit.name: unit for unit in self.districts.values()}
        self.stations: dict[str, Station] = {}
        self.where: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.street_keys: dict[str, str | None] = {}

    def take(self, line: Line) -> None:
        cells = line.cells
        code = cells["station"]
        if not code:
            self._wrong(line, "station", "the cell is empty", "write the station as in the data")
            return
        street = cells.get("street", "") or None
        district = self._district(line, street)
        if self.known and street is not None and not self._street_fits(line, street, district):
            return
        station = Station(code, cells.get("name", "") or code, district, street)
        before = self.stations.setdefault(code, station)
        if before != station:
            what = f"the station {code[:40]} stands in {self.where[code]} with another place"
            self._wrong(line, "station", what, "give each station one line")
            return
        self.where.setdefault(code, line.where)
        if street is not None:
            self.street_keys.setdefault(street, district)

    def _district(self, line: Line, street: str | None) -> str | None:
        """The district's key: its code where the units are known, else the text itself."""
        text = line.cells["district"]
        if not text and street is not None and street in self.streets:
            return self.streets[street].parent
        if not text:
            self._wrong(line, "district", "the cell is empty", "write the station's district")
            return None
        if not self.known:
            self.labels.setdefault(text, text)
            return text
        unit = self.districts.get(text) or self.by_name.get(text)
        if unit is None:
            what = f"no district has the code or name {text[:40]!r}"
            self._wrong(line, "district", what, "write one of the units file")
            return None
        self.labels.setdefault(unit.code, text)
        return unit.code

    def _street_fits(self, line: Line, street: str, district: str | None) -> bool:
        unit = self.streets.get(street)
        if unit is None:
            what = f"no street has the code {street[:40]!r}"
            self._wrong(line, "street", what, "write a code of the units file, or nothing")
            return False
        if district is not None and unit.parent != district:
            what = f"the street {unit.name} does not belong to that district"
            self._wrong(line, "street", what, "mend the street or the district")
            return False
        return True

    def _wrong(self, line: Line, column: str, what: str, remedy: str) -> None:
        self.problems.append(line.problem(self.file, column, what, remedy))

    def result(self) -> StationList:
        if self.known:
            districts = [self._place(unit, None) for unit in self.districts.values()]
            streets = [self._place(unit, unit.parent) for unit in self.streets.values()]
        else:
            districts = [AirArea(key, key, key) for key in self.labels]
            streets = [AirArea(key, key, key, above) for key, above in self.street_keys.items()]
        return StationList(tuple(self.stations.values()), tuple(districts), tuple(streets))

    def _place(self, unit: Unit, parent: str | None) -> AirArea:
        return AirArea(unit.code, unit.name, self.labels.get(unit.code, unit.name), parent)


def _existing(units: Units | None, kind: str, on: date | None) -> Mapping[str, Unit]:
    return {
        unit.code: unit
        for unit in units or ()
        if unit.kind == kind and (on is None or unit.exists_between(on, on))
    }


def air_measures(city: City) -> tuple[str, ...]:
    """The keys of the measures that hourly data give a folder, now or once it has them."""
    return checked_air_rule(city.outside.get("air_rules"))[0].pollutants


def check_air(city: City, units: Units | None) -> list[Problem]:
    """What is wrong with a folder's air files: the rule, the stations, the headers and the rows."""
    if "air" not in city.outside:
        return []
    try:
        inputs = air_inputs(city, units)
    except InputError as error:
        return list(error.problems)
    assert inputs is not None
    problems = checked_stations(inputs)[1]
    return problems + list(_wrong_rows(inputs))


def _wrong_rows(inputs: AirInputs) -> Iterator[Problem]:
    from jiesu.sources.air_rows import AirForm
    from jiesu.sources.readers import expand_inputs

    rule = inputs.rule
    form = AirForm(rule.pollutants, inputs.zone, rule.lowest, rule.highest)
    try:
        paths = expand_inputs(inputs.files)
    except InputError as error:
        yield from error.problems
        return
    for path in paths:
        try:
            for _ in _each_file(inputs, [path], form, None):
                pass
        except InputError as error:
            yield from error.problems
