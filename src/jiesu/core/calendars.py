"""Which days are working days, and the three clocks on which time limits run.

Limits and deadlines stand in `worktime`, which most code imports; rules and worked tables in
docs/methods/time-limits.md. Leaves out where a calendar comes from (`city.calendar_file`).
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

Unit = Literal["hour", "natural_day", "working_day"]

DAY = timedelta(days=1)
_ALL_DAYS = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which local dates are working days.

    `weekend` holds the ISO weekdays that are off (usually 6 and 7; empty: all days work),
    `days_off` public holidays, `days_on` days that work although they are of the weekend. After
    `known_until` no holidays are published: only weekends are off and what needs such a day is
    provisional; `None` means that nothing is still to come.
    """

    zone: ZoneInfo
    weekend: frozenset[int] = frozenset({6, 7})
    days_off: frozenset[date] = frozenset()
    days_on: frozenset[date] = frozenset()
    known_until: date | None = None

    def __post_init__(self) -> None:
        if not self.weekend < _ALL_DAYS:
            raise ValueError("a weekend is some of the ISO weekdays 1 to 7, and not all of them")
        if both := self.days_off & self.days_on:
            raise ValueError(f"{min(both)} is both a day off and a working day")

    def is_working_day(self, day: date) -> bool:
        """Whether a local date is a working day; after `known_until` as far as it is known."""
        if day in self.days_on:
            return True
        return day.isoweekday() not in self.weekend and day not in self.days_off

    def is_provisional(self, day: date) -> bool:
        """Whether the holidays of a local date are not published yet."""
        return self.known_until is not None and day > self.known_until

    @property
    def text(self) -> str:
        """The whole content as CSV, always in the same order; `city.calendar_file` reads it."""
        rows = [("zone", self.zone.key)]
        rows += [("weekend", str(weekday)) for weekday in sorted(self.weekend)]
        if self.known_until is not None:
            rows.append(("known_until", self.known_until.isoformat()))
        rows += [("holiday", day.isoformat()) for day in sorted(self.days_off)]
        rows += [("workday", day.isoformat()) for day in sorted(self.days_on)]
        return "".join(f"{kind},{value}\n" for kind, value in [("kind", "value"), *rows])

    @property
    def digest(self) -> str:
        """SHA-256 of `text` in UTF-8, in hex: the same for the same content, on any machine."""
        return _digest(self)


@lru_cache(maxsize=64)
def _digest(calendar: WorkCalendar) -> str:
    return hashlib.sha256(calendar.text.encode()).hexdigest()


class Clock(Protocol):
    """The clock of a unit of limits. What it shows is a datetime without a zone.

    It never goes back: of two instants, the later never reads less.
    """

    def read(self, instant: datetime) -> datetime:
        """What the clock shows at an aware instant."""

    def instant(self, reading: datetime) -> datetime:
        """The instant, in UTC, at which it comes to show a reading."""

    def after(self, reading: datetime, span: timedelta) -> datetime:
        """What it shows when it has run for `span` more."""

    def span(self, reading: datetime, later: datetime) -> timedelta:
        """For how long it runs between two readings."""


class RealClock:
    """Real time, for limits in hours."""

    def read(self, instant: datetime) -> datetime:
        return instant.astimezone(UTC).replace(tzinfo=None)

    def instant(self, reading: datetime) -> datetime:
        return reading.replace(tzinfo=UTC)

    def after(self, reading: datetime, span: timedelta) -> datetime:
        return reading + span

    def span(self, reading: datetime, later: datetime) -> timedelta:
        return later - reading


class LocalClock:
    """A zone's clock on the wall, for natural days.

    In the second pass of a repeated hour it stands at the end of that hour; a reading that is
    skipped is the first moment after the gap. Either way it never goes back, which a deadline
    needs: else a later start or a longer pause could bring an earlier one.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def read(self, instant: datetime) -> datetime:
        local = instant.astimezone(self.zone)
        if local.fold:
            return _change(local) + _offset(local.replace(fold=0))
        return local.replace(tzinfo=None)

    def instant(self, reading: datetime) -> datetime:
        offset = _steady_offset(self.zone, reading.date())
        if offset is not None:
            return (reading - offset).replace(tzinfo=UTC)
        local = reading.replace(tzinfo=self.zone)
        before, after = _offset(local), _offset(local.replace(fold=1))
        if before < after:
            return _change(local).replace(tzinfo=UTC)
        return (reading - before).replace(tzinfo=UTC)

    def after(self, reading: datetime, span: timedelta) -> datetime:
        return reading + span

    def span(self, reading: datetime, later: datetime) -> timedelta:
        return later - reading


class WorkingClock(LocalClock):
    """The local clock of working days, 24 hours each; it stands in between.

    On a day off it shows the beginning of the next working day.
    """

    def __init__(self, calendar: WorkCalendar) -> None:
        super().__init__(calendar.zone)
        self.calendar = calendar

    def read(self, instant: datetime) -> datetime:
        reading = super().read(instant)
        day = reading.date()
        if self.calendar.is_working_day(day):
            return reading
        return datetime.combine(self._nth_after(day, 1), time())

    def after(self, reading: datetime, span: timedelta) -> datetime:
        midnight = datetime.combine(reading.date(), time())
        n_days, rest = divmod(reading - midnight + span, DAY)
        return datetime.combine(self._nth_after(reading.date(), n_days), time()) + rest

    def span(self, reading: datetime, later: datetime) -> timedelta:
        day, last = reading.date(), later.date()
        days_between = (day + i * DAY for i in range((last - day).days))
        n_days = sum(map(self.calendar.is_working_day, days_between))
        # Both readings are on working days, so that their times of day count whole.
        return n_days * DAY + (_time_of_day(later) - _time_of_day(reading))

    def _nth_after(self, day: date, n_days: int) -> date:
        works = self.calendar.is_working_day
        while n_days:
            day += DAY
            n_days -= works(day)
        return day


@lru_cache(maxsize=64)
def clock_of(unit: Unit, calendar: WorkCalendar) -> Clock:
    """The clock on which limits of a unit run."""
    match unit:
        case "hour":
            return RealClock()
        case "natural_day":
            return LocalClock(calendar.zone)
        case "working_day":
            return WorkingClock(calendar)


def joined(
    stretches: Iterable[tuple[datetime, datetime | None]],
) -> list[tuple[datetime, datetime | None]]:
    """Half-open stretches of time joined where they overlap or touch, in order.

    Without an end a stretch never ends, and takes in all that begin later. Instants in UTC.
    """
    found: list[tuple[datetime, datetime | None]] = []
    for start, end in sorted(stretches, key=lambda stretch: stretch[0]):
        if not found:
            found.append((start, end))
            continue
        first, last = found[-1]
        if last is None:
            break
        if start > last:
            found.append((start, end))
        else:
            found[-1] = (first, None if end is None else max(last, end))
    return found


def _time_of_day(reading: datetime) -> timedelta:
    return reading - datetime.combine(reading.date(), time())


@lru_cache(maxsize=4096)
def _steady_offset(zone: ZoneInfo, day: date) -> timedelta | None:
    """The offset of a local date on which clocks are not changed, else `None`; spares most work.

    No zone changes its clocks back and forth within one day.
    """
    midnights = [datetime.combine(one, time(), tzinfo=zone) for one in (day, day + DAY)]
    offsets = {_offset(one.replace(fold=fold)) for one in midnights for fold in (0, 1)}
    return offsets.pop() if len(offsets) == 1 else None


def _offset(local: datetime) -> timedelta:
    offset = local.utcoffset()
    assert offset is not None
    return offset


def _change(local: datetime) -> datetime:
    """When (in UTC, without zone) the offset changes that makes a local time repeated or skipped.

    `ZoneInfo` does not tell its changes of offset, so it is searched for by halving, to the second.
    """
    reading, zone = local.replace(tzinfo=None), local.tzinfo
    low, high = sorted(reading - _offset(local.replace(fold=fold)) for fold in (0, 1))
    low = low.replace(microsecond=0)

    def offset(seconds: int) -> timedelta:
        instant = low + timedelta(seconds=seconds)
        return _offset(instant.replace(tzinfo=UTC).astimezone(zone))

    seconds = range(int((high - low).total_seconds()) + 2)
    return low + timedelta(seconds=bisect_left(seconds, True, key=lambda n: offset(n) != offset(0)))
