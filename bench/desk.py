"""The working desk: taking cases in, on SQLite and on PostgreSQL, against one bare row."""

import json
import random
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from bench.processes import contestant_script, say
from bench.report import Section, Target, table, targets_table
from bench.site import DATABASES, Site, prepared, serving
from bench.workshop import synthetic_city

CONNECTIONS = 16
CALLERS = 20_000
"""So many that a caller has asked once or twice before, as a resident has, whatever the runs."""
SECONDS = 6.0
P99_BOUND = {"sqlite": 250.0, "postgresql": 100.0}
"""Milliseconds, at half of the highest rate."""


def desk(work: Path, scale: float, n_runs: int) -> Section:
    """Measure and describe."""
    city = synthetic_city(work, period="2022-02", months=1, cases=1_000)
    seconds = max(1.0, SECONDS * scale)
    lines, aims = [], []
    for database in DATABASES:
        with prepared(work, database) as environment:
            row, targets = _intake(city, environment, database, seconds, n_runs, work)
        lines.append(row)
        aims += targets
    head = ("database", "bare row", "case, dispatched", "ratio", "p50 at half", "p99 at half")
    text = (
        "`POST /api/v1/cases` with a key: validated, counted, dispatched by the directory of the "
        "synthetic Beijing, its events chained, committed to the disk. The floor is a django-ninja "
        "endpoint on the same server, threads and database that writes one row. "
        f"{CALLERS:,} residents call, each run begins with others of them. "
        f"{CONNECTIONS} connections; the highest rates are medians of {n_runs} runs, and the ratio "
        "is that of each run to the bare ones right before and after it; the latencies are those "
        "at half of the case's highest rate, from the moment at which a request was due."
    )
    return Section("Taking cases in", [text, table(head, lines), targets_table(aims)])


def _intake(
    city: Path, environment: dict[str, str], database: str, seconds: float, n_runs: int, work: Path
) -> tuple[list[str], list[Target]]:
    cases, rows = work / "cases.jsonl", work / "rows.jsonl"
    _write_bodies(city, cases, rows)
    prepare = Site(0, environment)
    environment = {
        **environment,
        "JIESU_BENCH_KEY": prepare.command(contestant_script("desk_prepare", city)),
    }
    with serving(environment) as site:
        for path, bodies in (("/bare/rows", rows), ("/api/v1/cases", cases)):
            site.load(path, bodies, 1.0, CONNECTIONS)
        bare: list[float] = [site.load("/bare/rows", rows, seconds, CONNECTIONS)["rate"]]
        case: list[float] = []
        for _ in range(n_runs):
            case.append(site.load("/api/v1/cases", cases, seconds, CONNECTIONS)["rate"])
            bare.append(site.load("/bare/rows", rows, seconds, CONNECTIONS)["rate"])
            say(f"  {database}: case {case[-1]:.0f}/s, bare {bare[-2]:.0f} and {bare[-1]:.0f}/s")
        calm = site.load("/api/v1/cases", cases, seconds * 2, CONNECTIONS, median(case) / 2)
    # Each against its neighbours: a slow minute of the machine slows both.
    ratio = median(one * 2 / sum(beside) for one, beside in zip(case, pairwise(bare), strict=True))
    return _row(database, median(bare), median(case), ratio, calm), [
        Target(f"{database}: cases ÷ bare rows a second", ratio, 0.5, at_least=True),
        Target(f"{database}: p99 at half load", calm["p99"], P99_BOUND[database], " ms"),
    ]


def _row(database: str, bare: float, case: float, ratio: float, calm: dict[str, Any]) -> list[str]:
    return [
        database,
        f"{bare:.0f}/s",
        f"{case:.0f}/s",
        f"{ratio:.2f}",
        f"{calm['p50']:.1f} ms",
        f"{calm['p99']:.1f} ms",
    ]


def _write_bodies(city: Path, cases: Path, rows: Path) -> None:
    """Demands of different callers, and the same words for the bare row."""
    from jiesu.city.categories_file import read_categories
    from jiesu.city.units_file import read_units

    draw = random.Random(1)
    streets = [unit.code for unit in read_units(city / "units.csv") if unit.kind == "street"]
    categories = [category.levels for category in read_categories(city / "categories.csv")]
    phones = draw.sample(range(10**8), CALLERS)
    with cases.open("w", encoding="utf-8") as demands, rows.open("w", encoding="utf-8") as plain:
        for n in range(CALLERS):
            levels, phone = draw.choice(categories), phones[n]
            body = f"楼内第{n}号设备近半个月多次停运，老人上下楼困难，物业一直没有彻底检修"
            demand = {
                "channel": "phone",
                "kind": "complaint",
                "title": levels[2],
                "body": body,
                "category_1": levels[0],
                "category_2": levels[1],
                "category_3": levels[2],
                "place": draw.choice(streets),
                "person": {"name": "张三", "phone": f"138{phone:08}"},
                "new_facts": True,
            }
            demands.write(json.dumps(demand, ensure_ascii=False) + "\n")
            plain.write(json.dumps({"text": body}, ensure_ascii=False) + "\n")
