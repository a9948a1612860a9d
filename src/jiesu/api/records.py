"""What lies beside a case: contacts, objections, whistles and the like, in one form.

Words are shown, with phones and the like hidden, to those who may reveal the person, and to the
units that a record is between. What is decided with a record is a move (`moves`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from ninja import Router

from jiesu.api.access import doing
from jiesu.api.request import actor_of, case_of
from jiesu.api.schemas_moves import RecordOut, RecordsOut
from jiesu.cases.actor import Actor
from jiesu.cases.models import (
    Assist,
    Case,
    Claim,
    Consultation,
    Contact,
    Escalation,
    Extension,
    Feedback,
    Objection,
    Opinion,
    Redo,
    Supervision,
    Whistle,
)
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.privacy.sealed_fields import records_of, word_fields
from jiesu.cases.scopes import may
from jiesu.core.masking import mask_digits_in

router = Router(tags=["cases"])


def _nothing(row: Any) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table's rows become records; names are of attributes, empty where there is none.

    `between` gives the keys of the units that a record is between, beside `unit`.
    """

    unit: str
    at: str
    due_at: str = ""
    ended_at: str = ""
    outcome: Callable[[Any], str] = _nothing
    between: Callable[[Any], set[int]] = field(default=lambda row: set())


def _said(name: str, yes: str, no: str) -> Callable[[Any], str]:
    def outcome(row: Any) -> str:
        value = getattr(row, name)
        return "" if value is None else yes if value else no

    return outcome


def _marks(row: Whistle) -> str:
    marks = {"unit": row.mark_of_unit, "street": row.mark_of_street}
    return " ".join(f"{who}:{mark}" for who, mark in marks.items() if mark is not None)


SHAPES: dict[type[Model], Shape] = {
    Contact: Shape("unit", "at", outcome=_said("reached", "reached", "not_reached")),
    Feedback: Shape("unit", "at", outcome=lambda row: "interim" if row.interim else row.result),
    Consultation: Shape(
        "", "opened_at", ended_at="closed_at",
        outcome=lambda row: row.chosen.code if row.chosen else "",
        between=lambda row: set(row.opinions.values_list("unit", flat=True)),
    ),
    Opinion: Shape("unit", "at", ended_at="at", outcome=_said("accepts", "accepts", "declines")),
    Objection: Shape(
        "dispatch.unit", "raised_at", ended_at="decided_at",
        outcome=_said("upheld", "upheld", "refused"),
    ),
    Extension: Shape(
        "dispatch.unit", "asked_at", ended_at="decided_at",
        outcome=_said("granted", "granted", "refused"),
    ),
    Assist: Shape("unit", "asked_at", "due_at", "answered_at"),
    Whistle: Shape(
        "unit", "blown_at", "due_at", "ended_at", _marks, between=lambda row: {row.street_id}
    ),
    Escalation: Shape(
        "to", "at", ended_at="answered_at", between=lambda row: {row.unit_id}
    ),
    Supervision: Shape("unit", "raised_at", ended_at="answered_at", outcome=attrgetter("rule")),
    Redo: Shape("", "at"),
    Claim: Shape(
        "unit", "claimed_at", ended_at="decided_at", outcome=attrgetter("state"),
        between=lambda row: {row.unit.parent_id} - {None},
    ),
}  # fmt: skip


@router.get(
    "/cases/{number}/records",
    auth=doing("see_cases", "read"),
    response=RecordsOut,
    operation_id="list_records",
)
def list_records(request: HttpRequest, number: str) -> RecordsOut:
    """All that lies beside a case; `id` is what moves ask for."""
    case = case_of(request, number)
    return RecordsOut(items=list(_records(case, actor_of(request))))


def _records(case: Case, by: Actor) -> Iterator[RecordOut]:
    all_words = may(by, "reveal", case)
    for model, shape in SHAPES.items():
        for row in records_of(model, exact=case.pk):
            unit = attrgetter(shape.unit)(row) if shape.unit else None
            units = shape.between(row) | ({unit.pk} if unit else set())
            readable = all_words or by.unit_id in units
            yield RecordOut(
                kind=str(model._meta.model_name),
                id=row.pk,
                unit=unit.code if unit else None,
                at=getattr(row, shape.at),
                due_at=getattr(row, shape.due_at) if shape.due_at else None,
                ended_at=getattr(row, shape.ended_at) if shape.ended_at else None,
                outcome=shape.outcome(row),
                words=_words(case, row) if readable else {},
            )


def _words(case: Case, row: Model) -> dict[str, str]:
    found = {name: words_of(case, row, name) for name in word_fields(type(row))}
    return {name: mask_digits_in(text) for name, text in found.items() if text}
