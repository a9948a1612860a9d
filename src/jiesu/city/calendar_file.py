"""The calendar of a city folder: the named one, and what the city's own `calendar.csv` changes.

Also the text in which a database keeps a calendar. How limits are counted by it is said in
`core.worktime`; rules in docs/methods/time-limits.md, columns in docs/city-folder.md.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jiesu.city.lines import Line, by_line, read_lines
from jiesu.core.problems import InputError, Problem
from jiesu.core.worktime import WorkCalendar

REQUIRED = ("date", "kind")
OPTIONAL = ("name",)

CHINESE = {"日期": "date", "类型": "kind", "名称": "name"}
"""Chinese headers that stand for the columns."""

KINDS = {
    "holiday": "holiday",
    "节假日": "holiday",
    "放假": "holiday",
    "workday": "workday",
    "工作日": "workday",
    "上班": "workday",
}
"""What may stand in the column `kind`, and what it means."""

FIRST_YEAR, LAST_YEAR = 1900, 2200
_WEEKEND = frozenset({6, 7})


def read_calendar(name: str, zone: ZoneInfo, path: Path | None) -> WorkCalendar:
    """The calendar `china`, `weekends` or `none`, changed by the city's own file if there is one.

    Raises InputError with every mistake in the file.
    """
    calendar, problems = checked_calendar(name, zone, path)
    if problems:
        raise InputError(problems)
    return calendar


def checked_calendar(
    name: str, zone: ZoneInfo, path: Path | None
) -> tuple[WorkCalendar, list[Problem]]:
    """The calendar as far as it could be read, and every mistake; for a check that must go on.

    The file moves `known_until` to the end of the last year that it covers, never back.
    """
    base = _named(name, zone)
    if path is None:
        return base, []
    problems: list[Problem] = []
    days: dict[date, str] = {}
    for line in read_lines(path, REQUIRED, OPTIONAL, problems, also=CHINESE):
        found = _day(path.name, line, days, problems)
        if found is not None:
            days[found[0]] = found[1]
    problems += _gaps(path.name, base.known_until, {day.year for day in days})
    return _changed(base, days), by_line(problems)


def calendar_text(calendar: WorkCalendar) -> str:
    """The whole calendar as CSV: what the database keeps. Its SHA-256 is the calendar's digest."""
    return calendar.text


def parse_calendar(text: str, shown: str = "calendar") -> WorkCalendar:
    """The calendar of a `calendar_text`; `shown` names it in InputError."""
    remedy = "give a text that jiesu wrote"
    values: dict[str, list[str]] = {kind: [] for kind in _VALUES}
    for number, line in enumerate(text.splitlines()[1:], start=2):
        kind, _, value = line.partition(",")
        if kind not in values or not re.fullmatch(_VALUES[kind], value):
            what = f"{line[:40]!r} says nothing of a calendar"
            raise InputError(Problem(shown, f"line {number}", what, remedy))
        values[kind].append(value)
    try:
        calendar = WorkCalendar(
            ZoneInfo("".join(values["zone"])),
            frozenset(map(int, values["weekend"])),
            frozenset(map(date.fromisoformat, values["holiday"])),
            frozenset(map(date.fromisoformat, values["workday"])),
            max(map(date.fromisoformat, values["known_until"]), default=None),
        )
    except (KeyError, OSError, ValueError) as error:
        raise InputError(Problem(shown, "", f"this is no calendar ({error})", remedy)) from error
    if calendar.text != text:
        # Its digest would not be that of the text.
        what = "lines stand twice, are missing or stand in another order"
        raise InputError(Problem(shown, "", what, remedy))
    return calendar


def folder_calendar(calendar: WorkCalendar) -> tuple[str, str]:
    """How a city folder says a calendar by itself: its name in `city.toml`, and `calendar.csv`.

    Read again they give the same calendar, whichever holidays come with jiesu then. The text is
    empty where no file is needed. Raises ValueError for a calendar that no folder can give.
    """
    name = "weekends" if calendar.weekend else "none"
    rows = [(day, "holiday") for day in calendar.days_off]
    rows += [(day, "workday") for day in calendar.days_on]
    lines = ["date,kind,name", *(f"{day},{kind}," for day, kind in sorted(rows))]
    text = "\n".join(lines) + "\n" if rows else ""
    if _changed(_named(name, calendar.zone), dict(rows)) != calendar:
        raise ValueError("a city folder cannot say this weekend or this end of the holidays")
    return name, text


_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_VALUES = {
    "zone": "[A-Za-z0-9_+/-]{1,64}",
    "weekend": "[1-7]",
    "known_until": _DATE,
    "holiday": _DATE,
    "workday": _DATE,
}


def _named(name: str, zone: ZoneInfo) -> WorkCalendar:
    match name:
        case "china":
            off, on = _china()
            return WorkCalendar(zone, _WEEKEND, off, on, date(max(off).year, 12, 31))
        case "weekends":
            return WorkCalendar(zone, _WEEKEND)
        case "none":
            return WorkCalendar(zone, frozenset())
    raise ValueError(f"there is no calendar {name!r}")


@cache
def _china() -> tuple[frozenset[date], frozenset[date]]:
    """China's public holidays and make-up working days, as far as they are published."""
    from chinese_calendar import holidays, workdays  # type: ignore[import-untyped]

    return frozenset(holidays), frozenset(workdays)


def _day(
    file: str, line: Line, days: dict[date, str], problems: list[Problem]
) -> tuple[date, str] | None:
    """What a line says of a day; `None` if it is wrong."""

    def wrong(column: str, what: str, remedy: str) -> None:
        problems.append(line.problem(file, column, what, remedy))

    text, said = line.cells["date"], line.cells["kind"]
    kind, day = KINDS.get(said), _date(text)
    if day is None:
        what = f"{text[:40]!r} is no date" if text else "the cell is empty"
        wrong("date", what, "write it as 2022-01-31")
    elif not FIRST_YEAR <= day.year <= LAST_YEAR:
        wrong("date", f"the year {day.year} cannot be meant", "mend the year")
    elif day in days:
        wrong("date", f"the day {day} stands twice", "leave one of the lines")
    if kind is None:
        what = f"{said[:40]!r} is no kind of day" if said else "the cell is empty"
        wrong("kind", what, "write holiday or workday (节假日 or 工作日)")
    return None if day is None or kind is None else (day, kind)


def _date(text: str) -> date | None:
    """A date as 2022-01-31, or as spreadsheets write it: 2022/1/31."""
    match = re.fullmatch(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})", text)
    try:
        return date(int(match[1]), int(match[3]), int(match[4])) if match else None
    except ValueError:
        return None


def _gaps(file: str, known_until: date | None, years: set[int]) -> Iterator[Problem]:
    """Years without a day between those that are known: their holidays were forgotten."""
    if not years:
        return
    first = min(years) if known_until is None else known_until.year
    for year in range(first + 1, max(years)):
        if year not in years:
            what = f"no day of {year} is given, but days of {max(years)} are"
            yield Problem(file, "", what, f"add the holidays of {year}, or leave the later ones")


def _changed(base: WorkCalendar, days: dict[date, str]) -> WorkCalendar:
    """A calendar with some days set otherwise."""
    if not days:
        return base
    off = {day for day, kind in days.items() if kind == "holiday"}
    end = date(max(days).year, 12, 31)
    return WorkCalendar(
        base.zone,
        base.weekend,
        (base.days_off - days.keys()) | off,
        (base.days_on - days.keys()) | (days.keys() - off),
        end if base.known_until is None else max(end, base.known_until),
    )
