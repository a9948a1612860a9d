"""Fixtures that more than one package's tests use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Machines are shared: a slow moment is not a failure.
settings.register_profile("jiesu", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("jiesu")

ROOT = Path(__file__).resolve().parent.parent


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
