"""The category tree: what may be chosen, and what lies below what."""

import pytest

from jiesu.core.category_tree import Category, CategoryTree, depth_of, levels_of, shown_levels

TREE = CategoryTree.of(
    [
        Category(("住房", "物业管理", "电梯故障"), ("宜居性",)),
        Category(("供暖", "", "")),
        Category(("住房", "物业管理", "停车收费")),
        Category(("住房", "房屋修缮", "")),
    ]
)


def test_a_tree_knows_its_categories_and_those_above_them_in_its_order() -> None:
    assert TREE.children() == (("住房", "", ""), ("供暖", "", ""))
    assert TREE.children(("住房", "", "")) == (("住房", "物业管理", ""), ("住房", "房屋修缮", ""))
    assert TREE.children(("供暖", "", "")) == ()
    assert ("住房", "物业管理", "电梯故障") in TREE
    assert ("住房", "物业管理", "") not in TREE
    assert TREE.knows(("住房", "物业管理", ""))
    assert not TREE.knows(("住房", "电梯故障", ""))
    assert TREE.labels(("住房", "物业管理", "电梯故障")) == ("宜居性",)
    assert TREE.labels(("住房", "", "")) == ()


def test_a_category_stands_once() -> None:
    with pytest.raises(ValueError, match="stands twice"):
        CategoryTree.of([Category(("a", "", "")), Category(("a", "", ""), ("label",))])


def test_levels_are_counted_and_shown_with_stars_for_any() -> None:
    shown = {depth_of(levels): shown_levels(levels) for levels in (
        levels_of(), levels_of("a"), levels_of("a", "b"), levels_of("a", "b", "c"))}  # fmt: skip
    assert shown == {0: "*", 1: "a/*/*", 2: "a/b/*", 3: "a/b/c"}
