"""A case's two clocks: set at each dispatch, moved by pauses and extensions, explained.

The arithmetic is `core.worktime`'s; here it meets the case's records. What is due is never
stored as a mark: `queries` compares the due times with a moment.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, cast

from jiesu.cases.callback_queue import OPEN_VALUES
from jiesu.cases.models import Case, DeadlineChange, Dispatch, Extension, Pause
from jiesu.cases.rulebook import city_zone, rulebook
from jiesu.core.desk import CaseLimit
from jiesu.core.worktime import (
    Deadline,
    Lang,
    Limit,
    Unit,
    WorkCalendar,
    deadline_for,
    plain_due,
)
from jiesu.core.worktime import Pause as Stretch

if TYPE_CHECKING:
    from jiesu.cases.change import Change


class Clocks(NamedTuple):
    """When a dispatch falls due: the contact with the caller, and the result.

    Provisional where either asks for holidays that are not published yet.
    """

    contact_due_at: datetime
    due_at: datetime
    provisional: bool


def begun(limit: CaseLimit, at: datetime, calendar: WorkCalendar) -> Clocks:
    """The clocks of a dispatch at `at`, before any pause."""
    return Clocks(
        plain_due(at, limit.contact, calendar),
        plain_due(at, limit.resolution, calendar),
        any(
            # Only working days ask the calendar for holidays.
            one.unit == "working_day" and deadline_for(at, one, calendar).provisional
            for one in (limit.contact, limit.resolution)
        ),
    )


def deadlines(case: Case, dispatch: Dispatch) -> tuple[Deadline | None, Deadline | None]:
    """The two deadlines of a dispatch with its pauses and extensions: contact, result.

    A pause that runs counts with its planned end, if it has one: what is due is swept by its
    column, and nothing has to happen for such a pause to end. A dispatch that was imported has
    only the clocks that its record had.
    """
    contact, result = _limits(case, dispatch)
    calendar, pauses = rulebook().calendar_of(case.calendar_id), _pauses(case, dispatch)

    def end(limit: Limit | datetime | None, extensions: Sequence[Limit]) -> Deadline | None:
        if limit is None:
            return None
        return deadline_for(dispatch.at, limit, calendar, pauses=pauses, extensions=extensions)

    return end(contact, ()), end(result, _extensions(dispatch))


def reclock(change: "Change", cause: str) -> None:
    """Work out a case's clocks anew after a pause, an extension or a new calendar.

    While a pause holds a clock its due time stays as it was and `paused_since` says that it
    stands; a clock that had run out before is not held. The change is kept, so that what was due
    at an earlier moment can still be said.
    """
    case = change.case
    dispatch = case.dispatches.filter(ended_at=None).first()
    if dispatch is None:
        return
    contact, result = deadlines(case, dispatch)
    if result is None:
        return
    set_clocks(
        change,
        cause,
        contact_due_at=(contact.due_at if contact else None) or case.contact_due_at,
        due_at=result.due_at or case.due_at,
        paused_since=result.stands_since or (contact.stands_since if contact else None),
        provisional=result.provisional or (contact is not None and contact.provisional),
    )


def set_clocks(
    change: "Change",
    cause: str,
    *,
    contact_due_at: datetime | None,
    due_at: datetime | None,
    paused_since: datetime | None,
    provisional: bool,
) -> None:
    """Set the clocks, and keep what they were; who waits for the result waits for the new one."""
    case = change.case
    before = (case.contact_due_at, case.due_at, case.paused_since)
    after = (contact_due_at, due_at, paused_since)
    if before != after:
        DeadlineChange.objects.create(
            case=case,
            at=change.as_of,
            cause=cause,
            old_contact_due_at=before[0],
            old_due_at=before[1],
            old_paused_since=before[2],
            new_contact_due_at=after[0],
            new_due_at=after[1],
            new_paused_since=after[2],
        )
    # Also of a case that was returned, and had no due time meanwhile.
    if before[1] != due_at and due_at is not None:
        _postpone(case, due_at)
        was_due = before[1] or _due_when_returned(case)
        if was_due is not None:
            _move_help(change, was_due, due_at)
    change.set(
        contact_due_at=contact_due_at,
        due_at=due_at,
        paused_since=paused_since,
        provisional=provisional,
    )


def _postpone(case: Case, due_at: datetime) -> None:
    """A call-back that had fallen due waits for the limit that holds now."""
    for callback in case.callbacks.filter(state__in=OPEN_VALUES):
        callback.next_at = max(due_at, callback.next_at) if callback.n_attempts else due_at
        callback.due_at, callback.unit_id = due_at, case.unit_id or callback.unit_id
        callback.taken_by, callback.taken_until = None, None
        callback.save()


def _move_help(change: "Change", before: datetime, due_at: datetime) -> None:
    """Help that is due with the lead's result goes with it, as long as it was not given.

    Known is such help by its due time alone, which is the result's to the instant: nothing else
    says so. Help within a limit of its own that happens to end then goes along; it is rare, and
    gets no less time than who leads.
    """
    case = change.case
    waiting = {
        "assist": case.assists.filter(answered_at=None, due_at=before),
        "whistle": case.whistles.filter(reported_at=None, ended_at=None, due_at=before),
    }
    moved = {model: sorted(rows.values_list("pk", flat=True)) for model, rows in waiting.items()}
    if any(moved.values()):
        for rows in waiting.values():
            rows.update(due_at=due_at)
        change.tell(help={**moved, "due_at": due_at})


def _due_when_returned(case: Case) -> datetime | None:
    """When a case was due before it was returned, if it was: its help still is due then."""
    returned = case.deadline_changes.filter(new_due_at=None).order_by("-pk").first()
    return returned.old_due_at if returned else None


def explanation(case: Case, lang: Lang) -> str:
    """Why a case is due when it is, in a sentence that a unit can read.

    It says what the columns say, as long as they do. Empty before a dispatch, and after a return.
    """
    dispatch = case.dispatches.order_by("-number").first()
    if dispatch is None or case.due_at is None:
        return ""
    _, result = deadlines(case, dispatch)
    return result.explain(lang, city_zone()) if result else ""


def _limits(case: Case, dispatch: Dispatch) -> tuple[Limit | None, Limit | datetime | None]:
    """What the clocks of a dispatch run by. An imported record has no limits, only their end."""
    if dispatch.is_imported:
        return None, dispatch.due_at
    limit = rulebook().rules_of(case.rules_id).limits[dispatch.limit]
    return limit.contact, limit.resolution


def _pauses(case: Case, dispatch: Dispatch) -> Sequence[Stretch]:
    rows = Pause.objects.filter(case=case)
    return [
        Stretch(max(row.start, dispatch.at), row.end)
        for row in rows
        if row.end is None or row.end > dispatch.at
    ]


def _extensions(dispatch: Dispatch) -> Sequence[Limit]:
    rows = Extension.objects.filter(dispatch=dispatch, granted=True).order_by("decided_at", "pk")
    return [Limit("extension", row.amount, cast(Unit, row.unit_of_time)) for row in rows]
