"""What is personal of a case, its records and its files, as the API takes and shows them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from jiesu.api.schemas import In, Line, PersonIn, PersonOut, Said, Words
from jiesu.api.schemas_moves import MoveIn
from jiesu.cases.privacy.vault import Person


class RevealIn(In):
    """Why somebody looks at what is personal; it is kept."""

    reason: Said


class ReadIn(In):
    """Why somebody opens a file; it is kept. A unit opens what it added itself without one."""

    reason: Words = ""


class RevealedOut(BaseModel):
    """Who asked and what was said, in full."""

    number: str
    person: PersonOut
    title: str
    body: str
    answer: str = Field(description="What the caller of a case that no unit got was told.")
    withheld: bool = Field(description="The caller asked for discretion: the person is not shown.")


class AmendIn(MoveIn):
    """What is put right; null stays as it is."""

    person: PersonIn | None = None
    title: Line | None = None
    body: Words | None = None

    def arguments(self) -> dict[str, Any]:
        person = Person(**self.person.model_dump()) if self.person else None
        return {"person": person, "title": self.title, "body": self.body}


class EraseIn(MoveIn):
    """Why what is personal is erased, for good."""

    cause: Literal["request", "order", "mistake"]


class AttachmentOut(BaseModel):
    """A file of a case."""

    id: int
    content_type: str
    size: int
    added_at: datetime
    erased_at: datetime | None


class AttachmentsOut(BaseModel):
    """The files of a case."""

    items: list[AttachmentOut]
