"""Make `.venv` ready: a virtual environment, uv in it, the lock synced, jiesu installed.

Run by the Makefile with any Python of 3.11 or newer; uses the standard library only.
pip's configured index, extra indexes, link folders and certificate are handed on to uv,
which does not read pip's configuration itself.
"""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements-dev.lock"
UV = "uv>=0.9,<1"


def fail(message: str) -> NoReturn:
    sys.exit(f"bootstrap: {message}")


def make_venv() -> None:
    """A virtual environment of this Python, or one line that says what to install first."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if importlib.util.find_spec("ensurepip") is None:
        fail(
            f"{sys.executable} has no ensurepip, so it cannot make a virtual environment: "
            f"install it first (Debian, Ubuntu: apt-get install python{version}-venv)"
        )
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)


def pip_settings() -> dict[str, str]:
    """pip's settings by bare name (`index-url`), the environment's over the files'."""
    lines = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    settings: dict[str, str] = {}
    for line in sorted(lines, key=lambda text: text.startswith(":env:")):
        key, _, value = line.partition("=")
        settings[key.rpartition(".")[2]] = str(ast.literal_eval(value))
    return settings


def uv_environment(settings: dict[str, str]) -> dict[str, str]:
    names = {"cert": "SSL_CERT_FILE", "default-timeout": "UV_HTTP_TIMEOUT"}
    chosen = {names[key]: settings[key] for key in names if key in settings}
    return {**chosen, **os.environ}


def uv_index_options(settings: dict[str, str]) -> list[str]:
    """Where uv is to look: pip's own places, all of them, the best version winning."""
    options: list[str] = []
    if "index-url" in settings:
        options += ["--default-index", settings["index-url"]]
    for url in settings.get("extra-index-url", "").split():
        options += ["--index", url]
    for place in settings.get("find-links", "").split():
        options += ["--find-links", place]
    if options:
        # uv stops at the first index that has a package; pip looks at all of them.
        options += ["--index-strategy", "unsafe-best-match"]
    if "no-index" in settings:
        options.append("--no-index")
    return options


def main() -> None:
    make_venv()
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([str(PYTHON), "-m", "pip", "install", *quiet, UV], check=True)
    settings = pip_settings()
    environment = uv_environment(settings)
    uv = [str(PYTHON), "-m", "uv", "pip"]
    target = ["--python", str(PYTHON), "--quiet", *uv_index_options(settings)]
    sync = [*uv, "sync", *target, "--require-hashes", str(LOCK)]
    subprocess.run(sync, check=True, env=environment)
    editable = ["install", *target, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    subprocess.run([*uv, *editable], check=True, env=environment)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        fail(f"this step failed with exit code {error.returncode}: {' '.join(error.cmd)}")
