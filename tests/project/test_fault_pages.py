"""A page says what keeps the site from answering, in two languages, and nothing else."""

import errno
import sqlite3

import pytest
from django.contrib.auth.backends import ModelBackend
from django.db import InterfaceError, OperationalError
from django.test import Client

from jiesu.cases.models import Role, User
from tests.api.test_storage_faults import read_only

PASSWORD = "a long and winding password"


def of_sqlite(code: int) -> OperationalError:
    error = OperationalError("INSERT 张三")
    error.__cause__ = sqlite3.OperationalError("INSERT 张三")
    error.__cause__.sqlite_errorcode = code
    return error


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status", "english", "chinese"),
    [
        (of_sqlite(sqlite3.SQLITE_FULL), 507, "the disk of this site is full", "磁盘"),
        (OSError(errno.ENOSPC, "张三"), 507, "the disk of this site is full", "磁盘"),
        (of_sqlite(sqlite3.SQLITE_READONLY), 503, "cannot write now", "写入"),
        (of_sqlite(sqlite3.SQLITE_BUSY), 503, "The database does not answer", "数据库没有应答"),
        (InterfaceError("张三"), 503, "The database does not answer", "数据库没有应答"),
        (RuntimeError("张三"), 500, "a fault of this site", "日志"),
    ],
)
def test_what_is_broken_is_said(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, english: str, chinese: str
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(ModelBackend, "authenticate", failing)
    for language, words in (("en", english), ("zh-hans", chinese)):
        client = Client(raise_request_exception=False, headers={"accept-language": language})
        answer = client.post("/admin/login/", {"username": "admin", "password": "x"})
        text = answer.content.decode()
        assert answer.status_code == status
        assert words in text
        assert "张三" not in text
        assert f'lang="{language}"' in text
        assert ("Retry-After" in answer.headers) is (status != 500)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_page_on_a_database_that_may_not_be_written_to_changes_nothing() -> None:
    user = User.objects.create_superuser("admin", password=PASSWORD, role=Role.ADMINISTRATOR)
    client = Client(raise_request_exception=False, headers={"accept-language": "en"})
    form = {"username": "admin", "password": PASSWORD}
    with read_only():
        answer = client.post("/admin/login/", form)
    assert answer.status_code == 503
    assert b"this site cannot write now" in answer.content
    user.refresh_from_db()
    assert user.last_login is None
    assert client.post("/admin/login/", form).status_code == 302
