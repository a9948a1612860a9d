"""Addresses that are told of events: registered, ended, told again from an event on.

How they are told is in `jiesu.cases.webhooks`.
"""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from jiesu.cases.actor import Actor
from jiesu.cases.history.stream import horizon
from jiesu.cases.models import Delivery, Webhook
from jiesu.cases.outbound import fault_of_url
from jiesu.cases.refusals import Conflict, Invalid, NotFound
from jiesu.cases.scopes import permit
from jiesu.cases.webhooks import end, secret_of
from jiesu.core.texts import Text

MOST = 20
"""Webhooks of one owner."""
LONGEST_URL, MOST_KINDS = 500, 50
_KIND = re.compile(r"[a-z_]{1,40}")


def register_webhook(
    *, url: str, kinds: Iterable[str], by: Actor, as_of: datetime
) -> tuple[Webhook, str]:
    """Let an address be told of events of the actor's own cases, from now on.

    `kinds` are kinds of events, none means all. What a key registers ends with the key. The second
    value is the secret of the signatures, told this once.
    """
    permit(by, "register_webhook")
    wanted = sorted(set(kinds))
    wrong: dict[str, Text] = {}
    allow_private = settings.JIESU.webhooks_allow_private
    fault = fault_of_url(url, allow_private=allow_private)
    if fault is not None or len(url) > LONGEST_URL:
        wrong["url"] = fault or Text("longer than {most} characters: shorten it", most=LONGEST_URL)
    if len(wanted) > MOST_KINDS or not all(_KIND.fullmatch(kind) for kind in wanted):
        wrong["kinds"] = Text("name kinds of events, such as dispatched")
    if wrong:
        raise Invalid(wrong)
    owner = by.account
    if Webhook.objects.filter(owner=owner, active=True).count() >= MOST:
        raise Conflict("too_many_webhooks", Text("you have {most}: end one first", most=MOST))
    hook = Webhook.objects.create(
        owner=owner,
        key_id=by.key_id,
        url=url,
        secret=secrets.token_bytes(32),
        kinds=wanted,
        created_at=as_of,
        last_event=horizon(),
    )
    return hook, secret_of(hook)


def end_webhook(*, webhook_id: int, by: Actor, as_of: datetime) -> Webhook:
    """Tell an address nothing any more."""
    with transaction.atomic():
        hook = own_webhook(webhook_id, by)
        end(hook)
    return hook


def replay_webhook(*, webhook_id: int, after: int, by: Actor, as_of: datetime) -> Webhook:
    """Tell an address again of all that happened after an event, in the order of the events."""
    with transaction.atomic():
        hook = own_webhook(webhook_id, by)
        if not hook.active:
            raise Conflict("webhook_ended", Text("this webhook was ended: register another"))
        Delivery.objects.filter(webhook=hook, event__gt=after).update(
            delivered_at=None, next_at=as_of, n_attempts=0, status=""
        )
        hook.last_event = min(hook.last_event, after)
        hook.save(update_fields=["last_event"])
    return hook


def own_webhook(webhook_id: int, by: Actor) -> Webhook:
    """One of the actor's own webhooks, locked. Raises NotFound for anybody else's."""
    permit(by, "register_webhook")
    rows = Webhook.objects.select_for_update().filter(owner=by.account)
    hook = rows.filter(pk=webhook_id).first()
    if hook is None:
        raise NotFound("no_such_webhook", Text("there is no such webhook"))
    return hook
