"""A link by which a resident answers a call-back alone, by text message or on the web.

The token is the whole permission: 32 random bytes, of which only a digest is kept, used once and
within the rules' days. Who asks first, the clerk or the link, has the answers. Sending the link
is somebody else's; what answers do is in `callbacks`.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from jiesu.cases.actions.callbacks import Answers, checked_answers, finish, open_callback
from jiesu.cases.actor import Actor
from jiesu.cases.callback_queue import OPEN_VALUES, awaits_clock
from jiesu.cases.change import changing
from jiesu.cases.models import Callback, CallbackLink
from jiesu.cases.refusals import Conflict, NotFound
from jiesu.cases.rulebook import rulebook
from jiesu.core.lifecycle import HANDLING, CallbackState
from jiesu.core.texts import Text

N_TOKEN = 32
MEANS = "link"


def make_link(*, case_id: int, by: Actor, as_of: datetime, expected: int | None = None) -> str:
    """Make a link for a case's open call-back; gives the token, which is not kept.

    A link that was made before holds no longer. Raises Conflict where no call-back is open.
    """
    with changing(case_id, "send_link", by=by, as_of=as_of, expected=expected) as change:
        callback = open_callback(change, by_link=True)
        callback.links.filter(used_at=None, expires_at__gt=as_of).update(expires_at=as_of)
        days = rulebook().rules_of(change.case.rules_id).callback.link_days
        token = secrets.token_urlsafe(N_TOKEN)
        link = CallbackLink.objects.create(
            callback=callback,
            digest=_digest(token),
            made_at=as_of,
            expires_at=as_of + timedelta(days=days),
        )
        change.event("callback_link_made", round=callback.round, expires_at=link.expires_at)
    return token


def link_of(token: str, as_of: datetime) -> CallbackLink:
    """The link of a token, where it can be answered now. Raises NotFound or Conflict.

    Of the case it may show what it is about, and nothing that tells of the resident.
    """
    found = CallbackLink.objects.select_related("callback__case", "callback__unit")
    link = found.filter(digest=_digest(token)).first()
    if link is None:
        raise NotFound("no_such_link", Text("this link is not known: look whether it is whole"))
    _require_usable(link, link.callback, as_of)
    return link


def answer_by_link(*, token: str, answers: Answers, as_of: datetime, origin: str = "") -> Callback:
    """The resident's own answers; the link is used up by them. Raises as `link_of`, and Invalid."""
    words = checked_answers(answers)
    link = link_of(token, as_of)
    # Who holds the token may do this, with this case, and nothing else.
    bearer = Actor(name="resident", role=None, origin=origin)
    with changing(link.callback.case_id, "record_callback", by=bearer, as_of=as_of) as change:
        # Again, now that the case is locked: of two at once one comes second.
        callback = Callback.objects.select_for_update(of=("self",)).get(pk=link.callback_id)
        link = CallbackLink.objects.get(pk=link.pk)
        _require_usable(link, callback, as_of)
        link.used_at = as_of
        link.save(update_fields=["used_at"])
        finish(change, callback, answers, words, MEANS)
    return callback


def _require_usable(link: CallbackLink, callback: Callback, as_of: datetime) -> None:
    if link.used_at is not None:
        raise Conflict("link_used", Text("this link was used: thank you, your answers are kept"))
    if as_of >= link.expires_at:
        raise Conflict("link_expired", Text("this link has expired: call the hotline"))
    if callback.state == CallbackState.INVALID:
        text = Text("you could not be reached in time, and nobody asks any more: call the hotline")
        raise Conflict("callback_ended", text)
    if callback.state not in OPEN_VALUES:
        raise Conflict("callback_ended", Text("you have been asked already: your answers are kept"))
    # Another limit or another unit since the link was sent: it is not yet time to judge.
    case = callback.case
    if callback.due_at > as_of or awaits_clock(callback, case) or case.state not in HANDLING:
        text = Text(
            "your case is being handled within a new time limit: answer when that has expired"
        )
        raise Conflict("too_early", text)


def _digest(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()
