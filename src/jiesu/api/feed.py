"""The feed: all that happens to one's own cases, in order, without gaps (article 28)."""

from typing import Literal

from django.http import HttpRequest
from ninja import Router

from jiesu.api import shown
from jiesu.api.access import doing, now
from jiesu.api.paging import CursorText, Limit, cursor_behind, last_row
from jiesu.api.request import actor_of
from jiesu.api.schemas_feed import FeedCase, FeedEvent, FeedOut
from jiesu.cases.actor import Actor
from jiesu.cases.callback_queue import callbacks_for
from jiesu.cases.history.stream import horizon, step
from jiesu.cases.models import Callback, Case, Event
from jiesu.cases.scopes import visible_cases

router = Router(tags=["feed"])


@router.get("/feed", auth=doing("follow", "feed"), response=FeedOut, operation_id="follow_cases")
def follow(
    request: HttpRequest,
    cursor: CursorText = "",
    limit: Limit = 100,
    begin: Literal["first", "now"] = "first",
) -> FeedOut:
    """The changes of one's own cases behind a cursor; without one from the first, or from now.

    A case that has gone to another unit appears once more with the event of its going, and is no
    longer among `cases`.
    """
    by = actor_of(request)
    of = ["feed", by.name, by.unit_id]
    last = last_row(cursor, of)
    after = last[0] if last else (horizon() if begin == "now" else 0)
    found = step(by, after, limit)
    return FeedOut(
        events=[_event(event) for event in found.events],
        cases=_cases(by, [event.case_id for event in found.events]),
        next=cursor_behind(of, found.position),
        more=found.more,
    )


def _event(event: Event) -> FeedEvent:
    return FeedEvent(id=event.pk, number=event.case.number, kind=event.kind, at=event.at)


def _cases(by: Actor, keys: list[int]) -> list[FeedCase]:
    as_of = now()
    cases = list(visible_cases(by).filter(pk__in=set(keys)).order_by("pk"))
    return [
        FeedCase(
            **row.model_dump(),
            **shown.counts(case, by),
            signed_at=case.signed_at,
            contacted_at=case.contacted_at,
            disposition=case.disposition,
            exclusion_reason=case.exclusion_reason,
            callbacks=[shown.callback(one) for one in _ended(by, case)],
        )
        for case, row in zip(cases, shown.rows(cases, by, as_of), strict=True)
    ]


def _ended(by: Actor, case: Case) -> list[Callback]:
    # Only what has ended once can have a call-back that has: most cases are not asked about.
    has_ended = case.ended_at is not None or case.n_redos > 0
    return list(callbacks_for(by, case)) if has_ended else []
