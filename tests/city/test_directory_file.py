"""The files of the dispatch directory: read with every mistake, written as they are read."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import load_workbook

from jiesu.city.directory_file import (
    CHINESE,
    COLUMNS,
    UNIT_WORDS,
    VIA_WORDS,
    checked_directories,
    checked_entries,
    directory_bytes,
    read_directories,
    read_entries,
    write_directories,
)
from jiesu.city.spreadsheet import xlsx_bytes
from jiesu.core.directory import DISTRICT, LONGEST, STREET, VIA, Directory, Entry, mistakes_of
from jiesu.core.problems import InputError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "directory.md"
HEADER = ",".join(COLUMNS) + "\n"

ENTRIES = (
    Entry(
        "住房", "物业管理", "", "E1", "complaint", STREET, ("D1", DISTRICT), "direct", "24h", "注"
    ),
    Entry("", "", "", "", "", DISTRICT, via="district"),
    Entry("00123", "1e5", "3.0", "110101001000", "TRUE", "-X", ("=A1",), note='\'=1+2, "x"'),
)


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def mistakes(path: Path) -> list[tuple[str, str]]:
    return [(problem.where, problem.what) for problem in checked_entries(path)[1]]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str, language: str) -> None:
    content = directory_bytes(ENTRIES, suffix=suffix, language=language)
    path = write(tmp_path / f"d{suffix}", content)
    assert read_entries(path) == ENTRIES
    assert [entry.line for entry in read_entries(path)] == [2, 3, 4]
    assert content == directory_bytes(ENTRIES, suffix=suffix, language=language)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_it_is_read_as_people_write_it(tmp_path: Path, encoding: str) -> None:
    text = (
        "主办单位,一级分类,二级分类,派单方式,协办单位,诉求类型,备注\r\n"
        "（属地街道）,住房,*,,（属地区）；D1; ,投诉,\r\n\r\n"
        "@district,*,,区分转,,*,\r\n"
    )
    entries = read_entries(
        write(tmp_path / "d.csv", text.encode(encoding)), kinds={"投诉": "complaint"}
    )
    assert entries == (
        Entry("住房", "", "", "", "complaint", STREET, (DISTRICT, "D1")),
        Entry("", "", "", "", "", DISTRICT, via="district"),
    )
    assert [entry.line for entry in entries] == [2, 4]


def test_numbers_that_excel_made_of_codes_are_codes_again(tmp_path: Path) -> None:
    from xlsxwriter import Workbook

    with Workbook(tmp_path / "d.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["category_1", "place", "unit"])
        sheet.write_row(1, 0, ["住房", 110101001000, 110101])
    assert read_entries(tmp_path / "d.xlsx") == (
        Entry("住房", "", "", "110101001000", "", "110101"),
    )


def test_every_mistake_is_named_at_once_with_line_and_column(tmp_path: Path) -> None:
    text = HEADER + (
        ",b,,,,D1,,,,\n"
        "a,,,,,,,,,\n"
        "a,,,,,@streets,,,,\n"
        "a,,,,,D1,D1,round,,\n"
        "a,,,,,D1,,,,,extra\n"
        f"a,,,,,D1,,,,{'x' * 201}\n"
    )
    path = write(tmp_path / "d.csv", text.encode())
    assert mistakes(path) == [
        ("line 2, category_1", "empty above a level that is named"),
        ("line 3, unit", "the cell is empty"),
        ("line 4, unit", "'@streets' is no word of the directory"),
        ("line 5, via", "'round' is not known"),
        ("line 5, assist_units", "a unit stands twice"),
        ("line 6", "11 cells where the first line has 10"),
        ("line 7, note", "has more than 200 characters"),
    ]
    with pytest.raises(InputError, match=r"d\.csv, line 3, unit: the cell is empty; write a unit"):
        read_entries(path)


@pytest.mark.parametrize(
    ("header", "what"),
    [
        (["category_1"], "the column unit is missing"),
        (["category_1", "unit", "unit"], "the column unit stands twice"),
        (["category_1", "unit", "colour"], "the column 'colour' is not known"),
    ],
)
def test_a_header_that_is_wrong_is_named_in_both_forms(
    tmp_path: Path, header: list[str], what: str
) -> None:
    csv_path = write(tmp_path / "d.csv", (",".join(header) + "\na,D1,D1\n").encode())
    xlsx_path = write(tmp_path / "d.xlsx", xlsx_bytes("d", header, [["a", "D1", "D1"]]))
    assert mistakes(csv_path) == mistakes(xlsx_path) == [("line 1", what)]


def test_a_broken_workbook_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "d.xlsx", b"no workbook")
    [(_, what)] = mistakes(path)
    assert what == "is no Excel workbook, or a damaged one"


def test_no_cell_is_a_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    texts = list(csv.reader(io.StringIO(directory_bytes(ENTRIES).decode())))
    path = write(tmp_path / "d.xlsx", directory_bytes(ENTRIES, suffix=".xlsx"))
    cells = load_workbook(path).get_sheet_by_index(0).to_python()
    assert cells == texts
    assert not any(cell.startswith(tuple("=+-@")) for row in texts for cell in row)


def test_a_version_holds_from_the_day_in_its_name_until_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "directory"
    write(folder / "2022-07-01.xlsx", directory_bytes(ENTRIES[:1], suffix=".xlsx"))
    write(folder / "2022-01-19.csv", directory_bytes(ENTRIES))
    write(folder / "README.md", b"who keeps it")
    write(folder / "~$2022-07-01.xlsx", b"what Excel leaves")
    first, second = date(2022, 1, 19), date(2022, 7, 1)
    assert read_directories(folder) == (
        Directory("2022-01-19", first, second, ENTRIES),
        Directory("2022-07-01", second, None, ENTRIES[:1]),
    )
    assert read_directories(tmp_path / "none") == ()


def test_files_with_other_names_and_two_for_a_day_are_mistakes(tmp_path: Path) -> None:
    folder = tmp_path / "directory"
    for name in ("2022-01-19.csv", "2022-01-19.xlsx", "2022-1-1.csv", "2022-02-30.csv", "a.txt"):
        suffix = ".xlsx" if name.endswith("x") else ".csv"
        write(folder / name, directory_bytes(ENTRIES, suffix=suffix))
    write(folder / "2022-03-01.csv", (HEADER + "a\n").encode())
    versions, problems = checked_directories(folder)
    assert [version.version for version in versions] == ["2022-01-19", "2022-03-01"]
    assert [(problem.file, problem.what) for problem in problems] == [
        ("directory/2022-01-19.xlsx", "2022-01-19.csv is for the same day"),
        ("directory/2022-02-30.csv", "the name is no day with .csv or .xlsx"),
        ("directory/2022-1-1.csv", "the name is no day with .csv or .xlsx"),
        ("directory/a.txt", "the name is no day with .csv or .xlsx"),
        ("directory/2022-03-01.csv", "the cell is empty"),
    ]


def test_versions_are_written_and_days_without_one_get_an_empty_one(tmp_path: Path) -> None:
    days = [date(2022, month, 1) for month in (1, 3, 5, 7)]
    versions = [
        Directory("b", days[2], days[3], ENTRIES[:1]),
        Directory("a", days[0], days[1], ENTRIES),
    ]
    write_directories(tmp_path / "directory", versions)
    read = read_directories(tmp_path / "directory")
    assert [(one.valid_from, len(one.entries)) for one in read] == [
        (days[0], 3), (days[1], 0), (days[2], 1), (days[3], 0)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("begins", "what"),
    [(None, "has no first day"), (date(2022, 2, 1), "holds on 2022-02-01 too")],
)
def test_versions_that_files_cannot_tell_are_refused(
    tmp_path: Path, begins: date | None, what: str
) -> None:
    versions = [
        Directory("a", date(2022, 1, 1), date(2022, 2, 2), ()),
        Directory("b", begins, None, ()),
    ]
    with pytest.raises(InputError, match=what):
        write_directories(tmp_path / "directory", versions)


def test_every_column_and_every_word_is_described_with_its_chinese() -> None:
    page = PAGE.read_text("utf-8").split("## places.csv")[0]
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    rows = {line.split("`")[1]: [cell.strip() for cell in line.split("|")] for line in lines}
    assert list(CHINESE.values()) == list(COLUMNS)
    for chinese, column in CHINESE.items():
        assert rows[column][2] == chinese
    for word in (STREET, DISTRICT):
        row = rows[UNIT_WORDS["en"][word]]
        assert row[2:4] == [UNIT_WORDS["zh"][word], f"`{word}`"]
    assert all(f"`{en}` ({VIA_WORDS['zh'][en]})" in rows["via"][3] for en in VIA_WORDS["en"])


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=12).map(str.strip)
CODE = TEXT.filter(lambda text: text and not set(text) & set(";；"))


@st.composite
def any_entry(draw: st.DrawFn) -> Entry:
    names = draw(st.lists(TEXT.filter(bool), max_size=3))
    one, two, three = (*names, "", "", "")[:3]
    unit = st.sampled_from((STREET, DISTRICT)) | CODE
    units = draw(st.lists(unit, min_size=1, max_size=4, unique=True))
    via = draw(st.sampled_from(VIA))
    rest = draw(TEXT), draw(TEXT)
    return Entry(one, two, three, *rest, units[0], tuple(units[1:]), via, draw(TEXT), draw(TEXT))


@given(st.lists(any_entry(), max_size=6), st.sampled_from([".csv", ".xlsx"]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_an_entry_may_say_is_read_as_it_was_written(
    tmp_path: Path, entries: list[Entry], suffix: str
) -> None:
    valid = tuple(entry for entry in entries if not mistakes_of(entry))
    path = write(tmp_path / f"any{suffix}", directory_bytes(valid, suffix=suffix))
    assert read_entries(path) == valid
    assert set(LONGEST) <= set(COLUMNS)
