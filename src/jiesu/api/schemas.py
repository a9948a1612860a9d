"""What goes in and out of the API, about cases. Fields that a caller has no use for are left out.

Inputs refuse fields that they do not know. Times are ISO 8601 in UTC; codes are keys, names never.
What is personal leaves masked. Bodies of moves: `schemas_moves`.
"""

from datetime import datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from jiesu.cases.queries import MarkName
from jiesu.core.lifecycle import State

# PostgreSQL takes no NUL.
NO_NUL = r"^[^\x00]*$"
Code = Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL)]
Line = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
Words = Annotated[str, StringConstraints(max_length=20_000, pattern=NO_NUL)]
Said = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=NO_NUL)]


class In(BaseModel):
    """What a caller sends."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class PersonIn(In):
    """Who asks; each as far as it was said."""

    name: Line = ""
    phone: Line = ""
    email: Line = ""
    company: Line = ""
    address: Line = ""


class DemandIn(In):
    """A demand as it was taken down. Title or body must say what it is about."""

    channel: Code = Field(description="A key of the city's channels.", examples=["api"])
    kind: Code = Field(description="A key of the kinds of demand.", examples=["complaint"])
    title: Line = ""
    body: Words = ""
    person: PersonIn = PersonIn()
    category_1: Code = ""
    category_2: Code = ""
    category_3: Code = ""
    place: Code = Field("", description="The code of a street or a district.")
    community: Code = Field("", description="The code of a community.")
    anonymous: bool = False
    confidential: bool = False
    on_behalf: bool = False
    enterprise: bool = False
    urgent: bool = False
    new_facts: bool = Field(False, description="A repeated demand brings something new.")


class UnitRef(BaseModel):
    """A unit by code, with its name."""

    code: str
    name: str


class CaseRef(BaseModel):
    """Another case."""

    number: str
    state: str


class ReceivedOut(BaseModel):
    """What became of a demand."""

    number: str
    version: int
    state: str
    created_at: datetime
    unit: UnitRef | None
    contact_due_at: datetime | None
    due_at: datetime | None
    provisional: bool
    explanation: str = Field(description="Why it went to this unit, in the request's language.")
    n_month: int = Field(description="Which demand of this caller it is this month.")
    n_year: int = Field(description="Which demand of this caller it is this year.")
    repeat_of: CaseRef | None


class CaseRow(BaseModel):
    """A case in a list: nothing that is personal, no text."""

    number: str
    version: int
    state: str
    channel: str
    kind: str
    category_1: str
    category_2: str
    category_3: str
    labels: list[str]
    place: str | None
    community: str | None
    district: str | None
    unit: UnitRef | None
    urgent: bool
    anonymous: bool
    confidential: bool
    created_at: datetime
    dispatched_at: datetime | None
    contact_due_at: datetime | None
    due_at: datetime | None
    provisional: bool
    paused_since: datetime | None
    contact_overdue: bool
    overdue: bool
    soon_due: bool
    feedback_at: datetime | None
    ended_at: datetime | None
    n_redos: int
    parked: bool
    excluded: bool
    repeat_of: str | None = Field(
        description="The case that this one repeats, where one may see the caller of both."
    )


class PersonOut(BaseModel):
    """Who asked: masked, or in full after it was revealed."""

    name: str
    phone: str
    email: str
    company: str
    address: str


class DispatchOut(BaseModel):
    """A case given to a unit, and why."""

    number: int
    unit: UnitRef
    copied_to: UnitRef | None
    at: datetime
    via_district: bool
    designated: bool
    directory: str
    entry: int | None
    explanation: str
    why: str = Field(
        description="The words of whoever chose the unit by hand, for those who may read texts."
    )
    limit: str
    contact_due_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    ended_as: str


class CallbackOut(BaseModel):
    """A call-back; units see it when it has ended. Its answers are empty until then."""

    round: int
    state: str
    due_at: datetime
    ended_at: datetime | None
    n_attempts: int
    means: str
    contacted: bool | None
    resolved: str
    satisfaction: str
    void: bool


class CaseOut(CaseRow):
    """A case in full, with what is personal masked."""

    on_behalf: bool
    enterprise: bool
    n_month: int
    n_year: int
    n_returns: int
    signed_at: datetime | None
    contacted_at: datetime | None
    limit: str
    disposition: str
    exclusion_reason: str
    title: str
    body: str
    answer: str = Field(description="What the caller of a case that no unit got was told.")
    person: PersonOut
    explanation: str = Field(description="Why it is due when it is, in the request's language.")
    dispatches: list[DispatchOut]
    callbacks: list[CallbackOut]


class CasePage(BaseModel):
    """Cases, the newest first."""

    items: list[CaseRow]
    next: str | None = Field(description="The cursor of the next page; null on the last.")


class EventOut(BaseModel):
    """What happened to a case. Personal values are salted digests."""

    seq: int
    at: datetime
    actor: str
    origin: str
    kind: str
    changes: dict[str, object]
    digest: str
    sealed: bool


class EventPage(BaseModel):
    """Events of a case in their order."""

    items: list[EventOut]
    next: str | None


def _within_reason(moment: datetime) -> datetime:
    # At the ends of the calendar a moment has no counterpart in UTC.
    if not 1900 <= moment.year <= 9000:
        # By its type `input_faults` says it in the language of the request.
        raise PydanticCustomError("year_range", "a year from 1900 to 9000")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_within_reason)]


class CaseFilters(In):
    """Which cases; those that are empty do not narrow."""

    number: Annotated[str, StringConstraints(max_length=32, pattern=NO_NUL)] = ""
    state: State | None = None
    unit: Code = Field("", description="The code of the unit that has the case.")
    place: Code = Field("", description="The code of a street, a district or a community.")
    category_1: Code = ""
    category_2: Code = ""
    category_3: Code = ""
    urgent: bool | None = Field(None, description="Only urgent ones, or only the others.")
    mark: MarkName | None = Field(
        None,
        description="Of what your units work on, those marked so now; with unit, place, category "
        "and urgent alone.",
    )
    created_from: Moment | None = None
    created_to: Moment | None = Field(None, description="Before this moment.")


class CaseSearch(CaseFilters):
    """Which cases, also by who asked. In a body, for no address must hold a phone."""

    phone: Line = Field("", description="The whole number.")
    name: Line = Field("", description="The whole name.")
    words: Line = Field("", description="Words of the text, from two Chinese characters on.")
    cursor: Annotated[str, StringConstraints(max_length=500)] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 50
