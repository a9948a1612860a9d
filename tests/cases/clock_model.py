"""The desk's clocks a second time: running time added up bit by bit, without `jiesu`.

For the months of 2022 in which the tests' cases live.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TICK = timedelta(microseconds=1)

OFF = (
    {date(2022, 4, n) for n in (3, 4, 5, 30)}
    | {date(2022, 5, n) for n in (1, 2, 3, 4)}
    | {date(2022, 6, n) for n in (3, 4, 5)}
)
MAKE_UP = {date(2022, 4, 2), date(2022, 4, 24), date(2022, 5, 7)}


def works(day: date) -> bool:
    """Whether a day of 2022 is a working day."""
    return day in MAKE_UP or (day.isoweekday() < 6 and day not in OFF)


def ended(
    start: datetime, stages: list[tuple[timedelta, str]], pauses: list[tuple[datetime, Any]]
) -> tuple[datetime | None, datetime | None]:
    """When stages that follow each other end; else since when the clock stands."""
    spans: list[tuple[timedelta, str]] = []
    for span, unit in stages:
        if spans and spans[-1][1] == unit:
            spans[-1] = spans[-1][0] + span, unit
        else:
            spans.append((span, unit))
    at = start
    for span, unit in spans:
        due, since = _one_stage(at, span, unit == "working_day", _joined(pauses))
        if due is None:
            return None, since
        at = due
    return at, None


def _one_stage(
    start: datetime, left: timedelta, working: bool, pauses: list[tuple[datetime, Any]]
) -> tuple[datetime | None, datetime | None]:
    at = start
    while True:
        day = at.astimezone(ZONE).date()
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC) + DAY
        if working and not works(day):
            at = midnight
            continue
        if not left:
            return at, None
        for begin, end in pauses:
            if begin <= at and (end is None or at < end):
                if end is None:
                    return None, max(begin, start)
                at = end
                break
        else:
            stops = [begin for begin, _ in pauses if begin > at] + [midnight] * working
            stop = min([at + left, *stops])
            left -= stop - at
            at = stop
            if not left and not (working and at == midnight):
                return at, None


def _joined(pauses: list[tuple[datetime, Any]]) -> list[tuple[datetime, Any]]:
    found: list[tuple[datetime, Any]] = []
    for begin, end in sorted(pauses, key=lambda pause: pause[0]):
        if found and (found[-1][1] is None or begin <= found[-1][1]):
            first, last = found[-1]
            found[-1] = first, None if last is None or end is None else max(last, end)
        else:
            found.append((begin, end))
    return found
