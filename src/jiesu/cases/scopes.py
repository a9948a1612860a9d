"""What each role may see and do: one table of actions, one queryset of cases for each role.

Every face of the desk asks here, and only here. A role is refused what it may not see as if it
did not exist. Rule 30 of domain.md §10; docs/roles.md shows the table, a test holds the two
together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Literal

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from jiesu.cases.action_words import ACTION_WORDS
from jiesu.cases.actor import Actor
from jiesu.cases.models import (
    Assist,
    Callback,
    Case,
    Escalation,
    Opinion,
    Role,
    Supervision,
    Whistle,
)
from jiesu.cases.refusals import Forbidden, NotFound
from jiesu.cases.rulebook import rulebook
from jiesu.core.texts import Text

Reach = Literal[
    "any", "lead", "district", "judged", "assist", "whistler", "whistled", "consulted",
    "escalated", "supervised",
]  # fmt: skip
"""To which cases an action reaches: all that the role sees, those that the actor's unit or one
merged into it leads or that lie in its district, those whose first answers were about such a unit,
or those in which it has been asked something."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A table whose rows ask a unit something about a case: its ways to the unit and the case."""

    table: type[Model]
    unit: str
    case: str = "case"

    def rows(self, units: Sequence[int]) -> QuerySet[Model]:
        """The rows that ask one of some units."""
        return self.table._default_manager.order_by().filter(**{f"{self.unit}__in": units})


ASKED: Mapping[Reach, Asked] = {
    "assist": Asked(Assist, "unit"),
    "whistled": Asked(Whistle, "unit"),
    # A street still owes its mark when the case has gone elsewhere.
    "whistler": Asked(Whistle, "street"),
    "consulted": Asked(Opinion, "unit", "consultation__case"),
    "escalated": Asked(Escalation, "to"),
    # Who was put under supervision owes its answer wherever the case has gone.
    "supervised": Asked(Supervision, "unit"),
}
"""The reaches to cases that a unit was asked about. Such a case it sees."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may do something, and with which of the cases that they see."""

    roles: frozenset[Role]
    reach: Reach = "any"


def _by(*roles: Role, reach: Reach = "any") -> Permission:
    return Permission(frozenset(roles), reach)


_UNIT = (Role.CLERK, Role.HEAD)
_STAFF = tuple(role for role in Role if role not in (Role.RESIDENT, Role.CLIENT))

ACTIONS: Mapping[str, tuple[Permission, ...]] = {
    "receive": (_by(Role.OPERATOR, Role.DISPATCHER, Role.CLIENT, Role.RESIDENT),),
    "amend": (_by(Role.OPERATOR, Role.DISPATCHER),),
    "classify": (_by(Role.OPERATOR, Role.DISPATCHER),),
    "dispose": (_by(Role.OPERATOR, Role.DISPATCHER),),
    "dispatch": (_by(Role.OPERATOR, Role.DISPATCHER),),
    "redispatch": (_by(Role.DISPATCHER), _by(Role.COORDINATOR, reach="district")),
    "consult": (_by(Role.DISPATCHER),),
    "give_opinion": (_by(*_UNIT, Role.COORDINATOR, reach="consulted"),),
    "object": (_by(*_UNIT, Role.COORDINATOR, reach="lead"),),
    "return": (_by(*_UNIT, Role.COORDINATOR, reach="lead"),),
    "decide_objection": (_by(Role.DISPATCHER),),
    "sign": (_by(*_UNIT, Role.COORDINATOR, reach="lead"),),
    "contact": (_by(*_UNIT, reach="lead"),),
    "start": (_by(*_UNIT, reach="lead"),),
    "submit_feedback": (_by(*_UNIT, reach="lead"),),
    "report": (_by(*_UNIT, reach="lead"),),
    "wait": (_by(*_UNIT, reach="lead"),),
    "ask_assist": (_by(*_UNIT, reach="lead"), _by(Role.DISPATCHER)),
    "answer_assist": (_by(*_UNIT, reach="assist"),),
    "whistle": (_by(*_UNIT, reach="lead"),),
    "report_whistle": (_by(*_UNIT, reach="whistled"),),
    "end_whistle": (_by(*_UNIT, reach="whistler"),),
    "mark_whistle": (_by(*_UNIT, reach="whistled"),),
    "escalate": (_by(Role.HEAD, reach="lead"),),
    "answer_escalation": (_by(*_UNIT, Role.COORDINATOR, reach="escalated"),),
    "ask_extension": (_by(*_UNIT, reach="lead"),),
    "decide_extension": (_by(Role.DISPATCHER), _by(Role.COORDINATOR, reach="district")),
    "recompute": (_by(Role.ADMINISTRATOR),),
    "claim": (_by(Role.HEAD, reach="lead"), _by(Role.HEAD, reach="judged")),
    "withdraw_claim": (_by(Role.HEAD, reach="lead"), _by(Role.HEAD, reach="judged")),
    "review_claim": (
        _by(Role.COORDINATOR, reach="district"),
        _by(Role.COORDINATOR, reach="judged"),
    ),
    "decide_claim": (_by(Role.EVALUATOR),),
    "end_parking": (_by(Role.EVALUATOR), _by(Role.HEAD, reach="lead")),
    "take_callback": (_by(Role.CALLER),),
    "record_attempt": (_by(Role.CALLER),),
    "record_callback": (_by(Role.CALLER),),
    "send_link": (_by(Role.CALLER),),
    "see_callback": (_by(Role.CALLER, Role.EVALUATOR, Role.AUDITOR),),
    "redo": (_by(Role.CALLER, Role.EVALUATOR, Role.DISPATCHER),),
    "supervise": (_by(Role.DISPATCHER, Role.EVALUATOR),),
    "answer_supervision": (_by(*_UNIT, Role.COORDINATOR, reach="supervised"),),
    "attach": (
        _by(Role.OPERATOR, Role.DISPATCHER, Role.CLIENT),
        _by(*_UNIT, reach="lead"),
        # Evidence of a claim.
        _by(Role.HEAD, reach="judged"),
    ),
    "read_evidence": (
        _by(*_UNIT, Role.COORDINATOR, reach="lead"),
        _by(Role.COORDINATOR, reach="district"),
        _by(Role.HEAD, Role.COORDINATOR, reach="judged"),
    ),
    "reveal": (
        _by(Role.OPERATOR, Role.DISPATCHER, Role.CALLER, Role.EVALUATOR),
        _by(*_UNIT, Role.COORDINATOR, reach="lead"),
        _by(*_UNIT, reach="assist"),
        _by(*_UNIT, reach="whistled"),
        _by(Role.COORDINATOR, reach="district"),
    ),
    "see_history": (_by(Role.AUDITOR, Role.ADMINISTRATOR, Role.EVALUATOR, Role.DISPATCHER),),
    "erase": (_by(Role.ADMINISTRATOR),),
    "archive": (_by(Role.ADMINISTRATOR),),
    "manage_units": (_by(Role.ADMINISTRATOR),),
    "manage_directory": (_by(Role.ADMINISTRATOR),),
    "see_cases": (_by(*_STAFF, Role.CLIENT),),
    "see_rules": (_by(*_STAFF, Role.CLIENT),),
    "see_figures": (_by(*_STAFF),),
    "follow": (_by(*_UNIT, Role.COORDINATOR, Role.CLIENT),),
    "register_webhook": (_by(Role.HEAD, Role.COORDINATOR, Role.CLIENT, Role.ADMINISTRATOR),),
    "make_api_key": (_by(Role.ADMINISTRATOR),),
}
"""Every action with a case: the ways in which it is permitted. Units never write call-backs."""

CITY_WIDE = frozenset(
    {
        Role.OPERATOR,
        Role.DISPATCHER,
        Role.CALLER,
        Role.EVALUATOR,
        Role.LEADER,
        Role.AUDITOR,
        Role.ADMINISTRATOR,
    }
)
"""Roles that see all cases, with what is personal masked until it is revealed."""


def sees_city(actor: Actor) -> bool:
    """Whether an actor sees all cases, whoever leads them."""
    return actor.is_system or actor.role in CITY_WIDE


def visible_cases(actor: Actor) -> QuerySet[Case]:
    """The cases that an actor may see at all."""
    cases = Case.objects.all()
    if sees_city(actor):
        return cases
    if actor.role is Role.CLIENT and actor.unit_id is None:
        # A program that brings demands in sees those, as residents' own portals do.
        return cases.filter(received_by=actor.user)
    if actor.unit_id is None or actor.role is Role.RESIDENT:
        return cases.none()
    asked = (_is_asked(reach, actor) for reach in ASKED)
    # What a resident has said of a unit counts for it wherever the case has gone.
    own = own_units(actor)
    return cases.filter(reduce(or_, asked, Q(unit__in=own) | _is_judged(own)))


def judging() -> QuerySet[Callback]:
    """The call-backs that decide whose cases are in the figures: the first ones, once ended.

    One that was not drawn never ends. Until the end no unit may learn of them.
    """
    return Callback.objects.filter(round=1, ended_at__isnull=False)


def with_merged(unit: int) -> list[int]:
    """A unit, and those that were merged into it: somebody has to speak for these."""
    return _with_all(unit, rulebook().units_merged)


def own_units(actor: Actor) -> list[int]:
    """The units whose cases are an actor's own: its unit and those that were merged into it.

    For a coordinator all below these too.
    """
    if actor.unit_id is None:
        return []
    book = rulebook()
    below = [book.units_below] if actor.role is Role.COORDINATOR else []
    return _with_all(actor.unit_id, book.units_merged, *below)


def _with_all(unit: int, *ways: Mapping[int | None, Sequence[int]]) -> list[int]:
    """A unit and all that the ways lead to from it, each once."""
    found = {unit: None}
    waiting = [unit]
    while waiting:
        key = waiting.pop()
        new = [one for way in ways for one in way.get(key, ()) if one not in found]
        found.update(dict.fromkeys(new))
        waiting += new
    return list(found)


def reached_cases(actor: Actor, action: str) -> QuerySet[Case]:
    """The cases with which an actor may do something: those that `permit` lets pass."""
    cases = visible_cases(actor)
    reaches = {way.reach for way in ACTIONS[action] if actor.role in way.roles}
    if actor.is_system or "any" in reaches:
        return cases
    return cases.filter(reduce(or_, (_within(reach, actor) for reach in reaches), Q(pk__in=())))


def _within(reach: Reach, actor: Actor) -> Q | Exists:
    """The condition on a case that a reach holds for it; of cases that the actor sees."""
    match reach:
        case "any":
            return ~Q(pk__in=())
        case "lead":
            return Q(unit__in=_leading(actor))
        case "district":
            return Q(unit__in=own_units(actor))
        case "judged":
            return _is_judged(own_units(actor))
    return _is_asked(reach, actor)


def _leading(actor: Actor) -> list[int]:
    """The units for which an actor acts where the one that leads a case, or was asked, is meant."""
    return [] if actor.unit_id is None else with_merged(actor.unit_id)


def _is_judged(units: Sequence[int]) -> Exists:
    return Exists(judging().filter(case=OuterRef("pk"), unit__in=units))


def _is_asked(reach: Reach, actor: Actor) -> Exists:
    """Asked of each case that is looked at: a list of all would be as long as years are."""
    asked = ASKED[reach]
    return Exists(asked.rows(_leading(actor)).filter(**{asked.case: OuterRef("pk")}))


def is_visible(actor: Actor, case: Case) -> bool:
    """Whether an actor may see a case."""
    if sees_city(actor):
        return True
    return visible_cases(actor).filter(pk=case.pk).exists()


def permit(actor: Actor, action: str, case: Case | None = None) -> None:
    """Raise NotFound for a case that the actor does not see, Forbidden for what it may not do."""
    ways = ACTIONS[action]
    if actor.is_system:
        return
    if case is not None and not is_visible(actor, case):
        raise NotFound("no_such_case", Text("there is no such case"))
    mine = [way for way in ways if actor.role in way.roles]
    if not any(case is None or _reaches(way.reach, actor, case) for way in mine):
        raise Forbidden(
            "not_permitted",
            Text("your role may not do this: {action}", action=ACTION_WORDS[action]),
        )


def may(actor: Actor, action: str, case: Case | None = None) -> bool:
    """Whether `permit` would let it pass."""
    try:
        permit(actor, action, case)
    except (Forbidden, NotFound):
        return False
    return True


def _reaches(reach: Reach, actor: Actor, case: Case) -> bool:
    match reach:
        case "any":
            return True
        case "lead":
            return case.unit_id in _leading(actor)
        case "district":
            return case.unit_id in own_units(actor)
        case "judged":
            return judging().filter(case=case, unit__in=own_units(actor)).exists()
    asked = ASKED[reach]
    return asked.rows(_leading(actor)).filter(**{asked.case: case.pk}).exists()
