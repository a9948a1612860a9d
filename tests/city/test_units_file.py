"""Reading `units.csv`: the units, and every mistake with its line."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from jiesu.city.units_file import checked_units, read_units, units_bytes
from jiesu.core.problems import InputError

HEADER = "code,name,kind,parent,population,valid_from,valid_to\n"


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "units.csv"
    path.write_bytes(text.encode(encoding))
    return path


def mistakes(path: Path) -> list[tuple[str, str]]:
    return [(problem.where, problem.what) for problem in checked_units(path)[1]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_units_are_read_in_every_encoding_that_a_spreadsheet_writes(
    tmp_path: Path, encoding: str
) -> None:
    text = HEADER + "E,东区,district,,95000,,\r\nE1,东一街道,street,E,40000,2020-01-01,2030-01-01\n"
    units = read_units(write(tmp_path, text, encoding))
    assert [unit.code for unit in units] == ["E", "E1"]
    street = units["E1"]
    assert (street.name, street.kind, street.parent) == ("东一街道", "street", "E")
    assert (street.population, units["E"].parent) == (40_000, None)
    assert (street.valid_from, street.valid_to) == (date(2020, 1, 1), date(2030, 1, 1))
    assert units.children("E") == ("E1",)


def test_chinese_headers_missing_optional_columns_and_empty_lines_are_fine(tmp_path: Path) -> None:
    units = read_units(write(tmp_path, "名称,代码,类别\n住房部门,D1,department\n\n,,\n"))
    assert [(unit.code, unit.name, unit.parent) for unit in units] == [("D1", "住房部门", None)]


def test_every_mistake_is_named_at_once_with_line_column_and_remedy(tmp_path: Path) -> None:
    text = HEADER + (
        "E,东区,district,,95000,,\n"
        "E,东区又,district,,,,\n"
        "E1,,street,E,-5,,\n"
        "E2,东二,street,X,12.5,2022-13-01,\n"
        "E3,东三,street,E,,2022-02-01,2022-02-01\n"
        "A,甲,street,B,,,\n"
        "B,乙,street,A,,,\n"
        "F,己,street,F,,,\n"
        "G,庚,street,E,1,,,extra\n"
    )
    path = write(tmp_path, text)
    assert mistakes(path) == [
        ("line 3, code", "the code E stands in line 2 already"),
        ("line 4, name", "the cell is empty"),
        ("line 4, population", "'-5' is not a number of residents"),
        ("line 5, valid_from", "'2022-13-01' is not a date"),
        ("line 5, population", "'12.5' is not a number of residents"),
        ("line 5, parent", "no unit has the code 'X'"),
        ("line 6, valid_to", "ends on 2022-02-01 but begins on 2022-02-01"),
        ("line 7, parent", "the parents go in a circle: A → B → A"),
        ("line 9, parent", "the parents go in a circle: F → F"),
        ("line 10", "8 cells where the first line has 7"),
    ]
    with pytest.raises(InputError) as error:
        read_units(path)
    assert len(error.value.problems) == 10
    assert all(problem.file == "units.csv" and problem.remedy for problem in error.value.problems)


def test_a_long_chain_that_ends_in_a_circle_names_only_the_circle(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "A,a,x,B,,,\nB,b,x,C,,,\nC,c,x,B,,,\n")
    assert mistakes(path) == [("line 3, parent", "the parents go in a circle: B → C → B")]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (HEADER.encode(), "no unit in the file"),
        (b"code,name\nE,x\n", "the column kind is missing"),
        (b"code,name,kind,note\nE,x,street,\n", "the column 'note' is not known"),
        (b"code,name,kind,kind\nE,x,street,\n", "the column kind stands twice"),
        (b"\xff\xfe\x00\x81\xff", "neither UTF-8 nor GB18030 text"),
        (b"code,name,kind\nE,\x00,street\n", "neither UTF-8 nor GB18030 text"),
        (b'code,name,kind\nE,"open,street\n', "not a CSV line (unexpected end of data)"),
        ("code,name,kind\nE,东城区,district\n".encode() + b"W,\xe8\xa5,x\n", "broken UTF-8 text"),
        (b'code,name,kind\nE,"x\ny",street\n', "a cell holds a line break or a control character"),
        (b"code,name,kind\nE;F,x,street\n", "the code holds ';', which separates codes in a list"),
        (b"<html><body>login</body></html>", "the column code is missing"),
    ],
)
def test_a_file_that_is_no_units_file_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "units.csv"
    path.write_bytes(content)
    assert what in [found for _, found in mistakes(path)]


def test_a_chain_of_many_parents_is_followed_in_a_moment_and_a_long_circle_cut(
    tmp_path: Path,
) -> None:
    chain = [f"{n},u,x,{n + 1},,,\n" for n in range(20_000)]
    whole = write(tmp_path, HEADER + "".join(chain) + "20000,u,x,,,,\n")
    assert mistakes(whole) == []
    closed = write(tmp_path, HEADER + "".join(chain) + "20000,u,x,0,,,\n")
    what = "the parents go in a circle: 0 → 1 → 2 → 3 → 4 → … → 0"
    assert mistakes(closed) == [("line 2, parent", what)]


def test_a_missing_file_and_a_folder_are_problems_and_not_faults(tmp_path: Path) -> None:
    assert mistakes(tmp_path / "units.csv") == [("", "the file does not exist")]
    assert mistakes(tmp_path)[0][1] == "this is no regular file"


def test_units_are_written_as_they_are_read(tmp_path: Path) -> None:
    text = HEADER + "E,东区,district,,95000,,\nE1,=东一,street,E,,2020-01-01,2030-01-01\n"
    text += "E2,东二,street,E,,,\n"
    units = read_units(write(tmp_path, text))
    (tmp_path / "units.csv").write_bytes(units_bytes(units))
    assert read_units(tmp_path / "units.csv") == units
    assert "successor" not in (tmp_path / "units.csv").read_text("utf-8")
    merged = [replace(units["E1"], successor="E2"), units["E2"], units["E"]]
    (tmp_path / "units.csv").write_bytes(units_bytes(merged))
    assert list(read_units(tmp_path / "units.csv")) == merged


def test_a_unit_is_merged_into_another_one_that_there_is(tmp_path: Path) -> None:
    header = HEADER.replace("valid_to", "valid_to,并入")
    path = write(tmp_path, header + "E,东区,district,,,,,X\nF,西区,district,,,,,F\n")
    assert mistakes(path) == [
        ("line 2, successor", "no unit has the code 'X'"),
        ("line 3, successor", "a unit is merged into itself"),
    ]


def test_a_unit_is_merged_into_one_of_its_kind_and_not_in_a_circle(tmp_path: Path) -> None:
    header = HEADER.replace("valid_to", "valid_to,successor")
    text = "E1,一,street,,,,,D\nD,部,department,,,,,\nA,甲,street,,,,,B\nB,乙,street,,,,,A\n"
    assert mistakes(write(tmp_path, header + text)) == [
        ("line 2, successor", "a street cannot be merged into a department"),
        ("line 4, successor", "the units succeed each other in a circle: A → B → A"),
    ]
