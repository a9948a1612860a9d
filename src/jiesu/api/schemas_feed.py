"""The feed, webhooks and keys: what goes in and out."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from jiesu.api.schemas import NO_NUL, CallbackOut, CaseRow, In, Line, Moment
from jiesu.api.schemas_moves import Key

Url = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]


class FeedEvent(BaseModel):
    """Something that happened to a case while it was one's own, or its going."""

    id: int
    number: str
    kind: str
    at: datetime


class FeedCase(CaseRow):
    """A case of the feed as it stands now, with its call-backs that have ended."""

    n_month: int
    n_year: int
    signed_at: datetime | None
    contacted_at: datetime | None
    disposition: str
    exclusion_reason: str
    callbacks: list[CallbackOut]


class FeedOut(BaseModel):
    """A stretch of the feed."""

    events: list[FeedEvent] = Field(description="In order.")
    cases: list[FeedCase] = Field(description="Each case of these events that is still one's own.")
    next: str = Field(description="Where to go on: keep it, also when nothing was new.")
    more: bool = Field(description="There is more already.")


class WebhookIn(In):
    """An address that is to be told of events."""

    url: Url
    kinds: Annotated[list[Key], Field(max_length=50)] = Field(
        default_factory=list, description="Kinds of events; none means all."
    )


class WebhookOut(BaseModel):
    """A webhook of one's own."""

    id: int
    url: str
    kinds: list[str]
    active: bool
    key: str = Field(
        description="The prefix of the key that registered it and with which it ends; may be empty."
    )
    created_at: datetime
    waiting: int = Field(description="Events that are yet to be delivered.")
    given_up: int = Field(description="Events that could not be delivered: replay them.")


class WebhookMade(BaseModel):
    """A new webhook, with the secret of its signatures, which is told this once."""

    webhook: WebhookOut
    secret: str


class WebhooksOut(BaseModel):
    """One's webhooks."""

    items: list[WebhookOut]


class DeliveryOut(BaseModel):
    """An event on its way to a webhook."""

    event: int
    kind: str
    number: str
    n_attempts: int
    status: str
    next_at: datetime | None
    delivered_at: datetime | None


class DeliveryPage(BaseModel):
    """Deliveries, the newest event first."""

    items: list[DeliveryOut]
    next: str | None


class ReplayIn(In):
    """From where to tell again."""

    after_event: Annotated[int, Field(ge=0, le=2**63 - 1)] = Field(
        description="The id of the last event that arrived; 0: all."
    )


class KeyIn(In):
    """A key that is to be made."""

    username: Line = Field(description="As whom it acts.")
    name: Line = Field(description="What it is for.")
    scopes: Annotated[list[Key], Field(max_length=50)]
    expires_at: Moment | None = None


class KeyOut(BaseModel):
    """A key; its text is not kept."""

    id: int
    username: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyMade(BaseModel):
    """A new key with its text, which is told this once."""

    key: KeyOut
    text: str


class KeyPage(BaseModel):
    """Keys, the newest first."""

    items: list[KeyOut]
    next: str | None
