"""From counts to rates, from rates to the composite, and how sure both are.

Everything that is scored is an exact rational until the one rounding step, `rounded`.
Intervals are square roots of exact variances in Decimal: they inform and are never scored
(unless a policy ranks by the lower bound). Methods: docs/methods/rates.md, composite.md,
funnel.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import cache
from math import gcd, lcm
from statistics import NormalDist

from jiesu.core.facts import BIT, Joint
from jiesu.core.policy import RateRule
from jiesu.core.result import Figures, Funnel, FunnelLimit, Interval, Rate

_DIGITS = Context(prec=28)
_RATE_DECIMALS = 6


def rounded(value: Fraction, decimals: int) -> Decimal:
    """The one rounding step: half away from zero, from the exact rational.

    rounded(Fraction(31, 8) * 10, 1) is 38.8 (38.75 goes up); docs/methods/composite.md §3.
    """
    return _rounded_ratio(value.numerator, value.denominator, decimals)


def _rounded_ratio(numerator: int, denominator: int, decimals: int) -> Decimal:
    doubled = abs(numerator) * 10**decimals * 2 + denominator
    whole = doubled // (denominator * 2)
    # From text, for arithmetic on Decimals keeps 28 digits only.
    return Decimal(f"{whole if numerator >= 0 else -whole}E-{decimals}")


def exact_text(value: Fraction) -> str:
    """A number with all its digits: 177, 26.1; 1/3 where its decimals do not end."""
    places = _places(value)
    if places is None:
        return f"{value.numerator}/{value.denominator}"
    digits = value.numerator * 10**places // value.denominator
    return f"{Decimal(f'{digits}E-{places}'):f}"


def rounded_text(value: Fraction, most: int) -> str:
    """A number with all its digits, rounded to `most` decimals where it has more."""
    places = _places(value)
    if places is None or places > most:
        return f"{rounded(value, most):f}"
    return exact_text(value)


def _places(value: Fraction) -> int | None:
    """How many decimals say a number exactly; `None` where they do not end."""
    rest, places = value.denominator, 0
    while rest > 1 and (common := gcd(rest, 10)) > 1:
        rest, places = rest // common, places + 1
    return places if rest == 1 else None


@cache
def normal_quantile(confidence: Decimal) -> Decimal:
    """z for a two-sided interval: 1.95996 for 0.95."""
    return Decimal(repr(NormalDist().inv_cdf((1 + float(confidence)) / 2)))


def wilson(share: Fraction, n: Fraction | int, z: Decimal) -> Interval:
    """Wilson's score interval for a share in 0..1 out of n > 0 cases; six decimals.

    For a mean of level weights in 0..1 it is conservative, since no such variable varies more
    than a yes/no one with the same mean (docs/methods/rates.md §4).
    Source: Wilson, JASA 22 (1927).
    """
    low, high = _wilson_bounds(share, Fraction(n), z)
    return Interval(
        _bounded(low, _RATE_DECIMALS, Decimal(1)), _bounded(high, _RATE_DECIMALS, Decimal(1))
    )


def _wilson_bounds(share: Fraction, n: Fraction, z: Decimal) -> tuple[Decimal, Decimal]:
    p, size = _decimal(share), _decimal(n)
    z2 = z * z
    spread = _DIGITS.sqrt(p * (1 - p) / size + z2 / (4 * size * size)) * z
    centre, shrink = p + z2 / (2 * size), 1 + z2 / size
    return (centre - spread) / shrink, (centre + spread) / shrink


class Scale:
    """What a group's cases are scored by: rates, composite weights, decimals, confidence.

    `z` is the normal quantile of the intervals; without it none is computed. Remembers for each
    combination of facts what a case with it is worth, since millions of cases share a few dozen.
    """

    def __init__(
        self,
        rules: Sequence[RateRule],
        weights: Mapping[str, Fraction],
        decimals: int,
        z: Decimal | None,
    ) -> None:
        self.rules = tuple(rules)
        self.weights = weights
        self.decimals = decimals
        self.z = z
        # One denominator a rate makes the level weights integers: sums of them stay exact.
        self._denominators = tuple(
            lcm(*(part.denominator for part in rule.part.values())) for rule in self.rules
        )
        self._worth: dict[int, tuple[int | None, ...]] = {}

    def weighted(self) -> Iterator[tuple[int, Fraction]]:
        """Index and weight of each rate that counts in the composite."""
        for index, rule in enumerate(self.rules):
            if weight := self.weights.get(rule.key):
                yield index, weight

    def denominator(self, index: int) -> int:
        return self._denominators[index]

    def worth(self, mask: int) -> tuple[int | None, ...]:
        """By rate: the level weight of a case, over `denominator`; `None` outside the whole."""
        found = self._worth.get(mask)
        if found is None:
            found = tuple(
                self._level(rule, denominator, mask)
                for rule, denominator in zip(self.rules, self._denominators, strict=True)
            )
            self._worth[mask] = found
        return found

    @staticmethod
    def _level(rule: RateRule, denominator: int, mask: int) -> int | None:
        if not mask & BIT[rule.whole]:
            return None
        level = sum(part for fact, part in rule.part.items() if mask & BIT[fact])
        return int(level * denominator)


def tally(joint: Joint, scale: Scale, *, but: str | None = None) -> tuple[list[int], list[int]]:
    """By rate: the sum of level weights over `scale.denominator`, and the cases in the whole.

    Cases for which the fact `but` holds are left out.
    """
    skipped = BIT[but] if but else 0
    parts, wholes = [0] * len(scale.rules), [0] * len(scale.rules)
    for mask, n in joint.cells.items():
        if not mask & skipped:
            for index, level in enumerate(scale.worth(mask)):
                if level is not None:
                    parts[index] += n * level
                    wholes[index] += n
    return parts, wholes


def rates(joint: Joint, scale: Scale) -> dict[str, Rate]:
    """Part, whole, value and interval of each rate: value = part / whole, exact."""
    parts, wholes = tally(joint, scale)
    found = {}
    for index, rule in enumerate(scale.rules):
        part, whole = Fraction(parts[index], scale.denominator(index)), wholes[index]
        value = part / whole if whole else None
        interval = None
        if value is not None and scale.z is not None:
            interval = wilson(value, Fraction(whole, joint.scale), scale.z)
        found[rule.key] = Rate(part, whole, value, interval)
    return found


def score(joint: Joint, scale: Scale, *, but: str | None = None) -> tuple[Decimal | None, int]:
    """The score alone, and the smallest whole: what a ranking of many months needs.

    The same as that of `figures`, by whole numbers throughout, which is several times faster.
    """
    parts, wholes = tally(joint, scale, but=but)
    numerator, denominator = 0, 1
    smallest = min(wholes[index] for index, _ in scale.weighted())
    if not smallest:
        return None, 0
    for index, weight in scale.weighted():
        divisor = weight.denominator * scale.denominator(index) * wholes[index]
        numerator = numerator * divisor + weight.numerator * parts[index] * denominator
        denominator *= divisor
    return _rounded_ratio(numerator * 100, denominator, scale.decimals), smallest


def composite(by_key: Mapping[str, Rate], scale: Scale) -> Fraction | None:
    """The weighted sum of the rates, in 0..1; `None` when a weighted rate has no whole.

    composite = sum over rates of weight x part / whole (docs/methods/composite.md §2).
    """
    total = Fraction(0)
    for index, weight in scale.weighted():
        value = by_key[scale.rules[index].key].value
        if value is None:
            return None
        total += weight * value
    return total


def figures(joint: Joint, scale: Scale) -> Figures:
    """Rates, score (composite x 100, rounded) and intervals of one joint table."""
    by_key = rates(joint, scale)
    share = composite(by_key, scale)
    if share is None:
        return Figures(by_key, None, None)
    interval = None
    if scale.z is not None:
        interval = composite_interval(joint, by_key, share, scale, scale.z)
    return Figures(by_key, rounded(share * 100, scale.decimals), interval)


def composite_variance(joint: Joint, by_key: Mapping[str, Rate], scale: Scale) -> Fraction:
    """The exact variance of the composite (in 0..1) from the joint table of the facts.

    The composite is a sum of ratios. Its linear part in a case i is the sum over rates of
    weight x (level_i - value) / whole, where the term stands only if the case is in the rate's
    whole; the variance is the sum of the squares (docs/methods/composite.md §4).
    """
    terms = []
    for index, weight in scale.weighted():
        found = by_key[scale.rules[index].key]
        if found.value is not None:
            # weight x (level - value) / whole, with level and value over one denominator.
            sum_of_levels = int(found.part * scale.denominator(index))
            divisor = weight.denominator * scale.denominator(index) * found.whole**2
            terms.append((index, weight.numerator, found.whole, sum_of_levels, divisor))
    common = lcm(*(divisor for *_, divisor in terms))
    total = 0
    for mask, n in joint.cells.items():
        worth = scale.worth(mask)
        deviation = 0
        for index, weight_over, whole, sum_of_levels, divisor in terms:
            level = worth[index]
            if level is not None:
                deviation += weight_over * (common // divisor) * (level * whole - sum_of_levels)
        total += n * deviation * deviation
    return Fraction(total * joint.scale, common * common)


def composite_interval(
    joint: Joint, by_key: Mapping[str, Rate], share: Fraction, scale: Scale, z: Decimal
) -> Interval:
    """Wilson's interval of the composite at the number of yes/no cases that vary as much.

    That number is share x (1 - share) / variance; where nothing varies it is the smallest
    whole. In points, with the policy's decimals (docs/methods/composite.md §4).
    """
    variance = composite_variance(joint, by_key, scale)
    size = Fraction(smallest_whole(by_key, scale), joint.scale)
    if variance and 0 < share < 1:
        size = share * (1 - share) / variance
    low, high = _wilson_bounds(share, size, z)
    return Interval(_points(low, scale.decimals), _points(high, scale.decimals))


def smallest_whole(by_key: Mapping[str, Rate], scale: Scale) -> int:
    """The fewest cases on which a weighted rate stands."""
    return min(by_key[scale.rules[index].key].whole for index, _ in scale.weighted())


@dataclass(frozen=True, slots=True)
class Spread:
    """A group's composite (0..1), its variance per case, the dispersion factor and z."""

    centre: Fraction
    variance: Fraction
    dispersion: Decimal
    z: Decimal

    def limits(self, n: Fraction) -> tuple[Decimal, Decimal]:
        """Limits of the composite (0..1) for a unit with n cases."""
        centre = _decimal(self.centre)
        reach = self.z * _DIGITS.sqrt(_decimal(self.variance / n) * self.dispersion)
        return max(Decimal(0), centre - reach), min(Decimal(1), centre + reach)

    def holds(self, share: Fraction, n: Fraction) -> bool:
        """Whether a unit's distance from the group is within the limits."""
        distance = _decimal((share - self.centre) ** 2)
        return distance <= self.z * self.z * _decimal(self.variance / n) * self.dispersion


def spread(
    group: Joint,
    units: Sequence[tuple[Fraction, Fraction]],
    scale: Scale,
    z: Decimal,
    winsor: Fraction,
) -> Spread | None:
    """The group's centre and how far units lie from it by more than chance.

    `group` pools the cases of the ranked units, `units` gives (composite, cases) of each. The
    dispersion factor is the mean square of the units' z-values with the outermost tenth
    (`winsor`) on each side drawn in, and at least 1 (docs/methods/funnel.md).
    `None` with fewer than two units, or where no case differs from another.
    Source: Spiegelhalter, Quality and Safety in Health Care 14 (2005), 347-351.
    """
    by_key = rates(group, scale)
    centre = composite(by_key, scale)
    if centre is None or len(units) < 2:
        return None
    n = Fraction(smallest_whole(by_key, scale), group.scale)
    variance = composite_variance(group, by_key, scale) * n
    if not variance:
        return None
    values = sorted(
        _decimal(share - centre) / _DIGITS.sqrt(_decimal(variance / size)) for share, size in units
    )
    cut = int(len(values) * winsor)
    low, high = values[cut], values[len(values) - 1 - cut]
    drawn_in = [min(max(value, low), high) for value in values]
    factor = sum((value * value for value in drawn_in), Decimal(0)) / len(drawn_in)
    return Spread(centre, variance, max(Decimal(1), factor), z)


def funnel(group: Spread, smallest: Fraction, largest: Fraction, decimals: int) -> Funnel:
    """The funnel's curve at some forty sizes between the smallest and the largest unit."""
    low, high = max(1, int(smallest)), max(1, int(largest))
    steps = 40
    # Evenly spaced by square root: the limits fall with one over the root of n.
    sizes = sorted(
        {int((low**0.5 + (high**0.5 - low**0.5) * i / steps) ** 2 + 0.5) for i in range(steps + 1)}
    )
    curve = []
    for n in sizes:
        below, above = group.limits(Fraction(n))
        curve.append(FunnelLimit(n, _points(below, decimals + 1), _points(above, decimals + 1)))
    return Funnel(
        centre=rounded(group.centre * 100, decimals),
        dispersion=group.dispersion.quantize(Decimal("0.01"), ROUND_HALF_UP),
        limits=tuple(curve),
    )


def _points(share: Decimal, decimals: int) -> Decimal:
    return _bounded(share * 100, decimals, Decimal(100))


def _bounded(value: Decimal, decimals: int, highest: Decimal) -> Decimal:
    step = Decimal(1).scaleb(-decimals)
    return min(max(value, Decimal(0)), highest).quantize(step, ROUND_HALF_UP)


def _decimal(value: Fraction) -> Decimal:
    return _DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))
