"""What an action lets pass, case by case, and the queryset of the cases that it reaches agree."""

import pytest

from jiesu.cases.actions.assistance import ask_assist, blow_whistle, escalate_case
from jiesu.cases.actions.dispatching import redispatch_case
from jiesu.cases.actions.objections import consult_units
from jiesu.cases.actions.supervision import raise_supervision
from jiesu.cases.actions.units import merge_units
from jiesu.cases.actor import Actor
from jiesu.cases.models import Case, Role, User
from jiesu.cases.queries import newest_cases
from jiesu.cases.rulebook import local_day
from jiesu.cases.scopes import ACTIONS, ASKED, may, reached_cases, visible_cases
from jiesu.core.lifecycle import State
from tests.cases.cast import HEATING, LIGHTS, NOW, STALLS, City


def everybody(city: City) -> list[Actor]:
    """Each role in each unit that it may belong to."""
    units = [
        None,
        *(city.unit[code] for code in ("110101", "110101001", "110102001", "D02", "E01")),
    ]
    of_units = (Role.CLERK, Role.HEAD, Role.COORDINATOR, Role.CLIENT)
    found = [Actor.system("sweep"), Actor.resident()]
    for role in Role:
        for unit in units if role in of_units else [None]:
            name = f"{role}-{unit.code if unit else 'city'}"
            found.append(Actor.of(User.objects.create_user(name, role=role, unit=unit)))
    return found


@pytest.fixture
def lived(city: City) -> City:
    """Cases with a row of each kind that asks a unit something, one of them gone elsewhere.

    One was ended by a unit that was merged into another.
    """
    city.received(HEATING)
    city.received(STALLS)
    asked, gone = city.received(), city.received(new_facts=True)
    consulted = city.received(LIGHTS)
    consult_units(case_id=consulted.pk, units=("D02",), question="?", by=city.dispatcher, as_of=NOW)
    for case in (asked, gone):
        more = {"case_id": case.pk, "as_of": NOW}
        ask_assist(**more, unit="E01", by=city.clerk)  # type: ignore[arg-type]
        blow_whistle(**more, units=["D02"], matter="x", by=city.clerk)  # type: ignore[arg-type]
        escalate_case(**more, to="110101", matter="x", by=city.head)  # type: ignore[arg-type]
        raise_supervision(**more, words="x", by=city.evaluator)  # type: ignore[arg-type]
    redispatch_case(case_id=gone.pk, unit="110102001", why="x", by=city.dispatcher, as_of=NOW)
    ended = city.received(place="110101002", new_facts=True)
    Case.objects.filter(pk=ended.pk).update(state=State.CLOSED, ended_at=NOW)
    merge_units(
        codes=["110101002"], into="110102001", on=local_day(NOW), by=city.administrator, as_of=NOW
    )
    for reach, table in ASKED.items():
        assert any(table.rows([unit.pk]).exists() for unit in city.unit.values()), reach
    return city


def test_the_cases_that_an_action_reaches_are_those_that_it_is_permitted_with(lived: City) -> None:
    cases = list(Case.objects.all())
    # Of actions that the same may do in the same way, one.
    actions = {ways: action for action, ways in ACTIONS.items()}.values()
    for actor in everybody(lived):
        for action in actions:
            if not (actor.is_system or any(actor.role in way.roles for way in ACTIONS[action])):
                assert not may(actor, action)
                assert not reached_cases(actor, action).exists()
                continue
            permitted = {case.pk for case in cases if may(actor, action, case)}
            reached = set(reached_cases(actor, action).values_list("pk", flat=True))
            assert reached == permitted, (actor.name, actor.role, action)


def test_the_newest_cases_are_all_that_somebody_sees(lived: City) -> None:
    for actor in everybody(lived):
        seen = sorted(visible_cases(actor).values_list("pk", flat=True), reverse=True)
        assert [case.pk for case in newest_cases(actor, limit=100).cases] == seen, actor.role
