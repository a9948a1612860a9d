"""The key under which a demand comes once. Declared by hand: for one header ninja reads all."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from jiesu.cases.refusals import Invalid
from jiesu.core.texts import Text

LONGEST = 200
NAME = "Idempotency-Key"
PARAMETER: Mapping[str, Any] = {
    "in": "header",
    "name": NAME,
    "required": False,
    "schema": {"type": "string", "maxLength": LONGEST},
    "description": "The same key never makes two cases: send it again after a lost answer.",
}


def idempotency_key(request: HttpRequest) -> str:
    """The key of a request; empty without one. Raises Invalid."""
    key = str(request.META.get("HTTP_IDEMPOTENCY_KEY", ""))
    if len(key) > LONGEST or "\0" in key:
        raise Invalid({NAME: Text("at most {most} characters, none of them NUL", most=LONGEST)})
    return key
