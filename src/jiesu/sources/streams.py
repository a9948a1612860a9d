"""Bytes of a text file as UTF-8: gunzipped, decoded, checked, with what line numbers need.

Works in pieces, so that a file of any size passes. Leaves out what the text says.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol, cast

import numpy as np

from jiesu.sources.profile import Encoding
from jiesu.sources.source_table import refused

GZIP_MAGIC = b"\x1f\x8b"
PIECE = 1 << 20
"""Bytes read at a time."""

_TAIL = 64


@contextmanager
def readable(file: str) -> Iterator[None]:
    """Turn what the operating system and gzip complain of into `InputError`."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        what = "the gzip file is damaged or cut off"
        raise refused(file, what, "get the file again, whole") from error
    except FileNotFoundError as error:
        raise refused(file, "no such file", "check the name") from error
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise refused(file, what, "check the file and its permissions") from error


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Counted:
    """A file that tells how many of its bytes have been read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.n_read = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.n_read += len(data)
        return data


class TextStream:
    """A text file, plain or gzipped, as a stream of UTF-8 without a byte order mark.

    `n_read` counts bytes of the file itself. Raises `InputError` naming the line for NUL bytes
    and for text that is not in the encoding. With `auto` the first piece that is not ASCII
    decides between UTF-8 and GB18030. UTF-8 is passed on unchecked: Arrow checks it, and
    `undecodable` then finds the line. `blank_lines` collects the numbers of lines that are
    empty (candidates: a cell may hold some); `tail` is the end of what was read.
    """

    def __init__(self, path: Path, file: str, encoding: Encoding) -> None:
        self.file = file
        self.path = path
        self.encoding = encoding
        self.blank_lines: list[int] = []
        self.tail = b""
        self.closed = False
        self._line = 1
        self._n_bytes = 0
        self._last_end = -1
        self._pending = b""
        self._begun = False
        self._ended = False
        self._decoder: codecs.IncrementalDecoder | None = None
        with readable(file):
            self._raw = path.open("rb")
            self._counted = _Counted(self._raw)
            gzipped = self._raw.read(2) == GZIP_MAGIC
            self._raw.seek(0)
        self._source: _Readable = self._counted
        if gzipped:
            self._source = gzip.GzipFile(fileobj=cast(IO[bytes], self._counted))

    @property
    def n_read(self) -> int:
        return self._counted.n_read

    def readable(self) -> bool:
        return True

    def read(self, size: int = PIECE) -> bytes:
        """The next `size` bytes; fewer only at the end of the file."""
        parts, n_bytes = ([self._pending], len(self._pending)) if self._pending else ([], 0)
        while n_bytes < size and not self._ended:
            with readable(self.file):
                raw = self._source.read(size)
            self._ended = not raw
            parts.append(self._decoded(raw))
            n_bytes += len(parts[-1])
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self._pending = data[size:]
        return data[:size] if self._pending else data

    def unread(self, data: bytes) -> None:
        """Put bytes back that the next `read` shall give."""
        self._pending = data + self._pending

    def text_form(self) -> dict[str, str]:
        """The encoding, where something else than ASCII has shown it."""
        return {} if self.encoding == "auto" else {"encoding": self.encoding}

    def close(self) -> None:
        if isinstance(self._source, gzip.GzipFile):
            self._source.close()
        self._raw.close()
        self.closed = True

    def _decoded(self, raw: bytes) -> bytes:
        if not self._begun:
            self._begun = True
            raw = self._without_mark(raw)
        if b"\0" in raw:
            line = self._line + raw[: raw.index(b"\0")].count(b"\n")
            what = "NUL bytes: this is binary data or text in UTF-16"
            raise refused(self.file, what, "save it as UTF-8 text", f"line {line}")
        if self.encoding == "auto" and not raw.isascii():
            self.encoding = self._guessed_encoding(raw)
        text = self._transcoded(raw) if self.encoding == "gb18030" else raw
        self._note_lines(text)
        return text

    def _without_mark(self, raw: bytes) -> bytes:
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise refused(self.file, "is text in UTF-16", "save it as UTF-8 text", "line 1")
        if raw.startswith(codecs.BOM_UTF8):
            if self.encoding == "auto":
                self.encoding = "utf-8"
            return raw.removeprefix(codecs.BOM_UTF8)
        return raw

    def _guessed_encoding(self, raw: bytes) -> Encoding:
        candidates: tuple[Encoding, ...] = ("utf-8", "gb18030")
        for encoding in candidates:
            try:
                codecs.getincrementaldecoder(encoding)().decode(raw)
            except UnicodeDecodeError:
                continue
            return encoding
        return "utf-8"

    def _transcoded(self, raw: bytes) -> bytes:
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder("gb18030")()
        try:
            return self._decoder.decode(raw, final=not raw).encode()
        except UnicodeDecodeError as error:
            line = self._line + error.object[: error.start].count(b"\n")
            raise wrong_encoding(self.file, "gb18030", line) from error

    def _note_lines(self, text: bytes) -> None:
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
        if len(ends):
            lengths = np.diff(ends, prepend=self._last_end - self._n_bytes)
            for index in np.flatnonzero(lengths <= 2).tolist():
                end = int(ends[index])
                between = text[end - 1 : end] if end else self.tail[-1:]
                if lengths[index] == 1 or between == b"\r":
                    self.blank_lines.append(self._line + index)
            self._line += len(ends)
            self._last_end = self._n_bytes + int(ends[-1])
        self._n_bytes += len(text)
        self.tail = (self.tail + text[-_TAIL:])[-_TAIL:]


def undecodable(path: Path, file: str) -> int | None:
    """The first line of a file that is no UTF-8, or `None`."""
    stream = TextStream(path, file, "utf-8")
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    try:
        while True:
            data = stream.read(PIECE)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if not data:
                return None
            line += text.count("\n")
    finally:
        stream.close()


def wrong_encoding(file: str, encoding: str, line: int) -> Exception:
    names = {"utf-8": "UTF-8", "gb18030": "GB18030"}
    other = "gb18030" if encoding == "utf-8" else "utf-8"
    return refused(
        file,
        f"is not {names.get(encoding, encoding)} text",
        f'convert it to UTF-8, or set encoding = "{other}" or "auto" in the profile',
        f"line {line}",
    )
