"""Keys by which programs sign in: how they are made up, checked and remembered for a moment.

Only the digest of a key is stored; its prefix finds the row. Making and revoking them is in
`actions.accounts`, what a scope opens in `jiesu.api.access`.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest
from typing import NamedTuple

from jiesu.cases.models import ApiKey, User

SCOPES: Mapping[str, str] = {
    "intake": "bring demands in, with their attachments",
    "read": "read cases, units, places and the directory",
    "feed": "follow the changes of one's own cases",
    "dispatch": "classify, answer without a unit, dispatch, decide objections and extensions",
    "handle": "do what a unit does with a case",
    "callbacks": "work off the queue of call-backs",
    "claims": "claim, review and decide exclusions, parking and appeals",
    "personal": "reveal who a resident is, with a reason",
    "history": "read the events of a case",
    "webhooks": "register addresses that are told of events",
}
"""What a key may be made for. Keys are made, and people erased, by somebody who signed in."""

MARK = "jiesu"
N_PREFIX = 12
KEEP_SECONDS = 2.0
"""How long a process believes a key without asking: so long does a revoked one go on."""
KEPT_AT_MOST = 1000

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


class Known(NamedTuple):
    """A key that was looked up, with its user and what it may do."""

    key: ApiKey
    user: User
    scopes: frozenset[str]


_lock = threading.Lock()
_kept: dict[str, tuple[float, Known]] = {}


def new_key() -> tuple[str, str, str]:
    """A new key: its text, which is shown once, its prefix, and the digest that is kept."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(N_PREFIX))
    text = f"{MARK}_{prefix}_{secrets.token_urlsafe(32)}"
    return text, prefix, digest_of(text)


def digest_of(text: str) -> str:
    """What is kept of a key. A key is 256 random bits: nothing slower is needed."""
    return hashlib.sha256(text.encode()).hexdigest()


def known_key(text: str, as_of: datetime) -> Known | None:
    """The key that a program shows, and its user; `None` where it opens nothing now."""
    mark, _, rest = text.partition("_")
    prefix = rest[:N_PREFIX]
    if mark != MARK or not text.isascii() or len(text) > 200:
        return None
    known = _looked_up(prefix)
    # Compared in any case: the time that it takes says nothing of the prefix.
    digest = known.key.digest if known else "0" * 64
    if not compare_digest(digest, digest_of(text)) or known is None:
        return None
    key = known.key
    ended = key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= as_of)
    return None if ended or not known.user.is_active else known


def _looked_up(prefix: str) -> Known | None:
    now = time.monotonic()
    kept = _kept.get(prefix)
    if kept is not None and now - kept[0] < KEEP_SECONDS:
        return kept[1]
    key = ApiKey.objects.select_related("user").filter(prefix=prefix).first()
    if key is None:
        return None
    known = Known(key, key.user, frozenset(key.scopes))
    with _lock:
        if len(_kept) >= KEPT_AT_MOST:
            _kept.clear()
        _kept[prefix] = (now, known)
    return known


def forget_api_keys() -> None:
    """Ask the database at the next use of every key."""
    with _lock:
        _kept.clear()
