"""Changing a case: one transaction, the case locked, permission asked, the history written.

Every action but the intake works inside `changing`. Leaves out what may be done when (`scopes`,
`core.lifecycle`) and what each action does (`actions`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from jiesu.cases.actor import Actor
from jiesu.cases.falling_due import catch_up
from jiesu.cases.history.events import Changes, chained
from jiesu.cases.models import Case, CasePrivate, Event
from jiesu.cases.moments import MOVED_BY, next_sweep_at
from jiesu.cases.refusals import NotFound, Stale
from jiesu.cases.rulebook import rulebook
from jiesu.cases.scopes import permit
from jiesu.cases.transaction import writing
from jiesu.core.lifecycle import State, moved
from jiesu.core.texts import Text

UNSEEN = frozenset({"callback_attempted", "callback_link_made"})
"""What happens on the way to a call-back's answers. It changes nothing that anybody but call-back
clerks sees, and so not the version: a unit must not learn from it that its case is being called."""


class Change:
    """A case while it is being changed. What is set is saved, once, when the block ends."""

    def __init__(self, case: Case, by: Actor, as_of: datetime) -> None:
        self.case, self.by, self.as_of = case, by, as_of
        self._fields: set[str] = set()
        self._pending: dict[str, Any] = {}
        self._happened: list[tuple[str, Changes]] = []

    def move(self, name: str) -> State:
        """Make a move of the table. Raises MoveRefused where the case's state forbids it."""
        state = moved(name, self.case.state)
        self.set(state=state.value)
        return state

    def set(self, **values: Any) -> None:
        """Set fields of the case; what changes goes into the next event as [before, after]."""
        for field, value in values.items():
            before = getattr(self.case, field)
            if before == value:
                continue
            setattr(self.case, field, value)
            self._fields.add(field)
            first = self._pending[field][0] if field in self._pending else before
            self._pending[field] = [first, value]

    def tell(self, **more: Any) -> None:
        """Say something in the next event beside what was set; what was told last holds."""
        self._pending.update(more)

    def tell_also(self, **more: Sequence[Any]) -> None:
        """Say lists in the next event, each with what it has by now."""
        for name, items in more.items():
            self._pending[name] = [*self._pending.get(name, ()), *items]

    def event(self, kind: str, **more: Any) -> None:
        """Say what happened: an event with all that was set since the last one, and `more`."""
        self._happened.append((kind, {**self._pending, **more}))
        self._pending = {}

    def save(self) -> None:
        if self._pending:
            raise RuntimeError(f"set without an event: {', '.join(self._pending)}")
        if not self._happened:
            return
        events = chained(self.case, self.by, self.as_of, self._happened)
        always = {"n_events", "head"}
        if self._fields or any(kind not in UNSEEN for kind, _ in self._happened):
            self.case.version += 1
            self.case.exported = False
            always |= {"version", "exported"}
        if self._fields & MOVED_BY and self.case.rules_id is not None:
            rules = rulebook().rules_of(self.case.rules_id)
            self.case.next_sweep_at = next_sweep_at(self.case, rules, self.as_of)
            always.add("next_sweep_at")
        self.case.save(update_fields=self._fields | always)
        Event.objects.bulk_create(events)

    def private(self) -> CasePrivate:
        """The case's personal data, for the salts of the events' digests and to be changed."""
        return CasePrivate.objects.get(case=self.case)


@contextmanager
def changing(
    case_id: int,
    action: str,
    *,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Iterator[Change]:
    """Lock a case, ask whether `by` may do `action` with it, and save what the block changes.

    What has come up by itself by `as_of` (`falling_due`) comes before the block. `expected` is the
    version that the actor saw; `None` does not ask. Raises NotFound for a case
    that the actor may not see, Forbidden for an action that is not the actor's, Stale where
    somebody was quicker. An exception in the block leaves everything as it was.
    """
    with writing():
        # Only the case's own row is locked: rows of units are everybody's.
        locked = Case.objects.select_for_update(of=("self",)).select_related("unit", "district")
        case = locked.filter(pk=case_id).first()
        if case is None:
            raise NotFound("no_such_case", Text("there is no such case"))
        permit(by, action, case)
        if expected is not None and expected != case.version:
            raise Stale(case.version)
        # What had fallen due by now is made first, whenever the worker last came by.
        catch_up(case, as_of)
        change = Change(case, by, as_of)
        yield change
        change.save()
