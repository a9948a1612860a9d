"""Outside measures of a city folder: `measures.toml` and `measures/*.csv` to `core.measures`.

Every mistake is named with file, line and remedy. Which period's figures count, and how air joins
in: docs/methods/measures.md; forms of the files: docs/measures.md.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from jiesu.city.air_files import air_inputs, measured_air
from jiesu.city.folder import City
from jiesu.city.lines import Line, by_line, read_lines
from jiesu.core.air import TITLES, UNIT, last_day_for
from jiesu.core.measures import (
    DIRECTIONS,
    Measure,
    MeasureTable,
    Reading,
    Stretch,
    asked_stretch,
    standing_for,
    stretch_of,
)
from jiesu.core.period import Period
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import InputFile
from jiesu.core.settings import Settings, exact, toml_table
from jiesu.core.units import Units

REQUIRED = ("measure", "unit", "period", "value")
OPTIONAL = ("source",)
CHINESE = {
    "指标": "measure",
    "单位": "unit",
    "时期": "period",
    "考核期": "period",
    "数值": "value",
    "来源": "source",
}
"""Chinese headers that stand for the columns."""

RULES = "measures.toml"
_Wrong = Callable[[str, str, str], None]
"""Notes what is wrong in a column of a line, and how to mend it."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class Measures:
    """All figures of a folder: by measure, then by period's label, then by unit."""

    rules: Mapping[str, Measure]
    readings: Mapping[str, Mapping[str, Mapping[str, Reading]]]
    files: tuple[InputFile, ...]


def measure_tables(
    city: City, units: Units | None, period: Period, *, air: bool = True
) -> dict[str, MeasureTable]:
    """The measures that have figures for a period, outside ones and (with `air`) the air's, by key.

    Raises InputError for mistakes in the files, and for an outside measure that is called as one of
    the air's.
    """
    tables = outside_tables(read_measures(city, units), period)
    if not air:
        return tables
    of_air = air_tables(city, units, period)
    both = sorted(tables.keys() & of_air.keys())
    if both:
        what = f"the city's air data give {', '.join(both)} already"
        raise InputError(Problem(RULES, "measures", what, "rename the measure, or leave one out"))
    return {**tables, **of_air}


def outside_tables(measures: Measures, period: Period) -> dict[str, MeasureTable]:
    """Each measure's figures that stand for a period; one without any is left out."""
    asked = asked_stretch(period)
    tables = {}
    for key, rule in measures.rules.items():
        by_period = measures.readings.get(key, {})
        label = standing_for(asked, by_period, rule.stands_for_months)
        if label is not None:
            tables[key] = MeasureTable(rule, label, by_period[label], files=measures.files)
    return tables


def air_tables(city: City, units: Units | None, period: Period) -> dict[str, MeasureTable]:
    """Mean PM2.5 and PM10 of districts and streets since 1 January; empty without hourly data."""
    inputs = air_inputs(city, units)
    if inputs is None:
        return {}
    air = measured_air(inputs, last_day_for(inputs.rule, period))
    result = air.result
    tables = {}
    for name in inputs.rule.pollutants:
        readings = {
            place.key: Reading(figure.value, weak=figure.weak)
            for place in (*result.districts, *result.streets)
            if (figure := place.figures[name]).value is not None
        }
        title = TITLES[name]
        measure = Measure(
            key=name,
            title={"zh": f"{title}平均浓度", "en": f"mean {title}"},
            measured_in={"zh": UNIT, "en": UNIT},
            direction="lower",
            decimals=inputs.rule.decimals,
            source=inputs.rule.source or inputs.stations.name,
        )
        span = f"{result.first}..{result.until}"
        tables[name] = MeasureTable(
            measure, period.label, readings, span, result.counts.days, air.files
        )
    return {name: table for name, table in tables.items() if table.readings}


def read_measures(city: City, units: Units | None) -> Measures:
    """The outside measures of a folder; empty where it has none. Raises InputError."""
    measures, problems = checked_measures(city, units)
    if problems:
        raise InputError(problems)
    return measures


def check_measures(city: City, units: Units | None) -> list[Problem]:
    """Every mistake in a folder's measures."""
    return checked_measures(city, units)[1]


def checked_measures(city: City, units: Units | None) -> tuple[Measures, list[Problem]]:
    """The measures as far as they could be read, and every mistake.

    Mistakes: an unknown measure or unit, a unit that does not exist in the period, a wrong number
    or period, the same measure, unit and period twice with different figures.
    """
    folder, rules_path = city.outside.get("measures"), city.outside.get("measure_rules")
    if folder is None and rules_path is None:
        return Measures({}, {}, ()), []
    problems: list[Problem] = []
    if rules_path is None:
        what, remedy = "the file is missing", "say in it what each measure is: [[measures]]"
        return Measures({}, {}, ()), [Problem(RULES, "", what, remedy)]
    rules, keys_hold = _rules(rules_path, problems)
    reading = _Reading(city, rules if keys_hold else None, units, problems)
    paths = [] if folder is None else _files(city, folder, problems)
    for path in paths:
        reading.take(path)
    files = tuple(_input_file(path) for path in (rules_path, *paths) if path.is_file())
    return Measures(rules, reading.readings, files), problems


def _files(city: City, folder: Path, problems: list[Problem]) -> list[Path]:
    if folder.is_file():
        return [folder]
    paths = sorted(path for path in folder.glob("*.csv") if not path.name.startswith("."))
    if not paths:
        what, remedy = "there is no CSV file", "put the figures into it, or name another place"
        problems.append(Problem(city.shown(folder), "", what, remedy))
    return paths


def _input_file(path: Path) -> InputFile:
    return InputFile(path.name, sha256(path.read_bytes()).hexdigest())


def _rules(path: Path, problems: list[Problem]) -> tuple[dict[str, Measure], bool]:
    """The measures by key, and whether these are all that the file means to have."""
    try:
        top = Settings(toml_table(path.read_bytes(), path.name), path.name)
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        problems.append(Problem(path.name, "", what, "make it readable, or mend city.toml"))
        return {}, False
    except InputError as error:
        problems += error.problems
        return {}, False
    rules: dict[str, Measure] = {}
    for table in top.each("measures"):
        rule = Measure(
            key=table.text("key"),
            title=table.words("title"),
            measured_in=table.words("measured_in"),
            direction="higher" if table.choice("direction", DIRECTIONS) == "higher" else "lower",
            decimals=table.integer("decimals", 0, 0, 6),
            source=table.text("source"),
            stands_for_months=table.integer("stands_for_months", 12, 0, 120),
        )
        if rule.key in rules:
            table.wrong("key", f"two measures have the key {rule.key!r}", "rename one")
        elif rule.key:
            rules[rule.key] = rule
    top.finish()
    problems += top.problems
    return rules, top.keys_hold


@dataclass(slots=True)
class _Reading:
    """The files of figures on the way; `places` says where each figure was met first.

    `rules` `None` leaves keys unchecked.
    """

    city: City
    rules: Mapping[str, Measure] | None
    units: Units | None
    problems: list[Problem]
    readings: dict[str, dict[str, dict[str, Reading]]] = field(default_factory=dict)
    places: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def take(self, path: Path) -> None:
        problems: list[Problem] = []
        file = self.city.shown(path)
        lines = read_lines(path, REQUIRED, OPTIONAL, problems, also=CHINESE, shown=file)
        for line in lines:
            self._line(file, line, problems)
        self.problems += by_line(problems)

    def _line(self, file: str, line: Line, problems: list[Problem]) -> None:
        def wrong(column: str, what: str, remedy: str) -> None:
            problems.append(line.problem(file, column, what, remedy))

        cells = line.cells
        before = len(problems)
        key, unit, label = cells["measure"], cells["unit"], cells["period"]
        if self.rules is not None and key not in self.rules:
            known = ", ".join(self.rules) or "none"
            wrong("measure", f"{key[:40]!r} is no measure of {RULES}", f"use one of: {known}")
        stretch = stretch_of(label)
        if stretch is None:
            what = f"{label[:40]!r} is not a period"
            wrong("period", what, "write 2022-02, 2022-Q1 or 2022")
        self._check_unit(unit, stretch, wrong)
        value = exact(cells["value"]) if _NUMBER.fullmatch(cells["value"]) else None
        if value is None:
            what = f"{cells['value'][:40]!r} is not a number"
            wrong("value", what, "write digits with a decimal point, no separators, no %")
        if len(problems) > before or value is None:
            return
        self._keep(file, line, (key, label, unit), Reading(value, cells.get("source", "")), wrong)

    def _check_unit(self, code: str, stretch: Stretch | None, wrong: _Wrong) -> None:
        if self.units is None:
            if not code:
                wrong("unit", "the cell is empty", "write the unit's code")
            return
        if code not in self.units:
            what = f"no unit has the code {code[:40]!r}"
            wrong("unit", what, "write a code of the units file")
            return
        if stretch is not None:
            first, last = _days(stretch)
            unit = self.units[code]
            if not unit.exists_between(first, last):
                what = f"{unit.name} does not exist in that period"
                wrong("unit", what, "mend the period, or the unit's valid_from and valid_to")

    def _keep(
        self,
        file: str,
        line: Line,
        key: tuple[str, str, str],
        reading: Reading,
        wrong: _Wrong,
    ) -> None:
        measure, label, unit = key
        by_unit = self.readings.setdefault(measure, {}).setdefault(label, {})
        known = by_unit.setdefault(unit, reading)
        if known.value != reading.value:
            what = f"another figure for {unit} in {label} stands in {self.places[key]}"
            wrong("value", what, "leave the one that holds")
        self.places.setdefault(key, f"{file}, {line.where}")


def _days(stretch: Stretch) -> tuple[date, date]:
    """First and last day of a label by the calendar, not by the assessment's months."""
    year, index = divmod(stretch.first, 12)
    after_year, after_index = divmod(stretch.last + 1, 12)
    return date(year, index + 1, 1), date(after_year, after_index + 1, 1) - timedelta(1)
