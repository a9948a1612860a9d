"""Of which records events tell, how they call them, and what each kind of event says of one.

Tables alone; they are played in `record_replay`. An event calls a record by the database's key
under the name of its table, if nothing else is said here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Key = int | str

NUMBERED: Mapping[str, str] = {
    "callback": "round", "disclosure": "seq", "dispatch": "number", "redo": "number",
}  # fmt: skip
"""Records that events call by their number in the case, and the column that holds it."""

NOT_ANSWERED: Mapping[str, object] = {
    "state": "due",
    "n_attempts": 0,
    "ended_at": None,
    "contacted": None,
    "resolved": "",
    "satisfaction": "",
    "void": False,
}
"""What a call-back is before any event has answered it: by its answers units are ranked."""

CALLED = ("due", "attempting")
"""The states of a call-back that has not ended."""

SAID_AS: Mapping[str, Mapping[str, str]] = {
    "assist": {"unit": "assist_unit"},
    "attachment": {"unit": "evidence_of"},
    "callback": {"unit": "of", "due_at": "fell_due_at"},
    "claim": {"unit": "of", "kind": "claimed"},
    "supervision": {"unit": "of"},
    "whistle": {"unit": "called"},
}
"""Columns of records that events call by another name."""

DISPATCHES = frozenset({"dispatched", "redispatched", "redone"})
"""The kinds of events with which a dispatch begins."""

HELP = ("assist", "whistle")
"""Records that may be due with the lead's result; an event that moves it names them in `help`."""

GIVEN: Mapping[str, tuple[str, str]] = {
    "assists": ("assist", "unit"),
    "escalations": ("escalation", "to"),
    "whistles": ("whistle", "unit"),
    "whistles_blown": ("whistle", "street"),
}
"""The records of a merged unit whose keys the event lists, and the column that names the unit."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a kind of event says of one record by being of that kind."""

    model: str
    when: tuple[str, ...] = ()
    """The columns that hold the instant of the event."""
    values: Mapping[str, object] = field(default_factory=dict)
    lead: str = ""
    """The column that holds the unit that had the case."""


_ENDED = ("ended_at",)
_DECIDED = ("decided_at",)
_WHISTLE: Mapping[str, object] = dict.fromkeys(
    ("reported_at", "ended_at", "mark_of_unit", "mark_of_street")
)

TOLD: Mapping[str, Told] = {
    "assist_answered": Told("assist", ("answered_at",)),
    "assist_asked": Told("assist", ("asked_at",), {"answered_at": None}),
    "attached": Told("attachment", ("added_at",), {"erased_at": None}),
    "attachment_erased": Told("attachment", ("erased_at",)),
    "callback_attempted": Told("callback", values={"state": "attempting"}),
    "callback_done": Told("callback", _ENDED, {"state": "done"}),
    "callback_due": Told("callback"),
    "callback_invalid": Told("callback", _ENDED, {"state": "invalid"}),
    "callback_not_sampled": Told("callback", values={"state": "not_sampled"}),
    "claim_decided": Told("claim", _DECIDED),
    "claim_lapsed": Told("claim", _ENDED, {"state": "withdrawn"}),
    "claim_reviewed": Told("claim", ("reviewed_at",)),
    "claim_withdrawn": Told("claim", values={"state": "withdrawn"}),
    "claimed": Told(
        "claim",
        ("claimed_at",),
        {"state": "claimed", "reviewed_at": None, "decided_at": None, "ended_at": None},
    ),
    "consultation_closed": Told("consultation", ("closed_at",)),
    "consultation_lapsed": Told("consultation", ("closed_at",)),
    "consultation_opened": Told(
        "consultation", ("opened_at",), {"closed_at": None, "chosen": None}
    ),
    "contact_recorded": Told("contact", ("at",), lead="unit"),
    "escalated": Told("escalation", ("at",), {"answered_at": None}, lead="unit"),
    "escalation_answered": Told("escalation", ("answered_at",)),
    "exported": Told("disclosure", ("at",), {"kind": "exported"}),
    "extension_asked": Told("extension", ("asked_at",), {"granted": None, "decided_at": None}),
    "extension_granted": Told("extension", _DECIDED, {"granted": True}),
    "extension_lapsed": Told("extension", _DECIDED),
    "extension_refused": Told("extension", _DECIDED, {"granted": False}),
    "feedback_submitted": Told("feedback", ("at",), {"interim": False}, lead="unit"),
    "interim_reported": Told("feedback", ("at",), {"interim": True}, lead="unit"),
    "objected": Told(
        "objection",
        ("raised_at",),
        {"kind": "objection", "upheld": None, "decided_at": None},
    ),
    "objection_lapsed": Told("objection", _DECIDED),
    "objection_refused": Told("objection", _DECIDED, {"upheld": False}),
    "objection_upheld": Told("objection", _DECIDED, {"upheld": True}),
    "opinion_given": Told("opinion", ("at",)),
    "parking_ended": Told("claim", _ENDED),
    "redone": Told("redo", ("at",)),
    "returned": Told("objection", ("raised_at", "decided_at"), {"kind": "return", "upheld": None}),
    "revealed": Told("disclosure", ("at",), {"kind": "revealed"}),
    "supervision_answered": Told("supervision", ("answered_at",)),
    "supervision_raised": Told("supervision", ("raised_at",), {"answered_at": None}),
    "whistle_blown": Told("whistle", ("blown_at",), _WHISTLE, lead="street"),
    "whistle_ended": Told("whistle", _ENDED),
    "whistle_marked": Told("whistle"),
    "whistle_reported": Told("whistle", ("reported_at",)),
}
"""By kind of event."""


def key_of(model: str, changes: Mapping[str, Any], seq: int) -> Key | None:
    """How the event with a number calls its record of a table; `None` where it names none."""
    match model:
        case "callback":
            return changes.get("round")
        case "disclosure":
            return seq
        case "opinion":
            return opinion_key(changes["consultation"], changes["unit"])
        case "supervision":
            return supervision_key(changes["rule"], changes["occasion"])
        case _:
            return changes.get(model)


def attempt_key(callback: int, number: int) -> str:
    """An attempt, by the round of its call-back and its number in it."""
    return f"{callback}/{number}"


def opinion_key(consultation: int, unit: str) -> str:
    """An opinion, by its consultation and the code of the unit that is asked."""
    return f"{consultation}/{unit}"


def supervision_key(rule: str, occasion: int) -> str:
    """Supervision, by its rule and for the how-manyth time; by hand it has no rule."""
    return f"{rule}/{occasion}"


def chosen(kind: str, changes: Mapping[str, Any]) -> Mapping[str, object]:
    """The columns of a record that follow from what was chosen: a mark, a decision."""
    match kind:
        case "claim_reviewed":
            return {"state": "supported" if changes["supported"] else "refused"}
        case "claim_decided":
            return {"state": "approved" if changes["approved"] else "refused"}
        case "whistle_ended":
            return {"mark_of_unit": changes["mark"]}
        case "whistle_marked":
            return {"mark_of_street": changes["mark"]}
        case _:
            return {}
