"""The tests of this folder need Django, and each a key ring and rules read anew."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django.fixtures import Settings

from tests.databases import start_django

start_django()

if TYPE_CHECKING:
    from tests.cases.cast import City


@pytest.fixture(autouse=True)
def fresh_process() -> None:
    """Nothing that a process keeps of one test's database is there in the next."""
    from jiesu.cases import numbering, rulebook
    from jiesu.cases.privacy import vault
    from jiesu.cases.privacy.keys import new_ring, ring_text
    from tests.cases.cast import NOW

    os.environ.setdefault("JIESU_KEYS", ring_text(new_ring(NOW)))
    rulebook.forget_rules()
    numbering.forget_numbers()
    vault.forget_keys()


@pytest.fixture
def city(db: None) -> "City":
    """The small city of `cast`."""
    from tests.cases.cast import made_city

    return made_city()


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """The folder of attachments, of this test alone."""
    settings.JIESU = replace(settings.JIESU, data=tmp_path)
    return tmp_path / "attachments"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the seals are written, in a folder that is not there yet."""
    return tmp_path / "seals" / "seals.jsonl"
