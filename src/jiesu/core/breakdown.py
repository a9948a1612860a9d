"""What a health check needs counted beyond an evaluation: by unit and category, month, place.

The border between `evaluation.breakdown`, which fills these tables, and `core.checkup`, which
divides. A unit's tables hold its own cases and those of all units below it. Integers only; no
case text, caller or address.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from jiesu.core.facts import EMPTY, Joint
from jiesu.core.period import months_earlier
from jiesu.core.topics import CategoryPath


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A place and community (either may be `None`) with how many of a unit's cases lie there."""

    place: str | None
    community: str | None
    n: int


@dataclass(frozen=True, slots=True)
class Repeats:
    """Callers with at least so many demands in the period, and the demands of these callers.

    `known` are the cases that have a caller at all.
    """

    callers: int
    demands: int
    known: int


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that is not solved as of the moment: its number, category and months since it came."""

    case_id: str
    category: CategoryPath
    months: int


@dataclass(frozen=True, slots=True)
class UnitBreakdown:
    """One unit's counts in a period.

    `categories` gives the joint table of facts by category (down to three levels), weighted as
    the policy shares cases; `months` that of each of the period's months, oldest first. `unsolved`
    counts the cases that are not solved, of which `open_cases` lists the oldest. `labelled` counts
    the cases that bear the label asked for.
    """

    categories: Mapping[CategoryPath, Joint] = field(default_factory=dict)
    months: tuple[Joint, ...] = ()
    recurrences: tuple[Recurrence, ...] = ()
    repeats: Repeats = Repeats(0, 0, 0)
    unsolved: int = 0
    open_cases: tuple[OpenCase, ...] = ()
    exclusions: Mapping[str | None, int] = field(default_factory=dict)
    labelled: int = 0

    def month(self, index: int) -> Joint:
        return self.months[index] if index < len(self.months) else EMPTY


Breakdown = Mapping[str, UnitBreakdown]
"""By the code of each unit that has cases."""


def months_open(since: datetime, as_of: datetime, zone: ZoneInfo) -> int:
    """Whole calendar months from one moment to another, by the city's days; 0 for a later one.

    A day that a month lacks counts as its last: from 31 January to 28 February is a month.
    """
    begun, end = since.astimezone(zone).date(), as_of.astimezone(zone).date()
    months = (end.year - begun.year) * 12 + end.month - begun.month
    if months > 0 and months_earlier(begun, -months) > end:
        months -= 1
    return max(0, months)
