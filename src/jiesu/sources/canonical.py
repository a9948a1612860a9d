"""Source rows to canonical rows: a profile applied to a batch, whole columns at a time.

Every row is accepted or rejected with its first offending column; no value is dropped in
silence. Leaves out files and duplicates (see `intake`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jiesu.core.case_table import COLUMNS, LIST_SEPARATOR, REQUIRED
from jiesu.core.problems import InputError, Problem
from jiesu.sources.canonical_file import arrow_type, schema
from jiesu.sources.hints import HINTS, VALUE_WORDS
from jiesu.sources.profile import Condition, Origin, Profile, fold
from jiesu.sources.pseudonyms import PATTERN, Pseudonyms, pseudonym
from jiesu.sources.source_table import Int64s, Reject, SourceBatch, SourceTable
from jiesu.sources.times import instants, local_instants

Bools = npt.NDArray[np.bool_]

VALUE_WIDTH = 80
"""Characters of an offending value that a reject keeps."""

_LISTS = ("assist_units", "labels")
_LIST_SEPARATORS = re.compile(r"[;；,，、|\n]")
_SCHEMA = schema()


@dataclass(frozen=True, slots=True)
class Binding:
    """A profile bound to one file: `header_of` gives the header for each tuple of alternatives."""

    profile: Profile
    zone: ZoneInfo
    header_of: Mapping[tuple[str, ...], str | None]
    unused: tuple[str, ...]
    gives_due_at: bool
    """Whether the file has a due time, so that a flag of the source does not count."""
    callers: Pseudonyms = pseudonym

    @property
    def wanted(self) -> frozenset[str]:
        """The headers whose columns are needed."""
        return frozenset(header for header in self.header_of.values() if header is not None)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapped batch: accepted rows, their places, the rejects, and the agreement check.

    `n_rows` counts what came in, so that what goes out can be held against it.
    """

    n_rows: int
    cases: pa.RecordBatch
    places: Int64s
    rejects: tuple[Reject, ...]
    n_agree: int
    n_checked: int
    late_due_at: bool
    """A due time in a file that seemed to give none: its flags do not count after all."""
    has_due_at: bool
    n_idle_flags: int
    """Flags that do not count, of rows without a due time: 0 where a row of the batch has one."""


def bind(
    profile: Profile, table: SourceTable, zone: ZoneInfo, callers: Pseudonyms = pseudonym
) -> Binding:
    """Find each mapped header in a file.

    The first alternative that the file has is taken, whatever its upper or lower case. Raises
    `InputError` naming every required column that is missing, and the headers that were found
    where they are headers and not the first row's values.
    """
    found: dict[str, str] = {}
    for header in table.headers:
        found.setdefault(fold(header), header)
    header_of: dict[tuple[str, ...], str | None] = {}
    for alternatives in _all_headers(profile):
        known = next((found[fold(name)] for name in alternatives if fold(name) in found), None)
        if known is None and table.open_headers:
            known = alternatives[0]
        header_of[alternatives] = known
    missing = [
        f"{column} ({' or '.join(alternatives)})"
        for column in profile.required
        for alternatives in _headers_of(profile.columns[column])
        if not any(fold(name) in found for name in alternatives)
    ]
    if missing:
        what = f"lacks {', '.join(missing)}; {_shown(profile, table.headers)}"
        remedy = "choose another profile, or correct the headers or the profile"
        raise InputError(Problem(table.file, "", what, remedy))
    _refuse_twins(profile, table, header_of)
    used = set(header_of.values())
    unused = tuple(header for header in table.headers if header and header not in used)
    due_at = profile.columns.get("due_at")
    gives_due_at = due_at is not None and header_of.get(due_at.headers) in table.headers
    return Binding(profile, zone, header_of, unused, gives_due_at, callers)


_NO_HEADER = re.compile(r"\d{5}|\d[-/.:年]\d")


def look_like_a_row(headers: Sequence[str]) -> bool:
    """Whether a number or a date stands among the headers, as in a file without a header line."""
    return any(map(_NO_HEADER.search, headers))


def _shown(profile: Profile, headers: Sequence[str]) -> str:
    """Headers in one line. Where a file has no header line its first row stands here, with names
    and telephone numbers: shown is only what has a known header and no number or date in it."""
    known = {fold(name) for alternatives in _all_headers(profile) for name in alternatives}
    known |= {name for column in COLUMNS for name in (column.name, column.zh)}
    known |= {name for hint in HINTS.values() for name in hint.names}
    found = {fold(header).replace("_", " ") for header in headers} | set(map(fold, headers))
    if not (found & known) - VALUE_WORDS or look_like_a_row(headers):
        return f"none of its {len(headers)} columns is known: is the header line missing?"
    shown = [" ".join(header.split())[:40] for header in headers[:40]]
    return f"its headers are: {', '.join(shown)}" + (" …" if len(headers) > 40 else "")


def _refuse_twins(
    profile: Profile, table: SourceTable, header_of: Mapping[tuple[str, ...], str | None]
) -> None:
    twins = sorted(h for h in set(header_of.values()) if h and table.headers.count(h) > 1)
    if twins:
        what = f"has the header {twins[0]!r} more than once"
        raise InputError(Problem(table.file, "", what, "rename or remove one of the columns"))


def _headers_of(origin: Origin) -> list[tuple[str, ...]]:
    conditions = (origin.true_where, origin.false_where, origin.only_where)
    found = [condition.headers for condition in conditions if condition is not None]
    return [origin.headers, *found] if origin.headers else found


def _all_headers(profile: Profile) -> list[tuple[str, ...]]:
    found = [headers for origin in profile.columns.values() for headers in _headers_of(origin)]
    return [*found, profile.agreement.headers] if profile.agreement else found


def map_batch(binding: Binding, batch: SourceBatch) -> Mapped:
    """Apply a bound profile to some rows."""
    mapping = _BatchMapping(binding, batch)
    columns = [mapping.column(column.name) for column in COLUMNS]
    cases = pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)
    places = batch.places
    if mapping.bad.any():
        good = ~mapping.bad
        cases, places = cases.filter(pa.array(good)), places[good]
    n_agree, n_checked = mapping.agreement()
    has_due_at = cases.column("due_at").null_count < cases.num_rows
    late_due_at = has_due_at and not binding.gives_due_at
    n_idle_flags = 0 if has_due_at else mapping.n_idle_flags()
    rejects = sorted((*batch.rejects, *mapping.rejects.values()), key=lambda row: row.place)
    n_rows = batch.n_rows + len(batch.rejects)
    return Mapped(
        n_rows=n_rows,
        cases=cases,
        places=places,
        rejects=tuple(rejects),
        n_agree=n_agree,
        n_checked=n_checked,
        late_due_at=late_due_at,
        has_due_at=has_due_at,
        n_idle_flags=n_idle_flags,
    )


class _BatchMapping:
    """The work on one batch: trimmed source columns by header, bad rows and why."""

    def __init__(self, binding: Binding, batch: SourceBatch) -> None:
        self.binding = binding
        self.batch = batch
        self.bad: Bools = np.zeros(batch.n_rows, np.bool_)
        self.rejects: dict[int, Reject] = {}
        self._texts: dict[str, pa.Array] = {}
        self._done: dict[str, pa.Array] = {}

    def column(self, name: str) -> pa.Array:
        column = self._column(name)
        if name in REQUIRED:
            self._reject(name, column.is_null(), "is missing", None)
        self._done[name] = column
        return column

    def _column(self, name: str) -> pa.Array:
        origin = self.binding.profile.columns.get(name)
        if origin is None or (name == "closed_on_time" and self.binding.gives_due_at):
            return pa.nulls(self.batch.n_rows, _SCHEMA.field(name).type)
        if origin.true_where or origin.false_where:
            return self._flag(origin)
        if origin.constant is not None:
            value = origin.values.get(fold(origin.constant), origin.constant)
            scalar = pa.scalar(value == "true") if origin.column.kind == "boolean" else value
            return pa.repeat(scalar, self.batch.n_rows)
        source = self._source(origin.headers)
        if source is None:
            return pa.nulls(self.batch.n_rows, _SCHEMA.field(name).type)
        if origin.only_where:
            source = pc.if_else(pa.array(self._holds(origin.only_where)), source, None)
        if origin.column.kind == "instant":
            return self._instant(origin, source)
        source = _as_text(source)
        if origin.column.kind == "text":
            return self._text(origin, source)
        return self._coded(origin, source)

    def _source(self, headers: tuple[str, ...]) -> pa.Array | None:
        """A source column, trimmed, with null for empty cells and null markers."""
        header = self.binding.header_of.get(headers)
        if header is None or header not in self.batch.columns:
            return None
        if header not in self._texts:
            column = self.batch.columns[header]
            if pa.types.is_string(column.type):
                column = trimmed(column)
                nulls = self.binding.profile.nulls
                if nulls:
                    marks = pc.is_in(column, pa.array(nulls, pa.string()))
                    column = pc.if_else(marks, None, column)
            self._texts[header] = column
        return self._texts[header]

    def _holds(self, condition: Condition) -> Bools:
        source = self._source(condition.headers)
        if source is None:
            return np.zeros(self.batch.n_rows, np.bool_)
        hits = _by_value(_as_text(source), lambda value: fold(value) in condition.values)
        return np.asarray(hits.fill_null(False).to_numpy(zero_copy_only=False))

    def _flag(self, origin: Origin) -> pa.Array:
        nowhere = np.zeros(self.batch.n_rows, np.bool_)
        true = self._holds(origin.true_where) if origin.true_where else nowhere
        false = self._holds(origin.false_where) if origin.false_where else nowhere
        return pa.array(true, mask=~(true | false))

    def _instant(self, origin: Origin, source: pa.Array) -> pa.Array:
        zone = self.binding.zone
        if pa.types.is_timestamp(source.type):
            found = local_instants(source, zone)
        else:
            found = instants(source, origin.time_formats, zone)
        if found.null_count > source.null_count:
            bad = pc.and_(source.is_valid(), found.is_null())
            self._reject(origin.column.name, bad, "is no readable time", source)
        return found

    def _text(self, origin: Origin, source: pa.StringArray) -> pa.StringArray:
        if origin.column.name in _LISTS:
            return _by_value(source, _normal_list)
        if origin.column.name == "caller":
            return _pseudonyms(source, self.binding.callers)
        if origin.values:
            return _by_value(source, lambda value: origin.values.get(fold(value), value))
        return source

    def _coded(self, origin: Origin, source: pa.StringArray) -> pa.Array:
        codes = _by_value(source, lambda value: origin.values.get(fold(value)))
        if codes.null_count > source.null_count:
            bad = pc.and_(source.is_valid(), codes.is_null())
            known = " or ".join(dict.fromkeys(origin.values.values()))
            self._reject(origin.column.name, bad, f"cannot be taken for {known}", source)
        return codes.cast(arrow_type(origin.column.kind))

    def _reject(self, name: str, bad: pa.BooleanArray, reason: str, source: pa.Array) -> None:
        mask = bad.to_numpy(zero_copy_only=False)
        for index in np.flatnonzero(mask & ~self.bad):
            value = "" if source is None else str(source[int(index)].as_py())
            place = int(self.batch.places[index])
            self.rejects[int(index)] = Reject(place, name, reason, value[:VALUE_WIDTH])
        self.bad |= mask

    def n_idle_flags(self) -> int:
        """Flags in accepted rows that are not used since the file has a column for due times."""
        if not self.binding.gives_due_at or "closed_on_time" not in self.binding.profile.columns:
            return 0
        counting = _BatchMapping(replace(self.binding, gives_due_at=False), self.batch)
        flags = counting.column("closed_on_time").is_valid().to_numpy(zero_copy_only=False)
        return int(np.count_nonzero(flags & ~self.bad))

    def agreement(self) -> tuple[int, int]:
        """On how many accepted rows the flag agrees with the times, and how many have all."""
        check = self.binding.profile.agreement
        source = self._source(check.headers) if check else None
        if check is None or source is None:
            return 0, 0
        words = dict.fromkeys(check.true, True) | dict.fromkeys(check.false, False)
        flag = _by_value(_as_text(source), lambda value: words.get(fold(value)))
        on_time = pc.less_equal(self._done["closed_at"], self._done["due_at"])
        agrees = pc.if_else(pa.array(~self.bad), pc.equal(on_time, flag), None)
        return agrees.true_count, len(agrees) - agrees.null_count


def _pseudonyms(callers: pa.StringArray, pseudonym_of: Pseudonyms) -> pa.StringArray:
    """Callers by pseudonym; those that are pseudonyms already stay as they are."""
    known = pc.match_substring_regex(callers, PATTERN)
    if pc.all(known, min_count=0).as_py():
        return callers
    return pc.if_else(known, callers, _by_value(callers, pseudonym_of))


def _by_value(column: pa.StringArray, change: Callable[[str], object]) -> pa.Array:
    """A column with each different value changed once; null stays null."""
    encoded = column.dictionary_encode()
    changed = pa.array([change(value) for value in encoded.dictionary.to_pylist()])
    if pa.types.is_null(changed.type):
        changed = changed.cast(pa.string())
    return changed.take(encoded.indices)


def _normal_list(value: str) -> str | None:
    """A list with one separator, each part once."""
    parts = dict.fromkeys(part.strip() for part in _LIST_SEPARATORS.split(value))
    return LIST_SEPARATOR.join(part for part in parts if part) or None


def _as_text(column: pa.Array) -> pa.StringArray:
    if not pa.types.is_timestamp(column.type):
        return column
    suffix = "" if column.type.tz is None else "Z"
    # First to UTC: with another zone Arrow asks the operating system's zone database.
    utc = column.cast(pa.timestamp("us", tz="UTC"), safe=False) if suffix else column
    texts = pc.strftime(utc.cast(pa.timestamp("s"), safe=False), "%Y-%m-%dT%H:%M:%S")
    return pc.binary_join_element_wise(texts, suffix, "")


# White space at the ends is looked for by bytes: ASCII, and the first bytes of the other kinds
# of blank in UTF-8 (no-break, ideographic …). What only looks like one costs time, no harm.
_FIRST = np.zeros(256, np.bool_)
_FIRST[: ord(" ") + 1] = True
_FIRST[[0xC2, 0xE1, 0xE2, 0xE3]] = True
_LAST = np.zeros(256, np.bool_)
_LAST[: ord(" ") + 1] = True


def trimmed(column: pa.StringArray) -> pa.StringArray:
    """Text without white space at its ends; nothing left is null."""
    if column.null_count:
        column = column.fill_null("")
    if column.offset or len(column) == 0:
        column = pa.concat_arrays([column, pa.array([""], pa.string())])[:-1]
    offsets, data = _raw(column)
    filled = offsets[1:] > offsets[:-1]
    if not len(data):
        return pa.nulls(len(column), pa.string())
    if _has_blank_ends(offsets, data, filled):
        column = pc.utf8_trim_whitespace(column)
        offsets, data = _raw(column)
        filled = offsets[1:] > offsets[:-1]
    if filled.all():
        return column
    valid = pa.py_buffer(np.packbits(filled, bitorder="little"))
    _, starts, texts = column.buffers()
    return pa.Array.from_buffers(pa.string(), len(column), [valid, starts, texts])


def _raw(column: pa.StringArray) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    _, starts, texts = column.buffers()
    offsets = np.frombuffer(starts, np.int32)[: len(column) + 1]
    return offsets, np.frombuffer(texts or b"", np.uint8)


def _has_blank_ends(
    offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8], filled: Bools
) -> bool:
    firsts = offsets[:-1][filled]
    ends = offsets[1:][filled]
    if _FIRST[data[firsts]].any() or _LAST[data[ends - 1]].any():
        return True
    # The last character may be a blank of two or three bytes.
    if data[ends - 1].max(initial=0) < 0x80:
        return False
    second = data[np.maximum(ends - 2, 0)]
    third = data[np.maximum(ends - 3, 0)]
    return bool((second == 0xC2).any() or ((third >= 0xE1) & (third <= 0xE3)).any())
