"""What tests of call-backs have in common: a case up to its limit, a clerk who calls."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from jiesu.cases.actions.callbacks import Answers, record_attempt, record_callback, take_callback
from jiesu.cases.actions.handling import sign_case, start_handling, submit_feedback
from jiesu.cases.actor import Actor
from jiesu.cases.history.events import chain_of
from jiesu.cases.models import Attempt, Callback, Case, Role, RuleVersion, User
from jiesu.cases.refusals import Refusal
from jiesu.cases.rulebook import rules_changed
from jiesu.cases.sweep import sweep
from jiesu.core.chain import check_chain
from tests.cases.cast import NOW, City

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
LIMIT = NOW + timedelta(days=7)
"""When a case that `city.received()` made at `NOW` is due."""

HAPPY = Answers(contacted=True, resolved="yes", satisfaction="satisfied")
ANGRY = Answers(contacted=False, resolved="no", satisfaction="dissatisfied", words="没人来过")


def due_case(city: City, **more: object) -> Case:
    """A case whose call-back has just fallen due, whatever its unit did."""
    case = city.received(**more)  # type: ignore[arg-type]
    sweep(LIMIT)
    case.refresh_from_db()
    return case


def missed(case: Case, by: Actor, at: datetime) -> Callback:
    """Call in vain."""
    take_callback(by=by, as_of=at, case_id=case.pk)
    return record_attempt(case_id=case.pk, outcome=Attempt.Outcome.NO_ANSWER, by=by, as_of=at)


def answered(case: Case, by: Actor, at: datetime, answers: Answers = HAPPY) -> Callback:
    """Call, and write down the answers."""
    take_callback(by=by, as_of=at, case_id=case.pk)
    return record_callback(case_id=case.pk, answers=answers, by=by, as_of=at)


def set_rule(before: str, after: str) -> None:
    """Change the text of the desk's rules in force."""
    row = RuleVersion.objects.get(kind=RuleVersion.Kind.DESK)
    assert before in row.text
    RuleVersion.objects.filter(pk=row.pk).update(text=row.text.replace(before, after))
    rules_changed()


def with_feedback(city: City, case: Case) -> None:
    """The unit signs, works and submits its feedback two days later."""
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + DAY)
    start_handling(case_id=case.pk, by=city.clerk, as_of=NOW + DAY)
    submit_feedback(
        case_id=case.pk, result="resolved", real=True, answer="已解决", by=city.clerk,
        as_of=NOW + 2 * DAY,
    )  # fmt: skip


def kinds(case: Case) -> list[str]:
    return list(case.events.order_by("seq").values_list("kind", flat=True))


def assert_whole(case: Case) -> None:
    case.refresh_from_db()
    broken = check_chain(chain_of(case), case=case.number, head=case.head, n_events=case.n_events)
    assert broken is None


def city_caller(name: str, unit: str = "", city: City | None = None) -> Actor:
    chosen = city.unit[unit] if city and unit else None
    return Actor.of(User.objects.create_user(name, role=Role.CALLER, unit=chosen), "127.0.0.1")


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each of some acts gives that begin at one moment, in threads."""
    gate, results = threading.Barrier(len(acts)), dict[int, object]()

    def run(position: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            results[position] = act()
        except Refusal as refusal:
            results[position] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[position] for position in range(len(acts))]
