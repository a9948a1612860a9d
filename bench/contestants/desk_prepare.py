"""Make a site ready to be measured: `desk_prepare CITY_FOLDER`; prints a key of its API.

The site is the one that the environment names; it is made where it is missing.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from jiesu.project import serving

serving.SETTINGS = "bench.bare.settings"


def main(city: Path) -> None:
    """Load the city, make an operator and a key."""
    serving.open_site(lambda line: None)
    from jiesu.cases.actions.accounts import make_api_key
    from jiesu.cases.actor import Actor
    from jiesu.cases.loading import load_city
    from jiesu.cases.models import Role, User

    now = datetime.now(UTC)
    load_city(city, as_of=now)
    User.objects.create_user("bench", role=Role.OPERATOR)
    _, text = make_api_key(
        username="bench", name="bench", scopes=["intake", "read"], by=Actor.system("bench"),
        as_of=now,
    )  # fmt: skip
    print(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
