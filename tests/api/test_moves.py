"""Moves over HTTP: with the version that was read; two clerks never overwrite each other."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from jiesu.cases.models import Case
from tests.api.callers import Answer, Callers
from tests.cases.cast import LIGHTS, City


def test_a_move_without_if_match_is_asked_for_it(callers: Callers, city: City) -> None:
    number = city.received().number
    answer = callers["clerk"].post(f"/cases/{number}/sign")
    assert (answer.status, answer.code) == (428, "if_match_missing")


def test_a_move_takes_the_tag_that_was_read_and_gives_the_next(
    callers: Callers, city: City
) -> None:
    number = city.received().number
    clerk = callers["clerk"]
    etag = clerk.get(f"/cases/{number}").headers["ETag"]
    signed = clerk.post(f"/cases/{number}/sign", If_Match=etag)
    assert (signed.status, signed.body["case"]["state"]) == (200, "signed")
    began = clerk.post(f"/cases/{number}/start", If_Match=signed.headers["ETag"])
    assert began.body["case"]["state"] == "in_progress"


@pytest.mark.parametrize(
    "tags", ['"0"', 'W/"1"', '"x"', "1", '"99999999999"', '"7", "8"', '""', "garbage, more"]
)
def test_a_tag_that_does_not_hold_changes_nothing(callers: Callers, city: City, tags: str) -> None:
    case = city.received()
    answer = callers["clerk"].post(f"/cases/{case.number}/sign", If_Match=tags)
    assert (answer.status, answer.code) == (412, "stale")
    assert answer.body["version"] == 1
    case.refresh_from_db()
    assert (case.state, case.version) == ("dispatched", 1)


@pytest.mark.parametrize("tags", ["*", '"0", "1"', '"1-os-zh"'])
def test_any_of_several_tags_or_a_star_may_hold(callers: Callers, city: City, tags: str) -> None:
    number = city.received().number
    assert callers["clerk"].post(f"/cases/{number}/sign", If_Match=tags).status == 200


def test_of_two_clerks_who_read_the_same_the_second_is_told(callers: Callers, city: City) -> None:
    number = city.received().number
    etag = callers["clerk"].get(f"/cases/{number}").headers["ETag"]
    assert callers["head"].post(f"/cases/{number}/sign", If_Match=etag).status == 200
    second = callers["clerk"].post(f"/cases/{number}/sign", If_Match=etag)
    assert (second.status, second.body["version"]) == (412, 2)


def test_a_move_that_the_state_forbids_is_a_conflict(callers: Callers, city: City) -> None:
    number = city.received().number
    clerk = callers["clerk"]
    answer = clerk.post(f"/cases/{number}/start", If_Match="*")
    assert (answer.status, answer.code) == (409, "move_refused")


def test_an_ended_case_is_archived_in_person(callers: Callers, city: City) -> None:
    city.received()
    repeat = city.received()
    administrator = callers["administrator"]
    done = administrator.post(f"/cases/{repeat.number}/archive", {}, If_Match="*")
    assert (done.status, done.body["case"]["state"]) == (200, "archived")
    again = administrator.post(f"/cases/{repeat.number}/archive", {}, If_Match="*")
    assert (again.status, again.body["code"]) == (409, "move_refused")


def test_a_move_refuses_what_it_does_not_know(callers: Callers, city: City) -> None:
    number = city.received(LIGHTS).number
    dispatcher = callers["dispatcher"]
    answer = dispatcher.post(f"/cases/{number}/dispatch", {"unti": "D01"}, If_Match="*")
    assert (answer.status, set(answer.body["fields"])) == (422, {"unti"})
    answer = dispatcher.post(f"/cases/{number}/dispatch", {"unit": "D9"}, If_Match="*")
    assert (answer.status, set(answer.body["fields"])) == (422, {"unit", "why"})
    body = {"unit": "D01", "why": "信号灯归它管"}
    answer = dispatcher.post(f"/cases/{number}/dispatch", body, If_Match="*")
    assert answer.body["case"]["unit"]["code"] == "D01"


def test_why_a_unit_was_chosen_is_told_to_those_who_may_read_texts(
    callers: Callers, city: City
) -> None:
    number = city.received(LIGHTS).number
    body = {"unit": "D01", "why": "张三要求，电话13900000000"}
    callers["dispatcher"].post(f"/cases/{number}/dispatch", body, If_Match="*")
    for name in ("dispatcher", "operator", "department"):
        [told] = callers[name].get(f"/cases/{number}").body["dispatches"]
        assert told["why"] == "张三要求，电话****", name
        assert told["explanation"] == "人工选定由住建部门办理"
    [told] = callers["leader"].get(f"/cases/{number}").body["dispatches"]
    assert told["why"] == ""


def test_a_record_of_a_move_is_named_for_the_next(callers: Callers, city: City) -> None:
    number = city.received().number
    clerk = callers["clerk"]
    clerk.post(f"/cases/{number}/sign", If_Match="*")
    body = {"units": ["D02"], "matter": "请到场"}
    [whistle] = clerk.post(f"/cases/{number}/whistle", body, If_Match="*").body["records"]
    mark = {"whistle_id": whistle, "mark": 5}
    early = clerk.post(f"/cases/{number}/end-whistle", mark, If_Match="*")
    assert (early.status, early.headers["Content-Type"]) == (409, "application/problem+json")
    no_such = clerk.post(
        f"/cases/{number}/end-whistle", {"whistle_id": 2**63, "mark": 5}, If_Match="*"
    )
    assert no_such.status == 422


@pytest.mark.django_db(transaction=True)
def test_of_two_clerks_at_the_same_moment_one_is_told(callers: Callers, city: City) -> None:
    number = city.received().number
    together = Barrier(2)
    answers: list[Answer] = []

    def sign(name: str) -> None:
        caller = callers[name]
        together.wait()
        answers.append(caller.post(f"/cases/{number}/sign", If_Match='"1"'))
        connection.close()

    made = [callers["clerk"], callers["head"]]
    assert len(made) == 2
    threads = [Thread(target=sign, args=(name,)) for name in ("clerk", "head")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200, 412]
    case = Case.objects.get(number=number)
    assert (case.version, case.events.filter(kind="signed").count()) == (2, 1)
