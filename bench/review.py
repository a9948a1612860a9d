"""The papers of a review meeting, and a health check of every unit, on the demo city."""

from pathlib import Path

from bench.processes import JIESU, Contestant, Failed, contestant_script, in_turn
from bench.report import Section, Target, runs_table, targets_table
from bench.workshop import synthetic_city

MONTHS = 14
CASES_A_MONTH = 60_000
"""The demo city: `make demo`."""

PERIOD, YEAR = "2022-02", "2021"


def review(work: Path, scale: float, n_runs: int) -> Section:
    """Measure and describe."""
    n_cases = max(1, int(CASES_A_MONTH * scale))
    city = synthetic_city(work, period=PERIOD, months=MONTHS, cases=n_cases)
    papers, checkups = work / "papers", work / "checkups"
    of_city = ["--city", str(city), "--period"]
    runs = in_turn(
        (
            Contestant("jiesu evaluate", [JIESU, "evaluate", *of_city, PERIOD]),
            Contestant(
                "jiesu meeting",
                [JIESU, "meeting", *of_city, PERIOD, "--out", str(papers)],
                fresh=papers,
            ),
            Contestant("read as text", contestant_script("sql_read", city / "cases")),
        ),
        n_runs,
    )
    [every] = in_turn(
        (
            Contestant(
                "jiesu checkup --all",
                [JIESU, "checkup", *of_city, YEAR, "--all", "--out", str(checkups)],
                fresh=checkups,
            ),
        ),
        1,
    )
    if not (papers / "pack.pdf").exists():
        raise Failed("jiesu meeting wrote no pack")
    text = (
        f"The demo city: {MONTHS * n_cases:,} cases in {MONTHS} months, hourly air, "
        "measures, an index, topics, meetings. `jiesu meeting` makes every paper as HTML, DOCX and "
        "PDF with a notice to each named unit; `jiesu checkup --all` makes the three forms for "
        "every street, district, department and enterprise. `jiesu evaluate`, which both "
        "contain, is the floor."
    )
    aims = [
        Target("wall: jiesu meeting, all papers", runs[1].wall, 10, " s"),
        Target("wall: jiesu checkup --all", every.wall, 180, " s"),
    ]
    return Section(
        "The review meeting and the health checks",
        [text, runs_table([*runs, every], runs[0]), targets_table(aims)],
    )
