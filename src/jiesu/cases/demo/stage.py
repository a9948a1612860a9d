"""The stage of the demo: who acts, when, and the steps that many cases have in common."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from jiesu.cases.actions.callbacks import Answers, record_callback, take_callback
from jiesu.cases.actions.handling import (
    record_contact,
    sign_case,
    start_handling,
    submit_feedback,
)
from jiesu.cases.actions.intake import Demand, receive_case
from jiesu.cases.actor import Actor
from jiesu.cases.falling_due import catch_up
from jiesu.cases.models import Case
from jiesu.cases.privacy.vault import Person
from jiesu.city.synth.catalogue import categories
from jiesu.core.category_tree import Levels

NAMES = ("张三", "李四", "王五", "赵六", "钱七", "孙八", "周九", "吴十", "郑甲", "冯乙")
"""What stands for a name in Chinese textbooks: nobody's."""

MOST_PEOPLE = 100

PLACE = "110101001000"
NOTHING: Levels = ("", "", "")
STEP = timedelta(minutes=20)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who acts. Clerk and head are of the street, the coordinator of its district."""

    operator: Actor
    dispatcher: Actor
    clerk: Actor
    head: Actor
    coordinator: Actor
    department: Actor
    regulator: Actor
    enterprise: Actor
    caller: Actor
    evaluator: Actor
    administrator: Actor


class Stage:
    """Cases in the making, up to the moment `now`. Each demand is another person's."""

    def __init__(self, cast: Cast, now: datetime) -> None:
        self.cast, self.now = cast, now
        self.n_cases = 0
        self._n_people = 0
        self._bodies = {category.levels: category.bodies for category in categories()}

    def ago(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
        """A moment before now."""
        return self.now - timedelta(days=days, hours=hours, minutes=minutes)

    def person(self) -> Person:
        """Another made-up person, with a number that nobody has."""
        n = self._n_people
        assert n < MOST_PEOPLE
        self._n_people += 1
        address = f"示例小区{n // 10 + 1}号楼{n % 10 + 1}单元"
        return Person(name=NAMES[n % len(NAMES)], phone=f"138000000{n:02}", address=address)

    def receive(
        self,
        at: datetime,
        category: Levels = NOTHING,
        *,
        person: Person | None = None,
        dispatch: bool = True,
        anonymous: bool = False,
        **more: object,
    ) -> Case:
        """A demand comes in at a moment, and goes where the directory says."""
        who = Person() if anonymous else person or self.person()
        bodies = self._bodies.get(category, ("想问一件事，请转有关单位", ""))
        demand = {
            "channel": "phone",
            "kind": "complaint",
            "title": category[2] or "其他事项",
            "body": f"来电人反映，{bodies[self.n_cases % 2] or bodies[0]}，希望尽快处理。",
            "person": who,
            "category": category,
            "place": PLACE,
            "anonymous": anonymous,
        } | more
        self.n_cases += 1
        made = receive_case(
            Demand(**demand),  # type: ignore[arg-type]
            by=self.cast.operator,
            as_of=at,
            dispatch=dispatch,
        )
        return made.case

    def sign(self, case: Case, at: datetime) -> datetime:
        """The street signs; the moment of its next step."""
        sign_case(case_id=case.pk, by=self.cast.clerk, as_of=at)
        return at + STEP

    def contact(self, case: Case, at: datetime) -> datetime:
        """It signs and reaches the caller."""
        at = self.sign(case, at)
        note = "已电话联系，约定上门时间"
        record_contact(case_id=case.pk, reached=True, by=self.cast.clerk, as_of=at, note=note)
        return at + STEP

    def start(self, case: Case, at: datetime) -> datetime:
        """It signs, reaches the caller and begins to work."""
        at = self.contact(case, at)
        start_handling(case_id=case.pk, by=self.cast.clerk, as_of=at)
        return at + STEP

    def feed_back(self, case: Case, at: datetime, *, result: str = "resolved") -> datetime:
        """It does all this and submits its result."""
        at = self.start(case, at)
        submit_feedback(
            case_id=case.pk,
            result=result,
            real=True,
            answer="已到现场处理，并答复来电人",
            legal_basis="物业管理条例" if result == "explained" else "",
            by=self.cast.clerk,
            as_of=at,
        )
        return at + STEP

    def take(self, case: Case, at: datetime) -> None:
        """Its call-back has fallen due, and the clerk takes it."""
        with transaction.atomic():
            catch_up(Case.objects.select_for_update(of=("self",)).get(pk=case.pk), at)
        take_callback(by=self.cast.caller, as_of=at, case_id=case.pk)

    def call_back(
        self, case: Case, at: datetime, *, resolved: str = "yes", satisfaction: str = "satisfied"
    ) -> datetime:
        """The resident is called at a moment after the limit, and answers."""
        self.take(case, at)
        record_callback(
            case_id=case.pk,
            answers=Answers(
                contacted=True, resolved=resolved, satisfaction=satisfaction, words="谢谢"
            ),
            by=self.cast.caller,
            as_of=at,
        )
        return at + STEP
