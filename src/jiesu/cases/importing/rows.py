"""What a row of another system's case table is on the desk: a case with its history as rows.

Words of the file become keys of the desk where the desk knows them; what it does not know is
named as a gap. Pure but for the rules that are given. Reading and writing are in `bulk_import`;
the whole mapping: docs/importing.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import Model

from jiesu.cases.models import Assist, Callback, Case, Dispatch, Unit
from jiesu.cases.models.routing import BY_IMPORT
from jiesu.cases.moments import next_sweep_at
from jiesu.cases.privacy.words import fault_of
from jiesu.cases.rulebook import Rulebook, local_day
from jiesu.core.case_table import CATEGORIES, LIST_SEPARATOR
from jiesu.core.desk import DeskRules
from jiesu.core.lifecycle import AT_WORK, CallbackState, State

REPEAT = "repeat"

LONGEST = {
    "case_id": 32,
    "channel": 32,
    "kind": 32,
    "category_1": 64,
    "category_2": 64,
    "category_3": 64,
    "caller": 48,
    "exclusion_reason": 32,
    "labels": 200,
    "location": 200,
}
"""How long the words are that the desk can keep."""

PERSONAL = frozenset({"caller", "location"})
"""The columns whose values no report repeats."""

SAID = (
    "state", "channel", "kind", "category_1", "category_2", "category_3", "labels",
    "place", "community", "district", "unit", "limit", "created_at", "dispatched_at", "signed_at",
    "contacted_at", "due_at", "feedback_at", "on_time", "ended_at", "round", "parked",
    "excluded", "exclusion_reason", "repeat_of", "disposition",
)  # fmt: skip
"""The columns of a case that its event says, each with what was there before."""

_INSTANTS = (
    "created_at", "dispatched_at", "signed_at", "contacted_at", "due_at", "feedback_at", "ended_at",
)  # fmt: skip

EMPTY: Mapping[str, object] = {
    **dict.fromkeys(SAID),
    **dict.fromkeys((*CATEGORIES, "channel", "kind", "labels", "limit"), ""),
    **dict.fromkeys(("exclusion_reason", "disposition"), ""),
    "round": 1,
    "parked": False,
    "excluded": False,
}

_EXPLAINED = {"zh": "由原系统派发", "en": "dispatched in the system that it was imported from"}


@dataclass(frozen=True, slots=True)
class Gap:
    """What a row says and the desk does not know, or cannot keep."""

    column: str
    value: str
    what: str


@dataclass(slots=True)
class Round:
    """A call-back as a row tells of it."""

    number: int
    state: CallbackState
    ended_at: datetime
    contacted: bool | None
    resolved: str
    satisfaction: str


@dataclass
class Made:
    """A row as the desk sees it. `values` are the case's fields, `said` the event's columns."""

    number: str
    values: dict[str, Any]
    said: dict[str, object]
    unit: Unit | None
    sent_at: datetime
    repeat_of: str
    address: str
    rounds: list[Round]
    assists: list[Unit]
    gaps: list[Gap] = field(default_factory=list)

    @cached_property
    def told(self) -> list[dict[str, object]]:
        """The call-backs as events tell of them."""
        return [_told(one) for one in self.rounds]

    def content(self, caller: str) -> str:
        """All that the row says, to tell it from another; the limit follows from the rules.

        With `caller` in the place of its own: a pseudonym may have been made with another key.
        Not JSON, which takes ten times as long: nobody reads it.
        """
        parts: list[object] = [self.said[name] for name in SAID if name != "limit"]
        for told in self.told:
            parts += told.values()
        parts += [unit.code for unit in self.assists]
        parts += [told_at(self.values["created_at"]), caller, self.address]
        return "\x1f".join(part if type(part) is str else f"\x1e{part}" for part in parts)

    def history(self) -> dict[str, object]:
        """What the event says of what lies beside the case."""
        told: dict[str, object] = {}
        if self.rounds:
            told["callbacks"] = self.told
        if self.assists:
            told["assist_units"] = [unit.code for unit in self.assists]
        return told

    def beside(self, case: Case) -> Iterator[tuple[type[Model], dict[str, Any]]]:
        """What lies beside a saved case, as fields of new rows: dispatch, assists, call-backs."""
        due_at, sent_at = self.values["due_at"], self.sent_at
        for assist in self.assists:
            at_work = case.state in AT_WORK
            yield (
                Assist,
                {
                    "case_id": case.pk,
                    "unit_id": assist.pk,
                    "asked_at": sent_at,
                    "asked_by": BY_IMPORT,
                    "due_at": due_at or sent_at,
                    "answered_at": None if at_work else case.ended_at or sent_at,
                },
            )
        unit = self.unit.pk if self.unit else None
        if unit is not None:
            yield (
                Dispatch,
                {
                    "case_id": case.pk,
                    "number": 1,
                    "unit_id": unit,
                    "at": sent_at,
                    "by": BY_IMPORT,
                    "explanation": _EXPLAINED,
                    "limit": self.values["limit"],
                    "contact_due_at": None,
                    "due_at": due_at,
                },
            )
        for one in self.rounds:
            yield (
                Callback,
                {
                    "case_id": case.pk,
                    "round": one.number,
                    "unit_id": unit,
                    "state": one.state.value,
                    "due_at": due_at or one.ended_at,
                    "next_at": due_at or one.ended_at,
                    "ended_at": one.ended_at,
                    "ended_by": BY_IMPORT,
                    "contacted": one.contacted,
                    "resolved": one.resolved,
                    "satisfaction": one.satisfaction,
                },
            )


def told_at(at: datetime) -> str:
    """An instant, in UTC as rows have it, in the form of `history.plain`."""
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _told(one: Round) -> dict[str, object]:
    return {
        "round": one.number,
        "state": one.state.value,
        "ended_at": told_at(one.ended_at),
        "contacted": one.contacted,
        "resolved": one.resolved,
        "satisfaction": one.satisfaction,
    }


class Desk:
    """What words of a file mean on this desk, under its rules of today."""

    def __init__(self, book: Rulebook) -> None:
        self._book = book
        self._units = _by_name((unit.name, unit) for unit in book.units.values())
        places = [(place, book.place_ids[place.code]) for place in book.places]
        self._places = _by_name((place.name, pk) for place, pk in places)
        self._within = {
            (place.parent, place.name): pk for place, pk in places if place.kind == "community"
        }
        self._codes = {pk: place.code for place, pk in places}
        self._unit_codes = {unit.pk: unit.code for unit in book.units.values()}
        self._calendar = book.calendar[0]
        self._words: dict[tuple[int, str], Mapping[str, str]] = {}
        self._limits: dict[int, Mapping[timedelta, str]] = {}
        # Rules do not change within a day, and a file has few days.
        self.rules_on = lru_cache(maxsize=4_096)(self._rules_on)

    def _rules_on(self, day: date) -> tuple[int, DeskRules]:
        """The rules in force on a day; before the first of them the first. Raises InputError."""
        desks = self._book.desks
        began = desks[0][1].valid_from if desks else None
        return desks[0] if began is not None and day < began else self._book.desk_on(day)

    def unit(self, code: str | None, name: str | None = None) -> Unit | None:
        """The unit of a code, else the only one of a name; a name may stand for a code."""
        found = self._book.units.get(code or "")
        return found or self._units.get(code or "") or self._units.get(name or "")

    def place(self, code: str | None) -> int | None:
        """The key of the place of a code, or of a name that is one place's only."""
        return self._book.place_ids.get(code or "") or self._places.get(code or "")

    def community(self, code: str | None, place: int | None) -> int | None:
        """As `place`; streets have communities of equal names."""
        within = self._within.get((self._codes.get(place or 0), code or ""))
        return within or self.place(code)

    def said(self, values: Mapping[str, Any]) -> dict[str, object]:
        """What an event says of a case's fields; which case it repeats is for the caller."""
        said: dict[str, object] = {name: values.get(name) for name in SAID}
        for name in _INSTANTS:
            if values[name] is not None:
                said[name] = told_at(values[name])
        for name in ("unit", "district"):
            said[name] = self._unit_codes.get(values[f"{name}_id"])
        for name in ("place", "community"):
            said[name] = self._codes.get(values[f"{name}_id"])
        return said

    def key(self, what: str, day: date, word: str) -> str | None:
        """The key of a channel, a kind or a reason of exclusion by itself or a title of it."""
        pk, rules = self.rules_on(day)
        known = self._words.get((pk, what))
        if known is None:
            known = self._words[pk, what] = _keys(rules, what)
        return known.get(word.casefold())

    def limit(self, day: date, sent_at: datetime, due_at: datetime | None) -> str:
        """The class of limits that gives just this due time, else the usual one."""
        pk, rules = self.rules_on(day)
        if pk not in self._limits:
            self._limits[pk] = {
                timedelta(
                    **{"hours" if limit.resolution.unit == "hour" else "days":
                       limit.resolution.amount}
                ): key
                for key, limit in reversed([*rules.limits.items()])
                if limit.resolution.unit != "working_day"
            }  # fmt: skip
        span = None if due_at is None else due_at - sent_at
        found = self._limits[pk].get(span) if span is not None else None
        return found or rules.usual_limit

    def knows_category(self, levels: Sequence[str]) -> bool:
        one, two, three = levels
        return self._book.categories.knows((one, two, three))

    def made(self, row: Mapping[str, Any], as_of: datetime) -> Made:
        """A row as a case. Gaps name what was left out."""
        return _Reading(self, row, as_of, self._calendar).made()


class _Reading:
    """One row while it is read."""

    def __init__(self, desk: Desk, row: Mapping[str, Any], as_of: datetime, calendar: int) -> None:
        self.desk, self.row, self.as_of, self.calendar = desk, row, as_of, calendar
        self.created_at: datetime = row["created_at"]
        self.day = local_day(self.created_at)
        self.gaps: list[Gap] = []

    def made(self) -> Made:
        row, desk = self.row, self.desk
        unit = desk.unit(row["unit"], row["unit_name"])
        if unit is None and (row["unit"] or row["unit_name"]):
            self._gap("unit", row["unit"] or row["unit_name"], "no such unit: left without one")
        rounds = self._rounds()
        state = self._state(unit)
        sent_at = row["dispatched_at"] or self.created_at
        values = self._words() | self._places()
        values |= {
            "number": row["case_id"],
            "state": state.value,
            "caller": self._kept("caller", row["caller"] or ""),
            "created_at": self.created_at,
            "unit_id": unit.pk if unit else None,
            "rules_id": desk.rules_on(self.day)[0],
            "calendar_id": self.calendar,
            "limit": desk.limit(self.day, sent_at, row["due_at"]) if unit else "",
            "dispatched_at": row["dispatched_at"],
            "signed_at": row["signed_at"],
            "contacted_at": row["contacted_at"],
            "due_at": row["due_at"],
            "feedback_at": row["closed_at"] if unit else None,
            "on_time": row["closed_on_time"] if row["due_at"] is None else None,
            "ended_at": self._ended_at(state, unit, rounds),
            "round": len(rounds) or 1,
            "parked": bool(row["parked"]),
            "excluded": bool(row["excluded"]),
            "disposition": REPEAT if state is State.ANSWERED and row["repeat_of"] else "",
        }
        return Made(
            number=row["case_id"],
            values=values,
            said=desk.said(values),
            unit=unit,
            sent_at=sent_at,
            repeat_of=row["repeat_of"] or "",
            address=self._kept("location", row["location"] or ""),
            rounds=rounds,
            assists=list(self._assists(unit)),
            gaps=self.gaps,
        )

    def _gap(self, column: str, value: str, what: str) -> None:
        self.gaps.append(Gap(column, value, what))

    def _words(self) -> dict[str, Any]:
        """Channel, kind, category, labels and the reason of an exclusion."""
        found = {}
        for column in ("channel", "kind", *CATEGORIES, "labels"):
            found[column] = self._kept(column, self.row[column] or "")
        for column in ("channel", "kind"):
            found[column] = self.desk.key(column, self.day, found[column]) or found[column]
        levels = [found[column] for column in CATEGORIES]
        if any(levels) and not self.desk.knows_category(levels):
            self._gap("category_1", "/".join(levels), "not in the city's tree: kept as it is")
        reason = self.row["exclusion_reason"] or ""
        known = self.desk.key("exclusion", self.day, reason) if reason else ""
        found["exclusion_reason"] = known or self._kept("exclusion_reason", reason)
        return found

    def _kept(self, column: str, word: str) -> str:
        fault = fault_of(word, LONGEST[column])
        if fault is not None:
            shown = "" if column in PERSONAL else word[: LONGEST[column]]
            self._gap(column, shown, f"{fault}; left out")
        return word if fault is None else ""

    def _places(self) -> dict[str, Any]:
        desk, row = self.desk, self.row
        place = desk.place(row["place"])
        found = {"place": place, "community": desk.community(row["community"], place)}
        district = desk.unit(row["district"])
        for column, is_known in (*found.items(), ("district", district)):
            if row[column] and is_known is None:
                self._gap(column, row[column], f"no such {column}: left without one")
        return {
            "place_id": place,
            "community_id": found["community"],
            "district_id": district.pk if district else None,
        }

    def _state(self, unit: Unit | None) -> State:
        """Where the handling stands, by the times that the row has."""
        row = self.row
        ended = row["closed_at"] is not None or row["closed_on_time"] is not None
        sent_to = row["dispatched_at"] or row["unit"] or row["unit_name"]
        if unit is None and not sent_to:
            if ended or row["repeat_of"]:
                return State.ANSWERED
        elif ended or self._is_called_back():
            return State.CLOSED
        elif unit is not None:
            if row["contacted_at"] is not None:
                return State.CONTACTED
            return State.SIGNED if row["signed_at"] is not None else State.DISPATCHED
        # Nobody of the desk has it: it waits to be dispatched.
        return State.CLASSIFIED if row["category_1"] else State.RECEIVED

    def _is_called_back(self) -> bool:
        row = self.row
        answers = (row["callback_resolved"], row["callback_satisfaction"], row["final_resolved"],
                   row["final_satisfaction"], row["callback_contacted"])  # fmt: skip
        return (
            row["callback_at"] is not None
            or bool(row["callback_valid"])
            or any(one is not None for one in answers)
        )

    def _rounds(self) -> list[Round]:
        """The first call-back and, where the final answers are others, one more."""
        row = self.row
        if not self._is_called_back():
            return []
        at = row["callback_at"] or row["closed_at"] or row["due_at"] or self.created_at
        state = CallbackState.DONE if row["callback_valid"] else CallbackState.INVALID
        first = (row["callback_resolved"] or "", row["callback_satisfaction"] or "")
        rounds = [Round(1, state, at, row["callback_contacted"], *first)]
        final = (row["final_resolved"] or first[0], row["final_satisfaction"] or first[1])
        is_final = row["final_resolved"] is not None or row["final_satisfaction"] is not None
        if is_final and (final != first or state is CallbackState.INVALID):
            rounds.append(Round(2, CallbackState.DONE, at, None, *final))
        return rounds

    def _ended_at(
        self, state: State, unit: Unit | None, rounds: Sequence[Round]
    ) -> datetime | None:
        row = self.row
        if state is State.ANSWERED or (state is State.CLOSED and unit is None):
            # Where no unit answers this is when it was closed, and nothing else.
            closed_at: datetime | None = row["closed_at"]
            return closed_at
        if state is not State.CLOSED:
            return None
        if rounds:
            return rounds[-1].ended_at
        known = (row["closed_at"], row["contacted_at"], row["signed_at"], row["dispatched_at"])
        return next((at for at in known if at is not None), self.created_at)

    def _assists(self, lead: Unit | None) -> Iterable[Unit]:
        codes = filter(None, (self.row["assist_units"] or "").split(LIST_SEPARATOR))
        for code in dict.fromkeys(code.strip() for code in codes):
            unit = self.desk.unit(code)
            if unit is None:
                self._gap("assist_units", code, "no such unit: left out")
            elif unit != lead:
                yield unit


def unusable(number: str) -> str | None:
    """Why a case cannot bear a number; `None` where it can."""
    if not number.isprintable():
        return "holds a character that no number has"
    return fault_of(number, LONGEST["case_id"])


def sweep_at(case: Case, rules: DeskRules, as_of: datetime) -> datetime | None:
    """When something comes up by itself: only where the limit still runs when it is imported.

    What had run out before was the other system's to follow up.
    """
    if case.state not in AT_WORK or case.parked or case.due_at is None or case.due_at <= as_of:
        return None
    return next_sweep_at(case, rules, as_of, after=as_of)


def _by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """What is known by a name that only one has."""
    found: dict[str, Any] = {}
    shared = set()
    for name, one in pairs:
        if name in found:
            shared.add(name)
        found[name] = one
    return {name: one for name, one in found.items() if name not in shared}


def _keys(rules: DeskRules, what: str) -> Mapping[str, str]:
    """Keys by every word for them, folded."""
    choices: Sequence[Any] = (
        rules.reasons_for("exclusion")
        if what == "exclusion"
        else rules.channels if what == "channel" else rules.kinds
    )  # fmt: skip
    known = {title.casefold(): one.key for one in choices for title in one.title.values()}
    return known | {one.key.casefold(): one.key for one in choices}
