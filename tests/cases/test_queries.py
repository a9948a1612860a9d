"""What is overdue when, by a plain model of the rule; the unit's queue."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import hypothesis
import pytest
from hypothesis import strategies as st

from jiesu.cases.actions.dispatching import dispatch_case, redispatch_case
from jiesu.cases.actions.extensions import (
    ask_extension,
    decide_extension,
    resume,
    wait_for_caller,
)
from jiesu.cases.actions.handling import record_contact, sign_case, submit_feedback
from jiesu.cases.actions.objections import return_case
from jiesu.cases.actions.redoing import redo_case
from jiesu.cases.actor import Actor
from jiesu.cases.change import changing
from jiesu.cases.models import Case, Pause, Role, User
from jiesu.cases.pauses import pause
from jiesu.cases.pauses import resume as resume_clocks
from jiesu.cases.queries import (
    Marks,
    QueueKey,
    contact_overdue,
    marks,
    overdue,
    soon_due,
    unit_queue,
)
from jiesu.cases.refusals import Invalid, NotFound, Refusal
from jiesu.cases.rulebook import rulebook
from jiesu.core.lifecycle import AT_WORK, MoveRefused, State
from jiesu.core.texts import Text
from jiesu.core.worktime import Pause as Stretch
from jiesu.core.worktime import deadline_for, overdue_by
from tests.cases.cast import ELEVATOR, NOW, PARKING, City

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
INSTANT = timedelta(microseconds=1)
SOON = 24
UNITS = ("110101001", "110101002")


@dataclass
class Halt:
    """A pause in the model: where it was to end when it began, and where and when it was ended."""

    start: datetime
    planned: datetime | None
    ended_at: datetime | None = None

    def as_of(self, moment: datetime) -> Stretch:
        is_over = self.ended_at is not None and self.ended_at <= moment
        return Stretch(self.start, self.ended_at if is_over else self.planned)


@dataclass
class Given:
    """A dispatch in the model."""

    at: datetime
    limit: str
    halts: list[Halt] = field(default_factory=list)
    extended_at: list[datetime] = field(default_factory=list)


@dataclass(frozen=True)
class Known:
    """What the model knows of a case from a step on."""

    at: datetime
    state: State
    contacted: bool
    given: Given | None


class Model:
    """The rule in plain Python: every step is kept, and a moment looks back at them."""

    def __init__(self, case: Case) -> None:
        self.steps = [Known(NOW, State.DISPATCHED, False, Given(NOW, case.limit))]

    @property
    def last(self) -> Known:
        return self.steps[-1]

    def step(self, at: datetime, **changes: object) -> None:
        self.steps.append(replace(self.last, at=at, **changes))  # type: ignore[arg-type]

    def marks(self, moment: datetime) -> Marks:
        known = [step for step in self.steps if step.at <= moment]
        if not known or known[-1].given is None or known[-1].state not in AT_WORK:
            return Marks()
        given = known[-1].given
        book = rulebook()
        limit, calendar = book.desks[-1][1].limits[given.limit], book.calendar[1]
        pauses = [halt.as_of(moment) for halt in given.halts if halt.start <= moment]
        longer = replace(limit.resolution, amount=3, unit="natural_day")
        extensions = [longer for at in given.extended_at if at <= moment]
        due = deadline_for(
            given.at, limit.resolution, calendar, pauses=pauses, extensions=extensions
        ).due_at
        contact = deadline_for(given.at, limit.contact, calendar, pauses=pauses).due_at
        late = overdue_by(due, moment)
        return Marks(
            overdue_by=late,
            contact_overdue_by=None if known[-1].contacted else overdue_by(contact, moment),
            soon=due is not None and late is None and due <= moment + timedelta(hours=SOON),
            stands=due is None,
        )


class Desk:
    """A case on the desk and in the model, step by step; what is refused happens in neither."""

    def __init__(self, city: City) -> None:
        self.city, self.at = city, NOW
        self.case = city.received(PARKING, new_facts=True)
        self.model = Model(self.case)
        self.clerks = {
            unit: Actor.of(
                User.objects.get_or_create(
                    username=f"clerk of {unit}",
                    defaults={"role": Role.CLERK, "unit": city.unit[unit]},
                )[0]
            )
            for unit in UNITS
        }

    @property
    def clerk(self) -> Actor:
        unit = Case.objects.select_related("unit").get(pk=self.case.pk).unit
        return self.clerks[unit.code] if unit else self.city.clerk

    @property
    def waits(self) -> bool:
        given = self.model.last.given
        return given is not None and any(
            halt.planned is not None and halt.ended_at is None for halt in given.halts
        )

    def do(self, step: str, hours: int) -> None:
        self.at += hours * HOUR
        with suppress(Refusal, MoveRefused):
            getattr(self, step)(self.case.pk, self.at)
            hypothesis.event(f"done: {step}")

    def sign(self, pk: int, at: datetime) -> None:
        sign_case(case_id=pk, by=self.clerk, as_of=at)
        self.model.step(at, state=State.SIGNED)

    def contact(self, pk: int, at: datetime) -> None:
        record_contact(case_id=pk, reached=True, by=self.clerk, as_of=at)
        state = State.CONTACTED if self.model.last.state is State.SIGNED else self.model.last.state
        self.model.step(at, contacted=True, state=state)

    def feed_back(self, pk: int, at: datetime) -> None:
        submit_feedback(
            case_id=pk, result="resolved", real=True, answer="已解决", by=self.clerk, as_of=at
        )
        self._end_halts(at)
        self.model.step(at, state=State.FEEDBACK_SUBMITTED)

    def redo(self, pk: int, at: datetime) -> None:
        redo_case(case_id=pk, opinion="没修好", by=self.city.dispatcher, as_of=at)
        self._end_halts(at)
        self._sent(at, "redo")

    def give_on(self, pk: int, at: datetime) -> None:
        unit = Case.objects.get(pk=pk).unit
        other = UNITS[0] if unit is None or unit.code == UNITS[1] else UNITS[1]
        redispatch_case(case_id=pk, unit=other, why="辖区", by=self.city.dispatcher, as_of=at)
        given = self.model.last.given
        assert given is not None
        self._end_halts(at)
        self._sent(at, given.limit)

    def give_back(self, pk: int, at: datetime) -> None:
        return_case(
            case_id=pk, reason="not_our_duty", statement="不归我们", by=self.clerk, as_of=at
        )
        self._end_halts(at)
        self.model.step(at, state=State.CLASSIFIED, given=None)

    def dispatch(self, pk: int, at: datetime) -> None:
        dispatch_case(case_id=pk, by=self.city.dispatcher, as_of=at)
        self._sent(at, "7d")

    def _sent(self, at: datetime, limit: str) -> None:
        """Both clocks begin anew, and the caller is to be contacted again."""
        given = Given(at, limit)
        self.model.step(at, state=State.DISPATCHED, contacted=False, given=given)

    def wait(self, pk: int, at: datetime) -> None:
        made = wait_for_caller(case_id=pk, by=self.clerk, as_of=at)
        self._halt(Halt(at, made.end))

    def resume(self, pk: int, at: datetime) -> None:
        resume(case_id=pk, by=self.clerk, as_of=at)
        self._end_halts(at, waiting_only=True)

    def park(self, pk: int, at: datetime) -> None:
        self._parked(pk, at, on=True)
        given = self.model.last.given
        if given is not None and not any(
            halt.planned is None and halt.ended_at is None for halt in given.halts
        ):
            self._halt(Halt(at, None))

    def unpark(self, pk: int, at: datetime) -> None:
        self._parked(pk, at, on=False)
        given = self.model.last.given
        for halt in given.halts if given else ():
            if halt.planned is None and halt.ended_at is None:
                halt.ended_at = at

    def extend(self, pk: int, at: datetime) -> None:
        ask_extension(
            case_id=pk, reason="works_needed", statement="采购", amount=3,
            unit_of_time="natural_day", caller_told_at=at, by=self.clerk, as_of=at,
        )  # fmt: skip
        decide_extension(case_id=pk, granted=True, by=self.city.dispatcher, as_of=at)
        given = self.model.last.given
        assert given is not None
        given.extended_at.append(at)

    def _parked(self, pk: int, at: datetime, *, on: bool) -> None:
        """As the claims do it, while the unit is at work."""
        with changing(pk, "claim", by=Actor.system("test"), as_of=at) as change:
            if change.case.state not in AT_WORK:
                raise Invalid({"state": Text("not at work")})
            (pause if on else resume_clocks)(change, Pause.Cause.PARKED)
            change.set(parked=on)
            change.event("parked" if on else "unparked")

    def _halt(self, halt: Halt) -> None:
        given = self.model.last.given
        assert given is not None
        given.halts.append(halt)

    def _end_halts(self, at: datetime, *, waiting_only: bool = False) -> None:
        given = self.model.last.given
        for halt in given.halts if given else ():
            if halt.ended_at is None and (halt.planned is not None or not waiting_only):
                halt.ended_at = at if halt.planned is None else min(at, halt.planned)


AT_ANY_WORK = ("give_on", "park", "unpark", "extend")
STEPS: dict[State, tuple[str, ...]] = {
    State.CLASSIFIED: ("dispatch",),
    State.DISPATCHED: ("sign", "sign", "give_back", *AT_ANY_WORK),
    State.SIGNED: ("contact", "contact", "contact", "feed_back", "give_back", *AT_ANY_WORK),
    State.CONTACTED: ("feed_back", "feed_back", "wait", "wait", "wait", *AT_ANY_WORK),
    State.FEEDBACK_SUBMITTED: ("redo",),
}
"""What may be tried in a state; some of it is refused, for a window has passed and the like."""


@hypothesis.settings(
    max_examples=40, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(
    data=st.data(),
    n_steps=st.integers(0, 9),
    moments=st.lists(st.integers(-30, 900), min_size=3, max_size=5),
)
def test_what_is_overdue_at_any_moment_is_what_a_plain_model_says(
    city: City, data: st.DataObject, n_steps: int, moments: list[int]
) -> None:
    desk = Desk(city)
    for _ in range(n_steps):
        steps = STEPS[desk.model.last.state]
        if desk.waits:
            steps += ("resume",) * len(steps)
        step = data.draw(st.sampled_from(steps))
        desk.do(step, data.draw(st.sampled_from((0, 1, 5, 23, 24, 60, 150))))
    case = Case.objects.get(pk=desk.case.pk)
    assert case.state == desk.model.last.state
    looked = {NOW + n * HOUR for n in moments}
    looked |= {step.at for step in desk.model.steps[-2:]}
    looked |= {case.due_at + shift for shift in (-INSTANT, timedelta(), INSTANT) if case.due_at}
    for moment in sorted(looked):
        expected = desk.model.marks(moment)
        assert shown(case, moment, past=True) == expected, (moment, desk.model.steps)
        if moment >= desk.at:
            assert shown(case, moment, past=False) == expected, moment


def shown(case: Case, moment: datetime, *, past: bool) -> Marks:
    """The marks of a case, that are also what the queries find."""
    one = Case.objects.filter(pk=case.pk)
    said = marks(case, moment, past=past)
    assert overdue(one, moment, past=past).exists() is said.overdue
    assert contact_overdue(one, moment, past=past).exists() is said.contact_overdue
    assert soon_due(one, moment, SOON, past=past).exists() is said.soon
    return said


def test_at_the_deadline_a_case_is_not_overdue_and_an_instant_later_it_is(city: City) -> None:
    case = city.received()
    assert case.due_at is not None
    at_deadline, later = marks(case, case.due_at), marks(case, case.due_at + INSTANT)
    assert (at_deadline.overdue, at_deadline.soon) == (False, True)
    assert (later.overdue_by, later.soon) == (INSTANT, False)


def test_a_case_that_fed_back_late_was_overdue_before_and_is_not_after(city: City) -> None:
    case = city.received()
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW)
    submit_feedback(
        case_id=case.pk, result="resolved", real=True, answer="已解决", by=city.clerk,
        as_of=NOW + 9 * DAY,
    )  # fmt: skip
    late = NOW + 8 * DAY
    assert list(overdue(Case.objects.all(), late, past=True)) == [case]
    assert list(overdue(Case.objects.all(), NOW + 9 * DAY, past=True)) == []
    assert list(overdue(Case.objects.all(), NOW + 9 * DAY)) == []


def test_before_it_came_in_a_case_was_not_there(city: City) -> None:
    case = city.received()
    Case.objects.filter(pk=case.pk).update(due_at=NOW - DAY)
    assert not overdue(Case.objects.all(), NOW - INSTANT, past=True).exists()
    assert overdue(Case.objects.all(), NOW, past=True).exists()


def many(city: City, due: list[int]) -> list[Case]:
    """Cases of a street that are due so many hours from now."""
    cases = []
    for hours in due:
        case = city.received(new_facts=True)
        Case.objects.filter(pk=case.pk).update(due_at=NOW + hours * HOUR)
        cases.append(case)
    return cases


def all_pages(actor: Actor, limit: int, unit: str = "") -> list[int]:
    keys: list[int] = []
    after: QueueKey | None = None
    while True:
        page = unit_queue(actor, NOW, unit=unit, after=after, limit=limit)
        assert len(page.rows) <= limit
        keys += [row.case.pk for row in page.rows]
        if page.after is None:
            return keys
        after = page.after


def test_a_queue_has_the_open_cases_of_the_unit_the_first_due_first(city: City) -> None:
    cases = many(city, [5, 3, 9, 3, -2])
    city.received(ELEVATOR, place="110102001", new_facts=True)
    closed, at_review = many(city, [1, 2])
    Case.objects.filter(pk=closed.pk).update(state=State.CLOSED)
    Case.objects.filter(pk=at_review.pk).update(state=State.FEEDBACK_SUBMITTED)
    page = unit_queue(city.clerk, NOW)
    assert [row.case.pk for row in page.rows] == [cases[n].pk for n in (4, 1, 3, 0, 2)]
    assert [row.marks.overdue for row in page.rows] == [True] + [False] * 4
    assert page.after is None


@pytest.mark.parametrize("limit", [1, 2, 3, 20])
def test_pages_of_a_queue_join_without_gap_or_overlap(city: City, limit: int) -> None:
    cases = many(city, [5, 3, 3, 3, 9, 3, -2])
    expected = [cases[n].pk for n in (6, 1, 2, 3, 5, 0, 4)]
    assert all_pages(city.clerk, limit) == expected
    assert all_pages(city.coordinator, limit) == expected


def test_a_queue_may_be_narrowed_to_what_is_urgent(city: City) -> None:
    cases = many(city, [5, 3, 3, 9])
    Case.objects.filter(pk__in=[cases[0].pk, cases[2].pk]).update(urgent=True)
    page = unit_queue(city.clerk, NOW, urgent=True, limit=1)
    assert [row.case for row in page.rows] == [cases[2]]
    page = unit_queue(city.clerk, NOW, urgent=True, limit=1, after=page.after)
    assert ([row.case for row in page.rows], page.after) == ([cases[0]], None)
    rest = unit_queue(city.clerk, NOW, urgent=False)
    assert [row.case for row in rest.rows] == [cases[1], cases[3]]


def test_a_coordinator_sees_the_queues_of_the_district_as_one(city: City) -> None:
    cases = many(city, [5, 3, 9, 4])
    for case in cases[:2]:
        Case.objects.filter(pk=case.pk).update(unit=city.unit["110101002"])
    elsewhere = city.received(place="110102001", new_facts=True)
    assert all_pages(city.coordinator, 2) == [cases[n].pk for n in (1, 3, 0, 2)]
    assert all_pages(city.coordinator, 2, "110101002") == [cases[1].pk, cases[0].pk]
    assert all_pages(city.other_coordinator, 2) == [elsewhere.pk]


def test_who_sees_the_city_names_a_unit_and_others_see_only_theirs(city: City) -> None:
    [case] = many(city, [5])
    assert all_pages(city.dispatcher, 5, "110101001") == [case.pk]
    with pytest.raises(Invalid, match="name the unit"):
        unit_queue(city.leader, NOW)
    for unit in ("110101001", "999"):
        with pytest.raises(NotFound):
            unit_queue(city.other_clerk, NOW, unit=unit)
    assert unit_queue(Actor.resident(), NOW).rows == ()
