"""The worker ends on a signal, and works on a site that is made."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import ModuleType

import pytest

from jiesu.core.problems import InputError
from jiesu.project import health, serving


@pytest.fixture(autouse=True)
def untouched_process() -> Iterator[None]:
    """What a command changes of its process, as it was."""
    umask = os.umask(0o022)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, hear in before.items():
        signal.signal(number, hear)
    os.umask(umask)


@pytest.mark.django_db
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_worker_end_its_job(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []

    def run_worker(stop: threading.Event) -> None:
        assert not stop.is_set()
        signal.raise_signal(number)
        ended.append(stop.is_set())

    jobs = ModuleType("jiesu.cases.jobs")
    jobs.run_worker = run_worker  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "jiesu.cases.jobs", jobs)
    said: list[str] = []
    serving.work(said.append)
    assert ended == [True]
    assert said == ["Working (Ctrl-C ends)"]


def test_the_worker_waits_for_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    def unapplied() -> None:
        raise LookupError

    monkeypatch.setattr(health, "_require_migrated", unapplied)
    with pytest.raises(InputError, match="start the site first: jiesu serve"):
        serving.work(lambda line: None)
