"""What units promised at review meetings: `commitments.csv`, every mistake at once.

How a commitment stands on a day is said in `core.commitments`. Columns: docs/meeting.md.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from jiesu.city.lines import Line, by_line, read_lines
from jiesu.core.commitments import CLOSED, Commitment
from jiesu.core.problems import InputError, Problem
from jiesu.core.topics import is_month
from jiesu.core.units import Units

REQUIRED = ("id", "unit", "made_on", "meeting", "promise", "owner", "due_on")
OPTIONAL = ("measure", "target", "state", "closed_on", "evidence")

CHINESE = {
    "编号": "id",
    "单位": "unit",
    "承诺日期": "made_on",
    "点评会": "meeting",
    "承诺事项": "promise",
    "责任部门": "owner",
    "完成时限": "due_on",
    "衡量指标": "measure",
    "目标值": "target",
    "状态": "state",
    "办结日期": "closed_on",
    "佐证": "evidence",
}
"""Chinese headers that stand for the columns."""

_STATES = {"": "", "open": "", "进行中": "", "done": "done", "完成": "done"}
_STATES |= {"withdrawn": "withdrawn", "撤销": "withdrawn"}


def read_commitments(path: Path, units: Units | None) -> tuple[Commitment, ...]:
    """The commitments of a file, in its order. Raises InputError with every mistake.

    `units` are the city's; `None` leaves the codes unchecked.
    """
    commitments, problems = checked_commitments(path, units)
    if problems:
        raise InputError(problems)
    return tuple(commitments)


def checked_commitments(path: Path, units: Units | None) -> tuple[list[Commitment], list[Problem]]:
    """The commitments that could be read, and every mistake; for a check that must go on."""
    problems: list[Problem] = []
    found: dict[str, Commitment] = {}
    for line in read_lines(path, REQUIRED, OPTIONAL, problems, also=CHINESE):
        commitment = _Reader(path, line, problems).commitment(units)
        if commitment is None:
            continue
        if commitment.key in found:
            what = f"the id {commitment.key} stands twice"
            problems.append(Problem(path.name, line.where, what, "give each its own"))
        found[commitment.key] = commitment
    return list(found.values()), by_line(problems)


@dataclass(frozen=True, slots=True)
class _Reader:
    """One line of the file; what is wrong with it goes to `problems`."""

    path: Path
    line: Line
    problems: list[Problem]

    def commitment(self, units: Units | None) -> Commitment | None:
        cells = {name: self.line.cells.get(name, "") for name in (*REQUIRED, *OPTIONAL)}
        before = len(self.problems)
        for name in REQUIRED:
            if not cells[name]:
                self._wrong(name, "the cell is empty", "fill it in")
        if cells["unit"] and units is not None and cells["unit"] not in units:
            self._wrong("unit", f"{cells['unit']!r} is no unit", "use a code of units.csv")
        if cells["meeting"] and not is_month(cells["meeting"]):
            self._wrong("meeting", f"{cells['meeting']!r} is no month", "write it as 2022-02")
        made_on, due_on = self._day("made_on"), self._day("due_on")
        closed_on, closed = self._day("closed_on"), self._closed(cells)
        target = self._number("target")
        if made_on and due_on and due_on < made_on:
            self._wrong("due_on", "it is due before it was promised", "mend one of the days")
        if made_on and closed_on and closed_on < made_on:
            self._wrong("closed_on", "it is closed before it was promised", "mend one of the days")
        if len(self.problems) > before or made_on is None or due_on is None:
            return None
        return Commitment(
            cells["id"],
            cells["unit"],
            made_on,
            cells["meeting"],
            cells["promise"],
            cells["owner"],
            due_on,
            cells["measure"],
            target,
            closed,
            closed_on,
            cells["evidence"],
        )

    def _closed(self, cells: dict[str, str]) -> str:
        """`done`, `withdrawn` or empty; a closed one needs its day and its evidence."""
        if cells["state"] not in _STATES:
            known = f"choose open, {', '.join(CLOSED)}, or leave it empty"
            self._wrong("state", f"{cells['state']!r} is not known", known)
            return ""
        closed = _STATES[cells["state"]]
        for name in ("closed_on", "evidence"):
            if closed and not cells[name]:
                self._wrong(name, f"it is {closed} without {name}", "fill it in, or leave it open")
        if not closed and cells["closed_on"]:
            self._wrong("state", "it has a closing day and is open", "write done, or drop the day")
        return closed

    def _day(self, name: str) -> date | None:
        text = self.line.cells.get(name, "")
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self._wrong(name, f"{text!r} is no date", "write it as 2022-02-28")
            return None

    def _number(self, name: str) -> Decimal | None:
        text = self.line.cells.get(name, "")
        try:
            number = Decimal(text) if text else None
        except InvalidOperation:
            number = Decimal("NaN")
        if number is not None and not number.is_finite():
            self._wrong(name, f"{text!r} is no number", "write it as 12 or 12.5")
            return None
        return number

    def _wrong(self, name: str, what: str, remedy: str) -> None:
        self.problems.append(self.line.problem(self.path.name, name, what, remedy))
