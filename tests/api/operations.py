"""Every operation of the API with its path, its rule and a request that it takes, from the code.

What the tests that go over all operations have in common: an operation that is added is in them.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from jiesu.api.access import Anyone, Rule, operations, rule_of
from jiesu.api.application import api, is_move

PREFIX = "/api/v1"


@dataclass(frozen=True)
class Operation:
    """One operation: `path` has its parameters in braces."""

    id: str
    method: str
    path: str
    rule: Rule | Anyone
    is_move: bool
    body: Any
    takes_file: bool

    def address(self, **values: object) -> str:
        """The path with its parameters filled in."""
        given = {"number": "20220208999999", "token": "x", "code": "x"} | values
        path = self.path
        for part in [part for part in path.split("/") if part.startswith("{")]:
            name = part[1:-1].rpartition(":")[2]
            path = path.replace(part, str(given.get(name, 1)))
        return path

    def __str__(self) -> str:
        return self.id


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    return dict(api.get_openapi_schema(path_prefix=PREFIX))


@cache
def all_operations() -> tuple[Operation, ...]:
    """All of them, in the order of the code."""
    found = []
    for path, operation in operations(api):
        for method in operation.methods:
            details = document()["paths"][plain(f"{PREFIX}{path}")][method.lower()]
            found.append(
                Operation(
                    str(operation.operation_id),
                    method,
                    plain(path),
                    rule_of(operation),
                    is_move(operation),
                    _body(details),
                    "multipart/form-data" in _content(details),
                )
            )
    return tuple(found)


def plain(path: str) -> str:
    """A path without the converters of its parameters."""
    parts = path.split("/")
    return "/".join(f"{{{p[1:-1].rpartition(':')[2]}}}" if p.startswith("{") else p for p in parts)


def _content(details: dict[str, Any]) -> dict[str, Any]:
    return dict(details.get("requestBody", {}).get("content", {}))


def _body(details: dict[str, Any]) -> Any:
    content = details.get("requestBody", {}).get("content", {})
    return (
        _example(content["application/json"]["schema"]) if "application/json" in content else None
    )


def _example(schema: dict[str, Any]) -> Any:
    """The smallest value that a schema takes."""
    if "$ref" in schema:
        return _example(document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: _example(properties[name]) for name in schema.get("required", ())}
        case "array":
            return [_example(schema["items"])]
        case "string":
            return "2022-02-08T01:00:00Z" if schema.get("format") == "date-time" else "x"
        case "integer":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    raise AssertionError(f"no example of {schema}")
