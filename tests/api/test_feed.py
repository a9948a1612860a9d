"""The feed: a unit's own cases, every change once and in order, also when commits overtake."""

from datetime import timedelta
from threading import Event as Flag
from threading import Thread

import pytest
from django.db import connection, transaction

from jiesu.cases.actions.dispatching import redispatch_case
from jiesu.cases.actions.handling import sign_case
from jiesu.cases.history import stream
from jiesu.cases.models import Case, Event, User
from tests.api.callers import DEMAND, Caller, Callers, let_callbacks_fall_due
from tests.cases.cast import ELEVATOR, HEATING, NOW, STALLS, City

Seen = list[tuple[str, str]]


def followed(caller: Caller, limit: int = 100) -> Seen:
    """All that the feed gives, from the first event on, page by page."""
    found: Seen = []
    cursor, more = "", True
    while more:
        answer = caller.get(f"/feed?limit={limit}&cursor={cursor}")
        assert answer.status == 200, answer.body
        found += [(one["number"], one["kind"]) for one in answer.body["events"]]
        cursor, more = answer.body["next"], answer.body["more"]
    return found


def test_a_unit_follows_its_own_cases_in_order(callers: Callers, city: City) -> None:
    first, foreign = city.received().number, city.received(HEATING).number
    case = city.received(ELEVATOR)
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + timedelta(minutes=1))
    expected = [(first, kind) for kind in ("received", "dispatched")]
    expected += [(case.number, kind) for kind in ("received", "dispatched", "signed")]
    assert followed(callers["clerk"]) == expected
    assert followed(callers["clerk"], limit=2) == expected
    assert {number for number, _ in followed(callers["enterprise"])} == {foreign}
    assert followed(callers["other_clerk"]) == []
    assert len(followed(callers["coordinator"])) == len(expected)


def test_the_feed_shows_each_case_as_it_stands_now(callers: Callers, city: City) -> None:
    case = city.received()
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW)
    body = callers["clerk"].get("/feed").body
    [shown] = body["cases"]
    assert (shown["number"], shown["state"], shown["version"]) == (case.number, "signed", 2)
    assert "张三" not in str(body)


def test_a_program_follows_what_it_brought_in(callers: Callers, city: City) -> None:
    city.received()
    number = callers["client"].post("/cases", {**DEMAND, "new_facts": True}).body["number"]
    assert {one for one, _ in followed(callers["client"])} == {number}


def test_one_may_begin_now_and_go_on_from_there(callers: Callers, city: City) -> None:
    city.received()
    clerk = callers["clerk"]
    begun = clerk.get("/feed?begin=now").body
    assert (begun["events"], begun["more"]) == ([], False)
    again = clerk.get(f"/feed?cursor={begun['next']}").body
    assert (again["events"], again["next"]) == ([], begun["next"])
    number = city.received(ELEVATOR).number
    later = clerk.get(f"/feed?cursor={begun['next']}").body
    assert {one["number"] for one in later["events"]} == {number}
    assert callers["department"].get(f"/feed?cursor={begun['next']}").status == 422


def test_a_case_that_goes_elsewhere_says_so_and_is_seen_no_longer(
    callers: Callers, city: City
) -> None:
    case = city.received(STALLS)
    redispatch_case(
        case_id=case.pk, unit="110101002", why="地段属于景山", by=city.coordinator,
        as_of=NOW + timedelta(hours=1),
    )  # fmt: skip
    redispatch_case(
        case_id=case.pk, unit="110102001", why="地段属于西城", by=city.dispatcher,
        as_of=NOW + timedelta(hours=2),
    )  # fmt: skip
    case.refresh_from_db()
    sign_case(case_id=case.pk, by=city.other_clerk, as_of=NOW + timedelta(hours=3))
    body = callers["coordinator"].get("/feed").body
    kinds = [one["kind"] for one in body["events"]]
    assert kinds == ["received", "dispatched", "redispatched", "redispatched"]
    assert body["cases"] == []
    assert [kind for _, kind in followed(callers["other_clerk"])][-1] == "signed"


def test_a_call_back_is_in_the_feed_when_it_has_ended_and_not_before(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = city.received().number
    let_callbacks_fall_due(monkeypatch)
    kinds = {kind for _, kind in followed(callers["clerk"])}
    assert Event.objects.filter(kind="callback_due").exists()
    assert not [kind for kind in kinds if kind.startswith("callback")]
    caller = callers["caller"]
    assert caller.post("/callbacks/next").body["case"]["number"] == number
    caller.post(f"/cases/{number}/callback-attempt", {"outcome": "connected"}, If_Match="*")
    assert not [one for one in followed(callers["clerk"]) if one[1].startswith("callback")]
    answers = {"contacted": True, "resolved": "yes", "satisfaction": "satisfied"}
    done = caller.post(f"/cases/{number}/callback", answers, If_Match="*")
    assert (done.status, done.body["case"]["state"]) == (200, "closed")
    assert (number, "callback_done") in followed(callers["clerk"])
    [shown] = callers["clerk"].get("/feed").body["cases"]
    assert [one["satisfaction"] for one in shown["callbacks"]] == ["satisfied"]


def test_a_long_history_is_walked_in_windows(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "WINDOW", 4)
    for _ in range(6):
        city.received(HEATING, new_facts=True)
    number = city.received().number
    body = callers["clerk"].get("/feed").body
    assert (body["events"], body["more"]) == ([], True)
    assert [one for one, _ in followed(callers["clerk"])] == [number] * 2


@pytest.mark.only_on("postgresql", reason="SQLite has one writer: no commit overtakes another")
@pytest.mark.django_db(transaction=True)
def test_no_event_is_missed_when_a_later_one_is_committed_first(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = city.received(), city.received(ELEVATOR)
    begun, go_on = Flag(), Flag()

    def sign_slowly() -> None:
        with transaction.atomic():
            sign_case(case_id=slow.pk, by=city.clerk, as_of=NOW)
            begun.set()
            go_on.wait(20)
        connection.close()

    start = callers["clerk"].get("/feed?begin=now").body["next"]
    thread = Thread(target=sign_slowly)
    thread.start()
    assert begun.wait(20)
    sign_case(case_id=quick.pk, by=city.clerk, as_of=NOW)
    monkeypatch.setattr(stream, "WAITS", 3)
    held = callers["clerk"].get(f"/feed?cursor={start}").body
    assert held["events"] == []
    go_on.set()
    thread.join()
    found = callers["clerk"].get(f"/feed?cursor={held['next']}").body["events"]
    assert {(one["number"], one["kind"]) for one in found} == {
        (slow.number, "signed"), (quick.number, "signed"),
    }  # fmt: skip
    assert Case.objects.filter(state="signed").count() == 2


@pytest.mark.only_on("postgresql", reason="SQLite has one writer: nobody writes beside another")
@pytest.mark.django_db(transaction=True)
def test_who_writes_something_else_for_long_holds_nobody_up(callers: Callers, city: City) -> None:
    begun, go_on = Flag(), Flag()

    def write_slowly() -> None:
        with transaction.atomic():
            User.objects.update(first_name="慢")
            begun.set()
            go_on.wait(20)
        connection.close()

    thread = Thread(target=write_slowly)
    thread.start()
    try:
        assert begun.wait(20)
        number = city.received().number
        assert {one for one, _ in followed(callers["clerk"])} == {number}
    finally:
        go_on.set()
        thread.join()
