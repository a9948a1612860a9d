"""The dispatch directory of a city folder with all that it speaks of: places, categories, units.

For `jiesu directory check`, `jiesu check` and loading. Which time limits and kinds there are is
told by the desk's rules.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jiesu.city.categories_file import checked_categories
from jiesu.city.directory_file import checked_directories
from jiesu.city.folder import City
from jiesu.city.places_file import checked_places
from jiesu.core.category_tree import CategoryTree
from jiesu.core.directory import Directory
from jiesu.core.directory_check import Finding, HolePair, check_directory, hole_pairs
from jiesu.core.places import Places, places_of_units
from jiesu.core.problems import InputError, Problem
from jiesu.core.units import Units


@dataclass(frozen=True, slots=True)
class DispatchFiles:
    """What a folder says of dispatching; `categories` is empty where it has no tree."""

    places: Places
    categories: CategoryTree
    directories: tuple[Directory, ...]

    def findings(
        self,
        directory: Directory,
        units: Units,
        on: date,
        *,
        limits: Collection[str] | None = None,
        kinds: Sequence[str] = (),
    ) -> list[Finding]:
        """Everything wrong with one of the versions; see `core.directory_check`."""
        return check_directory(
            directory,
            self.categories,
            self.places.streets,
            units,
            on,
            limits=limits,
            kinds=kinds,
            districts=self.places.districts,
            answering=self.places.answering,
        )

    def holes(
        self, directory: Directory, units: Units, on: date, *, kinds: Sequence[str] = ()
    ) -> Iterator[HolePair]:
        """Each category and place that find no unit on a day by one of the versions."""
        return hole_pairs(
            directory,
            self.categories,
            self.places.streets,
            units,
            on,
            kinds=kinds,
            districts=self.places.districts,
            answering=self.places.answering,
        )


def read_dispatch(
    city: City, units: Units | None, *, kinds: Mapping[str, str] | None = None
) -> DispatchFiles:
    """What a folder says of dispatching. Raises InputError with every mistake in its files.

    `kinds` gives words that may stand for the keys of kinds of demand in a directory.
    """
    files, problems = checked_dispatch(city, units, kinds=kinds)
    if problems:
        raise InputError(problems)
    return files


def checked_dispatch(
    city: City, units: Units | None, *, kinds: Mapping[str, str] | None = None
) -> tuple[DispatchFiles, list[Problem]]:
    """The files as far as they could be read, and every mistake; for a check that must go on."""
    problems: list[Problem] = []
    places = places_of_units(units or Units({}))
    if path := city.outside.get("places"):
        places, wrong = checked_places(path, units)
        problems += wrong
    categories = CategoryTree(())
    if path := city.outside.get("categories"):
        categories, wrong = checked_categories(path)
        problems += wrong
    directories: tuple[Directory, ...] = ()
    if path := city.outside.get("directory"):
        directories, wrong = checked_directories(path, kinds=kinds)
        problems += wrong
    return DispatchFiles(places, categories, directories), problems
