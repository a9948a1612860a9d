"""The transaction in which the desk writes.

SQLite lets one writer in at a time, and others ask again after some milliseconds of sleep. The
threads of one process wait here instead, and are woken at once; those that wait with one short
writing each share a transaction, and so a flush of the disk. Other processes (the worker) still
wait in SQLite's own way.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

T = TypeVar("T")

_turn = threading.RLock()

PAUSE_SECONDS = 0.12
"""Who waits for SQLite looks again after a tenth of a second at the latest."""
SHORT_SECONDS, SHORT_PAUSE_SECONDS = 0.22, 0.06
"""Who has waited for less than the first looks again within the second: SQLite's own steps."""


def let_others_write(held_seconds: float = SHORT_SECONDS) -> None:
    """Between batches that follow each other: on SQLite nobody else would ever get in.

    `held_seconds` says for how long the batch kept the others out, if that is known.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(SHORT_PAUSE_SECONDS if held_seconds < SHORT_SECONDS else PAUSE_SECONDS)


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


@contextmanager
def nobody_writes() -> Iterator[None]:
    """The threads of this process that are going to write wait, without asking SQLite."""
    with _turn:
        yield


def written(work: Callable[[], T]) -> T:
    """What `work` gives, on the disk: for one that reads, and writes with one `insert_family`.

    It may be done twice, the first time in vain, and in another thread. What it raises is raised
    here, and takes back what it has written, not what others have.
    """
    here = connections[DEFAULT_DB_ALIAS]
    if here.in_atomic_block:
        with transaction.atomic():
            return work()
    if here.vendor == "postgresql":
        # One statement is a transaction by itself: two messages less to wait for.
        return work()
    result: T = _together(work)
    return result


class _Waiting:
    """A thread that waits: for its writing to be done, or to lead those that wait with it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.leads = False
        self.result: Any = None
        self.error: BaseException | None = None
        self._gate = threading.Lock()
        self._gate.acquire()

    def wait(self) -> None:
        self._gate.acquire()

    def wake(self) -> None:
        self._gate.release()

    def outcome(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result


_queue: deque[_Waiting] = deque()
_led = False
_mutex = threading.Lock()
"""For the two above, which several threads change."""


def _together(work: Callable[[], Any]) -> Any:
    """Who finds nobody at it leads: writes what waits, then hands over to who came meanwhile."""
    global _led
    own = _Waiting(work)
    with _mutex:
        own.leads, _led = not _led, True
        if not own.leads:
            _queue.append(own)
    if not own.leads:
        own.wait()
    if own.leads:
        _lead(own)
    return own.outcome()


def _lead(own: _Waiting) -> None:
    global _led
    company = [own]
    try:
        with _turn:
            with _mutex:
                company += _queue
                _queue.clear()
            _write(company)
    finally:
        with _mutex:
            follower = _queue.popleft() if _queue else None
            _led = follower is not None
        if follower is not None:
            follower.leads = True
            follower.wake()
        for other in company[1:]:
            other.wake()


class _Apart(Exception):
    """One of several writings failed: each is to be done by itself."""


def _write(company: Sequence[_Waiting]) -> None:
    try:
        with writing():
            for one in company:
                _work(one)
    except _Apart as failed:
        if len(company) == 1:
            company[0].error = failed.__cause__
            return
        for one in company:
            _write([one])
    except BaseException as error:
        # The database let nobody in, or took nothing in the end: nothing of it was written.
        for one in company:
            one.error = error


def _work(one: _Waiting) -> None:
    try:
        one.result = one.work()
    except Exception as error:
        raise _Apart from error
