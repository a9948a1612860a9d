"""XLSX: the rows of one sheet as text columns with their row numbers.

Leaves out formulas (their stored results are read), formats, and every other sheet.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Generator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, load_workbook

from jiesu.core.texts import Text
from jiesu.sources.source_table import MAX_CELL, SourceBatch, SourceTable, cell_too_long, refused
from jiesu.sources.streams import readable

MAX_INFLATED = 1 << 30
"""Bytes that a workbook may unpack to. A full sheet of a million rows stays below."""

MAX_CELLS = 40_000_000
"""Cells in the rectangle of a sheet: the reader keeps room for every one of them."""

_ROWS = 10_000
_PIECE = 1 << 20
_CELL_PLACE = re.compile(rb'\sr="([A-Z]{1,3})([0-9]{1,7})"')
_REMEDY = Text("save it again as .xlsx with only the rows needed, or as CSV")


def open_workbook(path: Path, file: str, sheet: str | None) -> SourceTable:
    """A sheet as a table: the named one, or the first. Its first row with content is the header."""
    refuse_bomb(path, file)
    try:
        with readable(file):
            book = load_workbook(path)
            chosen = _sheet(book, file, sheet)
    except BaseException as error:
        # The reader is Rust, and its panics are no ordinary exceptions.
        if isinstance(error, CalamineError) or type(error).__name__ == "PanicException":
            raise refused(file, Text("is no readable Excel workbook"), _REMEDY) from error
        raise
    rows = enumerate(chosen.iter_rows(), start=1)
    headers: list[str] = []
    for _, row in rows:
        headers = [_text(cell) or "" for cell in row]
        if any(headers):
            break
    if not any(headers):
        raise refused(file, Text("is empty"), Text("give a sheet with a header row and rows"))
    size = path.stat().st_size
    read = [0]

    def batches(wanted: Collection[str]) -> Generator[SourceBatch]:
        while piece := list(islice(rows, _ROWS)):
            read[0] = int(size * piece[-1][0] / max(chosen.total_height, 1))
            for place, row in piece:
                if any(type(cell) is str and len(cell) > MAX_CELL for cell in row):
                    raise cell_too_long(file, Text("row {n}", n=place))
            yield _batch(piece, headers, wanted)

    return SourceTable(
        file=file,
        headers=tuple(headers),
        place_kind="row",
        batches=batches,
        n_read=lambda: read[0],
        other_sheets=tuple(name for name in book.sheet_names if name != chosen.name),
    )


def refuse_bomb(
    path: Path, file: str, max_inflated: int | None = None, max_cells: int | None = None
) -> None:
    """Raise `InputError` for a workbook too large to read; nothing is trusted, all is counted."""
    max_inflated = MAX_INFLATED if max_inflated is None else max_inflated
    max_cells = MAX_CELLS if max_cells is None else max_cells
    inflated = 0
    try:
        with readable(file), zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                area = _Area()
                with archive.open(entry) as stream:
                    while piece := stream.read(_PIECE):
                        inflated += len(piece)
                        if inflated > max_inflated:
                            what = Text("unpacks to more than {n:,} MiB", n=max_inflated >> 20)
                            raise refused(file, what, _REMEDY)
                        if entry.filename.startswith("xl/worksheets/"):
                            area.add(piece)
                if area.n_cells > max_cells:
                    what = Text(
                        "has cells so far out that a sheet spans {n:,} cells", n=area.n_cells
                    )
                    raise refused(file, what, _REMEDY)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise refused(file, Text("is no Excel workbook, or a damaged one"), _REMEDY) from error


class _Area:
    """The rectangle that the cells of a sheet span, from the pieces of its XML."""

    def __init__(self) -> None:
        self._rest = b""
        self._widest = 0
        self._lowest = 0

    @property
    def n_cells(self) -> int:
        return self._widest * self._lowest

    def add(self, piece: bytes) -> None:
        data = self._rest + piece
        self._rest = data[-32:]
        places = _CELL_PLACE.findall(data)
        for letters in {letters for letters, _ in places}:
            width = 0
            for letter in letters:
                width = width * 26 + letter - ord("A") + 1
            self._widest = max(self._widest, width)
        self._lowest = max(self._lowest, max((int(row) for _, row in places), default=0))


def _sheet(book: CalamineWorkbook, file: str, sheet: str | None) -> CalamineSheet:
    if not book.sheet_names:
        raise refused(file, Text("has no sheet"), _REMEDY)
    if sheet is None:
        return book.get_sheet_by_index(0)
    if sheet not in book.sheet_names:
        known = ", ".join(book.sheet_names)
        what = Text("has no sheet {name!r}", name=sheet)
        raise refused(file, what, Text("name one of: {names}", names=known))
    return book.get_sheet_by_name(sheet)


def _batch(
    piece: list[tuple[int, list[Any]]], headers: list[str], wanted: Collection[str]
) -> SourceBatch:
    rows = [(place, row) for place, row in piece if any(cell != "" for cell in row)]
    columns = {}
    for index, header in enumerate(headers):
        if header in wanted and header not in columns:
            columns[header] = pa.array([_text(row[index]) for _, row in rows], pa.string())
    return SourceBatch(columns, np.array([place for place, _ in rows], np.int64))


def _text(cell: Any) -> str | None:
    """A cell as text: times in ISO form to the second, whole numbers without a point."""
    write = _WRITERS.get(type(cell))
    return write(cell) if write else str(cell)


def _number(cell: float) -> str:
    return str(int(cell)) if cell.is_integer() and abs(cell) < 1e16 else repr(cell)


def _moment(cell: datetime) -> str:
    # A sheet holds days as binary fractions; the nearest second is what was meant.
    # The last one of the year 9999 has no later one.
    with suppress(OverflowError):
        cell += timedelta(microseconds=500_000)
    return cell.replace(microsecond=0).isoformat()


_WRITERS: dict[type, Callable[[Any], str | None]] = {
    str: str.strip,
    float: _number,
    bool: lambda cell: "true" if cell else "false",
    datetime: _moment,
    date: date.isoformat,
    time: time.isoformat,
}
