"""Where a case goes: the directory's answer as rows of a dispatch.

Used at intake and by `actions.dispatching`. The directory itself is `core.directory`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from jiesu.cases.actor import Actor
from jiesu.cases.clock import begun
from jiesu.cases.history.events import Changes
from jiesu.cases.insertion import made
from jiesu.cases.models import Assist, Case, Dispatch, Unit
from jiesu.cases.moments import next_sweep_at
from jiesu.cases.rulebook import Rulebook, local_day
from jiesu.core.category_tree import Levels
from jiesu.core.directory import Bar, Match
from jiesu.core.lifecycle import State
from jiesu.core.places import COMMUNITY


@dataclass(frozen=True, slots=True)
class Route:
    """To whom a case goes, and why.

    `explanation` has the words by language, made from records; `why` those of somebody who chose
    by hand, to be sealed. `entry` is the directory's line; `None` where somebody chose.
    `via_district` says that `unit` is a district that is to give the case on.
    """

    unit: Unit
    limit: str
    explanation: Mapping[str, str]
    why: str = field(default="", repr=False)
    assist_units: tuple[Unit, ...] = ()
    copied_to: Unit | None = None
    via_district: bool = False
    designated: bool = False
    directory: str = ""
    entry: int | None = None
    more: Changes = field(default_factory=dict)


def route_of(case: Case, book: Rulebook, as_of: datetime) -> Route | None:
    """What the directory in force then says of a case; `None` where it has no unit for it."""
    day = local_day(as_of)
    category = (case.category_1, case.category_2, case.category_3)
    place = book.place_codes.get(case.place_id or 0)
    directory = book.directory_on(day)
    match = match_of(category, place, case.kind, book, day)
    if directory is None or match is None:
        return None
    rules, named = book.rules_of(case.rules_id), match.in_place_of.get(match.sent_to)
    route = Route(
        unit=book.units[match.sent_to],
        # A case keeps the rules of its day; a later directory may name limits that these lack.
        limit=match.limit if match.limit in rules.limits else rules.usual_limit,
        explanation={lang: match.explanation(lang, book.names) for lang in ("zh", "en")},
        assist_units=tuple(
            book.units[code] for code in match.assist_units if code != match.sent_to
        ),
        copied_to=book.units.get(match.copied_to or ""),
        via_district=match.through is not None,
        directory=directory.version,
        entry=match.entry.line,
        more={} if named is None else {"in_place_of": book.units[named]},
    )
    return urged(route, case, book, as_of) if case.urgent else route


def urged(route: Route, case: Case, book: Rulebook, as_of: datetime) -> Route:
    """The route of an urgent case: with the city's limit for those, where that ends sooner."""
    rules, (_, calendar) = book.rules_of(case.rules_id), book.calendar
    if not rules.urgent_limit:
        return route
    usual, urgent = rules.limits[route.limit], rules.limits[rules.urgent_limit]
    if begun(urgent, as_of, calendar).due_at >= begun(usual, as_of, calendar).due_at:
        return route
    explanation = {
        lang: _URGENT[lang].format(
            said=said.rstrip("。."), urgent=urgent.title[lang], usual=usual.title[lang]
        )
        for lang, said in route.explanation.items()
    }
    return replace(route, limit=urgent.key, explanation=explanation)


_URGENT: Mapping[str, str] = {
    "zh": "{said}。诉求紧急：时限为“{urgent}”，不是“{usual}”。",
    "en": "{said}. The case is urgent: its limit is {urgent}, not {usual}.",
}


def match_of(
    category: Levels, place: str | None, kind: str, book: Rulebook, day: date
) -> Match | None:
    """What the directory in force on a day says, with the units that stand then.

    Lines by which the case would go to a unit that can get none are passed by.
    """

    def stands(code: str) -> str | None:
        unit = standing(book.units.get(code), book, day)
        return unit.code if unit else None

    def bar(code: str) -> "Bar | None":
        unit = standing(book.units.get(code), book, day)
        if unit is None:
            return "gone"
        return None if may_lead(unit, day) else "assists"

    directory = book.directory_on(day)
    if directory is None:
        return None
    match = directory.match(
        category,
        place,
        kind,
        streets=book.places.streets,
        answering=book.places.answering,
        bar=bar,
    )
    return match.on_a_day(stands) if match else None


def standing(unit: Unit | None, book: Rulebook, day: date) -> Unit | None:
    """The unit that is there for one on a day: itself, or what it was merged into; perhaps none.

    A directory may name a merged unit until its next version.
    """
    seen: set[str] = set()
    while unit is not None and not is_in_office(unit, day) and unit.code not in seen:
        seen.add(unit.code)
        key = unit.successor_id
        unit = next((one for one in book.units.values() if one.pk == key), None)
    return unit if unit is not None and is_in_office(unit, day) else None


def is_in_office(unit: Unit, day: date) -> bool:
    """Whether a unit exists on a day."""
    begun_by = unit.valid_from is None or unit.valid_from <= day
    return begun_by and (unit.valid_to is None or day < unit.valid_to)


def may_lead(unit: Unit, day: date) -> bool:
    """Whether a case may go to a unit: it exists, and is no community.

    A community assists and never leads (article 17): nothing is pushed onto it.
    """
    return unit.kind != COMMUNITY and is_in_office(unit, day)


def first_dispatch(
    case: Case, route: Route, *, by: Actor, as_of: datetime, book: Rulebook, number: int = 1
) -> tuple[list[Dispatch | Assist], Changes]:
    """Set a case's unit and clocks; the rows to save and what the event says.

    The rows are unsaved, for at intake the case has no key yet.
    """
    rules = book.rules_of(case.rules_id)
    limit = rules.limit(route.limit)
    calendar_id, calendar = book.calendar
    clocks = begun(limit, as_of, calendar)
    case.state = State.DISPATCHED
    case.unit, case.limit, case.calendar_id = route.unit, limit.key, calendar_id
    case.dispatched_at = case.dispatched_at or as_of
    case.contact_due_at, case.due_at = clocks.contact_due_at, clocks.due_at
    case.provisional, case.paused_since = clocks.provisional, None
    case.next_sweep_at = next_sweep_at(case, rules, as_of)
    dispatch = made(
        Dispatch,
        case_id=case.pk,
        number=number,
        unit_id=route.unit.pk,
        copied_to_id=route.copied_to.pk if route.copied_to else None,
        at=as_of,
        by=by.name,
        via_district=route.via_district,
        designated=route.designated,
        directory=route.directory,
        entry=route.entry,
        explanation=dict(route.explanation),
        limit=limit.key,
        contact_due_at=clocks.contact_due_at,
        due_at=clocks.due_at,
    )
    assists = [
        made(
            Assist,
            case_id=case.pk,
            unit_id=unit.pk,
            asked_at=as_of,
            asked_by=by.name,
            due_at=clocks.due_at,
        )
        for unit in route.assist_units
    ]
    said: Changes = {
        "unit": route.unit,
        "copied_to": route.copied_to,
        "assist_units": [unit.code for unit in route.assist_units],
        "via_district": route.via_district,
        "designated": route.designated,
        "directory": route.directory,
        "entry": route.entry,
        "limit": limit.key,
        "contact_due_at": clocks.contact_due_at,
        "due_at": clocks.due_at,
        **route.more,
    }
    return [dispatch, *assists], said
