"""An index as a tree of indicators: what is measured, how it is scaled, what it weighs.

Plain objects and what can be wrong with a tree. Holds no figures (see `core.indices`) and reads no
files (see `jiesu.city.index_files`). Method: docs/methods/index.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal

from jiesu.core.measures import Direction
from jiesu.core.scoring import exact_text

LeafKind = Literal["objective", "survey", "hotline"]
Method = Literal["min_max", "target", "base"]
Missing = Literal["drop", "worst", "mean_of_units", "refuse"]
CityRule = Literal["mean", "by_population"]
BaseOf = Literal["unit", "city"]

KINDS: tuple[LeafKind, ...] = ("objective", "survey", "hotline")
METHODS: tuple[Method, ...] = ("min_max", "target", "base")
MISSING: tuple[Missing, ...] = ("drop", "worst", "mean_of_units", "refuse")
CITY_RULES: tuple[CityRule, ...] = ("by_population", "mean")

ROOT = "total"
"""The key of the index itself; a node with this parent stands directly below it."""

PER_10000 = "per_10000"
"""The hotline figure that is no rate: demands per 10,000 residents."""


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How a figure becomes a score in 0..100 (docs/methods/index.md §2).

    `low` and `high` are bounds (`min_max`; both `None`: of the year's units) or caps of the ratio
    in hundredths (`base`). `target` and `base_year` are for the methods of that name.
    """

    method: Method
    low: Fraction | None = None
    high: Fraction | None = None
    target: Fraction | None = None
    base_year: int = 0
    base_of: BaseOf = "unit"


@dataclass(frozen=True, slots=True)
class Leaf:
    """An indicator that has figures.

    `measured_in` is the unit of measure in words, `decimals` those with which a figure is printed
    and enters the index. `allowed` are the smallest and largest figure that can be right. A
    hotline indicator counts the cases with `label`: `figure` is `per_10000` or the key of a
    rate of the policy. `measure` is the key of an outside measure that gives the figures
    (`core.measures`); empty where they are given as the index's own.
    """

    kind: LeafKind
    measured_in: Mapping[str, str]
    decimals: int
    direction: Direction
    normalisation: Normalisation
    missing: Missing = "drop"
    allowed: tuple[Fraction | None, Fraction | None] = (None, None)
    label: str = ""
    figure: str = ""
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A node: a group of others, or a leaf with figures.

    `weights` gives its share among its siblings by the year from which on it holds.
    """

    key: str
    title: Mapping[str, str]
    parent: str
    weights: Mapping[int, Fraction]
    leaf: Leaf | None = None

    def weight(self, year: int) -> Fraction:
        """The share that holds in a year; 0 before the first year that has one."""
        begun = [since for since in self.weights if since <= year]
        return self.weights[max(begun)] if begun else Fraction(0)


@dataclass(frozen=True)
class IndexTree:
    """The whole index: its indicators by key, and how units and the city are scored.

    `kinds` are the kinds of units that are ranked, `decimals` those of printed scores.
    `illustrative` marks a set that no office has adopted. `by_category` gives labels to cases
    that have none, by the beginning of their category's path. `digest` is the SHA-256 of the file.
    """

    title: Mapping[str, str]
    illustrative: bool
    kinds: tuple[str, ...]
    decimals: int
    city: CityRule
    nodes: Mapping[str, Indicator]
    by_category: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    digest: str = ""

    @cached_property
    def below(self) -> Mapping[str, tuple[str, ...]]:
        """The keys directly below each node, `ROOT` too, in the tree's order."""
        found: dict[str, list[str]] = {ROOT: []}
        for node in self.nodes.values():
            found.setdefault(node.parent, []).append(node.key)
        return {key: tuple(keys) for key, keys in found.items()}

    @cached_property
    def leaves(self) -> Mapping[str, Leaf]:
        """The indicators with figures, in the order of the tree."""
        inside = self.inside(ROOT)
        return {key: leaf for key in inside if (leaf := self.nodes[key].leaf) is not None}

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """The nodes directly above leaves; a leaf below the root is one of its own."""
        keys = (self.nodes[key].parent for key in self.leaves)
        pairs = zip(self.leaves, keys, strict=True)
        return tuple(dict.fromkeys(leaf if key == ROOT else key for leaf, key in pairs))

    def inside(self, key: str) -> tuple[str, ...]:
        """All nodes below one, each before those below it; a circle is followed once."""
        found: dict[str, None] = {}
        waiting = list(reversed(self.below.get(key, ())))
        while waiting:
            current = waiting.pop()
            if current not in found and current != key:
                found[current] = None
                waiting.extend(reversed(self.below.get(current, ())))
        return tuple(found)

    def leaves_of(self, key: str) -> tuple[str, ...]:
        """The leaves below a node; a leaf's own key."""
        return tuple(below for below in (key, *self.inside(key)) if below in self.leaves)


@dataclass(frozen=True, slots=True)
class Flaw:
    """A mistake in a tree: at which node and key, what, and how to mend it."""

    node: str
    key: str
    what: str
    remedy: str


def flaws(nodes: Mapping[str, Indicator]) -> list[Flaw]:
    """Every mistake in the shape of a tree; in its weights only once the shape is right.

    An indicator with a wrong parent is missing where it belongs and too many where it stands: that
    these weights are off would be the same mistake again.
    """
    shape = [*_wrong_parents(nodes), *_circles(nodes), *_wrong_ends(nodes)]
    return shape or list(_wrong_weights(nodes))


def _wrong_parents(nodes: Mapping[str, Indicator]) -> Iterator[Flaw]:
    for node in nodes.values():
        if node.parent == ROOT:
            continue
        if node.parent not in nodes:
            what = f"no indicator has the key {node.parent[:40]!r}"
            remedy = "write the key of an indicator of this file, or leave the line out"
            yield Flaw(node.key, "parent", what, remedy)
        elif nodes[node.parent].leaf is not None:
            what = f"{node.parent} has figures of its own and can have nothing below it"
            yield Flaw(node.key, "parent", what, f"remove kind from {node.parent}")


def _circles(nodes: Mapping[str, Indicator]) -> Iterator[Flaw]:
    """Every circle of parents once. Looks at each node once."""
    known: set[str] = set()
    for start in nodes:
        passed: dict[str, None] = {}
        key = start
        while key in nodes and key not in known:
            if key in passed:
                keys = list(passed)
                circle = keys[keys.index(key) :]
                what = f"the parents go in a circle: {' → '.join([*circle, circle[0]])}"
                remedy = "an indicator is never above itself: correct one parent"
                yield Flaw(circle[0], "parent", what, remedy)
                break
            passed[key] = None
            key = nodes[key].parent
        known.update(passed)


def _wrong_ends(nodes: Mapping[str, Indicator]) -> Iterator[Flaw]:
    parents = {node.parent for node in nodes.values()}
    for node in nodes.values():
        if node.leaf is None and node.key not in parents:
            what = "has neither figures nor indicators below it"
            yield Flaw(node.key, "", what, "give it a kind, or put indicators below it")


def _wrong_weights(nodes: Mapping[str, Indicator]) -> Iterator[Flaw]:
    """Siblings' weights that do not total 1, in each year in which one of them begins."""
    siblings: dict[str, list[Indicator]] = {}
    for node in nodes.values():
        siblings.setdefault(node.parent, []).append(node)
    for group in siblings.values():
        # Before the first year there is no index.
        years = sorted({year for node in group for year in node.weights})
        for year in years:
            total = sum((node.weight(year) for node in group), Fraction(0))
            if total != 1:
                keys = ", ".join(node.key for node in group)
                since = f" from {year} on" if year else ""
                what = f"the weights of {keys} total {exact_text(total)}{since}, not 1"
                yield Flaw(group[0].key, "weight", what, "correct them so that they total 1")
                break
