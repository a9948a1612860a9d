"""How long a case has been open, by the city's calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.breakdown import months_open

ZONE = ZoneInfo("Asia/Shanghai")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("since", "as_of", "months"),
    [
        ("2022-02-01", "2022-03-01", 1),  # In UTC both are the evening before, on 31 and 28.
        ("2022-01-31", "2022-02-28", 1),
        ("2022-01-31", "2022-02-27", 0),
        ("2022-01-31", "2022-03-30", 1),
        ("2022-01-31", "2022-04-30", 3),
        ("2020-02-29", "2021-02-28", 12),
        ("2022-02-15T23:00", "2022-03-15T01:00", 1),
        ("2022-02-15", "2022-03-14T23:59", 0),
        ("2022-03-15", "2022-02-14", 0),
    ],
)
def test_months_are_counted_by_the_city_s_days(since: str, as_of: str, months: int) -> None:
    begun, end = local(since), local(as_of)
    assert months_open(begun, end, ZONE) == months
    assert months_open(begun.astimezone(UTC), end.astimezone(UTC), ZONE) == months


@given(st.integers(0, 4000), st.integers(0, 4000))
def test_a_later_day_has_never_fewer_months(days: int, more: int) -> None:
    begun = local("2019-12-31")
    end = begun + timedelta(days)
    assert months_open(begun, end, ZONE) <= months_open(begun, end + timedelta(more), ZONE)
