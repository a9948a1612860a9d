"""The engine's counts against an independent row-by-row count: exact equality."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pytest

from jiesu.core.case_table import COLUMNS
from jiesu.core.counts import Counts
from jiesu.core.facts import BIT
from jiesu.core.policy import Policy
from jiesu.evaluation.counts import Question, count, unit_names
from jiesu.evaluation.engines import open_cases, open_engine
from jiesu.evaluation.facts import facts_of
from jiesu.sources.canonical_file import schema, write_canonical

from ..core.cast import SHANGHAI, policy
from . import recount

START = datetime(2022, 1, 19, tzinfo=SHANGHAI)
WINDOWS = [
    (START - timedelta(31), START),
    (START, START + timedelta(31)),
    # A gap of nine days, and then a last window.
    (START + timedelta(40), START + timedelta(50)),
]
AS_OF = START + timedelta(45, microseconds=5)


def rows(n: int = 6000) -> list[dict[str, Any]]:
    """Cases with every null and every edge: times on the borders and equal to each other."""
    draw = random.Random(7)

    def at(low: int, high: int) -> datetime:
        edges = [edge for window in WINDOWS for edge in window] + [AS_OF]
        if draw.random() < 0.1:
            return draw.choice(edges) + timedelta(microseconds=draw.choice([-1, 0, 1]))
        return START + timedelta(seconds=draw.randrange(low * 86400, high * 86400))

    def maybe(value: Any) -> Any:
        return None if draw.random() < 0.15 else value

    found = []
    for number in range(n):
        due = at(-35, 60)
        closed = due if draw.random() < 0.1 else at(-35, 60)
        row: dict[str, Any] = {column.name: None for column in COLUMNS}
        row |= {
            "case_id": f"c{number}",
            "created_at": at(-35, 55),
            "unit": maybe(draw.choice("ABCD")),
            "assist_units": maybe(draw.choice(["A", "A;B", "C;D;B"])),
            "place": maybe(draw.choice("PQ")),
            "district": maybe(draw.choice(["东", "西"])),
            "due_at": maybe(due),
            "closed_at": maybe(closed),
            "closed_on_time": maybe(draw.random() < 0.5),
            "contacted_at": maybe(at(-35, 60)),
            "callback_at": maybe(at(-35, 60)),
            "callback_valid": maybe(draw.random() < 0.8),
            "callback_contacted": maybe(draw.random() < 0.9),
            "callback_resolved": maybe(draw.choice(["yes", "partial", "no"])),
            "callback_satisfaction": maybe(
                draw.choice(["satisfied", "fairly_satisfied", "dissatisfied"])
            ),
            "final_resolved": maybe(draw.choice(["yes", "no"])),
            "final_satisfaction": maybe(draw.choice(["satisfied", "dissatisfied"])),
            "excluded": maybe(draw.random() < 0.2),
            "parked": maybe(draw.random() < 0.2),
        }
        found.append(row)
    return found


ROWS = rows()

VARIANTS = {
    "beijing": policy(),
    "final, parked excluded": policy(cases={"scored": "final", "parked": "excluded"}),
    "shared": policy(cases={"lead_weight": 3, "assist_weight": 1}),
    "by call-back time": policy(period={"by": "callback_at"}),
    "by due time": policy("on-time", period={"by": "due_at"}),
    "on-time": policy("on-time"),
    "contact log": policy(
        "on-time",
        rates=[
            {
                "key": "r",
                "title": "r",
                "whole": "closed",
                "part": {"contact_logged": 1},
                "weight": 1,
            }
        ],
    ),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ir.Table]:
    path = tmp_path_factory.mktemp("cases") / "cases.parquet"
    utc = [
        {
            key: value.astimezone(UTC) if isinstance(value, datetime) else value
            for key, value in row.items()
        }
        for row in ROWS
    ]
    write_canonical([pa.Table.from_pylist(utc, schema=schema())], path, unique=True)
    engine = open_engine()
    yield open_cases(engine, [path])
    engine.disconnect()


def as_counter(counts: Counts, counted: frozenset[str], *, assist: bool = False) -> Counter[Any]:
    names = {bit: name for name, bit in BIT.items()}
    return Counter(
        {
            (unit, frozenset(name for bit, name in names.items() if mask & bit)): n
            for unit, joint in (counts.assist if assist else counts.lead).items()
            for mask, n in joint.cells.items()
        }
    )


@pytest.mark.parametrize("rules", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("group_by", ["unit", "district"])
def test_joint_counts_equal_an_independent_recount(
    cases: ir.Table, rules: Policy, group_by: str
) -> None:
    counted = frozenset(facts_of(rules))
    found = count(cases, WINDOWS, Question(rules, AS_OF, group_by))
    for (start, end), counts in zip(WINDOWS, found, strict=True):
        inside = recount.in_window(ROWS, rules, start, end, AS_OF)
        assert len(inside) > 100
        expected = recount.joint(inside, rules, AS_OF, counted, group_by)
        assert as_counter(counts, counted) == expected
        assert counts.volume == len(inside)


def test_places_are_counted_by_unit_where_the_place_is_null(cases: ir.Table) -> None:
    rules = VARIANTS["beijing"]
    found = count(cases, WINDOWS, Question(rules, AS_OF, "unit"))
    for (start, end), counts in zip(WINDOWS, found, strict=True):
        inside = recount.in_window(ROWS, rules, start, end, AS_OF)
        assert counts.places == Counter(row["place"] or row["unit"] for row in inside)


def test_assist_units_are_counted_one_by_one(cases: ir.Table) -> None:
    rules = VARIANTS["shared"]
    counted = frozenset(facts_of(rules))
    [counts] = count(cases, WINDOWS[1:2], Question(rules, AS_OF, "unit"))
    inside = recount.in_window(ROWS, rules, *WINDOWS[1], AS_OF)
    expected = Counter(
        (helper, recount.facts(row, rules, AS_OF) & counted)
        for row in inside
        for helper in (row["assist_units"] or "").split(";")
        if helper and helper != row["unit"]
    )
    assert as_counter(counts, counted, assist=True) == expected


def test_closing_hours_are_whole_hours_of_cases_that_are_not_excluded(cases: ir.Table) -> None:
    rules = VARIANTS["on-time"]
    [counts] = count(cases, WINDOWS[1:2], Question(rules, AS_OF, "unit"))
    expected: dict[str | None, Counter[int]] = {}
    for row in recount.in_window(ROWS, rules, *WINDOWS[1], AS_OF):
        held = recount.facts(row, rules, AS_OF)
        if "closed" in held and "excluded" not in held and row["closed_at"] >= row["created_at"]:
            seconds = int(row["closed_at"].timestamp()) - int(row["created_at"].timestamp())
            expected.setdefault(row["unit"], Counter())[seconds // 3600] += 1
    assert counts.closing_hours == expected


def test_a_year_of_windows_adds_up_to_one(cases: ir.Table) -> None:
    rules = VARIANTS["beijing"]
    edges = [START + timedelta(days) for days in range(-35, 36, 5)]
    windows = list(pairwise(edges))
    parts = count(cases, windows, Question(rules, AS_OF, "unit"))
    [whole] = count(cases, [(edges[0], edges[-1])], Question(rules, AS_OF, "unit"))
    counted = frozenset(facts_of(rules))
    assert sum((as_counter(part, counted) for part in parts), Counter()) == as_counter(
        whole, counted
    )


def test_a_unit_bears_the_name_it_has_most_often_and_of_equals_the_latest(tmp_path: Path) -> None:
    named = [("1", "old", 1), ("1", "old", 2), ("1", "new", 3), ("2", "first", 1), ("2", "last", 2)]
    table = pa.table(
        {
            "case_id": [f"{i}" for i in range(len(named))],
            "unit": [unit for unit, _, _ in named],
            "unit_name": [name for _, name, _ in named],
            "created_at": pa.array(
                [datetime(2022, 1, day, tzinfo=UTC) for _, _, day in named],
                pa.timestamp("us", tz="UTC"),
            ),
        }
    )
    path = tmp_path / "named.parquet"
    write_canonical([table], path, unique=True)
    engine = open_engine()
    assert unit_names(open_cases(engine, [path]), "unit") == {"1": "old", "2": "last"}
    engine.disconnect()
