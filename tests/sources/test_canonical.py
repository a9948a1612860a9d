"""What a profile makes of values: null markers, codes, flags, conditions, lists."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.core.problems import InputError
from jiesu.sources.canonical import trimmed

from .conftest import Take

BLANKS = " \t\n\r\u00a0\u3000\u2003"


@settings(deadline=None)
@given(st.lists(st.none() | st.text(alphabet=BLANKS + "ab街。é", max_size=6), max_size=30))
def test_text_is_trimmed_as_python_does_it_and_nothing_left_is_null(values: list[str]) -> None:
    expected = [(value.strip() or None) if value else None for value in values]
    column = pa.array(values, pa.string())
    assert trimmed(column).to_pylist() == expected
    assert trimmed(column[1:]).to_pylist() == expected[1:]
    trimmed(column).validate(full=True)


def test_canonical_headers_and_values_in_chinese_and_in_english_give_the_same(
    tmp_path: Path, take: Take
) -> None:
    (tmp_path / "zh.csv").write_text(
        "工单编号,受理时间,承办单位,有效回访,是否解决,是否满意,最终是否满意,剔除,协办单位\n"
        "1, 2022-02-01 08:00,01,是,部分解决,基本满意,不满意,否,02；03、 04\n"
        "2,2022-02-01 08:00,　,,,,,,\n"
    )
    (tmp_path / "en.csv").write_text(
        "CASE_ID,created_at,unit,callback_valid,callback_resolved,callback_satisfaction,"
        "final_satisfaction,excluded,assist_units\n"
        "1,2022-02-01T00:00:00Z,01,TRUE,partial,fairly_satisfied,Dissatisfied,false,02;03;04\n"
        "2,2022-02-01T08:00:00+08:00,,,,,,,;\n"
    )
    chinese = take(tmp_path / "zh.csv", profile="jiesu").rows
    assert chinese == take(tmp_path / "en.csv", profile="jiesu").rows
    assert {key: value for key, value in chinese[0].items() if value is not None} == {
        "case_id": "1",
        "created_at": datetime(2022, 2, 1, tzinfo=UTC),
        "unit": "01",
        "callback_valid": True,
        "callback_resolved": "partial",
        "callback_satisfaction": "fairly_satisfied",
        "final_satisfaction": "dissatisfied",
        "excluded": False,
        "assist_units": "02;03;04",
    }


def test_times_as_a_spreadsheet_saves_them_are_understood(tmp_path: Path, take: Take) -> None:
    times = ("2022/2/1 8:05", "2022/02/01 08:05:00", "2022-2-1 8:05", "2022-02-01T08:05")
    rows = "".join(f"{n},{time}\n" for n, time in enumerate(times))
    (tmp_path / "a.csv").write_text("case_id,created_at\n" + rows)
    created = take(tmp_path / "a.csv", profile="jiesu").column("created_at")
    assert created == [datetime(2022, 2, 1, 0, 5, tzinfo=UTC)] * 4


def test_a_value_that_is_no_code_time_or_flag_rejects_its_row(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text(
        "case_id,created_at,closed_at,excluded,callback_resolved\n"
        "1,2022-02-01,,,\n2,2022-02-01,soon,,\n3,2022-02-01,,perhaps,\n4,2022-02-01,,,satisfied\n"
        "5,2022-02-01,soon,perhaps,satisfied\n"
    )
    run = take(tmp_path / "a.csv", profile="jiesu")
    assert run.column("case_id") == ["1"]
    assert [(row["line"], row["column"], row["value"]) for row in run.rejects] == [
        ("3", "closed_at", "soon"),
        ("4", "excluded", "perhaps"),
        ("5", "callback_resolved", "satisfied"),
        ("6", "closed_at", "soon"),
    ]


PARTS = """
zone = "UTC"
nulls = ["-", "N/A"]
[columns]
case_id = "id"
created_at = "at"
kind = { from = "k", values = { complaint = ["投诉", "C"] } }
channel = { value = "hotline" }
parked = { value = false }
closed_on_time = { true_where = { "in" = "1" }, false_where = { over = ["1", "2"] } }
closed_at = { from = "done", only_where = { status = ["closed", "gone"] } }
"""


def test_null_markers_value_maps_constants_and_conditions(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text(
        "id,at,k,in,over,done,status\n"
        "1,2022-02-01,投诉,1,0,2022-02-02,Closed\n"
        "2,2022-02-01,c,0,2,2022-02-02,open\n"
        "3,2022-02-01,other,0,0,-,gone\n"
        "4,2022-02-01,-,-,N/A,junk,\n"
    )
    run = take(tmp_path / "a.csv", profile=PARTS)
    assert run.column("kind") == ["complaint", "complaint", "other", None]
    assert run.column("channel") == ["hotline"] * 4
    assert run.column("parked") == [False] * 4
    assert run.column("closed_on_time") == [True, False, None, None]
    assert run.column("closed_at") == [datetime(2022, 2, 2, tzinfo=UTC), None, None, None]


FLAG = "case_id,created_at,closed_on_time{}\n1,2022-02-01,true{}\n2,2022-02-01,false{}\n"


def test_a_flag_counts_only_where_the_source_gives_no_due_time(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text(FLAG.format("", "", ""))
    assert take(tmp_path / "a.csv", profile="jiesu").column("closed_on_time") == [True, False]
    (tmp_path / "a.csv").write_text(FLAG.format(",due_at", ",2022-02-09", ","))
    assert take(tmp_path / "a.csv", profile="jiesu").column("closed_on_time") == [None, None]


@pytest.mark.parametrize(
    ("flag", "n"),
    [
        ('{ from = "flag", values = { true = "1", false = "0" } }', 3),
        ('{ true_where = { flag = "1" } }', 2),
        ("{ value = true }", 4),
        (None, 0),
    ],
)
def test_flags_beside_an_empty_column_of_due_times_are_noted(
    flag: str | None, n: int, tmp_path: Path, take: Take
) -> None:
    rows = ["1,2022-02-01,,1", "2,2022-02-01,,0", "3,2022-02-01,-,", "4,,,1", "5,2022-02-01,,1"]
    (tmp_path / "empty.csv").write_text("\n".join(["id,at,due,flag", *rows]) + "\n")
    rows[4] = "6,2022-02-01,2022-02-03,1"
    (tmp_path / "given.csv").write_text("\n".join(["id,at,due,flag", *rows]) + "\n")
    profile = 'nulls = ["-"]\n[columns]\ncase_id = "id"\ncreated_at = "at"\ndue_at = "due"\n'
    run = take(
        tmp_path / "empty.csv",
        tmp_path / "given.csv",
        profile=profile + (f"closed_on_time = {flag}\n" if flag else ""),
    )
    expected = [("flags_not_used", {"file": "empty.csv", "n": str(n)})] if n else []
    assert [note for note in run.intake.notes if note[0] == "flags_not_used"] == expected
    assert set(run.column("closed_on_time")) == {None}
    assert run.intake.rejected == 2


def test_a_flag_that_is_not_used_rejects_no_row(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text(
        "case_id,created_at,due_at,closed_on_time\n1,2022-02-01,,perhaps\n2,2022-02-01,,true\n"
    )
    intake = take(tmp_path / "a.csv", profile="jiesu").intake
    assert (intake.accepted, intake.rejected) == (2, 0)
    assert intake.notes == (("flags_not_used", {"file": "a.csv", "n": "1"}),)


def test_a_due_time_that_comes_late_in_json_takes_the_flags_back(
    tmp_path: Path, take: Take
) -> None:
    row = '{"case_id": "%d", "created_at": "2022-02-01", "closed_on_time": true'
    lines = [row % number + "}" for number in range(10_001)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    assert take(tmp_path / "a.jsonl", profile="jiesu").column("closed_on_time") == [True] * 10_001
    lines.append(row % 10_001 + ', "due_at": "2022-02-09"}')
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    run = take(tmp_path / "a.jsonl", profile="jiesu")
    assert run.column("closed_on_time") == [None] * 10_002
    assert run.column("due_at")[-1] is not None


def test_times_without_offset_are_in_the_given_zone_before_the_profile_s(
    tmp_path: Path, take: Take
) -> None:
    (tmp_path / "a.csv").write_text("id,at\n1,2022-02-01 08:00\n2,2022-02-01T08:00:00Z\n")
    (own, offset) = take(tmp_path / "a.csv").column("created_at")
    assert (own.hour, offset.hour) == (0, 8)
    (given, offset) = take(tmp_path / "a.csv", zone="America/New_York").column("created_at")
    assert (given.hour, offset.hour) == (13, 8)


def test_lists_hold_each_part_once_in_its_first_place(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text(
        "case_id,created_at,assist_units,labels\n"
        "1,2022-02-01,B;B;A,x、y|x\n2,2022-02-01,; ;A； A,;\n"
    )
    run = take(tmp_path / "a.csv", profile="jiesu")
    assert run.column("assist_units") == ["B;A", "A"]
    assert run.column("labels") == ["x;y", None]


def test_a_missing_column_is_named_with_the_headers_that_were_found(
    tmp_path: Path, take: Take
) -> None:
    (tmp_path / "a.csv").write_text("case_enquiry_id,open_dt,closed_dt\n1,2011-07-01,\n")
    with pytest.raises(InputError) as caught:
        take(tmp_path / "a.csv", profile="boston311")
    assert "lacks due_at (target_dt or sla_target_dt), unit (department); its headers are: " in str(
        caught.value
    )
    assert "case_enquiry_id, open_dt, closed_dt" in str(caught.value)


@pytest.mark.parametrize(
    "row",
    [
        '"two\nlines",x,y',
        "Ann Example,1 Short Lane,the lamp is broken",
        "张三,某街1号,路灯不亮,解决,满意",
        "张三,满意,是,yes",
        "13912345678,地址,x",
        "location,2022-02-01 10:00,x",
        "location,2022年2月1日,x",
    ],
)
def test_a_row_in_the_place_of_headers_is_not_shown(row: str, tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text(f"{row}\n{row}\n")
    with pytest.raises(InputError) as caught:
        take(tmp_path / "a.csv", profile="jiesu")
    n_columns = row.count(",") + 1
    assert f"; none of its {n_columns} columns is known: is the header line missing?; " in str(
        caught.value
    )
    assert not any(cell in str(caught.value) for cell in row.split(",") if len(cell) > 2)


@pytest.mark.parametrize("header", ["REQUESTED_DATETIME", "地址", "unit_name", "Descriptor"])
def test_headers_are_shown_when_one_is_known(header: str, tmp_path: Path, take: Take) -> None:
    headers = f"my column,{header}," + ",".join(f"c{n}" for n in range(50)) + "x" * 90
    (tmp_path / "a.csv").write_text(f"{headers}\n")
    with pytest.raises(InputError, match=f"its headers are: my column, {header}, c0, .*c37 …;"):
        take(tmp_path / "a.csv", profile="jiesu")


def test_headers_that_no_column_uses_are_noted(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text("case_id,created_at,clsoed_at\n1,2022-02-01,\n")
    (note,) = take(tmp_path / "a.csv", profile="jiesu").intake.notes
    assert note == ("unused_headers", {"file": "a.csv", "headers": "clsoed_at"})
