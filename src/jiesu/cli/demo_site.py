"""The demo's site as processes in the background: started, found again, stopped.

They belong to no terminal and end by `jiesu demo --stop`. Which processes they are lies beside
the log in the demo's folder. What the site holds is made by `jiesu.cases.demo.play`.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from jiesu.core.problems import InputError, Problem

Say = Callable[[str], None]

HOST, FIRST_PORT, PORTS = "127.0.0.1", 8000, 50
COMMANDS = ("serve", "worker")
LOG = "log"

START_SECONDS, STOP_SECONDS, TICK = 60.0, 10.0, 0.1


def demo_environment(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the demo's site: none of the settings of another site are in it."""
    kept = {name: value for name, value in environ.items() if not name.startswith("JIESU_")}
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    return kept | {"JIESU_DATA": str(folder / "data"), "JIESU_TIME_ZONE": "Asia/Shanghai"}


def free_port(say: Say) -> int:
    """The first port from 8000 on where nothing listens; says so where it is another."""
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        if _is_free(port):
            if port != FIRST_PORT:
                say(f"Port {FIRST_PORT} is taken by another program: the demo takes {port}")
            return port
    what = f"the ports {FIRST_PORT} to {FIRST_PORT + PORTS - 1} are all taken"
    raise InputError(Problem(HOST, "", what, "stop what listens on one of them"))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def start_site(folder: Path, port: int) -> str:
    """Start server and worker and wait until the site is ready; its address.

    Raises InputError, with where the log is, when it does not get ready.
    """
    environ = demo_environment(folder, os.environ)
    url = f"http://{HOST}:{port}"
    try:
        server = _start(folder, environ, "serve", "--port", str(port))
        _wait_until_ready(folder, server, url)
        _start(folder, environ, "worker")
    except BaseException:
        stop_site(folder)
        raise
    return url


def _start(folder: Path, environ: Mapping[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jiesu", *arguments],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # A group of its own: what ends the terminal or the make that began it spares it.
            start_new_session=True,
        )
    _pid_file(folder, arguments[0]).write_text(f"{process.pid}\n", "ascii")
    return process


def _wait_until_ready(folder: Path, server: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while not _answers(f"{url}/readyz"):
        if server.poll() is not None or time.monotonic() > end:
            what = "the site did not get ready"
            raise InputError(Problem(str(folder / LOG), "", what, "read why at the end of it"))
        time.sleep(TICK)


def _answers(url: str) -> bool:
    # A proxy of the environment does not know this machine.
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def stop_site(folder: Path) -> int:
    """End what runs of the demo in a folder; how many processes that were."""
    running = []
    for command in reversed(COMMANDS):
        file = _pid_file(folder, command)
        pid = _read_pid(file)
        if pid is not None and _is_ours(pid, command):
            _signal(pid, signal.SIGTERM)
            running.append((pid, command))
        file.unlink(missing_ok=True)
    end = time.monotonic() + STOP_SECONDS
    while any(_is_ours(pid, command) for pid, command in running) and time.monotonic() < end:
        time.sleep(TICK)
    for pid, command in running:
        if _is_ours(pid, command):
            _signal(pid, signal.SIGKILL)
    return len(running)


def remove_site(folder: Path) -> None:
    """Remove the demo's folder, if it is one: nothing else is removed by a mistyped name."""
    if folder.exists() and not (folder / LOG).exists() and any(folder.iterdir()):
        what = "it is not empty, and no demo made it"
        raise InputError(Problem(str(folder), "", what, "name another folder in --site"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / LOG).touch()


def _pid_file(folder: Path, command: str) -> Path:
    return folder / f"{command}.pid"


def _read_pid(file: Path) -> int | None:
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return None


def _is_ours(pid: int, command: str) -> bool:
    """Whether a process is still the one that was started: numbers are given again."""
    with suppress(ChildProcessError):
        # One that this very run started and that has ended waits to be buried.
        os.waitpid(pid, os.WNOHANG)
    return f"jiesu {command}" in _words_of(pid)


def _words_of(pid: int) -> str:
    """The command line of a process; empty where it runs no more."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace").replace("\0", " ")
        except OSError:
            return ""
    asked = ["ps", "-o", "args=", "-p", str(pid)]
    shown = subprocess.run(asked, capture_output=True, text=True, errors="replace", check=False)
    return shown.stdout


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
