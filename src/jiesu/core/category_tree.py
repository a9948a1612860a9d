"""The category tree of a city: what demands are about, in up to three levels.

The categories of cases that were loaded are counted in `jiesu.evaluation`; here is what the desk
offers and what the dispatch directory must cover.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Levels = tuple[str, str, str]
"""The names of the three levels, the rest empty where there are fewer."""


def levels_of(*names: str) -> Levels:
    """Up to three names as levels: `levels_of("住房")` is `("住房", "", "")`."""
    first, second, third = (*names, "", "", "")[:3]
    return first, second, third


def depth_of(levels: Levels) -> int:
    """How many levels are named, 0 to 3; the first that is empty ends them."""
    return next((depth for depth, name in enumerate(levels) if not name), 3)


def prefix_of(levels: Levels, depth: int) -> Levels:
    """The category above, of so many levels."""
    return levels_of(*levels[:depth])


def shown_levels(levels: Levels) -> str:
    """`住房/物业管理/*`; `*` for any category."""
    return "/".join(name or "*" for name in levels) if levels[0] else "*"


@dataclass(frozen=True, slots=True)
class Category:
    """A category that a case may have, with the labels that its cases get (七有五性, 每月一题)."""

    levels: Levels
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class CategoryTree:
    """The categories that a case may have, in the city's order; each once."""

    categories: tuple[Category, ...]
    _labels: Mapping[Levels, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _below: Mapping[Levels, tuple[Levels, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        labels = {category.levels: category.labels for category in self.categories}
        if len(labels) != len(self.categories):
            raise ValueError("a category stands twice")
        below: dict[Levels, dict[Levels, None]] = {levels_of(): {}}
        for levels in labels:
            for depth in range(depth_of(levels)):
                under = prefix_of(levels, depth + 1)
                below.setdefault(prefix_of(levels, depth), {})[under] = None
                below.setdefault(under, {})
        frozen = {prefix: tuple(under) for prefix, under in below.items()}
        object.__setattr__(self, "_labels", labels)
        object.__setattr__(self, "_below", frozen)

    @classmethod
    def of(cls, categories: Iterable[Category]) -> "CategoryTree":
        return cls(tuple(categories))

    def __iter__(self) -> Iterator[Category]:
        return iter(self.categories)

    def __len__(self) -> int:
        return len(self.categories)

    def __contains__(self, levels: object) -> bool:
        """Whether a case may have exactly this category."""
        return levels in self._labels

    def knows(self, levels: Levels) -> bool:
        """Whether this is a category or one above a category."""
        return levels in self._below

    def children(self, levels: Levels = ("", "", "")) -> tuple[Levels, ...]:
        """The categories directly below one, in the city's order; of none: the first level."""
        return self._below.get(levels, ())

    def labels(self, levels: Levels) -> tuple[str, ...]:
        """The labels of a category; empty for one that is not known."""
        return self._labels.get(levels, ())
