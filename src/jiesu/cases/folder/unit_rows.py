"""The units of the database as objects of `core`, which counts and checks know."""

from datetime import date

from jiesu.cases.models import Unit, UnitChange
from jiesu.core import units


def core_units(on: date | None = None) -> units.Units:
    """The units of the database as objects of `core`, in the order in which they came.

    With `on` each bears the name and lies below the unit of that day, whatever was changed later.
    """
    rows = Unit.objects.select_related("parent", "successor").order_by("pk")
    before = _before(on) if on else {}
    return units.Units.of(
        units.Unit(
            row.code,
            before.get((row.pk, "name"), row.name),
            row.kind,
            before.get((row.pk, "parent"), row.parent.code if row.parent else "") or None,
            row.population,
            row.valid_from,
            row.valid_to,
            row.successor.code if row.successor else None,
        )
        for row in rows
    )


def _before(on: date) -> dict[tuple[int, str], str]:
    """By unit and field what stood there on a day, where it was changed afterwards."""
    later = UnitChange.objects.filter(on__gt=on, field__in=("name", "parent"))
    newest_first = later.order_by("-on", "-at", "-pk")
    return {(row.unit_id, row.field): row.old for row in newest_first}
