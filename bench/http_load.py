"""A small load generator: keep-alive connections that send prepared requests, as a process.

`python -m bench.http_load PORT PATH BODIES SECONDS CONNECTIONS [RATE]` sends the lines of the file
BODIES in turn, beginning anywhere, and prints one JSON object. Without RATE each connection sends
as soon as it has its answer; with it requests are due at fixed moments, and a late answer counts
from the moment at which its request was due. Plain sockets, so that it takes little from the two
cores.
"""

import json
import os
import random
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path


@dataclass
class Load:
    """What is sent, and what came of it; shared by the threads."""

    port: int
    head: bytes
    bodies: list[bytes]
    seconds: float
    rate: float
    taken: "count[int]" = field(default_factory=count)
    latencies: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    begun: float = 0.0


def request(load: Load, n: int) -> bytes:
    """The n-th request; its key is new, so that nothing is answered from before."""
    body = load.bodies[n % len(load.bodies)]
    key = f"{os.getpid()}-{load.begun:.6f}-{n}".encode()
    return b"%sIdempotency-Key: %s\r\nContent-Length: %d\r\n\r\n%s" % (
        load.head,
        key,
        len(body),
        body,
    )


def connection(load: Load) -> None:
    """Send requests over one connection until the time is over."""
    with socket.create_connection(("127.0.0.1", load.port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = wire.makefile("rb")
        latencies: list[float] = []
        statuses: dict[str, int] = {}
        while True:
            n = next(load.taken)
            due = load.begun + n / load.rate if load.rate else time.perf_counter()
            if due > load.begun + load.seconds:
                break
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            wire.sendall(request(load, n))
            status = answer(stream)
            latencies.append(time.perf_counter() - due)
            statuses[status] = statuses.get(status, 0) + 1
    with load.lock:
        load.latencies += latencies
        for status, times in statuses.items():
            load.statuses[status] = load.statuses.get(status, 0) + times


def answer(stream: "socket.SocketIO | object") -> str:
    """Read one answer whole; gives its status."""
    first = stream.readline()  # type: ignore[union-attr]
    if not first:
        raise ConnectionError("the server closed the connection")
    length = 0
    while line := stream.readline().strip():  # type: ignore[union-attr]
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    stream.read(length)  # type: ignore[union-attr]
    return str(first.split()[1].decode())


def run(load: Load, n_connections: int) -> dict[str, object]:
    """Load the server; gives requests a second, latencies in milliseconds, answers by status."""
    load.begun = time.perf_counter()
    threads = [threading.Thread(target=connection, args=(load,)) for _ in range(n_connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - load.begun
    ordered = sorted(load.latencies)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0

    return {
        "rate": len(ordered) / took,
        "p50": at(0.5),
        "p99": at(0.99),
        "max": at(1),
        "statuses": load.statuses,
    }


def main(arguments: list[str]) -> None:
    """Run with the arguments of the command line; the key of the API is in JIESU_BENCH_KEY."""
    port, path, bodies, seconds, connections, *rate = arguments
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {os.environ.get('JIESU_BENCH_KEY', '')}\r\n"
    )
    lines = [line for line in Path(bodies).read_bytes().splitlines() if line]
    # Each run has other callers: else all of them would have asked for the same again and again.
    begin = random.randrange(len(lines))
    lines = lines[begin:] + lines[:begin]
    load = Load(int(port), head.encode(), lines, float(seconds), float(rate[0]) if rate else 0.0)
    print(json.dumps(run(load, int(connections))))


if __name__ == "__main__":
    main(sys.argv[1:])
