"""A run: kill, start, kill again; then settle, and compare with a site that nobody disturbed."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.journal import Journal
from tests.faults.kills import Kill, ways
from tests.faults.load import Caller, Keys, Load, Unanswered, send
from tests.faults.stage import Stage, staged
from tests.live import wait_until

Say = Callable[[str], None]
N_DUE = 240
ENOUGH, LONGEST = 20, 1.5
"""Between two kills: so many requests are acknowledged, then up to so many seconds pass."""


@dataclass
class Report:
    """What a run did and found."""

    database: str
    kills: Counter[str] = field(default_factory=Counter)
    n_cases: int = 0
    n_moves: int = 0
    n_callbacks: int = 0
    n_unanswered: int = 0
    n_resent: int = 0
    n_events: int = 0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kills = ", ".join(f"{n} {way}" for way, n in sorted(self.kills.items()))
        return (
            f"{self.database}: {self.kills.total()} kills ({kills}) in {self.seconds:.0f} s; "
            f"acknowledged {self.n_cases} cases, {self.n_moves} moves, {self.n_callbacks} of them "
            f"call-backs; {self.n_unanswered} requests unanswered, {self.n_resent} keys sent again "
            f"at the end; {self.n_events} events; {len(self.findings)} findings"
        )


def run(
    folder: Path,
    database: str,
    n_kills: int,
    *,
    seed: int,
    n_due: int = N_DUE,
    say: Say,
    then: Callable[[Stage], None] | None = None,
) -> Report:
    """Kill a site so often under load, and look for what must not be; `then` may look on."""
    begun, report = time.monotonic(), Report(database)
    with staged(folder, database) as (stage, calm):
        at = datetime.now(UTC)
        made = stage.prepare(n_due, at.isoformat())
        keys = Keys(**made["keys"])
        stage.restore()
        load = Load(stage.site.port, keys, stage.journal, to_call=made["to_call"], seed=seed)
        load.start()
        _kill_often(stage, report, n_kills, seed, say)
        load.calm()
        _send_open_keys(stage, keys, report)
        stage.stop()
        as_of = datetime.now(UTC)
        say("settling, and asking an undisturbed site ...")
        settled = stage.inside("settle", str(stage.journal.file), as_of.isoformat(), str(n_due))
        report.findings += [*stage.journal.findings, *settled["findings"]]
        report.n_events = settled["n_events"]
        city = str(stage.folder / "city")
        undisturbed = calm.inside("calm", city, str(n_due), at.isoformat(), as_of.isoformat())
        report.findings += _differences(settled["untouched"], undisturbed["untouched"])
        if then is not None:
            then(stage)
    _count(stage, report)
    report.seconds = time.monotonic() - begun
    return report


def _kill_often(stage: Stage, report: Report, n_kills: int, seed: int, say: Say) -> None:
    draw, waiting = random.Random(seed), threading.Event()
    chosen = _chosen(report.database, n_kills, draw)
    for n, (name, kill) in enumerate(chosen, start=1):
        _wait_for_load(stage.journal)
        waiting.wait(draw.uniform(0, LONGEST))
        kill(stage, draw)
        report.kills[name] += 1
        stage.restore()
        counts = stage.journal.statuses
        say(f"{n} of {n_kills}: {name}; {counts['case acknowledged']} cases acknowledged")


def _wait_for_load(journal: Journal) -> None:
    enough = journal.n_acknowledged + ENOUGH
    wait_until(lambda: journal.n_acknowledged >= enough, "nothing is acknowledged any more", 180)


def _chosen(database: str, n_kills: int, draw: random.Random) -> list[tuple[str, Kill]]:
    """Each way as often as its weight says; also of few kills no two the same, if possible."""
    pool: list[tuple[str, Kill]] = []
    weights = ways(database)
    while len(pool) < n_kills:
        heaviest = max(weight for weight, _ in weights.values())
        for level in range(heaviest):
            names = [name for name, (weight, _) in weights.items() if weight > level]
            pool += [(name, weights[name][1]) for name in draw.sample(names, len(names))]
    return pool[:n_kills]


def _send_open_keys(stage: Stage, keys: Keys, report: Report) -> None:
    """Send what was never answered once more."""
    caller = Caller(stage.site.port, keys.operator)
    report.n_resent = len(stage.journal.open_keys)
    for key, demand in list(stage.journal.open_keys.items()):
        for _ in range(10):
            try:
                send(caller, stage.journal, key, demand)
                break
            except Unanswered:
                threading.Event().wait(1)
        else:
            stage.journal.found("a calm site does not answer")
    caller.close()


def _differences(found: dict[str, object], expected: dict[str, object]) -> list[str]:
    """What came up by itself is the same, by one killed sweep after the other or by a whole one."""
    return [
        f"case {number}: {found.get(number)} and undisturbed {expected.get(number)}"
        for number in sorted({*found, *expected})
        if found.get(number) != expected.get(number)
    ]


def _count(stage: Stage, report: Report) -> None:
    counts, text = stage.journal.statuses, stage.journal.file.read_text("utf-8")
    acknowledged = [line for line in text.splitlines() if '"acknowledged": true' in line]
    report.n_cases = len(stage.journal.numbers)
    report.n_moves = counts["move acknowledged"]
    report.n_callbacks = sum('"callback_done"' in line for line in acknowledged)
    report.n_unanswered = counts["case unanswered"] + counts["move unanswered"]
