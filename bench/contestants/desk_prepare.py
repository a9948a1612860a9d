"""Make a site ready to be measured: `desk_prepare CITY_FOLDER`; prints a key of its API.

The site is the one that the environment names; it is made where it is missing.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from jiesu.project import serving

serving.SETTINGS = "bench.bare.settings"


def open_city(city: Path) -> None:
    """Open the site and load the city. Nothing of Django may be imported before."""
    serving.open_site(lambda line: None)
    from jiesu.cases.folder.loading import load_city

    load_city(city, as_of=datetime.now(UTC))


def new_key(username: str, role: str, scopes: Iterable[str], unit: str = "") -> str:
    """Make an account with a role, perhaps of a unit; gives a key that acts as it."""
    from jiesu.cases.actions.accounts import make_api_key
    from jiesu.cases.actor import Actor
    from jiesu.cases.models import Unit, User

    of = Unit.objects.get(code=unit) if unit else None
    User.objects.create_user(username, role=role, unit=of)
    _, text = make_api_key(
        username=username, name="bench", scopes=scopes, by=Actor.system("bench"),
        as_of=datetime.now(UTC),
    )  # fmt: skip
    return text


if __name__ == "__main__":
    open_city(Path(sys.argv[1]))
    print(new_key("bench", "operator", ["intake", "read"]))
