"""Events in an order that can be followed without gaps, and what of them is whose.

Keys of events are given before their transactions commit, so a lower one may appear after a
higher. Nobody is shown an event beyond the horizon: the key up to which every event is there or
never will be. What follows (the feed, webhooks) remembers one number and misses nothing.
docs/api.md, "Following".
"""

import time
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from jiesu.cases.actor import Actor
from jiesu.cases.models import Dispatch, Event, Role
from jiesu.cases.scopes import ACTIONS, CITY_WIDE, own_units

WINDOW = 100_000
"""So many keys one step looks through: what it costs does not grow with the history."""
WAITS, WAIT_SECONDS = 40, 0.005
"""How long a step waits for transactions under way; they last milliseconds."""

UNSEEN = ("callback_due", "callback_attempted", "callback_link_made", "callback_not_sampled")
"""What happens to a call-back before it has ended: nothing for units (article 23)."""

_safe = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Events in order, and from where to go on; `more` says that there are more by now."""

    events: tuple[Event, ...]
    position: int
    more: bool


def horizon() -> int:
    """The key up to which every event is committed or never will be.

    SQLite has one writer, so what is there is all. On PostgreSQL: whoever was given a key up to
    the last one seen had locked or written its case before, so its transaction had a number; one
    given now is higher than all of these; once none with a lower number is under way, they have
    ended. Where one lasts longer than a step waits, what was safe before is given.
    """
    global _safe
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if connection.vendor != "postgresql":
        return last
    fence = _asked("SELECT pg_current_xact_id()::text")
    for _ in range(WAITS):
        if _asked("SELECT pg_snapshot_xmin(pg_current_snapshot())::text") >= fence:
            _safe = max(_safe, last)
            return last
        time.sleep(WAIT_SECONDS)
    return min(_safe, last)


def _asked(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        [value] = cursor.fetchone()
    return int(value)


def step(actor: Actor, after: int, limit: int, **narrowed: Any) -> Step:
    """The next events behind `after` that an actor may follow; `narrowed` is a filter."""
    top = horizon()
    end = min(top, after + WINDOW)
    if end <= after:
        return Step((), after, False)
    events = followed(actor).filter(pk__gt=after, pk__lte=end, **narrowed)
    rows = tuple(events.select_related("case").order_by("pk")[:limit])
    position = rows[-1].pk if len(rows) == limit else end
    return Step(rows, position, position < top)


def followed(actor: Actor) -> QuerySet[Event]:
    """The events of an actor's own cases: what happened while they were its own, and their going.

    A program without a unit follows what it brought in.
    """
    events = Event.objects.all()
    if actor.is_system or actor.role in CITY_WIDE:
        return _seen(actor, events)
    if actor.role is Role.CLIENT and actor.unit_id is None:
        return _seen(actor, events.filter(case__received_by=actor.user))
    units = own_units(actor)
    if not units:
        return events.none()
    here = Dispatch.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=OuterRef("at")),
        case=OuterRef("case"),
        unit__in=units,
        at__lte=OuterRef("at"),
    )
    return _seen(actor, events.filter(Q(case__unit__in=units) | Exists(here)))


def _seen(actor: Actor, events: QuerySet[Event]) -> QuerySet[Event]:
    if actor.is_system or any(actor.role in way.roles for way in ACTIONS["see_callback"]):
        return events
    return events.exclude(kind__in=UNSEEN)
