"""How many cases of a unit may be excluded of an assessment month, and whether one more may.

Of the cases that the evaluation counts for the unit in that month: the same rows of the case table
are read (`case_rows`). Rules: docs/methods/claims.md.
"""

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
from django.db.models import Exists, OuterRef, Q, QuerySet

from jiesu.cases.asking import catalogue_reason
from jiesu.cases.change import Change
from jiesu.cases.figures.case_rows import CHUNK, REDO, Words, in_chunks, rows_of
from jiesu.cases.figures.export import WATCHED
from jiesu.cases.figures.site_city import month_counting
from jiesu.cases.models import Callback, Case, Claim, Counter, DeadlineChange
from jiesu.cases.refusals import Conflict
from jiesu.cases.rulebook import rulebook
from jiesu.cases.scopes import judging
from jiesu.core.period import Period
from jiesu.core.policy import Policy
from jiesu.core.texts import Text


def within_caps(change: Change, claim: Claim) -> None:
    """Raise Conflict where a unit would have more cases excluded of a month than the rules allow.

    Counts exactly, one decision of a unit after the other. A case that counts in no month yet
    waits: the cap of its month could not hold otherwise.
    """
    case = change.case
    rules = rulebook().rules_of(case.rules_id)
    reason = catalogue_reason(case, claim.kind, claim.reason)
    row = rows_of([case.pk], Words.of_the_city()).table
    month = month_counting(times_of(row))
    if month is None:
        if rules.exclusion_cap_percent == reason.cap_percent == 100:
            return
        text = Text(
            "the case counts in no assessment month yet, and the cap is one of a month: decide "
            "when it does, or refuse the claim"
        )
        raise Conflict("no_month", text)
    policy, period = month
    unit = row["unit"][0].as_py()
    _one_by_one(unit)
    cases = cases_of_month(unit, policy, period)
    n_cases, excluded = len(cases), [one.exclusion_reason for one in cases if one.excluded]
    caps = (
        (rules.exclusion_cap_percent, len(excluded), Text("be excluded")),
        (reason.cap_percent, excluded.count(claim.reason), Text("be excluded for this reason")),
    )
    for percent, n, what in caps:
        most = most_excluded(n_cases, percent)
        if n + 1 > most:
            text = Text(
                "of the unit's {n_cases} cases of {month} at most {percent} percent may {what}: "
                "{most}, and {n} are: refuse the claim",
                n_cases=n_cases,
                month=period.label,
                percent=percent,
                what=what,
                most=most,
                n=n,
            )
            raise Conflict("cap_reached", text)


def cases_of_month(unit: str, policy: Policy, period: Period) -> list[Case]:
    """The cases that the evaluation counts for a unit in a month, with what is said of exclusion.

    Others are asked for too where the database cannot tell: a row of the case table can.
    """
    by = policy.period.by
    may_count = _between(Case.objects.all(), by, period)
    judged = judging().filter(unit__code=unit).values("case")
    keys = {
        *may_count.filter(unit__code=unit).values_list("pk", flat=True),
        *may_count.filter(pk__in=judged).values_list("pk", flat=True),
    }
    rows = rows_of(sorted(keys), Words.of_the_city()).table.select(["case_id", "unit", by])
    numbers = {
        row["case_id"]
        for row in rows.to_pylist()
        if row["unit"] == unit and row[by] is not None and period.start <= row[by] < period.end
    }
    found = [
        case
        for chunk in in_chunks(keys, CHUNK)
        for case in Case.objects.only("number", "excluded", "exclusion_reason").filter(pk__in=chunk)
    ]
    return [case for case in found if case.number in numbers]


def most_excluded(n_cases: int, percent: int) -> int:
    """How many of so many cases may be excluded: never more than the percentage of them."""
    return n_cases * percent // 100


def times_of(row: pa.Table) -> Mapping[str, datetime | None]:
    """The times of a case's row by which policies cut months."""
    return {name: row[name][0].as_py() for name in WATCHED}


def _one_by_one(unit: str) -> None:
    """Let no other decision about a unit count until this one has been made."""
    key = f"claims:{unit}"
    Counter.objects.get_or_create(key=key, defaults={"next": 1})
    Counter.objects.select_for_update().get(key=key)


def _between(cases: QuerySet[Case], by: str, period: Period) -> QuerySet[Case]:
    """The cases whose rows may have a time of a month, and some more."""
    start, end = period.start, period.end
    match by:
        case "due_at":
            # Of a redone case the first cycle's, as it was before the redo.
            now = Q(due_at__gte=start, due_at__lt=end)
            changes = DeadlineChange.objects.filter(
                case=OuterRef("pk"), cause=REDO, old_due_at__gte=start, old_due_at__lt=end
            )
            return cases.filter(now | Exists(changes))
        case "callback_at":
            ended = Callback.objects.filter(
                case=OuterRef("pk"), round=1, ended_at__gte=start, ended_at__lt=end
            )
            return cases.filter(Exists(ended))
        case _:
            return cases.filter(created_at__gte=start, created_at__lt=end)
