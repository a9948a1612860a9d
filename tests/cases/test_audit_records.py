"""Whoever changes, moves or removes the records beside a case in the database is found."""

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from jiesu.cases.actions.assistance import (
    answer_assist,
    ask_assist,
    blow_whistle,
    escalate_case,
    mark_whistle,
    report_whistle,
)
from jiesu.cases.actions.dispatching import redispatch_case
from jiesu.cases.actions.extensions import (
    ask_extension,
    decide_extension,
    resume,
    wait_for_caller,
)
from jiesu.cases.actions.handling import record_contact, report_interim, sign_case
from jiesu.cases.actions.objections import (
    close_consultation,
    consult_units,
    decide_objection,
    give_opinion,
    object_to_dispatch,
)
from jiesu.cases.actions.privacy import erase_person, reveal_person
from jiesu.cases.actions.supervision import answer_supervision, raise_supervision
from jiesu.cases.actions.units import merge_units
from jiesu.cases.history.audit import Audit
from jiesu.cases.history.seals import seal_events
from jiesu.cases.models import Case, Claim, Opinion, Pause, Unit
from jiesu.cases.sweep import sweep
from tests.cases.calling import DAY, HOUR, LIMIT, MINUTE, answered, missed, with_feedback
from tests.cases.cast import LIGHTS, NOW, City
from tests.cases.claiming import claimed, decided, supported
from tests.cases.test_audit import forged


def findings(file: Path) -> list[str]:
    return [line.partition(": ")[2] for line in Audit(file=file).run()]


def worked(city: City) -> Case:
    """A case to which almost everything has happened."""
    case = city.received()
    work: dict[str, Any] = {"case_id": case.pk, "by": city.clerk}
    ask_assist(unit="D02", matter="协助", as_of=NOW, **(work | {"by": city.dispatcher}))
    sign_case(as_of=NOW + MINUTE, **work)
    record_contact(reached=True, note="约好", as_of=NOW + MINUTE, **work)
    [whistle] = blow_whistle(units=["D01"], matter="到场", as_of=NOW + MINUTE, **work)
    escalate_case(to="D01", matter="研究", as_of=NOW + MINUTE, **(work | {"by": city.head}))
    report_interim(report="进行中", as_of=NOW + MINUTE, **work)
    assist = case.assists.get(unit=city.unit["D01"])
    officer: dict[str, Any] = {"case_id": case.pk, "by": city.department, "as_of": NOW + HOUR}
    answer_assist(assist_id=assist.pk, answer="好", **officer)
    report_whistle(whistle_id=whistle.pk, report="到了", **officer)
    mark_whistle(whistle_id=whistle.pk, mark=5, **officer)
    wait_for_caller(as_of=NOW + HOUR, **work)
    resume(as_of=NOW + 2 * HOUR, **work)
    ask_extension(
        reason="works_needed", statement="更久", amount=1, unit_of_time="natural_day",
        as_of=NOW + 3 * HOUR, caller_told_at=NOW + 3 * HOUR, **work,
    )  # fmt: skip
    decide_extension(case_id=case.pk, granted=True, by=city.dispatcher, as_of=NOW + 3 * HOUR)
    raised = raise_supervision(
        case_id=case.pk, words="请抓紧", by=city.dispatcher, as_of=NOW + 3 * HOUR
    )
    answer_supervision(supervision_id=raised.pk, answer="好", as_of=NOW + 4 * HOUR, **work)
    reveal_person(case_id=case.pk, reason="核实", by=city.dispatcher, as_of=NOW + 4 * HOUR)
    case.refresh_from_db()
    assert case.due_at is not None
    sweep(case.due_at)
    missed(case, city.caller, case.due_at)
    answered(case, city.caller, case.due_at + DAY)
    case.refresh_from_db()
    return case


def consulted(city: City) -> Case:
    """A case on which two units were asked before its dispatch, and one has answered."""
    case = city.received(LIGHTS, new_facts=True, at=NOW)
    consult_units(
        case_id=case.pk, units=["D01", "D02"], question="谁办", by=city.dispatcher, as_of=NOW
    )
    give_opinion(
        case_id=case.pk, accepts=False, opinion="不归我们", by=city.department, as_of=NOW + HOUR
    )
    return case


def changed(model: str, column: str, value: object, **which: Any) -> None:
    """Change a column by SQL, past all actions; of a unit by its code."""
    table = apps.get_model("cases", model)
    if column in {"unit", "to", "street", "copied_to", "chosen"}:
        value = Unit.objects.get(code=value)
    assert table._default_manager.filter(**which).update(**{column: value}) == 1


IN_A_CASE: tuple[tuple[str, str, object, str], ...] = (
    ("callback", "unit", "110102001", "1"),
    ("callback", "due_at", NOW, "1"),
    ("callback", "ended_at", NOW, "1"),
    ("callback", "n_attempts", 1, "1"),
    ("dispatch", "unit", "110102001", "1"),
    ("dispatch", "copied_to", "D02", "1"),
    ("dispatch", "at", NOW - DAY, "1"),
    ("dispatch", "due_at", NOW, "1"),
    ("dispatch", "limit", "24h", "1"),
    ("dispatch", "ended_at", NOW, "1"),
    ("contact", "unit", "110102001", "{key}"),
    ("feedback", "unit", "110102001", "{key}"),
    ("feedback", "interim", False, "{key}"),
    ("whistle", "unit", "D02", "{key}"),
    ("whistle", "street", "110102001", "{key}"),
    ("whistle", "mark_of_street", 1, "{key}"),
    ("whistle", "mark_of_unit", 1, "{key}"),
    ("whistle", "ended_at", NOW, "{key}"),
    ("escalation", "unit", "110102001", "{key}"),
    ("escalation", "to", "D02", "{key}"),
    ("escalation", "answered_at", NOW, "{key}"),
    ("extension", "granted", False, "{key}"),
    ("supervision", "unit", "110102001", "/1"),
    ("supervision", "answered_at", None, "/1"),
    ("pause", "cause", "parked", "{key}"),
    ("pause", "start", NOW, "{key}"),
    ("pause", "end", NOW + DAY, "{key}"),
    ("disclosure", "kind", "exported", "{seq}"),
    ("disclosure", "at", NOW - DAY, "{seq}"),
)


@pytest.mark.parametrize(("model", "column", "value", "named"), IN_A_CASE)
def test_a_column_of_a_record_that_is_changed_is_found(
    city: City, file: Path, model: str, column: str, value: object, named: str
) -> None:
    case = worked(city)
    seal_events(LIMIT + 9 * DAY, file=file)
    assert findings(file) == []
    rows = apps.get_model("cases", model)._default_manager.filter(case=case)
    if model == "supervision":
        rows = rows.filter(rule="")
    row = rows.get()
    name = named.format(key=row.pk, seq=getattr(row, "seq", ""))
    changed(model, column, value, pk=row.pk)
    line = f"the {column} of its {model} {name} is not what was last recorded"
    assert findings(file) == [line]


@pytest.mark.parametrize(
    ("number", "column", "value"),
    [(1, "outcome", "connected"), (2, "outcome", "no_answer"), (1, "at", NOW)],
)
def test_an_attempt_that_is_changed_is_found(
    city: City, file: Path, number: int, column: str, value: object
) -> None:
    case = worked(city)
    changed("attempt", column, value, callback__case=case, number=number)
    line = f"the {column} of its attempt 1/{number} is not what was last recorded"
    assert line in findings(file)


def test_who_was_asked_to_help_is_compared_whoever_asked(city: City, file: Path) -> None:
    case = worked(city)
    by_hand = case.assists.get(unit=city.unit["D02"])
    changed("assist", "unit", "E01", case=case, pk=by_hand.pk)
    line = f"the unit of its assist {by_hand.pk} is not what was last recorded"
    assert line in findings(file)
    changed("assist", "unit", "D02", case=case, pk=by_hand.pk)
    changed("assist", "unit", "E01", case=case, unit=city.unit["D01"])
    asked = "the units that were asked to help with a dispatch are not those that were recorded"
    assert asked in findings(file)


def test_an_opinion_that_is_changed_or_moved_is_found(city: City, file: Path) -> None:
    case = consulted(city)
    seal_events(NOW + DAY, file=file)
    assert findings(file) == []
    key = case.consultations.get().pk
    changed("opinion", "accepts", True, consultation=key, unit__code="D01")
    line = f"the accepts of its opinion {key}/D01 is not what was last recorded"
    assert findings(file) == [line]
    changed("opinion", "accepts", False, consultation=key, unit__code="D01")
    changed("opinion", "unit", "E01", consultation=key, unit__code="D02")
    assert findings(file) == [
        f"no event tells of its opinion {key}/E01", f"its opinion {key}/D02 is missing",
    ]  # fmt: skip


def test_whom_a_consultation_chose_is_compared(city: City, file: Path) -> None:
    case = consulted(city)
    close_consultation(
        case_id=case.pk, chosen="D02", outcome="D02", by=city.dispatcher, as_of=NOW + DAY
    )
    seal_events(NOW + DAY, file=file)
    assert findings(file) == []
    key = case.consultations.get().pk
    changed("consultation", "chosen", "D01", pk=key)
    line = f"the chosen of its consultation {key} is not what was last recorded"
    assert findings(file) == [line]


@pytest.mark.parametrize(
    ("column", "value"),
    [("unit", "110102001"), ("kind", "exclusion"), ("state", "refused"), ("reason", "policy")],
)
def test_a_claim_that_is_changed_is_found(
    city: City, file: Path, column: str, value: object
) -> None:
    case = city.received()
    with_feedback(city, case)
    sweep(LIMIT)
    answered(case, city.caller, LIMIT + HOUR)
    claim = decided(city, supported(city, claimed(city, case, "appeal")))
    seal_events(LIMIT + 9 * DAY, file=file)
    assert findings(file) == []
    changed("claim", column, value, pk=claim.pk)
    line = f"the {column} of its claim {claim.pk} is not what was last recorded"
    assert findings(file) == [line]


def test_an_older_event_that_does_not_say_whose_a_claim_is_is_no_finding(
    city: City, file: Path
) -> None:
    case = city.received()
    claim = claimed(city, case, "parking", as_of=NOW + HOUR)
    event = case.events.get(kind="claimed")
    forged(case, event.seq, changes={k: v for k, v in event.changes.items() if k != "of"})
    seal_events(NOW + DAY, file=file)
    assert findings(file) == []
    Claim.objects.filter(pk=claim.pk).update(state="approved")
    assert len(findings(file)) == 1


def test_a_caller_that_is_given_another_demand_is_found(city: City, file: Path) -> None:
    case, other = worked(city), city.received(new_facts=True, at=LIMIT + 3 * DAY)
    seal_events(LIMIT + 9 * DAY, file=file)
    line = "its column caller does not stand for the recorded phone"
    for mark in ("h1:0000", "", "0:1234"):
        Case.objects.filter(pk=case.pk).update(caller=mark)
        assert findings(file) == [line]
    Case.objects.filter(pk=case.pk).update(caller=other.caller)
    assert findings(file) == []
    erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LIMIT + 9 * DAY)
    seal_events(LIMIT + 9 * DAY, file=file)
    assert findings(file) == []
    Case.objects.filter(pk=case.pk).update(caller=other.caller)
    assert findings(file) == [line]


REMOVED = (
    ("attempt", "callback__case", "1/2"),
    ("contact", "case", "{key}"),
    ("disclosure", "case", "{seq}"),
    ("dispatch", "case", "1"),
    ("escalation", "case", "{key}"),
    ("extension", "case", "{key}"),
    ("feedback", "case", "{key}"),
    ("pause", "case", "{key}"),
    ("supervision", "case", "/1"),
    ("whistle", "case", "{key}"),
)


@pytest.mark.parametrize(("model", "way", "named"), REMOVED)
def test_a_record_that_is_removed_is_found(
    city: City, file: Path, model: str, way: str, named: str
) -> None:
    case = worked(city)
    if model == "dispatch":
        case.extensions.all().delete()
    seal_events(LIMIT + 9 * DAY, file=file)
    before = findings(file)
    row = apps.get_model("cases", model)._default_manager.filter(**{way: case}).latest("pk")
    name = named.format(key=row.pk, seq=getattr(row, "seq", ""))
    if model == "supervision":
        row = case.supervisions.get(rule="")
    row.delete()
    assert set(findings(file)) - set(before) == {f"its {model} {name} is missing"}


def test_a_record_of_an_erased_case_that_is_removed_is_found_and_erasing_is_not(
    city: City, file: Path
) -> None:
    case = worked(city)
    erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LIMIT + 9 * DAY)
    reveal_person(case_id=case.pk, reason="核实", by=city.dispatcher, as_of=LIMIT + 9 * DAY)
    seal_events(LIMIT + 9 * DAY, file=file)
    assert findings(file) == []
    seq = case.disclosures.latest("seq").seq
    case.disclosures.get(seq=seq).delete()
    assert findings(file) == [f"its disclosure {seq} is missing"]


def test_opinions_and_helpers_that_are_removed_are_found(city: City, file: Path) -> None:
    case, asked = worked(city), consulted(city)
    seal_events(LIMIT + 9 * DAY, file=file)
    assert findings(file) == []
    Opinion.objects.get(consultation__case=asked, unit__code="D02").delete()
    key = asked.consultations.get().pk
    assert findings(file) == [f"its opinion {key}/D02 is missing"]
    case.assists.get(unit=city.unit["D02"]).delete()
    assert len(findings(file)) == 2


@pytest.mark.parametrize("model", ["whistle", "contact", "dispatch", "supervision", "disclosure"])
def test_a_record_that_is_slipped_in_is_found(city: City, file: Path, model: str) -> None:
    case = worked(city)
    row = apps.get_model("cases", model)._default_manager.filter(case=case).latest("pk")
    row.pk = None
    for name, value in (("number", 7), ("seq", 777), ("occasion", 7), ("unit_id", 1)):
        if hasattr(row, name) and (name != "unit_id" or model == "whistle"):
            setattr(row, name, value if name != "unit_id" else city.unit["E01"].pk)
    for field in row._meta.concrete_fields:
        if field.get_internal_type() == "BinaryField":
            setattr(row, field.name, b"")
    row.save(force_insert=True)
    assert any(line.startswith(f"no event tells of its {model} ") for line in findings(file))


@pytest.mark.parametrize("merged", ["110101001", "D01"])
def test_what_a_merged_unit_gave_over_is_whole_and_compared(
    city: City, file: Path, merged: str
) -> None:
    case, asked = city.received(), consulted(city)
    blow_whistle(case_id=case.pk, units=["D02"], matter="到场", by=city.clerk, as_of=NOW)
    escalate_case(case_id=case.pk, to="D01", matter="研究", by=city.head, as_of=NOW)
    raise_supervision(case_id=case.pk, words="催办", by=city.dispatcher, as_of=NOW)
    sweep(LIMIT)
    into = {"110101001": "110101002", "D01": "D02"}[merged]
    merge_units(
        codes=[merged], into=into, on=LIMIT.date(), by=city.administrator, as_of=LIMIT + HOUR
    )
    seal_events(LIMIT + DAY, file=file)
    assert findings(file) == []
    if merged == "D01":
        assert case.assists.get().unit == city.unit["D02"]
        changed("assist", "unit", "D01", case=case)
        changed("escalation", "to", "D01", case=case)
        assert len(findings(file)) == 2
        assert Opinion.objects.filter(consultation__case=asked).count() == 2
        return
    for model in ("callback", "supervision"):
        rows = apps.get_model("cases", model)._default_manager.filter(case=case)
        row = rows.order_by("pk").last()
        assert row is not None
        assert row.unit == city.unit[into]
        changed(model, "unit", merged, pk=row.pk)
    changed("whistle", "street", merged, case=case)
    assert len(findings(file)) == 3


def test_a_call_back_that_waits_for_another_unit_is_whole_and_compared(
    city: City, file: Path
) -> None:
    case = city.received()
    sweep(LIMIT)
    redispatch_case(
        case_id=case.pk, unit="110102001", why="属地", by=city.dispatcher, as_of=LIMIT + HOUR
    )
    seal_events(LIMIT + DAY, file=file)
    assert findings(file) == []
    assert case.callbacks.get().unit == city.unit["110102001"]
    changed("callback", "unit", "110101001", case=case)
    assert findings(file) == ["the unit of its callback 1 is not what was last recorded"]


def test_the_credit_of_an_upheld_objection_is_compared(city: City, file: Path) -> None:
    case = city.received()
    object_to_dispatch(
        case_id=case.pk, reason="duty", statement="不是我们", by=city.clerk, as_of=NOW + HOUR
    )
    decide_objection(
        case_id=case.pk, upheld=True, opinion="是", unit="110102001", by=city.dispatcher,
        as_of=NOW + 2 * HOUR,
    )  # fmt: skip
    seal_events(NOW + DAY, file=file)
    assert findings(file) == []
    objection = case.objections.get()
    changed("objection", "upheld", False, pk=objection.pk)
    line = f"the upheld of its objection {objection.pk} is not what was last recorded"
    assert findings(file) == [line]
    changed("objection", "upheld", True, pk=objection.pk)
    credit = Pause.objects.get(case=case)
    credit.delete()
    assert any("its pause " in line for line in findings(file))


def test_many_cases_are_read_by_a_handful_of_statements(city: City, file: Path) -> None:
    worked(city)
    few = _statements(file)
    for n in range(5):
        city.received(new_facts=True, at=LIMIT + n * HOUR)
    assert _statements(file) == few


def _statements(file: Path) -> int:
    n = 0

    def counted(execute: Any, *rest: Any) -> Any:
        nonlocal n
        n += 1
        return execute(*rest)

    with connection.execute_wrapper(counted):
        findings(file)
    return n
