"""What is personal of a case: revealed with a reason, put right, erased; its files."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import File, Router
from ninja.files import UploadedFile
from ninja.responses import Status

from jiesu.api import shown
from jiesu.api.access import doing, now
from jiesu.api.etags import PARAMETER, expected_version
from jiesu.api.moves import Move, add_move
from jiesu.api.request import actor_of, case_of, number_of
from jiesu.api.schemas_moves import PathId
from jiesu.api.schemas_personal import (
    AmendIn,
    AttachmentOut,
    AttachmentsOut,
    EraseIn,
    ReadIn,
    RevealedOut,
    RevealIn,
)
from jiesu.cases.actions import attachments, privacy
from jiesu.cases.models import Attachment, Case

router = Router(tags=["personal data"])

MOVES = (
    Move("amend", privacy.amend_case, "amend", "intake", AmendIn),
    Move("erase", privacy.erase_person, "erase", "", EraseIn),
    Move("erase-text", privacy.erase_case_text, "erase", "", EraseIn),
)
for _move in MOVES:
    add_move(router, _move)


@router.post(
    "/cases/{number}/personal",
    auth=doing("reveal", "personal"),
    response=RevealedOut,
    operation_id="reveal_person",
)
def reveal(
    request: HttpRequest, response: HttpResponse, number: str, body: RevealIn
) -> RevealedOut:
    """Who asked and what was said, in full, for a reason. Who looked, when and why is kept."""
    case_id, _ = number_of(number)
    found = privacy.reveal_person(
        case_id=case_id, reason=body.reason, by=actor_of(request), as_of=now()
    )
    response.headers["Cache-Control"] = "no-store"
    return RevealedOut(
        number=number,
        person=shown.person(found.person),
        title=found.title,
        body=found.body,
        answer=found.answer,
        withheld=found.withheld,
    )


@router.get(
    "/cases/{number}/attachments",
    auth=doing("reveal", "read"),
    response=AttachmentsOut,
    operation_id="list_attachments",
)
def list_attachments(request: HttpRequest, number: str) -> AttachmentsOut:
    """The files of a case; their names are told when they are read."""
    case = case_of(request, number)
    return AttachmentsOut(items=[_out(one) for one in _of(case)])


@router.post(
    "/cases/{number}/attachments",
    auth=doing("attach", "intake"),
    response={201: AttachmentOut},
    operation_id="attach_file",
    openapi_extra={"parameters": [dict(PARAMETER)]},
)
def attach(
    request: HttpRequest, response: HttpResponse, number: str, file: File[UploadedFile]
) -> Status[AttachmentOut]:
    """Add a file. What it is, its content says."""
    expected_version(request)
    case_id, present = number_of(number)
    made = attachments.attach_file(
        case_id=case_id,
        source=file,
        name=file.name or "",
        by=actor_of(request),
        as_of=now(),
        expected=expected_version(request, present),
    )
    response.headers["Location"] = f"{request.path}/{made.pk}"
    return Status(201, _out(made))


@router.post(
    "/cases/{number}/attachments/{id}/read",
    auth=doing("reveal", "personal"),
    response={200: bytes},
    operation_id="read_attachment",
)
def read_attachment(
    request: HttpRequest, number: str, id: PathId, body: ReadIn
) -> StreamingHttpResponse:
    """A file, as a download only, for a reason. Who looked, when and why is kept."""
    case_id, _ = number_of(number)
    found = attachments.open_attachment(
        case_id=case_id, attachment_id=id, reason=body.reason, by=actor_of(request), as_of=now()
    )
    return StreamingHttpResponse(found.content, headers=dict(found.headers))


@router.delete(
    "/cases/{number}/attachments/{id}",
    auth=doing("erase", ""),
    response=AttachmentOut,
    operation_id="erase_attachment",
    openapi_extra={"parameters": [dict(PARAMETER)]},
)
def erase_attachment(request: HttpRequest, number: str, id: PathId) -> AttachmentOut:
    """Erase a file for good."""
    expected_version(request)
    case_id, present = number_of(number)
    erased = attachments.erase_attachment(
        case_id=case_id,
        attachment_id=id,
        by=actor_of(request),
        as_of=now(),
        expected=expected_version(request, present),
    )
    return _out(erased)


def _of(case: Case) -> QuerySet[Attachment]:
    return Attachment.objects.filter(case=case).order_by("pk")


def _out(one: Attachment) -> AttachmentOut:
    return AttachmentOut(
        id=one.pk,
        content_type=one.content_type,
        size=one.size,
        added_at=one.added_at,
        erased_at=one.erased_at,
    )
