"""Units change: they are renamed, moved, merged, ended. Their codes, cases and figures stay.

Every change is kept with the day from which it holds (`unit_changes`), and one that was made late
says so: it is recorded on its day or after, never ahead. What has ended stays with the old unit;
of a merged unit everything that is open goes to its successor, as it stands and on the same
clocks. Leaves out the directory, whose lines name units and are edited by themselves.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from jiesu.cases.actor import Actor
from jiesu.cases.callback_queue import OPEN_VALUES
from jiesu.cases.change import Change, changing
from jiesu.cases.folder.unit_changes import change_unit
from jiesu.cases.models import (
    Assist,
    Case,
    Escalation,
    Opinion,
    Place,
    Supervision,
    Unit,
    User,
    Whistle,
)
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, Invalid, NotFound
from jiesu.cases.routes import is_in_office
from jiesu.cases.rulebook import local_day, rules_changed
from jiesu.cases.scopes import permit
from jiesu.core.lifecycle import ENDED
from jiesu.core.texts import Text

LONGEST_NAME = 100
_ENDED_VALUES = sorted(state.value for state in ENDED)

_Row = TypeVar("_Row", bound=Model)


def rename_unit(*, code: str, name: str, on: date, by: Actor, as_of: datetime) -> Unit:
    """Give a unit another name from a day on. Its code stays, and with it all its figures."""
    permit(by, "manage_units")
    name = checked_words("name", name, longest=LONGEST_NAME)
    with transaction.atomic():
        unit = _locked(code)
        _check_day(unit, "name", on, as_of)
        if name == unit.name:
            raise Invalid({"name": Text("this is its name already")})
        change_unit(unit, {"name": name}, by=by.name, as_of=as_of, on=on)
        rules_changed()
    return unit


def move_unit(*, code: str, parent: str, on: date, by: Actor, as_of: datetime) -> Unit:
    """Put a unit below another one from a day on; below none where `parent` is empty.

    The units below it go with it. Cases keep the district in which their place lies.
    """
    permit(by, "manage_units")
    with transaction.atomic():
        unit = _locked(code)
        _check_day(unit, "parent", on, as_of)
        above = _locked(parent) if parent else None
        if above is not None:
            _check_in_office("parent", above, on)
            if unit.pk in _upward(above):
                raise Invalid({"parent": Text("this is the unit itself, or one below it")})
        if above == unit.parent:
            raise Invalid({"parent": Text("the unit is there already")})
        change_unit(unit, {"parent": above}, by=by.name, as_of=as_of, on=on)
        rules_changed()
    return unit


def end_unit(*, code: str, on: date, by: Actor, as_of: datetime) -> Unit:
    """End a unit that has nothing left to do; `on` is the first day without it.

    Raises Conflict while it has open cases, units below it, or places that it answers for: give
    them to others first, or merge it.
    """
    permit(by, "manage_units")
    with transaction.atomic():
        unit = _locked(code)
        _check_day(unit, "valid_to", on, as_of)
        left = left_to_do(unit, on)
        if any(left.values()):
            text = Text(
                "the unit is not free (open cases: {cases}, units below it: {units}, places: "
                "{places}): merge it, or give them away",
                **left,
            )
            raise Conflict("unit_busy", text)
        change_unit(unit, {"valid_to": on}, by=by.name, as_of=as_of, on=on)
        rules_changed()
    return unit


def left_to_do(unit: Unit, on: date) -> dict[str, int]:
    """What keeps a unit from ending on a day: its open cases, units below it, and places."""
    return {
        "cases": Case.objects.filter(unit=unit).exclude(state__in=_ENDED_VALUES).count(),
        "units": sum(is_in_office(child, on) for child in unit.children.all()),
        "places": unit.places.count(),
    }


def merge_units(*, codes: Sequence[str], into: str, on: date, by: Actor, as_of: datetime) -> Unit:
    """Merge units into a successor of their kind; `on` is the first day without them.

    The successor gets their open cases and what others asked them, their places, the units below
    them and their accounts, all in one transaction. Cases that have ended stay theirs. Another
    process may send them cases for a second more: to merge them again gives these over too.
    """
    permit(by, "manage_units")
    if not codes or len(set(codes)) < len(codes) or into in codes:
        raise Invalid({"codes": Text("name the units to merge, each once and not the successor")})
    with transaction.atomic():
        # All in one order, so that two mergers at once wait for each other.
        units = {code: _locked(code) for code in sorted([*codes, into])}
        successor = units.pop(into)
        _check_in_office("into", successor, on)
        for unit in units.values():
            if unit.successor_id == successor.pk:
                continue
            _check_day(unit, "valid_to", on, as_of)
            if unit.kind != successor.kind:
                raise Invalid({"into": Text("units are merged into one of their own kind")})
            if unit.pk in _upward(successor):
                raise Invalid({"into": Text("the successor is below a unit that would end")})
        for unit in units.values():
            _merge(unit, successor, on, by, as_of)
        rules_changed()
    return successor


def _merge(unit: Unit, successor: Unit, on: date, by: Actor, as_of: datetime) -> None:
    if unit.successor_id != successor.pk:
        values = {"successor": successor, "valid_to": on}
        change_unit(unit, values, by=by.name, as_of=as_of, on=on)
    for child in unit.children.all():
        if is_in_office(child, on):
            change_unit(child, {"parent": successor}, by=by.name, as_of=as_of, on=on)
    Place.objects.filter(unit=unit).update(unit=successor)
    give_over(unit, successor, by=by, as_of=as_of)


def give_over(unit: Unit, successor: Unit, *, by: Actor, as_of: datetime) -> int:
    """Give a merged unit's accounts and all that is open of it to its successor; how many cases."""
    User.objects.filter(unit=unit).update(unit=successor)
    cases = _cases_of(unit)
    for pk in cases:
        with changing(pk, "manage_units", by=by, as_of=as_of) as change:
            _hand_over(change, unit, successor)
    return len(cases)


def _cases_of(unit: Unit) -> list[int]:
    """The cases in which a unit has something open, in their order."""
    mine = Case.objects.filter(Q(unit=unit) | Q(district=unit)).exclude(state__in=_ENDED_VALUES)
    open_ones = (
        Assist.objects.filter(unit=unit, answered_at=None),
        Whistle.objects.filter(Q(unit=unit) | Q(street=unit), ended_at=None),
        Escalation.objects.filter(to=unit, answered_at=None),
        Supervision.objects.filter(unit=unit, answered_at=None),
    )
    asked = Opinion.objects.filter(unit=unit, at=None, consultation__closed_at=None)
    found = set(mine.values_list("pk", flat=True))
    for rows in open_ones:
        found.update(rows.values_list("case", flat=True))
    found.update(asked.values_list("consultation__case", flat=True))
    return sorted(found)


def _hand_over(change: Change, unit: Unit, successor: Unit) -> None:
    """Give what is open of a unit in a case to its successor. Dispatch and clocks stay.

    What the successor was asked itself it is not asked twice: there the old unit's stays open.
    """
    case = change.case
    if case.state not in ENDED:
        change.set(
            unit=successor if case.unit_id == unit.pk else case.unit,
            district=successor if case.district_id == unit.pk else case.district,
        )
    if case.unit_id == successor.pk:
        # The resident judges whoever has the case when asked.
        case.callbacks.filter(unit=unit, state__in=OPEN_VALUES).update(unit=successor)
    given: dict[str, list[int]] = {}
    assists = case.assists.filter(answered_at=None)
    if case.unit_id != successor.pk and not assists.filter(unit=successor).exists():
        given["assists"] = _given(assists.filter(unit=unit), unit=successor)
    whistles = case.whistles.filter(ended_at=None)
    if not whistles.filter(unit=successor).exists():
        given["whistles"] = _given(whistles.filter(unit=unit), unit=successor)
    given["whistles_blown"] = _given(whistles.filter(street=unit), street=successor)
    escalations = case.escalations.filter(answered_at=None)
    if not escalations.filter(to=successor).exists():
        given["escalations"] = _given(escalations.filter(to=unit), to=successor)
    unanswered = case.supervisions.filter(unit=unit, answered_at=None)
    given["supervisions"] = _given(unanswered, unit=successor)
    opinions = Opinion.objects.filter(consultation__case=case, consultation__closed_at=None)
    if not opinions.filter(unit=successor).exists():
        given["opinions"] = _given(opinions.filter(unit=unit, at=None), unit=successor)
    records = {kind: keys for kind, keys in given.items() if keys}
    change.event("unit_merged", merged=unit, into=successor, records=records)


def _given(rows: "QuerySet[_Row]", **to: Unit) -> list[int]:
    """The keys of rows that are given to another unit."""
    keys = sorted(rows.values_list("pk", flat=True))
    rows.model._default_manager.filter(pk__in=keys).update(**to)
    return keys


def _locked(code: str) -> Unit:
    unit = Unit.objects.select_for_update(of=("self",)).filter(code=code).first()
    if unit is None:
        raise NotFound("no_such_unit", Text("there is no unit with this code"))
    return unit


def _check_day(unit: Unit, field: str, on: date, as_of: datetime) -> None:
    """Raise Invalid for a day on which the unit was not there, that is to come, or is too early."""
    if on > local_day(as_of):
        raise Invalid({"on": Text("a change is recorded on its day or later: wait for the day")})
    _check_in_office("on", unit, on)
    if unit.changes.filter(field=field, on__gt=on).exists():
        raise Invalid(
            {"on": Text("the same was changed on a later day already: choose a later one")}
        )


def _check_in_office(field: str, unit: Unit, on: date) -> None:
    if not is_in_office(unit, on):
        raise Invalid({field: Text("this unit was not in office on that day")})


def _upward(unit: Unit) -> set[int]:
    """A unit and all above it."""
    found: set[int] = set()
    above: Unit | None = unit
    while above is not None and above.pk not in found:
        found.add(above.pk)
        above = above.parent
    return found
