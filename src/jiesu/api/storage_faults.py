"""Which faults are the disk's: it is full, or must not be written to.

Of the operating system, SQLite and PostgreSQL alike, by their numbers and never by their words.
What is answered is in `errors`.
"""

import errno
import sqlite3
from collections.abc import Iterator
from enum import StrEnum

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NOT_WRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
# SQLSTATE: disk_full; read_only_sql_transaction.
_SQLSTATE_FULL, _SQLSTATE_READ_ONLY = "53100", "25006"


class StorageFault(StrEnum):
    """What keeps the site from writing."""

    FULL = "full"
    READ_ONLY = "read_only"


def storage_fault(error: BaseException) -> StorageFault | None:
    """What of the disk has caused an error; `None` where it is something else."""
    for one in _causes(error):
        if isinstance(one, OSError) and one.errno in _FULL:
            return StorageFault.FULL
        if isinstance(one, OSError) and one.errno in _NOT_WRITABLE:
            return StorageFault.READ_ONLY
        # The lower byte is the error, the others its sort.
        sqlite = getattr(one, "sqlite_errorcode", 0) & 0xFF
        sqlstate = getattr(one, "sqlstate", None)
        if sqlite == sqlite3.SQLITE_FULL or sqlstate == _SQLSTATE_FULL:
            return StorageFault.FULL
        if sqlite == sqlite3.SQLITE_READONLY or sqlstate == _SQLSTATE_READ_ONLY:
            return StorageFault.READ_ONLY
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__
