"""The whole run over the hand-worked small city against its README's tables."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from jiesu.city.run import job_of, run
from jiesu.core.result import Evaluation, Figures, UnitResult
from jiesu.core.scoring import rounded

from .test_small_city import SMALL_CITY, Row, tables

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def evaluated(tmp_path: Path, period: str) -> Evaluation:
    job = replace(job_of(SMALL_CITY, period), out=tmp_path / period, formats=("json",))
    return run(job, now=NOW).evaluation


def stated(period: str) -> dict[str, Row]:
    """The README's row of each unit: the two big tables stand in the order of the months."""
    big = [table for table in tables() if table and "with_excluded" in table[0]]
    rows = big[("2022-01", "2022-02").index(period)]
    return {row["unit"]: row for row in rows}


def shown(value: object) -> str:
    return "-" if value is None else str(value)


def as_row(unit: UnitResult) -> Row:
    figures: Figures = unit.figures
    row = {
        "volume": str(unit.volume),
        "excluded": str(unit.n_excluded),
        "valid": str(figures.rates["response"].whole),
        "contacted": str(figures.rates["response"].part),
        "resolved": str(figures.rates["resolution"].part),
        "score": shown(unit.score),
        "rank": shown(unit.rank),
        "apart": shown(unit.apart),
        "with_excluded": shown(unit.with_excluded.score),
        "per_10000": shown(unit.per_10000),
    }
    for key in ("response", "resolution", "satisfaction"):
        value = figures.rates[key].value
        row[key] = "-" if value is None else str(rounded(value, 6))
    return row


@pytest.mark.parametrize("period", ["2022-01", "2022-02"])
def test_the_engine_gives_the_figures_worked_by_hand(tmp_path: Path, period: str) -> None:
    evaluation = evaluated(tmp_path, period)
    expected = stated(period)
    found = {unit.unit: unit for group in evaluation.groups for unit in group.units}
    assert set(found) == set(expected)
    for code, unit in found.items():
        row = as_row(unit)
        assert row == {key: expected[code][key] for key in row}, code


def test_previous_and_change_are_those_worked_by_hand(tmp_path: Path) -> None:
    evaluation = evaluated(tmp_path, "2022-02")
    expected = stated("2022-02")
    for group in evaluation.groups:
        for unit in group.units:
            previous = unit.previous
            found = {
                "previous_rank": shown(previous and previous.rank),
                "previous_score": shown(previous and previous.score),
                "change": shown(unit.change),
            }
            assert found == {key: expected[unit.unit][key] for key in found}, unit.unit
    improved = next(named for named in evaluation.lists if named.kind == "improved")
    assert [(unit.unit, unit.value) for unit in improved.units] == [
        ("E1", Decimal("13.5")),
        ("E2", Decimal("11.2")),
        ("E3", Decimal("6.5")),
    ]


def test_the_duplicate_is_counted_and_the_city_s_total_holds_everything(tmp_path: Path) -> None:
    evaluation = evaluated(tmp_path, "2022-02")
    source = evaluation.input
    assert (source.accepted, source.rejected, source.duplicates) == (45, 0, 1)
    assert evaluation.totals.unassigned == 1
