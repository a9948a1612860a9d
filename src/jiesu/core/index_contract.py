"""`index.json`: an index as plain values, in the form that docs/index-files.md describes.

Scores and contributions leave as decimal strings; what has no end as a decimal is cut at twelve
places, half up.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from jiesu.core.index_scores import Contribution, Value
from jiesu.core.indicators import ROOT, IndexTree, Indicator, Leaf
from jiesu.core.indices import IndexResult, NodeScore, UnitIndex
from jiesu.core.scoring import rounded, rounded_text

Json = dict[str, Any]

SCHEMA = "jiesu.index/1"
PLACES = 12


def index_document(result: IndexResult) -> Json:
    """The whole index: the tree, every node of every unit, the city."""
    tree = result.tree
    return {
        "schema": SCHEMA,
        "year": result.year,
        "previous_year": result.before,
        "title": dict(tree.title),
        "illustrative": tree.illustrative,
        "decimals": tree.decimals,
        "city_rule": tree.city,
        "digest": tree.digest,
        "notes": [{"key": key, "values": dict(values)} for key, values in result.notes],
        "dimensions": list(tree.dimensions),
        "indicators": [_indicator(tree.nodes[key], result.year) for key in tree.inside(ROOT)],
        "units": [_unit(result, unit) for unit in result.units],
        "city": _city(result),
    }


def _text(value: Fraction | None) -> str | None:
    """A number as a decimal: all its digits, or twelve places where it has more."""
    return None if value is None else rounded_text(value, PLACES)


def _indicator(node: Indicator, year: int) -> Json:
    document: Json = {
        "key": node.key,
        "parent": node.parent,
        "title": dict(node.title),
        "weight": _text(node.weight(year)),
    }
    return document if node.leaf is None else {**document, **_leaf(node.leaf)}


def _leaf(leaf: Leaf) -> Json:
    rule = leaf.normalisation
    parameters = {
        "low": _text(rule.low),
        "high": _text(rule.high),
        "target": _text(rule.target),
        "base_year": rule.base_year or None,
        "base_of": rule.base_of if rule.base_year else None,
    }
    known = {key: value for key, value in parameters.items() if value is not None}
    document: Json = {
        "kind": leaf.kind,
        "measured_in": dict(leaf.measured_in),
        "decimals": leaf.decimals,
        "direction": leaf.direction,
        "missing": leaf.missing,
        "normalisation": {"method": rule.method, **known},
    }
    if leaf.kind == "hotline":
        document |= {"label": leaf.label, "figure": leaf.figure}
    return document


def _unit(result: IndexResult, unit: UnitIndex) -> Json:
    tree = result.tree
    before = unit.before
    return {
        "unit": unit.unit,
        "name": unit.name,
        "rank": unit.rank,
        "shown": None if unit.shown is None else f"{unit.shown:f}",
        "score": _text(unit.nodes[ROOT].score),
        "change": None if unit.change is None else f"{unit.change:f}",
        "previous": None
        if before is None
        else {
            "rank": before.rank,
            "shown": f"{before.shown:f}",
            "score": _text(before.score),
        },
        "contribution": _contribution(unit.contributions.get(ROOT)),
        "best": list(unit.best),
        "weakest": list(unit.weakest),
        "nodes": {key: _node(result, unit, key, tree) for key in tree.inside(ROOT)},
    }


def _node(result: IndexResult, unit: UnitIndex, key: str, tree: IndexTree) -> Json:
    document = {
        **_node_score(unit.nodes[key]),
        "contribution": _contribution(unit.contributions.get(key)),
    }
    leaf = tree.leaves.get(key)
    if leaf is None:
        return document
    value = _value_of(result, result.year, key, unit.unit)
    before = _value_of(result, result.year - 1, key, unit.unit)
    return {
        **document,
        "value": _figure(value, leaf),
        "source": value.source or None if value else None,
        "counted": value.counted if value else None,
        "previous_value": _figure(before, leaf),
        "filled": unit.filled.get(key),
    }


def _value_of(result: IndexResult, year: int, key: str, unit: str) -> Value | None:
    return result.values.get(year, {}).get(key, {}).get(unit)


def _figure(value: Value | None, leaf: Leaf) -> str | None:
    return None if value is None else f"{rounded(value.value, leaf.decimals):f}"


def _node_score(node: NodeScore) -> Json:
    return {
        "score": _text(node.score),
        "shown": None if node.shown is None else f"{node.shown:f}",
        "rank": node.rank,
        "weight": _text(node.weight),
    }


def _contribution(found: Contribution | None) -> Json | None:
    if found is None:
        return None
    return {
        "total": _text(found.total),
        "by_score": _text(found.by_score),
        "by_weight": _text(found.by_weight),
    }


def _city(result: IndexResult) -> Json:
    city = result.city

    def text(value: object) -> str | None:
        return None if value is None else f"{value:f}"

    parts: Mapping[str, Contribution] = city.contributions
    return {
        "shown": text(city.shown),
        "previous": text(city.before),
        "change": text(city.change),
        "contribution": _contribution(parts.get(ROOT)),
        "nodes": {
            key: {
                "score": _text(city.scores.get(key)),
                "contribution": _contribution(parts.get(key)),
            }
            for key in result.tree.inside(ROOT)
        },
    }
