"""The desk's tables, by theme. What may be done with them is in `jiesu.cases.actions`."""

from jiesu.cases.models.case import Attachment, Case, CasePrivate, SearchTerm
from jiesu.cases.models.figures import PeriodFigures
from jiesu.cases.models.handling import (
    Assist,
    Consultation,
    Contact,
    Escalation,
    Feedback,
    Opinion,
    Whistle,
)
from jiesu.cases.models.history import Disclosure, Event, Seal
from jiesu.cases.models.outbox import Counter, Delivery, Lease, Webhook
from jiesu.cases.models.people import ApiKey, Role, User
from jiesu.cases.models.places import Category, Place, Unit, UnitChange
from jiesu.cases.models.review import (
    Attempt,
    Callback,
    CallbackLink,
    Claim,
    Redo,
    Supervision,
)
from jiesu.cases.models.routing import DeadlineChange, Dispatch, Extension, Objection, Pause
from jiesu.cases.models.rules import DirectoryEntry, DirectoryVersion, RuleVersion

__all__ = [
    "ApiKey",
    "Assist",
    "Attachment",
    "Attempt",
    "Callback",
    "CallbackLink",
    "Case",
    "CasePrivate",
    "Category",
    "Claim",
    "Consultation",
    "Contact",
    "Counter",
    "DeadlineChange",
    "Delivery",
    "DirectoryEntry",
    "DirectoryVersion",
    "Disclosure",
    "Dispatch",
    "Escalation",
    "Event",
    "Extension",
    "Feedback",
    "Lease",
    "Objection",
    "Opinion",
    "Pause",
    "PeriodFigures",
    "Place",
    "Redo",
    "Role",
    "RuleVersion",
    "Seal",
    "SearchTerm",
    "Supervision",
    "Unit",
    "UnitChange",
    "User",
    "Webhook",
    "Whistle",
]
