"""The check of attached files beside their rows: there, as long as they were, and the same.

Whether the rows are what was recorded is looked at in `case_audit`. A finding names the case and
the key of the attachment, never what a file holds or is called.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.db.models import QuerySet

from jiesu.cases.attachments import is_kept, length_of_file, read_file
from jiesu.cases.models import Attachment
from jiesu.cases.privacy.personal import AlteredError, KeyMissingError
from jiesu.cases.refusals import NotFound

AT_ONCE = 1_000

GONE_WITHIN = timedelta(minutes=1)
"""After so long the file of an attachment that was erased is gone: its row is written first."""

_COLUMNS = ("token", "size", "digest", "erased_at", "case__number")


def attachments_in_turn(files: QuerySet[Attachment]) -> Iterator[Attachment]:
    """Attachments with what their check needs. No reading stays open while files are read."""
    files = files.select_related("case").only(*_COLUMNS).order_by("pk")
    after = 0
    while some := list(files.filter(pk__gt=after)[:AT_ONCE]):
        yield from some
        after = some[-1].pk


def wrong_file(attachment: Attachment, *, read: bool) -> str:
    """What is wrong with an attachment's file; empty where nothing is.

    `read`: what the file holds is read too, piece by piece.
    """
    if not _wrong(attachment, read=read):
        return ""
    # It may have been erased meanwhile.
    again = next(attachments_in_turn(Attachment.objects.filter(pk=attachment.pk)), None)
    found = _wrong(again, read=read) if again is not None else ""
    of = f"case {attachment.case.number}: the file of its attachment {attachment.pk}"
    return f"{of} {found}" if found else ""


def _wrong(attachment: Attachment, *, read: bool) -> str:
    try:
        if attachment.erased_at is not None:
            return _wrong_erased(attachment.token, attachment.erased_at)
        if length_of_file(attachment.token) != attachment.size:
            return "is not as long as its row says"
        if read and _digest(attachment) != attachment.digest:
            return "has not the digest that its row says"
    except (FileNotFoundError, NotFound, ValueError):
        return "is missing"  # Of what is no token too: no file has such a name.
    except KeyMissingError as error:
        return f"needs the missing key {error.key_id}"
    except AlteredError:
        return "was changed, or is another's"
    except OSError:
        return "cannot be read"
    return ""


def _wrong_erased(token: str, erased_at: datetime) -> str:
    late = datetime.now(UTC) - erased_at > GONE_WITHIN
    return "is still there, and its row says that it was erased" if late and is_kept(token) else ""


def _digest(attachment: Attachment) -> str:
    digest = sha256()
    for piece in read_file(attachment.case, attachment):
        digest.update(piece)
    return digest.hexdigest()
