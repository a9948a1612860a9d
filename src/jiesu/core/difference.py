"""What differs between two evaluations of a period: scores, ranks, lists, and the cases behind.

Works on the plain documents of `evaluation.json`, since an edition may have been made by an older
version whose document is all that is certain. Counts nothing: which cases changed is found in
`jiesu.evaluation.frozen`. Method: docs/methods/editions.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

CASE_CHANGES = ("added", "removed", "excluded", "restored", "callback", "handling", "moved")
"""How a case may differ: it came, it went, it was excluded or is so no longer, the answers of its
call-back, its handling (due, contacted, closed) or its unit or place changed."""

UNSCORED = ("as_of", "input", "measures")
"""Keys of the document that tell where figures come from and are none themselves."""


@dataclass(frozen=True, slots=True)
class EditionPlace:
    """A unit's figures in one evaluation, as the document has them."""

    rank: int | None
    score: str | None
    volume: int
    excluded: int
    apart: str | None


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A unit of which something differs; `None` where it is not in the group."""

    group: str
    unit: str
    name: str
    parent: str | None
    before: EditionPlace | None
    after: EditionPlace | None

    @property
    def moves(self) -> bool:
        """Whether score, rank or standing apart differ, and not only what lies below them."""
        return _standing(self.before) != _standing(self.after)

    @property
    def rescored(self) -> bool:
        """Whether the score itself differs, and not only the rank that others' scores give."""
        one, two = self.before, self.after
        return (one and (one.score, one.apart)) != (two and (two.score, two.apart))

    @property
    def score_change(self) -> Decimal | None:
        """Points that the unit won (or lost) between the two; `None` without two scores."""
        if self.before is None or self.after is None:
            return None
        if self.before.score is None or self.after.score is None:
            return None
        return Decimal(self.after.score) - Decimal(self.before.score)


@dataclass(frozen=True, slots=True)
class ListChange:
    """A named list whose units differ: codes and names of those that joined and that left."""

    key: str
    group: str
    title: Mapping[str, str]
    joined: tuple[tuple[str, str], ...]
    left: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that differs: its unit (the later one), in which ways, and if it is of the period.

    A case of an earlier period changes what this one is compared with.
    """

    case_id: str
    unit: str | None
    how: tuple[str, ...]
    in_period: bool


@dataclass(frozen=True, slots=True)
class Differences:
    """All that differs between two evaluations; `n_units` are in either of them."""

    n_units: int
    units: tuple[UnitChange, ...]
    lists: tuple[ListChange, ...]
    totals: tuple[tuple[str, str | int | None, str | int | None], ...]
    rules_changed: bool
    as_of: tuple[str, str]

    @property
    def moved(self) -> tuple[UnitChange, ...]:
        """The units whose score or rank differs."""
        return tuple(change for change in self.units if change.moves)


def same_figures(before: Json, after: Json) -> bool:
    """Whether the later of two documents says the same, whatever files it was counted from.

    Keys that a later version of jiesu writes in addition are no difference (see `unequal`).
    """
    return not any(unequal(_figures(before), _figures(after)))


def _figures(document: Json) -> Json:
    figures = {key: value for key, value in document.items() if key not in UNSCORED}
    # From which files an outside measure was read is no figure of it either.
    measures = [{**measure, "files": None} for measure in document.get("measures", ())]
    return {**figures, "measures": measures}


def differences(before: Json, after: Json) -> Differences:
    """What differs between two documents of `evaluation.json`, in the order of the later one."""
    units = tuple(_unit_changes(before, after))
    listed = {unit["unit"] for document in (before, after) for unit in _units(document)}
    return Differences(
        n_units=len(listed),
        units=units,
        lists=tuple(_list_changes(before, after)),
        totals=tuple(_total_changes(before["totals"], after["totals"])),
        rules_changed=before["policy"]["digest"] != after["policy"]["digest"],
        as_of=(before["as_of"], after["as_of"]),
    )


def _units(document: Json) -> Iterator[Json]:
    for group in document["groups"]:
        yield from group["units"]


def _unit_changes(before: Json, after: Json) -> Iterator[UnitChange]:
    old, new = _by_group(before), _by_group(after)
    for group in dict.fromkeys((*new, *old)):
        earlier, later = old.get(group, {}), new.get(group, {})
        for code in dict.fromkeys((*later, *earlier)):
            one, two = earlier.get(code), later.get(code)
            if one != two:
                known: Json = two or one or {}
                name, parent = known["name"], known["parent"]
                yield UnitChange(group, code, name, parent, _place(one), _place(two))


def _by_group(document: Json) -> dict[str, dict[str, Json]]:
    return {
        group["key"]: {unit["unit"]: unit for unit in group["units"]}
        for group in document["groups"]
    }


def _place(unit: Json | None) -> EditionPlace | None:
    if unit is None:
        return None
    return EditionPlace(
        unit["rank"], unit["score"], unit["volume"], unit["excluded"], unit["apart"]
    )


def _standing(place: EditionPlace | None) -> tuple[int | None, str | None, str | None] | None:
    return None if place is None else (place.rank, place.score, place.apart)


def _list_changes(before: Json, after: Json) -> Iterator[ListChange]:
    old = {named["key"]: named for named in before["lists"]}
    new = {named["key"]: named for named in after["lists"]}
    for key in dict.fromkeys((*new, *old)):
        earlier = _listed(old.get(key))
        later = _listed(new.get(key))
        if earlier.keys() != later.keys():
            known: Json = new.get(key) or old[key]
            yield ListChange(
                key,
                known["group"],
                known["title"],
                tuple((code, name) for code, name in later.items() if code not in earlier),
                tuple((code, name) for code, name in earlier.items() if code not in later),
            )


def _listed(named: Json | None) -> dict[str, str]:
    return {} if named is None else {unit["unit"]: unit["name"] for unit in named["units"]}


def _total_changes(
    before: Json, after: Json
) -> Iterator[tuple[str, str | int | None, str | int | None]]:
    for key in ("volume", "excluded", "unassigned", "unlisted", "lapsed"):
        if before[key] != after[key]:
            yield key, before[key], after[key]
    for key in ("pooled", "with_excluded"):
        one, two = before[key]["score"], after[key]["score"]
        if one != two:
            yield f"{key}.score", one, two


def unequal(stored: object, computed: object, path: str = "") -> Iterator[str]:
    """The key paths at which a stored document is not what was computed anew.

    A key that only the computed one has is none: later versions may add keys. Everything that
    is stored must be there, equal and in the same order.
    """
    if isinstance(stored, Mapping) and isinstance(computed, Mapping):
        for key, value in stored.items():
            below = f"{path}.{key}" if path else str(key)
            if key not in computed:
                yield below
            else:
                yield from unequal(value, computed[key], below)
    elif isinstance(stored, list) and isinstance(computed, list) and len(stored) == len(computed):
        for i, (one, two) in enumerate(zip(stored, computed, strict=True)):
            yield from unequal(one, two, f"{path}[{i}]")
    elif type(stored) is not type(computed) or stored != computed:
        yield path


def added_keys(stored: object, computed: object) -> set[str]:
    """The names of keys that only the computed document has, wherever they stand."""
    if isinstance(stored, Mapping) and isinstance(computed, Mapping):
        found = {str(key) for key in computed if key not in stored}
        return found.union(*(added_keys(stored[key], computed.get(key)) for key in stored))
    if isinstance(stored, list) and isinstance(computed, list):
        return set().union(*map(added_keys, stored, computed))
    return set()


def differences_document(
    differs: Differences, cases: Sequence[CaseChange], before: int, after: int, reason: str
) -> Json:
    """`diff.json`: what differs between two editions, as plain values."""
    return {
        "schema": "jiesu.difference/1",
        "before": before,
        "after": after,
        "reason": reason,
        "as_of": list(differs.as_of),
        "rules_changed": differs.rules_changed,
        "units_compared": differs.n_units,
        "units": [_unit_row(change) for change in differs.units],
        "lists": [
            {
                "key": change.key,
                "group": change.group,
                "title": dict(change.title),
                "joined": [{"unit": code, "name": name} for code, name in change.joined],
                "left": [{"unit": code, "name": name} for code, name in change.left],
            }
            for change in differs.lists
        ],
        "totals": [{"key": key, "before": one, "after": two} for key, one, two in differs.totals],
        "cases": [
            {
                "case_id": case.case_id,
                "unit": case.unit,
                "how": list(case.how),
                "in_period": case.in_period,
            }
            for case in cases
        ],
    }


def _unit_row(change: UnitChange) -> Json:
    points = change.score_change
    return {
        "group": change.group,
        "unit": change.unit,
        "name": change.name,
        "parent": change.parent,
        "score_change": None if points is None else f"{points:f}",
        "before": _place_row(change.before),
        "after": _place_row(change.after),
    }


def _place_row(place: EditionPlace | None) -> Json | None:
    if place is None:
        return None
    return {
        "rank": place.rank,
        "score": place.score,
        "volume": place.volume,
        "excluded": place.excluded,
        "apart": place.apart,
    }
