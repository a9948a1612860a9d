"""Every refusal and fault as `application/problem+json` (RFC 9457), in words without personal data.

`code` is for programs and stable, `detail` for people. What was sent is never repeated: only the
names of fields are. Title, detail and what is wrong with each field are said in the language of
the request. Each code: docs/api.md.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import HttpError, Throttled, ValidationError
from pydantic import BaseModel

from jiesu.api.etags import PreconditionMissing
from jiesu.api.input_faults import fault_of_input
from jiesu.cases.action_words import refused_move
from jiesu.cases.language import said
from jiesu.cases.refusals import (
    Conflict,
    Forbidden,
    Invalid,
    MoveRefused,
    NotFound,
    Refusal,
    Stale,
)
from jiesu.core.problems import InputError
from jiesu.core.storage_faults import StorageFault, storage_fault
from jiesu.core.texts import Text

LOG = logging.getLogger("jiesu.api")
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
LONGEST_NAME = 60
DISK = {StorageFault.FULL: (507, "no_room"), StorageFault.READ_ONLY: (503, "read_only")}
"""Status and code of what keeps the site from writing."""


class ProblemOut(BaseModel):
    """Why a request was refused."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    fields: dict[str, str] | None = None
    """What is wrong, by field (422)."""
    version: int | None = None
    """The present version of the case (412)."""


TITLES: Mapping[int, Text] = {
    400: Text("Bad Request"),
    401: Text("Unauthorized"),
    403: Text("Forbidden"),
    404: Text("Not Found"),
    405: Text("Method Not Allowed"),
    409: Text("Conflict"),
    412: Text("Precondition Failed"),
    413: Text("Request Entity Too Large"),
    422: Text("Unprocessable Entity"),
    428: Text("Precondition Required"),
    429: Text("Too Many Requests"),
    500: Text("Internal Server Error"),
    503: Text("Service Unavailable"),
    507: Text("Insufficient Storage"),
}


def problem(
    status: int,
    code: str,
    detail: Text,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> HttpResponse:
    """An answer that says what is wrong."""
    document = {
        "type": f"urn:jiesu:problem:{code}",
        "title": said(TITLES[status]),
        "status": status,
        "code": code,
        "detail": said(detail),
        **more,
    }
    text = json.dumps(document, ensure_ascii=False)
    return HttpResponse(text, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def answer_problems(api: NinjaAPI) -> None:
    """Let an API answer every exception with a problem."""
    handlers: dict[type[Exception], Any] = {
        Exception: _fault,
        Http404: _no_such_address,
        HttpError: _http_error,
        Throttled: _throttled,
        ValidationError: _invalid_request,
        Refusal: _refused,
        MoveRefused: _move_refused,
        InputError: _not_ready,
        OperationalError: _unavailable,
        InterfaceError: _unavailable,
        InternalError: _fault_or_disk,
        OSError: _fault_or_disk,
        RequestDataTooBig: _too_large,
        SuspiciousOperation: _bad_request,
        UnreadablePostError: _bad_request,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def no_such_address(request: HttpRequest) -> HttpResponse:
    """The answer of every address below /api/ that there is not."""
    return problem(404, "no_such_address", Text("there is nothing at this address"))


def not_allowed(methods: str) -> HttpResponse:
    """The answer to a method that an address does not know."""
    detail = Text("this address takes {methods}", methods=methods or "-")
    return problem(405, "method_not_allowed", detail, headers={"Allow": methods})


def too_large() -> HttpResponse:
    """The answer to a body beyond what is taken."""
    return problem(413, "too_large", Text("the request is larger than this site takes"))


def _no_such_address(request: HttpRequest, error: Http404) -> HttpResponse:
    return no_such_address(request)


def _too_large(request: HttpRequest, error: Exception) -> HttpResponse:
    return too_large()


_CODES = {400: "bad_request", 401: "not_signed_in", 403: "csrf_failed"}


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    status, detail = error.status_code, error.message
    if not isinstance(detail, Text):
        # Of itself ninja refuses nothing but a body.
        detail = Text("the body is not readable JSON")
    headers = {"WWW-Authenticate": 'Bearer realm="jiesu"'} if status == 401 else None
    return problem(status, _CODES.get(status, "refused"), detail, headers=headers)


def _throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    seconds = error.wait or 60
    detail = Text("too many requests: try again in {seconds} seconds", seconds=seconds)
    return problem(429, "too_many_requests", detail, headers={"Retry-After": str(seconds)})


def _invalid_request(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields: dict[str, Text] = {}
    for one in error.errors:
        where = [str(part)[:LONGEST_NAME] for part in one["loc"]]
        # The source (body, query, path, header) and ninja's name of the body say nothing.
        named = where[2:] if where[0] in ("body", "form") else where[1:]
        fields.setdefault(".".join(named) or where[0], fault_of_input(one))
    return invalid(Invalid(fields))


def invalid(error: Invalid) -> HttpResponse:
    """The answer to fields that are wrong, with what is wrong of each."""
    return problem(422, error.code, error.text, fields=error.said_fields())


def _refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    match error:
        case Invalid():
            return invalid(error)
        case Stale():
            return problem(412, error.code, error.text, version=error.version)
        case PreconditionMissing():
            status = 428
        case Forbidden():
            status = 403
        case NotFound():
            status = 404
        case Conflict():
            status = 409
        case _:
            status = 400
    return problem(status, error.code, error.text)


def _move_refused(request: HttpRequest, error: MoveRefused) -> HttpResponse:
    return problem(409, "move_refused", refused_move(error))


def _bad_request(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(400, "bad_request", Text("the request cannot be read"))


def _disk(error: Exception) -> HttpResponse | None:
    """The answer to a disk that takes nothing more; `None` where something else is wrong."""
    headers = {"Retry-After": str(RETRY_SECONDS)}
    match storage_fault(error):
        case StorageFault.FULL:
            LOG.error("the disk is full: make room")
            detail = Text("the disk of this site is full: nothing was changed, try again later")
            return problem(*DISK[StorageFault.FULL], detail, headers=headers)
        case StorageFault.READ_ONLY:
            LOG.error("the disk or the database may not be written to")
            detail = Text("this site cannot write now: nothing was changed, try again later")
            return problem(*DISK[StorageFault.READ_ONLY], detail, headers=headers)
        case _:
            return None


def _fault_or_disk(request: HttpRequest, error: Exception) -> HttpResponse:
    return _disk(error) or _fault(request, error)


def _not_ready(request: HttpRequest, error: InputError) -> HttpResponse:
    if (answer := _disk(error)) is not None:
        return answer
    LOG.error("the city's rules are not complete: jiesu load --city DIR", exc_info=error)
    detail = Text("the site is not set up yet: its rules are missing")
    return problem(503, "not_ready", detail)


def _unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    if (answer := _disk(error)) is not None:
        return answer
    LOG.error("the database does not answer", exc_info=error)
    # A connection that was lost while it committed leaves open whether it did.
    detail = Text(
        "the database does not answer: try again, a demand with the same Idempotency-Key, "
        "a move after you have read the case again"
    )
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return problem(503, "unavailable", detail, headers=headers)


def _fault(request: HttpRequest, error: Exception) -> HttpResponse:
    LOG.error("a fault of the API", exc_info=error)
    return problem(500, "fault", Text("a fault of this site: it is noted in its log"))
