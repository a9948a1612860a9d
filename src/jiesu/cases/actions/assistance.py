"""Help from other units: assist units, whistles, escalation (articles 14, 16 and 20).

The lead unit stays responsible for its case; others answer beside it within limits of their own.
What the marks of whistles add up to is in `whistles`; consultation before a dispatch has a module
of its own.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet

from jiesu.cases.actor import Actor
from jiesu.cases.change import Change, changing
from jiesu.cases.models import Assist, Case, Escalation, Unit, Whistle
from jiesu.cases.privacy.record_words import write_words
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, MoveRefused, NotFound
from jiesu.cases.routes import is_in_office
from jiesu.cases.rulebook import local_day, rulebook
from jiesu.cases.scopes import own_units
from jiesu.core.lifecycle import AT_WORK, State
from jiesu.core.texts import Text
from jiesu.core.worktime import plain_due

CALLED_KINDS_NOT = frozenset({"street", "district", "community"})
"""A whistle calls departments and enterprises: no equals, nobody above, no community."""

MARKS = range(1, 6)

_Row = TypeVar("_Row", bound=Model)


def ask_assist(
    *,
    case_id: int,
    unit: str,
    by: Actor,
    as_of: datetime,
    matter: str = "",
    limit: str = "",
    expected: int | None = None,
) -> Assist:
    """Ask a unit to help the lead unit (协办), `limit` being the key of a limit of its own.

    Without one its answer is due with the lead's, also when that moves. A unit that has answered
    may be asked again. Raises Invalid, Conflict for a unit that has yet to answer.
    """
    matter = checked_words("matter", matter, required=False)
    with changing(case_id, "ask_assist", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        _at_work(case, "ask_assist")
        asked = _unit_in_office("unit", unit, as_of)
        if asked.pk == case.unit_id:
            raise Invalid({"unit": Text("the lead unit does not assist itself")})
        if case.assists.filter(unit=asked, answered_at=None).exists():
            raise Conflict("asked_already", Text("this unit was asked and has yet to answer"))
        due_at = _due(change, limit)
        assist = Assist.objects.create(
            case=case, unit=asked, asked_at=as_of, asked_by=by.name, due_at=due_at
        )
        said = write_words(change, assist, matter=matter)
        change.event("assist_asked", assist=assist.pk, assist_unit=asked, due_at=due_at, **said)
    return assist


def answer_assist(
    *,
    case_id: int,
    assist_id: int,
    answer: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Assist:
    """Answer the lead unit. After the due time it still may, and `is_late` says so."""
    account = by.account
    answer = checked_words("answer", answer)
    with changing(case_id, "answer_assist", by=by, as_of=as_of, expected=expected) as change:
        assist = _one(change.case.assists.filter(unit=by.unit_id), assist_id)
        if assist.answered_at is not None:
            raise Conflict("answered_already", Text("this was answered already"))
        _not_ended(change.case)
        assist.answered_at, assist.answered_by = as_of, account
        assist.save(update_fields=["answered_at", "answered_by"])
        said = write_words(change, assist, answer=answer)
        change.event("assist_answered", assist=assist.pk, late=assist.is_late, **said)
    return assist


def blow_whistle(
    *,
    case_id: int,
    units: Sequence[str],
    matter: str,
    by: Actor,
    as_of: datetime,
    limit: str = "",
    expected: int | None = None,
) -> list[Whistle]:
    """Call departments to a case (吹哨): a street or township does, all of them or none.

    Each has to report by the limit of that key, without one with the lead's result. Raises
    Invalid, Forbidden for a unit that is no street, Conflict for one that is called already.
    """
    account = by.account
    matter = checked_words("matter", matter)
    with changing(case_id, "whistle", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        _at_work(case, "whistle")
        street = case.unit
        assert street is not None
        if street.kind != "street":
            text = Text("streets and townships whistle (article 16): ask for assistance instead")
            raise Forbidden("no_street", text)
        called = list(_called(case, units, as_of))
        due_at = _due(change, limit)
        whistles = []
        for unit in called:
            whistle = Whistle.objects.create(
                case=case, street=street, unit=unit, blown_at=as_of, blown_by=account, due_at=due_at
            )
            said = write_words(change, whistle, matter=matter)
            change.event("whistle_blown", whistle=whistle.pk, called=unit, due_at=due_at, **said)
            whistles.append(whistle)
    return whistles


def report_whistle(
    *,
    case_id: int,
    whistle_id: int,
    report: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Whistle:
    """Report what the department did on the whistle (报到), once, until the street has ended it."""
    report = checked_words("report", report)
    with changing(case_id, "report_whistle", by=by, as_of=as_of, expected=expected) as change:
        whistle = _one(change.case.whistles.filter(unit=by.unit_id), whistle_id)
        if whistle.ended_at is not None:
            raise Conflict("ended_already", Text("the street has ended this whistle"))
        if whistle.reported_at is not None:
            raise Conflict("reported_already", Text("this was reported already"))
        whistle.reported_at = as_of
        whistle.save(update_fields=["reported_at"])
        said = write_words(change, whistle, answer=report)
        change.event("whistle_reported", whistle=whistle.pk, late=whistle.is_late, **said)
    return whistle


def end_whistle(
    *,
    case_id: int,
    whistle_id: int,
    mark: int,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Whistle:
    """End a whistle and mark the department, 1 (did not come) to 5 (fully helped).

    Before its due time a whistle ends by a report only; a department that does not report by then
    is marked without. The street does so also when the case has ended or gone elsewhere.
    """
    _check_mark(mark)
    with changing(case_id, "end_whistle", by=by, as_of=as_of, expected=expected) as change:
        whistle = _one(change.case.whistles.filter(street=by.unit_id), whistle_id)
        if whistle.ended_at is not None:
            raise Conflict("ended_already", Text("this whistle was ended already"))
        if whistle.reported_at is None and as_of <= whistle.due_at:
            text = Text("the department has not reported and still has time: wait for its report")
            raise Conflict("not_reported", text)
        whistle.ended_at, whistle.mark_of_unit = as_of, mark
        whistle.save(update_fields=["ended_at", "mark_of_unit"])
        change.event("whistle_ended", whistle=whistle.pk, mark=mark)
    return whistle


def mark_whistle(
    *,
    case_id: int,
    whistle_id: int,
    mark: int,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Whistle:
    """Mark the street that called, 1 (no reason to call) to 5 (rightly called): the department.

    After its own report or the street's end, once.
    """
    _check_mark(mark)
    with changing(case_id, "mark_whistle", by=by, as_of=as_of, expected=expected) as change:
        # Also the successor of a department that was merged since.
        whistle = _one(change.case.whistles.filter(unit__in=own_units(by)), whistle_id)
        if whistle.mark_of_street is not None:
            raise Conflict("marked_already", Text("the street was marked already"))
        if whistle.reported_at is None and whistle.ended_at is None:
            raise Conflict("not_reported", Text("report first, then mark"))
        whistle.mark_of_street = mark
        whistle.save(update_fields=["mark_of_street"])
        change.event("whistle_marked", whistle=whistle.pk, mark=mark)
    return whistle


def escalate_case(
    *,
    case_id: int,
    to: str,
    matter: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Escalation:
    """Bring a case before a unit above the lead unit, or the regulator of its industry (art. 20).

    Regulators are departments. Whoever it is brought before must answer. Raises Invalid,
    Conflict while an earlier one to the same unit is open.
    """
    account = by.account
    matter = checked_words("matter", matter)
    with changing(case_id, "escalate", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        _at_work(case, "escalate")
        lead = case.unit
        assert lead is not None
        target = _unit_in_office("to", to, as_of)
        if target.pk == lead.pk or not (target.kind == "department" or _is_above(target, lead)):
            raise Invalid(
                {"to": Text("choose a unit above your own, or a department as regulator")}
            )
        if case.escalations.filter(to=target, answered_at=None).exists():
            raise Conflict("escalated_already", Text("this unit has yet to answer an earlier one"))
        escalation = Escalation.objects.create(
            case=case, unit=lead, to=target, at=as_of, by=account
        )
        said = write_words(change, escalation, matter=matter)
        change.event("escalated", escalation=escalation.pk, to=target, **said)
    return escalation


def answer_escalation(
    *,
    case_id: int,
    escalation_id: int,
    answer: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Escalation:
    """Say what came of studying an escalated case. Owed also when the case has closed meanwhile."""
    account = by.account
    answer = checked_words("answer", answer)
    with changing(case_id, "answer_escalation", by=by, as_of=as_of, expected=expected) as change:
        escalation = _one(change.case.escalations.filter(to=by.unit_id), escalation_id)
        if escalation.answered_at is not None:
            raise Conflict("answered_already", Text("this was answered already"))
        escalation.answered_at, escalation.answered_by = as_of, account
        escalation.save(update_fields=["answered_at", "answered_by"])
        said = write_words(change, escalation, answer=answer)
        change.event("escalation_answered", escalation=escalation.pk, **said)
    return escalation


def _at_work(case: Case, action: str) -> None:
    if case.state not in AT_WORK:
        raise MoveRefused(action, case.state)


def _not_ended(case: Case) -> None:
    if case.state not in AT_WORK | {State.FEEDBACK_SUBMITTED}:
        raise MoveRefused("answer_assist", case.state)


def _one(rows: "QuerySet[_Row]", pk: int) -> _Row:
    """The row, if it is one of those that are the actor's."""
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound("no_such_record", Text("this case has no such record of your unit"))
    return row


def _unit_in_office(field: str, code: str, as_of: datetime) -> Unit:
    unit = rulebook().units.get(code)
    if unit is None or not is_in_office(unit, local_day(as_of)):
        raise Invalid({field: Text("no unit in office has this code")})
    return unit


def _called(case: Case, units: Sequence[str], as_of: datetime) -> Iterator[Unit]:
    if not units or len(set(units)) < len(units):
        raise Invalid({"units": Text("name the departments to call, each once")})
    there = set(case.whistles.filter(ended_at=None).values_list("unit__code", flat=True))
    for code in units:
        unit = _unit_in_office("units", code, as_of)
        if unit.kind in CALLED_KINDS_NOT:
            raise Invalid({"units": Text("a whistle calls departments and enterprises")})
        if code in there:
            raise Conflict(
                "called_already", Text("one of these units is called to this case already")
            )
        yield unit


def _is_above(target: Unit, unit: Unit) -> bool:
    units = {one.pk: one for one in rulebook().units.values()}
    above, seen = unit.parent_id, set[int]()
    while above is not None and above not in seen:
        if above == target.pk:
            return True
        seen.add(above)
        above = units[above].parent_id
    return False


def _due(change: Change, limit: str) -> datetime:
    """By when help is due: within a limit that was chosen, else with the lead's result.

    With that it moves, until it is given (`clock.set_clocks`).
    """
    case, as_of = change.case, change.as_of
    if limit:
        book = rulebook()
        chosen = book.rules_of(case.rules_id).limits.get(limit)
        if chosen is None:
            raise Invalid({"limit": Text("this time limit is not known")})
        return plain_due(as_of, chosen.resolution, book.calendar_of(case.calendar_id))
    if case.due_at is None or case.due_at <= as_of:
        raise Invalid(
            {"limit": Text("the case itself is past its limit: choose a limit for the help")}
        )
    return case.due_at


def _check_mark(mark: int) -> None:
    if mark not in MARKS:
        raise Invalid({"mark": Text("a mark is 1 to 5")})
