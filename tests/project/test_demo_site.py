"""`jiesu demo`: a site in the background that is found again, stopped, and made anew."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from jiesu.city.synth.write import write_city
from jiesu.cli import demo_site
from jiesu.core.problems import InputError
from tests.live import wait_until

pytestmark = pytest.mark.only_on("sqlite", reason="the demo has a database of its own")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "city"
    write_city(folder, period="2022-02", months=1, cases=40, seed=1)
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "site"
    yield folder
    demo_site.stop_site(folder)


def demo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command without a terminal, and as a site of production would be set."""
    words = [sys.executable, "-m", "jiesu", "demo", *map(str, arguments)]
    return subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"JIESU_MODE": "production"},
    )


def sign_in(url: str, name: str, password: str) -> int:
    with httpx.Client(base_url=url, timeout=60) as browser:
        browser.get("/admin/login/")
        form = {
            "username": name,
            "password": password,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        browser.post("/admin/login/", data=form)
        return browser.get("/api/v1/cases").status_code


def test_it_starts_beside_a_taken_port_is_used_and_stopped_and_made_anew(
    city: Path, site: Path
) -> None:
    with socket.socket() as other:
        with suppress(OSError):
            # Where it is taken already it is taken.
            other.bind((demo_site.HOST, demo_site.FIRST_PORT))
            other.listen()
        first = demo("--city", city, "--site", site, "--cases", "20")
        assert (first.returncode, first.stderr) == (0, "")
        assert "Port 8000 is taken by another program" in first.stdout
    url = _found(r"The working desk is at (\S+)", first.stdout)
    password = _found(r"Everybody's password is (\S+)", first.stdout)
    assert httpx.get(f"{url}/readyz", timeout=60).status_code == 200
    assert sign_in(url, "demo-clerk", password) == 200
    assert sign_in(url, "demo-clerk", "another") == 401
    pids = [(site / f"{name}.pid").read_text() for name in demo_site.COMMANDS]

    # Also for those who run it again without stopping.
    second = demo("--city", city, "--site", site, "--cases", "20")
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.startswith("The demo is stopped")
    assert pids != [(site / f"{name}.pid").read_text() for name in demo_site.COMMANDS]

    url = _found(r"The working desk is at (\S+)", second.stdout)
    stopped = demo("--city", city, "--site", site, "--stop")
    assert (stopped.returncode, stopped.stdout) == (0, "The demo is stopped\n")
    wait_until(lambda: not _answers(url), "the site goes on")
    again = demo("--city", city, "--site", site, "--stop")
    assert (again.returncode, again.stdout) == (0, "No demo was running\n")


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None
    return match[1]


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_folder_that_no_demo_made_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").touch()
    with pytest.raises(InputError, match="no demo made it"):
        demo_site.remove_site(tmp_path)
    assert (tmp_path / "thesis.odt").exists()


def test_a_number_that_another_process_has_got_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "serve.pid").write_text(f"{os.getpid()}\n")
    (tmp_path / "worker.pid").write_text("nonsense")
    assert demo_site.stop_site(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
