"""A city's index: the tree of `index.toml` and the figures in `index/*.csv`.

Yields plain objects of `core.indicators` and `core.index_scores`, or every mistake with file, key
path or line, and remedy. Keys: docs/index-files.md. Counts nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from jiesu.city.folder import City
from jiesu.city.lines import Line, by_line, read_lines
from jiesu.city.measures_files import Measures, checked_measures
from jiesu.city.policies import checked_policies
from jiesu.core.index_scores import Value, Values
from jiesu.core.indicators import (
    CITY_RULES,
    KINDS,
    METHODS,
    MISSING,
    PER_10000,
    ROOT,
    IndexTree,
    Indicator,
    Leaf,
    Normalisation,
    flaws,
)
from jiesu.core.measures import DIRECTIONS
from jiesu.core.problems import InputError, Problem
from jiesu.core.settings import Settings, exact, toml_table
from jiesu.core.units import Units

SHIPPED = "illustrative"
"""The name in `city.toml` of the set that comes with jiesu."""

REQUIRED = ("indicator", "unit", "year", "value")
OPTIONAL = ("source",)
CHINESE = {"指标": "indicator", "单位": "unit", "年份": "year", "数值": "value", "来源": "source"}
"""Chinese headers that stand for the columns."""

SEPARATOR = ">"
"""Between the levels of a category."""

LARGEST = 10**15
FIRST_YEAR, LAST_YEAR = 1900, 2199
MAX_DECIMALS = 6
T = TypeVar("T", bound=str)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_YEAR = re.compile(r"(19|20|21)[0-9]{2}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
_LEAF_REMEDY = "write the key of an indicator that has a kind"


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """What the files hold: the tree, and all figures by year, indicator and unit."""

    tree: IndexTree
    values: Values


def read_index(city: City, units: Units | None) -> IndexFiles | None:
    """The index of a city folder, `None` where it has none. Raises InputError with all mistakes."""
    found, problems = checked_index(city, units)
    if found is not None and any(leaf.measure for leaf in found.tree.leaves.values()):
        problems += checked_measures(city, units)[1]
    if problems:
        raise InputError(problems)
    return found


def check_index(city: City, units: Units | None) -> list[Problem]:
    """Every mistake in a city folder's index."""
    return checked_index(city, units)[1]


def checked_index(city: City, units: Units | None) -> tuple[IndexFiles | None, list[Problem]]:
    """The index as far as it could be read, and every mistake but those in outside measures.

    `units` `None` leaves unit codes unchecked.
    """
    path, folder = city.outside.get("index"), city.outside.get("index_values")
    if path is None:
        return None, []
    try:
        content = index_bytes(path)
        top = Settings(toml_table(content, path.name), path.name)
    except InputError as error:
        return None, list(error.problems)
    rates = {rate.key for policy in checked_policies(city.policies)[0] for rate in policy.rates}
    measures = checked_measures(city, units)[0]
    tree = replace(_tree(top, rates, set(measures.rules)), digest=sha256(content).hexdigest())
    if units is not None:
        _units_of(tree, units, top)
    problems, values = top.problems, {}
    if folder is not None:
        figures = _Figures(city, tree, units, keys_hold=top.keys_hold)
        figures.take(folder)
        values, problems = figures.found, [*problems, *figures.problems]
    return IndexFiles(tree, _with_measures(tree, values, measures)), problems


def _with_measures(tree: IndexTree, values: Values, measures: Measures) -> Values:
    """The figures with those that outside measures give for whole years; one given here holds."""
    found = {
        year: {key: dict(by_unit) for key, by_unit in by_leaf.items()}
        for year, by_leaf in values.items()
    }
    for key, leaf in tree.leaves.items():
        for label, readings in measures.readings.get(leaf.measure, {}).items():
            if _YEAR.fullmatch(label):
                source = measures.rules[leaf.measure].source
                by_unit = found.setdefault(int(label), {}).setdefault(key, {})
                for unit, one in readings.items():
                    by_unit.setdefault(unit, Value(one.value, one.source or source))
    return found


def index_bytes(path: Path) -> bytes:
    """The bytes of an `index.toml`, or of the set that comes with jiesu where that is named."""
    if path.name == SHIPPED and not path.exists():
        return files("jiesu.city").joinpath("shipped/index.toml").read_bytes()
    try:
        return path.read_bytes()
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        remedy = f"make it a readable file, or name {SHIPPED!r} in city.toml"
        raise InputError(Problem(path.name, "", what, remedy)) from None


def _units_of(tree: IndexTree, units: Units, top: Settings) -> None:
    members = [unit for unit in units if unit.kind in tree.kinds]
    if tree.kinds and not members:
        what = f"no unit is of the kind {', '.join(tree.kinds)}"
        top.wrong("kinds", what, "name a kind of the units file")
        return
    without = [unit.code for unit in members if not unit.population]
    if tree.city == "by_population" and without:
        what = f"the residents of {', '.join(without[:5])} are not known"
        remedy = 'give them in the units file, or write city = "mean"'
        top.wrong("city", what, remedy)


# index.toml ----------------------------------------------------------------------------------


def _tree(top: Settings, rates: set[str], measures: set[str]) -> IndexTree:
    top.integer("format", 1, 1, 1)
    tables: dict[str, Settings] = {}
    nodes: dict[str, Indicator] = {}
    for table in top.each("indicators"):
        node = _indicator(table, rates, measures)
        if node.key in nodes:
            table.wrong("key", f"the key {node.key} stands twice", "give each its own key")
            continue
        if node.key != ROOT:
            nodes[node.key], tables[node.key] = node, table
    if not nodes and not top.problems:
        top.wrong("indicators", "there is no indicator", "write [[indicators]]")
    known = not top.problems
    tree = IndexTree(
        title=top.words("title"),
        illustrative=top.flag("illustrative", False),
        kinds=top.some_texts("kinds", ("district",)),
        decimals=top.integer("decimals", 2, 0, 4),
        city=_one_of(CITY_RULES, top.choice("city", CITY_RULES, CITY_RULES[0])),
        nodes=nodes,
        by_category=_by_category(top.below("labels"), nodes),
    )
    top.finish()
    if known:
        # Of nodes that could not be read a flaw of the tree would be the same mistake again.
        for flaw in flaws(nodes):
            tables[flaw.node].wrong(flaw.key, flaw.what, flaw.remedy)
    return tree


def _one_of(choices: Sequence[T], chosen: str) -> T:
    return next(choice for choice in choices if choice == chosen)


def _indicator(table: Settings, rates: set[str], measures: set[str]) -> Indicator:
    key = table.text("key")
    if key and (not _KEY.fullmatch(key) or key == ROOT):
        what = f"{key[:40]!r} cannot be a key"
        table.wrong("key", what, f"write Latin letters, digits and _, and not {ROOT}")
    return Indicator(
        key=key,
        title=table.words("title"),
        parent=table.text("parent", ROOT),
        weights=_weights(table),
        leaf=_leaf(table, rates, measures) if table.has("kind") else None,
    )


def _weights(table: Settings) -> Mapping[int, Fraction]:
    """A weight, or weights by the year from which on each holds."""
    if not isinstance(table.table.get("weight"), Mapping):
        return {0: table.number("weight", None, 0, 1)}
    by_year = table.below("weight")
    found = {}
    for year in by_year.table:
        number = by_year.number(year, None, 0, 1)
        if _YEAR.fullmatch(year):
            found[int(year)] = number
        else:
            by_year.wrong(year, f"{year!r} is not a year", "write weight = { 2021 = 0.3 }")
    if not by_year.table:
        table.wrong("weight", "no year has a weight", "write weight = { 2021 = 0.3 }")
    return found


def _leaf(table: Settings, rates: set[str], measures: set[str]) -> Leaf:
    kind = _one_of(KINDS, table.choice("kind", KINDS))
    survey = (Fraction(0), Fraction(100)) if kind == "survey" else (None, None)
    label = figure = measure = ""
    if kind == "objective" and table.has("measure"):
        measure = table.text("measure")
        if measure not in measures:
            what = f"no measure has the key {measure[:40]!r}"
            table.wrong("measure", what, "write a key of measures.toml, or leave the line out")
    if kind == "hotline":
        label = table.text("label")
        figure = table.choice("figure", (PER_10000, *sorted(rates)))
    return Leaf(
        kind=kind,
        measured_in=table.words("measured_in", {"zh": "", "en": ""}),
        decimals=table.integer("decimals", 1, 0, MAX_DECIMALS),
        direction=_one_of(DIRECTIONS, table.choice("direction", DIRECTIONS)),
        normalisation=_normalisation(table.below("normalisation")),
        missing=_one_of(MISSING, table.choice("missing", MISSING, "drop")),
        allowed=_allowed(table) or survey,
        label=label,
        figure=figure,
        measure=measure,
    )


def _allowed(table: Settings) -> tuple[Fraction, Fraction] | None:
    given = table.raw("allowed")
    if given is None:
        return None
    bounds = [exact(item) for item in given] if isinstance(given, list) else []
    if len(bounds) == 2:
        low, high = bounds
        if low is not None and high is not None and low < high:
            return low, high
    table.wrong("allowed", "these are not two numbers in order", "write [0, 100]")
    return None


def _normalisation(table: Settings) -> Normalisation:
    method = _one_of(METHODS, table.choice("method", METHODS))
    if method == "target":
        target = table.number("target", None, 0, LARGEST)
        if table.has("target") and exact(table.table["target"]) == 0:
            table.wrong("target", "a target of 0 has no ratio", "write a number above 0")
        return Normalisation(method, target=target)
    if method == "base":
        low, high = _bounds(table, Fraction(0), Fraction(200))
        return Normalisation(
            method,
            low,
            high,
            base_year=table.integer("base_year", None, FIRST_YEAR, LAST_YEAR),
            base_of="city"
            if table.choice("base_of", ("unit", "city"), "unit") == "city"
            else "unit",
        )
    if table.has("low") or table.has("high"):
        return Normalisation(method, *_bounds(table, None, None))
    return Normalisation(method)


def _bounds(
    table: Settings, low: Fraction | None, high: Fraction | None
) -> tuple[Fraction, Fraction]:
    before = len(table.problems)
    bounds = tuple(
        table.number(key, usual, -LARGEST, LARGEST) for key, usual in (("low", low), ("high", high))
    )
    if len(table.problems) == before and bounds[0] >= bounds[1]:
        table.wrong("high", "is not above low", "write the larger number as high")
    return bounds[0], bounds[1]


def _by_category(
    table: Settings, nodes: Mapping[str, Indicator]
) -> Mapping[tuple[str, ...], tuple[str, ...]]:
    found = {}
    counted = {node.leaf.label for node in nodes.values() if node.leaf is not None}
    for key in table.table:
        path = tuple(part.strip() for part in key.split(SEPARATOR))
        labels = table.some_texts(key)
        if not all(path) or len(path) > 3:
            what = f"{key[:60]!r} is not a category"
            table.wrong(key, what, f'write "level 1 {SEPARATOR} level 2"')
        elif unused := [label for label in labels if label not in counted]:
            what = f"no hotline indicator counts the label {unused[0][:40]!r}"
            table.wrong(key, what, "write a label that an indicator has")
        else:
            found[path] = labels
    return found


# index/*.csv -----------------------------------------------------------------------------------


class _Figures:
    """The figures of all files of a folder on the way; each indicator, unit and year once.

    Without `keys_hold` an unknown indicator may be one whose key is wrong in the tree's file.
    """

    def __init__(
        self, city: City, tree: IndexTree, units: Units | None, *, keys_hold: bool
    ) -> None:
        self.city = city
        self.tree = tree
        self.units = units
        self.keys_hold = keys_hold
        self.found: dict[int, dict[str, dict[str, Value]]] = {}
        self.places: dict[tuple[int, str, str], str] = {}
        self.problems: list[Problem] = []

    def take(self, folder: Path) -> None:
        paths = sorted(folder.glob("*.csv")) if folder.is_dir() else [folder]
        if not paths:
            what, remedy = "holds no .csv file", "put the figures there"
            self.problems.append(Problem(self.city.shown(folder), "", what, remedy))
        for path in paths:
            file = self.city.shown(path)
            wrong: list[Problem] = []
            lines = read_lines(path, REQUIRED, OPTIONAL, wrong, also=CHINESE, shown=file)
            for line in lines:
                self._line(file, line, wrong)
            self.problems += by_line(wrong)

    def _line(self, file: str, line: Line, problems: list[Problem]) -> None:
        one = self._value(file, line, problems)
        if one is None:
            return
        year, value = one
        key, unit = line.cells["indicator"], line.cells["unit"]
        place = f"{file}, {line.where}"
        if (first := self.places.setdefault((year, key, unit), place)) != place:
            what = f"the figure of {key} for {unit} in {year} stands in {first} already"
            problems.append(Problem(file, line.where, what, "remove one of them"))
            return
        self.found.setdefault(year, {}).setdefault(key, {})[unit] = value

    def _value(self, file: str, line: Line, problems: list[Problem]) -> tuple[int, Value] | None:
        before, cells = len(problems), line.cells

        def wrong(column: str, what: str, remedy: str) -> None:
            problems.append(line.problem(file, column, what, remedy))

        # Not `tree.leaves`: an indicator with an unknown parent is named once, not at every figure.
        node = self.tree.nodes.get(cells["indicator"])
        leaf = None if node is None else node.leaf
        if node is not None and leaf is None:
            what = f"{node.key} is a group and has no figures of its own"
            wrong("indicator", what, _LEAF_REMEDY)
        elif leaf is None and self.keys_hold:
            wrong(
                "indicator", f"no indicator has the key {cells['indicator'][:40]!r}", _LEAF_REMEDY
            )
        self._check_unit(cells["unit"], wrong)
        if not _YEAR.fullmatch(cells["year"]):
            wrong("year", f"{cells['year'][:40]!r} is not a year", "write it as 2021")
        value = exact(cells["value"]) if _NUMBER.fullmatch(cells["value"]) else None
        if value is None or abs(value) > LARGEST:
            what = f"{cells['value'][:40]!r} is not a number"
            wrong("value", what, "write a number such as 12.5")
        elif leaf is not None and not _is_allowed(value, leaf):
            low, high = (None if bound is None else f"{float(bound):g}" for bound in leaf.allowed)
            what = f"{cells['value']} is out of range"
            wrong("value", what, f"write a number from {low} to {high}")
        if len(problems) > before or value is None or leaf is None:
            return None
        return int(cells["year"]), Value(value, cells.get("source", ""))

    def _check_unit(self, code: str, wrong: Callable[[str, str, str], None]) -> None:
        if self.units is None:
            return
        if code not in self.units:
            wrong("unit", f"no unit has the code {code[:40]!r}", "write a code of the units file")
        elif self.units[code].kind not in self.tree.kinds:
            what = f"{code} is a {self.units[code].kind[:40]}"
            wrong("unit", what, f"the index is one of: {', '.join(self.tree.kinds)}")


def _is_allowed(value: Fraction, leaf: Leaf) -> bool:
    low, high = leaf.allowed
    return (low is None or low <= value) and (high is None or value <= high)
