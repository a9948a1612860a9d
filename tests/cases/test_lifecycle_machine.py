"""Cases live random lives, and are at every step what a plain model of the rules says.

The model is `lifecycle_model`, which knows nothing of jiesu. Refusals count as much as moves: the
same sort, and nothing changed. Each life is a transaction that is rolled back.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jiesu.cases.actions import (
    assistance,
    callbacks,
    dispatching,
    extensions,
    handling,
    objections,
    redoing,
    supervision,
)
from jiesu.cases.actions.archiving import archive_case
from jiesu.cases.actions.intake import Demand, receive_case
from jiesu.cases.history.case_audit import Known, found_in_cases
from jiesu.cases.models import Case, Event
from jiesu.cases.privacy.vault import Person as Caller
from jiesu.cases.refusals import MoveRefused, Refusal
from jiesu.cases.sweep import sweep
from tests.cases.cast import CATEGORIES, NOW, City
from tests.cases.changed_rules import change_rules
from tests.cases.clock_model import TICK
from tests.cases.lifecycle_claiming import Claiming, could, odd
from tests.cases.lifecycle_claims import Desk, ripe
from tests.cases.lifecycle_rows import (
    as_row,
    as_sheet,
    can,
    dump,
    people,
    told,
    whole_history,
)
from tests.cases.lifecycle_sheet import DISPOSED, KINDS, No, Sheet

N_LIVES, N_STEPS = 20, 30
MOST_CASES = 3
LEVELS = {levels[2]: levels for levels in CATEGORIES} | {"": ("", "", ""), "无": ("无", "", "")}
SOON = (timedelta(minutes=5), timedelta(hours=3), timedelta(days=1), timedelta(days=9))

units = st.sampled_from((*KINDS, "nowhere"))
limits = st.sampled_from(("", "", "24h", "7d", "redo", "none"))


ELSEWHERE = {"unit": "110102001", "limit": "", "why": "属地"}
HAPPY = callbacks.Answers(contacted=True, resolved="yes", satisfaction="satisfied")
STORY: tuple[tuple[str, Callable[..., object], dict[str, Any], dict[str, Any]], ...] = (
    ("sign", handling.sign_case, {}, {}),
    ("contact", handling.record_contact, {"reached": True}, {"reached": True}),
    ("start", handling.start_handling, {}, {}),
    (
        "feedback",
        handling.submit_feedback,
        {},
        {"result": "resolved", "real": True, "answer": "已解决"},
    ),
    ("take_callback", callbacks.take_callback, {}, {}),
    (
        "callback",
        callbacks.record_callback,
        {"resolved": "yes", "satisfaction": "satisfied"},
        {"answers": HAPPY},
    ),
    ("redo", redoing.redo_case, {}, {"opinion": "不完整"}),
    ("redispatch", dispatching.redispatch_case, ELSEWHERE, ELSEWHERE),
)
"""How a case usually goes, and how one is done again elsewhere."""


class Lives(Claiming):
    """Some cases, the people around them, and the model of both."""

    model_rules: ClassVar[dict[str, Any]]

    def __init__(self) -> None:
        super().__init__()
        self.life = transaction.atomic()
        self.life.__enter__()
        self.desk = Desk(NOW, **self.model_rules)
        self.people = people(self.city)
        self.n_phones = self.n_steps = 0
        self.touched: set[int] = set()

    def teardown(self) -> None:
        try:
            self.rows_are_what_was_recorded()
        finally:
            transaction.set_rollback(True)
            self.life.__exit__(None, None, None)

    # What is done -------------------------------------------------------------------------------

    @initialize(
        category=st.sampled_from(("停车收费", "停车收费", "电梯故障", "室温不达标")),
        place=st.sampled_from(("110101001", "110101001", "110102001")),
        chapters=st.integers(0, len(STORY)),
    )
    def first(self, category: str, place: str, chapters: int) -> None:
        """A case that has gone its usual way for some time: else few would come so far."""
        self.demand("operator", category, place, anonymous=False, phone=True, again=False)
        for action, does, model, real in STORY[:chapters]:
            [(pk, case)] = self.desk.cases.items()
            if action == "take_callback":
                assert case.due_at is not None
                self.desk.now = max(self.desk.now, case.due_at)
                self.sweep_all()
                if ripe(self.desk, case, action):
                    self.take(pk, "caller")
            elif able := self.able(case, action):
                self.let(pk, able[0], action, does, None, model, real)

    @precondition(lambda self: len(self.desk.cases) < MOST_CASES)
    @rule(
        who=st.sampled_from(("operator", "operator", "dispatcher", "clerk", "leader")),
        category=st.sampled_from((*LEVELS,)),
        place=st.sampled_from(("110101001", "110102001", "110101")),
        anonymous=odd,
        phone=st.booleans(),
        again=st.booleans(),
        new_facts=st.booleans(),
        dispatch=st.booleans(),
    )
    def receive(self, **said: Any) -> None:
        self.demand(said.pop("who"), **said)

    def demand(
        self, who: str, category: str, place: str, *, anonymous: bool, phone: bool, again: bool,
        new_facts: bool = False, dispatch: bool = True,
    ) -> None:  # fmt: skip
        """A demand; `again` is one of somebody who was here before."""
        if category == "无":
            category = ""
        self.n_phones += not again
        number = f"1380000{self.n_phones:04}" if phone and not anonymous else ""
        demand = Demand(
            channel="phone", kind="complaint", body="停水", place=place, anonymous=anonymous,
            person=Caller(phone=number), category=LEVELS[category], new_facts=new_facts,
        )  # fmt: skip
        made: list[Case] = []

        def real() -> None:
            actor = self.people[who][1]
            received = receive_case(demand, by=actor, as_of=self.desk.now, dispatch=dispatch)
            made.append(received.case)

        sheets: list[Sheet] = []
        self.both(
            lambda: sheets.append(
                self.desk.receive(
                    self.people[who][0], phone=number, anonymous=anonymous, category=category,
                    place=place, new_facts=new_facts, dispatch=dispatch,
                )
            ),
            real,
        )  # fmt: skip
        if sheets:
            sheets[0].pk = made[0].pk
            self.desk.cases[made[0].pk] = sheets[0]
            self.compare(made[0].pk)

    @rule(
        step=st.sampled_from(SOON),
        to=st.integers(0, 50),
        off=st.sampled_from((timedelta(), TICK, -TICK)),
    )
    def time_passes(self, step: timedelta, to: int, off: timedelta) -> None:
        """By some time, or to a moment at which something changes, give or take an instant."""
        ahead = sorted(one + off for one in self.moments() if one + off > self.desk.now)
        there = ahead[to % len(ahead)] if ahead and to % 3 else self.desk.now + step
        self.desk.now = min(there, self.desk.now + timedelta(days=12))

    def moments(self) -> set[datetime]:
        found: set[datetime] = set()
        for case in self.desk.cases.values():
            found |= {one for one, _ in self.desk.moments(case) if one > NOW}
            found |= {pause["end"] for pause in case.pauses if pause["end"]}
            found |= {one["next_at"] for one in case.callbacks.values()}
            found |= {one["at"] + timedelta(days=1) for one in case.dispatches}
        return found

    @rule()
    def the_worker_sweeps(self) -> None:
        self.sweep_all()

    def sweep_all(self) -> None:
        sweep(self.desk.now)
        self.desk.sweep()
        for pk in self.desk.cases:
            self.compare(pk)

    @could("classify")
    @rule(
        data=st.data(),
        category=st.sampled_from((*LEVELS,)),
        new_facts=st.sampled_from((None, None, True, False)),
    )
    def classify(self, data: st.DataObject, category: str, new_facts: bool | None) -> None:
        said = {"new_facts": new_facts}
        self.do(
            data, "classify", dispatching.classify_case,
            {"category": category, **said}, {"category": LEVELS[category], **said},
        )  # fmt: skip

    @precondition(lambda self: 0 < len(self.desk.cases) < MOST_CASES)
    @rule(like=st.integers(0, MOST_CASES), new_facts=st.sampled_from((None, None, True, False)))
    def asks_again_and_is_classified_later(self, like: int, new_facts: bool | None) -> None:
        """As a resident who did not say what it is about: else few would repeat by then."""
        cases = list(self.desk.cases.values())
        first = cases[like % len(cases)]
        told = bool(new_facts)
        self.demand(
            "operator", "", first.place, anonymous=False, phone=True, again=True, new_facts=told
        )
        said = {"new_facts": new_facts}
        self.let(
            max(self.desk.cases), "operator", "classify", dispatching.classify_case, None,
            {"category": first.category, **said}, {"category": LEVELS[first.category], **said},
        )  # fmt: skip

    @could("dispose")
    @rule(data=st.data(), reason=st.sampled_from(("answered", "emergency", "unlawful", "none")))
    def dispose(self, data: st.DataObject, reason: str) -> None:
        self.do(
            data, "dispose", dispatching.dispose_case,
            {"reason": reason}, {"reason": reason, "answer": "已告知"},
        )  # fmt: skip

    @could("dispatch")
    @rule(data=st.data(), unit=st.just("") | units, limit=limits, why=st.sampled_from(("", "属地")))
    def dispatch(self, data: st.DataObject, unit: str, limit: str, why: str) -> None:
        said = {"unit": unit, "limit": limit if unit else "", "why": why}
        self.do(data, "dispatch", dispatching.dispatch_case, said, said)

    @could("redispatch")
    @rule(data=st.data(), unit=units, limit=limits, blank=odd)
    def redispatch(self, data: st.DataObject, unit: str, limit: str, blank: bool) -> None:
        said = {"unit": unit, "limit": limit, "why": "" if blank else "属地"}
        self.do(data, "redispatch", dispatching.redispatch_case, said, said)

    @could("consult")
    @rule(data=st.data(), asked=st.lists(units, min_size=1, max_size=3, unique=True))
    def consult(self, data: st.DataObject, asked: list[str]) -> None:
        said = {"units": asked}
        self.do(data, "consult", objections.consult_units, said, {**said, "question": "谁办"})

    @could("give_opinion")
    @rule(data=st.data(), accepts=st.booleans())
    def give_opinion(self, data: st.DataObject, accepts: bool) -> None:
        said = {"accepts": accepts, "opinion": "可办"}
        self.do(data, "give_opinion", objections.give_opinion, {}, said)

    @could("close_consultation")
    @rule(data=st.data(), chosen=units)
    def close_consultation(self, data: st.DataObject, chosen: str) -> None:
        said = {"chosen": chosen}
        self.do(
            data, "close_consultation", objections.close_consultation,
            said, {**said, "outcome": "已定"},
        )  # fmt: skip

    @could("sign")
    @rule(data=st.data())
    def sign(self, data: st.DataObject) -> None:
        self.do(data, "sign", handling.sign_case)

    @could("contact")
    @rule(data=st.data(), reached=st.booleans())
    def contact(self, data: st.DataObject, reached: bool) -> None:
        self.do(
            data, "contact", handling.record_contact, {"reached": reached}, {"reached": reached}
        )

    @could("start")
    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        self.do(data, "start", handling.start_handling)

    @could("report")
    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        self.do(data, "report", handling.report_interim, {}, {"report": "办理中"})

    @could("feedback")
    @rule(data=st.data())
    def feedback(self, data: st.DataObject) -> None:
        said = {"result": "resolved", "real": True, "answer": "已解决"}
        self.do(data, "feedback", handling.submit_feedback, {}, said)

    @could("object")
    @rule(data=st.data(), reason=st.sampled_from(("duty", "jurisdiction", "none")))
    def object_to(self, data: st.DataObject, reason: str) -> None:
        said = {"reason": reason}
        self.do(
            data, "object", objections.object_to_dispatch, said, {**said, "statement": "不归我们"}
        )

    @could("return")
    @rule(data=st.data(), reason=st.sampled_from(("not_our_duty", "not_our_area", "none")))
    def give_back(self, data: st.DataObject, reason: str) -> None:
        said = {"reason": reason}
        self.do(data, "return", objections.return_case, said, {**said, "statement": "不归我们"})

    @could("decide_objection")
    @rule(data=st.data(), upheld=st.booleans(), unit=units, odd_unit=odd)
    def decide_objection(
        self, data: st.DataObject, upheld: bool, unit: str, odd_unit: bool
    ) -> None:
        said = {"upheld": upheld, "unit": unit if upheld or odd_unit else ""}
        self.do(
            data, "decide_objection", objections.decide_objection, said, {**said, "opinion": "属实"}
        )

    @could("ask_extension")
    @rule(
        data=st.data(),
        reason=st.sampled_from(("works_needed", "legal_term", "none")),
        amount=st.integers(1, 20),
        unit=st.sampled_from(("hour", "natural_day", "working_day")),
        untold=odd,
    )
    def ask_extension(
        self, data: st.DataObject, reason: str, amount: int, unit: str, untold: bool
    ) -> None:
        told_at = None if untold else self.desk.now
        self.do(
            data,
            "ask_extension",
            extensions.ask_extension,
            {"reason": reason, "amount": amount, "unit": unit, "told": not untold},
            {
                "reason": reason, "amount": amount, "unit_of_time": unit, "statement": "要施工",
                "caller_told_at": told_at,
            },
        )  # fmt: skip

    @could("decide_extension")
    @rule(data=st.data(), granted=st.booleans())
    def decide_extension(self, data: st.DataObject, granted: bool) -> None:
        said = {"granted": granted}
        self.do(data, "decide_extension", extensions.decide_extension, said, said)

    @could("wait")
    @rule(data=st.data())
    def wait(self, data: st.DataObject) -> None:
        self.do(data, "wait", extensions.wait_for_caller)

    @could("resume")
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        self.do(data, "resume", extensions.resume)

    @could("ask_assist")
    @rule(data=st.data(), unit=units)
    def ask_assist(self, data: st.DataObject, unit: str) -> None:
        self.do(data, "ask_assist", assistance.ask_assist, {"unit": unit}, {"unit": unit})

    @could("take_callback")
    @rule(data=st.data())
    def take_callback(self, data: st.DataObject) -> None:
        self.take(*self.chosen(data, "take_callback"))

    def take(self, pk: int, who: str) -> None:
        person, actor = self.people[who]
        self.both(
            lambda: self.desk.take_callback(pk, person),
            lambda: callbacks.take_callback(by=actor, as_of=self.desk.now, case_id=pk),
            pk,
        )

    @could("take_callback")
    @rule(data=st.data(), outcome=st.sampled_from(("connected", "no_answer", "no_answer")))
    def the_phone_rings(self, data: st.DataObject, outcome: str) -> None:
        """Somebody takes a call-back and calls at once."""
        pk, who = self.chosen(data, "take_callback")
        self.take(pk, who)
        said = {"outcome": outcome}
        self.let(pk, who, "attempt", callbacks.record_attempt, None, said, said)

    @could("attempt")
    @rule(
        data=st.data(),
        outcome=st.sampled_from(("connected", "no_answer", "no_answer", "refused", "wrong_number")),
    )
    def attempt(self, data: st.DataObject, outcome: str) -> None:
        said = {"outcome": outcome}
        self.do(data, "attempt", callbacks.record_attempt, said, said)

    @could("callback")
    @rule(
        data=st.data(),
        resolved=st.sampled_from(("yes", "partial", "no")),
        satisfaction=st.sampled_from(("satisfied", "fairly_satisfied", "dissatisfied")),
    )
    def call_back(self, data: st.DataObject, resolved: str, satisfaction: str) -> None:
        answers = callbacks.Answers(contacted=True, resolved=resolved, satisfaction=satisfaction)
        self.do(
            data,
            "callback",
            callbacks.record_callback,
            {"resolved": resolved, "satisfaction": satisfaction},
            {"answers": answers},
        )

    @could("redo")
    @rule(data=st.data())
    def redo(self, data: st.DataObject) -> None:
        self.do(data, "redo", redoing.redo_case, {}, {"opinion": "不完整"})

    @could("archive")
    @rule(data=st.data())
    def archive(self, data: st.DataObject) -> None:
        self.do(data, "archive", archive_case)

    @could("supervise")
    @rule(data=st.data())
    def supervise(self, data: st.DataObject) -> None:
        self.do(data, "supervise", supervision.raise_supervision, {}, {"words": "限期办结"})

    # How it is done and compared ----------------------------------------------------------------

    def chosen(self, data: st.DataObject, action: str) -> tuple[int, str]:
        """A case and somebody: mostly such that the action may succeed."""
        cases = self.desk.cases
        fit = self.fit(action)
        pk = data.draw(st.sampled_from(fit if fit and not data.draw(odd) else [*cases]))
        able = self.able(cases[pk], action)
        if data.draw(odd) or not able:
            able = [*self.people]
        return pk, data.draw(st.sampled_from(able))

    def fit(self, action: str) -> list[int]:
        """The cases that are ripe for an action, of those who have somebody to do it."""
        return [
            pk
            for pk, case in self.desk.cases.items()
            if ripe(self.desk, case, action) and self.able(case, action)
        ]

    def able(self, case: Sheet, action: str) -> list[str]:
        """Who may do an action; of a call-back only who has it in hand."""
        able = [name for name, (one, _) in self.people.items() if can(case, action, one)]
        if action in ("attempt", "callback"):
            holders = {one["by"] for one in case.callbacks.values() if one["by"]}
            return [name for name in able if name in holders] or able
        return able

    def do(
        self,
        data: st.DataObject,
        action: str,
        does: Callable[..., object],
        model: dict[str, Any] | None = None,
        real: dict[str, Any] | None = None,
    ) -> None:
        """Let somebody do an action with a case."""
        pk, who = self.chosen(data, action)
        version = self.desk.cases[pk].version
        expected = data.draw(st.sampled_from((*[None, version] * 4, version + 1)))
        self.let(pk, who, action, does, expected, model or {}, real or {})

    def let(
        self, pk: int, who: str, action: str, does: Callable[..., object], expected: int | None,
        model: dict[str, Any], real: dict[str, Any],
    ) -> None:  # fmt: skip
        """Do an action with a case in both."""
        person, actor = self.people[who]
        self.both(
            lambda: self.desk.act(pk, action, person, expected=expected, **model),
            lambda: does(case_id=pk, by=actor, as_of=self.desk.now, expected=expected, **real),
            pk,
        )

    def both(
        self, model: Callable[[], object], real: Callable[[], object], pk: int | None = None
    ) -> None:
        """Do it in the model and in the desk: both do it, or both refuse it the same way."""
        try:
            model()
            wanted = None
        except No as no:
            wanted = no
        self.n_steps += 1
        before = dump(pk) if pk is not None else Event.objects.count()
        refused: str | None = None
        try:
            with transaction.atomic():
                real()
        except (Refusal, MoveRefused) as refusal:
            refused = told(refusal)
        assert refused == (str(wanted) if wanted else None)
        if refused is not None:
            assert (dump(pk) if pk is not None else Event.objects.count()) == before
        if pk is not None:
            self.compare(pk)

    def compare(self, pk: int) -> None:
        """The rows of a case are what the model says."""
        self.touched.add(pk)
        case, sheet = Case.objects.select_related("unit").get(pk=pk), self.desk.cases[pk]
        assert as_row(case) == as_sheet(sheet)
        assert whole_history(case) is None

    @invariant()
    def nothing_is_open_twice_or_after_the_end(self) -> None:
        """A case closes by the end of its call-back and by nothing else."""
        for pk in self.touched:
            case, sheet = Case.objects.get(pk=pk), self.desk.cases[pk]
            n_open = {
                "dispatches": case.dispatches.filter(ended_at=None).count(),
                "callbacks": case.callbacks.filter(state__in=("due", "attempting")).count(),
                "objections": case.objections.filter(decided_at=None).count(),
                "extensions": case.extensions.filter(decided_at=None).count(),
                "consultations": case.consultations.filter(closed_at=None).count(),
            }
            assert max(n_open.values()) <= 1
            if sheet.ended_at is not None:
                assert sum(n_open.values()) == n_open["dispatches"]
            here = case.callbacks.filter(round=case.round).first()
            has_ended = here is not None and here.state in ("done", "invalid")
            if sheet.state == "closed":
                assert has_ended or (here is not None and here.state == "not_sampled")
            elif sheet.state not in (*DISPOSED.values(), "archived"):
                assert not has_ended
        self.touched.clear()

    def rows_are_what_was_recorded(self) -> None:
        """The auditor finds nothing either."""
        for pk in self.desk.cases:
            assert found_in_cases(pk, pk, Known()).findings == {}


LIKE_BEIJING: dict[str, Any] = {}
STRICTER = {"objection": "always", "sample": 0, "capped": False}


@pytest.mark.parametrize("rules", [LIKE_BEIJING, STRICTER], ids=["shipped", "stricter"])
def test_cases_live_as_the_rules_say(city: City, rules: dict[str, Any]) -> None:
    if rules:
        change_rules(
            ('objection = "upheld"', 'objection = "always"'),
            ("sample_percent = 100", "sample_percent = 0"),
            ("exclusion_cap_percent = 30", "exclusion_cap_percent = 100"),
        )
    lives = type("TheseLives", (Lives,), {"city": city, "model_rules": rules})
    run_state_machine_as_test(
        lives,
        settings=settings(
            max_examples=int(os.environ.get("JIESU_TEST_LIVES", N_LIVES)),
            stateful_step_count=N_STEPS,
            # A life is told step by step anyway, and to shorten one takes minutes.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
