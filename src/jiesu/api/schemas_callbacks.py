"""Call-backs: what clerks and residents send, what they are shown."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from jiesu.api.schemas import CallbackOut, CaseRow, In, Words
from jiesu.api.schemas_moves import MoveIn
from jiesu.cases.actions.callbacks import Answers
from jiesu.cases.models import Attempt, Callback


class AnswersIn(In):
    """The three questions, all answered, and what else was said."""

    contacted: bool = Field(description="Whether the unit made contact.")
    resolved: Callback.Resolved
    satisfaction: Callback.Satisfaction
    words: Words = ""

    @property
    def answers(self) -> Answers:
        """The answers as the action takes them."""
        return Answers(
            contacted=self.contacted,
            resolved=self.resolved.value,
            satisfaction=self.satisfaction.value,
            words=self.words,
        )


class CallbackIn(AnswersIn, MoveIn):
    """A call-back as its clerk writes it down."""

    means: Literal["phone", "sms", "network"] = "phone"

    def arguments(self) -> dict[str, Any]:
        return {"answers": self.answers, "means": self.means}


class AttemptIn(MoveIn):
    """How a call went."""

    outcome: Attempt.Outcome


class DueCallback(BaseModel):
    """A call-back that may be made now, with its case."""

    case: CaseRow
    callback: CallbackOut
    next_at: datetime = Field(description="Not before this moment.")
    taken: bool = Field(description="Somebody has taken it just now.")


class DuePage(BaseModel):
    """Call-backs, the oldest first."""

    items: list[DueCallback]
    next: str | None


class CallbacksOut(BaseModel):
    """The call-backs of a case that one may see, by round."""

    items: list[CallbackOut]


class LinkOut(BaseModel):
    """A link by which the resident answers alone; it is told this once."""

    token: str
    url: str = Field(description="Empty where the site has no public address.")
