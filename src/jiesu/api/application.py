"""The API as one object: its routers, its OpenAPI document, what holds for every address of it.

Refuses to start with an operation that does not say who may use it. The document is OpenAPI 3.1;
its operationIds are stable, docs/api.md lists them.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver
from django.utils.cache import patch_vary_headers
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import BaseRenderer
from pydantic.json_schema import model_json_schema
from pydantic_core import to_json

from jiesu.api import (
    callbacks,
    cases,
    claims,
    directory,
    feed,
    keys,
    moves,
    personal,
    public,
    records,
    units,
    webhooks,
)
from jiesu.api.access import Anyone, Rule, Undeclared, operations, rule_of
from jiesu.api.errors import (
    LONGEST_NAME,
    MEDIA_TYPE,
    ProblemOut,
    answer_problems,
    invalid,
    no_such_address,
    not_allowed,
    too_large,
)
from jiesu.cases.refusals import Invalid
from jiesu.core.texts import Text

VARY = ("Authorization", "Cookie", "Accept-Language")
LARGEST_JSON = 1024 * 1024
"""Bytes of a body, beside the file where the operation takes one."""

ROUTERS = tuple(
    one.router
    for one in (
        cases, records, moves, callbacks, claims, personal, feed, units, directory, webhooks, keys,
        public,
    )
)  # fmt: skip

View = Callable[..., HttpResponseBase]


class Json(BaseRenderer):
    """JSON as pydantic writes it: instants to the microsecond, texts in UTF-8."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        """The body of an answer."""
        return to_json(data)


class DeskApi(NinjaAPI):
    """Ninja's API, with problems for every refusal and rules for every operation."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._documents: dict[str, OpenAPISchema] = {}

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        """The addresses. Raises ConfigError where an operation does not say who may use it."""
        for _, operation in operations(self):
            rule_of(operation)
            _refuse_what_is_not_taken(operation)
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = _guarded(pattern.callback)
        return patterns, app, namespace

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The document, with what ninja does not know: problems, security, headers. Kept."""
        if path_prefix is None:
            path_prefix = self.get_root_path(path_params or {})
        if path_prefix not in self._documents:
            self._documents[path_prefix] = self._document(path_prefix)
        return self._documents[path_prefix]

    def _document(self, path_prefix: str) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix)
        described = {name.operation_id: name for _, name in operations(self)}
        for path in schema["paths"].values():
            for details in path.values():
                _describe(details, described[details["operationId"]])
        components = schema["components"]
        components["schemas"]["Problem"] = model_json_schema(ProblemOut)
        components["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "A key of a program."},
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "sessionid",
                "description": "Somebody who signed in; unsafe methods need X-CSRFToken too.",
            },
        }
        return schema


def _guarded(view: View) -> View:
    """A view whose every answer is JSON and is kept by nobody but its reader."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = _answer(view, request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        # The answer to a POST is nobody's answer to another request.
        if request.method in ("GET", "HEAD"):
            patch_vary_headers(response, VARY)
        return response

    answer.csrf_exempt = True  # type: ignore[attr-defined]
    return answer


def _answer(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    try:
        response = view(request, *args, **kwargs)
    except Http404:
        return no_such_address(request)
    if isinstance(response, HttpResponseNotAllowed):
        return not_allowed(response.headers["Allow"])
    return response


def _refuse_what_is_not_taken(operation: Operation) -> None:
    """Let an operation refuse, before it reads anything, what it does not take.

    A body that is too large; a filter that it does not know: silence would give other rows.
    """
    takes_file = any(model.__ninja_param_source__ == "file" for model in operation.models)
    known = {
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in model.__ninja_flatten_map__
    }
    run = operation.run

    def checked(request: HttpRequest, **values: Any) -> HttpResponseBase:
        most = LARGEST_JSON + (settings.JIESU.limits.upload_bytes if takes_file else 0)
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        if not length.isdecimal() or int(length) > most:
            return too_large()
        # Most have none, and the request would put together a table to say so.
        asked = request.GET if request.META.get("QUERY_STRING") else ()
        unknown = [name for name in asked if name not in known]
        if unknown:
            text = Text("this parameter is not known here")
            return invalid(Invalid({name[:LONGEST_NAME]: text for name in unknown}))
        return run(request, **values)

    operation.run = checked  # type: ignore[method-assign]


_PROBLEMS = {
    400: "The request cannot be read",
    401: "Not signed in, or the key opens nothing",
    403: "The role or the key may not do this",
    404: "There is no such thing, or it is not yours to see",
    409: "The state of things does not allow it now",
    412: "The case was changed since it was read",
    413: "The request is larger than this site takes",
    422: "Some fields are wrong",
    428: "If-Match is missing",
    429: "Too many requests",
    500: "A fault of this site",
    503: "The site cannot answer now",
    507: "The disk of the site is full",
}
_ALWAYS = (400, 404, 422, 429, 500, 503, 507)
_RETRY = {
    "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."},
}
_TAGGED = ("/CaseOut", "/MovedOut", "/ReceivedOut")
"""What shows a case as it stands, and so has its tag."""
_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "For If-None-Match, If-Match."}}


def problems_of(operation: Operation) -> tuple[int, ...]:
    """The statuses of the problems that an operation may answer with."""
    rule = rule_of(operation)
    found = {*_ALWAYS}
    if isinstance(rule, Rule):
        found |= {401, 403}
    if "{" in operation.path or set(operation.methods) - {"GET"}:
        found.add(409)
    if set(operation.methods) - {"GET"}:
        found.add(413)
    if is_move(operation):
        found |= {412, 428}
    return tuple(sorted(found))


def is_move(operation: Operation) -> bool:
    """Whether an operation changes a case and so asks for If-Match."""
    parameters = (operation.openapi_extra or {}).get("parameters", [])
    return any(one.get("name") == "If-Match" for one in parameters)


def _describe(details: dict[str, Any], operation: Operation) -> None:
    rule = rule_of(operation)
    # Of itself ninja takes the name of the function.
    details["summary"] = details["description"].partition("\n")[0]
    for status in problems_of(operation):
        details["responses"][status] = {
            "description": _PROBLEMS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            **({"headers": _RETRY} if status == 429 else {}),
        }
    for status, response in details["responses"].items():
        if status == 304 or _schema(response).get("$ref", "").endswith(_TAGGED):
            response["headers"] = _ETAG
        _mend_file(response)
    match rule:
        case Anyone():
            details["security"] = []
        case Rule(scope=scope, roles=roles):
            ways: list[dict[str, list[str]]] = [{"key": []}, {"session": []}]
            details["security"] = ways if scope else ways[1:]
            details["x-scope"] = scope
            details["x-roles"] = sorted(role.value for role in roles)


def _schema(response: dict[str, Any]) -> dict[str, Any]:
    return dict(response.get("content", {}).get("application/json", {}).get("schema", {}))


def _mend_file(response: dict[str, Any]) -> None:
    """A file is of its own type, and no JSON."""
    schema = _schema(response)
    if schema.get("format") == "binary":
        response["content"] = {"*/*": {"schema": schema}}


def made_api() -> DeskApi:
    """The API with all its routers."""
    made = DeskApi(
        title="jiesu",
        version="1",
        urls_namespace="api",
        description="The working desk: a case from intake to call-back. Guide: docs/api.md.",
        auth=Undeclared(),
        renderer=Json(),
    )
    answer_problems(made)
    for router in ROUTERS:
        made.add_router("", router)
    return made


api = made_api()
