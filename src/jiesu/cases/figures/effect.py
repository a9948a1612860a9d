"""What a claim would do to the figures: shown before the city decides.

They are those of the unit that the case counts for (docs/methods/claims.md), whoever has claimed.
The decision is tried in a transaction that is undone, and the case's row read from it; the month is
counted from the live export once with the row as it is and once as it would be. Exact: all
else is equal, and the figures are those of the ranking. Leaves out bonus and deduction lines,
as the running ranking does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.db import transaction

from jiesu.cases.actor import Actor
from jiesu.cases.change import Change, changing
from jiesu.cases.claim_rules import put_in_effect
from jiesu.cases.figures.caps import times_of
from jiesu.cases.figures.case_rows import Words, rows_of
from jiesu.cases.figures.running import files_between, up_to_date
from jiesu.cases.figures.site_city import last_day, month_counting, roster_on
from jiesu.cases.models import Claim
from jiesu.cases.rulebook import city_zone
from jiesu.core.counts import Counts
from jiesu.core.facts import EMPTY, Joint, pooled
from jiesu.core.period import Period
from jiesu.core.policy import GroupRule, Policy
from jiesu.core.roster import Roster, group_rules
from jiesu.core.scoring import Scale, composite, exact_text, figures
from jiesu.core.standings import Counted, standings

TRIAL = Actor.system("effect")


@dataclass(frozen=True, slots=True)
class _Look:
    """Where to look: a unit in a period, under a policy."""

    unit: str
    policy: Policy
    period: Period
    roster: Roster
    rule: GroupRule | None


def effect_of(claim: Claim, as_of: datetime, folder: Path | None = None) -> dict[str, Any]:
    """The figures now and with the claim approved, as exact texts for JSON.

    `now` and `then` have volume, excluded cases, each rate's part and whole, the composite in
    points, the printed score and the rank; `correction` says that the month has ended, so that an
    edition of it that was published has to be corrected. Without a month in which the case counts,
    `none` says why.
    """
    now, then = _rows_now_and_then(claim, as_of)
    number = now["case_id"][0].as_py()
    month = month_counting(times_of(now))
    if month is None:
        none = "the case counts in no assessment month yet"
        return {"as_of": as_of.astimezone(city_zone()).isoformat(), "none": none}
    policy, period = month
    from jiesu.evaluation.counts import Question
    from jiesu.evaluation.what_if import counts_with

    with up_to_date(as_of, folder) as files:
        needed = files_between(files, policy, period.start, period.end)
        question = Question(policy, as_of, "unit")
        counted = counts_with(needed, number, [now, then], period, question)
    look = _look(now["unit"][0].as_py(), policy, period)
    before, after = (_told(look, counts) for counts in counted)
    return {
        "as_of": as_of.astimezone(city_zone()).isoformat(),
        "period": period.label,
        "policy": policy.digest,
        "unit": look.unit,
        "group": look.rule.key if look.rule else None,
        "correction": period.end <= as_of,
        "now": before,
        "then": after,
    }


def _rows_now_and_then(claim: Claim, as_of: datetime) -> tuple[pa.Table, pa.Table]:
    """The case's row as it is, and as the approved claim would make it. Nothing stays of it."""
    words = Words.of_the_city()
    with transaction.atomic():
        with changing(claim.case_id, "decide_claim", by=TRIAL, as_of=as_of) as change:
            now = rows_of([claim.case_id], words).table
            _try(change, claim)
        then = rows_of([claim.case_id], words).table
        transaction.set_rollback(True)
    return now, then


def _try(change: Change, claim: Claim) -> None:
    put_in_effect(change, Claim.objects.get(pk=claim.pk))
    change.event("tried")


def _look(unit: str, policy: Policy, period: Period) -> _Look:
    roster = roster_on(last_day(period.label))
    units = roster.units
    kind = units[unit].kind if units is not None and unit in units else ""
    rules = group_rules(policy, units)
    return _Look(unit, policy, period, roster, next((r for r in rules if kind in r.kinds), None))


def _told(look: _Look, counts: Counts) -> dict[str, Any]:
    """A unit's figures under some counts."""
    policy = look.policy
    found = standings(policy, look.roster, Counted(look.period, (counts,)))
    standing = found.get(look.unit)
    below = look.roster.below(look.unit)
    lead = pooled([EMPTY, *(counts.lead[code] for code in below if code in counts.lead)])
    joint = standing.joint if standing is not None else lead
    weights = policy.weights_of(look.rule) if look.rule else {r.key: r.weight for r in policy.rates}
    scale = Scale(policy.rates, weights, policy.decimals, None)
    return {
        "volume": lead.count("created"),
        "excluded": lead.count("excluded"),
        **_rates(joint.without("excluded"), scale),
        "score": None if standing is None or standing.score is None else str(standing.score),
        "rank": None if standing is None else standing.rank,
        "n_ranked": _n_ranked(look, [one for one in found if found[one].rank is not None]),
    }


def _rates(joint: Joint, scale: Scale) -> dict[str, Any]:
    by_key = figures(joint, scale).rates
    share = composite(by_key, scale)
    return {
        "rates": {
            key: {
                "part": exact_text(rate.part),
                "whole": rate.whole,
                "value": None if rate.value is None else exact_text(rate.value),
            }
            for key, rate in by_key.items()
        },
        "composite": None if share is None else exact_text(Fraction(share * 100)),
    }


def _n_ranked(look: _Look, ranked: Sequence[str]) -> int:
    """How many units of its group have a rank."""
    units, rule = look.roster.units, look.rule
    if units is None or rule is None:
        return 0
    return sum(units[code].kind in rule.kinds for code in ranked)
