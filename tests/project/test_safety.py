"""Settings with which a site does not start."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.http import HttpRequest
from django.test import Client

from jiesu.api.access import demo_may
from jiesu.cases.models import Role, User
from jiesu.cases.privacy.keys import new_ring, write_ring
from jiesu.core.problems import InputError
from jiesu.project.environment import Environment
from jiesu.project.options import options_from
from jiesu.project.safety import address_problems, require_safe, require_safe_accounts

SECRET = "kL9-fX2_pQ7vR4tY8wZ1aB5cD3eF6gH0"


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """The environment of a site that may run in production."""
    tmp_path.chmod(0o700)
    return {
        "JIESU_MODE": "production",
        "JIESU_DATA": str(tmp_path),
        "JIESU_SECRET_KEY": SECRET,
        "JIESU_ALLOWED_HOSTS": "12345.example.gov.cn",
    }


def refusals(environment: dict[str, str]) -> list[str]:
    try:
        require_safe(options_from(Environment(environment)))
    except InputError as error:
        return [f"{problem.file}: {problem.what}" for problem in error.problems]
    return []


def test_a_safe_site_starts(production: dict[str, str]) -> None:
    assert refusals(production) == []
    assert refusals({}) == []


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("JIESU_DEBUG", "true", "error pages would show residents' data"),
        ("JIESU_SECRET_KEY", "short", "the secret can be guessed"),
        ("JIESU_SECRET_KEY", "ab" * 20, "the secret can be guessed"),
        ("JIESU_SECRET_KEY", f"django-insecure-{SECRET}", "the secret can be guessed"),
        ("JIESU_ALLOWED_HOSTS", "*", "* lets anyone give the site another name"),
        ("JIESU_ALLOWED_HOSTS", "", "no name of the site is set"),
        ("JIESU_PUBLIC_URL", "http://a.example", "residents would answer without encryption"),
        ("JIESU_TRUSTED_PROXIES", "0.0.0.0/0", "0.0.0.0/0 lets half the world say who calls"),
        (
            "JIESU_DATABASE_URL",
            "postgresql://u@db.example/n",
            "the way to the database is not encrypted",
        ),
    ],
)
def test_production_refuses_an_unsafe_setting(
    production: dict[str, str], name: str, value: str, what: str
) -> None:
    assert refusals({**production, name: value}) == [f"{name}: {what}"]


def test_a_database_on_the_machine_or_over_tls_is_safe(production: dict[str, str]) -> None:
    for url in ("@/n?host=/run/pg", "@127.0.0.1/n", "@db.example/n?sslmode=verify-full"):
        assert refusals({**production, "JIESU_DATABASE_URL": f"postgresql://u{url}"}) == []


@pytest.mark.parametrize("mode", ["production", "development"])
def test_a_key_ring_that_cannot_be_used_is_refused_at_the_start(
    production: dict[str, str], tmp_path: Path, mode: str
) -> None:
    data = {"JIESU_DATA": str(tmp_path)}
    environment = production if mode == "production" else data
    file = tmp_path / "keys.json"
    write_ring(new_ring(datetime.now(UTC)), file)
    assert refusals(environment) == []
    file.chmod(0o644)
    expected = f"{file}: others than its owner may use the keys (mode 0644)"
    assert refusals(environment) == [expected]
    file.chmod(0o600)
    file.write_text("{", "utf-8")
    assert refusals(environment) == [f"{file}: neither JSON nor TOML"]
    given = {**environment, "JIESU_KEYS": "{"}
    assert refusals(given) == ["JIESU_KEYS: neither JSON nor TOML"]


@pytest.mark.parametrize("name", ["secret", "seals.jsonl", "jiesu.sqlite3"])
def test_production_refuses_files_that_others_can_read(
    production: dict[str, str], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text(SECRET, "utf-8")
    (tmp_path / name).chmod(0o640)
    expected = f"{tmp_path / name}: other users of this machine can read it"
    assert refusals(production) == [expected]
    (tmp_path / name).chmod(0o600)
    assert refusals(production) == []


def test_production_refuses_a_data_folder_that_others_can_read(
    production: dict[str, str], tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    assert refusals(production) == [f"{tmp_path}: other users of this machine can read it"]


def test_all_refusals_come_at_once(production: dict[str, str]) -> None:
    unsafe = {**production, "JIESU_DEBUG": "1", "JIESU_ALLOWED_HOSTS": "*", "JIESU_DEBUGG": "1"}
    assert [refusal.partition(":")[0] for refusal in refusals(unsafe)] == [
        "JIESU_DEBUGG",
        "JIESU_DEBUG",
        "JIESU_ALLOWED_HOSTS",
    ]


def test_outside_production_a_site_has_no_name_and_listens_on_this_machine() -> None:
    assert refusals({"JIESU_ALLOWED_HOSTS": "a.example"}) == [
        "JIESU_MODE: a.example is served outside production"
    ]
    trial = options_from(Environment({}))
    assert [list(address_problems(trial, host)) for host in ("127.0.0.1", "::1")] == [[], []]
    for host in ("0.0.0.0", "::", "10.0.0.5", "a.example"):
        (problem,) = address_problems(trial, host)
        assert problem.remedy == "listen on 127.0.0.1, or set JIESU_MODE=production"


@pytest.mark.django_db
def test_production_refuses_a_database_with_demo_sign_ins(production: dict[str, str]) -> None:
    options = options_from(Environment(production))
    require_safe_accounts(options)
    User.objects.create(username="demo-operator", demo=True)
    with pytest.raises(InputError, match="it holds demo sign-ins"):
        require_safe_accounts(options)
    require_safe_accounts(options_from(Environment({})))


@pytest.mark.parametrize(
    ("demo", "address", "allowed"),
    [
        (True, "127.0.0.1", True),
        (True, "::1", True),
        (True, "10.0.0.5", False),
        (True, "", False),
        (False, "10.0.0.5", True),
    ],
)
def test_a_demo_sign_in_works_from_this_machine_only(
    demo: bool, address: str, allowed: bool
) -> None:
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = address
    assert demo_may(User(demo=demo), request) is allowed
    assert demo_may(User(demo=demo), None) is not demo


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via"]
)
def test_a_demo_sign_in_works_through_no_proxy_on_this_machine(client: Client, header: str) -> None:
    User.objects.create_superuser("demo", password="demo", demo=True, role=Role.ADMINISTRATOR)
    form = {"username": "demo", "password": "demo"}
    signing_in = client.post("/admin/login/", form, headers={header: "203.0.113.9"})
    assert signing_in.status_code == 200
    assert "_auth_user_id" not in client.session
    assert client.post("/admin/login/", form).status_code == 302
    assert client.get("/api/v1/units").status_code == 200
    # Not with the session either, that began on the machine.
    assert client.get("/api/v1/units", headers={header: "203.0.113.9"}).status_code == 401
