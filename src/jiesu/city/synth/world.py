"""What the synthetic city is: its units, how much each place asks, how good each unit is.

All of it follows from the seed alone; the quality of a unit also from the month. How single
cases come about is said in `cases`.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import as_file, files

import numpy as np
import numpy.typing as npt

from jiesu.city.synth.draw import Draws, Weights
from jiesu.city.units_file import read_units
from jiesu.core.units import Unit

# Streams of the seed, so that a new draw in one never shifts another.
VOLUME, COMMUNITIES, QUALITY, MONTH, DAY, RHYTHM, ASSISTS = range(1, 8)

N_FLAWLESS = 5
"""Streets that satisfy everyone in every month; two more do so in a month."""

WORST_LOSS = 0.26
"""A unit's expected distance from a full score is never more than this."""

_BEST_DISTRICT = "110102"
"""西城区 and its streets lose less than half of what others do: a district that leads for years."""

# Departments that nobody asks anything: 地震 and 档案 in the shipped list; and one enterprise.
_IDLE = ("D47", "D48", "E26")
_UNREACHED_DEPARTMENT = "D42"


@dataclass(frozen=True)
class World:
    """The city's units in the order of its units file, and what the seed makes of them."""

    seed: int
    units: tuple[Unit, ...]

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each unit stands in `units`, by code."""
        return {unit.code: i for i, unit in enumerate(self.units)}

    def of_kind(self, kind: str) -> npt.NDArray[np.int64]:
        """Positions of the units of a kind."""
        return np.array([i for i, unit in enumerate(self.units) if unit.kind == kind], np.int64)

    @cached_property
    def streets(self) -> npt.NDArray[np.int64]:
        """Positions of the streets; a street's place in this array is its number below."""
        return self.of_kind("street")

    @cached_property
    def is_street(self) -> npt.NDArray[np.bool_]:
        """For each unit whether it is a street."""
        return np.array([unit.kind == "street" for unit in self.units])

    @cached_property
    def residents(self) -> npt.NDArray[np.int64]:
        """For each street its residents."""
        return np.array([self.units[i].population or 0 for i in self.streets], np.int64)

    @cached_property
    def street_district(self) -> npt.NDArray[np.int64]:
        """For each street the position of its district."""
        parents = (self.units[i].parent for i in self.streets)
        return np.array([self.position[parent] for parent in parents if parent], np.int64)

    @cached_property
    def is_town(self) -> npt.NDArray[np.bool_]:
        """For each street whether it is a town or township."""
        names = [self.units[i].name for i in self.streets]
        return np.array([name.endswith(("镇", "乡")) for name in names])

    @cached_property
    def street_weights(self) -> npt.NDArray[np.float64]:
        """How much of the city's volume each street has: by residents, heavily skewed."""
        draws = Draws(self.seed, VOLUME)
        luck = [math.exp(0.55 * float(x)) for x in draws.bell(len(self.streets))]
        rural = np.where(self.is_town, 0.45, 1.0)
        weights = self.residents * np.array(luck) * rural
        order = np.argsort(weights, kind="stable")
        # Two small places: one has no cases at all, the other's residents are never reached.
        weights[order[0]] = 0.0
        return np.asarray(weights, dtype=np.float64)

    @cached_property
    def by_volume(self) -> list[int]:
        """Numbers of the streets, the least asked first."""
        return [int(i) for i in np.argsort(self.street_weights, kind="stable")]

    @cached_property
    def place_choice(self) -> Weights:
        return Weights(self.street_weights)

    @cached_property
    def never_reached(self) -> npt.NDArray[np.bool_]:
        """For each unit whether all its call-backs fail."""
        found = np.zeros(len(self.units), dtype=bool)
        found[self.streets[self.by_volume[1]]] = True
        found[self.position[_UNREACHED_DEPARTMENT]] = True
        return found

    @cached_property
    def department_choice(self) -> tuple[npt.NDArray[np.int64], Weights]:
        """Positions of the departments that are asked something, and how often."""
        asked = [i for i in self.of_kind("department") if self.units[i].code not in _IDLE]
        return np.array(asked, np.int64), Weights([1.0 / (rank + 4) for rank in range(len(asked))])

    @cached_property
    def n_communities(self) -> list[int]:
        """How many communities each street has: 4 to 16."""
        return [4 + int(n) for n in Draws(self.seed, COMMUNITIES).below(13, len(self.streets))]

    def losses(self, year: int, month: int) -> npt.NDArray[np.float64]:
        """For each unit the expected distance of its composite from 1 in an assessment month.

        A lasting part, a monthly sway, and for one unit in 25 a bad month, after which it jumps
        up. Some streets with a small or middling volume have 0: they share the first rank.
        """
        n = len(self.units)
        lasting = Draws(self.seed, QUALITY)
        base = 0.016 + 0.22 * lasting.uniform(n) * lasting.uniform(n)
        best = [_BEST_DISTRICT in (unit.code, unit.parent) for unit in self.units]
        base = np.where(best, 0.4 * base, base)
        monthly = Draws(self.seed, MONTH, year, month)
        losses = base * (0.8 + 0.4 * monthly.uniform(n))
        bad = monthly.uniform(n) < 0.04
        losses = losses + np.where(bad, 0.06 + 0.08 * monthly.uniform(n), 0.0)
        losses = np.minimum(losses, WORST_LOSS)
        for number in self._flawless(lasting, monthly):
            losses[self.streets[number]] = 0.0
        return np.asarray(losses, dtype=np.float64)

    def _flawless(self, lasting: Draws, monthly: Draws) -> list[int]:
        small = self.by_volume[len(self.by_volume) // 8 : len(self.by_volume) // 2]
        keys = lasting.uniform(len(small))
        order = [int(i) for i in np.argsort(keys, kind="stable")]
        others = order[N_FLAWLESS:]
        more = {others[int(i)] for i in monthly.below(len(others), 2)}
        return [small[i] for i in [*order[:N_FLAWLESS], *sorted(more)]]


def beijing(seed: int) -> World:
    """The synthetic city on Beijing's streets and districts."""
    with as_file(files("jiesu.city").joinpath("shipped/beijing-units.csv")) as path:
        return World(seed, tuple(read_units(path)))
