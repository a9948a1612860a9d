"""Files of cases: told by their content, encrypted, whole or not at all, gone when erased."""

import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from jiesu.cases import attachments
from jiesu.cases.actions.attachments import (
    Download,
    attach_file,
    erase_attachment,
    open_attachment,
)
from jiesu.cases.actor import Actor
from jiesu.cases.attachments import PIECE_BYTES, path_of, read_file, sweep_orphans
from jiesu.cases.file_types import content_type_of, is_two_things, safe_name
from jiesu.cases.history.events import chain_of
from jiesu.cases.models import Attachment, Case, CasePrivate, Disclosure
from jiesu.cases.privacy.personal import SealedError
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, NotFound, Stale
from jiesu.core.chain import check_chain
from jiesu.core.lifecycle import State
from jiesu.core.problems import InputError
from tests.cases.cast import NOW, City

HOUR = timedelta(hours=1)

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 4
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 64
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"\x00" * 64
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"1 0 obj\n" * 20
MP3 = b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\x00" * 64
FRAME = b"\xff\xf3\x90\x64" + b"\x00" * 64
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + b"\x00" * 64
AVC1 = b"\x00\x00\x00\x18ftypavc1\x00\x00\x00\x00avc1isom" + b"\x00" * 64

SHIPPED = ("image/jpeg", "image/png", "image/webp", "application/pdf", "audio/mpeg", "video/mp4")


pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def case(city: City) -> Case:
    return city.received()


def attach(case: Case, by: Actor, content: bytes = JPEG, name: str = "现场.jpg", **more: Any) -> (
    Attachment
):  # fmt: skip
    return attach_file(
        case_id=case.pk, source=io.BytesIO(content), name=name, by=by, as_of=NOW + HOUR, **more
    )


def opened(case: Case, attachment: Attachment, by: Actor, reason: str = "核对现场") -> Download:
    return open_attachment(
        case_id=case.pk, attachment_id=attachment.pk, reason=reason, by=by, as_of=NOW + HOUR
    )


def content_of(case: Case, attachment: Attachment, by: Actor, reason: str = "核对现场") -> bytes:
    return b"".join(opened(case, attachment, by, reason).content)


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def archive() -> bytes:
    kept = io.BytesIO()
    with ZipFile(kept, "w") as file:
        file.writestr("page.html", "<script>1</script>")
    return kept.getvalue()


# ---- Storing and reading.


def test_a_file_comes_back_as_it_was(city: City, case: Case) -> None:
    attachment = attach(case, city.operator)
    assert (attachment.content_type, attachment.size) == ("image/jpeg", len(JPEG))
    assert content_of(case, attachment, city.clerk) == JPEG
    case.refresh_from_db()
    assert case.version == 2
    assert check_chain(
        chain_of(case), case=case.number, head=case.head, n_events=case.n_events
    ) is None  # fmt: skip


def test_neither_disk_nor_row_nor_history_shows_the_file_or_its_name(
    city: City, case: Case, folder: Path
) -> None:
    attachment = attach(case, city.operator, name="张三的身份证.jpg")
    attachment.refresh_from_db()
    [path] = files_in(folder)
    assert path == folder / attachment.token[:2] / attachment.token
    stored = path.read_bytes()
    assert JPEG[20:60] not in stored
    assert b"JFIF" not in stored
    told = str([event.changes for event in case.events.all()])
    assert "身份证" not in told
    assert attachment.digest not in told
    assert "身份证".encode() not in bytes(attachment.name)


def test_only_its_owner_may_read_what_lies_there(city: City, case: Case, folder: Path) -> None:
    attach(case, city.operator)
    [path] = files_in(folder)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("extra", [-1, 0, 1, PIECE_BYTES])
def test_files_of_one_piece_and_more_come_back(city: City, case: Case, extra: int) -> None:
    content = (JPEG + os.urandom(PIECE_BYTES))[: PIECE_BYTES + min(extra, 1)]
    content += b"\x01" * max(extra - 1, 0)
    attachment = attach(case, city.operator, content)
    assert content_of(case, attachment, city.operator) == content


class Drip(io.BytesIO):
    """A source that gives less than it is asked for, as sockets do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 7, 700))


def test_a_source_that_drips_is_read_to_its_end(city: City, case: Case) -> None:
    attachment = attach_file(
        case_id=case.pk, source=Drip(JPEG * 3), name="a.jpg", by=city.operator, as_of=NOW
    )
    assert content_of(case, attachment, city.operator) == JPEG * 3


def test_a_download_is_never_shown_or_guessed_at(city: City, case: Case) -> None:
    attachment = attach(case, city.operator, name="现场.html")
    download = opened(case, attachment, city.clerk)
    assert download.name == "现场.html.jpg"
    headers = download.headers
    assert headers["Content-Disposition"].startswith("attachment; filename")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["Content-Length"] == str(len(JPEG))
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "现场" not in repr(download)


# ---- What was changed does not open.


def pieces_of(path: Path) -> list[bytes]:
    stored, pieces = path.read_bytes(), []
    while stored:
        length = 4 + int.from_bytes(stored[:4], "big")
        pieces.append(stored[:length])
        stored = stored[length:]
    return pieces


@pytest.fixture
def long(city: City, case: Case) -> Attachment:
    return attach(case, city.operator, JPEG + b"\x01" * (3 * PIECE_BYTES))


@pytest.mark.parametrize(
    "order", [[0, 1, 2], [0], [], [1, 0, 2, 3], [0, 2, 1, 3], [0, 1, 2, 3, 3], [0, 1, 3], [3]]
)
def test_a_file_that_is_cut_or_whose_pieces_are_moved_does_not_open(
    case: Case, long: Attachment, order: list[int]
) -> None:
    path = path_of(long.token)
    pieces = pieces_of(path)
    assert len(pieces) == 4
    path.write_bytes(b"".join(pieces[number] for number in order))
    with pytest.raises(SealedError):
        list(read_file(case, long))


@pytest.mark.parametrize("at", [0, 3, 10, 40, -1])
def test_a_file_of_which_a_bit_was_changed_does_not_open(city: City, case: Case, at: int) -> None:
    attachment = attach(case, city.operator)
    path = path_of(attachment.token)
    stored = bytearray(path.read_bytes())
    stored[at] ^= 1
    path.write_bytes(stored)
    with pytest.raises(SealedError):
        list(read_file(case, attachment))


def test_the_file_of_another_attachment_or_case_does_not_open(city: City, case: Case) -> None:
    mine, other_case = attach(case, city.operator), city.received(new_facts=True)
    other = attach(other_case, city.operator)
    shutil.copyfile(path_of(other.token), path_of(mine.token))
    with pytest.raises(SealedError):
        list(read_file(case, mine))
    with pytest.raises(SealedError):
        list(read_file(case, other))


def test_a_file_that_is_not_there_is_said_to_be_gone(city: City, case: Case) -> None:
    attachment = attach(case, city.operator)
    path_of(attachment.token).unlink()
    with pytest.raises(NotFound, match="not kept"):
        content_of(case, attachment, city.operator)


# ---- What a file may be.


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (JPEG, "image/jpeg"),
        (PNG, "image/png"),
        (WEBP, "image/webp"),
        (PDF, "application/pdf"),
        (MP3, "audio/mpeg"),
        (FRAME, "audio/mpeg"),
        (MP4, "video/mp4"),
        (AVC1, "video/mp4"),
    ],
)
def test_the_shipped_types_are_told_by_their_content(content: bytes, found: str) -> None:
    assert content_type_of(content, SHIPPED) == found
    assert content_type_of(content, [one for one in SHIPPED if one != found]) is None


WRONG = {
    "a page": b"<!DOCTYPE html><html><script>1</script></html>",
    "a drawing with scripts": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "a program": b"MZ\x90\x00" + b"\x00" * 64,
    "a Linux program": b"\x7fELF\x02\x01\x01" + b"\x00" * 64,
    "an archive": archive(),
    "text": "普通文字".encode(),
    "a picture of another kind": b"GIF89a" + b"\x00" * 64,
    "a RIFF of another kind": b"RIFF\x24\x00\x00\x00AVI LIST" + b"\x00" * 64,
    "an iPhone picture": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 64,
    "a box without an end": b"\xff\xff\xff\xffftypisom" + b"\x00" * 64,
    "half a signature": b"\xff\xd8",
    "a picture with a page in it": PNG + b"<html><script>1</script>",
    "a PDF that starts late": b"\n" * 20 + PDF,
    "a picture that is a PDF too": JPEG[:100] + PDF,
    "a picture that is an archive too": JPEG + archive(),
    "a picture that is an archive with an end": JPEG + archive() + b"\x00" * 30,
    "a PDF that is an archive too": PDF + archive(),
    "nothing": b"",
}


@pytest.mark.parametrize("what", WRONG)
def test_what_may_not_be_attached_is_refused_whatever_its_name(
    city: City, case: Case, folder: Path, what: str
) -> None:
    with pytest.raises(Invalid) as caught:
        attach(case, city.operator, WRONG[what], name="photo.jpg")
    assert set(caught.value.fields) == {"file"}
    assert files_in(folder) == []
    assert case.attachments.count() == 0


@given(st.binary(max_size=5000))
@example(b"\x00\x00\x00\x10ftyp")
@example(b"RIFF")
def test_no_content_breaks_the_look_at_it(content: bytes) -> None:
    found = content_type_of(content, SHIPPED)
    assert found is None or found in SHIPPED
    assert is_two_things("image/png", content, content) in (True, False)


@pytest.mark.parametrize(
    ("content", "added", "found"),
    [
        (b"GIF89a" + b"\x00" * 64, "image/gif", "image/gif"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 64, "audio/wav", "audio/wav"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heif", "image/heif"),
        (b"7z\xbc\xaf\x27\x1c" + b"\x00" * 64, "image/heif", None),
        (archive(), "application/zip", None),
    ],
)
def test_a_type_that_a_city_adds_is_told_where_it_is_known_for_sure(
    content: bytes, added: str, found: str | None
) -> None:
    assert content_type_of(content, [added]) == found


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("现场.jpg", "现场.jpg"),
        ("现场.JPEG", "现场.JPEG"),
        ("../../etc/passwd", "passwd.jpg"),
        ("..\\..\\boot.ini", "boot.ini.jpg"),
        ("/", "file.jpg"),
        ("", "file.jpg"),
        ("page.html", "page.html.jpg"),
        ("a\r\nSet-Cookie: b.jpg", "aSet-Cookie: b.jpg"),
        ("\u202egpj.exe", "gpj.exe.jpg"),
        ("\ud800.jpg", "jpg.jpg"),
        ("长" * 500 + ".jpg", "长" * 120 + ".jpg"),
    ],
)
def test_a_name_leads_nowhere_and_ends_as_its_type(given_name: str, shown: str) -> None:
    assert safe_name(given_name, "image/jpeg") == shown


def test_a_name_of_an_unknown_type_can_start_nothing() -> None:
    assert safe_name("run.exe", "application/zip") == "run_exe.bin"


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_no_token_leads_out_of_the_folder(text: str) -> None:
    try:
        path = path_of(text)
    except ValueError:
        return
    assert path.parent.parent.name == "attachments"


@pytest.mark.parametrize(
    "token", ["../../../etc/passwd", "a" * 42, "a" * 42 + "/", "a" * 43 + "\n"]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="not a token"):
        path_of(token)


# ---- Limits.


def test_a_file_at_the_limit_is_taken_and_one_byte_more_is_not(
    city: City, case: Case, folder: Path, settings: Settings
) -> None:
    limits = replace(settings.JIESU.limits, upload_bytes=PIECE_BYTES + 5)
    settings.JIESU = replace(settings.JIESU, limits=limits)
    content = JPEG + b"\x01" * (PIECE_BYTES + 5 - len(JPEG))
    assert attach(case, city.operator, content).size == PIECE_BYTES + 5
    with pytest.raises(Invalid, match="MiB: attach a smaller one"):
        attach(case, city.operator, content + b"\x01")
    assert len(files_in(folder)) == 1


def test_an_upload_that_is_too_large_is_not_read_to_its_end(
    city: City, case: Case, settings: Settings
) -> None:
    limits = replace(settings.JIESU.limits, upload_bytes=PIECE_BYTES)
    settings.JIESU = replace(settings.JIESU, limits=limits)

    class Endless(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            self.n_read = getattr(self, "n_read", 0) + 1
            return (JPEG if self.n_read == 1 else b"\x01" * 100_000)[: size or 0]

    source = Endless()
    with pytest.raises(Invalid):
        attach_file(case_id=case.pk, source=source, name="a.jpg", by=city.operator, as_of=NOW)
    assert source.n_read < 40


def test_a_case_takes_so_many_files_and_erased_ones_make_room(city: City, case: Case) -> None:
    first = attach(case, city.operator)
    for _ in range(8):
        attach(case, city.operator)
    with pytest.raises(Conflict, match="at most 9 files"):
        attach(case, city.operator)
    erase_attachment(
        case_id=case.pk, attachment_id=first.pk, by=city.administrator, as_of=NOW + 2 * HOUR
    )
    attach(case, city.operator)
    assert case.attachments.count() == 10


def test_of_two_at_once_the_last_place_goes_to_one(
    city: City, case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(8):
        attach(case, city.operator)
    kept_store = attachments.store_file

    def slow(*args: Any, **more: Any) -> Any:
        monkeypatch.setattr("jiesu.cases.actions.attachments.store_file", kept_store)
        attach(case, city.dispatcher)
        return kept_store(*args, **more)

    monkeypatch.setattr("jiesu.cases.actions.attachments.store_file", slow)
    with pytest.raises(Conflict, match="at most 9 files"):
        attach(case, city.operator)
    assert case.attachments.count() == len(files_in(folder)) == 9


@pytest.mark.parametrize("state", [State.CLOSED, State.ARCHIVED])
def test_evidence_is_added_to_a_closed_case_and_not_to_an_archived_one(
    city: City, case: Case, state: State
) -> None:
    Case.objects.filter(pk=case.pk).update(state=state)
    if state == State.CLOSED:
        assert attach(case, city.clerk).pk
    else:
        with pytest.raises(Conflict, match="archived"):
            attach(case, city.clerk)


def test_nothing_is_added_to_a_case_whose_texts_were_erased(city: City, case: Case) -> None:
    CasePrivate.objects.filter(case=case).update(text_salt=b"", text=b"")
    with pytest.raises(Conflict, match="erased"):
        attach(case, city.operator)


# ---- Whole or not at all.


def test_a_refused_upload_leaves_nothing_behind(city: City, case: Case, folder: Path) -> None:
    with pytest.raises(Stale):
        attach(case, city.operator, expected=7)
    assert files_in(folder) == []
    assert attach(case, city.operator, expected=1).pk


def test_a_full_disk_is_said_so_and_leaves_nothing_behind(
    city: City, case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jiesu.cases.attachments.os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        attach(case, city.operator)
    assert files_in(folder) == []
    assert case.attachments.count() == 0


@pytest.mark.parametrize("n_before", [0, 300, PIECE_BYTES + 5])
def test_a_source_that_breaks_off_leaves_nothing_behind(
    city: City, case: Case, folder: Path, n_before: int
) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() >= n_before:
                raise ConnectionResetError
            return super().read(min(size or 0, n_before - self.tell()))

    source = Broken(JPEG + b"\x01" * 2 * PIECE_BYTES)
    with pytest.raises(Invalid, match="broke off"):
        attach_file(case_id=case.pk, source=source, name="a.jpg", by=city.operator, as_of=NOW)
    assert files_in(folder) == []


def test_what_a_killed_process_leaves_is_swept(
    city: City, case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = attach(case, city.operator)

    class Killed(BaseException):
        pass

    def killed(*args: object, **more: object) -> Iterator[None]:
        raise Killed

    monkeypatch.setattr("jiesu.cases.actions.attachments.changing", killed)
    with pytest.raises(Killed):
        attach(case, city.operator)
    unfinished = path_of("u" * 43).with_suffix(".unfinished")
    unfinished.parent.mkdir(exist_ok=True)
    unfinished.write_bytes(b"half")
    assert len(files_in(folder)) == 3
    now = datetime.now(UTC)
    assert sweep_orphans(now - HOUR) == 0
    assert sweep_orphans(now + HOUR) == 2
    assert files_in(folder) == [path_of(kept.token)]
    assert sweep_orphans(now + HOUR) == 0


def test_there_is_nothing_to_sweep_where_nothing_was_attached(db: None, folder: Path) -> None:
    assert not folder.exists()
    assert sweep_orphans(datetime.now(UTC)) == 0


# ---- Erasing.


@pytest.mark.django_db(transaction=True)
def test_an_erased_file_is_gone_with_its_name_and_digest(folder: Path) -> None:
    from tests.cases.cast import made_city

    city = made_city()
    case = city.received()
    attachment = attach(case, city.operator)
    erase_attachment(
        case_id=case.pk, attachment_id=attachment.pk, by=city.administrator, as_of=NOW + 2 * HOUR
    )
    assert files_in(folder) == []
    attachment.refresh_from_db()
    assert (bytes(attachment.name), attachment.digest) == (b"", "")
    assert attachment.erased_at == NOW + 2 * HOUR
    with pytest.raises(NotFound):
        content_of(case, attachment, city.operator)
    again = erase_attachment(
        case_id=case.pk, attachment_id=attachment.pk, by=city.administrator, as_of=NOW + 3 * HOUR
    )
    assert again.erased_at == NOW + 2 * HOUR
    assert case.events.filter(kind="attachment_erased").count() == 1


def test_a_file_whose_erasing_was_cut_short_is_swept(city: City, case: Case, folder: Path) -> None:
    # In a test's transaction nothing is committed: as if killed right before the file goes.
    attachment = attach(case, city.operator)
    erase_attachment(
        case_id=case.pk, attachment_id=attachment.pk, by=city.administrator, as_of=NOW + HOUR
    )
    assert len(files_in(folder)) == 1
    assert sweep_orphans(datetime.now(UTC) + HOUR) == 1
    assert files_in(folder) == []


# ---- Who may.


def test_only_who_may_attach_does(city: City, case: Case, folder: Path) -> None:
    for stranger in (city.other_clerk, city.enterprise, Actor.resident()):
        with pytest.raises(NotFound):
            attach(case, stranger)
    for onlooker in (
        city.department, city.coordinator, city.caller, city.evaluator, city.leader,
        city.auditor, city.administrator,
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            attach(case, onlooker)
    assert files_in(folder) == []
    with pytest.raises(NotFound):
        attach_file(
            case_id=0, source=io.BytesIO(JPEG), name="", by=city.operator, as_of=NOW
        )  # fmt: skip


def test_only_who_may_see_a_file_reads_it(city: City, case: Case) -> None:
    attachment = attach(case, city.operator)
    for reader in (
        city.operator, city.dispatcher, city.caller, city.evaluator, city.clerk, city.head,
        city.department, city.coordinator,
    ):  # fmt: skip
        assert content_of(case, attachment, reader) == JPEG
    for stranger in (city.other_clerk, city.enterprise, city.other_coordinator):
        with pytest.raises(NotFound):
            content_of(case, attachment, stranger)
    for onlooker in (city.leader, city.auditor, city.administrator):
        with pytest.raises(Forbidden):
            content_of(case, attachment, onlooker)
    with pytest.raises(Forbidden):
        erase_attachment(case_id=case.pk, attachment_id=attachment.pk, by=city.head, as_of=NOW)


def test_a_file_is_found_under_its_own_case_only(city: City, case: Case) -> None:
    attachment = attach(case, city.operator)
    other = city.received(new_facts=True)
    with pytest.raises(NotFound, match="no such attachment"):
        content_of(other, attachment, city.operator)
    with pytest.raises(NotFound, match="no such attachment"):
        erase_attachment(
            case_id=other.pk, attachment_id=attachment.pk, by=city.administrator, as_of=NOW
        )
    with pytest.raises(NotFound):
        open_attachment(
            case_id=0, attachment_id=attachment.pk, reason="核对", by=city.operator, as_of=NOW
        )


# ---- For a reason.


def test_who_opens_a_file_says_why_and_the_history_says_who(city: City, case: Case) -> None:
    attachment = attach(case, city.operator)
    for reason in ("", "  "):
        with pytest.raises(Invalid, match="reason: "):
            content_of(case, attachment, city.clerk, reason)
    assert not Disclosure.objects.exists()
    version = Case.objects.get(pk=case.pk).version
    content_of(case, attachment, city.clerk, "张三补交的照片")
    case.refresh_from_db()
    event = case.events.get(kind="revealed")
    assert (event.actor, event.changes["shown"]) == (city.clerk.name, ["attachment"])
    assert event.changes["attachment"] == attachment.pk
    assert "张三" not in str(event.changes)
    assert case.version == version
    row = Disclosure.objects.get(case=case)
    assert words_of(case, row, "reason") == "张三补交的照片"
    assert check_chain(
        chain_of(case), case=case.number, head=case.head, n_events=case.n_events
    ) is None  # fmt: skip


def test_a_unit_opens_its_own_evidence_without_a_reason_and_nobody_else_does(
    city: City, case: Case
) -> None:
    attachment = attach(case, city.clerk)
    assert attachment.unit == city.unit["110101001"]
    for colleague in (city.clerk, city.head):
        assert content_of(case, attachment, colleague, "") == JPEG
    assert not case.events.filter(kind="revealed").exists()
    for other in (city.department, city.coordinator, city.operator, city.caller):
        with pytest.raises(Invalid, match="reason: "):
            content_of(case, attachment, other, "")


def test_what_the_hotline_added_is_nobodys_own(city: City, case: Case) -> None:
    attachment = attach(case, city.operator)
    assert attachment.unit is None
    with pytest.raises(Invalid, match="reason: "):
        content_of(case, attachment, city.operator, "")


def test_a_file_that_is_gone_was_not_looked_at(city: City, case: Case) -> None:
    attachment = attach(case, city.operator)
    path_of(attachment.token).unlink()
    with pytest.raises(NotFound, match="not kept"):
        content_of(case, attachment, city.clerk)
    assert not case.events.filter(kind="revealed").exists()
