"""What an engine counts for one stretch of time: integers only, by unit and by place.

The border between `evaluation`, which fills these tables, and the arithmetic, which divides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from jiesu.core.facts import EMPTY, Joint, pooled, shared

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of the cases of one stretch of time.

    `lead` and `assist` give each unit's joint table of facts as lead and as assist unit; cases
    without a unit stand under `None`. `places` counts cases by place, by unit where the place is
    null. `closing_hours` counts closed cases by whole hours from creation to closing.
    """

    lead: Mapping[str | None, Joint]
    assist: Mapping[str | None, Joint]
    places: Mapping[str | None, int]
    closing_hours: Mapping[str | None, Mapping[int, int]]

    @property
    def volume(self) -> int:
        """All cases, with and without a unit."""
        return sum(joint.count("created") for joint in self.lead.values())

    def joint(self, unit: str | None, lead_weight: int, assist_weight: int) -> Joint:
        """A unit's joint table with its cases weighted by its part in them."""
        lead = self.lead.get(unit, EMPTY)
        if not assist_weight:
            return lead
        return shared(lead, self.assist.get(unit, EMPTY), lead_weight, assist_weight)


def added(parts: Iterable[Counts]) -> Counts:
    """The counts of a union of disjoint stretches of time."""
    every = list(parts)
    if len(every) == 1:
        return every[0]
    return Counts(
        lead=_joints(part.lead for part in every),
        assist=_joints(part.assist for part in every),
        places=summed(part.places for part in every),
        closing_hours={
            unit: summed(part.closing_hours.get(unit, {}) for part in every)
            for unit in _keys(part.closing_hours for part in every)
        },
    )


def summed(tables: Iterable[Mapping[K, int]]) -> dict[K, int]:
    """Several tables of counts added up key by key."""
    total: dict[K, int] = {}
    for table in tables:
        for key, n in table.items():
            total[key] = total.get(key, 0) + n
    return total


def _joints(tables: Iterable[Mapping[str | None, Joint]]) -> dict[str | None, Joint]:
    every = list(tables)
    return {unit: pooled(table[unit] for table in every if unit in table) for unit in _keys(every)}


def _keys(tables: Iterable[Mapping[str | None, object]]) -> dict[str | None, None]:
    return {unit: None for table in tables for unit in table}
