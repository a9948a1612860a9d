"""Whose address a request has, what the log says of it, in which language it is answered."""

import logging
from dataclasses import replace
from io import BytesIO
from ipaddress import ip_network
from secrets import token_urlsafe

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import ResolverMatch
from pytest_django.fixtures import Settings

from jiesu.project.logs import PlaceFormatter, logging_settings
from jiesu.project.middleware import LARGEST_FORM, TrustedProxies, shown_path


def seen(near: str, **headers: str) -> tuple[str, bool]:
    """The address and the security of a request as the application sees them."""
    request = RequestFactory().get("/", REMOTE_ADDR=near, **headers)  # type: ignore[arg-type]
    found: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpResponse:
        found.append(request)
        return HttpResponse()

    TrustedProxies(answer)(request)
    assert "HTTP_X_FORWARDED_FOR" not in found[0].META
    return found[0].META["REMOTE_ADDR"], found[0].is_secure()


@pytest.fixture
def proxies(settings: Settings) -> None:
    trusted = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"))
    settings.JIESU = replace(settings.JIESU, trusted_proxies=trusted)


def test_a_stranger_s_word_about_the_caller_is_not_believed() -> None:
    claimed = {"HTTP_X_FORWARDED_FOR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "https"}
    assert seen("203.0.113.9", **claimed) == ("203.0.113.9", False)


@pytest.mark.parametrize(
    ("forwarded", "caller"),
    [
        ("198.51.100.7", "198.51.100.7"),
        # What stands left of the last stranger he may have written himself.
        ("127.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("10.9.9.9", "10.9.9.9"),
        ("nonsense", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_a_trusted_proxy_says_who_calls(proxies: None, forwarded: str, caller: str) -> None:
    headers = {"HTTP_X_FORWARDED_FOR": forwarded, "HTTP_X_FORWARDED_PROTO": "https"}
    assert seen("127.0.0.1", **headers) == (caller, True)


def test_a_line_in_the_log_holds_no_query_string(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.get("/healthz?phone=13800000000")
    client.get("/nowhere?name=wang")
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split()[:3] for line in lines] == [
        ["GET", "/healthz", "200"],
        ["GET", "/nowhere", "404"],
    ]
    assert all(line.endswith(" ms user -") for line in lines)


def test_a_token_in_a_path_is_not_logged() -> None:
    request = RequestFactory().get("/answer/s3cr3t/done")
    request.resolver_match = ResolverMatch(lambda: None, (), {"token": "s3cr3t"})
    assert shown_path(request) == "/answer/***/done"


@pytest.mark.parametrize("path", ["/api/v1/public/callbacks/{}/", "/answer/{}", "/{}/x?y=1"])
def test_what_looks_like_a_token_is_not_logged_where_no_address_was_found(path: str) -> None:
    token = token_urlsafe(32)
    # A redirect to https, a refused host: nothing has looked at the path by then.
    shown = shown_path(RequestFactory().get(path.format(token)))
    assert token not in shown
    assert "***" in shown


@pytest.mark.parametrize("path", ["/admin/login/", "/api/v1/cases/1/attachments"])
def test_a_request_that_is_too_long_is_refused_before_it_is_read(
    client: Client, settings: Settings, path: str
) -> None:
    limits = replace(settings.JIESU.limits, request_bytes=1000)
    settings.JIESU = replace(settings.JIESU, limits=limits)
    client.cookies["csrftoken"] = "a" * 32
    answer = client.post(path, {"file": BytesIO(b"x" * 2000)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert not hasattr(answer.wsgi_request, "_files")


def test_a_page_reads_no_large_form_of_a_stranger(client: Client, admin_client: Client) -> None:
    form = {"file": BytesIO(b"x" * LARGEST_FORM)}
    for somebody, status in ((client, 413), (admin_client, 403)):
        somebody.cookies["csrftoken"] = "a" * 32
        somebody.handler.enforce_csrf_checks = True
        form["file"].seek(0)
        answer = somebody.post("/admin/login/", form)
        assert answer.status_code == status
        # To know its token, the form is read.
        assert hasattr(answer.wsgi_request, "_files") == (status == 403)


@pytest.mark.parametrize(("language", "said"), [("zh", "大小限制"), ("en", "larger than")])
def test_that_a_request_is_too_long_is_said_in_its_language(
    client: Client, settings: Settings, language: str, said: str
) -> None:
    limits = replace(settings.JIESU.limits, request_bytes=1000)
    settings.JIESU = replace(settings.JIESU, limits=limits)
    headers = {"accept-language": language}
    answer = client.post("/api/v1/cases", b"x" * 2000, "application/json", headers=headers)
    assert said in answer.json()["detail"]
    assert answer.headers["Content-Language"].startswith(language)
    assert "Accept-Language" in answer.headers["Vary"]


def line_of(error: BaseException, name: str = "jiesu", message: str = "failed") -> str:
    trace = error.__traceback__
    record = logging.LogRecord(
        name, logging.ERROR, __file__, 1, message, None, (type(error), error, trace)
    )
    return PlaceFormatter().format(record)


def test_a_traceback_in_the_log_holds_places_and_no_values() -> None:
    phone = "13800000000"
    try:
        try:
            raise ValueError(f"duplicate key: {phone}")
        except ValueError as cause:
            raise RuntimeError(f"no case for {phone}") from cause
    except RuntimeError as error:
        text = line_of(error)
    assert "builtins.RuntimeError" in text
    assert "builtins.ValueError" in text
    assert f"{__file__}:" in text
    assert phone not in text


def test_a_failed_request_is_logged_without_django_s_copy_of_its_path() -> None:
    text = line_of(ValueError(), "django.request", "Internal Server Error: /answer/s3cr3t")
    assert "s3cr3t" not in text
    assert "a fault while answering" in text


@pytest.mark.parametrize("level", ["debug", "info"])
def test_no_level_lets_others_write_queries_addresses_or_names(level: str) -> None:
    loggers = logging_settings(level)["loggers"]
    assert loggers["django.server"] == {"handlers": ["nowhere"], "propagate": False}
    floors = {name: loggers[name]["level"] for name in ("django.db.backends", "axes", "httpx")}
    assert floors == {"django.db.backends": "INFO", "axes": "ERROR", "httpx": "WARNING"}


@pytest.mark.django_db
def test_pages_are_chinese_unless_english_is_asked_for(client: Client) -> None:
    def title() -> str:
        return client.get("/admin/login/").content.decode()

    assert 'lang="zh-hans"' in title()
    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/admin/login/"})
    assert answer.status_code == 302
    assert 'lang="en"' in title()


def test_a_page_may_load_from_this_site_alone(client: Client) -> None:
    policy = client.get("/healthz").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; ")
    assert "frame-ancestors 'none'" in policy
