"""What becomes of a case that its unit returned after its call-back had fallen due."""

from datetime import timedelta

from jiesu.cases.actions import dispatching, objections
from jiesu.cases.history.case_audit import Known, found_in_cases
from jiesu.cases.models import Case
from jiesu.cases.sweep import sweep
from tests.cases.cast import HEATING, NOW, City

HOUR = timedelta(hours=1)


def returned_late(city: City) -> Case:
    """A case of two hours that its unit returns after its call-back has fallen due."""
    case = city.received(HEATING)
    sweep(NOW + 3 * HOUR)
    objections.return_case(
        case_id=case.pk, reason="not_our_duty", statement="不归我们", by=city.enterprise,
        as_of=NOW + 3 * HOUR,
    )  # fmt: skip
    return case


def test_a_returned_case_is_called_about_when_the_limit_of_its_next_unit_expires(
    city: City,
) -> None:
    case = returned_late(city)
    at = NOW + 4 * HOUR
    dispatching.dispatch_case(
        case_id=case.pk, unit="D01", limit="24h", why="职责", by=city.dispatcher, as_of=at
    )
    callback = case.callbacks.get()
    assert (callback.state, callback.due_at, callback.next_at) == ("due", *2 * (at + 24 * HOUR,))
    assert callback.unit == city.unit["D01"]


def test_a_case_that_is_answered_without_a_unit_leaves_nothing_open(city: City) -> None:
    case, at = returned_late(city), NOW + 4 * HOUR
    objections.consult_units(
        case_id=case.pk, units=["D01"], question="谁办", by=city.dispatcher, as_of=at
    )
    dispatching.dispose_case(
        case_id=case.pk, reason="answered", answer="已告知", by=city.dispatcher, as_of=at
    )
    case.refresh_from_db()
    assert (case.state, case.ended_at) == ("answered", at)
    assert (case.callbacks.get().state, case.callbacks.get().ended_at) == ("invalid", at)
    assert case.consultations.get().closed_at == at
    kinds = list(case.events.order_by("seq").values_list("kind", flat=True))
    assert kinds[-3:] == ["consultation_lapsed", "callback_invalid", "answered"]
    assert found_in_cases(case.pk, case.pk, Known()).findings == {}
