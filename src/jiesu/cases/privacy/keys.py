"""The keys of encryption, keyed hashes and seals: a key ring from a file or the environment.

Keys never lie in the database, and no repr, message or log shows one. Leaves out what they are
used for (`personal`, `history.seals`).
"""

import binascii
import json
import os
import re
import secrets
import stat
import tomllib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from jiesu.city.durable import to_disk
from jiesu.core.problems import InputError, Problem, writable

Purpose = Literal["encryption", "hash", "seal"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

FILE_VARIABLE = "JIESU_KEYS_FILE"
TEXT_VARIABLE = "JIESU_KEYS"

N_BYTES = 32
_ID = re.compile(r"[a-z][a-z0-9]{0,15}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Key:
    """A key of 32 bytes. `id` is stored beside all that was made with it; `secret` never."""

    id: str
    secret: bytes = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys by purpose, oldest first. The last of a purpose is the active one."""

    keys: Mapping[Purpose, tuple[Key, ...]]

    def active(self, purpose: Purpose) -> Key:
        """The key that new data are made with."""
        return self.keys[purpose][-1]

    def by_id(self, purpose: Purpose, key_id: str) -> Key | None:
        """The key with this id; None when the ring has none."""
        return next((key for key in self.keys[purpose] if key.id == key_id), None)

    def secrets_by_id(self, purpose: Purpose) -> dict[str, bytes]:
        """All keys of a purpose, as `core.seals.check_seals` takes them."""
        return {key.id: key.secret for key in self.keys[purpose]}


def new_ring(as_of: datetime) -> KeyRing:
    """A ring with one new key for each purpose."""
    return KeyRing({purpose: (_new_key(f"{purpose[0]}1", as_of),) for purpose in PURPOSES})


def rotated(ring: KeyRing, purpose: Purpose, as_of: datetime) -> KeyRing:
    """The ring with a new active key for one purpose. All earlier keys stay."""
    taken = {key.id for keys in ring.keys.values() for key in keys}
    number = len(ring.keys[purpose]) + 1
    while f"{purpose[0]}{number}" in taken:
        number += 1
    new = _new_key(f"{purpose[0]}{number}", as_of)
    return KeyRing({**ring.keys, purpose: (*ring.keys[purpose], new)})


def _new_key(key_id: str, as_of: datetime) -> Key:
    return Key(key_id, secrets.token_bytes(N_BYTES), as_of.astimezone(UTC))


def ring_from_environment(environ: Mapping[str, str]) -> KeyRing:
    """The ring of JIESU_KEYS_FILE (a path) or JIESU_KEYS (the same document as text).

    Raises InputError when neither or both are set, or the document is wrong.
    """
    path, text = environ.get(FILE_VARIABLE, ""), environ.get(TEXT_VARIABLE, "")
    if path and text:
        remedy = f"unset one of {FILE_VARIABLE} and {TEXT_VARIABLE}"
        raise InputError(Problem(TEXT_VARIABLE, "", "the keys are given twice", remedy))
    if path:
        return read_ring(Path(path))
    if text:
        return parse_ring(text, file=TEXT_VARIABLE)
    remedy = f"set {FILE_VARIABLE} to the path of a key ring"
    raise InputError(Problem(FILE_VARIABLE, "", "there are no keys", remedy))


def read_ring(path: Path) -> KeyRing:
    """The ring of a file that its owner alone may read and write.

    Raises InputError when it is missing, open to others or wrong.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if os.name == "posix" and status.st_mode & _OTHERS:
                mode = stat.S_IMODE(status.st_mode)
                what = f"others than its owner may use the keys (mode {mode:04o})"
                raise InputError(Problem(path.name, "", what, f"chmod 600 {path.name}"))
            content = file.read()
    except OSError as error:
        what = f"cannot be read ({error.strerror or 'error'})"
        raise InputError(Problem(path.name, "", what, "name a key ring file")) from None
    return parse_ring(content, file=path.name)


def parse_ring(document: str | bytes, *, file: str) -> KeyRing:
    """The ring of a JSON or TOML document.

    Raises InputError with every mistake, named `file`. No message holds a part of the document.
    """
    table = _table(document)
    if table is None:
        raise InputError(Problem(file, "", "neither JSON nor TOML", "write it anew, or restore it"))
    problems: list[Problem] = []
    for name in table:
        if name not in PURPOSES:
            # The name itself isn't shown: it may be a key in the wrong place.
            what, remedy = "a list has an unknown name", f"use {', '.join(PURPOSES)}"
            problems.append(Problem(file, "", what, remedy))
    keys: dict[Purpose, tuple[Key, ...]] = {
        purpose: _keys(table.get(purpose), purpose, file, problems) for purpose in PURPOSES
    }
    _check_twice(keys, file, problems)
    if problems:
        raise InputError(problems)
    return KeyRing(keys)


def _table(document: str | bytes) -> dict[str, Any] | None:
    try:
        text = document.decode("utf-8-sig") if isinstance(document, bytes) else document
        table = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError):
        return None  # The error holds the text, so it ends here.
    return table if isinstance(table, dict) else None


def _keys(entries: object, purpose: Purpose, file: str, problems: list[Problem]) -> tuple[Key, ...]:
    if not isinstance(entries, list) or not entries:
        remedy = "give a list with at least one key"
        problems.append(Problem(file, purpose, "there is no key", remedy))
        return ()
    keys = []
    for number, entry in enumerate(entries, start=1):
        key = _key(entry)
        if isinstance(key, Key):
            keys.append(key)
        else:
            what, remedy = key
            problems.append(Problem(file, f"{purpose}[{number}]", what, remedy))
    return tuple(keys)


def _key(entry: object) -> Key | tuple[str, str]:
    """The key of an entry, or what is wrong with it and how to mend that."""
    if not isinstance(entry, dict) or set(entry) != {"id", "key", "created"}:
        return "not an entry with id, key and created", "write these three and no other"
    if not isinstance(entry["id"], str) or not _ID.fullmatch(entry["id"]):
        return "the id is not a letter with letters and digits", "write a short one, such as e1"
    try:
        secret = b64decode(str(entry["key"]).encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != N_BYTES:
        return f"the key is not {N_BYTES} bytes in base64", "restore it from its copy"
    created_at = entry["created"]
    if isinstance(created_at, str):
        try:
            created_at = datetime.fromisoformat(created_at)
        except ValueError:
            created_at = None
    if not isinstance(created_at, datetime) or created_at.tzinfo is None:
        return "created is not an instant with an offset", "write it as 2022-01-19T00:00:00Z"
    return Key(entry["id"], secret, created_at.astimezone(UTC))


def _check_twice(
    keys: Mapping[Purpose, tuple[Key, ...]], file: str, problems: list[Problem]
) -> None:
    ids: set[str] = set()
    known: set[bytes] = set()
    for purpose, of_purpose in keys.items():
        for key in of_purpose:
            if key.id in ids:
                what = f"the id {key.id} stands twice"
                problems.append(Problem(file, purpose, what, "give each key its own id"))
            elif key.secret in known:
                what = f"the key {key.id} is the same as another"
                problems.append(Problem(file, purpose, what, "each key is for one purpose"))
            ids.add(key.id)
            known.add(key.secret)


def ring_text(ring: KeyRing) -> str:
    """The JSON document of a ring, secrets included: for a file of mode 0600 alone."""
    table = {
        purpose: [
            {
                "id": key.id,
                "key": b64encode(key.secret).decode("ascii"),
                "created": key.created_at.isoformat(),
            }
            for key in ring.keys[purpose]
        ]
        for purpose in PURPOSES
    }
    return json.dumps(table, indent=2) + "\n"


def write_ring(ring: KeyRing, path: Path) -> None:
    """Write a new key ring file, mode 0600: whole, or not at all.

    Raises InputError when there is a file already (it is left as it is) or no place to write.
    """
    with writable(path.name):
        unfinished = _written_beside(ring, path)
        try:
            os.link(unfinished, path)  # Unlike a rename it never replaces a file.
        except FileExistsError:
            what = "there is a file already, and keys are never overwritten"
            raise InputError(Problem(path.name, "", what, "use it, or name another")) from None
        finally:
            unfinished.unlink()
        to_disk(path.parent)


def without(ring: KeyRing, key_id: str) -> KeyRing:
    """The ring without one of its older keys. Raises InputError for an active or unknown one."""
    for purpose in PURPOSES:
        for key in ring.keys[purpose][:-1]:
            if key.id == key_id:
                left = tuple(one for one in ring.keys[purpose] if one is not key)
                return KeyRing({**ring.keys, purpose: left})
    what = "the ring has no older key with this id"
    raise InputError(Problem("keys", key_id, what, "an active key is rotated first: jiesu keys"))


def replace_ring(ring: KeyRing, path: Path, *, dropped: str = "") -> None:
    """Write a changed ring in place of the file that holds the earlier one, in one step.

    Raises InputError when the file has a key that the ring lacks: what was made with it would
    be lost. Only the key `dropped` may go.
    """
    before = read_ring(path)
    for purpose in PURPOSES:
        for key in before.keys[purpose]:
            if key not in ring.keys[purpose] and key.id != dropped:
                what = f"the key {key.id} would be lost"
                raise InputError(Problem(path.name, purpose, what, "rotate the file's own ring"))
    with writable(path.name):
        _written_beside(ring, path).replace(path)
        to_disk(path.parent)


def _written_beside(ring: KeyRing, path: Path) -> Path:
    """A finished file of mode 0600 in the same folder, on the disk."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(ring_text(ring))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        unfinished.unlink()
        raise
    return unfinished
