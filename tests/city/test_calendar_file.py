"""The calendar of a city folder: named ones, the city's own file, and its text."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.city.calendar_file import (
    calendar_text,
    checked_calendar,
    folder_calendar,
    parse_calendar,
    read_calendar,
)
from jiesu.city.folder import CALENDARS
from jiesu.core.problems import InputError
from jiesu.core.worktime import Limit, WorkCalendar, deadline_for
from tests.core.pages import table

SHANGHAI = ZoneInfo("Asia/Shanghai")
HEADER = "date,kind,name\n"
CHINA = read_calendar("china", SHANGHAI, None)
LAST = max(chinese_calendar.holidays).year


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "calendar.csv"
    path.write_bytes(text.encode(encoding))
    return path


def mistakes(path: Path, name: str = "china") -> list[tuple[str, str, str]]:
    problems = checked_calendar(name, SHANGHAI, path)[1]
    return [(problem.where, problem.what, problem.remedy) for problem in problems]


def test_china_agrees_with_the_method_page() -> None:
    for row in table("time-limits", "day", "works"):
        assert CHINA.is_working_day(date.fromisoformat(row["day"])) == (row["works"] == "yes")


def test_china_works_on_the_days_on_which_its_source_says_so() -> None:
    day = date(2004, 1, 1)
    while day.year <= LAST:
        assert CHINA.is_working_day(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_after_the_last_published_year_chinas_deadlines_are_provisional() -> None:
    assert CHINA.known_until == date(LAST, 12, 31)
    start = datetime(LAST, 12, 31, 4, tzinfo=UTC)
    found = deadline_for(start, Limit("resolution", 3, "working_day"), CHINA)
    assert found.provisional
    assert found.explain("en", SHANGHAI).endswith(
        f"; provisional: the holiday calendar of {LAST + 1} is not published yet"
    )


def test_weekends_and_none_are_never_provisional() -> None:
    weekends, none = (read_calendar(name, SHANGHAI, None) for name in ("weekends", "none"))
    sunday, festival = date(2022, 2, 13), date(2022, 2, 1)
    assert [weekends.is_working_day(day) for day in (sunday, festival)] == [False, True]
    assert [none.is_working_day(day) for day in (sunday, festival)] == [True, True]
    assert not weekends.is_provisional(date(2199, 1, 1))
    assert not none.is_provisional(date(2199, 1, 1))


def test_every_calendar_that_a_folder_may_name_can_be_read() -> None:
    digests = {read_calendar(name, SHANGHAI, None).digest for name in CALENDARS}
    assert len(digests) == len(CALENDARS)
    with pytest.raises(ValueError, match="there is no calendar 'mars'"):
        read_calendar("mars", SHANGHAI, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_citys_own_file_changes_day_by_day(tmp_path: Path, encoding: str) -> None:
    text = "日期,类型,名称\r\n2022/1/31,工作日,值班\r\n2022-02-07,节假日,\r\n2022-01-29,放假,\r\n"
    own = read_calendar("china", SHANGHAI, write(tmp_path, text, encoding))
    changed = [
        day
        for day in (date(2022, 1, 1) + timedelta(i) for i in range(365))
        if own.is_working_day(day) != CHINA.is_working_day(day)
    ]
    assert changed == [date(2022, 1, 29), date(2022, 1, 31), date(2022, 2, 7)]
    assert own.known_until == CHINA.known_until


def test_a_citys_own_file_says_until_when_holidays_are_known(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}{LAST + 1}-01-01,holiday,元旦\n")
    assert read_calendar("china", SHANGHAI, path).known_until == date(LAST + 1, 12, 31)
    assert read_calendar("weekends", SHANGHAI, path).known_until == date(LAST + 1, 12, 31)
    only_header = write(tmp_path, HEADER)
    assert read_calendar("weekends", SHANGHAI, only_header).known_until is None


def test_every_mistake_is_named_at_once_with_line_and_remedy(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEADER + "2022-02-30,holiday,\n"
        ",holiday,\n"
        "2022-01-31,feast,\n"
        "2022-02-01,holiday,\n"
        "2022/2/1,workday,\n"
        "2022-02-02,,\n"
        "0022-02-01,holiday,\n"
        "2022-2/3,holiday,\n",
    )
    kind, day = "write holiday or workday (节假日 or 工作日)", "write it as 2022-01-31"
    assert mistakes(path) == [
        ("line 2, date", "'2022-02-30' is no date", day),
        ("line 3, date", "the cell is empty", day),
        ("line 4, kind", "'feast' is no kind of day", kind),
        ("line 6, date", "the day 2022-02-01 stands twice", "leave one of the lines"),
        ("line 7, kind", "the cell is empty", kind),
        ("line 8, date", "the year 22 cannot be meant", "mend the year"),
        ("line 9, date", "'2022-2/3' is no date", day),
    ]
    with pytest.raises(InputError, match="line 4, kind: 'feast' is no kind of day"):
        read_calendar("china", SHANGHAI, path)


def test_a_file_that_is_missing_or_has_another_header_is_a_mistake(tmp_path: Path) -> None:
    assert [what for _, what, _ in mistakes(tmp_path / "none.csv")] == ["the file does not exist"]
    path = write(tmp_path, "day,kind\n2022-01-31,holiday\n")
    assert "the column date is missing" in [what for _, what, _ in mistakes(path)]


def test_a_year_that_was_forgotten_between_others_is_a_mistake(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}{LAST + 2}-01-01,holiday,\n")
    [(where, what, remedy)] = mistakes(path)
    assert (where, what) == ("", f"no day of {LAST + 1} is given, but days of {LAST + 2} are")
    assert remedy == f"add the holidays of {LAST + 1}, or leave the later ones"
    assert mistakes(path, "weekends") == []
    path = write(tmp_path, f"{HEADER}2020-01-01,holiday,\n2022-01-01,holiday,\n")
    assert [what for _, what, _ in mistakes(path, "weekends")] == [
        "no day of 2021 is given, but days of 2022 are"
    ]
    assert mistakes(path) == []


days = st.dates(date(2000, 1, 1), date(2040, 12, 31))
calendars = st.builds(
    lambda zone, weekend, off, on, until: WorkCalendar(zone, weekend, off, on - off, until),
    st.sampled_from([SHANGHAI, ZoneInfo("America/New_York"), ZoneInfo("Etc/GMT+3")]),
    st.frozensets(st.integers(1, 7), max_size=6),
    st.frozensets(days, max_size=8),
    st.frozensets(days, max_size=8),
    st.none() | days,
)


@given(calendars)
def test_a_calendar_comes_back_from_its_text(calendar: WorkCalendar) -> None:
    text = calendar_text(calendar)
    assert parse_calendar(text) == calendar
    assert hashlib.sha256(text.encode()).hexdigest() == calendar.digest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "calendar 7: this is no calendar"),
        ("kind,value\nzone,Mars/Olympus\n", "calendar 7: this is no calendar"),
        ("kind,value\nzone,UTC\nholiday,2022-02-30\n", "calendar 7: this is no calendar"),
        ("kind,value\nzone,UTC\nfeast,2022-02-01\n", "calendar 7, line 3: 'feast,2022-02-01' says"),
        ("kind,value\nzone,UTC\nholiday,20220201\n", "calendar 7, line 3: 'holiday,20220201' says"),
        ("kind,value\nweekend,6\nzone,UTC\n", "calendar 7: lines stand twice"),
        ("kind,value\nzone,UTC\nweekend,6\nweekend,6\n", "calendar 7: lines stand twice"),
        ("kind;value\nzone,UTC\n", "calendar 7: lines stand twice"),
    ],
)
def test_a_text_that_jiesu_did_not_write_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_calendar(text, "calendar 7")
    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith("give a text that jiesu wrote")


@pytest.mark.parametrize("name", CALENDARS)
def test_a_folder_can_say_a_calendar_by_itself(tmp_path: Path, name: str) -> None:
    calendar = read_calendar(name, SHANGHAI, None)
    named, text = folder_calendar(calendar)
    path = write(tmp_path, text) if text else None
    assert read_calendar(named, SHANGHAI, path) == calendar
    assert (path is None) == (name != "china")


def test_what_a_folder_cannot_say_is_refused() -> None:
    for calendar in (
        WorkCalendar(SHANGHAI, frozenset({5, 6})),
        WorkCalendar(SHANGHAI, known_until=date(2022, 6, 30)),
    ):
        with pytest.raises(ValueError, match="a city folder cannot say"):
            folder_calendar(calendar)
