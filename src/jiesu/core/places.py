"""Places: districts, streets and communities, apart from the units that answer for them.

A place lies in one place above it; a unit answers for it. Holds no file reading (see `jiesu.city`)
and no borders on a map.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jiesu.core.units import Units

DISTRICT, STREET, COMMUNITY = "district", "street", "community"

PLACE_KINDS = (DISTRICT, STREET, COMMUNITY)
"""From the largest to the smallest: a place lies only in one of a kind before its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place of one of `PLACE_KINDS`.

    `parent` is the code of the place in which it lies. `unit` is the code of the unit that answers
    for it; without one it is the unit with the place's own code, and for a community the unit of
    the place above.
    """

    code: str
    name: str
    kind: str
    parent: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Places:
    """All places of a city by code, each below a place of a larger kind: so they form a forest.

    `streets` has each street's district (an empty text where it lies in none), `answering` the unit
    of each place: what `core.directory` needs to find its way.
    """

    by_code: Mapping[str, Place]
    streets: Mapping[str, str] = field(init=False, repr=False, compare=False)
    answering: Mapping[str, str] = field(init=False, repr=False, compare=False)
    _children: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        children: dict[str, list[str]] = defaultdict(list)
        for place in self.by_code.values():
            self._check_parent(place)
            if place.parent is not None:
                children[place.parent].append(place.code)
        frozen = {code: tuple(codes) for code, codes in children.items()}
        streets = {
            place.code: self.district_of(place.code) or ""
            for place in self.by_code.values()
            if place.kind == STREET
        }
        object.__setattr__(self, "_children", frozen)
        object.__setattr__(self, "streets", streets)
        answering = {code: self._unit_of(code) for code in self.by_code}
        object.__setattr__(self, "answering", answering)

    @classmethod
    def of(cls, places: Iterable[Place]) -> "Places":
        return cls({place.code: place for place in places})

    def __iter__(self) -> Iterator[Place]:
        return iter(self.by_code.values())

    def __len__(self) -> int:
        return len(self.by_code)

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def __getitem__(self, code: str) -> Place:
        return self.by_code[code]

    def children(self, code: str) -> tuple[str, ...]:
        """Codes of the places directly in a place."""
        return self._children.get(code, ())

    def upward(self, code: str) -> Iterator[Place]:
        """A place and those in which it lies, the smallest first."""
        at: str | None = code
        while at is not None:
            place = self.by_code[at]
            yield place
            at = place.parent

    def street_of(self, code: str) -> str | None:
        """The street that a place is or lies in; None for a district."""
        return self._above(code, STREET)

    def district_of(self, code: str) -> str | None:
        """The district that a place is or lies in, if it lies in one."""
        return self._above(code, DISTRICT)

    @property
    def districts(self) -> tuple[str, ...]:
        """Codes of the districts."""
        return tuple(place.code for place in self if place.kind == DISTRICT)

    def _above(self, code: str, kind: str) -> str | None:
        return next((place.code for place in self.upward(code) if place.kind == kind), None)

    def _unit_of(self, code: str) -> str:
        for place in self.upward(code):
            if place.unit is not None:
                return place.unit
            if place.kind != COMMUNITY:
                return place.code
        return code

    def _check_parent(self, place: Place) -> None:
        # A fault of ours: files are checked by their reader, with line and remedy.
        if place.kind not in PLACE_KINDS:
            raise ValueError(f"no kind of place: {place.kind!r}")
        if place.parent is not None:
            above = self.by_code[place.parent]
            if PLACE_KINDS.index(above.kind) >= PLACE_KINDS.index(place.kind):
                raise ValueError(f"{place.code} cannot lie in {above.code}")


def places_of_units(units: Units) -> Places:
    """The places of a city that keeps no list of them: its districts' and its streets' units."""
    found: dict[str, Place] = {}
    for unit in units:
        if unit.kind in (DISTRICT, STREET):
            above = units.by_code.get(unit.parent or "")
            lies_in = unit.kind == STREET and above is not None and above.kind == DISTRICT
            parent = unit.parent if lies_in else None
            found[unit.code] = Place(unit.code, unit.name, unit.kind, parent)
    return Places(found)
