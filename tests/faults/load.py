"""Load over HTTP in threads: demands come in, units work on them, residents are called back.

Every answer goes into the journal. A request that the site's death left without an answer is sent
again with its key, at once or at the very end.
"""

import http.client
import json
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.faults.journal import CREATED, Journal

PAUSE_SECONDS = 0.05
DOWN_SECONDS = 0.3
"""How long a client waits that had no answer."""
WAIT_SECONDS = 30.0
N_INTAKES, N_MOVERS = 4, 2
PATIENCE = 3
"""How often a demand is sent again before it is left to the end."""

STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("sign", "signed", {}),
    ("contact", "contact_recorded", {"reached": True}),
    ("start", "started", {}),
    (
        "feedback",
        "feedback_submitted",
        {"result": "resolved", "real": True, "answer": "已解决"},
    ),
)
"""What a unit does with a case: the address, the event of it, what is sent."""

SATISFIED = {"contacted": True, "resolved": "yes", "satisfaction": "satisfied"}
DISSATISFIED = {"contacted": True, "resolved": "no", "satisfaction": "dissatisfied"}

Reply = tuple[int, dict[str, Any], str]
"""Status, body and ETag of an answer."""


class Unanswered(Exception):
    """Nobody knows whether a request was done."""


class NotSent(Unanswered):
    """There was nobody to send it to."""


class Caller:
    """A program that calls the API by a key, over one connection at a time."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key = port, key
        self.wire: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """Ask once. Raises Unanswered where no answer came, or one that promises nothing."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        text = None if body is None else json.dumps(body).encode()
        try:
            wire = self._connected()
            wire.request(method, f"/api/v1{path}", text, named)
            answer = wire.getresponse()
            read = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unanswered from error
        if answer.status in (502, 503, 504, 507):
            raise Unanswered
        found = json.loads(read) if read else {}
        return answer.status, found, answer.headers.get("ETag", "")

    def _connected(self) -> http.client.HTTPConnection:
        if self.wire is None:
            wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                wire.connect()
            except OSError as error:
                raise NotSent from error
            self.wire = wire
        return self.wire

    def close(self) -> None:
        """Leave the connection."""
        if self.wire is not None:
            with suppress(OSError):
                self.wire.close()
            self.wire = None


@dataclass(frozen=True)
class Keys:
    """The keys of the API: who takes demands in, works for the street, calls back."""

    operator: str
    clerk: str
    caller: str


class Load:
    """The threads. `calm` waits until each has ended what it was at."""

    def __init__(
        self, port: int, keys: Keys, journal: Journal, *, to_call: list[str], seed: int
    ) -> None:
        self.port, self.keys, self.journal, self.to_call = port, keys, journal, to_call
        self.ended = threading.Event()
        self.fresh: list[str] = []
        jobs: list[tuple[Callable[[Caller, random.Random, str], None], str]] = [
            *[(self._take_in, keys.operator)] * N_INTAKES,
            *[(self._work, keys.clerk)] * N_MOVERS,
            (self._call_back, keys.caller),
        ]
        self.threads = [
            threading.Thread(target=self._repeat, args=(job, key, n, seed), daemon=True)
            for n, (job, key) in enumerate(jobs)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self.threads:
            thread.start()

    def calm(self) -> None:
        """End, and wait for the end."""
        self.ended.set()
        for thread in self.threads:
            thread.join(WAIT_SECONDS + 60)
        for thread in self.threads:
            if thread.is_alive():
                self.journal.found("a thread of the load never had its answer")

    def _repeat(
        self, job: Callable[[Caller, random.Random, str], None], key: str, n: int, seed: int
    ) -> None:
        caller, draw, turn = Caller(self.port, key), random.Random(f"{seed}-{n}"), 0
        while not self.ended.is_set():
            turn += 1
            try:
                job(caller, draw, f"{seed}-{n}-{turn}")
            except Unanswered:
                self.ended.wait(DOWN_SECONDS)
            except Exception as error:
                self.journal.found(f"the load failed: {type(error).__name__} {error}")
                self.ended.wait(1)
        caller.close()

    def _take_in(self, caller: Caller, draw: random.Random, key: str) -> None:
        demand = demand_of(draw)
        times = PATIENCE if draw.random() < 0.5 else 0
        while True:
            try:
                send(caller, self.journal, key, demand)
                break
            except NotSent:
                if self.ended.wait(DOWN_SECONDS):
                    return
            except Unanswered:
                self.journal.unanswered("case", key=key)
                self.journal.open_keys[key] = demand
                if not times:
                    raise
                times -= 1
                self.ended.wait(DOWN_SECONDS)
        if len(self.fresh) < 1000:
            self.fresh.append(self.journal.numbers.get(key, ""))

    def _work(self, caller: Caller, draw: random.Random, turn: str) -> None:
        if not self.fresh:
            self.ended.wait(PAUSE_SECONDS)
            return
        number = self.fresh.pop(draw.randrange(len(self.fresh)))
        if not number:
            return
        for path, event, body in STEPS[: draw.randint(1, len(STEPS))]:
            status, _, etag = caller.ask("GET", f"/cases/{number}")
            if status != 200:
                self.journal.found(f"case {number} was acknowledged and reading it gives {status}")
                return
            self._move(caller, number, path, event, body, etag)

    def _call_back(self, caller: Caller, draw: random.Random, turn: str) -> None:
        number = draw.choice(self.to_call)
        status, said, _ = caller.ask("POST", f"/cases/{number}/take-callback", {})
        if status != 200:
            self.journal.refused("take-callback", status)
            self.ended.wait(PAUSE_SECONDS)
            return
        etag = f'"{said["case"]["version"]}"'
        body = DISSATISFIED if draw.random() < 0.3 else SATISFIED
        self._move(caller, number, "callback", "callback_done", body, etag)

    def _move(
        self, caller: Caller, number: str, path: str, event: str, body: object, etag: str
    ) -> None:
        try:
            status, said, _ = caller.ask("POST", f"/cases/{number}/{path}", body, If_Match=etag)
        except NotSent:
            raise
        except Unanswered:
            self.journal.unanswered("move", number=number, event=event)
            raise
        if status == 200:
            version = said["case"]["version"]
            self.journal.acknowledged("move", number=number, event=event, version=version)
        elif status in (409, 412):
            self.journal.refused(path, status)
        else:
            self.journal.found(f"{path} of case {number} gives {status}: {said.get('code')}")


def demand_of(draw: random.Random) -> dict[str, Any]:
    """A demand of somebody new."""
    return {
        "channel": "api",
        "kind": "complaint",
        "title": "停车费",
        "body": "小区地面停车费突然上涨",
        "person": {"name": "张三", "phone": f"138{draw.randrange(10**8):08}"},
        "category_1": "住房",
        "category_2": "物业管理",
        "category_3": "停车收费",
        "place": "S1",
        "new_facts": True,
    }


def send(caller: Caller, journal: Journal, key: str, demand: dict[str, Any]) -> str:
    """Send a demand with its key, note the case. Raises Unanswered."""
    status, said, _ = caller.ask("POST", "/cases", demand, Idempotency_Key=key)
    if status not in CREATED:
        journal.found(f"a demand gives {status}: {said.get('code')}")
        return ""
    number = str(said["number"])
    journal.received(key, number, int(said["version"]))
    journal.open_keys.pop(key, None)
    return number
