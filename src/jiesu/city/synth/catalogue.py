"""What the made-up demands are about: the category tree, who answers, in what time, and words.

Read from `shipped/synth/categories.csv`, one line for each third-level category.
"""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

LIMIT_SECONDS = {"2h": 7_200, "24h": 86_400, "7d": 604_800, "15d": 1_296_000}
"""The classes of time limits, from dispatch, in natural time (domain.md §3.1)."""

HARDNESS = {"2h": 0.7, "24h": 0.85, "7d": 1.0, "15d": 1.35}
"""How much likelier than the average a demand of the class is to disappoint."""

# Weight of each kind of season from January to December.
_SEASONS = {
    "flat": (1.0,) * 12,
    "heating": (2.2, 1.7, 0.9, 0.1, 0.02, 0.02, 0.02, 0.02, 0.06, 0.4, 2.0, 2.3),
    "winter": (1.4, 1.3, 1.1, 0.9, 0.8, 0.7, 0.7, 0.7, 0.8, 1.0, 1.2, 1.4),
    "summer": (0.6, 0.6, 0.8, 1.0, 1.2, 1.4, 1.5, 1.4, 1.2, 0.9, 0.7, 0.6),
    "rain": (0.3, 0.3, 0.4, 0.6, 0.9, 1.8, 3.0, 2.6, 1.1, 0.5, 0.4, 0.3),
    "school": (0.7, 0.8, 1.0, 1.0, 1.1, 1.4, 1.5, 1.8, 1.5, 0.8, 0.7, 0.7),
    "wage": (2.2, 1.4, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.9, 1.0, 1.2, 1.7),
    "holiday": (0.7, 1.2, 0.8, 1.3, 1.5, 1.0, 1.2, 1.2, 1.0, 2.0, 0.7, 0.6),
}


@dataclass(frozen=True, slots=True)
class Category:
    """A third-level category.

    `weight` is its volume in a flat month, `town` the factor for towns and townships,
    `street_share` the share that the street answers itself; of the rest `targets` gives the
    departments and enterprises with their weights (`*`: any department). `label` holds the
    labels of the demand, `bodies` two texts that may stand in a case.
    """

    levels: tuple[str, str, str]
    weight: float
    town: float
    season: str
    limit: str
    street_share: float
    targets: tuple[tuple[str, float], ...]
    label: str
    bodies: tuple[str, str]

    def weight_on(self, day: date, *, town: bool) -> float:
        seasonal = self.weight * _SEASONS[self.season][day.month - 1]
        return seasonal * self.town if town else seasonal


@cache
def categories() -> tuple[Category, ...]:
    """All third-level categories, in the file's order."""
    source = files("jiesu.city").joinpath("shipped/synth/categories.csv")
    lines = source.read_text(encoding="utf-8").splitlines()
    return tuple(_category(row) for row in csv.DictReader(lines))


def _category(row: dict[str, str]) -> Category:
    pairs = (target.split(":") for target in row["targets"].split(";"))
    return Category(
        levels=(row["category_1"], row["category_2"], row["category_3"]),
        weight=float(row["weight"]),
        town=float(row["town"]),
        season=row["season"],
        limit=row["limit"],
        street_share=float(row["street_share"]),
        targets=tuple((code, float(weight)) for code, weight in pairs),
        label=row["label"],
        bodies=(row["text_1"], row["text_2"]),
    )
