"""What a site needs before it can serve, made where it is missing: nothing is made twice.

The data folder, the secret, the tables, the keys, the static files and the first administrator.
Safe to run at every start; several machines on one PostgreSQL may start at the same moment.
"""

import fcntl
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from jiesu.core.problems import InputError, Problem, writable
from jiesu.core.storage_faults import storage_problem
from jiesu.project import safety
from jiesu.project.options import Options

Say = Callable[[str], None]
ADMINISTRATOR = "admin"
# One number for all: who makes tables, keys and the administrator holds it.
START_LOCK = 4_123_450_001


def make_data_folder(options: Options) -> None:
    """The folder of everything that the site keeps, for its user alone."""
    # Whatever the site makes from now on (database, attachments) is its user's alone.
    os.umask(0o077)
    with writable(str(options.data)):
        for folder in (options.data, options.attachments, options.static):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def lock_database(options: Options) -> IO[str] | None:
    """Hold the database for this server; `None` where several may serve it.

    SQLite takes one writer at a time: a second server would make both wait. Ends with the
    process or with the file that is returned.
    """
    if not options.embedded:
        return None
    file = Path(f"{options.database['NAME']}.lock")
    with writable(str(file)):
        held = file.open("a", encoding="utf-8")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        what = "another jiesu serves this database"
        remedy = "stop it, or name another folder in JIESU_DATA"
        raise InputError(Problem(str(options.database["NAME"]), "", what, remedy)) from None
    return held


def hold_keys(options: Options) -> IO[str]:
    """Say for as long as this process lives that it uses the site's key ring (`keys_unused`).

    Taken before the ring is read. Ends with the process or with the file that is returned.
    """
    held = _keys_lock(options)
    # Where a share knows no locks, nobody is told.
    with suppress(OSError):
        fcntl.flock(held, fcntl.LOCK_SH)
    return held


@contextmanager
def keys_unused(options: Options) -> Iterator[None]:
    """Change the ring while no server and no worker uses it. Raises InputError where one does.

    One that has read the ring seals with the key that was active then, whatever is in the file.
    """
    with _keys_lock(options) as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = "a server or a worker of this site may still use its keys"
            raise InputError(Problem(held.name, "", what, "stop them, then run it again")) from None
        yield


def _keys_lock(options: Options) -> IO[str]:
    # Not the ring itself: another file takes its place at each change.
    file = options.data / "keys.lock"
    with writable(str(file)):
        return file.open("a", encoding="utf-8")


def make_secret(options: Options) -> None:
    """The secret of sessions and tokens, where none is set and none was made."""
    if not options.secret_key:
        write_privately(options.secret_key_file, secrets.token_urlsafe(48))


def write_privately(file: Path, text: str) -> None:
    """Write a new file that its owner alone can read, whole or not at all.

    Never replaces one that is there. An empty secret would be another one in every process.
    """
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    with writable(str(file)):
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as opened:
                opened.write(f"{text}\n")
                opened.flush()
                os.fsync(opened.fileno())
            with suppress(FileExistsError):
                os.link(unfinished, file)  # Unlike a rename it never replaces a file.
        finally:
            unfinished.unlink()


def make_site(options: Options, say: Say) -> None:
    """Tables, keys and the first administrator, one machine after the other. Needs Django.

    Raises InputError where the database does not answer or must not be used.
    """
    from django.db import OperationalError, connection

    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise no_database(error) from error
    with _alone():
        make_tables(say)
        safety.require_safe_accounts(options)
        make_keys(options)
        make_administrator(options, say)


def no_database(error: Exception) -> InputError:
    """What to say when the database does not answer; the error's own words may hold values."""
    if (problem := storage_problem(error)) is not None:
        return InputError(problem)
    what = f"it does not answer ({type(error).__name__})"
    remedy = "start it, or correct JIESU_DATABASE_URL"
    return InputError(Problem("the database", "", what, remedy))


def make_tables(say: Say) -> None:
    """Bring the database to the tables of this version."""
    from django.core.management import call_command

    from jiesu.project.health import is_migrated

    refuse_newer_tables()
    if not is_migrated():
        say("Making the tables ...")
        call_command("migrate", verbosity=0, interactive=False)


def refuse_newer_tables() -> None:
    """Raise InputError when a newer jiesu has been at this database."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    known = set(loader.disk_migrations) | set(loader.replacements)
    newer = [key for key in loader.applied_migrations if key[0] == "cases" and key not in known]
    if newer:
        what = f"a newer jiesu has changed it ({newer[0][1]})"
        raise InputError(Problem("the database", "", what, "install that version, or restore"))


@contextmanager
def _alone() -> Iterator[None]:
    from django.db import connection

    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [START_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [START_LOCK])


def make_keys(options: Options) -> None:
    """The keys of the personal data, for a site that is new.

    Raises InputError where the site was made before: new keys would open nothing, and a second
    machine with keys of its own would write what the first cannot read.
    """
    from jiesu.cases.models import User
    from jiesu.cases.privacy.keys import new_ring, write_ring

    if options.keys_text or options.keys_file.exists():
        return
    if User.objects.exists():
        what = "the keys of the personal data in this database are not there"
        remedy = "copy the file from the first machine or from its backup"
        raise InputError(Problem(str(options.keys_file), "", what, remedy))
    with writable(str(options.keys_file)):
        options.keys_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_ring(new_ring(datetime.now(UTC)), options.keys_file)


def make_static_files() -> None:
    """Style sheets, scripts and pictures into the folder that they are served from."""
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)


def make_administrator(options: Options, say: Say) -> None:
    """The first administrator, where there is none; the password is told once."""
    from jiesu.cases.models import Role, User

    if User.objects.filter(role=Role.ADMINISTRATOR, demo=False).exists():
        return
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser(ADMINISTRATOR, password=password, role=Role.ADMINISTRATOR)
    if sys.stdout.isatty():
        say(f"The first administrator is {ADMINISTRATOR} with the password {password}")
        say("It is shown this once. Change it after signing in.")
        return
    # What is not a terminal may be a log that others read.
    file = options.data / "first-password"
    file.unlink(missing_ok=True)
    write_privately(file, password)
    say(f"The first administrator is {ADMINISTRATOR}; the password is in {file}: read, delete it.")
