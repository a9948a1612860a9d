"""Cases: taken in, listed, read. Moves are in `moves`, call-backs in `callbacks`."""

from collections.abc import Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from ninja.responses import Status

from jiesu.api import shown
from jiesu.api.access import doing, now
from jiesu.api.etags import is_known, not_modified, tag
from jiesu.api.idempotency import PARAMETER, idempotency_key
from jiesu.api.paging import CursorText, Limit, cursor_behind, instant_of, last_row, page
from jiesu.api.request import actor_of, case_of
from jiesu.api.schemas import (
    CaseFilters,
    CaseOut,
    CasePage,
    CaseSearch,
    Code,
    DemandIn,
    EventOut,
    EventPage,
    ReceivedOut,
)
from jiesu.cases import queries
from jiesu.cases.actions.intake import Demand, receive_case
from jiesu.cases.actor import Actor
from jiesu.cases.models import Case, Event
from jiesu.cases.privacy.vault import Person
from jiesu.cases.queries import QueueKey, Search, newest_cases
from jiesu.cases.refusals import Invalid
from jiesu.cases.scopes import may, permit
from jiesu.core.chain import microseconds
from jiesu.core.texts import Text

router = Router(tags=["cases"])

Key = tuple[int, ...]
"""What a cursor holds of the last row of a page."""


def demand_of(body: DemandIn) -> Demand:
    """A demand as the intake takes it."""
    return Demand(
        channel=body.channel,
        kind=body.kind,
        title=body.title,
        body=body.body,
        person=Person(**dict(body.person)),
        category=(body.category_1, body.category_2, body.category_3),
        place=body.place,
        community=body.community,
        anonymous=body.anonymous,
        confidential=body.confidential,
        on_behalf=body.on_behalf,
        enterprise=body.enterprise,
        urgent=body.urgent,
        new_facts=body.new_facts,
    )


@router.post(
    "/cases",
    auth=doing("receive", "intake"),
    response={201: ReceivedOut, 200: ReceivedOut},
    openapi_extra={"parameters": [dict(PARAMETER)]},
    operation_id="receive_case",
)
def receive(request: HttpRequest, response: HttpResponse, body: DemandIn) -> Status[ReceivedOut]:
    """Take a demand in; where the directory knows its unit it is dispatched at once.

    201 for a new case, 200 where the same demand came before under this key, 409 where the key
    was used for another demand.
    """
    key = idempotency_key(request)
    made = receive_case(demand_of(body), by=actor_of(request), as_of=now(), idempotency_key=key)
    response.headers["Location"] = f"{request.path}/{made.case.number}"
    response.headers["ETag"] = tag(made.case.version)
    return Status(201 if made.is_new else 200, shown.received(made, actor_of(request)))


@router.get("/cases", auth=doing("see_cases", "read"), response=CasePage, operation_id="list_cases")
def list_cases(
    request: HttpRequest,
    filters: Query[CaseFilters],
    cursor: CursorText = "",
    limit: Limit = 50,
) -> CasePage:
    """The cases that one may see, the newest first; with a mark the first due first.

    By phone, name or words: `search_cases`.
    """
    return _page(request, CaseSearch(**filters.model_dump(), cursor=cursor, limit=limit))


@router.post(
    "/cases/search",
    auth=doing("see_cases", "read"),
    response=CasePage,
    operation_id="search_cases",
)
def search_cases(request: HttpRequest, body: CaseSearch) -> CasePage:
    """As `list_cases`, also by the caller's whole phone or name and by words of the text.

    What is asked lies in the body: an address that held a phone would stand in logs.
    """
    return _page(request, body)


def _page(request: HttpRequest, asked: CaseSearch) -> CasePage:
    of = asked.model_dump(exclude={"cursor", "limit"})
    find, n_keys = (_newest, 1) if asked.mark is None else (_marked, 2)
    last, as_of = last_row(asked.cursor, of, n_keys), now()
    cases, on = find(actor_of(request), asked, last, as_of)
    return CasePage(
        items=shown.rows(cases, actor_of(request), as_of),
        next=cursor_behind(of, *on) if on is not None else None,
    )


def _newest(
    by: Actor, asked: CaseSearch, last: Key | None, as_of: datetime
) -> tuple[Sequence[Case], Key | None]:
    before = last[0] if last else None
    found = newest_cases(by, _search_of(asked), before=before, limit=asked.limit)
    return found.cases, (found.before,) if found.before is not None else None


def _marked(
    by: Actor, asked: CaseSearch, last: Key | None, as_of: datetime
) -> tuple[Sequence[Case], Key | None]:
    """Overdue and the like, the first due first: by what a case itself says."""
    other = {"number", "state", "phone", "name", "words", "created_from", "created_to"}
    if wrong := [name for name in sorted(other) if getattr(asked, name)]:
        raise Invalid(dict.fromkeys(wrong, Text("does not go together with a mark")))
    after = QueueKey(instant_of(last[0]), last[1]) if last else None
    assert asked.mark is not None
    found = queries.marked_queue(
        by, asked.mark, as_of, _search_of(asked), after=after, limit=asked.limit
    )
    return [one.case for one in found.rows], _place_of(found.after)


def _search_of(asked: CaseSearch) -> Search:
    wanted = asked.model_dump(exclude={"cursor", "limit", "mark"})
    wanted["state"] = asked.state.value if asked.state else ""
    return Search(**wanted)


def _place_of(after: QueueKey | None) -> Key | None:
    """A place in a queue as a cursor holds it."""
    return None if after is None else (microseconds(after.due_at), after.case_id)


@router.get("/queue", auth=doing("see_cases", "read"), response=CasePage, operation_id="read_queue")
def read_queue(
    request: HttpRequest,
    unit: Code = "",
    urgent: bool | None = None,
    cursor: CursorText = "",
    limit: Limit = 50,
) -> CasePage:
    """What a unit has to work on, the first due first; roles that see the city name the unit."""
    of = ["queue", unit, urgent]
    last, as_of = last_row(cursor, of, 2), now()
    after = QueueKey(instant_of(last[0]), last[1]) if last else None
    by = actor_of(request)
    found = queries.unit_queue(by, as_of, unit=unit, urgent=urgent, after=after, limit=limit)
    on = _place_of(found.after)
    return CasePage(
        items=shown.rows([one.case for one in found.rows], by, as_of),
        next=cursor_behind(of, *on) if on is not None else None,
    )


@router.get(
    "/cases/{number}",
    auth=doing("see_cases", "read"),
    response={200: CaseOut, 304: None},
    operation_id="read_case",
)
def read_case(request: HttpRequest, response: HttpResponse, number: str) -> CaseOut | HttpResponse:
    """A case in full. Its ETag is what a move sends as If-Match."""
    as_of = now()
    case = case_of(request, number, *shown.ROW_PARTS)
    etag = tag(case.version, *shown.shown_of(case, as_of))
    if is_known(request, etag):
        return not_modified(etag)
    response.headers["ETag"] = etag
    return shown.whole(case, actor_of(request), as_of)


@router.get(
    "/cases/{number}/events",
    auth=doing("see_history", "history"),
    response=EventPage,
    operation_id="list_events",
)
def list_events(
    request: HttpRequest, number: str, cursor: CursorText = "", limit: Limit = 50
) -> EventPage:
    """What happened to a case, in order."""
    case = case_of(request, number)
    permit(actor_of(request), "see_history", case)
    last = last_row(cursor, number)
    events = case.events.filter(seq__gt=last[0] if last else 0).order_by("seq")
    if not may(actor_of(request), "see_callback", case):
        events = events.exclude(kind__startswith="callback")
    rows, more = page(list(events[: limit + 1]), limit)
    return EventPage(
        items=[_event(event) for event in rows],
        next=cursor_behind(number, rows[-1].seq) if more else None,
    )


def _event(event: Event) -> EventOut:
    return EventOut(
        seq=event.seq,
        at=event.at,
        actor=event.actor,
        origin=event.origin,
        kind=event.kind,
        changes=event.changes,
        digest=bytes(event.digest).hex(),
        sealed=event.seal_id is not None,
    )
