"""The rules of claims a second time, as plain Python: exclusion, parking, appeal.

Continues `lifecycle_model`, and knows as little of `jiesu`. Leaves out caps in part of a case:
either all cases of a unit may be excluded, or none. Rules: docs/methods/claims.md.
"""

from contextlib import suppress
from datetime import datetime
from typing import Any

from tests.cases import lifecycle_model
from tests.cases.clock_model import DAY, ended
from tests.cases.lifecycle_sheet import AT_WORK, HANDLING, PARENT, No, Person, Sheet

REASONS = {
    "exclusion": ("court", "withdrawn"),
    "parking": ("planned_project",),
    "appeal": ("wrong_answer", "wrong_unit"),
}
EXCLUDING = ("court", "withdrawn", "wrong_unit")
WINDOWS = {"exclusion": (7 * DAY, "natural_day"), "appeal": (3 * DAY, "working_day")}
OPEN = ("claimed", "supported")


class Desk(lifecycle_model.Desk):
    """All cases, with what units claim of them."""

    def __init__(self, now: datetime, *, capped: bool = True, **rules: Any) -> None:
        super().__init__(now, **rules)
        self.capped = capped

    # Claims end with what they are about ---------------------------------------------------------

    def _send(self, case: Sheet, unit: str, limit: str, *, designated: bool = False) -> None:
        self._unpark(case)
        super()._send(case, unit, limit, designated=designated)
        self._lapse_claims(case)

    def _return(self, case: Sheet, who: Person, *, reason: str) -> None:
        super()._return(case, who, reason=reason)
        self._unpark(case)
        self._lapse_claims(case)

    def _archive(self, case: Sheet, who: Person) -> None:
        super()._archive(case, who)
        if any(one["state"] in OPEN for one in case.claims):
            raise No("Conflict", "claim_open")

    def _unpark(self, case: Sheet) -> None:
        for one in case.claims:
            if (one["kind"], one["state"]) == ("parking", "approved") and one["ended"] is None:
                one["ended"] = self.now

    def _lapse_claims(self, case: Sheet) -> None:
        for one in case.claims:
            theirs = {case.unit} if one["kind"] == "parking" else {case.unit, case.judged}
            again = case.excluded and one["reason"] in EXCLUDING
            if one["state"] in OPEN and (again or one["unit"] not in theirs):
                one["state"], one["ended"] = "withdrawn", self.now

    # What is claimed ----------------------------------------------------------------------------

    def _claim(self, case: Sheet, who: Person, *, kind: str, reason: str) -> None:
        self._claimable(case, who.unit, kind, reason)
        case.claims.append(
            {
                "kind": kind, "reason": reason, "unit": who.unit, "state": "claimed",
                "at": self.now, "people": {who.name}, "ended": None,
            }
        )  # fmt: skip

    def hopeful(self, case: Sheet, unit: str) -> list[tuple[str, str]]:
        """What a unit could claim of a case now: kinds and reasons."""
        found = []
        for kind, reasons in REASONS.items():
            for reason in reasons:
                with suppress(No):
                    self._claimable(case, unit, kind, reason)
                    found.append((kind, reason))
        return found

    def _claimable(self, case: Sheet, unit: str, kind: str, reason: str) -> None:
        if reason not in REASONS[kind]:
            raise No("Invalid")
        own = [one for one in case.claims if (one["kind"], one["unit"]) == (kind, unit)]
        if any(one["state"] in OPEN for one in own):
            raise No("Conflict", "claim_open")
        if kind == "parking":
            self._parkable(case, unit)
        elif kind == "exclusion":
            self._excludable(case, unit)
            if any((one["state"], one["reason"]) == ("refused", reason) for one in own):
                raise No("Conflict", "claim_refused")
        else:
            self._appealable(case, unit, reason, own)

    def _parkable(self, case: Sheet, unit: str) -> None:
        if unit != case.unit:
            raise No("Conflict", "another_unit")
        if case.parked:
            raise No("Conflict", "parked")
        if case.state not in AT_WORK:
            raise No("Conflict", "not_at_work")

    def _excludable(self, case: Sheet, unit: str) -> None:
        self._not_excluded(case, unit)
        if case.state == "archived":
            raise No("Conflict", "archived")
        callback = self._own(case, unit)
        self._in_window("exclusion", callback["ended"] if callback else case.ended_at)

    def _not_excluded(self, case: Sheet, unit: str) -> None:
        if case.excluded:
            raise No("Conflict", "excluded")
        if unit != (case.judged or case.unit):
            raise No("Conflict", "another_unit")

    def _appealable(self, case: Sheet, unit: str, reason: str, own: list[dict[str, Any]]) -> None:
        callback = self._own(case, unit)
        if callback is None:
            raise No("Conflict", "no_callback")
        if callback["void"]:
            raise No("Conflict", "void")
        if reason in EXCLUDING:
            self._not_excluded(case, unit)
        elif callback["state"] != "done":
            raise No("Conflict", "no_answers")
        if any(one["state"] != "withdrawn" and one["at"] >= callback["ended"] for one in own):
            raise No("Conflict", "appeal_decided")
        self._in_window("appeal", callback["ended"])

    def _own(self, case: Sheet, unit: str) -> dict[str, Any] | None:
        """The last call-back about a unit that has ended."""
        about = [
            one
            for _, one in sorted(case.callbacks.items())
            if one["unit"] == unit and one["state"] in ("done", "invalid")
        ]
        return about[-1] if about else None

    def _in_window(self, kind: str, since: datetime | None) -> None:
        if since is not None:
            end, _ = ended(since, [WINDOWS[kind]], [])
            assert end is not None
            if self.now > end:
                raise No("Conflict", "window_passed")

    # What becomes of it -------------------------------------------------------------------------

    def _opened(self, case: Sheet, n: int) -> dict[str, Any]:
        if case.claims[n]["state"] not in OPEN:
            raise No("Conflict", "claim_decided")
        return case.claims[n]

    def _withdraw_claim(self, case: Sheet, who: Person, *, n: int) -> None:
        claim = self._opened(case, n)
        if claim["unit"] != who.unit:
            raise No("Forbidden")
        claim["state"] = "withdrawn"

    def _review_claim(self, case: Sheet, who: Person, *, n: int, supports: bool) -> None:
        claim = self._opened(case, n)
        if PARENT[claim["unit"]] != who.unit or who.name in claim["people"]:
            raise No("Forbidden")
        if claim["state"] != "claimed":
            raise No("Conflict", "reviewed")
        claim["people"].add(who.name)
        claim["state"] = "supported" if supports else "refused"

    def _decide_claim(
        self, case: Sheet, who: Person, *, n: int, approves: bool, shown: int
    ) -> None:
        claim = self._opened(case, n)
        if claim["state"] != "supported":
            raise No("Conflict", "not_reviewed")
        if case.version != shown:
            raise No("Conflict", "effect_not_shown")
        claim["state"] = "approved" if approves else "refused"
        if approves:
            self._approve(case, claim)
            self._lapse_claims(case)

    def _approve(self, case: Sheet, claim: dict[str, Any]) -> None:
        if claim["kind"] == "parking":
            if case.state not in AT_WORK:
                raise No("Conflict", "not_at_work")
            case.parked = True
            self._pause(case, "parked")
        elif claim["reason"] in EXCLUDING:
            if claim["kind"] == "exclusion" and self.capped:
                raise No("Conflict", "cap_reached")
            case.excluded = claim["reason"]
        else:
            about = self._answered_before(case, claim)
            about["void"] = True

    def _answered_before(self, case: Sheet, claim: dict[str, Any]) -> dict[str, Any]:
        found = [
            one
            for _, one in sorted(case.callbacks.items())
            if (one["unit"], one["state"]) == (claim["unit"], "done")
            and one["ended"] <= claim["at"]
        ]
        last: dict[str, Any] = found[-1]
        return last

    def _win(self, case: Sheet, who: Person, *, kind: str, reason: str) -> None:
        """Claim, review and decision, all in favour, and at one moment."""
        self._claim(case, who, kind=kind, reason=reason)
        case.claims[-1]["state"] = "approved"
        self._approve(case, case.claims[-1])
        self._lapse_claims(case)
        case.version += 2

    def _end_parking(self, case: Sheet, who: Person) -> None:
        if not case.parked:
            raise No("Conflict", "not_parked")
        if who.role == "head" and case.state not in HANDLING:
            raise No("Conflict", "ended")
        self._unpark(case)
        case.parked = False
        self._run_on(case, "parked")


def ripe(desk: Desk, case: Sheet, action: str) -> bool:
    """Whether an action with a case may well succeed now."""
    states = [one["state"] for one in case.claims]
    match action:
        case "claim" | "win":
            return any(desk.hopeful(case, unit) for unit in {case.unit, case.judged} - {""})
        case "withdraw_claim":
            return bool(set(states) & set(OPEN))
        case "review_claim":
            return "claimed" in states
        case "decide_claim":
            return "supported" in states
        case _:
            return lifecycle_model.ripe(desk, case, action)
