"""Personal values at rest: sealed texts, keyed hashes to find them by, salts.

What each part guarantees: docs/personal-data.md. Leaves out where the values lie, who may open
them and when they are erased.
"""

import secrets
from collections.abc import Iterable
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jiesu.cases.privacy.keys import Key, KeyRing

VERSION = 1
"""First byte of every sealed value; another layout gets another."""

N_NONCE = 12
N_TAG = 16
N_SALT = 32
N_HASH = 16

MOST_BEFORE = 2 + 16 + N_NONCE
"""Bytes at most before the ciphertext: version, length of the key's id, the id, nonce."""

_NO_NUMBER = "a value to hash is never empty: all who lack it would be one person"


class SealedError(Exception):
    """A sealed value can't be opened. The message holds nothing of it."""


class KeyMissingError(SealedError):
    """The key of a sealed value is not in the ring."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the encryption key {key_id} is not in the key ring")
        self.key_id = key_id

    def __reduce__(self) -> tuple[type["KeyMissingError"], tuple[str]]:
        return KeyMissingError, (self.key_id,)


class AlteredError(SealedError):
    """A sealed value was changed, cut, or moved to another case or field."""


class Sealer:
    """Seals and opens values with AES-256-GCM under the keys of a ring. Threads may share it."""

    def __init__(self, ring: KeyRing) -> None:
        self._ciphers = {key.id: AESGCM(key.secret) for key in ring.keys["encryption"]}
        self._active_id = ring.active("encryption").id
        self._header = _header(self._active_id)
        self._cipher = self._ciphers[self._active_id]

    def seal(self, plain: bytes | str, *, context: str) -> bytes:
        """A value sealed with the active key: header, nonce, ciphertext with tag.

        `context` names the case and the field (never empty); it is not stored, and the value
        opens in no other. The length of the value stays visible.
        """
        data = plain.encode() if isinstance(plain, str) else plain
        nonce = secrets.token_bytes(N_NONCE)
        about = _about(self._header, context)
        return self._header + nonce + self._cipher.encrypt(nonce, data, about)

    def open(self, sealed: bytes | memoryview, *, context: str) -> bytes:
        """The value of `seal`. Raises KeyMissingError or AlteredError."""
        data = bytes(sealed)
        key_id, start = _parsed_header(data)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise KeyMissingError(key_id)
        about, nonce = _about(data[:start], context), data[start : start + N_NONCE]
        try:
            return cipher.decrypt(nonce, data[start + N_NONCE :], about)
        except (InvalidTag, ValueError):
            pass
        raise AlteredError("the sealed value was changed, or belongs to another case or field")

    def open_text(self, sealed: bytes | memoryview, *, context: str) -> str:
        """As `open`, for a value that was sealed as text."""
        return self.open(sealed, context=context).decode()

    def resealed(self, sealed: bytes | memoryview, *, context: str) -> bytes | None:
        """The value sealed anew with the active key; None when it is already. For a rotation."""
        if key_id_of(sealed) == self._active_id:
            return None
        return self.seal(self.open(sealed, context=context), context=context)


def key_id_of(sealed: bytes | memoryview) -> str:
    """The id of the key that a value is sealed with. Raises AlteredError."""
    return _parsed_header(bytes(sealed))[0]


def length_of(start: bytes, n_sealed: int) -> int:
    """How long a value is that was sealed to `n_sealed` bytes, by the first `MOST_BEFORE` of them.

    Raises AlteredError.
    """
    return n_sealed - _parsed_header(start)[1] - N_NONCE - N_TAG


def beginning(key_id: str) -> bytes:
    """With which bytes every value begins that a key has sealed, and no other."""
    return _header(key_id)


def _header(key_id: str) -> bytes:
    return bytes([VERSION, len(key_id)]) + key_id.encode("ascii")


def _parsed_header(data: bytes) -> tuple[str, int]:
    """The key's id and where the nonce begins."""
    if len(data) >= 2 and data[0] == VERSION:
        start = 2 + data[1]
        key_id = data[2:start]
        if len(data) >= start + N_NONCE and key_id.isalnum():
            return key_id.decode("ascii"), start
    raise AlteredError("not a sealed value, or its beginning was changed")


def _about(header: bytes, context: str) -> bytes:
    if not context:
        raise ValueError("a sealed value needs a context: its case and field")
    return header + context.encode()


def keyed_hash(ring: KeyRing, field: str, normalised: str) -> str:
    """The hash of a normalised value under the active key: key id, colon, 128 bits in hex.

    Values of different fields never share a hash. Raises ValueError for an empty value.
    """
    return _keyed_hash(ring.active("hash"), field, normalised)


def hashes(ring: KeyRing, field: str, normalised: str) -> tuple[str, ...]:
    """The hashes of a value under every key of the ring, the active one first: for a search."""
    return tuple(_keyed_hash(key, field, normalised) for key in reversed(ring.keys["hash"]))


def _keyed_hash(key: Key, field: str, normalised: str) -> str:
    if not normalised:
        raise ValueError(_NO_NUMBER)
    if "\0" in field:
        raise ValueError("the name of a field holds no NUL")
    made = blake2b(
        f"{field}\0{normalised}".encode(),
        digest_size=N_HASH,
        key=key.secret,
        person=b"jiesu value",
    )
    return f"{key.id}:{made.hexdigest()}"


def term_hash(ring: KeyRing, term: str) -> int:
    """The hash of a search term under the active key: a signed 64-bit number for an index."""
    return _term_hash(ring.active("hash"), term)


def term_hashes(ring: KeyRing, terms: Iterable[str], *, key_id: str | None = None) -> list[int]:
    """The hashes of terms, rising: the order of the terms is not to be seen. Each once.

    `key_id` names another key than the active one, for a search during a rotation. Raises
    KeyError when the ring has no such key.
    """
    key = ring.active("hash") if key_id is None else ring.by_id("hash", key_id)
    if key is None:
        raise KeyError(key_id)
    return sorted({_term_hash(key, term) for term in terms})


def _term_hash(key: Key, term: str) -> int:
    made = blake2b(term.encode(), digest_size=8, key=key.secret, person=b"jiesu term")
    return int.from_bytes(made.digest(), "big", signed=True)


def new_salt() -> bytes:
    """A salt for `core.chain.personal_digest`: 32 random bytes, for one case."""
    return secrets.token_bytes(N_SALT)
