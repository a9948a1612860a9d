"""What the counting programs agree on: the months of Beijing's year 2021, and a digest.

Standard library only, so that it costs the program that uses it nothing.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

# An assessment month begins on the 19th, 00:00 in Beijing, which is 16:00 UTC the day before.
EDGES = (
    datetime(2020, 12, 18, 16, tzinfo=UTC),
    *(datetime(2021, month, 18, 16, tzinfo=UTC) for month in range(1, 13)),
)
"""Begin of each of the twelve months, and the end of the last."""

AS_OF = EDGES[-1]

FACTS = (
    "created",
    "excluded",
    "called_back",
    "contacted",
    "resolved",
    "partly_resolved",
    "satisfied",
    "fairly_satisfied",
    "dissatisfied",
)

Joint = tuple[str | None, int, int, int]
"""Unit, month (from 0), mask of facts, cases; bit i of the mask is `FACTS[i]`."""

Place = tuple[str | None, int, int]
"""Place, month (from 0), cases."""


def summary(joints: Iterable[Joint], places: Iterable[Place]) -> dict[str, object]:
    """The rows of both tables, the cases by fact, and one digest of every integer in them."""
    cells = list(joints)
    joint_lines = sorted(f"{unit}\t{month}\t{mask}\t{n}" for unit, month, mask, n in cells)
    place_lines = sorted(f"{place}\t{month}\t{n}" for place, month, n in places)
    text = "\n".join([*joint_lines, "", *place_lines])
    return {
        "joint_rows": len(joint_lines),
        "place_rows": len(place_lines),
        "facts": {
            fact: sum(n for _, _, mask, n in cells if mask >> bit & 1)
            for bit, fact in enumerate(FACTS)
        },
        "digest": sha256(text.encode()).hexdigest(),
    }
