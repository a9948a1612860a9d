"""What the marks of whistles add up to: both sides are assessed (domain.md §1, articles 16, 33).

Sums and counts only, integers; division is for whoever assesses. Blowing, reporting and marking
are in `actions.assistance`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, Sum

from jiesu.cases.models import Unit, Whistle
from jiesu.core.period import Period


@dataclass(frozen=True, slots=True)
class WhistleMarks:
    """A unit's whistles of a period.

    As a street: how many it blew, how many of them departments marked, the sum of these marks
    (of 1 to 5). As a department: how often it was called, how often it reported by the due time
    and later, how often streets marked it, the sum of these marks.
    """

    n_blown: int = 0
    n_marked_as_street: int = 0
    sum_as_street: int = 0
    n_called: int = 0
    n_reported_in_time: int = 0
    n_reported_late: int = 0
    n_marked_as_department: int = 0
    sum_as_department: int = 0


def whistle_marks(units: Iterable[Unit], period: Period) -> Mapping[str, WhistleMarks]:
    """The marks by the code of each unit, of the whistles that were blown in the period.

    A later mark still counts where its whistle was blown. Units without whistles have zeros.
    """
    asked = list(units)
    blown = Whistle.objects.filter(blown_at__gte=period.start, blown_at__lt=period.end)
    as_street: dict[int, Any] = {
        row["street"]: row
        for row in blown.filter(street__in=asked)
        .order_by()
        .values("street")
        .annotate(n=Count("pk"), n_marks=Count("mark_of_street"), marks=Sum("mark_of_street"))
    }
    in_time = Q(reported_at__lte=F("due_at"))
    late = Q(reported_at__gt=F("due_at"))
    as_department: dict[int, Any] = {
        row["unit"]: row
        for row in blown.filter(unit__in=asked)
        .order_by()
        .values("unit")
        .annotate(
            n=Count("pk"),
            n_in_time=Count("pk", filter=in_time),
            n_late=Count("pk", filter=late),
            n_marks=Count("mark_of_unit"),
            marks=Sum("mark_of_unit"),
        )
    }
    return {
        unit.code: _marks(as_street.get(unit.pk, {}), as_department.get(unit.pk, {}))
        for unit in asked
    }


def _marks(street: Mapping[str, int | None], department: Mapping[str, int | None]) -> WhistleMarks:
    return WhistleMarks(
        n_blown=street.get("n") or 0,
        n_marked_as_street=street.get("n_marks") or 0,
        sum_as_street=street.get("marks") or 0,
        n_called=department.get("n") or 0,
        n_reported_in_time=department.get("n_in_time") or 0,
        n_reported_late=department.get("n_late") or 0,
        n_marked_as_department=department.get("n_marks") or 0,
        sum_as_department=department.get("marks") or 0,
    )
