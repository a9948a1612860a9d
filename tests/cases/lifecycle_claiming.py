"""Claims in the random lives of cases: what is tried, in the model and in the desk.

A part of `test_lifecycle_machine`, which compares the two.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from jiesu.cases.actions import claims
from jiesu.cases.actor import Actor
from jiesu.cases.models import Case, Claim
from tests.cases.cast import City
from tests.cases.lifecycle_claims import OPEN, REASONS, Desk
from tests.cases.lifecycle_sheet import Person

AGAINST_THE_RULES = 5
"""Every so many steps something may be tried that no case is ripe for."""

odd = st.sampled_from((False,) * 7 + (True,))
"""Now and then something that should be refused."""

ANY = [(kind, reason) for kind in REASONS for reason in (*REASONS[kind], "bad_luck")]


def could(action: str) -> Callable[[Any], Any]:
    """Try an action where some case is ripe for it, and now and then where none is."""

    def is_tried(self: "Claiming") -> bool:
        if self.n_steps % AGAINST_THE_RULES == 0:
            return True
        return bool(self.fit(action))

    return precondition(is_tried)


class Claiming(RuleBasedStateMachine):
    """The steps that have to do with claims; how a step is done is said in `Lives`."""

    city: ClassVar[City]
    desk: Desk
    n_steps: int
    people: dict[str, tuple[Person, Actor]]

    def fit(self, action: str) -> list[int]:
        raise NotImplementedError

    def chosen(self, data: st.DataObject, action: str) -> tuple[int, str]:
        raise NotImplementedError

    def do(
        self,
        data: st.DataObject,
        action: str,
        does: Callable[..., object],
        model: dict[str, Any] | None = None,
        real: dict[str, Any] | None = None,
    ) -> None:
        raise NotImplementedError

    def let(
        self, pk: int, who: str, action: str, does: Callable[..., object], expected: int | None,
        model: dict[str, Any], real: dict[str, Any],
    ) -> None:  # fmt: skip
        raise NotImplementedError

    @could("claim")
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        self.wish(data, "claim", claims.claim_case)

    @could("win")
    @rule(data=st.data())
    def win(self, data: st.DataObject) -> None:
        """Claimed, supported and approved at one moment."""
        self.wish(data, "win", self.won)

    def wish(self, data: st.DataObject, action: str, does: Callable[..., object]) -> None:
        """Claim something, mostly what may be claimed."""
        pk, who = self.chosen(data, action)
        case = self.desk.cases[pk]
        heads = {name: one.unit for name, (one, _) in self.people.items() if one.role == "head"}
        able = [name for name, unit in heads.items() if self.desk.hopeful(case, unit)]
        if able and not data.draw(odd):
            who = data.draw(st.sampled_from(able))
        hopeful = self.desk.hopeful(case, self.people[who][0].unit)
        likely = hopeful if hopeful and not data.draw(odd) else ANY
        said = dict(zip(("kind", "reason"), data.draw(st.sampled_from(likely)), strict=True))
        expected = data.draw(st.sampled_from((None, None, case.version, case.version + 1)))
        self.let(pk, who, action, does, expected, said, {**said, "evidence": "见附件"})

    def won(self, *, as_of: datetime, **said: Any) -> None:
        claim = claims.claim_case(as_of=as_of, **said)
        of_the_east = claim.unit.parent == self.city.unit["110101"]
        district = self.city.coordinator if of_the_east else self.city.other_coordinator
        at: dict[str, Any] = {"claim_id": claim.pk, "opinion": "属实", "as_of": as_of}
        claims.review_claim(supports=True, by=district, **at)
        decided(approves=True, by=self.city.evaluator, **at)

    @could("withdraw_claim")
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        self.with_claim(data, "withdraw_claim", claims.withdraw_claim, {}, {})

    @could("review_claim")
    @rule(data=st.data(), supports=st.sampled_from((True, True, False)))
    def review(self, data: st.DataObject, supports: bool) -> None:
        said = {"supports": supports}
        real = {**said, "opinion": "属实"}
        self.with_claim(data, "review_claim", claims.review_claim, said, real)

    @could("decide_claim")
    @rule(data=st.data(), approves=st.sampled_from((True, True, False)))
    def decide(self, data: st.DataObject, approves: bool) -> None:
        said = {"approves": approves}
        real = {**said, "opinion": "同意"}
        self.with_claim(data, "decide_claim", decided, said, real)

    def with_claim(
        self, data: st.DataObject, action: str, does: Callable[..., object],
        model: dict[str, Any], real: dict[str, Any],
    ) -> None:  # fmt: skip
        """Do something with one of a case's claims, mostly with an open one."""
        pk, who = self.chosen(data, action)
        sheet = self.desk.cases[pk]
        if not sheet.claims:
            return
        every = range(len(sheet.claims))
        opened = [n for n in every if sheet.claims[n]["state"] in OPEN]
        n = data.draw(st.sampled_from(opened or every))
        if action == "decide_claim":
            model = {**model, "shown": sheet.version}

        def real_one(*, case_id: int, **more: Any) -> object:
            return does(claim_id=Claim.objects.filter(case=case_id).order_by("pk")[n].pk, **more)

        self.let(pk, who, action, real_one, None, {**model, "n": n}, real)

    @could("end_parking")
    @rule(data=st.data())
    def end_parking(self, data: st.DataObject) -> None:
        self.do(data, "end_parking", claims.end_parking, {}, {"why": "已可解决"})


def decided(*, claim_id: int, as_of: datetime, **more: Any) -> Claim:
    """Decide a claim whose effect is shown without being counted: that takes long."""
    version = Case.objects.get(claims=claim_id).version
    shown = {"version": version, "as_of": as_of.isoformat()}
    Claim.objects.filter(pk=claim_id).update(effect=shown)
    return claims.decide_claim(claim_id=claim_id, as_of=as_of, **more)
