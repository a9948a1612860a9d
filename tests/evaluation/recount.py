"""An independent count: row by row, in plain Python, from the words of docs/methods/facts.md.

Shares no code with the engine's path but the names of the facts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from jiesu.core.policy import Policy

Row = Mapping[str, Any]


def facts(row: Row, policy: Policy, as_of: datetime) -> frozenset[str]:
    """The facts that hold for a case."""
    held = {"created"} | closing(row, as_of)
    if row["excluded"] is True or (policy.parked == "excluded" and row["parked"] is True):
        held.add("excluded")
    if row["contacted_at"] is not None and row["contacted_at"] <= as_of:
        held.add("contact_logged")
    called = row["callback_at"]
    if row["callback_valid"] is True and (called is None or called <= as_of):
        held |= answers(row, policy)
    return frozenset(held)


def closing(row: Row, as_of: datetime) -> set[str]:
    closed = row["closed_at"] is not None and row["closed_at"] <= as_of
    held = {"closed"} if closed else set()
    if row["due_at"] is not None:
        if closed or row["due_at"] < as_of:
            held.add("due")
        if closed and row["closed_at"] <= row["due_at"]:
            held.add("closed_on_time")
    elif row["closed_on_time"] is not None and (row["closed_at"] is None or closed):
        held.add("due")
        if row["closed_on_time"]:
            held.add("closed_on_time")
    return held


def answers(row: Row, policy: Policy) -> set[str]:
    held = {"called_back"}
    resolved, satisfaction = row["callback_resolved"], row["callback_satisfaction"]
    if policy.scored == "final":
        resolved = row["final_resolved"] or resolved
        satisfaction = row["final_satisfaction"] or satisfaction
    if row["callback_contacted"] is True:
        held.add("contacted")
    held |= {"yes": {"resolved"}, "partial": {"partly_resolved"}}.get(resolved, set())
    if satisfaction is not None:
        held.add(satisfaction)
    return held


def in_window(
    rows: Iterable[Row], policy: Policy, start: datetime, end: datetime, as_of: datetime
) -> list[Row]:
    by = policy.period.by
    return [
        row
        for row in rows
        if row[by] is not None and start <= row[by] < end and row["created_at"] <= as_of
    ]


def joint(
    rows: Iterable[Row], policy: Policy, as_of: datetime, counted: frozenset[str], unit: str
) -> Counter[tuple[str | None, frozenset[str]]]:
    """Cases by unit and combination of the counted facts."""
    return Counter((row[unit], facts(row, policy, as_of) & counted) for row in rows)
