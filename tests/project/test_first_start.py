"""What a start makes, what it leaves alone, what it refuses."""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from jiesu.cases.models import Role, User
from jiesu.core.problems import InputError
from jiesu.project import first_start
from jiesu.project.options import Options


@pytest.fixture
def options(tmp_path: Path) -> Iterator[Options]:
    """The options of a site in a folder of its own."""
    umask = os.umask(0o022)
    data = tmp_path / "data"
    yield replace(
        settings.JIESU,
        data=data,
        secret_key="",
        secret_key_file=data / "secret",
        keys_file=data / "keys.json",
    )
    os.umask(umask)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_data_folder_and_all_in_it_is_for_its_user_alone(options: Options) -> None:
    first_start.make_data_folder(options)
    (options.data / "later").write_text("", "utf-8")
    assert [mode(path) for path in (options.data, options.attachments)] == [0o700, 0o700]
    assert mode(options.data / "later") == 0o600


def test_a_file_in_the_place_of_the_data_folder_is_named(options: Options) -> None:
    options.data.write_text("", "utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        first_start.make_data_folder(options)


def test_the_secret_is_made_once(options: Options) -> None:
    first_start.make_data_folder(options)
    first_start.make_secret(options)
    made = options.secret_key_file.read_text("utf-8")
    assert len(made.strip()) == 64
    first_start.make_secret(options)
    assert options.secret_key_file.read_text("utf-8") == made


def test_a_start_that_breaks_off_leaves_no_part_of_a_secret(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_start.make_data_folder(options)

    def full(descriptor: int) -> None:
        assert not options.secret_key_file.exists()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(InputError):
            first_start.make_secret(options)
    assert [path.name for path in options.data.iterdir() if path.is_file()] == []
    first_start.make_secret(options)
    assert mode(options.secret_key_file) == 0o600


@pytest.mark.django_db
def test_the_first_password_goes_to_a_file_where_the_output_may_be_a_log(
    options: Options,
) -> None:
    first_start.make_data_folder(options)
    said: list[str] = []
    first_start.make_administrator(options, said.append)
    file = options.data / "first-password"
    password = file.read_text("utf-8").strip()
    assert mode(file) == 0o600
    assert len(said) == 1
    assert password not in said[0]
    made = User.objects.get()
    assert (made.username, made.role, made.is_superuser) == ("admin", Role.ADMINISTRATOR, True)
    assert made.check_password(password)
    first_start.make_administrator(options, said.append)
    assert len(said) == 1


@pytest.mark.django_db
def test_the_first_password_is_shown_once_on_a_terminal(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    said: list[str] = []
    first_start.make_administrator(options, said.append)
    password = said[0].rpartition(" ")[2]
    assert User.objects.get().check_password(password)
    assert not options.data.exists()


@pytest.mark.django_db
def test_a_new_site_gets_keys_and_one_that_was_made_before_never_does(options: Options) -> None:
    first_start.make_data_folder(options)
    first_start.make_keys(options)
    made = options.keys_file.read_text("utf-8")
    assert mode(options.keys_file) == 0o600
    first_start.make_keys(options)
    assert options.keys_file.read_text("utf-8") == made

    User.objects.create(username="admin")
    options.keys_file.unlink()
    with pytest.raises(InputError, match="copy the file from the first machine"):
        first_start.make_keys(options)
    assert not options.keys_file.exists()


@pytest.mark.django_db
def test_a_database_that_a_newer_version_has_changed_is_refused() -> None:
    first_start.refuse_newer_tables()
    MigrationRecorder(connection).record_applied("cases", "9999_from_the_future")
    with pytest.raises(InputError, match="a newer jiesu has changed it"):
        first_start.refuse_newer_tables()
