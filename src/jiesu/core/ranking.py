"""Ranks, ties and named lists, once and for all engines.

Competition ranks with gaps on rounded figures (1, 1, 3); every order is total, so the same
figures always print in the same order. Methods: docs/methods/ranks.md, improvement.md.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from jiesu.core.policy import ListRule
from jiesu.core.result import Group, ListedUnit, NamedList, UnitResult

Figure = TypeVar("Figure", Decimal, Fraction)


def competition_ranks(values: Mapping[str, Figure]) -> dict[str, int]:
    """Rank 1 for the highest value; equal values share a rank and leave a gap after it."""
    ranks: dict[str, int] = {}
    ordered = sorted(values, key=lambda key: -values[key])
    for place, key in enumerate(ordered, start=1):
        tied = place > 1 and values[key] == values[ordered[place - 2]]
        ranks[key] = ranks[ordered[place - 2]] if tied else place
    return ranks


def display_order(units: Sequence[UnitResult]) -> list[UnitResult]:
    """Ranked units by rank, then volume from high to low, then code; those apart after them."""
    last = len(units) + 1
    return sorted(
        units,
        key=lambda unit: (last if unit.rank is None else unit.rank, -unit.volume, unit.unit),
    )


def named_list(
    rule: ListRule,
    group: Group,
    title: Mapping[str, str],
    volumes: Mapping[str, int],
    *,
    by_place: bool,
) -> NamedList:
    """The list that a rule declares, for one group.

    `volumes` counts the cases by place for the volume lists; with `by_place` the places themselves
    are listed (there is no units file that says which units they are). Lists of outside measures
    are made in `measure_lists`.
    """
    units = {unit.unit: unit for unit in group.units}
    values = _values(rule, group.units, volumes)
    if rule.kind == "volume" and by_place:
        values = {place: Decimal(n) for place, n in volumes.items()}
    key = rule.key if rule.group == group.key else f"{group.key}_{rule.key}"
    chosen = _tied_first(units) if rule.kind == "tied_first" else _cut(rule, units, values)
    positions = competition_ranks(values)
    listed = []
    for code in chosen:
        unit = units.get(code)
        rank, score = (unit.rank, unit.score) if unit else (None, None)
        # A list by score stands in rank order, whatever the policy ranks by.
        position = rank if rule.kind in _BY_RANK and rank else positions[code]
        name = unit.name if unit else code
        listed.append(ListedUnit(code, name, rank, score, position, values[code]))
    return NamedList(key, rule.kind, group.key, title, bool(values), tuple(listed))


_BY_RANK = ("tied_first", "top", "bottom")


def _values(
    rule: ListRule, units: Sequence[UnitResult], volumes: Mapping[str, int]
) -> dict[str, Decimal]:
    """What the list shows for each unit that can be on it."""
    if rule.kind in _BY_RANK:
        return {unit.unit: unit.score for unit in units if unit.score is not None}
    if rule.kind == "improved":
        return {unit.unit: unit.change for unit in units if unit.change is not None}
    if rule.kind == "volume":
        return {unit.unit: Decimal(n) for unit in units if (n := volumes.get(unit.unit, 0))}
    if rule.kind == "per_10000":
        return {unit.unit: unit.per_10000 for unit in units if unit.per_10000 is not None}
    return {}


def _tied_first(units: Mapping[str, UnitResult]) -> list[str]:
    return [code for code, unit in units.items() if unit.rank == 1]


def _cut(
    rule: ListRule, units: Mapping[str, UnitResult], values: Mapping[str, Decimal]
) -> list[str]:
    """The first or last `n` by the display order, with the whole tie group at the cut or not."""
    if rule.kind in _BY_RANK:
        order_by = {code: Decimal(-(units[code].rank or 0)) for code in values}
    else:
        # Nobody is among the most improved who did not improve.
        order_by = {code: value for code, value in values.items() if value > 0}

    def display(code: str) -> tuple[Decimal, int, str]:
        volume = units[code].volume if code in units else 0
        return -order_by[code], -volume, code

    from_bottom = rule.kind == "bottom"
    ordered = sorted(order_by, key=display, reverse=from_bottom)
    chosen = ordered[: rule.n]
    if chosen and rule.ties == "whole_group":
        last = order_by[chosen[-1]]
        chosen += [code for code in ordered[rule.n :] if order_by[code] == last]
    return chosen[::-1] if from_bottom else chosen
