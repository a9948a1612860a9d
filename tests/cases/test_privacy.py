"""What is personal is shown with a reason, put right, given to the person, and really erased."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from jiesu.cases.actions.assistance import answer_assist
from jiesu.cases.actions.attachments import attach_file
from jiesu.cases.actions.callbacks import Answers
from jiesu.cases.actions.dispatching import dispatch_case, dispose_case, redispatch_case
from jiesu.cases.actions.handling import record_contact, sign_case, submit_feedback
from jiesu.cases.actions.intake import Received, receive_case
from jiesu.cases.actions.privacy import (
    Erased,
    amend_case,
    erase_caller,
    erase_case_text,
    erase_person,
    reveal_person,
)
from jiesu.cases.actions.redoing import redo_case
from jiesu.cases.attachments import path_of
from jiesu.cases.history.audit import Audit
from jiesu.cases.history.seals import seal_events
from jiesu.cases.models import Case, CasePrivate, Dispatch, Feedback, SearchTerm
from jiesu.cases.privacy.disclosure import masked_case, masked_persons
from jiesu.cases.privacy.erasure import CAUSES
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.privacy.sealed_fields import RECORDS, records_of, word_fields
from jiesu.cases.privacy.vault import Person, person_of, ring, text_of
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, NotFound
from jiesu.cases.search import Search, newest_cases
from jiesu.cases.search_index import index_cases
from jiesu.cases.sweep import sweep
from jiesu.core.lifecycle import State
from tests.cases.calling import LIMIT, answered
from tests.cases.cast import DEMAND, ELEVATOR, LIGHTS, NOW, PARKING, PHONE, City

HOUR = timedelta(hours=1)
LATER = LIMIT + timedelta(days=400)
REASON = "回拨确认地址"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
WORDS = ("约好找张三", "张三家停车费已退", "协助核实张三", "张三说可以")


def lived(city: City, **more: object) -> Case:
    """A case that has been through everything in which words about the resident are kept."""
    case = city.received(PARKING, **more)
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + HOUR)
    record_contact(case_id=case.pk, reached=True, note=WORDS[0], by=city.clerk, as_of=NOW + HOUR)
    assist = case.assists.get()
    answer_assist(
        case_id=case.pk, assist_id=assist.pk, answer=WORDS[2], by=city.department,
        as_of=NOW + HOUR,
    )  # fmt: skip
    attach_file(
        case_id=case.pk, source=BytesIO(PDF), name="张三的收据.pdf", by=city.clerk,
        as_of=NOW + HOUR,
    )  # fmt: skip
    submit_feedback(
        case_id=case.pk, result="resolved", real=True, answer=WORDS[1], by=city.clerk,
        as_of=NOW + 2 * HOUR,
    )  # fmt: skip
    sweep(LIMIT)
    said = Answers(contacted=True, resolved="yes", satisfaction="satisfied", words=WORDS[3])
    answered(case, city.caller, LIMIT + HOUR, said)
    index_cases()
    case.refresh_from_db()
    assert case.state == State.CLOSED
    return case


def private(case: Case) -> CasePrivate:
    return CasePrivate.objects.get(case=case)


def findings(tmp_path: Path) -> list[str]:
    return list(Audit(file=tmp_path / "seals.jsonl").run())


def everything_in_the_database() -> bytes:
    """All values of all tables, as bytes."""
    held = bytearray()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                for value in row:
                    held += bytes(value) if isinstance(value, bytes | memoryview) else b""
                    held += str(value).encode() + b"\n"
    return bytes(held)


# Looking ----------------------------------------------------------------------------------------


def test_who_may_looks_with_a_reason_and_it_is_written_down(city: City, tmp_path: Path) -> None:
    case = city.received()
    shown = reveal_person(case_id=case.pk, reason=REASON, by=city.clerk, as_of=NOW + HOUR)
    assert (shown.person.phone, shown.title, shown.withheld) == (PHONE, "停车费", False)
    event = case.events.get(kind="revealed")
    assert (event.actor, event.origin, event.at) == (city.clerk.name, "127.0.0.1", NOW + HOUR)
    assert event.changes["shown"] == ["person", "text"]
    assert REASON not in str(event.changes)
    row = case.disclosures.get()
    assert (row.seq, row.by, words_of(case, row, "reason")) == (event.seq, city.clerk.name, REASON)
    seal_events(NOW, file=tmp_path / "seals.jsonl")
    assert findings(tmp_path) == []


def test_looking_is_no_change_of_the_case(city: City) -> None:
    case = city.received()
    Case.objects.filter(pk=case.pk).update(exported=True)
    reveal_person(case_id=case.pk, reason=REASON, by=city.clerk, as_of=NOW)
    now = Case.objects.get(pk=case.pk)
    assert (now.version, now.exported, now.n_events) == (case.version, True, case.n_events + 1)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\x00"])
def test_without_a_reason_in_words_nothing_is_shown(city: City, reason: str) -> None:
    case = city.received()
    with pytest.raises(Invalid):
        reveal_person(case_id=case.pk, reason=reason, by=city.clerk, as_of=NOW)
    assert not case.events.filter(kind="revealed").exists()


def test_who_has_nothing_to_do_with_a_case_is_shown_nothing(city: City) -> None:
    case = city.received()
    with pytest.raises(NotFound):
        reveal_person(case_id=case.pk, reason=REASON, by=city.other_clerk, as_of=NOW)
    for actor in (city.leader, city.auditor, city.administrator):
        with pytest.raises(Forbidden):
            reveal_person(case_id=case.pk, reason=REASON, by=actor, as_of=NOW)
    with pytest.raises(NotFound):
        reveal_person(case_id=0, reason=REASON, by=city.dispatcher, as_of=NOW)
    assert not case.disclosures.exists()


def test_of_a_confidential_caller_units_learn_nothing(city: City) -> None:
    case = city.received(confidential=True, body=f"请打 {PHONE} 找我")
    for actor in (city.clerk, city.head, city.coordinator, city.department, city.evaluator):
        shown = reveal_person(case_id=case.pk, reason=REASON, by=actor, as_of=NOW)
        assert (shown.person, shown.withheld, shown.title) == (Person(), True, "停车费")
        assert PHONE not in shown.body + shown.answer
        assert masked_case(actor, case).person == Person()
        assert masked_persons(actor, [case]) == {case.pk: Person()}
    assert {tuple(one.changes["shown"]) for one in case.events.filter(kind="revealed")} == {
        ("text",)
    }
    for actor in (city.dispatcher, city.caller):
        shown = reveal_person(case_id=case.pk, reason=REASON, by=actor, as_of=NOW)
        assert (shown.person.phone, shown.withheld) == (PHONE, False)
        assert PHONE in shown.body
        assert masked_case(actor, case).person.phone == "138****0000"


def test_lists_show_masks_and_words_only_to_those_who_work_with_the_case(city: City) -> None:
    case = city.received(body="请打 13800000000 找我")
    masked = masked_case(city.clerk, case)
    assert (masked.person.name, masked.person.phone) == ("张**", "138****0000")
    assert (masked.title, masked.body) == ("停车费", "请打 **** 找我")
    assert masked_persons(city.leader, [case])[case.pk].phone == "138****0000"
    assert (masked_case(city.leader, case).title, masked_case(city.leader, case).body) == ("", "")
    assert PHONE not in repr(masked) + repr(
        reveal_person(case_id=case.pk, reason=REASON, by=city.clerk, as_of=NOW)
    )


# Putting right ----------------------------------------------------------------------------------


def test_what_was_taken_down_wrongly_is_put_right(city: City, tmp_path: Path) -> None:
    case = city.received()
    index_cases()
    amended = amend_case(
        case_id=case.pk, person=Person(name="李四", phone="13900000000"), body="电费突然上涨",
        by=city.operator, as_of=NOW, expected=case.version,
    )  # fmt: skip
    assert person_of(amended, private(case)).name == "李四"
    assert text_of(amended, private(case)) == ("停车费", "电费突然上涨")
    index_cases()

    def found(search: Search) -> int:
        return len(newest_cases(city.operator, search).cases)

    assert found(Search(phone="139 0000 0000")) == found(Search(name="李四")) == 1
    assert found(Search(phone=PHONE)) == found(Search(name="张三")) == 0
    assert (found(Search(words="电费")), found(Search(words="地面"))) == (1, 0)
    event = case.events.get(kind="amended")
    assert set(event.changes["person"]) == {"name", "phone", "address"}
    assert event.changes["person"]["address"] == {}
    assert "李四" not in str(event.changes)
    seal_events(NOW, file=tmp_path / "seals.jsonl")
    assert findings(tmp_path) == []


def test_an_older_value_that_is_put_back_is_found(city: City, tmp_path: Path) -> None:
    case = city.received()
    before = private(case)
    amend_case(case_id=case.pk, body="电费突然上涨", by=city.operator, as_of=NOW)
    CasePrivate.objects.filter(case=case).update(text=before.text)
    seal_events(NOW, file=tmp_path / "seals.jsonl")
    line = f"case {case.number}: the kept value of body is not the recorded one"
    assert findings(tmp_path) == [line]


def test_an_amendment_that_is_wrong_or_says_nothing_new_changes_nothing(city: City) -> None:
    case = city.received()
    with pytest.raises(Invalid):
        amend_case(case_id=case.pk, title="", body=" ", by=city.operator, as_of=NOW)
    with pytest.raises(Invalid, match=r"person\.name"):
        amend_case(case_id=case.pk, person=Person(name="x" * 201), by=city.operator, as_of=NOW)
    with pytest.raises(Forbidden):
        amend_case(case_id=case.pk, title="别的", by=city.clerk, as_of=NOW)
    same = amend_case(case_id=case.pk, title="停车费", by=city.operator, as_of=NOW)
    assert (same.version, same.n_events) == (case.version, case.n_events)
    hidden = city.received(ELEVATOR, anonymous=True, person=Person())
    with pytest.raises(Invalid, match="names nobody"):
        amend_case(case_id=hidden.pk, person=Person(name="张三"), by=city.operator, as_of=NOW)


def test_an_ended_case_is_not_amended(city: City) -> None:
    case = lived(city)
    with pytest.raises(Conflict, match="ended"):
        amend_case(case_id=case.pk, title="别的", by=city.operator, as_of=LATER)


# Erasing ----------------------------------------------------------------------------------------


def test_words_about_a_dispatch_and_a_legal_basis_are_sealed_and_go_with_the_text(
    city: City, tmp_path: Path
) -> None:
    case = city.received(LIGHTS)
    dispatch_case(
        case_id=case.pk, unit="D01", why="张三说归住建", by=city.dispatcher, as_of=NOW
    )  # fmt: skip
    redispatch_case(
        case_id=case.pk, unit="110101001", why="张三住在街道", by=city.dispatcher, as_of=NOW
    )  # fmt: skip
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW)
    submit_feedback(
        case_id=case.pk, result="explained", real=True, answer="已解释", legal_basis="与张三的合同",
        by=city.clerk, as_of=NOW + HOUR,
    )  # fmt: skip
    first, second = case.dispatches.order_by("number")
    assert words_of(case, first, "why") == "张三说归住建"
    assert words_of(case, second, "why") == "张三住在街道"
    assert second.explanation == {
        "zh": "人工选定由东华门街道办理", "en": "东华门街道 was chosen by hand"
    }  # fmt: skip
    assert "张三".encode() not in everything_in_the_database()
    seal_events(NOW, file=tmp_path / "seals.jsonl")
    assert findings(tmp_path) == []
    kept = bytes(second.why)
    Dispatch.objects.filter(pk=second.pk).update(why=b"")
    gone = "the why of its dispatch 2 is gone, and no event says that it was erased"
    assert findings(tmp_path) == [f"case {case.number}: {gone}"]
    Dispatch.objects.filter(pk=second.pk).update(why=kept)

    sweep(LIMIT)
    said = Answers(contacted=True, resolved="yes", satisfaction="satisfied")
    answered(case, city.caller, LIMIT + HOUR, said)
    erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)
    assert not Dispatch.objects.filter(case=case).exclude(why=b"").exists()
    assert not Feedback.objects.filter(case=case).exclude(legal_basis=b"").exists()
    seal_events(LATER, file=tmp_path / "seals.jsonl")
    assert findings(tmp_path) == []


def test_an_erased_person_is_nowhere_any_more(
    city: City, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    case = lived(city)
    reveal_person(case_id=case.pk, reason="核对张三的电话", by=city.caller, as_of=LATER)
    other = city.received(
        ELEVATOR, person=Person(name="李四", phone="13900000000"), body="电梯坏了", at=LATER
    )
    index_cases()
    seal_events(LATER, file=tmp_path / "seals.jsonl")
    [attachment] = case.attachments.all()
    kept = private(case)
    held = [bytes(kept.person_salt), bytes(kept.text_salt), case.caller.encode()]
    held += [kept.name_hash.encode(), attachment.digest.encode(), bytes(kept.person)]
    before = everything_in_the_database()
    assert all(secret in before for secret in held)

    with django_capture_on_commit_callbacks(execute=True):
        erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)

    after = everything_in_the_database()
    assert [secret for secret in held if secret in after] == []
    erased = private(case)
    assert (person_of(case, erased), text_of(case, erased)) == (Person(), ("", ""))
    for model in RECORDS:
        for row in records_of(model, exact=case.pk):
            assert not any(bytes(getattr(row, name)) for name in word_fields(model))
    assert not SearchTerm.objects.filter(case_id=case.pk).exists()
    assert SearchTerm.objects.filter(case_id=other.pk).exists()
    assert not path_of(attachment.token).exists()
    for search in (Search(phone=PHONE), Search(name="张三"), Search(words="地面")):
        assert newest_cases(city.operator, search).cases == ()


def test_the_history_of_an_erased_case_verifies_and_says_what_was_erased(
    city: City, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    case = lived(city)
    seal_events(LATER, file=tmp_path / "seals.jsonl")
    with django_capture_on_commit_callbacks(execute=True):
        erase_person(case_id=case.pk, cause="order", by=city.administrator, as_of=LATER)
    event = case.events.get(kind="erased")
    assert event.changes == {"parts": ["attachments", "person", "text"], "cause": "order"}
    assert (event.actor, event.at) == (city.administrator.name, LATER)
    seal_events(LATER + HOUR, file=tmp_path / "seals.jsonl")
    assert findings(tmp_path) == []


def test_the_case_itself_stays_as_it_was(city: City) -> None:
    case = lived(city)
    erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)
    changed = {"version", "n_events", "head", "exported", "caller", "request_digest", "index_key"}
    now = Case.objects.get(pk=case.pk)
    for field in Case._meta.concrete_fields:
        if field.name not in changed:
            assert getattr(now, field.attname) == getattr(case, field.attname), field.name
    assert not now.exported
    callback = case.callbacks.get()
    assert (callback.contacted, callback.resolved) == (True, "yes")


def test_one_callers_demands_of_a_year_keep_one_mark_from_which_nothing_leads_back(
    city: City,
) -> None:
    """Health checks count repeat callers within an assessment year."""
    first, second = lived(city), city.received(ELEVATOR, at=NOW + timedelta(days=200))
    next_year = city.received(ELEVATOR, at=NOW + timedelta(days=390))
    for case in (first, second, next_year):
        assert case.caller.startswith("h1:")
    Case.objects.update(state=State.CLOSED)
    erase_person(case_id=first.pk, cause="request", by=city.administrator, as_of=LATER)
    marks = dict(Case.objects.values_list("pk", "caller"))
    assert marks[first.pk].startswith("0:")
    assert marks[second.pk] == marks[next_year.pk] == second.caller
    for case in (second, next_year):
        erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)
    marks = dict(Case.objects.values_list("pk", "caller"))
    assert marks[first.pk] == marks[second.pk] != marks[next_year.pk]
    assert not CasePrivate.objects.exclude(alias="").exists()


def test_all_ended_cases_of_a_phone_are_erased_and_open_ones_are_named(city: City) -> None:
    ended, still_open = lived(city), city.received(ELEVATOR, at=LATER)
    other = city.received(ELEVATOR, person=Person(phone="13900000000"), at=LATER)
    done = erase_caller(
        phone="+86 138-0000-0000", cause="request", by=city.administrator, as_of=LATER
    )
    assert done == Erased((ended.number,), (still_open.number,))
    assert person_of(other, private(other)).phone == "13900000000"
    again = erase_caller(phone=PHONE, cause="request", by=city.administrator, as_of=LATER)
    assert again == Erased((), (still_open.number,))
    with pytest.raises(Invalid, match="phone"):
        erase_caller(phone="?", cause="request", by=city.administrator, as_of=LATER)


def test_erasing_twice_changes_nothing(city: City) -> None:
    case = lived(city)
    first = erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)
    again = erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)
    assert (again.version, again.n_events) == (first.version, first.n_events)


def test_the_text_alone_can_be_erased(city: City, tmp_path: Path) -> None:
    case = lived(city)
    erase_case_text(case_id=case.pk, cause="mistake", by=city.administrator, as_of=LATER)
    assert text_of(case, private(case)) == ("", "")
    assert person_of(case, private(case)).phone == PHONE
    assert Case.objects.get(pk=case.pk).caller == case.caller
    assert case.attachments.get().erased_at is None
    seal_events(LATER, file=tmp_path / "seals.jsonl")
    assert findings(tmp_path) == []


def test_who_may_not_erase_is_refused_and_an_open_case_is_ended_first(city: City) -> None:
    case = city.received()
    with pytest.raises(Conflict, match="end it first"):
        erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=NOW)
    with pytest.raises(Invalid, match="request, order, mistake, retention"):
        erase_person(case_id=case.pk, cause="x", by=city.administrator, as_of=NOW)  # type: ignore[arg-type]
    for actor in (city.operator, city.dispatcher, city.clerk, city.auditor, city.leader):
        with pytest.raises(Forbidden):
            erase_person(case_id=case.pk, cause="request", by=actor, as_of=NOW)
        with pytest.raises(Forbidden):
            erase_caller(phone=PHONE, cause="request", by=actor, as_of=NOW)
    assert len(CAUSES) == 4


def test_nothing_is_added_in_words_to_what_was_erased(city: City) -> None:
    case = lived(city)
    erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)
    with pytest.raises(Conflict, match="was erased"):
        redo_case(case_id=case.pk, opinion="再查", by=city.evaluator, as_of=LATER)
    shown = reveal_person(case_id=case.pk, reason=REASON, by=city.caller, as_of=LATER)
    assert (shown.person, shown.title) == (Person(), "")
    assert case.disclosures.get().reason == b""


def test_what_remains_after_an_erasure_is_of_no_use_to_who_holds_the_hash_key(city: City) -> None:
    """Phones can all be tried; so no hash of one may be left."""
    case = lived(city)
    erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)
    held = everything_in_the_database().decode(errors="replace")
    for key in ring().keys["hash"]:
        assert f"{key.id}:" not in held


def test_a_request_that_comes_again_after_an_erasure_is_a_new_demand(city: City) -> None:
    """A client may make its key of a phone number, and the key's hash can be tried."""

    demand = replace(DEMAND, category=LIGHTS)

    def sent() -> Received:
        return receive_case(demand, by=city.operator, as_of=NOW, idempotency_key=f"{PHONE}-1")

    first = sent()
    dispose_case(
        case_id=first.case.pk, reason="unlawful", answer="不受理", by=city.operator, as_of=NOW
    )
    assert not sent().is_new
    erase_person(case_id=first.case.pk, cause="request", by=city.administrator, as_of=LATER)
    assert Case.objects.get(pk=first.case.pk).idempotency_key is None
    again = sent()
    assert (again.is_new, again.case.pk == first.case.pk) == (True, False)


def test_an_imported_case_is_known_after_its_erasure_too(city: City) -> None:
    case = lived(city)
    Case.objects.filter(pk=case.pk).update(idempotency_key=f"import:{case.number}")
    erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)
    assert Case.objects.get(pk=case.pk).idempotency_key == f"import:{case.number}"


def test_every_column_of_sealed_words_is_in_the_list_of_them(city: City) -> None:
    from django.apps import apps
    from django.db.models import BinaryField

    elsewhere = {
        "Case.head", "CasePrivate.person_salt", "CasePrivate.text_salt", "CasePrivate.person",
        "CasePrivate.text", "CasePrivate.disposition", "Attachment.name", "Event.previous",
        "Event.digest", "Seal.digest", "Seal.previous", "Seal.mac", "Webhook.secret",
        "PeriodFigures.document",
    }  # fmt: skip
    found = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("cases").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, BinaryField)
    }
    listed = {f"{model.__name__}.{name}" for model in RECORDS for name in word_fields(model)}
    assert found == listed | elsewhere
    assert listed.isdisjoint(elsewhere)
