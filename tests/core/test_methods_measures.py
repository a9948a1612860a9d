"""The worked tables of docs/methods/measures.md, recomputed."""

from dataclasses import replace
from fractions import Fraction

import pytest

from jiesu.core.measure_lists import measure_list
from jiesu.core.measure_record import parse_tables, tables_record
from jiesu.core.measures import (
    Measure,
    MeasureTable,
    Reading,
    asked_stretch,
    placed,
    standing_for,
    stretch_of,
)
from jiesu.core.period import parse_period
from jiesu.core.policy import ListRule
from jiesu.core.problems import InputError
from jiesu.core.result import Group, InputFile

from .cast import SHANGHAI, answers, assessed, counts, policy
from .pages import table

RULE = ListRule("worst", "measure", "street", {"zh": "z", "en": "e"}, 2, "whole_group", "pm25")


def measure(key: str, direction: str) -> Measure:
    words = {"zh": key, "en": key}
    return Measure(key, words, words, "lower" if direction == "lower" else "higher", 1, "office")


def tables() -> dict[str, MeasureTable]:
    found = {}
    rows = table("measures", "unit", "investment", "rank by investment", "pm25", "rank by pm25")
    for key, direction in (("investment", "higher"), ("pm25", "lower")):
        readings = {row["unit"]: Reading(Fraction(row[key])) for row in rows if row[key] != "none"}
        found[key] = MeasureTable(measure(key, direction), "2022-02", readings)
    return found


def test_periods_table() -> None:
    columns = ("asked", "periods with figures", "stands_for_months", "chosen")
    for row in table("measures", *columns):
        asked = stretch_of(row["asked"])
        assert asked is not None
        labels = row["periods with figures"].split()
        months = int(row["stands_for_months"])
        assert (standing_for(asked, labels, months) or "none") == row["chosen"], row


def test_a_range_takes_the_latest_period_that_ended_with_it() -> None:
    months = policy().period.months(SHANGHAI)
    period = parse_period("2022-01-05..2022-02-18", months)
    assert standing_for(asked_stretch(period), ["2022-02", "2022-01"], 12) == "2022-02"
    period = parse_period("2022-01-05..2022-02-17", months)
    assert standing_for(asked_stretch(period), ["2022-02", "2022-01"], 12) == "2022-01"


@pytest.mark.parametrize("label", ["2022-13", "2022-Q5", "2022-2", "22", "2022-02-01", "二〇二二"])
def test_other_labels_are_no_periods(label: str) -> None:
    assert stretch_of(label) is None


def test_ranks_table() -> None:
    rows = table("measures", "unit", "investment", "rank by investment", "pm25", "rank by pm25")
    for key, one in tables().items():
        ranks = {place.unit: str(place.rank) for place in placed(one, "ABCDE")}
        assert {row["unit"]: ranks.get(row["unit"], "none") for row in rows} == {
            row["unit"]: row[f"rank by {key}"] for row in rows
        }


def group_of_five() -> Group:
    """Five units with the codes A to E, in one group."""
    return assessed(policy(), counts({code: answers(10, 10, 10, 10) for code in "ABCDE"})).groups[0]


def test_lists_table() -> None:
    group = group_of_five()
    columns = ("measure", "end", "n", "ties", "units", "positions")
    for row in table("measures", *columns):
        rule = replace(
            RULE, measure=row["measure"], end=row["end"], n=int(row["n"]), ties=row["ties"],
            group=group.key,
        )  # fmt: skip
        named = measure_list(rule, group, rule.title, tables()[row["measure"]])
        assert " ".join(unit.unit for unit in named.units) == row["units"], row
        assert " ".join(str(unit.position) for unit in named.units) == row["positions"], row
        assert named.available
        assert named.measure == row["measure"]


def test_a_list_without_figures_is_not_available() -> None:
    group = group_of_five()
    bare = MeasureTable(measure("pm25", "lower"), "2022-02", {"Z": Reading(Fraction(1))})
    for nothing in (None, bare):
        named = measure_list(RULE, group, RULE.title, nothing)
        assert not named.available
        assert named.units == ()


def test_what_an_edition_keeps_of_measures_is_exact() -> None:
    third = MeasureTable(
        measure("pm25", "lower"), "2022-02", {"A": Reading(Fraction(100, 3), "x", weak=True)},
        "2022-01-01..2022-02-18", 49, (InputFile("a.csv", "0" * 64),),
    )  # fmt: skip
    record = tables_record({"pm25": third})
    assert parse_tables(record, file="measures.json") == {"pm25": third}
    for broken in (b"", b"{}", record.replace(b"100/3", b"33.3"), record.replace(b"100/3", b"1/0")):
        with pytest.raises(InputError):
            parse_tables(broken, file="measures.json")
