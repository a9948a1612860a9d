"""Changing a unit's fields with its history: each change is a row that is never edited.

The one way in which a unit's fields change, from a city folder, the admin or the actions on units.
Leaves out whether the change makes sense (`actions.units`, the reader of the units file).
"""

from collections.abc import Mapping
from datetime import date, datetime

from jiesu.cases.models import Unit, UnitChange

FIELDS = ("name", "kind", "parent", "successor", "population", "valid_from", "valid_to")
"""What may change of a unit. Its code never does: cases and figures hang on it."""

MADE = "code"
"""The field that the first row of a unit's history names: its code, before which there was none."""


def change_unit(
    unit: Unit, values: Mapping[str, object], *, by: str, as_of: datetime, on: date
) -> list[UnitChange]:
    """Set fields of a unit and save it with a row of history for each that differs.

    `by` names who, as events do; `on` is the day from which the change is in force. The rows are
    returned; none where nothing differs. Call it inside a transaction.
    """
    rows = []
    for field, value in values.items():
        if field not in FIELDS:
            raise ValueError(f"a unit's {field} does not change")
        before = getattr(unit, field)
        if before == value:
            continue
        setattr(unit, field, value)
        rows.append(
            UnitChange(
                unit=unit, at=as_of, on=on, field=field,
                old=_shown(before), new=_shown(value), actor=by,
            )
        )  # fmt: skip
    if rows:
        unit.save(update_fields=[row.field for row in rows])
        UnitChange.objects.bulk_create(rows)
    return rows


def first_row(unit: Unit, *, by: str, as_of: datetime, on: date) -> UnitChange:
    """The first row of a new unit's history, unsaved."""
    return UnitChange(unit=unit, at=as_of, on=on, field=MADE, new=unit.code, actor=by)


def _shown(value: object) -> str:
    if isinstance(value, Unit):
        return value.code
    return "" if value is None else str(value)
