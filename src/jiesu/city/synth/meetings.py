"""Past review meetings and commitments of the synthetic city; offices only, never persons.

One meeting for each month but the last, which is yet to be held: `jiesu meeting` proposes it.
Some commitments are kept, some late, some overdue.
"""

import calendar
import csv
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from jiesu.city.commitments_file import REQUIRED
from jiesu.city.synth.draw import Draws
from jiesu.city.synth.world import World

MEETINGS = 16
"""The stream of the seed that meetings and commitments draw from."""

SPEAKERS = 3

_PROMISES = (
    ("老旧小区改造项目按期开工", "住房城乡建设部门", 60),
    ("新建电动自行车集中充电接口200个", "城市管理部门", 90),
    ("拖欠工资诉求逐件办结", "人力社保部门", 45),
    ("供暖投诉集中小区完成管网检修", "城市管理部门", 60),
    ("扬尘工地全部安装在线监测", "生态环境部门", 75),
    ("历史遗留房产证问题项目拿出方案", "规划自然资源部门", 120),
    ("背街小巷占道经营点位清零", "城管执法部门", 30),
    ("农村污水直排点位完成截污", "水务部门", 150),
)


def write_meetings(folder: Path, world: World, labels: Sequence[str]) -> None:
    """Write `meetings/` and `commitments.csv` for the months but the last."""
    past = labels[:-1]
    if not past:
        return
    districts = [unit.code for unit in world.units if unit.kind == "district"]
    streets = [world.units[i].code for i in world.streets]
    draws = Draws(world.seed, MEETINGS)
    chosen = [int(n) for n in draws.below(len(streets), len(past))]
    target = folder / "meetings"
    target.mkdir()
    # The rotation begins so that the last month's meeting has the first districts of the list.
    turn = -SPEAKERS * len(past)
    for number, label in enumerate(past):
        speakers = [districts[(turn + i) % len(districts)] for i in range(SPEAKERS)]
        turn += SPEAKERS
        text = _meeting(label, speakers, streets[chosen[number]])
        (target / f"{label}.toml").write_text(text, encoding="utf-8")
    _write_commitments(folder / "commitments.csv", world, past, districts)


def _held_on(label: str) -> date:
    year, month = int(label[:4]), int(label[5:])
    return date(year, month, calendar.monthrange(year, month)[1])


def _meeting(label: str, speakers: Sequence[str], experience: str) -> str:
    lines = [
        f'period = "{label}"',
        f"held_on = {_held_on(label)}",
        f'experience = "{experience}"',
    ]
    for unit in speakers:
        lines += ["", "[[speakers]]", f'unit = "{unit}"']
    return "\n".join(lines) + "\n"


def _write_commitments(
    path: Path, world: World, past: Sequence[str], districts: Sequence[str]
) -> None:
    """Two promises for each meeting; of the older ones nearly all are kept by now."""
    draws = Draws(world.seed, MEETINGS, 1)
    today = _held_on(past[-1]) + timedelta(28)
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow((*REQUIRED, "state", "closed_on", "evidence"))
        number = 0
        for label in past:
            made_on = _held_on(label)
            for _ in range(2):
                number += 1
                promise, owner, days = _PROMISES[int(draws.below(len(_PROMISES), 1)[0])]
                unit = districts[int(draws.below(len(districts), 1)[0])]
                due_on = made_on + timedelta(days)
                late = int(draws.below(40, 1)[0]) - 25
                closed_on = due_on + timedelta(late)
                kept = closed_on <= today and float(draws.uniform(1)[0]) < 0.85
                closed = ("done", closed_on, "区政府督查室验收") if kept else ("open", None, None)
                row = (f"C{number:03}", unit, made_on, label, promise, owner, due_on, *closed)
                writer.writerow(row)
