"""Made-up hourly air of the synthetic city: one station in most streets, a file a calendar month.

The whole city shares a course of seasons, weather and hours; districts in the south and streets on
trunk roads have more of it. Two streets have no station, a third of 延庆区 none either, one station
is silent for much of the time, all have gaps. Only plain arithmetic on repeatable draws.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from jiesu.city.synth.draw import Draws
from jiesu.city.synth.world import World

AIR = 11
"""The stream of the seed that the air draws from."""

HOURS = 24

_SEASON = (1.25, 1.2, 1.15, 0.95, 0.8, 0.72, 0.7, 0.72, 0.8, 1.0, 1.2, 1.25)
"""How much of it there is in each month, against the year."""

_HOUR = (
    1.12, 1.12, 1.1, 1.08, 1.06, 1.04, 1.03, 1.04, 1.05, 1.02, 0.98, 0.93,
    0.89, 0.86, 0.85, 0.86, 0.89, 0.94, 1.0, 1.05, 1.08, 1.1, 1.12, 1.13,
)  # fmt: skip

_DISTRICT = {
    "110109": 0.92,
    "110111": 1.1,
    "110112": 1.1,
    "110114": 0.95,
    "110115": 1.09,
    "110116": 0.84,
    "110117": 0.97,
    "110118": 0.83,
    "110119": 0.86,
    "BDA": 1.07,
}
"""Against the city's mean; districts that are not here are close to it."""

_MEAN = 31.0
_SPARSE_DISTRICT = "110119"
_SILENT_SHARE = 0.45

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Network:
    """The stations: codes, the numbers of their streets, how much each has against the city."""

    codes: tuple[str, ...]
    streets: tuple[int, ...]
    level: Floats
    silent: int


def write_air(folder: Path, world: World, labels: Sequence[str]) -> None:
    """Write `air.toml`, `stations.csv`, and `air/MONTH.csv` for the labels' calendar months."""
    network = _network(world)
    _write_stations(folder / "stations.csv", world, network)
    rule = 'source = "环境监测部门（合成数据）"\n'
    (folder / "air.toml").write_text(rule, encoding="utf-8")
    target = folder / "air"
    target.mkdir()
    for label in labels:
        _write_month(target / f"{label}.csv", world.seed, network, int(label[:4]), int(label[5:]))


def _network(world: World) -> _Network:
    draws = Draws(world.seed, AIR)
    n = len(world.streets)
    level = 0.9 + 0.2 * draws.uniform(n)
    chance = draws.uniform(n)
    without = {int(i) for i in draws.below(n, 2)}
    for number, street in enumerate(world.streets):
        unit = world.units[street]
        level[number] *= _DISTRICT.get(unit.parent or "", 1.0)
        if unit.parent == _SPARSE_DISTRICT and chance[number] < 1 / 3:
            without.add(number)
    streets = tuple(number for number in range(n) if number not in without)
    codes = tuple(f"A{number + 1:03}" for number in streets)
    return _Network(codes, streets, level[list(streets)], int(draws.below(len(streets), 1)[0]))


def _write_stations(path: Path, world: World, network: _Network) -> None:
    lines = ["station,name,district,street"]
    for code, number in zip(network.codes, network.streets, strict=True):
        street = world.units[world.streets[number]]
        above = world.units[world.street_district[number]]
        lines.append(f"{code},{street.name}站,{above.name},{street.code}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_month(path: Path, seed: int, network: _Network, year: int, month: int) -> None:
    n_days = calendar.monthrange(year, month)[1]
    n_hours, n = n_days * HOURS, len(network.codes)
    draws = Draws(seed, AIR, year, month)
    city = _course(seed, year, month, n_days)
    noise = draws.uniform(n * n_hours).reshape(n, n_hours)
    pm25 = (city * network.level[:, None] * (0.82 + 0.36 * noise) + 0.5).astype(np.int64)
    dust = (1.25 + 0.7 * draws.uniform(n_hours)) * (1.1 if month in (3, 4, 5) else 1.0)
    pm10 = (pm25 * dust + 4 + 6 * noise).astype(np.int64)
    here = ~_gaps(draws, network, n_days)
    missing = draws.uniform(n * n_hours).reshape(n, n_hours) < 0.004
    # A stuck instrument now and then: far from what can be believed.
    stuck = draws.below(n * n_hours, 3)
    pm25.reshape(-1)[stuck] = 99_999
    kept = here.reshape(-1)
    days = (date(year, month, day + 1).isoformat() for day in range(n_days))
    times = pa.array([f"{day}T{hour:02}" for day in days for hour in range(HOURS)])
    station = np.repeat(np.arange(n, dtype=np.int32), n_hours)[kept]
    hour = np.tile(np.arange(n_hours, dtype=np.int32), n)[kept]
    absent = missing.reshape(-1)[kept]
    table = pa.table(
        {
            "station": pa.array(network.codes).take(pa.array(station)),
            "at": times.take(pa.array(hour)),
            "pm25": pa.array(pm25.reshape(-1)[kept].astype(np.int32), mask=absent),
            "pm10": pa.array(pm10.reshape(-1)[kept].astype(np.int32), mask=absent),
        }
    )
    options = pa_csv.WriteOptions(include_header=False, quoting_style="none", batch_size=8_192)
    with path.open("wb") as target:
        target.write(b"station,at,pm25,pm10\n")
        pa_csv.write_csv(table, target, options)


def _course(seed: int, year: int, month: int, n_days: int) -> Floats:
    """The city's hourly values of a month: days lean on the day before, as weather does."""
    draws = Draws(seed, AIR, year, month, 1)
    weather = 0.0
    days = []
    for shock in draws.bell(n_days):
        weather = 0.65 * weather + 0.75 * float(shock)
        days.append(max(0.2, 0.92 + 0.8 * weather + 0.32 * (weather * weather - 1.0)))
    daily = _MEAN * _SEASON[month - 1] * np.array(days)
    # From midnight to midnight a day passes over into the next.
    after = np.append(daily[1:], daily[-1])
    share = np.arange(HOURS) / HOURS
    hourly = daily[:, None] * (1 - share) + after[:, None] * share
    return np.asarray((hourly * np.array(_HOUR)).reshape(-1))


def _gaps(draws: Draws, network: _Network, n_days: int) -> Marks:
    """Hours without a row: an outage of some hours or days in one station of six."""
    n, n_hours = len(network.codes), n_days * HOURS
    begins = draws.below(n_hours, n)
    lasts = np.where(draws.uniform(n) < 1 / 6, 3 + draws.below(70, n), 0)
    hours = np.arange(n_hours)
    gaps = (hours >= begins[:, None]) & (hours < (begins + lasts)[:, None])
    quiet = draws.uniform(n_days) < _SILENT_SHARE
    gaps[network.silent] |= np.repeat(quiet, HOURS)
    return np.asarray(gaps)
