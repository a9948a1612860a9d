"""The sweep: all cases whose moment has come, in batches, each one transaction.

There is no state outside the rows: killed at any point, the next sweep goes on where this one
was. What has nothing coming up is never looked at. What comes up is in `falling_due`, when the
sweep runs in `jobs`.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from jiesu.cases.falling_due import NEEDED, Fallen, fall_due
from jiesu.cases.jobs import More
from jiesu.cases.models import Case
from jiesu.cases.transaction import let_others_write

BATCH = 500
"""Cases in a transaction: on SQLite nobody else writes meanwhile, about a fifth of a second."""

SECONDS = 3.0
"""A sweep by the worker ends after so long, to be begun again at once: so a signal is heard."""

log = logging.getLogger(__name__)


@dataclass
class Swept:
    """What a sweep has done. `more` says that it ended before all was done."""

    n_cases: int = 0
    n_callbacks: int = 0
    n_supervisions: int = 0
    n_closed: int = 0
    n_failed: int = 0
    more: bool = False

    def add(self, n_cases: int, fallen: Fallen) -> None:
        self.n_cases += n_cases
        self.n_callbacks += len(fallen.callbacks)
        self.n_supervisions += len(fallen.supervisions)
        self.n_closed += len(fallen.closed)

    def __str__(self) -> str:
        return (
            f"{self.n_cases} cases: {self.n_callbacks} call-backs, {self.n_supervisions} times "
            f"supervision, {self.n_closed} closed, {self.n_failed} failed"
        )


def sweep(as_of: datetime, *, batch: int = BATCH, seconds: float | None = None) -> Swept:
    """Let come up what has by `as_of`, `batch` cases at a time, for at most so many `seconds`.

    A case that fails is logged by its number and left for the next time; the others go on.
    """
    swept, failed = Swept(), set[int]()
    ends = None if seconds is None else time.monotonic() + seconds
    while not swept.more:
        begun = time.monotonic()
        try:
            n_cases, fallen = _batch(as_of, batch, failed)
        except (OperationalError, InterfaceError):
            # The database, not a case.
            raise
        except Exception:
            failed |= _one_by_one(as_of, batch, failed, swept)
            swept.n_failed = len(failed)
            continue
        if not n_cases:
            break
        swept.add(n_cases, fallen)
        let_others_write(time.monotonic() - begun)
        swept.more = ends is not None and time.monotonic() >= ends
    return swept


def sweep_job(as_of: datetime) -> str:
    """The sweep as a job of the worker."""
    swept = sweep(as_of, seconds=SECONDS)
    return More(str(swept)) if swept.more else str(swept)


def _batch(as_of: datetime, most: int, failed: set[int]) -> tuple[int, Fallen]:
    with transaction.atomic():
        cases = _locked(as_of, most, failed)
        return len(cases), fall_due(cases, as_of) if cases else Fallen()


def _locked(as_of: datetime, most: int, failed: set[int]) -> Sequence[Case]:
    """The cases that come first; those that somebody is changing right now are left to the next
    sweep, or come up before that change."""
    due = Case.objects.filter(next_sweep_at__lte=as_of).exclude(pk__in=failed)
    locked = due.select_for_update(of=("self",), skip_locked=True).only(*NEEDED)
    return list(locked.order_by("next_sweep_at", "pk")[:most])


def _one_by_one(as_of: datetime, most: int, failed: set[int], swept: Swept) -> set[int]:
    """A batch of which a case fails, each case by itself; gives those that fail."""
    with transaction.atomic():
        keys = [case.pk for case in _locked(as_of, most, failed)]
    fails: set[int] = set()
    for key in keys:
        try:
            with transaction.atomic():
                rows = Case.objects.select_for_update(of=("self",)).only(*NEEDED)
                cases = list(rows.filter(pk=key, next_sweep_at__lte=as_of))
                swept.add(len(cases), fall_due(cases, as_of))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            fails.add(key)
            log.error("the sweep fails at a case with key %s: %s", key, type(error).__name__)
    return fails
