"""`jiesu audit`, `jiesu keys`, `jiesu person`: the history, the keys, one person's data.

A phone number is asked for or read from standard input, never an argument: those are kept in the
shell's history and seen by all users of a machine. Secrets of keys are never shown. Who sits at
the terminal stands in the history as the user of the machine.
"""

import gc
import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from jiesu.core.problems import InputError, Problem

if TYPE_CHECKING:
    from jiesu.cases.actor import Actor
    from jiesu.cases.privacy.erasure import Cause
    from jiesu.cases.privacy.keys import Purpose
    from jiesu.project.options import Options


def verify_command(number: str, *, files: bool) -> None:
    """Print each finding as a line, then what was looked at; exit with 2 if anything is wrong."""
    _open()
    from jiesu.cases.history.audit import Audit

    # What Django itself is made of stays: nobody need look through it for garbage at each batch.
    gc.freeze()
    audit, n = Audit(number=number, read_files=files), 0
    with _refusals("--case"):
        for finding in audit.run():
            typer.echo(finding)
            n += 1
    said = "whole" if not n else f"{n} findings"
    looked = f"{audit.n_cases} cases, {audit.n_events} events, {audit.n_seals} seals"
    typer.echo(f"{looked}, {audit.n_files} files: {said}")
    if audit.n_files and not files:
        typer.echo("what the files hold was not read: see --files")
    if audit.n_unsealed:
        since = "" if audit.unsealed_since is None else f", the first of {audit.unsealed_since}"
        typer.echo(f"{audit.n_unsealed} events are not sealed yet{since}: no seal speaks for them")
    if audit.last is not None:
        typer.echo(f"last seal: {audit.last.number} {audit.last.mac.hex()} (note it elsewhere)")
    if n:
        raise typer.Exit(2)


def list_keys_command(uses: bool) -> None:
    """Print purpose, id, day and whether it is the active one; how much needs it, if asked."""
    if uses:
        _open()
    from jiesu.cases.privacy.keys import PURPOSES, read_ring, ring_from_environment

    options = _options()
    ring = ring_from_environment(os.environ) if options.keys_text else read_ring(options.keys_file)
    counted = None
    if uses:
        from jiesu.cases.privacy.rotation import key_uses

        counted = key_uses()
    for purpose in PURPOSES:
        active = ring.active(purpose).id
        for key in ring.keys[purpose]:
            line = f"{purpose:<10} {key.id:<16} {key.created_at:%Y-%m-%d}"
            line += " active" if key.id == active else "       "
            if counted is not None:
                line += f" {counted[purpose].pop(key.id, 0)}"
            typer.echo(line.rstrip())
        for key_id, n in sorted(counted[purpose].items() if counted is not None else ()):
            typer.echo(f"{purpose:<10} {key_id:<16} not in the ring: {n}")


def rotate_command(purpose: "Purpose") -> None:
    """Add a key to the ring's file, and say what follows."""
    from jiesu.cases.privacy.keys import read_ring, replace_ring, rotated

    file = _keys_file()
    ring = rotated(read_ring(file), purpose, datetime.now(UTC))
    replace_ring(ring, file)
    typer.echo(f"{file}: {ring.active(purpose).id} is the {purpose} key from the next start on")
    typer.echo("Copy the file to its safe place and to every machine; start servers and workers")
    if purpose == "seal":
        typer.echo("again. Keep the old key: it checks the seals of its time.")
    else:
        typer.echo("again; then: jiesu keys renew")


def renew_command() -> None:
    """Make everything anew, and say how much; exit with 2 where something did not open."""
    _open()
    from jiesu.cases.privacy.rotation import renew

    done = renew()
    typer.echo(str(done))
    if done.n_failed:
        typer.echo("See: jiesu audit verify", err=True)
        raise typer.Exit(2)


def drop_command(key_id: str) -> None:
    """Take a key out of the ring's file, if nothing needs it and nobody uses it."""
    from jiesu.project.first_start import keys_unused

    _open()
    with keys_unused(_options()):
        _drop(key_id)


def _drop(key_id: str) -> None:
    from jiesu.cases.privacy.keys import read_ring, replace_ring, without
    from jiesu.cases.privacy.rotation import key_uses

    file = _keys_file()
    ring = without(read_ring(file), key_id)
    n = sum(uses[key_id] for uses in key_uses().values())
    if n:
        what = f"{n} values, hashes or seals need it"
        raise InputError(Problem(file.name, key_id, what, "run first: jiesu keys renew"))
    replace_ring(ring, file, dropped=key_id)
    typer.echo(f"{file}: {key_id} is gone; start servers and workers again")


def export_person_command(out: Path, reason: str) -> None:
    """Ask for the phone number and write the copy."""
    _open()
    from jiesu.cases.privacy.person_copy import write_person_copy

    phone = _phone()
    with _refusals("person"):
        numbers = write_person_copy(
            out, phone=phone, reason=reason, by=_by(), as_of=datetime.now(UTC)
        )
    typer.echo(f"written: {out} ({len(numbers)} cases)")


def erase_person_command(cause: "Cause", yes: bool) -> None:
    """Ask for the phone number, erase, and say which cases are still worked on."""
    _open()
    from jiesu.cases.actions.privacy import cases_of_phone, erase_caller

    phone = _phone()
    with _refusals("person"):
        n = len(cases_of_phone(phone))
        if n and not yes:
            typer.confirm(f"Erase for good what is personal of {n} cases?", abort=True)
        done = erase_caller(phone=phone, cause=cause, by=_by(), as_of=datetime.now(UTC))
    typer.echo(f"erased: {len(done.erased)} cases {' '.join(done.erased)}".rstrip())
    for number in done.waiting:
        typer.echo(f"still worked on, not erased: {number}")


def _phone() -> str:
    """The phone number, unseen on the screen; from standard input where that is no terminal."""
    if os.isatty(0):
        return getpass.getpass("Phone: ")
    return typer.get_text_stream("stdin").readline().strip()


def _by() -> "Actor":
    from jiesu.cases.actor import Actor

    actor = Actor.system("terminal")
    return type(actor)(actor.name, None, f"terminal:{getpass.getuser()}"[:64])


@contextmanager
def _refusals(where: str) -> Iterator[None]:
    """Turn what an action refuses into what the command line says."""
    from jiesu.cases.refusals import Refusal

    try:
        yield
    except Refusal as refusal:
        raise InputError(Problem(where, "", str(refusal), "correct it and run again")) from None


def _options() -> "Options":
    from jiesu.project.environment import Environment
    from jiesu.project.options import options_from

    return options_from(Environment(os.environ))


def _keys_file() -> Path:
    """The ring's file. Raises InputError where the environment holds the ring itself."""
    options = _options()
    if options.keys_text:
        what = "the ring is given as text, which no command can change"
        raise InputError(Problem("JIESU_KEYS", "", what, "keep it in a file: JIESU_KEYS_FILE"))
    return options.keys_file


def _open() -> None:
    """Django on a site that is there; nothing is made or migrated for a look at it."""
    options = _options()
    if not options.data.is_dir():
        what = "there is no site here yet"
        raise InputError(Problem(str(options.data), "", what, "start it: jiesu serve"))
    os.umask(0o077)
    from jiesu.project.serving import start_django

    start_django(options)
    from jiesu.project.health import require_migrated

    require_migrated()
