"""What the core tests share: the shipped policies and small joint tables."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jiesu.core.assessment import Findings, assess
from jiesu.core.counts import Counts
from jiesu.core.facts import Joint, mask_of
from jiesu.core.period import parse_period
from jiesu.core.policy import Policy, parse_policy
from jiesu.core.result import Group, UnitResult
from jiesu.core.roster import Roster
from jiesu.core.scoring import Scale, normal_quantile
from jiesu.core.standings import Counted

POLICIES = Path(__file__).resolve().parents[2] / "src/jiesu/city/shipped/policies"
SHANGHAI = ZoneInfo("Asia/Shanghai")
Z95 = normal_quantile(Decimal("0.95"))


def policy_table(name: str = "beijing") -> dict[str, Any]:
    text = (POLICIES / f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def policy(name: str = "beijing", **changes: object) -> Policy:
    """A shipped policy with some tables' keys changed: `ranking={"min_whole": 5}`."""
    table = policy_table(name)
    for key, value in changes.items():
        if isinstance(value, Mapping):
            table[key] = {**table.get(key, {}), **value}
        else:
            table[key] = value
    return parse_policy(table, file=f"{name}.toml", digest="0" * 64)


def scale(rules: Policy, *, intervals: bool = True) -> Scale:
    weights = {rate.key: rate.weight for rate in rules.rates}
    return Scale(rules.rates, weights, rules.decimals, Z95 if intervals else None)


def answers(
    valid: int,
    contacted: int,
    resolved: int,
    satisfied: int,
    fairly: int = 0,
    *,
    partly: int = 0,
    excluded: int = 0,
) -> Joint:
    """Call-backs in which each answer is given so often, the answers nested from the first."""
    cells: dict[int, int] = {}
    for case in range(valid):
        names = ["created", "called_back"]
        names += ["contacted"] * (case < contacted)
        if case < resolved:
            names.append("resolved")
        elif case < resolved + partly:
            names.append("partly_resolved")
        if case < satisfied:
            names.append("satisfied")
        elif case < satisfied + fairly:
            names.append("fairly_satisfied")
        else:
            names.append("dissatisfied")
        names += ["excluded"] * (case < excluded)
        mask = mask_of(names)
        cells[mask] = cells.get(mask, 0) + 1
    return Joint(cells)


def counts(
    lead: Mapping[str | None, Joint],
    *,
    assist: Mapping[str | None, Joint] | None = None,
    places: Mapping[str | None, int] | None = None,
    hours: Mapping[str | None, Mapping[int, int]] | None = None,
) -> Counts:
    return Counts(lead, assist or {}, places or {}, hours or {})


def assessed(
    rules: Policy,
    now: Counts,
    before: Counts | None = None,
    *,
    roster: Roster | None = None,
    label: str = "2022-02",
) -> Findings:
    """A one-part period and the one before it, assessed."""
    period = parse_period(label, rules.period.months(SHANGHAI))
    earlier = None if before is None else Counted(period.previous(), (before,))
    return assess(rules, roster or Roster(None, {}), Counted(period, (now,)), earlier, [])


def units(group: Group) -> dict[str, UnitResult]:
    return {unit.unit: unit for unit in group.units}


def share(text: str) -> Fraction:
    return Fraction(Decimal(text))
