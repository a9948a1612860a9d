"""A whole site in processes of its own: `jiesu serve` on a free port of this machine.

For tests of starting, ending, load and faults. The fixture `site` (tests/conftest.py) gives one.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from uuid import uuid4

import httpx
import psutil

from tests import databases

# Of a start on a busy machine, with tables to make.
START_SECONDS = 60.0
TICK = 0.05


class Site:
    """A site with a data folder and a port; may be started, ended and killed again and again."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("JIESU_")
        }
        self.environment["JIESU_DATA"] = str(folder / "data")
        self.environment.pop("DJANGO_SETTINGS_MODULE", None)
        if database_url:
            self.environment["JIESU_DATABASE_URL"] = database_url
        self.process: subprocess.Popen[str] | None = None
        self.log = folder / "log"

    @property
    def data(self) -> Path:
        """The data folder."""
        return Path(self.environment["JIESU_DATA"])

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a jiesu command in the environment of this site."""
        with self.log.open("a", encoding="utf-8") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "jiesu", *arguments],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        self.process = self.command("serve", "--port", str(self.port))
        wait_until(self._is_ready, f"the site did not start:\n{self.output()}")

    def _is_ready(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"the site ended as it started:\n{self.output()}")
        try:
            # To load the certificates each time would take half of what a start takes.
            return httpx.get(f"{self.url}/readyz", verify=False).status_code == 200
        except httpx.TransportError:
            return False

    def processes(self) -> list[psutil.Process]:
        """The server's process and all that it has started."""
        if self.process is None or self.process.poll() is not None:
            return []
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]

    def is_running(self, process: psutil.Process) -> bool:
        """Whether a process still does anything (a dead one may wait to be buried)."""
        try:
            return bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal and wait for the end: exit code and seconds."""
        assert self.process is not None
        started = monotonic()
        self.process.send_signal(number)
        code = self.process.wait(START_SECONDS)
        return code, monotonic() - started

    def kill(self) -> None:
        """Kill the server as a power cut does, with everything that it has started."""
        alive = self.processes()
        for process in alive:
            process.kill()
        psutil.wait_procs(alive)
        if self.process is not None:
            self.process.wait(START_SECONDS)

    def output(self) -> str:
        """What its commands have written so far."""
        return self.log.read_text("utf-8") if self.log.exists() else ""


def new_site(folder: Path) -> Site:
    """A site in this folder on a new database of the kind that this run is about."""
    if databases.chosen() == "postgresql":
        return Site(folder, databases.new_database(f"site_{uuid4().hex}"))
    return Site(folder)


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_so: Callable[[], bool], otherwise: str, seconds: float = START_SECONDS) -> None:
    """Ask again and again until it is so; fail with a sentence when it takes too long."""
    end = monotonic() + seconds
    tick = threading.Event()
    while not is_so():
        assert monotonic() < end, otherwise
        tick.wait(TICK)
