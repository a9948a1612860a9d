"""Supervision by hand, and what units answer; what rules raise is in test_sweep."""

from dataclasses import replace

import pytest

from jiesu.cases.actions.dispatching import redispatch_case
from jiesu.cases.actions.supervision import answer_supervision, raise_supervision
from jiesu.cases.models import Supervision
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, MoveRefused, NotFound
from jiesu.cases.sweep import sweep
from tests.cases.calling import DAY, HOUR, LIMIT, MINUTE, answered, assert_whole, due_case
from tests.cases.cast import LIGHTS, NOW, STALLS, City


def supervised(city: City) -> Supervision:
    case = city.received()
    sweep(NOW + DAY + MINUTE)
    return case.supervisions.get()


def test_a_unit_answers_its_supervision_once(city: City) -> None:
    row = supervised(city)
    at = NOW + DAY + HOUR
    answer_supervision(
        case_id=row.case_id, supervision_id=row.pk, answer="已联系张三", by=city.clerk, as_of=at
    )
    row.refresh_from_db()
    assert (row.answered_at, row.answered_by) == (at, city.clerk.user)
    assert words_of(row.case, row, "answer") == "已联系张三"
    event = row.case.events.get(kind="supervision_answered")
    assert set(event.changes["answer"]) == {"digest"}
    assert_whole(row.case)
    with pytest.raises(Conflict, match="is not changed"):
        answer_supervision(
            case_id=row.case_id, supervision_id=row.pk, answer="再答", by=city.head, as_of=at
        )


def test_only_the_unit_under_supervision_answers(city: City) -> None:
    row = supervised(city)

    def answer(by: object, text: str = "答复", key: int = row.pk) -> Supervision:
        return answer_supervision(
            case_id=row.case_id, supervision_id=key, answer=text, by=by, as_of=NOW + 2 * DAY  # type: ignore[arg-type]
        )  # fmt: skip

    with pytest.raises(NotFound):
        answer(city.other_clerk)
    for by in (city.dispatcher, city.coordinator, city.caller, city.evaluator):
        with pytest.raises(Forbidden):
            answer(by)
    with pytest.raises(Invalid, match="answer"):
        answer(city.clerk, " ")
    with pytest.raises(NotFound):
        answer(city.clerk, key=row.pk + 1)
    redispatch_case(
        case_id=row.case_id, unit="110101002", why="属地更正", by=city.dispatcher,
        as_of=NOW + 2 * DAY,
    )  # fmt: skip
    with pytest.raises(Forbidden):
        answer(replace(city.clerk, unit_id=city.unit["110101002"].pk))
    assert Supervision.objects.get(pk=row.pk).answered_at is None
    # The case has gone elsewhere; who was put under supervision still owes the answer.
    answer(city.clerk)
    assert Supervision.objects.get(pk=row.pk).answered_at == NOW + 2 * DAY


def test_a_later_unit_does_not_answer_for_the_one_before(city: City) -> None:
    row = supervised(city)
    Supervision.objects.filter(pk=row.pk).update(unit=city.unit["110101002"])
    with pytest.raises(Forbidden):
        answer_supervision(
            case_id=row.case_id, supervision_id=row.pk, answer="答复", by=city.clerk,
            as_of=NOW + 2 * DAY,
        )  # fmt: skip


def test_a_district_answers_for_what_waits_there(city: City) -> None:
    case = city.received(STALLS)
    sweep(NOW + DAY + MINUTE)
    row = answer_supervision(
        case_id=case.pk, supervision_id=case.supervisions.get().pk, answer="已转街道",
        by=city.coordinator, as_of=NOW + DAY + HOUR,
    )  # fmt: skip
    assert row.unit == city.unit["110101"]


def test_it_is_answered_also_after_the_case_has_closed(city: City) -> None:
    case = due_case(city)
    sweep(LIMIT + MINUTE)
    answered(case, city.caller, LIMIT + HOUR)
    row = case.supervisions.get(rule="overdue")
    answer_supervision(
        case_id=case.pk, supervision_id=row.pk, answer="说明原因", by=city.clerk, as_of=LIMIT + DAY
    )
    assert_whole(case)


def test_the_city_raises_supervision_by_hand_each_time_anew(city: City) -> None:
    case = city.received()
    rows = [
        raise_supervision(case_id=case.pk, words=words, by=by, as_of=NOW + HOUR)
        for words, by in (("今日办结张三一事", city.dispatcher), ("立即办理", city.evaluator))
    ]
    assert [(row.rule, row.occasion, row.unit) for row in rows] == [
        ("", 1, city.unit["110101001"]), ("", 2, city.unit["110101001"]),
    ]  # fmt: skip
    assert words_of(case, rows[0], "words") == "今日办结张三一事"
    assert "张三" not in str(list(case.events.values_list("changes", flat=True)))
    assert_whole(case)


def test_supervision_by_hand_needs_words_a_unit_and_the_right_role(city: City) -> None:
    case, waiting = city.received(), city.received(LIGHTS)
    with pytest.raises(Invalid, match="words"):
        raise_supervision(case_id=case.pk, words="", by=city.dispatcher, as_of=NOW)
    with pytest.raises(MoveRefused):
        raise_supervision(case_id=waiting.pk, words="督办", by=city.dispatcher, as_of=NOW)
    for by in (city.clerk, city.coordinator, city.operator, city.caller, city.leader):
        with pytest.raises(Forbidden):
            raise_supervision(case_id=case.pk, words="督办", by=by, as_of=NOW)
    assert not Supervision.objects.exists()
