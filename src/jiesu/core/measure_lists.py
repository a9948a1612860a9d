"""Named lists by an outside measure: the worst or the best n of a group.

Rules and worked tables: docs/methods/measures.md. The other lists are in `ranking`.
"""

from collections.abc import Mapping, Sequence

from jiesu.core.measures import MeasureTable, Placed, placed
from jiesu.core.policy import ListRule
from jiesu.core.result import Group, ListedUnit, NamedList


def measure_list(
    rule: ListRule, group: Group, title: Mapping[str, str], table: MeasureTable | None
) -> NamedList:
    """The list that a rule of kind `measure` declares, for one group.

    A unit's position is its rank in the group, counted from the best, whichever end is listed; the
    list goes from better to worse. Without a table, or without a figure of any unit of the group,
    it is not available.
    """
    key = rule.key if rule.group == group.key else f"{group.key}_{rule.key}"
    units = {unit.unit: unit for unit in group.units}
    found = placed(table, units) if table is not None else ()
    listed = tuple(
        ListedUnit(
            unit=one.unit,
            name=units[one.unit].name,
            rank=units[one.unit].rank,
            score=units[one.unit].score,
            position=one.rank,
            value=one.shown,
            weak=one.weak,
        )
        for one in _cut(rule, found)
    )
    return NamedList(key, rule.kind, group.key, title, bool(found), listed, rule.measure, rule.end)


def _cut(rule: ListRule, found: Sequence[Placed]) -> list[Placed]:
    """The n at one end, with those whose printed figure is that of the last one or not."""
    ordered = list(found) if rule.end == "best" else list(found)[::-1]
    chosen = ordered[: rule.n]
    if chosen and rule.ties == "whole_group":
        last = chosen[-1].rank
        chosen += [one for one in ordered[rule.n :] if one.rank == last]
    return chosen if rule.end == "best" else chosen[::-1]
