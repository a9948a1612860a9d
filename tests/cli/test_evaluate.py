"""`jiesu evaluate` from the command line: real files, hand-made months and bad input."""

import csv
import gzip
import json
import os
import stat
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "evaluation.schema.json").read_text("utf-8"))

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def jiesu(tmp_path: Path) -> Run:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jiesu", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "TZ": "America/Lima"},
            check=False,
        )

    return run


def evaluation(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "evaluation.json").read_text("utf-8"))
    jsonschema.validate(document, SCHEMA)
    return document


@pytest.mark.realdata
def test_boston_equals_an_independent_recount(jiesu: Run, tmp_path: Path, realdata: Path) -> None:
    source = realdata / "boston-311-2011-q3.csv.gz"
    done = jiesu(
        "evaluate", source, "--profile", "boston311", "--policy", "on-time",
        "--period", "2011-Q3", "--out", tmp_path / "out", "--formats", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "agrees in 25,101 of 25,101 cases" in done.stdout
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    as_of = max(max(row["open_dt"], row["closed_dt"]) for row in rows)
    due: Counter[str] = Counter()
    on_time: Counter[str] = Counter()
    volume: Counter[str] = Counter()
    for row in rows:
        unit, target, closed = row["department"], row["target_dt"], row["closed_dt"]
        volume[unit] += 1
        if target and (closed or target < as_of):
            due[unit] += 1
            on_time[unit] += bool(closed) and closed <= target
    found = evaluation(tmp_path / "out")
    [group] = found["groups"]
    assert {unit["unit"]: unit["volume"] for unit in group["units"]} == volume
    rates = {unit["unit"]: unit["rates"]["on_time"] for unit in group["units"]}
    assert {unit: rate["whole"] for unit, rate in rates.items() if rate["whole"]} == due
    assert {unit: rate["part"] for unit, rate in rates.items() if rate["whole"]} == {
        unit: on_time[unit] for unit in due
    }
    assert found["period"]["start"] == "2011-07-01T00:00:00-04:00"


@pytest.mark.realdata
@pytest.mark.parametrize("period", ["2018-09", "2018-Q3", "2018-08-05..2018-09-04"])
def test_pingshan_equals_an_independent_recount(
    jiesu: Run, tmp_path: Path, realdata: Path, period: str
) -> None:
    source = realdata / "pingshan-2018-part1.csv"
    done = jiesu(
        "evaluate", source, "--profile", "pingshan", "--policy", "on-time",
        "--period", period, "--out", tmp_path / "out", "--formats", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    bounds = {
        "2018-09": ("2018-09-01", "2018-10-01"),
        "2018-Q3": ("2018-07-01", "2018-10-01"),
        "2018-08-05..2018-09-04": ("2018-08-05", "2018-09-05"),
    }
    start, end = bounds[period]
    with source.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    names: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    expected: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    places: Counter[str] = Counter()
    for row in rows:
        unit, name = row["DISPOSE_UNIT_ID"], row["DISPOSE_UNIT_NAME"]
        if "-" not in (unit, name):
            names[unit][name].append(row["CREATE_TIME"])
        if not start <= row["CREATE_TIME"] < end:
            continue
        if row["STREET_ID"] != "-" or unit != "-":
            places[unit if row["STREET_ID"] == "-" else row["STREET_ID"]] += 1
        if unit != "-":
            flags = (row["INTIME_ARCHIVE_NUM"] == "1", row["OVERTIME_ARCHIVE_NUM"] == "1")
            counted = expected[unit]
            counted[0] += 1
            counted[1] += any(flags)
            counted[2] += flags[0]
    found = evaluation(tmp_path / "out")
    [group] = found["groups"]
    got = {
        unit["unit"]: [
            unit["volume"],
            unit["rates"]["on_time"]["whole"],
            unit["rates"]["on_time"]["part"],
        ]
        for unit in group["units"]
    }
    assert got == expected
    for unit in group["units"]:
        times = names[unit["unit"]]
        best = max(times, key=lambda name: (len(times[name]), max(times[name])))
        assert unit["name"] == best
    [volumes] = [named for named in found["lists"] if named["kind"] == "volume"]
    assert {unit["unit"]: int(unit["value"]) for unit in volumes["units"]} == {
        place: n for place, n in places.items() if n >= sorted(places.values())[-10:][0]
    }


HEADER = (
    "case_id,unit,place,created_at,callback_at,callback_valid,callback_contacted,"
    "callback_resolved,callback_satisfaction,excluded"
)


def month(path: Path, *rows: str) -> Path:
    path.write_text("\n".join((HEADER, *rows)) + "\n", "utf-8")
    return path


def test_a_hand_made_month(jiesu: Run, tmp_path: Path) -> None:
    file = month(
        tmp_path / "month.csv",
        # The last second before the period, its first and its last.
        "1,A,P,2022-01-18 23:59:59,,true,true,yes,satisfied,",
        "2,A,P,2022-01-19 00:00:00,,true,true,yes,satisfied,",
        "3,A,Q,2022-02-18 23:59:59,,true,true,no,fairly_satisfied,",
        # A null callback_valid is not valid; an excluded case is in one version only.
        "4,A,Q,2022-02-01 08:00:00,,,true,yes,satisfied,",
        "5,A,Q,2022-02-01 09:00:00,,true,false,no,dissatisfied,true",
        "6,B,P,2022-02-01 10:00:00,,false,true,yes,satisfied,",
        "7,,P,2022-02-01 10:00:00,,true,true,yes,satisfied,",
        "8,A,Q,2022-02-19 00:00:00,,true,true,yes,satisfied,",
    )
    done = jiesu(
        "evaluate", file, "--profile", "jiesu", "--policy", "beijing", "--period", "2022-02",
        "--out", tmp_path / "out", "--formats", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = evaluation(tmp_path / "out")
    assert found["input"]["accepted"] == 8
    assert found["as_of"] == "2022-02-19T00:00:00+08:00"
    assert found["totals"]["volume"] == 6
    assert found["totals"]["unassigned"] == 1
    [group] = found["groups"]
    first, second = group["units"]
    assert (first["unit"], first["rank"], first["volume"]) == ("A", 1, 4)
    assert first["rates"]["response"] | {"interval": None} == {
        "part": 2, "whole": 2, "value": "1.000000", "interval": None,
    }  # fmt: skip
    assert (first["rates"]["satisfaction"]["part"], first["score"]) == ("1.9", "73.0")
    assert first["with_excluded"]["score"] == "48.7"
    assert first["previous"] == {"rank": 1, "score": "100.0"}
    assert first["change"] == "-27.0"
    assert (second["unit"], second["rank"], second["score"], second["apart"]) == (
        "B", None, None, "too_few",
    )  # fmt: skip
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == [
        "duplicates.csv", "evaluation.json", "rejects.csv",
    ]  # fmt: skip


def test_as_of_decides_what_has_happened(jiesu: Run, tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(
        "case_id,unit,created_at,due_at,closed_at\n"
        "1,A,2022-02-01 00:00,2022-02-03 00:00,2022-02-02 00:00\n"
        "2,A,2022-02-01 00:00,2022-02-03 00:00,2022-02-09 00:00\n"
        "3,A,2022-02-01 00:00,2022-02-10 00:00,2022-02-09 00:00\n"
        "4,A,2022-02-06 00:00,2022-02-10 00:00,\n",
        "utf-8",
    )
    counted = {}
    for as_of in ("2022-02-02T12:00", "2022-02-05T00:00", "2022-02-20T00:00+08:00"):
        done = jiesu(
            "evaluate", file, "--profile", "jiesu", "--policy", "on-time", "--period", "2022-02",
            "--out", tmp_path / "out", "--formats", "json", "--as-of", as_of,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        [unit] = evaluation(tmp_path / "out")["groups"][0]["units"]
        rate = unit["rates"]["on_time"]
        counted[as_of] = (unit["volume"], rate["whole"], rate["part"])
    assert counted == {
        "2022-02-02T12:00": (3, 1, 1),
        "2022-02-05T00:00": (3, 2, 1),
        "2022-02-20T00:00+08:00": (4, 4, 2),
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--period", "2022-13"], "'2022-13' is not a period"),
        (["--period", "2019-01"], "no case falls in the period 2019-01"),
        (["--policy", "boston"], "no such policy"),
        (["--profile", "boston"], "boston"),
        (["--as-of", "yesterday"], "'yesterday' is not a time"),
        (["--as-of", "0001-01-01"], "'0001-01-01' is not a time"),
        (["--as-of", "2022-01-01"], "as of 2022-01-01 00:00 nothing of 2022-02 has happened"),
        (["--group-by", "caller"], "'caller' is not known"),
        (["--engine", "duckdb:///no/such/folder/x.db"], "cannot be opened"),
        (["--formats", "odt"], "'odt' is not a format"),
        (["--group-by", "colour"], "'colour' is not known"),
        (["--engine", "oracle://x"], "no such engine"),
        (["--units", "nowhere.csv"], "nowhere.csv"),
        (["--lang", "fr"], "'fr' is not known"),
    ],
)
def test_a_wrong_option_is_one_line_and_exit_code_2(
    jiesu: Run, tmp_path: Path, arguments: list[str], said: str
) -> None:
    file = month(tmp_path / "month.csv", "2,A,P,2022-01-19 00:00:00,,true,true,yes,satisfied,")
    options = {
        "--profile": "jiesu",
        "--policy": "beijing",
        "--period": "2022-02",
        "--out": "out",
        "--formats": "json",
    } | dict([arguments])
    done = jiesu("evaluate", file, *(word for pair in options.items() for word in pair))
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_damaged_file_leaves_no_output(jiesu: Run, tmp_path: Path) -> None:
    name = "一个 很长的 名字 " + "x" * 80 + ".csv"
    (tmp_path / name).write_text("<!DOCTYPE html><html><body>not found</body></html>", "utf-8")
    done = jiesu(
        "evaluate", tmp_path / name, "--profile", "jiesu", "--policy", "beijing",
        "--period", "2022-02", "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 2
    assert name in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out" / "evaluation.json").exists()


def test_an_earlier_evaluation_survives_a_run_that_fails(jiesu: Run, tmp_path: Path) -> None:
    good = month(tmp_path / "good.csv", "2,A,P,2022-01-19 00:00:00,,true,true,yes,satisfied,")
    options = [
        "--profile", "jiesu", "--policy", "beijing", "--period", "2022-02",
        "--out", tmp_path / "out", "--formats", "json",
    ]  # fmt: skip
    assert jiesu("evaluate", good, *options).returncode == 0
    before = (tmp_path / "out" / "evaluation.json").read_bytes()
    assert jiesu("evaluate", tmp_path / "missing.csv", *options).returncode == 2
    assert (tmp_path / "out" / "evaluation.json").read_bytes() == before


def test_rejected_rows_are_reported_and_private(jiesu: Run, tmp_path: Path) -> None:
    file = month(
        tmp_path / "month.csv",
        "2,A,P,2022-01-19 00:00:00,,true,true,yes,satisfied,",
        f"3,A,P,{'soon' * 50},,true,true,yes,satisfied,",
        "2,A,P,2022-01-19 00:00:00,,true,true,yes,satisfied,",
    )
    done = jiesu(
        "evaluate", file, "--profile", "jiesu", "--policy", "beijing", "--period", "2022-02",
        "--out", tmp_path / "out", "--formats", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Rows 3 = accepted 1 + rejected 1 + duplicates 1" in done.stdout
    rejects = tmp_path / "out" / "rejects.csv"
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
    with rejects.open(encoding="utf-8", newline="") as lines:
        [row] = csv.DictReader(lines)
    assert (Path(row["file"]).name, row["line"], row["column"]) == ("month.csv", "3", "created_at")
    assert len(row["value"]) <= 80


def test_the_same_input_gives_the_same_bytes(jiesu: Run, tmp_path: Path) -> None:
    outs = []
    for name in ("a", "b"):
        done = jiesu(
            "evaluate", "--city", ROOT / "examples" / "small-city", "--period", "2022-02",
            "--out", tmp_path / name, "--formats", "json",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        outs.append((tmp_path / name / "evaluation.json").read_bytes())
    assert outs[0] == outs[1]


def test_help_answers_without_the_engines(jiesu: Run) -> None:
    code = (
        "import sys, jiesu.cli.main\n"
        "heavy = {'ibis', 'duckdb', 'pyarrow', 'numpy', 'pandas', 'typst', 'docx', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert loaded.strip() == "[]"
    assert jiesu("--help").returncode == 0


def test_names_that_look_like_markup_are_printed_as_they_are(jiesu: Run, tmp_path: Path) -> None:
    out = tmp_path / "out[red]"
    file = tmp_path / "month.csv"
    file.write_text(
        f"{HEADER},费用[/元]\n2,[/b]A\u202e,P,2022-01-19 00:00:00,,true,true,yes,satisfied,,1\n",
        "utf-8",
    )
    done = jiesu(
        "evaluate", file, "--profile", "jiesu", "--policy", "beijing", "--period", "2022-02",
        "--out", out, "--formats", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "费用[/元]" in done.stdout
    assert f"Written: {out}" in done.stdout
    assert "[/b]A\N{REPLACEMENT CHARACTER}" in done.stdout


def test_a_reader_that_leaves_early_ends_the_run_quietly(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m jiesu --help | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.realdata
def test_figures_from_imported_parquet_are_those_of_its_source(
    jiesu: Run, tmp_path: Path, realdata: Path
) -> None:
    source = realdata / "boston-311-2011-q3.csv.gz"
    imported = jiesu("import", source, "--profile", "boston311", "--out", tmp_path / "own")
    assert imported.returncode == 0, imported.stderr
    found = []
    for inputs, profile in ((source, "boston311"), (tmp_path / "own", "jiesu")):
        done = jiesu(
            "evaluate", inputs, "--profile", profile, "--policy", "on-time",
            "--period", "2011-08", "--out", tmp_path / profile, "--formats", "json",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found.append(evaluation(tmp_path / profile))
    for document in found:
        document["input"]["files"] = document["input"]["digest"] = None
    assert found[0] == found[1]
