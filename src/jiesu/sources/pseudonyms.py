"""Callers by pseudonym: no phone or name gets into a case table, whatever the source holds.

A pseudonym is a keyed hash, so that a caller who calls again is known again and a phone cannot be
found by trying all numbers. The key lies in the environment, never in a file of ours. A site has
keys of its own and brings its own pseudonyms: `jiesu.cases.privacy.vault`.
"""

import os
import secrets
from collections.abc import Callable
from functools import cache
from hashlib import blake2b

KEY = "JIESU_CALLER_KEY"
"""The environment variable that holds the key. Without it each run makes one of its own."""

Pseudonyms = Callable[[str], str]
"""Gives the pseudonym of a caller: one of the form of `PATTERN`, in any thread."""

PATTERN = "^c-[0-9a-f]{12,64}$"
"""What a pseudonym looks like: such a value in a source is kept as it stands."""


def pseudonym(caller: str) -> str:
    """The pseudonym of a caller, the same for the same caller and key."""
    return "c-" + blake2b(caller.encode(), key=_key(), digest_size=8).hexdigest()


@cache
def _key() -> bytes:
    given = os.environ.get(KEY, "")
    return blake2b(given.encode()).digest() if given else secrets.token_bytes(64)
