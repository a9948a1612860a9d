"""What is overdue, what soon will be, a unit's queue and the marked of it: exact at any moment.

Nothing is marked in a row: a due time is compared with a moment. For the present the columns of
the case are enough. For a moment in the `past` each case is taken as it was then: the clocks from
the changes of its deadlines, state and contact from its events. The rule: docs/methods/facts.md;
the search for cases is in `search`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Case as Choice
from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, NullIf

from jiesu.cases.actor import Actor
from jiesu.cases.keyset import merged, one_of
from jiesu.cases.models import Case, DeadlineChange, Event, Unit
from jiesu.cases.models.case import AT_WORK_VALUES
from jiesu.cases.moments import awaits_contact
from jiesu.cases.refusals import Invalid, NotFound
from jiesu.cases.rulebook import local_day, rulebook
from jiesu.cases.scopes import own_units, sees_city, visible_cases
from jiesu.cases.search import Found, Search, lying, newest_cases
from jiesu.core.texts import Text
from jiesu.core.worktime import overdue_by

__all__ = [
    "Found",
    "MarkName",
    "Marks",
    "QueueKey",
    "QueuePage",
    "Queued",
    "Search",
    "contact_overdue",
    "marked_queue",
    "marks",
    "newest_cases",
    "overdue",
    "soon_due",
    "unit_queue",
]


class MarkName(StrEnum):
    """How a case stands with its clocks."""

    OVERDUE = "overdue"
    SOON_DUE = "soon_due"
    CONTACT_OVERDUE = "contact_overdue"


@dataclass(frozen=True, slots=True)
class Marks:
    """How a case stands with its clocks at a moment.

    `overdue_by` and `contact_overdue_by` are `None` where it is not overdue; `stands` says that a
    pause without a known end holds the clock, `soon` that the limit ends within the hours that
    the desk's rules call soon.
    """

    overdue_by: timedelta | None = None
    contact_overdue_by: timedelta | None = None
    soon: bool = False
    stands: bool = False

    @property
    def overdue(self) -> bool:
        return self.overdue_by is not None

    @property
    def contact_overdue(self) -> bool:
        return self.contact_overdue_by is not None


@dataclass(frozen=True, slots=True)
class Clocks:
    """What the marks of a case are made of, as of a moment."""

    at_work: bool
    due_at: datetime | None
    contact_due_at: datetime | None
    awaits_contact: bool
    paused_since: datetime | None


def clock_marks(clocks: Clocks, as_of: datetime, soon_hours: int) -> Marks:
    """The rule itself.

    Overdue: at work and due before the moment, unless the clock stood by then. A clock that ran
    out before a pause began does not stand.
    """
    due_at, contact_due_at = clocks.due_at, clocks.contact_due_at
    if not clocks.at_work or due_at is None:
        return Marks()
    stands = _stands(due_at, clocks.paused_since)
    late = None if stands else overdue_by(due_at, as_of)
    contact_late = None
    if clocks.awaits_contact and not _stands(contact_due_at, clocks.paused_since):
        contact_late = overdue_by(contact_due_at, as_of)
    soon = not stands and late is None and due_at <= as_of + timedelta(hours=soon_hours)
    return Marks(late, contact_late, soon, stands)


def _stands(due_at: datetime | None, paused_since: datetime | None) -> bool:
    return paused_since is not None and due_at is not None and due_at > paused_since


def marks(case: Case, as_of: datetime, *, past: bool = False) -> Marks:
    """The marks of a case. Without `past` from its columns alone: right when `as_of` is now."""
    if past:
        then: Any = _then(Case.objects.filter(pk=case.pk), as_of).first()
        if then is None:
            return Marks()
        clocks = Clocks(
            then.state_then in AT_WORK_VALUES,
            then.due_then,
            then.contact_due_then,
            then.contacted_then is None and not then.anonymous,
            then.paused_then,
        )
    else:
        clocks = Clocks(
            case.state in AT_WORK_VALUES,
            case.due_at,
            case.contact_due_at,
            awaits_contact(case),
            case.paused_since,
        )
    return clock_marks(clocks, as_of, rulebook().rules_of(case.rules_id).soon_hours)


@dataclass(frozen=True, slots=True)
class QueueKey:
    """The place in a queue behind a case."""

    due_at: datetime
    case_id: int


@dataclass(frozen=True, slots=True)
class Queued:
    """A case in a queue, with its marks."""

    case: Case
    marks: Marks


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of a queue; `after` is where the next one begins, `None` at the end."""

    rows: tuple[Queued, ...]
    after: QueueKey | None


def unit_queue(
    actor: Actor,
    as_of: datetime,
    *,
    unit: str = "",
    urgent: bool | None = None,
    after: QueueKey | None = None,
    limit: int = 20,
) -> QueuePage:
    """The cases that the actor's units have to work on, the first due first.

    `unit` narrows it to one of them; roles that see the city name one. `urgent` narrows it to
    urgent ones, or to the others. Raises NotFound for a unit that is not theirs.
    """
    cases = Case.objects.filter(one_of("state", AT_WORK_VALUES))
    if urgent is not None:
        # No index of its own: what is gone through is what the unit has to work on.
        cases = cases.filter(urgent=urgent)
    stretches = [cases.filter(unit=key) for key in _units_of(actor, unit)]
    return _due_first(stretches, "due_at", as_of, after, limit)


def marked_queue(
    actor: Actor,
    mark: MarkName,
    as_of: datetime,
    search: Search | None = None,
    *,
    after: QueueKey | None = None,
    limit: int = 20,
) -> QueuePage:
    """The cases of a mark, the first due first: what the actor's units have to work on.

    Roles without a unit find all that they see. `search` narrows it by unit, place, category and
    urgency; nothing else of it is looked at.
    """
    search = search or Search()
    is_bound = actor.unit_id is not None and not sees_city(actor)
    # What a unit works on is its queue: no need to look whether it may see it.
    cases = lying(Case.objects.all() if is_bound else visible_cases(actor), search)
    due = "due_at"
    match mark:
        case MarkName.OVERDUE:
            cases = overdue(cases, as_of)
        case MarkName.SOON_DUE:
            _, rules = rulebook().desk_on(local_day(as_of))
            cases = soon_due(cases, as_of, rules.soon_hours)
        case MarkName.CONTACT_OVERDUE:
            due, cases = "contact_due_at", contact_overdue(cases, as_of)
    if not is_bound and not search.unit:
        return _due_first([cases], due, as_of, after, limit)
    own = own_units(actor)
    named = Unit.objects.filter(code=search.unit).values_list("pk", flat=True)
    units = [key for key in named if not is_bound or key in own] if search.unit else own
    return _due_first([cases.filter(unit=key) for key in units], due, as_of, after, limit)


def _due_first(
    stretches: Sequence[QuerySet[Case]],
    due: str,
    as_of: datetime,
    after: QueueKey | None,
    limit: int,
) -> QueuePage:
    """A page of stretches of cases, each of which an index has by the due time."""
    if after is not None:
        stretches = [_due_behind(cases, due, after) for cases in stretches]
    branches = [cases.order_by(due, "pk").values_list(due, "pk") for cases in stretches]
    keys = merged(branches, limit + 1)
    found = Case.objects.select_related("unit", "place").in_bulk(keys[:limit])
    rows = tuple(Queued(found[key], marks(found[key], as_of)) for key in keys if key in found)
    if len(keys) <= limit or not rows:
        return QueuePage(rows, None)
    last = rows[-1].case
    return QueuePage(rows, QueueKey(getattr(last, due), last.pk))


def _units_of(actor: Actor, code: str) -> list[int]:
    """The units whose queue is asked for."""
    if not code:
        if sees_city(actor):
            raise Invalid({"unit": Text("name the unit whose queue you want")})
        return own_units(actor)
    key = Unit.objects.filter(code=code).values_list("pk", flat=True).first()
    if key is None or not (sees_city(actor) or key in own_units(actor)):
        raise NotFound("no_such_unit", Text("there is no such unit"))
    return [key]


def _due_behind(cases: QuerySet[Case], due: str, after: QueueKey) -> QuerySet[Case]:
    """Those of the cases that stand behind a place, in the order of a due time and the key."""
    # The range is what the index is asked; within one due time the key decides.
    behind = Q(**{f"{due}__gt": after.due_at}) | Q(pk__gt=after.case_id)
    return cases.filter(behind, **{f"{due}__gte": after.due_at})


def overdue(cases: QuerySet[Case], as_of: datetime, *, past: bool = False) -> QuerySet[Case]:
    """Those of the cases whose result is overdue: `due_at < as_of`, still at work, not paused."""
    if past:
        return _then(cases, as_of).filter(
            _not_standing("due_then", "paused_then"),
            state_then__in=AT_WORK_VALUES,
            due_then__lt=as_of,
        )
    return cases.filter(
        one_of("state", AT_WORK_VALUES), _not_standing("due_at", "paused_since"), due_at__lt=as_of
    )


def soon_due(
    cases: QuerySet[Case], as_of: datetime, hours: int, *, past: bool = False
) -> QuerySet[Case]:
    """Those of the cases that are not overdue, but will be within so many hours."""
    end = as_of + timedelta(hours=hours)
    if past:
        return _then(cases, as_of).filter(
            _not_standing("due_then", "paused_then"),
            state_then__in=AT_WORK_VALUES,
            due_then__gte=as_of,
            due_then__lte=end,
        )
    return cases.filter(
        one_of("state", AT_WORK_VALUES),
        _not_standing("due_at", "paused_since"),
        due_at__gte=as_of,
        due_at__lte=end,
    )


def contact_overdue(
    cases: QuerySet[Case], as_of: datetime, *, past: bool = False
) -> QuerySet[Case]:
    """Those of the cases whose caller is not contacted and should have been.

    One who gave no name cannot be.
    """
    if past:
        return _then(cases, as_of).filter(
            _not_standing("contact_due_then", "paused_then"),
            state_then__in=AT_WORK_VALUES,
            contacted_then=None,
            anonymous=False,
            contact_due_then__lt=as_of,
        )
    return cases.filter(
        one_of("state", AT_WORK_VALUES),
        _not_standing("contact_due_at", "paused_since"),
        contacted_at=None,
        anonymous=False,
        contact_due_at__lt=as_of,
    )


def _not_standing(due: str, paused: str) -> Q:
    return Q(**{paused: None}) | Q(**{f"{paused}__gte": F(due)})


def _then(cases: QuerySet[Case], as_of: datetime) -> QuerySet[Any]:
    """The cases there were at a moment, with clocks, state and contact as they were then.

    The first change after the moment says what there was before it; without one it still is.
    """
    later = DeadlineChange.objects.filter(case=OuterRef("pk"), at__gt=as_of).order_by("at", "id")

    def clock(old: str, now: str) -> Choice:
        return Choice(
            When(Exists(later), then=Subquery(later.values(old)[:1])),
            default=F(now),
            output_field=DateTimeField(null=True),
        )

    def changed(field: str) -> QuerySet[Event]:
        # [before, after]: an event that merely mentions the field has no second item.
        second = {f"changes__{field}__1__isnull": False}
        events = Event.objects.filter(case=OuterRef("pk"), at__gt=as_of, **second)
        return events.order_by("seq")

    def before(events: QuerySet[Event], field: str) -> Subquery:
        first = events.values(before=KT(f"changes__{field}__0"))[:1]
        return Subquery(first, output_field=CharField(null=True))

    moved, contacts = changed("state"), changed("contacted_at")
    return cases.filter(created_at__lte=as_of).annotate(
        due_then=clock("old_due_at", "due_at"),
        contact_due_then=clock("old_contact_due_at", "contact_due_at"),
        paused_then=clock("old_paused_since", "paused_since"),
        state_then=Coalesce(before(moved, "state"), F("state")),
        contacted_then=Choice(
            # SQLite says a null of JSON as a word.
            When(Exists(contacts), then=NullIf(before(contacts, "contacted_at"), Value("null"))),
            When(contacted_at=None, then=None),
            default=Value("contacted"),
            output_field=CharField(null=True),
        ),
    )
