"""Scorecards: where a unit stands among its peers by every figure at hand, and what follows.

Merits are figures by which it ranks first or leads; shortcomings those by which it is in the lower
half, the last first. Each is proposed with its evidence, and people choose. Nothing is tested
against chance here (that is the health check's); a rank is a rank. Rules and worked table:
docs/methods/scorecard.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from jiesu.core.commitments import Kept
from jiesu.core.indicators import ROOT
from jiesu.core.indices import IndexResult
from jiesu.core.measures import MeasureTable, placed
from jiesu.core.meeting import MeetingRules
from jiesu.core.ranking import competition_ranks
from jiesu.core.result import Evaluation, Group, NamedList
from jiesu.core.scoring import rounded

Title = Mapping[str, str]
PlaceKind = Literal["score", "year", "rate", "change", "measure", "index"]
EvidenceKind = Literal["again_first", "first", "leads", "streets", "last", "lags", "overdue"]

RATE_DECIMALS = 2
"""A rate is ranked as it is printed: as a percentage with two decimals."""


@dataclass(frozen=True, slots=True)
class Place:
    """A unit's place by one figure: `rank` of `n` units, which `tied` of them share.

    `value` is the printed figure, `measured_in` its unit of measure. `file` and `pointer` (RFC
    6901) say where the figure stands; `weak` marks one that stands on too little data.
    """

    key: str
    kind: PlaceKind
    title: Title
    value: str
    measured_in: Title
    rank: int
    n: int
    tied: int
    period: str
    file: str
    pointer: str
    weak: bool = False

    @property
    def last_of_tied(self) -> int:
        """The rank that the tied units would have if those better than them came first."""
        return self.rank + self.tied - 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """A merit or a shortcoming that the figures show, with what it stands on.

    `first`, `leads`, `last`, `lags` and `again_first` have a `place` (`again_first` also the last
    year's, in `before`); `streets` names units below that stand on the list `list_key`;
    `overdue` counts commitments past their day in `n`.
    """

    key: str
    kind: EvidenceKind
    good: bool
    place: Place | None = None
    before: Place | None = None
    list_key: str = ""
    named: tuple[str, ...] = ()
    n: int = 0


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All places of a unit, its streets on the named lists, its commitments, and what follows."""

    unit: str
    places: tuple[Place, ...]
    on_lists: Mapping[str, tuple[str, ...]]
    kept: tuple[Kept, ...]
    merits: tuple[Evidence, ...]
    shortcomings: tuple[Evidence, ...]

    def evidence(self, key: str) -> Evidence | None:
        """The entry of a key among merits and shortcomings, the proposed and the others."""
        return next((e for e in (*self.merits, *self.shortcomings) if e.key == key), None)


Ranked = Mapping[str, tuple[Place, ...]]
"""Places by unit."""


def scorecards(
    units: Iterable[str],
    places: Ranked,
    lists: Sequence[NamedList],
    below: Mapping[str, frozenset[str]],
    kept: Sequence[Kept],
    rules: MeetingRules,
) -> dict[str, Scorecard]:
    """The scorecard of every unit that is named.

    `below` gives for each unit the units that belong to it. All merits and shortcomings are kept,
    in the order in which they are proposed; a meeting takes as many as its rules say.
    """
    cards = {}
    for unit in units:
        mine = places.get(unit, ())
        streets = below.get(unit, frozenset())
        on_lists = {
            named.key: codes
            for named in lists
            if (codes := tuple(one.unit for one in named.units if one.unit in streets))
        }
        promised = tuple(k for k in kept if k.commitment.unit == unit)
        found = [*_from_places(mine, rules), *_from_lists(on_lists, lists), *_overdue(promised)]
        cards[unit] = Scorecard(
            unit,
            mine,
            on_lists,
            promised,
            tuple(sorted((e for e in found if e.good), key=_merit_order)),
            tuple(sorted((e for e in found if not e.good), key=_fault_order)),
        )
    return cards


_STORIES = {"score": "score", "rate": "score", "change": "score", "year": "score"}
MOST_OF_A_STORY = 2


def telling_lists(evaluation: Evaluation) -> tuple[NamedList, ...]:
    """The named lists; those that honour or blame, with the units of which that is true.

    Where a group is small, its "bottom ten" holds its best: nobody is blamed who stands in the
    upper half of those that have a rank, and nobody honoured who stands in the lower.
    """
    groups = {group.key: group for group in evaluation.groups}
    found = []
    for named in evaluation.lists:
        if not (named.is_merit or named.is_fault) or named.group not in groups:
            found.append(named)
            continue
        n = _n_placed(evaluation, groups[named.group], named)
        kept = tuple(one for one in named.units if (one.position * 2 > n + 1) == named.is_fault)
        found.append(replace(named, units=kept))
    return tuple(found)


def _n_placed(evaluation: Evaluation, group: Group, named: NamedList) -> int:
    """How many units of a group have a place by what a list is about."""
    codes = [unit.unit for unit in group.units]
    if named.measure:
        table = evaluation.measures.get(named.measure)
        return sum(code in table.readings for code in codes) if table else 0
    if named.kind == "improved":
        return sum(unit.change is not None for unit in group.units)
    return group.n_ranked


def proposed(evidence: Sequence[Evidence], n: int) -> tuple[Evidence, ...]:
    """The first n, but of figures that tell one story no more than two.

    Score, rates, change and last year's score tell one; each kind of the others tells its own.
    """
    chosen: list[Evidence] = []
    told: Counter[str] = Counter()
    for one in evidence:
        kind = one.kind if one.place is None else one.place.kind
        story = _STORIES.get(kind, kind)
        told[story] += 1
        if told[story] <= MOST_OF_A_STORY:
            chosen.append(one)
    return tuple(chosen[:n])


def _from_places(places: Sequence[Place], rules: MeetingRules) -> Iterable[Evidence]:
    by_key = {place.key: place for place in places}
    now, year = by_key.get("score"), by_key.get("year.score")
    again = now is not None and year is not None and now.rank == year.rank == 1
    if again and _is_merit(now, rules) and _is_merit(year, rules):
        yield Evidence("again_first", "again_first", True, now, year)
    for place in places:
        if again and place in (now, year):
            continue
        if place.weak:
            continue
        if _is_merit(place, rules):
            kind: EvidenceKind = "first" if place.rank == 1 else "leads"
            yield Evidence(place.key, kind, True, place)
        elif place.rank * 2 > place.n + 1 and place.n > 1:
            at_end = place.last_of_tied == place.n
            yield Evidence(place.key, "last" if at_end else "lags", False, place)


def _is_merit(place: Place | None, rules: MeetingRules) -> bool:
    """First, or among the first share of the group; not where half of the group stands with it."""
    if place is None or place.n < 2 or place.last_of_tied * 2 > place.n:
        return False
    return place.rank == 1 or place.last_of_tied * 100 <= place.n * rules.leads_percent


def _from_lists(
    on_lists: Mapping[str, tuple[str, ...]], lists: Sequence[NamedList]
) -> Iterable[Evidence]:
    for named in lists:
        codes = on_lists.get(named.key, ())
        if codes and (named.is_merit or named.is_fault):
            yield Evidence(
                f"list.{named.key}",
                "streets",
                named.is_merit,
                list_key=named.key,
                named=codes,
                n=len(codes),
            )


def _overdue(kept: Sequence[Kept]) -> Iterable[Evidence]:
    late = [one for one in kept if one.state == "overdue"]
    if late:
        keys = tuple(one.commitment.key for one in late)
        yield Evidence("overdue", "overdue", False, named=keys, n=len(late))


_MERITS = ("again_first", "first", "leads", "streets")
_FAULTS = ("last", "overdue", "lags", "streets")
_PLACES = ("year", "score", "measure", "index", "change", "rate")


def _merit_order(evidence: Evidence) -> tuple[int, int, Decimal, str]:
    return _order(evidence, _MERITS)


def _fault_order(evidence: Evidence) -> tuple[int, int, Decimal, str]:
    kind, _, share, key = _order(evidence, _FAULTS)
    # Among faults it matters how far down it is, whatever the figure.
    return kind, 0, -share, key


def _order(evidence: Evidence, kinds: Sequence[str]) -> tuple[int, int, Decimal, str]:
    place = evidence.place
    if place is None:
        return kinds.index(evidence.kind), len(_PLACES), Decimal(-evidence.n), evidence.key
    share = Decimal(place.rank) / place.n
    return kinds.index(evidence.kind), _PLACES.index(place.kind), share, evidence.key


# Places ---------------------------------------------------------------------------------------

SCORE: Title = {"zh": "综合评分", "en": "Composite score"}
CHANGE: Title = {"zh": "综合评分环比变化", "en": "Change of the score"}
NO_UNIT: Title = {"zh": "", "en": ""}
POINTS: Title = {"zh": "分", "en": " points"}
PERCENT: Title = {"zh": "%", "en": "%"}


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure by which units are placed; `path` leads to it from a unit's entry in the file."""

    key: str
    kind: PlaceKind
    title: Title
    measured_in: Title
    path: str


@dataclass(frozen=True, slots=True)
class Source:
    """An evaluation and the file that it lies in."""

    evaluation: Evaluation
    file: str

    def group(self, key: str) -> tuple[int, Group] | None:
        for number, group in enumerate(self.evaluation.groups):
            if group.key == key:
                return number, group
        return None


def month_places(source: Source, group_key: str) -> dict[str, list[Place]]:
    """Places of a group's units by score, by each rate and by the change since the last period."""
    found = source.group(group_key)
    if found is None:
        return {}
    ranked = [unit for unit in found[1].units if unit.rank is not None]
    places = score_places(source, group_key, year=False)
    for rule in source.evaluation.policy.rates:
        rates = {unit.unit: unit.figures.rates[rule.key].value for unit in ranked}
        values = {
            code: rounded(value * 100, RATE_DECIMALS)
            for code, value in rates.items()
            if value is not None
        }
        path = f"rates/{rule.key}/value"
        figure = _Figure(f"rate.{rule.key}", "rate", rule.title, PERCENT, path)
        _add(places, source, group_key, figure, values, competition_ranks(values))
    changes = {unit.unit: unit.change for unit in ranked if unit.change is not None}
    figure = _Figure("change", "change", CHANGE, POINTS, "change")
    _add(places, source, group_key, figure, changes, competition_ranks(changes))
    return places


def score_places(source: Source, group_key: str, *, year: bool) -> dict[str, list[Place]]:
    """Places by the score alone, as ranked; of last year where `year` says so."""
    found = source.group(group_key)
    if found is None:
        return {}
    values = {unit.unit: unit.score for unit in found[1].units if unit.score is not None}
    ranks = {unit.unit: unit.rank for unit in found[1].units if unit.rank is not None}
    key: PlaceKind = "year" if year else "score"
    figure = _Figure("year.score" if year else "score", key, SCORE, POINTS, "score")
    places: dict[str, list[Place]] = {}
    _add(places, source, group_key, figure, values, ranks)
    return places


def _add(
    places: dict[str, list[Place]],
    source: Source,
    group_key: str,
    figure: _Figure,
    values: Mapping[str, Decimal],
    ranks: Mapping[str, int],
) -> None:
    found = source.group(group_key)
    assert found is not None
    number, group = found
    shared = Counter(ranks.values())
    for position, unit in enumerate(group.units):
        code = unit.unit
        if code in values and code in ranks:
            places.setdefault(code, []).append(
                Place(
                    figure.key,
                    figure.kind,
                    figure.title,
                    f"{values[code]:f}",
                    figure.measured_in,
                    ranks[code],
                    len(ranks),
                    shared[ranks[code]],
                    source.evaluation.period.label,
                    source.file,
                    f"/groups/{number}/units/{position}/{figure.path}",
                )
            )


def measure_places(table: MeasureTable, units: Sequence[str], file: str) -> dict[str, Place]:
    """Places of units by an outside measure; `file` holds the measure's tables by key."""
    measure = table.measure
    found = placed(table, units)
    shared = Counter(one.rank for one in found)
    return {
        one.unit: Place(
            f"measure.{measure.key}",
            "measure",
            measure.title,
            f"{one.shown:f}",
            measure.measured_in,
            one.rank,
            len(found),
            shared[one.rank],
            table.period,
            file,
            f"/{pointed(measure.key)}/units/{pointed(one.unit)}/shown",
            one.weak,
        )
        for one in found
    }


def index_places(result: IndexResult, file: str) -> dict[str, list[Place]]:
    """Places of an index's units by its total and by each dimension."""
    found: dict[str, list[Place]] = {}
    tree = result.tree
    for key in (ROOT, *tree.dimensions):
        ranks = {
            one.unit: rank for one in result.units if (rank := one.nodes[key].rank) is not None
        }
        shared = Counter(ranks.values())
        node = tree.nodes.get(key)
        for position, one in enumerate(result.units):
            standing = one.nodes[key]
            if standing.rank is None or standing.shown is None:
                continue
            path = "shown" if key == ROOT else f"nodes/{pointed(key)}/shown"
            found.setdefault(one.unit, []).append(
                Place(
                    f"index.{key}",
                    "index",
                    tree.title if node is None else node.title,
                    f"{standing.shown:f}",
                    NO_UNIT,
                    standing.rank,
                    len(ranks),
                    shared[standing.rank],
                    str(result.year),
                    file,
                    f"/units/{position}/{path}",
                )
            )
    return found


def pointed(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
