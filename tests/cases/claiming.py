"""What tests of claims have in common: who claims, reviews and decides, and a case's row."""

from datetime import datetime, timedelta
from typing import Any

from jiesu.cases.actions.claims import claim_case, decide_claim, review_claim, weigh_claim
from jiesu.cases.figures.case_rows import Words, rows_of
from jiesu.cases.models import Case, Claim
from tests.cases.cast import NOW, City

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ENDED = NOW + 8 * DAY
"""A Wednesday, when the call-backs of most of these tests end."""


def claimed(city: City, case: Case, kind: str = "exclusion", **more: Any) -> Claim:
    usual: dict[str, Any] = {
        "reason": {"exclusion": "court", "appeal": "wrong_answer"}.get(kind, "planned_project"),
        "evidence": "法院受理通知书，张三", "by": city.head, "as_of": ENDED + HOUR,
    }  # fmt: skip
    return claim_case(case_id=case.pk, kind=kind, **(usual | more))


def supported(city: City, claim: Claim, at: datetime = ENDED + 2 * HOUR) -> Claim:
    return review_claim(
        claim_id=claim.pk, supports=True, opinion="属实", by=city.coordinator, as_of=at
    )


def decided(city: City, claim: Claim, at: datetime = ENDED + 3 * HOUR, **more: Any) -> Claim:
    weigh_claim(claim_id=claim.pk, by=city.evaluator, as_of=at)
    usual: dict[str, Any] = {"approves": True, "opinion": "同意", "by": city.evaluator, "as_of": at}
    return decide_claim(claim_id=claim.pk, **(usual | more))


def approved(city: City, case: Case, kind: str = "exclusion", **more: Any) -> Claim:
    at = more.get("as_of", ENDED + HOUR)
    claim = supported(city, claimed(city, case, kind, **more), at + HOUR)
    return decided(city, claim, at + 2 * HOUR)


def row_of(case: Case) -> dict[str, Any]:
    [row] = rows_of([case.pk], Words.of_the_city()).table.to_pylist()
    return dict(row)
