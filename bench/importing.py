"""CSV to canonical Parquet, beside DuckDB reading the same file as text."""

from pathlib import Path

from bench.processes import JIESU, Contestant, Failed, contestant_script, in_turn
from bench.report import Section, Target, runs_table, targets_table
from bench.workshop import synthetic_city

CASES = 5_000_000


def importing(work: Path, scale: float, n_runs: int) -> Section:
    """Measure, check that no row was lost, and describe."""
    n_cases = max(1, int(CASES * scale))
    city = synthetic_city(work, period="2022-02", months=1, cases=n_cases)
    [file] = (city / "cases").iterdir()
    with file.open("rb") as lines:
        n_columns = next(lines).count(b",") + 1
    out = work / "imported"
    ours = [JIESU, "import", str(file), "--profile", "jiesu", "--out", str(out)]
    runs = in_turn(
        (
            Contestant("DuckDB", contestant_script("sql_import", file, work / "as-text.parquet")),
            Contestant("jiesu import", ours, fresh=out),
        ),
        n_runs,
    )
    if f"{n_cases:,}" not in runs[1].warm_up.printed:
        raise Failed(f"jiesu import did not accept {n_cases:,} rows: {runs[1].warm_up.printed}")
    speeds = [n_cases / run.wall for run in runs]
    text = (
        f"{n_cases:,} synthetic cases in one CSV file ({file.stat().st_size / 1e9:.2f} GB, "
        f"{n_columns} columns). DuckDB reads every column as text and writes Parquet: "
        "`COPY (SELECT * FROM read_csv(…, all_varchar = true)) TO …`. jiesu checks every value, "
        "turns times into UTC, finds duplicates, takes the file's SHA-256 and writes canonical "
        "Parquet."
    )
    per_second = ("rows per second", [f"{speed:,.0f}" for speed in speeds])
    target = Target("rows per second: jiesu ÷ DuckDB", speeds[1] / speeds[0], 0.5, at_least=True)
    return Section(
        "CSV to canonical Parquet",
        [text, runs_table(runs, runs[0], extra=per_second), targets_table([target])],
    )
