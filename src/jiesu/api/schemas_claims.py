"""Claims: what units, districts and the city send, and what they are shown."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from jiesu.api.schemas import In, Said
from jiesu.api.schemas_moves import Key, MoveIn
from jiesu.cases.models import Claim


class ClaimIn(MoveIn):
    """What a unit claims of a case, and why."""

    kind: Claim.Kind
    reason: Key = Field(description="A key of the catalogue of that kind.")
    evidence: Said


class EndParkingIn(MoveIn):
    """Why a parked case goes on."""

    why: Said


class WithdrawIn(In):
    """Nothing: {}."""

    def arguments(self) -> dict[str, Any]:
        return {}


class ReviewIn(In):
    """What the district says of a claim."""

    supports: bool
    opinion: Said

    def arguments(self) -> dict[str, Any]:
        return {"supports": self.supports, "opinion": self.opinion}


class DecideIn(In):
    """What the city decides of a claim, having seen its effect."""

    approves: bool
    opinion: Said

    def arguments(self) -> dict[str, Any]:
        return {"approves": self.approves, "opinion": self.opinion}


class ClaimOut(BaseModel):
    """A claim. Its words are among the records of the case (`list_records`)."""

    id: int
    number: str = Field(description="Of the case.")
    kind: str
    unit: str
    state: str
    reason: str
    claimed_at: datetime
    reviewed_at: datetime | None
    decided_at: datetime | None
    ended_at: datetime | None


class ClaimPage(BaseModel):
    """Claims, the newest first."""

    items: list[ClaimOut]
    next: str | None


class EffectOut(BaseModel):
    """What a claim would do to its unit's figures (docs/methods/claims.md)."""

    claim: int
    effect: dict[str, object]


ClaimState = Literal["claimed", "supported", "approved", "refused", "withdrawn"]
