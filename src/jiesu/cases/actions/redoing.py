"""Giving a case back to its unit (重办): when answers ask for it, or the city decides it.

The unit is the same (of a merged one its successor), the limit that of redos, and another
call-back follows at its end. First and final answers are both kept: each round has a call-back of
its own. Rules: docs/methods/call-back.md.
"""

from datetime import datetime

from jiesu.cases.actions.dispatching import send
from jiesu.cases.actor import Actor
from jiesu.cases.callback_queue import ENDED_VALUES, is_independent
from jiesu.cases.change import Change, changing
from jiesu.cases.models import Callback, Case, Redo
from jiesu.cases.privacy.record_words import write_words
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, Forbidden
from jiesu.cases.routes import Route, standing
from jiesu.cases.rulebook import local_day, rulebook
from jiesu.core.lifecycle import CallbackState, moved
from jiesu.core.texts import Text

_WORDS = {
    "answers": {
        "zh": "回访结果为未解决或不满意，退回原单位重办",
        "en": "by the answers of the call-back the unit handles the case again",
    },
    "decision": {
        "zh": "经审核退回原单位重办",
        "en": "by decision of the city the unit handles the case again",
    },
}


def redo_case(
    *, case_id: int, opinion: str, by: Actor, as_of: datetime, expected: int | None = None
) -> Case:
    """Give a case back after its feedback or its call-back; `opinion` says what is missing.

    Raises Conflict after as many redos as the rules allow.
    """
    opinion = checked_words("opinion", opinion)
    with changing(case_id, "redo", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        moved("redo", case.state)
        if case.unit is None:
            raise Conflict("no_unit", Text("no unit had this case: dispatch it"))
        if not is_independent(by, case.unit_id, case.unit.parent_id):
            text = Text("this case is your own unit's: somebody of the city decides on a redo")
            raise Forbidden("not_independent", text)
        if case.n_redos >= rulebook().rules_of(case.rules_id).callback.max_redos:
            text = Text(
                "the case was redone as often as the rules allow: raise supervision instead"
            )
            raise Conflict("too_many_redos", text)
        redo(change, opinion=opinion)
    return case


def asks_for_redo(case: Case, callback: Callback) -> bool:
    """Whether the answers of a call-back reopen its case by the rules.

    What is parked cannot be solved now and is not asked for again.
    """
    rules = rulebook().rules_of(case.rules_id).callback
    said = {callback.resolved, callback.satisfaction}
    return bool(said & set(rules.redo_on)) and case.n_redos < rules.max_redos and not case.parked


def redo(change: Change, *, callback: Callback | None = None, opinion: str = "") -> Redo:
    """Reopen a case inside a change; `callback` is the one whose answers asked for it."""
    case = change.case
    assert case.unit is not None
    row = Redo.objects.create(
        case=case, number=case.n_redos + 1, at=change.as_of, by=change.by.name, callback=callback
    )
    said = write_words(change, row, opinion=opinion)
    ended = (*ENDED_VALUES, CallbackState.NOT_SAMPLED.value)
    # Before its call-back the round goes on; that call-back waits for the new limit.
    begins = case.callbacks.filter(round=case.round, state__in=ended).exists()
    change.set(n_redos=row.number, round=case.round + 1 if begins else case.round, ended_at=None)
    book = rulebook()
    route = Route(
        # Of a merged unit its successor.
        unit=standing(case.unit, book, local_day(change.as_of)) or case.unit,
        limit=book.rules_of(case.rules_id).callback.redo_limit,
        explanation=_WORDS["decision" if callback is None else "answers"],
        # The unit has had it: it is not returned again.
        designated=True,
        more={"redo": row.number, **said},
    )
    send(change, "redo", route, ended_as="redone")
    return row
