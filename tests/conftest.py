"""Fixtures that more than one package's tests use."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import databases

if TYPE_CHECKING:
    from tests.live import Site

# Machines are shared: a slow moment is not a failure.
settings.register_profile("jiesu", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("jiesu")

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    databases.open_databases()


def pytest_unconfigure() -> None:
    databases.close_databases()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    databases.skip_on_the_other(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let no test reach a database unasked: pytest-django does so only where Django came early."""
    from pytest_django.plugin import blocking_manager_key

    manager = session.config.stash[blocking_manager_key]
    if "django.apps" in sys.modules and not manager.is_active:
        manager.block()


@pytest.fixture
def site(tmp_path: Path) -> Iterator["Site"]:
    """A site of its own on this run's database, not started; killed at the end."""
    from tests.live import new_site

    made = new_site(tmp_path)
    yield made
    made.kill()


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
