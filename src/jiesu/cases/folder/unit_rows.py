"""The units of the database as objects of `core`, which counts and checks know."""

from jiesu.cases.models import Unit
from jiesu.core import units


def core_units() -> units.Units:
    """The units of the database as objects of `core`, in the order in which they came."""
    rows = Unit.objects.select_related("parent", "successor").order_by("pk")
    return units.Units.of(
        units.Unit(
            row.code,
            row.name,
            row.kind,
            row.parent.code if row.parent else None,
            row.population,
            row.valid_from,
            row.valid_to,
            row.successor.code if row.successor else None,
        )
        for row in rows
    )
