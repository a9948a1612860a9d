"""What happens around every request: whose address it is, a line in the log, what a page may load.

Knows no user's rights and reads no body.
"""

import logging
import re
from collections.abc import Callable
from ipaddress import ip_address
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from jiesu.api.access import FORWARDED
from jiesu.api.errors import too_large
from jiesu.project.environment import Network

Answer = Callable[[HttpRequest], HttpResponseBase]
LOG = logging.getLogger("jiesu.request")
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
OF_A_PROXY = (
    "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED",
    "HTTP_X_REAL_IP", "HTTP_VIA",
)  # fmt: skip
"""Headers by which a request shows that it was passed on."""
LARGEST_FORM = 1024 * 1024
"""Bytes that a page takes of somebody who has not signed in."""
# Path parameters that open a door by themselves.
SECRET_PARAMETERS = ("token",)
# What looks like one where no address was found: behind a slash too many, before a redirect.
_LIKE_A_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,}")


class TrustedProxies:
    """Puts the caller's address into REMOTE_ADDR where a trusted proxy tells it.

    From anyone else the headers of a proxy are removed, so that nothing below can believe them.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with REMOTE_ADDR and the scheme corrected."""
        trusted = settings.JIESU.trusted_proxies
        near = request.META.get("REMOTE_ADDR", "")
        request.META[FORWARDED] = any(header in request.META for header in OF_A_PROXY)
        forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        if _within(near, trusted):
            request.META["REMOTE_ADDR"] = _caller(forwarded, near, trusted)
        else:
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        return self.answer(request)


def _caller(forwarded: str, near: str, trusted: tuple[Network, ...]) -> str:
    """The last address that no trusted proxy has: what stands before it anyone may have written."""
    for part in reversed(forwarded.split(",")):
        address = part.strip()
        try:
            ip_address(address)
        except ValueError:
            break
        near = address
        if not _within(address, trusted):
            break
    return near


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


class RequestLog:
    """One line for each request: method, path, status, milliseconds, user. No query string."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer and log."""
        started = perf_counter()
        response = self.answer(request)
        milliseconds = (perf_counter() - started) * 1000
        # Only a user who was looked up by then: the log asks the database nothing.
        user = getattr(request, "_cached_user", None)
        LOG.info(
            "%s %s %d %.0f ms user %s",
            request.method,
            shown_path(request),
            response.status_code,
            milliseconds,
            getattr(user, "pk", None) or "-",
        )
        return response


def shown_path(request: HttpRequest) -> str:
    """The path without a query string and without what opens a door by itself."""
    path = request.path
    match = request.resolver_match
    for name in SECRET_PARAMETERS:
        value = match.kwargs.get(name) if match is not None else None
        if value:
            path = path.replace(str(value), "***")
    return _LIKE_A_TOKEN.sub("***", path)


class LargestRequest:
    """Refuses what is longer than one request may be, before anything of it is read.

    To the pages a stranger sends forms and no files. The API asks by itself who calls.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or refuse."""
        length, most = _length_of(request), settings.JIESU.limits.request_bytes
        # Who asks is looked up only where it matters.
        if length > LARGEST_FORM and not request.path.startswith("/api/"):
            most = most if request.user.is_authenticated else LARGEST_FORM
        return too_large() if length > most else self.answer(request)


def _length_of(request: HttpRequest) -> int:
    """The bytes of a body as Django counts them: a length that is no number is none."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


class ContentPolicy:
    """Lets pages load from this site alone; a view that needs more sets the header itself."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the header."""
        response = self.answer(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
