"""A disk that is full or read-only is answered in one line, and no case is half made.

The faults are the databases' own, or the operating system's; a real full disk under a whole site
is in tests/project/test_faults.py.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction

from jiesu.cases.history import seals
from jiesu.cases.history.audit import Audit
from jiesu.cases.models import Attachment, Case, CasePrivate, Dispatch, Event, Seal
from jiesu.core.problems import InputError, writable
from jiesu.core.seals import seal_line
from jiesu.core.storage_faults import StorageFault, storage_fault, storage_problem
from tests.api.callers import DEMAND, Answer, Callers
from tests.api.test_personal import PNG
from tests.cases.cast import NOW, City

MODELS = (Case, CasePrivate, Dispatch, Event, Attachment)


def counts() -> list[int]:
    return [model._default_manager.count() for model in MODELS]


def stored() -> list[Path]:
    """The files of attachments."""
    root = Path(settings.JIESU.attachments)
    return sorted(path for path in root.rglob("*") if path.is_file())


def sql(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


@contextmanager
def full() -> Iterator[None]:
    """The database has no room for a case."""
    if connection.vendor == "sqlite":
        [pages] = sql("PRAGMA page_count")
        sql(f"PRAGMA max_page_count = {pages}")
        try:
            yield
        finally:
            sql("PRAGMA max_page_count = 1073741823")
        return
    sql(
        "CREATE FUNCTION no_room() RETURNS trigger AS $$ BEGIN "
        "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql"
    )
    sql("CREATE TRIGGER no_room BEFORE INSERT ON cases_event EXECUTE FUNCTION no_room()")
    try:
        yield
    finally:
        sql("DROP TRIGGER no_room ON cases_event")
        sql("DROP FUNCTION no_room")


@contextmanager
def read_only() -> Iterator[None]:
    """The database may not be written to."""
    if connection.vendor == "sqlite":
        sql("PRAGMA query_only = ON")
        try:
            yield
        finally:
            sql("PRAGMA query_only = OFF")
        return
    with transaction.atomic():
        sql("SET LOCAL transaction_read_only = on")
        yield
        transaction.set_rollback(True)


def assert_says(answer: Answer, status: int, code: str) -> None:
    """One problem in words, that says when to come again and repeats nothing."""
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["Retry-After"] == "5"
    text = answer.response.content.decode()
    for word in ("Traceback", "SELECT", "sqlite", "psycopg", "cases_", "张三", "停车费"):
        assert word not in text


def filled(callers: Callers) -> tuple[int, Answer]:
    """Take demands in until one is refused: SQLite may have some room in its last pages."""
    for n in range(200):
        demand = {**DEMAND, "body": "长" * 5000, "new_facts": True}
        answer = callers["operator"].post("/cases", demand, Idempotency_Key=f"filling-{n}")
        if answer.status != 201:
            return n, answer
    raise AssertionError("it is never full")


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_said_and_the_demand_can_be_sent_again(callers: Callers, city: City) -> None:
    number = city.received().number
    callers["clerk"].get(f"/cases/{number}")
    callers["operator"].get("/cases")
    with full():
        n, answer = filled(callers)
        assert_says(answer, 507, "no_room")
        assert callers["operator"].get(f"/cases/{number}").status == 200
    before = [n + 1, n + 1, n + 1]
    assert counts()[:3] == before
    again = callers["operator"].post(
        "/cases",
        {**DEMAND, "body": "长" * 5000, "new_facts": True},
        Idempotency_Key=f"filling-{n}",
    )
    assert again.status == 201
    assert counts()[:3] == [one + 1 for one in before]
    seals.seal_events(NOW, file=Path(settings.JIESU.data, "full-disk.jsonl"))
    assert list(Audit(file=Path(settings.JIESU.data, "full-disk.jsonl")).run()) == []


def test_a_database_that_may_not_be_written_to_is_said(callers: Callers, city: City) -> None:
    number = city.received().number
    # The keys are known by then.
    callers["clerk"].get(f"/cases/{number}")
    callers["operator"].get("/cases")
    before = counts()
    with read_only():
        assert callers["clerk"].get(f"/cases/{number}").status == 200
        assert_says(callers["operator"].post("/cases", DEMAND), 503, "read_only")
    with read_only():
        move = callers["clerk"].post(f"/cases/{number}/sign", If_Match="*")
        assert_says(move, 503, "read_only")
    assert counts() == before
    assert Case.objects.get(number=number).state == "dispatched"


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (errno.ENOSPC, 507, "no_room"),
        (errno.EDQUOT, 507, "no_room"),
        (errno.EROFS, 503, "read_only"),
    ],
)
def test_a_file_that_finds_no_room_leaves_nothing_behind(
    callers: Callers,
    city: City,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    status: int,
    code: str,
) -> None:
    case = city.received()
    operator = callers["operator"]
    operator.get("/cases")
    before, fsync = (counts(), stored()), os.fsync

    def fail(descriptor: int) -> None:
        fsync(descriptor)
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        path = f"/cases/{case.number}/attachments"
        assert_says(operator.send_file(path, PNG, If_Match="*"), status, code)
    assert (counts(), stored()) == before
    assert operator.send_file(path, PNG, If_Match="*").status == 201


def test_a_seals_file_that_finds_no_room_is_completed_later(
    city: City, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    city.received()
    file = tmp_path / "seals.jsonl"
    monkeypatch.setattr(seals, "seals_file", lambda: file)

    whole = seal_line

    def torn(seal: Any) -> str:
        # So much of the line had room.
        with file.open("a") as opened:
            opened.write(whole(seal)[:40])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(seals, "seal_line", torn)
        note = seals.seal_job(NOW)
        assert "No space left on device" in note
        assert "\n" not in note
    assert Seal.objects.count() == 1
    assert seals.seal_events(NOW).n_lines == 1
    assert list(Audit(file=file).run()) == []


def test_what_of_the_disk_is_told_by_numbers() -> None:
    full_disk = sqlite3.OperationalError("words")
    full_disk.sqlite_errorcode = sqlite3.SQLITE_FULL
    outer = OperationalError("words")
    outer.__cause__ = full_disk
    assert storage_fault(outer) is StorageFault.FULL
    assert storage_fault(OperationalError("database or disk is full")) is None
    assert storage_fault(PermissionError(errno.EACCES, "words")) is StorageFault.READ_ONLY
    assert storage_fault(ConnectionResetError(errno.ECONNRESET, "words")) is None
    with pytest.raises(InputError) as raised, writable("a folder"):
        raise OSError(errno.ENOSPC, "words")
    assert storage_fault(raised.value) is StorageFault.FULL
    cannot_open = sqlite3.OperationalError("words")
    cannot_open.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    assert storage_fault(cannot_open) is StorageFault.READ_ONLY


def test_what_of_the_disk_is_said_at_a_terminal_without_the_fault_s_words() -> None:
    full_disk = sqlite3.OperationalError("words")
    full_disk.sqlite_errorcode = sqlite3.SQLITE_FULL
    assert str(storage_problem(full_disk)) == (
        "the disk of the site: no space is left; make room, then run it again"
    )
    assert str(storage_problem(PermissionError(errno.EACCES, "words", "/a/file"))) == (
        "/a/file: may not be written to, or not by this user; "
        "let this user write there, then run it again"
    )
    assert storage_problem(OperationalError("words")) is None
