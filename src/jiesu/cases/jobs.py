"""What the worker does, and how: each job at its interval, in a thread of its own, under a lease.

A job is a row of `JOBS`: a function of the moment that gives a short note for administrators,
without anything personal. Its work lies in rows, so doing it twice does no harm, and a job that
fails or is killed is done at the next interval (docs/adr/0009-desk-parts.md). A lease keeps other
workers from doing the same job at the same time; that of a killed worker runs out.
"""

import logging
import os
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module

from django.db import close_old_connections, connection
from django.db.models import Q

from jiesu.cases.models import Lease

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
N_NOTE = 200
ASK_SECONDS = 60.0
"""Where another worker has a job, or it is not due yet, it is asked for again after so long."""


class More(str):
    """A note which says that there is more to do: the job is begun again at once."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A job: `function` of `module`, every `seconds`.

    It gets the moment and gives a note, or something whose text is one. Should it run longer than
    its lease, another worker may begin it: let it end in time and give `More`.
    """

    name: str
    seconds: float
    module: str
    function: str
    lease_seconds: float = 60

    def run(self, as_of: datetime) -> str:
        """Do it. The module is imported here: a worker needs no part that it does not run."""
        made = getattr(import_module(self.module), self.function)(as_of)
        return made if isinstance(made, str) else str(made)


JOBS: tuple[Job, ...] = (
    Job("sweep", 30, "jiesu.cases.sweep", "sweep_job"),
    Job("calendar", 300, "jiesu.cases.actions.extensions", "calendar_job"),
    Job("seal", 60, "jiesu.cases.history.seals", "seal_job"),
    Job("figures", 30, "jiesu.cases.figures.running", "figures_job", lease_seconds=300),
    Job("index", 5, "jiesu.cases.search_index", "index_job"),
    Job("retention", 86_400, "jiesu.cases.privacy.retention", "retention_job"),
    Job("log", 60, "jiesu.cases.write_ahead", "empty_log_job"),
    Job("webhooks", 5, "jiesu.cases.webhooks", "webhooks_job", lease_seconds=300),
)
"""All jobs. Whoever has work for the worker adds a line."""


def run_worker(
    stop: threading.Event,
    *,
    clock: Clock = lambda: datetime.now(UTC),
    jobs: Sequence[Job] = JOBS,
    holder: str = "",
) -> None:
    """Do the jobs until `stop` is set; those under way are ended first.

    `holder` names this worker in the leases; two workers must not have one name.
    """
    holder = holder or worker_name()
    threads = [
        threading.Thread(target=_repeat, args=(job, stop, clock, holder), name=job.name)
        for job in jobs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def worker_name() -> str:
    """A name that no other worker has: machine, process, chance."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(4)}"


def _repeat(job: Job, stop: threading.Event, clock: Clock, holder: str) -> None:
    try:
        while not stop.is_set():
            begun = time.monotonic()
            # What is too old, and what a failure has left unusable, is not used again.
            close_old_connections()
            wait = run_once(job, clock=clock, holder=holder)
            close_old_connections()
            stop.wait(max(0.0, wait - (time.monotonic() - begun)))
    finally:
        connection.close()


def run_once(job: Job, *, clock: Clock, holder: str) -> float:
    """Do a job, if it is due and no other worker does it; in how many seconds to ask again.

    A failure is logged by its type and place, never with its words, which may quote a row.
    """
    as_of = clock()
    try:
        if not take_lease(job, holder, as_of):
            return min(job.seconds, ASK_SECONDS)
        try:
            note = job.run(as_of)
        except Exception as error:
            release_lease(job, holder, f"failed: {type(error).__name__}")
            raise
        more = isinstance(note, More)
        release_lease(job, holder, note, done_at=None if more else as_of)
        return 0.0 if more else job.seconds
    except Exception as error:
        log.error("job %s failed: %s", job.name, _place(error))
        return job.seconds


def take_lease(job: Job, holder: str, as_of: datetime) -> bool:
    """Take a job, unless another worker has it or it was done within its interval."""
    Lease.objects.get_or_create(job=job.name)
    free = Q(until=None) | Q(until__lte=as_of) | Q(holder=holder)
    # Nobody wakes at the microsecond.
    since = as_of - timedelta(seconds=job.seconds - min(1.0, job.seconds / 2))
    due = Q(done_at=None) | Q(done_at__lte=since)
    until = as_of + timedelta(seconds=job.lease_seconds)
    return Lease.objects.filter(free, due, job=job.name).update(holder=holder, until=until) == 1


def release_lease(job: Job, holder: str, note: str, *, done_at: datetime | None = None) -> None:
    """Give a job back with what is to be said of it; `done_at` is the moment it was done as of."""
    lease = Lease.objects.filter(job=job.name, holder=holder)
    if done_at is not None:
        lease.update(holder="", until=None, note=note[:N_NOTE], done_at=done_at)
    else:
        lease.update(holder="", until=None, note=note[:N_NOTE])


def _place(error: BaseException) -> str:
    """Type and innermost place of a failure."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
