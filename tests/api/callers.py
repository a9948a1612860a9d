"""Everybody of the small city as a caller of the API: by key, or signed in.

What tests of the API have in common.
"""

import json
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jiesu.api import access
from jiesu.cases.actions.accounts import make_api_key
from jiesu.cases.actor import Actor
from jiesu.cases.api_keys import SCOPES
from jiesu.cases.models import Role, User
from jiesu.cases.sweep import sweep_job
from tests.cases.cast import NOW, PHONE, City

DEMAND: dict[str, Any] = {
    "channel": "api",
    "kind": "complaint",
    "title": "停车费",
    "body": "小区地面停车费突然上涨，请打13900000000",
    "person": {"name": "张三", "phone": PHONE, "address": "一号楼"},
    "category_1": "住房",
    "category_2": "物业管理",
    "category_3": "停车收费",
    "place": "110101001",
}


class Answer:
    """What came back: status, headers, and the JSON of the body."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers

    @property
    def body(self) -> Any:
        return json.loads(self.response.content)

    @property
    def code(self) -> str:
        """The code of a problem, which this must be."""
        assert self.headers["Content-Type"] == "application/problem+json", self.response.content
        document = self.body
        assert document["status"] == self.status
        return str(document["code"])


class Caller:
    """Somebody who calls the API."""

    def __init__(self, actor: Actor | None, headers: dict[str, str], client: Client) -> None:
        self.actor, self.headers, self.client = actor, headers, client

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Call an operation; `If_Match="..."` gives a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.client.generic(
            method,
            path if path.startswith("/api/") else f"/api/v1{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={**self.headers, **named},
        )
        return Answer(response)

    def send_file(self, path: str, content: bytes, name: str = "a.png", **headers: str) -> Answer:
        """Upload a file."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.client.post(
            f"/api/v1{path}",
            {"file": SimpleUploadedFile(name, content)},
            headers={**self.headers, **named},
        )
        return Answer(response)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("POST", path, body if body is not None else {}, **headers)


class Callers:
    """The city's people as callers: `callers["clerk"]` by key, `.signed_in("clerk")` by session."""

    def __init__(self, city: City) -> None:
        self.city = city
        other = city.unit["110102001"]
        client = User.objects.create_user("client", role=Role.CLIENT)
        other_head = User.objects.create_user("other_head", role=Role.HEAD, unit=other)
        self._more = {user.username: Actor.of(user, "127.0.0.1") for user in (client, other_head)}
        self._made: dict[str, Caller] = {}

    def __getitem__(self, name: str) -> Caller:
        if name not in self._made:
            self._made[name] = self.with_scopes(name, *SCOPES)
        return self._made[name]

    def actor(self, name: str) -> Actor:
        """One of the city's people, the API client, or the head of another street."""
        found = self._more.get(name) or getattr(self.city, name)
        assert isinstance(found, Actor)
        return found

    def with_scopes(self, name: str, *scopes: str) -> Caller:
        """A caller by a key of its own, with these scopes."""
        actor = self.actor(name)
        if actor.role is Role.ADMINISTRATOR:
            return self.signed_in(name)
        key = self.key(name, *scopes)
        return Caller(actor, {"Authorization": f"Bearer {key}"}, Client())

    def key(self, name: str, *scopes: str) -> str:
        """The text of a new key."""
        username = self.actor(name).account.username
        _, text = make_api_key(
            username=username, name=name, scopes=scopes, by=self.city.administrator, as_of=NOW
        )
        return text

    def signed_in(self, name: str, *, enforce_csrf_checks: bool = False) -> Caller:
        """A caller by a session."""
        client = Client(enforce_csrf_checks=enforce_csrf_checks)
        client.force_login(self.actor(name).account)
        return Caller(self.actor(name), {}, client)

    @property
    def nobody(self) -> Caller:
        """Somebody without a key or a session."""
        return Caller(None, {}, Client())


@cache
def names() -> tuple[str, ...]:
    """Everybody by whom an operation may be called, one for each role but the resident's."""
    return (
        "operator", "dispatcher", "clerk", "head", "coordinator", "caller",
        "evaluator", "leader", "auditor", "administrator", "client",
    )  # fmt: skip


def let_callbacks_fall_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """A week later: what `city.received()` made at `NOW` is to be called back."""
    later = NOW + timedelta(days=7, minutes=1)
    monkeypatch.setattr(access, "clock", lambda: later)
    sweep_job(later)
