"""Made-up places under special governance for the synthetic city: rules, three streets, their work.

The streets are those with most demand, one in a district; problems and measures are illustrations.
"""

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from jiesu.city.synth.draw import Draws
from jiesu.city.synth.topics import month_day, toml_words
from jiesu.city.synth.world import World

GOVERNANCE = 15
"""This module's stream of the seed."""

Pair = tuple[str, str]

_ENTERED = (-9, -7, -14)
"""Months before the last in which the three entered; the third has left since."""

_PROBLEMS: tuple[Pair, ...] = (
    ("老旧小区物业服务缺位", "No property service in old estates"),
    ("停车秩序混乱", "Disorderly parking"),
    ("背街小巷环境脏乱", "Dirty back streets"),
    ("拆迁滞留区公共设施老化", "Worn-out facilities where rebuilding has stalled"),
    ("生活垃圾清运不及时", "Household waste is collected late"),
)

_MEASURES: tuple[tuple[str, str, Pair], ...] = (
    ("city", "D24", ("纳入市级整治计划，安排专项资金", "City programme and funds")),
    ("district", "", ("成立专班，每周调度", "A task force of the district meets weekly")),
    ("street", "", ("划分责任片区，干部包片入户", "Officials visit each block")),
)


def write_governance(folder: Path, world: World, labels: Sequence[str]) -> None:
    """Write `governance.toml` with the shipped rules and three streets."""
    last = int(labels[-1][:4]) * 12 + int(labels[-1][5:]) - 1
    rules = files("jiesu.city").joinpath("shipped/governance.toml").read_text(encoding="utf-8")
    draws = Draws(world.seed, GOVERNANCE)
    lines = [rules.rstrip(), ""]
    for number, street in enumerate(_streets(world)):
        lines += _place(world, street, number, last, draws)
    (folder / "governance.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _streets(world: World) -> list[int]:
    """The streets with most demand, one of each of three districts."""
    chosen: dict[int, int] = {}
    for number in reversed(world.by_volume):
        chosen.setdefault(int(world.street_district[number]), number)
        if len(chosen) == len(_ENTERED):
            break
    return list(chosen.values())


def _place(world: World, street: int, number: int, last: int, draws: Draws) -> Iterator[str]:
    code = world.units[world.streets[street]].code
    district = world.units[world.street_district[street]].code
    entered = last + _ENTERED[number]
    yield from (
        "",
        "[[places]]",
        f"unit = {json.dumps(code)}",
        f"entered_on = {month_day(entered, 19)}",
    )
    reason = (
        "诉求总量和万人诉求比连续居前",
        "Demand high for many months, in all and per resident",
    )
    yield f"reason = {toml_words(reason)}"
    has_left = number == len(_ENTERED) - 1
    if has_left:
        yield f"exited_on = {month_day(last - 2, 19)}"
    first = int(draws.below(len(_PROBLEMS), 1)[0])
    for offset in range(3):
        problem = _PROBLEMS[(first + offset) % len(_PROBLEMS)]
        done = offset == 0 or has_left
        due = entered + 5 + 4 * offset
        yield from ("", "[[places.problems]]", *_work(problem, code, due, done, draws, last))
    for position, (level, owner, title) in enumerate(_MEASURES):
        who = owner or {"district": district, "street": code}[level]
        yield from ("", "[[places.measures]]", f"level = {json.dumps(level)}")
        done = position > 0 or has_left
        yield from _work(title, who, entered + 4 + 4 * position, done, draws, last)
    told = ("重点点位整治完成过半", "More than half of the key spots are done")
    yield from (
        "",
        "[[places.reports]]",
        f"on = {month_day(last - 1, 20)}",
        f"text = {toml_words(told)}",
    )


def _work(title: Pair, owner: str, due: int, done: bool, draws: Draws, last: int) -> Iterator[str]:
    day = 2 + int(draws.below(25, 1)[0])
    yield f"title = {toml_words(title)}"
    yield f"owner = {json.dumps(owner)}"
    yield f"due_on = {month_day(due, 28)}"
    if done:
        yield f"done_on = {month_day(min(due, last - 1), day)}"
