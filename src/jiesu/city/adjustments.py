"""Bonus and deduction lines of a city: `adjustments.csv`, every mistake at once.

Lines without an approval are kept: that they don't count, and how points and caps enter a
score, is said in `core.standings` (docs/methods/composite.md).
"""

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path

from jiesu.city.lines import Line as FileLine
from jiesu.city.lines import by_line, read_lines
from jiesu.core.problems import InputError, Problem
from jiesu.core.roster import Line
from jiesu.core.units import Units

REQUIRED = ("unit", "period", "points", "reason", "approval")
OPTIONAL = ("cap",)

CHINESE = {
    "承办单位": "unit",
    "考核期": "period",
    "分值": "points",
    "事由": "reason",
    "批准": "approval",
    "上限": "cap",
}
"""Chinese headers that stand for the columns."""

MAX_POINTS = 100


def read_adjustments(path: Path, units: Units | None) -> list[Line]:
    """The lines of an adjustments file, in its order, those without approval too.

    `units` are the city's; `None` leaves the unit codes unchecked. Raises InputError with
    every mistake: columns, empty cells, an unknown unit, a wrong period or number, a line
    twice.
    """
    lines, problems = checked_adjustments(path, units)
    if problems:
        raise InputError(problems)
    return lines


def checked_adjustments(path: Path, units: Units | None) -> tuple[list[Line], list[Problem]]:
    """The lines that could be read, and every mistake; for a check that must go on."""
    problems: list[Problem] = []
    lines = read_lines(path, REQUIRED, OPTIONAL, problems, also=CHINESE)
    kept: dict[Line, None] = {}
    for line in lines:
        adjustment = _adjustment(path, line, units, problems)
        if adjustment is None:
            continue
        if adjustment in kept:
            what = f"the line for {adjustment.unit} in {adjustment.period} stands twice"
            remedy = "remove one, or tell the reasons apart"
            problems.append(Problem(path.name, line.where, what, remedy))
        kept[adjustment] = None
    return list(kept), by_line(problems)


def _adjustment(
    path: Path, line: FileLine, units: Units | None, problems: list[Problem]
) -> Line | None:
    before = len(problems)
    cells = line.cells

    def wrong(column: str, what: str, remedy: str) -> None:
        problems.append(line.problem(path.name, column, what, remedy))

    for column in ("unit", "period", "points", "reason"):
        if not cells[column]:
            wrong(column, "the cell is empty", "fill it in")
    if units is not None and cells["unit"] and cells["unit"] not in units:
        what = f"no unit has the code {cells['unit'][:40]!r}"
        wrong("unit", what, "write a code of the units file")
    if cells["period"] and not _is_period(cells["period"]):
        what = f"{cells['period'][:40]!r} is not a period"
        wrong("period", what, "write it as 2022-02, 2022-Q1 or 2022")
    points = _number(cells["points"])
    if cells["points"] and (points is None or points == 0 or abs(points) > MAX_POINTS):
        what = f"{cells['points'][:40]!r} is not a number of points"
        wrong("points", what, f"write a number from -{MAX_POINTS} to {MAX_POINTS} other than 0")
    cap = _number(cells["cap"]) if cells.get("cap") else None
    if cells.get("cap") and (cap is None or not 0 < cap <= MAX_POINTS):
        what = f"{cells['cap'][:40]!r} is not a cap"
        wrong("cap", what, f"write a number above 0 and up to {MAX_POINTS}, or nothing")
    if len(problems) > before or points is None:
        return None
    return Line(
        unit=cells["unit"],
        period=cells["period"],
        points=points,
        reason=cells["reason"],
        approval=cells["approval"],
        cap=cap,
    )


def _is_period(text: str) -> bool:
    return re.fullmatch(r"[0-9]{4}(-(0[1-9]|1[0-2])|-Q[1-4])?", text) is not None


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
