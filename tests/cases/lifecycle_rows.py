"""A case's rows beside its sheet of the model, each as the same plain values; and its people.

What the test of random lives compares. Leaves out what is done (`test_lifecycle_machine`).
"""

from typing import Any

from jiesu.cases.actor import Actor
from jiesu.cases.history.events import chain_of
from jiesu.cases.models import (
    Callback,
    Case,
    Claim,
    DeadlineChange,
    Dispatch,
    Event,
    Pause,
    Role,
    Supervision,
    User,
)
from jiesu.cases.refusals import Conflict, MoveRefused, Refusal
from jiesu.core.chain import check_chain
from tests.cases.cast import City
from tests.cases.lifecycle_sheet import No, Person, Sheet, permit


def people(city: City) -> dict[str, tuple[Person, Actor]]:
    """Everybody by name, for the model and for the desk."""
    user, _ = User.objects.get_or_create(username="colleague", role=Role.CALLER)
    head, _ = User.objects.get_or_create(
        username="other_head", role=Role.HEAD, unit=city.unit["110102001"]
    )
    names = (
        "operator", "dispatcher", "clerk", "head", "other_clerk", "department", "enterprise",
        "coordinator", "other_coordinator", "caller", "evaluator", "leader", "administrator",
    )  # fmt: skip
    actors = {name: getattr(city, name) for name in names}
    actors |= {"colleague": Actor.of(user), "other_head": Actor.of(head)}
    codes = {unit.pk: code for code, unit in city.unit.items()}
    return {
        name: (Person(name, actor.role.value, codes.get(actor.unit_id, "")), actor)
        for name, actor in actors.items()
    }


def can(case: Sheet, action: str, who: Person) -> bool:
    """Whether the model would let somebody try an action."""
    try:
        permit(case, action, who)
    except No:
        return False
    return True


def told(refusal: Refusal | MoveRefused) -> str:
    """A refusal as the model names it."""
    code = refusal.code if isinstance(refusal, Conflict) else ""
    return f"{type(refusal).__name__} {code}".strip()


FIELDS = (
    "state", "version", "limit", "contact_due_at", "due_at", "paused_since", "signed_at",
    "contacted_at", "feedback_at", "ended_at", "n_redos", "n_returns", "round", "parked",
)  # fmt: skip
CALLED = ("state", "due_at", "next_at", "unit", "void", "ended")
CLAIMED = ("kind", "reason", "unit", "state", "at", "ended")


def as_row(case: Case) -> dict[str, Any]:
    """A case as its rows have it."""
    found: dict[str, Any] = {name: getattr(case, name) for name in FIELDS}
    found["unit"] = case.unit.code if case.unit else ""
    found["repeat_of"] = case.repeat_of_id
    found["dispatches"] = [
        (one.unit.code, one.at, one.limit, one.designated, one.ended_at is None)
        for one in case.dispatches.select_related("unit").order_by("number")
    ]
    found["callbacks"] = {
        one.round: (
            [
                one.state,
                one.due_at,
                one.next_at,
                one.unit.code if one.unit else "",
                one.void,
                one.ended_at,
            ],
            list(one.attempts.order_by("number").values_list("outcome", flat=True)),
            one.taken_by.username if one.taken_by else "",
        )
        for one in case.callbacks.select_related("taken_by", "unit")
    }
    found["excluded"] = case.exclusion_reason if case.excluded else ""
    columns = ("kind", "reason", "unit__code", "state", "claimed_at", "ended_at")
    found["claims"] = list(case.claims.order_by("pk").values_list(*columns))
    raised = case.supervisions.values_list("rule", "occasion")
    found["supervised"] = {(LONG.get(name, name), n) for name, n in raised}
    found["pauses"] = sorted((one.cause, str(one.start), str(one.end)) for one in case.pauses.all())
    helping = case.assists.filter(answered_at=None)
    found["helping"] = dict(helping.values_list("unit__code", "due_at"))
    found["asked"] = [
        case.objections.filter(decided_at=None).exists(),
        case.extensions.filter(decided_at=None).exists(),
        case.consultations.filter(closed_at=None).exists(),
    ]
    return found


LONG = {"long_overdue": "long"}


def as_sheet(sheet: Sheet) -> dict[str, Any]:
    """The same from the model."""
    found: dict[str, Any] = {name: getattr(sheet, name) for name in FIELDS}
    found["unit"], found["repeat_of"] = sheet.unit, sheet.repeat_of
    found["dispatches"] = [
        (one["unit"], one["at"], one["limit"], one["designated"], one["ended"] == "")
        for one in sheet.dispatches
    ]
    found["callbacks"] = {
        number: ([one[name] for name in CALLED], one["attempts"], one["by"])
        for number, one in sheet.callbacks.items()
    }
    found["excluded"] = sheet.excluded
    found["claims"] = [tuple(one[name] for name in CLAIMED) for one in sheet.claims]
    found["supervised"] = sheet.supervised
    found["pauses"] = sorted(
        (one["cause"], str(one["start"]), str(one["end"])) for one in sheet.pauses
    )
    found["helping"] = dict.fromkeys(sheet.waiting_assists, sheet.help_due_at)
    requests = (sheet.objection, sheet.extension, sheet.consultation)
    found["asked"] = [one is not None for one in requests]
    return found


def whole_history(case: Case) -> object:
    """What is wrong with a case's chain; `None` where nothing is."""
    return check_chain(
        chain_of(case), case=case.number, head=bytes(case.head), n_events=case.n_events
    )


def dump(pk: int) -> list[object]:
    """All that an action might have left behind of a case."""
    records = (Case.objects.filter(pk=pk), *(
        model._default_manager.filter(case=pk)
        for model in (Callback, Claim, DeadlineChange, Dispatch, Event, Pause, Supervision)
    ))  # fmt: skip
    return [list(rows.order_by("pk").values()) for rows in records]
