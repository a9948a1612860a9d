"""What a case's events say of its present: its columns, and the digests of what is personal.

A chain proves what was recorded. Here the record is played, so that `audit` can compare it with
the rows as they are. Pure: of events as they were read. What events hold: docs/history.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jiesu.cases.history.events import plain
from jiesu.core.lifecycle import State

UNSET: Mapping[str, object] = {
    "unit": None,
    "limit": "",
    "contact_due_at": None,
    "due_at": None,
    "paused_since": None,
    "dispatched_at": None,
    "signed_at": None,
    "contacted_at": None,
    "feedback_at": None,
    "on_time": None,
    "ended_at": None,
    "n_redos": 0,
    "n_returns": 0,
    "round": 1,
    "parked": False,
    "excluded": False,
    "exclusion_reason": "",
    "repeat_of": None,
    "disposition": "",
}
"""Columns that events alone change, with what they are before any event."""

AT_INTAKE = (
    "channel", "kind", "district", "labels", "urgent", "anonymous", "confidential", "on_behalf",
    "enterprise", "n_month", "n_year",
)  # fmt: skip
"""Columns of which the first event says what they are."""

SENT = ("unit", "limit", "contact_due_at", "due_at")
"""Columns that the event of a dispatch names with one value, not with [before, after]."""

LEVELS = ("category_1", "category_2", "category_3")
PERSON = ("name", "phone", "email", "company", "address")

COLUMNS = frozenset(
    {*UNSET, *AT_INTAKE, *LEVELS, "state", "place", "community", "provisional", "created_at"}
)  # fmt: skip
"""Columns that are compared where an event has said what they are."""

NUMBERED: Mapping[str, str] = {"callback": "round", "dispatch": "number", "redo": "number"}
"""Records that events call by their number in the case, and the column that holds it."""

WHEN: Mapping[str, tuple[str, str]] = {
    "assist_answered": ("assist", "answered_at"),
    "assist_asked": ("assist", "asked_at"),
    "attached": ("attachment", "added_at"),
    "attachment_erased": ("attachment", "erased_at"),
    "callback_done": ("callback", "ended_at"),
    "callback_invalid": ("callback", "ended_at"),
    "claim_decided": ("claim", "decided_at"),
    "claim_reviewed": ("claim", "reviewed_at"),
    "claimed": ("claim", "claimed_at"),
    "contact_recorded": ("contact", "at"),
    "escalated": ("escalation", "at"),
    "escalation_answered": ("escalation", "answered_at"),
    "extension_asked": ("extension", "asked_at"),
    "extension_granted": ("extension", "decided_at"),
    "extension_lapsed": ("extension", "decided_at"),
    "extension_refused": ("extension", "decided_at"),
    "feedback_submitted": ("feedback", "at"),
    "interim_reported": ("feedback", "at"),
    "objected": ("objection", "raised_at"),
    "objection_lapsed": ("objection", "decided_at"),
    "objection_refused": ("objection", "decided_at"),
    "objection_upheld": ("objection", "decided_at"),
    "returned": ("objection", "raised_at"),
    "whistle_blown": ("whistle", "blown_at"),
    "whistle_ended": ("whistle", "ended_at"),
    "whistle_reported": ("whistle", "reported_at"),
}
"""Of which record and column the instant of an event speaks."""

HELP = ("assist", "whistle")
"""Records that may be due with the lead's result; an event that moves it names them in `help`."""

NOT_ANSWERED: Mapping[str, object] = {
    "state": "due",
    "contacted": None,
    "resolved": "",
    "satisfaction": "",
    "void": False,
}
"""What a call-back is before any event has answered it: by its answers units are ranked."""

_CALLBACK_STATE = {
    "callback_attempted": "attempting",
    "callback_done": "done",
    "callback_invalid": "invalid",
    "callback_not_sampled": "not_sampled",
}
_STATE_OF = {kind: State(kind).value for kind in ("received", "classified", "dispatched")}
_DISPATCHES = frozenset({"dispatched", "redispatched", "redone"})
_PLAIN = (str, int, bool, type(None))
_TOLD = frozenset({"answered", "referred", "declined"})


@dataclass(slots=True)
class Replay:
    """What the events of one case say, up to the last that was added."""

    columns: dict[str, object] = field(default_factory=lambda: dict(UNSET))
    digests: dict[str, str] = field(default_factory=dict)
    """The last digest of `person.name`, `title`, `body`, `answer`; without those made empty."""
    words: dict[tuple[str, int, str], str] = field(default_factory=dict)
    """The digest of a record's words by model, key and field, where the event names the record:
    by the database's key, or by its number in the case (`NUMBERED`)."""
    loose: set[tuple[str, str]] = field(default_factory=set)
    """(field, digest) of all words of records."""
    records: dict[tuple[str, int], dict[str, object]] = field(default_factory=dict)
    """The records that events name by model and key, with the last of each plain value that was
    said in such an event."""
    erased: set[str] = field(default_factory=set)
    """Which parts were erased: `person`, `text`, `attachments`."""

    def add(self, kind: str, at: datetime, changes: Mapping[str, Any], models: set[str]) -> None:
        """Play one event; they come in their order. `models` are the names of records' tables."""
        for name, value in changes.items():
            # A list of two that is named like a column is [before, after], whatever happened.
            if name in COLUMNS and type(value) is list and len(value) == 2:
                self.columns[name] = value[1]
        if kind == "received":
            self._received(changes)
            self.columns["created_at"] = plain(at)
        if kind in _DISPATCHES:
            self._sent(at, changes)
        # A demand comes with its category, or gets it later.
        is_classified = "category" in changes and kind in ("received", "classified")
        if is_classified:
            self.columns.update(zip(LEVELS, changes["category"], strict=False))
        if kind == "answered" and "state" not in changes:
            self._repeated(at, changes)
        elif "state" not in changes and kind in _STATE_OF:
            self.columns["state"] = _STATE_OF["classified" if is_classified else kind]
        if kind == "erased":
            self.erased.update(changes["parts"])
        self._digests(kind, at, changes, models)

    def _received(self, changes: Mapping[str, Any]) -> None:
        for name in AT_INTAKE:
            if name in changes:
                self.columns[name] = changes[name]
        for name in ("place", "community"):
            # Without a street the community's own stands in the column.
            if changes.get(name):
                self.columns[name] = changes[name]

    def _sent(self, at: datetime, changes: Mapping[str, Any]) -> None:
        for name in SENT:
            if name in changes and type(changes[name]) is not list:
                self.columns[name] = changes[name]
        if self.columns["dispatched_at"] is None:
            self.columns["dispatched_at"] = plain(at)

    def _repeated(self, at: datetime, changes: Mapping[str, Any]) -> None:
        """A demand that was answered at intake because it repeats another."""
        self.columns.update(
            state=State.ANSWERED.value,
            disposition="repeat",
            ended_at=plain(at),
            repeat_of=changes.get("repeat_of"),
        )

    def _digests(
        self, kind: str, at: datetime, changes: Mapping[str, Any], models: set[str]
    ) -> None:
        said = {name: value for name, value in changes.items() if type(value) is dict}
        if kind in ("received", "amended", "imported", "reimported"):
            for name, value in said.pop("person", {}).items():
                self._last(f"person.{name}", value)
            for name in ("title", "body"):
                if name in said:
                    self._last(name, said.pop(name))
        if kind in _TOLD and "answer" in said:
            self._last("answer", said.pop("answer"))
        words = {
            name: value["digest"] for name, value in said.items() if value.keys() == {"digest"}
        }
        self.loose.update(words.items())
        for model in models.intersection(changes):
            if type(changes[model]) is int:
                self._record(model, changes[model], changes, words)
        for model in HELP if "help" in changes else ():
            for key in changes["help"][model]:
                record = self.records.setdefault((model, key), {})
                record["due_at"] = changes["help"]["due_at"]
        self._callbacks(kind, changes, words)
        self._files(kind, at, changes, words)
        if kind in WHEN:
            model, column = WHEN[kind]
            key = changes["round" if model == "callback" else model]
            self.records.setdefault((model, key), {})[column] = plain(at)

    def _files(
        self, kind: str, at: datetime, changes: Mapping[str, Any], words: Mapping[str, str]
    ) -> None:
        """Attached files: what was added, and when it was erased with all others."""
        if kind == "attached":
            self._record("attachment", changes["attachment"], changes, words)
            self.records["attachment", changes["attachment"]]["erased_at"] = None
        elif kind == "erased" and "attachments" in changes["parts"]:
            for (model, _), file in self.records.items():
                if model == "attachment" and file["erased_at"] is None:
                    file["erased_at"] = plain(at)

    def _callbacks(self, kind: str, changes: Mapping[str, Any], words: Mapping[str, str]) -> None:
        """Call-backs, which events call by their round."""
        if kind.startswith("callback_") and type(changes.get("round")) is int:
            self._callback(changes["round"])
            self._record("callback", changes["round"], changes, words)
            if kind in _CALLBACK_STATE:
                self._callback(changes["round"])["state"] = _CALLBACK_STATE[kind]
        if "voided" in changes:
            self._callback(changes["voided"])["void"] = True
        # Of an imported case one event tells all that had been answered by then.
        for told in changes.get("callbacks", ()):
            answers = {name: told[name] for name in NOT_ANSWERED if name in told}
            self._callback(told["round"]).update(answers)

    def _callback(self, number: int) -> dict[str, object]:
        return self.records.setdefault(("callback", number), dict(NOT_ANSWERED))

    def _record(
        self, model: str, key: int, changes: Mapping[str, Any], words: Mapping[str, str]
    ) -> None:
        """What an event says of the record that it names."""
        record = self.records.setdefault((model, key), {})
        record.update({name: value for name, value in changes.items() if type(value) in _PLAIN})
        self.words.update({(model, key, name): digest for name, digest in words.items()})

    def _last(self, name: str, value: Mapping[str, str]) -> None:
        if "digest" in value:
            self.digests[name] = value["digest"]
        else:
            self.digests.pop(name, None)


def played(events: Iterable[tuple[str, datetime, Mapping[str, Any]]], models: set[str]) -> Replay:
    """The replay of a case's events: kind, instant and changes of each."""
    replay = Replay()
    for kind, at, changes in events:
        replay.add(kind, at, changes, models)
    return replay
