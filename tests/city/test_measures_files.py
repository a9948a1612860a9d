"""Outside measures from files: which figures count, what is refused, and lists made from them."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jiesu.city.air_files import air_inputs, measured_air
from jiesu.city.folder import City, read_city
from jiesu.city.measures_files import air_tables, check_measures, measure_tables, read_measures
from jiesu.city.publish import PublishOrder, publish
from jiesu.city.run import run
from jiesu.city.synth.write import write_city
from jiesu.city.units_file import read_units
from jiesu.city.verification import verify_editions
from jiesu.city.workspace import job_of
from jiesu.core.air_contract import air_document
from jiesu.core.contract import evaluation_document
from jiesu.core.period import MonthRule, parse_period
from jiesu.core.problems import InputError
from jiesu.core.units import Unit, Units

NOW = datetime(2022, 3, 1, tzinfo=UTC)
MONTHS = MonthRule(ZoneInfo("Asia/Shanghai"), 19, 0, True)

CITY = """
name = "城"
time_zone = "Asia/Shanghai"
[inputs]
cases = ["cases"]
profile = "jiesu"
policy = "beijing"
"""

RULES = """
[[measures]]
key = "investment"
title = { zh = "投资", en = "investment" }
measured_in = { zh = "亿元", en = "100 million yuan" }
direction = "higher"
decimals = 1
source = "统计部门"

[[measures]]
key = "fines"
title = "罚单"
measured_in = "起"
direction = "lower"
source = "城管部门"
stands_for_months = 0
"""

UNITS = Units.of(
    [
        Unit("1", "甲区", "district"),
        Unit("2", "乙区", "district", valid_from=date(2022, 1, 15)),
        Unit("3", "丙区", "district", valid_to=date(2021, 7, 1)),
    ]
)


def city(tmp_path: Path, files: dict[str, str | bytes], rules: str | None = RULES) -> City:
    (tmp_path / "city.toml").write_text(CITY, "utf-8")
    (tmp_path / "measures").mkdir()
    if rules is not None:
        (tmp_path / "measures.toml").write_text(rules, "utf-8")
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "measures" / name).write_bytes(data)
    return read_city(tmp_path)


def test_figures_of_several_files_are_exact_and_stand_for_their_periods(tmp_path: Path) -> None:
    chinese = "指标,单位,时期,数值,来源\ninvestment,1,2022-01,33.35,快报\n".encode("gb18030")
    plain = "measure,unit,period,value\ninvestment,2,2022-01,0.1\nfines,1,2022-01,7\n"
    same = "measure,unit,period,value\nfines,1,2022-01,7.0\ninvestment,1,2021,400\n"
    folder = city(tmp_path, {"a.csv": chinese, "b.csv": plain, "c.csv": same})
    assert check_measures(folder, UNITS) == []
    january = measure_tables(folder, UNITS, parse_period("2022-01", MONTHS))
    assert january["investment"].readings["1"].value == Fraction(667, 20)
    assert january["investment"].readings["1"].source == "快报"
    assert january["fines"].readings["1"].value == 7
    february = measure_tables(folder, UNITS, parse_period("2022-02", MONTHS))
    assert february["investment"].period == "2022-01"
    assert "fines" not in february
    year = measure_tables(folder, UNITS, parse_period("2021", MONTHS))
    assert year["investment"].readings["1"].value == 400
    assert [file.name for file in year["investment"].files] == [
        "measures.toml", "a.csv", "b.csv", "c.csv",
    ]  # fmt: skip


HEAD = "measure,unit,period,value\n"


@pytest.mark.parametrize(
    ("line", "where", "what"),
    [
        ("rain,1,2022-01,1", "line 2, measure", "'rain' is no measure"),
        ("fines,9,2022-01,1", "line 2, unit", "no unit has the code '9'"),
        ("fines,,2022-01,1", "line 2, unit", "no unit has the code ''"),
        ("fines,2,2021-12,1", "line 2, unit", "乙区 does not exist in that period"),
        ("fines,3,2021-Q3,1", "line 2, unit", "丙区 does not exist in that period"),
        ("fines,1,2022-1,1", "line 2, period", "is not a period"),
        ("fines,1,2022-02-01,1", "line 2, period", "is not a period"),
        ('fines,1,2022-01,"1,000"', "line 2, value", "is not a number"),
        ("fines,1,2022-01,12%", "line 2, value", "is not a number"),
        ("fines,1,2022-01,NaN", "line 2, value", "is not a number"),
        ("fines,1,2022-01,", "line 2, value", "is not a number"),
        (
            "fines,1,2022-01,1\nfines,1,2022-01,2",
            "line 3, value",
            "stands in measures/a.csv, line 2",
        ),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str, where: str, what: str) -> None:
    folder = city(tmp_path, {"a.csv": f"{HEAD}{line}\n"})
    [problem] = map(str, check_measures(folder, UNITS))
    assert problem.startswith("measures/a.csv, ")
    assert where in problem
    assert what in problem
    with pytest.raises(InputError):
        read_measures(folder, UNITS)


def test_figures_of_a_measure_with_another_s_key_are_not_named_too(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.csv": f"{HEAD}fines,1,2022-01,1\nfines,2,2022-02,1\n"}
    rules = RULES.replace('key = "fines"', 'key = "investment"')
    [problem] = check_measures(city(tmp_path, files, rules), UNITS)
    assert problem.what == "two measures have the key 'investment'"


def test_a_figure_that_contradicts_one_in_another_file_is_named(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.csv": f"{HEAD}fines,1,2022-01,1\n", "b.csv": f"{HEAD}\nfines,1,2022-01,2\n",
    }  # fmt: skip
    [problem] = map(str, check_measures(city(tmp_path, files), UNITS))
    assert problem.startswith("measures/b.csv, line 3, value: another figure for 1 in 2022-01")


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        (None, "the file is missing"),
        (RULES.replace('"fines"', '"investment"'), "two measures have the key 'investment'"),
        (RULES.replace('"lower"', '"down"'), "measures[2].direction: 'down' is not known"),
        (RULES.replace("decimals = 1", "decimals = 9"), "measures[1].decimals"),
        (RULES + "weight = 1\n", "measures[2].weight: this key is not known"),
        ("[[measures]", "not TOML"),
    ],
)
def test_mistakes_of_the_rules_are_named(tmp_path: Path, rules: str | None, what: str) -> None:
    folder = city(tmp_path, {"a.csv": HEAD}, rules)
    assert what in "\n".join(map(str, check_measures(folder, UNITS)))


def test_an_empty_folder_of_measures_is_named(tmp_path: Path) -> None:
    [problem] = map(str, check_measures(city(tmp_path, {}), UNITS))
    assert "there is no CSV file" in problem


# The synthetic city: from hours to the list in the bulletin ---------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "city"
    write_city(out, period="2022-02", months=2, cases=3000, seed=5, format="parquet")
    return out


def test_the_list_by_pm25_is_the_worst_ten_of_the_streets_means(demo: Path) -> None:
    job = job_of(demo, "2022-02")
    done = run(job, now=NOW)
    found = evaluation_document(done.evaluation)
    [named] = [one for one in found["lists"] if one["key"] == "street_pm25"]
    folder = read_city(demo)
    assert folder.units is not None
    units = read_units(folder.units)
    table = air_tables(folder, units, done.evaluation.period)["pm25"]
    streets = {unit.code for unit in units if unit.kind == "street"}
    exact = {code: one.value for code, one in table.readings.items() if code in streets}
    worst = sorted(exact, key=lambda code: (exact[code], code))[-10:]
    assert set(worst) <= {unit["unit"] for unit in named["units"]}
    for unit in named["units"]:
        shown = float(unit["value"])
        better = sum(
            round(float(value) * 10 + 1e-9) < round(shown * 10) for value in exact.values()
        )
        assert unit["position"] == better + 1
    assert named["available"]
    assert named["measure"] == "pm25"
    [measure] = found["measures"]
    assert (measure["span"], measure["days"]) == ("2022-01-01..2022-02-18", 49)
    names = {file["name"] for file in measure["files"]}
    assert names == {"2022-01.csv", "2022-02.csv", "stations.csv"}


def test_the_bulletin_names_unit_span_and_source_of_the_measure(demo: Path) -> None:
    job = job_of(demo, "2022-02")
    run(job, now=NOW)
    text = (job.out / "bulletin.html").read_text("utf-8")
    assert "µg/m³）" in text
    assert "2022年1月1日至2022年2月18日；来源：环境监测部门（合成数据）" in text


def test_an_edition_recomputes_its_list_without_the_measures_files(
    demo: Path, tmp_path: Path
) -> None:
    published = publish(PublishOrder(demo, "2022-02", formats=("html",)), now=NOW)
    assert (published.folder / "measures.json").is_file()
    (demo / "air").rename(tmp_path / "air")
    try:
        [verdict] = verify_editions(demo)
    finally:
        (tmp_path / "air").rename(demo / "air")
    assert verdict.problems == ()
    stored = json.loads((published.folder / "evaluation.json").read_text("utf-8"))
    assert any(one["measure"] == "pm25" and one["units"] for one in stored["lists"])


def test_the_synthetic_air_has_gaps_and_a_marked_station(demo: Path) -> None:
    folder = read_city(demo)
    assert folder.units is not None
    units = read_units(folder.units)
    inputs = air_inputs(folder, units)
    assert inputs is not None
    document = air_document(measured_air(inputs, date(2022, 2, 28)).result)
    assert len(document["districts"]) == 17
    assert all(row["rank"] for row in document["districts"])
    without = [row for row in document["streets"] if not row["stations"]]
    assert 2 < len(without) < 20
    assert all(row["rank"] is None for row in without)
    assert any(row["low_validity"] for row in document["stations"])
    assert any(0 < row["days_valid"] < 59 for row in document["stations"])


def test_a_measure_that_is_called_as_the_airs_is_refused(demo: Path, tmp_path: Path) -> None:
    folder = read_city(demo)
    rules = (demo / "measures.toml").read_text("utf-8")
    figures = tmp_path / "measures"
    figures.mkdir()
    (figures / "a.csv").write_text(f"{HEAD}pm25,110101,2022-02,30\n", "utf-8")
    changed = tmp_path / "measures.toml"
    changed.write_text(rules.replace('"investment"', '"pm25"'), "utf-8")
    places = {**folder.outside, "measures": figures, "measure_rules": changed}
    assert folder.units is not None
    with pytest.raises(InputError, match="the city's air data give pm25 already"):
        measure_tables(
            replace(folder, outside=places),
            read_units(folder.units),
            parse_period("2022-02", MONTHS),
        )
