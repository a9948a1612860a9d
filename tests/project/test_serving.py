"""A site starts, serves and ends, on the database that this run is about."""

import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.live import Site, free_port, new_site, wait_until

FIVE_SECONDS = 5.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that has been started once: its tables are made."""
    site = new_site(tmp_path_factory.mktemp("made"))
    site.start()
    yield site
    site.kill()


@pytest.fixture
def running(made: Site) -> Site:
    """A site that runs, whatever the test before has done to it."""
    if not made.processes():
        made.start()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_what_a_site_needs_and_the_second_nothing(site: Site) -> None:
    site.start()
    made = [site.data / name for name in ("secret", "keys.json", "first-password")]
    assert [mode(path) for path in (site.data, *made)] == [0o700, 0o600, 0o600, 0o600]
    before = [path.read_text("utf-8") for path in made]
    first = site.output()
    assert "The first administrator is admin" in first
    assert before[2].strip() not in first
    assert site.end()[0] == 0

    site.start()
    assert [path.read_text("utf-8") for path in made] == before
    assert "administrator" not in site.output().removeprefix(first)
    assert sign_in(site, before[2].strip()) == 302


def sign_in(site: Site, password: str) -> int:
    """Sign in to the admin: 302 on success."""
    with httpx.Client(base_url=site.url) as browser:
        browser.get("/admin/login/")
        form = {
            "username": "admin",
            "password": password,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        return browser.post("/admin/login/", data=form).status_code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_processes_within_five_seconds(running: Site, number: int) -> None:
    with httpx.Client(base_url=running.url) as browser:
        # A browser that keeps its connection open holds nothing up.
        assert browser.get("/healthz").status_code == 200
        processes = running.processes()
        assert len(processes) > 1
        code, seconds = running.end(number)
    assert code == 0
    assert seconds < FIVE_SECONDS
    # The tracker of Python's multiprocessing hears of the server's end by it, thus a moment later.
    wait_until(
        lambda: not any(running.is_running(process) for process in processes),
        "processes outlive the server",
        FIVE_SECONDS - seconds,
    )


def test_when_the_server_is_killed_its_processes_end_and_the_next_start_has_the_port(
    running: Site,
) -> None:
    first, *others = running.processes()
    first.kill()
    assert running.process is not None
    running.process.wait()
    wait_until(
        lambda: not any(running.is_running(process) for process in others),
        "processes outlive the server",
        FIVE_SECONDS,
    )
    running.start()
    assert httpx.get(f"{running.url}/healthz").status_code == 200


def test_the_worker_is_refused_before_there_is_a_site(site: Site) -> None:
    assert site.command("worker").wait() == 2
    assert "there is no site here yet; start it: jiesu serve" in site.output()


def assert_no_key_is_dropped(site: Site) -> None:
    before = len(site.output())
    assert site.command("keys", "drop", "e1").wait(FIVE_SECONDS * 4) == 2
    assert "may still use its keys; stop them" in site.output()[before:]


def test_while_a_server_or_a_worker_runs_no_key_is_dropped(site: Site) -> None:
    site.start()
    assert site.command("keys", "rotate", "encryption").wait() == 0
    assert_no_key_is_dropped(site)
    assert site.end()[0] == 0
    before = len(site.output())
    worker = site.command("worker")
    try:
        wait_until(lambda: "Working" in site.output()[before:], "the worker did not start")
        assert_no_key_is_dropped(site)
    finally:
        worker.terminate()
        worker.wait()
    assert site.command("keys", "drop", "e1").wait() == 0


def test_the_worker_ends_on_a_signal_within_five_seconds(running: Site) -> None:
    before = len(running.output())
    worker = running.command("worker")
    wait_until(lambda: "Working" in running.output()[before:], "the worker did not start")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(FIVE_SECONDS) == 0


@pytest.mark.only_on("sqlite", reason="PostgreSQL takes several servers")
def test_a_second_server_on_the_same_database_is_refused(running: Site) -> None:
    second = running.command("serve", "--port", str(free_port()))
    assert second.wait() == 2
    assert "another jiesu serves this database" in running.output()


@pytest.mark.only_on("postgresql", reason="SQLite takes one server")
def test_a_second_machine_serves_the_same_database_with_the_same_keys(
    running: Site, tmp_path: Path
) -> None:
    second = Site(tmp_path, running.environment["JIESU_DATABASE_URL"])
    assert second.command("serve", "--port", str(second.port)).wait() == 2
    assert "copy the file from the first machine" in second.output()
    for name in ("secret", "keys.json"):
        shutil.copy2(running.data / name, second.data / name)
    second.start()
    assert "administrator" not in second.output()
    assert second.end()[0] == 0


@pytest.mark.only_on("postgresql", reason="SQLite is a file, which a start makes")
def test_a_database_that_does_not_answer_is_named_without_its_address(tmp_path: Path) -> None:
    site = Site(tmp_path, "postgresql://jiesu:hunter2@127.0.0.1:1/desk")
    assert site.command("serve", "--port", str(site.port)).wait() == 2
    assert "the database: it does not answer (OperationalError)" in site.output()
    assert "hunter2" not in site.output()


def test_a_port_on_which_another_site_listens_is_refused(running: Site, tmp_path: Path) -> None:
    other = new_site(tmp_path)
    assert other.command("serve", "--port", str(running.port)).wait() == 2
    assert "stop what listens there, or choose another --port" in other.output()


def test_the_log_holds_no_query_string(running: Site) -> None:
    httpx.get(f"{running.url}/healthz?phone=13800000000")
    wait_until(lambda: "GET /healthz 200" in running.output(), "the request was not logged")
    assert "13800000000" not in running.output()


def test_style_sheets_come_from_the_site_itself(running: Site) -> None:
    for path in ("/static/admin/css/base.css", "/static/ninja/swagger-ui.css"):
        assert httpx.get(running.url + path).status_code == 200
