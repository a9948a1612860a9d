"""Webhooks: signed, told again until they arrive, replayed, never sent to a private address."""

import hmac
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import Any

import httpx
import pytest
from django.conf import settings

from jiesu.cases import webhooks
from jiesu.cases.actions.accounts import revoke_api_key
from jiesu.cases.actions.handling import sign_case
from jiesu.cases.models import ApiKey, Delivery, Role, User, Webhook
from jiesu.cases.outbound import AddressRefused, fault_of_url, is_public, post
from jiesu.cases.webhooks import AGAIN_MINUTES, webhooks_job
from tests.api.callers import DEMAND, Callers
from tests.cases.cast import HEATING, NOW, City

PUBLIC = "https://hooks.example.com/in"


class Receiver:
    """A server on this machine that writes down what it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.location = 200, ""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *told: object) -> None:
                """Nothing to the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/in?a=1"

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver in the house, which this site may tell."""
    allowed = replace(settings.JIESU, webhooks_allow_private=True)
    monkeypatch.setattr(settings, "JIESU", allowed)
    made = Receiver()
    yield made
    made.stop()


def registered(callers: Callers, url: str, name: str = "head", **more: object) -> tuple[int, str]:
    answer = callers[name].post("/webhooks", {"url": url, **more})
    assert answer.status == 201, answer.body
    return answer.body["webhook"]["id"], answer.body["secret"]


def test_events_are_told_signed_and_without_personal_data(
    callers: Callers, city: City, receiver: Receiver
) -> None:
    before = city.received()
    _, secret = registered(callers, receiver.url)
    case = city.received(new_facts=True)
    webhooks_job(NOW)
    assert [one["kind"] for one in receiver.messages] == ["received", "dispatched"]
    assert before.number not in {one["number"] for one in receiver.messages}
    assert set(receiver.messages[0]) == {"id", "kind", "number", "at", "state", "version"}
    assert receiver.messages[1]["state"] == "dispatched"
    for headers, body in receiver.got:
        text = headers["jiesu-timestamp"].encode() + b"." + body
        expected = hmac.new(secret.encode(), text, sha256).hexdigest()
        assert headers["jiesu-signature"] == f"v1={expected}"
        assert headers["host"] == receiver.url.split("/")[2]
        assert "张三".encode() not in body
        assert b"13800000000" not in body
    assert {one["number"] for one in receiver.messages} == {case.number}


def test_an_owner_is_told_of_its_own_cases_only(
    callers: Callers, city: City, receiver: Receiver
) -> None:
    registered(callers, receiver.url)
    registered(callers, receiver.url, "other_head")
    city.received(HEATING)
    callers["operator"].post("/cases", {**DEMAND, "place": "110102001"})
    webhooks_job(NOW)
    assert len(receiver.messages) == 2
    assert Delivery.objects.exclude(webhook__owner__username="other_head").count() == 0


def test_only_the_kinds_that_were_asked_for_are_told(
    callers: Callers, city: City, receiver: Receiver
) -> None:
    registered(callers, receiver.url, kinds=["dispatched"])
    city.received()
    webhooks_job(NOW)
    assert [one["kind"] for one in receiver.messages] == ["dispatched"]


def test_what_fails_is_told_again_later_and_given_up_in_the_end(
    callers: Callers, city: City, receiver: Receiver
) -> None:
    pk, _ = registered(callers, receiver.url, kinds=["dispatched"])
    city.received()
    receiver.status = 503
    moment = NOW
    for n, minutes in enumerate(AGAIN_MINUTES, start=1):
        webhooks_job(moment)
        assert len(receiver.got) == n
        webhooks_job(moment + timedelta(minutes=minutes, seconds=-1))
        assert len(receiver.got) == n
        moment += timedelta(minutes=minutes)
    webhooks_job(moment)
    webhooks_job(moment + timedelta(days=20))
    assert len(receiver.got) == len(AGAIN_MINUTES) + 1
    shown = callers["head"].get(f"/webhooks/{pk}").body
    assert (shown["waiting"], shown["given_up"]) == (0, 1)
    [delivery] = callers["head"].get(f"/webhooks/{pk}/deliveries").body["items"]
    assert (delivery["status"], delivery["next_at"]) == ("503", None)


def test_all_is_told_again_from_an_event_on(
    callers: Callers, city: City, receiver: Receiver
) -> None:
    pk, _ = registered(callers, receiver.url)
    sign_case(case_id=city.received().pk, by=city.clerk, as_of=NOW)
    webhooks_job(NOW)
    first = receiver.messages[0]["id"]
    receiver.got.clear()
    answer = callers["head"].post(f"/webhooks/{pk}/replay", {"after_event": first})
    assert (answer.status, answer.body["waiting"]) == (200, 2)
    webhooks_job(NOW)
    webhooks_job(NOW)
    assert [one["kind"] for one in receiver.messages] == ["dispatched", "signed"]


def test_a_receiver_that_is_away_costs_others_nothing(
    callers: Callers, city: City, receiver: Receiver
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{free.getsockname()[1]}/"
    gone, _ = registered(callers, away)
    registered(callers, receiver.url)
    sign_case(case_id=city.received().pk, by=city.clerk, as_of=NOW)
    webhooks_job(NOW)
    assert len(receiver.messages) == 3
    tried = (
        Delivery.objects.filter(webhook=gone).order_by("event").values_list("n_attempts", flat=True)
    )
    assert list(tried) == [1, 0, 0]


def test_the_long_queue_of_one_that_is_away_keeps_nobody_waiting(
    callers: Callers, city: City, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{free.getsockname()[1]}/"
    gone, _ = registered(callers, away)
    city.received()
    webhooks_job(NOW)
    registered(callers, receiver.url, "coordinator")
    city.received(new_facts=True)
    monkeypatch.setattr(webhooks, "AT_ONCE", 2)
    webhooks_job(NOW)
    assert Delivery.objects.filter(webhook=gone, next_at__lte=NOW).count() >= 2
    assert len(receiver.messages) == 1


def test_who_may_have_no_webhook_any_more_is_told_nothing(
    callers: Callers, city: City, receiver: Receiver
) -> None:
    registered(callers, receiver.url)
    # In this role one sees the whole city.
    User.objects.filter(username="head").update(role=Role.OPERATOR, unit=None)
    city.received()
    webhooks_job(NOW)
    assert receiver.got == []


def test_an_ended_webhook_or_one_of_a_closed_account_is_told_nothing(
    callers: Callers, city: City, receiver: Receiver
) -> None:
    pk, _ = registered(callers, receiver.url)
    other, _ = registered(callers, receiver.url, "coordinator")
    city.received()
    assert callers["head"].ask("DELETE", f"/webhooks/{pk}").status == 204
    User.objects.filter(username="coordinator").update(is_active=False)
    webhooks_job(NOW)
    assert receiver.got == []
    again = callers["head"].post(f"/webhooks/{pk}/replay", {"after_event": 0})
    assert (again.status, again.code) == (409, "webhook_ended")
    assert callers["other_head"].get(f"/webhooks/{other}").status == 404


@pytest.mark.parametrize("how", ["revoked", "run out"])
def test_a_webhook_ends_with_the_key_that_registered_it(
    callers: Callers, city: City, receiver: Receiver, how: str
) -> None:
    by_key, _ = registered(callers, receiver.url)
    in_person = callers.signed_in("head").post("/webhooks", {"url": receiver.url}).body["webhook"]
    key = Webhook.objects.get(pk=by_key).key
    assert key is not None
    assert in_person["key"] == ""
    case = city.received()
    receiver.status = 500
    webhooks_job(NOW)
    receiver.got.clear()
    if how == "revoked":
        revoke_api_key(key_id=key.pk, by=city.administrator, as_of=NOW)
    else:
        ApiKey.objects.filter(pk=key.pk).update(expires_at=NOW + timedelta(minutes=1))
    receiver.status = 200
    webhooks_job(NOW + timedelta(minutes=1))
    told = Delivery.objects.exclude(delivered_at=None).values_list("webhook", flat=True)
    assert set(told) == {in_person["id"]}
    assert len(receiver.got) == case.n_events
    items = callers.signed_in("head").get("/webhooks").body["items"]
    shown = {one["id"]: (one["active"], one["key"], one["waiting"]) for one in items}
    assert shown == {by_key: (False, key.prefix, 0), in_person["id"]: (True, "", 0)}
    again = callers.signed_in("head").post(f"/webhooks/{by_key}/replay", {"after_event": 0})
    assert (again.status, again.code) == (409, "webhook_ended")


def test_what_is_no_longer_the_owners_is_not_told_late(
    callers: Callers, city: City, receiver: Receiver
) -> None:
    registered(callers, receiver.url)
    city.received()
    receiver.status = 500
    webhooks_job(NOW)
    told = len(receiver.got)
    receiver.status = 200
    User.objects.filter(username="head").update(unit=city.unit["110102001"])
    webhooks_job(NOW + timedelta(days=1))
    assert len(receiver.got) == told
    assert not Delivery.objects.filter(next_at__isnull=False).exists()


def test_a_redirect_is_not_followed(callers: Callers, city: City, receiver: Receiver) -> None:
    registered(callers, receiver.url, kinds=["dispatched"])
    city.received()
    receiver.status, receiver.location = 302, receiver.url
    webhooks_job(NOW)
    assert len(receiver.got) == 1
    assert Delivery.objects.get().status == "302"


PRIVATE = (
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "fec0::1", "feff::1", "192.88.99.1", "192.0.0.8", "192.0.0.9", "3fff::1", "5f00::1",
    "2001:1::1", "::ffff:192.0.0.8",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_the_house_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    assert fault_of_url(f"https://{host}/x", allow_private=False)


def test_an_address_of_the_internet_is_public() -> None:
    for address in ("8.8.8.8", "203.119.25.1", "2400:3200::1"):
        assert is_public(ip_address(address))
    assert fault_of_url(PUBLIC, allow_private=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/", "ftp://hooks.example.com/", "https://", "https:///x", "x",
        "https://a:b@hooks.example.com/", "https://hooks.example.com/#x", "https://[::1",
        "https://hooks.example.com:99999/", "https://hooks.example.com/ x", "https://例.cn/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_when_it_is_registered(callers: Callers, url: str) -> None:
    answer = callers["head"].post("/webhooks", {"url": url})
    assert (answer.status, set(answer.body["fields"])) == (422, {"url"})
    assert Webhook.objects.count() == 0


def names_mean(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let every name mean these addresses, one list after the other; what was asked for."""
    asked: list[str] = []

    def resolve(host: str, port: int, **more: object) -> list[Any]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("addresses", [["10.0.0.5"], ["8.8.8.8", "127.0.0.1"], []])
def test_a_name_that_means_a_private_address_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    names_mean(monkeypatch, addresses)
    with pytest.raises(AddressRefused):
        post(PUBLIC, b"{}", {}, allow_private=False)


def test_a_name_that_means_another_address_a_moment_later_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only the address that was judged is connected to, and the name is asked once."""
    asked = names_mean(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    connected: list[str] = []

    def connect(address: tuple[str, int], *more: object, **options: object) -> socket.socket:
        connected.append(address[0])
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(httpx.HTTPError):
        post(PUBLIC, b"{}", {}, allow_private=False)
    assert (connected, asked) == (["8.8.8.8"], ["hooks.example.com"])


def test_a_private_delivery_is_refused_although_the_name_was_public_at_first(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(callers, PUBLIC, kinds=["dispatched"])
    city.received()
    names_mean(monkeypatch, ["127.0.0.1"])
    webhooks_job(NOW)
    assert Delivery.objects.get().status == "the name means a private address"


def test_a_secret_is_nowhere_in_the_database(callers: Callers) -> None:
    pk, secret = registered(callers, PUBLIC)
    row = Webhook.objects.get(pk=pk)
    assert secret not in str(Webhook.objects.filter(pk=pk).values().get())
    assert bytes(row.secret).hex() != secret
    assert "secret" not in callers["head"].get(f"/webhooks/{pk}").body


def test_an_owner_has_so_many_webhooks(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    from jiesu.cases.actions import hooks

    monkeypatch.setattr(hooks, "MOST", 1)
    registered(callers, PUBLIC)
    answer = callers["head"].post("/webhooks", {"url": PUBLIC})
    assert (answer.status, answer.code) == (409, "too_many_webhooks")
    assert len(callers["head"].get("/webhooks").body["items"]) == 1


def test_what_has_ended_long_ago_is_forgotten(
    callers: Callers, city: City, receiver: Receiver
) -> None:
    registered(callers, receiver.url, kinds=["dispatched"])
    city.received()
    webhooks_job(NOW)
    webhooks_job(NOW + timedelta(days=30))
    assert Delivery.objects.count() == 1
    webhooks_job(NOW + timedelta(days=31))
    assert Delivery.objects.count() == 0
