"""Putting a case that has ended away: nothing more is to be done with it.

Its figures stay, and what is personal is erased in its own time (`retention`).
"""

from datetime import datetime

from jiesu.cases.actor import Actor
from jiesu.cases.change import changing
from jiesu.cases.claim_rules import OPEN
from jiesu.cases.models import Case
from jiesu.cases.refusals import Conflict
from jiesu.core.lifecycle import moved
from jiesu.core.texts import Text


def archive_case(*, case_id: int, by: Actor, as_of: datetime, expected: int | None = None) -> Case:
    """Archive a case that has ended. Raises MoveRefused before, Conflict while a claim is open."""
    with changing(case_id, "archive", by=by, as_of=as_of, expected=expected) as change:
        moved("archive", change.case.state)
        if change.case.claims.filter(state__in=OPEN).exists():
            raise Conflict(
                "claim_open", Text("a claim about this case is open: wait for its decision")
            )
        change.move("archive")
        change.event("archived")
    return change.case
