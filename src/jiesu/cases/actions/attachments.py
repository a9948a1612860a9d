"""Adding files to a case, reading them, erasing them.

Where they lie and how they are protected is in `jiesu.cases.attachments`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.http import content_disposition_header

from jiesu.cases.actions.privacy import MAX_REASON, disclosed, locked_case
from jiesu.cases.actor import Actor
from jiesu.cases.attachments import (
    Readable,
    name_of,
    name_place,
    read_file,
    remove_file,
    store_file,
)
from jiesu.cases.change import changing
from jiesu.cases.history.events import personal
from jiesu.cases.models import Attachment, Case, CasePrivate, Disclosure, Role
from jiesu.cases.privacy.vault import opened
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, NotFound, Refusal
from jiesu.cases.rulebook import rulebook
from jiesu.cases.scopes import own_units, permit
from jiesu.core.desk import Attachments
from jiesu.core.lifecycle import State
from jiesu.core.texts import Text

_MEBIBYTE = 1024 * 1024

ATTACH_WITHIN = timedelta(hours=1)
"""So long after its receipt the resident who brought a demand in may add files to it."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way to somebody: `content` in pieces, to be sent as a download only."""

    name: str = field(repr=False)
    content_type: str
    size: int
    content: Iterator[bytes] = field(repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """What keeps a browser from showing, guessing at or keeping it."""
        disposition = content_disposition_header(as_attachment=True, filename=self.name)
        return {
            "Content-Type": self.content_type,
            "Content-Length": str(self.size),
            "Content-Disposition": disposition or "attachment",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        }


def attach_file(
    *,
    case_id: int,
    source: Readable,
    name: str,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Attachment:
    """Add a file to a case. What it is, its content says; `name` is what it is downloaded as.

    How many, how large and of which types: the desk's rules, and of the size and the number also
    the site's own limits. Raises Invalid for a file that may not be attached, Conflict where
    there are enough or the case's texts were erased, InputError for a disk that is full.
    """
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise NotFound("no_such_case", Text("there is no such case"))
    permit(by, "attach", case)
    rules = rulebook().rules_of(case.rules_id).attachments
    # Once before the work of writing, and once more below, where nobody else adds one.
    _check_room(case, rules)
    most = min(rules.max_mib * _MEBIBYTE, settings.JIESU.limits.upload_bytes)
    stored = store_file(source, case=case, name=name, max_bytes=most, types=rules.types)
    try:
        with changing(case_id, "attach", by=by, as_of=as_of, expected=expected) as change:
            case = change.case
            _check_room(case, rules)
            attachment = Attachment.objects.create(
                case=case,
                token=stored.token,
                name=stored.name,
                content_type=stored.content_type,
                size=stored.size,
                digest=stored.digest,
                added_at=as_of,
                # A program that serves a unit brings in what residents sent.
                unit_id=None if by.role is Role.CLIENT else by.unit_id,
            )
            salt = change.private().text_salt
            shown = opened(case, name_place(stored.token), stored.name)
            change.event(
                "attached",
                attachment=attachment.pk,
                content_type=stored.content_type,
                size=stored.size,
                evidence_of=attachment.unit,
                name=personal(salt, "name", shown),
                content=personal(salt, "content", stored.digest),
            )
    except Refusal:
        # Any other failure may have come after the row was kept: the sweep sees to its file.
        remove_file(stored.token)
        raise
    return attachment


def attach_to_demand(
    *, case_id: int, source: Readable, name: str, as_of: datetime, origin: str = ""
) -> Attachment:
    """A resident's own file for the demand that was just brought in.

    Whoever asks has shown the demand's token. Raises as `attach_file`, and Conflict after an hour.
    """
    case = Case.objects.filter(pk=case_id).first()
    if case is not None and as_of > case.created_at + ATTACH_WITHIN:
        text = Text("files are taken within an hour of the demand: call the hotline")
        raise Conflict("window_passed", text)
    # Who holds the token may do this, with this case, and nothing else.
    bearer = Actor(name="resident", role=None, origin=origin)
    return attach_file(case_id=case_id, source=source, name=name, by=bearer, as_of=as_of)


def open_attachment(
    *, case_id: int, attachment_id: int, by: Actor, as_of: datetime, reason: str = ""
) -> Download:
    """A file, for a reason in words: looking at it is an event, as with `privacy.reveal_person`.

    A unit that added it itself opens it without both: it learns nothing. What it added as
    evidence its district may open too, also where the case is another's by now. Raises Invalid
    without a reason, Forbidden, NotFound, also after it was erased.
    """
    with transaction.atomic():
        case = locked_case(case_id)
        attachment = case.attachments.filter(pk=attachment_id).first()
        is_own = attachment is not None and attachment.unit_id in own_units(by)
        permit(by, "read_evidence" if is_own else "reveal", case)
        if attachment is None:
            raise _unknown()
        if attachment.unit_id is None or attachment.unit_id != by.unit_id:
            reason = checked_words("reason", reason, longest=MAX_REASON)
            private = CasePrivate.objects.get(case=case)
            kind, shown = Disclosure.Kind.REVEALED, ["attachment"]
            disclosed(case, private, kind, reason, by, as_of, shown=shown, attachment=attachment.pk)
        return Download(
            name=name_of(case, attachment),
            content_type=attachment.content_type,
            size=attachment.size,
            content=read_file(case, attachment),
        )


def erase_attachment(
    *,
    case_id: int,
    attachment_id: int,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Attachment:
    """Erase a file for good, with its name and its digest. The row says that there was one.

    The file goes when the transaction is kept; one that a killed process leaves is swept. Once
    erased it stays so: a second time changes nothing.
    """
    with changing(case_id, "erase", by=by, as_of=as_of, expected=expected) as change:
        attachment = change.case.attachments.filter(pk=attachment_id).first()
        if attachment is None:
            raise _unknown()
        if attachment.erased_at is None:
            attachment.name, attachment.digest, attachment.erased_at = b"", "", as_of
            attachment.save(update_fields=["name", "digest", "erased_at"])
            change.event("attachment_erased", attachment=attachment.pk)
        token = attachment.token
        transaction.on_commit(lambda: remove_file(token))
    return attachment


def _unknown() -> NotFound:
    return NotFound("no_such_attachment", Text("this case has no such attachment"))


def _check_room(case: Case, rules: Attachments) -> None:
    """Raise Conflict where nothing more may be attached."""
    if case.state == State.ARCHIVED or not case.private.text_salt:
        raise Conflict(
            "case_archived", Text("the case is archived or erased: nothing is added to it")
        )
    most = min(rules.max_count, settings.JIESU.limits.uploads_per_case)
    if case.attachments.filter(erased_at=None).count() >= most:
        raise Conflict(
            "too_many_files", Text("a case has at most {most} files: erase one first", most=most)
        )
