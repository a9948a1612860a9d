"""Who is to be called back next, and which cases are called at all.

The queue of the call-back clerks, and the draw of the sample. Leaves out what is said and
recorded (`actions.callbacks`) and when call-backs fall due (`falling_due`). Rules:
docs/methods/call-back.md.
"""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from jiesu.cases.actor import Actor
from jiesu.cases.keyset import one_of
from jiesu.cases.models import Callback, Case
from jiesu.cases.privacy.personal import keyed_hash
from jiesu.cases.privacy.vault import ring
from jiesu.cases.scopes import ACTIONS
from jiesu.core.lifecycle import CALLBACK_OPEN, HANDLING, CallbackState, State

OPEN_VALUES = sorted(state.value for state in CALLBACK_OPEN)
ENDED_VALUES = (CallbackState.DONE.value, CallbackState.INVALID.value)


def draw(number: str) -> int:
    """The draw of a case, 0 to 99: it is called back if below the percentage of the sample.

    A keyed hash of the case's number: the same whoever asks and whenever, and nobody without the
    key can tell which of its cases will be called.
    """
    return int(keyed_hash(ring(), "sample", number).partition(":")[2], 16) % 100


def is_independent(actor: Actor, unit_id: int | None, parent_id: int | None) -> bool:
    """Whether an actor is not of the unit that a call-back is about, nor of its district.

    Call-back clerks are the city's; an account that nevertheless has a unit is kept from its cases.
    """
    return actor.unit_id is None or actor.unit_id not in (unit_id, parent_id)


def is_apart(actor: Actor, case: Case) -> bool:
    """Whether an actor is of no unit that the case is with or that one of its call-backs is about.

    Nor of such a unit's district: what is said in a later round counts for who was judged first.
    """
    if actor.unit_id is None:
        return True
    parent = case.unit.parent_id if case.unit else None
    about = _about(actor.unit_id).filter(case=case)
    return is_independent(actor, case.unit_id, parent) and not about.exists()


def _about(unit: int) -> QuerySet[Callback]:
    return Callback.objects.filter(Q(unit=unit) | Q(unit__parent=unit))


def awaits_clock(callback: Callback, case: Case) -> bool:
    """Whether a call-back waits for its case's clock to run on: while it stands nothing is due.

    What had fallen due before the clock was stopped may be asked.
    """
    since = case.paused_since
    return since is not None and since < callback.due_at


_RUNS = Q(case__paused_since=None) | Q(due_at__lte=F("case__paused_since"))
"""The same in SQL, of those that do not wait."""


def queue(actor: Actor, as_of: datetime) -> QuerySet[Callback]:
    """The call-backs that a clerk may make now, the oldest first; also those somebody has taken."""
    ready = Callback.objects.filter(
        _RUNS,
        one_of("state", OPEN_VALUES),
        next_at__lte=as_of,
        # One that a unit has just returned waits for its next unit.
        case__state__in=sorted(state.value for state in HANDLING),
    )
    if actor.unit_id is not None:
        about = _about(actor.unit_id).filter(case=OuterRef("case"))
        now = Q(case__unit=actor.unit_id) | Q(case__unit__parent=actor.unit_id)
        ready = ready.exclude(now).exclude(Exists(about))
    return ready.select_related("case").order_by("next_at", "pk")


def free(callbacks: QuerySet[Callback], as_of: datetime) -> QuerySet[Callback]:
    """Those of them that nobody has taken, or not in time."""
    return callbacks.filter(Q(taken_until=None) | Q(taken_until__lte=as_of))


def callbacks_for(actor: Actor, case: Case) -> QuerySet[Callback]:
    """A case's call-backs as far as an actor may see them, who may see the case.

    Call-back clerks, evaluators and auditors see all. Others, the units first of all, see one only
    when it has ended, and that a case was not drawn only when the case has ended too: until then
    nobody can know whether the resident will be asked.
    """
    rows = case.callbacks.select_related("unit").order_by("round")
    sees_all = actor.is_system or any(actor.role in way.roles for way in ACTIONS["see_callback"])
    if sees_all and is_apart(actor, case):
        return rows
    shown = [*ENDED_VALUES]
    if case.state in (State.CLOSED, State.ARCHIVED):
        shown.append(CallbackState.NOT_SAMPLED.value)
    return rows.filter(state__in=shown)
