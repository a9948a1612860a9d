"""Fill a new site with cases: `desk_fill CITY WHAT N`; prints a street and keys of its API as JSON.

WHAT is `reads` (a year of cases, one in twenty open, with texts, callers and search terms),
`sweep` (open cases alone) or `ranking` (the running month, called back).
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.contestants.desk_prepare import new_key, open_city


def main(city: Path, what: str, size: int) -> None:
    """Make the site, its accounts and its cases."""
    open_city(city)
    from bench.contestants.desk_fills import FILLS, units_of_the_district
    from bench.contestants.desk_town import DISTRICT

    FILLS[what](size, datetime.now(UTC).replace(microsecond=0))
    street = next(iter(units_of_the_district()))
    made = {
        "street": street,
        "operator": new_key("operator", "operator", ["read"]),
        "caller": new_key("caller", "caller", ["read", "callbacks"]),
        "clerk": new_key("clerk", "clerk", ["read"], unit=street),
        "coordinator": new_key("coordinator", "coordinator", ["read"], unit=DISTRICT),
    }
    print(json.dumps(made))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
