"""What becomes of the work of units that a city folder ends: the same as by the actions on units.

Of a merged unit everything open goes to the unit that stands for it; one that was merged into none
ends only when it is free. Leaves out the fields of units (`loading`).
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime

from jiesu.cases.actions.units import give_over, left_to_do
from jiesu.cases.actor import Actor
from jiesu.cases.folder.unit_rows import core_units
from jiesu.cases.models import Unit
from jiesu.core.problems import Problem
from jiesu.core.units import Units

JOB = "load"
"""As what loading hands over, in the history of cases."""


def standing_codes(units: Units, on: date) -> set[str]:
    """The codes of the units that are in office on a day, or for which another one stands."""
    return {unit.code for unit in units if units.standing(unit.code, on) is not None}


def settle_ended(
    stood: Collection[str], file: str, kept: list[str], *, today: date, as_of: datetime
) -> tuple[list[str], list[Problem]]:
    """Give over what units that have ended left open; what was done, and who is not free to end.

    `stood` are the units for which somebody stood before the folder was loaded: a unit that was
    there already and stands no more must be free. Of others that ended, on a day that had been to
    come, a line in `kept` names the open cases. Call it when units and places are written.
    """
    units, rows = core_units(), Unit.objects.in_bulk(field_name="code")
    by, n_cases = Actor.system(JOB), 0
    problems: list[Problem] = []
    for unit in units:
        if unit.valid_to is None or unit.valid_to > today:
            continue
        heir = units.standing(unit.code, today)
        if heir is not None:
            n_cases += give_over(rows[unit.code], rows[heir.code], by=by, as_of=as_of)
        elif unit.code in stood:
            problems += _not_free(rows[unit.code], file, today)
        elif n_left := left_to_do(rows[unit.code], today)["cases"]:
            kept.append(f"open cases of {unit.code}, which has ended: {n_left}")
    done = [f"cases: {n_cases} of merged units given to their successors"] if n_cases else []
    return done, problems


def _not_free(unit: Unit, file: str, today: date) -> Iterator[Problem]:
    left = left_to_do(unit, today)
    if any(left.values()):
        what = (
            f"unit {unit.code} ends and is not free (open cases: {left['cases']}, units below it: "
            f"{left['units']}, places: {left['places']})"
        )
        remedy = "name its successor, or give them away first: end or merge the unit in the admin"
        yield Problem(file, "valid_to", what, remedy)
