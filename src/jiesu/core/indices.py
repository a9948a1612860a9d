"""An index of units in a year: every node's score and rank, the change and what made it.

Puts scores (`core.index_scores`) in order; the one rounding step comes before ranking. Counts
nothing and reads no files. Method: docs/methods/index.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from jiesu.core.index_scores import (
    Contribution,
    Scored,
    Values,
    added,
    as_printed,
    contributions,
    scored,
)
from jiesu.core.indicators import ROOT, IndexTree
from jiesu.core.ranking import competition_ranks
from jiesu.core.scoring import rounded
from jiesu.core.units import Unit

NAMED = 3
"""So many of a unit's best and of its weakest dimensions are named, at most half of all."""


@dataclass(frozen=True, slots=True)
class NodeScore:
    """A unit's score of a node (0..100), as printed, its rank among the ranked units.

    `weight` is the node's effective share in the unit's total: 0 where it has no score.
    """

    score: Fraction | None
    shown: Decimal | None
    rank: int | None
    weight: Fraction


@dataclass(frozen=True, slots=True)
class UnitIndex:
    """A unit's index in a year.

    `nodes` has the standing of every node and of `ROOT`. `filled` gives, by indicator without a
    figure, the rule that was applied. `before` is the standing of the total in the year before;
    `change` is the difference of the two printed totals, `contributions` (by node and `ROOT`) add
    up to that of the exact ones; `None` and empty where one of the years has no total. `best` and
    `weakest` are dimensions by their rank, then by their score.
    """

    unit: str
    name: str
    rank: int | None
    shown: Decimal | None
    nodes: Mapping[str, NodeScore]
    filled: Mapping[str, str]
    before: NodeScore | None
    change: Decimal | None
    contributions: Mapping[str, Contribution]
    best: tuple[str, ...]
    weakest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CityIndex:
    """The city's mean scores by node (and `ROOT`), now and in the year before.

    `change` and `contributions` are as of a unit.
    """

    scores: Mapping[str, Fraction]
    scores_before: Mapping[str, Fraction]
    shown: Decimal | None
    before: Decimal | None
    change: Decimal | None
    contributions: Mapping[str, Contribution]


@dataclass(frozen=True, slots=True)
class IndexResult:
    """An index of a year: the units in rank order, then those without a total.

    `before` is the year before where a unit has a total in it. `values` are the figures of both
    years, rounded as printed. `notes` say what a reader must know, as (key, values) pairs.
    """

    tree: IndexTree
    year: int
    before: int | None
    units: tuple[UnitIndex, ...]
    city: CityIndex
    values: Values
    notes: tuple[tuple[str, Mapping[str, str]], ...] = ()

    @property
    def n_ranked(self) -> int:
        return sum(unit.rank is not None for unit in self.units)

    def unit(self, code: str) -> UnitIndex | None:
        """The index of a unit; `None` where it is no unit of this index."""
        return next((unit for unit in self.units if unit.unit == code), None)


def index_in(
    tree: IndexTree,
    units: Sequence[Unit],
    values: Values,
    year: int,
    notes: Sequence[tuple[str, Mapping[str, str]]] = (),
) -> IndexResult:
    """The index of the units in a year, against the year before.

    `values` holds the years that the tree needs: the year, the one before, base years.
    """
    kept = as_printed(tree, values)
    codes = [unit.code for unit in units]
    now, past = scored(tree, codes, kept, year), scored(tree, codes, kept, year - 1)
    has_past = any(one.scores[ROOT] is not None for one in past.values())
    scores = _node_scores(tree, now)
    past_totals = {code: found[ROOT] for code, found in _node_scores(tree, past).items()}
    found = [
        _unit_index(tree, unit, now[unit.code], past[unit.code], scores[unit.code], past_totals)
        for unit in units
    ]
    last = len(found) + 1
    found.sort(key=lambda one: (last if one.rank is None else one.rank, one.unit))
    shown = {each: kept.get(each, {}) for each in (year, year - 1)}
    city = _city(tree, units, now, past)
    return IndexResult(
        tree, year, year - 1 if has_past else None, tuple(found), city, shown, tuple(notes)
    )


def _node_scores(tree: IndexTree, units: Mapping[str, Scored]) -> dict[str, dict[str, NodeScore]]:
    """Every node's standing by unit; only units with a total are ranked."""
    found: dict[str, dict[str, NodeScore]] = {code: {} for code in units}
    for key in (ROOT, *tree.inside(ROOT)):
        shown = {
            code: rounded(score, tree.decimals)
            for code, one in units.items()
            if (score := one.scores[key]) is not None
        }
        ranked = {code: units[code].scores[ROOT] is not None for code in shown}
        ranks = competition_ranks({code: value for code, value in shown.items() if ranked[code]})
        for code, one in units.items():
            found[code][key] = NodeScore(
                one.scores[key], shown.get(code), ranks.get(code), one.weights[key]
            )
    return found


def _unit_index(
    tree: IndexTree,
    unit: Unit,
    now: Scored,
    past: Scored,
    nodes: Mapping[str, NodeScore],
    past_totals: Mapping[str, NodeScore],
) -> UnitIndex:
    total = nodes[ROOT]
    before = past_totals[unit.code] if past_totals[unit.code].score is not None else None
    best, weakest = _ends(tree, nodes)
    change = None
    if total.shown is not None and before is not None and before.shown is not None:
        change = total.shown - before.shown
    return UnitIndex(
        unit=unit.code,
        name=unit.name,
        rank=total.rank,
        shown=total.shown,
        nodes=nodes,
        filled=now.filled,
        before=before,
        change=change,
        contributions=contributions(tree, now, past),
        best=best,
        weakest=weakest,
    )


def _ends(
    tree: IndexTree, nodes: Mapping[str, NodeScore]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The dimensions with the best and the worst ranks; of equal ranks by the score."""
    places = [
        ((rank, -score), key)
        for key in tree.dimensions
        if (rank := nodes[key].rank) is not None and (score := nodes[key].score) is not None
    ]
    ordered = [key for _, key in sorted(places, key=lambda place: place[0])]
    n = min(NAMED, len(ordered) // 2)
    return tuple(ordered[:n]), tuple(reversed(ordered[len(ordered) - n :]))


def _city(
    tree: IndexTree,
    units: Sequence[Unit],
    now: Mapping[str, Scored],
    past: Mapping[str, Scored],
) -> CityIndex:
    """The mean of the units with a total, each counting once or by its residents."""
    sizes = {
        unit.code: Fraction(unit.population or 0) if tree.city == "by_population" else Fraction(1)
        for unit in units
    }
    scores, scores_before = _means(tree, now, sizes), _means(tree, past, sizes)
    total, before = scores.get(ROOT), scores_before.get(ROOT)
    shown = None if total is None else rounded(total, tree.decimals)
    shown_before = None if before is None else rounded(before, tree.decimals)
    same = _with_total(now) == _with_total(past)
    if not same or shown is None or shown_before is None:
        return CityIndex(scores, scores_before, shown, shown_before, None, {})
    all_of = sum((sizes[code] for code in _with_total(now)), Fraction(0))
    parts = {code: contributions(tree, now[code], past[code]) for code in _with_total(now)}
    parts_added = {
        key: added((sizes[code] / all_of, found[key]) for code, found in parts.items())
        for key in (ROOT, *tree.inside(ROOT))
    }
    return CityIndex(scores, scores_before, shown, shown_before, shown - shown_before, parts_added)


def _with_total(units: Mapping[str, Scored]) -> set[str]:
    return {code for code, one in units.items() if one.scores[ROOT] is not None}


def _means(
    tree: IndexTree, units: Mapping[str, Scored], sizes: Mapping[str, Fraction]
) -> dict[str, Fraction]:
    """The mean score of each node over the units that have a total and a score of it."""
    means = {}
    for key in (ROOT, *tree.inside(ROOT)):
        found = [
            (sizes[code], score)
            for code in _with_total(units)
            if (score := units[code].scores[key]) is not None
        ]
        size = sum((weight for weight, _ in found), Fraction(0))
        if size:
            means[key] = sum((weight * score for weight, score in found), Fraction(0)) / size
    return means
