"""Reading a settings table (a parsed TOML document) key by key, all mistakes at once.

Names each mistake with file, key path and remedy; an unread key is an unknown key. Reads no
files and knows no setting: policies, profiles and city folders say what they expect.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from jiesu.core.problems import InputError, Problem
from jiesu.core.toml_lines import TomlTable, key_lines, line_of


class Settings:
    """A table in a settings file, read with defaults; problems gather in `problems`.

    Every reading method marks its key as known and returns the default (or an empty value)
    after noting a problem, so that one pass finds all mistakes; call `finish` at the end.
    Numbers must have been parsed exactly, as `toml_table` does.
    """

    def __init__(
        self,
        table: Mapping[str, Any],
        file: str,
        path: str = "",
        problems: list[Problem] | None = None,
        lines: Mapping[str, int] | None = None,
    ) -> None:
        self.table = table
        self.lines = lines or (table.lines if isinstance(table, TomlTable) else {})
        self.file = file
        self.path = path
        self.problems: list[Problem] = [] if problems is None else problems
        self._known: set[str] = set()
        self._below: list[Settings] = []

    def wrong(self, key: str, what: str, remedy: str) -> None:
        """Note a mistake at a key of this table (or at the table itself: empty key)."""
        self.problems.append(self.problem(key, what, remedy))

    def problem(self, key: str, what: str, remedy: str) -> Problem:
        """A mistake at a key of this table, with the line where the key or its table stands."""
        path = self.key_path(key)
        return Problem(self.file, path, what, remedy, line_of(self.lines, path))

    @property
    def keys_hold(self) -> bool:
        """Whether no entry's own `key` is wrong: else one that is unknown may be that entry's."""
        return all(problem.where.rpartition(".")[2] != "key" for problem in self.problems)

    def key_path(self, key: str) -> str:
        return ".".join(part for part in (self.path, key) if part)

    def has(self, key: str) -> bool:
        return key in self.table

    def _take(self, key: str, required: bool, remedy: str) -> Any:
        self._known.add(key)
        if key not in self.table and required:
            self.wrong(key, "this key is missing", remedy)
        return self.table.get(key)

    def raw(self, key: str) -> Any:
        """What stands at a key, unchecked; `None` where it is missing."""
        return self._take(key, False, "")

    def text(self, key: str, default: str | None = None) -> str:
        """A non-empty string; required without a default."""
        value = self._take(key, default is None, "add it as a text in quotes")
        if value is None:
            return default or ""
        if isinstance(value, str) and value.strip():
            return value
        self.wrong(key, f"{value!r} is not a text", "write a text in quotes")
        return default or ""

    def choice(self, key: str, choices: Iterable[str], default: str | None = None) -> str:
        """One of the given words; required without a default."""
        allowed = tuple(choices)
        listed = ", ".join(allowed)
        value = self._take(key, default is None, f"choose one of: {listed}")
        if value is None:
            return default or allowed[0]
        if value in allowed:
            return str(value)
        self.wrong(key, f"{value!r} is not known here", f"choose one of: {listed}")
        return default or allowed[0]

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of strings; a single string stands for a list of one."""
        value = self._take(key, default is None, 'add it as a list of texts: ["..."]')
        if value is None:
            return default or ()
        values = [value] if isinstance(value, str) else value
        if isinstance(values, list) and all(isinstance(v, str) and v.strip() for v in values):
            return tuple(values)
        remedy = 'write a list of texts, none of them empty: ["..."]'
        self.wrong(key, f"{value!r} is not a list of texts", remedy)
        return default or ()

    def some_texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """As `texts`, but an empty list is refused."""
        if self.table.get(key) == []:
            self.wrong(key, "the list is empty", "name at least one")
        return self.texts(key, default)

    def zone(self, key: str, default: str | None = None) -> str:
        """The IANA name of a time zone; required without a default."""
        name = self.text(key, default)
        try:
            return ZoneInfo(name).key if name else "UTC"
        except (KeyError, OSError, ValueError):
            self.wrong(key, f"{name!r} is no time zone", "write one such as Asia/Shanghai or UTC")
            return default or "UTC"

    def integer(self, key: str, default: int | None, low: int, high: int) -> int:
        """A whole number in `low..high`; required where the default is `None`."""
        remedy = f"write a whole number from {low} to {high}"
        value = self._take(key, default is None, remedy)
        if value is None:
            return low if default is None else default
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.wrong(key, f"{value} is not a whole number from {low} to {high}", remedy)
        return low if default is None else default

    def number(self, key: str, default: Fraction | None, low: int, high: int) -> Fraction:
        """An exact decimal number in `low..high` as a Fraction; required without a default."""
        remedy = f"write a number from {low} to {high}"
        value = self._take(key, default is None, remedy)
        if value is None:
            return Fraction(low) if default is None else default
        number = exact(value)
        if number is not None and low <= number <= high:
            return number
        self.wrong(key, f"{value} is not a number from {low} to {high}", remedy)
        return Fraction(low) if default is None else default

    def flag(self, key: str, default: bool) -> bool:
        value = self.raw(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong(key, f"{value!r} is neither true nor false", "write true or false")
        return default

    def day(self, key: str) -> date | None:
        """A date such as 2022-01-19 without quotes, or nothing."""
        value = self.raw(key)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        self.wrong(key, f"{value!r} is not a date", "write a date without quotes: 2022-01-19")
        return None

    def words(self, key: str, default: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """Words by language: `{ zh = "...", en = "..." }`, or one text for all languages."""
        remedy = 'write { zh = "...", en = "..." }'
        value = self._take(key, default is None, remedy)
        if value is None:
            return default or {"zh": key, "en": key}
        if isinstance(value, str) and value:
            return {"zh": value, "en": value}
        if (
            isinstance(value, Mapping)
            and set(value) == {"zh", "en"}
            and all(isinstance(text, str) and text for text in value.values())
        ):
            return dict(value)
        self.wrong(key, f"{value!r} does not give the words in zh and en", remedy)
        return default or {"zh": key, "en": key}

    def below(self, key: str) -> "Settings":
        """The table at a key; an empty one where it is missing."""
        value = self.raw(key)
        path = self.key_path(key)
        if value is not None and not isinstance(value, Mapping):
            self.wrong(key, f"{value!r} is not a table", f"write a table: [{path}]")
            # On its own: that its keys are missing too would be the same mistake again.
            return Settings({}, self.file, path, lines=self.lines)
        return self._child(value or {}, path)

    def each(self, key: str) -> list["Settings"]:
        """The tables of an array `[[key]]`; none where it is missing."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.wrong(key, "this is not a list of tables", f"write [[{self.key_path(key)}]]")
            return []
        return [
            self._child(item, f"{self.key_path(key)}[{number}]")
            for number, item in enumerate(value, start=1)
        ]

    def numbers(self, key: str, low: int, high: int) -> dict[str, Fraction]:
        """A table of exact numbers by name; empty where it is missing."""
        table = self.below(key)
        return {name: table.number(name, None, low, high) for name in table.table}

    def finish(self) -> None:
        """Note unknown keys, here and in all tables below that were opened."""
        for key in self.table:
            if key not in self._known:
                known = ", ".join(sorted(self._known))
                self.wrong(key, "this key is not known", f"remove it or use one of: {known}")
        for child in self._below:
            child.finish()

    def raise_problems(self) -> None:
        """Raise InputError when anything was wrong."""
        if self.problems:
            raise InputError(self.problems)

    def _child(self, table: Mapping[str, Any], path: str) -> "Settings":
        child = Settings(table, self.file, path, self.problems, self.lines)
        self._below.append(child)
        return child


def toml_table(content: bytes, file: str) -> TomlTable:
    """The table of a TOML file's bytes, decimal numbers exact, with the lines of its keys.

    Raises InputError, named `file`.
    """
    try:
        text = content.decode("utf-8-sig")
        return TomlTable(tomllib.loads(text, parse_float=Decimal), key_lines(text))
    except UnicodeDecodeError:
        raise InputError(Problem(file, "", "not UTF-8 text", "save it as UTF-8")) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(Problem(file, "", f"not TOML: {error}", "mend that line")) from None


def with_lines(problems: Iterable[Problem], table: TomlTable) -> list[Problem]:
    """Mistakes that were found after reading, by key path, with the lines of their file."""
    return [replace(one, line=line_of(table.lines, one.where)) for one in problems]


def exact(value: object) -> Fraction | None:
    """A finite number without a rounding error: from int, Decimal or a decimal text."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return Fraction(number) if number.is_finite() else None
