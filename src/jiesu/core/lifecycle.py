"""The states of a case and of its call-back, and the moves between them, as one table each.

Who may make a move is said in `jiesu.cases.scopes`, what else a move does in
`jiesu.cases.actions`. Objection, consultation, extension, whistle, assist, parking, exclusion,
appeal and supervision are records beside the case and no states. docs/lifecycle.md shows the
table; a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where the handling of a case stands."""

    RECEIVED = "received"
    CLASSIFIED = "classified"
    ANSWERED = "answered"
    REFERRED = "referred"
    DECLINED = "declined"
    DISPATCHED = "dispatched"
    SIGNED = "signed"
    CONTACTED = "contacted"
    IN_PROGRESS = "in_progress"
    FEEDBACK_SUBMITTED = "feedback_submitted"
    CLOSED = "closed"
    ARCHIVED = "archived"


HANDLING = frozenset(
    {
        State.DISPATCHED,
        State.SIGNED,
        State.CONTACTED,
        State.IN_PROGRESS,
        State.FEEDBACK_SUBMITTED,
    }
)
"""A unit has the case; its clocks run until it gives its feedback."""

AT_WORK = HANDLING - {State.FEEDBACK_SUBMITTED}
"""The unit has yet to give its feedback."""

NOT_DISPATCHED = frozenset({State.ANSWERED, State.REFERRED, State.DECLINED})
"""The ends of the six ways of article 11 in which no unit gets the case."""

ENDED = NOT_DISPATCHED | {State.CLOSED, State.ARCHIVED}


@dataclass(frozen=True, slots=True)
class Move:
    """A move: the states from which it is allowed, and the one to which it leads."""

    sources: frozenset[State]
    target: State


def _move(target: State, *sources: State) -> Move:
    return Move(frozenset(sources), target)


MOVES: Mapping[str, Move] = {
    "classify": _move(State.CLASSIFIED, State.RECEIVED, State.CLASSIFIED),
    "answer": _move(State.ANSWERED, State.CLASSIFIED),
    "refer": _move(State.REFERRED, State.CLASSIFIED),
    "decline": _move(State.DECLINED, State.CLASSIFIED),
    "dispatch": _move(State.DISPATCHED, State.CLASSIFIED),
    "redispatch": _move(State.DISPATCHED, *AT_WORK),
    "return": _move(State.CLASSIFIED, State.DISPATCHED, State.SIGNED),
    "sign": _move(State.SIGNED, State.DISPATCHED),
    "contact": _move(State.CONTACTED, State.SIGNED),
    "start": _move(State.IN_PROGRESS, State.SIGNED, State.CONTACTED),
    "submit_feedback": _move(
        State.FEEDBACK_SUBMITTED, State.SIGNED, State.CONTACTED, State.IN_PROGRESS
    ),
    "close": _move(State.CLOSED, *HANDLING),
    "redo": _move(State.DISPATCHED, State.FEEDBACK_SUBMITTED, State.CLOSED),
    "archive": _move(State.ARCHIVED, *NOT_DISPATCHED, State.CLOSED),
}
"""Every move by name. A case closes from any state of handling: its call-back ends whatever
the unit has done (article 23)."""


class CallbackState(StrEnum):
    """Where a call-back stands."""

    DUE = "due"
    ATTEMPTING = "attempting"
    DONE = "done"
    INVALID = "invalid"
    NOT_SAMPLED = "not_sampled"


CALLBACK_OPEN = frozenset({CallbackState.DUE, CallbackState.ATTEMPTING})

CALLBACK_MOVES: Mapping[CallbackState, frozenset[CallbackState]] = {
    CallbackState.DUE: frozenset(
        {CallbackState.ATTEMPTING, CallbackState.DONE, CallbackState.INVALID}
    ),
    CallbackState.ATTEMPTING: frozenset(
        {CallbackState.ATTEMPTING, CallbackState.DONE, CallbackState.INVALID}
    ),
    CallbackState.DONE: frozenset(),
    CallbackState.INVALID: frozenset(),
    CallbackState.NOT_SAMPLED: frozenset(),
}


class MoveRefused(Exception):
    """A move that the case's state does not allow. `move` and `state` say which."""

    def __init__(self, move: str, state: str) -> None:
        self.move, self.state = move, state
        super().__init__(f"a case that is {state} cannot {move}")


def moved(move: str, state: str) -> State:
    """The state after a move. Raises MoveRefused where the table does not allow it."""
    rule = MOVES[move]
    if state not in rule.sources:
        raise MoveRefused(move, state)
    return rule.target


def moves_from(state: str) -> tuple[str, ...]:
    """The moves that a state allows, in the table's order."""
    return tuple(name for name, rule in MOVES.items() if state in rule.sources)
