"""Made-up outside measures of the synthetic city's districts and streets, by month and by year.

A year's figure is the sum of its twelve months, whether the folder has these or not. The figures
are drawn, not taken from anywhere.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from jiesu.city.synth.draw import Draws
from jiesu.city.synth.world import World

MEASURES = 12
"""The stream of the seed that outside measures draw from."""

Pair = tuple[str, str]
"""A text in Chinese and in English."""


@dataclass(frozen=True)
class _Made:
    """A measure and how it is made: about `a_month` for 10,000 residents, `leader` has far more.

    `spring` is its share in January and
    February against other months.
    """

    key: str
    title: Pair
    measured_in: Pair
    direction: str
    decimals: int
    source: str
    a_month: float
    leader: str = ""
    kind: str = "district"
    spring: float = 0.7


_MADE = (
    _Made(
        "investment",
        ("建安投资完成额", "construction and installation investment completed"),
        ("亿元", "hundred million yuan"),
        "higher", 1, "统计部门（合成数据）", 0.11, "110112",
    ),
    _Made(
        "projects",
        ("“两区”建设招商项目投资总额", "total investment of projects attracted"),
        ("亿元", "hundred million yuan"),
        "higher", 1, "商务部门（合成数据）", 0.09, "110102", spring=0.9,
    ),
    _Made(
        "demolition",
        ("拆除违法建设面积", "unlawful buildings removed"),
        ("万平方米", "ten thousand m²"),
        "higher", 2, "规划自然资源部门（合成数据）", 0.055, "110112", spring=0.5,
    ),
    _Made(
        "renewal",
        ("老旧小区改造完工数", "old estates renewed"),
        ("个", "estates"),
        "higher", 0, "住房城乡建设部门（合成数据）", 0.035,
    ),
    _Made(
        "shops",
        ("新建和规范提升生活性服务业网点", "service shops opened or improved"),
        ("个", "shops"),
        "higher", 0, "商务部门（合成数据）", 0.08, "110112",
    ),
    _Made(
        "dust_fines",
        ("施工扬尘处罚起数", "fines for dust of building sites"),
        ("起", "fines"),
        "lower", 0, "城管执法部门（合成数据）", 0.07, spring=0.6,
    ),
    _Made(
        "street_fines",
        ("占道经营处罚起数", "fines for trading on the road"),
        ("起", "fines"),
        "lower", 0, "城管执法部门（合成数据）", 1.1, kind="street",
    ),
)  # fmt: skip

_LEADS_BY = 1.15


def write_measures(folder: Path, world: World, labels: Sequence[str]) -> None:
    """Write `measures.toml` and `measures/`: a file for each month, one for each whole year."""
    (folder / "measures.toml").write_text("\n".join(_rules()) + "\n", encoding="utf-8")
    target = folder / "measures"
    target.mkdir()
    for label in labels:
        _write(target / f"{label}.csv", world, label, [(int(label[:4]), int(label[5:]))])
    last = int(labels[-1][:4]) - (not labels[-1].endswith("-12"))
    for year in range(min(int(labels[0][:4]), last), last + 1):
        _write(target / f"{year}.csv", world, str(year), [(year, month + 1) for month in range(12)])


def _rules() -> Iterator[str]:
    yield "# Outside measures of the synthetic city. No figure is real."
    for made in _MADE:
        yield ""
        yield "[[measures]]"
        yield f'key = "{made.key}"'
        yield f"title = {_words(made.title)}"
        yield f"measured_in = {_words(made.measured_in)}"
        yield f'direction = "{made.direction}"'
        yield f"decimals = {made.decimals}"
        yield f'source = "{made.source}"'


def _words(pair: Pair) -> str:
    zh, en = (json.dumps(text, ensure_ascii=False) for text in pair)
    return f"{{ zh = {zh}, en = {en} }}"


def _write(path: Path, world: World, label: str, months: Sequence[tuple[int, int]]) -> None:
    lines = ["measure,unit,period,value"]
    for number, made in enumerate(_MADE):
        positions = world.of_kind(made.kind)
        sums = np.zeros(len(positions), np.int64)
        for year, month in months:
            sums += _drawn(world, number, year, month)
        for position, parts in zip(positions, sums.tolist(), strict=True):
            value = f"{parts // 10**made.decimals}"
            if made.decimals:
                value += f".{parts % 10**made.decimals:0{made.decimals}}"
            lines.append(f"{made.key},{world.units[position].code},{label},{value}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _drawn(world: World, number: int, year: int, month: int) -> npt.NDArray[np.int64]:
    """A month's figures of a measure's units, in the last printed decimal."""
    made = _MADE[number]
    units = [world.units[i] for i in world.of_kind(made.kind)]
    lasting = 0.6 + 0.8 * Draws(world.seed, MEASURES, number).uniform(len(units))
    swaying = 0.75 + 0.5 * Draws(world.seed, MEASURES, number, year, month).uniform(len(units))
    residents = np.array([unit.population or 0 for unit in units]) / 10_000
    amount = made.a_month * residents * lasting * swaying
    if month <= 2:
        amount = amount * made.spring
    if made.leader:
        # Far ahead of the others, whatever its size.
        most = float(max(amount))
        leads = [unit.code == made.leader for unit in units]
        amount = np.where(leads, most * _LEADS_BY * swaying, amount)
    return np.asarray((amount * 10**made.decimals + 0.5).astype(np.int64))
