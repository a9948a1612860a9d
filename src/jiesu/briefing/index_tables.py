"""The index's tables: ranking, scores, contributions, indicators down to their figures.

Puts final figures into rows; says nothing in sentences and computes no figure.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from jiesu.briefing.columns import change_cell, decimal_cell, integer_cell
from jiesu.briefing.document import Cell, Column, Table
from jiesu.briefing.index_scene import IndexScene
from jiesu.briefing.wording import clean, listing, signed, text_width
from jiesu.core.index_scores import Contribution
from jiesu.core.indicators import ROOT
from jiesu.core.indices import UnitIndex
from jiesu.core.scoring import rounded

NAMED = 2
"""So many dimensions a unit are named in the ranking; more would not stay on a line."""

MOVERS = 10
"""So many indicators are shown of those that moved the city's total most."""


def ranking_table(scene: IndexScene) -> Table:
    """Every ranked unit: total, change, the nodes below the total, best and weakest dimensions."""
    words, tree = scene.words, scene.result.tree
    tops = [key for key in tree.below[ROOT] if key not in tree.leaves]
    has_past = any(unit.change is not None for unit in scene.ranked)
    columns = [
        Column("rank", words("index.rank"), "integer", 2.4, centred=True),
        _unit_column(scene, scene.ranked),
        Column("total", words("index.total"), "decimal", 3.4, scene.decimals),
    ]
    if has_past:
        columns.append(Column("change", words("index.moved.head"), "decimal", 3.4, scene.decimals))
        columns.append(Column("before", words("index.before"), "integer", 2.6, centred=True))
    columns += [Column(key, scene.node(key), "decimal", 3.4, scene.decimals) for key in tops]
    columns.append(Column("best", words("index.best"), width=8))
    columns.append(Column("weakest", words("index.weakest"), width=8))
    rows = []
    for unit in scene.ranked:
        row = [
            integer_cell(unit.rank, words),
            Cell(scene.name(unit.unit)),
            decimal_cell(unit.shown, words),
        ]
        if has_past:
            row.append(change_cell(unit.change, words))
            row.append(integer_cell(unit.before.rank if unit.before else None, words))
        row += [decimal_cell(unit.nodes[key].shown, words) for key in tops]
        for keys in (unit.best[:NAMED], unit.weakest[:NAMED]):
            row.append(Cell(listing(map(scene.node, keys), words)))
        rows.append(tuple(row))
    caption = words("index.caption.ranking", year=scene.result.year)
    sheet = words("index.sheet.ranking")
    return Table("index_ranking", caption, tuple(columns), tuple(rows), sheet=sheet)


def _unit_column(scene: IndexScene, units: Sequence[UnitIndex]) -> Column:
    widths = [text_width(scene.name(unit.unit)) + 0.5 for unit in units]
    return Column("unit", scene.words("index.unit"), width=min(max([*widths, 4.4]), 13.0))


def scores_table(scene: IndexScene) -> Table:
    """Units by dimensions, with the city in the last row."""
    words, result = scene.words, scene.result
    keys = (ROOT, *result.tree.dimensions)
    columns = [_unit_column(scene, scene.ranked)]
    columns += [Column(key, scene.node(key), "decimal", 2.9, scene.decimals) for key in keys]
    rows = [
        (
            Cell(scene.name(unit.unit)),
            *(decimal_cell(unit.nodes[key].shown, words) for key in keys),
        )
        for unit in result.units
    ]
    scores = result.city.scores
    rows.append((Cell(words("index.city.head")), *(_points(scene, scores.get(k)) for k in keys)))
    caption = words("index.caption.dimensions", year=result.year)
    sheet = words("index.sheet.dimensions")
    return Table("index_scores", caption, tuple(columns), tuple(rows), sheet=sheet, dense=True)


def _points(scene: IndexScene, value: Fraction | None) -> Cell:
    return decimal_cell(None if value is None else scene.points(value), scene.words)


def contributions_table(scene: IndexScene) -> Table | None:
    """What each dimension added to each unit's change; the city in the last row."""
    words, result = scene.words, scene.result
    dimensions = result.tree.dimensions
    units = [unit for unit in result.units if unit.contributions]
    if not units or result.before is None:
        return None
    columns = [
        _unit_column(scene, units),
        Column("change", words("index.moved.head"), "decimal", 3.0, scene.decimals),
    ]
    columns += [Column(key, scene.node(key), "decimal", 2.9, scene.decimals) for key in dimensions]
    rows = [
        (
            Cell(scene.name(unit.unit)),
            change_cell(unit.change, words),
            *(_added(scene, unit.contributions, key) for key in dimensions),
        )
        for unit in units
    ]
    city = result.city
    if city.contributions:
        added = (_added(scene, city.contributions, key) for key in dimensions)
        rows.append((Cell(words("index.city.head")), change_cell(city.change, words), *added))
    caption = words("index.caption.contributions", before=result.before, year=result.year)
    note, sheet = words("index.note.contributions"), words("index.sheet.contributions")
    return Table(
        "index_contributions", caption, tuple(columns), tuple(rows), note, sheet, dense=True
    )


def _added(scene: IndexScene, parts: Mapping[str, Contribution], key: str) -> Cell:
    if key not in parts:
        return Cell(scene.words("none"))
    value = scene.points(parts[key].total)
    return Cell(signed(value), value)


def city_table(scene: IndexScene) -> Table:
    """The city by dimension: score, contribution, who is first and last in it."""
    words, result = scene.words, scene.result
    parts = result.city.contributions
    columns = [
        Column("figure", words("index.indicator"), width=8),
        Column("weight", words("index.weight"), "decimal", 3.6),
        Column("score", words("index.score"), "decimal", 4, scene.decimals),
    ]
    if parts:
        title = words("index.contribution")
        columns.append(Column("change", title, "decimal", 4, scene.decimals))
    rows = []
    for key in result.tree.inside(ROOT):
        if key in result.tree.leaves and key not in result.tree.dimensions:
            continue
        inner = result.tree.nodes[key].parent != ROOT
        row = [Cell(("　" if inner else "") + scene.node(key)), _weight(scene, key)]
        row.append(_points(scene, result.city.scores.get(key)))
        if parts:
            row.append(_added(scene, parts, key))
        rows.append(tuple(row))
    return Table("index_city", words("index.caption.city"), tuple(columns), tuple(rows))


def _weight(scene: IndexScene, key: str) -> Cell:
    """A node's share in the total by the tree, in percent."""
    tree = scene.result.tree
    share, current = Fraction(100), key
    while current != ROOT:
        share *= tree.nodes[current].weight(scene.result.year)
        current = tree.nodes[current].parent
    return _points(scene, share)


def movers_table(scene: IndexScene) -> Table | None:
    """The indicators that moved the city's total most, up or down."""
    words, result = scene.words, scene.result
    parts = result.city.contributions
    keys = sorted(result.tree.leaves, key=lambda key: -abs(parts[key].total)) if parts else []
    if not keys:
        return None
    tree = result.tree
    columns = (
        Column("figure", words("index.indicator"), width=14),
        Column("group", words("index.kind"), width=4, centred=True),
        Column("change", words("index.contribution"), "decimal", 4, scene.decimals),
    )
    rows = tuple(
        (
            Cell(scene.node(key)),
            Cell(words(f"index.kind.{tree.leaves[key].kind}")),
            _added(scene, parts, key),
        )
        for key in keys[:MOVERS]
    )
    return Table("index_movers", words("index.caption.movers"), columns, rows)


def drill_table(scene: IndexScene, dimension: str) -> Table:
    """All units in one dimension: its score, then figure and score of each indicator."""
    words, result = scene.words, scene.result
    leaves = result.tree.leaves_of(dimension)
    columns = [
        Column("rank", words("index.rank"), "integer", 2.4, centred=True),
        _unit_column(scene, result.units),
        Column("score", scene.node(dimension), "decimal", 3.2, scene.decimals),
    ]
    for key in leaves:
        places = result.tree.leaves[key].decimals
        columns.append(Column(f"{key}_value", scene.measured(key), "decimal", 5.2, places))
        title = words("index.score")
        columns.append(Column(f"{key}_score", title, "decimal", 2.8, scene.decimals))
    last = len(result.units) + 1
    ordered = sorted(result.units, key=lambda unit: unit.nodes[dimension].rank or last)
    rows = []
    for unit in ordered:
        standing = unit.nodes[dimension]
        row = [
            integer_cell(standing.rank, words),
            Cell(scene.name(unit.unit)),
            decimal_cell(standing.shown, words),
        ]
        for key in leaves:
            row += [_figure(scene, result.year, key, unit), _score(scene, key, unit)]
        rows.append(tuple(row))
    caption = words("index.caption.drill", title=scene.node(dimension))
    return Table(
        f"index_{dimension}",
        caption,
        tuple(columns),
        tuple(rows),
        marks_note(scene, ordered, leaves),
        scene.node(dimension),
        dense=True,
    )


def _figure(scene: IndexScene, year: int, key: str, unit: UnitIndex) -> Cell:
    value = scene.value(year, key, unit.unit)
    if value is None:
        return Cell(scene.words("none"))
    return Cell(
        scene.figure(value, key), rounded(value.value, scene.result.tree.leaves[key].decimals)
    )


def _score(scene: IndexScene, key: str, unit: UnitIndex) -> Cell:
    """An indicator's score, with * where it stands in for a missing figure."""
    shown = unit.nodes[key].shown
    if shown is None or key not in unit.filled:
        return decimal_cell(shown, scene.words)
    return Cell(f"{shown:f}*", shown)


def marks_note(scene: IndexScene, units: Iterable[UnitIndex], leaves: Sequence[str]) -> str:
    """What the marks mean, if there are any."""
    words, result = scene.words, scene.result
    units = list(units)
    notes = []
    if any(key in unit.filled for unit in units for key in leaves):
        notes.append(words("index.note.filled"))
    given = (
        scene.value(result.year, key, unit.unit)
        for unit in units
        for key in leaves
        if result.tree.leaves[key].kind == "hotline"
    )
    if any(value is not None and not value.counted for value in given):
        notes.append(words("index.note.given"))
    return words("join.sentences").join(notes)


def nodes_table(scene: IndexScene, unit: UnitIndex) -> Table:
    """Everything of one unit: each node, and the figures of each indicator."""
    words, result, tree = scene.words, scene.result, scene.result.tree
    columns = [
        Column("figure", words("index.indicator"), width=11),
        Column("value", words("index.value"), "decimal", 4),
        Column("value_before", words("index.value.before"), "decimal", 4),
        Column("score", words("index.score"), "decimal", 3.4, scene.decimals),
        Column("city", words("index.city.head"), "decimal", 3.4, scene.decimals),
        Column("rank", words("index.rank"), "integer", 2.6, centred=True),
        Column("weight", words("index.weight"), "decimal", 3.4, scene.decimals),
    ]
    if unit.contributions:
        title = words("index.contribution")
        columns.append(Column("change", title, "decimal", 3.4, scene.decimals))
    rows = []
    for key in tree.inside(ROOT):
        standing, is_leaf = unit.nodes[key], key in tree.leaves
        empty = Cell("")
        row = [
            Cell(("　" if is_leaf else "") + (scene.measured(key) if is_leaf else scene.node(key))),
            _figure(scene, result.year, key, unit) if is_leaf else empty,
            _figure(scene, result.year - 1, key, unit) if is_leaf else empty,
            _score(scene, key, unit),
            _points(scene, result.city.scores.get(key)),
            integer_cell(standing.rank, words),
            _points(scene, standing.weight * 100),
        ]
        if unit.contributions:
            row.append(_added(scene, unit.contributions, key))
        rows.append(tuple(row))
    caption = words("index.caption.nodes", name=scene.name(unit.unit))
    note = marks_note(scene, [unit], tuple(tree.leaves))
    return Table("index_nodes", caption, tuple(columns), tuple(rows), note, caption, dense=True)


def missing_table(scene: IndexScene, units: Sequence[UnitIndex]) -> Table | None:
    """The figures that are missing, unit by unit, and what was done about each."""
    words = scene.words
    rows = tuple(
        (
            Cell(scene.name(unit.unit)),
            Cell(scene.node(key)),
            Cell(words(f"index.missing.{rule}")),
        )
        for unit in units
        for key, rule in unit.filled.items()
    )
    if not rows:
        return None
    columns = (
        Column("unit", words("index.unit"), width=7),
        Column("indicator", words("index.indicator"), width=13),
        Column("rule", words("index.missing.rule"), width=13),
    )
    return Table("index_missing", words("index.caption.missing"), columns, rows)


def all_table(scene: IndexScene, units: Sequence[UnitIndex]) -> Table:
    """Every figure of every unit in one sheet, with its source."""
    words, result = scene.words, scene.result
    columns = (
        Column("unit", words("index.unit"), width=8),
        Column("dimension", words("index.dimensions"), width=8),
        Column("indicator", words("index.indicator"), width=14),
        Column("kind", words("index.kind"), width=5),
        Column("value", words("index.value"), "decimal", 5),
        Column("value_before", words("index.value.before"), "decimal", 5),
        Column("score", words("index.score"), "decimal", 5, scene.decimals),
        Column("weight", words("index.weight"), "decimal", 5, scene.decimals),
        Column("change", words("index.contribution"), "decimal", 5, scene.decimals),
        Column("source", words("index.source"), width=10),
    )
    rows = []
    for unit in units:
        for key, leaf in result.tree.leaves.items():
            value = scene.value(result.year, key, unit.unit)
            parent = result.tree.nodes[key].parent
            source = value.source if value else ""
            rows.append(
                (
                    Cell(scene.name(unit.unit)),
                    Cell(scene.node(parent)),
                    Cell(scene.measured(key)),
                    Cell(words(f"index.kind.{leaf.kind}")),
                    _figure(scene, result.year, key, unit),
                    _figure(scene, result.year - 1, key, unit),
                    _score(scene, key, unit),
                    _points(scene, unit.nodes[key].weight * 100),
                    _added(scene, unit.contributions, key),
                    Cell(clean(source, 200)),
                )
            )
    sheet = words("index.sheet.all")
    return Table("index_all", words("index.indicators"), columns, tuple(rows), sheet=sheet)
