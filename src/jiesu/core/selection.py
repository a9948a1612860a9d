"""Which recurring problems could become monthly topics: the four selection tests, from counts.

Candidates are branches of the category tree. Each test gives 0..100 with its evidence; what cases
cannot show (whether a problem is solvable, whether it needs a city policy) is a stated proxy.
People choose. Formulas and worked table: docs/methods/topics.md, "Candidates".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from jiesu.core.facts import EMPTY, Joint, pooled
from jiesu.core.policy import RateRule
from jiesu.core.ranking import competition_ranks
from jiesu.core.scoring import Scale, rounded, tally
from jiesu.core.topics import CategoryPath, Topic
from jiesu.core.units import Units

TESTS = ("felt", "broad", "unsolved", "policy")
"""Widely felt; many and broad; long unsolved but solvable; suited to a city policy (MYT21)."""


@dataclass(frozen=True, slots=True)
class CategoryCounts:
    """What an engine counts for the tests: integers only, over a window of months.

    `months` has a table for each month of the window, oldest first. Keys are whole paths of a case;
    cases without a category stand under the empty path. `units` counts by lead unit.
    """

    months: tuple[Mapping[CategoryPath, Joint], ...]
    places: Mapping[CategoryPath, Mapping[str | None, Joint]]
    units: Mapping[CategoryPath, Mapping[str | None, int]]


@dataclass(frozen=True, slots=True)
class CandidateRules:
    """The settings of the tests; the defaults are ours.

    `level` of the tree (1 to 3); `months` looked back; a street counts as touched with at least
    `at_least` cases a month on average; persistent is what is among the `top` of a month;
    categories with fewer than `fewest_cases` are no candidates; streets and districts with fewer
    than `fewest_answers` cases in the rate's whole say nothing of how well they solve it, and with
    fewer than `fewest_streets` (at least 4) that say something a better quarter is no evidence; a
    department that leads less than the share `leading` of a category's cases got them by chance.
    """

    level: int = 3
    months: int = 12
    at_least: int = 1
    top: int = 20
    fewest_cases: int = 50
    fewest_answers: int = 10
    fewest_streets: int = 8
    leading: Fraction = Fraction(1, 50)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A category with its evidence and its scores, 0..100 with one decimal.

    `streets` of `n_streets` have at least so many cases; `top_share` is the share of the cases in
    the tenth of the streets that has most; `grass_roots` that of cases that streets lead; in
    `months_top` of `n_months` months it was among the top; `part` of `whole` were solved; `best` is
    the rate of the better streets (`None`: too few say anything); `districts` of `n_districts`
    solve it less often than the city solves all cases; so many `departments` (city-level units)
    lead a fair share of the cases. `tests` by key of `TESTS`; `topic` is the key of the
    topic that covers the category already, or empty.
    """

    path: CategoryPath
    rank: int
    score: Decimal
    tests: Mapping[str, Decimal]
    volume: int
    streets: int
    n_streets: int
    top_share: Fraction
    grass_roots: Fraction
    months_top: int
    n_months: int
    part: Fraction
    whole: int
    best: Fraction | None
    districts: int
    n_districts: int
    departments: int
    topic: str


@dataclass(frozen=True, slots=True)
class Ground:
    """The city that the tests look at: its streets, the district of each, its other units."""

    streets: Mapping[str, str]
    districts: tuple[str, ...]

    @classmethod
    def of(cls, units: Units | None, places: Iterable[str | None]) -> "Ground":
        """From the units file; without one every place is a street and no district is known."""
        if units is None:
            return cls({place: "" for place in places if place is not None}, ())
        streets = {unit.code: unit.parent or "" for unit in units if unit.kind == "street"}
        return cls(streets, tuple(unit.code for unit in units if unit.kind == "district"))


def candidates(
    counts: CategoryCounts,
    ground: Ground,
    rate: RateRule,
    rules: CandidateRules,
    topics: Sequence[Topic] = (),
) -> tuple[Candidate, ...]:
    """Every category with enough cases, the highest score first; equal ones by volume and name."""
    by_month = [_at_level(month, rules.level) for month in counts.months]
    whole = _at_level_of(counts.places, rules.level)
    leads = _at_level_of_counts(counts.units, rules.level)
    volumes = {
        path: sum(joint.count("created") for joint in by_place.values())
        for path, by_place in whole.items()
    }
    chosen = [path for path, n in volumes.items() if path and n >= rules.fewest_cases]
    tops = [_top(month, rules.top) for month in by_month]
    scale = Scale((rate,), {rate.key: Fraction(1)}, 1, None)
    part, n = _rate(pooled(joint for by in whole.values() for joint in by.values()), scale)
    view = _View(tuple(tops), ground, scale, rules, part / n if n else None)
    evidence = {
        path: _evidence(path, whole[path], leads.get(path, {}), view, _topic(path, topics))
        for path in chosen
    }
    by_volume = _percentiles({path: Fraction(found.volume) for path, found in evidence.items()})
    by_unsolved = _percentiles(
        {path: 1 - found.part / found.whole for path, found in evidence.items() if found.whole}
    )
    scored = {
        path: _scored(found, by_volume[path], by_unsolved.get(path), ground)
        for path, found in evidence.items()
    }
    ranks = competition_ranks({"\0".join(path): one.score for path, one in scored.items()})
    ranked = [replace(one, rank=ranks["\0".join(path)]) for path, one in scored.items()]
    return tuple(sorted(ranked, key=lambda one: (one.rank, -one.volume, one.path)))


def _at_level(table: Mapping[CategoryPath, Joint], level: int) -> dict[CategoryPath, int]:
    """Volumes of the branches at a level."""
    found: dict[CategoryPath, int] = {}
    for path, joint in table.items():
        branch = path[:level]
        found[branch] = found.get(branch, 0) + joint.count("created")
    return found


def _at_level_of(
    table: Mapping[CategoryPath, Mapping[str | None, Joint]], level: int
) -> dict[CategoryPath, dict[str | None, Joint]]:
    found: dict[CategoryPath, dict[str | None, Joint]] = {}
    for path, by_place in table.items():
        branch = found.setdefault(path[:level], {})
        for place, joint in by_place.items():
            branch[place] = pooled([branch.get(place, EMPTY), joint])
    return found


def _at_level_of_counts(
    table: Mapping[CategoryPath, Mapping[str | None, int]], level: int
) -> dict[CategoryPath, dict[str | None, int]]:
    found: dict[CategoryPath, dict[str | None, int]] = {}
    for path, by_unit in table.items():
        branch = found.setdefault(path[:level], {})
        for unit, n in by_unit.items():
            branch[unit] = branch.get(unit, 0) + n
    return found


def _top(month: Mapping[CategoryPath, int], n: int) -> frozenset[CategoryPath]:
    """The n categories with most cases in a month, with all that are tied with the last."""
    named = {path: volume for path, volume in month.items() if path and volume}
    if not named:
        return frozenset()
    cut = sorted(named.values(), reverse=True)[: n or 1][-1]
    return frozenset(path for path, volume in named.items() if volume >= cut)


def _topic(path: CategoryPath, topics: Sequence[Topic]) -> str:
    return next((topic.key for topic in topics if topic.covers(path)), "")


@dataclass(frozen=True, slots=True)
class _View:
    """What every category is looked at with; `usual` is the rate of all cases of the city."""

    tops: tuple[frozenset[CategoryPath], ...]
    ground: Ground
    scale: Scale
    rules: CandidateRules
    usual: Fraction | None


def _evidence(
    path: CategoryPath,
    by_place: Mapping[str | None, Joint],
    leads: Mapping[str | None, int],
    view: _View,
    topic: str,
) -> Candidate:
    """The counts of a category; scores come after, since some compare with other categories."""
    ground, rules = view.ground, view.rules
    volumes = {place: one.count("created") for place, one in by_place.items()}
    on_streets = {place: n for place, n in volumes.items() if place in ground.streets}
    n_streets, n_led = len(ground.streets), sum(leads.values())
    least = rules.at_least * max(len(view.tops), 1)
    tenth = sorted(on_streets.values(), reverse=True)[: max(1, n_streets // 10)]
    part, whole = _rate(pooled(by_place.values()), view.scale)
    known = set(ground.streets) | set(ground.districts)
    return Candidate(
        path=path,
        rank=0,
        score=Decimal(0),
        tests={},
        volume=sum(volumes.values()),
        streets=sum(n >= least for n in on_streets.values()),
        n_streets=n_streets,
        top_share=Fraction(sum(tenth), sum(on_streets.values()) or 1),
        grass_roots=Fraction(
            sum(n for unit, n in leads.items() if unit in ground.streets), n_led or 1
        ),
        months_top=sum(path in top for top in view.tops),
        n_months=len(view.tops),
        part=part,
        whole=whole,
        best=_best(by_place, view.scale, rules),
        districts=_districts_below(by_place, view),
        n_districts=len(ground.districts),
        departments=sum(
            unit is not None and unit not in known and n >= n_led * rules.leading
            for unit, n in leads.items()
        ),
        topic=topic,
    )


def _districts_below(by_place: Mapping[str | None, Joint], view: _View) -> int:
    """In how many districts the category is solved less often than all cases are in the city."""
    joints: dict[str, list[Joint]] = {}
    for place, joint in by_place.items():
        if place is not None and place in view.ground.streets:
            joints.setdefault(view.ground.streets[place], []).append(joint)
    below = 0
    for district in view.ground.districts:
        part, whole = _rate(pooled(joints.get(district, [])), view.scale)
        enough = whole >= view.rules.fewest_answers
        below += enough and view.usual is not None and part / whole < view.usual
    return below


def _rate(joint: Joint, scale: Scale) -> tuple[Fraction, int]:
    parts, wholes = tally(joint, scale, but="excluded")
    return Fraction(parts[0], scale.denominator(0)), wholes[0]


def _best(
    by_place: Mapping[str | None, Joint], scale: Scale, rules: CandidateRules
) -> Fraction | None:
    """The pooled rate of the quarter of the streets that solve most."""
    rates = []
    for place, joint in by_place.items():
        part, whole = _rate(joint, scale)
        if place is not None and whole >= rules.fewest_answers:
            rates.append((part / whole, whole, part))
    if len(rates) < rules.fewest_streets:
        return None
    quarter = sorted(rates, reverse=True)[: len(rates) // 4]
    return sum((part for *_, part in quarter), Fraction(0)) / sum(n for _, n, _ in quarter)


def _percentiles(values: Mapping[CategoryPath, Fraction]) -> dict[CategoryPath, Fraction]:
    """For each category the share of the others that have less, 0..1; alone it has 1."""
    ordered = sorted(values.values())
    below: dict[Fraction, int] = {}
    for place, value in enumerate(ordered):
        below.setdefault(value, place)
    others = len(values) - 1
    return {
        path: Fraction(below[value], others) if others else Fraction(1)
        for path, value in values.items()
    }


def _scored(
    found: Candidate, by_volume: Fraction, by_unsolved: Fraction | None, ground: Ground
) -> Candidate:
    """The four tests, each the mean of its parts that are known, and the mean of the tests."""
    breadth = Fraction(found.streets, found.n_streets) if found.n_streets else None
    persistence = Fraction(found.months_top, found.n_months) if found.n_months else None
    districts = Fraction(found.districts, found.n_districts) if found.n_districts else None
    departments = min(Fraction(found.departments, 3), Fraction(1)) if ground.districts else None
    parts = {
        "felt": (breadth, found.grass_roots if ground.districts else None),
        "broad": (by_volume, 1 - found.top_share),
        "unsolved": (persistence, by_unsolved, _solvable(found)),
        "policy": (districts, departments),
    }
    means = {key: _mean(values) for key, values in parts.items()}
    known = {key: score_of(values) for key, values in parts.items()}
    tests = {key: score for key, score in known.items() if score is not None}
    total = _mean(tuple(means.values())) or Fraction(0)
    return replace(found, tests=tests, score=rounded(total * 100, 1))


def score_of(parts: Iterable[Fraction | None]) -> Decimal | None:
    """A test's score: 100 times the mean of its parts that are known, to one decimal."""
    mean = _mean(parts)
    return None if mean is None else rounded(mean * 100, 1)


def _solvable(found: Candidate) -> Fraction | None:
    """How much of what is unsolved the better streets do solve: (best - rate) / (1 - rate)."""
    if found.best is None or not found.whole:
        return None
    rate = found.part / found.whole
    return max(found.best - rate, Fraction(0)) / (1 - rate) if rate < 1 else Fraction(0)


def _mean(values: Iterable[Fraction | None]) -> Fraction | None:
    known = [value for value in values if value is not None]
    return sum(known, Fraction(0)) / len(known) if known else None
