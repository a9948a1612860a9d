"""Hours of air stations joined and counted: for each station and day, how many and their sum.

Only whole numbers leave: what is divided is divided in `core.air`. Takes rows as arrays and reads
no files (see `sources.air_rows`). Method: docs/methods/air.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import numpy as np
import numpy.typing as npt

from jiesu.core.air import HOURS, DayCounts

Numbers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


class Rows(Protocol):
    """The rows of one file, as `sources.air_rows.AirRows` has them."""

    @property
    def stations(self) -> tuple[str, ...]: ...
    @property
    def station(self) -> npt.NDArray[np.int32]: ...
    @property
    def hour(self) -> Numbers: ...
    @property
    def values(self) -> Mapping[str, Numbers]: ...
    @property
    def valid(self) -> Mapping[str, Marks]: ...
    @property
    def missing(self) -> Mapping[str, Marks]: ...


@dataclass(slots=True)
class HourReport:
    """What was met on the way.

    `rows` are all that were read; everything else is about the `used` ones, in the span. `missing`
    and `unbelievable` are their values of all pollutants that there are not, or that lie outside
    the rule's limits. A row is one hour of a station: `repeated` ones came again with the values
    that were there, `conflicting` ones with another of at least one pollutant. `last` is the last
    day with a value.
    """

    rows: int = 0
    used: int = 0
    missing: int = 0
    unbelievable: int = 0
    repeated: int = 0
    conflicting: int = 0
    last: date | None = None


@dataclass(slots=True)
class _Grid:
    """The hours of the span by station: a value, and whether there is one."""

    n_hours: int
    values: Numbers = field(init=False)
    valid: Marks = field(init=False)

    def __post_init__(self) -> None:
        self.values = np.zeros((0, self.n_hours), np.int64)
        self.valid = np.zeros((0, self.n_hours), bool)

    def grow(self, n_stations: int) -> None:
        more = n_stations - len(self.values)
        if more > 0:
            self.values = np.concatenate([self.values, np.zeros((more, self.n_hours), np.int64)])
            self.valid = np.concatenate([self.valid, np.zeros((more, self.n_hours), bool)])

    def put(
        self, station: npt.NDArray[np.int64], hour: Numbers, values: Numbers
    ) -> tuple[Marks, Marks]:
        """Lay a file's hours over what is there.

        Within the file the first of an hour holds, over earlier files this one. Returns which
        hours came again, and which with another value.
        """
        cell = station * self.n_hours + hour
        held, there = self.values.reshape(-1), self.valid.reshape(-1)
        # What the earlier files say, before this one is laid over it.
        was_there, before = there[cell], held[cell]
        # The last of several assignments holds: backwards that is the first row.
        held[cell[::-1]] = values[::-1]
        there[cell] = True
        differs = values != held[cell]
        row = np.arange(len(cell))
        first_row = np.empty(len(held), np.int64)
        first_row[cell[::-1]] = row[::-1]
        is_first = first_row[cell] == row
        differs |= was_there & is_first & (before != values)
        return ~is_first | was_there, differs


def count_days(
    files: Iterable[Rows], pollutants: Sequence[str], last: date, scale: int
) -> tuple[DayCounts, HourReport]:
    """Count the hours of all files, in their order, from 1 January through `last`.

    Of stations without a value in the span nothing is said. Values are whole numbers of 1/`scale`.
    """
    first = date(last.year, 1, 1)
    n_days = (last - first).days + 1
    report = HourReport()
    numbers: dict[str, int] = {}
    grids = {name: _Grid(n_days * HOURS) for name in pollutants}
    for rows in files:
        to_number = np.array(
            [numbers.setdefault(name, len(numbers)) for name in rows.stations], np.int64
        )
        hour = rows.hour - first.toordinal() * HOURS
        inside = (hour >= 0) & (hour < n_days * HOURS)
        report.rows += len(hour)
        report.used += int(inside.sum())
        again, differs = np.zeros(len(hour), bool), np.zeros(len(hour), bool)
        for name, grid in grids.items():
            valid, missing = rows.valid[name], rows.missing[name]
            report.missing += int((inside & missing).sum())
            report.unbelievable += int((inside & ~valid & ~missing).sum())
            grid.grow(len(numbers))
            taken = np.flatnonzero(inside & valid)
            if len(taken):
                station = to_number[rows.station[taken]]
                came, other = grid.put(station, hour[taken], rows.values[name][taken])
                again[taken] |= came
                differs[taken] |= other
        report.repeated += int((again & ~differs).sum())
        report.conflicting += int(differs.sum())
    sums = {name: _by_day(grid, list(numbers), n_days) for name, grid in grids.items()}
    days = [
        int(np.flatnonzero(grid.valid.any(axis=0))[-1])
        for grid in grids.values()
        if grid.valid.any()
    ]
    if days:
        report.last = date.fromordinal(first.toordinal() + max(days) // HOURS)
    return DayCounts(first, last, scale, sums), report


def _by_day(grid: _Grid, stations: Sequence[str], n_days: int) -> dict[str, list[tuple[int, int]]]:
    shape = (len(grid.values), n_days, HOURS)
    # A value that is not valid is 0 and adds nothing.
    n = grid.valid.reshape(shape).sum(axis=2).tolist()
    totals = grid.values.reshape(shape).sum(axis=2).tolist()
    return {
        name: list(zip(n[i], totals[i], strict=True))
        for i, name in enumerate(stations[: len(n)])
        if any(n[i])
    }
