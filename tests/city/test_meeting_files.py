"""Meetings and commitments as files: what is read, refused, proposed and never overwritten."""

from datetime import date
from pathlib import Path

import pytest

from jiesu.city.commitments_file import checked_commitments, read_commitments
from jiesu.city.meeting_file import checked_meetings, draft_text, read_meetings, write_draft
from jiesu.core.meeting import AGENDA, Attendance, Meeting, Point, Speaker
from jiesu.core.problems import InputError
from jiesu.core.units import Unit, Units

UNITS = Units.of(
    [
        Unit("110101", "东城区", "district"),
        Unit("110102", "西城区", "district"),
        Unit("S1", "八里庄街道", "street", "110101"),
    ]
)

MEETING = Meeting(
    period="2022-02",
    held_on=date(2022, 2, 28),
    chair="市委",
    agenda=AGENDA,
    attendance=(Attendance("hall", ("district",)), Attendance("video", (), ("S1",), ("办公室",))),
    speakers=(
        Speaker(
            "110101",
            (Point("score"),),
            (Point(text={"zh": "土地集约“利用”", "en": 'a "quoted" \\ text'}, source="办公室"),),
        ),
    ),
    experience="S1",
    next_steps=({"zh": "一", "en": "one"},),
    topics=("lifts",),
    proposed=True,
)


def said(unit: str, point: Point) -> str:
    return f"{unit} {point.evidence}\nsecond line"


def test_a_proposal_is_read_back_as_it_was(tmp_path: Path) -> None:
    drafted = write_draft(tmp_path, MEETING, UNITS, said, ["S1"])
    assert drafted.path == tmp_path / "meetings" / "2022-02.toml"
    assert drafted.difference == ()
    assert read_meetings(tmp_path, UNITS) == {"2022-02": MEETING}


def test_a_file_that_is_there_is_never_written_to(tmp_path: Path) -> None:
    own = tmp_path / "meetings" / "2022-02.toml"
    own.parent.mkdir()
    own.write_text('period = "2022-02"\nheld_on = 2022-03-01\n', "utf-8")
    before = own.read_bytes()
    drafted = write_draft(tmp_path, MEETING, UNITS, said, [])
    assert own.read_bytes() == before
    assert drafted.path.name == "2022-02.proposed.toml"
    assert "-held_on = 2022-03-01" in drafted.difference
    assert "+held_on = 2022-02-28" in drafted.difference
    # A proposal is no meeting, and a newer one takes its place.
    assert read_meetings(tmp_path, UNITS)["2022-02"].held_on == date(2022, 3, 1)
    again = write_draft(tmp_path, MEETING, UNITS, said, ["S1"])
    assert "八里庄街道 S1" in again.path.read_text("utf-8")


def test_a_meeting_in_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "meetings").write_text("", "utf-8")
    with pytest.raises(InputError, match=r"meetings/2022-02\.toml: cannot be written"):
        write_draft(tmp_path, MEETING, UNITS, said, [])


GOOD = draft_text(MEETING, UNITS, said, [])


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ('period = "2022-02"', 'period = "2022-13"', "period", "is no month"),
        ('period = "2022-02"', 'period = "2022-03"', "period", "holds the meeting of 2022-03"),
        ("held_on = 2022-02-28", "", "held_on", "this key is missing"),
        ("held_on = 2022-02-28", 'held_on = "28.2."', "held_on", "is not a date"),
        ('"next_steps"]', '"lunch"]', "agenda", "'lunch' is not a part of a meeting"),
        ('"next_steps"]', '"topics"]', "agenda", "'topics' stands twice"),
        ('experience = "S1"', 'experience = "S9"', "experience", "'S9' is no unit"),
        ('way = "hall"', 'way = "roof"', "attendance[1].way", "'roof' is not known here"),
        ('kinds = ["district"]', 'kinds = ["planet"]', "attendance[1].kinds", "no unit is of the"),
        ('units = ["S1"]', 'units = ["S9"]', "attendance[2].units", "'S9' is no unit"),
        ('unit = "110101"', 'unit = "9"', "speakers[1].unit", "'9' is no unit"),
        ('evidence = "score"', 'evidence = "score", text = "x"', "speakers[1].merits[1].text",
         "either evidence or a text"),
        (', source = "办公室"', "", "speakers[1].shortcomings[1].source", "this key is missing"),
        ("draft = true", "drift = true", "drift", "this key is not known"),
    ],
)  # fmt: skip
def test_mistakes_in_a_meeting_are_named(
    tmp_path: Path, old: str, new: str, where: str, what: str
) -> None:
    assert old in GOOD
    (tmp_path / "meetings").mkdir()
    (tmp_path / "meetings" / "2022-02.toml").write_text(GOOD.replace(old, new), "utf-8")
    meetings, problems = checked_meetings(tmp_path, UNITS)
    assert meetings == {}
    assert [(one.file, one.where) for one in problems] == [("meetings/2022-02.toml", where)]
    assert what in problems[0].what
    assert problems[0].remedy


def test_a_speaker_that_is_named_twice_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "meetings").mkdir()
    twice = GOOD + '\n[[speakers]]\nunit = "110101"\n'
    (tmp_path / "meetings" / "2022-02.toml").write_text(twice, "utf-8")
    [problem] = checked_meetings(tmp_path, UNITS)[1]
    assert "'110101' stands twice" in problem.what


def test_a_meeting_that_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "meetings").mkdir()
    (tmp_path / "meetings" / "2022-02.toml").write_text("period = \n", "utf-8")
    with pytest.raises(InputError, match=r"meetings/2022-02\.toml: not TOML.*line 1"):
        read_meetings(tmp_path, UNITS)


# Commitments ----------------------------------------------------------------------------------

HEAD = "id,unit,made_on,meeting,promise,owner,due_on,measure,target,state,closed_on,evidence\n"
LINE = "C1,110101,2021-12-31,2021-12,改造老旧小区,住建,2022-02-15,,,open,,\n"


def commitments(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "commitments.csv"
    path.write_text(text, "utf-8")
    return path


def test_commitments_are_read_with_chinese_headers_too(tmp_path: Path) -> None:
    text = "编号,单位,承诺日期,点评会,承诺事项,责任部门,完成时限,状态,办结日期,佐证\n"
    text += "C1,110101,2021-12-31,2021-12,改造,住建,2022-02-15,完成,2022-02-10,验收单\n"
    [found] = read_commitments(commitments(tmp_path, text), UNITS)
    assert (found.key, found.closed, found.closed_on) == ("C1", "done", date(2022, 2, 10))
    [other] = read_commitments(commitments(tmp_path, HEAD + LINE), UNITS)
    assert (other.due_on, other.closed, other.closed_on) == (date(2022, 2, 15), "", None)


@pytest.mark.parametrize(
    ("old", "new", "column", "what"),
    [
        ("C1,110101", "C1,9", "unit", "'9' is no unit"),
        ("2021-12-31", "31.12.2021", "made_on", "'31.12.2021' is no date"),
        ("2021-12,", "2021-13,", "meeting", "is no month"),
        ("改造老旧小区", "", "promise", "the cell is empty"),
        ("2022-02-15", "2021-02-15", "due_on", "due before it was promised"),
        (",open,,", ",shut,,", "state", "'shut' is not known"),
        (",open,,", ",done,,x", "closed_on", "done without closed_on"),
        (",open,,", ",done,2022-02-01,", "evidence", "done without evidence"),
        (",open,,", ",open,2022-02-01,", "state", "has a closing day and is open"),
        (",open,,", ",done,2021-01-01,x", "closed_on", "closed before it was promised"),
        (",,,open", ",,zwölf,open", "target", "'zwölf' is no number"),
    ],
)
def test_mistakes_in_commitments_are_named_with_line_and_column(
    tmp_path: Path, old: str, new: str, column: str, what: str
) -> None:
    assert old in LINE
    found, problems = checked_commitments(
        commitments(tmp_path, HEAD + LINE.replace(old, new)), UNITS
    )
    assert found == []
    assert [(one.file, one.where) for one in problems] == [("commitments.csv", f"line 2, {column}")]
    assert what in problems[0].what


def test_an_id_that_stands_twice_is_a_mistake(tmp_path: Path) -> None:
    _, [problem] = checked_commitments(commitments(tmp_path, HEAD + LINE + LINE), UNITS)
    assert problem.where == "line 3"
    assert "stands twice" in problem.what
