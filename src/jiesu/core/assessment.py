"""From counts to an evaluation's groups, lists and totals.

Counts nothing and reads nothing: the counts come from `evaluation`, units and adjustments from
`city`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from jiesu.core.counts import Counts, summed
from jiesu.core.facts import EMPTY, Joint, pooled
from jiesu.core.measure_lists import measure_list
from jiesu.core.measures import MeasureTable
from jiesu.core.period import Period
from jiesu.core.policy import ALL, EACH_GROUP, GroupRule, Policy
from jiesu.core.ranking import display_order, named_list
from jiesu.core.result import (
    Adjustment,
    ClosingTime,
    Figures,
    Group,
    NamedList,
    Previous,
    RankPoint,
    Totals,
    UnitResult,
)
from jiesu.core.roster import Roster, approved_lines, exists_in, group_rules, members
from jiesu.core.scoring import (
    Scale,
    composite,
    figures,
    funnel,
    normal_quantile,
    rounded,
    smallest_whole,
    spread,
)
from jiesu.core.standings import Counted, Standing, mean_score, scale_of, standings
from jiesu.core.units import Unit


@dataclass(frozen=True, slots=True)
class Findings:
    """All that follows from the counts: the evaluation less its provenance."""

    groups: tuple[Group, ...]
    lists: tuple[NamedList, ...]
    totals: Totals
    paths: Mapping[str, Mapping[str, tuple[RankPoint, ...]]]


@dataclass(frozen=True, slots=True)
class _Case:
    """What is being assessed: one policy, one city, a period and the one before it."""

    policy: Policy
    roster: Roster
    period: Period
    counts: Counts
    counts_before: Counts | None
    now: Mapping[str, Standing]
    before: Mapping[str, Standing]
    measures: Mapping[str, MeasureTable]


def assess(
    policy: Policy,
    roster: Roster,
    now: Counted,
    before: Counted | None,
    months: Sequence[Counted],
    measures: Mapping[str, MeasureTable] | None = None,
) -> Findings:
    """Score, rank and list all units of a period.

    `before` is the previous period of equal kind, `None` when the input does not reach it;
    `months` are the months at hand for the rank paths, oldest first. `measures` are the outside
    measures by key for the lists that name one.
    """
    case = _Case(
        policy,
        roster,
        now.period,
        now.whole,
        None if before is None else before.whole,
        standings(policy, roster, now, with_intervals=True),
        {} if before is None else standings(policy, roster, before),
        measures or {},
    )
    found = (_group(case, rule) for rule in group_rules(policy, roster.units))
    groups = tuple(group for group in found if group.units)
    return Findings(
        groups=groups,
        lists=tuple(_lists(case, groups)),
        totals=_totals(case),
        paths=_paths(policy, roster, groups, months),
    )


def _group(case: _Case, rule: GroupRule) -> Group:
    policy, now = case.policy, case.now
    scale = scale_of(policy, rule, with_intervals=True)
    codes = members(case.roster, rule, case.period, case.counts)
    ranked = [code for code in codes if now[code].rank is not None]
    sizes = {code: _share_and_size(now[code], scale) for code in ranked}
    around = spread(
        pooled(now[code].joint.without("excluded") for code in ranked),
        list(sizes.values()),
        scale,
        normal_quantile(policy.confidence),
        policy.winsor,
    )
    plain = scale_of(policy, rule, with_intervals=False)
    units = display_order([_unit_result(case, code, plain) for code in codes])
    drawn = None
    if around is not None:
        units = [
            replace(unit, within_chance=around.holds(*sizes[unit.unit]))
            if unit.unit in sizes
            else unit
            for unit in units
        ]
        n = [size for _, size in sizes.values()]
        drawn = funnel(around, min(n), max(n), policy.decimals)
    everyone = pooled(now[code].joint.without("excluded") for code in codes)
    bases = (now[code].base for code in ranked)
    return Group(
        key=rule.key,
        title=rule.title,
        n_ranked=len(ranked),
        units=tuple(units),
        pooled=figures(everyone, scale),
        mean_of_units=mean_score((base for base in bases if base is not None), policy.decimals),
        funnel=drawn,
    )


def _figures(standing: Standing) -> Figures:
    """The figures of a unit of the period itself, for which they are always computed."""
    assert standing.figures is not None
    return standing.figures


def _share_and_size(standing: Standing, scale: Scale) -> tuple[Fraction, Fraction]:
    by_key = _figures(standing).rates
    share = composite(by_key, scale)
    size = Fraction(smallest_whole(by_key, scale), standing.joint.scale)
    return share or Fraction(0), size


def _unit_result(case: _Case, code: str, scale: Scale) -> UnitResult:
    roster, counts, standing = case.roster, case.counts, case.now[code]
    lead = _lead(roster, counts, code)
    unit = roster.units[code] if roster.units is not None else Unit(code, roster.name(code), ALL)
    previous = _previous(case.before.get(code))
    before = case.counts_before
    places = sum(counts.places.get(below, 0) for below in roster.below(code))
    return UnitResult(
        unit=code,
        name=roster.name(code),
        rank=standing.rank,
        score=standing.score,
        base_score=standing.base,
        points=standing.points,
        figures=_figures(standing),
        with_excluded=figures(standing.joint, scale),
        volume=lead.count("created"),
        n_excluded=lead.count("excluded"),
        population=unit.population,
        per_10000=(
            rounded(Fraction(places * 10_000, unit.population), 2) if unit.population else None
        ),
        previous=previous,
        previous_volume=None if before is None else _lead(roster, before, code).count("created"),
        change=_change(case.policy, standing, previous),
        apart=standing.apart,
        within_chance=None,
        grade=_grade(case.policy, standing.score),
        adjustments=tuple(
            Adjustment(line.points, line.reason, line.approval)
            for line in approved_lines(roster.lines, code, case.period.label)
        ),
        mean_of_units=standing.mean_of_units,
        closing_time=_closing_time(
            summed(counts.closing_hours.get(below, {}) for below in roster.below(code))
        ),
        parent=unit.parent,
    )


def _lead(roster: Roster, counts: Counts, code: str) -> Joint:
    """The cases that a unit and the units below it lead, unweighted."""
    return pooled(counts.lead[below] for below in roster.below(code) if below in counts.lead)


def _previous(standing: Standing | None) -> Previous | None:
    if standing is None or standing.rank is None or standing.score is None:
        return None
    return Previous(standing.rank, standing.score)


def _change(policy: Policy, standing: Standing, previous: Previous | None) -> Decimal | None:
    """Change of score or rank; positive is better. Both periods must be ranked."""
    if previous is None or standing.rank is None or standing.score is None:
        return None
    if policy.improvement == "rank":
        return Decimal(previous.rank - standing.rank)
    return standing.score - previous.score


def _grade(policy: Policy, score: Decimal | None) -> str | None:
    if score is None:
        return None
    return next((grade.key for grade in policy.grades if score >= grade.at_least), None)


def _closing_time(hours: Mapping[int, int]) -> ClosingTime | None:
    """Median and 90th percentile as the smallest hour that at least that share has reached."""
    n = sum(hours.values())
    if not n:
        return None
    quantiles = []
    for numerator, denominator in ((1, 2), (9, 10)):
        reached = 0
        for hour in sorted(hours):
            reached += hours[hour]
            if reached * denominator >= n * numerator:
                quantiles.append(hour)
                break
    return ClosingTime(n, quantiles[0], quantiles[1])


def _lists(case: _Case, groups: Sequence[Group]) -> Iterable[NamedList]:
    """The policy's lists, each for the group or groups that it names.

    Without a units file the lists of the policy's first group are made for the group `all`.
    """
    policy, places = case.policy, case.counts.places
    stands_for_all = policy.groups[0].key if policy.groups else EACH_GROUP
    for rule in policy.lists:
        for group in groups:
            wanted = stands_for_all if case.roster.units is None else group.key
            if rule.group not in (wanted, EACH_GROUP):
                continue
            title = rule.title
            if rule.group == EACH_GROUP and len(groups) > 1:
                title = {lang: f"{group.title[lang]}: {rule.title[lang]}" for lang in rule.title}
            if rule.kind == "measure":
                yield measure_list(rule, group, title, case.measures.get(rule.measure))
                continue
            by_place = case.roster.units is None
            volumes = {place: n for place, n in places.items() if place is not None}
            if not by_place:
                volumes = {
                    unit.unit: sum(places.get(code, 0) for code in case.roster.below(unit.unit))
                    for unit in group.units
                }
            yield named_list(rule, group, title, volumes, by_place=by_place)


def _totals(case: _Case) -> Totals:
    """Everything pooled, with or without a unit, by the policy's own weights."""
    policy, counts, units = case.policy, case.counts, case.roster.units
    everything = pooled(counts.lead.values())
    weights = {rate.key: rate.weight for rate in policy.rates}
    z = normal_quantile(policy.confidence)
    unlisted, lapsed = [], []
    for code, joint in counts.lead.items():
        if units is not None and code is not None:
            if code not in units:
                unlisted.append(joint)
            elif not exists_in(units[code], case.period):
                lapsed.append(joint)
    return Totals(
        volume=everything.count("created"),
        previous_volume=None if case.counts_before is None else case.counts_before.volume,
        unassigned=counts.lead.get(None, EMPTY).count("created"),
        unlisted=pooled(unlisted).count("created"),
        lapsed=pooled(lapsed).count("created"),
        excluded=everything.count("excluded"),
        figures=figures(
            everything.without("excluded"), Scale(policy.rates, weights, policy.decimals, z)
        ),
        with_excluded=figures(everything, Scale(policy.rates, weights, policy.decimals, None)),
    )


def _paths(
    policy: Policy, roster: Roster, groups: Sequence[Group], months: Sequence[Counted]
) -> dict[str, dict[str, tuple[RankPoint, ...]]]:
    by_month = [(month.period.label, standings(policy, roster, month)) for month in months]
    return {
        group.key: {
            unit.unit: tuple(
                RankPoint(label, found[unit.unit].rank, found[unit.unit].score)
                for label, found in by_month
                if unit.unit in found
            )
            for unit in group.units
        }
        for group in groups
    }
