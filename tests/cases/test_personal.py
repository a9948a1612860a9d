"""Sealed values open where they belong and nowhere else; hashes find and say nothing."""

import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.cases.privacy.keys import KeyRing, new_ring, rotated
from jiesu.cases.privacy.personal import (
    AlteredError,
    KeyMissingError,
    Sealer,
    hashes,
    key_id_of,
    keyed_hash,
    new_salt,
    term_hash,
    term_hashes,
)
from jiesu.core.chain import personal_digest

AS_OF = datetime(2022, 2, 7, 1, 12, tzinfo=UTC)
RING = new_ring(AS_OF)
ROTATED = rotated(rotated(RING, "encryption", AS_OF), "hash", AS_OF)
SEALER = Sealer(RING)
LATER = Sealer(ROTATED)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
contexts = st.text("0123456789/text", min_size=1, max_size=12)


@given(words, contexts)
def test_a_sealed_text_comes_back(plain: str, context: str) -> None:
    sealed = SEALER.seal(plain, context=context)
    assert SEALER.open_text(sealed, context=context) == plain
    assert SEALER.open(memoryview(sealed), context=context) == plain.encode()
    assert key_id_of(sealed) == key_id_of(memoryview(sealed)) == "e1"


@given(st.binary(max_size=200))
def test_sealed_bytes_come_back_and_never_look_the_same(plain: bytes) -> None:
    first, second = (SEALER.seal(plain, context="c") for _ in range(2))
    assert SEALER.open(first, context="c") == plain
    assert first != second
    assert len(first) == len(second) == len(plain) + 2 + len("e1") + 12 + 16


def test_a_sealed_value_holds_nothing_that_can_be_read() -> None:
    sealed = SEALER.seal("13800000000", context="2022-1/phone")
    assert b"138" not in sealed[16:]
    assert b"2022" not in sealed


@given(words, contexts, contexts)
def test_a_sealed_value_opens_in_no_other_case_or_field(plain: str, one: str, other: str) -> None:
    sealed = SEALER.seal(plain, context=one)
    if one != other:
        with pytest.raises(AlteredError, match="belongs to another case or field"):
            SEALER.open(sealed, context=other)


@given(words, st.data())
def test_any_changed_bit_is_found(plain: str, data: st.DataObject) -> None:
    sealed = bytearray(SEALER.seal(plain, context="c"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((AlteredError, KeyMissingError)):
        LATER.open(bytes(sealed), context="c")


@given(words, st.data())
def test_a_cut_or_longer_value_is_found(plain: str, data: st.DataObject) -> None:
    sealed = SEALER.seal(plain, context="c")
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    for wrong in (cut, sealed + b"\0"):
        with pytest.raises(AlteredError):
            SEALER.open(wrong, context="c")


@pytest.mark.parametrize(
    "wrong", [b"", b"\x01", b"\x02\x02e1" + bytes(40), b"\x01\x02\xff\xff" * 9]
)
def test_what_was_never_sealed_is_refused(wrong: bytes) -> None:
    with pytest.raises(AlteredError, match="not a sealed value"):
        SEALER.open(wrong, context="c")
    with pytest.raises(AlteredError, match="not a sealed value"):
        key_id_of(wrong)


def test_a_key_under_another_id_does_not_open_what_it_did_not_seal() -> None:
    sealed = LATER.seal("text", context="c")
    assert key_id_of(sealed) == "e2"
    renamed = sealed.replace(b"e2", b"e1", 1)
    with pytest.raises(AlteredError):
        LATER.open(renamed, context="c")


def test_a_missing_key_is_named() -> None:
    sealed = LATER.seal("text", context="c")
    with pytest.raises(KeyMissingError, match="the encryption key e2 is not in the key ring") as e:
        SEALER.open(sealed, context="c")
    assert e.value.key_id == "e2"
    assert str(pickle.loads(pickle.dumps(e.value))) == str(e.value)


@given(words)
def test_after_a_rotation_old_values_open_and_can_be_sealed_anew(plain: str) -> None:
    old = SEALER.seal(plain, context="c")
    assert LATER.open_text(old, context="c") == plain
    new = LATER.resealed(old, context="c")
    assert new is not None
    assert key_id_of(new) == "e2"
    assert LATER.open_text(new, context="c") == plain
    assert LATER.resealed(new, context="c") is None


def test_a_value_is_not_sealed_without_a_context() -> None:
    with pytest.raises(ValueError, match="needs a context"):
        SEALER.seal("text", context="")


def test_a_sealer_shows_no_key() -> None:
    assert RING.active("encryption").secret.hex() not in f"{SEALER!r} {vars(SEALER)}"
    assert repr(RING.active("encryption").secret) not in f"{SEALER!r} {vars(SEALER)}"


@given(words.filter(bool), words.filter(bool))
def test_the_same_value_has_the_same_hash_and_another_another(one: str, other: str) -> None:
    assert keyed_hash(RING, "phone", one) == keyed_hash(RING, "phone", one)
    assert (keyed_hash(RING, "phone", one) == keyed_hash(RING, "phone", other)) == (one == other)


def test_a_hash_names_its_key_and_says_nothing_without_it() -> None:
    made = keyed_hash(RING, "phone", "13800000000")
    key_id, _, digest = made.partition(":")
    assert key_id == "h1"
    assert len(bytes.fromhex(digest)) * 8 == 128
    other_ring: KeyRing = new_ring(AS_OF)
    assert keyed_hash(other_ring, "phone", "13800000000") != made


def test_two_fields_never_share_a_hash() -> None:
    assert keyed_hash(RING, "phone", "123") != keyed_hash(RING, "name", "123")
    assert keyed_hash(RING, "phone1", "23") != keyed_hash(RING, "phone", "123")
    with pytest.raises(ValueError, match="NUL"):
        keyed_hash(RING, "phone\0", "123")


def test_nothing_is_no_value_that_people_share() -> None:
    with pytest.raises(ValueError, match="never empty"):
        keyed_hash(RING, "phone", "")
    with pytest.raises(ValueError, match="never empty"):
        hashes(RING, "phone", "")


def test_a_search_during_a_rotation_looks_under_every_key() -> None:
    assert hashes(ROTATED, "phone", "13800000000") == (
        keyed_hash(ROTATED, "phone", "13800000000"),
        keyed_hash(RING, "phone", "13800000000"),
    )
    assert hashes(RING, "phone", "1") == (keyed_hash(RING, "phone", "1"),)
    terms = ["停水", "三天"]
    assert term_hashes(ROTATED, terms, key_id="h1") == term_hashes(RING, terms)
    assert term_hashes(ROTATED, terms, key_id="h2") == term_hashes(ROTATED, terms)
    with pytest.raises(KeyError):
        term_hashes(RING, terms, key_id="h2")


@given(st.lists(words, max_size=20))
def test_term_hashes_fit_an_index_and_hide_the_order_of_the_terms(terms: list[str]) -> None:
    made = term_hashes(RING, terms)
    assert made == sorted(made) == term_hashes(RING, reversed(terms))
    assert set(made) == {term_hash(RING, term) for term in terms}
    assert all(-(2**63) <= number < 2**63 for number in made)
    assert len(made) == len(set(terms))


def test_salts_are_long_enough_for_a_digest_and_never_the_same() -> None:
    salts = {new_salt() for _ in range(100)}
    assert len(salts) == 100
    assert len({personal_digest(salt, "phone", "13800000000") for salt in salts}) == 100
