"""`jiesu check` and `jiesu init`: every mistake at once, and a template without any."""

from dataclasses import replace as replace_fields
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from jiesu.city.check import check_city
from jiesu.city.folder import read_city
from jiesu.city.run import run
from jiesu.city.synth.write import write_city
from jiesu.city.template import TEMPLATE_FILES, write_template
from jiesu.city.units_file import read_units
from jiesu.city.workspace import job_of
from jiesu.core.problems import InputError
from jiesu.sources.canonical_file import CanonicalWriter
from jiesu.sources.readers import expand_inputs

ROOT = Path(__file__).resolve().parents[2]

CASES = "case_id,created_at\n1,2022-02-01 08:00:00\n"


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A city folder from the template with one case file."""
    folder = tmp_path / "city"
    write_template(folder)
    (folder / "cases" / "2022-02.csv").write_text(CASES, "utf-8")
    return folder


def mistakes(folder: Path) -> list[tuple[str, str]]:
    return [(Path(problem.file).name, problem.where) for problem in check_city(folder)]


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_template_lacks_nothing_but_cases(tmp_path: Path) -> None:
    write_template(tmp_path / "new")
    (problem,) = check_city(tmp_path / "new")
    assert Path(problem.file) == tmp_path / "new" / "cases"
    assert "no data file" in problem.what
    (tmp_path / "new" / "cases" / "2022-02.csv").write_text(CASES, "utf-8")
    assert check_city(tmp_path / "new") == []


def test_a_list_by_a_measure_that_nothing_gives_is_named(city: Path) -> None:
    text = (city / "policy.toml").read_text("utf-8")
    rule = '\n[[lists]]\nkey = "x"\nkind = "measure"\nmeasure = "xx"\ntitle = "甲"\n'
    (city / "policy.toml").write_text(text + rule, "utf-8")
    [problem] = check_city(city)
    assert str(problem).startswith(f"policy.toml, line {text.count(chr(10)) + 5}, lists[")
    assert "nothing gives the measure 'xx'" in problem.what
    (city / "measures.toml").write_text(
        '[[measures]]\nkey = "xx"\ntitle = "甲"\nmeasured_in = "%"\ndirection = "lower"\n'
        'source = "局"\n',
        "utf-8",
    )
    assert check_city(city) == []


def test_the_template_is_complete_and_described_in_both_languages(city: Path) -> None:
    found = {str(path.relative_to(city)) for path in city.rglob("*") if path.is_file()}
    assert found == {*TEMPLATE_FILES, "cases/2022-02.csv"}
    described = read_city(city)
    assert set(described.name) == {"zh", "en"}
    assert not described.synthetic
    assert {unit.kind for unit in read_units(city / "units.csv")} == {
        "district",
        "street",
        "department",
        "enterprise",
    }


def test_the_template_goes_into_an_empty_folder_and_never_over_anything(tmp_path: Path) -> None:
    write_template(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(InputError, match="the folder is not empty"):
        write_template(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    with pytest.raises(InputError, match="not a folder"):
        write_template(tmp_path / "city.toml")


def test_the_example_and_a_synthetic_city_have_no_mistakes(tmp_path: Path) -> None:
    assert check_city(ROOT / "examples" / "small-city") == []
    for format in ("csv", "parquet"):
        write_city(
            tmp_path / format,
            period="2022-02",
            months=1,
            cases=50,
            seed=1,
            format=format,
        )
        assert check_city(tmp_path / format) == []


def test_the_mistakes_of_all_files_are_named_in_one_run(city: Path) -> None:
    replace(city / "city.toml", 'time_zone = "Asia/Shanghai"', 'time_zone = "Asia/Peking"')
    replace(city / "city.toml", 'language = "zh"', 'langauge = "zh"')
    replace(city / "units.csv", "B,乙区", "A,乙区")
    replace(city / "units.csv", "70000", "many")
    replace(city / "policy.toml", "weight = 0.10", "weight = 0.15")
    replace(city / "policy.toml", "decimals = 1", "decimal = 1")
    (city / "adjustments.csv").write_text(
        "unit,period,points,reason,approval\nA01,2022-2,1,r,a\n", "utf-8"
    )
    (city / "cases" / "2022-02.csv").write_text("编号,时间\n1,2022-02-01\n", "utf-8")
    found = mistakes(city)
    assert [where for name, where in found if name == "city.toml"] == ["time_zone", "langauge"]
    assert [where for name, where in found if name == "units.csv"] == [
        "line 3, code",
        "line 4, population",
        "line 6, parent",
    ]
    assert [where for name, where in found if name == "adjustments.csv"] == ["line 2, period"]
    assert {where for name, where in found if name == "policy.toml"} >= {"decimal"}
    assert len([name for name, _ in found if name == "policy.toml"]) == 2
    assert [name for name, _ in found if name == "2022-02.csv"] == ["2022-02.csv"]
    assert all(problem.what and problem.remedy for problem in check_city(city))


def test_the_other_files_are_checked_where_city_toml_is_broken(city: Path) -> None:
    (city / "city.toml").write_text("name = ", "utf-8")
    replace(city / "units.csv", "A01", "")
    replace(city / "policy.toml", "decimals = 1", "decimals = 99")
    (city / "adjustments.csv").write_text("unit,period\n", "utf-8")
    assert {name for name, _ in mistakes(city)} == {
        "city.toml",
        "units.csv",
        "policy.toml",
        "adjustments.csv",
    }


def test_inputs_that_are_not_there_are_each_named(city: Path) -> None:
    replace(
        city / "city.toml",
        'cases = ["cases"]',
        'cases = ["cases", "more/*.csv", "one.csv"]\nboundaries = "map.geojson"',
    )
    replace(city / "city.toml", 'profile = "jiesu"', 'profile = "ours.toml"')
    replace(city / "city.toml", 'policy = "policy.toml"', 'policy = ["policy.toml", "bejing"]')
    replace(city / "city.toml", 'units = "units.csv"', 'units = "unit.csv"')
    assert {name for name, _ in mistakes(city)} == {
        "unit.csv",
        "bejing",
        "ours.toml",
        "*.csv",
        "one.csv",
        "map.geojson",
    }


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('{"type": "FeatureCollection", "features": []}', None),
        ('{"type": "FeatureCollection", "features": [{"properties": {}}]}', "features[1]"),
        ('{"type": "FeatureCollection"}', "features"),
        ('{"type": "Topology"}', "type"),
        ("<html>", ""),
        ("[" * 100_000, ""),
    ],
)
def test_boundaries_must_be_areas_with_codes(city: Path, content: str, where: str | None) -> None:
    replace(city / "city.toml", "# boundaries", "boundaries")
    (city / "boundaries.geojson").write_text(content, "utf-8")
    assert mistakes(city) == ([] if where is None else [("boundaries.geojson", where)])


RING = "[[0, 0], [0, 1], [1, 1], [0, 0]]"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize(
    ("kind", "coordinates", "what"),
    [
        ("Polygon", f"[{RING}]", ""),
        ("Polygon", f"[{RING}, {RING}]", ""),
        ("MultiPolygon", f"[[{RING}], [{RING}]]", ""),
        ("Polygon", "[[[0, 0, 5], [0, 1, 5], [1.5, 1, 5]]]", ""),
        ("Point", "[0, 0]", "no area"),
        ("MultiPolygon", "[]", "no area"),
        ("Polygon", "[]", "no ring"),
        ("MultiPolygon", f"[[{RING}], []]", "no ring"),
        ("MultiPolygon", f"[[{RING}], 5]", "no ring"),
        ("Polygon", f"[{RING}, [[0, 0]]]", "fewer than three"),
        ("Polygon", f"[{RING}, 7]", "fewer than three"),
        ("Polygon", '[[["0", "0"], ["0", "1"], ["1", "1"]]]', "in degrees"),
        ("Polygon", "[[[0, 0], [0, 1], [1]]]", "in degrees"),
        ("Polygon", "[[[0, 0], [0, 1], [true, false]]]", "in degrees"),
        ("Polygon", "[[[0, 0], [0, 1], [NaN, 1]]]", "in degrees"),
        ("Polygon", "[[[0, 0], [0, 1], [Infinity, 1]]]", "in degrees"),
        ("Polygon", f"[[[0, 0], [0, 1], [{10**400}, 1]]]", "in degrees"),
        ("MultiPolygon", f"[[{RING}], [[[0, 0], [0, 1], [1, null]]]]", "in degrees"),
        ("Polygon", "[[[39500000, 4400000], [39500001, 4400000], [39500000, 4400001]]]", "degrees"),
    ],
)
def test_every_point_of_the_boundaries_is_checked(
    city: Path, kind: str, coordinates: str, what: str, encoding: str
) -> None:
    replace(city / "city.toml", "# boundaries", "boundaries")
    feature = (
        f'{{"properties": {{"code": "1"}}, '
        f'"geometry": {{"type": "{kind}", "coordinates": {coordinates}}}}}'
    )
    text = f'{{"type": "FeatureCollection", "features": [{feature}]}}'
    (city / "boundaries.geojson").write_text(text, encoding)
    found = check_city(city)
    if not what:
        assert found == []
        return
    (problem,) = found
    assert (problem.file, problem.where) == ("boundaries.geojson", "features[1]")
    assert what in problem.what


def test_overlapping_versions_of_a_policy_are_a_mistake(city: Path) -> None:
    later = (city / "policy.toml").read_text("utf-8").replace("2018-12-19", "2022-12-19")
    (city / "policy-2023.toml").write_text(later, "utf-8")
    replace(
        city / "city.toml", 'policy = "policy.toml"', 'policy = ["policy.toml", "policy-2023.toml"]'
    )
    (problem,) = check_city(city)
    assert problem.where == "valid_to"
    replace(city / "policy.toml", "decimals", "valid_to = 2022-12-19\ndecimals")
    assert check_city(city) == []


def test_points_that_the_policy_does_not_count_are_named(city: Path) -> None:
    header = "unit,period,points,reason,approval\n"
    (city / "adjustments.csv").write_text(f"{header}A01,2022-02,1,r,a\nA01,2022,-1,r,\n", "utf-8")
    (problem,) = check_city(city)
    assert (problem.file, problem.where) == ("adjustments.csv", "points")
    assert "max_bonus is 0" in problem.what
    with (city / "policy.toml").open("a", encoding="utf-8") as policy:
        policy.write("\n[adjustments]\nmax_bonus = 2\n")
    assert check_city(city) == []


def test_a_case_file_that_is_not_what_it_says_is_named(city: Path) -> None:
    (city / "cases" / "a.csv").write_bytes(b"")
    (city / "cases" / "b.csv").write_text("<!DOCTYPE html><html>login</html>", "utf-8")
    (city / "cases" / "c.parquet").write_bytes(b"PAR1nonsense")
    assert {name for name, _ in mistakes(city)} == {"a.csv", "b.csv", "c.parquet"}


def test_a_canonical_file_is_checked_against_any_profile_but_our_own(city: Path) -> None:
    (city / "cases" / "2022-02.csv").unlink()
    with CanonicalWriter(city / "cases" / "2022-02.parquet", unique=True) as writer:
        writer.write(pa.table({"case_id": ["1"], "created_at": [datetime(2022, 2, 1, tzinfo=UTC)]}))
    assert check_city(city) == []
    replace(city / "city.toml", 'profile = "jiesu"', 'profile = "open311"')
    job = replace_fields(job_of(city, "2022-02"), formats=())
    with pytest.raises(InputError) as error:
        run(job, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert check_city(city) == list(error.value.problems)
    assert mistakes(city) == [("2022-02.parquet", "")]


def test_patterns_hold_in_a_folder_whose_name_looks_like_one(tmp_path: Path) -> None:
    folder = tmp_path / "a[1]"
    write_template(folder)
    (folder / "cases" / "2022-02.csv").write_text(CASES, "utf-8")
    (tmp_path / "a1").mkdir()
    (tmp_path / "a1" / "other.csv").write_text(CASES, "utf-8")
    for item in ("cases", "cases/*.csv", "cases/2022-02.csv"):
        replace(folder / "city.toml", '"cases"', f'"{item}"')
        assert expand_inputs(read_city(folder).cases) == [folder / "cases" / "2022-02.csv"]
        assert check_city(folder) == []
        replace(folder / "city.toml", f'"{item}"', '"cases"')
    replace(folder / "city.toml", '["cases"]', '["other.csv"]')
    (problem,) = check_city(folder)
    assert "no file" in problem.what


def test_a_folder_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    assert mistakes(tmp_path / "nowhere") == [("city.toml", "")]


def test_a_missing_profile_is_named_once(city: Path) -> None:
    replace(city / "city.toml", 'profile = "jiesu"', "")
    assert ("city.toml", "inputs.profile") in mistakes(city)
    assert all(problem.file for problem in check_city(city))
