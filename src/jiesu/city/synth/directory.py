"""The synthetic city's dispatch directory, places and category tree.

All follow from the catalogue of demands and from the units: most demands go to the street where
the matter is, some to a department or an enterprise, a few through the district.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from jiesu.city.categories_file import FILE as CATEGORIES
from jiesu.city.categories_file import categories_bytes
from jiesu.city.directory_file import FOLDER, write_directories
from jiesu.city.places_file import FILE as PLACES
from jiesu.city.places_file import places_bytes
from jiesu.city.spreadsheet import write_bytes
from jiesu.city.synth.catalogue import Category, categories
from jiesu.city.synth.table import Wording
from jiesu.city.synth.world import World
from jiesu.core import category_tree
from jiesu.core.directory import DISTRICT, STREET, Directory, Entry
from jiesu.core.places import Place

FIRST_DAY = date(2018, 12, 19)
"""The first day of the first assessment month that can be written."""

MOSTLY_STREET = 0.5
"""From this share on that streets answer themselves, demands of a category go to the street."""

THROUGH_DISTRICT = 0.35
"""From this share on up to `MOSTLY_STREET` the duty is unclear: the district coordinates."""

_HEATING = ("供暖", "居民供暖", "暖气漏水")
_HEATING_BY_DISTRICT = {"110101": "E03", "110102": "E03", "110105": "E04", "110108": "E05"}
"""Pipes that burst go to the heating enterprise where one serves the whole district."""

_ASKED = ("市场管理", "单用途预付卡", "健身卡")
"""Where somebody only asks, the department answers; the kind is a key of the shipped rules."""


def write_directory(folder: Path, world: World, months: Sequence[str]) -> None:
    """Write `directory/`, `places.csv` and `categories.csv`; `months` change nothing in them."""
    del months
    tree = (
        category_tree.Category(item.levels, tuple(filter(None, item.label.split(";"))))
        for item in categories()
    )
    write_bytes(folder / CATEGORIES, categories_bytes(tree))
    write_bytes(folder / PLACES, places_bytes(_places(world)))
    version = Directory(FIRST_DAY.isoformat(), FIRST_DAY, None, tuple(_entries()))
    write_directories(folder / FOLDER, (version,))


def _places(world: World) -> Iterator[Place]:
    """The districts, then the streets, then their communities, numbered within each street."""
    for unit in world.units:
        if unit.kind == "district":
            yield Place(unit.code, unit.name, "district", unit=unit.code)
    streets = [world.units[at] for at in world.streets]
    for unit in streets:
        yield Place(unit.code, unit.name, "street", unit.parent, unit.code)
    wording = Wording(world)
    names: list[str] = wording.communities.to_pylist()
    starts = wording.community_starts
    for unit, start, count in zip(streets, starts, world.n_communities, strict=True):
        for n in range(count):
            yield Place(f"{unit.code}{n + 1:03}", names[start + n], "community", unit.code)


def _entries() -> Iterator[Entry]:
    for item in categories():
        yield _entry(item)
        if item.levels == _HEATING:
            for district, enterprise in _HEATING_BY_DISTRICT.items():
                yield Entry(*_HEATING, district, "", enterprise, (STREET,), limit=item.limit)
        if item.levels == _ASKED:
            yield Entry(*item.levels, "", "consultation", "D04", limit="7d")


def _entry(item: Category) -> Entry:
    """Who answers: the street, the district that coordinates, or whom most demands reach."""
    target = max(item.targets, key=lambda pair: pair[1])[0]
    if item.street_share >= MOSTLY_STREET:
        return Entry(*item.levels, "", "", STREET, limit=item.limit)
    if target == "*":
        return Entry(*item.levels, "", "", DISTRICT, via="district", limit=item.limit)
    if item.street_share >= THROUGH_DISTRICT and item.limit in ("7d", "15d"):
        return Entry(*item.levels, "", "", DISTRICT, (target,), "district", item.limit)
    return Entry(*item.levels, "", "", target, limit=item.limit)
