"""What a case's events say of the records beside it: which there are, whose, when, with what words.

Played by `replay`, event by event; `case_audit` compares it with the rows. Pure. What each kind of
event says is in `record_tables`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jiesu.cases.history.events import plain
from jiesu.cases.history.record_tables import (
    CALLED,
    DISPATCHES,
    GIVEN,
    HELP,
    NOT_ANSWERED,
    SAID_AS,
    TOLD,
    Key,
    attempt_key,
    chosen,
    key_of,
    opinion_key,
)

_IMPORTS = frozenset({"imported", "reimported"})
_MADE_ANEW = frozenset({"dispatch", "assist", "callback"})
"""What an import writes beside a case, and the next one puts in its place."""
_PLAIN = (str, int, bool, type(None))
_ASSISTED = "assist_units"


@dataclass(slots=True)
class Records:
    """The records of one case, up to the last event that was added."""

    rows: dict[tuple[str, Key], dict[str, object]] = field(default_factory=dict)
    """Those that events name, by table and how they are called, with the last of each plain value
    that was said of them; units by their codes."""
    words: dict[tuple[str, Key, str], str] = field(default_factory=dict)
    """The digest of a record's words by table, key and field."""
    loose: set[tuple[str, str]] = field(default_factory=set)
    """(field, digest) of all words of records."""
    helping: list[str] = field(default_factory=list)
    """The units that were asked to help with a dispatch: no event calls these by a key."""
    n_dispatches: int = 0

    def add(
        self, seq: int, kind: str, at: datetime, changes: Mapping[str, Any], *,
        lead: object, words: Mapping[str, str], models: set[str],
    ) -> None:  # fmt: skip
        """Play one event; `lead` is the unit that has the case, now that it has happened."""
        self.loose.update(words.items())
        for model in models.intersection(changes):
            if type(changes[model]) is int:
                self._say(model, changes[model], changes, words)
        for model in HELP if "help" in changes else ():
            for key in changes["help"][model]:
                self._record(model, key)["due_at"] = changes["help"]["due_at"]
        self._tell(seq, kind, at, changes, lead, words)
        self._happen(kind, at, changes, lead)
        self._void_and_pauses(kind, at, changes)

    def _tell(
        self, seq: int, kind: str, at: datetime, changes: Mapping[str, Any], lead: object,
        words: Mapping[str, str],
    ) -> None:  # fmt: skip
        """What an event says of its record by its kind."""
        told = TOLD.get(kind)
        key = None if told is None else key_of(told.model, changes, seq)
        if told is None or key is None:
            return
        self._say(told.model, key, changes, words)
        record = self.rows[told.model, key]
        record.update(told.values)
        record.update(chosen(kind, changes))
        for column in told.when:
            record[column] = plain(at)
        if told.lead:
            record[told.lead] = lead

    def _happen(self, kind: str, at: datetime, changes: Mapping[str, Any], lead: object) -> None:
        """What an event does to records that it does not name, or to several."""
        if kind in DISPATCHES:
            self._dispatched(at, changes, lead)
        elif kind in _IMPORTS:
            self._imported(changes, lead)
        elif kind == "callback_attempted":
            self._attempted(at, changes)
        elif kind == "consultation_opened":
            self._asked(changes)
        elif kind == "returned":
            self._end_dispatch(at)
        elif kind == "unit_merged":
            self._handed_over(changes, lead)
        elif kind == "erased" and "attachments" in changes["parts"]:
            for file in self._of("attachment"):
                if file["erased_at"] is None:
                    file["erased_at"] = plain(at)

    def postponed(self, due_at: object, lead: object) -> None:
        """Open call-backs wait for a new limit, and will be about the unit that has the case."""
        for callback in self._of("callback"):
            if callback["state"] in CALLED:
                callback["due_at"] = due_at
                if lead is not None and "unit" in callback:
                    callback["unit"] = lead

    def _say(
        self, model: str, key: Key, changes: Mapping[str, Any], words: Mapping[str, str]
    ) -> None:
        """What an event says of the record that it names."""
        record = self._record(model, key)
        record.update({name: value for name, value in changes.items() if type(value) in _PLAIN})
        for column, name in SAID_AS.get(model, {}).items():
            if name in changes:
                record[column] = changes[name]
        self.words.update({(model, key, name): digest for name, digest in words.items()})

    def _record(self, model: str, key: Key) -> dict[str, object]:
        begun = NOT_ANSWERED if model == "callback" else {}
        return self.rows.setdefault((model, key), dict(begun))

    def _of(self, model: str) -> list[dict[str, object]]:
        return [record for (table, _), record in self.rows.items() if table == model]

    def _dispatched(self, at: datetime, changes: Mapping[str, Any], lead: object) -> None:
        self._end_dispatch(at)
        self.n_dispatches += 1
        self._say("dispatch", self.n_dispatches, changes, {})
        self._record("dispatch", self.n_dispatches).update(unit=lead, at=plain(at), ended_at=None)
        # Who helps already is not asked again.
        have = {assist.get("unit") for assist in self._of("assist")}.union(self.helping)
        self.helping += [code for code in changes.get(_ASSISTED, ()) if code not in have]

    def _end_dispatch(self, at: datetime) -> None:
        last = self.rows.get(("dispatch", self.n_dispatches))
        if last is not None and last["ended_at"] is None:
            last["ended_at"] = plain(at)

    def _imported(self, changes: Mapping[str, Any], lead: object) -> None:
        """Of an imported case one event tells all that had happened by then."""
        self.rows = {key: row for key, row in self.rows.items() if key[0] not in _MADE_ANEW}
        self.helping = list(changes.get(_ASSISTED, ()))
        self.n_dispatches = 0 if lead is None else 1
        if lead is not None:
            self.rows["dispatch", 1] = {"unit": lead, "ended_at": None}
        for told in changes.get("callbacks", ()):
            answers = {name: told[name] for name in NOT_ANSWERED if name in told}
            self._record("callback", told["round"]).update(answers, unit=lead)

    def _attempted(self, at: datetime, changes: Mapping[str, Any]) -> None:
        key = attempt_key(changes["round"], changes["attempt"])
        self.rows["attempt", key] = {"outcome": changes["outcome"], "at": plain(at)}
        self._record("callback", changes["round"])["n_attempts"] = changes["attempt"]

    def _asked(self, changes: Mapping[str, Any]) -> None:
        """The units whose opinion a consultation asks for, each a record of its own."""
        consultation = changes["consultation"]
        for code in changes["units"]:
            self.rows["opinion", opinion_key(consultation, code)] = {
                "consultation": consultation, "unit": code, "at": None, "accepts": None,
            }  # fmt: skip

    def _handed_over(self, changes: Mapping[str, Any], lead: object) -> None:
        """What was open of a merged unit is its successor's (`actions.units`)."""
        merged, into, given = changes["merged"], changes["into"], changes["records"]
        if lead == into:
            for callback in self._of("callback"):
                if callback["state"] in CALLED and callback.get("unit") == merged:
                    callback["unit"] = into
        for name, (model, column) in GIVEN.items():
            for key in given.get(name, ()):
                record = self._record(model, key)
                if model == "assist" and "unit" not in record and merged in self.helping:
                    self.helping.remove(merged)
                record[column] = into
        if "supervisions" in given:
            for supervision in self._of("supervision"):
                if supervision.get("unit") == merged and supervision.get("answered_at") is None:
                    supervision["unit"] = into
        if "opinions" in given:
            self._ask_instead(merged, into)

    def _ask_instead(self, merged: str, into: str) -> None:
        for opinion in self._of("opinion"):
            key = int(str(opinion["consultation"]))
            is_open = self.rows["consultation", key]["closed_at"] is None
            if is_open and opinion["unit"] == merged and opinion["at"] is None:
                del self.rows["opinion", opinion_key(key, merged)]
                self.rows["opinion", opinion_key(key, into)] = {**opinion, "unit": into}

    def _void_and_pauses(self, kind: str, at: datetime, changes: Mapping[str, Any]) -> None:
        if "voided" in changes:
            self._record("callback", changes["voided"])["void"] = True
        for pause in changes.get("paused", ()):
            self.rows["pause", pause["pause"]] = {**pause}
        for key in changes.get("resumed", ()):
            self._record("pause", key)["end"] = plain(at)
        # With its dispatch, and nobody's decision, ends what was parked in it.
        if changes.get("parked") == [True, False] and kind != "parking_ended":
            for claim in self._of("claim"):
                if (claim.get("kind"), claim.get("state")) == ("parking", "approved"):
                    claim["ended_at"] = claim.get("ended_at") or plain(at)
