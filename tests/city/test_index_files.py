"""An index's files: what they mean, and every mistake with place and remedy."""

import csv
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from jiesu.city.check import check_city
from jiesu.city.folder import read_city
from jiesu.city.index_files import check_index, read_index
from jiesu.city.units_file import read_units
from jiesu.core.indicators import ROOT, flaws
from jiesu.core.problems import InputError

ROOT_FOLDER = Path(__file__).resolve().parents[2]
SHIPPED = ROOT_FOLDER / "src/jiesu/city/shipped/index.toml"

CITY = """
name = "城"
time_zone = "Asia/Shanghai"
[inputs]
cases = ["cases"]
profile = "jiesu"
units = "units.csv"
policy = "beijing"
"""

UNITS = """code,name,kind,parent,population
A,甲区,district,,1000
B,乙区,district,,3000
S,街道,street,A,
"""

TREE = """
format = 1
title = { zh = "监测", en = "Index" }
illustrative = true
kinds = ["district"]
[[indicators]]
key = "home"
title = { zh = "住", en = "Home" }
weight = 0.6
[[indicators]]
key = "beds"
parent = "home"
title = { zh = "床", en = "Beds" }
weight = { 2020 = 1, 2021 = 0.25 }
kind = "objective"
direction = "higher"
normalisation = { method = "target", target = 40 }
[[indicators]]
key = "asked"
parent = "home"
title = { zh = "问", en = "Asked" }
weight = { 2021 = 0.75 }
kind = "survey"
direction = "higher"
normalisation = { method = "min_max", low = 0, high = 100 }
missing = "worst"
[[indicators]]
key = "solved"
title = { zh = "解", en = "Solved" }
weight = 0.4
kind = "hotline"
label = "住有所居"
figure = "resolution"
direction = "higher"
normalisation = { method = "base", base_year = 2020 }
[labels]
"住房 > 物业" = "住有所居"
"""

VALUES = """indicator,unit,year,value,source
beds,A,2021,30,年鉴
beds,B,2021,44.25,
asked,A,2021,71,
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index").mkdir()
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "c.csv").write_text("case_id,created_at\n1,2021-02-01 08:00:00\n")
    for name, text in (
        ("city.toml", CITY),
        ("units.csv", UNITS),
        ("index.toml", TREE),
        ("index/2021.csv", VALUES),
    ):
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def mistakes(folder: Path) -> list[str]:
    city = read_city(folder)
    assert city.units is not None
    return [str(problem) for problem in check_index(city, read_units(city.units))]


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_tree_and_figures_are_read(folder: Path) -> None:
    found = read_index(read_city(folder), read_units(folder / "units.csv"))
    assert found is not None
    tree = found.tree
    assert tree.inside(ROOT) == ("home", "beds", "asked", "solved")
    assert tree.dimensions == ("home", "solved")
    assert [tree.nodes["beds"].weight(year) for year in (2019, 2020, 2021, 2030)] == [
        0,
        1,
        Fraction(1, 4),
        Fraction(1, 4),
    ]
    assert tree.leaves["asked"].allowed == (Fraction(0), Fraction(100))
    assert tree.leaves["solved"].normalisation.high == 200
    assert tree.by_category == {("住房", "物业"): ("住有所居",)}
    assert found.values[2021]["beds"]["B"].value == Fraction("44.25")
    assert found.values[2021]["beds"]["A"].source == "年鉴"
    assert check_city(folder) == []


def test_a_folder_without_an_index_has_none(folder: Path) -> None:
    (folder / "index.toml").unlink()
    assert read_index(read_city(folder), None) is None


def test_chinese_headers_and_several_files_stand_for_the_same(folder: Path) -> None:
    text = VALUES.replace("indicator,unit,year,value,source", "指标,单位,年份,数值,来源")
    (folder / "index" / "2021.csv").write_text(text, "gb18030")
    (folder / "index" / "2020.csv").write_text("指标,单位,年份,数值\nbeds,A,2020,28\n", "utf-8")
    found = read_index(read_city(folder), read_units(folder / "units.csv"))
    assert found is not None
    assert sorted(found.values) == [2020, 2021]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "weight = 0.6",
            "weight = 0.5",
            "toml, line 9, indicators[1].weight: the weights of home",
        ),
        ("weight = 0.6", "weight = 0.5", "total 0.9, not 1; correct them so that they total 1"),
        ("2021 = 0.75", "2021 = 0.7", "the weights of beds, asked total 0.95 from 2021 on"),
        ("2021 = 0.75", "soon = 0.75", "indicators[3].weight.soon: 'soon' is not a year"),
        ('parent = "home"', 'parent = "house"', "[2].parent: no indicator has the key 'house'"),
        ('parent = "home"', 'parent = "solved"', "solved has figures of its own"),
        (
            'key = "home"',
            'key = "home"\nparent = "home"',
            "indicators[1].parent: the parents go in a circle: home → home",
        ),
        ('kind = "survey"', "", "key is not known"),
        ("target = 40", "target = 0", "a target of 0 has no ratio"),
        ("low = 0, high = 100", "low = 100, high = 0", "normalisation.high: is not above low"),
        ('figure = "resolution"', 'figure = "speed"', "[4].figure: 'speed' is not known here"),
        ('物业" = "住有所居"', '物业" = "宜居"', "no hotline indicator counts the label '宜居'"),
        ('kinds = ["district"]', 'kinds = ["county"]', "no unit is of the kind county"),
        ('key = "asked"', 'key = "beds"', "the key beds stands twice"),
        ('key = "asked"', 'key = "total"', "'total' cannot be a key"),
        (
            'kind = "objective"',
            'kind = "objective"\nmeasure = "gdp"',
            "[2].measure: no measure has the key 'gdp'",
        ),
        ("format = 1", "format = 2", "format: 2 is not a whole number from 1 to 1"),
        ("illustrative = true", "illustrative = 1", "illustrative: 1 is neither true nor false"),
    ],
)
def test_mistakes_in_the_tree_are_named(folder: Path, old: str, new: str, said: str) -> None:
    replace(folder / "index.toml", old, new)
    assert any(said in mistake for mistake in mistakes(folder)), mistakes(folder)


def test_of_a_circle_only_the_circle_is_named(folder: Path) -> None:
    replace(folder / "index.toml", 'key = "home"', 'key = "home"\nparent = "home"')
    [found] = mistakes(folder)
    assert found.startswith("index.toml, line 8, indicators[1].parent: the parents go in a circle")


def test_figures_of_an_indicator_with_another_s_key_are_not_named_too(folder: Path) -> None:
    replace(folder / "index.toml", 'key = "beds"', 'key = "asked"')
    [found] = mistakes(folder)
    assert found.startswith("index.toml, line 19, indicators[3].key: the key asked stands twice")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("beds,Z,2021,1,", "index/2021.csv, line 5, unit: no unit has the code 'Z'"),
        ("beds,S,2021,1,", "line 5, unit: S is a street; the index is one of: district"),
        ("bed,A,2021,1,", "line 5, indicator: no indicator has the key 'bed'"),
        ("home,A,2021,1,", "line 5, indicator: home is a group and has no figures"),
        ("beds,A,21,1,", "line 5, year: '21' is not a year"),
        ("beds,A,2020,n/a,", "line 5, value: 'n/a' is not a number"),
        ("beds,A,2020,1e999999,", "line 5, value: '1e999999' is not a number"),
        ("asked,B,2021,101,", "value: 101 is out of range; write a number from 0 to 100"),
        (
            "beds,A,2021,31,",
            "line 5: the figure of beds for A in 2021 stands in index/2021.csv, line 2",
        ),
    ],
)
def test_mistakes_in_figures_are_named(folder: Path, line: str, said: str) -> None:
    with (folder / "index" / "2021.csv").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    found = mistakes(folder)
    assert len(found) == 1
    assert said in found[0]
    with pytest.raises(InputError):
        read_index(read_city(folder), read_units(folder / "units.csv"))


def test_a_figure_may_come_from_an_outside_measure(folder: Path) -> None:
    (folder / "measures").mkdir()
    (folder / "measures.toml").write_text(
        '[[measures]]\nkey = "care"\ntitle = "床位"\nmeasured_in = "张"\ndirection = "higher"\n'
        'decimals = 1\nsource = "统计局"\n',
        "utf-8",
    )
    (folder / "measures" / "m.csv").write_text(
        "measure,unit,period,value\ncare,A,2020,21.5\ncare,A,2021,99\ncare,A,2021-06,7\n", "utf-8"
    )
    replace(folder / "index.toml", 'kind = "objective"', 'kind = "objective"\nmeasure = "care"')
    found = read_index(read_city(folder), read_units(folder / "units.csv"))
    assert found is not None
    assert found.values[2020]["beds"]["A"].value == Fraction("21.5")
    assert found.values[2020]["beds"]["A"].source == "统计局"
    # The index's own figure holds.
    assert found.values[2021]["beds"]["A"].value == 30


def test_residents_are_needed_where_the_city_is_weighted_by_them(folder: Path) -> None:
    replace(folder / "units.csv", "B,乙区,district,,3000", "B,乙区,district,,")
    [found] = mistakes(folder)
    assert "city: the residents of B are not known" in found


def test_the_shipped_set_is_sound_illustrative_and_complete(folder: Path) -> None:
    (folder / "index.toml").unlink()
    (folder / "index" / "2021.csv").write_text("indicator,unit,year,value\n", "utf-8")
    replace(folder / "city.toml", "[inputs]", '[inputs]\nindex = "illustrative"')
    found = read_index(read_city(folder), read_units(folder / "units.csv"))
    assert found is not None
    tree = found.tree
    assert tree.illustrative
    assert flaws(tree.nodes) == []
    titles = [tree.nodes[key].title["zh"] for key in tree.dimensions]
    assert titles[:7] == [
        "幼有所育",
        "学有所教",
        "劳有所得",
        "病有所医",
        "老有所养",
        "住有所居",
        "弱有所扶",
    ]
    assert titles[7:] == ["便利性", "宜居性", "多样性", "公正性", "安全性"]
    for key in tree.dimensions:
        kinds = [tree.leaves[leaf].kind for leaf in tree.leaves_of(key)]
        assert 3 <= len(kinds) <= 4
        assert "hotline" in kinds
        assert "objective" in kinds
    labels = {leaf.label for leaf in tree.leaves.values() if leaf.label}
    assert labels == set(titles)


def test_the_synthetic_cases_bear_the_labels_that_the_shipped_set_counts() -> None:
    counted = {
        item["label"]
        for item in tomllib.loads(SHIPPED.read_text("utf-8"))["indicators"]
        if "label" in item
    }
    path = SHIPPED.with_name("synth") / "categories.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        borne = {label for row in csv.DictReader(lines) for label in row["label"].split(";")}
    assert counted <= borne
