"""Where each unit stands in one period: its score, its rank, or why it has none.

Brings scoring and ranking together under a policy; groups, lists and documents' figures are
in `assessment`. Methods: docs/methods/composite.md, ranks.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from jiesu.core.counts import Counts, added
from jiesu.core.facts import Joint, pooled
from jiesu.core.period import Period
from jiesu.core.policy import GroupRule, Policy
from jiesu.core.ranking import competition_ranks
from jiesu.core.result import Figures
from jiesu.core.roster import Line, Roster, approved_lines, group_rules, members
from jiesu.core.scoring import Scale, figures, normal_quantile, rounded, score


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of a period, by disjoint parts: its months, or itself alone."""

    period: Period
    parts: tuple[Counts, ...]

    @property
    def whole(self) -> Counts:
        return added(self.parts)


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit's score and rank in one period, and what they were made from.

    `base` is the composite, or the mean that the policy puts in its place; `points` are the
    counted bonuses and deductions; `score` is their sum. All three are rounded. `figures` are
    there when intervals were asked for, and otherwise not computed.
    """

    joint: Joint
    figures: Figures | None
    base: Decimal | None
    points: Decimal
    score: Decimal | None
    rank: int | None
    apart: str | None
    mean_of_units: Decimal | None


def scale_of(policy: Policy, rule: GroupRule, with_intervals: bool) -> Scale:
    needed = with_intervals or policy.rank_by == "interval_low"
    z = normal_quantile(policy.confidence) if needed else None
    return Scale(policy.rates, policy.weights_of(rule), policy.decimals, z)


def _joint(policy: Policy, roster: Roster, counts: Counts, code: str) -> Joint:
    """All cases of a unit and of the units below it, excluded ones too."""
    return pooled(
        counts.joint(below, policy.lead_weight, policy.assist_weight)
        for below in roster.below(code)
    )


def standings(
    policy: Policy, roster: Roster, counted: Counted, *, with_intervals: bool = False
) -> dict[str, Standing]:
    """Score and rank of every unit in every group of a period."""
    found = _bases(policy, roster, counted, with_intervals)
    if policy.long_periods == "mean" and len(counted.parts) > 1:
        found = _with_monthly_means(policy, roster, counted, found)
    found = _with_means_of_units(policy, roster, found)
    for code, standing in found.items():
        if standing.base is not None:
            lines = approved_lines(roster.lines, code, counted.period.label)
            points = rounded(counted_points(policy, lines), policy.decimals)
            found[code] = replace(standing, points=points, score=standing.base + points)
    whole = counted.whole
    for rule in group_rules(policy, roster.units):
        codes = members(roster, rule, counted.period, whole)
        ranks = competition_ranks(_ranked_values(policy, {code: found[code] for code in codes}))
        for code, rank in ranks.items():
            found[code] = replace(found[code], rank=rank)
    return found


def _bases(
    policy: Policy, roster: Roster, counted: Counted, with_intervals: bool
) -> dict[str, Standing]:
    """Every unit's composite, before means, points and ranks."""
    whole = counted.whole
    found: dict[str, Standing] = {}
    for rule in group_rules(policy, roster.units):
        scale = scale_of(policy, rule, with_intervals)
        for code in members(roster, rule, counted.period, whole):
            found[code] = _base(policy, _joint(policy, roster, whole, code), scale)
    return found


def _base(policy: Policy, joint: Joint, scale: Scale) -> Standing:
    full = figures(joint.without("excluded"), scale) if scale.z is not None else None
    base, n_cases = score(joint, scale, but="excluded")
    apart = None
    if not joint.cells:
        apart = "no_cases"
    elif Fraction(n_cases, joint.scale) < policy.min_whole:
        apart = "too_few"
    return Standing(joint, full, None if apart else base, Decimal(0), None, None, apart, None)


def _ranked_values(policy: Policy, found: Mapping[str, Standing]) -> dict[str, Decimal]:
    if policy.rank_by == "interval_low":
        return {
            code: standing.figures.interval.low
            for code, standing in found.items()
            if standing.score is not None and standing.figures and standing.figures.interval
        }
    return {code: standing.score for code, standing in found.items() if standing.score is not None}


def mean_score(scores: Iterable[Decimal], decimals: int) -> Decimal | None:
    every = [Fraction(score) for score in scores]
    return rounded(sum(every, Fraction(0)) / len(every), decimals) if every else None


def _with_monthly_means(
    policy: Policy, roster: Roster, counted: Counted, found: dict[str, Standing]
) -> dict[str, Standing]:
    """A long period's base as the mean of the months' printed bases, of those that have one."""
    months = [
        _bases(policy, roster, Counted(period, (part,)), False)
        for period, part in zip(counted.period.months(), counted.parts, strict=True)
    ]
    means = {}
    for code, standing in found.items():
        bases = [month[code].base for month in months if code in month]
        mean = mean_score((base for base in bases if base is not None), policy.decimals)
        # Enough cases in the long period do not make up for months with too few.
        apart = standing.apart or ("too_few" if mean is None else None)
        means[code] = replace(standing, base=None if apart else mean, apart=apart)
    return means


def _with_means_of_units(
    policy: Policy, roster: Roster, found: dict[str, Standing]
) -> dict[str, Standing]:
    """The mean base of the units directly below; it is the base where the policy says so."""
    if roster.units is None:
        return found
    result = {}
    for code, standing in found.items():
        below = [found[child].base for child in roster.units.children(code) if child in found]
        mean = mean_score((base for base in below if base is not None), policy.decimals)
        takes_mean = policy.totals == "mean" and mean is not None and standing.apart is None
        base = mean if takes_mean else standing.base
        result[code] = replace(standing, base=base, mean_of_units=mean)
    return result


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
