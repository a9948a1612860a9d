"""What the index tests share: small trees and leaves."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from jiesu.core.indicators import ROOT, IndexTree, Indicator, Leaf, Normalisation

WORDS = {"zh": "指标", "en": "Indicator"}


def scaled(method: str, **parameters: Any) -> Normalisation:
    """A normalisation; the caps of `base` are the usual ones where they are not given."""
    usual = {"low": Fraction(0), "high": Fraction(200)} if method == "base" else {}
    base_year = {"base_year": 2020} if method == "base" else {}
    return Normalisation(method=method, **{**usual, **base_year, **parameters})  # type: ignore[arg-type]


HOLDS = scaled("min_max", low=Fraction(0), high=Fraction(100))
"""A figure that is its own score."""


def leaf(rule: Normalisation, **changes: Any) -> Leaf:
    usual: dict[str, Any] = {
        "kind": "objective",
        "measured_in": WORDS,
        "decimals": 2,
        "direction": "higher",
    }
    return Leaf(normalisation=rule, **{**usual, **changes})


def node(
    key: str, weight: str | Mapping[int, str], leaf: Leaf | None = None, parent: str = ROOT
) -> Indicator:
    by_year = weight if isinstance(weight, Mapping) else {0: weight}
    weights = {year: Fraction(number) for year, number in by_year.items()}
    return Indicator(key, {"zh": key, "en": key}, parent, weights, leaf)


def tree(nodes: Sequence[Indicator], **changes: Any) -> IndexTree:
    usual: dict[str, Any] = {
        "title": WORDS,
        "illustrative": True,
        "kinds": ("district",),
        "decimals": 2,
        "city": "mean",
    }
    return IndexTree(nodes={one.key: one for one in nodes}, **{**usual, **changes})
