"""What is wrong with a dispatch directory as a whole: holes, contradictions, dead lines.

A hole is a category and a place for which no unit is found that may lead on the day. Findings are
grouped: a category without a unit anywhere is one finding; `hole_pairs` lists each pair. Rules:
docs/directory.md.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jiesu.core.category_tree import CategoryTree, Levels, depth_of, prefix_of, shown_levels
from jiesu.core.directory import (
    DISTRICT,
    STREET,
    WORDS,
    Directory,
    Entry,
    described,
    specificity,
)
from jiesu.core.directory_words import few, hole_words, listed_lines, said
from jiesu.core.places import COMMUNITY
from jiesu.core.problems import Problem
from jiesu.core.units import Units

ERRORS = ("contradiction", "unit_unknown", "category_unknown", "place_unknown", "kind_unknown",
          "limit_unknown")  # fmt: skip
WARNINGS = ("hole", "unit_not_valid", "said_twice", "never_reached")
SORTS = (*ERRORS, *WARNINGS)
"""What a finding can be; with an error the directory must not be taken into use."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a directory, as data and in words.

    `lines` are those of the directory, the first leading; none for a hole. For a hole: `category`
    is one of the tree or one above several, `places` are streets, and districts for all of their
    streets (empty: anywhere), `kinds` the kinds without a unit (empty: any), and `n_pairs` counts
    the pairs of category and place. `units` are the codes of units that are wrong.
    """

    sort: str
    what: Mapping[str, str]
    remedy: Mapping[str, str]
    lines: tuple[int, ...] = ()
    category: Levels = ("", "", "")
    places: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    n_pairs: int = 0
    units: tuple[str, ...] = ()

    @property
    def is_error(self) -> bool:
        return self.sort in ERRORS

    def problem(self, file: str) -> Problem:
        """The finding as a mistake in a file, for the command line."""
        where = f"line {self.lines[0]}" if self.lines else ""
        return Problem(file, where, self.what["en"], self.remedy["en"])


@dataclass(frozen=True, slots=True)
class HolePair:
    """A category and a place that find no unit; `kinds` those for which that is so, empty: any.

    `place` is empty in a city without places.
    """

    category: Levels
    place: str
    kinds: tuple[str, ...]


def check_directory(
    directory: Directory,
    categories: CategoryTree,
    streets: Mapping[str, str],
    units: Units,
    on: date,
    *,
    limits: Collection[str] | None = None,
    kinds: Sequence[str] = (),
    districts: Iterable[str] = (),
    answering: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Everything wrong with a directory, errors first; empty when it is complete and right.

    `streets` has each street's district, `answering` the unit of a place where that has another
    code, `districts` more districts than the streets lie in. `on` is the day on which the units
    must exist. `limits` are the keys that the desk knows; None: not compared. `kinds` are the
    city's kinds of demand; empty: those that the directory names, and one that it does not.
    """
    ground = _Ground(streets, districts)
    leading = _Leading(ground, units, on, answering or {})
    survey = _Survey(directory, categories, leading, kinds)
    found = [
        *_same_key(directory),
        *_unknown(directory, categories, ground, kinds, limits),
        *_units(directory, ground, units, on, answering or {}),
        *_holes(categories, ground, survey),
        *_never_reached(directory, categories, survey),
    ]
    return sorted(found, key=lambda finding: SORTS.index(finding.sort))


def hole_pairs(
    directory: Directory,
    categories: CategoryTree,
    streets: Mapping[str, str],
    units: Units,
    on: date,
    *,
    kinds: Sequence[str] = (),
    districts: Iterable[str] = (),
    answering: Mapping[str, str] | None = None,
) -> Iterator[HolePair]:
    """Each category and place that find no unit, in the order of both. Arguments as above."""
    ground = _Ground(streets, districts)
    leading = _Leading(ground, units, on, answering or {})
    survey = _Survey(directory, categories, leading, kinds)
    for category in categories:
        holes = survey.holes[category.levels]
        for place, bit in ground.asked.items():
            missing = [hole for hole in holes if hole.mask & bit]
            if missing:
                every = any(not hole.kinds for hole in missing)
                named = tuple(kind for hole in missing for kind in hole.kinds)
                yield HolePair(category.levels, place, () if every else named)


class _Ground:
    """The places of a city as bits of a number, so that sets of hundreds are compared at once.

    A bit for each street, each district of which no street is known, and nowhere.
    """

    def __init__(self, streets: Mapping[str, str], districts: Iterable[str]) -> None:
        self.streets = streets
        self.districts = sorted({*streets.values(), *districts} - {""})
        bits: dict[str, int] = {}
        for code in (*streets, *self.districts):
            bits.setdefault(code, 1 << len(bits))
        self.nowhere = 1 << len(bits)
        self.everywhere = (self.nowhere << 1) - 1
        self.within = {code: bits[code] for code in self.districts}
        for street, district in streets.items():
            if district:
                self.within[district] |= bits[street]
        with_streets = set(streets.values())
        asked = (*streets, *(code for code in self.districts if code not in with_streets))
        self.asked: dict[str, int] = {code: bits[code] for code in asked} or {"": self.nowhere}
        """The places that must find a unit."""
        self.all_asked = sum(self.asked.values())
        self.bits = bits
        self._without_district = sum(bits[code] for code, above in streets.items() if not above)

    def knows(self, place: str) -> bool:
        return place in self.bits

    def mask(self, entry: Entry) -> int:
        """Where an entry can be used."""
        if not entry.place:
            mask = self.everywhere
        elif entry.place in self.streets:
            mask = self.bits[entry.place]
        else:
            mask = self.within.get(entry.place, 0)
        if entry.via == "district" or entry.unit == DISTRICT:
            return mask & ~self.nowhere & ~self._without_district
        return mask & ~self.nowhere if entry.unit == STREET else mask

    def asked_in(self, mask: int) -> list[str]:
        return [code for code, bit in self.asked.items() if mask & bit]

    def compact(self, mask: int) -> tuple[str, ...]:
        """Districts for all of their streets, then streets; empty for all places."""
        if mask == self.all_asked:
            return ()
        whole = [
            code for code in self.districts
            if (area := self.within[code] & self.all_asked) and not area & ~mask
        ]  # fmt: skip
        for code in whole:
            mask &= ~self.within[code]
        return (*whole, *self.asked_in(mask))


class _Leading:
    """Where a line finds a unit that may lead on a day, or what that was merged into."""

    def __init__(
        self, ground: _Ground, units: Units, on: date, answering: Mapping[str, str]
    ) -> None:
        self.ground, self._units, self._on = ground, units, on
        self._no_unit = self._no_district = 0
        for place, bit in ground.bits.items():
            if not self._may_lead(answering.get(place, place)):
                self._no_unit |= bit
                self._no_district |= ground.within.get(place, 0)

    def mask(self, entry: Entry) -> int:
        mask = self.ground.mask(entry)
        if entry.via == "district" or entry.unit == DISTRICT:
            return mask & ~self._no_district
        if entry.unit == STREET:
            return mask & ~self._no_unit
        return mask if self._may_lead(entry.unit) else 0

    def _may_lead(self, code: str) -> bool:
        unit = self._units.standing(code, self._on)
        return unit is not None and unit.kind != COMMUNITY


@dataclass(frozen=True, slots=True)
class _Hole:
    """Where a category finds no unit for some kinds; no kinds: for any."""

    kinds: tuple[str, ...]
    mask: int


class _Survey:
    """Every category gone through once, its lines from the most specific to the least."""

    def __init__(
        self,
        directory: Directory,
        categories: CategoryTree,
        leading: _Leading,
        kinds: Sequence[str],
    ) -> None:
        self._ground, self._leading, self._kinds = leading.ground, leading, kinds
        self._by_prefix: dict[Levels, list[tuple[tuple[int, int, int], int, tuple[Entry, ...]]]]
        self._by_prefix = defaultdict(list)
        for same in directory.by_key.values():
            mask = 0
            for entry in same:
                mask |= leading.mask(entry)
            line = specificity(same[0], self._ground.streets), mask, same
            self._by_prefix[same[0].category].append(line)
        self.reached: set[tuple[str, str, str, str, str]] = set()
        self.holes = {item.levels: self._go_through(item.levels) for item in categories}

    def _go_through(self, levels: Levels) -> tuple[_Hole, ...]:
        prefixes = (prefix_of(levels, depth) for depth in range(depth_of(levels) + 1))
        lines = [line for prefix in prefixes for line in self._by_prefix.get(prefix, ())]
        lines.sort(key=lambda line: line[0], reverse=True)
        covered = dict.fromkeys(self._kinds_told_apart({same[0].kind for _, _, same in lines}), 0)
        for _, mask, same in lines:
            kind = same[0].kind
            for at in (kind,) if kind else tuple(covered):
                if at in covered and mask & ~covered[at]:
                    covered[at] |= mask
                    self.reached.add(same[0].key)
        return self._missing(covered)

    def could_reach(self, entry: Entry) -> bool:
        """Whether its place, kind and unit can be had: else something else is said of it."""
        kind_known = not entry.kind or not self._kinds or entry.kind in self._kinds
        return kind_known and self._leading.mask(entry) != 0

    def _kinds_told_apart(self, named: set[str]) -> list[str]:
        """The kinds that lines of a category name, and an empty one for all others."""
        told = [kind for kind in self._kinds or sorted(named) if kind and kind in named]
        return told if self._kinds and len(told) == len(self._kinds) else [*told, ""]

    def _missing(self, covered: Mapping[str, int]) -> tuple[_Hole, ...]:
        by_mask: dict[int, list[str]] = defaultdict(list)
        for kind, mask in covered.items():
            if missing := self._ground.all_asked & ~mask:
                by_mask[missing].append(kind)
        return tuple(
            _Hole(() if len(kinds) == len(covered) else self._listed(kinds, covered), mask)
            for mask, kinds in by_mask.items()
        )

    def _listed(self, kinds: Sequence[str], covered: Collection[str]) -> tuple[str, ...]:
        """The kinds by name, where those of the city are known; else the others stay empty."""
        others = [kind for kind in self._kinds if kind not in covered] or [""]
        return tuple(name for kind in kinds for name in ([kind] if kind else others))


def _same_key(directory: Directory) -> Iterator[Finding]:
    """Lines for the same cases: a contradiction, or the same said twice."""
    for same in directory.by_key.values():
        if len(same) == 1:
            continue
        lines = tuple(sorted(entry.line for entry in same))
        differ = len({entry.answer for entry in same}) > 1
        yield Finding(
            "contradiction" if differ else "said_twice",
            *said(
                "contradiction" if differ else "said_twice",
                lines=listed_lines(lines),
                en={"what": described(same[0], "en")},
                zh={"what": described(same[0], "zh")},
            ),
            lines=lines,
            category=same[0].category,
        )


def _unknown(
    directory: Directory,
    categories: CategoryTree,
    ground: _Ground,
    kinds: Collection[str],
    limits: Collection[str] | None,
) -> Iterator[Finding]:
    """Categories, places, kinds and limits that there are not."""
    wrong: dict[tuple[str, str], list[int]] = defaultdict(list)
    for entry in directory.entries:
        if depth_of(entry.category) and not categories.knows(entry.category):
            wrong["category_unknown", shown_levels(entry.category)].append(entry.line)
        if entry.place and not ground.knows(entry.place):
            wrong["place_unknown", entry.place].append(entry.line)
        if entry.kind and kinds and entry.kind not in kinds:
            wrong["kind_unknown", entry.kind].append(entry.line)
        if entry.limit and limits is not None and entry.limit not in limits:
            wrong["limit_unknown", entry.limit].append(entry.line)
    known = {"kind_unknown": kinds, "limit_unknown": limits or ()}
    for (sort, value), lines in wrong.items():
        use = ", ".join(known.get(sort, ()))
        words = said(sort, lines=listed_lines(lines), value=value[:80], use=use)
        yield Finding(sort, *words, lines=tuple(lines))


def _units(
    directory: Directory,
    ground: _Ground,
    units: Units,
    on: date,
    answering: Mapping[str, str],
) -> Iterator[Finding]:
    """Units that there are not, or not on the day: named by lines, or standing for a word."""
    named: dict[str, list[int]] = defaultdict(list)
    of_streets = of_districts = 0
    for entry in directory.entries:
        codes = (entry.unit, *entry.assist_units)
        if STREET in codes:
            of_streets |= ground.mask(entry)
        if DISTRICT in codes or entry.via == "district":
            of_districts |= ground.mask(entry)
        for code in codes:
            if code not in WORDS:
                named[code].append(entry.line)
    for place in _places_meant(ground, of_streets, of_districts):
        named.setdefault(answering.get(place, place), [])
    meant_by_sort: dict[str, list[str]] = defaultdict(list)
    for code, lines in named.items():
        sort = _unit_wrong(code, units, on)
        if sort and lines:
            words = said(sort, lines=listed_lines(lines), value=code[:80], on=str(on))
            yield Finding(sort, *words, lines=tuple(lines), units=(code,))
        elif sort:
            meant_by_sort[sort].append(code)
    for sort, meant in meant_by_sort.items():
        words = said(f"{sort}_meant", value=few(meant), n=str(len(meant)), on=str(on))
        yield Finding(sort, *words, units=tuple(meant))


def _places_meant(ground: _Ground, of_streets: int, of_districts: int) -> Iterator[str]:
    yield from (code for code in ground.asked_in(of_streets) if code in ground.streets)
    for code in ground.districts:
        if ground.within[code] & of_districts:
            yield code


def _unit_wrong(code: str, units: Units, on: date) -> str:
    if code not in units:
        return "unit_unknown"
    return "" if units[code].exists_between(on, on) else "unit_not_valid"


def _holes(categories: CategoryTree, ground: _Ground, survey: _Survey) -> Iterator[Finding]:
    """Holes, those of all categories below one as one."""
    below: dict[Levels, list[Levels]] = defaultdict(list)
    for item in categories:
        for depth in range(depth_of(item.levels) + 1):
            below[prefix_of(item.levels, depth)].append(item.levels)
    waiting: list[Levels] = [("", "", "")]
    while waiting:
        levels = waiting.pop()
        under = below[levels]
        if len({survey.holes[item] for item in under}) == 1:
            for hole in survey.holes[under[0]]:
                yield _hole(levels, hole, len(under), ground)
            continue
        if levels in categories:
            for hole in survey.holes[levels]:
                yield _hole(levels, hole, 1, ground)
        waiting.extend(reversed(categories.children(levels)))


def _hole(levels: Levels, hole: _Hole, n_categories: int, ground: _Ground) -> Finding:
    places = ground.compact(hole.mask)
    n_places = hole.mask.bit_count()
    what, remedy = said(
        "hole" if n_categories == 1 else "holes",
        category=shown_levels(levels),
        n=str(n_categories),
        zh=hole_words("zh", places, n_places, hole.kinds),
        en=hole_words("en", places, n_places, hole.kinds),
    )
    n_pairs = n_categories * n_places
    return Finding(
        "hole", what, remedy, category=levels, places=places, kinds=hole.kinds, n_pairs=n_pairs
    )


def _never_reached(
    directory: Directory, categories: CategoryTree, survey: _Survey
) -> Iterator[Finding]:
    """Lines whose every case is taken by more specific ones. One for any case is a safety net."""
    by_category: dict[Levels, list[int]] = defaultdict(list)
    for key, same in directory.by_key.items():
        entry = same[0]
        known = categories.knows(entry.category) and any(map(survey.could_reach, same))
        if known and any(key) and key not in survey.reached:
            by_category[entry.category] += (other.line for other in same)
    for category, found in by_category.items():
        lines = tuple(sorted(found))
        words = said("never_reached", lines=listed_lines(lines), value=shown_levels(category))
        yield Finding("never_reached", *words, lines=lines, category=category)
