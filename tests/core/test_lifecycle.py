"""States and moves: the table of docs/lifecycle.md, and what follows from it."""

import pytest

from jiesu.core.lifecycle import (
    AT_WORK,
    CALLBACK_MOVES,
    CALLBACK_OPEN,
    ENDED,
    HANDLING,
    MOVES,
    NOT_DISPATCHED,
    CallbackState,
    MoveRefused,
    State,
    moved,
    moves_from,
)

from .pages import table

PAGE = "../lifecycle"


def listed(cell: str) -> set[str]:
    return {part.strip("` ") for part in cell.split(",")}


def test_the_page_has_every_state() -> None:
    rows = table(PAGE, "state", "meaning")
    assert [row["state"] for row in rows] == [state.value for state in State]


def test_the_page_has_every_move_with_its_states() -> None:
    rows = table(PAGE, "move", "from", "to", "made by")
    documented = {row["move"]: (listed(row["from"]), row["to"]) for row in rows}
    assert documented == {
        name: ({source.value for source in move.sources}, move.target.value)
        for name, move in MOVES.items()
    }


def test_the_page_has_the_life_of_a_callback() -> None:
    rows = table(PAGE, "state", "goes on to")
    documented = {row["state"]: listed(row["goes on to"]) - {"nothing"} for row in rows}
    assert documented == {
        state.value: {target.value for target in targets}
        for state, targets in CALLBACK_MOVES.items()
    }


def reachable(start: State) -> set[State]:
    found, waiting = {start}, [start]
    while waiting:
        state = waiting.pop()
        for name in moves_from(state):
            if MOVES[name].target not in found:
                found.add(MOVES[name].target)
                waiting.append(MOVES[name].target)
    return found


def test_every_state_is_reached_from_the_receipt() -> None:
    assert reachable(State.RECEIVED) == set(State)


@pytest.mark.parametrize("state", State)
def test_every_case_can_come_to_its_end(state: State) -> None:
    assert State.ARCHIVED in reachable(state)
    assert (moves_from(state) == ()) is (state is State.ARCHIVED)


def test_a_case_closes_from_any_state_of_handling_and_from_no_other() -> None:
    assert MOVES["close"].sources == HANDLING


def test_only_a_redo_brings_an_ended_case_back() -> None:
    back = {
        name for name, move in MOVES.items() if move.sources & ENDED and move.target not in ENDED
    }
    assert back == {"redo"}
    assert MOVES["redo"].sources & ENDED == {State.CLOSED}


def test_what_was_not_dispatched_never_reaches_a_unit() -> None:
    for state in NOT_DISPATCHED:
        assert not reachable(state) & HANDLING


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", MOVES)
def test_a_move_is_made_from_its_sources_and_refused_from_all_others(
    name: str, state: State
) -> None:
    if state in MOVES[name].sources:
        assert moved(name, state) is MOVES[name].target
        assert name in moves_from(state)
        return
    with pytest.raises(MoveRefused) as caught:
        moved(name, state)
    assert (caught.value.move, caught.value.state) == (name, state)
    assert name not in moves_from(state)


def test_a_unit_that_has_fed_back_is_no_longer_at_work() -> None:
    assert {State.FEEDBACK_SUBMITTED} == HANDLING - AT_WORK
    assert not HANDLING & ENDED


def test_a_callback_that_has_ended_stays_as_it_is() -> None:
    for state in set(CallbackState) - CALLBACK_OPEN:
        assert CALLBACK_MOVES[state] == frozenset()
    for state in CALLBACK_OPEN:
        assert {CallbackState.DONE, CallbackState.INVALID} <= CALLBACK_MOVES[state]
