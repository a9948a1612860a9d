"""What would move a unit's score most, by the policy's own arithmetic.

For each rate and category: how many more cases it takes to come up to the peers, what that adds to
the score, and which rank follows if all others stay as they are. Exact. Where a policy puts a mean
in the place of the composite (long periods, totals) there are no levers: the arithmetic of one
case is then another in each month or unit. Method: docs/methods/health-check.md §7.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from jiesu.core.chance import Sample
from jiesu.core.comparison import WHOLE, Measure
from jiesu.core.scoring import Scale, rounded
from jiesu.core.topics import CategoryPath


@dataclass(frozen=True, slots=True)
class LeverStep:
    """In one rate: `more` cases with the full level, of `open` that have less than it.

    `share` is what the unit reaches, `target` that of its peers together.
    """

    rate: str
    more: int
    open: int
    share: Fraction
    target: Fraction


@dataclass(frozen=True, slots=True)
class Lever:
    """One or several rates in a category (or in all) brought up to the peers' pooled share.

    `gain` is exact, in points; `score` the score that follows, rounded as the policy says, and
    `rank` the rank among the others' scores as they are (`None` for a unit that is not ranked).
    """

    category: CategoryPath
    steps: tuple[LeverStep, ...]
    gain: Fraction
    score: Decimal
    rank: int | None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a unit stands: its score, its rank or none, and the others' scores, ascending."""

    score: Decimal
    points: Decimal
    rank: int | None
    others: Sequence[Decimal]


def levers(
    samples: Mapping[Measure, Sample],
    peers: Mapping[Measure, Fraction],
    scale: Scale,
    position: Position,
) -> tuple[Lever, ...]:
    """All levers of a unit, the strongest first; none where it is nowhere below its peers.

    `samples` are the unit's, `peers` the pooled shares of its peers by measure. Single rates come
    one by one; where several of one category are below, they also come together.
    """
    keys = [scale.rules[index].key for index, _ in scale.weighted()]
    categories = dict.fromkeys(category for figure, category in samples if figure in keys)
    now = _Now(samples, scale, position)
    found: list[Lever] = []
    for category in categories:
        steps = list(_steps(keys, category, samples, peers))
        found += [now.lever(category, (step,)) for step in steps]
        if len(steps) > 1:
            found.append(now.lever(category, tuple(steps)))
    return tuple(
        sorted(found, key=lambda lever: (-lever.gain, lever.category, lever.steps[0].rate))
    )


def _steps(
    keys: Sequence[str],
    category: CategoryPath,
    samples: Mapping[Measure, Sample],
    peers: Mapping[Measure, Fraction],
) -> Iterator[LeverStep]:
    for key in keys:
        own, target = samples.get((key, category)), peers.get((key, category))
        if own is None or not own.whole or target is None or own.share >= target:
            continue
        missing = own.cases - Fraction(own.part, own.level * own.weight)
        more = min(ceil((target - own.share) * own.cases), int(missing))
        if more:
            yield LeverStep(key, more, ceil(missing), own.share, target)


class _Now:
    """A unit's composite as it is, and what follows from some steps.

    A case more adds weight / whole of its rate to the composite, in whatever category it is.
    """

    def __init__(self, samples: Mapping[Measure, Sample], scale: Scale, position: Position) -> None:
        own = {
            scale.rules[index].key: (weight, samples[scale.rules[index].key, WHOLE])
            for index, weight in scale.weighted()
        }
        self._worth = {key: weight / sample.cases for key, (weight, sample) in own.items()}
        self._composite = sum(
            (weight * sample.share for weight, sample in own.values()), Fraction(0)
        )
        self._decimals = scale.decimals
        self._position = position

    def lever(self, category: CategoryPath, steps: tuple[LeverStep, ...]) -> Lever:
        gain = sum((self._worth[step.rate] * step.more for step in steps), Fraction(0))
        position = self._position
        score = rounded((self._composite + gain) * 100, self._decimals) + position.points
        rank = None
        if position.rank is not None:
            rank = 1 + len(position.others) - bisect_right(position.others, score)
        return Lever(category, steps, gain * 100, score, rank)
