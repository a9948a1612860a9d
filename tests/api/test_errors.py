"""Every refusal and fault is problem+json, says what to do, and repeats nothing that was sent."""

import json
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import override

from jiesu.api import cases as cases_api
from jiesu.api import errors
from jiesu.cases.models import RuleVersion
from jiesu.cases.rulebook import rules_changed
from jiesu.core.texts import Text
from tests.api.callers import DEMAND, Answer, Callers
from tests.cases.cast import City

PATH = "/api/v1/cases"


def sent(callers: Callers, body: str | bytes, **headers: str) -> Answer:
    """A body as it stands, by an operator."""
    caller = callers["operator"]
    response = caller.client.generic(
        "POST", PATH, body, content_type="application/json", headers={**caller.headers, **headers}
    )
    return Answer(response)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/cases", "/api/", "/api/v1/"])
def test_an_address_that_there_is_not(callers: Callers, path: str) -> None:
    answer = callers["operator"].get(path)
    assert (answer.status, answer.code) == (404, "no_such_address")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_a_method_that_an_address_does_not_take(callers: Callers, method: str) -> None:
    answer = callers["operator"].ask(method, "/cases")
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("body", ["{", "", "[1", b"\xff\xfe", "[" * 100_000, '{"a": NaN}x'])
def test_a_body_that_is_no_json(callers: Callers, body: str | bytes) -> None:
    answer = sent(callers, body)
    assert answer.status in (400, 422)
    assert answer.code in ("bad_request", "invalid")


@pytest.mark.parametrize("body", ["[]", '"x"', "1", "null", "{}", '{"channel": {}}'])
def test_a_body_that_is_no_demand(callers: Callers, body: str) -> None:
    answer = sent(callers, body)
    assert (answer.status, answer.code) == (422, "invalid")
    assert answer.body["fields"]


def test_a_body_that_is_too_large(callers: Callers) -> None:
    answer = sent(callers, json.dumps({**DEMAND, "body": "长" * 400_000}))
    assert (answer.status, answer.code) == (413, "too_large")


def test_a_field_or_filter_that_is_not_known_is_not_passed_over(callers: Callers) -> None:
    answer = callers["operator"].post("/cases", {**DEMAND, "urgnt": True})
    assert (answer.status, set(answer.body["fields"])) == (422, {"urgnt"})
    answer = callers["operator"].get("/cases?phone=13800000000")
    assert (answer.status, set(answer.body["fields"])) == (422, {"phone"})
    assert "13800000000" not in answer.response.content.decode()


def test_a_site_without_rules_says_so(callers: Callers, city: City) -> None:
    RuleVersion.objects.filter(kind=RuleVersion.Kind.DESK).delete()
    rules_changed()
    answer = callers["operator"].post("/cases", DEMAND)
    assert (answer.status, answer.code) == (503, "not_ready")


FAULTS: list[tuple[Exception, int, str]] = [
    (RuntimeError("张三 13800000000"), 500, "fault"),
    (OperationalError("张三 13800000000"), 503, "unavailable"),
    (RequestDataTooBig("张三 13800000000"), 413, "too_large"),
    (Http404("张三 13800000000"), 404, "no_such_address"),
]


@pytest.mark.parametrize(("error", "status", "code"), FAULTS, ids=lambda one: str(type(one)))
def test_a_fault_tells_nothing_of_anyone(
    callers: Callers,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    status: int,
    code: str,
) -> None:
    def fail(*given: object, **more: object) -> None:
        raise error

    monkeypatch.setattr(cases_api, "receive_case", fail)
    answer = callers["operator"].post("/cases", DEMAND)
    assert (answer.status, answer.code) == (status, code)
    told = answer.response.content.decode() + capsys.readouterr().err
    assert "13800000000" not in told
    assert "张三" not in told
    if status == 503:
        assert answer.headers["Retry-After"] == "5"


def test_an_answer_is_kept_by_nobody_but_its_reader(callers: Callers, city: City) -> None:
    answer = callers["operator"].get("/cases")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert set(answer.headers["Vary"].split(", ")) >= {"Authorization", "Cookie", "Accept-Language"}


def test_the_documentation_is_served_from_here(callers: Callers) -> None:
    page = callers.nobody.client.get("/api/v1/docs").content.decode()
    assert "/static/ninja/swagger-ui" in page
    assert "//cdn" not in page
    document: dict[str, Any] = callers.nobody.client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["paths"][PATH]["post"]["operationId"] == "receive_case"


def test_every_problem_has_its_parts() -> None:
    with override("en"):
        document = json.loads(errors.problem(409, "conflict", Text("wait")).content)
    assert document == {
        "type": "urn:jiesu:problem:conflict", "title": "Conflict", "status": 409,
        "code": "conflict", "detail": "wait",
    }  # fmt: skip
