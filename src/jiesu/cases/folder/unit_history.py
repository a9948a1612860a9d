"""What a unit was called and to whom it belonged on an earlier day, read back from its changes.

A bulletin of a past period names units as they were. Making changes is in `actions.units`.
"""

from dataclasses import dataclass
from datetime import date

from jiesu.cases.models import Unit


@dataclass(frozen=True, slots=True)
class UnitThen:
    """A unit on a day; `parent` is the code of the unit above it, empty where there was none."""

    code: str
    name: str
    parent: str


def unit_on(unit: Unit, day: date) -> UnitThen:
    """A unit as it was on a day, by the changes that are in force later."""
    now = {"name": unit.name, "parent": unit.parent.code if unit.parent else ""}
    # The earliest of the later changes says what there was before it.
    later = unit.changes.filter(field__in=now, on__gt=day).order_by("-on", "-pk")
    then = now | {row.field: row.old for row in later}
    return UnitThen(unit.code, then["name"], then["parent"])
