"""The working desk's ranking: from the answer of a resident until it is counted."""

import http.client
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.processes import JIESU, REPOSITORY, Failed, contestant_script, say
from bench.report import Section, Target, seconds, table, targets_table
from bench.site import DATABASES, Site, prepared, serving
from bench.workshop import synthetic_city

SIZE, MULTIPLE = 200_000, 200
CALLS = 5
SECONDS = 60.0
LONGEST_WAIT = 300.0
ASK_EVERY, WORKER_EVERY = 0.25, 30.0

ANSWERS = {"contacted": True, "resolved": "yes", "satisfaction": "satisfied"}


def desk_ranking(work: Path, scale: float, n_runs: int) -> Section:
    """Measure and describe."""
    city = synthetic_city(work, period="2022-02", months=1, cases=1_000)
    size = max(2_000, round(SIZE * scale / MULTIPLE) * MULTIPLE)
    lines: list[list[str]] = []
    shown, targets = [], []
    for database in DATABASES:
        counted, waits = _measured(city, work, database, size, n_runs)
        lines += _lines(database, size, counted)
        shown.append([
            database, seconds(min(waits)), seconds(median(waits)), seconds(max(waits))
        ])  # fmt: skip
        what = f"{database}: a call-back recorded, and seen in the ranking (the longest of {CALLS})"
        targets.append(Target(what, max(waits), SECONDS, " s"))
    text = (
        f"The running month with {size:,} dispatched cases, called back. A server and a worker "
        "run; a clerk takes the next call-back and records the answers, and "
        "`GET /api/v1/figures/running` is asked four times a second until the case's unit has one "
        f"more that counts. {CALLS} times, at different moments of the worker's {WORKER_EVERY:.0f} "
        "seconds."
    )
    more = (
        "What the worker does meanwhile: it exports the cases that have changed and counts the "
        "month anew. The floor reads the exported files whole and counts nothing. Medians of "
        f"{n_runs} runs; all cases are exported once."
    )
    head = ("", "shortest", "median", "longest")
    return Section("The running ranking", [
        text, table(head, shown), more,
        table(("", "export and count", "÷ floor"), lines), targets_table(targets),
    ])  # fmt: skip


def _measured(
    city: Path, work: Path, database: str, size: int, n_runs: int
) -> tuple[Mapping[str, list[float]], list[float]]:
    with prepared(work, database) as environment:
        made = json.loads(
            Site(0, environment).command(contestant_script("desk_fill", city, "ranking", str(size)))
        )
        say(f"  {database}: {size:,} cases made")
        counted: Mapping[str, list[float]] = json.loads(
            Site(0, environment).command(contestant_script("desk_recount", str(n_runs)))
        )
        say(f"  {database}: all exported and counted in {counted['whole'][0]:.1f} s")
        with serving(environment) as site, _working(environment):
            waits = list(_waits(site, made["caller"], database))
    return counted, waits


def _lines(database: str, size: int, counted: Mapping[str, list[float]]) -> Iterator[list[str]]:
    floor = median(counted["floor"])
    for key, what in (
        ("whole", f"all {size:,} cases"), ("changed", "one case changed"),
        ("counted", "nothing changed"), ("floor", "floor"),
    ):  # fmt: skip
        took = median(counted[key])
        yield [f"{database}: {what}", seconds(took), f"{took / floor:.1f}"]


@contextmanager
def _working(environment: dict[str, str]) -> Iterator[None]:
    log_file = Path(environment["JIESU_DATA"]).parent / "worker.log"
    with log_file.open("wb") as log:
        worker = subprocess.Popen(
            [JIESU, "worker"], cwd=REPOSITORY, env=environment, stdout=log, stderr=log
        )
        try:
            yield
            if worker.poll() is not None:
                raise Failed(f"the worker ended\n{log_file.read_text()[-2000:]}")
        finally:
            worker.terminate()
            worker.wait(60)


def _waits(site: Site, key: str, database: str) -> Iterator[float]:
    """Record call-backs; of each the seconds until it is counted."""
    wire = http.client.HTTPConnection("127.0.0.1", site.port)
    _wait_for_count(wire, key)
    for turn in range(CALLS):
        # Something has just been counted: the next count is furthest away.
        time.sleep(turn * WORKER_EVERY / CALLS)
        due = _asked(wire, key, "POST", "/api/v1/callbacks/next")
        number, unit = due["case"]["number"], due["case"]["unit"]["code"]
        before = _n_called_back(_asked(wire, key, "GET", "/api/v1/figures/running"), unit)
        _asked(wire, key, "POST", f"/api/v1/cases/{number}/callback", ANSWERS)
        begun = time.monotonic()
        while (waited := time.monotonic() - begun) < LONGEST_WAIT:
            figures = _asked(wire, key, "GET", "/api/v1/figures/running")
            if _n_called_back(figures, unit) == before + 1:
                break
            time.sleep(ASK_EVERY)
        else:
            raise Failed(f"a call-back is not in the ranking after {waited:.0f} s")
        say(f"  {database}: a call-back is in the ranking after {waited:.1f} s")
        yield waited
    wire.close()


def _wait_for_count(wire: http.client.HTTPConnection, key: str) -> None:
    """Return when the worker has counted for the first time."""
    first = _asked(wire, key, "GET", "/api/v1/figures/running")["as_of"]
    end = time.monotonic() + LONGEST_WAIT
    while _asked(wire, key, "GET", "/api/v1/figures/running")["as_of"] == first:
        if time.monotonic() > end:
            raise Failed("the worker counts nothing")
        time.sleep(ASK_EVERY)


def _asked(
    wire: http.client.HTTPConnection, key: str, method: str, path: str, body: object = None
) -> Any:
    head = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "If-Match": "*"}
    wire.request(method, path, json.dumps(body) if body else None, head)
    answer = wire.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise Failed(f"{path} answered {answer.status}: {text[:200]!r}")
    return json.loads(text)


def _n_called_back(figures: Mapping[str, Any], unit: str) -> int:
    """How many of a unit's call-backs count in a ranking."""
    for group in figures["evaluation"]["groups"]:
        for one in group["units"]:
            if one["unit"] == unit:
                return int(one["rates"]["resolution"]["whole"])
    raise Failed(f"the unit {unit} is not in the ranking")
