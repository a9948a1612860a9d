"""Reading and writing `categories.csv`: the category tree, and every mistake with its line."""

from pathlib import Path

import pytest

from jiesu.city.categories_file import (
    CHINESE,
    COLUMNS,
    categories_bytes,
    checked_categories,
    read_categories,
)
from jiesu.core.category_tree import Category, CategoryTree
from jiesu.core.problems import InputError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "directory.md"
TREE = CategoryTree.of(
    [
        Category(("住房", "物业管理", "电梯故障"), ("宜居性", "每月一题")),
        Category(("+供暖", "", "")),
        Category(("住房", "房屋修缮", "")),
    ]
)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str, language: str) -> None:
    path = tmp_path / f"categories{suffix}"
    path.write_bytes(categories_bytes(TREE, suffix=suffix, language=language))
    assert read_categories(path) == TREE


def test_every_mistake_is_named_at_once_with_line_column_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "categories.csv"
    text = ",".join(COLUMNS) + (
        "\n住房,物业管理,电梯,宜居性；每月一题\n住房,,电梯,\n,,,标签\n住房,*,,\n"
        f"住房,物业管理,电梯,\n{'x' * 65},,,\n"
    )
    path.write_text(text, "utf-8")
    tree, problems = checked_categories(path)
    assert [(problem.where, problem.what) for problem in problems] == [
        ("line 3, category_2", "empty above a level that is named"),
        ("line 4, category_1", "the cell is empty"),
        ("line 5, category_2", "'*' is no name"),
        ("line 6, category_3", "this category stands in line 2 already"),
        ("line 7, category_1", "has more than 64 characters"),
    ]
    assert tree.labels(("住房", "物业管理", "电梯")) == ("宜居性", "每月一题")
    with pytest.raises(InputError, match="name the levels from the first on"):
        read_categories(path)


def test_an_empty_file_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "categories.csv"
    path.write_text("一级分类\n", "utf-8")
    [problem] = checked_categories(path)[1]
    assert problem.what == "no category in the file"


def test_every_column_is_described_with_its_chinese_header() -> None:
    page = PAGE.read_text("utf-8").split("## categories.csv")[1]
    for chinese, column in CHINESE.items():
        assert f"| `{column}` | {chinese} |" in page
