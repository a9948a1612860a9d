"""Keys for programs: made by an administrator, shown once, revoked at any time.

How a key is checked is in `jiesu.cases.api_keys`. Users themselves are made in the admin.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from jiesu.cases.actor import Actor
from jiesu.cases.api_keys import SCOPES, forget_api_keys, new_key
from jiesu.cases.models import ApiKey, Role, User
from jiesu.cases.refusals import Invalid, NotFound
from jiesu.cases.scopes import permit
from jiesu.cases.webhooks import end_of_keys
from jiesu.core.texts import Text

# Keys that open these rights are never made: a person signs in to erase and to make keys.
_NO_KEYS_FOR = frozenset({Role.ADMINISTRATOR, Role.RESIDENT})


def make_api_key(
    *,
    username: str,
    name: str,
    scopes: Iterable[str],
    by: Actor,
    as_of: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key that acts as a user within `scopes`. The second value is told this once."""
    permit(by, "make_api_key")
    wanted = sorted(set(scopes))
    wrong: dict[str, Text] = {}
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        wrong["username"] = Text("there is no such active user")
    elif user.role in _NO_KEYS_FOR:
        wrong["username"] = Text("a user of this role signs in in person: choose another")
    if not name.strip() or len(name) > 100:
        wrong["name"] = Text("say in at most 100 characters what the key is for")
    if not wanted or any(scope not in SCOPES for scope in wanted):
        wrong["scopes"] = Text("choose at least one of: {values}", values=", ".join(SCOPES))
    if expires_at is not None and expires_at <= as_of:
        wrong["expires_at"] = Text("this moment has passed")
    if wrong or user is None:
        raise Invalid(wrong)
    text, prefix, digest = new_key()
    key = ApiKey.objects.create(
        user=user,
        name=name.strip(),
        prefix=prefix,
        digest=digest,
        scopes=wanted,
        created_at=as_of,
        expires_at=expires_at,
    )
    return key, text


def revoke_api_key(*, key_id: int, by: Actor, as_of: datetime) -> ApiKey:
    """Let a key open nothing any more; a process may still believe it for two seconds.

    The webhooks that were registered with it end. Raises NotFound.
    """
    permit(by, "make_api_key")
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().select_related("user").filter(pk=key_id).first()
        if key is None:
            raise NotFound("no_such_key", Text("there is no such key"))
        if key.revoked_at is None:
            key.revoked_at = as_of
            key.save(update_fields=["revoked_at"])
            end_of_keys(as_of)
    forget_api_keys()
    return key
