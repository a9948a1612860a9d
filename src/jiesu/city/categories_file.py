"""The category tree of a city: `categories.csv` or `.xlsx` to `core.category_tree.CategoryTree`.

Every mistake is named with line, column and remedy. Which unit answers for a category stands in
the dispatch directory.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from jiesu.city.lines import Line, by_line
from jiesu.city.spreadsheet import CSV, read_table, table_bytes
from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.category_tree import Category, CategoryTree, Levels, depth_of
from jiesu.core.problems import InputError, Problem

FILE = "categories.csv"
"""Where the tree lies in a city folder."""

COLUMNS = ("category_1", "category_2", "category_3", "labels")
REQUIRED = ("category_1",)
OPTIONAL = ("category_2", "category_3", "labels")

LONGEST = 64
"""Characters that the name of a level may have."""

CHINESE = {
    "一级分类": "category_1",
    "二级分类": "category_2",
    "三级分类": "category_3",
    "标签": "labels",
}
"""Chinese headers that stand for the columns."""


def read_categories(path: Path) -> CategoryTree:
    """The categories of a file, in its order. Raises InputError with every mistake."""
    tree, problems = checked_categories(path)
    if problems:
        raise InputError(problems)
    return tree


def checked_categories(path: Path) -> tuple[CategoryTree, list[Problem]]:
    """The categories that are right, and every mistake; for a check that must go on."""
    problems: list[Problem] = []
    lines = read_table(path, REQUIRED, OPTIONAL, problems, also=CHINESE)
    found: dict[Levels, Category] = {}
    numbers: dict[Levels, Line] = {}
    for line in lines:
        category = _category(line)
        wrong = _mistake(category, numbers)
        if wrong is not None:
            problems.append(line.problem(path.name, *wrong))
            continue
        found[category.levels], numbers[category.levels] = category, line
    if not lines and not problems:
        what = "no category in the file"
        problems.append(Problem(path.name, "", what, "write a line for each category"))
    return CategoryTree.of(found.values()), by_line(problems)


def categories_bytes(
    categories: Iterable[Category], *, suffix: str = CSV, language: str = "en"
) -> bytes:
    """The categories as a file of one of `spreadsheet.SUFFIXES`, headers in `en` or `zh`."""
    header = list(COLUMNS) if language == "en" else list(CHINESE)
    rows = ([*item.levels, LIST_SEPARATOR.join(item.labels)] for item in categories)
    return table_bytes(suffix, "categories" if language == "en" else "诉求分类", header, rows)


def _category(line: Line) -> Category:
    one, two, three = (line.cells.get(column, "") for column in COLUMNS[:3])
    labels = (label.strip() for label in re.split("[;；]", line.cells.get("labels", "")))
    return Category((one, two, three), tuple(dict.fromkeys(label for label in labels if label)))


def _mistake(category: Category, numbers: dict[Levels, Line]) -> tuple[str, str, str] | None:
    levels = category.levels
    depth = depth_of(levels)
    if depth == 0 or any(levels[depth:]):
        what = "empty above a level that is named" if any(levels) else "the cell is empty"
        return COLUMNS[depth], what, "name the levels from the first on"
    if "*" in levels:
        return COLUMNS[levels.index("*")], "'*' is no name", "list each category"
    long = [at for at, name in enumerate(levels) if len(name) > LONGEST]
    if long:
        return COLUMNS[long[0]], f"has more than {LONGEST} characters", "shorten it"
    if levels in numbers:
        what = f"this category stands in {numbers[levels].where} already"
        return COLUMNS[depth - 1], what, "leave one of them"
    return None
