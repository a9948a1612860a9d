"""Reading `adjustments.csv`: approved and unapproved lines, and every mistake."""

from decimal import Decimal
from pathlib import Path

from jiesu.city.adjustments import checked_adjustments, read_adjustments
from jiesu.core.roster import Line
from jiesu.core.units import Unit, Units

HEADER = "unit,period,points,reason,approval,cap\n"
UNITS = Units.of([Unit("E1", "东一街道", "street"), Unit("E2", "东二街道", "street")])


def write(folder: Path, text: str) -> Path:
    path = folder / "adjustments.csv"
    path.write_text(text, "utf-8")
    return path


def test_a_line_without_approval_is_kept_with_an_empty_one(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEADER + "E1,2022-02,1.50,主动治理,考评办〔2022〕3号,2\nE2,2022-Q1,-0.5,迟报,,\n",
    )
    first, second = read_adjustments(path, UNITS)
    assert first == Line(
        unit="E1",
        period="2022-02",
        points=Decimal("1.50"),
        reason="主动治理",
        approval="考评办〔2022〕3号",
        cap=Decimal(2),
    )
    assert second.approval == ""
    assert (second.points, second.cap) == (Decimal("-0.5"), None)


def test_the_header_alone_is_an_empty_list(tmp_path: Path) -> None:
    assert read_adjustments(write(tmp_path, HEADER), UNITS) == []


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = HEADER + (
        "X,2022-02,1,r,a,\n"
        "E1,2022-13,1,r,a,\n"
        "E1,2022-02,one,r,a,\n"
        "E1,2022-02,0,r,a,-1\n"
        "E1,2022-02,NaN,,a,Infinity\n"
        "E2,2022-02,1,r,a,\n"
        "E2,2022-02,1.0,r,a,\n"
    )
    path = write(tmp_path, text)
    kept, problems = checked_adjustments(path, UNITS)
    assert [(problem.where, problem.what) for problem in problems] == [
        ("line 2, unit", "no unit has the code 'X'"),
        ("line 3, period", "'2022-13' is not a period"),
        ("line 4, points", "'one' is not a number of points"),
        ("line 5, points", "'0' is not a number of points"),
        ("line 5, cap", "'-1' is not a cap"),
        ("line 6, reason", "the cell is empty"),
        ("line 6, points", "'NaN' is not a number of points"),
        ("line 6, cap", "'Infinity' is not a cap"),
        ("line 8", "the line for E2 in 2022-02 stands twice"),
    ]
    assert [line.points for line in kept] == [Decimal(1)]


def test_without_units_the_codes_are_left_unchecked(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "X,2022,1,r,a,\n")
    assert [line.unit for line in read_adjustments(path, None)] == ["X"]
