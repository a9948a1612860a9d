"""A draft profile for an unknown file: guesses from headers and values, doubts as comments.

Looks at the first rows only. A draft is a start for a person who knows the file, never more;
it shows no values but those of small code sets, since the file may hold personal data.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from jiesu.core.case_table import BY_NAME, COLUMNS, Column
from jiesu.sources.canonical import look_like_a_row, trimmed
from jiesu.sources.hints import (
    FALSE_WORDS,
    HINTS,
    NULL_WORDS,
    OVERDUE_WORDS,
    RESOLVED_WORDS,
    SATISFACTION_WORDS,
    TIME_FORMATS,
    TRUE_WORDS,
    Hint,
)
from jiesu.sources.profile import Profile, fold
from jiesu.sources.readers import open_table
from jiesu.sources.source_table import SourceTable, refused
from jiesu.sources.times import instants

SAMPLE = 10_000
"""Rows that are looked at."""

_UTC = ZoneInfo("UTC")
_SMALL_SET = 12
_ENOUGH = 0.35


@dataclass(frozen=True)
class Seen:
    """What the sample shows of one header. `values` are the different ones, nulls left out."""

    header: str
    n_filled: int
    values: Mapping[str, int]
    is_time: bool
    time_formats: tuple[str, ...]

    @property
    def is_unique(self) -> bool:
        return self.n_filled > 0 and len(self.values) >= 0.99 * self.n_filled

    @property
    def is_small(self) -> bool:
        return 0 < len(self.values) <= _SMALL_SET

    @property
    def kind(self) -> str:
        """A description without values."""
        if not self.n_filled:
            return "always empty"
        if self.is_time:
            return "times"
        unique = ", nearly all different" if self.is_unique else f", {len(self.values)} different"
        return f"{self.n_filled} filled{unique}"


@dataclass
class Draft:
    """The lines of a draft as they come together."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    agreement: list[str] = field(default_factory=list)


def draft_profile(path: Path) -> str:
    """TOML text of a profile for a file; it parses as one. `InputError` for unreadable files."""
    with open_table(path, Profile(name="draft", zone="UTC", columns={})) as table:
        if look_like_a_row(table.headers):
            # The draft would hold a resident's name and telephone number.
            what = "begins with a row of values: its header line is missing"
            raise refused(str(path), what, "write the names of the columns into a first line")
        sample, n_rows = _sample(table)
        seen, nulls = _seen(table.headers, sample, n_rows)
        form = table.text_form()
    draft = Draft()
    chosen = _chosen(seen, n_rows)
    _write_columns(draft, chosen, seen)
    _write_flags(draft, chosen, seen)
    _add_doubts(draft, chosen, seen, n_rows)
    zone = _zone(draft, seen, sample)
    return _rendered(path, draft, seen, n_rows, zone, nulls, form)


def _sample(table: SourceTable) -> tuple[dict[str, pa.Array], int]:
    pieces: dict[str, list[pa.Array]] = {header: [] for header in table.headers}
    n_rows = 0
    with closing(table.batches(table.headers)) as batches:
        for batch in batches:
            for header, parts in pieces.items():
                parts.append(batch.columns.get(header, pa.nulls(batch.n_rows, pa.string())))
            n_rows += batch.n_rows
            if n_rows >= SAMPLE:
                break
    joined = {
        header: pa.concat_arrays(parts)[:SAMPLE] if parts else pa.array([], pa.string())
        for header, parts in pieces.items()
    }
    return joined, min(n_rows, SAMPLE)


def _seen(
    headers: Sequence[str], sample: Mapping[str, pa.Array], n_rows: int
) -> tuple[dict[str, Seen], list[str]]:
    counted: dict[str, dict[str, int]] = {}
    for header in dict.fromkeys(headers):
        column = sample[header]
        texts = trimmed(column) if pa.types.is_string(column.type) else column.cast(pa.string())
        found = pc.value_counts(texts.drop_null())
        counted[header] = {row["values"]: row["counts"] for row in found.to_pylist()}
    marks = {
        word
        for word in NULL_WORDS
        if sum(counts.get(word, 0) > 0 for counts in counted.values()) >= 2
        or any(counts.get(word, 0) > n_rows / 10 for counts in counted.values())
    }
    seen = {}
    for header, counts in counted.items():
        values = {value: n for value, n in counts.items() if value not in marks}
        typed = pa.types.is_timestamp(sample[header].type)
        formats = () if typed else _formats(header, list(islice(values, 2_000)))
        is_time = typed or formats is not None
        seen[header] = Seen(header, sum(values.values()), values, is_time, formats or ())
    return seen, sorted(marks)


def _formats(header: str, values: list[str]) -> tuple[str, ...] | None:
    """The formats besides ISO that read nearly all values, two where it is open which; or None."""
    if not values or not any(re.search(r"\d\D+\d", value) for value in values[:50]):
        return None
    texts = pa.array(values, pa.string())
    enough = 0.95 * len(values)
    if len(values) - instants(texts, (), _UTC).null_count >= enough:
        return ()
    fitting = [
        time_format
        for time_format in TIME_FORMATS
        if len(values) - instants(texts, (time_format,), _UTC).null_count >= enough
    ]
    return tuple(fitting[:2]) or None


def _words(header: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    return [word for word in re.split(r"[\s_\-./()（）]+", spaced.casefold()) if word]


def _name_score(header: str, hint: Hint) -> float:
    """How well a header fits the names of a column, 0 to 1."""
    words = _words(header)
    joined = " ".join(words)
    best = 0.0
    for rank, name in enumerate(hint.names):
        parts = name.split()
        if joined == name:
            score = 1.0
        elif set(parts) <= set(words):
            score = 0.45 + 0.4 * len(parts) / len(words)
        elif not name.isascii() and name in joined:
            score = 0.45 + 0.4 * len(name) / len(joined)
        else:
            continue
        best = max(best, score - 0.01 * rank)
    if best and words[-1] in ("id", "code", "代码", "编码"):
        best -= 0.2 if hint.prefers == "name" else 0
    if best and words[-1] in ("name", "名称"):
        best -= 0.2 if hint.prefers == "code" else 0
    return best


def _score(column: Column, seen: Seen, n_rows: int) -> float:
    """How well a header fits a column by name and values; 0 where the values forbid it."""
    if not seen.n_filled or (column.kind == "instant") != seen.is_time:
        return 0.0
    score = _name_score(seen.header, HINTS[column.name])
    if column.name == "case_id":
        return score + 0.3 if seen.is_unique and seen.n_filled == n_rows else 0.0
    if column.kind in ("boolean", "code") and _value_map(column, seen) is None:
        return 0.0
    if column.kind == "text" and len(seen.values) == 1 and n_rows > 50:
        return score / 2
    return score


def _chosen(seen: Mapping[str, Seen], n_rows: int) -> dict[str, str]:
    """The header for each column, best fits first, every header once."""
    scores = [
        (_score(column, one, n_rows), column.name, header)
        for column in COLUMNS
        if column.name in HINTS and column.name != "closed_on_time"
        for header, one in seen.items()
    ]
    chosen: dict[str, str] = {}
    for score, name, header in sorted(scores, key=lambda item: -item[0]):
        if score >= _ENOUGH and name not in chosen and header not in chosen.values():
            chosen[name] = header
    free = [header for header in seen if header not in chosen.values()]
    if "created_at" not in chosen:
        times = [header for header in free if seen[header].is_time]
        chosen.update({"created_at": times[0]} if times else {})
    if "case_id" not in chosen:
        ids = [header for header in free if seen[header].is_unique and not seen[header].is_time]
        chosen.update({"case_id": ids[0]} if ids else {})
    return chosen


def _value_map(column: Column, seen: Seen) -> dict[str, list[str]] | None:
    """Source values by canonical value, or `None` when some value has no place."""
    words: Mapping[str, tuple[str, ...]] = {"true": TRUE_WORDS, "false": FALSE_WORDS}
    if column.kind == "code":
        words = RESOLVED_WORDS if "yes" in column.codes else SATISFACTION_WORDS
    place = {fold(word): canonical for canonical, known in words.items() for word in known}
    place |= {canonical: canonical for canonical in words}
    if not seen.is_small or not all(fold(value) in place for value in seen.values):
        return None
    found: dict[str, list[str]] = {}
    for value in sorted(seen.values):
        found.setdefault(place[fold(value)], []).append(value)
    return found


def _write_columns(draft: Draft, chosen: Mapping[str, str], seen: Mapping[str, Seen]) -> None:
    for column in COLUMNS:
        header = chosen.get(column.name)
        if header is None:
            continue
        draft.used.add(header)
        one = seen[header]
        parts = [f"from = {_quoted(header)}"]
        if one.time_formats:
            parts.append(f"time_formats = {_quoted(one.time_formats[:1])}")
        if column.kind in ("boolean", "code"):
            mapped = _value_map(column, one) or {}
            values = ", ".join(f"{key} = {_quoted(words)}" for key, words in mapped.items())
            parts.append(f"values = {{ {values} }}")
        only = len(parts) == 1
        draft.columns[column.name] = [
            _quoted(header) if only else f"{{ {', '.join(parts)} }}",
        ]


def _write_flags(draft: Draft, chosen: Mapping[str, str], seen: Mapping[str, Seen]) -> None:
    """A flag "on time": a check where times are given, else the value itself."""
    free = [one for header, one in seen.items() if header not in draft.used and one.is_small]
    hint = HINTS["closed_on_time"]
    flags = [one for one in free if _is_named(one.header, hint.names) and len(one.values) > 1]
    overdue = [one for one in free if _is_named(one.header, OVERDUE_WORDS) and len(one.values) > 1]
    if not flags:
        return
    flag = flags[0]
    mapped = _value_map(BY_NAME["closed_on_time"], flag)
    if {"due_at", "closed_at"} <= set(chosen):
        if mapped and len(mapped) == 2:
            draft.agreement = [
                f"from = {_quoted(flag.header)}",
                *(f"{key} = {_quoted(words)}" for key, words in mapped.items()),
            ]
            draft.used.add(flag.header)
    elif overdue and set(flag.values) <= {"0", "1"} and set(overdue[0].values) <= {"0", "1"}:
        true = f'true_where = {{ {_quoted(flag.header)} = "1" }}'
        false = f'false_where = {{ {_quoted(overdue[0].header)} = "1" }}'
        draft.columns["closed_on_time"] = [f"{{ {true}, {false} }}"]
        draft.used.update((flag.header, overdue[0].header))
    elif mapped:
        values = ", ".join(f"{key} = {_quoted(words)}" for key, words in mapped.items())
        draft.columns["closed_on_time"] = [
            f"{{ from = {_quoted(flag.header)}, values = {{ {values} }} }}"
        ]
        draft.used.add(flag.header)


def _is_named(header: str, names: Sequence[str]) -> bool:
    return _name_score(header, Hint(tuple(names))) >= _ENOUGH


def _add_doubts(
    draft: Draft, chosen: Mapping[str, str], seen: Mapping[str, Seen], n_rows: int
) -> None:
    for name in ("case_id", "created_at"):
        if name not in chosen:
            draft.columns[name] = ['"?"']
            draft.doubts.append(f"{name}: no header fits; write the right one instead of ?")
    for name, header in chosen.items():
        score = _score(BY_NAME[name], seen[header], n_rows)
        others = [
            other
            for other in seen
            if other not in draft.used
            and seen[other].n_filled
            and _score(BY_NAME[name], seen[other], n_rows) > max(_ENOUGH, score - 0.15)
        ]
        if others:
            draft.doubts.append(f"{name}: {header} is taken; it might be {' or '.join(others)}")
        elif score < 0.6:
            draft.doubts.append(f"{name}: {header} is only a weak guess")
        formats = seen[header].time_formats
        if len(formats) > 1:
            both = " or ".join(formats)
            draft.doubts.append(f"{name}: the values fit {both}; which is it?")
    if "unit" not in chosen:
        draft.doubts.append("unit: no header fits; without it every case is unassigned")
    if "due_at" not in chosen and "closed_on_time" not in draft.columns:
        draft.doubts.append("due_at: no header fits; without it nothing is due or on time")


def _zone(draft: Draft, seen: Mapping[str, Seen], sample: Mapping[str, pa.Array]) -> str:
    times = [value for one in seen.values() if one.is_time for value in islice(one.values, 20)]
    if times and all(re.search(r"(Z|[+-]\d\d:?\d\d)$", value) for value in times):
        return "UTC"
    chinese = any(
        re.search(r"[\u4e00-\u9fff]", text)
        for one in seen.values()
        for text in (one.header, *islice(one.values, 5))
    )
    zone = "Asia/Shanghai" if chinese else "UTC"
    draft.doubts.append(f"zone: the times have no offset; {zone} is a guess")
    return zone


def _rendered(
    path: Path,
    draft: Draft,
    seen: Mapping[str, Seen],
    n_rows: int,
    zone: str,
    nulls: Sequence[str],
    form: Mapping[str, str],
) -> str:
    lines = [
        f"# Draft of a profile for {_comment(path.name)}, from its first {n_rows:,} rows.",
        "# Check every line, then remove the doubts. The keys are explained in docs/sources.md.",
        *(f"# DOUBT {_comment(doubt)}" for doubt in draft.doubts),
        "",
        f"zone = {_quoted(zone)}",
    ]
    lines += [f"{key} = {_quoted(value)}" for key, value in form.items()]
    if nulls:
        lines.append(f"nulls = {_quoted(list(nulls))}")
    lines += ["", "[columns]"]
    for column in COLUMNS:
        lines += [f"{column.name} = {text}" for text in draft.columns.get(column.name, ())]
    if draft.agreement:
        lines += ["", "# A flag of the source, only to check the times.", "[agreement]"]
        lines += draft.agreement
    unused = [one for header, one in seen.items() if header not in draft.used]
    if unused:
        lines += ["", "# Not used:"]
        lines += [f"#   {_comment(one.header)}: {one.kind}" for one in unused]
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)
