"""A health check (年度体检): what a period says of each unit, as plain objects.

Brings an evaluation, the counts of a breakdown and the comparison with peers together; counts
nothing and words nothing. Method: docs/methods/health-check.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Literal

from jiesu.core.breakdown import OpenCase, Recurrence, Repeats, UnitBreakdown
from jiesu.core.chance import Sample
from jiesu.core.comparison import (
    WHOLE,
    CheckupRules,
    Compared,
    Measure,
    Samples,
    compared,
    findings,
    judged,
    nearest,
    samples_of,
)
from jiesu.core.facts import Joint
from jiesu.core.levers import Lever, Position, levers
from jiesu.core.period import Period
from jiesu.core.policy import GroupRule, Policy
from jiesu.core.result import Evaluation, Group, RankPoint, UnitResult
from jiesu.core.roster import Roster, group_rules
from jiesu.core.scoring import Scale, tally
from jiesu.core.standings import scale_of
from jiesu.core.topics import CategoryPath, Topic

MOST_LEVERS = 10

State = Literal["mended", "improved", "persists", "unknown"]
STATES: tuple[State, ...] = ("persists", "improved", "unknown", "mended")


@dataclass(frozen=True, slots=True)
class MonthLine:
    """A month of the period: demands, and by rate the part and the whole without excluded ones."""

    period: str
    volume: int
    rates: Mapping[str, tuple[Fraction, int]]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A shortcoming of the earlier period: its gap to the peers in 0..1, negative."""

    figure: str
    category: CategoryPath
    gap: Fraction


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of an earlier shortcoming; `gap` is this period's, `None` without cases."""

    earlier: Earlier
    gap: Fraction | None
    state: State


@dataclass(frozen=True, slots=True)
class Touched:
    """A monthly topic with the unit's demands in its categories."""

    key: str
    title: Mapping[str, str]
    n: int


@dataclass(frozen=True, slots=True)
class UnitCheckup:
    """One unit's health check.

    `above` is the name of the unit it belongs to, empty without one. `tied` says how many share
    its rank, itself included. `compared` has every figure beside the peers', tested or not; the
    findings are those that stand out. `no_levers` says why there are none: `mean`, `bound`,
    `apart`, else empty. `followed` is `None` where nothing earlier is at hand. `place_names` names
    the places of `recurrences`, each with the unit above it.
    """

    unit: str
    name: str
    above: str
    group: str
    group_title: Mapping[str, str]
    n_ranked: int
    tied: int
    result: UnitResult
    path: tuple[RankPoint, ...]
    months: tuple[MonthLine, ...]
    peers: tuple[str, ...]
    compared: tuple[Compared, ...]
    n_tests: int
    levers: tuple[Lever, ...]
    no_levers: str
    recurrences: tuple[Recurrence, ...]
    place_names: Mapping[str, tuple[str, str]]
    repeats: Repeats
    unsolved: int
    open_cases: tuple[OpenCase, ...]
    exclusions: Mapping[str | None, int]
    labelled: int
    topics: tuple[Touched, ...]
    followed: tuple[Followed, ...] | None

    @property
    def strengths(self) -> tuple[Compared, ...]:
        return findings(self.compared, "strength")

    @property
    def shortcomings(self) -> tuple[Compared, ...]:
        return findings(self.compared, "shortcoming")

    def figure(self, figure: str, category: CategoryPath = WHOLE) -> Compared | None:
        """A figure beside the peers'; `None` where the unit has no cases in it."""
        return next(
            (item for item in self.compared if (item.figure, item.category) == (figure, category)),
            None,
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """What all health checks of a run share; with a unit's own it makes a document.

    `previous` is the label of the earlier period whose findings are followed, `None` without.
    `missing` are the parts that could not be made, as keys of words.
    """

    period: Period
    as_of: datetime
    policy: Policy
    rules: CheckupRules
    city: Mapping[str, str]
    synthetic: bool
    previous: str | None
    n_tests: int
    n_units: int
    input_digest: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkups:
    """The health checks of all units of a period, by code, in the order of the evaluation."""

    frame: Frame
    units: Mapping[str, UnitCheckup]


@dataclass(frozen=True, slots=True)
class CheckupGround:
    """What health checks are made from.

    `breakdown` is the period's. `earlier` gives each unit's shortcomings of the earlier period,
    `None` where none is at hand; `previous` is that period's label.
    """

    evaluation: Evaluation
    breakdown: Mapping[str, UnitBreakdown]
    roster: Roster
    rules: CheckupRules
    topics: Sequence[Topic] = ()
    earlier: Mapping[str, Sequence[Earlier]] | None = None
    previous: str | None = None
    missing: tuple[str, ...] = field(default=())


def check_up(ground: CheckupGround) -> Checkups:
    """Every unit's health check. All tests of all units are one family."""
    evaluation, rules = ground.evaluation, ground.rules
    samples, found, peers = comparisons(evaluation, ground.breakdown, ground.roster, rules)
    n_tests = sum(item.p is not None for items in found.values() for item in items)
    units = {}
    for group in evaluation.groups:
        scale = scale_of(evaluation.policy, _rule(ground, group.key), with_intervals=False)
        for result in group.units:
            code = result.unit
            near = peers.get(code, ())
            units[code] = _unit(ground, group, result, scale, samples[code], found[code], near)
    frame = Frame(
        period=evaluation.period,
        as_of=evaluation.as_of,
        policy=evaluation.policy,
        rules=rules,
        city=evaluation.city,
        synthetic=evaluation.synthetic,
        previous=ground.previous if ground.earlier is not None else None,
        n_tests=n_tests,
        n_units=len(units),
        input_digest=evaluation.input.digest,
        missing=ground.missing,
    )
    return Checkups(frame, units)


def comparisons(
    evaluation: Evaluation,
    breakdown: Mapping[str, UnitBreakdown],
    roster: Roster,
    rules: CheckupRules,
) -> tuple[Samples, dict[str, tuple[Compared, ...]], dict[str, tuple[str, ...]]]:
    """Samples, judged comparisons and peers of every unit of an evaluation."""
    samples: dict[str, dict[Measure, Sample]] = {}
    found: dict[str, list[Compared]] = {}
    peers: dict[str, tuple[str, ...]] = {}
    known = {rule.key: rule for rule in group_rules(evaluation.policy, roster.units)}
    for group in evaluation.groups:
        scale = scale_of(evaluation.policy, known[group.key], with_intervals=False)
        of_group = {
            unit.unit: samples_of(
                breakdown.get(unit.unit, UnitBreakdown()),
                scale,
                rules.category_level,
                of_place=_answers_for_a_place(roster, unit.unit, rules),
            )
            for unit in group.units
        }
        near = nearest({unit.unit: _size(unit, rules) for unit in group.units}, rules.peers)
        samples |= of_group
        peers |= near
        found |= compared(of_group, near, rules)
    return samples, judged(found, rules), peers


def _answers_for_a_place(roster: Roster, code: str, rules: CheckupRules) -> bool:
    units = roster.units
    return units is not None and code in units and units[code].kind in rules.place_kinds


def _size(unit: UnitResult, rules: CheckupRules) -> int:
    """By what peers are near; a unit without population is measured by nothing else."""
    if rules.peers_by == "population":
        return unit.population or 0
    return unit.volume


def shortcomings(found: Mapping[str, Sequence[Compared]]) -> dict[str, tuple[Earlier, ...]]:
    """What a later health check follows: each unit's shortcomings."""
    return {
        code: tuple(
            Earlier(item.figure, item.category, item.gap)
            for item in findings(items, "shortcoming")
            if item.gap is not None
        )
        for code, items in found.items()
    }


def follow(earlier: Sequence[Earlier], now: Sequence[Compared]) -> tuple[Followed, ...]:
    """What became of each earlier shortcoming (docs/methods/health-check.md §8).

    Mended: the share has come up to the peers' or passed it, so that it is no shortcoming any more.
    Improved: it is no finding any more and the gap is smaller. Persists: else. Unknown: without
    cases there is no gap.
    """
    by_measure = {(item.figure, item.category): item for item in now}
    found = []
    for item in earlier:
        current = by_measure.get((item.figure, item.category))
        gap = None if current is None else current.gap
        state: State = "persists"
        if current is None or gap is None:
            state = "unknown"
        elif gap >= 0:
            state = "mended"
        elif current.kind is None and gap > item.gap:
            state = "improved"
        found.append(Followed(item, gap, state))
    return tuple(found)


# One unit ------------------------------------------------------------------------------------


def _rule(ground: CheckupGround, key: str) -> GroupRule:
    rules = group_rules(ground.evaluation.policy, ground.roster.units)
    return next(rule for rule in rules if rule.key == key)


def _unit(
    ground: CheckupGround,
    group: Group,
    result: UnitResult,
    scale: Scale,
    samples: Mapping[Measure, Sample],
    found: tuple[Compared, ...],
    peers: tuple[str, ...],
) -> UnitCheckup:
    evaluation, roster = ground.evaluation, ground.roster
    counts = ground.breakdown.get(result.unit, UnitBreakdown())
    reason = _no_levers(evaluation, result)
    pulled: tuple[Lever, ...] = ()
    if not reason:
        shares = {
            (item.figure, item.category): peers_share
            for item in found
            if (peers_share := item.peers_share) is not None
        }
        pulled = levers(samples, shares, scale, _position(group, result))[:MOST_LEVERS]
    earlier = None if ground.earlier is None else ground.earlier.get(result.unit, ())
    return UnitCheckup(
        unit=result.unit,
        name=result.name,
        above=roster.name(result.parent) if result.parent else "",
        group=group.key,
        group_title=group.title,
        n_ranked=group.n_ranked,
        tied=sum(unit.rank == result.rank for unit in group.units) if result.rank else 0,
        result=result,
        path=tuple(evaluation.paths.get(group.key, {}).get(result.unit, ())),
        months=tuple(_months(evaluation.period, counts, scale)),
        peers=peers,
        compared=found,
        n_tests=sum(item.p is not None for item in found),
        levers=pulled,
        no_levers=reason,
        recurrences=counts.recurrences,
        place_names=_place_names(roster, counts.recurrences),
        repeats=counts.repeats,
        unsolved=counts.unsolved,
        open_cases=counts.open_cases,
        exclusions=counts.exclusions,
        labelled=counts.labelled,
        topics=tuple(_topics(ground.topics, counts.categories)),
        followed=None if earlier is None else follow(earlier, found),
    )


def _no_levers(evaluation: Evaluation, result: UnitResult) -> str:
    policy = evaluation.policy
    if result.score is None:
        return "apart"
    if policy.rank_by != "score":
        return "bound"
    if policy.long_periods == "mean" and len(evaluation.period.months()) > 1:
        return "mean"
    return "mean" if policy.totals == "mean" and result.mean_of_units is not None else ""


def _position(group: Group, result: UnitResult) -> Position:
    assert result.score is not None
    others = sorted(
        unit.score
        for unit in group.units
        if unit.rank is not None and unit.score is not None and unit.unit != result.unit
    )
    return Position(result.score, result.points, result.rank, others)


def _months(period: Period, counts: UnitBreakdown, scale: Scale) -> Iterator[MonthLine]:
    for index, month in enumerate(period.months()):
        joint = counts.month(index)
        parts, wholes = tally(joint, scale, but="excluded")
        rates = {
            rule.key: (Fraction(parts[i], scale.denominator(i)), wholes[i])
            for i, rule in enumerate(scale.rules)
        }
        yield MonthLine(month.label, joint.count("created"), rates)


def _place_names(roster: Roster, recurrences: Sequence[Recurrence]) -> dict[str, tuple[str, str]]:
    names = {}
    for place in sorted({item.place for item in recurrences if item.place}):
        parent = roster.units[place].parent if roster.units and place in roster.units else None
        names[place] = (roster.name(place), roster.name(parent) if parent else "")
    return names


def _topics(topics: Sequence[Topic], categories: Mapping[CategoryPath, Joint]) -> Iterator[Touched]:
    for topic in topics:
        n = sum(joint.count("created") for path, joint in categories.items() if topic.covers(path))
        if n:
            yield Touched(topic.key, topic.title, n)
