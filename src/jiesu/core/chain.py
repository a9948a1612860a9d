"""Digests of events, each over the one before it: hashing and checking only.

Every event of a case holds the digest of the one before it, so a case's history is a chain. What
can be found by this and what can't: docs/history.md. The seals over all events are in `seals`.
Leaves out where events are kept.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from types import NoneType
from typing import Any

FORMAT = 1
"""Version of the byte forms below. Part of every digest: other bytes need another number."""

GENESIS = bytes(32)
"""What stands before the first event of a case."""

MIN_SALT = 16
"""Bytes. A shorter salt could be guessed, and with it a phone number."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_encode = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,
    allow_nan=False,
    sort_keys=True,
    separators=(",", ":"),
).encode
_PLAIN = frozenset({str, int, bool, NoneType})


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was found, to be checked. `case` is the case's number, `at` has an offset."""

    case: str
    seq: int
    at: datetime
    actor: str
    origin: str
    kind: str
    changes: Mapping[str, Any]
    previous: bytes | memoryview
    digest: bytes | memoryview


@dataclass(frozen=True, slots=True)
class Break:
    """Where a case's chain is broken first.

    `reason` is a key of BREAKS, `seq` the number of the event (of the one that should be there,
    when it is missing).
    """

    case: str
    seq: int
    reason: str

    def __str__(self) -> str:
        return f"case {self.case}, event {self.seq}: {BREAKS[self.reason]}"


BREAKS: Mapping[str, str] = {
    "changed": "its content is not what was recorded",
    "reordered": "it stands in the wrong place",
    "missing": "it is missing",
    "repeated": "its number is used twice",
    "foreign": "it belongs to another case",
    "previous": "it does not follow the event before it",
    "head": "the case names another last event",
    "count": "the case counts another number of events",
}


def canonical(document: object) -> bytes:
    """The one byte form of a JSON document: keys sorted, no spaces, UTF-8.

    Raises ValueError for what has more than one form or would not come back the same from a
    database: floats, keys that are not text, lone surrogates, other types. Messages never hold
    a value of the document, which may be personal.
    """
    _refuse_loose(document)
    return _utf8(_encode(document))


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass  # Raised outside: the error at hand carries the text.
    raise ValueError("a text holds half of a surrogate pair, which has no UTF-8 form")


def _refuse_loose(value: object) -> None:
    kind = type(value)
    if kind is dict:
        for key, item in value.items():  # type: ignore[attr-defined]
            if type(key) is not str:
                raise ValueError(f"a key is {type(key).__name__}, not text")
            if type(item) not in _PLAIN:
                _refuse_loose(item)
    elif kind is list or kind is tuple:
        for item in value:  # type: ignore[attr-defined]
            if type(item) not in _PLAIN:
                _refuse_loose(item)
    # Enumerations of texts and numbers are written as their values.
    elif kind not in _PLAIN and not isinstance(value, str | int):
        raise ValueError(f"{kind.__name__} has no canonical form")


def instant(at: datetime) -> str:
    """The one text form of an instant: ISO 8601 in UTC, to the microsecond.

    Raises ValueError for one without an offset.
    """
    if at.tzinfo is None:
        raise ValueError("an instant without an offset")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def microseconds(at: datetime) -> int:
    """Microseconds from the beginning of 1970 in UTC, exactly. Raises ValueError without offset."""
    if at.tzinfo is None:
        raise ValueError("an instant without an offset")
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def event_digest(
    *,
    previous: bytes,
    case: str,
    seq: int,
    at: datetime,
    actor: str,
    origin: str,
    kind: str,
    changes: Mapping[str, Any],
) -> bytes:
    """SHA-256 of an event: of the canonical JSON list of everything it says, in this order:

    format version, digest of the previous event in hex (GENESIS for the first), case, number
    in the case (from 1), `microseconds` of its instant, actor, origin, kind, changes. Raises
    ValueError as `canonical`.
    """
    if not isinstance(changes, Mapping):
        raise ValueError(f"changes are {type(changes).__name__}, not a table")
    changes = dict(changes)
    _refuse_loose(changes)
    # The list's canonical form, put together by hand: half the time for millions of events.
    form = (
        f'[{FORMAT},"{previous.hex()}",{_encode(case)},{seq:d},{microseconds(at)},{_encode(actor)},'
        f"{_encode(origin)},{_encode(kind)},{_encode(changes)}]"
    )
    return sha256(_utf8(form)).digest()


def personal_digest(salt: bytes, field: str, value: str) -> str:
    """What an event holds in place of a personal value: HMAC-SHA256 in hex, keyed by the salt.

    Once value and salt are deleted it says nothing about the value any more. A salt is for one
    case, and for values that are erased together. Raises ValueError for less than 16 bytes.
    """
    if len(salt) < MIN_SALT:
        raise ValueError(f"a salt has at least {MIN_SALT} bytes")
    # The canonical form of the list, put together by hand as that of an event.
    form = f"[{FORMAT},{_encode(field)},{_encode(value)}]"
    return hmac.digest(salt, _utf8(form), "sha256").hex()


def is_recorded(digest: str, *, salt: bytes, field: str, value: str) -> bool:
    """Whether a personal value that is still kept is the one whose digest an event holds."""
    return compare_digest(personal_digest(salt, field, value), digest)


def check_chain(
    events: Iterable[StoredEvent], *, case: str, head: bytes | memoryview, n_events: int
) -> Break | None:
    """Where one case's history is broken first; None when it is whole.

    `events` come in the order in which they are stored; `head` and `n_events` are the digest of
    the last event and their number, as the case itself says (GENESIS or nothing, and 0: no event).
    """
    stored = list(events)
    previous = GENESIS
    for seq, event in enumerate(stored, start=1):
        reason = _misplaced(stored, seq, event) or _altered(event, case, previous)
        if reason:
            # A missing event is named by the number that is not there.
            return Break(case, seq if reason == "missing" else event.seq, reason)
        previous = bytes(event.digest)
    if n_events < len(stored):
        return Break(case, n_events, "count")
    if n_events > len(stored):
        return Break(case, len(stored) + 1, "missing")
    if not compare_digest(bytes(head) or GENESIS, previous):
        return Break(case, len(stored), "head")
    return None


def _misplaced(stored: list[StoredEvent], seq: int, event: StoredEvent) -> str:
    if event.seq == seq:
        return ""
    if any(other.seq == event.seq for other in stored[: seq - 1]):
        return "repeated"
    return "reordered" if any(other.seq == seq for other in stored) else "missing"


def _altered(event: StoredEvent, case: str, previous: bytes) -> str:
    if event.case != case:
        return "foreign"
    if bytes(event.previous) != previous:
        return "previous"
    try:
        digest = event_digest(
            previous=previous,
            case=case,
            seq=event.seq,
            at=event.at,
            actor=event.actor,
            origin=event.origin,
            kind=event.kind,
            changes=event.changes,
        )
    except (ValueError, TypeError, RecursionError):
        return "changed"  # Nothing that has no canonical form was ever recorded.
    return "" if digest == bytes(event.digest) else "changed"
