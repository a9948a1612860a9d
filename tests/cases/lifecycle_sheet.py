"""A case as the model of its life keeps it, the people around it, and who may do what.

Used by `lifecycle_model`; nothing of `jiesu` is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.cases.clock_model import HOUR

LIMITS = {
    "2h": (HOUR, (2, "hour")),
    "24h": (2 * HOUR, (24, "hour")),
    "7d": (24 * HOUR, (7, "natural_day")),
    "15d": (24 * HOUR, (15, "natural_day")),
    "redo": (24 * HOUR, (5, "working_day")),
}
"""Of each class of limits: the contact with the caller, and the result."""

KINDS = {
    "110101": "district", "110102": "district", "110101001": "street", "110101002": "street",
    "110102001": "street", "D01": "department", "E01": "enterprise",
}  # fmt: skip
PARENT = {"110101001": "110101", "110101002": "110101", "110102001": "110102"}

ROUTES = {
    "停车收费": ("street", "7d", ("D01",)),
    "电梯故障": ("street", "24h", ()),
    "室温不达标": ("E01", "2h", ()),
    "占道经营": ("district", "15d", ()),
    "信号灯故障": None,
}
"""By the last level of the category: to whom, the limit, who assists."""

HANDLING = ("dispatched", "signed", "contacted", "in_progress", "feedback_submitted")
AT_WORK = HANDLING[:-1]
ENDED = ("answered", "referred", "declined", "closed", "archived")
DISPOSED = {"answered": "answered", "emergency": "referred", "unlawful": "declined"}

CITY = {"operator", "dispatcher", "caller", "evaluator", "leader", "auditor", "administrator"}
UNIT = {"clerk", "head"}
LEADING = UNIT | {"coordinator"}

WHO: Mapping[str, tuple[tuple[set[str], str], ...]] = {
    "receive": (({"operator", "dispatcher"}, "any"),),
    "classify": (({"operator", "dispatcher"}, "any"),),
    "dispose": (({"operator", "dispatcher"}, "any"),),
    "dispatch": (({"operator", "dispatcher"}, "any"),),
    "redispatch": (({"dispatcher"}, "any"), ({"coordinator"}, "district")),
    "consult": (({"dispatcher"}, "any"),),
    "close_consultation": (({"dispatcher"}, "any"),),
    "give_opinion": ((LEADING, "consulted"),),
    "object": ((LEADING, "lead"),),
    "return": ((LEADING, "lead"),),
    "decide_objection": (({"dispatcher"}, "any"),),
    "sign": ((LEADING, "lead"),),
    "contact": ((UNIT, "lead"),),
    "start": ((UNIT, "lead"),),
    "report": ((UNIT, "lead"),),
    "feedback": ((UNIT, "lead"),),
    "wait": ((UNIT, "lead"),),
    "resume": ((UNIT, "lead"),),
    "ask_extension": ((UNIT, "lead"),),
    "decide_extension": (({"dispatcher"}, "any"), ({"coordinator"}, "district")),
    "ask_assist": ((UNIT, "lead"), ({"dispatcher"}, "any")),
    "claim": (({"head"}, "lead"), ({"head"}, "judged")),
    "win": (({"head"}, "lead"), ({"head"}, "judged")),
    "withdraw_claim": (({"head"}, "lead"), ({"head"}, "judged")),
    "review_claim": (({"coordinator"}, "district"), ({"coordinator"}, "judged")),
    "decide_claim": (({"evaluator"}, "any"),),
    "end_parking": (({"evaluator"}, "any"), ({"head"}, "lead")),
    "take_callback": (({"caller"}, "any"),),
    "attempt": (({"caller"}, "any"),),
    "callback": (({"caller"}, "any"),),
    "redo": (({"caller", "evaluator", "dispatcher"}, "any"),),
    "supervise": (({"dispatcher", "evaluator"}, "any"),),
    "archive": (({"administrator"}, "any"),),
}


class No(Exception):
    """A refusal: its sort, and for a conflict its code."""

    def __init__(self, sort: str, code: str = "") -> None:
        self.sort, self.code = sort, code
        super().__init__(f"{sort} {code}".strip())


@dataclass(frozen=True)
class Person:
    """Somebody at work."""

    name: str
    role: str
    unit: str = ""


@dataclass
class Sheet:
    """A case as the model keeps it."""

    phone: str
    category: str
    place: str
    anonymous: bool
    created_at: datetime
    state: str = "received"
    version: int = 1
    unit: str = ""
    limit: str = ""
    contact_due_at: datetime | None = None
    due_at: datetime | None = None
    paused_since: datetime | None = None
    signed_at: datetime | None = None
    contacted_at: datetime | None = None
    feedback_at: datetime | None = None
    ended_at: datetime | None = None
    n_redos: int = 0
    n_returns: int = 0
    round: int = 1
    parked: bool = False
    excluded: str = ""
    repeat_of: int | None = None
    new_facts: bool = False
    pk: int = 0
    dispatches: list[dict[str, Any]] = field(default_factory=list)
    pauses: list[dict[str, Any]] = field(default_factory=list)
    callbacks: dict[int, dict[str, Any]] = field(default_factory=dict)
    supervised: set[tuple[str, int]] = field(default_factory=set)
    supervised_units: set[str] = field(default_factory=set)
    assisting: set[str] = field(default_factory=set)
    waiting_assists: set[str] = field(default_factory=set)
    help_due_at: datetime | None = None
    consulted: set[str] = field(default_factory=set)
    chosen: str = ""
    objection: dict[str, Any] | None = None
    extension: dict[str, Any] | None = None
    consultation: dict[str, bool] | None = None
    claims: list[dict[str, Any]] = field(default_factory=list)

    @property
    def dispatch(self) -> dict[str, Any] | None:
        """The dispatch in force."""
        last = self.dispatches[-1] if self.dispatches else None
        return last if last is not None and last["ended"] == "" else None

    @property
    def judged(self) -> str:
        """The unit that the resident has judged first: whose the case is in the figures."""
        first = self.callbacks.get(1)
        return first["unit"] if first and first["state"] in ("done", "invalid") else ""


def permit(case: Sheet, action: str, who: Person) -> None:
    """Raise `No` for a case that somebody does not see, or may not do this with."""
    asked = case.assisting | case.consulted | case.supervised_units
    own = {case.unit, case.judged} & _own(who)
    if who.role not in CITY and not (own or who.unit in asked):
        raise No("NotFound")
    reaches = {
        "any": True,
        "lead": bool(who.unit) and case.unit == who.unit,
        "district": case.unit in _own(who),
        "judged": case.judged in _own(who),
        "consulted": who.unit in case.consulted,
    }
    if not any(who.role in roles and reaches[reach] for roles, reach in WHO[action]):
        raise No("Forbidden")


def _own(who: Person) -> set[str]:
    """The units whose cases are somebody's own."""
    below = {unit for unit, parent in PARENT.items() if parent == who.unit}
    return ({who.unit} | (below if who.role == "coordinator" else set())) - {""}


def moved(case: Sheet, *sources: str) -> None:
    """Raise `No` where the state is none of these."""
    if case.state not in sources:
        raise No("MoveRefused")


def is_open(callback: Mapping[str, Any]) -> bool:
    """Whether a call-back has not ended."""
    return callback["state"] in ("due", "attempting")


def may_be_in(place: str, other: str) -> bool:
    """Whether what is in one place may be in the other: the same, or one lies in the other."""
    return place == other or place == PARENT.get(other) or PARENT.get(place) == other
