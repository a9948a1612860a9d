"""Calling residents back (回访, article 23): take the next, attempt, write down what was said.

Only the city's call-back clerks and the resident behind a link (`callback_links`) answer, never a
unit; what has been answered is never changed. A case closes when its call-back has ended, and
some answers send it back to its unit (`redoing`). When one falls due is in `falling_due`; rules:
docs/methods/call-back.md.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from jiesu.cases.actions.redoing import asks_for_redo, redo
from jiesu.cases.actor import Actor
from jiesu.cases.asking import lapse_requests
from jiesu.cases.callback_queue import OPEN_VALUES, awaits_clock, free, is_apart, queue
from jiesu.cases.change import Change, changing
from jiesu.cases.models import Attempt, Callback
from jiesu.cases.pauses import end_pauses
from jiesu.cases.privacy.record_words import write_words
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, one_of
from jiesu.cases.rulebook import city_zone, rulebook
from jiesu.cases.scopes import permit
from jiesu.core.lifecycle import CallbackState
from jiesu.core.texts import Text

TAKEN_MINUTES = 15
"""For how long nobody else is given a call-back that a clerk has taken."""

MEANS = ("phone", "sms", "network")
"""How a clerk asks (article 23); `link` is how a resident answers alone."""

HOPELESS = (Attempt.Outcome.REFUSED, Attempt.Outcome.WRONG_NUMBER)
"""After these the resident is not called again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What a resident says: whether the unit made contact, whether it is solved, how satisfied."""

    contacted: bool
    resolved: str
    satisfaction: str
    words: str = field(default="", repr=False)


def take_callback(*, by: Actor, as_of: datetime, case_id: int | None = None) -> Callback | None:
    """Take the oldest call-back that is due and free, or a certain case's, for 15 minutes.

    What the clerk holds already comes first. No two clerks hold one call-back. `None` where
    nothing is due; raises Conflict where the case asked for is not to be had. It is no change of
    the case and no event: calling is.
    """
    permit(by, "take_callback")
    account = by.account
    with transaction.atomic():
        ready = queue(by, as_of)
        if case_id is not None:
            ready = ready.filter(case=case_id)
        held = ready.filter(taken_by=account, taken_until__gt=as_of)
        callback = _locked(held) or _locked(free(ready, as_of))
        if callback is None:
            if case_id is None:
                return None
            raise Conflict("not_free", Text("this call-back is not due, or a colleague has it"))
        callback.taken_by, callback.taken_until = account, as_of + timedelta(minutes=TAKEN_MINUTES)
        callback.save(update_fields=["taken_by", "taken_until"])
    return callback


def _locked(callbacks: QuerySet[Callback]) -> Callback | None:
    return callbacks.select_for_update(of=("self",), skip_locked=True).first()


def record_attempt(
    *, case_id: int, outcome: str, by: Actor, as_of: datetime, expected: int | None = None
) -> Callback:
    """Write down how a call went.

    Without an answer the next one is due after the rules' hours, and the last allowed one makes
    the call-back invalid; so do a refusal and a wrong number at once. Once connected, the answers
    follow (`record_callback`). Raises Conflict where the clerk has not taken it.
    """
    if outcome not in Attempt.Outcome.values:
        raise Invalid({"outcome": one_of(Attempt.Outcome.values)})
    with changing(case_id, "record_attempt", by=by, as_of=as_of, expected=expected) as change:
        callback = _held(change)
        _attempted(change, callback, outcome)
        if outcome == Attempt.Outcome.CONNECTED:
            callback.taken_until = as_of + timedelta(minutes=TAKEN_MINUTES)
            callback.save()
        elif (why := _why_invalid(change, callback, outcome)) is not None:
            _end(change, callback, CallbackState.INVALID, "callback_invalid", why=why)
        else:
            hours = rulebook().rules_of(change.case.rules_id).callback.hours_between
            callback.next_at = as_of + timedelta(hours=hours)
            callback.taken_by, callback.taken_until = None, None
            callback.save()
    return callback


def _attempted(change: Change, callback: Callback, outcome: str) -> None:
    callback.n_attempts += 1
    callback.state = CallbackState.ATTEMPTING.value
    Attempt.objects.create(
        callback=callback,
        number=callback.n_attempts,
        at=change.as_of,
        by=change.by.name,
        outcome=outcome,
    )
    change.event(
        "callback_attempted", round=callback.round, attempt=callback.n_attempts, outcome=outcome
    )


def _why_invalid(change: Change, callback: Callback, outcome: str) -> str | None:
    if outcome in HOPELESS:
        return outcome
    n_missed = callback.attempts.filter(outcome=Attempt.Outcome.NO_ANSWER).count()
    rules = rulebook().rules_of(change.case.rules_id).callback
    return outcome if n_missed >= rules.attempts else None


def record_callback(
    *,
    case_id: int,
    answers: Answers,
    by: Actor,
    as_of: datetime,
    means: str = "phone",
    expected: int | None = None,
) -> Callback:
    """Write down what the resident said: the call-back is done, and its case closed or redone.

    All three questions are answered or it is no valid call-back. Raises Invalid for what is
    wrong, Conflict where the clerk has not taken the call-back or it has ended.
    """
    words = checked_answers(answers)
    if means not in MEANS:
        raise Invalid({"means": one_of(MEANS)})
    with changing(case_id, "record_callback", by=by, as_of=as_of, expected=expected) as change:
        callback = _held(change)
        last = callback.attempts.order_by("-number").first()
        if last is None or last.outcome != Attempt.Outcome.CONNECTED:
            _attempted(change, callback, Attempt.Outcome.CONNECTED)
        finish(change, callback, answers, words, means)
    return callback


def checked_answers(answers: Answers) -> str:
    """The resident's words as they are kept. Raises Invalid with every wrong answer."""
    wrong: dict[str, Text] = {}
    if not isinstance(answers.contacted, bool):
        wrong["contacted"] = Text("answer with yes or no")
    if answers.resolved not in Callback.Resolved.values:
        wrong["resolved"] = one_of(Callback.Resolved.values)
    if answers.satisfaction not in Callback.Satisfaction.values:
        wrong["satisfaction"] = one_of(Callback.Satisfaction.values)
    if wrong:
        raise Invalid(wrong)
    return checked_words("words", answers.words, required=False)


def finish(change: Change, callback: Callback, answers: Answers, words: str, means: str) -> None:
    """End an open call-back with its answers, and do with the case what they ask for."""
    callback.contacted = answers.contacted
    callback.resolved, callback.satisfaction = answers.resolved, answers.satisfaction
    callback.means = means
    said = write_words(change, callback, words=words)
    _end(
        change, callback, CallbackState.DONE, "callback_done",
        means=means, contacted=answers.contacted, resolved=answers.resolved,
        satisfaction=answers.satisfaction, **said,
    )  # fmt: skip
    if asks_for_redo(change.case, callback):
        redo(change, callback=callback)


def open_callback(change: Change, *, by_link: bool = False) -> Callback:
    """The call-back of a case that is open, locked, for somebody who may make it.

    A link may follow a call that nobody answered at once, the next call not. Raises Conflict where
    there is none or it is to wait, Forbidden for who is of its unit.
    """
    case, by = change.case, change.by
    rows = case.callbacks.select_for_update()
    callback = rows.filter(state__in=OPEN_VALUES).first()
    if not is_apart(by, case):
        text = Text("this case is your own unit's: somebody of the city calls back")
        raise Forbidden("not_independent", text)
    if callback is None:
        if case.callbacks.filter(round=case.round).exists():
            raise Conflict(
                "callback_ended", Text("the call-back has ended: nothing is changed any more")
            )
        raise Conflict(
            "no_callback", Text("no call-back is due yet: it is when the limit has expired")
        )
    if awaits_clock(callback, case):
        text = Text("the case's clock stands: the call-back waits until it runs on")
        raise Conflict("too_early", text)
    begins = callback.due_at if by_link else callback.next_at
    if begins > change.as_of:
        after = begins.astimezone(city_zone())
        raise Conflict(
            "too_early", Text("the next call is not before {after:%Y-%m-%d %H:%M}", after=after)
        )
    return callback


def _held(change: Change) -> Callback:
    """The open call-back that the actor has taken, and nobody else since."""
    callback = open_callback(change)
    if not change.by.is_system and callback.taken_by_id != change.by.account.pk:
        text = Text("take the call-back first, so that nobody else calls at the same time")
        raise Conflict("not_taken", text)
    return callback


def _end(
    change: Change, callback: Callback, state: CallbackState, kind: str, **said: object
) -> None:
    """End a call-back, and with it the case; what was asked of it and not decided lapses."""
    as_of = change.as_of
    callback.state, callback.ended_at, callback.ended_by = state.value, as_of, change.by.name
    callback.taken_by, callback.taken_until = None, None
    callback.save()
    lapse_requests(change)
    end_pauses(change)
    change.move("close")
    change.set(ended_at=as_of, paused_since=None)
    change.event(kind, round=callback.round, **said)
