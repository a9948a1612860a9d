"""Pages by the key of their last row: the same cost at any depth, steady while rows come in.

A cursor is opaque: the last row's key and what was asked for, signed. One that was changed, or is
used with other filters, is refused.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from django.core import signing
from pydantic import Field

from jiesu.cases.refusals import Invalid
from jiesu.core.texts import Text

MOST = 100
SALT = "jiesu.api.cursor"

Limit = Annotated[int, Field(ge=1, le=MOST, description="Rows of a page.")]
CursorText = Annotated[str, Field(max_length=500, description="`next` of the page before.")]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cursor_behind(of: object, *last: int) -> str:
    """The cursor behind a row; `of` is what was asked for."""
    return signing.Signer(salt=SALT).sign_object([_mark(of), *last])


def last_row(text: str, of: object, n_keys: int = 1) -> tuple[int, ...] | None:
    """The key that a cursor holds; `None` without one. Raises Invalid for one that is not ours."""
    if not text:
        return None
    try:
        mark, *last = signing.Signer(salt=SALT).unsign_object(text)
    except (signing.BadSignature, ValueError, TypeError):
        raise Invalid(
            {"cursor": Text("this is no cursor of this site: begin without one")}
        ) from None
    if mark != _mark(of) or len(last) != n_keys:
        raise Invalid(
            {"cursor": Text("this cursor belongs to another question: begin without one")}
        )
    return tuple(last)


def instant_of(microseconds: int) -> datetime:
    """The instant that a cursor holds as `core.chain.microseconds`."""
    return EPOCH + timedelta(microseconds=microseconds)


def page(rows: Sequence[Any], limit: int) -> tuple[Sequence[Any], bool]:
    """The rows of a page out of `limit + 1`, and whether more follow."""
    return rows[:limit], len(rows) > limit


def _mark(of: object) -> str:
    text = json.dumps(of, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
