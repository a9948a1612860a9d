"""One table in every format gives one canonical table."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from jiesu.core.problems import InputError

from .conftest import Take

PROFILE = """
zone = "Asia/Shanghai"
[columns]
case_id = "编号"
unit = "单位"
location = "地址"
created_at = "受理时间"
due_at = "时限"
excluded = { from = "剔除", values = { true = "是", false = "否" } }
"""

HEADERS = ("编号", "单位", "地址", "受理时间", "时限", "剔除")


def moment(day: int, hour: int, minute: int) -> datetime:
    return datetime(2022, 2, day, hour, minute)  # noqa: DTZ001


ROWS: list[tuple[Any, ...]] = [
    ("20220201000001", "八里庄街道", "路口, 近桥", moment(1, 8, 5), moment(9, 0, 0), "是"),
    ("20220201000002", "", "甲 5 号\n乙 6 号", moment(1, 9, 30), None, "否"),
    ("20220201000003", "城管委", '"引号"', moment(2, 23, 59), moment(10, 0, 0), ""),
    ("007", "城管委", "", moment(3, 0, 0), None, ""),
]
EXPECTED = [
    ("20220201000001", "八里庄街道", "路口, 近桥", (1, 0, 5), (8, 16, 0), True),
    ("20220201000002", None, "甲 5 号\n乙 6 号", (1, 1, 30), None, False),
    ("20220201000003", "城管委", '"引号"', (2, 15, 59), (9, 16, 0), None),
    ("007", "城管委", None, (2, 16, 0), None, None),
]


def texts(row: tuple[Any, ...]) -> list[str]:
    return ["" if cell is None else str(cell) for cell in row]


def delimited(delimiter: str = ",", end: str = "\n") -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerow(HEADERS)
    writer.writerows(texts(row) for row in ROWS)
    return out.getvalue()


def xlsx(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("other")
        sheet = book.add_worksheet("工单")
        form = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for number, cells in enumerate([HEADERS, *ROWS]):
            for column, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number + 2, column, cell, form)
                elif cell is not None:
                    sheet.write_string(number + 2, column, cell)


def objects() -> list[dict[str, Any]]:
    rows = []
    for row in ROWS:
        cells = (cell.isoformat() if isinstance(cell, datetime) else cell for cell in row)
        rows.append(dict(zip(HEADERS, cells, strict=True)))
    return rows


def parquet(path: Path) -> None:
    columns = [list(column) for column in zip(*ROWS, strict=True)]
    table = pa.table(dict(zip(HEADERS, columns, strict=True)))
    due = table.column("时限").cast(pa.timestamp("s"))
    unit = table.column("单位").dictionary_encode()
    table = table.set_column(4, "时限", due).set_column(1, "单位", unit)
    excluded = pa.array([True, False, None, None])
    pq.write_table(table.set_column(5, "剔除", excluded), path)


FORMS: dict[str, Callable[[Path], object]] = {
    "a.csv": lambda path: path.write_bytes(delimited().encode()),
    "crlf.csv": lambda path: path.write_bytes(delimited(end="\r\n").encode()),
    "bom.csv": lambda path: path.write_bytes(delimited().encode("utf-8-sig")),
    "gb.csv": lambda path: path.write_bytes(delimited().encode("gb18030")),
    "semicolon.csv": lambda path: path.write_bytes(delimited(";").encode()),
    "a.tsv": lambda path: path.write_bytes(delimited("\t").encode()),
    "gb.tsv.gz": lambda path: path.write_bytes(gzip.compress(delimited("\t").encode("gb18030"))),
    "a.csv.gz": lambda path: path.write_bytes(gzip.compress(delimited().encode())),
    "gz-by-content.csv": lambda path: path.write_bytes(gzip.compress(delimited().encode())),
    "sheet.xlsx": xlsx,
    "a.jsonl": lambda path: path.write_text("\n".join(map(json.dumps, objects())), "utf-8"),
    "a.jsonl.gz": lambda path: path.write_bytes(
        gzip.compress("\n".join(json.dumps(o, ensure_ascii=False) for o in objects()).encode())
    ),
    "a.json": lambda path: path.write_text(json.dumps(objects(), indent=1), "utf-8"),
    "nested.json": lambda path: path.write_text(json.dumps({"n": 4, "requests": objects()})),
    "a.parquet": parquet,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_format_gives_the_same_canonical_table(form: str, tmp_path: Path, take: Take) -> None:
    path = tmp_path / form
    FORMS[form](path)
    run = take(path, profile=PROFILE + "\n" if form != "sheet.xlsx" else 'sheet="工单"\n' + PROFILE)
    names = ("case_id", "unit", "location", "created_at", "due_at", "excluded")
    expected = [
        tuple(
            datetime(2022, 2, *cell, tzinfo=UTC) if isinstance(cell, tuple) else cell
            for cell in row
        )
        for row in EXPECTED
    ]
    assert [tuple(row[name] for name in names) for row in run.rows] == expected
    assert (run.intake.rejected, run.intake.duplicates) == (0, 0)


@pytest.mark.parametrize(
    ("form", "line"),
    [("a.csv", 5), ("gb.tsv.gz", 5), ("sheet.xlsx", 6), ("a.jsonl", 3), ("a.parquet", 3)],
)
def test_a_reject_names_the_line_or_row_of_its_format(
    form: str, line: int, tmp_path: Path, take: Take
) -> None:
    path = tmp_path / form
    FORMS[form](path)
    profile = 'sheet="工单"\n' + PROFILE if form == "sheet.xlsx" else PROFILE
    run = take(
        path,
        profile=profile.replace('unit = "单位"', 'parked = "单位"')
        .replace(
            '"剔除", values = { true = "是", false = "否" }',
            '"地址", values = { true = ["路口, 近桥", "甲 5 号\\n乙 6 号"], false = "x" }',
        )
        .replace('parked = "单位"', ""),
    )
    assert [(row["line"], row["column"], row["value"]) for row in run.rejects] == [
        (str(line), "excluded", '"引号"')
    ]


def test_typed_parquet_columns_are_read_by_their_meaning(tmp_path: Path, take: Take) -> None:
    utc = [datetime(2022, 2, 1, 0, 0, tzinfo=UTC), datetime(2022, 7, 1, 12, 0, tzinfo=UTC)]
    table = pa.table(
        {
            "id": pa.array([20220201.0, 20220202.0]),
            "at": pa.array(utc, pa.timestamp("ns", tz="America/New_York")),
            "where": pa.array([1.5, None]),
            "due": pa.array([datetime(2022, 2, 3).date(), None]),  # noqa: DTZ001
            "unit": pa.array([7, 8], pa.int16()).dictionary_encode(),
            "labels": pa.array([["a"], None]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    run = take(
        tmp_path / "a.parquet",
        profile='zone = "Asia/Shanghai"\n[columns]\ncase_id="id"\ncreated_at="at"\n'
        'location="where"\ndue_at="due"\nunit="unit"',
    )
    assert run.column("case_id") == ["20220201", "20220202"]
    assert run.column("created_at") == utc
    assert run.column("location") == ["1.5", None]
    assert run.column("due_at") == [datetime(2022, 2, 2, 16, tzinfo=UTC), None]
    assert run.column("unit") == ["7", "8"]


def unchecked(kind: pa.DataType, *values: bytes) -> pa.Array:
    raw = pa.array(values, pa.binary())
    if pa.types.is_dictionary(kind):
        indices = pa.array([*range(len(values) - 1), None], pa.int32())
        return pa.DictionaryArray.from_arrays(indices, raw.cast(pa.string(), safe=False))
    return raw if kind == raw.type else raw.cast(kind, safe=False)


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
    ids=str,
)
def test_parquet_text_that_is_not_utf_8_is_refused(
    kind: pa.DataType, tmp_path: Path, take: Take
) -> None:
    table = pa.table({"id": ["1", "2", "3"], "at": ["2022-02-01"] * 3})
    broken = table.append_column("where", unchecked(kind, b"road", b"\xff\xfe", b""))
    pq.write_table(broken, tmp_path / "a.parquet")
    with pytest.raises(InputError, match="holds text that is not UTF-8"):
        take(tmp_path / "a.parquet")
    whole = table.append_column("where", unchecked(kind, b"road", "路".encode(), b""))
    pq.write_table(whole, tmp_path / "a.parquet")
    assert take(tmp_path / "a.parquet").column("location") == ["road", "路", None]


def test_parquet_columns_with_a_point_in_their_names_are_read(tmp_path: Path, take: Take) -> None:
    table = pa.table({"a": [{"b": "no"}], "a.id": ["1"], "at": ["2022-02-01"], "where": ["x"]})
    pq.write_table(table, tmp_path / "a.parquet")
    profile = 'zone = "UTC"\n[columns]\ncase_id = "a.id"\ncreated_at = "at"\n'
    assert take(tmp_path / "a.parquet", profile=profile).column("case_id") == ["1"]


def test_timestamps_in_text_columns_are_written_in_iso_form(tmp_path: Path, take: Take) -> None:
    utc = [datetime(2022, 2, 1, 0, 0, tzinfo=UTC), None]
    zoned = pa.array(utc, pa.timestamp("us", tz="America/New_York"))
    table = pa.table({"id": ["1", "2"], "at": zoned.fill_null(utc[0]), "where": zoned})
    pq.write_table(table, tmp_path / "a.parquet")
    assert take(tmp_path / "a.parquet").column("location") == ["2022-02-01T00:00:00Z", None]


def test_half_a_surrogate_pair_in_json_does_no_harm(tmp_path: Path, take: Take) -> None:
    line = r'{"id": "1", "at": "2022-02-01", "where": "a\ud800b"}'
    (tmp_path / "a.jsonl").write_text(line)
    assert take(tmp_path / "a.jsonl").column("location") == ["a?b"]


def test_sheets_that_are_not_read_are_noted(tmp_path: Path, take: Take) -> None:
    xlsx(tmp_path / "a.xlsx")
    run = take(tmp_path / "a.xlsx", profile='sheet = "工单"\n' + PROFILE)
    assert run.intake.notes == (("other_sheets", {"file": "a.xlsx", "sheets": "other"}),)


def test_numbers_dates_and_truth_in_a_workbook_become_text(tmp_path: Path, take: Take) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "at", "where", "x"])
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for row, value in enumerate((101000295613, 2.5), start=1):
            sheet.write(row, 0, value)
            sheet.write_datetime(row, 1, moment(1, 0, 0), day)
        sheet.write(1, 2, True)
    run = take(tmp_path / "a.xlsx")
    assert run.column("case_id") == ["101000295613", "2.5"]
    assert run.column("created_at") == [datetime(2022, 1, 31, 16, tzinfo=UTC)] * 2
    assert run.column("location") == ["true", None]


def test_the_last_half_second_of_a_workbook_s_calendar_does_no_harm(
    tmp_path: Path, take: Take
) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "at", "where"])
        clock = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for number, day in enumerate((2958465.999999, 44593.9999999), start=1):
            sheet.write_number(number, 0, number)
            sheet.write_number(number, 1, day, clock)
    run = take(tmp_path / "a.xlsx")
    (row,) = run.rejects
    assert (row["line"], row["column"]) == ("2", "created_at")
    assert row["value"] == "9999-12-31T23:59:59"
    assert run.column("created_at") == [datetime(2022, 2, 1, 16, tzinfo=UTC)]


def test_numbers_and_nested_values_in_json_keep_every_digit(tmp_path: Path, take: Take) -> None:
    line = '{"id": 90071992547409931234, "at": "2022-02-01", "where": {"x": [1, 2.50]}}'
    (tmp_path / "a.jsonl").write_text(line)
    (tmp_path / "b.json").write_text(f"[{line.replace('1234', '5678')}]")
    run = take(tmp_path / "a.jsonl", tmp_path / "b.json")
    assert run.column("case_id") == ["90071992547409931234", "90071992547409935678"]
    assert run.column("location")[0] == '{"x": ["1", "2.50"]}'


def test_a_json_line_that_is_no_object_is_rejected(tmp_path: Path, take: Take) -> None:
    good = '{"id": "%s", "at": "2022-02-01"}'
    lines = [good % 1, "", '{"id": ', "[]", "  ", good % 2]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    run = take(tmp_path / "a.jsonl")
    assert run.column("case_id") == ["1", "2"]
    assert [row["line"] for row in run.rejects] == ["3", "4"]
