"""Claims over HTTP: the head claims, the district reviews, the city weighs and decides."""

import pytest

from tests.api.callers import Callers, let_callbacks_fall_due
from tests.cases.cast import City

ANSWERS = {"contacted": True, "resolved": "yes", "satisfaction": "satisfied"}


@pytest.fixture
def closed(callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch) -> str:
    """The number of a case of 东华门街道 whose call-back has just ended."""
    number = city.received().number
    let_callbacks_fall_due(monkeypatch)
    callers["caller"].post("/callbacks/next")
    callers["caller"].post(f"/cases/{number}/callback", ANSWERS, If_Match="*")
    return number


def claimed(callers: Callers, number: str) -> int:
    reasons = callers["head"].get("/rules").body["reasons"]
    reason = next(one["key"] for one in reasons if one["use"] == "exclusion")
    body = {"kind": "exclusion", "reason": reason, "evidence": "不属于本辖区，见附件"}
    answer = callers["head"].post(f"/cases/{number}/claim", body, If_Match="*")
    assert answer.status == 200, answer.body
    [claim] = answer.body["records"]
    assert isinstance(claim, int)
    return claim


def test_a_claim_goes_from_unit_to_district_to_city(callers: Callers, closed: str) -> None:
    claim = claimed(callers, closed)
    path = f"/cases/{closed}/claims/{claim}"
    opinion = {"opinion": "情况属实"}
    early = callers["evaluator"].post(f"{path}/decide", {"approves": True, **opinion}, If_Match="*")
    assert early.status == 409
    etag = callers["coordinator"].get(f"/cases/{closed}").headers["ETag"]
    review = {"supports": True, **opinion}
    assert callers["coordinator"].post(f"{path}/review", review).status == 428
    reviewed = callers["coordinator"].post(f"{path}/review", review, If_Match=etag)
    assert reviewed.body["state"] == "supported"
    stale = callers["evaluator"].post(
        f"{path}/decide", {"approves": True, **opinion}, If_Match=etag
    )
    assert stale.status == 412
    unseen = callers["evaluator"].post(
        f"{path}/decide", {"approves": False, **opinion}, If_Match="*"
    )
    assert (unseen.status, unseen.code) == (409, "effect_not_shown")
    listed = callers["coordinator"].get("/claims?state=supported").body["items"]
    assert [one["number"] for one in listed] == [closed]


def test_a_claim_is_taken_back_by_its_unit_alone(callers: Callers, closed: str) -> None:
    claim = claimed(callers, closed)
    path = f"/cases/{closed}/claims/{claim}/withdraw"
    assert callers["other_head"].post(path, If_Match="*").code == "no_such_case"
    answer = callers["head"].post(path, If_Match="*")
    assert (answer.status, answer.body["state"]) == (200, "withdrawn")
    missing = callers["head"].post(f"/cases/{closed}/claims/{claim + 1}/withdraw", If_Match="*")
    assert (missing.status, missing.code) == (404, "no_such_claim")


def test_claims_are_listed_for_those_whose_they_are(callers: Callers, closed: str) -> None:
    claimed(callers, closed)
    for name in ("head", "coordinator", "evaluator", "auditor"):
        assert len(callers[name].get("/claims").body["items"]) == 1, name
    for name in ("other_head", "other_coordinator", "client"):
        assert callers[name].get("/claims").body["items"] == [], name
    assert callers["head"].get("/claims?state=lost").status == 422


def test_who_was_judged_claims_where_another_unit_has_the_case(
    callers: Callers, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = city.received().number
    let_callbacks_fall_due(monkeypatch)
    callers["caller"].post("/callbacks/next")
    angry = {**ANSWERS, "resolved": "no", "satisfaction": "dissatisfied"}
    callers["caller"].post(f"/cases/{number}/callback", angry, If_Match="*")
    sent = {"unit": "110102001", "why": "职责"}
    assert (
        callers["dispatcher"].post(f"/cases/{number}/redispatch", sent, If_Match="*").status == 200
    )
    claim = claimed(callers, number)
    [listed] = callers["head"].get("/claims").body["items"]
    assert (listed["id"], listed["unit"]) == (claim, "110101001")
    # The district that reviews it reads the evidence, though the case is with a unit elsewhere.
    for name, words in (("coordinator", {"evidence": "不属于本辖区，见附件"}), ("leader", {})):
        records = callers[name].get(f"/cases/{number}/records").body["items"]
        assert [one["words"] for one in records if one["kind"] == "claim"] == [words], name
    review = {"supports": True, "opinion": "情况属实"}
    path = f"/cases/{number}/claims/{claim}/review"
    assert callers["other_coordinator"].post(path, review, If_Match="*").code == "not_your_unit"
    assert callers["coordinator"].post(path, review, If_Match="*").body["state"] == "supported"
