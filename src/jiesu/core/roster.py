"""Who is ranked with whom: the units of a city, its peer groups, its bonus and deduction lines.

Holds no figures and reads no files (see `jiesu.city`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from jiesu.core.counts import Counts
from jiesu.core.period import Period
from jiesu.core.policy import ALL, GroupRule, Policy
from jiesu.core.units import Unit, Units


@dataclass(frozen=True, slots=True)
class Line:
    """A line of adjustments.csv: points for a unit in a period; `cap` limits a reason's sum."""

    unit: str
    period: str
    points: Decimal
    reason: str
    approval: str
    cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """The units that are ranked and what they are called.

    Without a units file (`units` is `None`) every unit of the data is in the one group `all`;
    `names` gives the names that the source knows.
    """

    units: Units | None
    names: Mapping[str, str]
    lines: tuple[Line, ...] = ()

    def name(self, code: str) -> str:
        if self.units is not None and code in self.units:
            return self.units[code].name
        return self.names.get(code, code)

    def below(self, code: str) -> tuple[str, ...]:
        return (code,) if self.units is None else self.units.with_all_below(code)


def group_rules(policy: Policy, units: Units | None) -> tuple[GroupRule, ...]:
    """The peer groups: the policy's; else one for each kind of unit; `all` without units."""
    everyone = {"zh": "全部单位", "en": "All units"}
    if units is None:
        return (GroupRule(ALL, everyone, (), {}),)
    if policy.groups:
        return policy.groups
    kinds = dict.fromkeys(unit.kind for unit in units)
    return tuple(
        GroupRule(kind, _KIND_TITLES.get(kind, _same(kind)), (kind,), {}) for kind in kinds
    )


_KIND_TITLES = {
    "street": {"zh": "街道（乡镇）", "en": "Streets and townships"},
    "district": {"zh": "区", "en": "Districts"},
    "department": {"zh": "部门", "en": "Departments"},
    "enterprise": {"zh": "企业", "en": "Enterprises"},
}


def _same(word: str) -> dict[str, str]:
    return {"zh": word, "en": word}


def members(roster: Roster, rule: GroupRule, period: Period, counts: Counts) -> list[str]:
    """The units that a group has in a period: those that exist in it, with cases or without."""
    if roster.units is None:
        return sorted({code for code in (*counts.lead, *counts.assist) if code is not None})
    return [
        unit.code for unit in roster.units if unit.kind in rule.kinds and exists_in(unit, period)
    ]


def exists_in(unit: Unit, period: Period) -> bool:
    """Whether a unit exists on any day of a period."""
    return unit.exists_between(period.start.date(), period.last_day)


def approved_lines(lines: Iterable[Line], unit: str, period: str) -> tuple[Line, ...]:
    """The lines of a unit that name a period and have an approval."""
    return tuple(
        line for line in lines if line.unit == unit and line.period == period and line.approval
    )
