"""Reading `city.toml`: the settings, and every mistake with its key path."""

from pathlib import Path

import pytest

from jiesu.city.folder import checked_city, read_city
from jiesu.core.problems import InputError

LEAST = """
name = "小城"
time_zone = "Asia/Shanghai"
[inputs]
cases = "cases"
profile = "jiesu"
policy = "beijing"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "city.toml").write_text(text, "utf-8")
    return folder


def mistakes(folder: Path) -> list[tuple[str, str]]:
    return [(problem.where, problem.what) for problem in checked_city(folder)[1]]


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    city = read_city(write(tmp_path, LEAST))
    assert city.name == {"zh": "小城", "en": "小城"}
    assert (city.language, city.calendar, city.synthetic) == ("zh", "none", False)
    assert city.cases == (tmp_path / "cases",)
    assert (city.profile, city.policies) == ("jiesu", ("beijing",))
    assert (city.units, city.adjustments, city.boundaries) == (None, None, None)
    assert city.zone.key == "Asia/Shanghai"


def test_paths_are_joined_to_the_folder_and_names_are_kept(tmp_path: Path) -> None:
    text = LEAST.replace('"cases"', '["a.csv", "more/*.csv"]')
    text = text.replace('"beijing"', '["2021.toml", "rules/2022.toml", "on-time"]')
    text = text.replace('"jiesu"', '"ours.toml"') + 'units = "u.csv"\nadjustments = "a/b.csv"\n'
    city = read_city(write(tmp_path, text))
    assert city.cases == (tmp_path / "a.csv", tmp_path / "more/*.csv")
    assert city.policies == (tmp_path / "2021.toml", tmp_path / "rules/2022.toml", "on-time")
    assert city.profile == tmp_path / "ours.toml"
    assert (city.units, city.adjustments) == (tmp_path / "u.csv", tmp_path / "a/b.csv")


def test_a_folder_of_policy_versions_is_taken_as_one(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    city = read_city(write(tmp_path, LEAST.replace('"beijing"', '"policies"')))
    assert city.policies == (tmp_path / "policies",)


def test_every_mistake_is_named_with_its_key_path(tmp_path: Path) -> None:
    text = """
    nmae = "x"
    time_zone = "Beijing"
    language = "fr"
    calendar = 7
    synthetic = "yes"
    [inputs]
    cases = []
    profile = ""
    units = 5
    inputs = "x"
    """
    found = mistakes(write(tmp_path, text))
    assert {where for where, _ in found} == {
        "name",
        "nmae",
        "time_zone",
        "language",
        "calendar",
        "synthetic",
        "inputs.cases",
        "inputs.profile",
        "inputs.policy",
        "inputs.units",
        "inputs.inputs",
    }
    with pytest.raises(InputError) as error:
        read_city(tmp_path)
    assert len(error.value.problems) == len(found)
    assert all(problem.file == "city.toml" and problem.remedy for problem in error.value.problems)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"name = \n", "not TOML: "),
        ("name = '城'".encode("gb18030"), "not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_toml_is_one_problem(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "city.toml").write_bytes(content)
    ((_, found),) = mistakes(tmp_path)
    assert found.startswith(what)


def test_a_missing_folder_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    assert mistakes(tmp_path) == [("", "the folder has no such file")]
    ((_, found),) = mistakes(tmp_path / "nowhere")
    assert found.startswith("there is no folder")
