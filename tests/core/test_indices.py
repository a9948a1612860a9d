"""Indices of units: aggregation recounted, contributions that add up, flaws of trees."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.facts import Joint, mask_of
from jiesu.core.index_cases import LabelCounts, hotline_values
from jiesu.core.index_scores import Value, Values
from jiesu.core.indicators import MISSING, ROOT, IndexTree, flaws
from jiesu.core.indices import index_in
from jiesu.core.units import Unit, Units

from .cast import policy
from .index_cast import HOLDS, leaf, node, scaled, tree

DISTRICTS = [
    Unit(code, f"{code}区", "district", None, 1000 * (i + 1)) for i, code in enumerate("ABC")
]


def two_by_two(**rules: str) -> IndexTree:
    """Two dimensions of two indicators each, whose weights change in 2021."""
    missing: Mapping[str, Any] = {key: {"missing": rule} for key, rule in rules.items()}
    return tree(
        [
            node("one", {0: "0.6", 2021: "0.5"}),
            node("two", {0: "0.4", 2021: "0.5"}),
            node("a", "0.7", leaf(HOLDS, **missing.get("a", {})), "one"),
            node("b", "0.3", leaf(HOLDS, **missing.get("b", {})), "one"),
            node("c", {0: "1", 2021: "0.25"}, leaf(HOLDS, **missing.get("c", {})), "two"),
            node("d", {2021: "0.75"}, leaf(HOLDS, **missing.get("d", {})), "two"),
        ]
    )


def figures(by_year: Mapping[int, Mapping[str, Mapping[str, str]]]) -> Values:
    return {
        year: {
            key: {unit: Value(Fraction(one)) for unit, one in by_unit.items()}
            for key, by_unit in by_leaf.items()
        }
        for year, by_leaf in by_year.items()
    }


EVERY: Mapping[int, Mapping[str, Mapping[str, str]]] = {
    2020: {
        "a": {"A": "50", "B": "60", "C": "70"},
        "b": {"A": "20", "B": "40", "C": "90"},
        "c": {"A": "10", "B": "60", "C": "80"},
    },
    2021: {
        "a": {"A": "55", "B": "60", "C": "65"},
        "b": {"A": "30", "B": "40", "C": "90"},
        "c": {"A": "20", "B": "60", "C": "80"},
        "d": {"A": "90", "B": "70", "C": "40"},
    },
}


def test_a_total_is_the_weighted_sum_of_its_dimensions_in_each_year() -> None:
    found = index_in(two_by_two(), DISTRICTS, figures(EVERY), 2021)
    a = found.unit("A")
    assert a is not None
    one = Fraction(7, 10) * 55 + Fraction(3, 10) * 30
    two = Fraction(1, 4) * 20 + Fraction(3, 4) * 90
    assert a.nodes["one"].score == one
    assert a.nodes[ROOT].score == (one + two) / 2
    before = Fraction(6, 10) * (Fraction(7, 10) * 50 + 6) + Fraction(4, 10) * 10
    assert a.before is not None
    assert a.before.score == before
    assert (str(a.shown), str(a.before.shown), str(a.change)) == ("60.00", "28.60", "31.40")


def test_equal_printed_totals_share_a_rank_and_leave_a_gap() -> None:
    values = {2021: {key: {"A": "80", "B": "80.001", "C": "90"} for key in "abcd"}}
    found = index_in(two_by_two(), DISTRICTS, figures(values), 2021)
    assert [(unit.unit, unit.rank) for unit in found.units] == [("C", 1), ("A", 2), ("B", 2)]
    assert found.before is None
    assert all(unit.change is None and not unit.contributions for unit in found.units)


def test_a_refused_unit_stands_apart_and_is_ranked_nowhere() -> None:
    values = {2021: {key: {"A": "80", "B": "70", "C": "60"} for key in "abcd"}}
    del values[2021]["c"]["A"]
    found = index_in(two_by_two(c="refuse"), DISTRICTS, figures(values), 2021)
    assert [(unit.unit, unit.rank) for unit in found.units] == [("B", 1), ("C", 2), ("A", None)]
    a = found.units[-1]
    assert a.filled == {"c": "refuse"}
    assert a.nodes["two"].score is None
    # Its other dimension has a score, but no place among those who are ranked.
    assert a.nodes["one"].score == 80
    assert a.nodes["one"].rank is None
    assert found.n_ranked == 2


def test_an_indicator_without_any_figure_is_left_out_for_all() -> None:
    values = {2021: {key: {"A": "80", "B": "70", "C": "60"} for key in "abc"}}
    found = index_in(two_by_two(d="worst"), DISTRICTS, figures(values), 2021)
    assert [str(unit.shown) for unit in found.units] == ["80.00", "70.00", "60.00"]
    assert all(unit.filled == {"d": "drop"} for unit in found.units)


def test_the_city_is_the_mean_by_residents_where_the_tree_says_so() -> None:
    by_people = replace(two_by_two(), city="by_population")
    found = index_in(by_people, DISTRICTS, figures(EVERY), 2021)
    totals = {unit.unit: unit.nodes[ROOT].score or Fraction(0) for unit in found.units}
    assert found.city.scores[ROOT] == (totals["A"] + 2 * totals["B"] + 3 * totals["C"]) / 6
    change = found.city.contributions[ROOT].total
    before = [unit.before.score for unit in found.units if unit.before and unit.before.score]
    assert len(before) == 3
    sizes = {"A": 1, "B": 2, "C": 3}
    mean = sum(
        sizes[unit.unit] * unit.before.score
        for unit in found.units
        if unit.before and unit.before.score
    )
    assert change == found.city.scores[ROOT] - mean / 6


def test_bounds_of_the_year_compare_with_the_other_units() -> None:
    relative = tree([node("a", "1", leaf(scaled("min_max"), direction="lower"))])
    found = index_in(relative, DISTRICTS, figures({2021: {"a": EVERY[2021]["a"]}}), 2021)
    assert [(unit.unit, str(unit.shown)) for unit in found.units] == [
        ("A", "100.00"),
        ("B", "50.00"),
        ("C", "0.00"),
    ]


def test_a_figure_enters_as_it_is_printed() -> None:
    whole = tree([node("a", "1", leaf(HOLDS, decimals=0))])
    found = index_in(whole, DISTRICTS, figures({2021: {"a": {"A": "79.5", "B": "79.4"}}}), 2021)
    assert [str(unit.shown) for unit in found.units[:2]] == ["80.00", "79.00"]


FIGURE = st.none() | st.decimals(-20, 130, places=2).map(Fraction)
YEAR = st.fixed_dictionaries(
    {key: st.fixed_dictionaries(dict.fromkeys("ABC", FIGURE)) for key in "abcd"}
)


@given(YEAR, YEAR, st.fixed_dictionaries({key: st.sampled_from(MISSING) for key in "abcd"}))
def test_contributions_add_up_to_the_change_exactly_whatever_is_missing(
    past: Mapping[str, Mapping[str, Fraction | None]],
    now: Mapping[str, Mapping[str, Fraction | None]],
    rules: Mapping[str, str],
) -> None:
    values = {
        year: {
            key: {unit: Value(one) for unit, one in by_unit.items() if one is not None}
            for key, by_unit in by_leaf.items()
        }
        for year, by_leaf in ((2020, past), (2021, now))
    }
    rules_of = two_by_two(**rules)
    found = index_in(rules_of, DISTRICTS, values, 2021)
    for unit in found.units:
        total = unit.nodes[ROOT].score
        before = None if unit.before is None else unit.before.score
        if total is None or before is None:
            assert not unit.contributions
            continue
        parts = unit.contributions
        assert sum(parts[key].total for key in "abcd") == total - before
        assert parts["one"].total + parts["two"].total == parts[ROOT].total == total - before
        assert sum(unit.nodes[key].weight for key in "abcd") == 1
    if found.city.contributions:
        parts = found.city.contributions
        assert sum(parts[key].total for key in "abcd") == parts[ROOT].total
    scores = [one.score for unit in found.units for one in unit.nodes.values()]
    assert all(score is None or 0 <= score <= 100 for score in scores)


def test_a_sound_tree_has_no_flaw() -> None:
    assert flaws(two_by_two().nodes) == []


@pytest.mark.parametrize(
    ("changed", "key", "what"),
    [
        ({"a": {"parent": "nobody"}}, "parent", "no indicator has the key 'nobody'"),
        ({"c": {"parent": "a"}}, "parent", "a has figures of its own"),
        ({"one": {"parent": "two"}, "two": {"parent": "one"}}, "parent", "circle: one → two → one"),
        ({"a": {"leaf": None}}, "", "neither figures nor indicators below it"),
        (
            {"b": {"weights": {0: Fraction("0.2")}}},
            "weight",
            "the weights of a, b total 0.9, not 1",
        ),
        (
            {"d": {"weights": {2021: Fraction("0.7")}}},
            "weight",
            "the weights of c, d total 0.95 from 2021 on, not 1",
        ),
    ],
)
def test_flaws_are_named(changed: Mapping[str, Mapping[str, Any]], key: str, what: str) -> None:
    nodes = {
        one.key: replace(one, **changed.get(one.key, {})) for one in two_by_two().nodes.values()
    }
    assert any(flaw.key == key and what in flaw.what for flaw in flaws(nodes))


def test_hotline_figures_leave_excluded_cases_out_and_pool_the_places_below() -> None:
    good = mask_of(["created", "called_back", "contacted", "resolved", "satisfied"])
    bad = mask_of(["created", "called_back", "contacted", "dissatisfied"])
    excluded = bad | mask_of(["excluded"])
    units = Units.of([*DISTRICTS, Unit("S", "街道", "street", "A")])
    joints = {
        "S": Joint({good: 3, bad: 1, excluded: 5}),
        "A": Joint({good: 4}),
        None: Joint({bad: 9}),
    }
    indicators = tree(
        [
            node("n", "0.5", leaf(HOLDS, kind="hotline", label="安全性", figure="per_10000")),
            node("r", "0.3", leaf(HOLDS, kind="hotline", label="安全性", figure="resolution")),
            node("x", "0.2", leaf(HOLDS, kind="hotline", label="多样性", figure="resolution")),
        ]
    )
    counted = hotline_values(
        indicators, DISTRICTS, units, LabelCounts({"安全性": joints}, 22, 22), policy()
    )
    assert {unit: one.value for unit, one in counted["n"].items()} == {"A": 80, "B": 0, "C": 0}
    assert {unit: one.value for unit, one in counted["r"].items()} == {"A": Fraction(700, 8)}
    assert counted["x"] == {}
    assert all(one.counted for one in counted["n"].values())


def test_an_indicator_whose_label_no_case_bears_has_no_figures_and_no_zeros() -> None:
    indicators = tree(
        [node("n", "1", leaf(HOLDS, kind="hotline", label="没有", figure="per_10000"))]
    )
    borne = dict[str, dict[str | None, Joint]]({"安全性": {"A": Joint({mask_of(["created"]): 1})}})
    counts = LabelCounts(borne, 1, 1)
    assert hotline_values(indicators, DISTRICTS, Units.of(DISTRICTS), counts, policy()) == {"n": {}}
