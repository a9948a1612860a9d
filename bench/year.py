"""A year of 24 million cases: jiesu's counts and command beside SQL and pandas."""

import json
from pathlib import Path
from typing import Any

from bench.contestants.months import AS_OF
from bench.processes import JIESU, Contestant, Failed, Runs, contestant_script, in_turn
from bench.report import Section, Target, runs_table, targets_table
from bench.workshop import file_bytes, synthetic_city

CASES_A_MONTH = 2_000_000


def year(work: Path, scale: float, n_runs: int) -> Section:
    """Measure, check that all counts are equal, and describe."""
    n_cases = max(1, int(CASES_A_MONTH * scale))
    city = synthetic_city(work, period="2021-12", months=12, cases=n_cases, form="parquet")
    cases, out = city / "cases", work / "year-out"
    command = [JIESU, "evaluate", "--city", str(city), "--period", "2021", "--formats", "json"]
    command += ["--as-of", AS_OF.isoformat(), "--out", str(out)]
    runs = in_turn(
        (
            Contestant("SQL", contestant_script("sql_plain", cases), "--check"),
            Contestant("SQL, fastest", contestant_script("sql_counts", cases), "--check"),
            Contestant("jiesu, counts", contestant_script("jiesu_counts", cases), "--check"),
            Contestant("jiesu, command", command),
            Contestant("pandas", contestant_script("pandas_counts", cases, "plain"), "--check"),
            Contestant(
                "pandas, categories",
                contestant_script("pandas_counts", cases, "categories"),
                "--check",
            ),
        ),
        n_runs,
    )
    summary = _checked(runs, json.loads((out / "evaluation.json").read_text("utf-8")))
    text = (
        f"{summary['facts']['created']:,} synthetic cases in {len(list(cases.iterdir()))} Parquet "
        f"files ({file_bytes(cases) / 1e9:.2f} GB), policy `beijing`, period `2021`, as of the end "
        "of the period. Every program counts the same: for each unit and assessment month the "
        "joint table of the policy's facts, and the cases by place and month; the command also "
        "scores, ranks and writes `evaluation.json`. The programs' "
        f"{summary['joint_rows']:,} + {summary['place_rows']:,} integers were compared in the "
        "warm-up and are equal (SHA-256 of the sorted rows "
        f"`{summary['digest'][:16]}…`), and the command's totals agree with them."
    )
    return Section(
        f"A year of {_millions(n_cases * 12)} cases",
        [text, runs_table(runs, runs[0]), targets_table(_targets(runs)), _NOTE],
    )


_NOTE = (
    "`SQL` is DuckDB's own language as one writes it: a view that names the facts and two queries "
    "(`bench/contestants/sql_plain.py`). `SQL, fastest` is the fastest of a dozen forms that we "
    "tried (`bench/contestants/sql_counts.py`): one scan with grouping sets, a tree of comparisons "
    "for the month, nested masks. `pandas` reads the needed columns with `read_parquet` and groups "
    "by the same keys, as one writes it; `pandas, categories` also has PyArrow read the texts as "
    "categories (`read_dictionary`), the fastest form that we found."
)


def _targets(runs: list[Runs]) -> list[Target]:
    sql, fastest, counts, command, pandas, categories = runs
    return [
        Target("wall: jiesu, counts ÷ SQL", counts.wall / sql.wall, 1.3),
        Target("wall: jiesu, command ÷ SQL", command.wall / sql.wall, 1.6),
        Target("wall: jiesu, counts ÷ SQL, fastest", counts.wall / fastest.wall, 1.3),
        Target("wall: jiesu, command ÷ SQL, fastest", command.wall / fastest.wall, 1.6),
        Target("wall: jiesu, command ÷ pandas", command.wall / pandas.wall, 0.4),
        Target("memory: jiesu, command ÷ pandas", command.peak / pandas.peak, 0.25),
        Target("wall: jiesu, command ÷ pandas, categories", command.wall / categories.wall, 0.4),
        Target("memory: jiesu, command ÷ pandas, categories", command.peak / categories.peak, 0.25),
    ]


def _checked(runs: list[Runs], evaluation: dict[str, Any]) -> dict[str, Any]:
    """What the counting programs found, if all of them found the same. Raises Failed if not."""
    found = {
        run.contestant.name: json.loads(run.warm_up.printed) for run in runs if run.contestant.check
    }
    summary: dict[str, Any] = found["SQL"]
    for name, other in found.items():
        if other != summary:
            raise Failed(f"{name} counts otherwise than SQL:\n{other}\n{summary}")
    facts, totals = summary["facts"], evaluation["totals"]
    rates = totals["with_excluded"]["rates"]
    command = {
        "created": totals["volume"],
        "excluded": totals["excluded"],
        "called_back": rates["response"]["whole"],
        "contacted": rates["response"]["part"],
        "resolved": rates["resolution"]["part"],
    }
    if any(facts[name] != n for name, n in command.items()):
        raise Failed(f"the command counts otherwise than SQL:\n{command}\n{facts}")
    return summary


def _millions(n: int) -> str:
    return f"{n // 1_000_000} million" if n % 1_000_000 == 0 else f"{n:,}"
