"""Whoever changes the history or what it speaks of in the database or in the file is found."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from jiesu.cases.actions.dispatching import classify_case
from jiesu.cases.actions.handling import (
    record_contact,
    sign_case,
    start_handling,
    submit_feedback,
)
from jiesu.cases.actions.objections import decide_objection, object_to_dispatch
from jiesu.cases.history.audit import Audit
from jiesu.cases.history.seals import seal_events
from jiesu.cases.models import (
    Assist,
    Callback,
    Case,
    CasePrivate,
    Contact,
    DeadlineChange,
    Dispatch,
    Event,
    Feedback,
    Seal,
    Unit,
)
from jiesu.cases.privacy.vault import Person, private_of
from jiesu.cases.refusals import NotFound
from jiesu.core.chain import GENESIS, event_digest
from tests.cases.calling import LIMIT, answered, due_case
from tests.cases.cast import CATEGORIES, ELEVATOR, NOW, City
from tests.cases.test_search import explained

HOUR = timedelta(hours=1)


@pytest.fixture
def worked(city: City, file: Path) -> Case:
    """Some cases in two seals, one of them far on: it is given back."""
    for n, category in enumerate(CATEGORIES):
        city.received(category, at=NOW + n * HOUR)
    seal_events(NOW + 5 * HOUR, file=file)
    case = city.received(ELEVATOR, new_facts=True, at=NOW + 6 * HOUR)
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + 7 * HOUR)
    record_contact(
        case_id=case.pk, reached=True, note="约好周三上门", by=city.clerk, as_of=NOW + 8 * HOUR
    )
    start_handling(case_id=case.pk, by=city.clerk, as_of=NOW + 9 * HOUR)
    submit_feedback(
        case_id=case.pk, result="resolved", real=True, answer="已修好", by=city.clerk,
        as_of=NOW + 9 * HOUR,
    )  # fmt: skip
    city.received(at=NOW + 10 * HOUR)
    seal_events(NOW + 11 * HOUR, file=file)
    case.refresh_from_db()
    return case


def findings(file: Path, number: str = "") -> list[str]:
    return list(Audit(number=number, file=file).run())


def test_a_whole_history_has_no_finding_and_is_counted(worked: Case, file: Path) -> None:
    audit = Audit(file=file)
    assert list(audit.run()) == []
    assert (audit.n_cases, audit.n_events, audit.n_seals) == (7, Event.objects.count(), 2)
    assert (audit.n_unsealed, audit.unsealed_since) == (0, None)
    assert audit.last is not None
    assert audit.last.mac == bytes(Seal.objects.get(number=2).mac)
    assert findings(file, worked.number) == []


def test_what_is_not_sealed_yet_is_counted(city: City, worked: Case, file: Path) -> None:
    city.received(ELEVATOR, new_facts=True, at=NOW + 12 * HOUR)
    audit = Audit(file=file)
    assert list(audit.run()) == []
    assert (audit.n_unsealed, audit.unsealed_since) == (2, NOW + 12 * HOUR)


def test_a_site_without_cases_is_whole(city: City, file: Path) -> None:
    assert findings(file) == []
    seal_events(NOW, file=file)
    assert findings(file) == []


def test_one_case_that_is_not_there_is_said(city: City, file: Path) -> None:
    with pytest.raises(NotFound):
        findings(file, "20220208000099")


# Events -----------------------------------------------------------------------------------------


def event(case: Case, seq: int) -> Event:
    return case.events.get(seq=seq)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", NOW - HOUR),
        ("actor", "user:999"),
        ("origin", "10.9.9.9"),
        ("kind", "started"),
        ("changes", {"state": ["dispatched", "closed"]}),
        ("digest", bytes(32)),
        ("previous", bytes(32)),
    ],
)
def test_an_event_that_is_changed_in_any_field_is_found(
    worked: Case, file: Path, column: str, value: object
) -> None:
    Event.objects.filter(pk=event(worked, 4).pk).update(**{column: value})
    what = "does not follow" if column == "previous" else "not what was recorded"
    found = [line for line in findings(file) if f"case {worked.number}, event 4: " in line]
    assert len(found) == 1
    assert what in found[0]
    assert findings(file, worked.number) != []


def test_a_removed_event_is_found(worked: Case, file: Path) -> None:
    event(worked, 5).delete()
    found = findings(file)
    assert f"case {worked.number}, event 5: it is missing" in found
    assert any("sealed events are not the ones" in line for line in found)


def test_the_last_events_removed_with_the_cases_count_are_found_by_the_seal(
    worked: Case, file: Path
) -> None:
    event(worked, 6).delete()
    last = event(worked, 5)
    Case.objects.filter(pk=worked.pk).update(n_events=5, head=last.digest)
    found = findings(file)
    n = Event.objects.filter(seal=2).count()
    assert (
        f"seal 2: the sealed events are not the ones that were sealed ({n + 1} were sealed, "
        f"{n} are there)" in found
    )


def test_swapped_events_are_found(worked: Case, file: Path) -> None:
    fourth, fifth = event(worked, 4), event(worked, 5)
    for pk, seq in ((fourth.pk, 99), (fifth.pk, 4), (fourth.pk, 5)):
        Event.objects.filter(pk=pk).update(seq=seq)
    assert any(f"case {worked.number}, event 4: " in line for line in findings(file))


def test_an_event_that_is_slipped_in_is_found(worked: Case, file: Path) -> None:
    last = event(worked, 6)
    Event.objects.create(
        case=worked, seq=7, at=last.at, actor="user:1", kind="started", previous=last.digest,
        digest=bytes(32),
    )  # fmt: skip
    assert f"case {worked.number}, event 7: its content is not what was recorded" in findings(file)


def test_an_event_that_is_given_to_another_case_is_found(worked: Case, file: Path) -> None:
    other = Case.objects.exclude(pk=worked.pk).order_by("pk").first()
    assert other is not None
    Event.objects.filter(pk=event(worked, 6).pk).update(case=other, seq=other.n_events + 1)
    found = findings(file)
    assert any(line.startswith(f"case {worked.number}, event 6: it is missing") for line in found)
    assert any(line.startswith(f"case {other.number}") for line in found)


def forged(case: Case, seq: int, **said: object) -> None:
    """Change an event and make the chain anew, as whoever writes to the database can."""
    previous = GENESIS
    for one in case.events.order_by("seq"):
        if one.seq == seq:
            for name, value in said.items():
                setattr(one, name, value)
        one.previous = previous
        previous = one.digest = event_digest(
            previous=previous, case=case.number, seq=one.seq, at=one.at, actor=one.actor,
            origin=one.origin, kind=one.kind, changes=one.changes,
        )  # fmt: skip
        one.save()
    Case.objects.filter(pk=case.pk).update(head=previous)


def test_a_chain_that_is_made_anew_is_found_by_its_seal(worked: Case, file: Path) -> None:
    forged(worked, 4, actor="user:999")
    [found] = findings(file)
    assert found.startswith("seal 2: the sealed events are not the ones that were sealed")
    assert findings(file, worked.number) == [found]


def test_history_that_is_not_sealed_can_be_made_anew_unseen_as_the_page_says(
    city: City, worked: Case, file: Path
) -> None:
    sign_case(case_id=_unsigned(city).pk, by=city.clerk, as_of=NOW + 12 * HOUR)
    audit = Audit(file=file)
    assert list(audit.run()) == []
    assert audit.n_unsealed > 0
    forged(_unsigned(city), _unsigned(city).n_events, actor="user:999")
    assert findings(file) == []
    page = (Path(__file__).parents[2] / "docs/history.md").read_text("utf-8")
    assert "| the same in history that is not sealed yet (usually the last minute) | no;" in page


def _unsigned(city: City) -> Case:
    case = Case.objects.filter(unit=city.unit["110101001"]).order_by("pk").first()
    assert case is not None
    return case


def removed(case: Case) -> None:
    """Remove a whole case with all that is about it."""
    for model in (Assist, Contact, DeadlineChange, Dispatch, Event, Feedback, CasePrivate):
        model._default_manager.filter(case=case).delete()
    Case.objects.filter(repeat_of=case).update(repeat_of=None)
    Case.objects.filter(pk=case.pk).delete()


def test_a_whole_case_that_is_removed_is_found_by_its_seal(worked: Case, file: Path) -> None:
    n = worked.n_events
    before = Event.objects.filter(seal=2).count()
    removed(worked)
    [found] = findings(file)
    assert found.startswith("seal 2: the sealed events are not the ones that were sealed")
    assert found.endswith(f"({before} were sealed, {before - n} are there)")


def test_events_that_are_taken_out_of_a_seal_or_put_into_another_are_found(
    worked: Case, file: Path
) -> None:
    Event.objects.filter(pk=event(worked, 6).pk).update(seal=None)
    assert any(line.startswith("seal 2: the sealed events") for line in findings(file))
    Event.objects.filter(pk=event(worked, 6).pk).update(seal=1)
    found = findings(file)
    assert [line.split(":")[0] for line in found] == ["seal 1", "seal 2"]


def test_the_events_of_seals_are_found_by_the_index_over_them(worked: Case, file: Path) -> None:
    """Read from end to end for each thousand seals, they would take hours."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A few rows are quicker read all, and sorted.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    plans: list[tuple[str, str]] = []
    with explained(plans):
        assert findings(file) == []
    of_seals = [plan for sql, plan in plans if '"seal_id" >= ' in sql]
    assert len(of_seals) == 1
    assert "event_sealed" in of_seals[0]
    assert "SCAN" not in of_seals[0]
    assert "TEMP B-TREE" not in of_seals[0]


# Seals ------------------------------------------------------------------------------------------


def test_a_database_that_is_rolled_back_with_its_last_seal_is_found_by_the_file(
    worked: Case, file: Path
) -> None:
    Event.objects.filter(seal=2).update(seal=None)
    Seal.objects.filter(number=2).delete()
    assert findings(file) == ["seal 2: in the file and not in the database"]


def test_a_seal_that_is_missing_while_events_name_it_is_found(worked: Case, file: Path) -> None:
    row = Seal.objects.get(number=1)
    # By a statement: Django itself would not let it go.
    Seal.objects.filter(number=1)._raw_delete(Seal.objects.db)
    found = findings(file)
    assert "seal 1: in the file and not in the database" in found
    assert "seal 1: it is missing, and events name it" in found
    assert "seal 1: it is missing, and events name it" in findings(
        file, Event.objects.filter(seal=1).values_list("case__number", flat=True)[0]
    )
    row.save(force_insert=True)
    assert findings(file) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", NOW - HOUR),
        ("n_events", 1),
        ("digest", bytes(32)),
        ("previous", b"x" * 32),
        ("mac", bytes(32)),
        ("key_id", "s9"),
    ],
)
def test_a_seal_that_is_changed_in_any_field_is_found(
    worked: Case, file: Path, column: str, value: object
) -> None:
    Seal.objects.filter(number=2).update(**{column: value})
    found = findings(file)
    assert "seal 2: the database and the file say different things" in found
    words = "key ring" if column == "key_id" else "it was not made with the key"
    assert any(line.startswith("seal 2: ") and words in line for line in found)


def edited(file: Path, change: Callable[[list[str]], list[str]]) -> list[str]:
    file.write_text("".join(change(file.read_text().splitlines(keepends=True))))
    return findings(file)


def test_a_changed_line_of_the_file_is_found(worked: Case, file: Path) -> None:
    def more_events(lines: list[str]) -> list[str]:
        table = json.loads(lines[0])
        table["n_events"] += 1
        return [json.dumps(table, sort_keys=True, separators=(",", ":")) + "\n", lines[1]]

    assert edited(file, more_events) == [
        "seal 1: the database and the file say different things",
        "seal 1: it was not made with the key, or was changed in the file",
    ]


def test_a_line_that_is_no_seal_is_found(worked: Case, file: Path) -> None:
    found = edited(file, lambda lines: [lines[0], "nothing\n", lines[1]])
    assert found == ["line 2: not a seal"]
    file.write_bytes(b"\xff\xfe\n")
    assert "line 1: not a seal" in findings(file)


def test_a_line_that_is_taken_out_and_a_tail_that_is_dropped_are_found(
    worked: Case, file: Path
) -> None:
    whole = file.read_text()
    assert edited(file, lambda lines: lines[1:]) == ["seal 1: in the database and not in the file"]
    file.write_text(whole)
    assert edited(file, lambda lines: lines[:1]) == ["seal 2: in the database and not in the file"]
    file.unlink()
    [found] = findings(file)
    assert "is not there" in found


def test_both_taken_back_to_an_earlier_seal_are_known_by_a_mac_from_elsewhere_alone(
    worked: Case, file: Path
) -> None:
    audit = Audit(file=file)
    assert list(audit.run()) == []
    written_down = audit.last
    for case in Case.objects.filter(events__seal=2).distinct():
        removed(case)
    Seal.objects.filter(number=2).delete()
    edited(file, lambda lines: lines[:1])
    later = Audit(file=file)
    assert list(later.run()) == []
    assert written_down is not None
    assert later.last is not None
    assert (later.last.number, later.last.mac) != (written_down.number, written_down.mac)


# The rows of today ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "closed"),
        ("due_at", NOW + 99 * HOUR),
        ("contacted_at", NOW),
        ("feedback_at", NOW + HOUR),
        ("ended_at", NOW),
        ("paused_since", NOW),
        ("dispatched_at", NOW),
        ("excluded", True),
        ("exclusion_reason", "policy"),
        ("parked", True),
        ("n_redos", 1),
        ("n_month", 7),
        ("channel", "web"),
        ("kind", "report"),
        ("category_1", "供暖"),
        ("category_2", "室温"),
        ("category_3", "停车收费"),
        ("confidential", True),
        ("urgent", True),
        ("place", None),
        ("unit", None),
    ],
)
def test_a_column_that_is_changed_without_an_event_is_found(
    worked: Case, file: Path, column: str, value: object
) -> None:
    Case.objects.filter(pk=worked.pk).update(**{column: value})
    line = f"case {worked.number}: its column {column} is not what was last recorded"
    assert findings(file) == [line]
    assert findings(file, worked.number) == [line]


@pytest.mark.parametrize("later", [False, True], ids=["received", "classified"])
def test_a_category_that_is_changed_is_found_whichever_event_said_it(
    city: City, file: Path, later: bool
) -> None:
    case = city.received(("", "", "") if later else ELEVATOR)
    if later:
        classify_case(case_id=case.pk, category=ELEVATOR, by=city.dispatcher, as_of=NOW + HOUR)
    assert case.events.filter(kind="classified").exists() is later
    seal_events(NOW + HOUR, file=file)
    assert findings(file) == []
    Case.objects.filter(pk=case.pk).update(category_1="供暖")
    assert findings(file) == [
        f"case {case.number}: its column category_1 is not what was last recorded"
    ]


def test_a_case_that_is_given_to_another_unit_is_found(worked: Case, file: Path) -> None:
    Case.objects.filter(pk=worked.pk).update(unit=Unit.objects.get(code="D02"))
    assert findings(file) == [
        f"case {worked.number}: its column unit is not what was last recorded"
    ]


def test_a_case_that_is_numbered_anew_is_found(worked: Case, file: Path) -> None:
    Case.objects.filter(pk=worked.pk).update(number="20220208000077")
    assert any("20220208000077, event 1: its content is not" in line for line in findings(file))


def test_head_and_number_of_events_of_a_case_are_compared(worked: Case, file: Path) -> None:
    Case.objects.filter(pk=worked.pk).update(n_events=worked.n_events - 1)
    assert findings(file) == [
        f"case {worked.number}, event 5: the case counts another number of events"
    ]
    Case.objects.filter(pk=worked.pk).update(n_events=worked.n_events, head=bytes(32))
    assert findings(file) == [f"case {worked.number}, event 6: the case names another last event"]


def test_personal_values_that_are_swapped_or_replaced_are_found(worked: Case, file: Path) -> None:
    other = CasePrivate.objects.exclude(case=worked).order_by("pk").first()
    assert other is not None
    CasePrivate.objects.filter(case=worked).update(person=other.person)
    line = f"case {worked.number}: a value of its personal data was changed, or is another's"
    assert findings(file) == [line]
    # With the key at hand a value can be sealed that opens; the digest tells.
    made = private_of(worked, Person(name="李四", phone="13900000000"), "停车费", "别的")
    CasePrivate.objects.filter(case=worked).update(person=made.person, text=made.text)
    lost = "the recorded value of person.address is gone, and no event says that it was erased"
    assert set(findings(file)) == {
        f"case {worked.number}: {lost}",
        *(
            f"case {worked.number}: the kept value of {name} is not the recorded one"
            for name in ("person.name", "person.phone", "body")
        ),
    }


def test_personal_values_that_go_without_an_event_are_found(worked: Case, file: Path) -> None:
    CasePrivate.objects.filter(case=worked).update(person=b"", person_salt=b"")
    assert [line.partition("value of ")[2] for line in findings(file)] == [
        f"person.{name} is gone, and no event says that it was erased"
        for name in ("name", "phone", "address")
    ]
    CasePrivate.objects.filter(case=worked).delete()
    line = f"case {worked.number}: the row of its personal data is missing"
    assert findings(file) == [line]


def test_words_of_records_are_compared(worked: Case, file: Path) -> None:
    contact, feedback = worked.contacts.get(), worked.feedbacks.get()
    Contact.objects.filter(pk=contact.pk).update(note=feedback.answer)
    line = f"case {worked.number}: the note of its contact {contact.pk}"
    assert findings(file) == [f"{line} was changed, or is another's"]
    Contact.objects.filter(pk=contact.pk).update(note=b"")
    assert findings(file) == [f"{line} is gone, and no event says that it was erased"]


def test_who_was_designated_is_compared(city: City, file: Path) -> None:
    case = city.received()
    object_to_dispatch(
        case_id=case.pk, reason="duty", statement="不是我们", by=city.clerk, as_of=NOW
    )
    decide_objection(
        case_id=case.pk, upheld=False, opinion="是你们", by=city.dispatcher, as_of=NOW + HOUR
    )
    seal_events(NOW + HOUR, file=file)
    assert findings(file) == []
    case.dispatches.update(designated=False)
    assert findings(file) == [
        f"case {case.number}: the designated of its dispatch 1 is not what was last recorded"
    ]


def test_plain_columns_of_records_are_compared(worked: Case, file: Path) -> None:
    feedback = worked.feedbacks.get()
    Feedback.objects.filter(pk=feedback.pk).update(result="unresolved")
    line = f"case {worked.number}: the result of its feedback {feedback.pk}"
    assert findings(file) == [f"{line} is not what was last recorded"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("contacted", False),
        ("resolved", "no"),
        ("satisfaction", "dissatisfied"),
        ("state", "invalid"),
        ("void", True),
    ],
)
def test_an_answer_of_a_resident_that_is_changed_is_found(
    city: City, file: Path, column: str, value: object
) -> None:
    case = due_case(city)
    answered(case, city.caller, LIMIT + HOUR)
    seal_events(LIMIT + HOUR, file=file)
    assert findings(file) == []
    Callback.objects.filter(case=case).update(**{column: value})
    line = f"case {case.number}: the {column} of its callback 1 is not what was last recorded"
    assert findings(file) == [line]


def test_answers_that_no_resident_gave_are_found(city: City, file: Path) -> None:
    case = due_case(city)
    seal_events(LIMIT, file=file)
    assert findings(file) == []
    callback = Callback.objects.get(case=case)
    Callback.objects.filter(case=case).update(state="done", contacted=True, resolved="yes")
    assert [line.split(": ")[1].split(" of ")[0] for line in findings(file)] == [
        "the state", "the contacted", "the resolved",
    ]  # fmt: skip
    Callback.objects.filter(case=case).update(state="due", contacted=None, resolved="")
    callback.pk, callback.round = None, 2
    callback.save(force_insert=True)
    assert findings(file) == [f"case {case.number}: no event tells of its callback 2"]


def test_a_record_that_is_removed_is_found(worked: Case, file: Path) -> None:
    key = worked.contacts.get().pk
    worked.contacts.all().delete()
    assert findings(file) == [f"case {worked.number}: its contact {key} is missing"]


def test_no_finding_holds_a_value(worked: Case, file: Path) -> None:
    CasePrivate.objects.filter(case=worked).update(text=b"\x01\x02e1" + bytes(40))
    Event.objects.filter(case=worked).update(changes={"phone": "13800000000"})
    Contact.objects.update(note=b"13800000000" * 5)
    found = "".join(findings(file))
    assert found
    for secret in ("13800000000", "张三", "停车费", "周三"):
        assert secret not in found


def test_work_beside_the_check_is_no_finding(
    city: City, worked: Case, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the cases and reading their events somebody signs one of them."""
    from jiesu.cases.history import case_audit

    class Late(case_audit._Batch):
        def __init__(self, first: int, last: int) -> None:
            case = _unsigned(city)
            if case.state == "dispatched":
                sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + 12 * HOUR)
            super().__init__(first, last)

    monkeypatch.setattr(case_audit, "_Batch", Late)
    assert findings(file) == []


def test_an_event_of_a_form_that_no_action_writes_is_a_finding_and_no_crash(
    city: City, worked: Case, file: Path
) -> None:
    assert worked.events.filter(kind="received").update(changes={"category": 3}) == 1
    found = findings(file)
    assert f"case {worked.number}: its events say what no event can say" in found


_IN_A_COLUMN = pytest.mark.only_on(
    "sqlite", reason="PostgreSQL takes nothing into a column but its kind"
)


@_IN_A_COLUMN
@pytest.mark.parametrize("value", ["'x'", "'2022-13-45 00:00:00'", "x'00ff'", "-1.5"])
@pytest.mark.parametrize(
    ("table", "key", "column"),
    [
        ("case", "id", "created_at"),
        ("case", "id", "due_at"),
        ("case", "id", "labels"),
        ("event", "case_id", "at"),
        ("event", "case_id", "digest"),
        ("caseprivate", "case_id", "person"),
        ("contact", "case_id", "at"),
        ("feedback", "case_id", "at"),
    ],
)
def test_what_cannot_be_read_is_a_finding_of_its_case_and_hides_no_other(
    worked: Case, file: Path, table: str, key: str, column: str, value: str
) -> None:
    other = Case.objects.exclude(pk=worked.pk).latest("pk")
    Case.objects.filter(pk=other.pk).update(channel="web")
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE cases_{table} SET {column} = {value} WHERE {key} = {worked.pk}")
    found = findings(file)
    assert f"case {other.number}: its column channel is not what was last recorded" in found
    of = (f"case {worked.number}", f"the case with the key {worked.pk}:")
    assert [line for line in found if line.startswith(of)]
    assert findings(file, number=worked.number)


@_IN_A_COLUMN
@pytest.mark.parametrize("column", ["at", "n_events", "digest", "mac", "key_id"])
def test_a_seal_that_cannot_be_read_is_a_finding(worked: Case, file: Path, column: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE cases_seal SET {column} = 'x' WHERE number = 2")
    assert any(line.startswith("seal 2: ") for line in findings(file))
    assert any(line.startswith("seal 2: ") for line in findings(file, number=worked.number))


def test_when_a_case_came_and_what_was_done_cannot_be_moved_to_another_month(
    worked: Case, file: Path
) -> None:
    month = timedelta(days=31)
    for model, column in ((Case, "created_at"), (Contact, "at"), (Feedback, "at")):
        row = model._default_manager.order_by("pk").last()
        assert row is not None
        rows = model._default_manager.filter(pk=row.pk)
        rows.update(**{column: getattr(row, column) - month})
        [found] = findings(file)
        assert f"{column} " in found
        assert found.endswith("is not what was last recorded")
        rows.update(**{column: getattr(row, column)})
    assert findings(file) == []
