"""What the rules say of claims: windows, caps, and what an approved one does to its case.

Everything here happens inside the actions (`actions.claims`), which say who may do it; `effect`
tries a decision by the same function. Rules: docs/methods/claims.md.
"""

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
from django.db.models import QuerySet

from jiesu.cases.asking import catalogue_reason
from jiesu.cases.callback_queue import ENDED_VALUES
from jiesu.cases.change import Change
from jiesu.cases.figures.case_rows import Words, rows_of
from jiesu.cases.figures.export import WATCHED
from jiesu.cases.figures.site_city import month_counting
from jiesu.cases.models import Callback, Case, Claim, Counter, Pause
from jiesu.cases.pauses import pause
from jiesu.cases.refusals import Conflict
from jiesu.cases.rulebook import city_zone, rulebook
from jiesu.core.lifecycle import AT_WORK, CallbackState, State
from jiesu.core.period import Period
from jiesu.core.policy import Policy
from jiesu.core.worktime import plain_due

Kind = Claim.Kind
OPEN = (Claim.State.CLAIMED, Claim.State.SUPPORTED)


def last_callback(case: Case) -> Callback | None:
    """The last call-back of a case that has ended with somebody being called."""
    return case.callbacks.filter(state__in=ENDED_VALUES).order_by("-round").first()


def answering(case: Case) -> set[int]:
    """The units that a case is scored for: the present one, and the one that was judged first."""
    judged = case.callbacks.filter(round=1, state__in=ENDED_VALUES).values_list("unit", flat=True)
    return {unit for unit in (case.unit_id, *judged) if unit is not None}


def claimable(change: Change, kind: str, reason: str) -> None:
    """Raise Conflict where a unit cannot claim this of this case now."""
    case = change.case
    _lapse(change, kind)
    if case.claims.filter(kind=kind, state__in=OPEN).exists():
        raise Conflict("claim_open", "such a claim is open: wait for its decision, or withdraw it")
    decided = case.claims.filter(kind=kind, unit=case.unit, state=Claim.State.REFUSED)
    match kind:
        case Kind.EXCLUSION:
            _excludable(change)
            if decided.filter(reason=reason).exists():
                text = "this was claimed and refused: another reason may be claimed"
                raise Conflict("claim_refused", text)
        case Kind.PARKING:
            if case.parked:
                raise Conflict("parked", "the case is parked already")
            if case.state not in AT_WORK:
                raise Conflict("not_at_work", "a case is parked before its feedback only")
        case Kind.APPEAL:
            _appealable(change, reason)


def _lapse(change: Change, kind: str) -> None:
    """End what another unit has claimed, which has the case no more."""
    for claim in change.case.claims.filter(kind=kind, state__in=OPEN).exclude(
        unit__in=answering(change.case)
    ):
        claim.state, claim.ended_at = Claim.State.WITHDRAWN, change.as_of
        claim.save(update_fields=["state", "ended_at"])
        change.event("claim_lapsed", claim=claim.pk)


def _excludable(change: Change) -> None:
    case = change.case
    if case.excluded:
        raise Conflict("excluded", "the case is excluded already")
    if case.state == State.ARCHIVED:
        raise Conflict("archived", "the case is archived")
    callback = last_callback(case)
    ended_at = callback.ended_at if callback is not None else case.ended_at
    if ended_at is not None:
        _in_window(change, ended_at, Kind.EXCLUSION)


def _appealable(change: Change, reason: str) -> None:
    callback = last_callback(change.case)
    if callback is None or callback.ended_at is None:
        raise Conflict("no_callback", "an appeal is made after the call-back has ended")
    if callback.void:
        raise Conflict("void", "this call-back is void already")
    voids = catalogue_reason(change.case, Kind.APPEAL, reason).effect == "void"
    if voids and callback.state != CallbackState.DONE.value:
        raise Conflict("no_answers", "nobody was reached: no answer of this call-back counts")
    decided = change.case.claims.filter(kind=Kind.APPEAL, claimed_at__gte=callback.ended_at)
    if decided.exclude(state=Claim.State.WITHDRAWN).exists():
        raise Conflict("appeal_decided", "an appeal about this call-back was decided")
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
        text = f"the window for this passed at {until:%Y-%m-%d %H:%M}: it stays as it is"
        raise Conflict("window_passed", text)


def put_in_effect(change: Change, claim: Claim) -> dict[str, int]:
    """Do with the case what an approved claim asks for.

    The caller writes the event, with what is given: the round of a call-back that is `voided`.
    """
    case = change.case
    match claim.kind:
        case Kind.EXCLUSION:
            change.set(excluded=True, exclusion_reason=claim.reason)
        case Kind.PARKING:
            change.set(parked=True)
            pause(change, Pause.Cause.PARKED)
        case Kind.APPEAL:
            if catalogue_reason(case, Kind.APPEAL, claim.reason).effect == "exclude":
                change.set(excluded=True, exclusion_reason=claim.reason)
            else:
                return {"voided": _void(case, claim)}
    return {}


def _void(case: Case, claim: Claim) -> int:
    """The answers are kept; they no longer count. Which round they are of."""
    answered = case.callbacks.filter(state=CallbackState.DONE.value)
    callback = answered.filter(ended_at__lte=claim.claimed_at).latest("round")
    callback.void = True
    callback.save(update_fields=["void"])
    return callback.round


def within_caps(change: Change, claim: Claim) -> None:
    """Raise Conflict where a unit would have more cases excluded of a month than the rules allow.

    Counts exactly, one decision of a unit after the other.
    """
    case = change.case
    rules = rulebook().rules_of(case.rules_id)
    reason = catalogue_reason(case, claim.kind, claim.reason)
    month = month_counting(times_of(rows_of([case.pk], Words.of_the_city()).table))
    if month is None:
        return
    _one_by_one(claim.unit_id)
    cases = _cases_of(claim.unit_id, *month)
    n_cases, excluded = cases.count(), cases.filter(excluded=True)
    n_excluded = excluded.count()
    n_for_reason = excluded.filter(exclusion_reason=claim.reason).count()
    caps = (
        (rules.exclusion_cap_percent, n_excluded, "be excluded"),
        (reason.cap_percent, n_for_reason, "be excluded for this reason"),
    )
    for percent, n, what in caps:
        most = most_excluded(n_cases, percent)
        if n + 1 > most:
            text = (
                f"of the unit's {n_cases} cases of {month[1].label} at most {percent} percent may "
                f"{what}: {most}, and {n} are: refuse the claim"
            )
            raise Conflict("cap_reached", text)


def most_excluded(n_cases: int, percent: int) -> int:
    """How many of so many cases may be excluded: never more than the percentage of them."""
    return n_cases * percent // 100


def times_of(row: pa.Table) -> Mapping[str, datetime | None]:
    """The times of a case's row by which policies cut months."""
    return {name: row[name][0].as_py() for name in WATCHED}


def _one_by_one(unit: int) -> None:
    """Let no other decision about a unit count until this one has been made."""
    key = f"claims:{unit}"
    Counter.objects.get_or_create(key=key, defaults={"next": 1})
    Counter.objects.select_for_update().get(key=key)


def _cases_of(unit: int, policy: Policy, period: Period) -> QuerySet[Case]:
    """The cases that a unit leads of an assessment month."""
    cases = Case.objects.filter(unit=unit)
    start, end = period.start, period.end
    match policy.period.by:
        case "due_at":
            return cases.filter(due_at__gte=start, due_at__lt=end)
        case "callback_at":
            return cases.filter(
                callbacks__round=1, callbacks__ended_at__gte=start, callbacks__ended_at__lt=end
            )
        case _:
            return cases.filter(created_at__gte=start, created_at__lt=end)
