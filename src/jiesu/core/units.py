"""Units: who answers for cases, what kind each is, and to whom it belongs.

Holds no file reading (see `jiesu.city`) and no figures.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that answers for cases.

    `kind` is `district`, `street`, `department`, `enterprise` or a city's own word.
    `parent` is the code of the unit above it. The unit exists from `valid_from` on and
    until the day before `valid_to`; `None` means without end on that side. `successor` is the code
    of the unit into which it was merged.
    """

    code: str
    name: str
    kind: str
    parent: str | None = None
    population: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = None

    def exists_between(self, first: date, last: date) -> bool:
        """Whether the unit exists on any day from `first` to `last`, both included."""
        begun = self.valid_from is None or self.valid_from <= last
        return begun and (self.valid_to is None or first < self.valid_to)


@dataclass(frozen=True)
class Units:
    """All units of a city by code. The parents form a forest: `check` in `city` sees to it."""

    by_code: Mapping[str, Unit]
    _children: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        children: dict[str, list[str]] = defaultdict(list)
        for unit in self.by_code.values():
            if unit.parent is not None:
                children[unit.parent].append(unit.code)
        frozen = {code: tuple(codes) for code, codes in children.items()}
        object.__setattr__(self, "_children", frozen)

    @classmethod
    def of(cls, units: Iterable[Unit]) -> "Units":
        return cls({unit.code: unit for unit in units})

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.by_code.values())

    def __len__(self) -> int:
        return len(self.by_code)

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def __getitem__(self, code: str) -> Unit:
        return self.by_code[code]

    def children(self, code: str) -> tuple[str, ...]:
        """Codes of the units directly below a unit."""
        return self._children.get(code, ())

    def standing(self, code: str, on: date) -> Unit | None:
        """The unit that is there for one on a day: itself, or what it was merged into."""
        seen: set[str] = set()
        while code in self.by_code and code not in seen:
            unit = self.by_code[code]
            if unit.exists_between(on, on):
                return unit
            seen.add(code)
            code = unit.successor or ""
        return None

    def with_all_below(self, code: str) -> tuple[str, ...]:
        """The unit's own code and those of all units below it, in depth."""
        found, waiting = [], [code]
        while waiting:
            current = waiting.pop()
            found.append(current)
            waiting.extend(self.children(current))
        return tuple(found)
