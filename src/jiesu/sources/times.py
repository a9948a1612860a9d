"""Times written as text, and local times, to instants in UTC; whole columns at a time.

ISO 8601 and formats of `strptime` kind. Impossible dates (31 February) are unreadable, never
moved. Leaves out words for months and days: they depend on a language.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Int64s = npt.NDArray[np.int64]

SECOND = 1_000_000
"""Microseconds."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_EARLIEST = (datetime(1900, 1, 1) - _EPOCH) // timedelta(microseconds=1)  # noqa: DTZ001
_LATEST = (datetime(2200, 1, 1) - _EPOCH) // timedelta(microseconds=1)  # noqa: DTZ001

_NAIVE = pa.timestamp("us")
_UTC = pa.timestamp("us", tz="UTC")

_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[AaPp]\.?[Mm]\.?|上午|下午)",
    "z": r"(?P<z>Z|[+-]\d{2}:?\d{2})",
}


def check_time_format(time_format: str) -> str | None:
    """What is wrong with a time format, or `None`."""
    letters = re.findall(r"%(.?)", time_format.replace("%%", ""))
    unknown = sorted({letter for letter in letters if letter not in _DIRECTIVES})
    if unknown:
        return f"unknown directive %{unknown[0]}"
    if len(set(letters)) < len(letters):
        return "a directive stands twice"
    if not ({"m", "d"} <= set(letters) and {"Y", "y"} & set(letters)):
        return "year, month and day are needed"
    if "I" in letters and "p" not in letters:
        return "%I needs %p"
    return None


@cache
def _pattern(time_format: str) -> str:
    parts = []
    # Several blanks in a row count as one, as in strptime.
    for token in re.findall(r"%.|\s+|[^%\s]+", time_format):
        if token == "%%":
            parts.append("%")
        elif token.startswith("%"):
            parts.append(_DIRECTIVES[token[1]])
        else:
            parts.append(r"\s+" if token.isspace() else re.escape(token))
    return f"^{''.join(parts)}$"


def instants(texts: pa.StringArray, formats: Sequence[str], zone: ZoneInfo) -> pa.TimestampArray:
    """The instants that trimmed texts name; null where a text is null or not readable.

    ISO 8601 is always tried, then `formats` in their order. A time without an offset is in
    `zone`. Readable are the years 1900 to 2199.
    """
    first = next((text for text in texts if text.is_valid), None)
    if first is None:
        return pa.nulls(len(texts), _UTC)
    if _ISO_START.match(first.as_py()):
        # A column of one kind is the rule, and the engine reads it at once. A wrong guess costs
        # it far more than a look at the first value.
        zoned = _ISO_OFFSET.search(first.as_py())
        try:
            return local_instants(pc.cast(texts, _UTC if zoned else _NAIVE), zone)
        except pa.ArrowInvalid:
            pass
    found = pa.nulls(len(texts), _UTC)
    for time_format in formats:
        left = pc.and_(texts.is_valid(), found.is_null())
        if not left.true_count:
            return found
        parsed = _by_format(texts.filter(left), time_format, zone)
        found = pc.replace_with_mask(found, left, parsed)
    left = pc.and_(texts.is_valid(), found.is_null())
    if left.true_count:
        found = pc.replace_with_mask(found, left, _one_by_one(texts.filter(left), zone))
    return found


def local_instants(stamps: pa.TimestampArray, zone: ZoneInfo) -> pa.TimestampArray:
    """Instants of a column of timestamps; those without a zone are local in `zone`."""
    zoned = stamps.type.tz is not None
    micros = stamps.cast(_UTC if zoned else _NAIVE, safe=False).cast(pa.int64())
    values = micros.fill_null(0).to_numpy()
    valid = (values >= _EARLIEST) & (values < _LATEST)
    if not zoned:
        values = utc_from_local(np.where(valid, values, 0), zone)
    if micros.null_count:
        valid &= micros.is_valid().to_numpy(zero_copy_only=False)
    return pa.array(values, mask=~valid).cast(_UTC)


def utc_from_local(local: Int64s, zone: ZoneInfo) -> Int64s:
    """Microseconds since 1970 in UTC of local wall-clock microseconds since 1970.

    PEP 495 with `fold=0`: a repeated time is its earlier instant, a skipped one moves forward.
    At a transition at T from offset b to a, b counts for local times before T + max(a, b).
    """
    if len(local) == 0:
        return local
    borders, offsets = _borders(zone, _year(int(local.min())), _year(int(local.max())))
    utc: Int64s = local - offsets[np.searchsorted(borders, local, side="right")]
    return utc


def _by_format(texts: pa.StringArray, time_format: str, zone: ZoneInfo) -> pa.TimestampArray:
    """Instants of texts in one format; null where a text has another or names no real time."""
    parts = pc.extract_regex(texts, _pattern(time_format))
    matched = parts.is_valid().to_numpy(zero_copy_only=False)
    names = {field.name for field in parts.type}

    def number(name: str, default: int) -> Int64s:
        if name not in names:
            return np.full(len(texts), default, np.int64)
        digits = pc.if_else(matched, pc.struct_field(parts, name), str(default))
        return np.asarray(pc.cast(digits, pa.int64()).to_numpy(), np.int64)

    # Two digits: 69 to 99 are the twentieth century, as in POSIX.
    short = number("y", 0)
    year = number("Y", 0) if "Y" in names else short + np.where(short < 69, 2000, 1900)
    month, day, minute, second = number("m", 1), number("d", 1), number("M", 0), number("S", 0)
    hour = number("H", 0)
    if "I" in names:
        twelfth = number("I", 12)
        afternoon = pc.match_substring_regex(pc.struct_field(parts, "p"), "^[Pp]|下午")
        matched &= (twelfth >= 1) & (twelfth <= 12)
        hour = twelfth % 12 + 12 * afternoon.fill_null(False).to_numpy(zero_copy_only=False)
    matched &= (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60)
    matched &= (second < 60) & (year >= 1900) & (year < 2200)
    months = (np.where(matched, year, 1970) - 1970) * 12 + np.where(matched, month, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]")
    matched &= day <= (after - first).astype(np.int64)
    days = first.astype(np.int64) + day - 1
    micros = ((days * 24 + hour) * 60 + minute) * 60 * SECOND + second * SECOND
    if "f" in names:
        fraction = pc.if_else(matched, pc.struct_field(parts, "f"), "0")
        micros += pc.cast(
            pc.utf8_slice_codeunits(pc.utf8_rpad(fraction, 6, "0"), 0, 6), pa.int64()
        ).to_numpy()
    if "z" in names:
        micros -= _offsets(pc.if_else(matched, pc.struct_field(parts, "z"), "Z"))
        return local_instants(pa.array(micros, mask=~matched).cast(_UTC), zone)
    return local_instants(pa.array(micros, mask=~matched).cast(_NAIVE), zone)


def _offsets(texts: pa.StringArray) -> Int64s:
    """Microseconds of `Z`, `+08:00` and `+0800`."""
    encoded = pc.dictionary_encode(texts)
    micros = []
    for text in encoded.dictionary.to_pylist():
        digits = text.strip("Z+-").replace(":", "") or "0000"
        minutes = int(digits[:2]) * 60 + int(digits[2:])
        micros.append(minutes * 60 * SECOND * (-1 if text.startswith("-") else 1))
    offsets: Int64s = np.array(micros, np.int64)[encoded.indices.to_numpy()]
    return offsets


_ISO_START = re.compile(r"\d{4}-?\d{2}-?\d{2}(?:$|[T ])")
_ISO_OFFSET = re.compile(r"[T ].*(?:Z|[+-]\d{2}(?::?\d{2})?)$")


def _one_by_one(texts: pa.StringArray, zone: ZoneInfo) -> pa.TimestampArray:
    """The slow way for columns of mixed kinds: ISO 8601 as Python reads it."""
    zoned: list[datetime | None] = []
    for text in texts.to_pylist():
        zoned.append(_iso(text, zone))
    return local_instants(pa.array(zoned, _UTC), zone)


def _iso(text: str, zone: ZoneInfo) -> datetime | None:
    if not _ISO_START.match(text):
        return None
    try:
        stamp = datetime.fromisoformat(text.replace(" +", "+"))
        if stamp.tzinfo is None:
            stamp = stamp.replace(tzinfo=zone)
        return stamp.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _year(microseconds: int) -> int:
    return (_EPOCH + timedelta(microseconds=microseconds)).year


@cache
def _borders(zone: ZoneInfo, first: int, last: int) -> tuple[Int64s, Int64s]:
    """Local times at which the offset changes, and the offsets before, between and after."""
    borders, offsets = [], [_offset(zone, datetime(first - 1, 1, 1, tzinfo=UTC))]
    for year in range(first - 1, last + 2):
        for instant, before, after in _transitions(zone, year):
            borders.append(instant + max(before, after))
            offsets.append(after)
    return np.array(borders, np.int64) * SECOND, np.array(offsets, np.int64) * SECOND


@cache
def _transitions(zone: ZoneInfo, year: int) -> tuple[tuple[int, int, int], ...]:
    """(UTC second, offset before, offset after) of each change of offset in a UTC year.

    `ZoneInfo` does not tell its transitions, so they are searched for by half days and then by
    halving.
    """
    found = []
    low, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    before = _offset(zone, low)
    while low < end:
        high = low + timedelta(hours=12)
        after = _offset(zone, high)
        if after != before:
            found.append((_instant_of_change(zone, low, high), before, after))
        low, before = high, after
    return tuple(found)


def _instant_of_change(zone: ZoneInfo, low: datetime, high: datetime) -> int:
    before = _offset(zone, low)
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return int(high.timestamp())


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
