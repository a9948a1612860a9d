"""The tests of this folder need Django, the small city of `tests.cases.cast`, and callers."""

from typing import TYPE_CHECKING

import pytest

from tests.cases.conftest import city, fresh_process
from tests.databases import start_django

start_django()

if TYPE_CHECKING:
    from tests.api.callers import Callers
    from tests.cases.cast import City

__all__ = ["callers", "city", "fresh_process"]


@pytest.fixture(autouse=True)
def fresh_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API's clock stands at `NOW`; nobody has asked anything yet."""
    from jiesu.api import access, rates
    from jiesu.cases import api_keys
    from tests.cases.cast import NOW

    monkeypatch.setattr(access, "clock", lambda: NOW)
    rates.forget_rates()
    api_keys.forget_api_keys()


@pytest.fixture
def callers(city: "City") -> "Callers":
    """Everybody of the city, with a key and signed in."""
    from tests.api.callers import Callers

    return Callers(city)
