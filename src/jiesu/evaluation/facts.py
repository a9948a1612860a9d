"""Each fact about a case as one Ibis expression, and all of them as one integer.

What bears a time later than `as_of` has not happened yet; what bears no time at all has
happened. Meanings and null rules: docs/methods/facts.md. Which facts are scored is the policy's
affair.
"""

from collections.abc import Iterable
from datetime import datetime

import ibis
import ibis.expr.types as ir

from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.facts import BIT, EXCLUSIVE, FACTS
from jiesu.core.policy import Policy

_ANSWERS = ("contacted", *(fact for question in EXCLUSIVE for fact in question))
"""Facts that are answers of a call-back: they hold only where it is valid."""

_WITHOUT_ANSWERS = tuple(
    fact for fact in FACTS if fact not in ("created", "called_back", *_ANSWERS)
)


def facts_of(policy: Policy) -> tuple[str, ...]:
    """The facts that a policy counts, in the order of `FACTS`."""
    named = {"created", "excluded"}
    for rate in policy.rates:
        named |= {rate.whole, *rate.part}
    return tuple(fact for fact in FACTS if fact in named)


def instant(moment: datetime) -> ir.TimestampScalar:
    """An aware moment as a literal that compares with the table's UTC instants."""
    return ibis.literal(moment, type="timestamp('UTC', 6)")


def mask(
    cases: ir.Table, policy: Policy, as_of: ir.TimestampScalar, facts: Iterable[str]
) -> ir.IntegerColumn:
    """The named facts that hold for each case, as one integer (see `core.facts.BIT`).

    Nested, so that an engine looks at the answers of valid call-backs only, and at no second
    answer to one question.
    """
    named = set(facts)

    def bit(fact: str, otherwise: ir.IntegerValue | int = 0) -> ir.IntegerValue:
        return ibis.ifelse(holds(cases, policy, as_of, fact), BIT[fact], otherwise)

    total: ir.IntegerValue = ibis.literal(BIT["created"])
    for fact in _WITHOUT_ANSWERS:
        if fact in named:
            total = total + bit(fact)
    answered: ir.IntegerValue = ibis.literal(BIT["called_back"])
    for question in (("contacted",), *EXCLUSIVE):
        level: ir.IntegerValue | int = 0
        for fact in reversed([fact for fact in question if fact in named]):
            level = bit(fact, level)
        answered = answered + level
    if named & {"called_back", *_ANSWERS}:
        called_back = holds(cases, policy, as_of, "called_back")
        total = total + ibis.ifelse(called_back, answered, 0)
    # Thirteen facts fit into sixteen bits, and narrow keys group faster.
    return total.cast("int16")


def holds(cases: ir.Table, policy: Policy, as_of: ir.TimestampScalar, fact: str) -> ir.BooleanValue:
    """A fact of `FACTS` as a boolean; null counts as false wherever it is used.

    An answer is given here without the call-back that it needs (see `mask`).
    """
    closed = happened(cases.closed_at, as_of)
    has_due, flag = cases.due_at.notnull(), cases.closed_on_time
    # A source that gives no due time at all says by its flag whether a case was due.
    flagged = flag.notnull() & (cases.closed_at.isnull() | (cases.closed_at <= as_of))
    match fact:
        case "excluded":
            return cases.excluded if policy.parked == "counted" else cases.excluded | cases.parked
        case "due":
            return ibis.ifelse(has_due, closed | (cases.due_at < as_of), flagged)
        case "closed":
            return closed
        case "closed_on_time":
            return ibis.ifelse(has_due, closed & (cases.closed_at <= cases.due_at), flagged & flag)
        case "contact_logged":
            return happened(cases.contacted_at, as_of)
        case "called_back":
            return cases.callback_valid & (
                cases.callback_at.isnull() | (cases.callback_at <= as_of)
            )
        case "contacted":
            return cases.callback_contacted
        case "resolved":
            return _result(cases, policy, "resolved") == "yes"
        case "partly_resolved":
            return _result(cases, policy, "resolved") == "partial"
        case "satisfied" | "fairly_satisfied" | "dissatisfied":
            return _result(cases, policy, "satisfaction") == fact
    raise ValueError(f"no such fact: {fact}")


def happened(at: ir.TimestampColumn, as_of: ir.TimestampScalar) -> ir.BooleanColumn:
    """A thing with a time happened when its time is known and not later than `as_of`."""
    return (at <= as_of).fill_null(False)


def bears(cases: ir.Table, label: str) -> ir.BooleanValue:
    """Whether a label is one of a case's own; false where it has none."""
    around = ibis.literal(LIST_SEPARATOR) + cases.labels + LIST_SEPARATOR
    return around.contains(f"{LIST_SEPARATOR}{label}{LIST_SEPARATOR}").fill_null(False)


def _result(cases: ir.Table, policy: Policy, question: str) -> ir.StringColumn:
    """The answer that is scored: the first result, or the final one where there is one."""
    first, final = cases[f"callback_{question}"], cases[f"final_{question}"]
    return first if policy.scored == "first" else ibis.coalesce(final, first)
