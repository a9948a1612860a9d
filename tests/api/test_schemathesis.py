"""Every operation with generated requests, right and wrong: no fault, nothing undocumented.

Seeded and bounded: a handful of requests for each operation and way, about a second at most.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest
import schemathesis
from django.conf import settings as site
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jiesu.api.access import Rule
from jiesu.cases.models import Role
from tests.api.callers import Callers
from tests.api.operations import Operation, all_operations, document
from tests.cases.cast import ELEVATOR, LIGHTS, PARKING, City

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
EXAMPLES, SECONDS = 6, 0.3
TOKEN = "a" * 32

load_all_checks()
SCHEMA = schemathesis.openapi.from_dict(document())
SCHEMA.app = get_wsgi_application()
FOUND = [result.ok() for result in SCHEMA.get_all_operations() if isinstance(result, Ok)]
BY_ID = {one.definition.raw["operationId"]: one for one in FOUND}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told to wait: that is tested elsewhere."""
    limits = replace(
        site.JIESU.limits, public_per_minute=100_000, tokens_per_minute=100_000,
        api_per_minute=1_000_000,
    )  # fmt: skip
    monkeypatch.setattr(site, "JIESU", replace(site.JIESU, limits=limits))


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The application works in the test's transaction and leaves its connection open."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def credentials(callers: Callers, operation: Operation) -> dict[str, Any]:
    """What somebody who may use an operation sends beside the request."""
    if not isinstance(operation.rule, Rule):
        return {}
    roles = operation.rule.roles
    preferred = [Role.CLERK, Role.HEAD, Role.DISPATCHER, Role.CALLER, Role.ADMINISTRATOR]
    role = next((one for one in preferred if one in roles), min(roles))
    if role is not Role.ADMINISTRATOR:
        return {"headers": callers[role.value].headers}
    client = Client()
    client.force_login(callers.actor("administrator").account)
    session = client.cookies["sessionid"].value
    cookies = {"sessionid": session, "csrftoken": TOKEN}
    return {"cookies": cookies, "headers": {"X-CSRFToken": TOKEN}}


def test_the_document_is_openapi_and_has_every_operation() -> None:
    assert document()["openapi"] == "3.1.0"
    SCHEMA.validate()
    assert set(BY_ID) == {one.id for one in all_operations()}


@pytest.mark.parametrize("operation", all_operations(), ids=str)
def test_no_request_is_answered_with_a_fault_or_as_is_not_documented(
    callers: Callers, city: City, operation: Operation
) -> None:
    numbers = [city.received(one).number for one in (PARKING, ELEVATOR, LIGHTS)]
    sent = credentials(callers, operation)
    told: list[int] = []

    def answer(case: Any) -> None:
        if "number" in case.path_parameters and len(told) % 2 == 0:
            # Made-up numbers are not known: half of the requests are about a case that there is.
            case.path_parameters["number"] = numbers[len(told) % 3]
        if operation.is_move and len(told) % 4 < 3:
            case.headers["If-Match"] = "*"
        response = case.call(**sent)
        told.append(response.status_code)
        case.validate_response(response, checks=CHECKS)

    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        _generate(operation, mode, answer)
    assert 401 not in told
    assert told


def _generate(operation: Operation, mode: GenerationMode, answer: Callable[[Any], None]) -> None:
    end, n = monotonic() + SECONDS, 0

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=BY_ID[operation.id].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        nonlocal n
        n += 1
        if n <= 2 or monotonic() < end:
            answer(case)

    if mode is GenerationMode.NEGATIVE:
        # Of an operation that takes anything no request is wrong.
        with suppress(Unsatisfiable):
            ask()
    else:
        ask()
