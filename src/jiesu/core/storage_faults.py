"""Which faults are the disk's: it is full, or must not be written to.

Of the operating system, SQLite and PostgreSQL alike, by their numbers and never by their words.
What is answered is in `api.errors` and `project.fault_pages`; a command says `storage_problem`.
"""

import errno
import sqlite3
from collections.abc import Iterator
from enum import StrEnum

from jiesu.core.problems import Problem

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NOT_WRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
# Where SQLite cannot make the files that it needs beside the database, it cannot open it.
_SQLITE_NOT_WRITABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
# Nor has it room then for the index of its log.
_NO_ROOM_BESIDE = sqlite3.SQLITE_IOERR_SHMSIZE
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
        sort = getattr(one, "sqlite_errorcode", 0)
        sqlite, sqlstate = sort & 0xFF, getattr(one, "sqlstate", None)
        if sqlite == sqlite3.SQLITE_FULL or sort == _NO_ROOM_BESIDE or sqlstate == _SQLSTATE_FULL:
            return StorageFault.FULL
        if sqlite in _SQLITE_NOT_WRITABLE or sqlstate == _SQLSTATE_READ_ONLY:
            return StorageFault.READ_ONLY
    return None


def storage_problem(error: BaseException) -> Problem | None:
    """What to say of an error at a terminal; `None` where the disk has not caused it."""
    files = [one.filename for one in _causes(error) if isinstance(one, OSError) and one.filename]
    shown = str(files[-1]) if files else "the disk of the site"
    match storage_fault(error):
        case StorageFault.FULL:
            return Problem(shown, "", "no space is left", "make room, then run it again")
        case StorageFault.READ_ONLY:
            what = "may not be written to, or not by this user"
            return Problem(shown, "", what, "let this user write there, then run it again")
        case _:
            return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__
