"""Reports through the month: their windows, their rules, and what one of them says.

A daily report covers noon to noon, a weekly one seven such days, a monthly one an assessment month.
Holds no counting (see `jiesu.evaluation.rhythm`) and no words. Method: docs/methods/reports.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from jiesu.core.chance import adjusted, count_p_value, dispersions
from jiesu.core.period import MonthRule, Period, month_period, months_earlier
from jiesu.core.policy import RateRule
from jiesu.core.result import Evaluation, Figures
from jiesu.core.units import Unit

Kind = Literal["daily", "weekly", "monthly"]
KINDS: tuple[Kind, ...] = ("daily", "weekly", "monthly")

Window = tuple[datetime, datetime]
"""A half-open stretch of time: start <= t < end, both aware."""

INSTANT = timedelta(microseconds=1)
LATER = (7, 14, 21, 28)
"""A day is held against those so many days before it: the same weekday of the last four weeks."""
WINSOR = Fraction(1, 20)
"""Of the series that tell how much counts vary, so many are drawn in: a wave of one of them in the
past must not hide the next of another."""


@dataclass(frozen=True, slots=True)
class ReportRules:
    """How reports are made.

    A day begins at `cut_hour`, a week at that hour of `week_start` (1 is Monday). Main categories
    that are a word of `watch`, and finer ones whose name holds it, are reported each time. Open
    cases due within `soon_hours` are soon due. `ends` units stand at each end of the running
    ranking, `categories` main categories are named. A count is out of the ordinary when it is at
    least `alert_from`, `alert_ratio` times the mean of the four before, and unlikely by chance:
    `alert_level` is the false discovery rate over all that were looked at. `enterprise` are the
    words in a case's kind, labels or categories by which it is an enterprise's demand.
    """

    cut_hour: int = 12
    week_start: int = 1
    watch: tuple[str, ...] = ("供暖", "供水", "燃气", "消防", "扬言")
    soon_hours: int = 24
    ends: int = 3
    categories: int = 5
    alert_from: int = 10
    alert_ratio: Fraction = Fraction(3, 2)
    alert_level: Fraction = Fraction(1, 100)
    enterprise: tuple[str, ...] = ("企业诉求", "营商环境")


@dataclass(frozen=True, slots=True)
class Span:
    """What a report covers. `window` is its own stretch, `before` the one it is compared with.

    `usual` are the earlier stretches that say what is usual (the one before may be among them).
    `period` is the assessment month that runs at the end, `running` from its start to the end,
    `previous` the same part of the month before. `as_of` is the last moment of what is known.
    """

    kind: Kind
    day: date
    window: Window
    before: Window
    usual: tuple[Window, ...]
    period: Period
    running: Window
    previous: Window
    as_of: datetime


def span_of(kind: Kind, day: date, months: MonthRule, rules: ReportRules) -> Span:
    """The windows of the report of a date (docs/methods/reports.md, "Windows").

    Daily: from the cut hour of the day before to that of `day`. Weekly: the last week that has
    ended by then. Monthly: the last assessment month that has ended by then.
    """
    zone = months.zone

    def cut(days_before: int, of: date = day) -> datetime:
        return _at(of - timedelta(days_before), rules.cut_hour, zone)

    if kind == "monthly":
        month = months.month_of(cut(0)) - 1
        period = month_period(months, month)
        earlier = month_period(months, month - 1)
        whole, before = (period.start, period.end), (earlier.start, earlier.end)
        as_of = cut(0) - INSTANT
        return Span(kind, day, whole, before, (), period, whole, before, as_of)
    if kind == "weekly":
        last = day - timedelta((day.isoweekday() - rules.week_start) % 7)
        weeks = [(cut(7 * n + 7, last), cut(7 * n, last)) for n in range(len(LATER) + 1)]
        window, *usual = weeks
        before = usual[0]
    else:
        last = day
        window, before = (cut(1), cut(0)), (cut(2), cut(1))
        usual = [(cut(n + 1), cut(n)) for n in LATER]
    end = window[1]
    period = month_period(months, months.month_of(end - INSTANT))
    earlier = period.previous()
    same = _at(months_earlier(last, 1), rules.cut_hour, zone)
    previous = (earlier.start, min(max(same, earlier.start), earlier.end))
    running = (period.start, end)
    return Span(kind, day, window, before, tuple(usual), period, running, previous, end - INSTANT)


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many cases have a value of a column (empty: the column has none), and how many before."""

    value: str
    n: int
    before: int


def tallies(now: Mapping[str, int], before: Mapping[str, int]) -> tuple[Tally, ...]:
    """The values of both stretches, those with most cases now first."""
    found = (Tally(value, now.get(value, 0), before.get(value, 0)) for value in {**now, **before})
    return tuple(sorted(found, key=lambda tally: (-tally.n, -tally.before, tally.value)))


@dataclass(frozen=True, slots=True)
class Alert:
    """A category or place with far more cases than is usual.

    `usual` are the counts of the earlier stretches; `chance` is how likely so many or more are
    if nothing had changed, in six significant digits; it informs and enters no score.
    """

    column: str
    value: str
    n: int
    usual: tuple[int, ...]
    chance: Decimal


def alerts(
    counts: Mapping[str, Mapping[str, Sequence[int]]], rules: ReportRules
) -> tuple[Alert, ...]:
    """What is out of the ordinary, the least likely first.

    `counts` gives by column and value the count now and those of the stretches before, as many for
    each; of the values of a column, that have any of them, all. Two stretches before are needed to
    tell how much counts vary. The false discovery rate is held over everything that was looked at
    (Benjamini and Hochberg, 1995): all with `alert_from` cases in the stretches together, which
    says nothing of the one in question.
    """
    tried: list[Alert] = []
    for column, values in counts.items():
        series = {
            value: (n, tuple(usual))
            for value, (n, *usual) in values.items()
            if value and len(usual) > 1 and n + sum(usual) >= rules.alert_from
        }
        spread = dispersions([usual for _, usual in series.values()], WINSOR)
        tried += [
            Alert(column, value, n, usual, count_p_value(n, usual, dispersion))
            for (value, (n, usual)), dispersion in zip(series.items(), spread, strict=True)
        ]
    tried.sort(key=lambda alert: (alert.chance, alert.column, alert.value))
    rates = adjusted([alert.chance for alert in tried])
    return tuple(
        alert
        for alert, rate in zip(tried, rates, strict=True)
        if rate <= rules.alert_level
        and alert.n >= rules.alert_from
        and alert.n * len(alert.usual) >= rules.alert_ratio * sum(alert.usual)
    )


@dataclass(frozen=True, slots=True)
class OpenCases:
    """A unit's cases that are not closed at a moment: all, overdue, and due soon.

    Apart from these `excluded` ones, and `parked` ones that are not excluded.
    """

    n: int = 0
    overdue: int = 0
    soon: int = 0
    parked: int = 0
    excluded: int = 0

    def __add__(self, other: "OpenCases") -> "OpenCases":
        return OpenCases(
            self.n + other.n,
            self.overdue + other.overdue,
            self.soon + other.soon,
            self.parked + other.parked,
            self.excluded + other.excluded,
        )


@dataclass(frozen=True, slots=True)
class CallBacks:
    """Rates of the valid call-backs of a stretch, with and without excluded demands."""

    figures: Figures
    with_excluded: Figures

    @property
    def n(self) -> int:
        """Valid call-backs, excluded demands included."""
        return max((rate.whole for rate in self.with_excluded.rates.values()), default=0)


@dataclass(frozen=True, slots=True)
class RankRow:
    """A unit's rank at each of several moments, `None` where it had none."""

    unit: str
    name: str
    parent: str | None
    ranks: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report says, as final figures.

    `n_before` and `n_previous` are `None` where the data do not reach back so far; then nothing is
    said of change. `by` gives tallies by column (channel, kind, category_1, ...). `callbacks` are
    `None` where the stretch has none. `running` is the evaluation of the period as it stands,
    `None` where no case falls in it; a monthly report has none. `ranks` are the last units of the
    ranking at the moments `moments`. `days` counts the intake by day (from cut hour to cut hour; a
    monthly report's days begin at midnight), `hours` by ISO weekday and hour of the local clock.
    `has_usual` says whether the data go back to two usual stretches. `open` are open cases by unit
    (`None`: without one); `has_due` is false where no case has a due time. `dissatisfied` are units
    with the answers of dissatisfied callers and all valid call-backs. `funnel` are cases of the
    period by step. `units` are the city's units by code. `lacking` names what the data do not have.
    """

    span: Span
    rules: ReportRules
    city: Mapping[str, str]
    synthetic: bool
    policy: tuple[str, str, str]
    rates: tuple[RateRule, ...]
    n: int
    n_before: int | None
    n_excluded: int
    n_repeats: int
    n_running: int
    n_previous: int | None
    by: Mapping[str, tuple[Tally, ...]]
    watched: tuple[Tally, ...]
    enterprise: Tally | None
    callbacks: CallBacks | None
    callbacks_before: CallBacks | None
    running: Evaluation | None
    moments: tuple[datetime, ...]
    ranks: tuple[RankRow, ...]
    days: tuple[tuple[date, int], ...]
    hours: Mapping[tuple[int, int], int]
    alerts: tuple[Alert, ...]
    has_usual: bool
    open: Mapping[str | None, OpenCases]
    has_due: bool
    dissatisfied: tuple[tuple[str, int, int], ...]
    funnel: tuple[tuple[str, int], ...]
    units: Mapping[str, Unit]
    lacking: tuple[str, ...] = field(default=())

    @property
    def open_total(self) -> OpenCases:
        return sum(self.open.values(), OpenCases())


QUARTER = 900
"""Cases are counted by quarter hours since 1970, since zones differ by quarter hours."""


def days_of(
    quarters: Mapping[int, int], first: date, n: int, hour: int, zone: ZoneInfo
) -> tuple[tuple[date, int], ...]:
    """The cases of each of n days that begin at `hour`, by the date on which they end.

    At hour 0 a day ends when the next begins; its own date is given.
    """
    found = []
    for i in range(n):
        begun = first + timedelta(i)
        ended = begun + timedelta(1)
        low, high = (int(_at(day, hour, zone).timestamp()) // QUARTER for day in (begun, ended))
        total = sum(quarters.get(quarter, 0) for quarter in range(low, high))
        found.append((ended if hour else begun, total))
    return tuple(found)


def hours_of(quarters: Iterable[tuple[int, int]], zone: ZoneInfo) -> dict[tuple[int, int], int]:
    """The cases by ISO weekday and hour of the local clock."""
    found: dict[tuple[int, int], int] = {}
    for quarter, n in quarters:
        local = datetime.fromtimestamp(quarter * QUARTER, zone)
        key = (local.isoweekday(), local.hour)
        found[key] = found.get(key, 0) + n
    return found
