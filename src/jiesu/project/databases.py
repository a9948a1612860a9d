"""What JIESU_DATABASE_URL says, as Django's settings of a database.

SQLite and PostgreSQL, each set so that an acknowledged case is on the disk. Opens nothing.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jiesu.core.problems import InputError, Problem

NAME = "JIESU_DATABASE_URL"
REMEDY = "write sqlite:///folder/file or postgresql://user:password@host:5432/name"
# Of PostgreSQL's own connection settings; others would change what the application relies on.
POSTGRESQL_OPTIONS = (
    "host", "sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout",
    "application_name", "target_session_attrs", "keepalives", "keepalives_idle",
)  # fmt: skip
# The file is flushed at each commit; what is deleted is overwritten, so that an erased person is
# not found in free pages; a reader never waits for a writer, and a log that a long reader has let
# grow is cut off again.
SQLITE_START = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; "
    "PRAGMA journal_size_limit=8388608;"
)
SQLITE_WAIT_SECONDS = 10
# Threads keep their connections; what a firewall has cut is found before it is used.
POSTGRESQL_KEEP_SECONDS = 600
POSTGRESQL_CONNECT_SECONDS = 5
# What is asked so often on one connection is prepared there (only by the driver's own cursors).
POSTGRESQL_PREPARE_AFTER = 3


def database_settings(url: str) -> dict[str, Any]:
    """Django's settings of the database at `url`. Raises InputError without repeating the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _unreadable("it is no address") from None
    if parts.scheme == "sqlite":
        # sqlite:///a is a relative path, sqlite:////a one from the root.
        path = unquote(parts.path.removeprefix("/"))
        if not path:
            raise _unreadable("it names no file")
        return sqlite_settings(Path(path).absolute())
    if parts.scheme in ("postgresql", "postgres"):
        options = dict(parse_qsl(parts.query))
        host = unquote(parts.hostname or "") or options.pop("host", "")
        foreign = sorted(set(options) - set(POSTGRESQL_OPTIONS))
        if foreign:
            raise _unreadable(f"{', '.join(foreign)} cannot be set here")
        name = unquote(parts.path.removeprefix("/"))
        if not name:
            raise _unreadable("it names no database")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": host,
            "PORT": str(port or ""),
            "CONN_MAX_AGE": POSTGRESQL_KEEP_SECONDS,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {
                "connect_timeout": POSTGRESQL_CONNECT_SECONDS,
                "prepare_threshold": POSTGRESQL_PREPARE_AFTER,
                **options,
            },
        }
    raise _unreadable("only SQLite and PostgreSQL are known")


def sqlite_settings(file: Path) -> dict[str, Any]:
    """Django's settings of a database in one file."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": SQLITE_WAIT_SECONDS,
            "transaction_mode": "IMMEDIATE",
            "init_command": SQLITE_START,
        },
    }


def _unreadable(what: str) -> InputError:
    return InputError(Problem(NAME, "", what, REMEDY))
