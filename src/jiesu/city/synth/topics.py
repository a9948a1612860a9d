"""Made-up monthly topics for the synthetic city: plans, progress, surveys, all by office.

Days follow from the last month, so that any demo has topics done, on schedule, behind and to come.
The figures are drawn, not taken from anywhere.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jiesu.city.synth.draw import Draws
from jiesu.city.synth.rhythm import MONTH_BEGINS_ON
from jiesu.city.synth.world import World
from jiesu.core.topics import last_day

TOPICS = 14
"""This module's stream of the seed."""

Pair = tuple[str, str]
"""A text in Chinese and in English."""


@dataclass(frozen=True)
class _Task:
    """`start`, `due`, `done` are months counted from the last one; `done` `None`: not yet."""

    title: Pair
    owner: str
    start: int
    due: int
    done: int | None


@dataclass(frozen=True)
class _Target:
    """`reached` is the share of the target at the end of the last month."""

    key: str
    title: Pair
    target: int
    measured_in: Pair
    due: int
    reached: float


@dataclass(frozen=True)
class _Topic:
    key: str
    title: Pair
    theme: int
    lead: str
    partners: tuple[str, ...]
    start: int
    categories: tuple[str, ...]
    plan: Pair
    duties: tuple[tuple[str, Pair], ...]
    tasks: tuple[_Task, ...]
    policies: tuple[_Task, ...]
    targets: tuple[_Target, ...] = ()
    satisfied: int | None = None
    words: tuple[str, ...] = ()
    by_hand: tuple[str, Pair] | None = None


_THEMES: dict[int, Pair] = {
    -9: ("劳动权益保障", "Rights at work"),
    -6: ("消费者权益保护", "Consumer rights"),
    -1: ("居住品质提升", "Better housing"),
    0: ("安居与出行", "Homes and ways"),
}

_LIFTS = _Topic(
    key="lifts",
    title=("老旧小区加装电梯", "Lifts in old estates"),
    theme=-1,
    lead="D01",
    partners=("D10", "D02", "D13"),
    start=-5,
    categories=("住房 > 老旧小区改造 > 加装电梯",),
    plan=(
        "典型引路，做好群众工作，简化审批，同步考虑后续运维。",
        "Lead by example, talk to residents, simplify permits, plan for upkeep from the start.",
    ),
    duties=(
        ("D01", ("统筹推进，制定年度计划，汇总进度", "Lead, plan the year, collect progress")),
        ("D10", ("优化规划审批，压缩办理时限", "Simplify planning permits")),
        ("D02", ("协调管线改移", "See to the moving of pipes and cables")),
        ("D13", ("推广适老化设计和社区议事", "Design for the old, community talks")),
    ),
    tasks=(
        _Task(("摸清底数，建立项目台账", "Register all buildings"), "D01", -5, -4, -4),
        _Task(("推出一批典型案例", "Publish model cases"), "D01", -4, -2, -2),
        _Task(("管线改移联合审批上线", "Joint permits for pipes online"), "D10", -3, -1, 0),
        _Task(("组织社区议事协商", "Hold community talks"), "D13", -2, 2, None),
        _Task(("建立运维保障机制", "Set up upkeep after building"), "D01", -1, 4, None),
    ),
    policies=(
        _Task(("加装电梯工作指引（修订）", "Guide to adding lifts, revised"), "D01", -5, -2, -2),
        _Task(("加装电梯运维管理办法", "Rules for the upkeep of lifts"), "D01", -2, 3, None),
    ),
    targets=(
        _Target("started", ("新开工", "Lifts started"), 1000, ("部", "lifts"), 10, 0.36),
        _Target("finished", ("完工投用", "Lifts in use"), 600, ("部", "lifts"), 10, 0.31),
    ),
    satisfied=88,
)

_CERTIFICATES = _Topic(
    key="certificates",
    title=("房产证办理难", "Property certificates hard to get"),
    theme=0,
    lead="D10",
    partners=("D01", "D21", "D26"),
    start=-5,
    categories=("住房 > 产权登记 > 房产证办理",),
    plan=(
        "坚持无错优先，尊重历史、一项目一方案，对开发商有错必纠。",
        "Residents without fault come first; each project has its plan; developers must mend.",
    ),
    duties=(
        ("D10", ("统筹历史遗留项目处置，办理登记", "Lead old cases, register titles")),
        ("D01", ("补办验收和预售手续", "Late acceptances and sales permits")),
        ("D21", ("核定欠缴税费，分离征缴", "Settle taxes apart from the titles")),
        ("D26", ("提供法律服务，追究违约责任", "Legal help, hold developers to account")),
    ),
    tasks=(
        _Task(("梳理历史遗留项目清单", "List all old projects"), "D10", -5, -4, -4),
        _Task(("逐项目制定处置方案", "A plan for each project"), "D10", -4, -1, None),
        _Task(("开设集中办理专窗", "Open counters for these cases"), "D39", -3, -2, -2),
        _Task(("约谈违规开发企业", "Call in developers at fault"), "D01", -2, 1, None),
    ),
    policies=(
        _Task(("历史遗留问题处理意见", "Opinion on old cases"), "D10", -5, -3, -3),
        _Task(("税费分离操作细则", "Rules for taxes apart"), "D21", -3, 0, 0),
    ),
    targets=(
        _Target(
            "issued", ("办理不动产登记", "Certificates issued"), 100_000, ("套", "homes"), 10, 0.2
        ),
    ),
    satisfied=83,
)

_CHARGING = _Topic(
    key="charging",
    title=("居住区电动自行车集中充电设施建设", "E-bike charging in residential areas"),
    theme=-1,
    lead="D20",
    partners=("D02", "D01", "D24"),
    start=-5,
    categories=("城市管理 > 电动自行车",),
    words=("给电动车充电",),
    plan=(
        "加强政策引导，坚持市场化运作，建管并重。",
        "Guide by policy, build through the market, run what is built.",
    ),
    duties=(
        ("D20", ("制定消防技术要求，开展飞线充电治理", "Fire rules, no more charging by cable")),
        ("D02", ("统筹建设布点和供电接入", "Sites and power supply")),
        ("D01", ("督促物业企业提供场地", "Have property managers give room")),
        ("D24", ("完善充电服务价格政策", "Prices of charging")),
    ),
    tasks=(
        _Task(("开展建设需求普查", "Survey the need"), "D02", -5, -3, -3),
        _Task(("公布首批建设点位", "Publish the first sites"), "D02", -3, -1, -1),
        _Task(("接入统一监管平台", "Join one supervision platform"), "D20", -1, 3, None),
        _Task(("开展飞线充电专项检查", "Inspect charging by cable"), "D20", -2, 1, None),
    ),
    policies=(
        _Task(("集中充电设施建设指导意见", "Guiding opinion on charging"), "D20", -5, -3, -2),
        _Task(("充电服务价格指导意见", "Guiding opinion on prices"), "D24", -2, 2, None),
    ),
    targets=(
        _Target("points", ("建成充电接口", "Charging points"), 400_000, ("个", "points"), 10, 0.41),
        _Target("estates", ("覆盖小区", "Estates served"), 3_000, ("个", "estates"), 10, 0.35),
    ),
    satisfied=90,
)

_WAGES = _Topic(
    key="wages",
    title=("拖欠工资", "Unpaid wages"),
    theme=-9,
    lead="D05",
    partners=("D01", "D09"),
    start=-9,
    categories=("劳动和社会保障 > 拖欠工资",),
    plan=(
        "源头治理、全程监管，工程建设领域工资专户全覆盖。",
        "Prevent at the source: wage accounts on every building site.",
    ),
    duties=(
        ("D05", ("统筹欠薪治理，查处违法行为", "Lead, act against breaches")),
        ("D01", ("监督工程款支付和工资专户", "Watch payments and wage accounts")),
        ("D09", ("管理水利工程用工", "Workers on water projects")),
    ),
    tasks=(
        _Task(("工资专户排查", "Check the wage accounts"), "D05", -9, -7, -7),
        _Task(("欠薪线索联合处置", "Handle tips together"), "D05", -7, -3, -3),
        _Task(("春节前专项行动", "Action before Spring Festival"), "D05", -3, -1, -1),
    ),
    policies=(_Task(("工程建设领域工资支付办法", "Rules for wages on sites"), "D05", -9, -5, -6),),
    targets=(
        _Target("paid", ("为劳动者追回工资", "Workers paid"), 15_000, ("人", "workers"), -1, 1.08),
    ),
    satisfied=91,
)

_PREPAID = _Topic(
    key="prepaid",
    title=("预付式消费退费难", "Refunds of prepaid cards"),
    theme=-6,
    lead="D04",
    partners=("D27", "D06", "D22"),
    start=-6,
    categories=("市场管理 > 单用途预付卡",),
    plan=(
        "预付资金存管、行业监管、信用约束三管齐下。",
        "Deposits in custody, supervision by trade, consequences for credit.",
    ),
    duties=(
        ("D04", ("牵头制定监管规则，查处违法经营", "Lead the rules, act against breaches")),
        ("D27", ("监管体育健身企业", "Gyms and sports")),
        ("D06", ("监管校外培训机构", "Training schools")),
        ("D22", ("监管生活服务企业", "Hairdressers and other services")),
    ),
    tasks=(
        _Task(("重点企业预警监测", "Watch firms at risk"), "D04", -6, -4, -4),
        _Task(("上线资金存管平台", "Custody platform online"), "D04", -5, -1, None),
        _Task(("推广七日冷静期合同", "Contracts with a week to withdraw"), "D27", -4, -2, -1),
    ),
    policies=(_Task(("单用途预付卡管理实施细则", "Rules for prepaid cards"), "D04", -6, -3, None),),
    satisfied=79,
)

_SEWAGE = _Topic(
    key="sewage",
    title=("农村生活污水治理", "Rural sewage"),
    theme=0,
    lead="D09",
    partners=("D17",),
    start=1,
    categories=("农业农村 > 农村环境 > 污水处理",),
    plan=(
        "因地制宜，建设与运维并重，汛期前完成重点村改造。",
        "Fit each village, run what is built, finish the first villages before the rains.",
    ),
    duties=(
        ("D09", ("统筹建设和运维", "Lead building and upkeep")),
        ("D17", ("组织村级管护队伍", "Village upkeep crews")),
    ),
    tasks=(_Task(("完成重点村改造", "Finish the first villages"), "D09", 1, 4, None),),
    policies=(_Task(("农村污水运维办法", "Rules for upkeep"), "D09", 1, 5, None),),
    targets=(
        _Target("villages", ("新增治理村", "Villages served"), 200, ("个", "villages"), 10, 0.0),
    ),
)

ALL = (_LIFTS, _CHARGING, _CERTIFICATES, _SEWAGE, _PREPAID, _WAGES)


def write_topics(folder: Path, world: World, labels: Sequence[str]) -> None:
    """Write `topics.toml` and `topics/progress.csv` for the months that end with the last label."""
    last = int(labels[-1][:4]) * 12 + int(labels[-1][5:]) - 1
    draws = Draws(world.seed, TOPICS)
    lines = ["# 每月一题 (monthly topics). Made up; see docs/topics.md for every key.", ""]
    for offset, title in _THEMES.items():
        year, index = divmod(last + offset, 12)
        lines += [
            "[[themes]]",
            f"year = {year}",
            f"month = {index + 1}",
            f"title = {toml_words(title)}",
        ]
        lines.append("")
    progress: list[tuple[str, str, str, int, str]] = []
    for topic in ALL:
        lines += _topic(topic, last, draws)
        progress += _progress(topic, last, draws)
    (folder / "topics.toml").write_text("\n".join(lines), encoding="utf-8")
    (folder / "topics").mkdir(exist_ok=True)
    with (folder / "topics" / "progress.csv").open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(("topic", "target", "month", "done", "source"))
        writer.writerows(progress)


def _topic(topic: _Topic, last: int, draws: Draws) -> Iterator[str]:
    yield "[[topics]]"
    yield f"key = {json.dumps(topic.key)}"
    yield f"title = {toml_words(topic.title)}"
    yield f"theme = {json.dumps(_label(last + topic.theme))}"
    yield f"lead = {json.dumps(topic.lead)}"
    yield f"partners = {json.dumps(topic.partners)}"
    yield f"started_on = {_month_start(last + topic.start + 1)}"
    yield f"categories = {json.dumps(topic.categories, ensure_ascii=False)}"
    if topic.words:
        yield f"words = {json.dumps(topic.words, ensure_ascii=False)}"
    yield f"plan = {toml_words(topic.plan)}"
    if topic.by_hand is not None:
        state, reason = topic.by_hand
        yield f"state = {json.dumps(state)}"
        yield f"state_reason = {json.dumps(reason[0], ensure_ascii=False)}"
    for unit, duty in topic.duties:
        yield from (
            "",
            "[[topics.duties]]",
            f"unit = {json.dumps(unit)}",
            f"duty = {toml_words(duty)}",
        )
    for number, task in enumerate(topic.tasks, start=1):
        yield from ("", "[[topics.tasks]]", f'key = "t{number}"')
        yield from _step(task, "done_on", last, draws)
    for policy in topic.policies:
        yield from ("", "[[topics.policies]]")
        yield from _step(policy, "issued_on", last, draws)
    for target in topic.targets:
        yield from ("", "[[topics.targets]]", f"key = {json.dumps(target.key)}")
        yield f"title = {toml_words(target.title)}"
        yield f"target = {target.target}"
        yield f"measured_in = {toml_words(target.measured_in)}"
        yield f"due = {json.dumps(_label(last + target.due))}"
        yield 'source = "主责单位月报（示例）"'
    if topic.satisfied is not None:
        asked = 1200 + int(draws.below(900, 1)[0])
        yield from ("", "[[topics.surveys]]", f"on = {month_day(last, 10)}", f"asked = {asked}")
        yield f"satisfied = {asked * topic.satisfied // 100}"
        yield 'by = "第三方调查机构（示例）"'
    yield ""


def _step(task: _Task, done: str, last: int, draws: Draws) -> Iterator[str]:
    day = 3 + int(draws.below(22, 1)[0])
    yield f"title = {toml_words(task.title)}"
    yield f"owner = {json.dumps(task.owner)}"
    yield f"starts_on = {month_day(last + task.start, 1)}"
    yield f"due = {json.dumps(_label(last + task.due))}"
    if task.done is not None:
        yield f"{done} = {month_day(last + task.done, day)}"


def _progress(topic: _Topic, last: int, draws: Draws) -> Iterator[tuple[str, str, str, int, str]]:
    """A figure for each month from the start to the last, growing to the share that is reached."""
    for target in topic.targets:
        months = range(max(topic.start, -11), min(target.due, 0) + 1)
        luck = draws.uniform(len(months)) if len(months) else ()
        weights = [0.6 + 0.8 * float(x) for x in luck]
        done = 0.0
        for offset, weight in zip(months, weights, strict=True):
            done += weight / sum(weights) * target.reached * target.target
            month = _label(last + offset)
            yield topic.key, target.key, month, round(done), "主责单位月报（示例）"


def toml_words(pair: Pair) -> str:
    zh, en = (json.dumps(text, ensure_ascii=False) for text in pair)
    return f"{{ zh = {zh}, en = {en} }}"


def _label(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"


def _month_start(month: int) -> date:
    """The first day of an assessment month."""
    return month_day(month - 1, MONTH_BEGINS_ON)


def month_day(month: int, day: int) -> date:
    end = last_day(_label(month))
    return end.replace(day=min(day, end.day))
