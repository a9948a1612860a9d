"""Assessment periods: months by a city's own rule, quarters, years and date ranges.

All periods are half-open, `start <= t < end`, in the city's time zone. A quarter or a year is
the union of the policy's months, never of the calendar's. Rules and worked table:
docs/methods/periods.md. Leaves out working days and time limits.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["month", "quarter", "year", "range"]

MONTHS_IN: dict[Kind, int] = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class MonthRule:
    """When an assessment month begins.

    Month M begins at `start_hour` on day `start_day` of the calendar month before
    (`in_previous_month`) or of M itself. Beijing: day 19 of the month before, hour 0
    (docs/methods/periods.md; domain rule 2). `start_day` is 1..28, so that every month has it.
    """

    zone: ZoneInfo
    start_day: int = 1
    start_hour: int = 0
    in_previous_month: bool = False

    def month_start(self, month: int) -> datetime:
        """Begin of a month that is numbered `year * 12 + month - 1`."""
        year, index = divmod(month - self.in_previous_month, 12)
        return datetime(year, index + 1, self.start_day, self.start_hour, tzinfo=self.zone)

    def month_of(self, instant: datetime) -> int:
        """Number of the assessment month that holds an instant."""
        local = instant.astimezone(self.zone)
        month = local.year * 12 + local.month
        while instant < self.month_start(month):
            month -= 1
        return month


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open stretch of time, `start <= t < end`, both aware and in the rule's zone.

    `first` numbers the first assessment month (see `MonthRule.month_start`); for a range it
    is -1, since a range is cut at midnights and not at months.
    """

    label: str
    kind: Kind
    start: datetime
    end: datetime
    rule: MonthRule
    first: int = -1

    def months(self) -> tuple["Period", ...]:
        """The assessment months that the period is the union of; empty for a range."""
        if self.kind == "range":
            return ()
        n = MONTHS_IN[self.kind]
        return tuple(month_period(self.rule, self.first + i) for i in range(n))

    def previous(self) -> "Period":
        """The period of equal kind that ends where this one begins.

        The month, quarter or year before; for a range of n days the n days before.
        """
        if self.kind == "range":
            days = (self.end.date() - self.start.date()).days
            return range_period(
                self.rule, self.start.date() - timedelta(days), self.start.date() - timedelta(1)
            )
        return _union(self.rule, self.kind, self.first - MONTHS_IN[self.kind])

    @property
    def last_day(self) -> date:
        """The local date of the period's last moment."""
        return (self.end - timedelta(microseconds=1)).date()

    def is_running(self, as_of: datetime) -> bool:
        """True before the last local day of the period has begun."""
        return as_of.astimezone(self.rule.zone).date() < self.last_day

    def reached_by(self, first: datetime | None) -> bool:
        """Whether data that begin at `first` reach back to the period's beginning.

        They begin before its first day ends: a day without cases is no gap. `None` means no data.
        """
        return first is not None and first < self.start + timedelta(days=1)

    def previous_as_of(self, as_of: datetime) -> datetime:
        """The moment up to which the previous period is looked at.

        A running period is compared with the same day of the previous one, to the end of that
        day, clamped to the length of the month (docs/methods/periods.md, "Running periods"). A
        period that has ended is compared with the whole of the previous one, at the same `as_of`.
        """
        if not self.is_running(as_of):
            return as_of
        today = as_of.astimezone(self.rule.zone).date()
        if self.kind == "range":
            same_day = today - timedelta((self.end.date() - self.start.date()).days)
        else:
            same_day = months_earlier(today, MONTHS_IN[self.kind])
        next_day = same_day + timedelta(1)
        midnight = datetime(next_day.year, next_day.month, next_day.day, tzinfo=self.rule.zone)
        return midnight - timedelta(microseconds=1)


def month_period(rule: MonthRule, month: int) -> Period:
    """The assessment month numbered `year * 12 + month - 1`."""
    return _union(rule, "month", month)


def range_period(rule: MonthRule, first: date, last: date) -> Period:
    """All days from `first` to `last`, both included, from local midnight on."""
    after = last + timedelta(1)
    start = datetime(first.year, first.month, first.day, tzinfo=rule.zone)
    end = datetime(after.year, after.month, after.day, tzinfo=rule.zone)
    return Period(f"{first}..{last}", "range", start, end, rule)


def parse_period(text: str, rule: MonthRule) -> Period:
    """Read `2022-02`, `2011-Q4`, `2022` or `2022-01-05..2022-02-04` (both days included).

    Raises ValueError with a sentence that says what a period looks like.
    """
    # Not \d, which takes the digits of every script: a period has one label.
    if match := re.fullmatch(r"([0-9]{4})", text):
        return _checked(rule, "year", int(match[1]), 1, text)
    if match := re.fullmatch(r"([0-9]{4})-[Qq]([1-4])", text):
        return _checked(rule, "quarter", int(match[1]), int(match[2]) * 3 - 2, text)
    if match := re.fullmatch(r"([0-9]{4})-([0-9]{2})", text):
        return _checked(rule, "month", int(match[1]), int(match[2]), text)
    if match := re.fullmatch(rf"({_DAY})\.\.({_DAY})", text):
        try:
            first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2])
        except ValueError as error:
            raise ValueError(f"{text!r} is not a period: {error}") from None
        if last < first:
            raise ValueError(f"{text!r} is not a period: it ends before it begins")
        if first.year < _MIN_YEAR or last.year > _MAX_YEAR:
            raise ValueError(_wrong_year(text))
        return range_period(rule, first, last)
    raise ValueError(
        f"{text!r} is not a period: write a month 2022-02, a quarter 2011-Q4, a year 2022 "
        "or days 2022-01-05..2022-02-04"
    )


_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MIN_YEAR, _MAX_YEAR = 1900, 2200


def _wrong_year(text: str) -> str:
    return f"{text!r} is not a period: years go from {_MIN_YEAR} to {_MAX_YEAR}"


def _checked(rule: MonthRule, kind: Kind, year: int, month: int, text: str) -> Period:
    if not _MIN_YEAR <= year <= _MAX_YEAR:
        raise ValueError(_wrong_year(text))
    if not 1 <= month <= 12:
        raise ValueError(f"{text!r} is not a period: months go from 01 to 12")
    return _union(rule, kind, year * 12 + month - 1)


def _union(rule: MonthRule, kind: Kind, first: int) -> Period:
    year, index = divmod(first, 12)
    label = {
        "month": f"{year}-{index + 1:02}",
        "quarter": f"{year}-Q{index // 3 + 1}",
        "year": f"{year}",
    }[kind]
    start, end = rule.month_start(first), rule.month_start(first + MONTHS_IN[kind])
    return Period(label, kind, start, end, rule, first)


def months_earlier(day: date, months: int) -> date:
    """The same day so many calendar months before, clamped to the length of that month."""
    year, index = divmod(day.year * 12 + day.month - 1 - months, 12)
    length = calendar.monthrange(year, index + 1)[1]
    return date(year, index + 1, min(day.day, length))
