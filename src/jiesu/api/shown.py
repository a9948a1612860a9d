"""Cases as the API shows them: rows of lists, one case in full, what became of a demand.

What is personal is masked here; who may see a case was decided before (`cases.scopes`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import prefetch_related_objects

from jiesu.api.schemas import (
    CallbackOut,
    CaseOut,
    CaseRef,
    CaseRow,
    DispatchOut,
    PersonOut,
    ReceivedOut,
    UnitRef,
)
from jiesu.cases.actions.intake import Received
from jiesu.cases.actor import Actor
from jiesu.cases.callback_queue import callbacks_for
from jiesu.cases.clock import explanation
from jiesu.cases.language import lang
from jiesu.cases.models import Callback, Case, Dispatch, Role, Unit
from jiesu.cases.privacy.disclosure import linked_firsts, masked_case
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.privacy.vault import Person
from jiesu.cases.queries import marks
from jiesu.cases.scopes import may
from jiesu.core.masking import mask_digits_in

ROW_PARTS = ("unit", "place", "community", "district", "repeat_of")


def unit_ref(unit: Unit | None) -> UnitRef | None:
    """A unit by code and name."""
    return UnitRef(code=unit.code, name=unit.name) if unit else None


def received(made: Received, by: Actor) -> ReceivedOut:
    """What became of a demand; of a new one without asking the database.

    A program is not told what else the owner of a phone has asked of the city: only of what it
    brought in itself.
    """
    case, is_program = made.case, by.role is Role.CLIENT
    if made.is_new:
        words = made.route.explanation.get(lang(), "") if made.route else ""
        first = CaseRef(number=made.first.number, state=made.first.state) if made.first else None
        own = made.first is not None and by.user is not None and made.first.by == by.user.pk
    else:
        dispatch = case.dispatches.order_by("-number").first()
        words = dispatch.explanation.get(lang(), "") if dispatch else ""
        repeats = case.repeat_of
        first = CaseRef(number=repeats.number, state=repeats.state) if repeats else None
        own = repeats is not None and repeats.received_by == by.user
    return ReceivedOut(
        number=case.number,
        version=case.version,
        state=case.state,
        created_at=case.created_at,
        unit=unit_ref(case.unit),
        contact_due_at=case.contact_due_at,
        due_at=case.due_at,
        provisional=case.provisional,
        explanation=words,
        **counts(case, by),
        repeat_of=first if own or not is_program else None,
    )


def counts(case: Case, by: Actor) -> dict[str, Any]:
    """Which demand of its caller a case is; to a program of no unit each is the first."""
    if by.role is Role.CLIENT and by.unit_id is None:
        return {"n_month": 1, "n_year": 1}
    return {"n_month": case.n_month, "n_year": case.n_year}


def row(case: Case, by: Actor, as_of: datetime) -> CaseRow:
    """A case in a list. Needs `ROW_PARTS` selected, or asks for each."""
    return CaseRow(**_row(case, linked_firsts(by, [case]), as_of))


def rows(cases: Sequence[Case], by: Actor, as_of: datetime) -> list[CaseRow]:
    """Cases in a list, in a handful of statements."""
    prefetch_related_objects(cases, *ROW_PARTS)
    linked = linked_firsts(by, cases)
    return [CaseRow(**_row(case, linked, as_of)) for case in cases]


def _row(case: Case, linked: Collection[int], as_of: datetime) -> dict[str, Any]:
    marked, first = marks(case, as_of), case.repeat_of
    return {
        "number": case.number,
        "version": case.version,
        "state": case.state,
        "channel": case.channel,
        "kind": case.kind,
        "category_1": case.category_1,
        "category_2": case.category_2,
        "category_3": case.category_3,
        "labels": list(filter(None, case.labels.split(";"))),
        "place": case.place.code if case.place else None,
        "community": case.community.code if case.community else None,
        "district": case.district.code if case.district else None,
        "unit": unit_ref(case.unit),
        "urgent": case.urgent,
        "anonymous": case.anonymous,
        "confidential": case.confidential,
        "created_at": case.created_at,
        "dispatched_at": case.dispatched_at,
        "contact_due_at": case.contact_due_at,
        "due_at": case.due_at,
        "provisional": case.provisional,
        "paused_since": case.paused_since,
        "contact_overdue": marked.contact_overdue,
        "overdue": marked.overdue,
        "soon_due": marked.soon,
        "feedback_at": case.feedback_at,
        "ended_at": case.ended_at,
        "n_redos": case.n_redos,
        "parked": case.parked,
        "excluded": case.excluded,
        "repeat_of": first.number if first is not None and first.pk in linked else None,
    }


def whole(case: Case, by: Actor, as_of: datetime) -> CaseOut:
    """A case in full, with what is personal as the actor may see it."""
    masked, reads = masked_case(by, case), may(by, "reveal", case)
    return CaseOut(
        **_row(case, linked_firsts(by, [case]), as_of),
        **counts(case, by),
        on_behalf=case.on_behalf,
        enterprise=case.enterprise,
        n_returns=case.n_returns,
        signed_at=case.signed_at,
        contacted_at=case.contacted_at,
        limit=case.limit,
        disposition=case.disposition,
        exclusion_reason=case.exclusion_reason,
        title=masked.title,
        body=masked.body,
        answer=masked.answer,
        person=person(masked.person),
        explanation=explanation(case, lang()),
        dispatches=[
            dispatch(case, one, reads=reads)
            for one in case.dispatches.select_related("unit", "copied_to").order_by("number")
        ],
        callbacks=[callback(one) for one in callbacks_for(by, case)],
    )


def person(value: Person) -> PersonOut:
    """Who asked."""
    return PersonOut(
        name=value.name,
        phone=value.phone,
        email=value.email,
        company=value.company,
        address=value.address,
    )


def dispatch(case: Case, one: Dispatch, *, reads: bool) -> DispatchOut:
    """A dispatch with what explains it, also in words for somebody who `reads` the case's texts."""
    return DispatchOut(
        number=one.number,
        unit=UnitRef(code=one.unit.code, name=one.unit.name),
        copied_to=unit_ref(one.copied_to),
        at=one.at,
        via_district=one.via_district,
        designated=one.designated,
        directory=one.directory,
        entry=one.entry,
        explanation=one.explanation.get(lang(), ""),
        why=mask_digits_in(words_of(case, one, "why")) if reads else "",
        limit=one.limit,
        contact_due_at=one.contact_due_at,
        due_at=one.due_at,
        ended_at=one.ended_at,
        ended_as=one.ended_as,
    )


def callback(one: Callback) -> CallbackOut:
    """A call-back; its words stay with those who call."""
    return CallbackOut(
        round=one.round,
        state=one.state,
        due_at=one.due_at,
        ended_at=one.ended_at,
        n_attempts=one.n_attempts,
        means=one.means,
        contacted=one.contacted,
        resolved=one.resolved,
        satisfaction=one.satisfaction,
        void=one.void,
    )


def shown_of(case: Case, as_of: datetime) -> tuple[str, ...]:
    """What an answer shows beside a case's version that changes by itself: for its ETag."""
    marked = marks(case, as_of)
    found = zip("cos", (marked.contact_overdue, marked.overdue, marked.soon), strict=True)
    return "".join(letter for letter, holds in found if holds), lang()
