"""When something next happens to a case by itself: its call-back falls due, supervision is raised.

Pure: of a case's own row and its rules. `next_sweep_at`, which an index holds, is written from
here by all that changes a case, so that the sweep finds what has come up without looking at what
has not. What then happens is in `falling_due`. Rules and worked tables:
docs/methods/call-back.md.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from jiesu.cases.models import Case
from jiesu.core.desk import DeskRules, SupervisionRule
from jiesu.core.lifecycle import AT_WORK, HANDLING

MOVED_BY = frozenset(
    {
        "state", "unit", "contacted_at", "contact_due_at", "due_at", "paused_since",
        "n_redos", "n_returns", "round", "anonymous",
    }
)  # fmt: skip
"""The fields of a case on which its moments depend."""

INSTANT = timedelta(microseconds=1)
"""At the limit a unit is in time; what asks whether it is late asks an instant later."""

AT_ONCE = datetime.min.replace(tzinfo=UTC)


class Moment(NamedTuple):
    """When something comes up: supervision by a rule, or the call-back where `rule` is None."""

    at: datetime
    rule: SupervisionRule | None = None


ERASED = "0:"
"""What stands for a caller who was erased begins with this (`erasure.ALIAS`)."""


def can_be_called(case: Case) -> bool:
    """Whether there is somebody to call: the caller is known and left a phone number."""
    return bool(case.caller) and not case.anonymous and not case.caller.startswith(ERASED)


def awaits_contact(case: Case) -> bool:
    """Whether the unit has yet to contact the caller. Nobody can contact one who gave no name."""
    return case.contacted_at is None and not case.anonymous


def moments(case: Case, rules: DeskRules) -> list[Moment]:
    """All that comes up by itself for a case as it stands, past and future, in its order.

    What is counted and has come (redos, returns) is there at once. Of one instant supervision
    comes first.
    """
    if case.state not in HANDLING or case.unit_id is None or case.due_at is None:
        return []
    at_work = case.state in AT_WORK
    found: list[Moment] = []
    for rule in rules.supervision:
        at: datetime | None = None
        if rule.event == "redo":
            at = AT_ONCE if case.n_redos >= rule.count else None
        elif rule.event == "returned":
            at = AT_ONCE if case.n_returns >= rule.count else None
        elif rule.event == "overdue":
            at = _late(case.due_at, rule) if at_work else None
        elif at_work and case.contact_due_at is not None and awaits_contact(case):
            at = _late(case.contact_due_at, rule)
        if at is not None:
            found.append(Moment(at, rule))
    # Nobody to call: the case ends there, and whether the unit was late is asked before.
    found.append(Moment(case.due_at + (INSTANT if not can_be_called(case) else timedelta())))
    since = case.paused_since
    kept = [moment for moment in found if since is None or moment.at <= since]
    return sorted(kept, key=lambda moment: (moment.at, moment.rule is None))


def _late(due_at: datetime, rule: SupervisionRule) -> datetime:
    """The first instant at which a unit is later than a rule allows."""
    return due_at + timedelta(hours=rule.after_hours) + INSTANT


def next_sweep_at(
    case: Case, rules: DeskRules, as_of: datetime, *, after: datetime | None = None
) -> datetime | None:
    """When the sweep is to look at a case next: at its first moment, or the first `after` one.

    What has come up before may have been dealt with or not: the sweep looks at what is there. So
    whoever changes a case need not know. `as_of` stands for what is there at once.
    """
    ahead = [moment.at for moment in moments(case, rules) if after is None or moment.at > after]
    if not ahead:
        return None
    return as_of if ahead[0] is AT_ONCE else ahead[0]
