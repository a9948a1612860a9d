"""Commitments (整改承诺): what units promised at review meetings, and where each one stands.

A commitment stays on every pack until it is closed with evidence, whatever meetings were held
in between. States follow from dates as of a day. Read from a folder in `jiesu.city`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

State = Literal["done", "done_late", "withdrawn", "overdue", "due", "open"]
STATES: tuple[State, ...] = ("overdue", "due", "open", "done_late", "done", "withdrawn")
"""In the order in which a pack lists them: what hurts first."""

CLOSED = ("done", "withdrawn")
"""What a person writes beside `open`; the other states follow from the dates."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """A promise of a unit. `owner` is the office that carries it out, never a person.

    `meeting` is the label of the period whose meeting heard it. `measure` names an outside
    measure and `target` its promised figure, if there is one. `closed` is `done`, `withdrawn` or
    empty; a closed one has the day and the evidence.
    """

    key: str
    unit: str
    made_on: date
    meeting: str
    promise: str
    owner: str
    due_on: date
    measure: str = ""
    target: Decimal | None = None
    closed: str = ""
    closed_on: date | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A commitment as it stands on a day. `days` are those past the due day (0 when not past)."""

    commitment: Commitment
    state: State
    days: int


def commitment_state(commitment: Commitment, on: date, since: date | None) -> Kept:
    """How a commitment stands at the end of a day.

    What is closed later than `on` was still open then. Overdue: not closed and `due_on` before
    `on`. `due`: its day falls after `since` (the meeting before) and not after `on`.
    """
    due, closed_on = commitment.due_on, commitment.closed_on
    if commitment.closed and closed_on is not None and closed_on <= on:
        if commitment.closed == "withdrawn":
            return Kept(commitment, "withdrawn", 0)
        late = max(0, (closed_on - due).days)
        return Kept(commitment, "done_late" if late else "done", late)
    if due < on:
        return Kept(commitment, "overdue", (on - due).days)
    fell_due = due == on or (since is not None and since < due <= on)
    return Kept(commitment, "due" if fell_due else "open", 0)


def commitments_on(
    commitments: Iterable[Commitment], on: date, since: date | None = None
) -> tuple[Kept, ...]:
    """The commitments that a meeting on a day must hear of, the longest overdue first.

    All that are not closed, and those closed after `since`, the day of the meeting before
    (without it: all that were ever made). A promise made after `on` is not there yet.
    """
    found = []
    for commitment in commitments:
        if commitment.made_on > on:
            continue
        kept = commitment_state(commitment, on, since)
        closed = kept.state in ("done", "done_late", "withdrawn")
        if closed and since is not None and (commitment.closed_on or on) <= since:
            continue
        found.append(kept)
    return tuple(
        sorted(
            found,
            key=lambda kept: (
                STATES.index(kept.state),
                kept.commitment.due_on,
                kept.commitment.key,
            ),
        )
    )
