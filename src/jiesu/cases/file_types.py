"""What a file is, by its content alone: the declared type and the name are never trusted.

`puremagic` says what the first bytes are; for the types that come with jiesu their own rules are
looked at too. A file that is two things at once (a picture that is also an archive or a page) is
none of them. Leaves out where files lie (`attachments`) and which types a city takes (`core.desk`).
"""

import re
import unicodedata
from collections.abc import Collection

import puremagic

HEAD_BYTES = 4096
"""Of the beginning: what browsers and readers look at when they guess."""

TAIL_BYTES = 65_557
"""Of the end: an archive is found from there, behind a comment of at most 65,535 bytes."""

LONGEST_NAME = 120

EXTENSIONS = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "application/pdf": (".pdf",),
    "audio/mpeg": (".mp3",),
    "audio/wav": (".wav",),
    "video/mp4": (".mp4", ".m4v"),
}
"""The endings that a name may have, the usual one first; of other types none."""

_PAGE = re.compile(rb"<(!doctype html|html|head|body|script|iframe|svg|\?php)\b", re.IGNORECASE)
_ZIP_MARKS = (b"PK\x01\x02", b"PK\x05\x06")
"""Of an archive's list of contents and of its end: both stand at the end of the file."""
_VIDEO_BRANDS = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "}
)


def content_type_of(head: bytes, allowed: Collection[str]) -> str | None:
    """Which of the allowed types a file with this beginning is; `None`: none, or two at once."""
    if _is_page(head):
        return None
    found = _own_type(head) or _named(head)
    return found if found in allowed else None


def is_two_things(content_type: str, head: bytes, tail: bytes) -> bool:
    """Whether a file of a type is also a PDF or an archive for those who look for one.

    `head` has the first and `tail` the last bytes of the file; they may overlap.
    """
    if content_type != "application/pdf" and b"%PDF-" in head[:1024]:
        return True
    return not head.startswith(b"PK\x03\x04") and all(mark in tail for mark in _ZIP_MARKS)


def safe_name(name: str, content_type: str) -> str:
    """A name to download a file under: no folders, nothing invisible, the type's own ending.

    With another ending a picture would be opened as a page or run as a program.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    seen = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")
    seen = seen.strip(" .")[:LONGEST_NAME] or "file"
    endings = EXTENSIONS.get(content_type, ())
    if not endings:
        return f"{seen.replace('.', '_')}.bin"
    if seen.lower().endswith(endings):
        return seen
    return f"{seen}{endings[0]}"


def _named(head: bytes) -> str | None:
    """The type of another kind that fits the beginning best, as `puremagic` knows it."""
    try:
        matches = puremagic.magic_string(head[:HEAD_BYTES])
    except (ValueError, puremagic.PureError):
        return None
    known = [one for one in matches if one.mime_type and one.offset >= 0]
    best = {one.mime_type for one in known if one.confidence == known[0].confidence}
    # Several equal guesses are no knowledge: a plain archive is no document. Types with rules of
    # their own were looked at already, and more closely.
    return best.pop() if len(best) == 1 and best.isdisjoint(EXTENSIONS) else None


def _own_type(head: bytes) -> str | None:
    """The type, where it is one of `EXTENSIONS`; no known one of a container of something else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        return "image/png"
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12], "unknown/riff")
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head[4:8] == b"ftyp":
        return _of_brand(head)
    if head.startswith(b"ID3") or _is_mpeg_audio(head):
        return "audio/mpeg"
    return None


def _of_brand(head: bytes) -> str | None:
    size = int.from_bytes(head[:4], "big")
    if size < 16 or size > HEAD_BYTES:
        return "unknown/box"
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size, 4))]
    if brands[0] in _VIDEO_BRANDS or (brands[0][:3] in (b"mp4", b"3gp", b"MSN", b"das")):
        return "video/mp4" if _VIDEO_BRANDS & set(brands) else None
    return None


def _is_mpeg_audio(head: bytes) -> bool:
    """A frame of MPEG audio, layer 3: sync, a known bit rate and sampling rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[1] & 0x18 == 0x08:
        return False
    return head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3


def _is_page(head: bytes) -> bool:
    return _PAGE.search(head[:HEAD_BYTES]) is not None
