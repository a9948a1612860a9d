"""Cases come in, are listed and read: once, masked, in pages that stay steady."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiesu.cases.actions.handling import sign_case
from jiesu.cases.models import Case
from tests.api.callers import DEMAND, Callers
from tests.cases.cast import LIGHTS, NOW, PHONE, STALLS, City


def test_a_demand_becomes_a_case_and_says_where_it_went_and_why(callers: Callers) -> None:
    answer = callers["operator"].post("/cases", DEMAND)
    assert answer.status == 201
    case = answer.body
    assert (case["number"], case["state"], case["version"]) == ("20220208000001", "dispatched", 1)
    assert case["unit"] == {"code": "110101001", "name": "东华门街道"}
    assert case["due_at"] == (NOW + timedelta(7)).isoformat().replace("+00:00", "Z")
    assert "住房" in case["explanation"]
    assert (case["n_month"], case["n_year"], case["repeat_of"]) == (1, 1, None)
    assert answer.headers["Location"] == "/api/v1/cases/20220208000001"


def test_the_explanation_speaks_the_language_of_the_request(callers: Callers) -> None:
    answer = callers["operator"].post("/cases", DEMAND, Accept_Language="en")
    assert answer.body["explanation"].isascii() is False
    chinese = callers["operator"].post("/cases", {**DEMAND, "new_facts": True})
    assert answer.body["explanation"] != chinese.body["explanation"]


def test_a_repeat_names_the_first_case_and_where_it_stands(callers: Callers) -> None:
    first = callers["operator"].post("/cases", DEMAND).body
    again = callers["operator"].post("/cases", DEMAND)
    assert again.status == 201
    assert again.body["repeat_of"] == {"number": first["number"], "state": "dispatched"}
    assert (again.body["state"], again.body["n_month"], again.body["unit"]) == ("answered", 2, None)


def test_a_program_is_not_told_how_often_a_caller_has_asked(callers: Callers) -> None:
    callers["operator"].post("/cases", DEMAND)
    made = callers["client"].post("/cases", {**DEMAND, "new_facts": True}).body
    number = made["number"]
    shown = callers["client"].get(f"/cases/{number}").body
    [fed] = [one for one in callers["client"].get("/feed").body["cases"] if one["number"] == number]
    for one in (made, shown, fed):
        assert (one["n_month"], one["n_year"]) == (1, 1)
    assert callers["operator"].get(f"/cases/{number}").body["n_month"] == 2


@pytest.mark.parametrize("confidential", [(), (0,), (1,), (0, 1)])
def test_that_a_case_repeats_another_is_told_to_those_who_see_the_caller_of_both(
    callers: Callers, confidential: tuple[int, ...]
) -> None:
    first, again = (
        callers["operator"].post("/cases", {**DEMAND, "confidential": n in confidential}).body
        for n in range(2)
    )
    for name in ("operator", "dispatcher", "caller", "leader", "evaluator"):
        sees = not confidential or name in ("dispatcher", "caller")
        told = first["number"] if sees else None
        rows = callers[name].get("/cases").body["items"]
        assert [row["repeat_of"] for row in rows] == [told, None], name
        assert callers[name].get(f"/cases/{again['number']}").body["repeat_of"] == told, name
        found = callers[name].post("/cases/search", {"number": again["number"]}).body["items"]
        assert [row["repeat_of"] for row in found] == [told], name


def test_a_unit_is_not_told_of_a_case_that_it_does_not_see(callers: Callers, city: City) -> None:
    mine, other = city.received(), city.received(STALLS, place="110102001")
    for first, told in ((other, None), (city.received(new_facts=True), True)):
        Case.objects.filter(pk=mine.pk).update(repeat_of=first)
        case = callers["clerk"].get(f"/cases/{mine.number}").body
        assert case["repeat_of"] == (first.number if told else None)
        feed = callers["clerk"].get("/feed").body["cases"]
        assert [row["repeat_of"] for row in feed if row["number"] == mine.number] == [
            case["repeat_of"]
        ]


def test_the_same_key_gives_the_same_case_again(callers: Callers) -> None:
    made = callers["client"].post("/cases", DEMAND, Idempotency_Key="k")
    again = callers["client"].post("/cases", DEMAND, Idempotency_Key="k")
    other = callers["client"].post("/cases", {**DEMAND, "body": "别的"}, Idempotency_Key="k")
    assert (made.status, again.status) == (201, 200)
    assert made.body == again.body
    assert (other.status, other.code) == (409, "key_reused")
    assert Case.objects.count() == 1


def test_everything_wrong_is_said_by_field_without_repeating_it(callers: Callers) -> None:
    sent = {**DEMAND, "kind": "pigeon", "place": "9", "person": {"name": "李四" * 101}}
    answer = callers["operator"].post("/cases", sent)
    assert (answer.status, answer.code) == (422, "invalid")
    assert set(answer.body["fields"]) == {"person.name"}
    del sent["person"]
    answer = callers["operator"].post("/cases", sent)
    assert set(answer.body["fields"]) == {"kind", "place"}
    for secret in ("李四", "pigeon"):
        assert secret not in answer.response.content.decode()


@pytest.mark.parametrize("wrong", ["\x00", "a\x00b"])
def test_what_no_database_takes_is_refused(callers: Callers, wrong: str) -> None:
    assert callers["operator"].post("/cases", {**DEMAND, "title": wrong}).status == 422
    assert callers["operator"].post("/cases", {**DEMAND, "title": "\ud800"}).status == 422
    assert callers["operator"].get("/cases/a%00b").status == 404
    assert callers["operator"].get("/cases?unit=%00").status == 422
    assert callers["operator"].post("/cases", DEMAND, Idempotency_Key="\x00").status == 422


@pytest.mark.only_on("sqlite", reason="the driver is asked past Django; SQLite's tells of each")
def test_a_dispatched_demand_costs_few_statements(callers: Callers) -> None:
    """The intake must reach half the rate of one plain INSERT: each statement counts."""
    caller = callers["client"]
    caller.post("/cases", DEMAND)
    demand = {**DEMAND, "person": {"name": "王五", "phone": "13800000001"}}
    told: list[str] = []
    connection.connection.set_trace_callback(lambda sql: told.append(sql.split("(")[0][:60]))
    answer = caller.post("/cases", demand, Idempotency_Key="x")
    connection.connection.set_trace_callback(None)
    assert answer.body["state"] == "dispatched"
    # The number, begin, earlier demands, five tables, commit. None for
    # the API key, which is remembered; numbers are taken in blocks outside a test.
    assert len(told) == 9, told


def test_a_case_is_read_with_what_is_personal_masked(callers: Callers, city: City) -> None:
    number = callers["operator"].post("/cases", DEMAND).body["number"]
    answer = callers["clerk"].get(f"/cases/{number}")
    assert answer.status == 200
    person = answer.body["person"]
    assert (person["name"], person["phone"], person["email"]) == ("张**", "138****0000", "")
    text = answer.response.content.decode()
    for secret in ("张三", PHONE, "一号楼", "13900000000"):
        assert secret not in text
    assert "停车费突然上涨" in answer.body["body"]
    assert answer.body["explanation"]


def test_a_reader_who_has_the_case_already_is_told_so(callers: Callers, city: City) -> None:
    number = city.received().number
    first = callers["clerk"].get(f"/cases/{number}")
    etag = first.headers["ETag"]
    again = callers["clerk"].get(f"/cases/{number}", If_None_Match=f'"0", {etag}')
    assert (again.status, again.headers["ETag"]) == (304, etag)
    assert again.response.content == b""
    other = callers["clerk"].get(f"/cases/{number}", If_None_Match='"0"')
    assert other.status == 200
    english = callers["clerk"].get(f"/cases/{number}", If_None_Match=etag, Accept_Language="en")
    assert english.status == 200


def test_a_case_that_has_become_overdue_has_another_tag(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jiesu.api import access

    number = city.received().number
    etag = callers["clerk"].get(f"/cases/{number}").headers["ETag"]
    monkeypatch.setattr(access, "clock", lambda: NOW + timedelta(days=8))
    answer = callers["clerk"].get(f"/cases/{number}", If_None_Match=etag)
    assert (answer.status, answer.body["overdue"]) == (200, True)


def test_another_units_case_does_not_exist(callers: Callers, city: City) -> None:
    number = city.received().number
    for name in ("other_clerk", "other_coordinator", "enterprise", "client"):
        answer = callers[name].get(f"/cases/{number}")
        missing = callers[name].get("/cases/20220208999999")
        assert (answer.status, answer.code) == (404, "no_such_case")
        assert answer.body == missing.body
        assert callers[name].get("/cases").body["items"] == []
    assert callers["department"].get(f"/cases/{number}").status == 200


def test_pages_hold_every_case_once_while_new_ones_come_in(callers: Callers, city: City) -> None:
    made = [city.received(new_facts=True).number for _ in range(7)]
    seen: list[str] = []
    path = "/cases?limit=2"
    while path:
        body = callers["leader"].get(path).body
        seen += [one["number"] for one in body["items"]]
        city.received(new_facts=True)
        path = f"/cases?limit=2&cursor={body['next']}" if body["next"] else ""
    assert seen == made[::-1]


def test_a_page_costs_the_same_at_any_depth(callers: Callers, city: City) -> None:
    for _ in range(12):
        city.received(new_facts=True)
    costs = []
    cursor = ""
    while True:
        with CaptureQueriesContext(connection) as queries:
            body = callers["leader"].get(f"/cases?limit=3&cursor={cursor}").body
        costs.append(len(queries))
        assert all("OFFSET" not in query["sql"] for query in queries)
        cursor = body["next"]
        if not cursor:
            break
    assert len(costs) == 4
    assert len(set(costs[1:])) == 1


def test_a_cursor_is_good_for_its_own_question_only(callers: Callers, city: City) -> None:
    for _ in range(3):
        city.received(new_facts=True)
    cursor = callers["leader"].get("/cases?limit=1").body["next"]
    wrong = callers["leader"].get(f"/cases?limit=1&state=closed&cursor={cursor}")
    assert (wrong.status, set(wrong.body["fields"])) == (422, {"cursor"})
    forged = callers["leader"].get(f"/cases?limit=1&cursor={cursor[:-1]}x")
    assert forged.status == 422


def test_lists_are_narrowed_by_their_filters(callers: Callers, city: City) -> None:
    city.received()
    late = city.received(STALLS).number
    city.received(LIGHTS)
    leader = callers["leader"]

    def numbers(query: str) -> list[str]:
        return [one["number"] for one in leader.get(f"/cases?{query}").body["items"]]

    assert len(numbers("")) == 3
    assert numbers("unit=110101") == [late]
    assert numbers(f"number={late}") == [late]
    assert len(numbers("state=classified")) == 1
    assert len(numbers("category_1=住房")) == 1
    assert numbers("created_from=2023-01-01T00:00:00Z") == []
    assert leader.get("/cases?state=lost").status == 422
    assert leader.get("/cases?mark=late").status == 422
    assert leader.get("/cases?created_from=0001-01-01T00:00:00%2B14:00").status == 422


def test_events_are_read_by_those_who_may(callers: Callers, city: City) -> None:
    case = city.received()
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW)
    number = case.number
    answer = callers["auditor"].get(f"/cases/{number}/events?limit=2")
    assert [one["kind"] for one in answer.body["items"]] == ["received", "dispatched"]
    rest = callers["auditor"].get(f"/cases/{number}/events?cursor={answer.body['next']}")
    assert [one["kind"] for one in rest.body["items"]] == ["signed"]
    assert rest.body["next"] is None
    assert callers["clerk"].get(f"/cases/{number}/events").status == 403


def test_cases_are_found_by_the_whole_phone_and_name_in_a_body(
    callers: Callers, city: City
) -> None:
    number = city.received().number
    dispatcher = callers["dispatcher"]

    def numbers(**asked: object) -> list[str]:
        answer = dispatcher.post("/cases/search", asked)
        assert answer.status == 200, answer.body
        return [one["number"] for one in answer.body["items"]]

    assert numbers(phone=PHONE) == numbers(name="张三") == numbers() == [number]
    assert numbers(phone="13800000009") == []
    assert dispatcher.post("/cases/search", {"words": "，"}).status == 422


def test_what_is_overdue_is_found_by_its_mark(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jiesu.api import access

    number = city.received().number
    leader = callers["leader"]
    assert leader.get("/cases?mark=overdue").body["items"] == []
    monkeypatch.setattr(access, "clock", lambda: NOW + timedelta(days=6, hours=12))
    assert [one["number"] for one in leader.get("/cases?mark=soon_due").body["items"]] == [number]
    monkeypatch.setattr(access, "clock", lambda: NOW + timedelta(days=8))
    for mark in ("overdue", "contact_overdue"):
        [found] = leader.get(f"/cases?mark={mark}&place=110101001").body["items"]
        assert (found["number"], found["overdue"]) == (number, True)
        assert leader.get(f"/cases?mark={mark}&place=110102001").body["items"] == []
    assert leader.get("/cases?mark=overdue&state=closed").status == 422


def test_marks_are_of_what_ones_units_work_on_wherever_else_they_see_a_case(
    callers: Callers, city: City
) -> None:
    number = city.received().number
    Case.objects.update(due_at=NOW - timedelta(hours=1))

    def marked(who: str, more: str = "") -> list[str]:
        page = callers[who].get(f"/cases?mark=overdue{more}").body
        return [one["number"] for one in page["items"]]

    for who in ("clerk", "coordinator", "leader"):
        assert marked(who) == marked(who, "&unit=110101001") == [number], who
        assert marked(who, "&unit=D01") == marked(who, "&unit=no") == []
    department = callers["department"]
    # The directory has it assist.
    assert department.get(f"/cases/{number}").status == 200
    assert marked("department") == marked("department", "&unit=110101001") == []


@pytest.mark.parametrize("mark", ["overdue", "contact_overdue"])
def test_what_is_marked_comes_by_its_due_time_page_by_page(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    from jiesu.api import access

    hours = (3, 1, 2, 1, 1)
    made = [
        (hour, city.received(at=NOW + timedelta(hours=hour), new_facts=True).number)
        for hour in hours
    ]
    monkeypatch.setattr(access, "clock", lambda: NOW + timedelta(days=30))
    found: list[str] = []
    cursor = ""
    for _ in range(3):
        answer = callers["leader"].get(f"/cases?mark={mark}&limit=2&cursor={cursor}")
        found += [one["number"] for one in answer.body["items"]]
        last, cursor = cursor, answer.body["next"]
    assert found == [number for _, number in sorted(made)]
    assert not cursor
    assert callers["leader"].get(f"/cases?cursor={last}").status == 422


def test_a_queue_is_ordered_by_what_is_due_first(callers: Callers, city: City) -> None:
    later = city.received(at=NOW + timedelta(hours=1)).number
    first = city.received(new_facts=True).number
    clerk = callers["clerk"]
    page = clerk.get("/queue?limit=1").body
    rest = clerk.get(f"/queue?limit=1&cursor={page['next']}").body
    assert [one["number"] for one in (*page["items"], *rest["items"])] == [first, later]
    assert rest["next"] is None
    assert callers["leader"].get("/queue").status == 422
    assert len(callers["leader"].get("/queue?unit=110101001").body["items"]) == 2
    assert callers["other_clerk"].get("/queue?unit=110101001").status == 404


def test_lists_searches_marks_and_queues_are_narrowed_to_what_is_urgent(
    callers: Callers, city: City
) -> None:
    hurried = city.received(urgent=True).number
    other = city.received(new_facts=True).number
    Case.objects.update(due_at=NOW - timedelta(hours=1))
    clerk = callers["clerk"]
    for path in ("/cases?", "/cases?mark=overdue&", "/queue?"):
        for urgent, number in (("true", hurried), ("false", other)):
            items = clerk.get(f"{path}urgent={urgent}").body["items"]
            assert [(one["number"], one["urgent"]) for one in items] == [
                (number, urgent == "true")
            ], path
        assert len(clerk.get(path).body["items"]) == 2
        page = clerk.get(f"{path}limit=1").body
        assert clerk.get(f"{path}limit=1&urgent=true&cursor={page['next']}").status == 422
    found = clerk.post("/cases/search", {"urgent": True}).body["items"]
    assert [one["number"] for one in found] == [hurried]


@pytest.mark.parametrize("text", ["x", "a:b", "WzFd:x", "::::", "é", "x" * 600, "%00"])
def test_what_is_no_cursor_is_refused(callers: Callers, text: str) -> None:
    answer = callers["leader"].get(f"/cases?cursor={text}")
    assert (answer.status, set(answer.body["fields"])) == (422, {"cursor"})
