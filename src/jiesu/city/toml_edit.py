"""Setting one key in a TOML file that people keep: everything else stays as they wrote it.

Knows texts and lists of texts, which is what a city folder's inputs are.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from jiesu.core.problems import InputError, Problem
from jiesu.core.toml_lines import key_lines

MOST_LINES = 500
"""No value of a key that is set here goes on for more lines."""


def with_key(text: str, path: str, value: str | Sequence[str], *, file: str) -> str:
    """The document with a key set, such as `inputs.desk`; where it is new, under its table.

    Raises InputError where the document writes its tables in a way that this cannot follow.
    """
    table, _, key = path.rpartition(".")
    # JSON's texts are TOML's, but for DEL, which no path has.
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    before = tomllib.loads(text)
    lines, numbers = text.split("\n"), key_lines(text)
    if path in numbers:
        at = numbers[path] - 1
        end = _end(lines, at, path)
        lines[at:end] = [line]
    else:
        at = 0 if not table else numbers.get(table, 0)
        if table and (at == 0 or not lines[at - 1].strip().startswith(f"[{table}]")):
            lines += [f"[{table}]", line, ""]
        elif table:
            lines.insert(at, line)
        else:
            lines.insert(_first_table(lines), line)
    changed = "\n".join(lines)
    with suppress(tomllib.TOMLDecodeError):
        if tomllib.loads(changed) == _set(before, path, value):
            return changed
    what = "the key cannot be set without changing how the file is written"
    raise InputError(Problem(file, path, what, f"set it by hand: {line}"))


def _end(lines: list[str], at: int, path: str) -> int:
    """The line after a key's value: without these lines the rest is a document without the key."""
    wanted = _set(tomllib.loads("\n".join(lines)), path, None)
    for end in range(at + 1, min(len(lines), at + MOST_LINES) + 1):
        with suppress(tomllib.TOMLDecodeError):
            if tomllib.loads("\n".join(lines[:at] + lines[end:])) == wanted:
                return end
    return at


def _first_table(lines: list[str]) -> int:
    """The line of the first table, and of the comment above it."""
    at = next((at for at, line in enumerate(lines) if line.startswith("[")), len(lines))
    while at and lines[at - 1].startswith("#"):
        at -= 1
    return at


def _set(table: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a document with a key set, or without it where the value is `None`."""
    key, _, below = path.partition(".")
    copy = dict(table)
    if below:
        copy[key] = _set(copy.get(key, {}), below, value)
    elif value is None:
        copy.pop(key, None)
    else:
        copy[key] = list(value) if not isinstance(value, str) else value
    return copy
