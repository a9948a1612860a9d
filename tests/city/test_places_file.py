"""Reading and writing `places.csv`: the places, and every mistake with its line."""

from pathlib import Path

import pytest

from jiesu.city.places_file import CHINESE, COLUMNS, checked_places, places_bytes, read_places
from jiesu.core.places import Place
from jiesu.core.problems import InputError
from jiesu.core.units import Unit, Units

PAGE = Path(__file__).resolve().parents[2] / "docs" / "directory.md"
HEADER = ",".join(COLUMNS) + "\n"
PLACES = (
    Place("E1", "东一街道", "street", "E", "office"),
    Place("E", "东区", "district"),
    Place("E101", "-第一社区", "community", "E1"),
)
UNITS = Units.of([Unit("E", "东区", "district"), Unit("office", "东一街道", "street", "E")])


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "places.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str, language: str) -> None:
    path = tmp_path / f"places{suffix}"
    path.write_bytes(places_bytes(PLACES, suffix=suffix, language=language))
    assert tuple(read_places(path, UNITS)) == PLACES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_headers_and_kinds_are_read(tmp_path: Path, encoding: str) -> None:
    text = "名称,代码,类别,上级\n东区,E,区,\n东一街道,E1,街乡镇,E\n一社区,E101,社区村,E1\n"
    places = read_places(write(tmp_path, text, encoding))
    assert [place.kind for place in places] == ["district", "street", "community"]
    assert places.district_of("E101") == "E"


def test_without_the_file_the_places_are_those_of_the_units(tmp_path: Path) -> None:
    places = read_places(tmp_path / "places.csv", UNITS)
    assert places.streets == {"office": "E"}
    with pytest.raises(InputError, match="the file does not exist"):
        read_places(tmp_path / "places.csv")


def test_every_mistake_is_named_at_once_with_line_column_and_remedy(tmp_path: Path) -> None:
    text = HEADER + (
        "E,东区,district,,\n"
        "E,东区又,district,,\n"
        "E1,,street,E,\n"
        "E2,东二,village,E,\n"
        "E3,东三,street,X,\n"
        "E4,东四,street,E5,\n"
        "E5,东五,street,E4,\n"
        "E6,东六,district,E,\n"
        "E7,东七,street,E,nobody\n"
        f"{'E' * 33},东八,street,E,\n"
    )
    places, problems = checked_places(write(tmp_path, text), UNITS)
    assert [(problem.where, problem.what) for problem in problems] == [
        ("line 3, code", "the code E stands in line 2 already"),
        ("line 4, name", "the cell is empty"),
        ("line 5, kind", "'village' is no kind of place"),
        ("line 6, parent", "no place has the code 'X'"),
        ("line 7, parent", "a street cannot lie in a street"),
        ("line 8, parent", "a street cannot lie in a street"),
        ("line 9, parent", "a district cannot lie in a district"),
        ("line 10, unit", "no unit has the code 'nobody'"),
        ("line 11, code", "has more than 32 characters"),
    ]
    assert places["E4"].parent is None
    with pytest.raises(InputError, match="give each place its own code"):
        read_places(tmp_path / "places.csv")


def test_an_empty_file_is_a_mistake(tmp_path: Path) -> None:
    [problem] = checked_places(write(tmp_path, HEADER))[1]
    assert problem.what == "no place in the file"


def test_every_column_is_described_with_its_chinese_header() -> None:
    page = PAGE.read_text("utf-8").split("## places.csv")[1].split("## ")[0]
    for chinese, column in CHINESE.items():
        assert f"| `{column}` | {chinese} |" in page
