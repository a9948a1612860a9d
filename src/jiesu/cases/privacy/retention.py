"""What the city's rules erase by themselves: contact details, texts, attachments, each in its time.

The time runs from the end of a case; the rules in force today hold for all cases, so that a
shorter time reaches back. In small transactions: killed at any point, the next run goes on. What
erasing means is in `erasure`. Cases that have not ended are left.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from jiesu.cases.actor import Actor
from jiesu.cases.attachments import sweep_orphans
from jiesu.cases.change import Change
from jiesu.cases.jobs import More
from jiesu.cases.models import Attachment, Case
from jiesu.cases.privacy.erasure import PARTS, Part, erase
from jiesu.cases.rulebook import local_day, rulebook
from jiesu.cases.transaction import let_others_write
from jiesu.cases.write_ahead import empty_log
from jiesu.core.desk import Retention
from jiesu.core.lifecycle import ENDED

RETENTION = Actor.system("retention")

BATCH = 20
"""Cases in one transaction: nobody waits for it."""

SECONDS = 20.0
"""A run by the worker ends after so long, to be begun again at once: so a signal is heard."""

LEFT_BEHIND = timedelta(hours=1)
"""Files without a row that are older were left by a killed process."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Retained:
    """What a run erased, by part; `more` says that it ended before all was done."""

    n_erased: dict[Part, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    n_failed: int = 0
    more: bool = False

    def __str__(self) -> str:
        said = ", ".join(f"{n} {part}" for part, n in self.n_erased.items())
        return f"erased: {said}; {self.n_failed} failed"


def retention_job(as_of: datetime) -> str:
    """The worker's run, once a day."""
    done = apply_retention(as_of, seconds=SECONDS)
    if done.more:
        return More(done)
    sweep_orphans(as_of - LEFT_BEHIND)
    return str(done)


def apply_retention(
    as_of: datetime, *, batch: int = BATCH, seconds: float | None = None
) -> Retained:
    """Erase what has had its time by `as_of`, for at most so many `seconds`.

    A case that fails is logged by its number and left for the next run.
    """
    ends = None if seconds is None else time.monotonic() + seconds
    rules = rulebook().desk_on(local_day(as_of))[1].retention
    limits = _limits(rules, as_of)
    done, after = Retained(), 0
    while limits:
        with transaction.atomic():
            cases = _some(limits, after, batch)
            for case in cases:
                _erase_one(case, limits, as_of, done)
        if cases:
            empty_log()
        if len(cases) < batch:
            break
        let_others_write()
        after = cases[-1].pk
        if ends is not None and time.monotonic() > ends:
            done.more = True
            break
    return done


def _limits(rules: Retention, as_of: datetime) -> Mapping[Part, datetime]:
    """Until when a case must have ended for each part to go; without those that stay for good."""
    days: Mapping[Part, int] = {
        "person": rules.contact_days,
        "text": rules.text_days,
        "attachments": rules.attachment_days,
    }
    return {part: as_of - timedelta(days=n) for part, n in days.items() if n}


def _some(limits: Mapping[Part, datetime], after: int, batch: int) -> list[Case]:
    """The next cases of which something has had its time, locked."""
    there = {
        "person": Q(private__person_erased_at=None),
        "text": Q(private__text_erased_at=None),
        "attachments": Exists(Attachment.objects.filter(case=OuterRef("pk"), erased_at=None)),
    }
    over = Q()
    for part, limit in limits.items():
        over |= Q(ended_at__lte=limit) & Q(there[part])
    ended = Case.objects.filter(over, pk__gt=after, state__in=[state.value for state in ENDED])
    return list(ended.select_for_update(of=("self",)).order_by("pk")[:batch])


def _erase_one(
    case: Case, limits: Mapping[Part, datetime], as_of: datetime, done: Retained
) -> None:
    assert case.ended_at is not None
    due = [part for part, limit in limits.items() if case.ended_at <= limit]
    try:
        with transaction.atomic():
            change = Change(case, RETENTION, as_of)
            erased = erase(change, due, "retention")
            change.save()
    except Exception as error:
        # Its words may quote a row.
        log.error("case %s was not erased: %s", case.number, type(error).__name__)
        done.n_failed += 1
        return
    for part in erased:
        done.n_erased[part] += 1
