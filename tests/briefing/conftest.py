"""Made-up evaluations: a full Beijing month with four groups, and the smallest there can be."""

import random
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from jiesu.core.period import MonthRule, parse_period
from jiesu.core.policy import ListRule, Policy, parse_policy
from jiesu.core.result import (
    ClosingTime,
    Evaluation,
    Figures,
    Funnel,
    FunnelLimit,
    Group,
    Input,
    InputFile,
    Interval,
    ListedUnit,
    NamedList,
    Previous,
    RankPoint,
    Rate,
    Totals,
    UnitResult,
)
from jiesu.core.scoring import rounded

DISTRICTS = re.findall(
    r"\S+",
    "东城区 西城区 朝阳区 海淀区 丰台区 石景山区 门头沟区 房山区 通州区 顺义区 昌平区 大兴区 "
    "怀柔区 平谷区 密云区 延庆区",
)
PLACES = ("和平", "兴华", "永安", "清河", "长阳")
CODES = [f"1101{n:02}" for n in (1, 2, 5, 8, 6, 7, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19)]

BEIJING = """
format = 1
name = "beijing"
version = "2022.1"
title = { zh = "北京市接诉即办月度考评办法", en = "Beijing, monthly evaluation" }
period = { start_day = 19, start_in = "previous_month" }
[[rates]]
key = "response"
title = { zh = "响应率", en = "Response rate" }
whole = "called_back"
part = { contacted = 1 }
weight = "0.1"
[[rates]]
key = "resolution"
title = { zh = "解决率", en = "Resolution rate" }
whole = "called_back"
part = { resolved = 1 }
weight = "0.5"
[[rates]]
key = "satisfaction"
title = { zh = "满意率", en = "Satisfaction rate" }
whole = "called_back"
part = { satisfied = 1, fairly_satisfied = "0.9" }
weight = "0.4"
[[groups]]
key = "street"
title = { zh = "街道乡镇", en = "Streets and townships" }
kinds = ["street"]
[[groups]]
key = "district"
title = { zh = "区", en = "Districts" }
kinds = ["district"]
[[groups]]
key = "department"
title = { zh = "市级部门", en = "Municipal departments" }
kinds = ["department"]
[[groups]]
key = "enterprise"
title = { zh = "国有企业", en = "State-owned enterprises" }
kinds = ["enterprise"]
[[lists]]
key = "s1"
kind = "tied_first"
group = "street"
title = { zh = "综合评分并列第一", en = "Tied first" }
[[lists]]
key = "s2"
kind = "bottom"
group = "street"
n = 10
title = { zh = "综合评分后十名", en = "Bottom ten" }
[[lists]]
key = "s3"
kind = "improved"
group = "street"
n = 10
title = { zh = "环比进步前十名", en = "Ten most improved" }
[[lists]]
key = "s4"
kind = "volume"
group = "street"
n = 10
title = { zh = "诉求量前十名", en = "Top ten by volume" }
[[lists]]
key = "s5"
kind = "measure"
group = "street"
n = 10
measure = "pm25"
title = { zh = "今年以来PM2.5平均浓度后十名", en = "Last ten by mean PM2.5 this year" }
[[lists]]
key = "d1"
kind = "top"
group = "district"
n = 3
title = { zh = "综合评分前三名", en = "Top three" }
[[lists]]
key = "d2"
kind = "bottom"
group = "district"
n = 3
title = { zh = "综合评分后三名", en = "Last three" }
[[lists]]
key = "p1"
kind = "top"
group = "department"
n = 1
title = { zh = "综合评分第一", en = "First" }
[[lists]]
key = "p2"
kind = "bottom"
group = "department"
n = 3
title = { zh = "综合评分后三名", en = "Last three" }
[[lists]]
key = "e1"
kind = "top"
group = "enterprise"
n = 1
title = { zh = "综合评分第一", en = "First" }
[[lists]]
key = "e2"
kind = "bottom"
group = "enterprise"
n = 3
title = { zh = "综合评分后三名", en = "Last three" }
"""

ON_TIME = """
format = 1
name = "on-time"
version = "1"
title = { zh = "按期办结评价", en = "On-time evaluation" }
closing_time = true
[[rates]]
key = "on_time"
title = { zh = "按期办结率", en = "On-time rate" }
whole = "due"
part = { closed_on_time = 1 }
weight = 1
[[lists]]
key = "top"
kind = "top"
n = 3
title = { zh = "按期办结率前三名", en = "Top three" }
[[lists]]
key = "up"
kind = "improved"
n = 3
title = { zh = "进步前三名", en = "Most improved" }
"""


def policy_of(toml: str) -> Policy:
    table = tomllib.loads(toml, parse_float=Decimal)
    return parse_policy(table, file="policy.toml", digest="5f" * 32)


def figures_of(policy: Policy, whole: int, parts: Mapping[str, Fraction]) -> Figures:
    rates, total = {}, Fraction(0)
    for rule in policy.rates:
        value = parts[rule.key] / whole if whole else None
        around = Interval(Decimal("0.5"), Decimal("0.99")) if whole else None
        rates[rule.key] = Rate(parts[rule.key], whole, value, around)
        total += rule.weight * (value or 0)
    if not whole:
        return Figures(rates, None, None)
    score = rounded(total * 100, policy.decimals)
    half = rounded(Fraction(120, 1) / Fraction(whole), 1)
    low, high = max(Decimal(0), score - half), min(Decimal(100), score + half)
    return Figures(rates, score, Interval(low, high))


def unit_of(
    policy: Policy, code: str, name: str, parent: str | None, whole: int, skill: float, seed: int
) -> UnitResult:
    """A unit with rates around a skill in 0..1; a skill of 1 gives full marks."""
    rng = random.Random(seed)
    part = {}
    for rule in policy.rates:
        share = 1.0 if skill >= 1 else min(1.0, max(0.0, skill + rng.uniform(-0.03, 0.03)))
        count = Fraction(round(whole * share))
        if rule.has_level_weights and skill < 1:
            count -= Fraction(round(whole * share * 0.2), 10)
        part[rule.key] = count
    without = figures_of(policy, whole, part)
    worse = figures_of(policy, whole + whole // 20, part)
    return UnitResult(
        unit=code, name=name, rank=None, score=without.score, base_score=without.score,
        points=Decimal(0), figures=without, with_excluded=worse, volume=whole + whole // 5 + 1,
        n_excluded=whole // 20, population=20_000 + whole * 40, per_10000=Decimal("123.45"),
        previous=None, previous_volume=None, change=None, apart=None if whole else "no_cases",
        within_chance=None, grade=None, adjustments=(), mean_of_units=None, closing_time=None,
        parent=parent,
    )  # fmt: skip


def ranked_group(
    key: str, title: Mapping[str, str], units: Sequence[UnitResult], *, previous: bool
) -> Group:
    """Ranks by score with gaps, a previous place, a funnel and the marks of chance."""
    ranked = sorted(
        (unit for unit in units if unit.score is not None),
        key=lambda unit: (-(unit.score or 0), -unit.volume, unit.unit),
    )
    scores = [unit.score or Decimal(0) for unit in ranked]
    centre = rounded(Fraction(sum(scores)) / len(scores), 1)
    before = scores[:]
    random.Random(key).shuffle(before)
    done = []
    for unit, old in zip(ranked, before, strict=True):
        score = unit.score or Decimal(0)
        whole = max(rate.whole for rate in unit.figures.rates.values())
        half = Decimal(200) / Decimal(whole).sqrt()
        old_rank = 1 + sum(other > old for other in before)
        done.append(
            replace(
                unit,
                rank=1 + sum(other > score for other in scores),
                within_chance=abs(score - centre) <= half,
                previous=Previous(old_rank, old) if previous else None,
                change=score - old if previous else None,
                previous_volume=unit.volume - 7 if previous else None,
            )
        )
    sizes = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240]
    limits = tuple(
        FunnelLimit(
            n,
            max(Decimal(0), rounded(Fraction(centre - Decimal(200) / Decimal(n).sqrt()), 1)),
            min(Decimal(100), rounded(Fraction(centre + Decimal(200) / Decimal(n).sqrt()), 1)),
        )
        for n in sizes
    )
    apart = [unit for unit in units if unit.score is None]
    return Group(
        key, title, len(done), tuple(done + apart), done[0].figures, centre,
        Funnel(centre, Decimal("1.4"), limits),
    )  # fmt: skip


def list_of(rule: ListRule, group: Group) -> NamedList:
    ranked = [unit for unit in group.units if unit.rank is not None]
    values: dict[str, Callable[[UnitResult], Decimal | None]] = {
        "tied_first": lambda unit: unit.score,
        "top": lambda unit: unit.score,
        "bottom": lambda unit: unit.score,
        "improved": lambda unit: unit.change,
        "volume": lambda unit: Decimal(unit.volume),
        "measure": lambda unit: None,
    }
    of = values[rule.kind]
    chosen = [unit for unit in ranked if of(unit) is not None]
    if rule.kind == "tied_first":
        chosen = [unit for unit in chosen if unit.rank == 1]
    elif rule.kind == "bottom":
        chosen = chosen[-rule.n :]
    elif rule.kind == "top":
        chosen = chosen[: rule.n]
    else:
        chosen = sorted(chosen, key=lambda unit: -(of(unit) or 0))[: rule.n]
    listed = tuple(
        ListedUnit(unit.unit, unit.name, unit.rank, unit.score, place, of(unit) or Decimal(0))
        for place, unit in enumerate(chosen, start=1)
    )
    return NamedList(rule.key, rule.kind, group.key, rule.title, bool(chosen), listed)


def paths_of(group: Group, labels: Sequence[str]) -> dict[str, tuple[RankPoint, ...]]:
    """A wandering path that ends at the unit's rank."""
    paths = {}
    for unit in group.units:
        rng, rank, points = random.Random(unit.unit), unit.rank, []
        for label in reversed(labels):
            points.append(RankPoint(label, rank, unit.score))
            step = rng.randint(-group.n_ranked // 8, group.n_ranked // 8)
            rank = None if rank is None else min(max(1, rank + step), group.n_ranked)
        paths[unit.unit] = tuple(reversed(points))
    return paths


def beijing_groups(policy: Policy, *, previous: bool) -> tuple[Group, ...]:
    rng = random.Random(7)
    streets = []
    for i in range(343):
        place = i % 16
        skill = 1.0 if i % 31 == 0 else rng.uniform(0.66, 0.99)
        whole = 0 if i in (50, 60) else int(rng.lognormvariate(5.5, 1.0)) + 12
        name = f"{PLACES[i % 5]}{i // 5 + 1}{('街道', '镇', '乡')[i % 3]}"
        streets.append(
            unit_of(policy, f"{CODES[place]}{i:03}", name, CODES[place], whole, skill, i)
        )
    districts = [
        unit_of(policy, code, name, None, 3000 + 900 * i, rng.uniform(0.85, 0.95), i)
        for i, (code, name) in enumerate(zip(CODES, DISTRICTS, strict=True))
    ]
    districts.append(unit_of(policy, "110400", "经开区", None, 2500, 0.97, 99))
    departments = [
        unit_of(
            policy,
            f"D{i:02}",
            f"市级部门{i:02}（示例）",
            None,
            rng.randint(30, 4000),
            rng.uniform(0.7, 0.98),
            i,
        )
        for i in range(1, 58)
    ]
    enterprises = [
        unit_of(
            policy,
            f"E{i:02}",
            f"市属企业{i:02}（示例）",
            None,
            rng.randint(20, 2500),
            rng.uniform(0.75, 0.99),
            i,
        )
        for i in range(1, 31)
    ]
    kinds = (streets, districts, departments, enterprises)
    return tuple(
        ranked_group(rule.key, rule.title, units, previous=previous)
        for rule, units in zip(policy.groups, kinds, strict=True)
    )


MONTHS = [f"2021-{month:02}" for month in range(3, 13)] + ["2022-01", "2022-02"]


def beijing(n_months: int = 12, *, synthetic: bool = True) -> Evaluation:
    """February 2022 with `n_months` months of ranks at hand."""
    policy = policy_of(BEIJING)
    zone = ZoneInfo("Asia/Shanghai")
    period = parse_period("2022-02", MonthRule(zone, 19, 0, True))
    previous = n_months > 1
    groups = beijing_groups(policy, previous=previous)
    by_key = {group.key: group for group in groups}
    parts = {
        "response": Fraction(198_000),
        "resolution": Fraction(180_000),
        "satisfaction": Fraction(177_000),
    }
    return Evaluation(
        period=period,
        previous_period=period.previous() if previous else None,
        as_of=datetime(2022, 2, 28, 9, 30, tzinfo=zone),
        policy=policy,
        input=Input((InputFile("cases-2022-02.csv", "ab" * 32),), 987_654, 12, 345),
        city={"zh": "北京市", "en": "Beijing"},
        synthetic=synthetic,
        groups=groups,
        lists=tuple(list_of(rule, by_key[rule.group]) for rule in policy.lists),
        totals=Totals(
            234_567, 230_000 if previous else None, 321, 12, 0, 4_567,
            figures_of(policy, 200_000, parts), figures_of(policy, 204_000, parts),
        ),
        paths={group.key: paths_of(group, MONTHS[-n_months:]) for group in groups},
        notes=(("lines_skipped", {"n": "3"}),),
    )  # fmt: skip


def on_time(names: Sequence[str] = ("PWDx", "ISD", "PARK", "BTDT")) -> Evaluation:
    """One group of few units, one rate, closing times, nothing before."""
    policy = policy_of(ON_TIME)
    zone = ZoneInfo("America/New_York")
    period = parse_period("2011-Q3", MonthRule(zone))
    units = [
        replace(
            unit_of(policy, name, name, None, 40 + 10 * i, 0.6 + 0.07 * i, i),
            closing_time=ClosingTime(30, 40 + i, 200 + i),
            population=None,
            per_10000=None,
        )
        for i, name in enumerate(names)
    ]
    group = ranked_group("all", {"zh": "承办单位", "en": "All units"}, units, previous=False)
    totals = figures_of(policy, 220, {"on_time": Fraction(150)})
    return Evaluation(
        period=period,
        previous_period=None,
        as_of=datetime(2011, 10, 1, 4, 0, tzinfo=zone),
        policy=policy,
        input=Input((InputFile("boston.csv", "cd" * 32),), 260, 0, 0),
        city={"zh": "波士顿", "en": "Boston"},
        synthetic=False,
        groups=(group,),
        lists=tuple(list_of(rule, group) for rule in policy.lists),
        totals=Totals(260, None, 0, 0, 0, 0, totals, totals),
        paths={
            "all": {unit.unit: (RankPoint("2011-Q3", unit.rank, unit.score),) for unit in units}
        },
        notes=(),
    )


HOSTILE = ("<b>=1+1</b>", '=cmd|"/c calc"!A1', '#image("x.png")', "$x$ *_bold_* @ref // \\", "+1-2")


@pytest.fixture(scope="session")
def full() -> Evaluation:
    return beijing()


@pytest.fixture(scope="session")
def tiny() -> Evaluation:
    return on_time()


@pytest.fixture(scope="session")
def hostile() -> Evaluation:
    return on_time(HOSTILE)


@pytest.fixture(scope="session")
def make_on_time() -> Callable[[Sequence[str]], Evaluation]:
    """A small evaluation of units with the given names."""
    return on_time
