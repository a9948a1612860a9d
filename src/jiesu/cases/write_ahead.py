"""Emptying SQLite's write-ahead log, in which an erased value stands until it is overwritten.

What is deleted is overwritten in the database itself (`secure_delete`), but the log holds pages as
they were before, and on a busy site its tail for as long as nobody cuts it off. So it is cut off
after each erasure, and once a minute by the worker, for where somebody read just then.
"""

import logging
from datetime import datetime

from django.db import DatabaseError, connection

from jiesu.cases.transaction import nobody_writes

WAIT_MILLISECONDS = 100
"""Nobody can write while readers are waited for."""

log = logging.getLogger(__name__)


def empty_log() -> bool:
    """Cut the log off after a commit; whether it is empty now. Never fails: the worker comes again.

    Inside a transaction, and where the database is not SQLite, nothing is done.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return connection.vendor != "sqlite"
    try:
        with connection.cursor() as cursor:
            # The most of it beside those who write; for the rest they are kept out.
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
            [wait] = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute(f"PRAGMA busy_timeout = {WAIT_MILLISECONDS}")
            try:
                with nobody_writes():
                    [busy, *_] = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {wait}")
    except DatabaseError as error:
        log.warning("the write-ahead log was not emptied: %s", type(error).__name__)
        return False
    return not busy


def empty_log_job(as_of: datetime) -> str:
    """The worker's turn."""
    return "empty" if empty_log() else "somebody reads: again in a minute"
