"""Whose case it is: consultation before the dispatch, objection and return after it (article 12).

An objection is reviewed and upheld or refused; a return gives the case back for a new dispatch.
A unit that a review has designated can do neither again, nor one that gets back what it returned.
Rules 20 and 21 of domain.md §10: windows, reasons and what the clock does are the desk's rules. The
dispatch itself is in `dispatching`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from jiesu.cases.actions.dispatching import route_by_hand, send
from jiesu.cases.actor import Actor
from jiesu.cases.asking import (
    ask_in_window,
    catalogue_reason,
    dispatch_at_work,
    lapse_requests,
    no_open_objection,
)
from jiesu.cases.change import Change, changing
from jiesu.cases.claim_rules import lapse_claims
from jiesu.cases.clock import set_clocks
from jiesu.cases.explanations import designation_words
from jiesu.cases.models import Consultation, Dispatch, Objection, Opinion, Pause, Unit
from jiesu.cases.pauses import end_pauses, made_pause, pause, resume, unpark
from jiesu.cases.privacy.record_words import write_words
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, Invalid
from jiesu.cases.routes import is_in_office
from jiesu.cases.rulebook import local_day, rulebook
from jiesu.core.lifecycle import State, moved
from jiesu.core.texts import Text

BEFORE_DISPATCH = frozenset({State.RECEIVED, State.CLASSIFIED})


def consult_units(
    *,
    case_id: int,
    units: Sequence[str],
    question: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Consultation:
    """Ask units about a case before it is dispatched (会商); they see it from then on.

    Raises Invalid for units that are none, Conflict after the dispatch or while others are asked.
    """
    account, question = by.account, checked_words("question", question)
    with changing(case_id, "consult", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        if case.state not in BEFORE_DISPATCH:
            raise Conflict(
                "not_before_dispatch", Text("units are consulted before a dispatch only")
            )
        if case.consultations.filter(closed_at=None).exists():
            text = Text("a consultation is open: close it before you begin another")
            raise Conflict("consultation_open", text)
        asked = _units_in_office(units, as_of)
        consultation = Consultation.objects.create(case=case, opened_at=as_of, opened_by=account)
        said = write_words(change, consultation, question=question)
        Opinion.objects.bulk_create(Opinion(consultation=consultation, unit=unit) for unit in asked)
        change.event(
            "consultation_opened",
            consultation=consultation.pk,
            units=[unit.code for unit in asked],
            **said,
        )
    return consultation


def give_opinion(
    *,
    case_id: int,
    accepts: bool,
    opinion: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Opinion:
    """Say for the actor's unit whether it would take a case on which it is consulted, and why.

    Once; raises Conflict after that, and where the consultation is closed.
    """
    account, opinion = by.account, checked_words("opinion", opinion)
    with changing(case_id, "give_opinion", by=by, as_of=as_of, expected=expected) as change:
        row = Opinion.objects.filter(
            consultation__case=change.case, consultation__closed_at=None, unit=by.unit_id
        ).first()
        if row is None:
            raise Conflict("consultation_closed", Text("the consultation of your unit is closed"))
        if row.at is not None:
            raise Conflict("opinion_given", Text("your unit has given its opinion"))
        row.at, row.by, row.accepts = as_of, account, accepts
        row.save(update_fields=["at", "by", "accepts"])
        change.event(
            "opinion_given",
            consultation=row.consultation_id,
            unit=row.unit,
            accepts=accepts,
            **write_words(change, row, opinion=opinion),
        )
    return row


def close_consultation(
    *,
    case_id: int,
    chosen: str,
    outcome: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Consultation:
    """End a consultation with the unit that is to take the case, asked or not.

    A dispatch of the case to that unit by hand then cites it. Raises Conflict where none is open.
    """
    outcome = checked_words("outcome", outcome)
    with changing(case_id, "consult", by=by, as_of=as_of, expected=expected) as change:
        consultation = change.case.consultations.filter(closed_at=None).first()
        if consultation is None:
            raise Conflict("no_consultation", Text("no consultation is open: consult units first"))
        [unit] = _units_in_office([chosen], as_of, field="chosen")
        consultation.closed_at, consultation.chosen = as_of, unit
        consultation.save(update_fields=["closed_at", "chosen"])
        change.event(
            "consultation_closed",
            consultation=consultation.pk,
            chosen=unit,
            **write_words(change, consultation, outcome=outcome),
        )
    return consultation


def object_to_dispatch(
    *,
    case_id: int,
    reason: str,
    statement: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Objection:
    """Object to a dispatch (派单异议); a dispatcher reviews it with `decide_objection`.

    The case stays with the unit meanwhile. Raises Conflict where the window has passed, the unit
    was designated, or an objection is open.
    """
    statement = checked_words("statement", statement)
    with changing(case_id, "object", by=by, as_of=as_of, expected=expected) as change:
        dispatch = _contested(change, "objection")
        objection = _raised(change, dispatch, Objection.Kind.OBJECTION, reason)
        said = write_words(change, objection, statement=statement)
        # Where the rules say "always"; else the clocks run on.
        pause(change, Pause.Cause.OBJECTION)
        change.event("objected", objection=objection.pk, reason=reason, **said)
    return objection


def return_case(
    *,
    case_id: int,
    reason: str,
    statement: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Objection:
    """Give a case back (退单): it waits for a new dispatch, with new clocks.

    Whoever dispatches it reviews the return: a unit that gets the case again is designated.
    Raises Conflict where the window has passed, the unit was designated, or an objection is open;
    MoveRefused after the unit has contacted the caller.
    """
    statement = checked_words("statement", statement)
    with changing(case_id, "return", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        moved("return", case.state)
        dispatch = _contested(change, "return")
        returned = _raised(change, dispatch, Objection.Kind.RETURN, reason)
        said = write_words(change, returned, statement=statement)
        returned.decided_at = as_of
        returned.save(update_fields=["decided_at"])
        lapse_requests(change)
        end_pauses(change)
        unpark(change)
        dispatch.ended_at, dispatch.ended_as = as_of, "returned"
        dispatch.save(update_fields=["ended_at", "ended_as"])
        change.move("return")
        change.set(unit=None, limit="", signed_at=None, n_returns=case.n_returns + 1)
        set_clocks(
            change, "return", contact_due_at=None, due_at=None, paused_since=None, provisional=False
        )
        change.event("returned", objection=returned.pk, reason=reason, **said)
        lapse_claims(change)
    return returned


def decide_objection(
    *,
    case_id: int,
    upheld: bool,
    opinion: str,
    by: Actor,
    as_of: datetime,
    unit: str = "",
    limit: str = "",
    expected: int | None = None,
) -> Objection:
    """Decide an objection after review, with an `opinion`.

    Upheld, the case goes to another `unit` with new clocks (`limit` empty: the same class of
    limits); refused, it stays. Either way the unit that has it is designated: it can neither object
    nor return. The clocks follow the rules of pauses: docs/desk-rules.md.
    """
    account, opinion = by.account, checked_words("opinion", opinion)
    with changing(case_id, "decide_objection", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        objection = case.objections.filter(decided_at=None).select_related("dispatch").first()
        if objection is None:
            raise Conflict("no_objection", Text("no objection is open"))
        objection.case = case
        objection.decided_by, objection.decided_at, objection.upheld = account, as_of, upheld
        objection.save(update_fields=["decided_by", "decided_at", "upheld"])
        said = write_words(change, objection, opinion=opinion)
        resume(change, Pause.Cause.OBJECTION)
        if upheld:
            change.event("objection_upheld", objection=objection.pk, **said)
            _designate(change, objection, unit, limit)
        else:
            if unit:
                raise Invalid({"unit": Text("a refused objection leaves the case where it is")})
            objection.dispatch.designated = True
            objection.dispatch.save(update_fields=["designated"])
            change.event(
                "objection_refused",
                objection=objection.pk,
                dispatch=objection.dispatch.number,
                designated=True,
                **said,
            )
    return objection


def _designate(change: Change, objection: Objection, unit: str, limit: str) -> None:
    """Send the case to the unit that the review has found; credit the time of the review."""
    case = change.case
    moved("redispatch", case.state)
    route = route_by_hand(
        case, unit, limit or case.limit, (), "", change.as_of, explanation={}, designated=True
    )
    if route.unit == case.unit:
        raise Invalid({"unit": Text("the case is there already: refuse the objection instead")})
    if rulebook().rules_of(case.rules_id).pauses.objection == "upheld":
        made_pause(change, Pause.Cause.OBJECTION, objection.raised_at, change.as_of)
    objection.new_unit = route.unit
    objection.save(update_fields=["new_unit"])
    words = designation_words(objection, route.unit)
    send(change, "redispatch", replace(route, explanation=words), ended_as="objection_upheld")


def _contested(change: Change, window: str) -> Dispatch:
    """The dispatch in force, where it may be objected to or returned. Raises Conflict."""
    dispatch = dispatch_at_work(change)
    no_open_objection(change.case)
    if dispatch.designated:
        text = Text(
            "a unit that was designated after review can't object or return again: handle it"
        )
        raise Conflict("designated", text)
    ask_in_window(change, dispatch, window)
    return dispatch


def _raised(change: Change, dispatch: Dispatch, kind: Objection.Kind, reason: str) -> Objection:
    catalogue_reason(change.case, kind.value, reason)
    return Objection.objects.create(
        case=change.case,
        dispatch=dispatch,
        kind=kind,
        reason=reason,
        raised_by=change.by.account,
        raised_at=change.as_of,
    )


def _units_in_office(codes: Sequence[str], as_of: datetime, field: str = "units") -> list[Unit]:
    """The units of these codes, each once. Raises Invalid."""
    book, day = rulebook(), local_day(as_of)
    found = [book.units.get(code) for code in dict.fromkeys(codes)]
    units = [unit for unit in found if unit is not None and is_in_office(unit, day)]
    if not units or len(units) < len(found):
        raise Invalid({field: Text("name units in office by their codes")})
    return units
