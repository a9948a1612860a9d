"""Each unit's figures against those of its peers, all tests of a run judged together.

Takes counts and says which differences stand out; says nothing of what to do about them. Method
and reasons: docs/methods/health-check.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from jiesu.core.breakdown import UnitBreakdown
from jiesu.core.chance import NOTHING, Sample, adjusted, deviation, p_value, spread, together
from jiesu.core.facts import BIT, Joint
from jiesu.core.scoring import Scale
from jiesu.core.topics import CategoryPath

LATE, EXCLUDED, SHARE = "late", "excluded", "share"
"""Figures beside the policy's rates: due and not closed in time, excluded, a category's part."""

ONLY_ABOVE = (EXCLUDED, SHARE)
"""Only more than the peers is looked for: fewer demands of a kind are no merit."""

WHOLE: CategoryPath = ()
"""In the place of a category: all of a unit's cases."""

Kind = Literal["strength", "shortcoming"]
Measure = tuple[str, CategoryPath]
"""A figure and the category in which it is taken."""


@dataclass(frozen=True, slots=True)
class CheckupRules:
    """The rules of a health check; defaults are ours, no source gives them.

    `peers` units nearest by `peers_by` (`volume` or `population`) are compared with, at least
    `fewest_peers`. A rate is tested from `fewest_cases` cases on, a category's part in the demands
    where the peers' share lets expect `fewest_expected`. `alpha` is the false discovery rate,
    controlled by `control`: `bh` or, under any dependence, `by`. `usual` and `winsor` say what is
    usual among the units (`core.chance`). A finding differs from the peers by `least_points`
    percentage points at least. Categories are cut at `category_level`. A caller is a repeat caller
    from `repeat_from` demands on. So many `places` and `unsolved` cases are listed. Cases with the
    label `topic_label` belong to monthly topics. Units of `place_kinds` answer for places.
    """

    peers: int = 40
    peers_by: str = "volume"
    fewest_peers: int = 8
    fewest_cases: int = 30
    fewest_expected: int = 10
    alpha: Fraction = Fraction(1, 20)
    control: str = "bh"
    winsor: Fraction = Fraction(1, 20)
    usual: Fraction = Fraction(1)
    least_points: Fraction = Fraction(1)
    category_level: int = 2
    repeat_from: int = 3
    places: int = 8
    unsolved: int = 60
    topic_label: str = "每月一题"
    place_kinds: tuple[str, ...] = ("district", "street")


@dataclass(frozen=True, slots=True)
class Compared:
    """A unit's figure beside its peers' pooled one, and what the test says.

    Shares are `part / whole`; the unit has cases, its peers may have none (`n_peers` 0: then there
    is no share of theirs and no gap). `low` and `high` hold the middle half of the peers. `p` and
    `q` are `None` where no test was made (too few cases or peers). `kind` says that it is a
    finding.
    """

    figure: str
    category: CategoryPath
    part: Fraction
    whole: Fraction
    peers_part: Fraction
    peers_whole: Fraction
    n_peers: int
    low: Decimal
    high: Decimal
    p: Decimal | None = None
    q: Fraction | None = None
    kind: Kind | None = None

    @property
    def share(self) -> Fraction:
        return self.part / self.whole

    @property
    def peers_share(self) -> Fraction | None:
        return self.peers_part / self.peers_whole if self.peers_whole else None

    @property
    def gap(self) -> Fraction | None:
        """How much better than the peers, in 0..1; negative is worse."""
        peers = self.peers_share
        return None if peers is None else difference(self.figure, self.share, peers)

    @property
    def cases(self) -> Fraction:
        """The cases that make the difference: the gap times the unit's cases, without sign."""
        return abs(self.gap or Fraction(0)) * self.whole


def difference(figure: str, share: Fraction, peers: Fraction) -> Fraction:
    """A share less the peers', turned so that more is better."""
    return peers - share if figure in (LATE, EXCLUDED, SHARE) else share - peers


Samples = Mapping[str, Mapping[Measure, Sample]]
"""Each unit's samples by measure."""


# Samples from counts -------------------------------------------------------------------------


def samples_of(
    found: UnitBreakdown, scale: Scale, level: int, *, of_place: bool
) -> dict[Measure, Sample]:
    """A unit's samples: each rate and each other figure, as a whole and by category.

    Categories are cut at `level`. Excluded cases count in `excluded` and in the demands of a
    category, and nowhere else. Only where a unit answers for a place (`of_place`) does a category's
    part in its demands say anything: a department has the demands of its trade.
    """
    sums: dict[Measure, list[int]] = {}
    volumes: dict[CategoryPath, int] = {}
    weight = max((joint.scale for joint in found.categories.values()), default=1)
    for path, joint in found.categories.items():
        category = path[:level]
        volumes[category] = volumes.get(category, 0) + _add(sums, category, joint, scale)
    total = sum(volumes.values())
    levels = {rule.key: scale.denominator(index) for index, rule in enumerate(scale.rules)}
    samples = {
        (figure, category): Sample(part, whole, square, levels.get(figure, 1), weight)
        for (figure, category), (part, whole, square) in sums.items()
    }
    for category, n in volumes.items():
        if category and of_place:
            samples[SHARE, category] = Sample(n, total, n, 1, weight)
    return samples


def _add(sums: dict[Measure, list[int]], category: CategoryPath, joint: Joint, scale: Scale) -> int:
    """Add a category's cases to its own sums and to those of the whole; how many there are."""
    total = 0
    for mask, n in joint.cells.items():
        total += n
        is_excluded = mask & BIT["excluded"]
        _count(sums, EXCLUDED, WHOLE, n, 1 if is_excluded else 0)
        if is_excluded:
            continue
        for rule, level in zip(scale.rules, scale.worth(mask), strict=True):
            if level is not None:
                _count(sums, rule.key, WHOLE, n, level)
                if category:
                    _count(sums, rule.key, category, n, level)
        if mask & BIT["due"]:
            late = 0 if mask & BIT["closed_on_time"] else 1
            _count(sums, LATE, WHOLE, n, late)
            if category:
                _count(sums, LATE, category, n, late)
    return total


def _count(
    sums: dict[Measure, list[int]], figure: str, category: CategoryPath, n: int, level: int
) -> None:
    found = sums.get((figure, category))
    if found is None:
        found = sums[figure, category] = [0, 0, 0]
    found[0] += n * level
    found[1] += n
    found[2] += n * level * level


# Peers ---------------------------------------------------------------------------------------


def nearest(sizes: Mapping[str, int], n: int) -> dict[str, tuple[str, ...]]:
    """For each unit the `n` others whose size is nearest by ratio; equals in the order of codes.

    Units of size 0 have no peers and are none.
    """
    ordered = sorted((size, code) for code, size in sizes.items() if size > 0)
    found = {}
    for place, (size, code) in enumerate(ordered):
        # The nearest by ratio are among the n on either side.
        around = ordered[max(0, place - n) : place] + ordered[place + 1 : place + 1 + n]
        near = sorted(around, key=lambda other: (_ratio(other[0], size), other[1]))
        found[code] = tuple(other for _, other in near[:n])
    return found


def _ratio(one: int, other: int) -> Fraction:
    return Fraction(max(one, other), min(one, other))


# Comparing and judging -----------------------------------------------------------------------


def compared(
    samples: Samples, peers: Mapping[str, Sequence[str]], rules: CheckupRules
) -> dict[str, list[Compared]]:
    """Every unit of one group against its peers, with p-values, not yet judged.

    Measures come in a fixed order; a unit without cases in a measure's whole has none there.
    """
    measures = sorted({measure for table in samples.values() for measure in table})
    found: dict[str, list[Compared]] = {code: [] for code in samples}
    for measure in measures:
        for code, item in _measured(measure, samples, peers, rules):
            found[code].append(item)
    return found


def _measured(
    measure: Measure, samples: Samples, peers: Mapping[str, Sequence[str]], rules: CheckupRules
) -> Iterator[tuple[str, Compared]]:
    own = {
        code: sample
        for code, table in samples.items()
        if (sample := _sample(table, measure)) is not None and sample.whole
    }
    theirs = {code: [own[peer] for peer in peers.get(code, ()) if peer in own] for code in own}
    pooled = {code: together(peers) for code, peers in theirs.items() if peers}
    tested = {
        code: deviation(own[code], pooled[code], len(theirs[code]))
        for code in pooled
        if _is_tested(measure[0], own[code], pooled[code], len(theirs[code]), rules)
    }
    around = spread(list(tested.values()), rules.winsor)
    only_above = measure[0] in ONLY_ABOVE
    for code, sample in own.items():
        item = _beside(measure, sample, theirs[code], pooled.get(code, NOTHING))
        if code in tested:
            p = p_value(tested[code], around, rules.usual, only_above=only_above)
            item = replace(item, p=p)
        yield code, item


def _sample(table: Mapping[Measure, Sample], measure: Measure) -> Sample | None:
    """A unit's sample; a category in which it has no demands is a part of 0 in them all."""
    found = table.get(measure)
    if found is None and measure[0] == SHARE and any(figure == SHARE for figure, _ in table):
        every = table[EXCLUDED, WHOLE]
        return Sample(0, every.whole, 0, 1, every.weight)
    return found


def _is_tested(figure: str, own: Sample, peers: Sample, n_peers: int, rules: CheckupRules) -> bool:
    """Whether there is enough to test: decided without looking at how the unit did."""
    if n_peers < rules.fewest_peers or own.cases < rules.fewest_cases:
        return False
    return figure != SHARE or peers.share * own.cases >= rules.fewest_expected


def _beside(measure: Measure, own: Sample, peers: Sequence[Sample], pooled: Sample) -> Compared:
    shares = sorted(peer.part / (peer.whole * peer.level) for peer in peers)
    return Compared(
        figure=measure[0],
        category=measure[1],
        part=Fraction(own.part, own.level * own.weight),
        whole=own.cases,
        peers_part=Fraction(pooled.part, pooled.level * pooled.weight),
        peers_whole=pooled.cases,
        n_peers=len(peers),
        low=_quartile(shares, 1),
        high=_quartile(shares, 3),
    )


def _quartile(ordered: Sequence[float], quarter: int) -> Decimal:
    """The smallest value that at least so many quarters do not exceed; six decimals, for charts."""
    if not ordered:
        return Decimal(0)
    place = -(-len(ordered) * quarter // 4) - 1
    return Decimal(f"{ordered[place]:.6f}")


def judged(
    found: Mapping[str, Sequence[Compared]], rules: CheckupRules
) -> dict[str, tuple[Compared, ...]]:
    """All comparisons of a run with their q-values; those that stand out bear their kind.

    One family: every test of every unit and group.
    """
    tests = [item.p for items in found.values() for item in items if item.p is not None]
    q_values = iter(adjusted(tests, any_dependence=rules.control == "by"))
    return {
        code: tuple(
            item if item.p is None else _with_kind(replace(item, q=next(q_values)), rules)
            for item in items
        )
        for code, items in found.items()
    }


def _with_kind(item: Compared, rules: CheckupRules) -> Compared:
    gap = item.gap
    if gap is None or item.q is None or item.q > rules.alpha:
        return item
    if abs(gap) * 100 < rules.least_points:
        return item
    return replace(item, kind="strength" if gap > 0 else "shortcoming")


def findings(items: Iterable[Compared], kind: Kind) -> tuple[Compared, ...]:
    """The findings of a kind: those first that more cases make, then in the order of measures."""
    chosen = [item for item in items if item.kind == kind]
    return tuple(sorted(chosen, key=lambda item: (-item.cases, item.figure, item.category)))
