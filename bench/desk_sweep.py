"""The working desk's limits: how long it takes to find what has fallen due, and to act on it."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from bench.processes import Failed, contestant_script, say
from bench.report import Section, Target, table, targets_table
from bench.site import DATABASES, Site, prepared
from bench.workshop import synthetic_city

SIZE, MULTIPLE = 1_000_000, 200
SECONDS = 10.0
DUE = {"nothing": "nothing", "some": "a thousand", "many": "one in fifty"}

Sweep = Mapping[str, Any]


def desk_sweep(work: Path, scale: float, n_runs: int) -> Section:
    """Measure and describe. There are always three sweeps of a kind."""
    city = synthetic_city(work, period="2022-02", months=1, cases=1_000)
    size = max(10_000, round(SIZE * scale / MULTIPLE) * MULTIPLE)
    lines, targets = [], []
    for database in DATABASES:
        sweeps = _sweeps(city, work, database, size)
        for what in DUE:
            some = [one for one in sweeps if one["what"] == what]
            lines.append([f"{database}: {DUE[what]} due", *_cells(some)])
        targets += _targets(database, size, sweeps)
    head = (
        "",
        "cases",
        "rows written",
        "sweep",
        "cases a second",
        "bare rows",
        "sweep ÷ bare rows",
    )
    text = (
        f"{size:,} open cases with their dispatches. A sweep finds those whose moment has come; "
        "each makes a call-back, supervision and the events of both, chained, and is written "
        "itself. The floor writes as many bare rows of 200 characters to the same database, in as "
        "many transactions. Medians of three sweeps, an hour apart, each followed by its floor."
    )
    return Section("The sweep of limits", [text, table(head, lines), targets_table(targets)])


def _sweeps(city: Path, work: Path, database: str, size: int) -> list[Sweep]:
    with prepared(work, database) as environment:
        site = Site(0, environment)
        site.command(contestant_script("desk_fill", city, "sweep", str(size)))
        say(f"  {database}: {size:,} open cases made")
        text = site.command(contestant_script("desk_sweeper", str(size)))
    sweeps: list[Sweep] = [json.loads(line) for line in text.splitlines()]
    for one in sweeps:
        say(f"  {database}: {one['what']} due, {one['n_cases']:,} cases {one['seconds']:.2f} s")
        is_right = bool(one["n_cases"]) is (one["what"] != "nothing")
        if one["n_failed"] or not is_right or one["n_rows"] != 4 * one["n_cases"]:
            raise Failed(f"a sweep on {database} did something else than expected: {one}")
    return sweeps


def _cells(sweeps: list[Sweep]) -> list[str]:
    n_cases, took = sweeps[0]["n_cases"], median(one["seconds"] for one in sweeps)
    cells = [f"{n_cases:,}", f"{sweeps[0]['n_rows']:,}"]
    if not n_cases:
        return [*cells, f"{took * 1000:.1f} ms", "", "", ""]
    floor = median(one["floor"] for one in sweeps)
    return [
        *cells,
        f"{took:.2f} s",
        f"{n_cases / took:,.0f}/s",
        f"{floor:.2f} s",
        f"{took / floor:.1f}",
    ]


def _targets(database: str, size: int, sweeps: list[Sweep]) -> list[Target]:
    return [
        Target(
            f"{database}: {DUE[what]} of {size:,} due",
            median(one["seconds"] for one in sweeps if one["what"] == what),
            SECONDS,
            " s",
        )
        for what in DUE
    ]
