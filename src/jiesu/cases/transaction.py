"""The transaction in which the desk writes.

SQLite lets one writer in at a time, and others ask again after some milliseconds of sleep. The
threads of one process wait here instead, and are woken at once. Other processes (the worker) still
wait in SQLite's own way.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_turn = threading.RLock()


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that is going to write; inside another one, a part of it."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            yield
        return
    with _turn, transaction.atomic():
        yield
