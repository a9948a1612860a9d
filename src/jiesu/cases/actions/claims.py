"""Claims of a unit: exclusion (剔除), parking (挂账), appeal against a call-back (考核申诉).

The head of the unit claims with evidence, its district reviews, the city decides, having been
shown what it would do to the figures. Nobody reviews or decides a claim of their own, and nothing
is deleted. Windows are in `claim_rules`, caps and the effect in `figures`; rules:
docs/methods/claims.md.
"""

from datetime import datetime, timedelta
from typing import Any

from jiesu.cases.actor import Actor
from jiesu.cases.asking import catalogue_reason
from jiesu.cases.callback_queue import is_independent
from jiesu.cases.change import Change, changing
from jiesu.cases.claim_rules import OPEN, are_one, claimable, lapse_claims, put_in_effect
from jiesu.cases.figures.caps import within_caps
from jiesu.cases.figures.effect import effect_of
from jiesu.cases.models import Case, Claim, Pause, Role
from jiesu.cases.pauses import resume
from jiesu.cases.privacy.record_words import write_words
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, NotFound, one_of
from jiesu.cases.scopes import own_units
from jiesu.core.lifecycle import AT_WORK, HANDLING
from jiesu.core.places import DISTRICT
from jiesu.core.texts import Text

State = Claim.State
SHOWN_FOR = timedelta(days=1)
"""So long an effect that was shown is good for a decision: other cases move the figures too."""


def claim_case(
    *,
    case_id: int,
    kind: str,
    reason: str,
    evidence: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Claim:
    """Claim for the actor's unit that a case be excluded, parked or judged again.

    Raises Invalid for a reason that the catalogue of the kind lacks, Conflict where the window
    has passed or such a claim is open, decided or in effect.
    """
    account, evidence = by.account, checked_words("evidence", evidence)
    if kind not in Claim.Kind.values:
        raise Invalid({"kind": one_of(Claim.Kind.values)})
    with changing(case_id, "claim", by=by, as_of=as_of, expected=expected) as change:
        case, unit = change.case, by.unit_id
        # Only the head of a unit is let through to here.
        assert unit is not None
        catalogue_reason(case, kind, reason)
        claimable(change, kind, reason, unit)
        claim = Claim.objects.create(
            case=case,
            kind=kind,
            unit_id=unit,
            state=State.CLAIMED,
            reason=reason,
            claimed_by=account,
            claimed_at=as_of,
        )
        said = write_words(change, claim, evidence=evidence)
        change.event("claimed", claim=claim.pk, claimed=kind, of=claim.unit, reason=reason, **said)
    return claim


def withdraw_claim(
    *, claim_id: int, by: Actor, as_of: datetime, expected: int | None = None
) -> Claim:
    """Take a claim of one's own unit back while it is open."""
    found = _claim(claim_id)
    with changing(found.case_id, "withdraw_claim", by=by, as_of=as_of, expected=expected) as change:
        claim = _open_claim(change, claim_id)
        if not by.is_system and claim.unit_id not in own_units(by):
            raise Forbidden(
                "not_your_unit", Text("another unit has claimed this: it alone withdraws it")
            )
        claim.state = State.WITHDRAWN
        claim.save(update_fields=["state"])
        change.event("claim_withdrawn", claim=claim.pk)
    return claim


def review_claim(
    *,
    claim_id: int,
    supports: bool,
    opinion: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Claim:
    """Support a claim for the unit's district, or refuse it; once, with reasons.

    A refused claim does not come before the city.
    """
    account, opinion = by.account, checked_words("opinion", opinion)
    found = _claim(claim_id)
    with changing(found.case_id, "review_claim", by=by, as_of=as_of, expected=expected) as change:
        claim = _open_claim(change, claim_id)
        _not_own(claim, by)
        if not _has_district(claim):
            raise Conflict(
                "no_district", Text("a unit without a district: the city decides at once")
            )
        if not by.is_system and claim.unit_id not in own_units(by):
            raise Forbidden("not_your_unit", Text("a unit of another district has claimed this"))
        if claim.state != State.CLAIMED:
            raise Conflict("reviewed", Text("the district has reviewed this claim"))
        if are_one(by.unit_id, claim.unit_id):
            raise Forbidden("not_independent", Text("this is a claim of your own unit"))
        claim.state = State.SUPPORTED if supports else State.REFUSED
        claim.reviewed_by, claim.reviewed_at = account, as_of
        claim.save(update_fields=["state", "reviewed_by", "reviewed_at"])
        said = write_words(change, claim, review=opinion)
        change.event("claim_reviewed", claim=claim.pk, supported=supports, **said)
    return claim


def weigh_claim(*, claim_id: int, by: Actor, as_of: datetime) -> dict[str, Any]:
    """What an open claim would do to the unit's figures (`effect.effect_of`), kept with it.

    Before the decision; the last one that was shown goes into the history with the decision.
    """
    claim = _claim(claim_id)
    # What has fallen due comes first, as it will at the decision, which looks at the version.
    with changing(claim.case_id, "decide_claim", by=by, as_of=as_of):
        pass
    claim = _claim(claim_id)
    if claim.state not in OPEN:
        raise Conflict(
            "claim_decided", Text("this claim was decided: its effect is kept as it was")
        )
    effect = {"version": claim.case.version, **effect_of(claim, as_of)}
    Claim.objects.filter(pk=claim.pk, state__in=OPEN).update(effect=effect)
    return effect


def decide_claim(
    *,
    claim_id: int,
    approves: bool,
    opinion: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Claim:
    """Approve a claim for the city and put it in effect, or refuse it, with reasons.

    Raises Conflict where the district has yet to review it, where nobody has looked at its effect
    (`weigh_claim`) within a day and on the case as it is, and where an exclusion would go beyond a
    cap.
    """
    account, opinion = by.account, checked_words("opinion", opinion)
    found = _claim(claim_id)
    with changing(found.case_id, "decide_claim", by=by, as_of=as_of, expected=expected) as change:
        claim = _open_claim(change, claim_id)
        _not_own(claim, by)
        if not is_independent(by, claim.unit_id, claim.unit.parent_id):
            raise Forbidden("not_independent", Text("this is a claim of your own unit"))
        if _has_district(claim) and claim.state != State.SUPPORTED:
            raise Conflict("not_reviewed", Text("the unit's district reviews this claim first"))
        _looked_at(claim, change)
        done = _approve(change, claim) if approves else {}
        claim.state = State.APPROVED if approves else State.REFUSED
        claim.decided_by, claim.decided_at = account, as_of
        claim.save(update_fields=["state", "decided_by", "decided_at"])
        said = write_words(change, claim, decision=opinion)
        change.event(
            "claim_decided",
            claim=claim.pk,
            approved=approves,
            effect=claim.effect,
            **done,
            **said,
        )
        if approves:
            lapse_claims(change)
    return claim


def _looked_at(claim: Claim, change: Change) -> None:
    """Raise Conflict where the effect was not shown, or is no longer what was shown."""
    if not claim.effect:
        raise Conflict("effect_not_shown", Text("look at the effect on the figures first"))
    shown_at = datetime.fromisoformat(claim.effect["as_of"])
    if claim.effect["version"] != change.case.version or change.as_of - shown_at > SHOWN_FOR:
        text = Text(
            "the case has changed since its effect was shown, or a day has passed: look again"
        )
        raise Conflict("effect_not_shown", text)


def _approve(change: Change, claim: Claim) -> dict[str, int]:
    if claim.kind == Claim.Kind.PARKING and change.case.state not in AT_WORK:
        raise Conflict(
            "not_at_work", Text("the unit has given its feedback since: refuse the claim")
        )
    if claim.kind == Claim.Kind.EXCLUSION:
        within_caps(change, claim)
    return put_in_effect(change, claim)


def end_parking(
    *, case_id: int, why: str, by: Actor, as_of: datetime, expected: int | None = None
) -> Case:
    """End the parking of a case: its clocks run on.

    Raises Conflict where it is not parked, and to a unit whose case has ended: whether that counts
    as parked in the figures is not the unit's to choose.
    """
    why = checked_words("why", why)
    with changing(case_id, "end_parking", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        if not case.parked:
            raise Conflict("not_parked", Text("the case is not parked"))
        if by.role is Role.HEAD and case.state not in HANDLING:
            raise Conflict(
                "ended", Text("the case has ended: the city decides whether it was parked")
            )
        approved = case.claims.filter(kind=Claim.Kind.PARKING, state=State.APPROVED, ended_at=None)
        claim = approved.order_by("-pk").first()
        said: dict[str, Any] = {}
        if claim is not None:
            claim.ended_at = as_of
            claim.save(update_fields=["ended_at"])
            said = write_words(change, claim, end_words=why)
        change.set(parked=False)
        resume(change, Pause.Cause.PARKED)
        change.event("parking_ended", claim=claim.pk if claim else None, **said)
    return case


def _has_district(claim: Claim) -> bool:
    """Whether a district reviews the claim first: the one right above its unit."""
    above = claim.unit.parent
    return above is not None and above.kind == DISTRICT


def _claim(pk: int) -> Claim:
    claim = Claim.objects.select_related("case", "unit__parent").filter(pk=pk).first()
    if claim is None:
        raise NotFound("no_such_claim", Text("there is no such claim"))
    return claim


def _open_claim(change: Change, pk: int) -> Claim:
    """The claim, as it is now that its case is locked. Raises Conflict where it is not open."""
    claim = change.case.claims.select_related("unit__parent").get(pk=pk)
    if claim.state not in OPEN:
        raise Conflict(
            "claim_decided",
            Text("this claim was decided or withdrawn: nothing is changed any more"),
        )
    return claim


def _not_own(claim: Claim, by: Actor) -> None:
    """Nobody judges what they have claimed, nor what they have supported, nor their own unit."""
    people = {claim.claimed_by_id, claim.reviewed_by_id}
    if not by.is_system and by.account.pk in people:
        raise Forbidden(
            "own_claim", Text("you have had your say in this claim: somebody else decides")
        )
