"""With a new key everything is made anew, in any number of runs, while work and searches go on."""

import os
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from jiesu.cases.actions.attachments import attach_file, open_attachment
from jiesu.cases.actions.handling import sign_case
from jiesu.cases.actions.intake import receive_case
from jiesu.cases.actions.privacy import erase_person
from jiesu.cases.history.audit import Audit
from jiesu.cases.history.seals import seal_events
from jiesu.cases.models import Attachment, Case, CasePrivate
from jiesu.cases.privacy import rotation, vault
from jiesu.cases.privacy.keys import KeyRing, Purpose, ring_text, rotated, without
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.privacy.rotation import key_uses, renew
from jiesu.cases.privacy.vault import ring
from jiesu.cases.search import Search, newest_cases
from jiesu.cases.search_index import index_cases
from jiesu.core.problems import InputError
from tests.cases.cast import DEMAND, ELEVATOR, NOW, PARKING, PHONE, City
from tests.cases.test_privacy import LATER, PDF, WORDS, lived

Use = Callable[[KeyRing], None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Go on with another ring, as a server does that is started again."""

    def used(made: KeyRing) -> None:
        monkeypatch.setitem(os.environ, "JIESU_KEYS", ring_text(made))
        vault.forget_keys()

    return used


def all_new(made: KeyRing) -> KeyRing:
    purposes: tuple[Purpose, ...] = ("encryption", "hash", "seal")
    for purpose in purposes:
        made = rotated(made, purpose, NOW)
    return made


def found(city: City) -> list[int]:
    """How many cases each way of searching finds."""
    searches = (Search(phone=PHONE), Search(name="张三"), Search(words="地面"))
    return [len(newest_cases(city.operator, search).cases) for search in searches]


def content(city: City, attachment: Attachment) -> bytes:
    download = open_attachment(
        case_id=attachment.case_id, attachment_id=attachment.pk, by=city.dispatcher, as_of=NOW,
        reason="核对",
    )  # fmt: skip
    return b"".join(download.content)


def test_after_a_rotation_nothing_needs_the_old_keys_but_the_seals(
    city: City, use: Use, tmp_path: Path
) -> None:
    case, file = lived(city), tmp_path / "seals.jsonl"
    city.received(ELEVATOR)
    index_cases()
    seal_events(NOW, file=file)
    use(all_new(ring()))
    assert found(city) == [2, 2, 2]
    done = renew()
    assert (done.n_files, done.n_hashes, done.n_texts, done.n_failed) == (1, 4, 2, 0)
    assert done.n_values > 8
    uses = key_uses()
    assert (set(uses["encryption"]), set(uses["hash"]), set(uses["seal"])) == (
        {"e2"}, {"h2"}, {"s1"},
    )  # fmt: skip
    use(without(without(ring(), "e1"), "h1"))
    assert found(city) == [2, 2, 2]
    contact = case.contacts.get()
    assert words_of(case, contact, "note") == WORDS[0]
    attachment = case.attachments.get()
    assert content(city, attachment) == PDF
    city.received(ELEVATOR, new_facts=True, at=LATER)
    seal_events(LATER, file=file)
    assert key_uses()["seal"] == {"s1": 1, "s2": 1}
    assert list(Audit(file=file).run()) == []
    index_cases()
    again = renew()
    assert (again.n_values, again.n_files, again.n_hashes, again.n_texts) == (0, 0, 0, 0)


def test_searches_and_work_go_on_in_the_middle_of_a_rotation(city: City, use: Use) -> None:
    first = city.received()
    index_cases()
    use(all_new(ring()))
    # A demand that comes now has new hashes, the one before it old ones.
    second = city.received(ELEVATOR, at=NOW + timedelta(hours=1))
    index_cases()
    assert (first.caller[:3], second.caller[:3]) == ("h1:", "h2:")
    assert found(city) == [2, 2, 2]
    assert (second.n_month, second.n_year) == (2, 2)
    repeat = city.received(PARKING, at=NOW + timedelta(days=1))
    assert repeat.repeat_of_id == first.pk
    sign_case(case_id=first.pk, by=city.clerk, as_of=NOW + timedelta(hours=1))
    renew()
    index_cases()
    assert found(city) == [3, 3, 3]
    assert len(set(Case.objects.values_list("caller", flat=True))) == 1


@pytest.mark.parametrize("step", range(12))
def test_a_rotation_that_is_killed_anywhere_is_gone_on_with(
    city: City, use: Use, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    lived(city)
    city.received(ELEVATOR)
    index_cases()
    use(all_new(ring()))
    left = step

    def killed() -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return transaction.atomic()

    class Killing:
        atomic = staticmethod(killed)

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "transaction", Killing)
        with pytest.raises(KeyboardInterrupt):
            renew(batch=1)
    assert found(city) == [2, 2, 2]
    renew()
    assert found(city) == [2, 2, 2]
    uses = key_uses()
    assert (set(uses["encryption"]), set(uses["hash"])) == ({"e2"}, {"h2"})


def test_a_case_with_a_new_hash_is_exported_again(city: City, use: Use) -> None:
    case = city.received()
    Case.objects.update(exported=True)
    use(rotated(ring(), "hash", NOW))
    renew()
    now = Case.objects.get(pk=case.pk)
    assert (now.exported, now.version) == (False, case.version + 1)


def test_erased_cases_need_no_key(city: City, use: Use) -> None:
    case = lived(city)
    erase_person(case_id=case.pk, cause="request", by=city.administrator, as_of=LATER)
    mark = Case.objects.get(pk=case.pk).caller
    assert key_uses()["encryption"] == {}
    assert key_uses()["hash"] == {}
    use(all_new(ring()))
    assert renew().n_failed == 0
    assert Case.objects.get(pk=case.pk).caller == mark
    assert key_uses()["hash"] == {}


def test_a_pseudonym_of_another_system_is_left(city: City, use: Use) -> None:
    case = city.received()
    Case.objects.filter(pk=case.pk).update(caller="c-0123456789abcdef")
    use(rotated(ring(), "hash", NOW))
    assert renew().n_failed == 0
    assert Case.objects.get(pk=case.pk).caller == "c-0123456789abcdef"


def test_a_value_that_does_not_open_is_counted_and_stops_no_other(city: City, use: Use) -> None:
    broken, whole = city.received(), city.received(ELEVATOR)
    CasePrivate.objects.filter(case=broken).update(person=b"\x01\x02e9" + bytes(40))
    use(all_new(ring()))
    done = renew()
    # The value, and the two hashes that cannot be worked out from it.
    assert done.n_failed == 3
    assert key_uses()["encryption"]["e9"] == 1
    assert Case.objects.get(pk=whole.pk).caller.startswith("h2:")


def test_a_request_that_comes_again_after_a_rotation_makes_no_second_case(
    city: City, use: Use
) -> None:
    first = receive_case(DEMAND, by=city.operator, as_of=NOW, idempotency_key="a")
    use(rotated(ring(), "hash", NOW))
    again = receive_case(DEMAND, by=city.operator, as_of=NOW, idempotency_key="a")
    assert (again.is_new, again.case.pk) == (False, first.case.pk)
    renew()
    assert Case.objects.get(pk=first.case.pk).request_digest == ""


def test_a_large_file_is_made_anew_piece_by_piece(city: City, use: Use) -> None:
    case = city.received()
    large = PDF[:-6] + b"x" * 3_000_000 + b"\n%%EOF\n"
    attachment = attach_file(
        case_id=case.pk, source=BytesIO(large), name="a.pdf", by=city.operator, as_of=NOW
    )
    use(without(rotated(rotated(ring(), "encryption", NOW), "encryption", NOW), "e2"))
    assert renew().n_files == 1
    assert content(city, attachment) == large


def test_an_active_or_unknown_key_is_not_taken_from_the_ring() -> None:
    for key_id in ("e1", "x1"):
        with pytest.raises(InputError, match="no older key"):
            without(ring(), key_id)
