"""Every operation says who may use it, and nobody else may: gone over from the code.

An operation that is added is tested here without being named.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import ConfigError

from jiesu.api import access, rates
from jiesu.api.access import Anyone, Rule, doing
from jiesu.api.application import DeskApi, api, made_api
from jiesu.cases.actions.accounts import make_api_key, revoke_api_key
from jiesu.cases.api_keys import SCOPES, forget_api_keys
from jiesu.cases.models import ApiKey, Role, User
from jiesu.cases.refusals import Forbidden, Invalid
from jiesu.project.urls import urlpatterns
from tests.api.callers import DEMAND, Caller, Callers, names
from tests.api.operations import Operation, all_operations, document
from tests.cases.cast import NOW, City

ALL = all_operations()
GUARDED = [one for one in ALL if isinstance(one.rule, Rule)]
OPEN = [one for one in ALL if isinstance(one.rule, Anyone)]
OF_A_CASE = [one for one in GUARDED if "{number}" in one.path]


def request(caller: Caller, operation: Operation, **values: object) -> tuple[int, str]:
    headers = {"If_Match": "*"} if operation.is_move else {}
    address = operation.address(**values)
    if operation.takes_file:
        answer = caller.send_file(address, b"x", **headers)
    else:
        answer = caller.ask(operation.method, address, operation.body, **headers)
    return answer.status, answer.code if answer.status >= 400 else ""


def test_there_is_no_address_beside_the_operations_and_their_documentation() -> None:
    resolvers = [one for one in urlpatterns if isinstance(one, URLResolver)]
    [resolver] = [one for one in resolvers if str(one.pattern) == "api/v1/"]
    patterns = [one for one in resolver.url_patterns if isinstance(one, URLPattern)]
    addresses = {str(one.pattern).replace("<", "{").replace(">", "}") for one in patterns}
    assert addresses == {one.path.lstrip("/") for one in ALL} | {"", "docs", "openapi.json"}


def test_an_operation_that_does_not_say_who_may_use_it_keeps_the_site_from_starting() -> None:
    fresh = DeskApi(urls_namespace="undeclared")

    @fresh.get("/open")
    def open_to_all(request: object) -> None: ...

    with pytest.raises(ConfigError, match="open_to_all does not say who may use it"):
        _ = fresh.urls


def test_scopes_and_actions_of_rules_are_known() -> None:
    with pytest.raises(ConfigError, match="no scope"):
        doing("sign", "everything")
    with pytest.raises(KeyError):
        doing("fly", "read")


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_whoever_shows_nothing_is_asked_who_it_is(db: None, operation: Operation) -> None:
    caller = Caller(None, {}, Client())
    assert request(caller, operation) == (401, "not_signed_in")
    caller.headers = {"Authorization": "Bearer jiesu_aaaaaaaaaaaa_x"}
    assert request(caller, operation) == (401, "not_signed_in")


@pytest.mark.parametrize("operation", OPEN, ids=str)
def test_what_anybody_may_ask_is_counted_by_address(
    callers: Callers, operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(site.JIESU.limits, public_per_minute=1, tokens_per_minute=1)
    monkeypatch.setattr(site, "JIESU", replace(site.JIESU, limits=limits))
    monkeypatch.setattr(rates, "now", lambda: 600.0)
    here, elsewhere = callers.nobody, Caller(None, {}, Client(REMOTE_ADDR="203.0.113.9"))
    refused = (401, 403, 405, 429, 500, 503)
    assert request(here, operation)[0] not in refused
    assert request(here, operation) == (429, "too_many_requests")
    assert request(elsewhere, operation)[0] not in refused


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_only_the_roles_of_an_operation_may_use_it(
    callers: Callers, city: City, operation: Operation
) -> None:
    assert isinstance(operation.rule, Rule)
    number = city.received().number
    resident = User.objects.create_user("resident", role=Role.RESIDENT)
    client = Client()
    client.force_login(resident)
    assert request(Caller(None, {}, client), operation, number=number)[0] == 403
    for name in names():
        caller = callers.signed_in(name)
        assert caller.actor is not None
        status, code = request(caller, operation, number=number)
        if caller.actor.role in operation.rule.roles:
            assert status not in (401, 405, 500, 503), (name, status, code)
        else:
            assert (status, code) == (403, "not_permitted"), name


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_a_key_without_the_scope_may_not_use_an_operation(
    callers: Callers, city: City, operation: Operation
) -> None:
    assert isinstance(operation.rule, Rule)
    rule = operation.rule
    name = next(
        (name for name in names() if callers.actor(name).role in rule.roles - {Role.ADMINISTRATOR}),
        None,
    )
    if name is None:
        # No key is ever made for an administrator.
        assert rule.roles == {Role.ADMINISTRATOR}
        return
    without = callers.with_scopes(name, *(scope for scope in SCOPES if scope != rule.scope))
    assert request(without, operation) == (403, "key_not_permitted")


@pytest.mark.parametrize("operation", OF_A_CASE, ids=str)
def test_another_units_case_does_not_exist_for_any_operation(
    callers: Callers, city: City, operation: Operation
) -> None:
    assert isinstance(operation.rule, Rule)
    number = city.received().number
    foreign = {
        Role.CLERK: "other_clerk", Role.HEAD: "other_head",
        Role.COORDINATOR: "other_coordinator", Role.CLIENT: "client",
    }  # fmt: skip
    for role, name in foreign.items():
        if role in operation.rule.roles:
            assert request(callers[name], operation, number=number) == (404, "no_such_case"), name
    for role in operation.rule.roles - set(foreign):
        caller = callers.signed_in(role.value)
        status, code = request(caller, operation, number="20220208999999")
        assert (status, code) == (404, "no_such_case"), role


def test_a_signed_in_person_needs_the_csrf_token_to_change_something(callers: Callers) -> None:
    caller = callers.signed_in("operator", enforce_csrf_checks=True)
    refused = caller.post("/cases", DEMAND)
    assert (refused.status, refused.code) == (403, "csrf_failed")
    assert caller.get("/cases").status == 200
    page = caller.client.get("/api/v1/docs")
    token = page.cookies["csrftoken"].value
    assert caller.post("/cases", DEMAND, X_CSRFToken=token).status == 201


def test_a_key_needs_no_csrf_token(callers: Callers) -> None:
    caller = callers["operator"]
    caller.client = Client(enforce_csrf_checks=True)
    assert caller.post("/cases", DEMAND).status == 201


def test_a_wrong_key_is_not_made_good_by_a_session(callers: Callers) -> None:
    caller = callers.signed_in("operator")
    assert caller.get("/cases").status == 200
    assert caller.get("/cases", Authorization="Bearer no").status == 401
    assert caller.get("/cases", Authorization="Basic b3A6b3A=").status == 401


def test_a_key_is_shown_once_and_kept_as_a_digest(callers: Callers) -> None:
    text = callers.key("operator", "read")
    row = ApiKey.objects.get()
    kept = str(ApiKey.objects.filter(pk=row.pk).values().get())
    assert text not in kept
    # The secret itself may hold the mark that stands between the parts.
    assert text.split("_", 2)[2] not in kept
    assert row.prefix in text


def test_a_revoked_or_expired_key_or_one_of_a_closed_account_opens_nothing(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = callers.with_scopes("operator", "read")
    assert caller.get("/cases").status == 200
    revoke_api_key(key_id=ApiKey.objects.get().pk, by=city.administrator, as_of=NOW)
    assert caller.get("/cases").status == 401
    _, text = make_api_key(
        username="leader", name="a day", scopes=["read"], by=city.administrator, as_of=NOW,
        expires_at=NOW + timedelta(days=1),
    )  # fmt: skip
    leader = Caller(None, {"Authorization": f"Bearer {text}"}, Client())
    assert leader.get("/cases").status == 200
    monkeypatch.setattr(access, "clock", lambda: NOW + timedelta(days=1))
    assert leader.get("/cases").status == 401
    monkeypatch.setattr(access, "clock", lambda: NOW)
    User.objects.filter(username="leader").update(is_active=False)
    forget_api_keys()
    assert leader.get("/cases").status == 401


def test_keys_are_made_by_administrators_for_users_of_the_desk(city: City) -> None:
    make = {"username": "clerk", "name": "x", "scopes": ["read"], "as_of": NOW}
    with pytest.raises(Forbidden):
        make_api_key(**make, by=city.evaluator)  # type: ignore[arg-type]
    mistakes: list[dict[str, object]] = [
        {"username": "administrator"}, {"username": "nobody"}, {"scopes": []},
        {"scopes": ["fly"]}, {"name": " "}, {"expires_at": NOW},
    ]  # fmt: skip
    for wrong in mistakes:
        with pytest.raises(Invalid):
            make_api_key(**{**make, **wrong}, by=city.administrator)  # type: ignore[arg-type]


def test_a_demo_account_works_on_this_machine_only(callers: Callers, city: City) -> None:
    caller = callers.with_scopes("operator", "read")
    User.objects.update(demo=True)
    forget_api_keys()
    assert caller.get("/cases").status == 200
    away = Client(REMOTE_ADDR="203.0.113.7")
    caller.client = away
    assert caller.get("/cases").status == 401


def test_a_key_may_ask_so_often_a_minute(
    callers: Callers, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    limits = replace(site.JIESU.limits, api_per_minute=3)
    monkeypatch.setattr(site, "JIESU", replace(site.JIESU, limits=limits, processes=1))
    monkeypatch.setattr(rates, "now", lambda: 600.0)
    caller = callers.with_scopes("leader", "read")
    assert [caller.get("/cases").status for _ in range(3)] == [200] * 3
    refused = caller.get("/cases")
    assert (refused.status, refused.code) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == "60"
    assert callers["auditor"].get("/cases").status == 200
    monkeypatch.setattr(rates, "now", lambda: 660.0)
    assert caller.get("/cases").status == 200


def test_operation_ids_are_the_only_ones_of_their_name() -> None:
    ids = [one.id for one in ALL]
    assert len(ids) == len(set(ids))
    assert all(one.isidentifier() for one in ids)


def test_the_document_says_who_may_use_what() -> None:
    for operation in ALL:
        details = document()["paths"][f"/api/v1{operation.path}"][operation.method.lower()]
        if isinstance(operation.rule, Anyone):
            assert details["security"] == []
        else:
            assert details["x-roles"] == sorted(operation.rule.roles)
            assert {"session": []} in details["security"]


def test_the_api_is_made_anew_without_remembering_another() -> None:
    assert isinstance(api, NinjaAPI)
    assert made_api() is not api
