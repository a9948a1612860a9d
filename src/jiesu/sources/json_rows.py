"""JSON Lines, and JSON documents that hold an array of objects, as text columns.

The array may be the whole document or stand in it under one key, as in `{"requests": […]}`.
Files of any size are read in pieces; one object and its depth are limited. Leaves out deeper
structure: a nested value is its own JSON text.
"""

import codecs
import json
import re
from collections.abc import Collection, Generator, Iterator
from itertools import chain
from typing import Any, Literal, NoReturn

import numpy as np
import pyarrow as pa

from jiesu.core.problems import InputError
from jiesu.sources.source_table import (
    MAX_CELL,
    Reject,
    SourceBatch,
    SourceTable,
    cell_too_long,
    refused,
)
from jiesu.sources.streams import PIECE, TextStream, undecodable, wrong_encoding

_ROWS = 10_000
_MAX_LINE = 16 * PIECE

# Holds the longest cell that is allowed, even with every character written as \uXXXX.
_MAX_OBJECT = 8 * PIECE

_MAX_BATCH = 16 * PIECE
"""Characters of JSON after which a batch ends, however few rows it has."""

_MAX_DEPTH = 100
"""Brackets within brackets, far below the depth at which Python's parser gives up."""

_PLAIN = frozenset((str, type(None)))
_NESTED = frozenset((dict, list))

_NO_OBJECT = "is no JSON object"
_TOO_DEEP = f"is nested more than {_MAX_DEPTH} levels deep"

_LONGEST_SIGN = 16
"""No sign of JSON but strings and white space is longer; numbers are complete before this."""

_SOLID = re.compile(r"[^ \t\n\r]")


class _Constant(ValueError):
    """NaN or Infinity, which Python takes and JSON does not have."""


def _no_constant(name: str) -> NoReturn:
    raise _Constant(name)


# Numbers stay as they are written: a long id must not become a float, 42.10 not 42.1.
_LINE = json.JSONDecoder(parse_int=str, parse_float=str)
_ITEM = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_constant)

_Row = tuple[int, dict[str, Any] | Reject, int]
"""The place, the object or why it is none, and its length in the file."""


def open_json_lines(stream: TextStream) -> SourceTable:
    """One object a line. A line that is none becomes a reject."""
    return _table(stream, _line_rows(stream), "line")


def open_json_array(stream: TextStream) -> SourceTable:
    """An array of objects. JSON that breaks off is an error: nothing after it can be found."""
    return _table(stream, _array_rows(stream), "row")


def _table(
    stream: TextStream, rows: Iterator[_Row], place_kind: Literal["line", "row"]
) -> SourceTable:
    pieces = _pieces(rows)
    first = next(pieces, [])
    headers: dict[str, None] = {}
    for _, row, _ in first:
        if isinstance(row, dict):
            headers.update(dict.fromkeys(row))
    if not first:
        raise refused(stream.file, "is empty", "give a file with JSON objects")
    if not headers:
        what, remedy = "holds no JSON objects", "give JSON Lines or an array of objects"
        raise refused(stream.file, what, remedy)
    remaining = chain([first], pieces)

    def batches(wanted: Collection[str]) -> Generator[SourceBatch]:
        for piece in remaining:
            for place, row, n_chars in piece:
                if n_chars > MAX_CELL and isinstance(row, dict) and _has_long_text(row):
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


def _pieces(rows: Iterator[_Row]) -> Iterator[list[_Row]]:
    """Rows for one batch each: so many, but fewer where they are large."""
    piece: list[_Row] = []
    n_chars = 0
    for row in rows:
        piece.append(row)
        n_chars += row[2]
        if len(piece) == _ROWS or n_chars >= _MAX_BATCH:
            yield piece
            piece, n_chars = [], 0
    if piece:
        yield piece


def _batch(piece: list[_Row], wanted: Collection[str]) -> SourceBatch:
    rows = [(place, row) for place, row, _ in piece if isinstance(row, dict)]
    present = {key for _, row in rows for key in row} & set(wanted)
    columns = {header: _text_column([row.get(header) for _, row in rows]) for header in present}
    rejects = tuple(row for _, row, _ in piece if isinstance(row, Reject))
    return SourceBatch(columns, np.array([place for place, _ in rows], np.int64), rejects)


def _has_long_text(row: dict[str, Any]) -> bool:
    return any(isinstance(value, str) and len(value) > MAX_CELL for value in row.values())


def _text_column(values: list[Any]) -> pa.StringArray:
    is_text = _PLAIN.issuperset(map(type, values))
    texts: list[str | None] = values if is_text else [_text(value) for value in values]
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
        row = _line_object(line)
        yield number, Reject(number, "", row, "") if isinstance(row, str) else row, len(line)


def _line_object(line: bytes) -> dict[str, Any] | str:
    """The object of a line, or the reason why it is not used."""
    try:
        # Files put one after the other have byte order marks inside.
        row = _LINE.decode(line.decode("utf-8", "surrogatepass").removeprefix("\ufeff"))
    except RecursionError:
        return _TOO_DEEP
    except ValueError:
        row = None
    if not isinstance(row, dict):
        return _NO_OBJECT
    return _TOO_DEEP if _is_too_deep(row) else row


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
    text = _JsonText(stream)
    sign = text.sign()
    if sign == "[":
        yield from _rows(text)
    elif sign == "{":
        yield from _rows_under_a_key(text)
    elif sign:
        raise _no_array(stream.file)
    if text.sign():
        what, remedy = "text stands after the end of the JSON", "give one array of objects"
        raise refused(stream.file, what, remedy, text.place())


def _no_array(file: str) -> InputError:
    return refused(file, "holds no array of objects", 'give [ … ] or {"requests": [ … ]}')


def _rows_under_a_key(text: "_JsonText") -> Iterator[_Row]:
    """The rows of the first array at the top of a document; the rest only has to be JSON."""
    key: str | None = None
    more = not text.begins("{", "}")
    while more:
        if text.sign() != '"':
            raise text.damaged()
        name = text.value()
        text.expect(":")
        if text.sign() != "[":
            text.value()
        elif key in (None, name):
            key = name
            yield from _rows(text)
        else:
            for _ in _items(text):
                pass
        more = text.goes_on("}")
    if key is None:
        raise _no_array(text.file)


def _rows(text: "_JsonText") -> Iterator[_Row]:
    text.in_rows = True
    for item in _items(text):
        text.n_rows += 1
        if isinstance(item, dict):
            yield text.n_rows, item, text.n_chars
        else:
            yield text.n_rows, Reject(text.n_rows, "", _NO_OBJECT, ""), text.n_chars
    text.in_rows = False


def _items(text: "_JsonText") -> Iterator[Any]:
    """The items of the array that begins here, one after the other."""
    more = not text.begins("[", "]")
    while more:
        yield text.value()
        more = text.goes_on("]")


class _JsonText:
    """The text of a JSON document, read value by value, of which only the next piece is held.

    `n_rows` rows have been read, `in_rows` tells that the next value is one; errors name them.
    `n_chars` is the length of the last value. Every method raises `InputError` for text that is
    no JSON, breaks off, or is not in the encoding.
    """

    def __init__(self, stream: TextStream) -> None:
        self.file = stream.file
        self.n_rows = 0
        self.in_rows = False
        self.n_chars = 0
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._ended = False

    def sign(self) -> str:
        """The next character that is no white space; empty at the end of the file."""
        while True:
            if found := _SOLID.search(self._text, self._at):
                self._at = found.start()
                return found[0]
            self._at = len(self._text)
            if self._ended:
                return ""
            self._read_on()

    def expect(self, sign: str) -> None:
        if self.sign() != sign:
            raise self.damaged()
        self._at += 1

    def begins(self, opening: str, closing: str) -> bool:
        """Step into brackets. Whether they are empty: then they are passed."""
        self.expect(opening)
        is_empty = self.sign() == closing
        self._at += is_empty
        return is_empty

    def goes_on(self, closing: str) -> bool:
        """Pass a comma or the closing bracket. Whether it was a comma."""
        sign = self.sign()
        if sign not in (",", closing):
            raise self.damaged()
        self._at += 1
        return sign == ","

    def value(self) -> Any:
        """The next value, numbers as text."""
        self.sign()
        while True:
            try:
                value, end = _ITEM.raw_decode(self._text, self._at)
            except _Constant as error:
                what, remedy = "NaN and Infinity are no JSON", "write null where no number is known"
                raise refused(self.file, what, remedy, self.place(inside=True)) from error
            except RecursionError as error:
                raise self._too_deep() from error
            except json.JSONDecodeError as error:
                if self._ended or self._n_held > _MAX_OBJECT:
                    raise self._incomplete(error) from error
            else:
                if end - self._at > _MAX_OBJECT:
                    raise self._too_large()
                # Near the end of what is held a number may go on.
                if self._ended or end + _LONGEST_SIGN < len(self._text):
                    return self._passed(value, end)
            self._read_on()

    def place(self, inside: bool = False) -> str:
        """Where the reader stands; with `inside`, that the next value is what is wrong."""
        if inside and self.in_rows:
            return f"row {self.n_rows + 1}"
        return f"after row {self.n_rows}" if self.n_rows else ""

    def damaged(self) -> InputError:
        what, remedy = "the JSON breaks off or is damaged", "get the file again, whole"
        return refused(self.file, what, remedy, f"after row {self.n_rows}")

    @property
    def _n_held(self) -> int:
        return len(self._text) - self._at

    def _read_on(self) -> None:
        # As much again as is held: a long value is parsed few times, not once for each piece.
        data = self._stream.read(max(PIECE, self._n_held))
        self._ended = not data
        try:
            text = self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError as error:
            line = undecodable(self._stream.path, self.file) or 1
            raise wrong_encoding(self.file, "utf-8", line) from error
        self._text = self._text[self._at :] + text
        self._at = 0

    def _passed(self, value: Any, end: int) -> Any:
        begin, self._at = self._at, end
        self.n_chars = end - begin
        if _is_too_deep(value):
            raise self._too_deep()
        return value

    def _incomplete(self, error: json.JSONDecodeError) -> InputError:
        # An open string goes on to the end of what is held, and so does anything cut off.
        n_left = len(self._text) - error.pos
        in_string = error.msg.startswith("Unterminated string")
        if in_string and n_left > MAX_CELL:
            return cell_too_long(self.file, self.place(inside=True))
        if self._ended or not (in_string or n_left < _LONGEST_SIGN):
            return self.damaged()
        return self._too_large()

    def _too_large(self) -> InputError:
        what = f"a value has more than {_MAX_OBJECT:,} characters"
        remedy = "look for a bracket that is not closed, or for a file of another kind"
        return refused(self.file, what, remedy, self.place(inside=True))

    def _too_deep(self) -> InputError:
        remedy = "look for brackets that are not closed, or leave the inner ones out"
        return refused(self.file, _TOO_DEEP, remedy, self.place(inside=True))


def _is_too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(_MAX_DEPTH):
        inner = [outer.values() if isinstance(outer, dict) else outer for outer in level]
        # Most objects hold nothing nested; this finds it fast.
        if _NESTED.isdisjoint(map(type, chain.from_iterable(inner))):
            return False
        level = [value for value in chain.from_iterable(inner) if type(value) in _NESTED]
    return True
