"""One million cases from CSV to all five documents, with a breakdown and the floors."""

import json
from pathlib import Path
from statistics import median

from bench.processes import JIESU, PYTHON, Contestant, Failed, Runs, contestant_script, in_turn
from bench.report import Section, Target, runs_table, seconds, table, targets_table
from bench.workshop import file_bytes, synthetic_city

MONTHS = 2
CASES_A_MONTH = 500_000
FORMATS = ("html", "docx", "pdf", "xlsx", "json")


def documents(work: Path, scale: float, n_runs: int) -> Section:
    """Measure and describe."""
    n_cases = max(1, int(CASES_A_MONTH * scale))
    city = synthetic_city(work, period="2022-02", months=MONTHS, cases=n_cases)
    out = work / "documents-out"
    arguments = ["evaluate", "--city", str(city), "--period", "2022-02", "--out", str(out)]
    arguments += ["--formats", ",".join(FORMATS)]
    runs = in_turn(
        (
            Contestant("jiesu evaluate", [JIESU, *arguments]),
            Contestant("with a stopwatch", contestant_script("stages", *arguments)),
            Contestant("read as text", contestant_script("sql_read", city / "cases")),
            Contestant("start and import", contestant_script("imports")),
            Contestant("bare Python", [PYTHON, "-c", ""]),
            Contestant("jiesu --help", [JIESU, "--help"]),
        ),
        n_runs,
    )
    whole, watched = runs[0], runs[1]
    missing = [name for name in FORMATS if not _document(out, name).exists()]
    if missing:
        raise Failed(f"jiesu evaluate wrote no {', '.join(missing)}")
    text = (
        f"{MONTHS * n_cases:,} synthetic cases in {MONTHS} CSV files "
        f"({file_bytes(city / 'cases') / 1e9:.2f} GB), period `2022-02` with the month before, all "
        "five documents. The floors: DuckDB reading every value of the same files as text, "
        "Python importing what the command imports, and Python alone. "
        f"`jiesu --help` took {runs[5].wall:.2f} s."
    )
    aims = [
        Target("wall: jiesu evaluate, five documents", whole.wall, 30, " s"),
        Target("wall: jiesu --help", runs[5].wall, 0.5, " s"),
    ]
    return Section(
        "CSV to all five documents",
        [text, runs_table(runs, whole), targets_table(aims), _breakdown(watched)],
    )


def _document(out: Path, form: str) -> Path:
    return out / ("evaluation.json" if form == "json" else f"bulletin.{form}")


def _breakdown(watched: Runs) -> str:
    """Where the time goes: medians by stage, the rest by the medians' difference."""
    stages = [json.loads(run.printed) for run in watched.runs]
    medians = {name: median(stage.get(name, 0.0) for stage in stages) for name in stages[0]}
    rest = watched.wall - sum(medians.values())
    lines = [
        *medians.items(),
        ("start-up, imports, printing, files", rest),
        ("whole process", watched.wall),
    ]
    shown = [(name, seconds(value), f"{value / watched.wall:.0%}") for name, value in lines]
    return table(("stage (with a stopwatch)", "median", "share"), shown)
