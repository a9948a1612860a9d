from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.sources.times import check_time_format, instants, local_instants, utc_from_local

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Africa/Cairo",
)


def at(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day)  # noqa: DTZ001


def read(texts: Sequence[str | None], *formats: str, zone: ZoneInfo = SHANGHAI) -> list[str | None]:
    found = instants(pa.array(texts, pa.string()), formats, zone).to_pylist()
    return [stamp and stamp.strftime("%Y-%m-%dT%H:%M:%S") for stamp in found]


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.lists(st.datetimes(at(1965), at(2060)), min_size=1, max_size=20),
)
def test_local_times_become_the_instants_that_zoneinfo_gives(
    key: str, moments: list[datetime]
) -> None:
    zone = ZoneInfo(key)
    local = np.array(moments, "datetime64[us]").astype(np.int64)
    expected = [
        (moment.replace(tzinfo=zone).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC))
        // timedelta(microseconds=1)
        for moment in moments
    ]
    assert utc_from_local(local, zone).tolist() == expected


@pytest.mark.parametrize("key", ZONES)
def test_every_half_hour_of_a_year_agrees_with_zoneinfo(key: str) -> None:
    zone = ZoneInfo(key)
    moments = [at(2024) + timedelta(minutes=30 * i + 7) for i in range(366 * 48)]
    found = local_instants(pa.array(moments, pa.timestamp("us")), zone).to_pylist()
    assert found == [moment.replace(tzinfo=zone).astimezone(UTC) for moment in moments]


def test_a_repeated_hour_is_the_earlier_instant_and_a_skipped_one_moves_forward() -> None:
    assert read(["2021-11-07 01:30:00", "2021-03-14T02:30:00"], zone=NEW_YORK) == [
        "2021-11-07T05:30:00",
        "2021-03-14T07:30:00",
    ]


def test_iso_times_with_and_without_offset_mix_with_other_formats_in_one_column() -> None:
    texts = [
        "2022-02-01",
        "2022-02-01T08:00:00+08:00",
        "2022-02-01 10:00Z",
        "01/02/2022 9:05",
        None,
    ]
    assert read(texts, "%d/%m/%Y %H:%M") == [
        "2022-01-31T16:00:00",
        "2022-02-01T00:00:00",
        "2022-02-01T10:00:00",
        "2022-02-01T01:05:00",
        None,
    ]


def test_impossible_and_far_off_times_are_unreadable() -> None:
    iso = ["2022-02-30", "2022-13-01", "0022-01-01", "2300-01-01", "2022-02-01T25:00", "soon", "5"]
    assert read(iso) == [None] * len(iso)
    american = ["02/29/2022", "2/29/2024", "13/01/2022", "01/01/2022 x"]
    assert read(american, "%m/%d/%Y") == [None, "2024-02-28T16:00:00", None, None]


def test_twelve_hour_clock_has_noon_and_midnight_right() -> None:
    texts = ["05/01/2022 12:00:03 AM", "05/01/2022 12:00:03 PM", "05/01/2022 11:59:59 pm", "x"]
    assert read(texts, "%m/%d/%Y %I:%M:%S %p", zone=ZoneInfo("UTC")) == [
        "2022-05-01T00:00:03",
        "2022-05-01T12:00:03",
        "2022-05-01T23:59:59",
        None,
    ]


def test_formats_with_offset_fraction_two_digit_year_and_chinese_text_are_understood() -> None:
    assert read(["1.2.22 03:04 +0530"], "%d.%m.%y %H:%M %z") == ["2022-01-31T21:34:00"]
    assert read(["2022年2月1日 8时5分"], "%Y年%m月%d日 %H时%M分") == ["2022-02-01T00:05:00"]
    found = instants(pa.array(["20220201080000.25"]), ("%Y%m%d%H%M%S.%f",), SHANGHAI)
    assert found.to_pylist() == [datetime(2022, 2, 1, 0, 0, 0, 250_000, tzinfo=UTC)]


@settings(deadline=None)
@given(st.datetimes(at(1950), at(2150)))
def test_a_time_written_in_a_format_is_read_back(moment: datetime) -> None:
    form = "%m/%d/%Y %I:%M:%S %p"
    found = instants(pa.array([moment.strftime(form), "x"]), (form,), ZoneInfo("UTC"))
    assert found.to_pylist() == [moment.replace(microsecond=0, tzinfo=UTC), None]


@pytest.mark.parametrize(
    ("time_format", "mistake"),
    [("%Y-%m", "needed"), ("%m/%d/%Y %I:%M", "%p"), ("%d %B %Y", "%B"), ("%Y%m%d%d", "twice")],
)
def test_a_time_format_that_cannot_work_is_refused(time_format: str, mistake: str) -> None:
    assert mistake in (check_time_format(time_format) or "")
    assert check_time_format("%d/%m/%Y %H:%M") is None
