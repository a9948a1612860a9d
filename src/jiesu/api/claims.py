"""Claims of exclusion, parking and appeal: made, reviewed, weighed and decided.

A claim is addressed below its case and moves with the case's version, as the case does.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from ninja import Router

from jiesu.api.access import doing, now
from jiesu.api.etags import PARAMETER, expected_version
from jiesu.api.moves import Move, add_move
from jiesu.api.paging import CursorText, Limit, cursor_behind, last_row, page
from jiesu.api.request import actor_of, case_of
from jiesu.api.schemas_claims import (
    ClaimIn,
    ClaimOut,
    ClaimPage,
    ClaimState,
    DecideIn,
    EffectOut,
    EndParkingIn,
    ReviewIn,
    WithdrawIn,
)
from jiesu.api.schemas_moves import PathId
from jiesu.cases.actions import claims
from jiesu.cases.models import Claim
from jiesu.cases.refusals import NotFound
from jiesu.cases.scopes import own_units, sees_city
from jiesu.core.texts import Text

router = Router(tags=["claims"])
IF_MATCH = {"parameters": [dict(PARAMETER)]}

for _move in (
    Move("claim", claims.claim_case, "claim", "claims", ClaimIn),
    Move("end-parking", claims.end_parking, "end_parking", "claims", EndParkingIn),
):
    add_move(router, _move)


@router.get(
    "/claims", auth=doing("see_cases", "claims"), response=ClaimPage, operation_id="list_claims"
)
def list_claims(
    request: HttpRequest,
    state: ClaimState | None = None,
    cursor: CursorText = "",
    limit: Limit = 50,
) -> ClaimPage:
    """The claims of one's units, of the whole city for its roles, the newest first."""
    by = actor_of(request)
    last = last_row(cursor, ["claims", state])
    rows = Claim.objects.select_related("case", "unit").order_by("-pk")
    if not sees_city(by):
        rows = rows.filter(unit__in=own_units(by))
    if state is not None:
        rows = rows.filter(state=state)
    if last is not None:
        rows = rows.filter(pk__lt=last[0])
    found, more = page(list(rows[: limit + 1]), limit)
    return ClaimPage(
        items=[_out(one) for one in found],
        next=cursor_behind(["claims", state], found[-1].pk) if more else None,
    )


@router.post(
    "/cases/{number}/claims/{id}/withdraw",
    auth=doing("withdraw_claim", "claims"),
    response=ClaimOut,
    operation_id="withdraw_claim",
    openapi_extra=IF_MATCH,
)
def withdraw(request: HttpRequest, number: str, id: PathId, body: WithdrawIn) -> ClaimOut:
    """Take a claim back while it is open."""
    return _moved(request, number, id, claims.withdraw_claim, body.arguments())


@router.post(
    "/cases/{number}/claims/{id}/review",
    auth=doing("review_claim", "claims"),
    response=ClaimOut,
    operation_id="review_claim",
    openapi_extra=IF_MATCH,
)
def review(request: HttpRequest, number: str, id: PathId, body: ReviewIn) -> ClaimOut:
    """Support a claim for the unit's district, or refuse it."""
    return _moved(request, number, id, claims.review_claim, body.arguments())


@router.post(
    "/cases/{number}/claims/{id}/weigh",
    auth=doing("decide_claim", "claims"),
    response=EffectOut,
    operation_id="weigh_claim",
)
def weigh(request: HttpRequest, number: str, id: PathId) -> EffectOut:
    """What a claim would do to its unit's figures. Kept with it; the case stays as it is."""
    claim = _claim(request, number, id)
    effect = claims.weigh_claim(claim_id=claim.pk, by=actor_of(request), as_of=now())
    return EffectOut(claim=claim.pk, effect=effect)


@router.post(
    "/cases/{number}/claims/{id}/decide",
    auth=doing("decide_claim", "claims"),
    response=ClaimOut,
    operation_id="decide_claim",
    openapi_extra=IF_MATCH,
)
def decide(request: HttpRequest, number: str, id: PathId, body: DecideIn) -> ClaimOut:
    """Approve a claim for the city and put it in effect, or refuse it; weigh it first."""
    return _moved(request, number, id, claims.decide_claim, body.arguments())


def _claim(request: HttpRequest, number: str, pk: int) -> Claim:
    case = case_of(request, number)
    found = Claim.objects.select_related("case", "unit").filter(case=case, pk=pk).first()
    if found is None:
        raise NotFound("no_such_claim", Text("there is no such claim"))
    return found


def _moved(
    request: HttpRequest,
    number: str,
    pk: int,
    does: Callable[..., Claim],
    arguments: dict[str, Any],
) -> ClaimOut:
    expected_version(request)
    claim = _claim(request, number, pk)
    does(
        claim_id=claim.pk,
        by=actor_of(request),
        as_of=now(),
        expected=expected_version(request, claim.case.version),
        **arguments,
    )
    claim.refresh_from_db()
    return _out(claim)


def _out(one: Claim) -> ClaimOut:
    return ClaimOut(
        id=one.pk,
        number=one.case.number,
        kind=one.kind,
        unit=one.unit.code,
        state=one.state,
        reason=one.reason,
        claimed_at=one.claimed_at,
        reviewed_at=one.reviewed_at,
        decided_at=one.decided_at,
        ended_at=one.ended_at,
    )
