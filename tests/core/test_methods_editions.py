"""The editions page's lists against the code, and differences between plain documents."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.difference import (
    CASE_CHANGES,
    UNSCORED,
    added_keys,
    differences,
    same_figures,
    unequal,
)

from .pages import table

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


def test_the_page_names_every_way_in_which_a_case_may_differ() -> None:
    assert tuple(row["how"] for row in table("editions", "how", "what differs")) == CASE_CHANGES


def document(**changes: Any) -> dict[str, Any]:
    units = [unit("A", 1, "95.0"), unit("B", 2, "90.0"), unit("C", None, None)]
    keys = ("volume", "excluded", "unassigned", "unlisted", "lapsed")
    totals: dict[str, Any] = dict.fromkeys(keys, 0)
    totals |= {"pooled": {"score": "92.0"}, "with_excluded": {"score": "92.0"}}
    return {
        "as_of": "2022-03-01T00:00:00+08:00",
        "input": {"digest": "x"},
        "policy": {"digest": "p"},
        "groups": [{"key": "street", "units": units}],
        "lists": [{"key": "first", "group": "street", "title": {}, "units": [units[0]]}],
        "totals": totals,
    } | changes


def unit(code: str, rank: int | None, score: str | None, volume: int = 10) -> dict[str, Any]:
    return {
        "unit": code, "name": code, "parent": None, "rank": rank, "score": score,
        "volume": volume, "excluded": 0, "apart": None if rank else "too_few",
    }  # fmt: skip


def test_a_document_does_not_differ_from_itself() -> None:
    found = differences(document(), document())
    assert (found.units, found.lists, found.totals, found.rules_changed) == ((), (), (), False)
    assert found.n_units == 3


def test_files_and_time_are_no_figures_and_all_else_is() -> None:
    assert same_figures(document(), document(input={"digest": "y"}, as_of="later"))
    measure = {"key": "pm25", "files": [{"name": "a"}], "units": 3}
    renamed = {**measure, "files": [{"name": "b"}]}
    assert same_figures(document(measures=[measure]), document(measures=[renamed]))
    assert not same_figures(document(measures=[measure]), document(measures=[]))
    for key in document():
        other = document(**{key: "other"})
        assert same_figures(document(), other) == (key in UNSCORED)


def test_units_that_moved_are_told_from_those_whose_counts_differ() -> None:
    units = [unit("B", 1, "96.0"), unit("A", 2, "95.0"), unit("C", None, None, 11)]
    lists = [{"key": "first", "group": "street", "title": {}, "units": [units[0]]}]
    later = document(groups=[{"key": "street", "units": units}], lists=lists)
    found = differences(document(), later)
    assert [change.unit for change in found.moved] == ["B", "A"]
    assert [change.unit for change in found.units] == ["B", "A", "C"]
    assert [str(change.score_change) for change in found.moved] == ["6.0", "0.0"]
    [named] = found.lists
    assert (named.joined, named.left) == ((("B", "B"),), (("A", "A"),))


def test_a_unit_that_came_or_went_has_one_place_only() -> None:
    later = document(groups=[{"key": "street", "units": [unit("D", 1, "95.0")]}])
    found = {change.unit: change for change in differences(document(), later).units}
    assert set(found) == {"A", "B", "C", "D"}
    assert found["D"].before is None
    assert found["A"].after is None
    assert all(change.moves and change.score_change is None for change in found.values())


@given(JSON)
def test_any_document_equals_itself_at_every_path(value: Any) -> None:
    assert list(unequal(value, value)) == []
    assert added_keys(value, value) == set()


@given(JSON, JSON)
def test_what_is_unequal_has_a_path_and_what_is_equal_has_none(one: Any, two: Any) -> None:
    paths = list(unequal({"x": one}, {"x": two}))
    same = one == two and repr(one) == repr(two)
    if same:
        assert paths == []
    if not paths:
        # All that is stored is in the other one; that may have more keys.
        assert same or added_keys(one, two) or repr(one) != repr(two)


def test_true_is_no_1_and_a_longer_list_is_another() -> None:
    assert list(unequal({"a": [1, 2]}, {"a": [True, 2]})) == ["a[0]"]
    assert list(unequal({"a": [1]}, {"a": [1, 2]})) == ["a"]
    assert list(unequal({"a": 1, "b": 2}, {"a": 1})) == ["b"]
    assert list(unequal({"a": 1}, {"a": 1, "b": 2})) == []
