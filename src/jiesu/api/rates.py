"""How often one caller may ask: by address for what anybody may use, by key or user for the rest.

Fixed windows, in a fixed number of cells, so that no flood of callers fills the memory. Cells are
chosen by a keyed hash: nobody can aim at another's. Two that share a cell share its allowance,
which errs on the strict side.

Public endpoints, where someone may guess, are counted in the database: exact for any number of
processes and machines, one statement a request. Keys and users are counted in each process, which
grants its share: a request of theirs costs the database nothing.
"""

import time
from hashlib import blake2b

from django.conf import settings
from django.db import connection

from jiesu.cases.models import Counter

N_CELLS = 1 << 16
_COUNTS = 1 << 24
"""A cell in the database holds window * 2^24 + count."""

_cells: list[tuple[int, int]] = [(0, 0)] * N_CELLS


def now() -> float:
    """Seconds of the wall clock. Tests put another clock here."""
    return time.time()


def wait_of_actor(subject: str, per_minute: int) -> int:
    """Count a request of a key or a user in this process; seconds to wait, 0 where it may go on."""
    options = settings.JIESU
    share = per_minute if options.embedded else -(-per_minute // options.processes)
    window, left = divmod(int(now()), 60)
    # Of this process alone, as Python's own hash is.
    cell = hash(subject) % N_CELLS
    # Without a lock: two threads at once may count as one, which matters to nobody.
    at, count = _cells[cell]
    count = count + 1 if at == window else 1
    _cells[cell] = (window, count)
    return 60 - left if count > share else 0


def wait_of_public(kind: str, subject: str, allowed: int, seconds: int = 60) -> int:
    """Count a request in the database, for all processes; seconds to wait, 0 where it may go on."""
    left = int(now()) % seconds
    return seconds - left if count_public(kind, subject, seconds) > allowed else 0


def count_public(kind: str, subject: str, seconds: int) -> int:
    """Count something in the database, for all processes; how often it was in this window."""
    floor = int(now()) // seconds * _COUNTS
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_counter (key, next) VALUES (%s, %s) "
            "ON CONFLICT (key) DO UPDATE SET next = CASE WHEN cases_counter.next < %s THEN %s "
            "ELSE cases_counter.next + 1 END RETURNING next",
            [_key(kind, subject), floor + 1, floor, floor + 1],
        )
        [after] = cursor.fetchone()
    return int(after - floor)


def counted_public(kind: str, subject: str, seconds: int) -> int:
    """How often something was counted in this window, without counting it."""
    floor = int(now()) // seconds * _COUNTS
    last = Counter.objects.filter(key=_key(kind, subject)).values_list("next", flat=True).first()
    return max(0, last - floor) if last is not None else 0


def _key(kind: str, subject: str) -> str:
    return f"rate:{kind}:{_cell(kind, subject)}"


def _cell(kind: str, subject: str) -> int:
    key = settings.SECRET_KEY.encode()[:64]
    made = blake2b(f"{kind}\0{subject}".encode(), digest_size=4, key=key, person=b"jiesu rate")
    return int.from_bytes(made.digest(), "big") % N_CELLS


def forget_rates() -> None:
    """Let every key and user begin anew in this process."""
    _cells[:] = [(0, 0)] * N_CELLS
