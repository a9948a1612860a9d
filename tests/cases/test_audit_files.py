"""Whoever changes, swaps or removes an attached file or its row is found; who erases it is not."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from jiesu.cases import attachments
from jiesu.cases.actions.attachments import erase_attachment, open_attachment
from jiesu.cases.actions.handling import sign_case
from jiesu.cases.attachments import PIECE_BYTES, name_place, path_of, remove_file
from jiesu.cases.change import changing
from jiesu.cases.history import file_audit
from jiesu.cases.history.audit import Audit
from jiesu.cases.models import Attachment, Case
from jiesu.cases.privacy import vault
from jiesu.cases.privacy.erasure import Part, erase
from jiesu.cases.privacy.keys import ring_text, rotated
from jiesu.cases.privacy.rotation import renew
from jiesu.cases.privacy.vault import sealed
from tests.cases.cast import NOW, City
from tests.cases.test_attachments import JPEG, PNG, attach

HOUR = timedelta(hours=1)
LONG = JPEG + bytes(2 * PIECE_BYTES)


pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def case(city: City) -> Case:
    return city.received()


@pytest.fixture
def file(city: City, case: Case) -> Attachment:
    """A file of three pieces, among others."""
    attach(case, city.operator, PNG, "a.png")
    made = attach(case, city.operator, LONG, "张三的收据.jpg")
    attach(city.received(), city.operator, JPEG)
    return made


def findings(*, read: bool = False, number: str = "") -> list[str]:
    # No seals here: the file of them is not looked at where there are none.
    return list(Audit(number=number, read_files=read, file=Path("none")).run())


def of(file: Attachment) -> str:
    return f"of its attachment {file.pk}"


def alone(file: Attachment, what: str) -> None:
    """This finding and no other, of all cases and of the one."""
    line = f"case {file.case.number}: {what}"
    assert findings() == findings(number=file.case.number) == [line]


def test_attached_files_are_whole_and_counted(city: City, case: Case, file: Attachment) -> None:
    open_attachment(
        case_id=case.pk, attachment_id=file.pk, by=city.clerk, as_of=NOW + HOUR, reason="核对"
    )
    for read in (False, True):
        audit = Audit(read_files=read, file=Path("none"))
        assert list(audit.run()) == []
        assert audit.n_files == 3
    audit = Audit(number=case.number, file=Path("none"))
    assert list(audit.run()) == []
    assert audit.n_files == 2


# Rows -------------------------------------------------------------------------------------------


def test_a_row_that_is_removed_is_found(file: Attachment) -> None:
    case, key = file.case, file.pk
    file.delete()
    line = f"case {case.number}: its attachment {key} is missing"
    assert findings() == findings(number=case.number) == [line]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("content_type", "text/html"),
        ("added_at", NOW),
        ("size", len(LONG) - 1),
    ],
)
def test_a_column_that_is_changed_is_found(file: Attachment, column: str, value: object) -> None:
    Attachment.objects.filter(pk=file.pk).update(**{column: value})
    line = f"the {column} {of(file)} is not what was last recorded"
    assert f"case {file.case.number}: {line}" in findings()
    if column != "size":
        alone(file, line)


def test_whose_evidence_a_file_is_cannot_be_changed_unseen(city: City, file: Attachment) -> None:
    sign_case(case_id=file.case_id, by=city.clerk, as_of=NOW)
    evidence = attach(file.case, city.clerk, PNG, "b.png")
    assert evidence.unit == city.unit["110101001"]
    assert findings() == []
    for one, unit in ((evidence, "D01"), (file, "D01"), (evidence, None)):
        Attachment.objects.filter(pk=one.pk).update(unit=unit and city.unit[unit])
        alone(one, f"the unit {of(one)} is not what was last recorded")
        Attachment.objects.filter(pk=one.pk).update(unit=one.unit)


def test_a_name_and_a_digest_that_are_changed_are_found(file: Attachment) -> None:
    rows = Attachment.objects.filter(pk=file.pk)
    rows.update(digest="0" * 64)
    alone(file, f"the digest {of(file)} is not the recorded one")
    rows.update(digest="")
    alone(file, f"the digest {of(file)} is gone, and no event says that it was erased")
    # With the key at hand a name can be sealed that opens; the digest tells.
    other = sealed(file.case, name_place(file.token), "b.jpg")
    rows.update(digest=file.digest, name=other)
    alone(file, f"the name {of(file)} is not the recorded one")
    rows.update(name=b"")
    alone(file, f"the name {of(file)} is gone, and no event says that it was erased")
    rows.update(name=b"\x01\x02e1" + bytes(40))
    alone(file, f"the name {of(file)} was changed, or is another's")
    rows.update(name=b"\x01\x02e9" + bytes(40))
    alone(file, f"the name {of(file)} needs the missing key e9")


def test_a_row_that_is_given_to_another_case_is_found(file: Attachment) -> None:
    other = Case.objects.exclude(pk=file.case_id).get()
    Attachment.objects.filter(pk=file.pk).update(case=other)
    assert findings() == [
        f"case {file.case.number}: its attachment {file.pk} is missing",
        f"case {other.number}: no event tells {of(file)}",
    ]
    assert f"case {other.number}: the file {of(file)} was changed, or is another's" in findings(
        read=True
    )


def test_a_row_that_no_event_knows_is_found(city: City, case: Case, file: Attachment) -> None:
    path = path_of(file.token)
    copy = Attachment.objects.get(pk=file.pk)
    copy.pk, copy.token = None, "A" * 43
    copy.save(force_insert=True)
    (path_of(copy.token).parent).mkdir(exist_ok=True)
    path_of(copy.token).write_bytes(path.read_bytes())
    alone(copy, f"no event tells {of(copy)}")
    # Nor does it become a true one because somebody looked at it.
    open_attachment(
        case_id=case.pk, attachment_id=file.pk, by=city.clerk, as_of=NOW + HOUR, reason="核对"
    )

    alone(copy, f"no event tells {of(copy)}")


# Files ------------------------------------------------------------------------------------------


def test_a_file_that_is_missing_is_found(file: Attachment) -> None:
    remove_file(file.token)
    alone(file, f"the file {of(file)} is missing")
    Attachment.objects.filter(pk=file.pk).update(token="../../etc/passwd")
    assert f"case {file.case.number}: the file {of(file)} is missing" in findings()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda stored: stored[: len(stored) // 2], "was changed, or is another's"),
        (lambda stored: stored[:-1], "was changed, or is another's"),
        (lambda stored: stored + b"\x00", "was changed, or is another's"),
        (lambda stored: stored[: PIECE_BYTES + 36], "is not as long as its row says"),
        (lambda stored: b"", "is not as long as its row says"),
        (lambda stored: JPEG, "was changed, or is another's"),
    ],
    ids=["half", "cut", "longer", "a piece less", "empty", "in the clear"],
)
def test_a_file_of_another_length_is_found_unread(
    file: Attachment, change: Callable[[bytes], bytes], what: str
) -> None:
    path = path_of(file.token)
    path.write_bytes(change(path.read_bytes()))
    alone(file, f"the file {of(file)} {what}")


def test_a_file_of_which_a_byte_is_changed_is_found_where_it_is_read(file: Attachment) -> None:
    path = path_of(file.token)
    stored = bytearray(path.read_bytes())
    stored[len(stored) // 2] ^= 1
    path.write_bytes(stored)
    assert findings() == []
    line = f"case {file.case.number}: the file {of(file)} was changed, or is another's"
    assert findings(read=True) == findings(read=True, number=file.case.number) == [line]


def test_a_file_that_is_sealed_anew_with_the_key_is_found_where_it_is_read(
    file: Attachment,
) -> None:
    path = path_of(file.token)
    path.unlink()
    first, *rest = (LONG[at : at + PIECE_BYTES] for at in range(0, len(LONG), PIECE_BYTES))
    attachments._write(path, file.case, file.token, first[:-1] + b"x", iter(rest))
    assert findings() == []
    assert findings(read=True) == [
        f"case {file.case.number}: the file {of(file)} has not the digest that its row says"
    ]


def test_a_file_that_cannot_be_read_is_a_finding_and_no_crash(file: Attachment) -> None:
    path = path_of(file.token)
    path.unlink()
    path.mkdir()
    alone(file, f"the file {of(file)} cannot be read")


# Erased -----------------------------------------------------------------------------------------


def erased(city: City, file: Attachment) -> None:
    erase_attachment(
        case_id=file.case_id, attachment_id=file.pk, by=city.administrator, as_of=NOW + 2 * HOUR
    )
    remove_file(file.token)  # In a test's transaction nothing is committed, and so nothing goes.


def erased_part(city: City, case: Case, part: Part) -> None:
    with changing(case.pk, "erase", by=city.administrator, as_of=NOW + 3 * HOUR) as change:
        assert erase(change, [part], "retention") == (part,)


def test_what_was_erased_by_right_is_whole(city: City, case: Case, file: Attachment) -> None:
    erased(city, file)
    audit = Audit(read_files=True, file=Path("none"))
    assert list(audit.run()) == []
    assert audit.n_files == 2
    erased_part(city, case, "attachments")
    for one in case.attachments.all():
        remove_file(one.token)
    assert findings(read=True) == []


def test_a_file_outlives_the_texts_of_its_case(city: City, case: Case, file: Attachment) -> None:
    erased_part(city, case, "text")
    assert findings(read=True) == []
    remove_file(file.token)
    alone(file, f"the file {of(file)} is missing")


def test_an_erased_file_that_is_still_there_is_found(city: City, file: Attachment) -> None:
    stored = path_of(file.token).read_bytes()
    erased(city, file)
    path_of(file.token).write_bytes(stored)
    alone(file, f"the file {of(file)} is still there, and its row says that it was erased")


def test_a_name_or_digest_that_is_kept_after_erasing_is_found(city: City, file: Attachment) -> None:
    rows, name = Attachment.objects.filter(pk=file.pk), bytes(file.name)
    erased(city, file)
    rows.update(name=name)
    alone(file, f"the name {of(file)} is kept, and an event says that it was erased")
    rows.update(name=b"", digest=file.digest)
    alone(file, f"the digest {of(file)} is kept, and an event says that it was erased")


def test_what_is_erased_without_an_event_is_found(file: Attachment) -> None:
    Attachment.objects.filter(pk=file.pk).update(erased_at=NOW, name=b"", digest="")
    remove_file(file.token)
    gone = f"{of(file)} is gone, and no event says that it was erased"
    assert findings() == [
        f"case {file.case.number}: {what}"
        for what in (
            f"the digest {gone}",
            f"the name {gone}",
            f"the erased_at {of(file)} is not what was last recorded",
        )
    ]


def test_an_erased_attachment_that_is_brought_back_is_found(city: City, file: Attachment) -> None:
    stored, name = path_of(file.token).read_bytes(), bytes(file.name)
    erased(city, file)
    Attachment.objects.filter(pk=file.pk).update(erased_at=None, name=name, digest=file.digest)
    path_of(file.token).write_bytes(stored)
    assert f"case {file.case.number}: the erased_at {of(file)} is not what was last recorded" in (
        findings()
    )


# Beside the site's work -------------------------------------------------------------------------


def test_an_erasing_beside_the_check_is_no_finding(
    city: City, file: Attachment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the row was read somebody erases the file."""

    def late(token: str) -> int:
        if token == file.token and file.case.attachments.filter(pk=file.pk, erased_at=None):
            erased(city, file)
        return attachments.length_of_file(token)

    monkeypatch.setattr(file_audit, "length_of_file", late)
    assert findings() == []
    assert not path_of(file.token).exists()


def test_a_file_of_a_new_key_is_whole_and_one_of_a_lost_key_is_said(
    city: City, file: Attachment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIESU_KEYS", ring_text(rotated(vault.ring(), "encryption", NOW)))
    vault.forget_keys()
    stored = path_of(file.token).read_bytes()
    assert renew().n_files == 3
    assert path_of(file.token).read_bytes() != stored
    assert findings(read=True) == []
    path_of(file.token).write_bytes(stored.replace(b"\x01\x02e1", b"\x01\x02e9"))
    assert findings(read=True) == [
        f"case {file.case.number}: the file {of(file)} needs the missing key e9"
    ]


def test_a_chunk_of_rows_after_another(file: Attachment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_audit, "AT_ONCE", 2)
    audit = Audit(file=Path("none"))
    assert list(audit.run()) == []
    assert audit.n_files == 3
    remove_file(Attachment.objects.order_by("pk").reverse()[0].token)
    assert len(findings()) == 1


def test_no_finding_of_a_file_holds_its_name_or_token(city: City, file: Attachment) -> None:
    Attachment.objects.update(digest="1" * 64)
    for one in Attachment.objects.all():
        path_of(one.token).write_bytes(JPEG)
    found = "".join(findings(read=True))
    assert found
    for secret in ("收据", "张三", file.token[:6], "1111", "JFIF"):
        assert secret not in found
