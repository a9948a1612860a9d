"""Sealing: all events that have no seal get one, in the database and in a file outside of it.

What a seal proves and what it can't: docs/history.md. The worker seals every minute; checking is
in `audit`, what a seal is made of in `core.seals`. Leaves out who keeps a copy of the file.
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from jiesu.cases.models import Event
from jiesu.cases.models import Seal as Row
from jiesu.cases.privacy.vault import ring
from jiesu.city.durable import to_disk
from jiesu.core.problems import InputError, Problem, writable
from jiesu.core.seals import Seal, next_seal, parse_seal_line, seal_line

AT_ONCE = 50_000
"""Events under one seal at most, so that a seal is made and checked in little memory."""

_TAIL_BYTES = 64 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a run did: so many events under so many new seals, so many lines written."""

    n_events: int
    n_seals: int
    n_lines: int

    def __str__(self) -> str:
        return f"{self.n_events} events under {self.n_seals} seals"


def seal_job(as_of: datetime) -> str:
    """The worker's run. What keeps it from sealing is said where administrators look."""
    try:
        return str(seal_events(as_of))
    except InputError as error:
        # Names of files and numbers of seals: nothing personal.
        log.error("nothing is sealed: %s", error.problems[0])
        return f"nothing is sealed: {error.problems[0]}"


def seals_file() -> Path:
    """The file that holds every seal a second time."""
    return Path(settings.JIESU.seals_file)


def seal_events(as_of: datetime, *, file: Path | None = None, at_once: int = AT_ONCE) -> Sealed:
    """Seal all events that have no seal, and bring the file up to the database.

    Safe to run twice at once and to be killed at any point: a seal is committed with its events,
    and a later run writes the lines that are missing. Raises InputError where the file is ahead of
    the database or says something else: that database was restored from a copy.
    """
    file = file or seals_file()
    with _held(file) as (opened, held):
        _refuse_other_history(held.last, file)
        n_events = n_seals = 0
        while n := _seal_some(as_of, at_once):
            n_events, n_seals = n_events + n, n_seals + 1
            if n < at_once:
                break
        n_lines = _append(opened, held)
    return Sealed(n_events, n_seals, n_lines)


def seal_of(row: Row) -> Seal:
    """A row as the object that is checked."""
    return Seal(
        number=row.number,
        at=row.at,
        n_events=row.n_events,
        digest=bytes(row.digest),
        previous=bytes(row.previous),
        mac=bytes(row.mac),
        key_id=row.key_id,
    )


def _seal_some(as_of: datetime, at_once: int) -> int:
    """Make one seal; the number of its events, 0 where there was nothing to seal.

    Two sealers would make a seal of the same number: the database lets one of them in, and the
    other's events are sealed by then or by the next run.
    """
    key = ring().active("seal")
    try:
        with transaction.atomic():
            last = Row.objects.order_by("-number").first()
            unsealed = Event.objects.filter(seal=None).order_by("id")
            pairs = list(unsealed.values_list("id", "digest")[:at_once])
            if not pairs:
                return 0
            seal = next_seal(
                seal_of(last) if last else None, at=as_of, pairs=pairs,
                key=key.secret, key_id=key.id,
            )  # fmt: skip
            _row(seal).save(force_insert=True)
            _mark([pk for pk, _ in pairs], seal.number)
    except IntegrityError:
        return 0
    return len(pairs)


def _row(seal: Seal) -> Row:
    return Row(
        number=seal.number,
        at=seal.at,
        n_events=seal.n_events,
        digest=seal.digest,
        previous=seal.previous,
        mac=seal.mac,
        key_id=seal.key_id,
    )


def _mark(ids: Sequence[int], number: int) -> None:
    """Name the seal in exactly these events, in one statement whatever their number.

    Not in a range of ids: on PostgreSQL an action that began earlier may commit an event in it.
    """
    table = connection.ops.quote_name(Event._meta.db_table)
    value: list[int] | str
    if connection.vendor == "postgresql":
        chosen, value = "= ANY(%s)", [*ids]
    else:
        chosen, value = "IN (SELECT value FROM json_each(%s))", json.dumps(ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET seal_id = %s WHERE seal_id IS NULL AND id {chosen}",
            [number, value],
        )
        if cursor.rowcount != len(ids):
            raise IntegrityError("another sealer was quicker")


# The file ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Held:
    """How the file ends: its last whole seal, and whether its last line is cut."""

    last: Seal | None
    is_cut: bool


@contextmanager
def _held(file: Path) -> Iterator[tuple[IO[bytes], _Held]]:
    """The file, open to be read and added to, for this process alone and for its user alone."""
    with writable(str(file)):
        is_new = not file.exists()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with open(descriptor, "r+b") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            os.fchmod(descriptor, 0o600)
            if is_new:
                to_disk(file.parent)
            yield opened, _end_of(opened)


def _end_of(opened: IO[bytes]) -> _Held:
    """Look backwards for the last line that is a seal; a torn one is not."""
    size = opened.seek(0, os.SEEK_END)
    if not size:
        return _Held(None, False)
    length = _TAIL_BYTES
    while True:
        start = max(0, size - length)
        opened.seek(start)
        tail = opened.read(size - start)
        # The first line of a tail may be cut by where the tail begins.
        lines = tail.split(b"\n")[1 if start else 0 :]
        for line in reversed(lines):
            if (seal := _parsed(line)) is not None:
                return _Held(seal, not tail.endswith(b"\n"))
        if not start:
            return _Held(None, not tail.endswith(b"\n"))
        length *= 8


def _parsed(line: bytes) -> Seal | None:
    try:
        return parse_seal_line(line.decode())
    except ValueError:
        return None


def _refuse_other_history(last: Seal | None, file: Path) -> None:
    """Raise InputError where the file's last seal is not one of the database's."""
    if last is None:
        return
    row = Row.objects.filter(number=last.number).first()
    if row is not None and bytes(row.mac) == last.mac:
        return
    newest = Row.objects.order_by("-number").values_list("number", flat=True).first() or 0
    if row is None:
        what = f"it has seal {last.number}, the database ends with seal {newest}"
    else:
        what = f"its seal {last.number} is not the database's"
    remedy = (
        "an older database was restored: keep this file, decide, "
        "and name a new one in JIESU_SEALS_FILE (docs/history.md)"
    )
    raise InputError(Problem(file.name, "", what, remedy))


def _append(opened: IO[bytes], held: _Held) -> int:
    """Write the seals that the file lacks at its end; the number of lines."""
    after = held.last.number if held.last else 0
    rows = Row.objects.filter(number__gt=after).order_by("number")
    n, start = 0, b"\n" if held.is_cut else b""
    for row in rows.iterator(chunk_size=1000):
        opened.write(start + seal_line(seal_of(row)).encode() + b"\n")
        n, start = n + 1, b""
    if n:
        opened.flush()
        os.fsync(opened.fileno())
    return n
