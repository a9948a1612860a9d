"""The bodies of moves: what each action of a case takes, and what a move answers.

Field names are the actions' own. What a value may be is theirs to say; here are types and sizes.
"""

from datetime import datetime
from typing import Annotated, Any

from ninja.params.models import Path as PathParam
from pydantic import BaseModel, Field, StringConstraints

from jiesu.api.schemas import NO_NUL, CaseRow, Code, In, Line, Moment, Said, Words
from jiesu.cases.models import Case, Contact, Feedback
from jiesu.cases.refusals import Invalid
from jiesu.core.texts import Text

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
PathId = Annotated[int, PathParam(..., ge=1, le=2**63 - 1)]
Mark = Annotated[int, Field(ge=1, le=5)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
Codes = Annotated[list[Key], Field(max_length=50)]


class MoveIn(In):
    """What a move takes; most name their action's arguments."""

    def arguments(self) -> dict[str, Any]:
        """The action's arguments."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class NothingIn(MoveIn):
    """A move that takes nothing: {}."""


class ClassifyIn(MoveIn):
    category_1: Key
    category_2: Code = ""
    category_3: Code = ""
    kind: Code = Field("", description="Empty: as it is.")
    urgent: bool | None = Field(None, description="Null: as it is.")
    place: Code = Field("", description="A street or a district. Empty: as it is.")
    new_facts: bool | None = Field(
        None, description="Whether it brings something new: else it may repeat. Null: as it is."
    )

    def arguments(self) -> dict[str, Any]:
        return {
            "category": (self.category_1, self.category_2, self.category_3),
            "kind": self.kind,
            "urgent": self.urgent,
            "place": self.place,
            "new_facts": self.new_facts,
        }


class DisposeIn(MoveIn):
    reason: Key = Field(description="A key of the catalogue of dispositions.")
    answer: Said = Field(description="What the caller was told.")
    repeat_of: Code = Field(
        "", description="The number of the case that this one repeats: a repeat needs it."
    )

    def arguments(self) -> dict[str, Any]:
        first = None
        if self.repeat_of:
            cases = Case.objects.filter(number=self.repeat_of)
            first = cases.values_list("pk", flat=True).first()
            if first is None:
                raise Invalid({"repeat_of": Text("there is no such case")})
        return {"reason": self.reason, "answer": self.answer, "repeat_of": first}


class DispatchIn(MoveIn):
    unit: Code = Field("", description="Empty: the unit that the directory names.")
    limit: Code = ""
    assist_units: Codes = Field(default_factory=list)
    why: Line = Field("", description="Why this unit, where one is chosen by hand.")


class RedispatchIn(MoveIn):
    unit: Key
    why: Line
    limit: Code = ""


class ConsultIn(MoveIn):
    units: Codes
    question: Said


class OpinionIn(MoveIn):
    accepts: bool = Field(description="Whether the unit would take the case.")
    opinion: Said


class CloseConsultationIn(MoveIn):
    chosen: Key
    outcome: Said


class ObjectIn(MoveIn):
    reason: Key
    statement: Said


class DecideObjectionIn(MoveIn):
    upheld: bool
    opinion: Said
    unit: Code = ""
    limit: Code = ""


class ContactIn(MoveIn):
    reached: bool
    means: Contact.Means = Contact.Means.PHONE
    note: Words = ""


class ReportIn(MoveIn):
    report: Said


class FeedbackIn(MoveIn):
    result: Feedback.Result
    real: bool = Field(description="Whether things were as the caller described them.")
    answer: Said = Field(description="What the caller was answered.")
    legal_basis: Line = ""


class AskExtensionIn(MoveIn):
    reason: Key
    statement: Said
    amount: Annotated[int, Field(ge=1, le=1000)]
    unit_of_time: Key = Field(description="hour, natural_day or working_day.")
    caller_told_at: Moment | None = None


class DecideExtensionIn(MoveIn):
    granted: bool


class AskAssistIn(MoveIn):
    unit: Key
    matter: Words = ""
    limit: Code = ""


class AnswerAssistIn(MoveIn):
    assist_id: Id
    answer: Said


class WhistleIn(MoveIn):
    units: Codes
    matter: Said
    limit: Code = ""


class ReportWhistleIn(MoveIn):
    whistle_id: Id
    report: Said


class MarkWhistleIn(MoveIn):
    whistle_id: Id
    mark: Mark


class EscalateIn(MoveIn):
    to: Key
    matter: Said


class AnswerEscalationIn(MoveIn):
    escalation_id: Id
    answer: Said


class RedoIn(MoveIn):
    opinion: Said = Field(description="What is missing.")


class SuperviseIn(MoveIn):
    words: Said = Field(description="What is expected of the unit.")


class AnswerSupervisionIn(MoveIn):
    supervision_id: Id
    answer: Said


class MovedOut(BaseModel):
    """The case after a move, and the records that the move has made or ended."""

    case: CaseRow
    records: list[int] = Field(description="Their ids, as `list_records` has them.")


class RecordOut(BaseModel):
    """Something beside a case: a contact, an objection, a whistle ...

    `words` are shown to those who may reveal the person, with phones and the like hidden.
    """

    kind: str
    id: int
    unit: str | None
    at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    outcome: str
    words: dict[str, str]


class RecordsOut(BaseModel):
    """All that lies beside a case, by kind, each in its order."""

    items: list[RecordOut]
