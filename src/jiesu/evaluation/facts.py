"""Each fact about a case as one Ibis expression, with every null decided.

Two steps, so that an engine looks at each case once and cheaply: `as_seen` reduces a case to
the few columns that facts depend on, as they stood at `as_of`; the facts are then expressions
over those columns alone and are evaluated once for each distinct combination. Meanings and
null rules: docs/methods/facts.md. Which facts are scored is the policy's affair.
"""

from collections.abc import Iterable
from datetime import datetime

import ibis
import ibis.expr.types as ir

from jiesu.core.facts import BIT, FACTS
from jiesu.core.policy import Policy

_NEEDS: dict[str, tuple[str, ...]] = {
    "created": (),
    "excluded": ("excluded",),
    "due": ("due",),
    "closed": ("closed",),
    "closed_on_time": ("on_time",),
    "contact_logged": ("contact_logged",),
    "called_back": ("called_back",),
    "contacted": ("called_back", "contacted"),
    "resolved": ("called_back", "resolved"),
    "partly_resolved": ("called_back", "resolved"),
    "satisfied": ("called_back", "satisfaction"),
    "fairly_satisfied": ("called_back", "satisfaction"),
    "dissatisfied": ("called_back", "satisfaction"),
}
"""The columns of `as_seen` on which each fact depends."""


def facts_of(policy: Policy) -> tuple[str, ...]:
    """The facts that a policy counts, in the order of `FACTS`."""
    named = {"created", "excluded"}
    for rate in policy.rates:
        named |= {rate.whole, *rate.part}
    return tuple(fact for fact in FACTS if fact in named)


def columns_for(facts: Iterable[str]) -> tuple[str, ...]:
    """The columns of `as_seen` that these facts need, each once."""
    return tuple(dict.fromkeys(column for fact in facts for column in _NEEDS[fact]))


def instant(moment: datetime) -> ir.TimestampScalar:
    """An aware moment as a literal that compares with the table's UTC instants."""
    return ibis.literal(moment, type="timestamp('UTC', 6)")


def as_seen(
    cases: ir.Table, policy: Policy, as_of: ir.TimestampScalar, columns: Iterable[str]
) -> dict[str, ir.Value]:
    """The named columns, each as it stood at `as_of`.

    What bears a later time has not happened yet; what bears no time at all has happened.
    """
    closed = happened(cases.closed_at, as_of)
    has_due, flag = cases.due_at.notnull(), cases.closed_on_time
    flagged = flag.notnull() & (cases.closed_at.isnull() | (cases.closed_at <= as_of))
    first = policy.scored == "first"
    excluded = cases.excluded.fill_null(False)
    if policy.parked == "excluded":
        excluded = excluded | cases.parked.fill_null(False)
    every = {
        "excluded": excluded,
        # A source that gives no due time at all says by its flag whether a case was due.
        "due": ibis.ifelse(has_due, closed | (cases.due_at < as_of), flagged).fill_null(False),
        "closed": closed,
        "on_time": ibis.ifelse(
            has_due, closed & (cases.closed_at <= cases.due_at), flagged & flag
        ).fill_null(False),
        "contact_logged": happened(cases.contacted_at, as_of),
        "called_back": (
            cases.callback_valid & (cases.callback_at.isnull() | (cases.callback_at <= as_of))
        ).fill_null(False),
        "contacted": cases.callback_contacted,
        "resolved": (
            cases.callback_resolved
            if first
            else ibis.coalesce(cases.final_resolved, cases.callback_resolved)
        ),
        "satisfaction": (
            cases.callback_satisfaction
            if first
            else ibis.coalesce(cases.final_satisfaction, cases.callback_satisfaction)
        ),
    }
    return {name: every[name] for name in columns}


def happened(at: ir.TimestampColumn, as_of: ir.TimestampScalar) -> ir.BooleanColumn:
    """A thing with a time happened when its time is known and not later than `as_of`."""
    return (at <= as_of).fill_null(False)


def mask(seen: ir.Table, facts: Iterable[str]) -> ir.IntegerColumn:
    """The facts that hold, as one integer (see `core.facts.BIT`)."""
    total: ir.IntegerColumn = ibis.literal(0, type="int32")
    for fact in facts:
        total = total + ibis.ifelse(_holds(seen, fact), BIT[fact], 0)
    return total.cast("int32")


def _holds(seen: ir.Table, fact: str) -> ir.BooleanValue:
    match fact:
        case "created":
            return ibis.literal(True)
        case "excluded" | "due" | "closed" | "contact_logged" | "called_back":
            return seen[fact]
        case "closed_on_time":
            return seen.on_time
        case "contacted":
            answer = seen.contacted
        case "resolved":
            answer = seen.resolved == "yes"
        case "partly_resolved":
            answer = seen.resolved == "partial"
        case _:
            answer = seen.satisfaction == fact
    # An answer counts only in a valid call-back.
    return (seen.called_back & answer).fill_null(False)
