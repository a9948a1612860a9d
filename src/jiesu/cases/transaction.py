"""The transaction in which the desk writes.

SQLite lets one writer in at a time, and others ask again after some milliseconds of sleep. The
threads of one process wait here instead, and are woken at once. Other processes (the worker) still
wait in SQLite's own way.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_turn = threading.RLock()

PAUSE_SECONDS = 0.12
"""Who waits for SQLite looks again after a tenth of a second at the latest."""


def let_others_write() -> None:
    """Between batches that follow each other: on SQLite nobody else would ever get in."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(PAUSE_SECONDS)


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that is going to write; inside another one, a part of it."""
    # Inside another one SQLite is this thread's already. Who has the turn may be waiting for just
    # that: to wait for the turn would hold both up until SQLite gives up.
    if connection.vendor == "postgresql" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    with _turn, transaction.atomic():
        yield
