"""The columns that tables are made of, each with the way to fill it from a unit's result.

Shows final figures; computes none. Whole tables are put together in `tables`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from jiesu.briefing.document import Cell, Column, Table
from jiesu.briefing.labels import Words
from jiesu.briefing.scene import Scene
from jiesu.briefing.wording import clean, percent, raised, signed, text_width, whole_number
from jiesu.core.policy import RateRule
from jiesu.core.result import Rate, UnitResult
from jiesu.core.scoring import rounded

RATE_DECIMALS = 2
"""A percentage is shown with two decimals; a spreadsheet's raw value keeps six in 0..1."""

RowOf = Callable[[UnitResult], Cell]


def integer_cell(n: int | None, words: Words) -> Cell:
    return Cell(words("none")) if n is None else Cell(whole_number(n), n)


def decimal_cell(value: Decimal | None, words: Words) -> Cell:
    return Cell(words("none")) if value is None else Cell(f"{value:,f}", value)


def change_cell(value: Decimal | None, words: Words) -> Cell:
    return Cell(words("none")) if value is None else Cell(signed(value), value)


def rate_cell(rate: Rate | None, words: Words) -> Cell:
    """The percentage without its sign (the head has it); the raw value is in 0..1."""
    if rate is None or rate.value is None:
        return Cell(words("none"))
    shown = percent(rate.value, RATE_DECIMALS).removesuffix("%")
    return Cell(shown, rounded(rate.value, 6))


def part_cell(rate: Rate | None, words: Words) -> Cell:
    if rate is None:
        return Cell(words("none"))
    part = rate.part
    value = part.numerator if part.denominator == 1 else rounded(part, 6).normalize()
    return Cell(f"{value:,f}" if isinstance(value, Decimal) else whole_number(value), value)


@dataclass(frozen=True)
class Fill:
    """A column and what it shows of a unit."""

    column: Column
    cell: RowOf


def rate_fills(scene: Scene) -> list[Fill]:
    """One column a rate, without excluded cases."""

    def fill(rule: RateRule) -> Fill:
        column = Column(
            rule.key, scene.rate_title(rule), "percent", width=3.6, decimals=RATE_DECIMALS
        )
        return Fill(column, lambda unit: rate_cell(unit.figures.rates.get(rule.key), scene.words))

    return [fill(rule) for rule in scene.policy.rates]


def whole_fills(scene: Scene) -> list[Fill]:
    """One column for each different denominator: valid call-backs, demands due."""
    words = scene.words
    wholes: dict[str, str] = {}
    for rule in scene.policy.rates:
        wholes.setdefault(rule.whole, rule.key)

    def fill(fact: str, key: str) -> Fill:
        column = Column(f"whole_{fact}", raised(scene.whole_word(fact)), "integer", width=3.8)

        def cell(unit: UnitResult) -> Cell:
            rate = unit.figures.rates.get(key)
            return integer_cell(rate.whole if rate else None, words)

        return Fill(column, cell)

    return [fill(fact, key) for fact, key in wholes.items()]


def plain_fills(scene: Scene) -> dict[str, Fill]:
    """Columns by key; which of them a table has is decided by `ranking_table`."""
    words, decimals = scene.words, scene.policy.decimals

    def integer(key: str, value: Callable[[UnitResult], int | None], width: float) -> Fill:
        centred = key in ("rank", "previous_rank")
        column = Column(key, words(f"column.{key}"), "integer", width=width, centred=centred)
        return Fill(column, lambda unit: integer_cell(value(unit), words))

    def decimal(
        key: str, value: Callable[[UnitResult], Decimal | None], width: float, places: int
    ) -> Fill:
        column = Column(key, words(f"column.{key}"), "decimal", width=width, decimals=places)
        return Fill(column, lambda unit: decimal_cell(value(unit), words))

    fills = [
        integer("rank", lambda unit: unit.rank, 2.6),
        integer("volume", lambda unit: unit.volume, 3.8),
        integer("n_excluded", lambda unit: unit.n_excluded, 3.4),
        integer("previous_rank", lambda unit: unit.previous.rank if unit.previous else None, 2.8),
        integer("previous_volume", lambda unit: unit.previous_volume, 3.8),
        integer("population", lambda unit: unit.population, 4.2),
        decimal("base_score", lambda unit: unit.base_score, 3.2, decimals),
        decimal("with_excluded", lambda unit: unit.with_excluded.score, 3.3, decimals),
        decimal(
            "previous_score",
            lambda unit: unit.previous.score if unit.previous else None,
            3.2,
            decimals,
        ),
        decimal("per_10000", lambda unit: unit.per_10000, 3.6, 2),
        decimal("below", lambda unit: unit.mean_of_units, 3.4, decimals),
        integer("closed", lambda unit: unit.closing_time.n if unit.closing_time else None, 3.6),
        integer(
            "median",
            lambda unit: unit.closing_time.median_hours if unit.closing_time else None,
            3.6,
        ),
        integer(
            "p90", lambda unit: unit.closing_time.p90_hours if unit.closing_time else None, 3.6
        ),
        decimal("low", lambda unit: _low(unit), 3.2, decimals),
        decimal("high", lambda unit: _high(unit), 3.2, decimals),
    ]
    return {fill.column.key: fill for fill in fills}


def _low(unit: UnitResult) -> Decimal | None:
    return unit.figures.interval.low if unit.figures.interval else None


def _high(unit: UnitResult) -> Decimal | None:
    return unit.figures.interval.high if unit.figures.interval else None


def name_fill(scene: Scene, units: Iterable[UnitResult]) -> Fill:
    """The unit's full name, as wide as the names need within reason."""
    longest = max((text_width(scene.unit_name(unit)) for unit in units), default=4.0)
    column = Column("unit", scene.words("column.unit"), width=min(max(longest + 0.5, 6.0), 13.0))
    return Fill(column, lambda unit: Cell(scene.unit_name(unit)))


def score_fill(scene: Scene) -> Fill:
    column = Column("score", scene.score, "decimal", width=3.3, decimals=scene.policy.decimals)
    return Fill(column, lambda unit: decimal_cell(unit.score, scene.words))


def change_fill(scene: Scene) -> Fill:
    by_rank = scene.policy.improvement == "rank"
    title = scene.words("column.change_rank" if by_rank else "column.change")
    places = 0 if by_rank else scene.policy.decimals
    column = Column("change", title, "decimal", width=3.3, decimals=places)
    return Fill(column, lambda unit: change_cell(unit.change, scene.words))


def interval_fill(scene: Scene) -> Fill:
    words = scene.words
    level = percent(scene.policy.confidence, 0)
    column = Column("interval", words("column.interval", percent=level), width=5.2, centred=True)

    def cell(unit: UnitResult) -> Cell:
        interval = unit.figures.interval
        return Cell(f"{interval.low:f}–{interval.high:f}" if interval else words("none"))

    return Fill(column, cell)


def chance_fill(scene: Scene) -> Fill:
    words = scene.words
    marks = {True: words("yes"), False: words("no"), None: words("none")}
    column = Column("chance", words("column.chance"), width=2.8, centred=True)
    return Fill(column, lambda unit: Cell(marks[unit.within_chance]))


def grade_fill(scene: Scene) -> Fill:
    titles = {
        grade.key: clean(scene.words.title(grade.title, grade.key)) for grade in scene.policy.grades
    }
    column = Column("grade", scene.words("column.grade"), width=3.0, centred=True)
    none = scene.words("none")
    return Fill(column, lambda unit: Cell(titles.get(unit.grade or "", unit.grade or none)))


def detail_fills(scene: Scene) -> list[Fill]:
    """What only a spreadsheet has room for: code, parent, parts, wholes, the other version."""
    words = scene.words
    fills = [
        Fill(Column("code", words("column.code"), width=9), lambda u: Cell(clean(u.unit))),
        Fill(Column("name", words("column.name"), width=12), lambda u: Cell(clean(u.name))),
        Fill(
            Column("parent", words("column.parent"), width=8),
            lambda u: Cell(clean(scene.names.get(u.parent or "", u.parent or ""))),
        ),
    ]
    for rule in scene.policy.rates:
        fills += _rate_detail_fills(scene, rule)
    return fills


def _rate_detail_fills(scene: Scene, rule: RateRule) -> list[Fill]:
    words, title, key = scene.words, scene.rate_title(rule), rule.key

    def whole(unit: UnitResult) -> Cell:
        rate = unit.figures.rates.get(key)
        return integer_cell(rate.whole if rate else None, words)

    with_title = words("column.with_of", title=title)
    return [
        Fill(
            Column(f"{key}_part", words("column.part_of", title=title), "decimal", 5),
            lambda unit: part_cell(unit.figures.rates.get(key), words),
        ),
        Fill(Column(f"{key}_whole", words("column.whole_of", title=title), "integer", 5), whole),
        Fill(
            Column(f"{key}_with", with_title, "percent", 6, RATE_DECIMALS),
            lambda unit: rate_cell(unit.with_excluded.rates.get(key), words),
        ),
    ]


def as_detail(fills: Iterable[Fill]) -> list[Fill]:
    return [Fill(replace(fill.column, detail=True), fill.cell) for fill in fills]


def table_of(
    key: str,
    caption: str,
    fills: Sequence[Fill],
    units: Iterable[UnitResult],
    *,
    note: str = "",
    sheet: str = "",
) -> Table:
    """A table with a row for each unit."""
    rows = tuple(tuple(fill.cell(unit) for fill in fills) for unit in units)
    return Table(key, caption, tuple(fill.column for fill in fills), rows, note, sheet)
