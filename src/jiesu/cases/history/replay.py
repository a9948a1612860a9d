"""What a case's events say of its present: its columns, and the digests of what is personal.

A chain proves what was recorded. Here the record is played, so that `audit` can compare it with
the rows as they are; that of the records beside the case in `record_replay`. Pure: of events as
they were read. What events hold: docs/history.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jiesu.cases.history.events import plain
from jiesu.cases.history.record_replay import Records
from jiesu.cases.history.record_tables import DISPATCHES
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

_STATE_OF = {kind: State(kind).value for kind in ("received", "classified", "dispatched")}
_TOLD = frozenset({"answered", "referred", "declined"})


@dataclass(slots=True)
class Replay:
    """What the events of one case say, up to the last that was added."""

    columns: dict[str, object] = field(default_factory=lambda: dict(UNSET))
    digests: dict[str, str] = field(default_factory=dict)
    """The last digest of `person.name`, `title`, `body`, `answer`; without those made empty."""
    beside: Records = field(default_factory=Records)
    """The records that events tell of."""
    erased: set[str] = field(default_factory=set)
    """Which parts were erased: `person`, `text`, `attachments`."""
    imported: bool = False

    def add(
        self, seq: int, kind: str, at: datetime, changes: Mapping[str, Any], models: set[str]
    ) -> None:
        """Play one event; they come in their order. `models` are the names of records' tables."""
        due_at = self.columns["due_at"]
        for name, value in changes.items():
            # A list of two that is named like a column is [before, after], whatever happened.
            if name in COLUMNS and type(value) is list and len(value) == 2:
                self.columns[name] = value[1]
        if kind == "received":
            self._received(changes)
            self.columns["created_at"] = plain(at)
        if kind in DISPATCHES:
            self._sent(at, changes)
        # A demand comes with its category, or gets it later.
        is_classified = "category" in changes and kind in ("received", "classified")
        if is_classified:
            self.columns.update(zip(LEVELS, changes["category"], strict=False))
        if kind == "answered" and "state" not in changes:
            self._repeated(at, changes)
        elif "state" not in changes and kind in _STATE_OF:
            self.columns["state"] = _STATE_OF["classified" if is_classified else kind]
        if kind == "imported":
            self.imported = True
        if kind == "erased":
            self.erased.update(changes["parts"])
        words, lead = self._digests(kind, changes), self.columns["unit"]
        self.beside.add(seq, kind, at, changes, lead=lead, words=words, models=models)
        if self.columns["due_at"] not in (None, due_at):
            self.beside.postponed(self.columns["due_at"], lead)

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

    def _digests(self, kind: str, changes: Mapping[str, Any]) -> dict[str, str]:
        """Keep the digests of the case's own words; those of its records' are given."""
        said = {name: value for name, value in changes.items() if type(value) is dict}
        if kind in ("received", "amended", "imported", "reimported"):
            for name, value in said.pop("person", {}).items():
                self._last(f"person.{name}", value)
            for name in ("title", "body"):
                if name in said:
                    self._last(name, said.pop(name))
        if kind in _TOLD and "answer" in said:
            self._last("answer", said.pop("answer"))
        return {name: value["digest"] for name, value in said.items() if value.keys() == {"digest"}}

    def _last(self, name: str, value: Mapping[str, str]) -> None:
        if "digest" in value:
            self.digests[name] = value["digest"]
        else:
            self.digests.pop(name, None)


def played(
    events: Iterable[tuple[int, str, datetime, Mapping[str, Any]]], models: set[str]
) -> Replay:
    """The replay of a case's events: number, kind, instant and changes of each."""
    replay = Replay()
    for seq, kind, at, changes in events:
        replay.add(seq, kind, at, changes, models)
    return replay
