"""Whether a unit stands out among its peers, or a count among earlier ones, by more than chance.

Closed forms on counts, of the standard library alone: a binomial mid-p at the number of cases
that are worth as much as independent ones, the spread between units, a test of counts that come in
clusters, and the control of the false discovery rate. A p-value informs and never enters a score.
Floating-point steps end in `p_value` and `count_p_value`, which round to six digits; all that is
decided is decided on these, exactly. Method, reasons and sources: docs/methods/health-check.md,
for counts docs/methods/reports.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import ceil, exp, fsum, lgamma, log, log1p, sqrt
from statistics import NormalDist

P_DIGITS = 6
"""A p-value has so many significant digits: far fewer than machines agree on."""

SMALLEST_P = 1e-30
"""Nothing is told apart below."""

_ROUNDING = Context(prec=P_DIGITS, rounding=ROUND_HALF_EVEN)
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Sample:
    """Cases and what they are worth, in whole numbers.

    `part` sums the cases' levels over `level` (10 where fairly satisfied counts 0.9), `square`
    their squares over its square; `whole` counts cases over `weight` (more than 1 where units
    share them). For yes and no all three count cases.
    """

    part: int
    whole: int
    square: int
    level: int = 1
    weight: int = 1

    @classmethod
    def yes(cls, n: int, of: int) -> "Sample":
        """`n` yes among `of` cases."""
        return cls(n, of, n)

    @property
    def share(self) -> Fraction:
        return Fraction(self.part, self.whole * self.level)

    @property
    def cases(self) -> Fraction:
        return Fraction(self.whole, self.weight)


NOTHING = Sample(0, 0, 0)


def together(samples: Sequence[Sample]) -> Sample:
    """All cases of several units (at least one), which are counted alike."""
    return Sample(
        sum(sample.part for sample in samples),
        sum(sample.whole for sample in samples),
        sum(sample.square for sample in samples),
        samples[0].level,
        samples[0].weight,
    )


@dataclass(frozen=True, slots=True)
class Deviation:
    """A unit against its peers, as numbers for a test.

    `share` is the unit's, `mean` the peers' (with half a case added on each side, so that it is
    never 0 or 1). `size` is the unit's cases, `peers` those of all peers and `each` those of a
    peer on average, all as the number of yes/no cases that vary as much.
    """

    share: float
    mean: float
    size: float
    peers: float
    each: float

    def inflation(self, rho: float) -> float:
        """By how much the distance varies more than that of `size` independent cases from a known
        mean: 1 + (size - 1) rho, and the same for the mean of the peers."""
        own = 1 + max(self.size - 1, 0.0) * rho
        theirs = (1 + max(self.each - 1, 0.0) * rho) * self.size / self.peers
        return own + theirs

    def z(self, rho: float) -> float:
        """The distance over its standard deviation."""
        variance = self.mean * (1 - self.mean) * self.inflation(rho) / self.size
        return (self.share - self.mean) / sqrt(variance)


def deviation(own: Sample, pooled: Sample, n_peers: int) -> Deviation:
    """A unit's sample against its peers' pooled one, in which it is not; neither is empty.

    Cases with levels between 0 and 1 vary less than yes and no: their number is raised by
    mean (1 - mean) / variance, from the peers' cases (docs/methods/health-check.md §2).
    """
    cases = pooled.whole / pooled.weight
    share = pooled.part / (pooled.whole * pooled.level)
    variance = pooled.square / (pooled.whole * pooled.level**2) - share * share
    # Where levels are yes and no the two are equal but for the last digit.
    gain = max(1.0, share * (1 - share) / variance) if variance > 1e-12 else 1.0
    return Deviation(
        share=own.part / (own.whole * own.level),
        mean=(share * cases + 0.5) / (cases + 1),
        size=own.whole / own.weight * gain,
        peers=cases * gain,
        each=cases * gain / n_peers,
    )


@dataclass(frozen=True, slots=True)
class PeerSpread:
    """How far units of a group lie from their peers beyond counting error.

    `rho` is the share of the variance of one case that lies between units; 0 means that units
    differ by chance alone. `freedom` are the degrees of freedom on which it stands.
    """

    rho: float
    freedom: int


def spread(deviations: Sequence[Deviation], winsor: Fraction) -> PeerSpread:
    """The spread at which the units' z-values vary as standard normal ones do.

    The outermost share `winsor` on each side is drawn in to the next value, and the mean square is
    compared with that of normal values drawn in alike, so that a few units that do stand out do not
    widen the limits for themselves. Method of Paule and Mandel, by halving.
    """
    n = len(deviations)
    cut = int(n * winsor)
    freedom = max(1, n - 2 * cut - 1)
    wanted = _drawn_in_square(Fraction(cut, n)) if n else 1.0
    if n < 2 or _mean_square(deviations, 0.0, cut) <= wanted:
        return PeerSpread(0.0, freedom)
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        if _mean_square(deviations, middle, cut) > wanted:
            low = middle
        else:
            high = middle
    return PeerSpread(high, freedom)


def _mean_square(deviations: Sequence[Deviation], rho: float, cut: int) -> float:
    values = sorted(item.z(rho) for item in deviations)
    low, high = values[cut], values[-1 - cut]
    return fsum(min(max(value, low), high) ** 2 for value in values) / len(values)


def _drawn_in_square(share: Fraction) -> float:
    """The mean square of standard normal values of which a share on each side is drawn in."""
    if not share:
        return 1.0
    outside = float(share)
    edge = -_NORMAL.inv_cdf(outside)
    inside = 1 - 2 * outside - 2 * edge * _NORMAL.pdf(edge)
    return inside + 2 * outside * edge * edge


def p_value(
    found: Deviation, among: PeerSpread, usual: Fraction, *, only_above: bool = False
) -> Decimal:
    """How probable such a count is at most if the unit's own level is a usual one.

    Usual is what lies within `usual` standard deviations between units of the peers' mean: the
    test is made at the edge of that range, with counting error alone. Binomial, mid-p, at `size`
    over an inflation that stands for what is not known of the edge; two-sided by doubling the
    smaller tail unless only a higher share counts (docs/methods/health-check.md §4). Six
    significant digits.
    """
    reach = float(usual) * sqrt(among.rho * found.mean * (1 - found.mean))
    theirs = (1 + max(found.each - 1, 0.0) * among.rho) * found.size / found.peers
    edge = found.size * float(usual * usual) * among.rho / (2 * among.freedom)
    n = found.size / (1 + theirs + edge)
    x = found.share * n
    tail = _mid_tail(x, n, min(found.mean + reach, 1.0))
    if not only_above:
        below = _mid_tail(n - x, n, min(1 - found.mean + reach, 1.0))
        tail = min(2 * min(tail, below), 1.0)
    return _six_digits(tail)


def _six_digits(p: float) -> Decimal:
    return _ROUNDING.create_decimal_from_float(min(max(p, SMALLEST_P), 1.0))


def _mid_tail(x: float, n: float, p: float) -> float:
    """P(X > x) + P(X = x) / 2 for a binomial X; x and n need not be whole."""
    at_least = 1.0 if x <= 0 else _beta(x, n - x + 1, p)
    more = 0.0 if x >= n else _beta(x + 1, n - x, p)
    return (at_least + more) / 2


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by its continued fraction.

    Source: NIST Digital Library of Mathematical Functions, 8.17.22, evaluated after Lentz.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1 / ((1 - (a + b) * x / (a + 1)) or tiny)
    value = d
    for m in range(1, 20_000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / ((1 + numerator * d) or tiny)
            c = (1 + numerator / c) or tiny
            step = c * d
            value *= step
        if abs(step - 1) < 1e-15:
            break
    return value


# Counts against earlier ones -------------------------------------------------------------------

OWN_WEIGHT = 6
"""What all series show of their dispersion weighs as much as so many degrees of freedom of one."""


def dispersions(series: Sequence[Sequence[int]], winsor: Fraction) -> list[float]:
    """By how much the counts of each series vary more than Poisson ones: variance over mean.

    All series have the same number of counts, at least two. The mean over all series, the highest
    share `winsor` (one of few, rounded up) drawn in to the next; raised for what few counts leave
    open; and more where a series' own counts show more. At least 1 (docs/methods/reports.md, "Out
    of the ordinary").
    """
    squares = [_square_over_mean(counts) for counts in series]
    if not squares:
        return []
    own = len(series[0]) - 1
    ordered = sorted(squares)
    highest = ordered[-1 - min(ceil(len(squares) * winsor), (len(squares) - 1) // 2)]
    freedom = own * len(squares)
    pooled = max(1.0, fsum(min(square, highest) for square in squares) / freedom)
    # As Student's t is wider than the normal: (z^2 + 1) / 2 over the degrees of freedom, z = 3.3.
    pooled *= 1 + 6 / freedom
    return [max(pooled, (OWN_WEIGHT * pooled + square) / (OWN_WEIGHT + own)) for square in squares]


def _square_over_mean(counts: Sequence[int]) -> float:
    """The sum of squares around the mean, over the mean; what Poisson counts have on average
    where all are 0."""
    k, total = len(counts), sum(counts)
    if not total:
        return k - 1.0
    return (k * sum(count * count for count in counts) - total * total) / total


def count_p_value(n: int, usual: Sequence[int], dispersion: float) -> Decimal:
    """How probable `n` or more are, given the counts of k equal stretches before, at one rate.

    Counts are taken as negative binomial with the variance `dispersion` times the mean. Given the
    N of all k + 1 stretches together, that of one is then beta-binomial with the parameters a and
    k a, a = N / (k + 1) / (dispersion - 1); at 1 binomial, p = 1/(k + 1): the conditional test of
    Przyborowski and Wilenski, Biometrika 31 (1940), 313-323. Six significant digits.
    """
    k, total = len(usual), n + sum(usual)
    if not k or not n:
        return Decimal(1)
    # 1 / a: 0 for the binomial.
    c = max(dispersion - 1, 0.0) * (k + 1) / total
    # From the count away from the mean, so that the first term is the largest.
    if n * (k + 1) <= total:
        return _six_digits(1 - _count_tail(n - 1, total, c, k, step=-1))
    return _six_digits(_count_tail(n, total, c, k, step=1))


def _count_tail(first: int, total: int, c: float, k: int, *, step: int) -> float:
    """The beta-binomial probabilities (1/c, k/c) from `first` on, upwards or downwards."""
    term = exp(
        lgamma(total + 1)
        - lgamma(first + 1)
        - lgamma(total - first + 1)
        + _log_rising(1, first, c)
        + _log_rising(k, total - first, c)
        - _log_rising(k + 1, total, c)
    )
    tail, i, last = term, first, total if step > 0 else 0
    while i != last and term > tail * 1e-16:
        rest = total - i
        if step > 0:
            term *= rest * (1 + i * c) / ((i + 1) * (k + (rest - 1) * c))
        else:
            term *= i * (k + rest * c) / ((rest + 1) * (1 + (i - 1) * c))
        i += step
        tail += term
    return tail


def _log_rising(start: int, n: int, c: float) -> float:
    """The logarithm of start (start + c) (start + 2c) ... with n factors."""
    if not c:
        return n * log(start)
    return lgamma(start / c + n) - lgamma(start / c) + n * log(c)


def adjusted(values: Sequence[Decimal], *, any_dependence: bool = False) -> list[Fraction]:
    """The q-value of each p-value: the least false discovery rate at which it is a discovery.

    q of the i-th smallest of m is the least of p_j m / j over j >= i (Benjamini and Hochberg). With
    `any_dependence` each is multiplied by 1 + 1/2 + ... + 1/m (Benjamini and Yekutieli). Exact.
    """
    m = len(values)
    factor = sum((Fraction(1, j) for j in range(1, m + 1)), Fraction(0)) if any_dependence else 1
    order = sorted(range(m), key=lambda i: values[i])
    found = [Fraction(1)] * m
    least = Fraction(1)
    for place in range(m, 0, -1):
        i = order[place - 1]
        least = min(least, Fraction(values[i]) * m * factor / place)
        found[i] = least
    return found
