"""What the rules say of claims: whose they are, windows, and what an approved one does to its case.

Everything here happens inside the actions (`actions.claims`), which say who may do it; `effect`
tries a decision by the same function. Caps are in `figures.caps`. Rules: docs/methods/claims.md.
"""

from datetime import datetime

from django.db.models import Q

from jiesu.cases.asking import catalogue_reason
from jiesu.cases.callback_queue import ENDED_VALUES
from jiesu.cases.change import Change
from jiesu.cases.models import Callback, Case, Claim, Pause
from jiesu.cases.pauses import pause
from jiesu.cases.refusals import Conflict
from jiesu.cases.rulebook import city_zone, rulebook
from jiesu.cases.scopes import judging, with_merged
from jiesu.core.lifecycle import AT_WORK, CallbackState, State
from jiesu.core.texts import Text
from jiesu.core.worktime import plain_due

Kind = Claim.Kind
OPEN = (Claim.State.CLAIMED, Claim.State.SUPPORTED)


def counts_for(case: Case) -> int | None:
    """The unit that a case counts for: its row of the case table names the same."""
    judged = judging().filter(case=case).values_list("unit", flat=True).first()
    return judged if judged is not None else case.unit_id


def are_one(unit: int | None, other: int | None) -> bool:
    """Whether two units are the same, or one was merged into the other."""
    if unit is None or other is None:
        return False
    return unit in with_merged(other) or other in with_merged(unit)


def own_callback(case: Case, unit: int) -> Callback | None:
    """The last call-back about a unit that has ended with somebody being called.

    Of an imported case it may not be known whom it was about: whoever has the case.
    """
    units = with_merged(unit)
    own = Q(unit__in=units)
    if case.unit_id in units:
        own |= Q(unit=None)
    return case.callbacks.filter(own, state__in=ENDED_VALUES).order_by("-round").first()


def claimable(change: Change, kind: str, reason: str, unit: int) -> None:
    """Raise Conflict where a unit cannot claim this of this case now."""
    case = change.case
    own = case.claims.filter(kind=kind, unit__in=with_merged(unit))
    if own.filter(state__in=OPEN).exists():
        raise Conflict(
            "claim_open", Text("such a claim is open: wait for its decision, or withdraw it")
        )
    match kind:
        case Kind.EXCLUSION:
            _excludable(change, unit)
            if own.filter(state=Claim.State.REFUSED, reason=reason).exists():
                text = Text("this was claimed and refused: another reason may be claimed")
                raise Conflict("claim_refused", text)
        case Kind.PARKING:
            if not are_one(unit, case.unit_id):
                raise Conflict(
                    "another_unit", Text("another unit has the case: it alone may park it")
                )
            if case.parked:
                raise Conflict("parked", Text("the case is parked already"))
            if case.state not in AT_WORK:
                raise Conflict("not_at_work", Text("a case is parked before its feedback only"))
        case Kind.APPEAL:
            _appealable(change, reason, unit)


def lapse_claims(change: Change) -> None:
    """End what was claimed and cannot be approved any more, with an event each.

    The case has gone on to another unit, or is excluded already.
    """
    for claim in change.case.claims.filter(state__in=OPEN).order_by("pk"):
        if not _stands(change.case, claim):
            claim.state, claim.ended_at = Claim.State.WITHDRAWN, change.as_of
            claim.save(update_fields=["state", "ended_at"])
            change.event("claim_lapsed", claim=claim.pk)


def _stands(case: Case, claim: Claim) -> bool:
    if case.excluded and excludes(claim):
        return False
    counts = claim.kind != Kind.PARKING and are_one(claim.unit_id, counts_for(case))
    return counts or are_one(claim.unit_id, case.unit_id)


def excludes(claim: Claim) -> bool:
    """Whether a claim asks for the exclusion of its case."""
    if claim.kind != Kind.APPEAL:
        return claim.kind == Kind.EXCLUSION
    return catalogue_reason(claim.case, Kind.APPEAL, claim.reason).effect == "exclude"


def _excludable(change: Change, unit: int) -> None:
    case = change.case
    _not_excluded_for(case, unit)
    if case.state == State.ARCHIVED:
        raise Conflict("archived", Text("the case is archived"))
    callback = own_callback(case, unit)
    ended_at = callback.ended_at if callback is not None else case.ended_at
    if ended_at is not None:
        _in_window(change, ended_at, Kind.EXCLUSION)


def _not_excluded_for(case: Case, unit: int) -> None:
    if case.excluded:
        raise Conflict("excluded", Text("the case is excluded already"))
    if not are_one(unit, counts_for(case)):
        text = Text(
            "the case counts for the unit of its first call-back: it alone asks to exclude it"
        )
        raise Conflict("another_unit", text)


def _appealable(change: Change, reason: str, unit: int) -> None:
    case = change.case
    callback = own_callback(case, unit)
    if callback is None or callback.ended_at is None:
        text = Text("an appeal is made after the call-back about the unit has ended")
        raise Conflict("no_callback", text)
    if callback.void:
        raise Conflict("void", Text("this call-back is void already"))
    if catalogue_reason(case, Kind.APPEAL, reason).effect != "void":
        _not_excluded_for(case, unit)
    elif callback.state != CallbackState.DONE.value:
        raise Conflict("no_answers", Text("nobody was reached: no answer of this call-back counts"))
    own = case.claims.filter(kind=Kind.APPEAL, unit__in=with_merged(unit))
    decided = own.filter(claimed_at__gte=callback.ended_at)
    if decided.exclude(state=Claim.State.WITHDRAWN).exists():
        raise Conflict("appeal_decided", Text("an appeal about this call-back was decided"))
    _in_window(change, callback.ended_at, Kind.APPEAL)


def window_end(case: Case, ended_at: datetime, kind: str) -> datetime:
    """Until when, this moment included, something may be claimed after an end."""
    book = rulebook()
    limit = book.rules_of(case.rules_id).windows[kind]
    return plain_due(ended_at, limit, book.calendar_of(case.calendar_id))


def _in_window(change: Change, ended_at: datetime, kind: str) -> None:
    end = window_end(change.case, ended_at, kind)
    if change.as_of > end:
        until = end.astimezone(city_zone())
        text = Text(
            "the window for this passed at {until:%Y-%m-%d %H:%M}: it stays as it is", until=until
        )
        raise Conflict("window_passed", text)


def put_in_effect(change: Change, claim: Claim) -> dict[str, int]:
    """Do with the case what an approved claim asks for.

    The caller writes the event, with what is given: the round of a call-back that is `voided`.
    """
    case = change.case
    if excludes(claim):
        change.set(excluded=True, exclusion_reason=claim.reason)
    elif claim.kind == Kind.PARKING:
        change.set(parked=True)
        pause(change, Pause.Cause.PARKED)
    else:
        return {"voided": _void(case, claim)}
    return {}


def _void(case: Case, claim: Claim) -> int:
    """The answers are kept; they no longer count. Which round they are of."""
    answered = case.callbacks.filter(
        Q(unit__in=with_merged(claim.unit_id)) | Q(unit=None),
        state=CallbackState.DONE.value,
        ended_at__lte=claim.claimed_at,
    )
    callback = answered.latest("round")
    callback.void = True
    callback.save(update_fields=["void"])
    return callback.round
