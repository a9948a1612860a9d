"""Where the last whole row of a piece of CSV ends, by Arrow's own rules for quotes.

A quote opens a cell only as its first character, and stands for itself when doubled; after the
closing quote the cell goes on as plain text. Leaves out everything else about cells.
"""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

_QUOTE = b'"'


def row_ends(delimiter: str, line_end: str) -> Callable[[bytes], int]:
    """A function that gives the bytes of the whole rows at the start of a text, 0 for none.

    The text must begin at a row. `line_end` is `\\n` or `\\r`, `delimiter` one ASCII character.
    """
    end = line_end.encode()
    around = np.zeros(256, np.bool_)
    around[list(delimiter.encode() + b'\r\n"')] = True
    rows = _whole_rows(delimiter.encode(), end)

    def last(text: bytes) -> int:
        if _QUOTE not in text:
            return text.rfind(end) + 1
        data = np.frombuffer(text, np.uint8)
        quotes = np.flatnonzero(data == ord(_QUOTE))
        if _alternate(data, quotes, around):
            return _last_outside(text, quotes, end)
        found = rows.match(text)
        return found.end() if found else 0

    return last


def _alternate(
    data: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64], around: npt.NDArray[np.bool_]
) -> bool:
    """Whether every other quote opens and closes, as it does in nearly all files.

    So it is when each first one begins a cell and each second one ends it, or doubles: then
    counting does, which is ten times as fast as following every cell.
    """
    opening, closing = quotes[0::2], quotes[1::2]
    opening = opening[1:] if opening[0] == 0 else opening
    closing = closing[:-1] if len(closing) and closing[-1] == len(data) - 1 else closing
    return bool(around[data[opening - 1]].all() and around[data[closing + 1]].all())


def _last_outside(text: bytes, quotes: npt.NDArray[np.int64], end: bytes) -> int:
    """Just behind the last line end with an even number of quotes before it."""
    n_closed = len(quotes) // 2 * 2
    high = int(quotes[n_closed]) if n_closed < len(quotes) else len(text)
    while n_closed:
        found = text.rfind(end, int(quotes[n_closed - 1]), high)
        if found >= 0:
            return found + 1
        high = int(quotes[n_closed - 2])
        n_closed -= 2
    return text.rfind(end, 0, high) + 1


def _whole_rows(delimiter: bytes, end: bytes) -> re.Pattern[bytes]:
    """Matches all rows at the start of a text that are there with their end. Never goes back."""
    inside = rb"[^%b\r\n]" % re.escape(delimiter)
    cells = rb'(?:[^"%b]++|(?<!%b)"(?:[^"]++|"")*+"|(?<=%b)")*+' % (end, inside, inside)
    return re.compile(rb"(?:%b%b)*+" % (cells, end))
