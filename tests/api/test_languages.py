"""What is refused is said in the language of whoever asked: Chinese by default, English on wish."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Annotated, Any, NamedTuple, get_args

import pytest
from django.conf import settings as site
from pydantic import BaseModel, TypeAdapter, ValidationError

from jiesu.api import access
from jiesu.api.access import operations
from jiesu.api.application import LARGEST_JSON, api, problems_of
from jiesu.api.errors import TITLES
from jiesu.api.input_faults import WORDS, fault_of_input
from jiesu.cases.action_words import ACTION_WORDS, STATE_WORDS
from jiesu.cases.scopes import ACTIONS
from jiesu.core.lifecycle import MOVES, State
from tests.api.callers import DEMAND, Answer, Callers
from tests.api.test_public import linked
from tests.cases.cast import NOW, City

TAGS = {"zh": "zh-CN,zh;q=0.9,en;q=0.5", "en": "en-GB,en;q=0.9"}
CONTENT = {"zh": "zh-hans", "en": "en"}


class Here(NamedTuple):
    """The city with its callers."""

    callers: Callers
    city: City
    monkeypatch: pytest.MonkeyPatch


Ask = Callable[..., Answer]


def old_link(here: Here) -> Ask:
    _, token = linked(*here)
    here.monkeypatch.setattr(access, "clock", lambda: NOW + timedelta(days=30))
    return lambda **language: here.callers.nobody.get(f"/public/callbacks/{token}", **language)


def move(here: Here, name: str, tags: str) -> Ask:
    number = here.city.received().number
    path = f"/cases/{number}/{name}"
    headers = {"If_Match": tags} if tags else {}
    return lambda **language: here.callers["clerk"].post(path, {}, **headers, **language)


def too_often(here: Here) -> Ask:
    limits = replace(site.JIESU.limits, api_per_minute=0)
    here.monkeypatch.setattr(site, "JIESU", replace(site.JIESU, limits=limits))
    here.monkeypatch.setattr("jiesu.api.rates.now", lambda: 630.0)
    return by("operator", "GET", "/cases")(here)


def by(name: str, method: str, path: str, body: Any = None) -> Callable[[Here], Ask]:
    def prepared(here: Here) -> Ask:
        caller = here.callers[name]
        return lambda **language: caller.ask(method, path, body, **language)

    return prepared


def without_scope(here: Here) -> Ask:
    caller = here.callers.with_scopes("clerk", "read")
    number = here.city.received().number
    path = f"/cases/{number}/sign"
    return lambda **language: caller.post(path, {}, If_Match="*", **language)


def nobody(here: Here) -> Ask:
    return lambda **language: here.callers.nobody.get("/cases", **language)


REFUSED: dict[str, tuple[Callable[[Here], Ask], dict[str, str], dict[str, str]]] = {
    "link_expired": (
        old_link,
        {"title": "当前状态不允许", "detail": "链接已过期，如需反映情况请拨打热线"},
        {"title": "Conflict", "detail": "this link has expired: call the hotline"},
    ),
    "move_refused": (
        lambda here: move(here, "start", "*"),
        {"detail": "工单当前状态为“已派单”，不能开始办理"},
        {"detail": "a case that is dispatched does not allow this: start to work"},
    ),
    "stale": (
        lambda here: move(here, "sign", '"0"'),
        {"title": "内容已变更", "detail": "工单在您查看后已有变更，请重新查看"},
        {"detail": "the case was changed since you read it: look at it again"},
    ),
    "if_match_missing": (
        lambda here: move(here, "sign", ""),
        {"title": "缺少前提条件", "detail": "请在请求头 If-Match 中附上所读取工单的 ETag"},
        {"detail": "send If-Match with the ETag of the case that you read"},
    ),
    "no_such_case": (
        by("operator", "GET", "/cases/0"),
        {"title": "未找到", "detail": "没有这件工单"},
        {"title": "Not Found", "detail": "there is no such case"},
    ),
    "no_such_address": (
        by("operator", "GET", "/api/v2/x"),
        {"detail": "此地址不存在"},
        {"detail": "there is nothing at this address"},
    ),
    "method_not_allowed": (
        by("operator", "PUT", "/public/demands"),
        {"title": "不支持此请求方法", "detail": "此地址支持的请求方法：POST"},
        {"title": "Method Not Allowed", "detail": "this address takes POST"},
    ),
    "too_large": (
        by("operator", "POST", "/cases", "x" * LARGEST_JSON),
        {"title": "请求过大", "detail": "请求内容超过本系统的大小限制"},
        {"detail": "the request is larger than this site takes"},
    ),
    "too_many_requests": (
        too_often,
        {"title": "请求过于频繁", "detail": "请求过于频繁，请在30秒后重试"},
        {"detail": "too many requests: try again in 30 seconds"},
    ),
    "not_permitted": (
        by("leader", "POST", "/cases", DEMAND),
        {"title": "无权操作", "detail": "您的角色无权进行此项操作"},
        {"title": "Forbidden", "detail": "your role may not do this"},
    ),
    "key_not_permitted": (
        without_scope,
        {"detail": "该密钥无权进行此项操作，需要权限范围 handle"},
        {"detail": "this key may not do this: it needs the scope handle"},
    ),
    "not_signed_in": (
        nobody,
        {"title": "未登录", "detail": "请登录，或出示密钥：Authorization: Bearer ..."},
        {"detail": "sign in, or show a key: Authorization: Bearer ..."},
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", REFUSED)
def test_a_refusal_is_said_in_the_language_of_the_request(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch, code: str, language: str
) -> None:
    prepared, *said = REFUSED[code]
    answer = prepared(Here(callers, city, monkeypatch))(Accept_Language=TAGS[language])
    assert answer.code == code
    expected = said[language == "en"]
    assert {key: answer.body[key] for key in expected} == expected
    assert answer.headers["Content-Language"] == CONTENT[language]
    assert "Accept-Language" in answer.headers["Vary"]


WRONG: dict[str, Any] = {
    **DEMAND, "kind": "sonnet", "title": "x" * 300, "urgent": "perhaps", "colour": "red",
    "person": [], "anonymous": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", {
            "title": "最多填写200个字符",
            "colour": "没有这个字段",
            "person": "请填写含各字段的对象",
            "urgent": "请填写 true 或 false",
            "anonymous": "请填写 true 或 false",
        }),
        ("en", {
            "title": "write at most 200 characters",
            "colour": "this field is not known here",
            "person": "give an object with its fields",
            "urgent": "answer with true or false",
            "anonymous": "answer with true or false",
        }),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_field_is_said_in_it_too(
    callers: Callers, language: str, expected: dict[str, str]
) -> None:
    answer = callers["operator"].post("/cases", WRONG, Accept_Language=TAGS[language])
    assert answer.code == "invalid"
    assert answer.body["fields"] == expected


def test_what_an_action_finds_wrong_is_said_in_it_too(callers: Callers) -> None:
    demand = {**DEMAND, "kind": "sonnet", "place": "9"}
    answer = callers["operator"].post("/cases", demand, Accept_Language="zh")
    assert answer.body["detail"] == "部分内容填写有误"
    assert answer.body["fields"] == {
        "kind": "没有这一诉求类型", "place": "没有使用此代码的街道或区"
    }  # fmt: skip


def test_who_names_no_language_is_answered_in_chinese(callers: Callers) -> None:
    answer = callers["operator"].get("/cases/0")
    assert answer.body["detail"] == "没有这件工单"
    assert answer.headers["Content-Language"] == "zh-hans"


# ---- Nothing is left out.


def models_of(kind: Any, found: dict[type[BaseModel], None]) -> None:
    """A model that a request is read by, and those in it."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in found:
        found[kind] = None
        for field in kind.model_fields.values():
            models_of(field.annotation, found)
    for part in get_args(kind):
        models_of(part, found)


SENT: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, "9" * 5000, 1.5, float("nan"), "", "x", "x" * 30_000, "\ud800", "\0",
    "2022-13-01", "2022-02-01", "2022-02-01T00:00:00", "1800-01-01T00:00:00Z",
    "2022-02-01T99:00:00Z", [], [1], ["x"] * 1000, {}, {"a": 1}, b"\xff", object(),
)  # fmt: skip


def faults() -> Iterator[tuple[str, Any]]:
    """What every operation answers to what it does not take: where, and pydantic's error."""
    found: dict[type[BaseModel], None] = {}
    for _, operation in operations(api):
        for model in operation.models:
            models_of(model, found)
    for model in found:
        kinds: dict[str, Any] = {"": model}
        for name, field in model.model_fields.items():
            kinds[name] = Annotated[field.annotation, *field.metadata, None]
        for name, kind in kinds.items():
            reads = TypeAdapter[Any](kind)
            # Ninja takes a body from attributes, pydantic what is in it from a dictionary.
            for value, whole in product(SENT, (True, False)):
                try:
                    reads.validate_python(value, from_attributes=whole)
                except ValidationError as error:
                    for one in error.errors(include_url=False, include_input=False):
                        yield f"{model.__name__}.{name}", one


def test_every_fault_of_input_has_words_that_take_its_values() -> None:
    met = set()
    for where, error in faults():
        met.add(error["type"])
        assert "{" not in fault_of_input(error), where
    assert met == set(WORDS)


def test_a_fault_without_words_is_told_as_it_is() -> None:
    assert fault_of_input({"type": "new", "msg": "Be new"}) == "not taken here: Be new"


def test_every_problem_has_a_title() -> None:
    statuses = {405, *(one for _, operation in operations(api) for one in problems_of(operation))}
    assert statuses == set(TITLES)


def test_every_state_and_action_has_its_words() -> None:
    assert set(STATE_WORDS) == set(State)
    assert set(ACTION_WORDS) == {*ACTIONS, *MOVES}
