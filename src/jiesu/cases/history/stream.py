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
from jiesu.cases.scopes import ACTIONS, judging, own_units, sees_city

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

    SQLite has one writer, so what is there is all. On PostgreSQL whoever is given a key holds a
    lock on the table of events until its transaction ends: once those that held one after the
    last key was seen have ended, no lower key can appear. Other tables, and other databases of
    the same server, have no part in this. Where one lasts longer than a step waits, what was safe
    before is given.
    """
    global _safe
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if connection.vendor != "postgresql":
        return last
    before = _writers()
    for _ in range(WAITS):
        if not before or not before & _writers():
            _safe = max(_safe, last)
            return last
        time.sleep(WAIT_SECONDS)
    return min(_safe, last)


def _writers() -> frozenset[str]:
    """The other transactions that write events at this moment, by a name no later one has."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS, [Event._meta.db_table])
        return frozenset(name for (name,) in cursor.fetchall())


_WRITERS = (
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted "
    "AND mode = 'RowExclusiveLock' AND relation = %s::regclass AND pid <> pg_backend_pid() "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


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

    Those in which a unit of its own was judged stay its own. A program without a unit follows
    what it brought in.
    """
    events = Event.objects.all()
    if sees_city(actor):
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
    judged = judging().filter(case=OuterRef("case"), unit__in=units)
    return _seen(actor, events.filter(Q(case__unit__in=units) | Exists(here) | Exists(judged)))


def _seen(actor: Actor, events: QuerySet[Event]) -> QuerySet[Event]:
    if actor.is_system or any(actor.role in way.roles for way in ACTIONS["see_callback"]):
        return events
    return events.exclude(kind__in=UNSEEN)
