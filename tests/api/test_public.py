"""What residents may ask without signing in: little, seldom, and nothing about anybody else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import settings
from django.test import Client

from jiesu.api import access, public, rates
from jiesu.api.application import LARGEST_JSON
from jiesu.api.public import status_token
from jiesu.cases.actions.handling import sign_case
from jiesu.cases.models import Attachment, Callback, Case, Counter
from jiesu.project.middleware import shown_path
from tests.api.callers import DEMAND, Answer, Caller, Callers, let_callbacks_fall_due
from tests.cases.calling import set_rule
from tests.cases.cast import NOW, PHONE, City

FORM = {name: value for name, value in DEMAND.items() if name != "channel"}
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 64
ANSWERS = {"contacted": True, "resolved": "yes", "satisfaction": "satisfied", "words": "谢谢"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough requests a minute for a test, and a clock for counting that stands."""
    limits = replace(
        settings.JIESU.limits, public_per_minute=50, tokens_per_minute=50, api_per_minute=6000
    )
    monkeypatch.setattr(settings, "JIESU", replace(settings.JIESU, limits=limits))
    monkeypatch.setattr(rates, "now", lambda: 3600.0)


def asked(callers: Callers, **body: str) -> tuple[int, Any]:
    answer = callers.nobody.post("/public/status", body)
    return answer.status, answer.body.get("state", answer.body.get("code"))


def test_a_resident_brings_a_demand_in_and_asks_how_it_stands(callers: Callers, city: City) -> None:
    answer = callers.nobody.post("/public/demands", FORM)
    assert answer.status == 201
    number, token = answer.body["number"], answer.body["token"]
    case = Case.objects.get(number=number)
    assert (case.channel, case.unit, case.received_by) == ("web", city.unit["110101001"], None)
    # Not from which address: nothing of the history is ever erased.
    assert set(case.events.values_list("actor", "origin")) == {("resident", "web")}
    assert asked(callers, number=number, token=token) == (200, "in_progress")
    assert asked(callers, number=number, phone_last4=PHONE[-4:]) == (200, "in_progress")


def test_whoever_knows_neither_token_nor_digits_learns_nothing(
    callers: Callers, city: City
) -> None:
    number = city.received().number
    other = callers.nobody.post("/public/demands", {**FORM, "person": {}, "anonymous": True}).body
    unknown = (404, "no_such_demand")
    assert asked(callers, number=number) == unknown
    assert asked(callers, number=number, phone_last4="1234") == unknown
    assert asked(callers, number=number, token=other["token"]) == unknown
    assert asked(callers, number="20220208999999", phone_last4="0000") == unknown
    assert asked(callers, number="20220208999999", token=status_token("20220208999999")) == unknown
    assert asked(callers, number=other["number"], phone_last4="") == unknown
    assert asked(callers, number=number, phone_last4="٣٣٣٣")[0] == 422


def test_a_repeat_looks_like_any_demand_to_who_submits_it(callers: Callers, city: City) -> None:
    """Or whoever types in somebody's phone would learn that its owner has complained."""
    first = callers.nobody.post("/public/demands", FORM)
    repeat = callers.nobody.post("/public/demands", FORM)
    assert set(first.body) == set(repeat.body)
    assert Case.objects.get(number=repeat.body["number"]).repeat_of is not None
    assert asked(callers, **repeat.body) == asked(callers, **first.body) == (200, "in_progress")


def test_a_repeat_is_closed_with_the_demand_that_it_repeats(callers: Callers, city: City) -> None:
    case = city.received()
    repeat = callers.nobody.post("/public/demands", FORM).body
    Case.objects.filter(pk=case.pk).update(state="closed", ended_at=NOW + timedelta(hours=1))
    assert asked(callers, **repeat) == (200, "closed")


def test_the_states_that_residents_are_told(callers: Callers, city: City) -> None:
    number = city.received().number
    expected = {
        "received": "received", "classified": "received", "signed": "in_progress",
        "feedback_submitted": "in_progress", "answered": "answered", "declined": "answered",
        "closed": "closed", "archived": "closed",
    }  # fmt: skip
    for state, told in expected.items():
        Case.objects.filter(number=number).update(state=state)
        assert asked(callers, number=number, token=status_token(number)) == (200, told)


def sent(
    caller: Caller, told: dict[str, str], content: bytes = PNG, name: str = "现场.png"
) -> Answer:
    path = f"/public/demands/{told['number']}/attachments"
    return caller.send_file(path, content, name, Demand_Token=told["token"])


def attached(
    callers: Callers, told: dict[str, str], content: bytes = PNG, name: str = "现场.png"
) -> tuple[int, Any]:
    answer = sent(callers.nobody, told, content, name)
    return answer.status, answer.body if answer.status == 201 else answer.code


@pytest.fixture
def told(callers: Callers) -> dict[str, str]:
    """What the form said of a demand."""
    return dict(callers.nobody.post("/public/demands", FORM).body)


def test_a_resident_adds_files_to_a_demand_within_an_hour(
    callers: Callers, city: City, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {"number": told["number"], "content_type": "image/png", "size": len(PNG)}
    assert attached(callers, told) == (201, expected)
    case = Case.objects.get(number=told["number"])
    event = case.events.get(kind="attached")
    assert (event.actor, event.origin) == ("resident", "web")
    assert "现场" not in str(event.changes)
    path = f"/cases/{case.number}/attachments/{case.attachments.get().pk}/read"
    file = callers["clerk"].post(path, {"reason": "处理诉求"}).response
    assert b"".join(file.streaming_content) == PNG
    monkeypatch.setattr(access, "clock", lambda: NOW + timedelta(hours=1))
    assert attached(callers, told)[0] == 201
    monkeypatch.setattr(access, "clock", lambda: NOW + timedelta(hours=1, microseconds=1))
    assert attached(callers, told) == (409, "window_passed")
    assert case.attachments.count() == 2


def test_without_a_demands_own_token_nothing_is_added_to_it(
    callers: Callers, city: City, told: dict[str, str]
) -> None:
    number = city.received(new_facts=True).number
    unknown = (404, "no_such_demand")
    assert attached(callers, told | {"number": number}) == unknown
    assert attached(callers, told | {"token": "x"}) == unknown
    ghost = {"number": "20220208999999", "token": status_token("20220208999999")}
    assert attached(callers, ghost) == unknown
    for wrong in ({"token": ""}, {"token": "é"}, {"number": "2%00"}):
        assert attached(callers, told | wrong) == unknown
    assert not Attachment.objects.exists()


def test_what_a_resident_adds_has_the_limits_of_the_desk(
    callers: Callers, city: City, told: dict[str, str]
) -> None:
    assert attached(callers, told, b"MZ\x90\x00", "a.exe") == (422, "invalid")
    large = PNG + b"\0" * settings.JIESU.limits.upload_bytes
    assert attached(callers, told, large) == (422, "invalid")
    set_rule("max_count = 9", "max_count = 2")
    assert [attached(callers, told)[0] for _ in range(3)] == [201, 201, 409]
    repeat = dict(callers.nobody.post("/public/demands", FORM).body)
    assert attached(callers, repeat)[0] == 201


def sent_unread(caller: Caller, path: str, length: int, **headers: str) -> tuple[int, bool]:
    """How an upload of so many bytes is answered, and whether any of it was read."""
    body = Mock(spec=["read", "readline"])
    body.readline.return_value = b""
    body.read.return_value = b""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent: dict[str, Any] = {
        "CONTENT_LENGTH": str(length),
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "wsgi.input": body,
    }
    answer = caller.client.generic("POST", f"/api/v1{path}", headers=named, **sent)
    return answer.status_code, bool(body.method_calls)


def test_a_file_without_the_demands_token_is_not_even_read(
    callers: Callers, city: City, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, token = f"/public/demands/{told['number']}/attachments", told["token"]
    most = settings.JIESU.limits.upload_bytes + LARGEST_JSON
    nobody = callers.nobody
    assert sent_unread(nobody, path, most) == (404, False)
    assert sent_unread(nobody, path, most, Demand_Token="x") == (404, False)
    assert sent_unread(nobody, path, most + 1, Demand_Token=token) == (413, False)
    assert sent_unread(nobody, path, most, Demand_Token=token) == (422, True)
    monkeypatch.setattr(public, "FILES_AN_HOUR", 0)
    assert sent_unread(nobody, path, most, Demand_Token=token) == (429, False)


@pytest.mark.parametrize("path", ["/public/demands", "/public/status", "/public/callbacks/x"])
def test_no_large_form_is_read_where_no_file_is_taken(
    callers: Callers, city: City, path: str
) -> None:
    assert sent_unread(callers.nobody, path, LARGEST_JSON + 1) == (413, False)
    assert sent_unread(callers.nobody, path, LARGEST_JSON)[1]


def test_files_of_one_demand_are_counted_whoever_sends_them(
    callers: Callers, city: City, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "FILES_AN_HOUR", 2)
    assert attached(callers, told | {"token": "x"})[0] == 404
    assert attached(callers, told, b"x") == (422, "invalid")
    assert attached(callers, told)[0] == 201
    elsewhere = Caller(None, {}, Client(REMOTE_ADDR="203.0.113.9"))
    refused = sent(elsewhere, told)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "3600")
    other = dict(callers.nobody.post("/public/demands", FORM).body)
    assert attached(callers, other)[0] == 201


def test_an_address_may_submit_so_often_a_minute(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(settings.JIESU.limits, public_per_minute=2)
    monkeypatch.setattr(settings, "JIESU", replace(settings.JIESU, limits=limits))
    caller = callers.nobody
    told = [caller.post("/public/demands", FORM).status for _ in range(3)]
    assert told == [201, 201, 429]
    refused = caller.post("/public/demands", FORM)
    assert (refused.code, refused.headers["Retry-After"]) == ("too_many_requests", "60")
    elsewhere = Caller(None, {}, Client(REMOTE_ADDR="203.0.113.9"))
    assert elsewhere.post("/public/demands", FORM).status == 201
    monkeypatch.setattr(rates, "now", lambda: 3660.0)
    assert caller.post("/public/demands", FORM).status == 201
    assert Case.objects.count() == 4


def test_the_digits_of_a_demand_cannot_be_tried_out_from_many_addresses(
    callers: Callers, city: City
) -> None:
    number = city.received().number
    told = []
    for n in range(12):
        caller = Caller(None, {}, Client(REMOTE_ADDR=f"203.0.113.{n}"))
        told.append(
            caller.post("/public/status", {"number": number, "phone_last4": f"{n:04}"}).status
        )
    # The right digits are 0000, tried first.
    assert told == [200, *[404] * 9, 429, 429]
    token = {"number": number, "token": status_token(number)}
    assert callers.nobody.post("/public/status", token).status == 200


def test_counting_fills_no_memory(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "N_CELLS", 4)
    for n in range(30):
        rates.wait_of_public("public_per_minute", f"2001:db8::{n}", 1000)
    assert Counter.objects.filter(key__startswith="rate:").count() <= 4


def linked(callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A case whose call-back is due, and the token of a link to it."""
    case = city.received()
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW)
    let_callbacks_fall_due(monkeypatch)
    answer = callers["caller"].post(f"/cases/{case.number}/callback-link", {}, If_Match="*")
    assert answer.status == 201, answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    return case.number, answer.body["token"]


def test_a_resident_answers_a_link_once(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, token = linked(callers, city, monkeypatch)
    shown = callers.nobody.get(f"/public/callbacks/{token}")
    assert (shown.status, shown.body["number"]) == (200, number)
    assert shown.body["category"] == "住房/物业管理/停车收费"
    for secret in ("张三", PHONE, "一号楼"):
        assert secret not in shown.response.content.decode()
    wrong = callers.nobody.post(f"/public/callbacks/{token}", {**ANSWERS, "resolved": "perhaps"})
    assert (wrong.status, set(wrong.body["fields"])) == (422, {"resolved"})
    assert callers.nobody.post(f"/public/callbacks/{token}", ANSWERS).status == 200
    callback = Callback.objects.get(case__number=number)
    assert (callback.state, callback.satisfaction) == ("done", "satisfied")
    again = callers.nobody.post(f"/public/callbacks/{token}", ANSWERS)
    assert (again.status, again.code) == (409, "link_used")


def test_a_link_that_is_unknown_or_old_opens_nothing(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = linked(callers, city, monkeypatch)
    assert callers.nobody.get("/public/callbacks/x").code == "no_such_link"
    monkeypatch.setattr(access, "clock", lambda: NOW + timedelta(days=30))
    assert callers.nobody.get(f"/public/callbacks/{token}").code == "link_expired"
    assert callers.nobody.post(f"/public/callbacks/{token}", ANSWERS).code == "link_expired"


def test_the_token_of_a_link_is_in_no_log(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, token = linked(callers, city, monkeypatch)
    response = callers.nobody.client.get(f"/api/v1/public/callbacks/{token}")
    assert token not in shown_path(response.wsgi_request)
    assert token not in caplog.text


def test_tries_of_links_are_counted_by_address(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(settings.JIESU.limits, tokens_per_minute=3)
    monkeypatch.setattr(settings, "JIESU", replace(settings.JIESU, limits=limits))
    told = [callers.nobody.get(f"/public/callbacks/{n}").status for n in range(5)]
    assert told == [404, 404, 404, 429, 429]


def test_a_form_is_told_what_it_may_offer(callers: Callers) -> None:
    body = callers.nobody.get("/public/choices", Accept_Language="en").body
    assert {"code": "110101002", "name": "景山街道", "district": "110101"} in body["streets"]
    assert "complaint" in {one["key"] for one in body["kinds"]}
    assert len(body["categories"]) == 5
