"""The README of the hand-worked small city against a plain recount of its cases."""

import csv
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest

SMALL_CITY = Path(__file__).resolve().parents[2] / "examples" / "small-city"

MONTHS = {
    "2022-01": (datetime(2021, 12, 19), datetime(2022, 1, 19)),  # noqa: DTZ001
    "2022-02": (datetime(2022, 1, 19), datetime(2022, 2, 19)),  # noqa: DTZ001
}

Row = dict[str, str]


def tables() -> Iterator[list[Row]]:
    """The Markdown tables of the README, cells by heading."""
    heading: list[str] = []
    rows: list[Row] = []
    for line in [*(SMALL_CITY / "README.md").read_text("utf-8").splitlines(), ""]:
        if not line.startswith("|"):
            if heading:
                yield rows
            heading, rows = [], []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not heading:
            heading = cells
        elif set(line) - set("|-"):
            rows.append(dict(zip(heading, cells, strict=True)))


def cases() -> list[Row]:
    """All cases, identical rows once."""
    found: dict[str, Row] = {}
    for path in sorted((SMALL_CITY / "cases").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                assert found.setdefault(row["case_id"], row) == row
    return list(found.values())


def units() -> dict[str, Row]:
    with (SMALL_CITY / "units.csv").open(encoding="utf-8", newline="") as lines:
        return {row["code"]: row for row in csv.DictReader(lines)}


def in_month(rows: list[Row], month: str) -> list[Row]:
    start, end = MONTHS[month]
    return [row for row in rows if start <= datetime.fromisoformat(row["created_at"]) < end]


def rounded(value: Fraction, decimals: int) -> str:
    quotient = Decimal(value.numerator) / Decimal(value.denominator)
    return str(quotient.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def rates(rows: list[Row]) -> dict[str, Fraction]:
    """Counts and rates of cases with a valid call-back; no rates where there is none."""
    valid = [row for row in rows if row["callback_valid"] == "true"]
    counts = {
        "valid": len(valid),
        "contacted": sum(row["callback_contacted"] == "true" for row in valid),
        "resolved": sum(row["callback_resolved"] == "yes" for row in valid),
        "satisfied": sum(row["callback_satisfaction"] == "satisfied" for row in valid),
        "fairly": sum(row["callback_satisfaction"] == "fairly_satisfied" for row in valid),
    }
    figures = {name: Fraction(n) for name, n in counts.items()}
    if valid:
        figures["response"] = figures["contacted"] / len(valid)
        figures["resolution"] = figures["resolved"] / len(valid)
        liked = figures["satisfied"] + Fraction(9, 10) * figures["fairly"]
        figures["satisfaction"] = liked / len(valid)
        figures["composite"] = (
            figures["response"] + 5 * figures["resolution"] + 4 * figures["satisfaction"]
        ) * 10
    return figures


def expected_row(unit: Row, rows: list[Row], below: set[str]) -> Row:
    """A unit's line of the README, rank and change left aside."""
    mine = [row for row in rows if row["unit"] in below]
    counted = rates([row for row in mine if row["excluded"] == "false"])
    every = rates(mine)
    line = {
        "unit": unit["code"],
        "kind": unit["kind"],
        "volume": str(len(mine)),
        "excluded": str(sum(row["excluded"] == "true" for row in mine)),
        "apart": "-" if counted["valid"] else "too_few" if mine else "no_cases",
        "per_10000": "-",
        "score": rounded(counted["composite"], 1) if counted["valid"] else "-",
        "with_excluded": rounded(every["composite"], 1) if every["valid"] else "-",
    }
    for name in ("valid", "contacted", "resolved", "satisfied", "fairly"):
        line[name] = str(counted[name])
    for name in ("response", "resolution", "satisfaction"):
        line[name] = rounded(counted[name], 6) if counted["valid"] else "-"
    if unit["population"]:
        there = sum(row["place"] in below for row in rows)
        line["per_10000"] = rounded(Fraction(there * 10_000, int(unit["population"])), 2)
    return line


def expected(month: str) -> dict[str, Row]:
    rows, by_code = in_month(cases(), month), units()
    lines = {}
    for code, unit in by_code.items():
        below = {code} | {other for other, row in by_code.items() if row["parent"] == code}
        lines[code] = expected_row(unit, rows, below)
    for line in lines.values():
        peers = [other for other in lines.values() if other["kind"] == line["kind"]]
        ranked = [Decimal(peer["score"]) for peer in peers if peer["score"] != "-"]
        is_ranked = line["score"] != "-"
        better = [score for score in ranked if is_ranked and score > Decimal(line["score"])]
        line["rank"] = str(1 + len(better)) if is_ranked else "-"
    return lines


@pytest.mark.parametrize("month", MONTHS)
def test_the_readme_states_what_a_plain_recount_of_the_cases_gives(month: str) -> None:
    position = list(MONTHS).index(month)
    table = [rows for rows in tables() if "with_excluded" in rows[0]][position]
    recount = expected(month)
    assert {line["unit"] for line in table} == set(recount)
    for line in table:
        wanted = recount[line["unit"]]
        assert {name: line[name] for name in wanted} == wanted


def test_the_readme_states_the_change_against_january() -> None:
    january, february = expected("2022-01"), expected("2022-02")
    table = next(rows for rows in tables() if "change" in rows[0])
    for line in table:
        before, now = january[line["unit"]], february[line["unit"]]
        assert (line["previous_rank"], line["previous_score"]) == (before["rank"], before["score"])
        both = "-" not in (before["score"], now["score"])
        change = str(Decimal(now["score"]) - Decimal(before["score"])) if both else "-"
        assert line["change"] == change


def test_the_readme_states_volume_by_place_and_totals() -> None:
    by_place = next(rows for rows in tables() if "place" in rows[0])
    totals = next(rows for rows in tables() if "unassigned" in rows[0])
    for month, total in zip(MONTHS, totals, strict=True):
        rows = in_month(cases(), month)
        for line in by_place:
            assert line[month] == str(sum(row["place"] == line["place"] for row in rows))
        assert total == {
            "period": month,
            "volume": str(len(rows)),
            "unassigned": str(sum(not row["unit"] for row in rows)),
            "excluded": str(sum(row["excluded"] == "true" for row in rows)),
        }


def test_the_small_city_holds_a_duplicate_and_a_case_of_the_next_month() -> None:
    n_rows = sum(
        len(path.read_text("utf-8").splitlines()) - 1
        for path in (SMALL_CITY / "cases").glob("*.csv")
    )
    n_in_months = sum(len(in_month(cases(), month)) for month in MONTHS)
    assert (n_rows, len(cases()), n_in_months) == (46, 45, 44)
