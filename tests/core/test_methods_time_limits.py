"""The worked tables of docs/methods/time-limits.md, recomputed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from jiesu.core.worktime import (
    UNITS,
    Deadline,
    Lang,
    Limit,
    Pause,
    WorkCalendar,
    deadline_for,
    duration_words,
    is_on_time,
    is_overdue,
    overdue_by,
)

from .cast import SHANGHAI
from .pages import table

NEW_YORK = ZoneInfo("America/New_York")


def listed(text: str) -> list[str]:
    return [] if text == "none" else text.split(", ")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def maybe(text: str) -> datetime | None:
    return None if text in ("", "none") else moment(text)


def limit(text: str) -> Limit:
    amount, unit = text.split()
    return Limit("resolution", int(amount), next(one for one in UNITS if one == unit))


def pause(text: str) -> Pause:
    start, end = text.split("..")
    return Pause(moment(start), maybe(end))


def spring_festival(known_until: date | None = None) -> WorkCalendar:
    """The calendar of the page."""
    days: dict[str, set[date]] = {"workday": set(), "holiday": set()}
    for row in table("time-limits", "days", "kind"):
        first, last = (date.fromisoformat(day) for day in row["days"].split(".."))
        days[row["kind"]] |= {first + timedelta(i) for i in range((last - first).days + 1)}
    off, on = frozenset(days["holiday"]), frozenset(days["workday"])
    return WorkCalendar(SHANGHAI, days_off=off, days_on=on, known_until=known_until)


def deadline(row: dict[str, str], calendar: WorkCalendar) -> Deadline:
    return deadline_for(
        moment(row["start"]),
        limit(row["limit"]) if "limit" in row else moment(row["recorded"]),
        calendar,
        pauses=[pause(text) for text in listed(row.get("pauses", "none"))],
        extensions=[limit(text) for text in listed(row.get("extensions", "none"))],
    )


def shown(span: timedelta | None) -> str:
    return duration_words(span, "en") if span else "none"


def test_working_days_page() -> None:
    calendar = spring_festival()
    for row in table("time-limits", "day", "works"):
        works = calendar.is_working_day(date.fromisoformat(row["day"]))
        assert works == (row["works"] == "yes"), row


def test_limits_page() -> None:
    for row in table("time-limits", "start", "limit", "due"):
        assert deadline(row, spring_festival()).due_at == moment(row["due"]), row


def test_pauses_page() -> None:
    for row in table("time-limits", "start", "limit", "pauses", "paused", "due", "left"):
        found = deadline(row, spring_festival())
        assert found.due_at == maybe(row["due"]), row
        assert (shown(found.paused), shown(found.remaining)) == (row["paused"], row["left"]), row
        assert found.running == (row["due"] != "none"), row


def test_extensions_page() -> None:
    for row in table("time-limits", "start", "limit", "extensions", "pauses", "due"):
        assert deadline(row, spring_festival()).due_at == moment(row["due"]), row


def test_imported_records_page() -> None:
    titles = ("start", "recorded", "extensions", "pauses", "due")
    languages: tuple[tuple[str, Lang], ...] = (("words", "en"), ("说明", "zh"))
    for title, lang in languages:
        for row in table("time-limits", *titles, title):
            found = deadline(row, spring_festival())
            assert found.due_at == maybe(row["due"]), row
            assert found.explain(lang, SHANGHAI) == row[title], row


def test_provisional_page() -> None:
    for row in table("time-limits", "start", "limit", "due", "provisional"):
        found = deadline(row, spring_festival(known_until=date(2026, 12, 31)))
        assert found.due_at == moment(row["due"]), row
        assert found.provisional == (row["provisional"] == "yes"), row


def test_changed_clocks_page() -> None:
    calendar = WorkCalendar(NEW_YORK)
    rows = table("time-limits", "start in UTC", "limit", "due in UTC")
    for row in rows:
        start = datetime.fromisoformat(row["start in UTC"]).replace(tzinfo=UTC)
        due = datetime.fromisoformat(row["due in UTC"]).replace(tzinfo=UTC)
        assert deadline_for(start, limit(row["limit"]), calendar).due_at == due, row


def test_overdue_page() -> None:
    for row in table("time-limits", "due", "closed", "as of", "overdue", "late by"):
        due, closed, as_of = maybe(row["due"]), maybe(row["closed"]), moment(row["as of"])
        assert is_overdue(due, as_of, closed) == (row["overdue"] == "yes"), row
        assert shown(overdue_by(due, as_of, closed)) == row["late by"], row
        if due and closed and closed <= as_of:
            assert is_on_time(due, closed) == (row["late by"] == "none"), row


def test_words_page() -> None:
    titles = ("start", "limit", "extensions", "pauses", "known until")
    languages: tuple[tuple[str, Lang], ...] = (("words", "en"), ("说明", "zh"))
    for title, lang in languages:
        for row in table("time-limits", *titles, title):
            until = row["known until"]
            known = None if until == "none" else date.fromisoformat(until)
            found = deadline(row, spring_festival(known)).explain(lang, SHANGHAI)
            assert found == row[title], row
