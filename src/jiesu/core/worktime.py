"""Time limits: when a clock runs out, who is overdue, and why in words.

Limits in hours, natural days and working days, with pauses and extensions. Rules and worked
tables: docs/methods/time-limits.md. Pure: `as_of` is passed in, nothing is looked up. Leaves out
which limit holds for which case (`desk`, `directory`) and when a clock is paused (`cases`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from jiesu.core.calendars import DAY, Unit, WorkCalendar, clock_of, joined

__all__ = [
    "MOST_AMOUNT",
    "UNITS",
    "Deadline",
    "Lang",
    "Limit",
    "Pause",
    "Unit",
    "WorkCalendar",
    "deadline_for",
    "duration_words",
    "is_on_time",
    "is_overdue",
    "overdue_by",
    "plain_due",
]

Lang = Literal["zh", "en"]

UNITS: tuple[Unit, ...] = get_args(Unit)
MOST_AMOUNT = 10_000
"""More is a slip of the pen, and a limit of so many days would end after the last date."""

_UNIT_WORDS: dict[Lang, dict[Unit, tuple[str, str]]] = {
    "zh": {
        "hour": ("{n}小时", "{n}小时"),
        "natural_day": ("{n}个自然日", "{n}个自然日"),
        "working_day": ("{n}个工作日", "{n}个工作日"),
    },
    "en": {
        "hour": ("{n} hour", "{n} hours"),
        "natural_day": ("{n} natural day", "{n} natural days"),
        "working_day": ("{n} working day", "{n} working days"),
    },
}

_PARTS: dict[Lang, tuple[str, str, str, str]] = {
    "zh": ("{n}天", "{n}小时", "{n}分钟", "{n}秒"),
    "en": ("{n} d", "{n} h", "{n} min", "{n} s"),
}

_WORDS: dict[Lang, dict[str, str]] = {
    "zh": {
        "due": "截止{due}：{parts}",
        "stands": "无截止时间，自{since}起暂停计时：{parts}",
        "limit": "自{start}起{limit}",
        "recorded": "导入记录的截止时间为{due}",
        "extended": "延期{limit}",
        "paused": "暂停计时{time}",
        "left": "剩余{time}",
        "working": "{time}（只计工作日）",
        "comma": "，",
        "space": "",
        "year": "；暂定：{year}年节假日安排尚未公布",
        "day": "；暂定：{day}之后的节假日安排尚未公布",
    },
    "en": {
        "due": "due {due}: {parts}",
        "stands": "no due time, the clock stands since {since}: {parts}",
        "limit": "{limit} from {start}",
        "recorded": "the imported record has {due}",
        "extended": "extended by {limit}",
        "paused": "paused {time}",
        "left": "{time} left",
        "working": "{time} of working days",
        "comma": ", ",
        "space": " ",
        "year": "; provisional: the holiday calendar of {year} is not published yet",
        "day": "; provisional: the holidays after {day} are not published yet",
    },
}


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take: 1 to `MOST_AMOUNT` of a unit; `key` names its rule."""

    key: str
    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"{self.unit!r} is no unit of a limit: use {', '.join(UNITS)}")
        if not 1 <= self.amount <= MOST_AMOUNT:
            raise ValueError(f"a limit is from 1 to {MOST_AMOUNT}, not {self.amount}")

    def words(self, lang: Lang) -> str:
        """`7 natural days`, `1 working day`, `24小时`."""
        one, many = _UNIT_WORDS[lang][self.unit]
        return (one if self.amount == 1 else many).format(n=self.amount)


@dataclass(frozen=True, slots=True)
class Pause:
    """While the clock stands: `start <= t < end`, aware instants; without an end it is open."""

    start: datetime
    end: datetime | None

    def __post_init__(self) -> None:
        start = _utc(self.start)
        if self.end is not None and _utc(self.end) < start:
            raise ValueError("a pause ends before it begins")


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a limit ends, and what made it end then.

    `limit` is the due time itself where an imported record has only that. `due_at` is in UTC;
    `None` while an open pause holds the clock, which stands since `stands_since` with `remaining`
    left on it. `paused` is the time by which pauses moved the deadline, on the clock of the limit
    (of an open pause: up to `as_of`, if that was given); `paused_working` is the part of it that
    was counted on working days only, and `remaining_working` likewise. A working day has 24 hours.
    `provisional` says that holidays were needed that are published up to `known_until` only.
    """

    due_at: datetime | None
    provisional: bool
    start: datetime
    limit: Limit | datetime
    extended: tuple[Limit, ...] = ()
    paused: timedelta = timedelta()
    paused_working: timedelta = timedelta()
    stands_since: datetime | None = None
    remaining: timedelta | None = None
    remaining_working: timedelta = timedelta()
    known_until: date | None = None

    @property
    def running(self) -> bool:
        """False while an open pause holds the clock."""
        return self.due_at is not None

    def explain(self, lang: Lang, zone: ZoneInfo) -> str:
        """One sentence for the unit: due when, by which limit, paused how long, how sure.

        Times on the clock of `zone` to the minute.
        """
        words = _WORDS[lang]
        if isinstance(self.limit, Limit):
            start = _shown(self.start, zone)
            parts = [words["limit"].format(limit=self.limit.words(lang), start=start)]
        else:
            parts = [words["recorded"].format(due=_shown(self.limit, zone))]
        parts += [words["extended"].format(limit=limit.words(lang)) for limit in self.extended]
        parts += _spans("paused", self.paused, self.paused_working, lang)
        if self.remaining is not None:
            parts += _spans("left", self.remaining, self.remaining_working, lang)
        text = words["comma"].join(parts)
        if self.due_at is None:
            since = _shown(self.stands_since or self.start, zone)
            text = words["stands"].format(since=since, parts=text)
        else:
            text = words["due"].format(due=_shown(self.due_at, zone), parts=text)
        return text + self._doubt(words)

    def _doubt(self, words: dict[str, str]) -> str:
        if not self.provisional or self.known_until is None:
            return ""
        unknown = self.known_until + DAY
        if (unknown.month, unknown.day) == (1, 1):
            return words["year"].format(year=unknown.year)
        return words["day"].format(day=self.known_until)


def plain_due(start: datetime, limit: Limit, calendar: WorkCalendar) -> datetime:
    """When a limit without pauses ends, in UTC: the short way to the same `due_at`."""
    clock = clock_of(limit.unit, calendar)
    return clock.instant(clock.after(clock.read(_utc(start)), _length(limit.unit, limit.amount)))


def deadline_for(
    start: datetime,
    limit: Limit | datetime,
    calendar: WorkCalendar,
    *,
    pauses: Iterable[Pause] = (),
    extensions: Sequence[Limit] = (),
    as_of: datetime | None = None,
) -> Deadline:
    """When a limit that began at `start` ends.

    Of a limit that another system has set only its end may be known: a datetime in place of a
    limit, with real time up to it. Pauses may overlap and come in any order. With `as_of` only
    what has happened by then counts: a later pause is not known, one that ends later is open.
    Extensions are added in their order.
    """
    known = _known(pauses, as_of)
    if not known and not extensions and isinstance(limit, Limit):
        plain = plain_due(start, limit, calendar)
        provisional = _needs_unknown(limit.unit, plain, calendar)
        return Deadline(plain, provisional, start, limit, known_until=calendar.known_until)
    due: datetime | None = _utc(start)
    run = _Run(calendar, known, None if as_of is None else _utc(as_of))
    for unit, span in _stages(start, limit, extensions):
        due = run.stage(due, unit, span)
    return Deadline(
        due_at=due,
        provisional=run.provisional,
        start=start,
        limit=limit,
        extended=tuple(extensions),
        paused=run.paused,
        paused_working=run.paused_working,
        stands_since=run.stands_since,
        remaining=None if due is not None else run.remaining,
        remaining_working=run.remaining_working,
        known_until=calendar.known_until,
    )


def overdue_by(
    due_at: datetime | None, as_of: datetime, closed_at: datetime | None = None
) -> timedelta | None:
    """How late a case is, or was if closed by `as_of`; `None` if it is not or has no due time."""
    if due_at is None:
        return None
    due, end = _utc(due_at), _utc(as_of)
    if closed_at is not None:
        end = min(end, _utc(closed_at))
    return end - due if due < end else None


def is_overdue(due_at: datetime | None, as_of: datetime, closed_at: datetime | None = None) -> bool:
    """Not closed by `as_of`, and due before it (docs/methods/facts.md)."""
    if closed_at is not None and _utc(closed_at) <= _utc(as_of):
        return False
    return overdue_by(due_at, as_of) is not None


def is_on_time(due_at: datetime, closed_at: datetime) -> bool:
    """Whether what was closed then was closed in time: at the deadline it is."""
    return _utc(closed_at) <= _utc(due_at)


def duration_words(span: timedelta, lang: Lang) -> str:
    """`1 d 4 h`, `30 min`, `40 s`: whole minutes, or seconds below one; fractions left away."""
    seconds = int(span.total_seconds())
    day, hour, minute, second = _PARTS[lang]
    counts = (
        (day, seconds // 86400),
        (hour, seconds % 86400 // 3600),
        (minute, seconds % 3600 // 60),
    )
    shown = [part.format(n=n) for part, n in counts if n] or [second.format(n=seconds)]
    return _WORDS[lang]["space"].join(shown)


class _Run:
    """One deadline on its way: the stages it has run through, and what the pauses cost."""

    def __init__(
        self,
        calendar: WorkCalendar,
        pauses: list[tuple[datetime, datetime | None]],
        as_of: datetime | None,
    ) -> None:
        self.calendar, self.pauses, self.as_of = calendar, pauses, as_of
        self.provisional = False
        self.paused = self.paused_working = timedelta()
        self.remaining = self.remaining_working = timedelta()
        self.stands_since: datetime | None = None

    def stage(self, start: datetime | None, unit: Unit, left: timedelta) -> datetime | None:
        """When a stage that begins at `start` ends; `None` if a pause holds it or one before."""
        if start is None:
            self._leave(unit, left)
            return None
        clock = clock_of(unit, self.calendar)
        now = clock.read(start)
        for begin, end in self.pauses:
            resumed = None if end is None else clock.read(end)
            if resumed is not None and resumed <= now:
                continue
            halted = max(clock.read(begin), now)
            if clock.after(now, left) <= halted:
                break
            left -= clock.span(now, halted)
            if resumed is None:
                self.stands_since = max(begin, start)
                self._look_at(unit, clock.instant(halted))
                self._leave(unit, left)
                if self.as_of is not None:
                    until = max(clock.read(self.as_of), halted)
                    self._pause(unit, clock.span(halted, until))
                return None
            self._pause(unit, clock.span(halted, resumed))
            now = resumed
        due = clock.instant(clock.after(now, left))
        self._look_at(unit, due)
        return due

    def _look_at(self, unit: Unit, instant: datetime) -> None:
        self.provisional |= _needs_unknown(unit, instant, self.calendar)

    def _pause(self, unit: Unit, span: timedelta) -> None:
        self.paused += span
        if unit == "working_day":
            self.paused_working += span

    def _leave(self, unit: Unit, span: timedelta) -> None:
        self.remaining += span
        if unit == "working_day":
            self.remaining_working += span


def _stages(
    start: datetime, limit: Limit | datetime, extensions: Sequence[Limit]
) -> list[tuple[Unit, timedelta]]:
    """Limits one after the other; those of one unit added up, so that no rule comes between."""
    stages: list[tuple[Unit, timedelta]] = []
    if isinstance(limit, Limit):
        extensions = (limit, *extensions)
    else:
        stages.append(("hour", _utc(limit) - _utc(start)))
    for one in extensions:
        span = _length(one.unit, one.amount)
        if stages and stages[-1][0] == one.unit:
            stages[-1] = (one.unit, stages[-1][1] + span)
        else:
            stages.append((one.unit, span))
    return stages


def _needs_unknown(unit: Unit, instant: datetime, calendar: WorkCalendar) -> bool:
    """Whether counting up to an instant takes holidays that are not published yet."""
    if unit != "working_day":
        return False
    return calendar.is_provisional(instant.astimezone(calendar.zone).date())


def _length(unit: Unit, amount: int) -> timedelta:
    return timedelta(hours=amount) if unit == "hour" else timedelta(days=amount)


def _known(
    pauses: Iterable[Pause], as_of: datetime | None
) -> list[tuple[datetime, datetime | None]]:
    """The pauses that are known as of a moment, in UTC, joined."""
    now = datetime.max.replace(tzinfo=UTC) if as_of is None else _utc(as_of)
    known = []
    for pause in pauses:
        start, end = _utc(pause.start), None if pause.end is None else _utc(pause.end)
        if start <= now:
            known.append((start, end if end is not None and end <= now else None))
    return joined(known)


def _utc(instant: datetime) -> datetime:
    """In UTC: two datetimes of one zone would be compared by what the wall shows."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)


def _shown(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


def _spans(key: str, total: timedelta, working: timedelta, lang: Lang) -> list[str]:
    """What was paused or is left, apart for working days."""
    words = _WORDS[lang]
    second = timedelta(seconds=1)
    shown = []
    if total - working >= second:
        shown.append(duration_words(total - working, lang))
    if working >= second:
        shown.append(words["working"].format(time=duration_words(working, lang)))
    return [words[key].format(time=time) for time in shown]
