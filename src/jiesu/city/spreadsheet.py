"""Tables that people keep in a spreadsheet: CSV or XLSX, read line by line and written.

What is written is read back exactly. Leaves out what the columns mean (see the reader of each
file) and case files, which `sources` reads.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from xlsxwriter import Workbook

from jiesu.city.lines import Line, column_names, line_of, read_lines
from jiesu.core.problems import InputError, Problem, writable
from jiesu.sources.workbook import open_workbook

CSV, XLSX = ".csv", ".xlsx"
SUFFIXES = (CSV, XLSX)

_MADE_ON = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed day: the same content, the same bytes
_FORMULA = re.compile(r"'*[=+\-@]")
"""How a text begins that a spreadsheet takes for a formula, or that we have marked as none."""


def read_table(
    path: Path,
    required: Sequence[str],
    optional: Sequence[str],
    problems: list[Problem],
    *,
    also: Mapping[str, str],
    shown: str = "",
) -> list[Line]:
    """The lines of a CSV file, or of the first sheet of an XLSX file; as `city.lines.read_lines`.

    The mark that keeps a text from becoming a formula is taken off.
    """
    if path.suffix.lower() == XLSX:
        lines = _sheet_lines(path, required, optional, problems, also, shown or path.name)
    else:
        lines = read_lines(path, required, optional, problems, also=also, shown=shown)
    return [
        Line(line.number, {name: _unmarked(cell) for name, cell in line.cells.items()})
        for line in lines
    ]


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV file in UTF-8; a text that looks like a formula gets a `'` before it."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_marked(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode()


def xlsx_bytes(sheet_name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A workbook with one sheet; every cell is a text, marked as in CSV so that both are alike."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(buffer, options) as book:
        book.set_properties({"created": _MADE_ON})
        sheet = book.add_worksheet(sheet_name)
        head = book.add_format({"bold": True, "bg_color": "#F1EDE4", "bottom": 1})
        text = book.add_format({"num_format": "@"})
        for at, title in enumerate(header):
            sheet.write_string(0, at, title, head)
        sheet.set_column(0, len(header) - 1, 18, text)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, start=1):
            for at, cell in enumerate(row):
                if cell:
                    sheet.write_string(number, at, _marked(cell), text)
    return buffer.getvalue()


def table_bytes(
    suffix: str, sheet_name: str, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> bytes:
    """The table as a file of one of `SUFFIXES`."""
    if suffix == XLSX:
        return xlsx_bytes(sheet_name, header, rows)
    return csv_bytes(header, rows)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, and the folder it lies in. Raises InputError when that cannot be."""
    with writable(path.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _marked(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _unmarked(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _sheet_lines(
    path: Path,
    required: Sequence[str],
    optional: Sequence[str],
    problems: list[Problem],
    also: Mapping[str, str],
    file: str,
) -> list[Line]:
    lines: list[Line] = []
    try:
        table = open_workbook(path, file, None)
        names = column_names(
            file, list(table.headers), required, optional, also, problems, others=False
        )
        if names is None:
            return []
        for batch in table.batches(table.headers):
            columns = [batch.columns[header].to_pylist() for header in table.headers[: len(names)]]
            for number, cells in zip(batch.places, zip(*columns, strict=True), strict=True):
                texts = [cell or "" for cell in cells]
                line = line_of(file, int(number), texts, names, problems)
                if line is not None:
                    lines.append(line)
    except InputError as error:
        problems += error.problems
    return lines
