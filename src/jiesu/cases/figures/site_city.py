"""The city whose site this is, as the evaluation knows it: name, language, units, policies.

From the versions that `jiesu load` keeps; read anew when rules or units were changed. Leaves out
the desk's rules (`rulebook`) and what is counted (`running`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.conf import settings

from jiesu.cases.folder.loading_rules import newest
from jiesu.cases.folder.unit_rows import core_units
from jiesu.cases.models import RuleVersion
from jiesu.cases.rulebook import Rulebook, city_zone, local_day, rulebook
from jiesu.core.period import Period, month_period
from jiesu.core.policy import Policy, parse_policy, period_in_force
from jiesu.core.problems import InputError, Problem
from jiesu.core.roster import Roster
from jiesu.core.settings import toml_table

LOADED = "the loaded policies"

_kept: "tuple[Rulebook, SiteCity] | None" = None
"""What was read, with the rules beside which it was read: new ones mean to read anew."""


@dataclass(frozen=True, slots=True)
class SiteCity:
    """What a city is called, in which language it works, whether it is a made-up one."""

    name: Mapping[str, str]
    language: str
    synthetic: bool
    policies: tuple[Policy, ...]


def site_city() -> SiteCity:
    """The city as it is loaded."""
    global _kept
    book = rulebook()
    if _kept is None or _kept[0] is not book:
        _kept = (book, _read())
    return _kept[1]


def period_named(label: str) -> tuple[Policy, Period]:
    """A period and the policy in force in it. Raises InputError for what is no period."""
    return period_in_force(_policies(), label, city_zone(), file=LOADED)


def last_day(label: str) -> date:
    """The last day of a period in the city. Raises InputError for what is no period."""
    _, period = period_named(label)
    return local_day(period.end - timedelta(microseconds=1))


def roster_on(day: date) -> Roster:
    """The units as they stood on a day: a month keeps what they were called and lay in then."""
    return Roster(core_units(day), {})


def month_of(as_of: datetime) -> tuple[Policy, Period]:
    """The assessment month in which a moment lies. Raises InputError without a policy for it."""
    policies = _policies()
    day = local_day(as_of)
    now = next((policy for policy in policies if policy.holds_on(day)), policies[-1])
    rule = now.period.months(city_zone())
    return period_named(month_period(rule, rule.month_of(as_of)).label)


def month_counting(times: Mapping[str, datetime | None]) -> tuple[Policy, Period] | None:
    """The assessment month in which a case counts; `None` where its policy's time has not come.

    `times` are the case's by column; each policy says by which of them it cuts.
    """
    for policy in _policies():
        at = times[policy.period.by]
        if at is None:
            continue
        rule = policy.period.months(city_zone())
        found, period = period_named(month_period(rule, rule.month_of(at)).label)
        if found == policy and period.start <= at < period.end:
            return found, period
    return None


def _policies() -> tuple[Policy, ...]:
    policies = site_city().policies
    if not policies:
        what = "no policy is loaded"
        raise InputError(Problem("policy", "", what, "load one: jiesu load --city DIR"))
    return policies


def _read() -> SiteCity:
    loaded = newest(RuleVersion.Kind.CITY)
    table = toml_table(loaded.text.encode(), "city.toml") if loaded else {}
    usual = "zh" if settings.LANGUAGE_CODE.startswith("zh") else "en"
    return SiteCity(
        name=table.get("name", {}),
        language=table.get("language", usual),
        synthetic=table.get("synthetic", False),
        policies=tuple(
            _policy(row) for row in RuleVersion.objects.filter(kind=RuleVersion.Kind.POLICY)
        ),
    )


def _policy(row: RuleVersion) -> Policy:
    content = row.text.encode()
    file = f"{row.name}.toml"
    return parse_policy(toml_table(content, file), file=file, digest=sha256(content).hexdigest())
