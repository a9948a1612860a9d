"""Small CSV files of a city folder, line by line, with every mistake in their shape.

For units and adjustments, which people keep by hand in a spreadsheet. Cases are read by
`sources`.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from jiesu.core.problems import Problem

MAX_BYTES = 64 * 1024 * 1024
"""A file kept by hand is never this large; more is some other file."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its number in the file, and its stripped cells by column name."""

    number: int
    cells: Mapping[str, str]

    @property
    def where(self) -> str:
        return f"line {self.number}"

    def problem(self, file: str, column: str, what: str, remedy: str) -> Problem:
        """What is wrong with a cell of it."""
        return Problem(file, f"{self.where}, {column}", what, remedy)


class Coded(Protocol):
    """What a line may stand for: something with a code of its own."""

    @property
    def code(self) -> str: ...


Row = TypeVar("Row", bound=Coded)


def by_code(
    file: str,
    lines: Iterable[Line],
    read: Callable[[Line], Row | None],
    problems: list[Problem],
    *,
    what: str,
) -> tuple[dict[str, Row], dict[str, Line]]:
    """What the lines stand for by code, as `read` makes it, and the line of each.

    Of a code that stands twice the first line holds, and the other goes to `problems`; `what`
    says what has it.
    """
    found: dict[str, Row] = {}
    places: dict[str, Line] = {}
    for line in lines:
        row = read(line)
        if row is None:
            continue
        if row.code in found:
            wrong = f"the code {row.code[:40]} stands in {places[row.code].where} already"
            problems.append(line.problem(file, "code", wrong, f"give each {what} its own code"))
            continue
        found[row.code], places[row.code] = row, line
    return found, places


def read_lines(
    path: Path,
    required: Sequence[str],
    optional: Sequence[str],
    problems: list[Problem],
    *,
    also: Mapping[str, str] | None = None,
    others: bool = False,
    shown: str = "",
) -> list[Line]:
    """The lines of a CSV file in UTF-8 (with or without BOM) or GB18030; empty ones left out.

    `also` gives other headers that stand for a column (Chinese ones); with `others` columns that
    are not known are let be. Mistakes in the shape go to `problems`; where the header cannot be
    used, no line is returned. `shown` names the file in them, instead of its bare name.
    """
    file = shown or path.name
    text = _text(path, file, problems)
    if text is None:
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[Line] = []
    try:
        header = next(reader, None)
        if not header:
            remedy = f"write a first line with the columns {', '.join(required)}"
            problems.append(Problem(file, "line 1", "the file is empty", remedy))
            return []
        names = column_names(file, header, required, optional, also or {}, problems, others=others)
        if names is None:
            return []
        for cells in reader:
            line = line_of(file, reader.line_num, cells, names, problems)
            if line is not None:
                lines.append(line)
    except csv.Error as error:
        where = f"line {reader.line_num}"
        problems.append(Problem(file, where, f"not a CSV line ({error})", "mend its quotes"))
    return lines


def by_line(problems: Sequence[Problem]) -> list[Problem]:
    """Problems of one file in the order of its lines; those of the whole file first."""

    def number(problem: Problem) -> int:
        match = re.match(r"line ([0-9]+)", problem.where)
        return int(match[1]) if match else 0

    return sorted(problems, key=number)


def _text(path: Path, file: str, problems: list[Problem]) -> str | None:
    try:
        if path.exists() and not path.is_file():
            what = "this is no regular file"
            problems.append(Problem(file, "", what, "give the file that city.toml means"))
            return None
        if path.stat().st_size > MAX_BYTES:
            what = "the file is larger than 64 MB"
            problems.append(Problem(file, "", what, "give the file that city.toml means"))
            return None
        content = path.read_bytes()
    except FileNotFoundError:
        problems.append(
            Problem(file, "", "the file does not exist", "create it, or mend city.toml")
        )
        return None
    except OSError as error:
        problems.append(Problem(file, "", f"cannot be read ({error.strerror})", "make it readable"))
        return None
    return _decoded(file, content, problems)


def _decoded(file: str, content: bytes, problems: list[Problem]) -> str | None:
    remedy = "save it as CSV in UTF-8"
    text: str | None = None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        # GB18030 hardly ever begins with Chinese characters that are right in UTF-8.
        if sum(character >= "\u0800" for character in before) >= 3:
            where = f"line {before.count(chr(10)) + 1}"
            problems.append(Problem(file, where, "broken UTF-8 text", remedy))
            return None
        with suppress(UnicodeDecodeError):
            text = content.decode("gb18030")
    if text is None or "\0" in text:
        problems.append(Problem(file, "", "neither UTF-8 nor GB18030 text", remedy))
        return None
    return text


def column_names(
    file: str,
    header: list[str],
    required: Sequence[str],
    optional: Sequence[str],
    also: Mapping[str, str],
    problems: list[Problem],
    *,
    others: bool,
) -> list[str] | None:
    """The columns by a header; None when it cannot be used. Its mistakes go to `problems`."""
    names = [also.get(name.strip(), name.strip()) for name in header]
    while names and not names[-1]:
        names.pop()
    known = [*required, *optional]
    wrong = [
        (f"the column {name[:40]!r} is not known", f"use only {', '.join(known)}")
        for name in names
        if name not in known and not others
    ]
    wrong += [
        (f"the column {name} stands twice", "leave one of them")
        for name in known
        if names.count(name) > 1
    ]
    wrong += [
        (f"the column {name} is missing", f"the first line is: {','.join(known)}")
        for name in required
        if name not in names
    ]
    problems += [Problem(file, "line 1", what, remedy) for what, remedy in wrong]
    unusable = any(name not in names or names.count(name) > 1 for name in required)
    return None if unusable else names


def line_of(
    file: str, number: int, cells: list[str], names: list[str], problems: list[Problem]
) -> Line | None:
    """A line from its cells; None for an empty one, and for one with a mistake in its shape."""
    stripped = [cell.strip() for cell in cells]
    if not any(stripped):
        return None
    if any(stripped[len(names) :]):
        what = f"{len(stripped)} cells where the first line has {len(names)}"
        remedy = "put cells with a comma in quotes"
        problems.append(Problem(file, f"line {number}", what, remedy))
        return None
    if any(character < " " for cell in stripped for character in cell):
        what = "a cell holds a line break or a control character"
        remedy = "write the cell on one line; look for a quote that is not closed"
        problems.append(Problem(file, f"line {number}", what, remedy))
        return None
    stripped += [""] * (len(names) - len(stripped))
    return Line(number, dict(zip(names, stripped, strict=False)))
