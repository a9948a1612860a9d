"""The working desk among few cases and among many: the queue and the search take the same time."""

import http.client
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from bench.processes import REPOSITORY, Failed, contestant_script, say
from bench.report import Section, Target, table, targets_table
from bench.site import DATABASES, Site, prepared, serving
from bench.workshop import synthetic_city

FEW, MANY = 10_000, 1_000_000
MULTIPLE = 200
ROUNDS, WARM_UP = 60, 5
RATIO = 1.5

WORDS = {"words": "妥善处置", "limit": 20}

Times = dict[str, list[float]]


@dataclass
class Desk:
    """A filled site under measurement: seconds of each question, cases that it found."""

    size: int
    environment: dict[str, str]
    key: str
    street: str
    times: Times = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, seconds: float) -> None:
        self.times.setdefault(name, []).append(seconds)


def desk_reads(work: Path, scale: float, n_runs: int) -> Section:
    """Measure and describe."""
    city = synthetic_city(work, period="2022-02", months=1, cases=1_000)
    many = max(2 * FEW, round(MANY * scale / MULTIPLE) * MULTIPLE)
    rounds = max(10, round(ROUNDS * min(1.0, scale * 10)))
    found: dict[str, list[Desk]] = {}
    for database in DATABASES:
        with ExitStack() as stack:
            desks = [stack.enter_context(filled(work, city, database, n)) for n in (FEW, many)]
            _ask_functions(desks, rounds)
            _ask_servers(desks, rounds)
        found[database] = desks
    head = ["asked for"]
    for database in DATABASES:
        head += [f"{database}: among {FEW:,}", f"among {many:,}", "ratio"]
    names = list(found[DATABASES[0]][0].times)
    lines = [[name, *(cell for desks in found.values() for cell in _cells(desks, name))]
             for name in names]  # fmt: skip
    text = (
        "The newest 20 cases of a search and the first 20 of a queue, asked of the functions that "
        "the API asks, and over HTTP. A year of cases, one in twenty open, texts of some thirty "
        "characters, sealed; each street of the district has 40 open ones at both sizes, each "
        "caller four cases in all. Medians of "
        f"{rounds} rounds; in each the two sites were asked in turn, of other streets, callers and "
        "categories each time."
    )
    targets = [target for database in DATABASES for target in _targets(database, found[database])]
    return Section("Queue and search", [text, table(head, lines), targets_table(targets)])


@contextmanager
def filled(work: Path, city: Path, database: str, size: int) -> Iterator[Desk]:
    """A site with so many cases; it goes at the end."""
    with prepared(work, database) as environment:
        begun = perf_counter()
        made = json.loads(
            Site(0, environment).command(contestant_script("desk_fill", city, "reads", str(size)))
        )
        say(f"  {database}: {size:,} cases made in {perf_counter() - begun:.0f} s")
        yield Desk(size, environment, made["operator"], made["street"])


def _ask_functions(desks: list[Desk], rounds: int) -> None:
    with ExitStack() as stack:
        readers = [stack.enter_context(_reader(desk)) for desk in desks]
        for turn in range(-WARM_UP, rounds):
            for desk, reader in zip(desks, readers, strict=True):
                for name, (seconds, n_found) in _answer(reader, turn + WARM_UP).items():
                    desk.found[name] = n_found
                    if turn >= 0:
                        desk.add(name, seconds)
            _compare(desks)


@contextmanager
def _reader(desk: Desk) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        contestant_script("desk_reader", str(desk.size)),
        cwd=REPOSITORY, env=desk.environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


def _answer(reader: "subprocess.Popen[str]", turn: int) -> Mapping[str, tuple[float, int]]:
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write(f"{turn}\n")
    reader.stdin.flush()
    line = reader.stdout.readline()
    if not line:
        raise Failed("a reader of the desk ended: see its error above")
    answers: dict[str, tuple[float, int]] = json.loads(line)
    return answers


def _compare(desks: list[Desk]) -> None:
    """Raise Failed where the sites' answers are not equally long: their times would say nothing."""
    few, many = (desk.found for desk in desks)
    for name in few:
        if few[name] != many[name]:
            raise Failed(f"{name}: {few[name]} cases at one size, {many[name]} at the other")


def _ask_servers(desks: list[Desk], rounds: int) -> None:
    """One queue and one search over HTTP."""
    with ExitStack() as stack:
        wires = []
        for desk in desks:
            site = stack.enter_context(serving(desk.environment))
            wires.append(http.client.HTTPConnection("127.0.0.1", site.port))
        for turn in range(-WARM_UP, rounds):
            for desk, wire in zip(desks, wires, strict=True):
                for name, seconds in _requested(wire, desk).items():
                    if turn >= 0:
                        desk.add(name, seconds)
        for wire in wires:
            wire.close()


def _requested(wire: http.client.HTTPConnection, desk: Desk) -> dict[str, float]:
    head = {"Authorization": f"Bearer {desk.key}", "Content-Type": "application/json"}
    queue = f"/api/v1/queue?unit={desk.street}&limit={WORDS['limit']}"
    asked: dict[str, tuple[str, str, Any]] = {
        "HTTP: queue of a street": ("GET", queue, None),
        "HTTP: words of a third of the texts": ("POST", "/api/v1/cases/search", json.dumps(WORDS)),
    }
    times = {}
    for name, (method, path, body) in asked.items():
        begun = perf_counter()
        wire.request(method, path, body, head)
        answer = wire.getresponse()
        text = answer.read()
        times[name] = perf_counter() - begun
        if answer.status != 200 or len(json.loads(text)["items"]) != WORDS["limit"]:
            raise Failed(f"{path} answered {answer.status}: {text[:200]!r}")
    return times


def _cells(desks: list[Desk], name: str) -> list[str]:
    few, many = (median(desk.times[name]) for desk in desks)
    return [f"{few * 1000:.1f} ms", f"{many * 1000:.1f} ms", f"{many / few:.2f}"]


def _targets(database: str, desks: list[Desk]) -> Iterator[Target]:
    """The worst ratio of the queues and of the searches, in process and over HTTP."""
    few, many = (desk.times for desk in desks)
    ratios = {name: median(many[name]) / median(few[name]) for name in few}
    for what, is_one in (
        ("queue", lambda name: name.startswith("queue")),
        ("search", lambda name: not name.startswith(("queue", "HTTP"))),
        ("request", lambda name: name.startswith("HTTP")),
    ):
        worst = max(filter(is_one, ratios), key=ratios.__getitem__)
        yield Target(f"{database}: many ÷ few, worst {what} ({worst})", ratios[worst], RATIO)
