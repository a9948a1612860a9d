"""Every worked table of the index's method page, recomputed."""

from collections.abc import Mapping
from fractions import Fraction

from jiesu.core.index_scores import Scored, Value, contributions, normalised, scored
from jiesu.core.indicators import ROOT

from .index_cast import HOLDS, leaf, node, scaled, tree
from .pages import table

COLUMNS = ("method", "direction", "figure", "parameters", "score")


def exact(text: str) -> Fraction | None:
    return None if text == "none" else Fraction(text)


def test_normalisation_table() -> None:
    rows = table("index", *COLUMNS)
    assert {row["method"] for row in rows} == {"min_max", "target", "base"}
    for row in rows:
        given = {
            name: Fraction(number)
            for name, number in (part.split() for part in row["parameters"].split(", "))
        }
        base = given.pop("base", None)
        rule = scaled(row["method"], **given)
        indicator = leaf(rule, direction=row["direction"])
        figures = {"U": Fraction(row["figure"])}
        found = normalised(indicator, figures, {} if base is None else {"U": base})
        assert found.get("U") == exact(row["score"]), row


def test_missing_figures_table() -> None:
    rows = table("index", "rule", "first", "second", "score", "effective weights")
    for row in rows:
        nodes = [
            node("first", "0.5", leaf(HOLDS)),
            node("second", "0.3", leaf(HOLDS)),
            node("third", "0.2", leaf(HOLDS, missing=row["rule"])),
        ]
        figures = {
            "first": {"U": row["first"], "V": "1", "W": "1"},
            "second": {"U": row["second"], "V": "1", "W": "1"},
            "third": {"V": "40", "W": "70"},
        }
        values = {
            2021: {
                key: {unit: Value(Fraction(one)) for unit, one in by_unit.items()}
                for key, by_unit in figures.items()
            }
        }
        found = scored(tree(nodes), ["U", "V", "W"], values, 2021)["U"]
        assert found.scores[ROOT] == exact(row["score"])
        weights = [Fraction(part) for part in row["effective weights"].split(", ")]
        assert [found.weights[key] for key in ("first", "second", "third")] == weights
    assert [row["rule"] for row in rows] == ["drop", "worst", "mean_of_units", "refuse"]


def _year(rows: list[Mapping[str, str]], weight: str, score: str) -> Scored:
    *leaves, total = rows
    scores = {row["indicator"]: exact(row[score]) for row in leaves}
    weights = {row["indicator"]: Fraction(row[weight]) for row in leaves}
    # The page's totals are those of its own weights and scores.
    assert sum(weights.values()) == Fraction(total[weight])
    sums = sum((weights[key] * (scores[key] or 0) for key in weights), Fraction(0))
    assert sums == Fraction(total[score])
    return Scored({**scores, ROOT: sums}, {**weights, ROOT: Fraction(1)}, {})


def test_contributions_table() -> None:
    before, after = ("weight before", "score before"), ("weight", "score")
    parts = ("by score", "by weight", "contribution")
    rows: list[Mapping[str, str]] = [*table("index", "indicator", *before, *after, *parts)]
    past, now = _year(rows, *before), _year(rows, *after)
    nodes = [node(row["indicator"], "1", leaf(HOLDS)) for row in rows[:-1]]
    found = contributions(tree(nodes), now, past)
    for row in rows:
        one = found[ROOT if row["indicator"] == "total" else row["indicator"]]
        shown = [Fraction(row[part]) for part in parts]
        assert [one.by_score, one.by_weight, one.total] == shown, row
    assert found[ROOT].total == (now.scores[ROOT] or 0) - (past.scores[ROOT] or 0)
