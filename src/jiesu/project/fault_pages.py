"""The page of what nobody caught: a full or read-only disk, a lost database, a fault of ours.

Made without the database, the session and the request, of which any may be what is broken. What
was being done is taken back: each page changes in one transaction. The API answers by itself.
"""

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from jiesu.api.errors import DISK, RETRY_SECONDS
from jiesu.core.storage_faults import storage_fault

LOG = logging.getLogger("jiesu.pages")


def fault_page(request: HttpRequest) -> HttpResponse:
    """The answer to an exception that is being handled: Django's `handler500`."""
    status, fault = _told(sys.exception())
    if fault != "fault":
        LOG.error("a page could not be answered: %s", fault)
    response = HttpResponse(render_to_string("fault.html", {"fault": fault}), status=status)
    if fault != "fault":
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _told(error: BaseException | None) -> tuple[int, str]:
    """Status and code, as the API gives them."""
    found = storage_fault(error) if error is not None else None
    if found is not None:
        return DISK[found]
    if isinstance(error, OperationalError | InterfaceError):
        return 503, "unavailable"
    return 500, "fault"
