"""Rows written past Django's own way: whole, nothing cut, on a connection that was lost too."""

import pytest
from django.db import DataError, connection

from jiesu.cases.actions.intake import receive_case
from jiesu.cases.insertion import asked, insert_family, made
from jiesu.cases.models import Case, Event
from tests.cases.cast import DEMAND, NOW, City


def family(number: str, *, kind: str = "received") -> tuple[Case, list[Event]]:
    case = made(Case, number=number, state="received", channel="phone", kind="help", created_at=NOW)
    events = [
        made(Event, seq=seq, at=NOW, actor="a", kind=kind, changes={"名": None, "n": [seq, True]})
        for seq in (1, 2)
    ]
    return case, events


def test_a_row_and_those_that_hold_its_key_are_read_as_they_were_written(city: City) -> None:
    case, events = family("n1")
    insert_family(case, events, key="case_id")
    read = Case.objects.get(number="n1")
    for field in Case._meta.concrete_fields:
        written = getattr(case, field.attname)
        found = getattr(read, field.attname)
        # Nothing is nothing: of bytes PostgreSQL gives a view of its memory.
        assert (bytes(found) if isinstance(found, memoryview) else found) == written, field.name
    assert [one.case_id for one in events] == [case.pk] * 2
    stored = list(Event.objects.filter(case=read).order_by("seq"))
    assert [(one.seq, one.at, one.changes) for one in stored] == [
        (one.seq, NOW, one.changes) for one in events
    ]


@pytest.mark.only_on("postgresql", reason="SQLite does not bound texts")
def test_a_text_that_is_too_long_is_refused_and_never_cut(city: City) -> None:
    case, events = family("n1", kind="k" * 200)
    with pytest.raises(DataError):
        insert_family(case, events, key="case_id")


@pytest.mark.only_on("postgresql", reason="SQLite has no connection to lose")
@pytest.mark.django_db(transaction=True)
def test_what_is_asked_first_on_a_connection_that_was_cut_is_asked_on_a_new_one() -> None:
    connection.ensure_connection()
    connection.health_check_enabled, connection.health_check_done = True, False  # type: ignore[attr-defined]
    connection.connection.close()
    assert asked("SELECT %s", ["x"]) == [("x",)]


def test_the_intake_gives_back_what_stands_in_the_database(city: City) -> None:
    case = receive_case(DEMAND, by=city.operator, as_of=NOW).case
    read = Case.objects.get(pk=case.pk)
    assert (read.number, read.state, read.unit, read.due_at) == (
        case.number, case.state, case.unit, case.due_at,
    )  # fmt: skip
    assert read.events.count() == case.n_events == 2
    assert read.dispatches.count() == 1
