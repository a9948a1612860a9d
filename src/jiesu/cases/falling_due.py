"""What comes up by itself with cases whose moments have come: call-backs and supervision.

The one place where it is made, for the sweep in batches and for one case before somebody changes
it (`change.changing`): so what falls due does not depend on when the worker came by. Everything is
worked out from rows alone, so it may be killed and begun again. When moments come is in `moments`;
rules: docs/methods/call-back.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

from jiesu.cases.actor import Actor
from jiesu.cases.callback_queue import draw
from jiesu.cases.history.events import Changes, chained
from jiesu.cases.insertion import insert_many, made, update_many
from jiesu.cases.models import (
    Callback,
    Case,
    Consultation,
    Dispatch,
    Event,
    Extension,
    Objection,
    Supervision,
    Unit,
)
from jiesu.cases.moments import Moment, can_be_called, moments, next_sweep_at
from jiesu.cases.rulebook import rulebook
from jiesu.core.desk import CallbackRules, SupervisionRule
from jiesu.core.lifecycle import AT_WORK, HANDLING, CallbackState, State, moved

SWEEP = Actor.system("sweep")

WRITTEN = ("state", "ended_at", "version", "n_events", "head", "exported", "next_sweep_at")
"""The fields of a case that are changed here."""

NEEDED = (
    *WRITTEN, "number", "caller", "anonymous", "unit_id", "rules_id", "contacted_at",
    "contact_due_at", "due_at", "paused_since", "n_redos", "n_returns", "round",
)  # fmt: skip
"""What a case is to be read with."""


OPEN_REQUESTS: tuple[tuple[type[Model], str], ...] = (
    (Objection, "decided_at"),
    (Extension, "decided_at"),
    (Consultation, "closed_at"),
)
"""What was asked and not decided, and what ends it: it lapses when its case closes."""


@dataclass
class Fallen:
    """What came up with some cases."""

    callbacks: list[Callback] = field(default_factory=list)
    supervisions: list[Supervision] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    closed: list[Case] = field(default_factory=list)


def catch_up(case: Case, as_of: datetime) -> None:
    """Let come up what has by `as_of`, with a case that the caller has locked."""
    if case.next_sweep_at is not None and case.next_sweep_at <= as_of:
        fall_due([case], as_of)


def fall_due(cases: Sequence[Case], as_of: datetime) -> Fallen:
    """Let come up, and save, what has by `as_of`, with cases that the caller has locked.

    They were read with at least `NEEDED`. A handful of statements, however many cases.
    """
    batch = _Batch(cases, as_of)
    for case in cases:
        batch.look_at(case)
    for model, end in OPEN_REQUESTS:
        keys = [pk for case in batch.made.closed for pk in batch.requests[model].get(case.pk, ())]
        if keys:
            model._default_manager.filter(pk__in=keys).update(**{end: as_of})
    insert_many(batch.made.callbacks)
    insert_many(batch.made.supervisions)
    insert_many(batch.made.events)
    update_many(cases, WRITTEN)
    return batch.made


class _Batch:
    """Some cases, with the rows that were made of them before."""

    def __init__(self, cases: Sequence[Case], as_of: datetime) -> None:
        keys = [case.pk for case in cases]
        self.as_of, self.made, self.book = as_of, Fallen(), rulebook()
        self.units = {unit.pk: unit for unit in self.book.units.values()}
        rounds = _of(Callback, keys).values_list("case_id", "round", "state")
        self.rounds = {(case, number): CallbackState(state) for case, number, state in rounds}
        self.raised = set(_of(Supervision, keys).values_list("case_id", "rule", "occasion"))
        dispatches = _of(Dispatch, keys).filter(ended_at=None)
        self.dispatches: dict[int, int] = dict(dispatches.values_list("case_id", "number"))
        self.requests = {model: _open_requests(model, end, keys) for model, end in OPEN_REQUESTS}

    def look_at(self, case: Case) -> None:
        if case.rules_id is None:
            case.next_sweep_at = None
            return
        rules = self.book.rules_of(case.rules_id)
        happened: list[tuple[str, Changes]] = []
        for moment in moments(case, rules):
            # A call-back that nobody can answer has closed the case: nothing comes after it.
            if moment.at > self.as_of or case.state not in HANDLING:
                break
            happened += self._come(case, moment, rules.callback)
        if happened:
            self.made.events += chained(case, SWEEP, self.as_of, happened)
            case.version += 1
            case.exported = False
        case.next_sweep_at = next_sweep_at(case, rules, self.as_of, after=self.as_of)

    def _come(
        self, case: Case, moment: Moment, rules: CallbackRules
    ) -> Iterable[tuple[str, Changes]]:
        if moment.rule is not None:
            yield from self._supervise(case, moment.rule)
            return
        state = self.rounds.get((case.pk, case.round))
        if state is None:
            state, event = self._call_back(case, rules)
            yield event
        # Without the resident's word the case waits for the unit's.
        if state is CallbackState.NOT_SAMPLED and case.state not in AT_WORK:
            yield "closed", self._close(case)
        if case.state == State.CLOSED:
            yield from self._lapse(case)

    def _supervise(self, case: Case, rule: SupervisionRule) -> Iterable[tuple[str, Changes]]:
        counted = rule.event in ("redo", "returned")
        occasion = 1 if counted else self.dispatches.get(case.pk, 1)
        if (case.pk, rule.key, occasion) in self.raised:
            return
        self.made.supervisions.append(
            made(
                Supervision,
                case_id=case.pk,
                unit_id=_unit_id(case),
                rule=rule.key,
                occasion=occasion,
                raised_at=self.as_of,
            )
        )
        said = {"rule": rule.key, "occasion": occasion, "of": self._unit(case)}
        yield "supervision_raised", said

    def _call_back(
        self, case: Case, rules: CallbackRules
    ) -> tuple[CallbackState, tuple[str, Changes]]:
        assert case.due_at is not None
        callback = made(
            Callback,
            case_id=case.pk,
            round=case.round,
            unit_id=_unit_id(case),
            state=CallbackState.DUE.value,
            due_at=case.due_at,
            next_at=case.due_at,
        )
        self.made.callbacks.append(callback)
        said: dict[str, Any] = {
            "round": case.round,
            "of": self._unit(case),
            "fell_due_at": case.due_at,
        }
        if not can_be_called(case):
            callback.ended_at, callback.ended_by = self.as_of, SWEEP.name
            callback.state = CallbackState.INVALID.value
            said |= {"why": "nobody_to_call", **self._close(case)}
            return CallbackState.INVALID, ("callback_invalid", said)
        # What was done again is always asked about.
        if case.round == 1 and 0 <= rules.sample_percent < 100:
            drawn = draw(case.number)
            said |= {"sample_percent": rules.sample_percent, "drawn": drawn}
            if drawn >= rules.sample_percent:
                callback.state = CallbackState.NOT_SAMPLED.value
                return CallbackState.NOT_SAMPLED, ("callback_not_sampled", said)
        return CallbackState.DUE, ("callback_due", said)

    def _close(self, case: Case) -> Changes:
        before = case.state, case.ended_at
        case.state, case.ended_at = moved("close", case.state).value, self.as_of
        self.made.closed.append(case)
        return {"state": [before[0], State.CLOSED.value], "ended_at": [before[1], self.as_of]}

    def _lapse(self, case: Case) -> Iterable[tuple[str, Changes]]:
        for model, rows in self.requests.items():
            name = str(model._meta.model_name)
            for key in rows.get(case.pk, ()):
                yield f"{name}_lapsed", {name: key}

    def _unit(self, case: Case) -> Unit | None:
        return self.units.get(case.unit_id or 0) or case.unit


def _unit_id(case: Case) -> int:
    """Moments come only while a unit has the case."""
    assert case.unit_id is not None
    return case.unit_id


def _of(model: type[Model], keys: Sequence[int]) -> QuerySet[Any]:
    """The rows of some cases: the keys as one value, for hundreds are a long statement."""
    column = f"{connection.ops.quote_name(model._meta.db_table)}.case_id"
    rows = model._default_manager.order_by()
    if connection.vendor == "postgresql":
        return rows.extra(where=[f"{column} = ANY(%s)"], params=[list(keys)])
    among = f"{column} IN (SELECT value FROM json_each(%s))"
    return rows.extra(where=[among], params=[str(list(keys))])


def _open_requests(model: type[Model], end: str, keys: Sequence[int]) -> dict[int, list[int]]:
    """The open requests of some cases: their keys by that of the case."""
    found: dict[int, list[int]] = {}
    rows = _of(model, keys).filter(**{end: None}).order_by("pk")
    for case, key in rows.values_list("case_id", "pk"):
        found.setdefault(case, []).append(key)
    return found
