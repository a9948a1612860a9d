"""A site in production behind a proxy, and signing in."""

from collections.abc import Iterator

import httpx
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

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
    expected = [
        "jiesu: JIESU_DEBUG: error pages would show residents' data",
        "jiesu: JIESU_ALLOWED_HOSTS: * lets anyone give the site another name",
        f"jiesu: {production.data / 'keys.json'}: other users of this machine can read it",
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


def sign_in(password: str, address: str) -> int:
    form = {"username": "clerk", "password": password}
    return Client(REMOTE_ADDR=address).post("/admin/login/", form).status_code


@pytest.mark.django_db
def test_after_five_wrong_passwords_a_name_is_locked_for_that_address_alone(clerk: User) -> None:
    refused = [sign_in("wrong", "198.51.100.7") for _ in range(5)]
    assert refused == [200, 200, 200, 200, 429]
    assert sign_in("right-password", "198.51.100.7") == 429
    assert sign_in("right-password", "198.51.100.8") == 302


@pytest.mark.django_db
def test_a_demo_sign_in_from_another_machine_is_refused(clerk: User) -> None:
    User.objects.filter(pk=clerk.pk).update(demo=True)
    assert sign_in("right-password", "198.51.100.7") == 200
    assert sign_in("right-password", "127.0.0.1") == 302
