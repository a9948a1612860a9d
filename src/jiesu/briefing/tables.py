"""The tables of the bulletin: rankings, named lists, units apart, adjustments, totals.

Puts final figures into rows; says nothing in sentences and computes no figure.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from jiesu.briefing.columns import (
    RATE_DECIMALS,
    Fill,
    as_detail,
    chance_fill,
    change_cell,
    change_fill,
    decimal_cell,
    detail_fills,
    grade_fill,
    integer_cell,
    interval_fill,
    name_fill,
    plain_fills,
    rate_fills,
    score_fill,
    table_of,
    whole_fills,
)
from jiesu.briefing.document import Cell, Column, Table
from jiesu.briefing.labels import Words
from jiesu.briefing.measures import WEAK, column_title, list_note, table_of_list
from jiesu.briefing.scene import Scene
from jiesu.briefing.wording import clean, lowered, percent, score_text, signed, text_width
from jiesu.core.policy import RateRule
from jiesu.core.result import (
    Figures,
    Group,
    ListedUnit,
    NamedList,
    UnitResult,
)
from jiesu.core.scoring import rounded


def ranked(group: Group) -> list[UnitResult]:
    return [unit for unit in group.units if unit.rank is not None]


def apart(group: Group) -> list[UnitResult]:
    return [unit for unit in group.units if unit.rank is None]


def ranking_table(scene: Scene, group: Group) -> Table:
    """The full ranking of a group; columns without any data are left out."""
    units = ranked(group)
    plain = plain_fills(scene)
    title = scene.group_title(group)
    fills = [plain["rank"], name_fill(scene, units), plain["volume"], *whole_fills(scene)]
    fills += rate_fills(scene)
    if any(unit.adjustments for unit in units):
        fills.append(plain["base_score"])
    fills += [score_fill(scene), plain["with_excluded"]]
    if any(unit.grade for unit in units):
        fills.append(grade_fill(scene))
    if any(unit.previous for unit in units):
        fills += [plain["previous_rank"], change_fill(scene)]
    if any(unit.closing_time for unit in units):
        fills += [plain["median"], plain["p90"]]
    if any(unit.figures.interval for unit in units):
        fills.append(interval_fill(scene))
    if any(unit.within_chance is not None for unit in units):
        fills.append(chance_fill(scene))
    optional = ["n_excluded", "low", "high", "previous_score", "previous_volume"]
    optional += ["population", "per_10000", "below", "closed"]
    details = [plain[key] for key in optional if _has_data(plain[key], units)]
    fills += as_detail([*detail_fills(scene), *details])
    caption = scene.words("annex.ranking", group=title, score=lowered(scene.score, scene.words))
    return table_of(
        f"ranking_{group.key}", caption, fills, units, note=_table_note(scene, units), sheet=title
    )


def _has_data(fill: Fill, units: Iterable[UnitResult]) -> bool:
    return any(fill.cell(unit).value is not None for unit in units)


def _table_note(scene: Scene, units: Sequence[UnitResult]) -> str:
    words = scene.words
    notes = [words("annex.note")]
    if any(unit.figures.interval for unit in units):
        level = percent(scene.policy.confidence, 0)
        notes.append(words("annex.note.interval", percent=level))
    if any(unit.within_chance is not None for unit in units):
        notes.append(words("annex.note.chance"))
    return words("join.sentences").join(notes)


def apart_table(scene: Scene, group: Group) -> Table | None:
    """The units that are not ranked, with what is known of them and why."""
    words, units = scene.words, apart(group)
    if not units:
        return None
    reason = Column("reason", words("column.reason"), width=9, centred=True)
    fills = [
        name_fill(scene, units),
        plain_fills(scene)["volume"],
        *whole_fills(scene),
        *rate_fills(scene),
        Fill(reason, lambda unit: Cell(apart_reason(unit, words))),
    ]
    title = scene.group_title(group)
    return table_of(
        f"apart_{group.key}",
        words("annex.apart.caption", group=title),
        [*fills, *as_detail(detail_fills(scene))],
        units,
        sheet=words("sheet.apart", group=title),
    )


def apart_reason(unit: UnitResult, words: Words) -> str:
    return words.known(f"apart.{unit.apart}", clean(unit.apart or words("none")))


def adjustments_table(scene: Scene, group: Group) -> Table | None:
    """Every approved bonus or deduction line of a group's units."""
    words = scene.words
    lines = [(unit, line) for unit in group.units for line in unit.adjustments]
    if not lines:
        return None
    columns = (
        name_fill(scene, [unit for unit, _ in lines]).column,
        Column("points", words("column.points"), "decimal", 4, scene.policy.decimals),
        Column("reason", words("column.reason"), width=14),
        Column("approval", words("column.approval"), width=9),
    )
    rows = tuple(
        (
            Cell(scene.unit_name(unit)),
            Cell(signed(line.points), line.points),
            Cell(clean(line.reason, 200)),
            Cell(clean(line.approval, 200)),
        )
        for unit, line in lines
    )
    title = scene.group_title(group)
    caption = words("annex.adjustments", group=title)
    sheet = words("sheet.adjustments", group=title)
    return Table(f"adjustments_{group.key}", caption, columns, rows, sheet=sheet)


def totals_table(scene: Scene) -> Table:
    """The city's rates and score, both versions side by side."""
    words, totals = scene.words, scene.evaluation.totals
    columns = (
        Column("figure", words("column.figure"), width=8),
        Column("without", words("column.without"), "percent", 6, RATE_DECIMALS),
        Column("with", words("column.with"), "percent", 6, RATE_DECIMALS),
    )
    rows = [
        (
            Cell(scene.rate_title(rule)),
            _percent_cell(totals.figures, rule, words),
            _percent_cell(totals.with_excluded, rule, words),
        )
        for rule in scene.policy.rates
    ]
    figures, with_excluded = totals.figures.score, totals.with_excluded.score
    rows.append((Cell(scene.score), _score_cell(figures, words), _score_cell(with_excluded, words)))
    return Table(
        "totals", words("overall.versions"), columns, tuple(rows), sheet=words("sheet.totals")
    )


def _percent_cell(figures: Figures, rule: RateRule, words: Words) -> Cell:
    rate = figures.rates.get(rule.key)
    if rate is None or rate.value is None:
        return Cell(words("none"))
    return Cell(percent(rate.value, RATE_DECIMALS), rounded(rate.value, 6))


def _score_cell(score: Decimal | None, words: Words) -> Cell:
    """A score in a column of percentages: 93.2 is not 9320%."""
    return Cell(score_text(score, words), score, "decimal")


def groups_table(scene: Scene) -> Table:
    """Each group's size, and both answers to how it did as a whole."""
    words, decimals = scene.words, scene.policy.decimals
    columns = (
        Column("group", words("column.group"), width=8),
        Column("ranked", words("column.ranked"), "integer", 5),
        Column("apart", words("column.apart"), "integer", 4),
        Column("pooled", words("column.pooled"), "decimal", 5, decimals),
        Column("mean", words("column.mean"), "decimal", 5, decimals),
    )
    rows = tuple(
        (
            Cell(scene.group_title(group)),
            integer_cell(group.n_ranked, words),
            integer_cell(len(group.units) - group.n_ranked, words),
            decimal_cell(group.pooled.score, words),
            decimal_cell(group.mean_of_units, words),
        )
        for group in scene.evaluation.groups
    )
    return Table("groups", words("overall.groups"), columns, rows)


def list_table(scene: Scene, named: NamedList) -> Table:
    """A named list with the columns that its kind calls for."""
    if named.kind in ("tied_first", "top", "bottom"):
        return _scored_list(scene, named)
    return _valued_list(scene, named)


def _scored_list(scene: Scene, named: NamedList) -> Table:
    known = scene.units.get(named.group, {})
    units = [known[listed.unit] for listed in named.units if listed.unit in known]
    plain = plain_fills(scene)
    fills = [plain["rank"], name_fill(scene, units), plain["volume"], *rate_fills(scene)]
    fills += [score_fill(scene), plain["with_excluded"]]
    if any(unit.previous for unit in units):
        fills += [plain["previous_rank"], change_fill(scene)]
    return table_of(f"list_{named.key}", scene.list_title(named), fills, units)


_ListFill = tuple[Column, list[Cell]]
"""A column and its cells, one for each listed unit."""


def _valued_list(scene: Scene, named: NamedList) -> Table:
    """A list by a value of its own: change, volume, an outside measure."""
    words, decimals = scene.words, scene.policy.decimals

    def score(key: str, title: str, of: Callable[[ListedUnit], Decimal | None]) -> _ListFill:
        column = Column(key, title, "decimal", 4.6, decimals)
        return column, [decimal_cell(of(unit), words) for unit in named.units]

    def rank(key: str, of: Callable[[ListedUnit], int | None]) -> _ListFill:
        column = Column(key, words(f"column.{key}"), "integer", 4.6, centred=True)
        return column, [integer_cell(of(unit), words) for unit in named.units]

    fills = [
        rank("position", lambda unit: unit.position),
        _list_values(scene, named),
        score("score", scene.score, lambda unit: unit.score),
        rank("rank", lambda unit: unit.rank),
    ]
    if named.kind == "improved":
        known = scene.units.get(named.group, {})
        before = {code: unit.previous for code, unit in known.items() if unit.previous}
        title = words("column.previous_score")
        fills += [
            score(
                "previous_score", title, lambda u: p.score if (p := before.get(u.unit)) else None
            ),
            rank("previous_rank", lambda u: p.rank if (p := before.get(u.unit)) else None),
        ]
    # Places that are no ranked units have neither score nor rank.
    shown = [fill for fill in fills if any(cell.value is not None for cell in fill[1])]
    shown.insert(1, _list_names(scene, named))
    rows = tuple(zip(*(cells for _, cells in shown), strict=True))
    columns = tuple(column for column, _ in shown)
    note = list_note(scene, named)
    return Table(f"list_{named.key}", scene.list_title(named), columns, rows, note=note)


def _list_names(scene: Scene, named: NamedList) -> _ListFill:
    names = [scene.listed_name(named.group, unit.unit, unit.name) for unit in named.units]
    width = min(max(max(map(text_width, names), default=0.0) + 0.5, 6.0), 14.0)
    return Column("unit", scene.words("column.unit"), width=width), [Cell(name) for name in names]


def _list_values(scene: Scene, named: NamedList) -> _ListFill:
    """The list's own value: a count, a change with its sign, or a number as it came."""
    words = scene.words
    title = {
        "volume": words("column.volume"),
        "per_10000": words("column.per_10000"),
        "improved": change_fill(scene).column.title,
    }.get(named.kind, words("column.value"))
    if named.kind == "volume":
        counts = [int(unit.value) for unit in named.units]
        column = Column("value", title, "integer", 5)
        return column, [integer_cell(n, words) for n in counts]
    if (table := table_of_list(scene, named)) is not None:
        column = Column("value", column_title(table, words), "decimal", 5, table.measure.decimals)
        return column, [_marked_cell(unit) for unit in named.units]
    places = max((_places(unit.value) for unit in named.units), default=0)
    column = Column("value", title, "decimal", 5, places)
    show = change_cell if named.kind == "improved" else decimal_cell
    return column, [show(unit.value, words) for unit in named.units]


def _marked_cell(unit: ListedUnit) -> Cell:
    return Cell(f"{unit.value:,f}{WEAK if unit.weak else ''}", unit.value)


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def lists_table(scene: Scene) -> Table:
    """All named lists below one another, for a spreadsheet's one sheet."""
    words = scene.words
    titles = {group.key: scene.group_title(group) for group in scene.evaluation.groups}
    columns = (
        Column("group", words("column.group"), width=8),
        Column("list", words("column.list"), width=16),
        Column("position", words("column.position"), "integer", 4, centred=True),
        Column("code", words("column.code"), width=9),
        Column("unit", words("column.unit"), width=14),
        Column("value", words("column.value"), "decimal", 6),
        Column("score", scene.score, "decimal", 6, scene.policy.decimals),
        Column("rank", words("column.rank"), "integer", 4, centred=True),
    )
    rows = tuple(
        (
            Cell(titles.get(named.group, clean(named.group))),
            Cell(scene.list_title(named)),
            integer_cell(listed.position, words),
            Cell(clean(listed.unit)),
            Cell(scene.listed_name(named.group, listed.unit, listed.name)),
            decimal_cell(listed.value, words),
            decimal_cell(listed.score, words),
            integer_cell(listed.rank, words),
        )
        for named in scene.evaluation.lists
        for listed in named.units
    )
    return Table("lists", words("sheet.lists"), columns, rows, sheet=words("sheet.lists"))
