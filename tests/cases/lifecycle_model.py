"""The rules of a case's life a second time, as plain Python: what tests hold the desk against.

Dictionaries and lists; nothing of `jiesu` is used. Each verb changes a case or raises `No`;
`Desk.act` asks who may do it, and lets come up first what had fallen due. Cases and people are in
`lifecycle_sheet`, the clock in `clock_model`, claims in `lifecycle_claims`. Leaves out words,
digests and what is shown.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cases.clock_model import DAY, HOUR, TICK, ended
from tests.cases.lifecycle_sheet import (
    AT_WORK,
    DISPOSED,
    ENDED,
    HANDLING,
    KINDS,
    LIMITS,
    PARENT,
    ROUTES,
    No,
    Person,
    Sheet,
    is_open,
    may_be_in,
    moved,
    permit,
)


class Desk:
    """All cases, and the rules in force."""

    def __init__(self, now: datetime, *, objection: str = "upheld", sample: int = 100) -> None:
        self.now, self.objection, self.sample = now, objection, sample
        self.cases: dict[int, Sheet] = {}

    # Who may, and what comes up by itself -------------------------------------------------------

    def act(
        self, pk: int, action: str, who: Person, *, expected: int | None = None, **said: Any
    ) -> None:
        """Do an action, or raise `No` with everything as it was."""
        case = deepcopy(self.cases[pk])
        permit(case, action, who)
        if expected is not None and expected != case.version:
            raise No("Stale")
        self.come_up(case)
        do: Callable[..., bool | None] = getattr(self, f"_{action}")
        unseen = do(case, who, **said)
        # What a unit must not learn of leaves the version as it is.
        case.version += not unseen
        self.cases[pk] = case

    def sweep(self) -> None:
        """Let come up what has, with every case."""
        for case in self.cases.values():
            self.come_up(case)

    def come_up(self, case: Sheet) -> None:
        """Supervision and the call-back, in the order of their moments."""
        happened = False
        for at, rule in self.moments(case):
            if case.state not in HANDLING or at > self.now:
                break
            if case.paused_since is not None and at > case.paused_since:
                continue
            happened |= self._raise(case, rule) if rule else self._fall_due(case)
        case.version += happened

    def moments(self, case: Sheet) -> list[tuple[datetime, str]]:
        """When something comes up by itself, and what: a rule of supervision, or '' to call."""
        if case.state not in HANDLING or case.due_at is None or case.contact_due_at is None:
            return []
        start, found = datetime.min.replace(tzinfo=UTC), []
        if case.state in AT_WORK:
            found += [(case.due_at + TICK, "overdue"), (case.due_at + 72 * HOUR + TICK, "long")]
            if case.contacted_at is None and not case.anonymous:
                found.append((case.contact_due_at + TICK, "no_contact"))
        if case.n_redos >= 2:
            found.append((start, "redone_twice"))
        if case.n_returns >= 3:
            found.append((start, "returned_thrice"))
        found.append((case.due_at + (timedelta() if self._reachable(case) else TICK), ""))
        return sorted(found, key=lambda one: (one[0], one[1] == ""))

    def _reachable(self, case: Sheet) -> bool:
        return bool(case.phone) and not case.anonymous

    def _raise(self, case: Sheet, rule: str) -> bool:
        counted = rule in ("redone_twice", "returned_thrice")
        occasion = rule, 1 if counted else len(case.dispatches)
        new = occasion not in case.supervised
        case.supervised.add(occasion)
        case.supervised_units.add(case.unit)
        return new

    def _fall_due(self, case: Sheet) -> bool:
        known = case.callbacks.get(case.round)
        if known is None:
            state = "due"
            if not self._reachable(case):
                state = "invalid"
            elif case.round == 1 and self.sample == 0:
                state = "not_sampled"
            case.callbacks[case.round] = {
                "state": state, "due_at": case.due_at, "next_at": case.due_at,
                "unit": case.unit, "attempts": [], "by": "", "until": None,
                "void": False, "ended": self.now if state == "invalid" else None,
            }  # fmt: skip
        state = case.callbacks[case.round]["state"]
        closes = state == "invalid" or (state == "not_sampled" and case.state not in AT_WORK)
        if closes:
            case.state, case.ended_at = "closed", self.now
            self._lapse(case)
        return known is None or closes

    # Clocks -------------------------------------------------------------------------------------

    def _reclock(self, case: Sheet) -> None:
        dispatch = case.dispatch
        if dispatch is None:
            return
        pauses = [
            (max(one["start"], dispatch["at"]), one["end"])
            for one in case.pauses
            if one["end"] is None or one["end"] > dispatch["at"]
        ]
        contact, (amount, unit) = LIMITS[dispatch["limit"]]
        told, since_told = ended(dispatch["at"], [(contact, "hour")], pauses)
        stages = [(amount * (HOUR if unit == "hour" else DAY), unit), *dispatch["longer"]]
        due, since = ended(dispatch["at"], stages, pauses)
        self._set_due(case, told or case.contact_due_at, due or case.due_at, since or since_told)

    def _set_due(
        self,
        case: Sheet,
        contact_due_at: datetime | None,
        due_at: datetime | None,
        since: datetime | None,
    ) -> None:
        if due_at is not None and due_at != case.due_at:
            # What had fallen due waits for the limit that holds now.
            for callback in case.callbacks.values():
                if callback["state"] in ("due", "attempting"):
                    later = max(due_at, callback["next_at"]) if callback["attempts"] else due_at
                    callback |= {"due_at": due_at, "next_at": later, "by": "", "until": None}
                    callback["unit"] = case.unit or callback["unit"]
        case.contact_due_at, case.due_at, case.paused_since = contact_due_at, due_at, since
        # Help is asked for without a limit of its own: it is due when the case last was.
        case.help_due_at = due_at or case.help_due_at

    def _pause(self, case: Sheet, cause: str, until: datetime | None = None) -> None:
        case.pauses.append({"cause": cause, "start": self.now, "end": until})
        self._reclock(case)

    def _running(self, case: Sheet, cause: str) -> dict[str, Any] | None:
        return next(
            (
                one
                for one in case.pauses
                if one["cause"] == cause and (one["end"] is None or one["end"] > self.now)
            ),
            None,
        )

    def _run_on(self, case: Sheet, cause: str) -> bool:
        pause = self._running(case, cause)
        if pause is not None:
            pause["end"] = self.now
            self._reclock(case)
        return pause is not None

    def _end_pauses(self, case: Sheet) -> None:
        for pause in case.pauses:
            if pause["end"] is None or pause["end"] > self.now:
                pause["end"] = self.now

    def _before_the_limit(self, case: Sheet) -> None:
        assert case.due_at is not None
        stands = case.paused_since is not None and case.paused_since < case.due_at
        if self.now >= case.due_at and not stands:
            raise No("Conflict", "limit_run_out")

    # Before the unit ----------------------------------------------------------------------------

    def receive(
        self, who: Person, *, phone: str, anonymous: bool, category: str, place: str,
        new_facts: bool, dispatch: bool,
    ) -> Sheet:  # fmt: skip
        """Take a demand in; the caller keeps it under the key of its row."""
        if who.role not in ("operator", "dispatcher"):
            raise No("Forbidden")
        case = Sheet(phone, category, place, anonymous, self.now)
        if category:
            case.state = "classified"
        case.new_facts = new_facts
        first = None if new_facts else self._first(phone, category, place)
        if first is not None:
            case.state, case.ended_at, case.repeat_of = "answered", self.now, first
        elif category and dispatch and ROUTES[category] is not None:
            self._by_directory(case)
        return case

    def _first(
        self, phone: str, category: str, place: str, before: int | None = None
    ) -> int | None:
        """What a demand repeats; of one that was received `before` others, as it came then."""
        came = self.cases[before].created_at if before else self.now
        for pk, case in sorted(self.cases.items(), reverse=True):
            if before is not None and pk >= before:
                continue
            first = case.repeat_of or pk
            same = (case.phone, case.category) == (phone, category)
            here = all(may_be_in(self.cases[one].place, place) for one in (pk, first))
            recent = case.created_at >= came - 30 * DAY
            known = self.cases[first].created_at > came - 366 * DAY
            if phone and category and same and here and known:
                if self.cases[first].state not in ENDED:
                    return first
                if recent:
                    return None if self._left_open(self.cases[first]) else first
        return None

    def _left_open(self, case: Sheet) -> bool:
        done = [one for one in case.callbacks.values() if one["state"] == "done"]
        return case.state in ("closed", "archived") and bool(done) and done[-1]["angry"]

    def _by_directory(self, case: Sheet) -> None:
        route = ROUTES[case.category]
        if route is None:
            raise No("Conflict", "no_unit")
        to, limit, assists = route
        unit = {"street": case.place, "district": PARENT.get(case.place, case.place)}.get(to, to)
        self._send(case, unit, limit)
        for assist in assists:
            if assist not in case.assisting:
                case.assisting.add(assist)
                case.waiting_assists.add(assist)

    def _send(self, case: Sheet, unit: str, limit: str, *, designated: bool = False) -> None:
        self._lapse(case)
        self._end_pauses(case)
        if case.dispatch is not None:
            case.dispatch["ended"] = "sent on"
        designated |= any(
            one["unit"] == unit and (one["designated"] or one["ended"] == "returned")
            for one in case.dispatches
        )
        contact, (amount, kind) = LIMITS[limit]
        due, _ = ended(self.now, [(amount * (HOUR if kind == "hour" else DAY), kind)], [])
        case.dispatches.append(
            {
                "unit": unit, "at": self.now, "ended": "", "limit": limit, "longer": [],
                "designated": designated,
            }
        )  # fmt: skip
        case.state, case.unit, case.limit, case.signed_at = "dispatched", unit, limit, None
        case.contacted_at, case.parked = None, False
        self._set_due(case, self.now + contact, due, None)

    def _lapse(self, case: Sheet) -> None:
        case.objection = case.extension = case.consultation = None

    def _classify(self, case: Sheet, who: Person, *, category: str, new_facts: bool | None) -> None:
        if category not in ROUTES:
            raise No("Invalid")
        moved(case, "received", "classified")
        case.state, case.category = "classified", category
        if new_facts is not None:
            case.new_facts = new_facts
        linked = any(one.repeat_of == case.pk for one in self.cases.values())
        if case.dispatches or case.new_facts or linked:
            return
        first = self._first(case.phone, category, case.place, before=case.pk)
        if first is not None:
            self._lapse(case)
            case.state, case.ended_at, case.repeat_of = "answered", self.now, first

    def _dispose(self, case: Sheet, who: Person, *, reason: str) -> None:
        if reason not in DISPOSED:
            raise No("Invalid")
        moved(case, "classified")
        self._lapse(case)
        for callback in case.callbacks.values():
            if is_open(callback):
                callback |= {"state": "invalid", "ended": self.now, "by": "", "until": None}
        case.state, case.ended_at = DISPOSED[reason], self.now

    def _dispatch(self, case: Sheet, who: Person, *, unit: str, limit: str, why: str) -> None:
        moved(case, "classified")
        if not unit:
            self._by_directory(case)
            return
        self._check_route(unit, limit, why or unit == case.chosen)
        self._send(case, unit, limit or "7d")

    def _check_route(self, unit: str, limit: str, why: object) -> None:
        if unit not in KINDS or (limit and limit not in LIMITS) or not why:
            raise No("Invalid")

    def _redispatch(self, case: Sheet, who: Person, *, unit: str, limit: str, why: str) -> None:
        moved(case, *AT_WORK)
        self._check_route(unit, limit, why)
        if unit == case.unit:
            raise No("Invalid")
        if who.role == "coordinator" and who.unit not in (unit, PARENT.get(unit)):
            raise No("Forbidden")
        self._send(case, unit, limit or case.limit)

    def _consult(self, case: Sheet, who: Person, *, units: list[str]) -> None:
        if case.state not in ("received", "classified"):
            raise No("Conflict", "not_before_dispatch")
        if case.consultation is not None:
            raise No("Conflict", "consultation_open")
        if not units or set(units) - set(KINDS):
            raise No("Invalid")
        case.consultation = dict.fromkeys(units, False)
        case.consulted |= set(units)

    def _give_opinion(self, case: Sheet, who: Person) -> None:
        if case.consultation is None or who.unit not in case.consultation:
            raise No("Conflict", "consultation_closed")
        if case.consultation[who.unit]:
            raise No("Conflict", "opinion_given")
        case.consultation[who.unit] = True

    def _close_consultation(self, case: Sheet, who: Person, *, chosen: str) -> None:
        if case.consultation is None:
            raise No("Conflict", "no_consultation")
        if chosen not in KINDS:
            raise No("Invalid")
        case.consultation, case.chosen = None, chosen

    # The unit -----------------------------------------------------------------------------------

    def _sign(self, case: Sheet, who: Person) -> None:
        moved(case, "dispatched")
        case.state, case.signed_at = "signed", self.now

    def _contact(self, case: Sheet, who: Person, *, reached: bool) -> None:
        moved(case, *HANDLING[1:])
        if case.anonymous:
            raise No("Conflict", "anonymous")
        if reached and case.state == "signed":
            case.state = "contacted"
        if reached and case.contacted_at is None:
            case.contacted_at = self.now

    def _start(self, case: Sheet, who: Person) -> None:
        moved(case, "signed", "contacted")
        case.state = "in_progress"

    def _report(self, case: Sheet, who: Person) -> None:
        moved(case, "signed", "contacted", "in_progress")

    def _feedback(self, case: Sheet, who: Person) -> None:
        moved(case, "signed", "contacted", "in_progress")
        if case.objection is not None:
            raise No("Conflict", "objection_open")
        self._run_on(case, "waiting")
        self._run_on(case, "parked")
        case.state = "feedback_submitted"
        case.feedback_at = case.feedback_at or self.now

    def _object(self, case: Sheet, who: Person, *, reason: str) -> None:
        self._contest(case)
        if reason not in ("duty", "jurisdiction"):
            raise No("Invalid")
        case.objection = {"at": self.now}
        if self.objection == "always":
            self._pause(case, "objection")

    def _return(self, case: Sheet, who: Person, *, reason: str) -> None:
        moved(case, "dispatched", "signed")
        dispatch = self._contest(case)
        if reason not in ("not_our_duty", "not_our_area"):
            raise No("Invalid")
        self._lapse(case)
        self._end_pauses(case)
        dispatch["ended"], case.parked = "returned", False
        case.state, case.unit, case.limit, case.signed_at = "classified", "", "", None
        case.n_returns += 1
        self._set_due(case, None, None, None)

    def _contest(self, case: Sheet) -> dict[str, Any]:
        dispatch = self._at_work(case)
        if case.objection is not None:
            raise No("Conflict", "objection_open")
        if dispatch["designated"]:
            raise No("Conflict", "designated")
        end, _ = ended(dispatch["at"], [(DAY, "working_day")], [])
        assert end is not None
        if self.now > end:
            raise No("Conflict", "window_passed")
        return dispatch

    def _at_work(self, case: Sheet) -> dict[str, Any]:
        if case.dispatch is None or case.state not in AT_WORK:
            raise No("Conflict", "not_at_work")
        return case.dispatch

    def _decide_objection(self, case: Sheet, who: Person, *, upheld: bool, unit: str) -> None:
        if case.objection is None:
            raise No("Conflict", "no_objection")
        raised_at, case.objection = case.objection["at"], None
        self._run_on(case, "objection")
        assert case.dispatch is not None
        if not upheld:
            if unit:
                raise No("Invalid")
            case.dispatch["designated"] = True
            return
        self._check_route(unit, "", "review")
        if unit == case.unit:
            raise No("Invalid")
        if self.objection == "upheld":
            # Credited to a dispatch that ends now: its clock alone knows of it.
            case.pauses.append({"cause": "objection", "start": raised_at, "end": self.now})
        self._send(case, unit, case.limit, designated=True)

    def _ask_extension(
        self, case: Sheet, who: Person, *, reason: str, amount: int, unit: str, told: bool
    ) -> None:
        dispatch = self._at_work(case)
        if case.extension is not None:
            raise No("Conflict", "extension_open")
        self._before_the_limit(case)
        if dispatch["longer"]:
            raise No("Conflict", "extensions_used_up")
        assert case.due_at is not None
        span = amount * (HOUR if unit == "hour" else DAY)
        longer, _ = ended(case.due_at, [(span, unit)], [])
        assert longer is not None
        known = reason in ("legal_term", "works_needed", "investigation")
        if not known or longer > case.due_at + 15 * DAY or not told:
            raise No("Invalid")
        case.extension = {"span": span, "unit": unit, "by": who.name}

    def _decide_extension(self, case: Sheet, who: Person, *, granted: bool) -> None:
        if case.extension is None:
            raise No("Conflict", "no_extension")
        assert case.dispatch is not None
        if who.unit == case.dispatch["unit"] or who.name == case.extension["by"]:
            raise No("Forbidden")
        if granted:
            dispatch = self._at_work(case)
            dispatch["longer"].append((case.extension["span"], case.extension["unit"]))
            self._reclock(case)
        case.extension = None

    def _wait(self, case: Sheet, who: Person) -> None:
        dispatch = self._at_work(case)
        if case.anonymous:
            raise No("Conflict", "anonymous")
        if case.contacted_at is None:
            raise No("Conflict", "not_contacted")
        if self._running(case, "waiting") is not None:
            raise No("Conflict", "waiting")
        self._before_the_limit(case)
        used = timedelta()
        for pause in case.pauses:
            if pause["cause"] == "waiting" and pause["start"] >= dispatch["at"]:
                used += pause["end"] - pause["start"]
        if used >= 72 * HOUR:
            raise No("Conflict", "waiting_used_up")
        self._pause(case, "waiting", self.now + 72 * HOUR - used)

    def _resume(self, case: Sheet, who: Person) -> None:
        if not self._run_on(case, "waiting"):
            raise No("Conflict", "not_waiting")

    def _ask_assist(self, case: Sheet, who: Person, *, unit: str) -> None:
        moved(case, *AT_WORK)
        if unit not in KINDS or unit == case.unit:
            raise No("Invalid")
        if unit in case.waiting_assists:
            raise No("Conflict", "asked_already")
        if case.due_at is None or case.due_at <= self.now:
            # Help without a limit of its own is due with the case.
            raise No("Invalid")
        case.assisting.add(unit)
        case.waiting_assists.add(unit)

    # The resident -------------------------------------------------------------------------------

    def take_callback(self, pk: int, who: Person) -> None:
        """Take a case's call-back; no change of the case."""
        if who.role != "caller":
            raise No("Forbidden")
        case = self.cases[pk]
        callback = next((one for one in case.callbacks.values() if is_open(one)), None)
        if callback is None or callback["next_at"] > self.now or case.state not in HANDLING:
            raise No("Conflict", "not_free")
        taken = callback["until"] is not None and callback["until"] > self.now
        if taken and callback["by"] != who.name:
            raise No("Conflict", "not_free")
        callback |= {"by": who.name, "until": self.now + HOUR / 4}

    def _held(self, case: Sheet, who: Person) -> dict[str, Any]:
        callback = next((one for one in case.callbacks.values() if is_open(one)), None)
        if callback is None:
            there = case.round in case.callbacks
            raise No("Conflict", "callback_ended" if there else "no_callback")
        if callback["next_at"] > self.now:
            raise No("Conflict", "too_early")
        if callback["by"] != who.name:
            raise No("Conflict", "not_taken")
        return callback

    def _attempt(self, case: Sheet, who: Person, *, outcome: str) -> bool:
        callback = self._held(case, who)
        callback["attempts"].append(outcome)
        callback["state"] = "attempting"
        if outcome == "connected":
            callback["until"] = self.now + HOUR / 4
        elif outcome != "no_answer" or callback["attempts"].count("no_answer") == 3:
            self._close(case, callback, "invalid")
        else:
            callback |= {"next_at": self.now + 4 * HOUR, "by": "", "until": None}
        return is_open(callback)

    def _callback(self, case: Sheet, who: Person, *, resolved: str, satisfaction: str) -> None:
        callback = self._held(case, who)
        if callback["attempts"][-1:] != ["connected"]:
            callback["attempts"].append("connected")
        self._close(case, callback, "done")
        angry = resolved == "no" or satisfaction == "dissatisfied"
        callback["angry"] = angry
        if angry and case.n_redos < 2 and not case.parked:
            self._again(case)

    def _close(self, case: Sheet, callback: dict[str, Any], state: str) -> None:
        moved(case, *HANDLING)
        callback |= {"state": state, "ended": self.now, "by": "", "until": None}
        self._lapse(case)
        self._end_pauses(case)
        case.state, case.ended_at, case.paused_since = "closed", self.now, None

    def _redo(self, case: Sheet, who: Person) -> None:
        moved(case, "feedback_submitted", "closed")
        if case.n_redos >= 2:
            raise No("Conflict", "too_many_redos")
        self._again(case)

    def _again(self, case: Sheet) -> None:
        ended_now = case.round in case.callbacks and not is_open(case.callbacks[case.round])
        case.n_redos, case.ended_at = case.n_redos + 1, None
        case.round += ended_now
        self._send(case, case.unit, "redo", designated=True)

    def _archive(self, case: Sheet, who: Person) -> None:
        moved(case, *DISPOSED.values(), "closed")
        case.state = "archived"

    def _supervise(self, case: Sheet, who: Person) -> None:
        moved(case, *HANDLING, "closed")
        by_hand = sum(rule == "" for rule, _ in case.supervised)
        case.supervised.add(("", by_hand + 1))
        case.supervised_units.add(case.unit)


RIPE = {
    "classify": ("received", "classified"),
    "dispose": ("classified",),
    "dispatch": ("classified",),
    "consult": ("received", "classified"),
    "sign": ("dispatched",),
    "contact": ("signed", "contacted"),
    "start": ("signed", "contacted"),
    "report": ("signed", "contacted", "in_progress"),
    "feedback": ("signed", "contacted", "in_progress"),
    "return": ("dispatched", "signed"),
    "redo": ("feedback_submitted", "closed"),
    "supervise": (*HANDLING, "closed"),
    "archive": ("closed", *DISPOSED.values()),
}


AT_WORK_ONLY = {"ask_extension", "wait", "resume", "object"}


def ripe(desk: Desk, case: Sheet, action: str) -> bool:
    """Whether an action with a case may well succeed now."""
    called = next((one for one in case.callbacks.values() if is_open(one)), None)
    now = called is not None and called["next_at"] <= desk.now and case.state in HANDLING
    fresh = case.dispatch is not None and not case.dispatch["designated"]
    early = case.due_at is not None and desk.now < case.due_at
    asked = {
        "close_consultation": case.consultation is not None,
        "give_opinion": case.consultation is not None,
        "decide_objection": case.objection is not None,
        "decide_extension": case.extension is not None,
        "resume": any(one["cause"] == "waiting" for one in case.pauses),
        "end_parking": case.parked,
        "take_callback": now,
        "attempt": now and bool(called and called["by"]),
        "callback": now and bool(called and called["by"]),
        "ask_extension": early,
        "wait": early and case.contacted_at is not None,
        "object": fresh and case.objection is None,
        "return": fresh and case.objection is None,
    }
    usual = (case.state,) if action in asked and action not in AT_WORK_ONLY else AT_WORK
    return asked.get(action, True) and case.state in RIPE.get(action, usual)
