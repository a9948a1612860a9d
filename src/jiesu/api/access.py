"""Who may use an operation: each declares it, and one that does not is refused at the start.

A program shows a key (`Authorization: Bearer ...`), a person's browser its session with the CSRF
token. What is found is the actor that the actions ask about; which cases it may see and change
is theirs to say (`jiesu.cases.scopes`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ConfigError, HttpError, Throttled
from ninja.operation import Operation
from ninja.utils import check_csrf

from jiesu.api.rates import wait_of_actor, wait_of_public
from jiesu.cases.actor import Actor
from jiesu.cases.api_keys import SCOPES, known_key
from jiesu.cases.models import Role, User
from jiesu.cases.refusals import Forbidden
from jiesu.cases.scopes import ACTIONS
from jiesu.core.texts import Text

clock: Callable[[], datetime] = timezone.now
"""Tests put another one here."""


AT_THE_DOOR = "web"
"""From where residents come, as the history says it."""


def now() -> datetime:
    """The moment of a request: `as_of` of every action. The only clock of the API."""
    return clock()


@dataclass(frozen=True, slots=True)
class Rule:
    """Signed in, in a role that may do `action`; a key must have `scope` (empty: no key may).

    Called by ninja before anything of the request is read; what it gives is `request.auth`.
    """

    action: str
    scope: str
    roles: frozenset[Role]

    def __call__(self, request: HttpRequest) -> Actor:
        actor, subject = _signed_in(request)
        if wait := wait_of_actor(subject, settings.JIESU.limits.api_per_minute):
            raise Throttled(wait)
        if actor.role not in self.roles:
            raise Forbidden("not_permitted", Text("your role may not do this"))
        if actor.scopes is not None and self.scope not in actor.scopes:
            raise Forbidden("key_not_permitted", self._not_by_this_key())
        return actor

    def _not_by_this_key(self) -> Text:
        if not self.scope:
            return Text("a key may not do this: sign in for it")
        return Text("this key may not do this: it needs the scope {scope}", scope=self.scope)


@dataclass(frozen=True, slots=True)
class Anyone:
    """Open to everybody; `limit` names the allowance of `settings.JIESU.limits` by address."""

    limit: str

    def __call__(self, request: HttpRequest) -> Actor:
        address = address_of(request)
        allowed = getattr(settings.JIESU.limits, self.limit)
        if wait := wait_of_public(self.limit, address, allowed):
            raise Throttled(wait)
        # Not the address: the history is never erased, and some call without a name.
        return Actor.resident(AT_THE_DOOR)


def doing(action: str, scope: str) -> Rule:
    """The rule of an operation that does an action: the roles are those of the table."""
    if scope and scope not in SCOPES:
        raise ConfigError(f"{scope} is no scope of a key")
    roles = frozenset(role for way in ACTIONS[action] for role in way.roles)
    return Rule(action, scope, roles - {Role.RESIDENT})


def anyone(limit: str = "public_per_minute") -> Anyone:
    """The rule of a public operation."""
    return Anyone(limit)


class Undeclared:
    """What stands where an operation says nothing: nobody may."""

    csrf = True

    def __call__(self, request: HttpRequest) -> Actor:
        raise Forbidden("not_permitted", Text("nobody may do this"))


def operations(api: NinjaAPI) -> Iterable[tuple[str, Operation]]:
    """Every operation with its path below the API's own."""
    for router in api._get_bound_routers():
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield f"{router.prefix}{path}", operation


def rule_of(operation: Operation) -> Rule | Anyone:
    """Who may use an operation. Raises ConfigError where it does not say."""
    declared = operation.auth_param
    if not isinstance(declared, Rule | Anyone):
        name = operation.view_func.__name__
        raise ConfigError(f"{name} does not say who may use it: add auth=doing(...) or anyone()")
    return declared


def address_of(request: HttpRequest) -> str:
    """The caller's address, as the trusted proxies tell it."""
    return str(request.META.get("REMOTE_ADDR") or "unknown")[:45]


def _signed_in(request: HttpRequest) -> tuple[Actor, str]:
    """The actor of a request, and by what its requests are counted."""
    shown = request.META.get("HTTP_AUTHORIZATION", "")
    address = address_of(request)
    if shown:
        kind, _, text = shown.partition(" ")
        known = known_key(text.strip(), now()) if kind.lower() == "bearer" else None
        if known is None or not demo_may(known.user, request):
            raise AuthenticationError(message=Text("this key opens nothing"))
        key = known.key
        actor = Actor.of(known.user, f"{address} {key.prefix}", known.scopes, key.pk)
        return actor, f"key:{key.pk}"
    user = request.user
    if not isinstance(user, User):
        raise AuthenticationError(message=Text("sign in, or show a key: Authorization: Bearer ..."))
    if not user.is_active or not demo_may(user, request):
        raise AuthenticationError(message=Text("this account may not sign in here"))
    if check_csrf(request) is not None:
        raise HttpError(
            403, Text("send the header X-CSRFToken with the value of the cookie csrftoken")
        )
    return Actor.of(user, address), f"user:{user.pk}"


FORWARDED = "jiesu.forwarded"
"""In a request's META: that a proxy passed it on, so that its address may be the proxy's own."""


def demo_may(user: User, request: HttpRequest | None) -> bool:
    """Whether a user is none of the demo's, or one on this machine itself outside production."""
    if not user.demo:
        return True
    if request is None or settings.JIESU.production or request.META.get(FORWARDED):
        return False
    try:
        return ip_address(address_of(request)).is_loopback
    except ValueError:
        return False
