"""Seals over the events of all cases, and the file that holds them a second time: hashing only.

A seal is a keyed digest over all events that came since the seal before. What can be found by
this and what can't: docs/history.md. Leaves out where events, seals and keys are kept and when
a seal is made. The chain of one case is in `chain`.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest

from jiesu.core.chain import FORMAT, GENESIS, canonical, instant, microseconds


@dataclass(frozen=True, slots=True)
class Seal:
    """A keyed digest over the events that came since the seal before.

    `number` counts from 1 without a gap, `digest` is `seal_digest` of the sealed events,
    `previous` the mac of the seal before (GENESIS for the first), `key_id` names the key.
    """

    number: int
    at: datetime
    n_events: int
    digest: bytes
    previous: bytes
    mac: bytes
    key_id: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the seals `number` to `last` (for `unreadable`: lines of the file).

    `reason` is a key of FINDINGS.
    """

    reason: str
    number: int
    last: int

    def __str__(self) -> str:
        word = "line" if self.reason == "unreadable" else "seal"
        if self.number == self.last:
            return f"{word} {self.number}: {FINDINGS[self.reason]}"
        return f"{word}s {self.number} to {self.last}: {FINDINGS[self.reason]}"


FINDINGS: Mapping[str, str] = {
    "missing": "neither in the database nor in the file",
    "only_in_file": "in the file and not in the database",
    "only_in_database": "in the database and not in the file",
    "differs": "the database and the file say different things",
    "order": "the number stands a second time or in the wrong place in the database",
    "file_order": "the number stands a second time or in the wrong place in the file",
    "previous": "it does not follow the seal before it",
    "mac": "it was not made with the key, or was changed in the database",
    "file_mac": "it was not made with the key, or was changed in the file",
    "key": "its key is not in the key ring, so it cannot be checked",
    "unreadable": "not a seal",
    "events": "the sealed events are not the ones that were sealed",
}


def seal_digest(pairs: Iterable[tuple[int, bytes | memoryview]]) -> bytes:
    """SHA-256 over (id, digest) of the sealed events, in the order of their ids.

    Raises ValueError when the ids do not rise or a digest has not 32 bytes.
    """
    form, before = sha256(), None
    for event_id, digest in pairs:
        if before is not None and event_id <= before:
            raise ValueError("sealed events come in the order of their ids")
        if len(digest) != len(GENESIS):
            raise ValueError("an event's digest has 32 bytes")
        before = event_id
        form.update(event_id.to_bytes(8, "big", signed=True) + digest)
    return form.digest()


def seal_mac(
    key: bytes, *, number: int, at: datetime, n_events: int, digest: bytes, previous: bytes
) -> bytes:
    """HMAC-SHA256 of what a seal says, as a canonical JSON list with the format version first."""
    form = canonical([FORMAT, number, microseconds(at), n_events, digest.hex(), previous.hex()])
    return hmac.digest(key, form, "sha256")


def next_seal(
    before: Seal | None,
    *,
    at: datetime,
    pairs: Iterable[tuple[int, bytes | memoryview]],
    key: bytes,
    key_id: str,
) -> Seal:
    """The seal over the given events (id, digest; in the order of ids) after the last seal."""
    events = list(pairs)
    number = 1 if before is None else before.number + 1
    previous = GENESIS if before is None else before.mac
    digest = seal_digest(events)
    mac = seal_mac(
        key, number=number, at=at, n_events=len(events), digest=digest, previous=previous
    )
    return Seal(number, at.astimezone(UTC), len(events), digest, previous, mac, key_id)


def seal_line(seal: Seal) -> str:
    """A seal as a line of the file outside the database: canonical JSON, no line end."""
    table = {
        "format": FORMAT,
        "number": seal.number,
        "at": instant(seal.at),
        "n_events": seal.n_events,
        "digest": seal.digest.hex(),
        "previous": seal.previous.hex(),
        "mac": seal.mac.hex(),
        "key_id": seal.key_id,
    }
    return canonical(table).decode()


def parse_seal_line(line: str) -> Seal:
    """The seal of a line. Raises ValueError for all that `seal_line` would not have written."""
    text = line.strip()
    try:
        table = json.loads(text)
        seal = Seal(
            number=table["number"],
            at=datetime.fromisoformat(table["at"]),
            n_events=table["n_events"],
            digest=bytes.fromhex(table["digest"]),
            previous=bytes.fromhex(table["previous"]),
            mac=bytes.fromhex(table["mac"]),
            key_id=table["key_id"],
        )
        counted = type(seal.number) is int and type(seal.n_events) is int
        if counted and seal_line(seal) == text:
            return seal
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise ValueError("not the line of a seal")


def check_sealed_events(
    seal: Seal, pairs: Iterable[tuple[int, bytes | memoryview]]
) -> Finding | None:
    """Whether the events that a seal covers (id, digest; in the order of ids) are still those."""
    events = list(pairs)
    # What is no digest was never sealed.
    with suppress(ValueError, TypeError):
        if len(events) == seal.n_events and compare_digest(seal_digest(events), seal.digest):
            return None
    return Finding("events", seal.number, seal.number)


def check_seals(
    seals: Iterable[Seal], lines_of_file: Iterable[str] | None, keys: Mapping[str, bytes]
) -> list[Finding]:
    """Everything that is wrong with the seals of a database, beside those of the file.

    `seals` come by number, `lines_of_file` as written (None: there is no file to compare with),
    `keys` by id, with those of earlier years. Looks at every seal once and holds no list of
    them. The events under a seal are checked by `check_sealed_events`.
    """
    found = _Findings()
    stored = _rising(seals, "order", found)
    filed = None if lines_of_file is None else _filed(lines_of_file, found)
    before: Seal | None = None
    for in_database, in_file in _side_by_side(stored, iter(()) if filed is None else filed):
        seal = in_database or in_file
        assert seal is not None
        expected = 1 if before is None else before.number + 1
        if seal.number > expected:
            found.add("missing", expected, seal.number - 1)
        elif seal.previous != (GENESIS if before is None else before.mac):
            found.add("previous", seal.number)
        if in_database is not None:
            _check_mac(in_database, keys, "mac", found)
        if filed is not None and in_database != in_file:
            _compare(in_database, in_file, keys, found)
        before = seal
    return found.ordered()


class _Findings:
    """Findings by reason; neighbouring numbers become one finding."""

    def __init__(self) -> None:
        self._by_reason: dict[str, list[Finding]] = {}

    def add(self, reason: str, number: int, last: int | None = None) -> None:
        last = number if last is None else last
        known = self._by_reason.setdefault(reason, [])
        if known and known[-1].last + 1 == number:
            known[-1] = Finding(reason, known[-1].number, last)
        else:
            known.append(Finding(reason, number, last))

    def ordered(self) -> list[Finding]:
        found = [finding for known in self._by_reason.values() for finding in known]
        return sorted(found, key=lambda finding: (finding.number, finding.last, finding.reason))


def _rising(seals: Iterable[Seal], reason: str, found: _Findings) -> Iterator[Seal]:
    """The seals whose number is higher than all before; the others are findings."""
    highest = 0
    for seal in seals:
        if seal.number > highest:
            highest = seal.number
            yield seal
        else:
            found.add(reason, seal.number)


def _filed(lines: Iterable[str], found: _Findings) -> Iterator[Seal]:
    return _rising(_parsed(lines, found), "file_order", found)


def _parsed(lines: Iterable[str], found: _Findings) -> Iterator[Seal]:
    """The seals of a file. The beginning of a line that follows in full is no finding.

    Such a line is left when the power fails while it is written; it is then written again.
    """
    torn: tuple[int, str] | None = None
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if torn is not None and not (len(text) > len(torn[1]) and text.startswith(torn[1])):
            found.add("unreadable", torn[0])
        torn = None
        try:
            seal = parse_seal_line(text)
        except ValueError:
            torn = (number, text)
            continue
        yield seal
    if torn is not None:
        found.add("unreadable", torn[0])


def _side_by_side(
    stored: Iterator[Seal], filed: Iterator[Seal]
) -> Iterator[tuple[Seal | None, Seal | None]]:
    """Pairs of the same number; None where one side lacks it. Both sides rise."""
    left, right = next(stored, None), next(filed, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.number < right.number):
            yield left, None
            left = next(stored, None)
        elif left is None or right.number < left.number:
            yield None, right
            right = next(filed, None)
        else:
            yield left, right
            left, right = next(stored, None), next(filed, None)


def _check_mac(seal: Seal, keys: Mapping[str, bytes], reason: str, found: _Findings) -> None:
    key = keys.get(seal.key_id)
    if key is None:
        found.add("key", seal.number)
        return
    mac = seal_mac(
        key,
        number=seal.number,
        at=seal.at,
        n_events=seal.n_events,
        digest=seal.digest,
        previous=seal.previous,
    )
    if not compare_digest(mac, seal.mac):
        found.add(reason, seal.number)


def _compare(
    in_database: Seal | None, in_file: Seal | None, keys: Mapping[str, bytes], found: _Findings
) -> None:
    if in_file is None:
        assert in_database is not None
        found.add("only_in_database", in_database.number)
        return
    reason = "only_in_file" if in_database is None else "differs"
    found.add(reason, in_file.number)
    _check_mac(in_file, keys, "file_mac", found)
