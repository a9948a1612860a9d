"""Keys of programs, for administrators who signed in: no key makes another."""

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.responses import Status

from jiesu.api.access import doing, now
from jiesu.api.paging import CursorText, Limit, cursor_behind, last_row, page
from jiesu.api.request import actor_of
from jiesu.api.schemas_feed import KeyIn, KeyMade, KeyOut, KeyPage
from jiesu.api.schemas_moves import PathId
from jiesu.cases.actions.accounts import make_api_key, revoke_api_key
from jiesu.cases.models import ApiKey

router = Router(tags=["keys"])
IN_PERSON = doing("make_api_key", "")


@router.post("/keys", auth=IN_PERSON, response={201: KeyMade}, operation_id="make_api_key")
def make(request: HttpRequest, response: HttpResponse, body: KeyIn) -> Status[KeyMade]:
    """Make a key that acts as a user, within scopes. Its text is told this once."""
    key, text = make_api_key(
        username=body.username,
        name=body.name,
        scopes=body.scopes,
        by=actor_of(request),
        as_of=now(),
        expires_at=body.expires_at,
    )
    response.headers["Cache-Control"] = "no-store"
    return Status(201, KeyMade(key=_out(key), text=text))


@router.get("/keys", auth=IN_PERSON, response=KeyPage, operation_id="list_api_keys")
def list_keys(request: HttpRequest, cursor: CursorText = "", limit: Limit = 50) -> KeyPage:
    """All keys, the newest first."""
    last = last_row(cursor, "keys")
    keys = ApiKey.objects.select_related("user").order_by("-pk")
    if last is not None:
        keys = keys.filter(pk__lt=last[0])
    rows, more = page(list(keys[: limit + 1]), limit)
    return KeyPage(
        items=[_out(key) for key in rows],
        next=cursor_behind("keys", rows[-1].pk) if more else None,
    )


@router.delete("/keys/{id}", auth=IN_PERSON, response=KeyOut, operation_id="revoke_api_key")
def revoke(request: HttpRequest, id: PathId) -> KeyOut:
    """Let a key open nothing any more, within two seconds."""
    return _out(revoke_api_key(key_id=id, by=actor_of(request), as_of=now()))


def _out(key: ApiKey) -> KeyOut:
    return KeyOut(
        id=key.pk,
        username=key.user.username,
        name=key.name,
        prefix=key.prefix,
        scopes=key.scopes,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )
