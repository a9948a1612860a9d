"""What is known of a caller's earlier demands: how many, and which one a new demand repeats.

A demand that is in progress or done and brings nothing new is linked to its first and answered
with the state of that, not dispatched again (article 11 (3)): in progress however old, done for
`repeats.days`. Leaves out what becomes of a repeat: that is `actions`'.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jiesu.cases.insertion import adapted_instant, asked
from jiesu.cases.models import Callback, Case
from jiesu.cases.rulebook import city_zone, local_day, rulebook
from jiesu.core.category_tree import Levels
from jiesu.core.desk import DeskRules
from jiesu.core.lifecycle import ENDED, CallbackState, State

KEPT_IN_MIND = timedelta(days=366)
"""For so long before a demand its caller's earlier ones are looked for."""

REPEAT = "repeat"
"""The disposition of article 11 (3): in progress or done, and nothing new."""


class Earlier(NamedTuple):
    """An earlier demand of the same caller.

    The last three say whether it came in the month and in the year of the new one, and so short a
    time before it that it may be the same matter (`repeats.days`).
    """

    pk: int
    number: str
    state: str
    category_1: str
    category_2: str
    category_3: str
    place: int | None
    community: int | None
    repeat_of: int | None
    by: int | None
    this_month: bool
    this_year: bool
    is_near: bool

    @property
    def category(self) -> Levels:
        """Its category, as far as it is known."""
        return self.category_1, self.category_2, self.category_3


def earlier_of(
    callers: Sequence[str], as_of: datetime, rules: DeskRules, *, before: Case | None = None
) -> list[Earlier]:
    """The caller's demands of a year back from a new one at `as_of`, the newest first.

    During a rotation of the hash key older ones bear an older hash. With `before` only what had
    come when that case came.
    """
    if not callers:
        return []
    year, month = _year_and_month(local_day(as_of), city_zone().key)
    near = adapted_instant(as_of - timedelta(days=rules.repeats.days))
    sql = _EARLIER.format(", ".join(["%s"] * len(callers)), "" if before is None else _BEFORE)
    values: list[str | int] = [
        *month,
        *year,
        near,
        *callers,
        adapted_instant(as_of - KEPT_IN_MIND),
    ]
    if before is not None:
        values += [adapted_instant(before.created_at), before.pk]
    return list(map(Earlier._make, asked(sql, values)))


# In SQL: putting it together anew takes longer than the rest of the intake, and so does reading
# instants. The index leaves the empty ones out by these very words, without which SQLite would not
# use it.
_EARLIER = (
    "SELECT id, number, state, category_1, category_2, category_3, place_id, community_id, "
    "repeat_of_id, received_by_id, created_at >= %s AND created_at < %s, "
    "created_at >= %s AND created_at < %s, created_at >= %s "
    "FROM cases_case WHERE caller IN ({}) AND NOT (caller = '') "
    "AND created_at > %s{} ORDER BY id DESC LIMIT 1000"
)
_BEFORE = " AND (created_at, id) < (%s, %s)"


@lru_cache(maxsize=10)
def _year_and_month(day: date, zone: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """First and next first instant of the year and of the month of a day in the city."""

    def begin(year: int, month: int) -> str:
        return adapted_instant(datetime(year, month, 1, tzinfo=ZoneInfo(zone)))

    following = (day.year, day.month + 1) if day.month < 12 else (day.year + 1, 1)
    return (
        (begin(day.year, 1), begin(day.year + 1, 1)),
        (begin(day.year, day.month), begin(*following)),
    )


def count(case: Case, earlier: Sequence[Earlier]) -> None:
    """Which demand of this caller it is, this month and this year (月次, 年次)."""
    case.n_month = 1 + sum(1 for one in earlier if one.this_month)
    case.n_year = 1 + sum(1 for one in earlier if one.this_year)


def repeated(case: Case, earlier: Sequence[Earlier], rules: DeskRules) -> Earlier | None:
    """The demand that this one repeats: the caller's last on the matter, or what that repeats.

    One that is in progress is repeated however old it is, one that has ended for `repeats.days`.
    The same trouble in another place is another matter; where a place is not known it may be any.
    What came by a public form under somebody's phone is not known to be theirs: it keeps nobody's
    call from being dispatched. Nor does a first whose caller said in the end that nothing was
    solved: it is not done. A category that is not known down to the matter's depth is no matter.
    """
    category = (case.category_1, case.category_2, case.category_3)
    depth = rules.repeats.matter
    if not all(category[:depth]) or not rules.repeats.days:
        return None
    firsts = {one.pk: one for one in earlier}
    for one in earlier:
        if one.category[:depth] != category[:depth]:
            continue
        if one.by is None and case.received_by_id is not None:
            continue
        first = firsts.get(one.repeat_of or one.pk)
        if not _may_be_in_one_place(case, one) or not _may_be_in_one_place(case, first or one):
            continue
        if first is not None and first.state not in ENDED:
            return first
        if one.is_near:
            return first if first is not None and not _left_open(first, rules) else None
    return None


def _may_be_in_one_place(case: Case, one: Earlier) -> bool:
    """Whether two demands may be about the same place, as far as their places are known.

    A demand with its district only may be about any street of it, and one with its street only
    about any of its communities.
    """
    if case.community_id and one.community:
        return case.community_id == one.community
    here, there = case.community_id or case.place_id, one.community or one.place
    if here is None or there is None or here == there:
        return True
    book = rulebook()
    codes = {book.place_codes.get(here, ""), book.place_codes.get(there, "")}
    return any(
        codes <= {place.code for place in book.places.upward(code)}
        for code in codes
        if code in book.places
    )


def repeated_later(case: Case, callers: Sequence[str], rules: DeskRules) -> Earlier | None:
    """The same of a case that was received before, now that its matter is known.

    Only what came before it counts. A case that others were linked to is nobody's repeat: their
    callers were told that it is in progress.
    """
    if Case.objects.filter(repeat_of=case.pk).exists():
        return None
    earlier = earlier_of(callers, case.created_at, rules, before=case)
    return repeated(case, earlier, rules)


def _left_open(first: Earlier, rules: DeskRules) -> bool:
    """Whether a case was closed with answers that ask for a redo (`callback.redo_on`)."""
    if first.state not in (State.CLOSED, State.ARCHIVED):
        return False
    answers = Callback.objects.filter(case=first.pk, state=CallbackState.DONE, void=False)
    last = answers.order_by("-round").values_list("resolved", "satisfaction").first()
    return last is not None and not set(rules.callback.redo_on).isdisjoint(last)
