"""The whole run over the hand-worked small city against its README's tables."""

import errno
import os
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from jiesu.city.run import run
from jiesu.city.workspace import job_of
from jiesu.core.problems import InputError
from jiesu.core.result import Evaluation, Figures, UnitResult
from jiesu.core.scoring import rounded

from .test_small_city import SMALL_CITY, Row, tables

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def evaluated(tmp_path: Path, period: str) -> Evaluation:
    job = replace(job_of(SMALL_CITY, period), out=tmp_path / period, formats=())
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


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_failing_document_leaves_the_files_of_the_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    job = replace(job_of(SMALL_CITY, "2022-01"), out=out, formats=("html", "xlsx"))
    run(job, now=NOW)
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert files_in(out) == [
        "bulletin.html", "bulletin.xlsx", "duplicates.csv", "evaluation.json", "rejects.csv",
    ]  # fmt: skip
    write_bytes = Path.write_bytes

    def full_disk(self: Path, data: bytes) -> int:
        if "bulletin.xlsx" in self.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_bytes(self, data)

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(InputError, match=r"^bulletin\.xlsx: .*No space left .*name another folder"):
        run(replace(job, period="2022-02"), now=NOW)
    assert {path: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize("name", ["evaluation.json", "bulletin.html", "bulletin.pdf"])
def test_a_folder_in_the_place_of_a_file_is_named_and_nothing_is_written(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    job = replace(job_of(SMALL_CITY, "2022-01"), out=tmp_path, formats=("html",))
    with pytest.raises(InputError) as error:
        run(job, now=NOW)
    (problem,) = error.value.problems
    assert problem.file == str(tmp_path / name)
    assert "it is a folder" in problem.what
    assert files_in(tmp_path) == sorted({name, "duplicates.csv", "rejects.csv"})


def test_a_bulletin_of_an_earlier_run_in_a_format_not_asked_for_goes(tmp_path: Path) -> None:
    job = replace(job_of(SMALL_CITY, "2022-01"), out=tmp_path, formats=("html", "xlsx"))
    run(job, now=NOW)
    done = run(replace(job, formats=("html",)), now=NOW)
    assert done.written == (tmp_path / "evaluation.json", tmp_path / "bulletin.html")
    assert not (tmp_path / "bulletin.xlsx").exists()


def test_folders_made_for_a_run_that_failed_go_with_it(tmp_path: Path) -> None:
    job = replace(job_of(SMALL_CITY, "2022-01"), out=tmp_path / "a" / "b" / "out")
    bad = tmp_path / "bad.csv"
    bad.write_text("编号\n1\n", "utf-8")
    with pytest.raises(InputError):
        run(replace(job, inputs=(bad,)), now=NOW)
    assert files_in(tmp_path) == ["bad.csv"]
    with pytest.raises(InputError, match="cannot write here"):
        run(replace(job, out=bad / "out"), now=NOW)
    bad.write_text("case_id,created_at\n1,never\n", "utf-8")
    with pytest.raises(InputError):
        run(replace(job, inputs=(bad,)), now=NOW)
    # The report says what is wrong with each row: it stays, and nothing else does.
    assert "rejects.csv" in files_in(job.out)
    assert not [name for name in files_in(job.out) if name.startswith(".")]


def versions(folder: Path, *bodies: str) -> list[Path]:
    """Copies of the policy beijing as files of these texts after the first key."""
    text = (files("jiesu.city") / "shipped/policies/beijing.toml").read_text("utf-8")
    kept = [line for line in text.splitlines() if not line.startswith(("valid_", "version"))]
    paths = []
    for number, body in enumerate(bodies, start=1):
        path = folder / f"{number}.toml"
        path.write_text(f'version = "{number}"\n{body}\n' + "\n".join(kept), "utf-8")
        paths.append(path)
    return paths


def in_calendar_months(path: Path) -> None:
    text = path.read_text("utf-8")
    changed = text.replace("start_day = 19", "start_day = 1")
    changed = changed.replace('"previous_month"', '"same_month"')
    assert text != changed
    path.write_text(changed, "utf-8")


def test_the_order_of_policy_versions_makes_no_difference(tmp_path: Path) -> None:
    # By the old version's months January ends on the 18th, when that version is in force.
    old, new = versions(tmp_path, "valid_to = 2022-01-20", "valid_from = 2022-01-20")
    in_calendar_months(new)
    job = replace(job_of(SMALL_CITY, "2022-01"), formats=())
    texts = set()
    for number, policies in enumerate([(old, new), (new, old), (tmp_path,)]):
        out = tmp_path / f"out{number}"
        evaluation = run(replace(job, policies=policies, out=out), now=NOW).evaluation
        assert (evaluation.policy.version, evaluation.period.start.day) == ("2", 1)
        texts.add((out / "evaluation.json").read_bytes())
    assert len(texts) == 1


def test_a_version_that_ends_before_its_own_month_does_is_refused(tmp_path: Path) -> None:
    old, new = versions(tmp_path, "valid_to = 2022-01-25", "valid_from = 2022-01-25")
    in_calendar_months(old)
    job = replace(job_of(SMALL_CITY, "2022-01"), policies=(new, old), out=tmp_path / "out")
    with pytest.raises(InputError, match=r"version 1 .* not in force on 2022-01-31"):
        run(job, now=NOW)
    assert not (tmp_path / "out").exists()
