"""The worked tables of docs/methods/call-back.md, recomputed."""

from datetime import datetime, timedelta

import pytest

from jiesu.cases.actions.callbacks import Answers, record_attempt, take_callback
from jiesu.cases.models import Case
from jiesu.cases.moments import moments, next_sweep_at
from jiesu.cases.rulebook import rulebook
from jiesu.cases.sweep import sweep
from jiesu.city.desk_file import parse_desk, shipped_desk
from tests.cases.calling import LIMIT, answered, due_case, set_rule
from tests.cases.cast import NOW, ZONE, City
from tests.core.pages import table


def moment(text: str) -> datetime | None:
    return None if text == "none" else datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_when_it_is_due(city: City) -> None:
    for row in table("call-back", "due", "clock stands since", "feedback", "as of", "call-back"):
        case = city.received(new_facts=True)
        assert case.due_at == moment(row["due"]) == LIMIT
        as_of = moment(row["as of"])
        assert as_of is not None
        case.paused_since = moment(row["clock stands since"])
        if row["feedback"] != "none":
            case.state = "feedback_submitted"
        case.next_sweep_at = next_sweep_at(case, rulebook().rules_of(case.rules_id), NOW)
        case.save()
        sweep(as_of)
        states = list(case.callbacks.values_list("state", flat=True))
        assert states == ([] if row["call-back"] == "none" else [row["call-back"]]), row
        Case.objects.filter(pk=case.pk).update(next_sweep_at=None)


def test_who_is_called(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    before = "100"
    for row in table("call-back", "sample_percent", "drawn", "round", "called"):
        set_rule(f"sample_percent = {before}\n", f"sample_percent = {row['sample_percent']}\n")
        before = row["sample_percent"]
        drawn = int(row["drawn"])
        monkeypatch.setattr("jiesu.cases.falling_due.draw", lambda number, drawn=drawn: drawn)
        case = city.received(new_facts=True)
        Case.objects.filter(pk=case.pk).update(round=int(row["round"]))
        sweep(LIMIT)
        state = case.callbacks.get().state
        assert state == ("due" if row["called"] == "yes" else "not_sampled"), row


def test_attempts(city: City) -> None:
    for row in table("call-back", "outcomes", "state", "next attempt after"):
        case, at = due_case(city, new_facts=True), LIMIT
        for outcome in row["outcomes"].split(", "):
            take_callback(by=city.caller, as_of=at, case_id=case.pk)
            callback = record_attempt(case_id=case.pk, outcome=outcome, by=city.caller, as_of=at)
            last, at = at, max(callback.next_at, at)
        assert callback.state == row["state"], row
        if callback.state == "attempting":
            waits = max(callback.next_at - last, timedelta())
            shown = f"{waits // timedelta(hours=1)} h" if waits else "none"
            assert shown == row["next attempt after"], row
        else:
            assert row["next attempt after"] == "none"


def test_redo(city: City) -> None:
    for row in table("call-back", "resolved", "satisfaction", "redos before", "parked", "redone"):
        case = due_case(city, new_facts=True)
        Case.objects.filter(pk=case.pk).update(
            n_redos=int(row["redos before"]), parked=row["parked"] == "yes"
        )
        answers = Answers(
            contacted=True, resolved=row["resolved"], satisfaction=row["satisfaction"]
        )
        answered(case, city.caller, LIMIT, answers)
        state = Case.objects.get(pk=case.pk).state
        assert state == ("dispatched" if row["redone"] == "yes" else "closed"), row


def test_supervision() -> None:
    rules = parse_desk(shipped_desk(), "desk.toml").rules
    for row in table("call-back", "rule", "after hours", "clock", "done", "as of", "raised"):
        clock, as_of = moment(row["clock"]), moment(row["as of"])
        assert clock is not None
        assert as_of is not None
        case = Case(
            state="feedback_submitted" if row["done"] == "feedback" else "dispatched",
            unit_id=1, caller="x", contact_due_at=clock, due_at=clock,
            contacted_at=clock if row["done"] == "contact" else None,
        )  # fmt: skip
        raised = {
            (one.rule.event, one.rule.after_hours)
            for one in moments(case, rules)
            if one.rule is not None and one.at <= as_of
        }
        key = (row["rule"], int(row["after hours"]))
        assert (key in raised) == (row["raised"] == "yes"), row
