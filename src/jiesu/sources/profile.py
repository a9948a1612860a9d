"""Source profiles: how a file of another system maps to the canonical case table.

A profile is a TOML file (docs/sources.md); here it is parsed, checked whole and frozen.
Leaves out the files themselves: whether a header is there is seen when a file is opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast, get_args

from jiesu.core.case_table import COLUMNS, REQUIRED, Column
from jiesu.core.problems import InputError, Problem
from jiesu.core.settings import Settings, toml_table
from jiesu.sources.times import check_time_format

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
        return parse_profile(shipped.read_bytes(), file=f"{words}.toml", name=words)
    path = Path(name_or_path)
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        what = "is no profile that comes with jiesu, nor a file that can be read"
        remedy = f"give one of {', '.join(shipped_profiles())}, or the path of a TOML file"
        raise InputError(Problem(words, "", what, remedy)) from error
    return parse_profile(content, file=words, name=path.stem)


def parse_profile(content: bytes | str, *, file: str, name: str) -> Profile:
    """A profile from TOML. `file` is the name to show; `InputError` with every mistake."""
    if isinstance(content, str):
        content = content.encode()
    top = Settings(toml_table(content, file), file)
    columns = top.below("columns")
    origins = _origins(columns, _time_formats(top))
    required = _texts(top, "required", REQUIRED)
    for column in required:
        if not columns.has(column) and column not in REQUIRED:
            top.wrong("required", f"names {column!r}, which is not mapped", "map it or drop it")
    top.text("title", "")
    profile = Profile(
        name=name,
        zone=top.zone("zone", "UTC"),
        columns=MappingProxyType(origins),
        format=cast(Format, top.choice("format", get_args(Format), "auto")),
        encoding=cast(Encoding, top.choice("encoding", get_args(Encoding), "auto")),
        delimiter=_delimiter(top),
        sheet=top.text("sheet", "") or None,
        nulls=_texts(top, "nulls"),
        required=tuple(dict.fromkeys((*REQUIRED, *required))),
        agreement=_agreement(top, columns),
    )
    top.finish()
    top.raise_problems()
    return profile


def fold(value: str) -> str:
    """The form in which source values are compared with those of a value map."""
    return value.strip().casefold()


def canonical_values(column: Column) -> tuple[str, ...]:
    """The values that a code or boolean column may hold; empty for the other kinds."""
    return ("true", "false") if column.kind == "boolean" else column.codes


def _texts(table: Settings, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    return tuple(text.strip() for text in table.texts(key, default))


def _headers(table: Settings, key: str, *, required: bool) -> tuple[str, ...]:
    return tuple(text.strip() for text in table.some_texts(key, None if required else ()))


def _time_formats(table: Settings) -> tuple[str, ...]:
    formats = _texts(table, "time_formats")
    for time_format in formats:
        mistake = check_time_format(time_format)
        if mistake:
            remedy = "see docs/sources.md for the directives that are understood"
            table.wrong("time_formats", f"{time_format!r}: {mistake}", remedy)
    return formats


def _delimiter(top: Settings) -> str | None:
    raw = top.raw("delimiter")
    if raw is None:
        return None
    if isinstance(raw, str) and len(raw) == 1 and raw.isascii() and raw not in '"\r\n':
        return raw
    top.wrong("delimiter", f"{raw!r} is no single ASCII character", 'write "," or ";" or "\\t"')
    return None


def _origins(columns: Settings, formats: tuple[str, ...]) -> dict[str, Origin]:
    origins = {}
    for column in COLUMNS:
        if isinstance(columns.raw(column.name), Mapping):
            origins[column.name] = _origin(columns.below(column.name), column, formats)
            continue
        headers = _headers(columns, column.name, required=column.name in REQUIRED)
        if columns.has(column.name):
            values = MappingProxyType(_own_values(column))
            origins[column.name] = Origin(column, headers, values=values, time_formats=formats)
    return origins


def _origin(table: Settings, column: Column, formats: tuple[str, ...]) -> Origin:
    """The origin of a column that is written as a table; `formats` are those of the file."""
    conditional = table.has("true_where") or table.has("false_where")
    if sum((table.has("from"), table.has("value"), conditional)) != 1:
        what = "needs exactly one of from, value, or true_where with false_where"
        table.wrong("", what, "leave one of them")
    if conditional and column.kind != "boolean":
        table.wrong("", "true_where and false_where are for true/false columns", "use from")
    own_formats = _time_formats(table)
    if own_formats and column.kind != "instant":
        table.wrong("time_formats", "this column holds no times", "remove it")
    values = _values(table, column)
    return Origin(
        column=column,
        headers=_headers(table, "from", required=False),
        constant=_constant(table, column, values),
        values=MappingProxyType(values),
        time_formats=own_formats or formats,
        true_where=_condition(table, "true_where"),
        false_where=_condition(table, "false_where"),
        only_where=_condition(table, "only_where"),
    )


def _constant(table: Settings, column: Column, values: Mapping[str, str]) -> str | None:
    raw = table.raw("value")
    constant = str(raw).lower() if isinstance(raw, bool) else table.text("value", "")
    if not constant:
        return None
    if column.kind == "instant" or column.name == "case_id":
        table.wrong("value", "a constant makes no sense here", "use from")
    elif column.kind in ("code", "boolean") and fold(constant) not in values:
        remedy = f"use one of {', '.join(canonical_values(column))}"
        table.wrong("value", f"{constant!r} is no value of this column", remedy)
    return constant


def _own_values(column: Column) -> dict[str, str]:
    return {fold(value): value for value in canonical_values(column)}


def _values(table: Settings, column: Column) -> dict[str, str]:
    """Canonical values by folded source value; those that need no mapping first."""
    found = _own_values(column)
    allowed = canonical_values(column)
    values = table.below("values")
    if values.table and column.kind == "instant":
        table.wrong("values", "this column holds times", "remove it")
    for canonical in values.table:
        sources = values.texts(canonical)
        if allowed and canonical not in allowed:
            remedy = f"use one of {', '.join(allowed)}"
            values.wrong(canonical, "is no value of this column", remedy)
            continue
        for source in sources:
            other = found.setdefault(fold(source), canonical)
            if other != canonical:
                values.wrong(canonical, f"{source!r} is already {other!r}", "leave one of them")
    return found


def _condition(column: Settings, key: str) -> Condition | None:
    table = column.below(key)
    if not column.has(key):
        return None
    cells = {header: table.texts(header) for header in table.table}
    if len(cells) != 1:
        table.wrong("", "is no table with one header", 'write { HEADER = ["value", …] }')
        return None
    ((header, values),) = cells.items()
    return Condition((header,), tuple(map(fold, values)))


def _agreement(top: Settings, columns: Settings) -> Agreement | None:
    table = top.below("agreement")
    if not top.has("agreement"):
        return None
    for needed in ("due_at", "closed_at"):
        if not columns.has(needed):
            table.wrong("", f"needs {needed}", f"map columns.{needed}")
    headers = _headers(table, "from", required=True)
    true, false = (tuple(map(fold, table.some_texts(key))) for key in ("true", "false"))
    return Agreement(headers, true, false)
