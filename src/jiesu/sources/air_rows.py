"""Files with hourly values of air stations: rows to whole numbers, every mistake with its line.

One row is one station's hour; each distinct text of a column is looked at once, so that millions
of rows cost what a few thousand texts cost. Joins no files and counts no hours (see
`evaluation.air_days`). Forms: docs/air.md.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from jiesu.core.problems import InputError, Problem
from jiesu.sources.source_table import refused
from jiesu.sources.streams import TextStream, undecodable

DECIMALS = 12
SCALE = 10**DECIMALS
"""Values are whole numbers of so many parts; a value has twelve decimals, more are rounded."""

SHOWN = 5
"""So many rows with the same kind of mistake are named, the rest are counted."""

MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "--", "—")
"""What stands for a missing hour, in any case."""

_NAMES = {
    "pm2.5": "pm25",
    "pm2_5": "pm25",
    "pm25": "pm25",
    "pm10": "pm10",
    "year": "year",
    "month": "month",
    "day": "day",
    "hour": "hour",
    "at": "at",
    "station": "station",
    "年": "year",
    "月": "month",
    "日": "day",
    "时": "hour",
    "小时": "hour",
    "时间": "at",
    "站点": "station",
    "监测站": "station",
}
"""Columns by the headers that stand for them, whatever their case; all others are let be."""

_PARTS = ("year", "month", "day", "hour")
_YEARS = range(1900, 2201)

Codes = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AirRows:
    """The rows of one file that name a station and an hour.

    `station` points into `stations`; `hour` is the local hour as the day's ordinal times 24 plus
    0..23. By pollutant `values` are the hours' values times `SCALE`, where `valid` says that there
    is one that can be believed; `missing` says where there is none.
    """

    file: str
    stations: tuple[str, ...]
    station: Codes
    hour: Numbers
    values: Mapping[str, Numbers]
    valid: Mapping[str, Marks]
    missing: Mapping[str, Marks]


@dataclass(frozen=True, slots=True)
class AirForm:
    """How files are read: what is wanted, in which zone, and which values can be believed."""

    pollutants: tuple[str, ...]
    zone: ZoneInfo
    lowest: Fraction
    highest: Fraction


def read_air(path: Path, form: AirForm, shown: str = "") -> AirRows:
    """The rows of a CSV file, plain or gzipped, in UTF-8 or GB18030. `shown` names it to people.

    Raises InputError: a column that is missing, a row with too many or too few cells, text where a
    number stands, an hour or a date that there is not, a row without a station.
    """
    file = shown or str(path)
    with closing(TextStream(path, file, "auto")) as stream:
        data = b"".join(iter(stream.read, b""))
        blank = stream.blank_lines
    if not data.strip():
        raise refused(file, "is empty", "give a file with rows")
    wanted = _wanted(data, file, form.pollutants)
    try:
        table = _parsed(data, wanted, file, blank)
    except pa.ArrowInvalid as error:
        line = undecodable(path, file)
        if line is not None:
            where, remedy = f"line {line}", "save it as UTF-8"
            raise refused(file, "is not UTF-8 text", remedy, where) from None
        what = f"cannot be cut into cells ({_first_words(error)})"
        raise refused(file, what, "look for a quote that is not closed") from None
    return _Reading(table, blank, file, form).rows()


def _first_words(error: Exception) -> str:
    return str(error).partition(":")[2].strip()[:60].partition("'")[0].strip() or "Arrow refused it"


def _wanted(data: bytes, file: str, pollutants: Sequence[str]) -> dict[str, str]:
    """The file's own names of the columns that are needed, with ours."""
    head = data[: data.find(b"\n") + 1 or len(data)].decode("utf-8", "replace").strip("\r\n")
    given = next(csv.reader([head], delimiter=_delimiter(data)), [])
    named = [(name, _NAMES.get(name.strip().lower(), "")) for name in given]
    known = [ours for _, ours in named if ours]
    time = ("at",) if "at" in known else _PARTS
    needed = (*time, *pollutants, "station")
    problems = [
        Problem(file, "line 1", f"the column {name} stands twice", "leave one of them")
        for name in needed
        if known.count(name) > 1
    ]
    forms = "year,month,day,hour,PM2.5,PM10,station or station,at,pm25,pm10"
    problems += [
        Problem(file, "line 1", f"the column {name} is missing", f"have the columns {forms}")
        for name in needed
        if name not in known
    ]
    if problems:
        raise InputError(problems)
    return {name: ours for name, ours in named if ours in needed}


def _delimiter(data: bytes) -> str:
    return "\t" if b"\t" in data[: data.find(b"\n") + 1] else ","


def _parsed(data: bytes, wanted: Mapping[str, str], file: str, blank: Sequence[int]) -> pa.Table:
    """The wanted columns as dictionaries of texts, under our names."""
    wrong: list[pa_csv.InvalidRow] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        wrong.append(row)
        return "skip"

    text = pa.dictionary(pa.int32(), pa.string())
    convert = pa_csv.ConvertOptions(
        include_columns=list(wanted),
        column_types=dict.fromkeys(wanted, text),
        strings_can_be_null=False,
    )
    parse = pa_csv.ParseOptions(delimiter=_delimiter(data), invalid_row_handler=skip)

    def parsed(use_threads: bool) -> pa.Table:
        wrong.clear()
        read = pa_csv.ReadOptions(use_threads=use_threads)
        return pa_csv.read_csv(
            pa.BufferReader(data), read_options=read, parse_options=parse, convert_options=convert
        )

    table = parsed(use_threads=True)
    if wrong:
        # Only a single thread knows the numbers of the rows.
        parsed(use_threads=False)
        remedy = "mend the row; put cells with a comma in quotes"
        problems = [
            Problem(
                file,
                f"line {_line_of(row.number, blank)}",
                f"{row.actual_columns} cells where the first line has {row.expected_columns}",
                remedy,
            )
            for row in wrong[:SHOWN]
        ]
        raise InputError([*problems, *_rest(file, len(wrong), "such rows", remedy)])
    table = table.select(list(wanted)).rename_columns(list(wanted.values()))
    return table.unify_dictionaries().combine_chunks()


def _line_of(number: int, blank: Sequence[int]) -> int:
    """The line of the file's n-th line that is not empty."""
    line = number
    for empty in blank:
        line += empty <= line
    return line


def _rest(file: str, n: int, what: str, remedy: str) -> list[Problem]:
    return [Problem(file, "", f"{n - SHOWN} more {what}", remedy)] if n > SHOWN else []


class _Reading:
    """One file's table on the way to whole numbers; mistakes gather in `problems`."""

    def __init__(self, table: pa.Table, blank: Sequence[int], file: str, form: AirForm) -> None:
        self.table = table
        self.blank = blank
        self.file = file
        self.form = form
        self.problems: list[Problem] = []

    def rows(self) -> AirRows:
        codes, texts = self._column("station")
        names = [text.strip() for text in texts]
        self._refuse(codes, [not name for name in names], "station", "no station", "name it")
        hour = self._local_hours() if "at" in self.table.column_names else self._hours_of_parts()
        columns = {name: self._values(name) for name in self.form.pollutants}
        if self.problems:
            raise InputError(self.problems)
        # Two texts may be one name: " Dongsi" and "Dongsi".
        stations = tuple(dict.fromkeys(names))
        number = {name: i for i, name in enumerate(stations)}
        to_number = np.array([number[name] for name in names], np.int32)
        return AirRows(
            self.file,
            stations,
            to_number[codes],
            hour,
            {name: column[0] for name, column in columns.items()},
            {name: column[1] for name, column in columns.items()},
            {name: column[2] for name, column in columns.items()},
        )

    def _column(self, name: str) -> tuple[Codes, list[str]]:
        """The distinct texts of a column, and for each row which of them it has."""
        column = self.table[name]
        if column.num_chunks == 0:
            return np.zeros(0, np.int32), []
        chunk = column.chunk(0)
        return chunk.indices.to_numpy(zero_copy_only=False), chunk.dictionary.to_pylist()

    def _refuse(
        self,
        codes: npt.NDArray[np.integer],
        wrong: Sequence[bool],
        column: str,
        what: str | Callable[[int], str],
        remedy: str,
    ) -> None:
        """A problem for each row whose code is wrong: the first of them by line, then their number.

        `what` may say it of the code.
        """
        if not any(wrong):
            return
        rows = np.flatnonzero(np.array(wrong, bool)[codes])
        for row in rows[:SHOWN].tolist():
            where = f"line {_line_of(row + 2, self.blank)}, {column}"
            said = what if isinstance(what, str) else what(int(codes[row]))
            self.problems.append(Problem(self.file, where, said, remedy))
        self.problems += _rest(self.file, len(rows), f"rows with a wrong {column}", remedy)

    def _values(self, name: str) -> tuple[Numbers, Marks, Marks]:
        codes, texts = self._column(name)
        form = self.form
        values, valid, missing, wrong = [], [], [], []
        for text in texts:
            stripped = text.strip()
            number = None if stripped.lower() in MISSING else _decimal(stripped)
            is_missing = stripped.lower() in MISSING
            believed = number is not None and form.lowest <= Fraction(number) <= form.highest
            values.append(_scaled(number) if believed and number is not None else 0)
            valid.append(believed)
            missing.append(is_missing)
            wrong.append(not is_missing and number is None)
        self._refuse(
            codes,
            wrong,
            name,
            lambda code: f"{texts[code][:40]!r} is not a number",
            "write a number such as 35 or 35.5, and nothing where there is none",
        )
        return (
            np.array(values, np.int64)[codes],
            np.array(valid, bool)[codes],
            np.array(missing, bool)[codes],
        )

    def _local_hours(self) -> Numbers:
        codes, texts = self._column("at")
        hours = [_hour_of(text.strip(), self.form.zone) for text in texts]
        self._refuse(
            codes,
            [hour is None for hour in hours],
            "at",
            lambda code: f"{texts[code][:40]!r} is not a time of this calendar",
            "write it as 2022-01-31T23:00, hours from 00 to 23",
        )
        known = np.array([hour or 0 for hour in hours], np.int64)
        return known[codes] if texts else np.zeros(0, np.int64)

    def _hours_of_parts(self) -> Numbers:
        parts = [self._whole_numbers(name) for name in _PARTS]
        if self.problems:
            return np.zeros(0, np.int64)
        year, month, day, hour = parts
        remedy = "hours go from 0 to 23, in the city's time"
        self._refuse_numbers(hour, (hour < 0) | (hour > 23), "hour", "an hour", remedy)
        dates = (year.clip(-1, 9999) * 100 + month.clip(-1, 99)) * 100 + day.clip(-1, 99)
        distinct, at = np.unique(dates, return_inverse=True)
        days = [_ordinal(int(number)) for number in distinct]
        self._refuse(
            at,
            [ordinal is None for ordinal in days],
            "day",
            lambda code: f"there is no such date: {_shown_date(int(distinct[code]))}",
            "mend year, month and day",
        )
        ordinals = np.array([ordinal or 0 for ordinal in days], np.int64)
        return ordinals[at] * 24 + hour if days else np.zeros(0, np.int64)

    def _whole_numbers(self, name: str) -> Numbers:
        codes, texts = self._column(name)
        numbers = [_whole(text.strip()) for text in texts]
        self._refuse(
            codes,
            [number is None for number in numbers],
            name,
            lambda code: f"{texts[code][:40]!r} is not a whole number",
            "write digits only",
        )
        known = np.array([number or 0 for number in numbers], np.int64)
        return known[codes] if texts else np.zeros(0, np.int64)

    def _refuse_numbers(
        self, numbers: Numbers, wrong: Marks, column: str, kind: str, remedy: str
    ) -> None:
        if wrong.any():
            distinct, at = np.unique(numbers, return_inverse=True)
            bad = set(numbers[wrong].tolist())
            self._refuse(
                at,
                [number in bad for number in distinct.tolist()],
                column,
                lambda code: f"{distinct[code]} is not {kind}",
                remedy,
            )


def _decimal(text: str) -> Decimal | None:
    # The length keeps a text of a million digits from becoming a number.
    if len(text) > 60 or not re.fullmatch(r"[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]{1,3})?", text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _scaled(number: Decimal) -> int:
    return int((number * SCALE).to_integral_value(ROUND_HALF_UP))


def _whole(text: str) -> int | None:
    """A whole number, also as spreadsheets write it (2016.0)."""
    match = re.fullmatch(r"(-?[0-9]{1,9})(?:\.0+)?", text)
    return int(match[1]) if match else None


def _ordinal(number: int) -> int | None:
    year, month, day = number // 10_000, number // 100 % 100, number % 100
    if year not in _YEARS:
        return None
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        return None


def _shown_date(number: int) -> str:
    return f"{number // 10_000}-{number // 100 % 100}-{number % 100}"


def _hour_of(text: str, zone: ZoneInfo) -> int | None:
    """The local hour of a time: an ordinal day times 24 plus the hour; `None` where it is none.

    Minutes fall away: a value belongs to the hour in which its time lies.
    """
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.year not in _YEARS:
        return None
    if moment.tzinfo is not None:
        moment = moment.astimezone(zone)
    return moment.toordinal() * 24 + moment.hour
