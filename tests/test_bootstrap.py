"""What pip is told about indexes and the network reaches uv, which does not read it itself."""

import os
import runpy
import sys
from pathlib import Path

import pytest

TOOL = runpy.run_path(str(Path(__file__).resolve().parents[1] / "tools" / "bootstrap.py"))
pip_settings, lock_settings = TOOL["pip_settings"], TOOL["lock_settings"]
uv_environment, uv_options = TOOL["uv_environment"], TOOL["uv_options"]

PLAIN = {"UV_INDEX_STRATEGY": "unsafe-best-match"}


@pytest.fixture
def settings_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that pip reads its settings from, and nothing else in its environment."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"):
        monkeypatch.setenv(name, str(tmp_path))
    file = tmp_path / "pip.conf"
    file.write_text("", "utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    return file


def test_settings_in_the_environment_alone_are_handed_on(
    settings_of: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PIP_INDEX_URL": "https://name:word@index.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://a.example/simple https://b.example/simple",
        "PIP_TRUSTED_HOST": "index.example a.example:8443",
        "PIP_PROXY": "http://proxy.example:3128",
        "PIP_TIMEOUT": "7.5",
        "PIP_CERT": "/certs/all.pem",
        "PIP_NO_INDEX": "false",
    }.items():
        monkeypatch.setenv(name, value)
    settings = pip_settings(Path(sys.executable))
    assert uv_options(settings) == []
    assert uv_environment(settings) == {
        **PLAIN,
        "UV_DEFAULT_INDEX": "https://name:word@index.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_INSECURE_HOST": "index.example a.example:8443",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "HTTP_PROXY": "http://proxy.example:3128",
        "UV_HTTP_TIMEOUT": "8",
        "SSL_CERT_FILE": "/certs/all.pem",
    }


def test_the_environment_goes_over_install_and_install_over_all_commands(
    settings_of: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_of.write_text(
        "[global]\nindex-url=https://one.example\ndefault-timeout = 20\n"
        "find-links =\n    /a\n    /b\n"
        "[install]\nindex-url=https://two.example\ncert = /file.pem\n"
        "[search]\nindex = https://three.example\ntimeout = 1\n",
        "utf-8",
    )
    monkeypatch.setenv("PIP_CERT", "/environment.pem")
    assert uv_environment(pip_settings(Path(sys.executable))) == {
        **PLAIN,
        "UV_DEFAULT_INDEX": "https://two.example",
        "UV_FIND_LINKS": "/a,/b",
        "UV_HTTP_TIMEOUT": "20",
        "SSL_CERT_FILE": "/environment.pem",
    }


@pytest.mark.parametrize("word", ["true", "1", "yes", "On"])
def test_no_index_is_true_only_for_words_that_say_so(word: str) -> None:
    assert uv_options({"no-index": word}) == ["--no-index"]
    assert uv_options({"no-index": "0"}) == uv_options({"no-index": "no"}) == uv_options({}) == []


def test_the_lock_looks_in_the_main_index_alone_unless_there_is_none() -> None:
    beside = {"extra-index-url": "https://a.example", "find-links": "/a"}
    settings = {"index-url": "https://index.example", "trusted-host": "index.example", **beside}
    assert lock_settings(settings) == {
        "index-url": "https://index.example",
        "trusted-host": "index.example",
    }
    alone = {**beside, "no-index": "1"}
    assert lock_settings(alone) == alone
