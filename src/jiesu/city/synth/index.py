"""The synthetic city's index: the illustrative tree, and made-up figures of two years.

The later year is the last one that has ended. Hotline figures are given for years whose cases the
folder lacks, as from a published table; the others are counted. Some figures are missing.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from jiesu.city.synth.catalogue import categories
from jiesu.city.synth.draw import Draws
from jiesu.city.synth.world import World
from jiesu.core.case_table import LIST_SEPARATOR

INDEX = 13
"""The stream of the seed that figures are drawn from."""

SOURCE, PUBLISHED = "合成数据", "合成数据（上年公布）"

_FIGURES: dict[str, tuple[float, float, float, int]] = {
    "kindergartens": (84, 5, 1.5, 1),
    "nearby_school": (94, 3, 0.4, 1),
    "income": (6.8, 1.4, 0.45, 2),
    "unemployment": (4.1, 0.8, -0.2, 1),
    "beds": (5.6, 1.2, 0.12, 2),
    "elderly_beds": (31, 6, 1.4, 1),
    "renewal": (82, 9, 2.0, 1),
    "relief": (98, 1.2, 0.3, 1),
    "quarter_hour": (88, 5, 1.8, 1),
    "good_air": (77, 4, 2.4, 1),
    "culture": (2.3, 0.5, 0.06, 2),
    "on_time_services": (97.2, 1.3, 0.3, 1),
    "fire_risks": (93, 4, 0.8, 1),
}
"""Mean over the districts, spread, change a year and decimals of each objective figure."""

_HOTLINE = {
    "childcare": "幼有所育",
    "schooling": "学有所教",
    "work": "劳有所得",
    "health": "病有所医",
    "elderly": "老有所养",
    "housing": "住有所居",
    "support": "弱有所扶",
    "convenience": "便利性",
    "liveability": "宜居性",
    "variety": "多样性",
    "fairness": "公正性",
    "safety": "安全性",
}

_SURVEYS = [f"{key}_survey" for key in _HOTLINE if key != "work"]

_NOT_SURVEYED = ("BDA", "elderly_survey")
_LATE = (("110119", "culture"), ("110107", "relief"))
"""Figures that are missing: one in both years, two in the later one."""

_TOP = 99.9
"""No drawn percentage is higher."""

Row = tuple[str, str, int, str, str]


@dataclass(frozen=True)
class _District:
    """A district's code, residents, share of the city's cases and usual loss of its streets."""

    code: str
    residents: int
    share: float
    loss: float


def write_index(folder: Path, world: World, labels: Sequence[str]) -> None:
    """Write `index.toml` and `index/YEAR.csv` for two years."""
    shipped = files("jiesu.city").joinpath("shipped/index.toml")
    (folder / "index.toml").write_bytes(shipped.read_bytes())
    target = folder / "index"
    target.mkdir()
    last = int(labels[-1][:4]) - (0 if labels[-1].endswith("-12") else 1)
    a_month = _cases_a_month(folder)
    for year in (last - 1, last):
        rows = list(_given(world, year, later=year == last))
        if not {f"{year}-{month:02}" for month in range(1, 13)} <= set(labels):
            rows += _hotline(world, year, a_month)
        with (target / f"{year}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("indicator", "unit", "year", "value", "source"))
            writer.writerows(rows)


def _given(world: World, year: int, *, later: bool) -> Iterator[Row]:
    """Objective and survey figures: a lasting part, a step a year and a little chance."""
    codes = [unit.code for unit in world.units if unit.kind == "district"]
    figures = {**_FIGURES, **dict.fromkeys(_SURVEYS, (76.0, 5.0, 0.8, 1))}
    for number, (key, (mean, spread, step, decimals)) in enumerate(figures.items()):
        lasting = Draws(world.seed, INDEX, 0, number).bell(len(codes))
        chance = Draws(world.seed, INDEX, year, number).bell(len(codes))
        for i, code in enumerate(codes):
            late = later and (code, key) in _LATE
            if late or (code, key) == _NOT_SURVEYED:
                continue
            drawn = mean + spread * (float(lasting[i]) + 0.2 * float(chance[i]))
            value = drawn + step * (year - 2021)
            highest = _TOP if mean > 50 else value
            yield key, code, year, f"{min(max(value, 0.0), highest):.{decimals}f}", SOURCE


def _hotline(world: World, year: int, a_month: int) -> Iterator[Row]:
    """Demands and resolution as they would be with so many cases a month."""
    shares = _label_shares()
    for number, (key, label) in enumerate(_HOTLINE.items()):
        for place, district in enumerate(_districts(world, year)):
            chance = Draws(world.seed, INDEX, year, 100 + number, place).bell(2)
            cases = 12 * a_month * district.share * shares.get(label, 0.0)
            demands = cases * (1 + 0.08 * float(chance[0])) * 10_000 / district.residents
            solved = 100 - 100 * district.loss * (1.1 + 0.15 * float(chance[1]))
            figures = ((f"{key}_demands", max(demands, 0.0)), (f"{key}_resolution", solved))
            for indicator, value in figures:
                yield indicator, district.code, year, f"{min(value, 1e6):.2f}", PUBLISHED


def _districts(world: World, year: int) -> Iterator[_District]:
    losses = world.losses(year, 6)
    weights = world.street_weights
    for i, unit in enumerate(world.units):
        if unit.kind != "district" or not unit.population:
            continue
        inside = world.street_district == i
        size = float(weights[inside].sum())
        mean = float((losses[world.streets] * weights)[inside].sum()) / size if size else 0.1
        yield _District(unit.code, unit.population, size / float(weights.sum()), mean)


@cache
def _label_shares() -> dict[str, float]:
    """How often a case bears each label."""
    total = float(np.sum([one.weight for one in categories()]))
    shares: dict[str, float] = {}
    for one in categories():
        for label in one.label.split(LIST_SEPARATOR):
            shares[label] = shares.get(label, 0.0) + one.weight / total
    return shares


def _cases_a_month(folder: Path) -> int:
    """Cases in the last month's file."""
    path = max((folder / "cases").iterdir())
    if path.suffix == ".parquet":
        return int(pq.read_metadata(path).num_rows)
    return path.read_bytes().count(b"\n") - 1
