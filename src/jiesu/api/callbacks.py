"""Call-backs: the clerks' queue, attempts and answers; links for residents are made here.

What a resident does with a link is in `public`. Units only read, and only what has ended.
"""

from datetime import datetime

from django.conf import settings
from django.db.models import Q, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.responses import Status

from jiesu.api import shown
from jiesu.api.access import doing, now
from jiesu.api.etags import PARAMETER, expected_version
from jiesu.api.moves import Move, add_move
from jiesu.api.paging import CursorText, Limit, cursor_behind, instant_of, last_row, page
from jiesu.api.request import actor_of, case_of, number_of
from jiesu.api.schemas_callbacks import (
    AttemptIn,
    CallbackIn,
    CallbacksOut,
    DueCallback,
    DuePage,
    LinkOut,
)
from jiesu.api.schemas_moves import RedoIn
from jiesu.cases.actions import callbacks, redoing
from jiesu.cases.actions.callback_links import make_link
from jiesu.cases.actor import Actor
from jiesu.cases.callback_queue import callbacks_for, queue
from jiesu.cases.models import Callback
from jiesu.core.chain import microseconds

router = Router(tags=["call-backs"])

CASE_PARTS = tuple(f"case__{part}" for part in shown.ROW_PARTS)

MOVES = (
    Move("callback-attempt", callbacks.record_attempt, "record_attempt", "callbacks", AttemptIn),
    Move("callback", callbacks.record_callback, "record_callback", "callbacks", CallbackIn),
    Move("redo", redoing.redo_case, "redo", "callbacks", RedoIn),
)
for _move in MOVES:
    add_move(router, _move)


@router.get(
    "/callbacks",
    auth=doing("take_callback", "callbacks"),
    response=DuePage,
    operation_id="list_callbacks",
)
def list_due(request: HttpRequest, cursor: CursorText = "", limit: Limit = 50) -> DuePage:
    """The call-backs that may be made now, the oldest first."""
    last, as_of = last_row(cursor, "callbacks", 2), now()
    rows = queue(actor_of(request), as_of)
    if last is not None:
        at = instant_of(last[0])
        rows = rows.filter(Q(next_at__gt=at) | Q(pk__gt=last[1]), next_at__gte=at)
    due, more = page(list(rows[: limit + 1]), limit)
    prefetch_related_objects(due, *CASE_PARTS)
    end = due[-1] if more else None
    return DuePage(
        items=[_due(one, actor_of(request), as_of) for one in due],
        next=cursor_behind("callbacks", microseconds(end.next_at), end.pk) if end else None,
    )


@router.post(
    "/callbacks/next",
    auth=doing("take_callback", "callbacks"),
    response={200: DueCallback, 204: None},
    operation_id="take_next_callback",
)
def take_next(request: HttpRequest) -> DueCallback | Status[None]:
    """Take the oldest call-back that is due and free, for 15 minutes; 204 where there is none."""
    as_of = now()
    taken = callbacks.take_callback(by=actor_of(request), as_of=as_of)
    return _due(taken, actor_of(request), as_of) if taken else Status(204, None)


@router.post(
    "/cases/{number}/take-callback",
    auth=doing("take_callback", "callbacks"),
    response=DueCallback,
    operation_id="take_callback",
)
def take(request: HttpRequest, number: str) -> DueCallback:
    """Take a certain case's call-back, for 15 minutes. The case stays as it is: no If-Match."""
    case, as_of = case_of(request, number), now()
    taken = callbacks.take_callback(by=actor_of(request), as_of=as_of, case_id=case.pk)
    assert taken is not None
    return _due(taken, actor_of(request), as_of)


@router.post(
    "/cases/{number}/callback-link",
    auth=doing("send_link", "callbacks"),
    response={201: LinkOut},
    operation_id="make_link",
    openapi_extra={"parameters": [dict(PARAMETER)]},
)
def link(request: HttpRequest, response: HttpResponse, number: str) -> Status[LinkOut]:
    """Make a link by which the resident answers alone, once; one made before holds no longer."""
    expected_version(request)
    case_id, present = number_of(number)
    token = make_link(
        case_id=case_id,
        by=actor_of(request),
        as_of=now(),
        expected=expected_version(request, present),
    )
    base = settings.JIESU.public_url
    url = f"{base}/api/v1/public/callbacks/{token}" if base else ""
    response.headers["Cache-Control"] = "no-store"
    return Status(201, LinkOut(token=token, url=url))


@router.get(
    "/cases/{number}/callbacks",
    auth=doing("see_cases", "read"),
    response=CallbacksOut,
    operation_id="list_callbacks_of_case",
)
def list_of_case(request: HttpRequest, number: str) -> CallbacksOut:
    """The call-backs of a case; units see each when it has ended."""
    case = case_of(request, number, "unit")
    found = callbacks_for(actor_of(request), case)
    return CallbacksOut(items=[shown.callback(one) for one in found])


def _due(one: Callback, by: Actor, as_of: datetime) -> DueCallback:
    return DueCallback(
        case=shown.row(one.case, by, as_of),
        callback=shown.callback(one),
        next_at=one.next_at,
        taken=one.taken_until is not None and one.taken_until > as_of,
    )
