"""JSON Lines, and JSON documents that hold an array of objects, as text columns.

The array may be the whole document or stand in it under one key, as in `{"requests": […]}`.
Leaves out deeper structure: a nested value is its own JSON text.
"""

import json
from collections.abc import Collection, Generator, Iterator
from itertools import chain, islice
from typing import Any

import ijson
import numpy as np
import pyarrow as pa

from jiesu.sources.source_table import (
    MAX_CELL,
    Reject,
    SourceBatch,
    SourceTable,
    cell_too_long,
    refused,
)
from jiesu.sources.streams import PIECE, TextStream

_ROWS = 10_000
_MAX_LINE = 16 * PIECE

_Row = tuple[int, dict[str, Any] | Reject]


def open_json_lines(stream: TextStream) -> SourceTable:
    """One object a line. A line that is none becomes a reject."""
    return _table(stream, _line_rows(stream), "line")


def open_json_array(stream: TextStream) -> SourceTable:
    """An array of objects. JSON that breaks off is an error: nothing after it can be found."""
    return _table(stream, _array_rows(stream), "row")


def _table(stream: TextStream, rows: Iterator[_Row], place_kind: Any) -> SourceTable:
    first = list(islice(rows, _ROWS))
    headers: dict[str, None] = {}
    for _, row in first:
        if isinstance(row, dict):
            headers.update(dict.fromkeys(row))
    if not first:
        raise refused(stream.file, "is empty", "give a file with JSON objects")
    if not headers:
        what, remedy = "holds no JSON objects", "give JSON Lines or an array of objects"
        raise refused(stream.file, what, remedy)
    remaining = chain(first, rows)

    def batches(wanted: Collection[str]) -> Generator[SourceBatch]:
        while piece := list(islice(remaining, _ROWS)):
            for place, row in piece:
                if isinstance(row, dict) and _has_long_text(row):
                    raise cell_too_long(stream.file, f"{place_kind} {place}")
            yield _batch(piece, wanted)

    return SourceTable(
        file=stream.file,
        headers=tuple(headers),
        place_kind=place_kind,
        batches=batches,
        n_read=lambda: stream.n_read,
        open_headers=True,
        text_form=stream.text_form,
    )


def _batch(piece: list[_Row], wanted: Collection[str]) -> SourceBatch:
    rows = [(place, row) for place, row in piece if isinstance(row, dict)]
    present = {key for _, row in rows for key in row} & set(wanted)
    columns = {
        header: _text_column([_text(row.get(header)) for _, row in rows]) for header in present
    }
    rejects = tuple(row for _, row in piece if isinstance(row, Reject))
    return SourceBatch(columns, np.array([place for place, _ in rows], np.int64), rejects)


def _has_long_text(row: dict[str, Any]) -> bool:
    return any(isinstance(value, str) and len(value) > MAX_CELL for value in row.values())


def _text_column(texts: list[str | None]) -> pa.StringArray:
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON can write and UTF-8 can not.
        safe = [text and text.encode("utf-8", "replace").decode() for text in texts]
        return pa.array(safe, pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _line_rows(stream: TextStream) -> Iterator[_Row]:
    for number, line in _lines(stream):
        try:
            # Numbers stay as they are written: a long id must not become a float.
            row = json.loads(line, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            yield number, row
        else:
            yield number, Reject(number, "", "is no JSON object", "")


def _lines(stream: TextStream) -> Iterator[tuple[int, bytes]]:
    """The lines with content and their numbers."""
    number, rest = 0, b""
    while data := stream.read(PIECE):
        *whole, rest = (rest + data).split(b"\n")
        if len(rest) > _MAX_LINE:
            raise cell_too_long(stream.file, f"line {number + len(whole) + 1}")
        for line in whole:
            number += 1
            if line.strip():
                yield number, line
    if rest.strip():
        yield number + 1, rest


def _array_rows(stream: TextStream) -> Iterator[_Row]:
    head = stream.read(PIECE)
    stream.unread(head)
    path = "item" if head.lstrip().startswith(b"[") else f"{_array_key(head, stream.file)}.item"
    number = 0
    try:
        for number, row in enumerate(ijson.items(stream, path, buf_size=PIECE), start=1):
            if isinstance(row, dict):
                yield number, row
            else:
                yield number, Reject(number, "", "is no JSON object", "")
    except ijson.JSONError as error:
        what, remedy = "the JSON breaks off or is damaged", "get the file again, whole"
        raise refused(stream.file, what, remedy, f"after row {number}") from error


def _array_key(head: bytes, file: str) -> str:
    """The key of the first array at the top of a document."""
    try:
        for path, event, _ in ijson.parse(head):
            if event == "start_array" and path and "." not in path:
                return str(path)
    except ijson.JSONError:
        pass
    raise refused(file, "holds no array of objects", 'give [ … ] or {"requests": [ … ]}')
