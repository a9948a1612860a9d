"""A site in production behind a proxy, and signing in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from jiesu.api import rates
from jiesu.cases.models import User
from tests.live import Site, new_site

HOST = "12345.example.gov.cn"
PROXY = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running site in production, its proxy on this machine."""
    site = new_site(tmp_path_factory.mktemp("production"))
    site.environment |= {
        "JIESU_MODE": "production",
        "JIESU_ALLOWED_HOSTS": HOST,
        "JIESU_TRUSTED_PROXIES": "127.0.0.1",
    }
    site.start()
    yield site
    site.kill()


def test_without_tls_only_health_is_answered(production: Site) -> None:
    answer = httpx.get(f"{production.url}/admin/login/", headers={"Host": HOST})
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{HOST}/admin/login/")
    assert httpx.get(f"{production.url}/readyz").status_code == 200


def test_cookies_travel_over_tls_only(production: Site) -> None:
    answer = httpx.get(f"{production.url}/admin/login/", headers=PROXY)
    assert answer.status_code == 200
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_another_name_is_not_answered(production: Site) -> None:
    answer = httpx.get(f"{production.url}/admin/login/", headers={**PROXY, "Host": "a.example"})
    assert answer.status_code == 400
    assert "a.example" not in answer.text


def test_an_unsafe_setting_ends_the_start_with_a_line_for_each(production: Site) -> None:
    unsafe = Site(production.folder)
    unsafe.environment = {**production.environment, "JIESU_DEBUG": "1", "JIESU_ALLOWED_HOSTS": "*"}
    (production.data / "keys.json").chmod(0o644)
    before = len(unsafe.output())
    assert unsafe.command("serve", "--port", str(unsafe.port)).wait() == 2
    (production.data / "keys.json").chmod(0o600)
    lines = [line.partition(";")[0] for line in unsafe.output()[before:].splitlines()]
    keys = production.data / "keys.json"
    expected = [
        "jiesu: JIESU_DEBUG: error pages would show residents' data",
        "jiesu: JIESU_ALLOWED_HOSTS: * lets anyone give the site another name",
        f"jiesu: {keys}: others than its owner may use the keys (mode 0644)",
    ]
    assert [line for line in lines if line.startswith("jiesu: ")] == expected


def fail(request: HttpRequest) -> HttpResponse:
    phone = "13800000000"
    raise ValueError(phone)


urlpatterns = [path("fail", fail)]


@pytest.mark.urls("tests.project.test_production")
def test_an_error_page_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    answer = Client(raise_request_exception=False).get("/fail?phone=13800000000")
    assert answer.status_code == 500
    assert b"13800000000" not in answer.content
    assert b"ValueError" not in answer.content


@pytest.fixture
def clerk() -> User:
    return User.objects.create_user("clerk", password="right-password", role="clerk")


def sign_in(password: str, address: str, name: str = "clerk", client: Client | None = None) -> int:
    form = {"username": name, "password": password}
    browser = client or Client()
    return browser.post("/admin/login/", form, REMOTE_ADDR=address).status_code


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the windows, in seconds; at its quarter of an hour."""
    at = [900.0 * 2_000_000]
    monkeypatch.setattr(rates, "now", lambda: at[0])
    return at


@pytest.mark.django_db
def test_after_five_wrong_passwords_a_name_is_locked_for_that_address_alone(clerk: User) -> None:
    refused = [sign_in("wrong", "198.51.100.7") for _ in range(5)]
    assert refused == [200, 200, 200, 200, 429]
    assert sign_in("right-password", "198.51.100.7") == 429
    assert sign_in("right-password", "198.51.100.8") == 302


@pytest.mark.django_db
def test_a_name_that_is_tried_from_everywhere_is_locked_for_strangers_and_for_a_while(
    clerk: User, clock: list[float]
) -> None:
    known = Client()
    assert sign_in("right-password", "198.51.100.1", client=known) == 302
    known.post("/admin/logout/", REMOTE_ADDR="198.51.100.1")
    for n in range(20):
        assert sign_in("wrong", f"203.0.113.{n}") == 200
    assert sign_in("wrong", "203.0.113.99") == 429
    assert sign_in("right-password", "198.51.100.1") == 429
    # The clerk's own browser, wherever it is; of another name it knows nothing.
    assert sign_in("right-password", "198.51.100.2", client=known) == 302
    other = User.objects.create_user("other", password="right-password", role="clerk")
    for n in range(20):
        sign_in("wrong", f"203.0.113.{n}", other.username)
    assert sign_in("right-password", "198.51.100.2", other.username, known) == 429
    # What is refused makes the lock no longer.
    clock[0] += 899
    for n in range(20):
        assert sign_in("wrong", f"203.0.113.{100 + n}") == 429
    clock[0] += 1
    assert sign_in("right-password", "198.51.100.1") == 302


@pytest.mark.django_db
def test_an_address_that_tries_many_names_is_locked(clerk: User, clock: list[float]) -> None:
    known = Client()
    assert sign_in("right-password", "198.51.100.7", client=known) == 302
    for n in range(100):
        assert sign_in("wrong", "198.51.100.7", f"name{n}") == 200
    assert sign_in("wrong", "198.51.100.7", "another") == 429
    assert sign_in("right-password", "198.51.100.7") == 429
    assert sign_in("right-password", "198.51.100.7", client=known) == 302
    assert sign_in("right-password", "198.51.100.8") == 302
    clock[0] += 900
    assert sign_in("right-password", "198.51.100.7") == 302


@pytest.mark.django_db
def test_what_is_refused_makes_no_lock_longer(clerk: User, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2022, 2, 8, 1, tzinfo=UTC)
    monkeypatch.setattr("axes.handlers.proxy.now", lambda: at)
    for _ in range(5):
        sign_in("wrong", "198.51.100.7")
    at += timedelta(minutes=14)
    assert sign_in("wrong", "198.51.100.7") == 429
    at += timedelta(minutes=2)
    assert sign_in("right-password", "198.51.100.7") == 302


@pytest.mark.django_db
def test_a_cookie_that_was_made_up_is_none_of_a_known_browser(
    clerk: User, clock: list[float]
) -> None:
    known, forged = Client(), Client()
    sign_in("right-password", "198.51.100.1", client=known)
    [name] = [name for name in known.cookies if name.startswith("jiesu_")]
    assert "clerk" not in str(known.cookies[name])
    assert known.cookies[name]["httponly"]
    forged.cookies[name] = "1"
    for n in range(20):
        sign_in("wrong", f"203.0.113.{n}")
    assert sign_in("right-password", "198.51.100.1", client=forged) == 429


@pytest.mark.django_db
def test_nobody_keeps_a_list_of_who_came_from_where(clerk: User) -> None:
    assert sign_in("right-password", "198.51.100.7") == 302
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM axes_accesslog")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_a_demo_sign_in_from_another_machine_is_refused(clerk: User) -> None:
    User.objects.filter(pk=clerk.pk).update(demo=True)
    assert sign_in("right-password", "198.51.100.7") == 200
    assert sign_in("right-password", "127.0.0.1") == 302
