"""Telling other systems of events: what is due is signed and sent, what fails is sent again.

The worker's job. A message has keys, kinds and states and nothing that is personal; only events
that the owner may follow are told (`stream`), looked at again when they are sent. Registering is
in `actions.hooks`; what a receiver must know: docs/api.md, "Webhooks".
"""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from jiesu.cases.actor import Actor
from jiesu.cases.history.stream import followed, step
from jiesu.cases.jobs import More
from jiesu.cases.models import Delivery, Event, Webhook
from jiesu.cases.outbound import AddressRefused, post
from jiesu.cases.scopes import ACTIONS

AT_ONCE, THREADS = 100, 8
"""Deliveries of one pass, and how many are under way at once."""
PASS_SECONDS = 60.0
"""A receiver who answers slowly is told no more in one pass, so that the lease holds."""
AGAIN_MINUTES = (1, 5, 30, 120, 360, 720, 1440, 1440)
"""After a failure it is tried again so many minutes later; after the last it is given up."""
KEPT = timedelta(days=30)
"""What was delivered or given up is remembered so long."""
OLDEST = 500


def secret_of(hook: Webhook) -> str:
    """The key of a webhook's signatures. It lies nowhere: the database has half of it."""
    made = salted_hmac("jiesu.webhook", bytes(hook.secret).hex(), algorithm="sha256").digest()
    return urlsafe_b64encode(made).decode().rstrip("=")


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """What proves that a message is ours and of this moment."""
    text = str(timestamp).encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def webhooks_job(as_of: datetime) -> str:
    """Note what is to be told, tell what is due, forget what was told long ago."""
    end_of_keys(as_of)
    more = max([note_events(hook, as_of) for hook in active_webhooks()], default=False)
    told, failed, left = deliver(as_of)
    forget(as_of)
    note = f"{told} delivered, {failed} failed"
    return More(note) if more or left else note


def forget(as_of: datetime) -> None:
    """Forget some of the oldest deliveries that have ended: each pass costs the same."""
    oldest = Delivery.objects.order_by("pk").values_list("pk", "next_at", "event__at")[:OLDEST]
    ended = [pk for pk, next_at, at in oldest if next_at is None and at < as_of - KEPT]
    if ended:
        Delivery.objects.filter(pk__in=ended).delete()


def end_of_keys(as_of: datetime) -> None:
    """End the webhooks whose key was revoked, or has run out."""
    ended = Q(key__revoked_at__isnull=False) | Q(key__expires_at__lte=as_of)
    with transaction.atomic():
        for hook in Webhook.objects.select_for_update(of=("self",)).filter(ended, active=True):
            end(hook)


def end(hook: Webhook) -> None:
    """Tell a locked webhook nothing any more, also not what is due."""
    hook.active = False
    hook.save(update_fields=["active"])
    hook.deliveries.filter(delivered_at=None).update(next_at=None, status="ended")


def active_webhooks() -> Sequence[Webhook]:
    """The webhooks that are told of something: those whose owner may still register one."""
    roles = {role for way in ACTIONS["register_webhook"] for role in way.roles}
    hooks = Webhook.objects.filter(active=True, owner__is_active=True, owner__role__in=roles)
    return list(hooks.select_related("owner").order_by("pk"))


def note_events(hook: Webhook, as_of: datetime) -> bool:
    """Write down what happened since the last time, to be told; whether there is more."""
    narrowed = {"kind__in": hook.kinds} if hook.kinds else {}
    found = step(Actor.of(hook.owner), hook.last_event, AT_ONCE, **narrowed)
    if found.position == hook.last_event:
        return False
    # Twice the same event, after a kill between the two statements, is one delivery.
    Delivery.objects.bulk_create(
        [Delivery(webhook=hook, event=event, next_at=as_of) for event in found.events],
        ignore_conflicts=True,
    )
    # Unless somebody has asked for a replay meanwhile.
    Webhook.objects.filter(pk=hook.pk, last_event=hook.last_event).update(last_event=found.position)
    return found.more


def deliver(as_of: datetime) -> tuple[int, int, bool]:
    """Send what is due: how many arrived, how many did not, whether more is due.

    Each webhook gets its events in order; after one that fails its others wait for the next pass,
    so that a receiver who is away costs one attempt and nobody else's time.
    """
    rows = _due(as_of)
    letters: dict[int, list[tuple[Delivery, Letter | None]]] = {}
    for row in rows:
        # Whose it is is asked here: the threads have no business with the database.
        letters.setdefault(row.webhook_id, []).append((row, _letter(row, as_of)))
    told = tried = 0
    with ThreadPoolExecutor(THREADS) as pool:
        for sent in pool.map(_send_in_order, letters.values()):
            for row, status in sent:
                told += _note(row, status, as_of)
                tried += 1
    return told, tried - told, len(rows) >= AT_ONCE and told > 0


def _due(as_of: datetime) -> list[Delivery]:
    """What is due, of each webhook its share: one with a long queue keeps no other waiting."""
    due = Delivery.objects.filter(delivered_at=None, next_at__lte=as_of)
    due = due.select_related("webhook__owner", "event__case").order_by("event")
    hooks = [hook for hook in active_webhooks() if due.filter(webhook=hook).exists()]
    share = -(-AT_ONCE // max(1, len(hooks)))
    return [row for hook in hooks for row in due.filter(webhook=hook)[:share]]


Letter = tuple[bytes, dict[str, str]]


def _letter(row: Delivery, as_of: datetime) -> Letter | None:
    """The message and its headers; none where the event is no longer the owner's to follow."""
    if not followed(Actor.of(row.webhook.owner)).filter(pk=row.event_id).exists():
        return None
    body = json.dumps(message(row.event), separators=(",", ":")).encode()
    timestamp = int(as_of.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "jiesu",
        "Jiesu-Event": str(row.event_id),
        "Jiesu-Timestamp": str(timestamp),
        "Jiesu-Signature": signature(secret_of(row.webhook), timestamp, body),
    }
    return body, headers


def message(event: Event) -> dict[str, object]:
    """What is told of an event: nothing that is personal."""
    return {
        "id": event.pk,
        "kind": event.kind,
        "number": event.case.number,
        "at": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "state": event.case.state,
        "version": event.case.version,
    }


def _send_in_order(letters: Sequence[tuple[Delivery, Letter | None]]) -> list[tuple[Delivery, str]]:
    sent: list[tuple[Delivery, str]] = []
    end = time.monotonic() + PASS_SECONDS
    for row, letter in letters:
        if time.monotonic() > end:
            break
        sent.append((row, _send(row, letter)))
        if letter is not None and not _arrived(sent[-1][1]):
            break
    return sent


def _send(row: Delivery, letter: Letter | None) -> str:
    """Send one; gives what came of it in a few words: `200`, `timeout`, why it was refused."""
    if letter is None:
        return "not yours any more"
    body, headers = letter
    allow_private = settings.JIESU.webhooks_allow_private
    try:
        return str(post(row.webhook.url, body, headers, allow_private=allow_private))
    except AddressRefused as refused:
        return str(refused)
    except httpx.TimeoutException:
        return "timeout"
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return type(error).__name__


def _arrived(status: str) -> bool:
    return len(status) == 3 and status.startswith("2")


def _note(row: Delivery, status: str, as_of: datetime) -> bool:
    """Write down what came of a delivery; whether it arrived."""
    arrived = _arrived(status)
    row.n_attempts += 1
    row.status = status[:40]
    if arrived:
        row.delivered_at, row.next_at = as_of, None
    elif status == "not yours any more" or row.n_attempts > len(AGAIN_MINUTES):
        row.next_at = None
    else:
        row.next_at = as_of + timedelta(minutes=AGAIN_MINUTES[row.n_attempts - 1])
    # Not what was ended or is to be replayed since.
    unchanged = Delivery.objects.filter(pk=row.pk, n_attempts=row.n_attempts - 1)
    unchanged.exclude(next_at=None).update(
        n_attempts=row.n_attempts,
        status=row.status,
        delivered_at=row.delivered_at,
        next_at=row.next_at,
    )
    return arrived
