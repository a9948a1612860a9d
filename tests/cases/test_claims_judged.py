"""Claims about a case that has gone on: whose it is, what of it is theirs, what is counted."""

from datetime import datetime
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from jiesu.cases.actions.attachments import attach_file, open_attachment
from jiesu.cases.actions.callbacks import record_attempt
from jiesu.cases.actions.claims import review_claim, weigh_claim, withdraw_claim
from jiesu.cases.actions.dispatching import redispatch_case
from jiesu.cases.actions.objections import return_case
from jiesu.cases.actions.redoing import redo_case
from jiesu.cases.actions.units import merge_units
from jiesu.cases.actor import Actor
from jiesu.cases.callback_queue import callbacks_for, queue
from jiesu.cases.claim_rules import counts_for
from jiesu.cases.figures.caps import cases_of_month
from jiesu.cases.figures.case_rows import Words, rows_of
from jiesu.cases.figures.site_city import period_named
from jiesu.cases.history.stream import step
from jiesu.cases.models import Callback, Case, Claim, Role, RuleVersion, Unit, User
from jiesu.cases.privacy.vault import Person
from jiesu.cases.refusals import Conflict, Forbidden, Invalid
from jiesu.cases.rulebook import local_day, rules_changed
from jiesu.cases.scopes import may, visible_cases
from jiesu.cases.search import newest_cases
from jiesu.cases.sweep import sweep
from jiesu.core.lifecycle import State
from tests.cases.calling import (
    ANGRY,
    HAPPY,
    LIMIT,
    answered,
    assert_whole,
    city_caller,
    due_case,
    kinds,
    set_rule,
    with_feedback,
)
from tests.cases.cast import NOW, City
from tests.cases.claiming import DAY, HOUR, approved, claimed, decided, row_of, supported

JUDGED, ELSEWHERE, NEXT_DOOR = "110101001", "110102001", "110101002"
GONE = LIMIT + HOUR
"""When the redone case goes to another unit."""
AGAIN = GONE + 7 * DAY
"""When it is due there."""


@pytest.fixture(autouse=True)
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The live export lies in the test's own folder."""
    monkeypatch.setattr("jiesu.cases.figures.export.live_folder", lambda: tmp_path / "live")


def head_of(city: City, code: str) -> Actor:
    found = User.objects.filter(username=f"head-{code}").first()
    user = found or User.objects.create_user(
        f"head-{code}", role=Role.HEAD, unit=Unit.objects.get(code=code)
    )
    return Actor.of(user)


def sent_on(city: City, case: Case, to: str = ELSEWHERE, at: datetime = GONE) -> None:
    redispatch_case(case_id=case.pk, unit=to, why="职责", by=city.dispatcher, as_of=at)
    case.refresh_from_db()


def gone_on(city: City, to: str = ELSEWHERE) -> Case:
    """A case that a resident has judged badly, and that another unit is to do again."""
    case = due_case(city)
    answered(case, city.caller, LIMIT, ANGRY)
    sent_on(city, case, to)
    return case


def judged_again(city: City) -> Case:
    """The same, after the other unit was judged too."""
    case = gone_on(city)
    assert case.due_at == AGAIN
    sweep(AGAIN)
    answered(case, city.caller, AGAIN, ANGRY)
    return case


def rounds_of(actor: Actor, case: Case) -> list[int]:
    case.refresh_from_db()
    return [one.round for one in callbacks_for(actor, case)]


# ---- Who sees it.


def test_who_was_judged_sees_the_case_wherever_it_has_gone(city: City) -> None:
    case = gone_on(city)
    for actor in (city.head, city.clerk, city.coordinator, head_of(city, ELSEWHERE)):
        assert list(visible_cases(actor)) == [case], actor
        assert [one.pk for one in newest_cases(actor).cases] == [case.pk], actor
    for actor in (head_of(city, NEXT_DOOR), city.enterprise):
        assert not visible_cases(actor).exists()
    assert counts_for(case) == city.unit[JUDGED].pk
    assert row_of(case)["unit"] == JUDGED


def test_who_was_judged_follows_the_case_and_sees_no_call_back_before_its_end(city: City) -> None:
    case = gone_on(city)
    sweep(AGAIN)
    for actor in (city.head, head_of(city, ELSEWHERE)):
        assert rounds_of(actor, case) == [1]
        told = [event.kind for event in step(actor, 0, 100).events]
        assert told[-1] == "supervision_raised"
        assert "callback_due" not in told
    answered(case, city.caller, AGAIN, HAPPY)
    assert rounds_of(city.head, case) == [1, 2]
    assert "callback_done" in [event.kind for event in step(city.head, 0, 100).events]


def test_a_clerk_of_the_unit_that_was_judged_has_no_part_in_later_call_backs(city: City) -> None:
    case = gone_on(city)
    sweep(AGAIN)
    for number, unit in enumerate((JUDGED, "110101", ELSEWHERE, "110102")):
        clerk = city_caller(f"clerk-{number}", unit, city)
        assert not queue(clerk, AGAIN).exists()
        assert rounds_of(clerk, case) == [1]
        with pytest.raises(Forbidden, match="your own unit's"):
            record_attempt(case_id=case.pk, outcome="connected", by=clerk, as_of=AGAIN)
    far = city_caller("far", "D01", city)
    assert (queue(far, AGAIN).count(), rounds_of(far, case)) == (1, [1, 2])


def test_before_the_end_of_the_first_call_back_nobody_was_judged(city: City) -> None:
    case = due_case(city)
    sent_on(city, case)
    # The unit itself still sees it: it owes an answer to the supervision.
    assert not visible_cases(city.coordinator).exists()
    with pytest.raises(Forbidden):
        claimed(city, case, as_of=GONE)
    assert case.due_at is not None
    sweep(case.due_at)
    answered(case, city.caller, case.due_at, HAPPY)
    assert not visible_cases(city.coordinator).exists()
    assert counts_for(case) == city.unit[ELSEWHERE].pk


def test_a_case_that_was_not_drawn_has_judged_nobody(city: City) -> None:
    case = due_case(city)
    case.callbacks.update(state="not_sampled")
    sent_on(city, case)
    assert (counts_for(case), row_of(case)["unit"]) == (city.unit[ELSEWHERE].pk, ELSEWHERE)
    assert not may(city.head, "claim", case)


def test_who_was_judged_may_bring_evidence_and_do_nothing_else(city: City) -> None:
    case = gone_on(city)
    assert may(city.head, "attach", case)
    evidence, theirs = (
        attach_file(
            case_id=case.pk, source=BytesIO(b"%PDF-1.4\n1"), name="a.pdf", by=by, as_of=GONE
        )
        for by in (city.head, city.operator)
    )
    opened = partial(open_attachment, case_id=case.pk, as_of=GONE)
    assert opened(attachment_id=evidence.pk, by=city.head).size == evidence.size
    # The district that reviews the claim opens it for a reason; nobody else's file is opened.
    with pytest.raises(Invalid, match="reason"):
        opened(attachment_id=evidence.pk, by=city.coordinator)
    seen = opened(attachment_id=evidence.pk, by=city.coordinator, reason="审核剔除")
    assert seen.size == evidence.size
    for actor in (city.head, city.coordinator):
        with pytest.raises(Forbidden):
            opened(attachment_id=theirs.pk, by=actor, reason="看看")
    for action in ("sign", "contact", "submit_feedback", "ask_extension", "reveal", "end_parking"):
        assert not may(city.head, action, case), action
    assert not may(city.clerk, "claim", case)


# ---- What is whose.


def test_an_exclusion_is_for_the_unit_that_the_case_counts_for(city: City) -> None:
    case = gone_on(city)
    with pytest.raises(Conflict, match="counts for the unit of its first call-back"):
        claimed(city, case, by=head_of(city, ELSEWHERE), as_of=GONE)
    claim = claimed(city, case, as_of=GONE)
    assert claim.unit == city.unit[JUDGED]


def test_only_the_unit_that_has_the_case_parks_it(city: City) -> None:
    case = gone_on(city)
    with pytest.raises(Conflict, match="another unit has the case"):
        claimed(city, case, "parking", as_of=GONE)
    claim = claimed(city, case, "parking", by=head_of(city, ELSEWHERE), as_of=GONE)
    assert claim.unit == city.unit[ELSEWHERE]


def test_a_claim_goes_before_the_district_of_its_own_unit(city: City) -> None:
    case = judged_again(city)
    first = claimed(city, case, as_of=AGAIN - DAY)
    second = claimed(city, case, "appeal", by=head_of(city, ELSEWHERE), as_of=AGAIN)
    for claim, theirs, other in (
        (first, city.coordinator, city.other_coordinator),
        (second, city.other_coordinator, city.coordinator),
    ):
        asked = {"claim_id": claim.pk, "supports": True, "opinion": "属实", "as_of": AGAIN}
        with pytest.raises(Forbidden, match="another district"):
            review_claim(by=other, **asked)  # type: ignore[arg-type]
        assert review_claim(by=theirs, **asked).state == "supported"  # type: ignore[arg-type]


def test_a_claim_is_its_own_units_to_withdraw(city: City) -> None:
    case = gone_on(city)
    claim = claimed(city, case, as_of=GONE)
    with pytest.raises(Forbidden, match="another unit"):
        withdraw_claim(claim_id=claim.pk, by=head_of(city, ELSEWHERE), as_of=GONE)
    assert withdraw_claim(claim_id=claim.pk, by=city.head, as_of=GONE).state == "withdrawn"


def test_two_units_appeal_each_against_its_own_call_back(city: City) -> None:
    case = judged_again(city)
    ours = claimed(city, case, "appeal", as_of=GONE)
    theirs = claimed(city, case, "appeal", by=head_of(city, ELSEWHERE), as_of=AGAIN)
    assert {ours.state, theirs.state} == {"claimed"}
    with pytest.raises(Conflict, match="such a claim is open"):
        claimed(city, case, "appeal", as_of=AGAIN)
    supported(city, ours, AGAIN)
    decided(city, ours, AGAIN)
    assert voids(case) == [True, False]
    review_claim(
        claim_id=theirs.pk, supports=True, opinion="属实", by=city.other_coordinator, as_of=AGAIN
    )
    decided(city, theirs, AGAIN)
    assert voids(case) == [True, True]
    assert_whole(case)


def voids(case: Case) -> list[bool]:
    return list(case.callbacks.order_by("round").values_list("void", flat=True))


def test_an_appeal_that_was_made_late_is_about_the_units_own_call_back(city: City) -> None:
    case = judged_again(city)
    # The window counts from the first call-back, not from the one at another unit.
    with pytest.raises(Conflict, match="window"):
        claimed(city, case, "appeal", as_of=AGAIN)
    Callback.objects.filter(round=1).update(ended_at=AGAIN - HOUR)
    approved(city, case, "appeal", as_of=AGAIN)
    assert voids(case) == [True, False]


def test_one_unit_has_one_open_claim_of_a_kind_for_a_case(city: City) -> None:
    case = gone_on(city)
    claim = claimed(city, case, as_of=GONE)
    values = {
        name: getattr(claim, name)
        for name in ("case", "kind", "reason", "state", "claimed_by", "claimed_at")
    }
    Claim.objects.create(unit=city.unit[ELSEWHERE], **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.create(unit=city.unit[JUDGED], **values)


def test_the_effect_is_that_on_the_unit_which_the_case_counts_for(city: City) -> None:
    case = judged_again(city)
    appeal = claimed(city, case, "appeal", by=head_of(city, ELSEWHERE), as_of=AGAIN)
    exclusion = claimed(city, case, as_of=AGAIN - 4 * DAY)
    for claim in (appeal, exclusion):
        effect = weigh_claim(claim_id=claim.pk, by=city.evaluator, as_of=AGAIN)
        assert (effect["unit"], effect["now"]["volume"]) == (JUDGED, 1)
    assert effect["now"]["rates"]["resolution"]["whole"] == 1
    assert (effect["then"]["excluded"], effect["then"]["rates"]["resolution"]["whole"]) == (1, 0)


# ---- What can no longer be approved.


def test_what_a_unit_claimed_lapses_when_the_case_goes_to_another(city: City) -> None:
    case = city.received()
    claims = [claimed(city, case, kind, as_of=NOW) for kind in ("exclusion", "parking")]
    sent_on(city, case, "D01", NOW + HOUR)
    assert states(*claims) == [("withdrawn", NOW + HOUR)] * 2
    assert kinds(case)[-3:] == ["redispatched", "claim_lapsed", "claim_lapsed"]
    head = head_of(city, "D01")
    assert claimed(city, case, by=head, as_of=NOW + 2 * HOUR).unit == city.unit["D01"]
    assert_whole(case)


def states(*claims: Claim) -> list[tuple[str, datetime | None]]:
    rows = Claim.objects.in_bulk([claim.pk for claim in claims])
    return [(rows[claim.pk].state, rows[claim.pk].ended_at) for claim in claims]


def test_what_a_unit_claimed_lapses_with_its_return(city: City) -> None:
    case = city.received()
    claim = claimed(city, case, as_of=NOW)
    return_case(
        case_id=case.pk, reason="not_our_duty", statement="非本单位", by=city.head, as_of=NOW + HOUR
    )
    assert states(claim) == [("withdrawn", NOW + HOUR)]


def test_what_was_claimed_stays_with_who_was_judged_but_for_its_parking(city: City) -> None:
    case = due_case(city)
    answered(case, city.caller, LIMIT, ANGRY)
    claims = [claimed(city, case, kind, as_of=LIMIT) for kind in ("exclusion", "appeal", "parking")]
    redispatched = GONE
    sent_on(city, case, at=redispatched)
    assert states(*claims) == [("claimed", None), ("claimed", None), ("withdrawn", redispatched)]


def test_with_an_exclusion_what_else_asks_for_it_lapses(city: City) -> None:
    month_of(city, 9)
    case = gone_on(city)
    exclusion = claimed(city, case, as_of=GONE)
    appeal = claimed(city, case, "appeal", reason="wrong_unit", as_of=GONE)
    supported(city, exclusion, GONE)
    decided(city, exclusion, GONE)
    assert states(exclusion, appeal) == [("approved", None), ("withdrawn", GONE)]
    assert kinds(case)[-2:] == ["claim_decided", "claim_lapsed"]
    for kind, reason in (("appeal", "wrong_unit"), ("exclusion", "withdrawn")):
        with pytest.raises(Conflict, match="excluded already"):
            claimed(city, case, kind, reason=reason, as_of=GONE)
    assert claimed(city, case, "appeal", as_of=GONE).state == "claimed"


def test_an_appeal_that_excludes_is_for_the_unit_that_the_case_counts_for(city: City) -> None:
    case = judged_again(city)
    theirs = head_of(city, ELSEWHERE)
    with pytest.raises(Conflict, match="counts for the unit"):
        claimed(city, case, "appeal", reason="wrong_unit", by=theirs, as_of=AGAIN)
    exclusion = claimed(city, case, as_of=AGAIN - DAY)
    appeal = claimed(city, case, "appeal", reason="wrong_unit", as_of=GONE)
    voiding = claimed(city, case, "appeal", by=theirs, as_of=AGAIN)
    supported(city, appeal, AGAIN)
    decided(city, appeal, AGAIN)
    assert states(exclusion, voiding) == [("withdrawn", AGAIN), ("claimed", None)]
    case.refresh_from_db()
    assert (case.excluded, case.exclusion_reason) == (True, "wrong_unit")


# ---- Merged units.


def merged(city: City) -> None:
    """The judged unit goes up in the one next door."""
    on, by = local_day(LIMIT), city.administrator
    merge_units(codes=[JUDGED], into=NEXT_DOOR, on=on, by=by, as_of=LIMIT + HOUR)


def test_of_a_merged_unit_the_successor_claims(city: City) -> None:
    case = due_case(city)
    answered(case, city.caller, LIMIT, HAPPY)
    open_one = claimed(city, case, as_of=LIMIT)
    merged(city)
    head = head_of(city, NEXT_DOOR)
    assert list(visible_cases(head)) == [case]
    with pytest.raises(Conflict, match="such a claim is open"):
        claimed(city, case, by=head, as_of=LIMIT + DAY)
    withdraw_claim(claim_id=open_one.pk, by=head, as_of=LIMIT + DAY)
    claim = claimed(city, case, by=head, as_of=LIMIT + DAY)
    assert claim.unit == city.unit[NEXT_DOOR]
    effect = weigh_claim(claim_id=claim.pk, by=city.evaluator, as_of=LIMIT + DAY)
    assert effect["unit"] == JUDGED
    approved(city, case, "appeal", by=head, as_of=LIMIT + DAY)
    assert voids(case) == [True]


def test_what_a_merged_unit_has_ended_uncalled_is_its_successors(city: City) -> None:
    set_rule("sample_percent = 100", "sample_percent = 0")
    case = city.received()
    with_feedback(city, case)
    sweep(LIMIT)
    merged(city)
    case.refresh_from_db()
    assert (case.unit, case.state) == (city.unit[JUDGED], State.CLOSED)
    head = head_of(city, NEXT_DOOR)
    for actor in (head, city.coordinator):
        assert list(visible_cases(actor)) == [case]
        assert [one.pk for one in newest_cases(actor).cases] == [case.pk]
        assert "closed" in {event.kind for event in step(actor, 0, 100).events}
    for actor in (head_of(city, ELSEWHERE), city.other_coordinator, city.enterprise):
        assert not visible_cases(actor).exists()
    claim = supported(city, claimed(city, case, by=head, as_of=LIMIT + DAY), LIMIT + 2 * DAY)
    assert (claim.unit, claim.state) == (city.unit[NEXT_DOOR], "supported")


def test_a_merged_district_is_seen_with_its_streets_by_its_successors_coordinator(
    city: City,
) -> None:
    case = city.received()
    Case.objects.filter(pk=case.pk).update(state=State.CLOSED, ended_at=NOW)
    on, by = local_day(NOW), city.administrator
    merge_units(codes=[JUDGED], into=NEXT_DOOR, on=on, by=by, as_of=NOW)
    merge_units(codes=["110101"], into="110102", on=on, by=by, as_of=NOW)
    assert list(visible_cases(city.other_coordinator)) == [case]
    assert may(city.other_coordinator, "reveal", case)


def test_a_redo_at_the_successor_leaves_the_claims_of_the_merged_unit(city: City) -> None:
    case = due_case(city)
    answered(case, city.caller, LIMIT, HAPPY)
    claim = claimed(city, case, as_of=LIMIT)
    merged(city)
    redo_case(case_id=case.pk, opinion="不完整", by=city.evaluator, as_of=LIMIT + 2 * HOUR)
    assert Case.objects.get(pk=case.pk).unit == city.unit[NEXT_DOOR]
    assert states(claim) == [("claimed", None)]


# ---- What is counted for a cap.

PHONES = count(13700000001)


def month_of(city: City, n: int) -> list[Case]:
    """Cases of the judged unit that residents are content with."""
    cases = []
    for number in range(n):
        case = city.received(person=Person(phone=str(next(PHONES))), at=NOW - DAY + number * HOUR)
        sweep(LIMIT)
        answered(case, city.caller, LIMIT, HAPPY)
        cases.append(case)
    return cases


def test_a_case_counts_for_the_cap_of_the_unit_that_was_judged(city: City) -> None:
    month_of(city, 2)
    for _ in range(2):
        case = due_case(city, person=Person(phone=str(next(PHONES))))
        answered(case, city.caller, LIMIT, ANGRY)
        sent_on(city, case)
    # Of four cases one may be excluded: two of the four are elsewhere now.
    cases = list(Case.objects.order_by("-pk"))
    approved(city, cases[0], as_of=GONE)
    claim = supported(city, claimed(city, cases[1], as_of=GONE), GONE)
    with pytest.raises(Conflict, match="of the unit's 4 cases of 2022-02 at most 30 percent may "
                       "be excluded: 1, and 1 are"):  # fmt: skip
        decided(city, claim, GONE)
    # And not for the one that has them.
    assert len(cases_of_month(ELSEWHERE, *period_named("2022-02"))) == 0


def in_time(city: City, case: Case, due_at: datetime) -> None:
    answered(case, city.caller, due_at, HAPPY)


def redone(city: City, case: Case, due_at: datetime) -> None:
    answered(case, city.caller, due_at, ANGRY)


def gone(city: City, case: Case, due_at: datetime) -> None:
    redone(city, case, due_at)
    sent_on(city, case, at=due_at + HOUR)


def gone_before(city: City, case: Case, due_at: datetime) -> None:
    sent_on(city, case, at=due_at + HOUR)


def not_drawn(city: City, case: Case, due_at: datetime) -> None:
    case.callbacks.update(state="not_sampled")
    gone_before(city, case, due_at)


@pytest.mark.parametrize("by", ["created_at", "due_at", "callback_at"])
def test_the_cases_of_a_cap_are_those_that_the_evaluation_counts(city: City, by: str) -> None:
    policy = RuleVersion.objects.get(kind=RuleVersion.Kind.POLICY)
    text = policy.text.replace('by = "created_at"', f'by = "{by}"')
    RuleVersion.objects.filter(pk=policy.pk).update(text=text)
    rules_changed()
    for live in (in_time, redone, gone, gone_before, not_drawn):
        for days in (-1, 5):
            person = Person(phone=str(next(PHONES)))
            case = city.received(person=person, at=NOW + days * DAY)
            sweep(NOW + (days + 7) * DAY)
            live(city, case, NOW + (days + 7) * DAY)
    rows = rows_of(Case.objects.values_list("pk", flat=True), Words.of_the_city()).table.to_pylist()
    n_found = 0
    for label in ("2022-01", "2022-02", "2022-03"):
        found_policy, period = period_named(label)
        assert found_policy.period.by == by
        for unit in (JUDGED, ELSEWHERE):
            mine = {
                row["case_id"]
                for row in rows
                if row["unit"] == unit and row[by] and period.start <= row[by] < period.end
            }
            numbers = {case.number for case in cases_of_month(unit, found_policy, period)}
            assert numbers == mine, (label, unit)
            n_found += len(mine)
    assert n_found == (6 if by == "callback_at" else 10)
