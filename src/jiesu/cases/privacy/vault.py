"""The site's one key ring at work: what is personal of a case, in and out of its row.

Leaves out how it is encrypted and hashed (`personal`), where keys lie (`keys`), and who may
look (`scopes`). Values never reach a log: what is wrong is said without them.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from pydantic_core import to_json

from jiesu.cases.insertion import made
from jiesu.cases.models import Case, CasePrivate
from jiesu.cases.privacy.keys import KeyRing, read_ring, ring_from_environment
from jiesu.cases.privacy.personal import Sealer, hashes, keyed_hash, new_salt
from jiesu.core.masking import (
    masked_address,
    masked_name,
    masked_phone,
    normal_name,
    normal_phone,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Who asks, as far as was said. Empty texts are what was not."""

    name: str = ""
    phone: str = ""
    email: str = ""
    company: str = ""
    address: str = ""

    def __repr__(self) -> str:
        return "Person(…)"

    @property
    def parts(self) -> dict[str, str]:
        """What was said, by field; empty texts too."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def masked(self) -> "Person":
        """What may stand in lists: enough to recognise, not to contact."""
        return Person(
            name=masked_name(self.name),
            phone=masked_phone(self.phone),
            email="…" if self.email else "",
            company=self.company,
            address=masked_address(self.address),
        )


@cache
def ring() -> KeyRing:
    """The site's key ring, read once. Raises InputError where it is missing or open to others."""
    if os.environ.get("JIESU_KEYS"):
        return ring_from_environment(os.environ)
    return read_ring(settings.JIESU.keys_file)


@cache
def _sealer() -> Sealer:
    return Sealer(ring())


def forget_keys() -> None:
    """Read the ring anew at its next use: after a rotation."""
    ring.cache_clear()
    _sealer.cache_clear()


def sealed(case: Case, field: str, text: str) -> bytes:
    """Words about a case, encrypted for this case and field; nothing for empty ones."""
    return _sealer().seal(text, context=f"{case.number}:{field}") if text else b""


def opened(case: Case, field: str, stored: bytes | memoryview) -> str:
    """What `sealed` was given; empty where it was erased."""
    return _sealer().open_text(stored, context=f"{case.number}:{field}") if stored else ""


def sealed_bytes(case: Case, field: str, data: bytes) -> bytes:
    """A piece of a file of a case, encrypted for this case and field."""
    return _sealer().seal(data, context=f"{case.number}:{field}")


def opened_bytes(case: Case, field: str, stored: bytes) -> bytes:
    """What `sealed_bytes` was given. Raises SealedError."""
    return _sealer().open(stored, context=f"{case.number}:{field}")


def resealed(case: Case, field: str, stored: bytes | memoryview) -> bytes | None:
    """A value sealed anew with the active key; `None` where it is already. Raises SealedError."""
    return _sealer().resealed(stored, context=f"{case.number}:{field}")


def private_of(case: Case, person: Person, title: str, body: str) -> CasePrivate:
    """The row, unsaved, of what is personal of a new case."""
    return made(
        CasePrivate,
        case_id=case.pk,
        person_salt=new_salt(),
        text_salt=new_salt(),
        person=sealed_person(case, person),
        text=sealed_text(case, title, body),
        name_hash=name_hash(person.name),
    )


def sealed_person(case: Case, person: Person) -> bytes:
    """Who asks, as `person_of` opens it."""
    return sealed(case, "person", _json(person.parts))


def sealed_text(case: Case, title: str, body: str) -> bytes:
    """Title and body, as `text_of` opens them."""
    return sealed(case, "text", _json({"title": title, "body": body}))


def person_of(case: Case, private: CasePrivate) -> Person:
    """Who asked; all empty after it was erased."""
    text = opened(case, "person", private.person)
    return Person(**{k: v for k, v in json.loads(text or "{}").items() if k in Person.__slots__})


def text_of(case: Case, private: CasePrivate) -> tuple[str, str]:
    """Title and body; empty after they were erased."""
    document = json.loads(opened(case, "text", private.text) or "{}")
    return document.get("title", ""), document.get("body", "")


def answer_of(case: Case, private: CasePrivate) -> str:
    """What the caller of a case that no unit got was told; empty after it was erased."""
    return opened(case, "disposition", private.disposition)


def caller_hash(phone: str) -> str:
    """By which a caller's demands are found, and what stands for the caller in the case table."""
    normal = normal_phone(phone)
    return keyed_hash(ring(), "phone", normal) if normal else ""


def caller_hashes(phone: str) -> tuple[str, ...]:
    """The same under every key of the ring, the active one first: old rows may have an older."""
    normal = normal_phone(phone)
    return hashes(ring(), "phone", normal) if normal else ()


def imported_caller(named: str) -> str:
    """The pseudonym of a caller as a file of another system names them: the same in every run.

    Under the oldest key of the ring: there is no value from which it could be made anew.
    """
    return f"c-{hashes(ring(), 'imported caller', named)[-1].partition(':')[2]}"


def request_hash(said: str) -> str:
    """By which a request that comes again is known; keyed, for it is made of personal words."""
    return keyed_hash(ring(), "request", said)


def is_request(said: str, digest: str) -> bool:
    """Whether a digest is that of this request, under any key of the ring."""
    return digest in hashes(ring(), "request", said)


def name_hash(name: str) -> str:
    normal = normal_name(name)
    return keyed_hash(ring(), "name", normal) if normal else ""


def name_hashes(name: str) -> tuple[str, ...]:
    normal = normal_name(name)
    return hashes(ring(), "name", normal) if normal else ()


def _json(document: Mapping[str, str]) -> str:
    return to_json(document).decode()
