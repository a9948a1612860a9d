"""The site's settings, each with its default: what `docs/settings.md` documents.

Turns an environment into one object of typed values, `settings.JIESU` in Django. Whether they
are safe together is judged in `safety`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jiesu.core.problems import InputError, Problem
from jiesu.project.databases import database_settings, sqlite_settings
from jiesu.project.environment import Environment, Network

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one caller may send and how often."""

    upload_bytes: int
    """Of one attachment."""
    uploads_per_case: int
    request_bytes: int
    """Of a whole request."""
    public_per_minute: int
    """Requests to public endpoints from one address."""
    tokens_per_minute: int
    """Tries of call-back tokens from one address."""
    api_per_minute: int
    """Requests with one API key."""
    sign_in_failures: int
    sign_in_lock_minutes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Everything that the environment says about the site."""

    production: bool
    debug: bool
    data: Path
    """The folder of everything that the site keeps."""
    database: dict[str, Any] = field(repr=False)
    secret_key: str = field(repr=False)
    """Empty where none is set and none was made yet."""
    secret_key_file: Path
    keys_file: Path
    """The key ring's file, read where `keys_text` is empty."""
    keys_text: str = field(repr=False)
    """The key ring itself, where the environment holds it."""
    seals_file: Path
    hosts: tuple[str, ...]
    public_url: str
    """The address that residents see, without a slash at its end; empty where it is not set."""
    trusted_proxies: tuple[Network, ...]
    zone: str
    log_level: str
    threads: int
    processes: int
    session_hours: int
    webhooks_allow_private: bool
    limits: Limits
    unknown: tuple[Problem, ...]
    """A problem for each variable that nothing reads."""

    @property
    def attachments(self) -> Path:
        """The folder of attachments, which is never served as it stands."""
        return self.data / "attachments"

    @property
    def static(self) -> Path:
        """The folder of style sheets, scripts and pictures of the pages."""
        return self.data / "static"

    @property
    def embedded(self) -> bool:
        """Whether the database is SQLite: one serving process, one writer at a time."""
        return _is_embedded(self.database)


THREADS, THREADS_OF_ONE_PROCESS = 8, 12
"""On SQLite there is one process, and threads that wait to write share a flush of the disk."""


def options_from(environment: Environment) -> Options:
    """The options that an environment gives. Raises InputError with all mistakes."""
    read = environment
    data = read.path("JIESU_DATA", Path("jiesu-data"))
    production = read.choice("JIESU_MODE", ("development", "production"), "development")
    secret_file = data / "secret"
    debug = read.flag("JIESU_DEBUG", False)
    database = _database(read, data)
    options = Options(
        production=production == "production",
        debug=debug,
        data=data,
        database=database,
        secret_key=_secret(read, secret_file),
        secret_key_file=secret_file,
        keys_file=read.path("JIESU_KEYS_FILE", data / "keys.json"),
        keys_text=_keys_text(read),
        seals_file=read.path("JIESU_SEALS_FILE", data / "seals.jsonl"),
        hosts=read.texts("JIESU_ALLOWED_HOSTS") or LOOPBACK_HOSTS,
        public_url=read.text("JIESU_PUBLIC_URL", "").rstrip("/"),
        trusted_proxies=read.networks("JIESU_TRUSTED_PROXIES"),
        zone=read.zone("JIESU_TIME_ZONE", "Asia/Shanghai"),
        log_level=read.choice("JIESU_LOG_LEVEL", ("debug", "info", "warning", "error"), "info"),
        threads=read.integer(
            "JIESU_THREADS", THREADS_OF_ONE_PROCESS if _is_embedded(database) else THREADS, 1, 128
        ),
        processes=read.integer("JIESU_PROCESSES", min(os.cpu_count() or 1, 8), 1, 64),
        session_hours=read.integer("JIESU_SESSION_HOURS", 12, 1, 720),
        webhooks_allow_private=read.flag("JIESU_WEBHOOKS_ALLOW_PRIVATE", False),
        limits=_limits(read),
        # The last: by now all others are read.
        unknown=tuple(read.unknown()),
    )
    read.raise_problems()
    return options


def _is_embedded(database: Mapping[str, Any]) -> bool:
    return str(database["ENGINE"]).endswith("sqlite3")


def _keys_text(read: Environment) -> str:
    text = read.text("JIESU_KEYS", "")
    if text and read.text("JIESU_KEYS_FILE", ""):
        read.wrong("JIESU_KEYS", "JIESU_KEYS_FILE is set too", "keep one of the two")
    return text


def _limits(read: Environment) -> Limits:
    return Limits(
        upload_bytes=read.integer("JIESU_UPLOAD_MAX_MIB", 20, 1, 100) * MEBIBYTE,
        uploads_per_case=read.integer("JIESU_UPLOADS_PER_CASE", 10, 0, 100),
        # Each thread may hold one in memory.
        request_bytes=read.integer("JIESU_REQUEST_MAX_MIB", 50, 1, 200) * MEBIBYTE,
        public_per_minute=read.integer("JIESU_PUBLIC_PER_MINUTE", 20, 1, 100_000),
        tokens_per_minute=read.integer("JIESU_TOKENS_PER_MINUTE", 10, 1, 100_000),
        api_per_minute=read.integer("JIESU_API_PER_MINUTE", 6000, 1, 1_000_000),
        sign_in_failures=read.integer("JIESU_SIGN_IN_FAILURES", 5, 1, 100),
        sign_in_lock_minutes=read.integer("JIESU_SIGN_IN_LOCK_MINUTES", 15, 1, 1440),
    )


def _database(read: Environment, data: Path) -> dict[str, Any]:
    default = sqlite_settings(data / "jiesu.sqlite3")
    url = read.secret("JIESU_DATABASE_URL")
    try:
        return database_settings(url) if url else default
    except InputError as error:
        read.problems += error.problems
        return default


def _secret(read: Environment, kept: Path) -> str:
    """The secret that is set, else the one that the first start made, else nothing."""
    value = read.secret("JIESU_SECRET_KEY")
    if value or not kept.is_file():
        return value
    try:
        return kept.read_text("utf-8").strip()
    except OSError as error:
        remedy = "start jiesu as the user who owns the data folder"
        read.wrong(str(kept), f"cannot be read ({error.strerror})", remedy)
        return ""
