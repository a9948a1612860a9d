"""The worker: each job at its interval, by one worker at a time, whatever happens to others."""

import logging
import sys
import threading
from datetime import datetime, timedelta
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from django.db import OperationalError, connection

from jiesu.cases.jobs import (
    JOBS,
    Job,
    More,
    release_lease,
    run_once,
    run_worker,
    take_lease,
    worker_name,
)
from jiesu.cases.models import Lease
from tests.cases.cast import NOW

MODULE = "tests.cases.made_up_jobs"
TICK = Job("tick", 30, MODULE, "tick", lease_seconds=60)


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of jobs, for tests to fill."""
    module = ModuleType(MODULE)
    monkeypatch.setitem(sys.modules, MODULE, module)
    return module


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def once(job: Job, holder: str, seconds: float) -> float:
    return run_once(job, clock=lambda: at(seconds), holder=holder)


def test_every_job_of_the_table_is_there_and_has_a_name_of_its_own() -> None:
    names = [job.name for job in JOBS]
    assert "sweep" in names
    assert len(set(names)) == len(names)
    for job in JOBS:
        assert callable(getattr(import_module(job.module), job.function))
        assert job.seconds > 0
        assert job.lease_seconds > 0


@pytest.mark.django_db
def test_a_job_is_done_and_what_it_says_is_kept(made_up: Any) -> None:
    made_up.tick = lambda as_of: f"done at {as_of:%H:%M}"
    assert once(TICK, "a", 0) == 30
    lease = Lease.objects.get(job="tick")
    assert (lease.holder, lease.until, lease.done_at) == ("", None, NOW)
    assert lease.note == "done at 01:00"


@pytest.mark.django_db
def test_no_two_workers_do_a_job_at_the_same_time_or_in_one_interval(made_up: Any) -> None:
    runs: list[datetime] = []
    made_up.tick = runs.append
    assert take_lease(TICK, "a", at(0))
    once(TICK, "b", 1)
    assert runs == []
    release_lease(TICK, "a", "", done_at=at(2))
    once(TICK, "b", 3)
    once(TICK, "b", 30)
    assert runs == []
    once(TICK, "b", 31.9)
    assert runs == [at(31.9)]


@pytest.mark.django_db
def test_a_daily_job_is_asked_for_every_minute_and_done_once_a_day(made_up: Any) -> None:
    daily, runs = Job("tick", 86_400, MODULE, "tick"), list[datetime]()
    made_up.tick = runs.append
    assert once(daily, "a", 0) == 86_400
    # A worker that was started anew does not do it again, nor wait for another day.
    assert once(daily, "b", 80_000) == 60
    assert once(daily, "b", 86_400) == 86_400
    assert runs == [at(0), at(86_400)]


@pytest.mark.django_db
def test_the_lease_of_a_killed_worker_runs_out(made_up: Any) -> None:
    assert take_lease(TICK, "killed", at(0))
    assert not take_lease(TICK, "b", at(59))
    assert take_lease(TICK, "b", at(60))
    # Should it live after all, it gives back nothing that is another's.
    release_lease(TICK, "killed", "late", done_at=at(61))
    assert Lease.objects.get(job="tick").holder == "b"


@pytest.mark.django_db
def test_a_failure_is_logged_without_its_words_and_tried_again(
    made_up: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def tick(as_of: datetime) -> str:
        raise ValueError("13800000000 张三")

    made_up.tick = tick
    with caplog.at_level(logging.DEBUG):
        assert once(TICK, "a", 0) == 30
    assert "job tick failed: ValueError in tick" in caplog.text
    assert "13800000000" not in caplog.text
    lease = Lease.objects.get(job="tick")
    assert (lease.holder, lease.until, lease.done_at) == ("", None, None)
    assert lease.note == "failed: ValueError"
    made_up.tick = lambda as_of: "well"
    once(TICK, "b", 1)
    assert Lease.objects.get(job="tick").note == "well"


def test_a_database_that_does_not_answer_ends_no_worker(
    made_up: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object) -> bool:
        raise OperationalError("password=secret")

    monkeypatch.setattr("jiesu.cases.jobs.take_lease", refuse)
    assert once(TICK, "a", 0) == 30
    assert "OperationalError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.django_db
def test_what_has_more_to_do_is_not_done_yet_and_may_go_on_at_once(made_up: Any) -> None:
    notes = iter([More("half"), "all"])
    made_up.tick = lambda as_of: next(notes)
    assert once(TICK, "a", 0) == 0
    assert Lease.objects.get(job="tick").done_at is None
    assert once(TICK, "a", 0) == 30
    assert Lease.objects.get(job="tick").note == "all"


@pytest.mark.django_db
def test_a_note_that_is_too_long_is_cut_and_no_text_is_made_one(made_up: Any) -> None:
    made_up.tick = lambda as_of: "x" * 500
    once(TICK, "a", 0)
    assert Lease.objects.get(job="tick").note == "x" * 200
    made_up.tick = lambda as_of: 17
    once(TICK, "a", 60)
    assert Lease.objects.get(job="tick").note == "17"


def test_no_two_workers_have_one_name() -> None:
    names = {worker_name() for _ in range(50)}
    assert len(names) == 50
    assert all(len(name) <= 64 for name in names)


@pytest.mark.django_db(transaction=True)
def test_a_worker_does_all_jobs_until_it_is_stopped_also_beside_one_that_fails(
    made_up: Any,
) -> None:
    stop, beaten = threading.Event(), threading.Semaphore(0)

    def fail(as_of: datetime) -> str:
        beaten.release()
        raise RuntimeError

    def beat(as_of: datetime) -> str:
        beaten.release()
        return More("again") if not stop.is_set() else "end"

    made_up.fail, made_up.beat = fail, beat
    jobs = [Job("fail", 0.01, MODULE, "fail"), Job("beat", 60, MODULE, "beat")]
    worker = threading.Thread(
        target=run_worker, args=(stop,), kwargs={"jobs": jobs, "clock": lambda: NOW}
    )
    worker.start()
    for _ in range(8):
        assert beaten.acquire(timeout=30)
    stop.set()
    worker.join(timeout=30)
    assert not worker.is_alive()
    notes = dict(Lease.objects.values_list("job", "note"))
    assert notes["fail"] == "failed: RuntimeError"
    assert notes["beat"] in ("again", "end")


@pytest.mark.django_db(transaction=True)
def test_of_workers_that_ask_at_once_one_gets_the_job() -> None:
    gate, got = threading.Barrier(4), list[bool]()

    def ask(name: str) -> None:
        gate.wait()
        try:
            got.append(take_lease(TICK, name, NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False, False, False, True]
