"""Exclusion, parking and appeal: who says what when, what it does, what it would do."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from jiesu.cases.actions.claims import (
    decide_claim,
    end_parking,
    review_claim,
    weigh_claim,
    withdraw_claim,
)
from jiesu.cases.actions.dispatching import redispatch_case
from jiesu.cases.actions.handling import sign_case, submit_feedback
from jiesu.cases.actions.supervision import raise_supervision
from jiesu.cases.actor import Actor
from jiesu.cases.change import changing
from jiesu.cases.claim_rules import window_end
from jiesu.cases.figures.caps import most_excluded
from jiesu.cases.figures.running import evaluated
from jiesu.cases.history.events import chain_of
from jiesu.cases.models import Callback, Case, Claim, Role, RuleVersion, Unit, User
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.privacy.vault import Person
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, NotFound, Stale
from jiesu.cases.rulebook import rules_changed
from jiesu.cases.sweep import sweep
from jiesu.core.chain import check_chain
from tests.cases.cast import NOW, ZONE, City
from tests.cases.claiming import (
    DAY,
    ENDED,
    HOUR,
    approved,
    claimed,
    decided,
    row_of,
    supported,
)
from tests.cases.test_running import called_back, unit_of
from tests.core.pages import table


@pytest.fixture(autouse=True)
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The live export lies in the test's own folder."""
    monkeypatch.setattr("jiesu.cases.figures.export.live_folder", lambda: tmp_path / "live")


def closed(case: Case, resolved: str = "no", satisfaction: str = "dissatisfied") -> Case:
    """A case whose first call-back has ended with answers."""
    called_back(case, ENDED, resolved, satisfaction)
    with changing(case.pk, "close_for_test", by=SYSTEM, as_of=ENDED) as change:
        change.set(state="closed", ended_at=ENDED, paused_since=None)
        change.event("closed")
    case.refresh_from_db()
    return case


SYSTEM = Actor.system("test")


@pytest.fixture(autouse=True)
def closing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An action of these tests alone."""
    from jiesu.cases.scopes import ACTIONS

    monkeypatch.setitem(ACTIONS, "close_for_test", ())


PHONES = count(13800000001)


def somebody() -> Person:
    """A caller who has not called before and can be called back."""
    return Person(phone=str(next(PHONES)))


def others(city: City, n: int, *, excluded: int = 0) -> None:
    """More cases of the same street and month, of which some are excluded."""
    for number in range(n):
        case = closed(city.received(person=somebody(), at=NOW + number * HOUR), "yes", "satisfied")
        if number < excluded:
            Case.objects.filter(pk=case.pk).update(excluded=True, exclusion_reason="court")


def test_an_exclusion_is_claimed_reviewed_and_decided(city: City) -> None:
    others(city, 9)
    case = closed(city.received())
    claim = approved(city, case)
    case.refresh_from_db()
    assert (case.excluded, case.exclusion_reason) == (True, "court")
    assert row_of(case)["exclusion_reason"] == "正在诉讼或仲裁"
    claim.refresh_from_db()
    assert (claim.state, claim.unit.code) == ("approved", "110101001")
    people = (claim.claimed_by, claim.reviewed_by, claim.decided_by)
    assert people == (city.head.user, city.coordinator.user, city.evaluator.user)
    assert words_of(case, claim, "evidence") == "法院受理通知书，张三"
    assert (words_of(case, claim, "review"), words_of(case, claim, "decision")) == ("属实", "同意")


def test_the_history_tells_each_step_and_no_words(city: City) -> None:
    others(city, 9)
    case = closed(city.received())
    approved(city, case)
    case.refresh_from_db()
    events = list(case.events.order_by("seq"))[-3:]
    assert [event.kind for event in events] == ["claimed", "claim_reviewed", "claim_decided"]
    assert events[2].changes["excluded"] == [False, True]
    assert events[2].changes["effect"]["now"]["volume"] == 10
    told = str([event.changes for event in events])
    assert not any(words in told for words in ("张三", "属实", "同意"))
    broken = check_chain(chain_of(case), case=case.number, head=case.head, n_events=case.n_events)
    assert broken is None


def test_a_refused_claim_changes_nothing_and_is_not_made_again_for_the_same_reason(
    city: City,
) -> None:
    case = closed(city.received())
    claim = supported(city, claimed(city, case))
    decided(city, claim, approves=False)
    case.refresh_from_db()
    assert not case.excluded
    with pytest.raises(Conflict, match="claimed and refused"):
        claimed(city, case)
    assert claimed(city, case, reason="withdrawn").state == "claimed"


def test_what_the_district_refuses_does_not_come_before_the_city(city: City) -> None:
    case = closed(city.received())
    claim = claimed(city, case)
    review_claim(
        claim_id=claim.pk, supports=False, opinion="不属实", by=city.coordinator, as_of=ENDED + HOUR
    )
    with pytest.raises(Conflict, match="decided"):
        weigh_claim(claim_id=claim.pk, by=city.evaluator, as_of=ENDED + HOUR)
    with pytest.raises(Conflict, match="decided or withdrawn: nothing is changed"):
        decide_claim(
            claim_id=claim.pk, approves=True, opinion="x", by=city.evaluator, as_of=ENDED + HOUR
        )


def test_what_was_shown_is_what_is_decided(city: City) -> None:
    others(city, 9)
    case = closed(city.received())
    claim = supported(city, claimed(city, case))

    def decide(at: datetime) -> Claim:
        return decide_claim(
            claim_id=claim.pk, approves=True, opinion="同意", by=city.evaluator, as_of=at
        )

    weigh_claim(claim_id=claim.pk, by=city.evaluator, as_of=ENDED + 3 * HOUR)
    with pytest.raises(Conflict, match="a day has passed"):
        decide(ENDED + 3 * HOUR + DAY + timedelta(seconds=1))
    raise_supervision(case_id=case.pk, words="核实", by=city.dispatcher, as_of=ENDED + 4 * HOUR)
    with pytest.raises(Conflict, match="case has changed"):
        decide(ENDED + 5 * HOUR)
    weigh_claim(claim_id=claim.pk, by=city.evaluator, as_of=ENDED + 5 * HOUR)
    assert decide(ENDED + 5 * HOUR + DAY).state == "approved"


def test_what_fell_due_before_any_sweep_comes_before_the_effect(city: City) -> None:
    case = city.received()
    claim = supported(city, claimed(city, case, as_of=NOW + HOUR), NOW + 2 * HOUR)
    assert decided(city, claim, NOW + 8 * DAY, approves=False).state == "refused"
    assert case.callbacks.get().state == "due"


def test_the_city_waits_for_the_district_and_looks_at_the_effect(city: City) -> None:
    others(city, 9)
    case = closed(city.received())
    claim = claimed(city, case)
    with pytest.raises(Conflict, match="district reviews this claim first"):
        decided(city, claim)
    supported(city, claim)
    Claim.objects.update(effect={})
    with pytest.raises(Conflict, match="look at the effect"):
        decide_claim(
            claim_id=claim.pk, approves=True, opinion="x", by=city.evaluator, as_of=ENDED + HOUR
        )


def test_a_unit_without_a_district_comes_before_the_city_at_once(city: City) -> None:
    case = city.received()
    redispatch_case(case_id=case.pk, unit="D01", why="职责", by=city.dispatcher, as_of=NOW + HOUR)
    head = Actor.of(User.objects.create_user("d01", role=Role.HEAD, unit=city.unit["D01"]))
    claim = claimed(city, case, "parking", by=head, as_of=NOW + 2 * HOUR)
    assert decided(city, claim, NOW + 3 * HOUR).state == "approved"


def test_nor_does_a_unit_below_another_that_is_no_district_wait_for_a_review(city: City) -> None:
    branch = Unit.objects.create(
        code="D01a", name="分局", kind="department", parent=city.unit["D01"]
    )
    rules_changed()
    case = city.received()
    redispatch_case(case_id=case.pk, unit="D01a", why="职责", by=city.dispatcher, as_of=NOW + HOUR)
    head = Actor.of(User.objects.create_user("d01a", role=Role.HEAD, unit=branch))
    claim = claimed(city, case, "parking", by=head, as_of=NOW + 2 * HOUR)
    assert decided(city, claim, NOW + 3 * HOUR).state == "approved"


@pytest.mark.parametrize(
    "name", ["clerk", "other_clerk", "department", "coordinator", "evaluator", "dispatcher"]
)
def test_only_the_head_of_the_unit_claims(city: City, name: str) -> None:
    case = closed(city.received())
    with pytest.raises((Forbidden, NotFound)):
        claimed(city, case, by=getattr(city, name))


def test_nobody_reviews_or_decides_a_claim_of_their_own(city: City) -> None:
    case = closed(city.received())
    claim = claimed(city, case)
    with pytest.raises(NotFound):
        review_claim(
            claim_id=claim.pk, supports=True, opinion="x", by=city.other_coordinator, as_of=ENDED
        )
    # The head was promoted meanwhile: to the district, then to the city.
    assert city.head.user is not None
    promoted = replace(city.head, role=Role.COORDINATOR, unit_id=city.unit["110101"].pk)
    with pytest.raises(Forbidden, match="your say"):
        review_claim(claim_id=claim.pk, supports=True, opinion="x", by=promoted, as_of=ENDED)
    supported(city, claim)
    weigh_claim(claim_id=claim.pk, by=city.evaluator, as_of=ENDED + HOUR)
    for actor in (city.head, city.coordinator):
        judge = replace(actor, role=Role.EVALUATOR, unit_id=None)
        with pytest.raises(Forbidden, match="your say"):
            decide_claim(claim_id=claim.pk, approves=True, opinion="x", by=judge, as_of=ENDED)
    judge = replace(city.evaluator, unit_id=city.unit["110101"].pk)
    with pytest.raises(Forbidden, match="your own unit"):
        decide_claim(claim_id=claim.pk, approves=True, opinion="x", by=judge, as_of=ENDED)


def test_the_head_withdraws_a_claim_while_it_is_open(city: City) -> None:
    case = closed(city.received())
    claim = claimed(city, case)
    with pytest.raises(Conflict, match="claim is open"):
        claimed(city, case, reason="withdrawn")
    withdraw_claim(claim_id=claim.pk, by=city.head, as_of=ENDED + HOUR)
    with pytest.raises(Conflict, match="withdrawn"):
        withdraw_claim(claim_id=claim.pk, by=city.head, as_of=ENDED + HOUR)
    assert claimed(city, case).state == "claimed"


def test_the_windows_end_to_the_microsecond(city: City) -> None:
    case = closed(city.received())
    # Seven natural days; three working days: Thursday, Friday, Monday.
    for kind, last in (("exclusion", ENDED + 7 * DAY), ("appeal", ENDED + 5 * DAY)):
        claim = claimed(city, case, kind, as_of=last)
        withdraw_claim(claim_id=claim.pk, by=city.head, as_of=last)
        with pytest.raises(Conflict, match="window for this passed"):
            claimed(city, case, kind, as_of=last + timedelta(microseconds=1))


def test_an_exclusion_may_be_claimed_from_the_dispatch_on_and_an_appeal_after_the_call_back(
    city: City,
) -> None:
    case = city.received()
    with pytest.raises(Conflict, match="after the call-back"):
        claimed(city, case, "appeal", as_of=NOW)
    assert claimed(city, case, as_of=NOW).state == "claimed"


def test_what_is_wrong_with_a_claim_is_said(city: City) -> None:
    case = closed(city.received())
    with pytest.raises(Invalid, match="exclusion, parking, appeal"):
        claimed(city, case, "praise", reason="court")
    with pytest.raises(Invalid, match="use one of court"):
        claimed(city, case, reason="bad_luck")
    with pytest.raises(Invalid, match="evidence"):
        claimed(city, case, evidence=" ")
    with pytest.raises(Stale):
        claimed(city, case, expected=case.version - 1)
    with pytest.raises(NotFound):
        withdraw_claim(claim_id=99, by=city.head, as_of=ENDED)


def test_a_cap_is_counted_exactly_and_the_refusal_says_the_numbers(city: City) -> None:
    # Of ten cases of the month three may be excluded, one of them for a capped reason.
    others(city, 7, excluded=1)
    cases = [closed(city.received(person=somebody())) for _ in range(3)]
    approved(city, cases[0], reason="key_project")
    claim = supported(city, claimed(city, cases[1], reason="key_project"))
    with pytest.raises(Conflict, match="10 cases of 2022-02 at most 10 percent may be excluded "
                       "for this reason: 1, and 1 are"):  # fmt: skip
        decided(city, claim)
    decided(city, claim, approves=False)
    approved(city, cases[1], reason="court")
    claim = supported(city, claimed(city, cases[2], reason="petition_ended"))
    with pytest.raises(Conflict, match="at most 30 percent may be excluded: 3, and 3 are"):
        decided(city, claim)
    claim.refresh_from_db()
    assert claim.state == "supported"
    assert Case.objects.filter(excluded=True).count() == 3


def test_what_counts_in_no_month_yet_waits_for_its_cap(city: City) -> None:
    policy = RuleVersion.objects.get(kind=RuleVersion.Kind.POLICY)
    text = policy.text.replace('by = "created_at"', 'by = "callback_at"')
    RuleVersion.objects.filter(pk=policy.pk).update(text=text)
    rules_changed()
    case = city.received()
    claim = supported(city, claimed(city, case, as_of=NOW + HOUR), NOW + 2 * HOUR)
    with pytest.raises(Conflict, match="no assessment month yet"):
        decided(city, claim, NOW + 3 * HOUR)
    closed(case)
    with pytest.raises(Conflict, match="1 cases of 2022-02 at most"):
        decided(city, claim)


def test_the_caps_of_the_method_page() -> None:
    for row in table("claims", "cases of the month", "percent", "may be excluded"):
        most = most_excluded(int(row["cases of the month"]), int(row["percent"]))
        assert most == int(row["may be excluded"]), row


def test_the_windows_of_the_method_page(city: City) -> None:
    case = city.received()
    for row in table("claims", "claim", "call-back ended", "last moment"):
        ended, last = (
            datetime.fromisoformat(row[key]).replace(tzinfo=ZONE)
            for key in ("call-back ended", "last moment")
        )
        assert window_end(case, ended, row["claim"]) == last, row


def test_cases_of_another_month_or_unit_do_not_count_for_a_cap(city: City) -> None:
    for n in range(9):
        closed(city.received(person=somebody(), place="110101002", at=NOW + n * HOUR))
        closed(city.received(person=somebody(), at=NOW - 40 * DAY + n * HOUR))
    claim = supported(city, claimed(city, closed(city.received())))
    with pytest.raises(Conflict, match="of the unit's 1 cases of 2022-02"):
        decided(city, claim)


def test_an_upheld_appeal_makes_the_call_back_void_and_keeps_its_answers(city: City) -> None:
    case = closed(city.received())
    approved(city, case, "appeal")
    callback = Callback.objects.get(case=case)
    assert (callback.void, callback.resolved, callback.satisfaction) == (
        True, "no", "dissatisfied",
    )  # fmt: skip
    row = row_of(case)
    assert (row["callback_valid"], row["callback_resolved"]) == (False, "no")
    with pytest.raises(Conflict, match="void already"):
        claimed(city, case, "appeal")


def test_an_appeal_that_another_unit_should_answer_excludes_the_case(city: City) -> None:
    case = closed(city.received())
    approved(city, case, "appeal", reason="wrong_unit")
    case.refresh_from_db()
    assert (case.excluded, case.exclusion_reason) == (True, "wrong_unit")
    assert not Callback.objects.get(case=case).void
    assert row_of(case)["exclusion_reason"] == "不应由本单位承担"


def test_there_is_one_appeal_a_call_back_and_none_without_answers(city: City) -> None:
    case = closed(city.received())
    decided(city, supported(city, claimed(city, case, "appeal")), approves=False)
    with pytest.raises(Conflict, match="was decided"):
        claimed(city, case, "appeal", reason="wrong_unit")
    Claim.objects.all().delete()
    Callback.objects.update(state="invalid", contacted=None, resolved="", satisfaction="")
    with pytest.raises(Conflict, match="nobody was reached"):
        claimed(city, case, "appeal")
    assert claimed(city, case, "appeal", reason="wrong_unit").state == "claimed"


def test_an_appeal_is_about_the_call_back_before_it(city: City) -> None:
    case = closed(city.received())
    claim = supported(city, claimed(city, case, "appeal"))
    # Meanwhile the case was redone and called back again.
    called_back(case, ENDED + 2 * HOUR, "yes", "satisfied")
    decided(city, claim)
    assert list(Callback.objects.order_by("round").values_list("void", flat=True)) == [True, False]


def test_a_parked_case_rests_until_its_parking_ends(city: City) -> None:
    case = city.received()
    claim = approved(city, case, "parking", as_of=NOW + DAY)
    case.refresh_from_db()
    parked_at = NOW + DAY + 2 * HOUR
    assert (case.parked, case.paused_since) == (True, parked_at)
    assert row_of(case)["due_at"] is None
    with pytest.raises(Conflict, match="parked already"):
        claimed(city, case, "parking", as_of=NOW + 2 * DAY)
    end_parking(case_id=case.pk, why="资金已落实", by=city.evaluator, as_of=parked_at + 10 * DAY)
    case.refresh_from_db()
    claim.refresh_from_db()
    assert (case.parked, case.paused_since, case.due_at) == (False, None, NOW + 17 * DAY)
    assert claim.ended_at == parked_at + 10 * DAY
    assert words_of(case, claim, "end_words") == "资金已落实"
    with pytest.raises(Conflict, match="not parked"):
        end_parking(case_id=case.pk, why="x", by=city.head, as_of=parked_at + 11 * DAY)


def test_a_parked_case_with_feedback_is_called_back_at_its_limit(city: City) -> None:
    case = city.received()
    approved(city, case, "parking", as_of=NOW + DAY)
    resumed = NOW + 3 * DAY + 2 * HOUR
    sign_case(case_id=case.pk, by=city.clerk, as_of=resumed)
    submit_feedback(
        case_id=case.pk, result="resolved", real=True, answer="已修好", by=city.clerk, as_of=resumed
    )
    case.refresh_from_db()
    assert (case.parked, case.paused_since, case.due_at) == (True, None, NOW + 9 * DAY)
    sweep(NOW + 9 * DAY)
    assert case.callbacks.get().state == "due"


def test_a_unit_does_not_choose_whether_an_ended_case_was_parked(city: City) -> None:
    case = closed(city.received(), "yes", "satisfied")
    Case.objects.filter(pk=case.pk).update(parked=True)
    with pytest.raises(Conflict, match="the city decides"):
        end_parking(case_id=case.pk, why="已解决", by=city.head, as_of=ENDED + HOUR)
    end_parking(case_id=case.pk, why="已解决", by=city.evaluator, as_of=ENDED + HOUR)
    assert not Case.objects.get(pk=case.pk).parked


def test_parking_ends_with_the_dispatch(city: City) -> None:
    case = city.received()
    claim = approved(city, case, "parking", as_of=NOW + DAY)
    at = NOW + 3 * DAY
    redispatch_case(case_id=case.pk, unit="D01", why="房屋安全", by=city.dispatcher, as_of=at)
    case.refresh_from_db()
    claim.refresh_from_db()
    assert (case.parked, case.paused_since, claim.ended_at) == (False, None, at)
    assert (
        check_chain(chain_of(case), case=case.number, head=case.head, n_events=case.n_events)
        is None
    )


def test_a_case_is_parked_before_its_feedback_only(city: City) -> None:
    case = city.received()
    claim = supported(city, claimed(city, case, "parking", as_of=NOW), NOW)
    with changing(case.pk, "close_for_test", by=SYSTEM, as_of=NOW + HOUR) as change:
        change.set(state="feedback_submitted", feedback_at=NOW + HOUR)
        change.event("feedback")
    with pytest.raises(Conflict, match="feedback since"):
        decided(city, claim, NOW + 2 * HOUR)
    withdraw_claim(claim_id=claim.pk, by=city.head, as_of=NOW + 2 * HOUR)
    with pytest.raises(Conflict, match="before its feedback"):
        claimed(city, case, "parking", as_of=NOW + 2 * HOUR)


def test_the_effect_is_what_the_ranking_says_before_and_after(city: City) -> None:
    others(city, 9)
    for n in range(3):
        closed(city.received(person=somebody(), place="110102001", at=NOW + n * HOUR),
               "partial", "fairly_satisfied")  # fmt: skip
    for n in range(8):
        closed(city.received(person=somebody(), place="110101002", at=NOW + n * HOUR),
               "no" if n == 0 else "yes", "satisfied")  # fmt: skip
    case = closed(city.received())
    claim = supported(city, claimed(city, case))
    at = ENDED + 5 * HOUR
    effect = weigh_claim(claim_id=claim.pk, by=city.evaluator, as_of=at)
    before = unit_of(evaluated("2022-02", at))
    decided(city, claim, at)
    after = unit_of(evaluated("2022-02", at))
    assert (effect["period"], effect["group"], effect["correction"]) == ("2022-02", "street", False)
    for told, unit in ((effect["now"], before), (effect["then"], after)):
        assert told["score"] == str(unit.score)
        assert (told["rank"], told["n_ranked"]) == (unit.rank, 3)
        assert (told["volume"], told["excluded"]) == (unit.volume, unit.n_excluded)
        for key, rate in unit.figures.rates.items():
            assert (told["rates"][key]["part"], told["rates"][key]["whole"]) == (
                str(rate.part), rate.whole,
            )  # fmt: skip
    assert (effect["now"]["rank"], effect["then"]["rank"]) == (2, 1)
    assert (effect["now"]["composite"], effect["then"]["composite"]) == ("91", "100")
    case.refresh_from_db()
    assert Claim.objects.get(pk=claim.pk).effect["then"] == effect["then"]


def test_showing_the_effect_changes_nothing(city: City) -> None:
    case = closed(city.received())
    claim = supported(city, claimed(city, case, "appeal"))
    before = (Case.objects.values().get(), list(Callback.objects.values()))
    effect = weigh_claim(claim_id=claim.pk, by=city.evaluator, as_of=ENDED + 5 * HOUR)
    after = (Case.objects.values().get(), list(Callback.objects.values()))
    exported = {"exported"}
    assert {k: v for k, v in before[0].items() if k not in exported} == {
        k: v for k, v in after[0].items() if k not in exported
    }
    assert before[1] == after[1]
    assert effect["now"]["rates"]["resolution"]["whole"] == 1
    assert effect["then"]["rates"]["resolution"] == {"part": "0", "whole": 0, "value": None}
    assert (effect["now"]["rank"], effect["then"]["rank"]) == (1, None)


def test_only_those_who_decide_are_shown_the_effect(city: City) -> None:
    case = closed(city.received())
    claim = claimed(city, case)
    for actor in (city.head, city.coordinator, city.caller):
        with pytest.raises(Forbidden):
            weigh_claim(claim_id=claim.pk, by=actor, as_of=ENDED)


def test_after_its_month_has_ended_a_claim_calls_for_a_corrected_edition(city: City) -> None:
    case = closed(city.received(at=NOW + 7 * DAY))
    claim = claimed(city, case, as_of=ENDED + 6 * DAY)
    effect = weigh_claim(claim_id=claim.pk, by=city.evaluator, as_of=ENDED + 6 * DAY)
    assert (effect["period"], effect["correction"]) == ("2022-02", True)
