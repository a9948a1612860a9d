"""What is known of a caller's earlier demands: how many, and which one a new demand repeats.

A demand that is in progress or done and brings nothing new is linked to its first and answered
with the state of that, not dispatched again (article 11 (3)). Leaves out what becomes of a repeat:
that is `actions`'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jiesu.cases.insertion import adapted_instant, asked
from jiesu.cases.models import Callback, Case
from jiesu.cases.rulebook import local_day
from jiesu.core.category_tree import Levels
from jiesu.core.desk import DeskRules
from jiesu.core.lifecycle import CallbackState, State

REPEAT = "repeat"
"""The disposition of article 11 (3): in progress or done, and nothing new."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier demand of the same caller."""

    pk: int
    number: str
    created_at: datetime
    state: str
    category: Levels
    place: int | None
    repeat_of: int | None
    by: int | None


def earlier_of(callers: Sequence[str], as_of: datetime) -> list[Earlier]:
    """The caller's demands of a year back, the newest first.

    During a rotation of the hash key older ones bear an older hash.
    """
    if not callers:
        return []
    sql = _EARLIER.format(", ".join(["%s"] * len(callers)))
    return [
        Earlier(row[0], row[1], _instant(row[2]), row[3], (row[4], row[5], row[6]), *row[7:])
        for row in asked(sql, [*callers, adapted_instant(as_of - timedelta(days=366))])
    ]


# In SQL: putting it together anew takes longer than the rest of the intake. The index leaves the
# empty ones out by these very words, without which SQLite would not use it.
_EARLIER = (
    "SELECT id, number, created_at, state, category_1, category_2, category_3, place_id, "
    "repeat_of_id, received_by_id FROM cases_case WHERE caller IN ({}) AND NOT (caller = '') "
    "AND created_at > %s ORDER BY id DESC LIMIT 1000"
)


def _instant(stored: datetime) -> datetime:
    """An instant as the driver gives it: SQLite's, which are in UTC, do not say so."""
    return stored if stored.tzinfo is not None else stored.replace(tzinfo=UTC)


def count(case: Case, earlier: list[Earlier], as_of: datetime) -> None:
    """Which demand of this caller it is, this month and this year (月次, 年次)."""
    today = local_day(as_of)
    days = [local_day(one.created_at) for one in earlier]
    case.n_year = 1 + sum(day.year == today.year for day in days)
    case.n_month = 1 + sum((day.year, day.month) == (today.year, today.month) for day in days)


def repeated(
    case: Case, earlier: list[Earlier], rules: DeskRules, as_of: datetime
) -> Earlier | None:
    """The demand that this one repeats: the caller's last on the matter, or what that repeats.

    The same trouble in another place is another matter; where a place is not known it may be any.
    What came by a public form under somebody's phone is not known to be theirs: it keeps nobody's
    call from being dispatched. Nor does a first whose caller said in the end that nothing was
    solved: it is not done. A category that is not known down to the matter's depth is no matter.
    """
    category = (case.category_1, case.category_2, case.category_3)
    depth = rules.repeats.matter
    if not all(category[:depth]) or not rules.repeats.days:
        return None
    since = as_of - timedelta(days=rules.repeats.days)
    for one in earlier:
        if case.place_id and one.place and case.place_id != one.place:
            continue
        if one.by is None and case.received_by_id is not None:
            continue
        if one.created_at >= since and one.category[:depth] == category[:depth]:
            firsts = {other.pk: other for other in earlier}
            first = firsts.get(one.repeat_of or one.pk)
            return first if first is not None and not _left_open(first, rules) else None
    return None


def repeated_later(case: Case, callers: Sequence[str], rules: DeskRules) -> Earlier | None:
    """The same of a case that was received before, now that its matter is known.

    Only what came before it counts. A case that others were linked to is nobody's repeat: their
    callers were told that it is in progress.
    """
    known = earlier_of(callers, case.created_at)
    if any(one.repeat_of == case.pk for one in known):
        return None
    received = case.created_at, case.pk
    earlier = [one for one in known if (one.created_at, one.pk) < received]
    return repeated(case, earlier, rules, case.created_at)


def _left_open(first: Earlier, rules: DeskRules) -> bool:
    """Whether a case was closed with answers that ask for a redo (`callback.redo_on`)."""
    if first.state not in (State.CLOSED, State.ARCHIVED):
        return False
    answers = Callback.objects.filter(case=first.pk, state=CallbackState.DONE, void=False)
    last = answers.order_by("-round").values_list("resolved", "satisfaction").first()
    return last is not None and not set(rules.callback.redo_on).isdisjoint(last)
