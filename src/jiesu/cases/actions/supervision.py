"""Supervision (督办) by hand, and what units answer to any supervision.

What the rules raise by themselves is in `falling_due`.
"""

from datetime import datetime

from jiesu.cases.actor import Actor
from jiesu.cases.change import changing
from jiesu.cases.models import Supervision
from jiesu.cases.privacy.record_words import write_words
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, Forbidden, MoveRefused, NotFound
from jiesu.core.lifecycle import HANDLING, State
from jiesu.core.texts import Text

SUPERVISED = HANDLING | {State.CLOSED}

BY_HAND = ""
"""The rule of what no rule has raised."""


def raise_supervision(
    *, case_id: int, words: str, by: Actor, as_of: datetime, expected: int | None = None
) -> Supervision:
    """Put a unit under supervision for a case; `words` say what is expected of it."""
    words = checked_words("words", words)
    with changing(case_id, "supervise", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        if case.state not in SUPERVISED or case.unit is None:
            raise MoveRefused("supervise", case.state)
        row = Supervision.objects.create(
            case=case,
            unit=case.unit,
            rule=BY_HAND,
            occasion=case.supervisions.filter(rule=BY_HAND).count() + 1,
            raised_at=as_of,
        )
        said = write_words(change, row, words=words)
        change.event(
            "supervision_raised", rule=BY_HAND, occasion=row.occasion, of=case.unit, **said
        )
    return row


def answer_supervision(
    *,
    case_id: int,
    supervision_id: int,
    answer: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Supervision:
    """The unit says what it has done; once, also when the case has closed meanwhile."""
    account = by.account
    answer = checked_words("answer", answer)
    with changing(case_id, "answer_supervision", by=by, as_of=as_of, expected=expected) as change:
        row = change.case.supervisions.filter(pk=supervision_id).first()
        if row is None:
            raise NotFound("no_such_supervision", Text("there is no such supervision of this case"))
        if row.unit_id != by.unit_id:
            raise Forbidden("not_your_unit", Text("another unit was put under supervision"))
        if row.answered_at is not None:
            raise Conflict(
                "answered", Text("this supervision was answered: an answer is not changed")
            )
        row.answered_at, row.answered_by = as_of, account
        row.save(update_fields=["answered_at", "answered_by"])
        said = write_words(change, row, answer=answer)
        change.event("supervision_answered", rule=row.rule, occasion=row.occasion, **said)
    return row
