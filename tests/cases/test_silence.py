"""A resident's name, phone and words are in no log line, error message or page of a fault."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from jiesu.cases import search_index
from jiesu.cases.actions.intake import Demand, receive_case
from jiesu.cases.actions.privacy import amend_case, erase_person, reveal_person
from jiesu.cases.history import seals
from jiesu.cases.history.audit import Audit
from jiesu.cases.jobs import JOBS, run_once
from jiesu.cases.models import CasePrivate, Lease
from jiesu.cases.privacy.person_copy import write_person_copy
from jiesu.cases.privacy.personal import SealedError
from jiesu.cases.privacy.retention import apply_retention
from jiesu.cases.privacy.rotation import renew
from jiesu.cases.privacy.vault import Person, person_of
from jiesu.cases.refusals import Refusal
from jiesu.cases.search import Search, newest_cases
from jiesu.cases.search_index import index_cases
from jiesu.project.logs import logging_settings
from tests.cases.cast import DEMAND, ELEVATOR, NOW, PHONE, City
from tests.cases.test_privacy import LATER, REASON, WORDS, lived

SECRETS = ("张三", PHONE, "138 0000", "一号楼", "停车费突然", REASON, *WORDS, "李四", "电费")


@contextmanager
def written() -> Iterator[io.StringIO]:
    """All that the site's own logging writes at its lowest level."""
    import logging.config

    stream = io.StringIO()
    root = logging.getLogger()
    kept, level = list(root.handlers), root.level
    logging.config.dictConfig(logging_settings("debug"))
    [handler] = [one for one in root.handlers if type(one) is logging.StreamHandler]
    handler.setStream(stream)
    try:
        yield stream
    finally:
        root.handlers[:] = kept
        root.setLevel(level)


def silent(text: str) -> bool:
    return not [secret for secret in SECRETS if secret in text]


def test_a_whole_life_of_a_case_writes_no_word_of_the_resident(
    city: City, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with written() as log:
        logging.getLogger("jiesu.test").info("begun")
        case = lived(city)
        reveal_person(case_id=case.pk, reason=REASON, by=city.caller, as_of=LATER)
        other = city.received(ELEVATOR, at=LATER)
        amend_case(
            case_id=other.pk, person=Person(name="李四", phone=PHONE), body="电费",
            by=city.operator, as_of=LATER,
        )  # fmt: skip
        index_cases()
        for search in (Search(phone=PHONE), Search(name="张三"), Search(words="停车")):
            newest_cases(city.operator, search)
        write_person_copy(
            tmp_path / "copy.zip", phone=PHONE, reason=REASON, by=city.administrator, as_of=LATER
        )
        renew()
        with django_capture_on_commit_callbacks(execute=True):
            erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)
        apply_retention(LATER + timedelta(days=4000))
        assert list(Audit(file=tmp_path / "none.jsonl").run()) == []
    assert "begun" in log.getvalue()
    assert silent(log.getvalue())


def test_a_job_that_fails_on_a_resident_writes_no_word_of_them(
    city: City, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    city.received()
    monkeypatch.setattr(seals, "seals_file", lambda: tmp_path / "seals.jsonl")

    def failing(*_: object) -> None:
        raise RuntimeError(f"{PHONE} 张三")

    monkeypatch.setattr(search_index, "_index_some", failing)
    job = next(one for one in JOBS if one.name == "index")
    monkeypatch.setattr("jiesu.cases.jobs.close_old_connections", lambda: None)
    with written() as log:
        run_once(job, clock=lambda: NOW, holder="a")
    assert "RuntimeError" in log.getvalue()
    note = Lease.objects.get(job="index").note
    assert silent(log.getvalue() + note)


def test_refusals_and_broken_values_are_told_without_them(city: City) -> None:
    case = city.received()
    told = []
    for demand in (
        Demand(channel=PHONE, kind="张三", title="", body="", person=Person(name="张三" * 200)),
        Demand(channel="phone", kind="complaint", body="停车费突然\x00", person=DEMAND.person),
    ):
        with pytest.raises(Refusal) as refused:
            receive_case(demand, by=city.operator, as_of=NOW)
        told.append(f"{refused.value} {refused.value!r} {vars(refused.value)}")
    with pytest.raises(Refusal) as refused:
        reveal_person(case_id=case.pk, reason=REASON * 200, by=city.clerk, as_of=NOW)
    told.append(f"{refused.value!r}")
    kept = CasePrivate.objects.get(case=case)
    kept.person = bytes(kept.person)[:-1] + b"\x00"
    with pytest.raises(SealedError) as broken:
        person_of(case, kept)
    told.append(f"{broken.value!r} {broken.value.__context__!r}")
    assert silent(" ".join(told))
    assert silent(f"{DEMAND.person!r} {case!r} {kept!r} {Person(name='张三').masked!r}")


def test_a_search_by_phone_is_not_in_the_log_of_queries_with_its_value(city: City) -> None:
    """Queries hold hashes and ciphertexts: also what a database logs of slow ones is silent."""
    city.received()
    index_cases()
    connection.force_debug_cursor = True
    try:
        connection.queries_log.clear()
        newest_cases(city.operator, Search(phone=PHONE, name="张三", words="停车费突然"))
        lived(city, new_facts=True)
        said = " ".join(str(query["sql"]) for query in connection.queries)
    finally:
        connection.force_debug_cursor = False
    assert "cases_case" in said
    assert silent(said)


def test_the_page_of_a_fault_shows_nothing_of_the_request(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise RuntimeError(f"{PHONE} 张三")

    monkeypatch.setattr("jiesu.project.health.is_migrated", failing)
    client = Client(raise_request_exception=False)
    with written() as log:
        response = client.get("/readyz", {"phone": PHONE})
        missing = client.get(f"/nothing/{PHONE}")
    assert (response.status_code >= 500, missing.status_code) == (True, 404)
    assert silent(response.content.decode() + missing.content.decode())
    assert "张三" not in log.getvalue()
