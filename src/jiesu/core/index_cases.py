"""Hotline figures of an index: from cases by label and place to figures of units.

Demands per 10,000 residents and the policy's rates, of the cases that bear a dimension's label.
Counts nothing (see `evaluation.labels`). Method: docs/methods/index.md §1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from jiesu.core.facts import Joint, pooled
from jiesu.core.index_scores import Value
from jiesu.core.indicators import PER_10000, IndexTree, Leaf
from jiesu.core.policy import Policy, RateRule
from jiesu.core.scoring import Scale, rates
from jiesu.core.units import Unit, Units


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """Cases of one stretch of time: the joint table of the facts by label and place.

    The place is a unit's code, `None` where nobody knows it. A case with several labels stands
    under each. Of all `n_cases`, `n_labelled` bear at least one of the labels looked for.
    """

    joints: Mapping[str, Mapping[str | None, Joint]]
    n_cases: int
    n_labelled: int


def hotline_values(
    tree: IndexTree,
    members: Sequence[Unit],
    units: Units,
    counts: LabelCounts,
    policy: Policy,
) -> dict[str, dict[str, Value]]:
    """The figures of all hotline indicators, by indicator and unit.

    A unit's cases are those that lie in it or in a unit below it; excluded ones are left out. A
    rate without a case in its whole, and demands without a known population, have no figure; nor
    has any unit where no case of the city bears the label: nobody gives it, it is not a zero.
    """
    below = {unit.code: units.with_all_below(unit.code) for unit in members}
    known = {rate.key: rate for rate in policy.rates}
    found: dict[str, dict[str, Value]] = {}
    for key, leaf in tree.leaves.items():
        if leaf.kind != "hotline":
            continue
        places = counts.joints.get(leaf.label, {})
        found[key] = {}
        for unit in members if places else ():
            inside = pooled(places[code] for code in below[unit.code] if code in places)
            value = _figure(leaf, inside.without("excluded"), unit, known)
            if value is not None:
                found[key][unit.code] = Value(value, counted=True)
    return found


def _figure(leaf: Leaf, cases: Joint, unit: Unit, known: Mapping[str, RateRule]) -> Fraction | None:
    if leaf.figure == PER_10000:
        if not unit.population:
            return None
        return Fraction(cases.count("created") * 10_000, unit.population)
    scale = Scale([known[leaf.figure]], {}, 0, None)
    value = rates(cases, scale)[leaf.figure].value
    return None if value is None else value * 100
