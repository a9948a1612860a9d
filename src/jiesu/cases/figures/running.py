"""The running month's ranking from the desk, never more than a minute old, and past months'.

Counts the live export by the evaluation's own code, and keeps what came of it as a row from which
everybody reads at once. A month is recounted whole, never patched. Leaves out bonus and deduction
lines and outside measures, which only a city folder has: they enter with the edition.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.db.models import Q

from jiesu.cases.figures.export import Times, day_of, following
from jiesu.cases.figures.site_city import last_day, month_of, period_named, roster_on, site_city
from jiesu.cases.folder.unit_changes import MADE
from jiesu.cases.jobs import More
from jiesu.cases.models import PeriodFigures, UnitChange
from jiesu.cases.rulebook import city_zone
from jiesu.core.contract import evaluation_document
from jiesu.core.period import Period, month_period
from jiesu.core.policy import Policy
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import Evaluation, Input
from jiesu.sources.canonical_file import mark_of

PAST_EVERY = timedelta(minutes=10)
"""How often a month that has ended is recounted while its cases change."""

A_DAY = timedelta(days=1)
ALL = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A period's figures as they were last counted.

    `compressed` is `evaluation.json` by gzip, ready to be sent; `is_stale` says that cases have
    changed since.
    """

    period: str
    as_of: datetime
    policy: str
    is_stale: bool
    compressed: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The evaluation as docs/evaluation-json.md has it."""
        found: dict[str, Any] = json.loads(gzip.decompress(self.compressed))
        return found


def kept_figures(label: str) -> Kept | None:
    """A period's figures, as they were last counted; one read of one row."""
    row = PeriodFigures.objects.filter(period=label).first()
    if row is None or row.as_of is None:
        return None
    stale = row.stale_since is not None
    return Kept(row.period, row.as_of, row.policy, stale, bytes(row.document))


def running_figures(as_of: datetime) -> Kept | None:
    """The figures of the month in which a moment lies. Raises InputError without a policy."""
    return kept_figures(month_of(as_of)[1].label)


def figures_job(as_of: datetime) -> str:
    """The worker's job: follow what changed, recount the running month and one past one."""
    if not site_city().policies:
        return "no policy is loaded"
    _follow_units(as_of)
    with following(touched=partial(_touch, as_of)) as done:
        labels = [month_of(as_of)[1].label, *_due_past(as_of)]
        said = [_recounted(label, done.files, as_of) for label in labels]
    note = f"{done.n_cases} cases into {done.n_written} files; {', '.join(said)}"
    return note if done.is_whole else More(note)


@contextmanager
def up_to_date(as_of: datetime, folder: Path | None = None) -> Iterator[Sequence[Path]]:
    """The files of the live export with all that has changed; nobody writes them meanwhile."""
    with following(folder, touched=partial(_touch, as_of), at_most=ALL) as done:
        yield done.files


def evaluated(label: str, as_of: datetime, folder: Path | None = None) -> Evaluation:
    """A period evaluated now from the live export, brought up to date before.

    Raises InputError where no case falls in the period, or for what is no period.
    """
    with up_to_date(as_of, folder) as files:
        return _from_live(label, files, as_of)


def evaluation_of(
    label: str, files: Sequence[Path], as_of: datetime, *, first: datetime | None = None
) -> Evaluation:
    """A period evaluated from case files, with the policies and the units as they stood then.

    `first` is the earliest time of all cases where `files` are only what the period needs. Raises
    InputError where no case falls in the period, or for what is no period.
    """
    from jiesu.evaluation.run import Request, evaluate

    policy, period = period_named(label)
    if not files:
        what, remedy = "the desk has no case yet", "receive one, or import some"
        raise InputError(Problem("--period", label, what, remedy))
    city = site_city()
    marks = (mark_of(file) for file in files)
    source = Input((), sum(mark.rows for mark in marks if mark), 0, 0)
    roster = roster_on(last_day(label))
    request = Request(policy, period, roster, as_of, as_of, first=first)
    return evaluate(files, request, source, city=city.name, synthetic=city.synthetic)


def keep(evaluation: Evaluation) -> PeriodFigures:
    """Keep a period's evaluation in place of the one before."""
    text = json.dumps(evaluation_document(evaluation), ensure_ascii=False)
    row, _ = PeriodFigures.objects.update_or_create(
        period=evaluation.period.label,
        defaults={
            "as_of": evaluation.as_of,
            "policy": evaluation.policy.digest,
            # Without the time of compression the same figures are the same bytes.
            "document": gzip.compress(text.encode(), 6, mtime=0),
            "stale_since": None,
        },
    )
    return row


def _from_live(label: str, files: Sequence[Path], as_of: datetime) -> Evaluation:
    needed, first = _needed(files, *period_named(label))
    return evaluation_of(label, needed, as_of, first=first)


def _recounted(label: str, files: Sequence[Path], as_of: datetime) -> str:
    try:
        keep(_from_live(label, files, as_of))
    except InputError:
        # Nothing is kept of a month that its last case has left.
        empty = {"as_of": None, "document": b"", "stale_since": None}
        PeriodFigures.objects.filter(period=label).update(**empty)
        return f"{label}: no cases"
    return f"{label} counted"


def _due_past(as_of: datetime) -> list[str]:
    """The past month that has waited longest for its recount, if one has waited long enough."""
    long_ago = Q(as_of=None) | Q(as_of__lte=as_of - PAST_EVERY)
    waiting = PeriodFigures.objects.filter(long_ago, stale_since__isnull=False)
    past = waiting.exclude(period=month_of(as_of)[1].label)
    return list(past.order_by("stale_since", "period").values_list("period", flat=True)[:1])


def _follow_units(as_of: datetime) -> None:
    """Say that months are behind for which units were changed since they were counted."""
    fresh = PeriodFigures.objects.filter(stale_since=None, as_of__isnull=False)
    counted: dict[str, datetime] = dict(fresh.values_list("period", "as_of"))  # type: ignore[arg-type]
    if not counted:
        return
    since = UnitChange.objects.filter(at__gte=min(counted.values())).exclude(field=MADE)
    changed = list(since.values_list("at", "on"))
    behind = [
        label
        for label, counted_at in counted.items()
        if any(at >= counted_at and on <= last_day(label) for at, on in changed)
    ]
    fresh.filter(period__in=behind).update(stale_since=as_of)


def _touch(as_of: datetime, times: Times) -> None:
    """Say that the figures of the months of these times are behind, and of those after them.

    A later month shows an earlier one as its previous one and in its paths.
    """
    zone = city_zone()
    rules = {(policy.period.by, policy.period.months(zone)) for policy in site_city().policies}
    months = {
        month_period(rule, number).label
        for by, rule in rules
        for number in {rule.month_of(time) for time in times.get(by, ())}
    }
    if not months:
        return
    known = set(PeriodFigures.objects.filter(period__in=months).values_list("period", flat=True))
    for label in months - known:
        PeriodFigures.objects.get_or_create(period=label, defaults={"stale_since": as_of})
    later = PeriodFigures.objects.filter(period__gte=min(months), stale_since=None)
    later.update(stale_since=as_of)


def _needed(
    files: Sequence[Path], policy: Policy, period: Period
) -> tuple[Sequence[Path], datetime | None]:
    """The files that a period's evaluation looks at, and the first time of all of them."""
    from jiesu.evaluation.run import counted_window, first_time

    if policy.period.by != "created_at" or not files:
        return files, None
    first = first_time(files[:1], policy.period.by)
    if first is None:
        return files, None
    start, end = counted_window(period, first)
    # Where nothing lies in it, the evaluation says so from all of them.
    return files_between(files, policy, start, end) or files, first


def files_between(
    files: Sequence[Path], policy: Policy, start: datetime, end: datetime
) -> Sequence[Path]:
    """The files that may hold cases of a stretch of time, by the time by which a policy cuts."""
    if policy.period.by != "created_at":
        return files
    first, last = start.date() - A_DAY, end.date() + A_DAY
    return [file for file in files if first <= day_of(file) <= last]
