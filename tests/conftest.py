"""Fixtures that more than one package's tests use."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests import databases

# Machines are shared: a slow moment is not a failure.
settings.register_profile("jiesu", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("jiesu")

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure(config: pytest.Config) -> None:
    databases.open_databases(config)


def pytest_unconfigure() -> None:
    databases.close_databases()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let no test reach a database unasked: pytest-django does so only where Django came early."""
    from pytest_django.plugin import blocking_manager_key

    manager = session.config.stash[blocking_manager_key]
    if "django.apps" in sys.modules and not manager.is_active:
        manager.block()


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder with the open data sets; a missing one fails in CI and skips elsewhere."""
    folder = Path(os.environ.get("JIESU_REALDATA", ROOT.parent / "shared" / "data"))
    if folder.is_dir():
        return folder
    message = f"the open data sets are not at {folder}; JIESU_REALDATA names their folder"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
