"""From counts to an evaluation's groups, lists and totals: who stands where, and why.

Brings scoring and ranking together under a policy. Counts nothing and reads nothing: the
counts come from `evaluation`, units and adjustments from `city`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from jiesu.core.counts import Counts, added, summed
from jiesu.core.facts import EMPTY, Joint, pooled
from jiesu.core.period import Period
from jiesu.core.policy import ALL, EACH_GROUP, GroupRule, Policy
from jiesu.core.ranking import competition_ranks, display_order, named_list
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
from jiesu.core.units import Unit, Units


@dataclass(frozen=True, slots=True)
class Line:
    """A line of adjustments.csv: points for a unit in a period; `cap` limits a reason's sum."""

    unit: str
    period: str
    points: Decimal
    reason: str
    approval: str
    cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of a period, by disjoint parts: its months, or itself alone."""

    period: Period
    parts: tuple[Counts, ...]

    @property
    def whole(self) -> Counts:
        return added(self.parts)


@dataclass(frozen=True, slots=True)
class Findings:
    """All that follows from the counts: the evaluation less its provenance."""

    groups: tuple[Group, ...]
    lists: tuple[NamedList, ...]
    totals: Totals
    paths: Mapping[str, Mapping[str, tuple[RankPoint, ...]]]


@dataclass(frozen=True, slots=True)
class _Standing:
    """A unit's score and rank in one period."""

    joint: Joint
    figures: Figures
    score: Decimal | None
    rank: int | None
    apart: str | None
    mean_of_units: Decimal | None


@dataclass(frozen=True, slots=True)
class Roster:
    """The units that are ranked and what they are called.

    Without a units file (`units` is `None`) every unit of the data is in the one group `all`;
    `names` gives the names that the source knows.
    """

    units: Units | None
    names: Mapping[str, str]
    lines: tuple[Line, ...] = ()

    def name(self, code: str) -> str:
        if self.units is not None and code in self.units:
            return self.units[code].name
        return self.names.get(code, code)

    def below(self, code: str) -> tuple[str, ...]:
        return (code,) if self.units is None else self.units.with_all_below(code)


@dataclass(frozen=True, slots=True)
class _Case:
    """What is being assessed: one policy, one city, a period and the one before it."""

    policy: Policy
    roster: Roster
    period: Period
    counts: Counts
    counts_before: Counts | None
    standings: Mapping[str, _Standing]
    standings_before: Mapping[str, _Standing]


def assess(
    policy: Policy,
    roster: Roster,
    now: Counted,
    before: Counted | None,
    months: Sequence[Counted],
) -> Findings:
    """Score, rank and list all units of a period.

    `before` is the previous period of equal kind, `None` when the input does not reach it;
    `months` are the months at hand for the rank paths, oldest first.
    """
    case = _Case(
        policy,
        roster,
        now.period,
        now.whole,
        None if before is None else before.whole,
        _standings(policy, roster, now, with_intervals=True),
        {} if before is None else _standings(policy, roster, before),
    )
    found = (_group(case, rule) for rule in group_rules(policy, roster.units))
    groups = tuple(group for group in found if group.units)
    return Findings(
        groups=groups,
        lists=tuple(_lists(case, groups)),
        totals=_totals(case),
        paths=_paths(policy, roster, groups, months),
    )


def group_rules(policy: Policy, units: Units | None) -> tuple[GroupRule, ...]:
    """The peer groups: the policy's; else one for each kind of unit; `all` without units."""
    everyone = {"zh": "全部单位", "en": "All units"}
    if units is None:
        return (GroupRule(ALL, everyone, (), {}),)
    if policy.groups:
        return policy.groups
    kinds = dict.fromkeys(unit.kind for unit in units)
    return tuple(
        GroupRule(kind, _KIND_TITLES.get(kind, _same(kind)), (kind,), {}) for kind in kinds
    )


_KIND_TITLES = {
    "street": {"zh": "街道（乡镇）", "en": "Streets and townships"},
    "district": {"zh": "区", "en": "Districts"},
    "department": {"zh": "部门", "en": "Departments"},
    "enterprise": {"zh": "企业", "en": "Enterprises"},
}


def _same(word: str) -> dict[str, str]:
    return {"zh": word, "en": word}


def _members(roster: Roster, rule: GroupRule, period: Period, counts: Counts) -> list[str]:
    """The units that a group has in a period: those that exist in it, with cases or without."""
    if roster.units is None:
        return sorted(code for code in counts.lead if code is not None)
    last = (period.end - timedelta(microseconds=1)).date()
    return [
        unit.code
        for unit in roster.units
        if unit.kind in rule.kinds and unit.exists_between(period.start.date(), last)
    ]


def _scale(policy: Policy, rule: GroupRule, with_intervals: bool) -> Scale:
    needed = with_intervals or policy.rank_by == "interval_low"
    z = normal_quantile(policy.confidence) if needed else None
    return Scale(policy.rates, policy.weights_of(rule), policy.decimals, z)


def _joint(policy: Policy, roster: Roster, counts: Counts, code: str) -> Joint:
    """All cases of a unit and of the units below it, excluded ones too."""
    return pooled(
        counts.joint(below, policy.lead_weight, policy.assist_weight)
        for below in roster.below(code)
    )


def _standings(
    policy: Policy, roster: Roster, counted: Counted, *, with_intervals: bool = False
) -> dict[str, _Standing]:
    """Score and rank of every unit in every group of a period."""
    whole = counted.whole
    found: dict[str, _Standing] = {}
    for rule in group_rules(policy, roster.units):
        scale = _scale(policy, rule, with_intervals)
        for code in _members(roster, rule, counted.period, whole):
            found[code] = _standing(policy, _joint(policy, roster, whole, code), scale)
    if policy.long_periods == "mean" and len(counted.parts) > 1:
        found = _with_monthly_means(policy, roster, counted, found)
    found = _with_means_of_units(policy, roster, found)
    for code, standing in found.items():
        points = counted_points(policy, _approved(roster.lines, code, counted.period.label))
        if standing.score is not None and points:
            score = standing.score + rounded(points, policy.decimals)
            found[code] = replace(standing, score=score)
    for rule in group_rules(policy, roster.units):
        members = _members(roster, rule, counted.period, whole)
        ranks = competition_ranks(_ranked_values(policy, {code: found[code] for code in members}))
        for code, rank in ranks.items():
            found[code] = replace(found[code], rank=rank)
    return found


def _standing(policy: Policy, joint: Joint, scale: Scale) -> _Standing:
    scored = figures(joint.without("excluded"), scale)
    apart = None
    if not joint.cells:
        apart = "no_cases"
    elif Fraction(smallest_whole(scored.rates, scale), joint.scale) < policy.min_whole:
        apart = "too_few"
    return _Standing(joint, scored, None if apart else scored.score, None, apart, None)


def _ranked_values(policy: Policy, standings: Mapping[str, _Standing]) -> dict[str, Decimal]:
    if policy.rank_by == "interval_low":
        return {
            code: standing.figures.interval.low
            for code, standing in standings.items()
            if standing.score is not None and standing.figures.interval is not None
        }
    return {
        code: standing.score for code, standing in standings.items() if standing.score is not None
    }


def _mean(scores: Iterable[Decimal], decimals: int) -> Decimal | None:
    every = [Fraction(score) for score in scores]
    return rounded(sum(every, Fraction(0)) / len(every), decimals) if every else None


def _with_monthly_means(
    policy: Policy, roster: Roster, counted: Counted, found: dict[str, _Standing]
) -> dict[str, _Standing]:
    """Scores of a long period as the mean of the scores of the months in which a unit has one."""
    months = [
        _standings(policy, roster, Counted(period, (part,)))
        for period, part in zip(counted.period.months(), counted.parts, strict=True)
    ]
    means = {}
    for code, standing in found.items():
        scores = [month[code].score for month in months if code in month]
        mean = _mean((score for score in scores if score is not None), policy.decimals)
        means[code] = replace(standing, score=None if standing.apart else mean)
    return means


def _with_means_of_units(
    policy: Policy, roster: Roster, found: dict[str, _Standing]
) -> dict[str, _Standing]:
    """The mean score of the units directly below, ranked by it where the policy says so."""
    if roster.units is None:
        return found
    result = {}
    for code, standing in found.items():
        below = [found[child].score for child in roster.units.children(code) if child in found]
        mean = _mean((score for score in below if score is not None), policy.decimals)
        takes_mean = policy.totals == "mean" and mean is not None and standing.apart is None
        score = mean if takes_mean else standing.score
        result[code] = replace(standing, score=score, mean_of_units=mean)
    return result


def _approved(lines: Iterable[Line], unit: str, period: str) -> tuple[Line, ...]:
    return tuple(
        line for line in lines if line.unit == unit and line.period == period and line.approval
    )


def counted_points(policy: Policy, lines: Sequence[Line]) -> Fraction:
    """The points that approved lines add up to, under the caps of reasons and of the policy."""
    by_reason: dict[str, list[Line]] = {}
    for line in lines:
        by_reason.setdefault(line.reason, []).append(line)
    bonus = deduction = Fraction(0)
    for same in by_reason.values():
        total = sum((Fraction(line.points) for line in same), Fraction(0))
        caps = [Fraction(line.cap) for line in same if line.cap is not None]
        if caps:
            total = max(-min(caps), min(min(caps), total))
        bonus += max(total, Fraction(0))
        deduction += max(-total, Fraction(0))
    return min(bonus, policy.max_bonus) - min(deduction, policy.max_deduction)


def _group(case: _Case, rule: GroupRule) -> Group:
    policy, standings = case.policy, case.standings
    scale = _scale(policy, rule, with_intervals=True)
    members = _members(case.roster, rule, case.period, case.counts)
    ranked = [code for code in members if standings[code].rank is not None]
    sizes = {code: _share_and_size(standings[code], scale) for code in ranked}
    around = spread(
        pooled(standings[code].joint.without("excluded") for code in ranked),
        list(sizes.values()),
        scale,
        normal_quantile(policy.confidence),
        policy.winsor,
    )
    plain = _scale(policy, rule, with_intervals=False)
    units = display_order([_unit_result(case, code, plain) for code in members])
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
    everyone = pooled(standings[code].joint.without("excluded") for code in members)
    scores = (unit.score for unit in units if unit.score is not None)
    return Group(
        key=rule.key,
        title=rule.title,
        n_ranked=len(ranked),
        units=tuple(units),
        pooled=figures(everyone, scale),
        mean_of_units=_mean(scores, policy.decimals),
        funnel=drawn,
    )


def _share_and_size(standing: _Standing, scale: Scale) -> tuple[Fraction, Fraction]:
    share = composite(standing.figures.rates, scale)
    size = Fraction(smallest_whole(standing.figures.rates, scale), standing.joint.scale)
    return share or Fraction(0), size


def _unit_result(case: _Case, code: str, scale: Scale) -> UnitResult:
    roster, counts, standing = case.roster, case.counts, case.standings[code]
    lead = _lead(roster, counts, code)
    unit = roster.units[code] if roster.units is not None else Unit(code, roster.name(code), ALL)
    previous = _previous(case.standings_before.get(code))
    before = case.counts_before
    places = sum(counts.places.get(below, 0) for below in roster.below(code))
    return UnitResult(
        unit=code,
        name=roster.name(code),
        rank=standing.rank,
        score=standing.score,
        figures=standing.figures,
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
            for line in _approved(roster.lines, code, case.period.label)
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


def _previous(standing: _Standing | None) -> Previous | None:
    if standing is None or standing.rank is None or standing.score is None:
        return None
    return Previous(standing.rank, standing.score)


def _change(policy: Policy, standing: _Standing, previous: Previous | None) -> Decimal | None:
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
            wanted = stands_for_all if group.key == ALL else group.key
            if rule.group not in (wanted, EACH_GROUP):
                continue
            title = rule.title
            if rule.group == EACH_GROUP and len(groups) > 1:
                title = {lang: f"{group.title[lang]}: {rule.title[lang]}" for lang in rule.title}
            by_place = group.key == ALL
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
    unlisted = [
        joint
        for code, joint in counts.lead.items()
        if units is not None and code is not None and code not in units
    ]
    return Totals(
        volume=everything.count("created"),
        previous_volume=None if case.counts_before is None else case.counts_before.volume,
        unassigned=counts.lead.get(None, EMPTY).count("created"),
        unlisted=pooled(unlisted).count("created"),
        excluded=everything.count("excluded"),
        figures=figures(
            everything.without("excluded"), Scale(policy.rates, weights, policy.decimals, z)
        ),
        with_excluded=figures(everything, Scale(policy.rates, weights, policy.decimals, None)),
    )


def _paths(
    policy: Policy, roster: Roster, groups: Sequence[Group], months: Sequence[Counted]
) -> dict[str, dict[str, tuple[RankPoint, ...]]]:
    standings = [(month.period.label, _standings(policy, roster, month)) for month in months]
    return {
        group.key: {
            unit.unit: tuple(
                RankPoint(label, found[unit.unit].rank, found[unit.unit].score)
                for label, found in standings
                if unit.unit in found
            )
            for unit in group.units
        }
        for group in groups
    }
