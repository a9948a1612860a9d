"""Whoever watches the site learns whether it is alive and whether it can work."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from jiesu.cases.privacy.keys import new_ring, write_ring
from jiesu.cases.privacy.vault import forget_keys
from jiesu.project import health


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of the keys is known to this process."""
    monkeypatch.delenv("JIESU_KEYS", raising=False)
    forget_keys()
    yield
    forget_keys()


@pytest.fixture
def keys(no_keys: None) -> Iterator[None]:
    """A key file where the site looks for it."""
    write_ring(new_ring(datetime.now(UTC)), settings.JIESU.keys_file)
    yield
    settings.JIESU.keys_file.unlink()


def test_a_process_that_answers_is_alive_whatever_its_database_does(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"alive\n")


@pytest.mark.django_db
def test_a_migrated_site_with_keys_is_ready(client: Client, keys: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": True, "migrated": True, "keys": True}


@pytest.mark.django_db
def test_a_site_without_its_keys_is_not_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": True, "migrated": True, "keys": False}


@pytest.mark.django_db
def test_a_site_whose_keys_cannot_be_read_is_not_ready(client: Client, keys: None) -> None:
    settings.JIESU.keys_file.chmod(0o644)
    assert client.get("/readyz").json()["keys"] is False
    settings.JIESU.keys_file.chmod(0o600)
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_a_site_without_its_tables_is_not_ready(
    client: Client, keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unapplied() -> None:
        raise LookupError

    monkeypatch.setattr(health, "_require_migrated", unapplied)
    assert client.get("/readyz").json() == {"database": True, "migrated": False, "keys": True}


def test_a_site_without_its_database_is_not_ready(
    client: Client, keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("connection to 10.0.0.7 refused")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": False, "migrated": False, "keys": True}
    assert b"10.0.0.7" not in answer.content


def test_health_is_asked_on_the_machine_itself_without_a_name_or_tls(client: Client) -> None:
    assert client.get("/healthz", headers={"host": "127.0.0.1:8000"}).status_code == 200
    assert client.get("/healthz", headers={"host": "elsewhere.example"}).status_code == 400


def test_health_takes_no_orders(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
