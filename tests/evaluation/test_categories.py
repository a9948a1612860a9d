"""Counts by category against a row-by-row count; words are looked for and never shown."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jiesu.core.case_table import COLUMNS
from jiesu.core.facts import BIT, Joint
from jiesu.core.problems import InputError
from jiesu.core.topics import Topic
from jiesu.evaluation.categories import (
    CategoryQuestion,
    count_categories,
    count_places,
    count_topics,
)
from jiesu.sources.canonical_file import schema, write_canonical

from ..core.cast import SHANGHAI, policy
from . import recount

START = datetime(2021, 12, 19, tzinfo=SHANGHAI)
EDGES = [START, datetime(2022, 1, 19, tzinfo=SHANGHAI), datetime(2022, 2, 19, tzinfo=SHANGHAI)]
AS_OF = EDGES[-1] + timedelta(days=3)
POLICY = policy()
RATE = next(rule for rule in POLICY.rates if rule.key == "resolution")
ASK = CategoryQuestion(POLICY, RATE, AS_OF, ((EDGES[0], EDGES[1]), (EDGES[1], EDGES[2])))
COUNTED = frozenset({"created", "excluded", RATE.whole, *RATE.part})

Row = dict[str, Any]


def topic(key: str, *paths: tuple[str, ...], words: tuple[str, ...] = ()) -> Topic:
    text = {"zh": key, "en": key}
    return Topic(key, text, "2022-01", "D", date(2022, 1, 1), categories=paths, words=words)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    draw = random.Random(11)
    found = []
    for number in range(3000):
        row: Row = {column.name: None for column in COLUMNS}
        row |= {
            "case_id": f"c{number}",
            "created_at": START + timedelta(seconds=draw.randrange(-86400, 64 * 86400)),
            "category_1": draw.choice(["甲", "乙", None]),
            "category_2": draw.choice(["子", "丑", None]),
            "category_3": draw.choice(["一", "二", None]),
            "unit": draw.choice(["A", "B", None]),
            "place": draw.choice(["P", "Q", None]),
            "callback_at": START + timedelta(days=draw.randrange(0, 80)),
            "callback_valid": draw.random() < 0.8,
            "callback_resolved": draw.choice(["yes", "partial", "no", None]),
            "excluded": draw.random() < 0.1,
        }
        found.append(row)
    return found


@pytest.fixture(scope="module")
def file(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cases") / "cases.parquet"
    table = pa.Table.from_pylist(rows, schema=schema())
    write_canonical([table], path, unique=True)
    return path


def path_of(row: Row) -> tuple[str, ...]:
    levels = [row[f"category_{level}"] for level in (1, 2, 3)]
    return tuple(levels[: levels.index(None)] if None in levels else levels)


def expected(rows: list[Row]) -> Counter[frozenset[str]]:
    return Counter(recount.facts(row, POLICY, AS_OF) & COUNTED for row in rows)


def held(joint: Joint) -> Counter[frozenset[str]]:
    return Counter(
        {
            frozenset(name for name in COUNTED if mask & BIT[name]): n
            for mask, n in joint.cells.items()
        }
    )


def month(rows: list[Row], number: int) -> list[Row]:
    return recount.in_window(rows, POLICY, EDGES[number], EDGES[number + 1], AS_OF)  # type: ignore[return-value]


def test_counts_by_category_equal_a_count_row_by_row(rows: list[Row], file: Path) -> None:
    found = count_categories([file], ASK)
    inside = [row for number in (0, 1) for row in month(rows, number)]
    for number in (0, 1):
        paths = {path_of(row) for row in month(rows, number)}
        assert set(found.months[number]) == paths
        for path in paths:
            chosen = [row for row in month(rows, number) if path_of(row) == path]
            assert held(found.months[number][path]) == expected(chosen)
    places = {(path_of(row), row["place"] or row["unit"]) for row in inside}
    assert {(path, place) for path, by in found.places.items() for place in by} == places
    for path, place in places:
        chosen = [
            row for row in inside if path_of(row) == path and (row["place"] or row["unit"]) == place
        ]
        assert held(found.places[path][place]) == expected(chosen)
    units = Counter((path_of(row), row["unit"]) for row in inside)
    assert {(path, unit): n for path, by in found.units.items() for unit, n in by.items()} == dict(
        units
    )


def test_a_topic_counts_its_branches_and_the_city_counts_all(rows: list[Row], file: Path) -> None:
    topics = [topic("one", ("甲", "子"), ("乙",)), topic("none", ("丙",))]
    found = count_topics([file], ASK, topics)
    for number in (0, 1):
        chosen = [row for row in month(rows, number) if topics[0].covers(path_of(row))]
        assert held(found.topics[number]["one"]) == expected(chosen)
        assert found.topics[number]["none"].cells == {}
        assert found.volumes[number] == len(month(rows, number))
    assert ("甲", "子", "一") in found.paths


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_words_add_the_cases_in_whose_text_one_stands(
    rows: list[Row], file: Path, tmp_path: Path, suffix: str
) -> None:
    said = {
        row["case_id"]: "楼道飞线充电" if i % 7 == 0 else "路灯不亮" for i, row in enumerate(rows)
    }
    said["unknown"] = "飞线"
    table = pa.table({"case_id": list(said), "text": list(said.values())})
    # Brackets stand for no other character here.
    texts = tmp_path / f"texts [1].{suffix}"
    if suffix == "parquet":
        pq.write_table(table, texts)
    else:
        lines = [f"{case},{text}" for case, text in said.items()]
        texts.write_text("case_id,text\n" + "\n".join(lines) + "\n", "utf-8")
    linked = topic("one", ("甲", "子"), words=("飞线", "没有这个词"))
    found = count_topics([file], ASK, [linked], [texts])
    for number in (0, 1):
        chosen = [
            row
            for row in month(rows, number)
            if linked.covers(path_of(row)) or "飞线" in said[row["case_id"]]
        ]
        assert held(found.topics[number]["one"]) == expected(chosen)
    # Without the texts, the categories alone.
    bare = count_topics([file], ASK, [linked])
    unlinked = count_topics([file], ASK, [replace(linked, words=())])
    assert bare == unlinked


def test_texts_that_cannot_be_used_are_named_without_their_words(
    file: Path, tmp_path: Path
) -> None:
    linked = topic("one", ("甲",), words=("飞线",))
    wrong = tmp_path / "texts.csv"
    wrong.write_text("id,words\n1,居民隐私\n", "utf-8")
    broken = tmp_path / "more.parquet"
    broken.write_bytes("居民隐私".encode() * 9)
    foreign = tmp_path / "foreign.csv"
    foreign.write_bytes("case_id,text\n1,居民隐私\n".encode("utf-16"))
    unread = "cannot be read as a table"
    for path, what in ((wrong, "case_id is missing"), (broken, unread), (foreign, unread)):
        with pytest.raises(InputError) as caught:
            count_topics([file], ASK, [linked], [path])
        (problem,) = caught.value.problems
        assert problem.file == path.name
        assert what in problem.what
        assert "居民" not in str(problem)


def test_cases_by_place_fall_back_to_the_unit(rows: list[Row], file: Path) -> None:
    found = count_places([file], ASK)
    for number in (0, 1):
        counted = Counter(row["place"] or row["unit"] for row in month(rows, number))
        assert found[number] == dict(counted)
