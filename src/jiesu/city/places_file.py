"""The places of a city: `places.csv` or `.xlsx` to `core.places.Places`, every mistake at once.

Which unit answers for a place stands here; what units are is in the units file.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from jiesu.city.lines import Line, by_code, by_line
from jiesu.city.spreadsheet import CSV, read_table, table_bytes
from jiesu.core.places import PLACE_KINDS, Place, Places, places_of_units
from jiesu.core.problems import InputError, Problem
from jiesu.core.units import Units

FILE = "places.csv"
"""Where the places lie in a city folder; without it they follow from the units."""

COLUMNS = ("code", "name", "kind", "parent", "unit")
REQUIRED = ("code", "name", "kind")
OPTIONAL = ("parent", "unit")

LONGEST = {"code": 32, "name": 100}
"""Characters that a column may have."""

CHINESE = {"代码": "code", "名称": "name", "类别": "kind", "上级": "parent", "负责单位": "unit"}
"""Chinese headers that stand for the columns."""

KINDS_READ = {
    **{kind: kind for kind in PLACE_KINDS},
    "区": "district",
    "街道": "street",
    "街乡镇": "street",
    "社区": "community",
    "社区村": "community",
}
"""Words for the kinds of places, Chinese ones too."""


def read_places(path: Path, units: Units | None = None) -> Places:
    """The places of a file, in its order; where it does not exist, those of the units.

    Raises InputError with every mistake: columns, empty cells, a code twice, an unknown kind, a
    place in one that is not known or not larger, and with `units` a unit that is not known.
    """
    places, problems = checked_places(path, units)
    if problems:
        raise InputError(problems)
    return places


def checked_places(path: Path, units: Units | None = None) -> tuple[Places, list[Problem]]:
    """The places that are right, and every mistake; for a check that must go on."""
    if units is not None and not path.exists():
        return places_of_units(units), []
    problems: list[Problem] = []
    lines = read_table(path, REQUIRED, OPTIONAL, problems, also=CHINESE)
    places, numbers = by_code(
        path.name, lines, lambda line: _place(path, line, problems), problems, what="place"
    )
    if not lines and not problems:
        what, remedy = "no place in the file", "write a line for each place, or remove the file"
        problems.append(Problem(path.name, "", what, remedy))
    wrong = _check_parents(path, places, numbers, problems)
    if units is not None:
        _check_units(path, places, numbers, units, problems)
    return Places.of(_without(places, wrong)), by_line(problems)


def places_bytes(places: Iterable[Place], *, suffix: str = CSV, language: str = "en") -> bytes:
    """The places as a file of one of `spreadsheet.SUFFIXES`, headers in `en` or `zh`."""
    header = list(COLUMNS) if language == "en" else list(CHINESE)
    rows = (
        [place.code, place.name, place.kind, place.parent or "", place.unit or ""]
        for place in places
    )
    return table_bytes(suffix, "places" if language == "en" else "地点", header, rows)


def _place(path: Path, line: Line, problems: list[Problem]) -> Place | None:
    cells = line.cells
    empty = [column for column in REQUIRED if not cells[column]]
    for column in empty:
        problems.append(line.problem(path.name, column, "the cell is empty", "fill it in"))
    kind = KINDS_READ.get(cells["kind"])
    if cells["kind"] and kind is None:
        what = f"{cells['kind'][:40]!r} is no kind of place"
        remedy = f"use one of: {', '.join(PLACE_KINDS)}"
        problems.append(line.problem(path.name, "kind", what, remedy))
    if empty or kind is None:
        return None
    for column in ("code", "name"):
        if len(cells[column]) > LONGEST[column]:
            what = f"has more than {LONGEST[column]} characters"
            problems.append(line.problem(path.name, column, what, "shorten it"))
            return None
    parent, unit = cells.get("parent") or None, cells.get("unit") or None
    return Place(cells["code"], cells["name"], kind, parent, unit)


def _check_parents(
    path: Path, places: Mapping[str, Place], numbers: Mapping[str, Line], problems: list[Problem]
) -> set[str]:
    """Codes of the places that lie nowhere or in a place that is not larger."""
    wrong = set()
    for code, place in places.items():
        if place.parent is None:
            continue
        above = places.get(place.parent)
        if above is None:
            what = f"no place has the code {place.parent[:40]!r}"
            remedy = "write the code of a place in this file, or nothing"
        elif PLACE_KINDS.index(above.kind) >= PLACE_KINDS.index(place.kind):
            what = f"a {place.kind} cannot lie in a {above.kind}"
            remedy = "communities lie in streets or districts, streets in districts"
        else:
            continue
        wrong.add(code)
        problems.append(numbers[code].problem(path.name, "parent", what, remedy))
    return wrong


def _check_units(
    path: Path,
    places: Mapping[str, Place],
    numbers: Mapping[str, Line],
    units: Units,
    problems: list[Problem],
) -> None:
    for code, place in places.items():
        if place.unit is not None and place.unit not in units:
            what = f"no unit has the code {place.unit[:40]!r}"
            remedy = "write the code of a unit, or nothing for the unit with the place's own code"
            problems.append(numbers[code].problem(path.name, "unit", what, remedy))


def _without(places: Mapping[str, Place], wrong: set[str]) -> Iterable[Place]:
    """The places that lie where they can; those in a wrong one lie in none for now."""
    for place in places.values():
        lost = place.code in wrong
        yield Place(place.code, place.name, place.kind, None if lost else place.parent, place.unit)
