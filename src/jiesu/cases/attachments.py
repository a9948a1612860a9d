"""The files of cases: outside the web root, under random names, encrypted piece by piece.

A file is written whole under a temporary name, settled on the disk and only then given its name;
its row comes after that, so that no row is without a file. What a killed process leaves behind is
swept. Each piece is sealed with its number and, if it is the last, with the word that it is:
a file that is cut, or whose pieces are swapped, does not open. Leaves out what a file may be
(`file_types`) and who may add, read and erase one (`actions.attachments`).
"""

import hashlib
import os
import re
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings

from jiesu.cases.file_types import (
    HEAD_BYTES,
    TAIL_BYTES,
    content_type_of,
    is_two_things,
    safe_name,
)
from jiesu.cases.models import Attachment, Case
from jiesu.cases.privacy.personal import MOST_BEFORE, AlteredError, key_id_of, length_of
from jiesu.cases.privacy.vault import opened, opened_bytes, sealed, sealed_bytes
from jiesu.cases.refusals import Invalid, NotFound
from jiesu.city.durable import to_disk
from jiesu.core.problems import writable
from jiesu.core.texts import Text

PIECE_BYTES = 1024 * 1024
_LENGTH_BYTES = 4
_MOST_SEALED = PIECE_BYTES + 1024
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_UNFINISHED = ".unfinished"


class Readable(Protocol):
    """What an upload is: something to read bytes from, once."""

    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies on the disk and has no row yet. `digest` is the SHA-256 of what it holds."""

    token: str
    name: bytes
    content_type: str
    size: int
    digest: str


def store_file(
    source: Readable, *, case: Case, name: str, max_bytes: int, types: Collection[str]
) -> StoredFile:
    """Write an upload to the disk, encrypted. Raises Invalid for what may not be attached.

    Raises InputError where the disk does not take it. In either case nothing is left behind.
    """
    token = secrets.token_urlsafe(32)
    path = path_of(token)
    pieces = _Pieces(source, max_bytes)
    head = next(pieces, b"")
    if not head:
        raise Invalid({"file": Text("the file is empty")})
    content_type = content_type_of(head[:HEAD_BYTES], types)
    if content_type is None:
        raise Invalid(
            {
                "file": Text(
                    "by its content it is none of: {values}", values=", ".join(sorted(types))
                )
            }
        )
    with writable("attachments"):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_name(f"{token}{_UNFINISHED}")
        try:
            _write(unfinished, case, token, head, pieces)
            if is_two_things(content_type, head, pieces.tail):
                raise Invalid({"file": Text("it is two kinds of file at once: attach a plain one")})
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        to_disk(path.parent)
        to_disk(path.parent.parent)
    return StoredFile(
        token=token,
        name=sealed(case, name_place(token), safe_name(name, content_type)),
        content_type=content_type,
        size=pieces.size,
        digest=pieces.digest.hexdigest(),
    )


def read_file(case: Case, attachment: Attachment) -> Iterator[bytes]:
    """What a file holds, piece by piece. Raises NotFound when it is not there.

    SealedError, at the piece where it shows, when the file was changed or its key is missing.
    """
    if attachment.erased_at is not None or not is_kept(attachment.token):
        raise NotFound("no_such_file", Text("this file is not kept any more"))
    return _opened_pieces(path_of(attachment.token), case, attachment.token, attachment.size)


def is_kept(token: str) -> bool:
    """Whether there is a file."""
    return path_of(token).is_file()


def length_of_file(token: str) -> int:
    """How many bytes a file holds, by the lengths of its pieces: quick, for nothing is opened.

    Raises FileNotFoundError, and AlteredError where the file is not made of whole pieces.
    """
    with path_of(token).open("rb") as file:
        held = 0
        while (length := _read_length(file)) is not None:
            start = file.read(min(length, MOST_BEFORE))
            held += length_of(start, length)
            file.seek(length - len(start), os.SEEK_CUR)
        if file.tell() != os.fstat(file.fileno()).st_size:
            raise AlteredError("the file was cut")
        return held


def name_of(case: Case, attachment: Attachment) -> str:
    """The name to download a file under; empty after it was erased."""
    return opened(case, name_place(attachment.token), attachment.name)


def name_place(token: str) -> str:
    """What the sealed name is bound to beside its case."""
    return f"attachment.name:{token}"


def remove_file(token: str) -> None:
    """Remove a file for good; nothing where there is none."""
    path = path_of(token)
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        to_disk(path.parent)


def key_of_file(token: str) -> str | None:
    """The id of the key that a file is sealed with; `None` where there is no file."""
    try:
        with path_of(token).open("rb") as file:
            length = _read_length(file)
            return key_id_of(file.read(min(length or 0, MOST_BEFORE)))
    except FileNotFoundError:
        return None


def renew_file(case: Case, attachment: Attachment) -> None:
    """Seal a file anew with the active key, whole or not at all: for a rotation.

    The caller has locked the row, so that nobody erases the file meanwhile. Raises SealedError.
    """
    path = path_of(attachment.token)
    unfinished = path.with_name(f"{attachment.token}{_UNFINISHED}")
    with writable("attachments"):
        unfinished.unlink(missing_ok=True)
        try:
            pieces = _opened_pieces(path, case, attachment.token, attachment.size)
            _write(unfinished, case, attachment.token, next(pieces, b""), pieces)
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        to_disk(path.parent)


def sweep_orphans(older_than: datetime) -> int:
    """Remove files that have no row, or whose row says that they are erased; how many there were.

    A process that was killed leaves them. `older_than` keeps away from uploads whose row is still
    to come: an hour ago is long enough.
    """
    root = Path(settings.JIESU.attachments)
    n_removed = 0
    for folder in sorted(root.glob("??")) if root.is_dir() else ():
        old = [path for path in folder.iterdir() if _is_older(path, older_than)]
        tokens = [path.name for path in old]
        kept = set(
            Attachment.objects.filter(token__in=tokens, erased_at=None).values_list(
                "token", flat=True
            )
        )
        for path in old:
            if path.name not in kept:
                path.unlink(missing_ok=True)
                n_removed += 1
    return n_removed


def path_of(token: str) -> Path:
    """Where a file lies. Raises ValueError for what is no token: no name leads elsewhere."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("not a token of an attachment")
    return Path(settings.JIESU.attachments) / token[:2] / token


class _Pieces(Iterator[bytes]):
    """An upload in pieces of one size, with what is known of it at its end."""

    def __init__(self, source: Readable, max_bytes: int) -> None:
        self._source, self._max_bytes = source, max_bytes
        self.size = 0
        self.digest = hashlib.sha256()
        self.tail = b""

    def __next__(self) -> bytes:
        piece = self._read()
        if not piece:
            raise StopIteration
        self.size += len(piece)
        if self.size > self._max_bytes:
            most = self._max_bytes // (1024 * 1024)
            raise Invalid({"file": Text("larger than {most} MiB: attach a smaller one", most=most)})
        self.digest.update(piece)
        self.tail = (self.tail + piece)[-TAIL_BYTES:]
        return piece

    def _read(self) -> bytes:
        parts, missing = [], PIECE_BYTES
        try:
            # A socket or a multipart reader gives less than it is asked for.
            while missing and (part := self._source.read(missing)):
                parts.append(part)
                missing -= len(part)
        except OSError as error:
            raise Invalid({"file": Text("the upload broke off: send it again")}) from error
        return b"".join(parts)


def _write(path: Path, case: Case, token: str, first: bytes, rest: Iterator[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        number, piece = 0, first
        for following in rest:
            _write_piece(file, sealed_bytes(case, _place(token, number, last=False), piece))
            number, piece = number + 1, following
        _write_piece(file, sealed_bytes(case, _place(token, number, last=True), piece))
        file.flush()
        os.fsync(file.fileno())


def _write_piece(file: BinaryIO, sealed_piece: bytes) -> None:
    file.write(len(sealed_piece).to_bytes(_LENGTH_BYTES, "big"))
    file.write(sealed_piece)


def _opened_pieces(path: Path, case: Case, token: str, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        number, length = 0, _read_length(file)
        while length is not None:
            piece = file.read(length)
            following = _read_length(file)
            opened_piece = opened_bytes(case, _place(token, number, last=following is None), piece)
            size -= len(opened_piece)
            yield opened_piece
            number, length = number + 1, following
    if size != 0:
        raise AlteredError("the file is not as long as it was")


def _read_length(file: BinaryIO) -> int | None:
    """The length of the next piece; `None` at the end of the file."""
    stored = file.read(_LENGTH_BYTES)
    if not stored:
        return None
    length = int.from_bytes(stored, "big")
    if len(stored) < _LENGTH_BYTES or length > _MOST_SEALED:
        raise AlteredError("the file was changed or cut")
    return length


def _place(token: str, number: int, *, last: bool) -> str:
    return f"attachment:{token}:{number}{':last' if last else ''}"


def _is_older(path: Path, than: datetime) -> bool:
    try:
        return path.stat().st_mtime < than.timestamp()
    except FileNotFoundError:
        return False  # Another sweep was quicker.
