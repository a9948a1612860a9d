"""Writing a case's events: each case its own chain, no lock beyond the case's.

An event holds field names and values; of a personal value only a salted digest. Sealing and
verifying are in `seals`; what digests are made of is in `core.chain`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model

from jiesu.cases.actor import Actor
from jiesu.cases.insertion import made
from jiesu.cases.models import Case, Event, Place, Unit
from jiesu.core.chain import GENESIS, StoredEvent, event_digest, personal_digest

Changes = Mapping[str, Any]

_PLAIN = frozenset({str, int, bool})


def plain(value: object) -> object:
    """A value as events hold it: texts, numbers, booleans, null; instants in UTC."""
    kind = type(value)
    if value is None or kind in _PLAIN:
        return value
    # These by their type, as it is quick: most values are one of them.
    if kind is list:
        return [plain(item) for item in value]  # type: ignore[attr-defined]
    if kind is dict:
        return {str(key): plain(item) for key, item in value.items()}  # type: ignore[attr-defined]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, Unit | Place):
        return value.code
    if isinstance(value, Case):
        return value.number
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    raise TypeError(f"an event cannot hold {type(value).__name__}")


def personal(salt: bytes | memoryview, field: str, value: str) -> dict[str, str]:
    """What an event holds in place of a personal value; nothing to hold where it is empty."""
    return {"digest": personal_digest(bytes(salt), field, value)} if value else {}


def recorded(event: Event, number: str) -> StoredEvent:
    """A stored event of the case with this number."""
    return StoredEvent(
        number,
        event.seq,
        event.at,
        event.actor,
        event.origin,
        event.kind,
        event.changes,
        bytes(event.previous),
        bytes(event.digest),
    )


def chain_of(case: Case) -> list[StoredEvent]:
    """A case's events in their order."""
    return [recorded(event, case.number) for event in case.events.order_by("seq")]


def chained(
    case: Case, by: Actor, as_of: datetime, happened: Sequence[tuple[str, Changes]]
) -> list[Event]:
    """The next events of a case, unsaved, with the case's `head` and `n_events` moved on.

    `happened` has kind and changes of each. Save them in the transaction that saves the case.
    """
    events = []
    previous = bytes(case.head) or GENESIS
    for kind, changes in happened:
        case.n_events += 1
        said = {key: plain(value) for key, value in changes.items()}
        digest = event_digest(
            previous=previous,
            case=case.number,
            seq=case.n_events,
            at=as_of,
            actor=by.name,
            origin=by.origin,
            kind=kind,
            changes=said,
        )
        event = made(
            Event,
            case_id=case.pk,
            seq=case.n_events,
            at=as_of,
            actor=by.name,
            origin=by.origin,
            kind=kind,
            changes=said,
            previous=previous,
            digest=digest,
        )
        previous = digest
        events.append(event)
    case.head = previous
    return events
