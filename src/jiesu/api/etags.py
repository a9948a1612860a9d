"""Versions of a case over HTTP: what a reader has, what a mover saw.

The tag of a case is its version, then what else the answer shows that changes by itself (marks of
time, the language). A move names the tag of what its clerk saw; only the version counts there.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from jiesu.cases.refusals import Refusal
from jiesu.core.texts import Text

PARAMETER: Mapping[str, Any] = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "schema": {"type": "string"},
    "description": "The ETag of the case as it was read; * does not ask.",
    "example": '"3"',
}
NO_VERSION = -1


class PreconditionMissing(Refusal):
    """A move that does not say which version of the case it is about."""


def tag(version: int, *shown: str) -> str:
    """The ETag of a version of a case as it is shown."""
    return '"' + "-".join([str(version), *filter(None, shown)]) + '"'


def is_known(request: HttpRequest, etag: str) -> bool:
    """Whether the reader has this very answer already (If-None-Match)."""
    known = request.META.get("HTTP_IF_NONE_MATCH", "")
    tags = [one.strip().removeprefix("W/") for one in known.split(",")]
    return "*" in tags or etag in tags


def not_modified(etag: str) -> HttpResponse:
    """The answer to a reader who has it already."""
    response = HttpResponse(status=304)
    response.headers["ETag"] = etag
    del response.headers["Content-Type"]
    return response


def expected_version(request: HttpRequest, present: int | None = None) -> int | None:
    """The version that a move is about (If-Match); `None` for any.

    Of several tags the one that holds at `present` is meant; a tag that cannot hold gives a
    version that no case has. Raises PreconditionMissing without the header.
    """
    header = request.META.get("HTTP_IF_MATCH", "").strip()
    if not header:
        text = Text("send If-Match with the ETag of the case that you read")
        raise PreconditionMissing("if_match_missing", text)
    if header == "*":
        return None
    # A weak tag never matches here (RFC 9110, 13.1.1).
    tags = [one.strip() for one in header.split(",")]
    versions = [version for one in tags if (version := _version(one)) is not None]
    if not versions:
        return NO_VERSION
    return present if present in versions else versions[0]


def _version(one: str) -> int | None:
    if len(one) < 3 or one[0] != '"' or one[-1] != '"':
        return None
    digits = one[1:-1].partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
