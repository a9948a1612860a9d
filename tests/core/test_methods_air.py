"""The worked tables of docs/methods/air.md, recomputed, and what holds for any hours."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.air import (
    AirArea,
    AirResult,
    AirRule,
    DayCounts,
    Station,
    air_result,
    last_day_for,
    low_to_high,
    parse_air_rule,
)
from jiesu.core.air_contract import air_document
from jiesu.core.period import parse_period
from jiesu.core.scoring import rounded
from jiesu.core.settings import Settings

from .cast import SHANGHAI, policy
from .pages import table

RULE = AirRule()
ONE = AirRule(pollutants=("pm25",))


def result(days: dict[str, list[tuple[int, int]]], rule: AirRule = ONE) -> AirResult:
    """Stations of one district, and their days from 1 January 2022 on, in whole µg/m³."""
    last = date(2022, 1, len(next(iter(days.values()))))
    counts = DayCounts(date(2022, 1, 1), last, 1, {"pm25": days})
    stations = [Station(code, code, "D") for code in days]
    return air_result(rule, counts, stations, [AirArea("D", "D", "D")])


def shown(value: Fraction | None) -> str:
    return "none" if value is None else str(value)


def test_days_table() -> None:
    for row in table("air", "valid hours", "sum", "valid", "mean"):
        found = result({"A": [(int(row["valid hours"]), int(row["sum"]))]})
        figure = found.stations[0].figures["pm25"]
        assert shown(figure.value) == row["mean"]
        assert figure.days_valid == (row["valid"] == "yes")


def test_district_table() -> None:
    rows = table("air", "day", "A", "B", "district")
    days = {
        name: [(0, 0) if row[name] == "none" else (20, 20 * int(row[name])) for row in rows]
        for name in ("A", "B")
    }
    found = result(days)
    assert [shown(value) for value in found.daily("pm25", ("A", "B"))] == [
        row["district"] for row in rows
    ]
    places = {**{place.key: place for place in found.stations}, "district": found.districts[0]}
    for row in table("air", "place", "days", "days valid", "mean", "shown"):
        figure = places[row["place"]].figures["pm25"]
        assert (figure.days, figure.days_valid) == (int(row["days"]), int(row["days valid"]))
        assert (shown(figure.value), str(figure.shown)) == (row["mean"], row["shown"])
    assert [places[key].figures["pm25"].weak for key in ("A", "B", "district")] == [
        False, True, False,
    ]  # fmt: skip


def test_ranks_table() -> None:
    rows = table("air", "place", "exact", "shown", "rank")
    figures = {
        row["place"]: None if row["exact"] == "none" else rounded(Fraction(row["exact"]), 1)
        for row in rows
    }
    assert {key: str(value).lower() for key, value in figures.items()} == {
        row["place"]: row["shown"] for row in rows
    }
    ranks = low_to_high(figures)
    assert {row["place"]: str(ranks.get(row["place"], "none")) for row in rows} == {
        row["place"]: row["rank"] for row in rows
    }


def test_equal_printed_means_share_a_rank_and_stand_in_the_order_of_the_exact_ones() -> None:
    days = {"A": [(20, 681)], "B": [(20, 680)], "C": [(24, 1200)], "D": [(0, 0)]}
    counts = DayCounts(date(2022, 1, 1), date(2022, 1, 1), 1, {"pm25": days})
    stations = [Station(code, code, code) for code in "ABCD"]
    places = [AirArea(code, code, code) for code in "ABCD"] + [AirArea("E", "E", "E")]
    rule = AirRule(pollutants=("pm25",), decimals=0)
    found = air_result(rule, counts, stations, places)
    assert [(place.key, place.figures["pm25"].rank) for place in found.districts] == [
        ("B", 1), ("A", 1), ("C", 3), ("D", None), ("E", None),
    ]  # fmt: skip
    document = air_document(found)
    assert [row["stations"] for row in document["districts"]] == [1, 1, 1, 1, 0]
    assert document["districts"][3]["mean"] is None
    assert document["districts"][0]["mean"] == "34.000000"


def test_a_station_that_the_list_lacks_is_kept_and_counts_for_no_district() -> None:
    days = {"A": [(24, 240)], "X": [(24, 2400)]}
    counts = DayCounts(date(2022, 1, 1), date(2022, 1, 1), 1, {"pm25": days})
    found = air_result(ONE, counts, [Station("A", "A", "D")], [AirArea("D", "D", "D")])
    assert found.unlisted == ("X",)
    row = air_document(found)["stations"][1]
    assert (row["station"], row["district"], row["mean"]) == ("X", None, "100.000000")
    assert found.districts[0].figures["pm25"].value == 10


def test_the_month_begins_with_the_calendar_month_of_the_last_day() -> None:
    days = [(24, 24 * day) for day in range(1, 34)]
    counts = DayCounts(date(2022, 1, 1), date(2022, 2, 2), 1, {"pm25": {"A": days}})
    found = air_result(ONE, counts, [Station("A", "A", "D")], [AirArea("D", "D", "D")])
    month = found.districts[0].month["pm25"]
    assert (month.value, month.days, found.month_first) == (Fraction(65, 2), 2, date(2022, 2, 1))


def test_a_span_ends_with_the_period_or_with_its_calendar_month() -> None:
    period = parse_period("2022-02", policy().period.months(SHANGHAI))
    assert last_day_for(AirRule(), period) == date(2022, 2, 18)
    assert last_day_for(AirRule(through="calendar_month"), period) == date(2022, 2, 28)


def test_every_mistake_of_a_rule_is_named() -> None:
    top = Settings({"min_hours": 25, "pollutants": ["so2"], "lowest": 5, "highest": 1}, "air.toml")
    parse_air_rule(top)
    assert {problem.where for problem in top.problems} == {"min_hours", "pollutants", "highest"}
    fine = Settings({"min_hours": 18, "through": "calendar_month"}, "air.toml")
    assert parse_air_rule(fine) == AirRule(min_hours=18, through="calendar_month")
    assert fine.problems == []


hours = st.tuples(st.integers(0, 24), st.integers(0, 10_000))
station_days = st.lists(hours, min_size=1, max_size=31)


@given(st.lists(station_days, min_size=1, max_size=5))
def test_means_equal_those_by_plain_fractions(several: list[list[tuple[int, int]]]) -> None:
    n = min(map(len, several))
    days = {f"S{i}": one[:n] for i, one in enumerate(several)}
    found = result(days)
    by_day: list[list[Fraction]] = [[] for _ in range(n)]
    for station in found.stations:
        means = [
            Fraction(total, number) if number >= 20 else None for number, total in days[station.key]
        ]
        valid = [mean for mean in means if mean is not None]
        expected = sum(valid, Fraction(0)) / len(valid) if valid else None
        assert station.figures["pm25"].value == expected
        for place, mean in zip(by_day, means, strict=True):
            place += [] if mean is None else [mean]
    daily = [sum(day, Fraction(0)) / len(day) for day in by_day if day]
    figure = found.districts[0].figures["pm25"]
    assert figure.value == (sum(daily, Fraction(0)) / len(daily) if daily else None)
    assert figure.days_valid == len(daily)
