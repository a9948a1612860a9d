"""The units file of a city: `units.csv` to `core.units.Units`, every mistake at once.

Leaves out what a unit has to do with cases and which kinds a policy ranks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from jiesu.city.lines import Line, by_code, by_line
from jiesu.city.spreadsheet import csv_bytes, read_table
from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.problems import InputError, Problem
from jiesu.core.units import Unit, Units

REQUIRED = ("code", "name", "kind")
OPTIONAL = ("parent", "population", "valid_from", "valid_to", "successor")

CHINESE = {
    "代码": "code",
    "名称": "name",
    "类别": "kind",
    "上级": "parent",
    "常住人口": "population",
    "启用日期": "valid_from",
    "停用日期": "valid_to",
    "并入": "successor",
}
"""Chinese headers that stand for the columns."""


def read_units(path: Path) -> Units:
    """The units of a units file, in its order.

    Raises InputError with every mistake: columns, empty cells, a code twice, an unknown
    parent or successor, either of them in a circle, a successor of another kind, a wrong date or
    number, an end before the beginning.
    """
    units, problems = checked_units(path)
    if problems:
        raise InputError(problems)
    return units


def checked_units(path: Path) -> tuple[Units, list[Problem]]:
    """The units that could be read, and every mistake; for a check that must go on."""
    problems: list[Problem] = []
    lines = read_table(path, REQUIRED, OPTIONAL, problems, also=CHINESE)
    units, numbers = by_code(
        path.name, lines, lambda line: _unit(path, line, problems), problems, what="unit"
    )
    if not lines and not problems:
        problems.append(Problem(path.name, "", "no unit in the file", "write a line for each unit"))
    _check_parents(path, units, numbers, problems)
    return Units(units), by_line(problems)


def units_bytes(units: Iterable[Unit]) -> bytes:
    """The units as a CSV file that `read_units` gives again; `successor` where any has one."""
    units = list(units)
    columns: tuple[str, ...] = (*REQUIRED, *OPTIONAL)
    if all(unit.successor is None for unit in units):
        columns = columns[:-1]
    return csv_bytes(
        columns, ([_cell(getattr(unit, column)) for column in columns] for unit in units)
    )


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _unit(path: Path, line: Line, problems: list[Problem]) -> Unit | None:
    cells = line.cells
    empty = [column for column in REQUIRED if not cells[column]]
    for column in empty:
        problems.append(line.problem(path.name, column, "the cell is empty", "fill it in"))
    begin = _day(path, line, "valid_from", problems)
    end = _day(path, line, "valid_to", problems)
    if begin is not None and end is not None and begin >= end:
        what = f"ends on {end} but begins on {begin}"
        remedy = "valid_to is the first day without the unit"
        problems.append(line.problem(path.name, "valid_to", what, remedy))
    population = _population(path, line, problems)
    if LIST_SEPARATOR in cells["code"]:
        what = f"the code holds {LIST_SEPARATOR!r}, which separates codes in a list"
        problems.append(line.problem(path.name, "code", what, "choose a code without it"))
    if empty:
        return None
    parent = cells.get("parent") or None
    successor = cells.get("successor") or None
    return Unit(
        cells["code"], cells["name"], cells["kind"], parent, population, begin, end, successor
    )


def _day(path: Path, line: Line, column: str, problems: list[Problem]) -> date | None:
    text = line.cells.get(column, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        what = f"{text[:40]!r} is not a date"
        problems.append(line.problem(path.name, column, what, "write it as 2022-01-19"))
        return None


def _population(path: Path, line: Line, problems: list[Problem]) -> int | None:
    text = line.cells.get("population", "")
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return int(text)
    what = f"{text[:40]!r} is not a number of residents"
    problems.append(line.problem(path.name, "population", what, "write digits only, or nothing"))
    return None


def _check_parents(
    path: Path, units: Mapping[str, Unit], numbers: Mapping[str, Line], problems: list[Problem]
) -> None:
    for code, unit in units.items():
        if unit.parent is not None and unit.parent not in units:
            what = f"no unit has the code {unit.parent[:40]!r}"
            remedy = "write the code of a unit in this file, or nothing"
            problems.append(numbers[code].problem(path.name, "parent", what, remedy))
        if unit.successor is not None and unit.successor not in units:
            what = f"no unit has the code {unit.successor[:40]!r}"
            remedy = "write the code of the unit into which this one was merged, or nothing"
            problems.append(numbers[code].problem(path.name, "successor", what, remedy))
        elif unit.successor == code:
            what, remedy = "a unit is merged into itself", "name another unit, or nothing"
            problems.append(numbers[code].problem(path.name, "successor", what, remedy))
        elif unit.successor is not None and unit.kind != (kind := units[unit.successor].kind):
            what = f"a {unit.kind[:40]} cannot be merged into a {kind[:40]}"
            remedy = "units are merged into one of their own kind: name another unit, or nothing"
            problems.append(numbers[code].problem(path.name, "successor", what, remedy))
    for circle in _circles({code: unit.parent for code, unit in units.items()}):
        what = f"the parents go in a circle: {_shown(circle)}"
        remedy = "a unit is never above itself: correct one parent"
        problems.append(numbers[circle[0]].problem(path.name, "parent", what, remedy))
    for circle in _circles({code: unit.successor for code, unit in units.items()}):
        if len(circle) > 1:
            what = f"the units succeed each other in a circle: {_shown(circle)}"
            remedy = "one of them goes on: leave its successor empty"
            problems.append(numbers[circle[0]].problem(path.name, "successor", what, remedy))


def _shown(circle: Sequence[str]) -> str:
    return " → ".join([*circle[:5], *(["…"] if len(circle) > 5 else []), circle[0]])


def _circles(following: Mapping[str, str | None]) -> Iterator[list[str]]:
    """Every circle of codes that name each other once. Looks at each code once."""
    known: set[str] = set()
    for start in following:
        passed: dict[str, None] = {}
        code: str | None = start
        while code is not None and code in following and code not in known:
            if code in passed:
                codes = list(passed)
                yield codes[codes.index(code) :]
                break
            passed[code] = None
            code = following[code]
        known.update(passed)
