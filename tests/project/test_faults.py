"""A whole site under faults: killed under load, on a full disk, without its database.

The long run is `python -m tests.faults` (docs/operating.md); here a short one shows that the tool
works and sees what is lost.
"""

import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psycopg
import pytest

from tests.databases import chosen
from tests.faults.kills import end_cluster, start_cluster
from tests.faults.load import demand_of
from tests.faults.run import run
from tests.faults.stage import Stage, staged

KILLS = 3
DISK = "64m"
PIECE = b"\0" * 65536


def test_a_site_that_is_killed_under_load_loses_nothing_that_it_has_acknowledged(
    tmp_path: Path,
) -> None:
    seen: list[str] = []

    def lose(stage: Stage) -> None:
        """What the tool says of a case and of a move that are not there."""
        [number, *_] = stage.journal.numbers.values()
        stage.journal.acknowledged("case", key="never-sent", number="lost", version=1)
        stage.journal.acknowledged("move", number=number, event="feedback_submitted", version=99)
        now = datetime.now(UTC).isoformat()
        seen.extend(stage.inside("settle", str(stage.journal.file), now, "30")["findings"])

    report = run(tmp_path / "run", chosen(), KILLS, seed=5, n_due=30, say=print_nothing, then=lose)
    assert report.findings == []
    assert report.kills.total() == KILLS
    assert report.n_cases > 0
    assert "lost: case lost was acknowledged in version 1" in seen
    assert any("was moved to version 99" in line for line in seen)
    assert any("feedback_submitted was sent" in line for line in seen)


def print_nothing(line: str) -> None:
    """The tool's progress is of no interest here."""


class Sender:
    """Sends demands to a stage's site by a key of the API."""

    def __init__(self, client: httpx.Client, stage: Stage, key: str) -> None:
        self.client, self.url = client, f"{stage.site.url}/api/v1/cases"
        self.headers = {"Authorization": f"Bearer {key}"}

    def send(self, key: str, body: str = "停水") -> httpx.Response:
        """One demand; the same key always has the same one."""
        demand = {**demand_of(Random(key)), "body": body}
        return self.client.post(
            self.url, json=demand, headers={**self.headers, "Idempotency-Key": key}
        )


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """Connections that are closed at the end."""
    with httpx.Client(timeout=60, verify=False) as made:
        yield made


def assert_problem(answer: httpx.Response, *codes: str) -> None:
    """A problem in one line, which says when to come again."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert said["code"] in codes
    assert "\n" not in said["detail"]
    assert "Traceback" not in answer.text
    assert answer.headers["Retry-After"] == "5"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of its own, mounted at a folder; skips where that is not permitted."""
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a disk that is really full needs the right to mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave no room on a disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as out:
        while True:
            try:
                if out.write(PIECE) < len(PIECE):
                    break
            except OSError:
                break
    return filler


@pytest.mark.only_on("sqlite", reason="where PostgreSQL's disk is full is PostgreSQL's own affair")
def test_a_disk_that_is_really_full_is_said_and_nothing_is_lost(
    tmp_path: Path, client: httpx.Client
) -> None:
    stage = Stage(tmp_path / "site", None, "")
    with small_disk(stage.site.data) as disk:
        try:
            _fill_under_a_site(client, stage, disk)
            _say_of_commands_that_there_is_no_room(stage, disk)
            _refuse_to_start(stage, disk)
        finally:
            stage.stop()


def _fill_under_a_site(client: httpx.Client, stage: Stage, disk: Path) -> None:
    made = stage.prepare(0, datetime.now(UTC).isoformat())
    stage.site.start()
    sender = Sender(client, stage, made["keys"]["operator"])
    assert sender.send("before").status_code == 201
    filler = fill(disk)
    taken: dict[str, Any] = {}
    for n in range(500):
        answer = sender.send(key := f"full-{n}", "长" * 20_000)
        if answer.status_code != 201:
            break
        taken[key] = answer.json()["number"]
    assert answer.status_code in (503, 507)
    assert_problem(answer, "no_room", "unavailable")
    filler.unlink()
    again = sender.send(key, "长" * 20_000)
    assert again.status_code == 201
    for one, number in {"before": None, **taken, key: again.json()["number"]}.items():
        found = sender.send(one, "停水" if one == "before" else "长" * 20_000)
        assert found.status_code == 200
        assert number in (None, found.json()["number"])
        stage.journal.received(one, found.json()["number"], 1)
    stage.stop()
    settled = stage.inside("settle", str(stage.journal.file), datetime.now(UTC).isoformat(), "0")
    assert settled["findings"] == []
    assert settled["n_cases"] == len(taken) + 2


def _say_of_commands_that_there_is_no_room(stage: Stage, disk: Path) -> None:
    city = stage.site.folder / "other-city"
    assert stage.site.command("init", str(city)).wait(60) == 0
    filler = fill(disk)
    before = len(stage.site.output())
    assert stage.site.command("load", "--city", str(city)).wait(60) == 2
    said = stage.site.output()[before:]
    assert "no space is left; make room" in said or "No space left on device" in said
    assert len(said.splitlines()) == 1
    filler.unlink()


def _refuse_to_start(stage: Stage, disk: Path) -> None:
    """On a folder that may not be written to."""
    # Who ends last leaves no files beside the database.
    with closing(sqlite3.connect(disk / "jiesu.sqlite3")) as last:
        last.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for command in (("audit", "verify"), ("worker",)):
        before = len(stage.site.output())
        assert stage.site.command(*command).wait(60) == 2
        said = stage.site.output()[before:]
        assert "may not be written to" in said or "Read-only file system" in said
        assert len(said.splitlines()) == 1
    before = len(stage.site.output())
    starting = stage.site.command("serve", "--port", str(stage.site.port))
    assert starting.wait(60) == 2
    said = stage.site.output()[before:]
    assert "cannot be written (Read-only file system)" in said
    assert len(said.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_site_in_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "site", None, "")
    stage.site.data.mkdir()
    stage.site.data.chmod(0o500)
    assert stage.site.command("serve", "--port", str(stage.site.port)).wait(60) == 2
    assert "cannot be written (Permission denied)" in stage.site.output()


@pytest.mark.only_on("postgresql", reason="SQLite has no connection to lose")
def test_a_database_that_stops_amid_a_request_is_said_and_comes_back_by_itself(
    tmp_path: Path, client: httpx.Client
) -> None:
    with staged(tmp_path / "stages", "postgresql") as (stage, _):
        made = stage.prepare(0, datetime.now(UTC).isoformat())
        stage.site.start()
        sender = Sender(client, stage, made["keys"]["operator"])
        assert sender.send("before").status_code == 201
        processes = stage.site.processes()

        amid = _stop_amid_a_request(stage, sender)
        assert amid.status_code == 503
        assert_problem(amid, "unavailable")
        down = sender.send("down")
        assert down.status_code == 503
        assert_problem(down, "unavailable")
        assert [
            client.get(f"{stage.site.url}{path}").status_code for path in ("/healthz", "/readyz")
        ] == [200, 503]

        start_cluster(stage)
        answers = [sender.send(key).status_code for key in ("amid", "down", "before", "amid")]
        assert answers == [201, 201, 200, 200]
        assert stage.site.processes() == processes


def _stop_amid_a_request(stage: Stage, sender: Sender) -> httpx.Response:
    """PostgreSQL ends while a demand waits for it."""
    answers: list[httpx.Response] = []
    sending = threading.Thread(target=lambda: answers.append(sender.send("amid")))
    with psycopg.connect(stage.site.environment["JIESU_DATABASE_URL"]) as holder:
        holder.execute("LOCK TABLE cases_case IN ACCESS EXCLUSIVE MODE")
        sending.start()
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        for _ in range(600):
            if holder.execute(waits).fetchone() != (0,):
                break
            threading.Event().wait(0.05)
        end_cluster(stage)
        with pytest.raises(psycopg.OperationalError):
            holder.execute("SELECT 1")
    sending.join(60)
    [answer] = answers
    return answer
