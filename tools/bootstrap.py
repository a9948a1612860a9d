"""Make `.venv` ready: a virtual environment, uv in it, the lock synced, jiesu installed.

`bootstrap.py lock` compiles both lock files anew instead. Run by the Makefile with any Python
of 3.11 or newer; uses the standard library only. pip's settings for indexes, certificates,
proxies and timeouts are handed on to uv, which does not read pip's configuration itself.
"""

import ast
import importlib.util
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.lock": (),
    "requirements-dev.lock": ("--group", "dev", "-c", "requirements.lock"),
}
UV = "uv>=0.9,<1"


def fail(message: str) -> NoReturn:
    sys.exit(f"bootstrap: {message}")


def make_venv(folder: Path) -> Path:
    """The Python of a virtual environment of this Python, with uv in it.

    Where that can't be, one line says what to install first.
    """
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if importlib.util.find_spec("ensurepip") is None:
        fail(
            f"{sys.executable} has no ensurepip, so it cannot make a virtual environment: "
            f"install it first (Debian, Ubuntu: apt-get install python{version}-venv)"
        )
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([str(python), "-m", "pip", "install", *quiet, UV], check=True)
    return python


def pip_settings(python: Path) -> dict[str, str]:
    """pip's settings by bare name (`index-url`): the environment's over the files' for `install`
    over those for all commands."""
    lines = subprocess.run(
        [str(python), "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in lines:
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in found:
            found[section][name] = str(ast.literal_eval(value))
    return {**found["global"], **found["install"], **found[":env:"]}


def uv_environment(settings: dict[str, str]) -> dict[str, str]:
    """What tells uv to look in pip's own places, all of them, the best version winning.

    In the environment and not in options, for an index's address may hold a password, and
    options are shown where a step fails and at the head of a lock file.
    """
    chosen = {
        "UV_DEFAULT_INDEX": settings.get("index-url", ""),
        "UV_INDEX": " ".join(settings.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(settings.get("find-links", "").split()),
        "UV_INSECURE_HOST": " ".join(settings.get("trusted-host", "").split()),
        "SSL_CERT_FILE": settings.get("cert", ""),
        "HTTPS_PROXY": settings.get("proxy", ""),
        "HTTP_PROXY": settings.get("proxy", ""),
    }
    if seconds := settings.get("timeout") or settings.get("default-timeout"):
        # pip takes parts of a second.
        chosen["UV_HTTP_TIMEOUT"] = str(math.ceil(float(seconds)))
    # uv stops at the first index that has a package; pip looks at all of them.
    chosen["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {key: value for key, value in chosen.items() if value}


def uv_options(settings: dict[str, str]) -> list[str]:
    """The one setting that uv takes as an option alone; words for true as pip reads them."""
    truths = ("y", "yes", "t", "true", "on", "1")
    return ["--no-index"] if settings.get("no-index", "").lower() in truths else []


def lock_settings(settings: dict[str, str]) -> dict[str, str]:
    """Without the places beside the main index: they may hold a package for one machine only,
    uv would look no further, and the lock needs the hashes of the files for all machines."""
    if uv_options(settings):
        return settings
    beside = ("extra-index-url", "find-links")
    return {key: value for key, value in settings.items() if key not in beside}


def uv_pip(python: Path, settings: dict[str, str], command: str, *arguments: str) -> None:
    # What somebody has set for uv itself holds.
    environment = {**uv_environment(settings), **os.environ}
    words = [str(python), "-m", "uv", "pip", command, "--quiet", *uv_options(settings), *arguments]
    subprocess.run(words, check=True, env=environment, cwd=ROOT)


def set_up() -> None:
    python = make_venv(ROOT / ".venv")
    target = ("--python", str(python))
    settings = pip_settings(python)
    uv_pip(python, settings, "sync", *target, "--require-hashes", "requirements-dev.lock")
    editable = ("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    uv_pip(python, settings, "install", *target, *editable)


def lock() -> None:
    python = make_venv(ROOT / "build" / "lock")
    how = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url")
    settings = lock_settings(pip_settings(python))
    for name, more in LOCKS.items():
        uv_pip(python, settings, "compile", "--upgrade", *how, "pyproject.toml", "-o", name, *more)


if __name__ == "__main__":
    try:
        lock() if sys.argv[1:] == ["lock"] else set_up()
    except subprocess.CalledProcessError as error:
        fail(f"this step failed with exit code {error.returncode}: {' '.join(error.cmd)}")
