"""A year's index from a city folder, every figure recounted from the folder's own files."""

import csv
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from jiesu.city.folder import read_city
from jiesu.city.index_run import IndexOrder, index_of, make_index
from jiesu.city.workspace import job_of, opened
from jiesu.core.indices import IndexResult
from jiesu.core.problems import InputError

NOW = datetime(2022, 3, 1, tzinfo=UTC)

CITY = """
name = { zh = "城", en = "City" }
time_zone = "Asia/Shanghai"
synthetic = true
[inputs]
cases = ["cases"]
profile = "jiesu"
units = "units.csv"
policy = "beijing"
"""

UNITS = """code,name,kind,parent,population
A,甲区,district,,20000
B,乙区,district,,30000
C,丙区,district,,50000
A1,甲一街道,street,A,20000
B1,乙一街道,street,B,30000
D,部门,department,,
"""

TREE = """
format = 1
title = { zh = "七有五性监测", en = "Index" }
illustrative = true
decimals = 2
city = "mean"
[[indicators]]
key = "housing"
title = { zh = "住有所居", en = "Housing" }
weight = 0.5
[[indicators]]
key = "demands"
parent = "housing"
title = { zh = "万人诉求量", en = "Demands" }
weight = 0.5
kind = "hotline"
label = "住有所居"
figure = "per_10000"
decimals = 2
direction = "lower"
normalisation = { method = "min_max", low = 0, high = 100 }
[[indicators]]
key = "solved"
parent = "housing"
title = { zh = "解决率", en = "Solved" }
weight = 0.5
kind = "hotline"
label = "住有所居"
figure = "resolution"
decimals = 2
direction = "higher"
normalisation = { method = "min_max", low = 0, high = 100 }
[[indicators]]
key = "safety"
title = { zh = "安全性", en = "Safety" }
weight = 0.5
[[indicators]]
key = "risks"
parent = "safety"
title = { zh = "隐患整改率", en = "Risks mended" }
weight = 1
kind = "objective"
decimals = 1
direction = "higher"
normalisation = { method = "target", target = 80 }
[[indicators]]
key = "variety"
title = { zh = "多样性", en = "Variety" }
weight = 0
[[indicators]]
key = "venues"
parent = "variety"
title = { zh = "场馆", en = "Venues" }
weight = 1
kind = "objective"
direction = "higher"
normalisation = { method = "target", target = 8 }
"""

VALUES = """indicator,unit,year,value,source
risks,A,2021,76,年鉴
risks,B,2021,84,年鉴
risks,C,2021,60,年鉴
risks,A,2020,70,年鉴
risks,B,2020,82,年鉴
risks,C,2020,64,年鉴
demands,A,2020,44.5,上年通报
demands,B,2020,30,上年通报
demands,C,2020,12.25,上年通报
solved,A,2020,61,上年通报
solved,B,2020,72,上年通报
solved,C,2020,80,上年通报
solved,A,2021,1,不应采用
"""

COLUMNS = ["case_id", "created_at", "unit", "place", "district", "labels", "callback_valid"]
COLUMNS += ["callback_contacted", "callback_resolved", "callback_satisfaction", "excluded"]


def cases() -> list[dict[str, str]]:
    """A year of cases from its first day to its last; departments answer in districts too."""
    draw = random.Random(3)
    start = datetime(2020, 12, 19)  # noqa: DTZ001
    rows = []
    for n in range(600):
        at = start + timedelta(minutes=draw.randrange(365 * 1440))
        rows.append(
            {
                "case_id": f"c{n}",
                "created_at": f"{start if n == 0 else at:%Y-%m-%d %H:%M:%S}",
                "unit": draw.choice(["A1", "B1", "D", "D"]),
                "place": draw.choice(["A1", "B1", "C", ""]),
                "district": draw.choice(["A", "B", ""]),
                "labels": draw.choice(["住有所居", "住有所居;每月一题", "安全性", ""]),
                "callback_valid": draw.choice(["true", "true", "false"]),
                "callback_contacted": "true",
                "callback_resolved": draw.choice(["yes", "yes", "no"]),
                "callback_satisfaction": "satisfied",
                "excluded": draw.choice(["false", "false", "false", "true"]),
            }
        )
    # After the year has ended, so that it is known to its end.
    rows.append({**rows[-1], "case_id": "late", "created_at": "2022-01-05 08:00:00"})
    return rows


ABOVE = {"A1": "A", "B1": "B", "A": "A", "B": "B", "C": "C", "D": "D", "": ""}
RESIDENTS = {"A": 20_000, "B": 30_000, "C": 50_000}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    city = tmp_path / "city"
    (city / "index").mkdir(parents=True)
    (city / "cases").mkdir()
    for name, text in (
        ("city.toml", CITY),
        ("units.csv", UNITS),
        ("index.toml", TREE),
        ("index/values.csv", VALUES),
    ):
        (city / name).write_text(text, "utf-8")
    write_cases(city, cases())
    return city


def write_cases(city: Path, rows: list[dict[str, str]]) -> None:
    with (city / "cases" / "2021.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def half_up(value: Fraction, places: int) -> Decimal:
    step = Decimal(1).scaleb(-places)
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(step, ROUND_HALF_UP)


def recounted() -> dict[str, tuple[Decimal, Decimal]]:
    """Demands per 10,000 and the resolution rate of each district, case by case."""
    found = {}
    for code, residents in RESIDENTS.items():
        inside = [
            row
            for row in cases()
            if row["case_id"] != "late"
            and ABOVE[row["place"] or row["district"] or row["unit"]] == code
            and "住有所居" in row["labels"].split(";")
            and row["excluded"] == "false"
        ]
        asked = [row for row in inside if row["callback_valid"] == "true"]
        solved = sum(row["callback_resolved"] == "yes" for row in asked)
        demands = half_up(Fraction(len(inside) * 10_000, residents), 2)
        found[code] = demands, half_up(Fraction(100 * solved, len(asked)), 2)
    return found


def written(folder: Path, **changes: Any) -> dict[str, Any]:
    order = IndexOrder(folder, "2021", **{"formats": ("html",), **changes})
    done = make_index(order, now=NOW)
    [path] = [path for path in done.written if path.name == "index.json"]
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def test_the_index_equals_an_independent_recount(folder: Path) -> None:
    document = written(folder)
    risks = {"A": Fraction(76), "B": Fraction(84), "C": Fraction(60)}
    totals = {}
    for unit in document["units"]:
        code, nodes = unit["unit"], unit["nodes"]
        demands, solved = recounted()[code]
        assert (nodes["demands"]["value"], nodes["solved"]["value"]) == (str(demands), str(solved))
        assert nodes["solved"]["counted"] is True
        housing = (100 - Fraction(demands) + Fraction(solved)) / 2
        total = (housing + min(risks[code] * 100 / 80, Fraction(100))) / 2
        totals[code] = half_up(total, 2)
        assert unit["shown"] == str(totals[code])
        # A weight of 0 keeps an indicator in the tree and out of the total.
        assert nodes["variety"]["weight"] == "0"
    order = sorted(totals, key=lambda code: -totals[code])
    assert [unit["unit"] for unit in document["units"]] == order
    mean = sum(map(Fraction, totals.values()), Fraction(0)) / 3
    assert abs(Fraction(document["city"]["shown"]) - mean) <= Fraction(1, 100)


def test_the_year_before_is_taken_from_what_was_published(folder: Path) -> None:
    document = written(folder)
    before = {"A": (44.5, 61, 87.5), "B": (30, 72, 100), "C": (12.25, 80, 80)}
    for unit in document["units"]:
        demands, solved, safety = map(Fraction, before[unit["unit"]])
        total = ((100 - demands + solved) / 2 + safety) / 2
        assert unit["previous"]["shown"] == str(half_up(total, 2))
        change = Fraction(unit["shown"]) - Fraction(unit["previous"]["shown"])
        assert Fraction(unit["change"]) == change
        leaves = ("demands", "solved", "risks")
        parts = [Fraction(unit["nodes"][leaf]["contribution"]["total"]) for leaf in leaves]
        exact = Fraction(unit["score"]) - Fraction(unit["previous"]["score"])
        assert sum(parts) == Fraction(unit["contribution"]["total"]) == exact
    notes = {note["key"]: note["values"] for note in document["notes"]}
    assert notes["given"] == {"year": "2020", "n": "6"}
    assert notes["unused"] == {"year": "2021", "n": "1"}
    labelled = sum("住有所居" in row["labels"] for row in cases() if row["case_id"] != "late")
    assert notes["counted"] == {"year": "2021", "n": str(labelled), "all": "600"}


def test_what_came_after_the_moment_of_the_job_is_not_known_yet(folder: Path) -> None:
    def index(as_of: datetime | None) -> IndexResult:
        job = replace(job_of(folder, "2021"), out=folder / "out", as_of=as_of)
        with opened(job, now=NOW) as workspace:
            found = index_of(workspace, read_city(folder), "2021")
            assert found is not None
            return found

    assert "counted" in dict(index(None).notes)
    # Without an offset: in the city's zone.
    assert "counted" not in dict(index(datetime(2021, 10, 1)).notes)  # noqa: DTZ001
    assert "counted" not in dict(index(datetime(2021, 10, 1, tzinfo=UTC)).notes)


def test_cases_that_do_not_cover_the_year_are_not_counted(folder: Path) -> None:
    write_cases(folder, [row for row in cases() if row["created_at"] > "2021-02-01"])
    document = written(folder)
    assert not any(note["key"] == "counted" for note in document["notes"])
    values = {unit["unit"]: unit["nodes"]["solved"]["value"] for unit in document["units"]}
    assert values == {"A": "1.00", "B": None, "C": None}


def test_every_document_says_that_the_set_is_illustrative(folder: Path) -> None:
    for lang, said in (("zh", "示例指标体系"), ("en", "Illustrative indicators")):
        for unit in ("", "A"):
            out = folder / "out" / f"{lang}{unit}"
            document = written(folder, lang=lang, unit=unit, out=out)
            assert document["illustrative"] is True
            [page] = out.glob("*.html")
            text = page.read_text("utf-8")
            assert text.count(said) >= 2
            assert "{" not in text.split("</style>")[1]
    assert {path.name for path in (folder / "out" / "zhA").glob("index*")} == {
        "index.json",
        "index-A.html",
    }


def test_a_set_that_an_office_adopted_is_not_called_illustrative(folder: Path) -> None:
    path = folder / "index.toml"
    path.write_text(path.read_text("utf-8").replace("illustrative = true", ""), "utf-8")
    out = folder / "out" / "own"
    assert written(folder, out=out)["illustrative"] is False
    assert "示例指标" not in (out / "index.html").read_text("utf-8")


def test_hostile_names_are_text(folder: Path) -> None:
    path = folder / "units.csv"
    path.write_text(path.read_text("utf-8").replace("甲区", "<b>=甲</b>"), "utf-8")
    out = folder / "out" / "hostile"
    written(folder, out=out, formats=("html", "docx", "pdf", "xlsx"))
    page = (out / "index.html").read_text("utf-8")
    assert "<b>=甲" not in page
    assert "&lt;b&gt;=甲" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"year": "2021-02"}, "2021-02 is not a year"),
        ({"year": "2019"}, "no unit has figures of 2019"),
        ({"unit": "A1"}, "'A1' is no unit of this index; write a code such as"),
    ],
)
def test_wrong_orders_are_named_and_nothing_is_written(
    folder: Path, changes: dict[str, str], said: str
) -> None:
    out = folder / "out" / "wrong"
    order = IndexOrder(folder, **{"year": "2021", **changes}, out=out)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=said):
        make_index(order, now=NOW)
    assert not list(out.glob("index*"))


def test_a_folder_without_an_index_says_how_to_begin(folder: Path) -> None:
    (folder / "index.toml").unlink()
    with pytest.raises(InputError, match="the folder has no index; write"):
        make_index(IndexOrder(folder, "2021"), now=NOW)


def test_the_language_is_the_folders_unless_another_is_asked_for(folder: Path) -> None:
    settings = folder / "city.toml"
    settings.write_text('language = "en"\n' + settings.read_text("utf-8"), "utf-8")
    out = folder / "out" / "words"
    for lang, said in (("", "en"), ("zh", "zh")):
        order = IndexOrder(folder, "2021", out, lang, ("html",))
        assert make_index(order, now=NOW).lang == said
        assert f'<html lang="{said}' in (out / "index.html").read_text("utf-8")
