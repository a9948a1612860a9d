"""The rules in force, from the database, as the objects of `core`; read once and kept.

A process looks once a second whether rules, units or places were changed elsewhere: a counter
that everything which changes them raises. Leaves out loading and editing (`loading`, `admin`).
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F

from jiesu.cases.models import (
    Category,
    Counter,
    DirectoryVersion,
    Place,
    RuleVersion,
    Unit,
)
from jiesu.city.calendar_file import parse_calendar
from jiesu.core.category_tree import Category as TreeCategory
from jiesu.core.category_tree import CategoryTree
from jiesu.core.desk import DeskRules, parse_desk_rules
from jiesu.core.directory import Directory, Entry
from jiesu.core.places import Place as CorePlace
from jiesu.core.places import Places
from jiesu.core.problems import InputError, Problem
from jiesu.core.settings import toml_table
from jiesu.core.worktime import WorkCalendar

GENERATION = "rules"
LOOK_SECONDS = 1.0


def city_zone() -> ZoneInfo:
    """The zone of the city's days."""
    return ZoneInfo(settings.JIESU.zone)


def local_day(instant: datetime) -> date:
    """The day of an instant in the city."""
    return _day_in(instant, settings.JIESU.zone)


# Of one request's moment the day is asked again and again.
@lru_cache(maxsize=1000)
def _day_in(instant: datetime, zone: str) -> date:
    return instant.astimezone(ZoneInfo(zone)).date()


@dataclass(frozen=True)
class Rulebook:
    """Everything that the rules say, in every version, with the keys of the rows it is from."""

    desks: tuple[tuple[int, DeskRules], ...]
    calendars: tuple[tuple[int, WorkCalendar], ...]
    directories: tuple[Directory, ...]
    categories: CategoryTree
    places: Places
    place_ids: Mapping[str, int]
    units: Mapping[str, Unit]
    generation: int

    def desk_on(self, day: date) -> tuple[int, DeskRules]:
        """The desk's rules in force on a day. Raises InputError where none is."""
        for pk, rules in reversed(self.desks):
            if rules.valid_from is None or rules.valid_from <= day:
                return pk, rules
        what = f"no version of the desk's rules is in force on {day}"
        raise InputError(
            Problem("desk.toml", "valid_from", what, "load one: jiesu load --city DIR")
        )

    @property
    def calendar(self) -> tuple[int, WorkCalendar]:
        """The newest calendar: days that are published later do not change those before."""
        if not self.calendars:
            what = "no calendar is loaded"
            raise InputError(Problem("calendar", "", what, "load one: jiesu load --city DIR"))
        return self.calendars[-1]

    def directory_on(self, day: date) -> Directory | None:
        """The directory in force on a day: each ends where the next one begins."""
        return next((one for one in self.directories if one.holds_on(day)), None)

    def rules_of(self, pk: int | None) -> DeskRules:
        """The desk's rules of a case, by the key of their row."""
        return next(rules for key, rules in self.desks if key == pk)

    def calendar_of(self, pk: int | None) -> WorkCalendar:
        """The calendar of a case, by the key of its row."""
        return next(calendar for key, calendar in self.calendars if key == pk)

    @cached_property
    def place_codes(self) -> Mapping[int, str]:
        """Codes of places by the keys of their rows."""
        return {pk: code for code, pk in self.place_ids.items()}

    @cached_property
    def units_below(self) -> Mapping[int | None, Sequence[int]]:
        """The keys of the units right below a unit, by its key."""
        return _keys_by(self.units, "parent_id")

    @cached_property
    def units_merged(self) -> Mapping[int | None, Sequence[int]]:
        """The keys of the units that were merged into a unit, by its key."""
        return _keys_by(self.units, "successor_id")

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Names of units and places by code, for explanations."""
        places = {place.code: place.name for place in self.places}
        return {**places, **{code: unit.name for code, unit in self.units.items()}}


def _keys_by(units: Mapping[str, Unit], field: str) -> dict[int | None, list[int]]:
    found: dict[int | None, list[int]] = {}
    for unit in units.values():
        found.setdefault(getattr(unit, field), []).append(unit.pk)
    return found


_lock = threading.Lock()
_kept: Rulebook | None = None
_looked_at = 0.0


def rulebook() -> Rulebook:
    """The rules, at most a second old."""
    global _kept, _looked_at
    kept = _kept
    if kept is not None and time.monotonic() - _looked_at < LOOK_SECONDS:
        return kept
    with _lock:
        generation = _generation()
        if _kept is None or _kept.generation != generation:
            _kept = read_rulebook(generation)
        _looked_at = time.monotonic()
        return _kept


def forget_rules() -> None:
    """Read the rules anew at their next use."""
    global _kept, _looked_at
    _kept, _looked_at = None, 0.0


def rules_changed() -> None:
    """Say, in the transaction that changes rules, units, places or categories, that it does."""
    if not Counter.objects.filter(key=GENERATION).update(next=F("next") + 1):
        Counter.objects.get_or_create(key=GENERATION, defaults={"next": 1})
    forget_rules()


def _generation() -> int:
    row = Counter.objects.filter(key=GENERATION).values_list("next", flat=True).first()
    return row or 0


# Without a first day a version holds from the beginning; databases differ on where nulls go.
_BEGINNING = F("valid_from").asc(nulls_first=True)


def read_rulebook(generation: int = 0) -> Rulebook:
    """The rules as they stand in the database."""
    # Of versions from the same day the one that was loaded last holds.
    versions = RuleVersion.objects.order_by(_BEGINNING, "loaded_at", "pk")
    places = list(Place.objects.select_related("parent", "unit"))
    return Rulebook(
        desks=tuple((row.pk, _desk(row)) for row in versions.filter(kind=RuleVersion.Kind.DESK)),
        calendars=tuple(
            (row.pk, parse_calendar(row.text))
            for row in versions.filter(kind=RuleVersion.Kind.CALENDAR).order_by("loaded_at", "pk")
        ),
        directories=_directories(),
        categories=CategoryTree.of(
            TreeCategory(
                (row.category_1, row.category_2, row.category_3),
                tuple(filter(None, row.labels.split(";"))),
            )
            for row in Category.objects.filter(active=True)
        ),
        places=Places.of(
            CorePlace(
                row.code,
                row.name,
                row.kind,
                row.parent.code if row.parent else None,
                row.unit.code if row.unit else None,
            )
            for row in places
        ),
        place_ids={row.code: row.pk for row in places},
        units={row.code: row for row in Unit.objects.select_related("parent")},
        generation=generation,
    )


def _desk(row: RuleVersion) -> DeskRules:
    return parse_desk_rules(
        toml_table(row.text.encode(), "desk.toml"), file="desk.toml", digest=row.digest
    )


def _directories() -> tuple[Directory, ...]:
    """The directories in force, each until the day on which the next one begins."""
    rows = list(
        DirectoryVersion.objects.filter(in_force=True)
        .order_by(_BEGINNING, "pk")
        .prefetch_related("entries")
    )
    ends: list[date | None] = [row.valid_from for row in rows[1:]]
    return tuple(
        Directory(row.version, row.valid_from, end, tuple(_entries(row)))
        # Of no version at all there is an end too many.
        for row, end in zip(rows, [*ends, None], strict=False)
    )


def _entries(version: DirectoryVersion) -> list[Entry]:
    return [
        Entry(
            row.category_1,
            row.category_2,
            row.category_3,
            row.place,
            row.kind,
            row.unit,
            tuple(filter(None, row.assist_units.split(";"))),
            "district" if row.via == "district" else "direct",
            row.limit,
            row.note,
            row.number,
        )
        for row in version.entries.all()
    ]
