"""What residents send and are shown: nothing that tells of anyone."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from jiesu.api.schemas import NO_NUL, Code, In, Line, PersonIn, Words
from jiesu.api.schemas_rules import CategoryOut, ChoiceOut


class PublicDemandIn(In):
    """A demand from a public form."""

    kind: Code = Field(description="A key of the kinds of demand.", examples=["complaint"])
    title: Line = ""
    body: Words = ""
    person: PersonIn = PersonIn()
    category_1: Code = ""
    category_2: Code = ""
    category_3: Code = ""
    place: Code = ""
    community: Code = ""
    anonymous: bool = False
    confidential: bool = False
    on_behalf: bool = False
    enterprise: bool = False
    new_facts: bool = False


class StreetOut(BaseModel):
    """A street or a township."""

    code: str
    name: str
    district: str


class ChoicesOut(BaseModel):
    """What a public form offers."""

    kinds: list[ChoiceOut]
    categories: list[CategoryOut]
    streets: list[StreetOut]


class SubmittedOut(BaseModel):
    """A demand was taken in."""

    number: str
    token: str = Field(
        description="With it its state is asked for, and within an hour files are added: keep it."
    )


class AttachedOut(BaseModel):
    """A file was taken: what it is by its content, and its bytes."""

    number: str
    content_type: str
    size: int


class StatusIn(In):
    """Which demand: its number, with its token or the last four digits of the phone."""

    number: Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=NO_NUL)]
    token: Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)] = ""
    phone_last4: Annotated[str, StringConstraints(pattern=r"^([0-9]{4})?$")] = ""


class StatusOut(BaseModel):
    """Where a demand stands."""

    number: str
    received_on: date
    state: Literal["received", "in_progress", "answered", "closed"]


class QuestionsOut(BaseModel):
    """What a resident is asked behind a link."""

    number: str
    received_on: date
    category: str
    unit: str
    expires_at: datetime


class ThanksOut(BaseModel):
    """The answers are kept."""

    number: str
