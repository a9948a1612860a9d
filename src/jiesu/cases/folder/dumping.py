"""The database back into a city folder: `jiesu dump`, what `jiesu load` reads again to the same.

Reads the rows as objects of `core`; how the files are written is in `jiesu.city.write_back`. Leaves
out cases (`export`), users and drafts, and categories that are no longer in use.
"""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import transaction

from jiesu.cases.folder.loading_rules import Kind, newest
from jiesu.cases.folder.unit_rows import core_units
from jiesu.cases.models import Category, Place, RuleVersion
from jiesu.cases.rulebook import read_rulebook
from jiesu.city.calendar_file import parse_calendar
from jiesu.city.spreadsheet import CSV
from jiesu.city.write_back import DeskContent, write_back
from jiesu.core import category_tree, places
from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.problems import InputError, Problem

UNNAMED = """name = { zh = "未命名的城市", en = "unnamed city" }
time_zone = "@ZONE@"

[inputs]
cases = ["cases"]
profile = "jiesu"
units = "units.csv"
policy = "policy.toml"
"""
"""The `city.toml` of a database into which no folder was loaded."""


def dump_city(folder: Path) -> list[str]:
    """Write the database's content into a folder; the files that were written, none if it agrees.

    Raises InputError as `write_back` does, and where nothing is loaded.
    """
    with transaction.atomic():
        content = _content()
    return write_back(folder, content)


def _content() -> DeskContent:
    calendar = newest(Kind.CALENDAR)
    policies = RuleVersion.objects.filter(kind=Kind.POLICY).order_by("loaded_at", "pk")
    if calendar is None or not policies:
        what = "no rules are loaded into the database"
        raise InputError(Problem("the database", "", what, "load a folder: jiesu load --city DIR"))
    city = newest(Kind.CITY)
    desk, past = _desk()
    return DeskContent(
        city_text=city.text if city else UNNAMED.replace("@ZONE@", settings.JIESU.zone),
        units=core_units(),
        places=places.Places.of(_places()),
        categories=tuple(_categories(active=True)),
        retired={category.levels for category in _categories(active=False)},
        directories=read_rulebook().directories,
        desk=[(row.version, row.text) for row in desk],
        policies=[(f"{row.name}-{row.version}", row.text) for row in policies],
        calendar=parse_calendar(calendar.text),
        past=_past(past),
    )


def _desk() -> tuple[list[RuleVersion], list[RuleVersion]]:
    """The versions of the desk's rules that hold from their days, and those that no more do."""
    rows = RuleVersion.objects.filter(kind=Kind.DESK).order_by("loaded_at", "pk")
    held = {row.valid_from: row for row in rows}
    return list(held.values()), [row for row in rows if held[row.valid_from] != row]


def _past(desk: list[RuleVersion]) -> list[tuple[str, str]]:
    """Rules that hold no more, as suffix and text, in the order in which they held."""
    *calendars, _ = RuleVersion.objects.filter(kind=Kind.CALENDAR).order_by("loaded_at", "pk")
    rows = sorted((*desk, *calendars), key=lambda row: (row.loaded_at, row.pk))
    return [(".toml" if row.kind == Kind.DESK else CSV, row.text) for row in rows]


def _places() -> Iterator[places.Place]:
    for row in Place.objects.select_related("parent", "unit").order_by("pk"):
        yield places.Place(
            row.code,
            row.name,
            row.kind,
            row.parent.code if row.parent else None,
            row.unit.code if row.unit else None,
        )


def _categories(*, active: bool) -> Iterator[category_tree.Category]:
    for row in Category.objects.filter(active=active).order_by("pk"):
        labels = tuple(filter(None, row.labels.split(LIST_SEPARATOR)))
        yield category_tree.Category((row.category_1, row.category_2, row.category_3), labels)
