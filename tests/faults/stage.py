"""The site that is killed: its folder, its database, its server and its worker."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import databases
from tests.cases.folder import small_folder
from tests.faults.journal import Journal
from tests.live import Site, wait_until

ROOT = Path(__file__).resolve().parents[2]


class Stage:
    """A site on a database of its own, with a small city, people with keys, and due cases."""

    def __init__(self, folder: Path, cluster: databases.Cluster | None, name: str) -> None:
        folder.mkdir(parents=True)
        self.folder, self.cluster = folder, cluster
        self.site = Site(folder, _database(cluster, name) if cluster else "")
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        self.site.environment |= {
            "PYTHONPATH": path,
            "JIESU_API_PER_MINUTE": "1000000",
            "JIESU_LOG_LEVEL": "error",
        }
        self.worker: subprocess.Popen[str] | None = None
        self.journal = Journal(folder / "journal.jsonl")

    def prepare(self, n_due: int, at: str) -> dict[str, Any]:
        """Make the site with its city, people and `n_due` cases that fall due from `at` on."""
        return self.inside("prepare", str(small_folder(self.folder / "city")), str(n_due), at)

    def inside(self, command: str, *arguments: str) -> dict[str, Any]:
        """Run a command of `tests.faults.inside` on the site; gives what it says."""
        words = [sys.executable, "-m", "tests.faults.inside", command, *arguments]
        done = subprocess.run(
            words, cwd=ROOT, env=self.site.environment, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{command} failed:\n{done.stderr[-4000:]}")
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return said

    def start_worker(self) -> None:
        """Start a worker that is always busy, unless one is there."""
        if self.worker is not None and self.worker.poll() is None:
            return
        with self.site.log.open("a", encoding="utf-8") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.inside", "worker"],
                cwd=ROOT,
                env=self.site.environment,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def kill_worker(self) -> None:
        """Kill the worker where it stands."""
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait(60)
            self.worker = None

    def restore(self) -> None:
        """Start what is not running, as a machine does that comes back: the database first."""
        if self.cluster is not None:
            wait_until(self._database_answers, "PostgreSQL did not recover", 180)
        if self.site.process is None or self.site.process.poll() is not None:
            self.site.start()
        self.start_worker()

    def _database_answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.site.environment["JIESU_DATABASE_URL"], connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Kill everything."""
        self.kill_worker()
        self.site.kill()


@contextmanager
def staged(folder: Path, database: str) -> Iterator[tuple[Stage, Stage]]:
    """A site to be killed, and beside it one that is never disturbed; both go at the end."""
    cluster = databases.Cluster() if database == "postgresql" else None
    disturbed = Stage(folder / "disturbed", cluster, "disturbed")
    calm = Stage(folder / "calm", cluster, "calm")
    try:
        yield disturbed, calm
    finally:
        disturbed.stop()
        calm.stop()
        if cluster is not None:
            cluster.stop()


def _database(cluster: databases.Cluster, name: str) -> str:
    import psycopg

    with psycopg.connect(cluster.url, autocommit=True) as connection:
        made = psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
        connection.execute(made)
    return str(cluster.server.get_uri(database=name))
