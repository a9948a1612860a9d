"""What is personal is shown for a reason only; files are downloads; records hide what they may."""

import pytest

from jiesu.cases.models import Disclosure
from tests.api.callers import DEMAND, Callers
from tests.cases.cast import PHONE, City

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ffff3f"
    "0005fe02fea735819d0000000049454e44ae426082"
)


def test_a_person_is_revealed_for_a_reason_that_is_kept(callers: Callers, city: City) -> None:
    number = city.received().number
    refused = callers["clerk"].post(f"/cases/{number}/personal", {})
    assert (refused.status, set(refused.body["fields"])) == (422, {"reason"})
    answer = callers["clerk"].post(f"/cases/{number}/personal", {"reason": "回电核实"})
    assert answer.body["person"]["phone"] == PHONE
    assert answer.body["body"] == "小区地面停车费突然上涨"
    assert answer.headers["Cache-Control"] == "no-store"
    assert Disclosure.objects.get().case.number == number
    [event] = [
        one
        for one in callers["auditor"].get(f"/cases/{number}/events").body["items"]
        if one["kind"] == "revealed"
    ]
    assert "回电核实" not in str(event)
    assert event["origin"].startswith("127.0.0.1 ")


def test_words_are_shown_to_those_who_work_with_a_case(callers: Callers, city: City) -> None:
    number = city.received().number
    assert callers["clerk"].get(f"/cases/{number}").body["body"]
    leader = callers["leader"].get(f"/cases/{number}").body
    assert (leader["body"], leader["person"]["phone"]) == ("", "138****0000")


def test_what_the_caller_of_a_case_without_a_unit_was_told_is_read_like_its_words(
    callers: Callers,
) -> None:
    operator = callers["operator"]
    demand = {**DEMAND, "category_1": "", "category_2": "", "category_3": ""}
    path = f"/cases/{operator.post('/cases', demand).body['number']}"
    category = {"category_1": "住房"}
    assert operator.post(f"{path}/classify", category, If_Match="*").status == 200
    assert operator.get(path).body["answer"] == ""
    told = {"reason": "emergency", "answer": f"已请拨打{PHONE}"}
    assert operator.post(f"{path}/dispose", told, If_Match="*").status == 200
    disposed = operator.get(path).body
    assert (disposed["disposition"], disposed["answer"]) == ("emergency", "已请拨打****")
    assert callers["leader"].get(path).body["answer"] == ""
    revealed = operator.post(f"{path}/personal", {"reason": "再次来电"}).body
    assert revealed["answer"] == f"已请拨打{PHONE}"


def test_what_was_said_is_put_right_and_erased_in_the_end(callers: Callers, city: City) -> None:
    number = city.received().number
    operator, administrator = callers["operator"], callers["administrator"]
    put_right = operator.post(f"/cases/{number}/amend", {"title": "停车"}, If_Match="*")
    assert put_right.status == 200
    assert callers["clerk"].get(f"/cases/{number}").body["title"] == "停车"
    early = administrator.post(f"/cases/{number}/erase", {"cause": "request"}, If_Match="*")
    assert early.status == 409
    body = {"cause": "because"}
    assert administrator.post(f"/cases/{number}/erase", body, If_Match="*").status == 422


def test_a_file_is_added_listed_and_read_as_a_download(callers: Callers, city: City) -> None:
    number = city.received().number
    operator = callers["operator"]
    path = f"/cases/{number}/attachments"
    assert operator.send_file(path, PNG).status == 428
    etag = operator.get(f"/cases/{number}").headers["ETag"]
    added = operator.send_file(path, PNG, "现场.png", If_Match=etag)
    assert (added.status, added.body["content_type"]) == (201, "image/png")
    assert operator.send_file(path, PNG, If_Match=etag).status == 412
    refused = operator.send_file(path, b"MZ\x90\x00", "a.exe", If_Match="*")
    assert (refused.status, refused.headers["Content-Type"]) == (422, "application/problem+json")
    [listed] = callers["clerk"].get(path).body["items"]
    assert "name" not in listed
    address = f"{path}/{listed['id']}/read"
    assert callers["clerk"].get(f"{path}/{listed['id']}").status == 405
    refused = callers["clerk"].post(address, {})
    assert (refused.status, set(refused.body["fields"])) == (422, {"reason"})
    why = {"reason": "核对现场"}
    download = callers["clerk"].post(address, why)
    assert b"".join(download.response.streaming_content) == PNG
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert download.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert callers["leader"].post(address, why).status == 403
    assert callers["clerk"].post(f"{path}/999/read", why).status == 404


def test_no_file_that_is_sent_lies_on_the_disk_in_clear(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = city.received().number
    made: list[object] = []

    def note(*args: object, **more: object) -> None:
        made.append(args)
        raise OSError

    # What Django's own handler of larger files makes.
    monkeypatch.setattr("django.core.files.uploadedfile.TemporaryUploadedFile.__init__", note)
    large = PNG + b"\x00" * (6 << 20)
    path = f"/cases/{number}/attachments"
    assert callers["operator"].send_file(path, large, If_Match="*").status == 201
    assert made == []


def test_records_show_their_words_to_those_concerned(callers: Callers, city: City) -> None:
    number = city.received().number
    clerk = callers["clerk"]
    clerk.post(f"/cases/{number}/sign", If_Match="*")
    body = {"units": ["D02"], "matter": "请携带设备到场，电话13900000000"}
    clerk.post(f"/cases/{number}/whistle", body, If_Match="*")
    records = clerk.get(f"/cases/{number}/records").body["items"]
    assert {one["kind"] for one in records} == {"assist", "whistle"}
    [whistle] = [one for one in records if one["kind"] == "whistle"]
    assert whistle["unit"] == "D02"
    assert "请携带设备到场" in whistle["words"]["matter"]
    assert "13900000000" not in str(records)
    leader = callers["leader"].get(f"/cases/{number}/records").body["items"]
    assert [one["words"] for one in leader] == [{}, {}]
    assert callers["other_clerk"].get(f"/cases/{number}/records").status == 404
