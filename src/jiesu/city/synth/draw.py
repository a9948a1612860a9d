"""Repeatable random draws: uniform numbers from PCG64, everything else by plain arithmetic.

Only `Generator.random` is used, whose stream numpy has kept since PCG64 came; a choice is a
search in whole-number weights, so that the last bits of a float do not decide it.
"""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

MILLION = 1_000_000


class Draws:
    """A stream of draws for a key; the same key always gives the same stream."""

    def __init__(self, *key: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))

    def uniform(self, n: int) -> npt.NDArray[np.float64]:
        """`n` numbers in 0..1, 1 left out."""
        return self._generator.random(n)

    def below(self, limit: int, n: int) -> npt.NDArray[np.int64]:
        """`n` whole numbers in 0..limit-1."""
        return (self.uniform(n) * limit).astype(np.int64)

    def bell(self, n: int) -> npt.NDArray[np.float64]:
        """`n` numbers with mean 0 and spread 1, nearly normal: twelve uniforms added."""
        return np.asarray(self._generator.random((12, n)).sum(axis=0) - 6.0)

    def chosen(self, weights: "Weights", n: int) -> npt.NDArray[np.int64]:
        """`n` positions, each as likely as its weight."""
        return weights.at(self.uniform(n))


class Weights:
    """Weights of positions 0, 1, 2 ..., rounded to whole millionths of their sum."""

    def __init__(self, weights: Sequence[float] | npt.NDArray[np.float64]) -> None:
        self._ends = _ends(weights)

    def at(self, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """The position on which each number in 0..1 falls."""
        target = (uniform * int(self._ends[-1])).astype(np.int64)
        return np.searchsorted(self._ends, target, side="right").astype(np.int64)


class WeightRows:
    """Several rows of weights of one length, to choose from a row that differs by case."""

    def __init__(self, rows: Sequence[Sequence[float]]) -> None:
        ends = [_ends(row) for row in rows]
        self._n_columns = len(rows[0])
        self._totals = np.array([row[-1] for row in ends], dtype=np.int64)
        self._starts = np.cumsum(self._totals) - self._totals
        shifted = [row + start for row, start in zip(ends, self._starts, strict=True)]
        self._ends = np.concatenate(shifted)

    def at(
        self, row: npt.NDArray[np.int64], uniform: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.int64]:
        """For each case the column of its row on which its number in 0..1 falls."""
        target = self._starts[row] + (uniform * self._totals[row]).astype(np.int64)
        found = np.searchsorted(self._ends, target, side="right").astype(np.int64)
        return np.asarray(found - row * self._n_columns, dtype=np.int64)


def _ends(weights: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    total = float(sum(weights))
    whole = [round(MILLION * float(weight) / total) for weight in weights]
    return np.array(list(accumulate(whole)), dtype=np.int64)


def shares(weights: Sequence[float], total: int) -> list[int]:
    """`total` in whole numbers, by weight; what is left over goes to the largest remainders."""
    sum_of_weights = sum(weights)
    # Millionths keep the result the same wherever floats differ in their last digit.
    millionths = [round(MILLION * weight / sum_of_weights) for weight in weights]
    whole = sum(millionths)
    exact = [share * total for share in millionths]
    counts = [value // whole for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (-(exact[i] % whole), i))
    missing = total - sum(counts)
    for index in by_remainder[:missing]:
        counts[index] += 1
    return counts
