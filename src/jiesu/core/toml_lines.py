"""On which line of a TOML document each key stands.

`tomllib` reads values and forgets where they stood; people who mend a file look for a line. One
scan finds the keys of a text that tomllib has accepted; it checks nothing itself.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_NAME = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r"""|"(?:[^"\\]|\\.)*"|'[^']*'""",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class TomlTable(dict[str, Any]):
    """A document's table that knows its lines: by key path as in `rates[1].part`, from 1 on."""

    def __init__(self, table: Mapping[str, Any], lines: Mapping[str, int]) -> None:
        super().__init__(table)
        self.lines = lines


def key_lines(text: str) -> dict[str, int]:
    """The line of every key, table and element of an array, by its path, in a valid document.

    Elements of arrays are numbered from 1. A table that is only implied stands where the first key
    in it does.
    """
    return _Scan(text).document()


def line_of(lines: Mapping[str, int], path: str) -> int | None:
    """The line of a key path; of a key that is not there, the line of the table around it."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path)


class _Scan:
    """A place in the text that moves on, and the lines found before it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self.ends = [match.start() for match in re.finditer("\n", text)]

    def document(self) -> dict[str, int]:
        table = ""
        self._pass(_BLANK)
        while self.at < len(self.text):
            if self._next() == "[":
                table = self._header()
            else:
                self._pair(table)
            self._pass(_BLANK)
        return self.lines

    def _header(self) -> str:
        """`[a.b]` or `[[a.b]]`: the path of the table that it opens."""
        array = self.text.startswith("[[", self.at)
        line = self._line()
        self.at += 1 + array
        path = ""
        *above, last = self._names()
        for name in above:
            path = self._below(path, name, line)
        path = f"{path}.{last}" if path else last
        if array:
            self.counts[path] = self.counts.get(path, 0) + 1
            path = self._below("", path, line)
        else:
            self.lines[path] = line
        self.at += 1 + array
        return path

    def _below(self, path: str, name: str, line: int) -> str:
        """The table of a name: of an array the last one that was opened."""
        path = f"{path}.{name}" if path else name
        self.lines.setdefault(path, line)
        if path in self.counts:
            path = f"{path}[{self.counts[path]}]"
            self.lines.setdefault(path, line)
        return path

    def _pair(self, table: str) -> None:
        """`a.b = value` in a table."""
        line = self._line()
        path = table
        for name in self._names():
            path = f"{path}.{name}" if path else name
            self.lines.setdefault(path, line)
        self.at += 1  # The equals sign.
        self._pass(_SPACE)
        self._value(path)

    def _value(self, path: str) -> None:
        opening = self._next()
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline(path)
        else:
            self._pass(_STRING if opening in "\"'" else _SCALAR)

    def _array(self, path: str) -> None:
        self.at += 1
        self._pass(_BLANK)
        number = 0
        while self._next() != "]":
            number += 1
            element = f"{path}[{number}]"
            self.lines[element] = self._line()
            self._value(element)
            self._to_next()
        self.at += 1

    def _inline(self, path: str) -> None:
        self.at += 1
        self._pass(_BLANK)
        while self._next() != "}":
            self._pair(path)
            self._to_next()
        self.at += 1

    def _to_next(self) -> None:
        """Past a comma, if there is one, to the next element or the end."""
        self._pass(_BLANK)
        if self._next() == ",":
            self.at += 1
            self._pass(_BLANK)

    def _names(self) -> list[str]:
        """The parts of a dotted key, unquoted; moves past the space behind it."""
        names = []
        while True:
            self._pass(_SPACE)
            name = self._pass(_NAME)
            if name[0] in "\"'":
                name = tomllib.loads(f"name = {name}")["name"]
            names.append(name)
            self._pass(_SPACE)
            if self._next() != ".":
                return names
            self.at += 1

    def _next(self) -> str:
        return self.text[self.at]

    def _pass(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        assert match is not None, "a text that tomllib has accepted"
        self.at = match.end()
        return match[0]

    def _line(self) -> int:
        return bisect_right(self.ends, self.at - 1) + 1
