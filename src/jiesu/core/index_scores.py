"""Scores of units by a tree of indicators, and what made a total change.

From figures to 0..100, from indicators to the total, from two years to contributions; all in exact
fractions, nothing ranked and nothing rounded but the figures themselves. Method:
docs/methods/index.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from jiesu.core.indicators import ROOT, IndexTree, Leaf, Normalisation
from jiesu.core.scoring import rounded


@dataclass(frozen=True, slots=True)
class Value:
    """A unit's figure. `counted` says that it was counted from the cases, not given in a file."""

    value: Fraction
    source: str = ""
    counted: bool = False


Values = Mapping[int, Mapping[str, Mapping[str, Value]]]
"""Figures by year, indicator and unit."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A unit's scores and effective weights in a year, by node and `ROOT`."""

    scores: Mapping[str, Fraction | None]
    weights: Mapping[str, Fraction]
    filled: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a node added to the change of the total, in points: by its score and by its weight."""

    by_score: Fraction
    by_weight: Fraction

    @property
    def total(self) -> Fraction:
        return self.by_score + self.by_weight


NOTHING = Contribution(Fraction(0), Fraction(0))


def as_printed(tree: IndexTree, values: Values) -> Values:
    """The figures with each indicator's decimals: as they are printed they enter the index."""
    return {
        year: {
            key: {
                unit: Value(
                    Fraction(rounded(one.value, tree.leaves[key].decimals)), one.source, one.counted
                )
                for unit, one in by_unit.items()
            }
            for key, by_unit in by_leaf.items()
            if key in tree.leaves
        }
        for year, by_leaf in values.items()
    }


# From figures to scores -----------------------------------------------------------------------


def normalised(
    leaf: Leaf, figures: Mapping[str, Fraction], base: Mapping[str, Fraction]
) -> dict[str, Fraction]:
    """The score of each unit with a figure; none where its base year has no figure above 0.

    `base` are the units' figures of the base year. Formulas: docs/methods/index.md §2.
    """
    rule = leaf.normalisation
    if rule.method == "base":
        return _by_base(leaf, figures, base)
    if rule.method == "target":
        assert rule.target is not None
        return {unit: _to_target(value, rule.target, leaf) for unit, value in figures.items()}
    low, high = rule.low, rule.high
    if low is None or high is None:
        low, high = min(figures.values(), default=Fraction(0)), max(figures.values(), default=None)
    if high is None or low == high:
        return dict.fromkeys(figures, Fraction(50))
    scores = {unit: _cut((value - low) / (high - low) * 100) for unit, value in figures.items()}
    if leaf.direction == "lower":
        scores = {unit: 100 - score for unit, score in scores.items()}
    return scores


def _to_target(value: Fraction, target: Fraction, leaf: Leaf) -> Fraction:
    if leaf.direction == "higher":
        return _cut(value / target * 100)
    return _cut(target / value * 100) if value > 0 else Fraction(100)


def _by_base(
    leaf: Leaf, figures: Mapping[str, Fraction], base: Mapping[str, Fraction]
) -> dict[str, Fraction]:
    rule = leaf.normalisation
    mean = sum(base.values(), Fraction(0)) / len(base) if base else Fraction(0)
    found = {}
    for unit, value in figures.items():
        against = mean if rule.base_of == "city" else base.get(unit, Fraction(0))
        if against > 0:
            found[unit] = _capped_ratio(value, against, leaf, rule)
    return found


def _capped_ratio(value: Fraction, base: Fraction, leaf: Leaf, rule: Normalisation) -> Fraction:
    assert rule.low is not None
    assert rule.high is not None
    if leaf.direction == "higher":
        ratio = value / base * 100
    elif value > 0:
        ratio = base / value * 100
    else:
        ratio = rule.high
    return _cut((ratio - rule.low) / (rule.high - rule.low) * 100)


def _cut(score: Fraction) -> Fraction:
    return min(max(score, Fraction(0)), Fraction(100))


# From indicators to the total -----------------------------------------------------------------


def scored(tree: IndexTree, units: Sequence[str], values: Values, year: int) -> dict[str, Scored]:
    """Scores and effective weights of each unit in a year (docs/methods/index.md §3)."""
    scores: dict[str, dict[str, Fraction]] = {}
    for key, leaf in tree.leaves.items():
        figures = _figures(values, year, key, units)
        base = _figures(values, leaf.normalisation.base_year, key, units)
        scores[key] = normalised(leaf, figures, base)
    return {unit: _scored_unit(tree, unit, scores, year) for unit in units}


def _figures(values: Values, year: int, key: str, units: Iterable[str]) -> dict[str, Fraction]:
    found = values.get(year, {}).get(key, {})
    return {unit: found[unit].value for unit in units if unit in found}


def _scored_unit(
    tree: IndexTree, unit: str, by_leaf: Mapping[str, Mapping[str, Fraction]], year: int
) -> Scored:
    scores: dict[str, Fraction | None] = {}
    filled: dict[str, str] = {}
    refused: set[str] = set()
    for key, leaf in tree.leaves.items():
        others = by_leaf[key]
        score = others.get(unit)
        if score is None and tree.nodes[key].weight(year):
            score, rule = _filled(leaf, others)
            filled[key] = rule
            if rule == "refuse":
                refused.add(key)
        scores[key] = score
    shares: dict[str, dict[str, Fraction]] = {}
    # Each group comes before what is below it, so that turned round the children come first.
    for key in (*reversed(tree.inside(ROOT)), ROOT):
        if key not in tree.leaves:
            children = tree.below.get(key, ())
            if refused.intersection(children):
                refused.add(key)
            shares[key] = _shares(tree, children, scores, year)
            total = sum(
                (share * (scores[child] or 0) for child, share in shares[key].items()), Fraction(0)
            )
            scores[key] = total if shares[key] and key not in refused else None
    weights = dict.fromkeys((ROOT, *tree.inside(ROOT)), Fraction(0))
    if scores[ROOT] is not None:
        weights[ROOT] = Fraction(1)
        for key in (ROOT, *tree.inside(ROOT)):
            for child, share in shares.get(key, {}).items():
                weights[child] = weights[key] * share
    return Scored(scores, weights, filled)


def _filled(leaf: Leaf, others: Mapping[str, Fraction]) -> tuple[Fraction | None, str]:
    """What stands for a missing score by the indicator's rule, and the rule that applied."""
    if leaf.missing == "refuse" or not others:
        return None, "refuse" if leaf.missing == "refuse" else "drop"
    if leaf.missing == "worst":
        return min(others.values()), "worst"
    if leaf.missing == "mean_of_units":
        return sum(others.values(), Fraction(0)) / len(others), "mean_of_units"
    return None, "drop"


def _shares(
    tree: IndexTree, children: Iterable[str], scores: Mapping[str, Fraction | None], year: int
) -> dict[str, Fraction]:
    """The weights of the children that have a score, scaled up to 1; empty without any."""
    found = {
        key: weight
        for key in children
        if scores[key] is not None and (weight := tree.nodes[key].weight(year))
    }
    total = sum(found.values(), Fraction(0))
    return {key: weight / total for key, weight in found.items()}


# From two years to contributions --------------------------------------------------------------


def contributions(tree: IndexTree, now: Scored, past: Scored) -> dict[str, Contribution]:
    """What each node added to the change of the total; empty where a year has no total.

    Those of the indicators add up to the change exactly, and so does each group's: that of `ROOT`
    is the change (docs/methods/index.md §4).
    """
    total, total_before = now.scores[ROOT], past.scores[ROOT]
    if total is None or total_before is None:
        return {}
    middle = (total + total_before) / 2
    found = {}
    for key in tree.leaves:
        weight, weight_before = now.weights[key], past.weights[key]
        # A score without a weight plays no part in its year's total.
        score = now.scores[key] if weight else past.scores[key]
        score_before = past.scores[key] if weight_before else score
        if score is None or score_before is None or not (weight or weight_before):
            found[key] = NOTHING
            continue
        found[key] = Contribution(
            (weight + weight_before) / 2 * (score - score_before),
            (weight - weight_before) * ((score + score_before) / 2 - middle),
        )
    for key in (*tree.inside(ROOT), ROOT):
        if key not in tree.leaves:
            found[key] = added((Fraction(1), found[leaf]) for leaf in tree.leaves_of(key))
    return found


def added(parts: Iterable[tuple[Fraction, Contribution]]) -> Contribution:
    """Contributions added up by weight."""
    by_score = by_weight = Fraction(0)
    for weight, part in parts:
        by_score += weight * part.by_score
        by_weight += weight * part.by_weight
    return Contribution(by_score, by_weight)
