"""Source profiles: how a file of another system maps to the canonical case table.

A profile is a TOML file (docs/sources.md); here it is parsed, checked whole and frozen.
Leaves out the files themselves: whether a header is there is seen when a file is opened.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from jiesu.core.case_table import BY_NAME, COLUMNS, REQUIRED, Column
from jiesu.core.problems import InputError, Problem
from jiesu.sources.times import check_time_format

FORMATS = ("auto", "csv", "tsv", "xlsx", "jsonl", "json", "parquet")
ENCODINGS = ("auto", "utf-8", "gb18030")

Format = Literal["auto", "csv", "tsv", "xlsx", "jsonl", "json", "parquet"]
Encoding = Literal["auto", "utf-8", "gb18030"]


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds in a row where the cell under one of `headers` is one of `values`."""

    headers: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the values of one canonical column come from.

    Either `headers` (alternatives; the first that the file has is read), or `constant`, or the
    two conditions of a boolean. `values` maps folded source values to canonical ones.
    `only_where` keeps the value only in rows where the condition holds.
    """

    column: Column
    headers: tuple[str, ...] = ()
    constant: str | None = None
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    time_formats: tuple[str, ...] = ()
    true_where: Condition | None = None
    false_where: Condition | None = None
    only_where: Condition | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """A flag of the source, compared with `closed_at <= due_at` and used for nothing else."""

    headers: tuple[str, ...]
    true: tuple[str, ...]
    false: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """A source profile. `zone` holds for times without an offset; `nulls` are null markers."""

    name: str
    zone: str
    columns: Mapping[str, Origin]
    format: Format = "auto"
    encoding: Encoding = "auto"
    delimiter: str | None = None
    sheet: str | None = None
    nulls: tuple[str, ...] = ()
    required: tuple[str, ...] = REQUIRED
    agreement: Agreement | None = None


def shipped_profiles() -> tuple[str, ...]:
    """The names of the profiles that come with jiesu."""
    folder = resources.files("jiesu.sources") / "profiles"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_profile(name_or_path: str | Path) -> Profile:
    """The profile of a shipped name or of a TOML file; `InputError` with every mistake in it."""
    words = str(name_or_path)
    if words in shipped_profiles():
        shipped = resources.files("jiesu.sources") / "profiles" / f"{words}.toml"
        return parse_profile(shipped.read_text("utf-8"), file=f"{words}.toml", name=words)
    path = Path(name_or_path)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(shipped_profiles())
        if path.exists():
            what = "is no readable UTF-8 text"
        else:
            what = "is no profile that comes with jiesu, nor a file"
        remedy = f"give one of {known}, or the path of a TOML file"
        raise InputError(Problem(words, "", what, remedy)) from error
    return parse_profile(text, file=words, name=path.stem)


def parse_profile(text: str, *, file: str, name: str) -> Profile:
    """A profile from TOML text. `file` is the name to show in problems."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, remedy = f"is not TOML ({error})", "correct the syntax there"
        raise InputError(Problem(file, "", what, remedy)) from error
    reader = _Reader(file)
    profile = reader.profile(document, name)
    if reader.problems:
        raise InputError(reader.problems)
    return profile


def fold(value: str) -> str:
    """The form in which source values are compared with those of a value map."""
    return value.strip().casefold()


TOP_KEYS = {
    "title",
    "zone",
    "format",
    "encoding",
    "delimiter",
    "sheet",
    "nulls",
    "required",
    "time_formats",
    "columns",
    "agreement",
}
COLUMN_KEYS = {
    "from",
    "value",
    "values",
    "time_formats",
    "true_where",
    "false_where",
    "only_where",
}


class _Reader:
    """Reads the parts of a document and collects the problems on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def wrong(self, key: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, key, what, remedy))

    def profile(self, document: dict[str, Any], name: str) -> Profile:
        self._known(document, TOP_KEYS, "")
        formats = self._time_formats(document.get("time_formats", []), "time_formats")
        raw_columns = document.get("columns", {})
        if not isinstance(raw_columns, dict):
            self.wrong("columns", "is no table", "write [columns] and a line for each column")
            raw_columns = {}
        columns: dict[str, Origin] = {}
        for key, raw in raw_columns.items():
            if key not in BY_NAME:
                known = ", ".join(column.name for column in COLUMNS)
                self.wrong(
                    f"columns.{key}", "is no column of the case table", f"use one of {known}"
                )
                continue
            columns[key] = self._column(BY_NAME[key], raw, formats)
        for key in REQUIRED:
            if key not in columns:
                self.wrong(f"columns.{key}", "is missing", "say which header of the file it is")
        required = self._strings(document.get("required", list(REQUIRED)), "required")
        for key in required:
            if key not in raw_columns and key not in REQUIRED:
                self.wrong("required", f"names {key!r}, which is not mapped", "map it or drop it")
        return Profile(
            name=name,
            zone=self._zone(document.get("zone", "UTC")),
            columns=MappingProxyType(columns),
            format=self._choice(document, "format", FORMATS),
            encoding=self._choice(document, "encoding", ENCODINGS),
            delimiter=self._delimiter(document.get("delimiter")),
            sheet=self._optional_string(document.get("sheet"), "sheet"),
            nulls=self._strings(document.get("nulls", []), "nulls"),
            required=tuple(dict.fromkeys((*REQUIRED, *required))),
            agreement=self._agreement(document.get("agreement"), columns),
        )

    def _known(self, table: dict[str, Any], known: set[str], prefix: str) -> None:
        for key in table:
            if key not in known:
                remedy = f"use one of {', '.join(sorted(known))}"
                self.wrong(f"{prefix}{key}", "is an unknown key", remedy)

    def _strings(self, raw: object, key: str) -> tuple[str, ...]:
        if isinstance(raw, str):
            raw = [raw]
        if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
            self.wrong(key, "is no text or list of texts", 'write "one" or ["one", "two"]')
            return ()
        return tuple(item.strip() for item in raw)

    def _optional_string(self, raw: object, key: str) -> str | None:
        if raw is None or (isinstance(raw, str) and raw):
            return raw
        self.wrong(key, "is no text", "write it in quotes")
        return None

    def _choice(self, document: dict[str, Any], key: str, known: tuple[str, ...]) -> Any:
        raw = document.get(key, "auto")
        if raw not in known:
            self.wrong(key, f"is {raw!r}", f"use one of {', '.join(known)}")
            return "auto"
        return raw

    def _delimiter(self, raw: object) -> str | None:
        if raw is None:
            return None
        if not isinstance(raw, str) or len(raw) != 1 or not raw.isascii() or raw in '"\r\n':
            self.wrong("delimiter", "is no single ASCII character", 'write "," or ";" or "\\t"')
            return None
        return raw

    def _zone(self, raw: object) -> str:
        try:
            return ZoneInfo(raw if isinstance(raw, str) else "").key
        except (KeyError, OSError, ValueError):
            remedy = 'use an IANA name such as "Asia/Shanghai" or "UTC"'
            self.wrong("zone", f"{raw!r} is no time zone", remedy)
            return "UTC"

    def _time_formats(self, raw: object, key: str) -> tuple[str, ...]:
        formats = self._strings(raw, key)
        for time_format in formats:
            mistake = check_time_format(time_format)
            if mistake:
                remedy = "see docs/sources.md for the directives that are understood"
                self.wrong(key, f"{time_format!r}: {mistake}", remedy)
        return formats

    def _column(self, column: Column, raw: object, formats: tuple[str, ...]) -> Origin:
        key = f"columns.{column.name}"
        if isinstance(raw, (str, list)):
            raw = {"from": raw}
        if not isinstance(raw, dict):
            self.wrong(key, "is neither a header nor a table", 'write "HEADER" or { from = … }')
            return Origin(column)
        self._known(raw, COLUMN_KEYS, f"{key}.")
        self._one_origin(column, raw, key)
        own_formats = self._time_formats(raw.get("time_formats", []), f"{key}.time_formats")
        if own_formats and column.kind != "instant":
            self.wrong(f"{key}.time_formats", "this column holds no times", "remove it")
        values = self._values(column, raw.get("values", {}), f"{key}.values")
        return Origin(
            column=column,
            headers=self._strings(raw.get("from", []), f"{key}.from"),
            constant=self._constant(column, raw.get("value"), values, f"{key}.value"),
            values=values,
            time_formats=own_formats or formats,
            true_where=self._condition(raw.get("true_where"), f"{key}.true_where"),
            false_where=self._condition(raw.get("false_where"), f"{key}.false_where"),
            only_where=self._condition(raw.get("only_where"), f"{key}.only_where"),
        )

    def _one_origin(self, column: Column, raw: dict[str, Any], key: str) -> None:
        conditional = "true_where" in raw or "false_where" in raw
        if sum(("from" in raw, "value" in raw, conditional)) != 1:
            self.wrong(
                key,
                "needs exactly one of from, value, or true_where with false_where",
                "leave one of them",
            )
        if conditional and column.kind != "boolean":
            self.wrong(key, "true_where and false_where are for true/false columns", "use from")

    def _constant(
        self, column: Column, raw: object, values: Mapping[str, str], key: str
    ) -> str | None:
        if raw is None:
            return None
        if isinstance(raw, bool):
            raw = "true" if raw else "false"
        if not isinstance(raw, str):
            self.wrong(key, "is neither text nor true or false", "write it in quotes")
            return None
        if column.kind == "instant" or column.name == "case_id":
            self.wrong(key, "a constant makes no sense here", "use from")
        elif column.kind in ("code", "boolean") and fold(raw) not in values:
            self.wrong(key, f"is {raw!r}", f"use one of {', '.join(canonical_values(column))}")
        return raw

    def _values(self, column: Column, raw: object, key: str) -> Mapping[str, str]:
        allowed = canonical_values(column)
        found = {fold(value): value for value in allowed}
        if not isinstance(raw, dict):
            self.wrong(key, "is no table", 'write { canonical = ["source value", …] }')
            return MappingProxyType(found)
        if raw and column.kind == "instant":
            self.wrong(key, "this column holds times", "remove it")
        for canonical, sources in raw.items():
            if allowed and canonical not in allowed:
                self.wrong(f"{key}.{canonical}", "is no value of this column", f"use {allowed}")
                continue
            for source in self._strings(sources, f"{key}.{canonical}"):
                other = found.setdefault(fold(source), canonical)
                if other != canonical:
                    what = f"{source!r} is already {other!r}"
                    self.wrong(f"{key}.{canonical}", what, "leave one of them")
        return MappingProxyType(found)

    def _condition(self, raw: object, key: str) -> Condition | None:
        if raw is None:
            return None
        if not isinstance(raw, dict) or len(raw) != 1:
            self.wrong(key, "is no table with one header", 'write { HEADER = ["value", …] }')
            return None
        header, values = next(iter(raw.items()))
        return Condition((header,), tuple(fold(v) for v in self._strings(values, key)))

    def _agreement(self, raw: object, columns: Mapping[str, Origin]) -> Agreement | None:
        if raw is None:
            return None
        if not isinstance(raw, dict):
            self.wrong("agreement", "is no table", "write [agreement] with from, true and false")
            return None
        self._known(raw, {"from", "true", "false"}, "agreement.")
        for needed in ("due_at", "closed_at"):
            if needed not in columns:
                self.wrong("agreement", f"needs {needed}", f"map columns.{needed}")
        parts = {}
        for part in ("from", "true", "false"):
            parts[part] = self._strings(raw.get(part, []), f"agreement.{part}")
            if not parts[part]:
                self.wrong(f"agreement.{part}", "is missing", "write a list of texts")
        true, false = (tuple(map(fold, parts[part])) for part in ("true", "false"))
        return Agreement(parts["from"], true, false)


def canonical_values(column: Column) -> tuple[str, ...]:
    """The values that a code or boolean column may hold; empty for the other kinds."""
    return ("true", "false") if column.kind == "boolean" else column.codes
