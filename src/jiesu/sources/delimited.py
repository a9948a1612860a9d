"""CSV and TSV: text columns with the line of every row.

Arrow cuts the text in blocks of whole rows; this module finds those, the header, the delimiter
and the physical lines. Leaves out encodings and gzip (see `streams`).
"""

import codecs
import csv
from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from jiesu.core.problems import InputError
from jiesu.sources.ahead import ahead
from jiesu.sources.row_ends import row_ends
from jiesu.sources.source_table import (
    Int64s,
    Reject,
    SourceBatch,
    SourceTable,
    cell_too_long,
    refuse_long_cells,
    refused,
)
from jiesu.sources.streams import PIECE, TextStream, undecodable, wrong_encoding

BLOCK = 4 * PIECE
"""Bytes that are cut at a time; no row can be longer. Holds a full cell of Chinese text."""

_MAX_HEADER = 1 << 18
_DELIMITERS = (",", "\t", ";", "|")


def open_delimited(stream: TextStream, delimiter: str | None) -> SourceTable:
    """A CSV or TSV stream as a table. `None` chooses the delimiter that cuts the header most."""
    head = _head(stream)
    text = _decoded(head, stream.file)
    if len(head) > _MAX_HEADER and not {"\n", "\r"} & set(text[:_MAX_HEADER]):
        what = f"its first line is longer than {_MAX_HEADER >> 10} KiB"
        raise refused(stream.file, what, "give a table with a header line", "line 1")
    if delimiter is None:
        counts = {candidate: len(_header(text, candidate)[0]) for candidate in _DELIMITERS}
        delimiter = max(_DELIMITERS, key=lambda candidate: counts[candidate])
    headers, n_lines, n_bytes = _header(text, delimiter)
    if not headers:
        raise refused(stream.file, "is empty", "give a file with a header line and rows")
    stream.unread(head[n_bytes:])
    rows = _Rows(stream, tuple(headers), delimiter, _line_end(text), next_line=n_lines + 1)
    return SourceTable(
        file=stream.file,
        headers=tuple(headers),
        place_kind="line",
        batches=rows.batches,
        n_read=lambda: stream.n_read,
        text_form=lambda: stream.text_form() | {"delimiter": delimiter},
    )


def _head(stream: TextStream) -> bytes:
    """The start of a stream, long enough for any sensible header, with whole lines if possible."""
    head = b""
    while len(head) < _MAX_HEADER:
        data = stream.read(PIECE)
        if not data:
            return head
        head += data
    return head


def _decoded(head: bytes, file: str) -> str:
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError as error:
        line = head[: error.start].count(b"\n") + 1
        raise wrong_encoding(file, "utf-8", line) from error


def _header(text: str, delimiter: str) -> tuple[list[str], int, int]:
    """The trimmed header cells, the lines they take with blank ones before, and the bytes."""
    start = text[:_MAX_HEADER]
    line_end = _line_end(text)
    lines = [line + line_end for line in start.split(line_end)]
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        cells = next((row for row in reader if row), [])
    except csv.Error:
        cells = []
    n_bytes = sum(len(line.encode()) for line in lines[: reader.line_num])
    return [cell.strip() for cell in cells], reader.line_num, n_bytes


def _line_end(text: str) -> str:
    return "\n" if "\n" in text[:_MAX_HEADER] else "\r"


@dataclass
class _Rows:
    """The rows of a stream, batch by batch, with the line that comes next."""

    stream: TextStream
    headers: tuple[str, ...]
    delimiter: str
    line_end: str
    next_line: int

    def batches(self, wanted: Collection[str]) -> Generator[SourceBatch]:
        """Batches with the wanted columns. Raises `InputError` for text that cannot be cut."""
        file = self.stream.file
        last = None
        # Reading, gunzipping and looking for row ends go on while Arrow cuts the block before.
        with closing(ahead(self._blocks())) as blocks:
            for block in blocks:
                if block is None:
                    raise cell_too_long(file, f"line {self.next_line}")
                cut, bad = self._cut(block)
                columns = {
                    header: cut.column(index)
                    for index, header in enumerate(self.headers)
                    if header in wanted
                }
                batch = self._placed(cut, bad, columns)
                refuse_long_cells(file, "line", cut.columns, batch.places)
                last = cut if cut.num_rows else last
                yield batch
        if last is not None:
            self._refuse_open_quote(last)

    def _blocks(self) -> Generator[bytes | None]:
        """The text in blocks of whole rows; `None`, and no more, where a row is too long."""
        end_of_rows = row_ends(self.delimiter, self.line_end)
        rest = b""
        while piece := self.stream.read(BLOCK - len(rest)):
            data = rest + piece
            end = end_of_rows(data)
            if not end and len(data) == BLOCK:
                yield None
                return
            rest = data[end:]
            if end:
                yield data[:end]
        if rest:
            yield rest

    def _cut(self, block: bytes) -> tuple[pa.RecordBatch, list[Any]]:
        """All columns of a block as text, and Arrow's notes of rows with too few or many cells.

        Arrow's own reader of streams is not used. It calls `read` from a thread of its own, far
        ahead; when it is given up half read, as after an error, the process may hang at its end.
        """
        bad: list[Any] = []

        def note_bad(row: Any) -> str:
            bad.append(row)
            return "skip"

        names = [f"c{index}" for index in range(len(self.headers))]
        try:
            table = pacsv.read_csv(
                pa.BufferReader(block),
                pacsv.ReadOptions(column_names=names, block_size=len(block) + 1, use_threads=False),
                pacsv.ParseOptions(
                    delimiter=self.delimiter,
                    newlines_in_values=True,
                    invalid_row_handler=note_bad,
                ),
                # All columns, although few may be wanted: a cell with line breaks or an open
                # quote in any of them moves the lines of the rest.
                pacsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid as error:
            raise self._explained(str(error)) from error
        columns = [_one_array(column) for column in table.columns]
        return pa.RecordBatch.from_arrays(columns, names=names), bad

    def _explained(self, message: str) -> Exception:
        file = self.stream.file
        if "UTF8" in message:
            line = undecodable(self.stream.path, file)
            return wrong_encoding(file, "utf-8", line or self.next_line)
        where = f"after line {self.next_line}"
        return refused(file, "cannot be cut into rows", "check the quotes there", where)

    def _placed(
        self, cut: pa.RecordBatch, bad: Sequence[Any], columns: dict[str, pa.Array]
    ) -> SourceBatch:
        """Number the lines of the rows of a block, those that were not cut included."""
        breaks = _line_breaks(cut)
        n_all = cut.num_rows + len(bad)
        spans = np.ones(n_all, np.int64)
        good = np.ones(n_all, np.bool_)
        for row in bad:
            good[row.number - 1] = False
            spans[row.number - 1] += row.text.count("\n")
        if breaks is not None:
            spans[good] += breaks
        starts = self._starts(spans)
        rejects = tuple(
            Reject(int(starts[row.number - 1]), "", self._reason(row), "") for row in bad
        )
        return SourceBatch(columns, starts[good], rejects)

    def _reason(self, row: Any) -> str:
        reason = f"has {row.actual_columns} cells instead of {row.expected_columns}"
        if "\n" in row.text:
            if _is_open(row.text, self.delimiter):
                raise self._open_quote()
            reason += f" over {row.text.count(chr(10)) + 1} lines (a quote not closed?)"
        return reason

    def _starts(self, spans: Int64s) -> Int64s:
        """The line of each row; moves `next_line` behind the last one."""
        blank = self.stream.blank_lines
        n_passed = next((i for i, line in enumerate(blank) if line >= self.next_line), len(blank))
        del blank[:n_passed]
        end = self.next_line + int(spans.sum())
        if not blank or blank[0] >= end:
            starts = self.next_line + np.cumsum(spans) - spans
            self.next_line = end
            return starts
        return self._starts_between_blank_lines(spans, set(blank))

    def _starts_between_blank_lines(self, spans: Int64s, blank: set[int]) -> Int64s:
        starts = np.empty(len(spans), np.int64)
        line = self.next_line
        for index, span in enumerate(spans.tolist()):
            while line in blank:
                line += 1
            starts[index] = line
            line += span
        self.next_line = line
        return starts

    def _refuse_open_quote(self, batch: pa.RecordBatch) -> None:
        """An open quote swallows the file's end into the last cell of its last row."""
        cell = batch.column(batch.num_columns - 1)[batch.num_rows - 1].as_py()
        if "\n" in cell and self._ends_like(cell):
            raise self._open_quote()

    def _ends_like(self, cell: str) -> bool:
        tail = self.stream.tail
        end = cell.encode()[-len(tail) :]
        return tail.endswith(end) and not tail.rstrip(b"\r\n").endswith(b'"')

    def _open_quote(self) -> InputError:
        return refused(
            self.stream.file,
            "the file ends inside a quoted cell",
            "close the quote, or get the file again, whole",
            f"after line {self.next_line}",
        )


def _one_array(column: pa.ChunkedArray) -> pa.StringArray:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _is_open(text: str, delimiter: str) -> bool:
    """Whether a row's text ends inside quotes, which only the last row of a file can do."""
    try:
        list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _line_breaks(batch: pa.RecordBatch) -> Int64s | None:
    """How many line breaks the cells of each row hold, or `None` when none does."""
    total: Int64s | None = None
    for column in batch.columns:
        buffer = column.buffers()[2]
        if buffer is None or b"\n" not in buffer.to_pybytes():
            continue
        offsets = np.frombuffer(column.buffers()[1], np.int32)
        offsets = offsets[column.offset : column.offset + len(column) + 1]
        ends = np.flatnonzero(np.frombuffer(buffer, np.uint8) == ord("\n"))
        counts = np.diff(np.searchsorted(ends, offsets)).astype(np.int64)
        total = counts if total is None else total + counts
    return total
