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
from jiesu.core.texts import Text
from jiesu.core.worktime import Lang

MAX_BYTES = 64 * 1024 * 1024
"""A file kept by hand is never this large; more is some other file."""

_MEANT = Text("give the file that city.toml means")


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its number in the file, and its stripped cells by column name."""

    number: int
    cells: Mapping[str, str]

    @property
    def where(self) -> Text:
        return _line(self.number)

    def problem(
        self, file: str, column: str | Callable[[Lang], str], what: str, remedy: str
    ) -> Problem:
        """What is wrong with a cell of it; `column` may give the header's words in a language."""
        where = Text("line {n}, {column}", n=self.number, column=column)
        return Problem(file, where, what, remedy)


def _line(number: int) -> Text:
    return Text("line {n}", n=number)


@dataclass(frozen=True, slots=True)
class Headers:
    """Columns as a text names them: in Chinese by the `chinese` headers that stand for them."""

    columns: Sequence[str]
    chinese: Mapping[str, str]
    between: str = ", "

    def __call__(self, lang: Lang) -> str:
        words = {column: header for header, column in self.chinese.items()} if lang == "zh" else {}
        return self.between.join(words.get(column, column) for column in self.columns)


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
            columns = Headers(required, also or {})
            remedy = Text("write a first line with the columns {columns}", columns=columns)
            problems.append(Problem(file, _line(1), Text("the file is empty"), remedy))
            return []
        names = column_names(file, header, required, optional, also or {}, problems, others=others)
        if names is None:
            return []
        for cells in reader:
            line = line_of(file, reader.line_num, cells, names, problems)
            if line is not None:
                lines.append(line)
    except csv.Error as error:
        what = Text("not a CSV line ({error})", error=str(error))
        problems.append(Problem(file, _line(reader.line_num), what, Text("mend its quotes")))
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
            what = Text("this is no regular file")
            problems.append(Problem(file, "", what, _MEANT))
            return None
        if path.stat().st_size > MAX_BYTES:
            what = Text("the file is larger than 64 MB")
            problems.append(Problem(file, "", what, _MEANT))
            return None
        content = path.read_bytes()
    except FileNotFoundError:
        what = Text("the file does not exist")
        problems.append(Problem(file, "", what, Text("create it, or mend city.toml")))
        return None
    except OSError as error:
        what = Text("cannot be read ({error})", error=error.strerror)
        problems.append(Problem(file, "", what, Text("make it readable")))
        return None
    return _decoded(file, content, problems)


def _decoded(file: str, content: bytes, problems: list[Problem]) -> str | None:
    remedy = Text("save it as CSV in UTF-8")
    text: str | None = None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        # GB18030 hardly ever begins with Chinese characters that are right in UTF-8.
        if sum(character >= "\u0800" for character in before) >= 3:
            where = _line(before.count("\n") + 1)
            problems.append(Problem(file, where, Text("broken UTF-8 text"), remedy))
            return None
        with suppress(UnicodeDecodeError):
            text = content.decode("gb18030")
    if text is None or "\0" in text:
        problems.append(Problem(file, "", Text("neither UTF-8 nor GB18030 text"), remedy))
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
    use = Text("use only {columns}", columns=Headers(known, also))
    first = Text("the first line is: {columns}", columns=Headers(known, also, ","))
    wrong = [
        (Text("the column {name!r} is not known", name=name[:40]), use)
        for name in names
        if name not in known and not others
    ]
    wrong += [
        (
            Text("the column {name} stands twice", name=Headers([name], also)),
            Text("leave one of them"),
        )
        for name in known
        if names.count(name) > 1
    ]
    wrong += [
        (Text("the column {name} is missing", name=Headers([name], also)), first)
        for name in required
        if name not in names
    ]
    problems += [Problem(file, _line(1), what, remedy) for what, remedy in wrong]
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
        what = Text("{n} cells where the first line has {m}", n=len(stripped), m=len(names))
        remedy = Text("put cells with a comma in quotes")
        problems.append(Problem(file, _line(number), what, remedy))
        return None
    if any(character < " " for cell in stripped for character in cell):
        what = Text("a cell holds a line break or a control character")
        remedy = Text("write the cell on one line; look for a quote that is not closed")
        problems.append(Problem(file, _line(number), what, remedy))
        return None
    stripped += [""] * (len(names) - len(stripped))
    return Line(number, dict(zip(names, stripped, strict=False)))
