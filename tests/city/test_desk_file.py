"""The desk's rules of a folder: one file, several versions, or those that jiesu ships."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from jiesu.city.check import check_city
from jiesu.city.desk_file import checked_desk, read_desk, shipped_desk
from jiesu.city.desk_folder import checked_desk_folder
from jiesu.city.synth.write import write_city
from jiesu.core.problems import InputError, Problem
from tests.cases.folder import replace_in, small_folder

ON = date(2022, 2, 8)


def version(folder: Path, name: str, begins: str) -> Path:
    """A copy of the shipped rules with its own version and first day."""
    text = shipped_desk().decode().replace('version = "2022"', f'version = "{name}"')
    path = folder / f"{name}.toml"
    path.write_text(text.replace("valid_from = 2018-12-19", begins), "utf-8")
    return path


def errors(folder: Path, on: date) -> list[Problem]:
    """What keeps the folder's directory from being taken into use on a day."""
    found, problems = checked_desk_folder(folder)
    assert found is not None
    assert problems == []
    return list(found.directory_errors(on))


def test_without_a_file_the_shipped_rules_hold() -> None:
    [found] = read_desk(None)
    assert found.rules.version == "2022"
    assert found.rules.digest == sha256(shipped_desk()).hexdigest()
    assert found.text.encode() == shipped_desk()


def test_the_digest_is_that_of_the_files_bytes_whatever_its_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "desk.toml"
    path.write_bytes(b"\xef\xbb\xbf" + shipped_desk().replace(b"\n", b"\r\n"))
    [found] = read_desk(path)
    assert found.rules.digest == sha256(path.read_bytes()).hexdigest()
    assert found.text.encode() == path.read_bytes()


def test_a_folder_holds_versions_by_their_first_days(tmp_path: Path) -> None:
    version(tmp_path, "a", "valid_from = 2023-01-01")
    version(tmp_path, "b", "")
    version(tmp_path, "c", "valid_from = 2022-01-01")
    assert [found.rules.version for found in read_desk(tmp_path)] == ["b", "c", "a"]


def test_versions_of_one_name_or_of_one_first_day_are_refused(tmp_path: Path) -> None:
    version(tmp_path, "a", "valid_from = 2023-01-01")
    version(tmp_path, "b", "valid_from = 2023-01-01")
    replace_in(version(tmp_path, "c", ""), 'version = "c"', 'version = "a"')
    problems = checked_desk(tmp_path)[1]
    assert [(problem.file, problem.where) for problem in problems] == [
        (f"{tmp_path.name}/b.toml", "valid_from"),
        (f"{tmp_path.name}/a.toml", "version"),
    ]


def test_a_file_that_is_missing_and_a_folder_without_rules_are_named(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    for path in (tmp_path / "none.toml", tmp_path / "rules"):
        with pytest.raises(InputError) as caught:
            read_desk(path)
        assert caught.value.problems[0].file == path.name
        assert caught.value.problems[0].remedy


def test_what_the_desk_takes_from_a_folder_is_read_together(tmp_path: Path) -> None:
    found, problems = checked_desk_folder(small_folder(tmp_path / "city"))
    assert problems == []
    assert found is not None
    assert (len(found.units), len(found.dispatch.places)) == (5, 4)
    assert [one.version for one in found.dispatch.directories] == ["2021-12-19"]
    assert found.calendar.weekend == {6, 7}
    assert found.policy_text(found.policies[0]).encode().decode("utf-8")


def test_mistakes_of_all_the_desks_files_are_named_at_once(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "city")
    desk = shipped_desk().decode().replace("soon_hours = 24", "soon_hours = 0")
    (folder / "desk.toml").write_text(desk, "utf-8")
    (folder / "calendar.csv").write_text("date,kind\n2022-02-30,holiday\n", "utf-8")
    replace_in(folder / "units.csv", "A,甲区", ",甲区")
    replace_in(folder / "places.csv", "S1,甲一街道,street", "S1,甲一街道,town")
    files = {problem.file for problem in checked_desk_folder(folder)[1]}
    assert files == {"desk.toml", "calendar.csv", "units.csv", "places.csv"}
    assert files <= {problem.file for problem in check_city(folder)}


def test_a_directory_that_contradicts_itself_is_named_with_its_line(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "city")
    path = folder / "directory" / "2021-12-19.csv"
    path.write_text(path.read_text("utf-8") + "供暖,,,,,D01,,,9h,\n", "utf-8")
    for problems in (errors(folder, ON), check_city(folder)):
        found = [(one.file, one.where) for one in problems if one.file.startswith("directory/")]
        assert found == [
            ("directory/2021-12-19.csv", "line 4"),
            ("directory/2021-12-19.csv", "line 5"),
        ]


def test_a_version_of_the_directory_that_has_ended_is_let_be(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "city")
    old = folder / "directory" / "2020-01-01.csv"
    old.write_text("category_1,unit\n没有的分类,E01\n", "utf-8")
    assert errors(folder, ON) == []
    assert [problem.file for problem in errors(folder, date(2021, 1, 1))] == [
        "directory/2020-01-01.csv"
    ]


def test_the_titles_of_kinds_stand_for_their_keys(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "city")
    replace_in(folder / "directory" / "2021-12-19.csv", "complaint", "投诉")
    found, problems = checked_desk_folder(folder)
    assert problems == []
    assert found is not None
    assert found.dispatch.directories[0].entries[1].kind == "complaint"


def test_a_folder_without_units_cannot_be_worked_with(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "city")
    replace_in(folder / "city.toml", 'units = "units.csv"', "")
    found, problems = checked_desk_folder(folder)
    assert found is None
    assert [problem.where for problem in problems] == ["inputs.units"]


def test_a_synthetic_city_has_all_that_the_desk_needs(tmp_path: Path) -> None:
    write_city(tmp_path / "city", period="2022-02", months=1, cases=20, seed=1)
    found, problems = checked_desk_folder(tmp_path / "city")
    assert problems == []
    assert found is not None
    assert found.findings(found.dispatch.directories[0], ON) == []
