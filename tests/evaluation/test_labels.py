"""Cases by label and place against a count row by row: exact equality."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jiesu.core.case_table import COLUMNS
from jiesu.core.facts import BIT
from jiesu.core.index_cases import LabelCounts
from jiesu.evaluation import engines
from jiesu.evaluation.facts import bears
from jiesu.evaluation.labels import LabelQuestion, count_labels
from jiesu.sources.canonical_file import schema, write_canonical

from ..core.cast import SHANGHAI, policy
from . import recount

BEIJING = policy()
START = datetime(2020, 12, 19, tzinfo=SHANGHAI)
WINDOW = (START, datetime(2021, 12, 19, tzinfo=SHANGHAI))
LABELS = frozenset({"住有所居", "便利性", "安全性"})
BY_CATEGORY = {
    ("住房",): ("住有所居",),
    ("住房", "物业管理"): ("便利性", "安全性"),
    ("交通", "停车", "收费"): ("公正性",),
}
AS_OF = START + timedelta(500)


def rows(n: int = 3000) -> list[dict[str, Any]]:
    draw = random.Random(5)
    given = [None, "", "住有所居", "便利性; 安全性", "安全性;安全性", "每月一题", "每月一题;便利性"]
    paths = [
        ("住房", "物业管理", "照明"),
        ("住房", None, None),
        ("住房", "产权", None),
        ("交通", "停车", "收费"),
        (None, None, None),
    ]
    found = []
    for number in range(n):
        row: dict[str, Any] = {column.name: None for column in COLUMNS}
        one, two, three = draw.choice(paths)
        created = START + timedelta(seconds=draw.randrange(-20, 380 * 86400))
        row |= {
            "case_id": f"c{number}",
            "created_at": (START if number == 0 else created).astimezone(UTC),
            "labels": draw.choice(given),
            "category_1": one,
            "category_2": two,
            "category_3": three,
            "place": draw.choice(["S", "T", None]),
            "district": draw.choice(["A", "B", None]),
            "unit": draw.choice(["D1", None]),
            "callback_valid": draw.choice([True, True, False, None]),
            "callback_contacted": draw.choice([True, False]),
            "callback_resolved": draw.choice(["yes", "no", "partial", None]),
            "callback_satisfaction": draw.choice(["satisfied", "dissatisfied", None]),
            "excluded": draw.choice([True, False, False, None]),
        }
        found.append(row)
    return found


ROWS = rows()


def labels_of(row: dict[str, Any], by_category: bool) -> set[str]:
    """The labels looked for, in the words of the method page."""
    if row["labels"]:
        return {label.strip() for label in row["labels"].split(";")} & LABELS
    if not by_category:
        return set()
    if row["category_1"] != "住房":
        return set()
    return {"便利性", "安全性"} if row["category_2"] == "物业管理" else {"住有所居"}


def as_counter(counts: LabelCounts) -> Counter[Any]:
    names = {bit: name for name, bit in BIT.items()}
    return Counter(
        {
            (label, place, frozenset(name for bit, name in names.items() if mask & bit)): n
            for label, by_place in counts.joints.items()
            for place, joint in by_place.items()
            for mask, n in joint.cells.items()
        }
    )


@pytest.mark.parametrize("by_category", [False, True])
def test_label_counts_equal_an_independent_recount(tmp_path: Path, by_category: bool) -> None:
    path = tmp_path / "cases.parquet"
    write_canonical([pa.Table.from_pylist(ROWS, schema=schema())], path, unique=True)
    resolution = tuple(rate for rate in BEIJING.rates if rate.key == "resolution")
    categories = BY_CATEGORY if by_category else {}
    ask = LabelQuestion(BEIJING, resolution, AS_OF, (WINDOW,), LABELS, categories)
    [found] = count_labels([path], ask)
    counted = {"created", "excluded", "called_back", "resolved", "partly_resolved"}
    expected: Counter[Any] = Counter()
    inside = [row for row in ROWS if WINDOW[0] <= row["created_at"] < WINDOW[1]]
    for row in inside:
        facts = recount.facts(row, BEIJING, AS_OF) & counted
        place = row["place"] or row["district"] or row["unit"]
        for label in labels_of(row, by_category):
            expected[label, place, facts] += 1
    assert as_counter(found) == expected
    assert found.n_cases == len(inside) < len(ROWS)
    assert found.n_labelled == sum(bool(labels_of(row, by_category)) for row in inside)


def test_a_label_is_borne_whole_and_not_as_a_part_of_another() -> None:
    engine = engines.open_engine(engines.DEFAULT, None)
    try:
        given = ["便利性", "安全性;便利性", "不便利性", "便利性;安全性", "便利", ""]
        cases = engines.small_table(engine, "cases", {"labels": given})
        cases = cases.mutate(labels=cases.labels.nullif(""))
        found = list(engines.rows(cases.select(cases.labels, borne=bears(cases, "便利性"))))
        borne = {label for label, is_borne in found if is_borne}
        assert borne == {"便利性", "安全性;便利性", "便利性;安全性"}
        assert {is_borne for label, is_borne in found if label is None} == {False}
    finally:
        engine.disconnect()
