"""Webhooks of one's own: registered, listed, ended, replayed."""

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.responses import Status

from jiesu.api.access import doing, now
from jiesu.api.paging import CursorText, Limit, cursor_behind, last_row, page
from jiesu.api.request import actor_of
from jiesu.api.schemas_feed import (
    DeliveryOut,
    DeliveryPage,
    ReplayIn,
    WebhookIn,
    WebhookMade,
    WebhookOut,
    WebhooksOut,
)
from jiesu.api.schemas_moves import PathId
from jiesu.cases.actions.hooks import end_webhook, register_webhook, replay_webhook
from jiesu.cases.actor import Actor
from jiesu.cases.models import Webhook
from jiesu.cases.refusals import NotFound
from jiesu.core.texts import Text

router = Router(tags=["webhooks"])
OWN = doing("register_webhook", "webhooks")


@router.post("/webhooks", auth=OWN, response={201: WebhookMade}, operation_id="register_webhook")
def register(request: HttpRequest, response: HttpResponse, body: WebhookIn) -> Status[WebhookMade]:
    """Let an address be told of events of one's own cases. The secret is told this once."""
    by = actor_of(request)
    hook, secret = register_webhook(url=body.url, kinds=body.kinds, by=by, as_of=now())
    response.headers["Location"] = f"{request.path}/{hook.pk}"
    response.headers["Cache-Control"] = "no-store"
    return Status(201, WebhookMade(webhook=_shown(by, hook.pk), secret=secret))


@router.get("/webhooks", auth=OWN, response=WebhooksOut, operation_id="list_webhooks")
def list_own(request: HttpRequest) -> WebhooksOut:
    """One's webhooks, also those that were ended."""
    return WebhooksOut(items=[_out(hook) for hook in _own(actor_of(request))])


@router.get("/webhooks/{id}", auth=OWN, response=WebhookOut, operation_id="read_webhook")
def read(request: HttpRequest, id: PathId) -> WebhookOut:
    """A webhook of one's own."""
    return _shown(actor_of(request), id)


@router.delete("/webhooks/{id}", auth=OWN, response={204: None}, operation_id="end_webhook")
def end(request: HttpRequest, id: PathId) -> Status[None]:
    """Tell an address nothing any more."""
    end_webhook(webhook_id=id, by=actor_of(request), as_of=now())
    return Status(204, None)


@router.post("/webhooks/{id}/replay", auth=OWN, response=WebhookOut, operation_id="replay_webhook")
def replay(request: HttpRequest, id: PathId, body: ReplayIn) -> WebhookOut:
    """Tell an address again of all that happened after an event."""
    by = actor_of(request)
    replay_webhook(webhook_id=id, after=body.after_event, by=by, as_of=now())
    return _shown(by, id)


@router.get(
    "/webhooks/{id}/deliveries", auth=OWN, response=DeliveryPage, operation_id="list_deliveries"
)
def list_deliveries(
    request: HttpRequest, id: PathId, cursor: CursorText = "", limit: Limit = 50
) -> DeliveryPage:
    """What was told to a webhook or is to be, the newest event first."""
    hook = _found(actor_of(request), id)
    last = last_row(cursor, ["deliveries", id])
    rows = hook.deliveries.select_related("event__case").order_by("-event")
    if last is not None:
        rows = rows.filter(event__lt=last[0])
    shown, more = page(list(rows[: limit + 1]), limit)
    return DeliveryPage(
        items=[
            DeliveryOut(
                event=one.event_id,
                kind=one.event.kind,
                number=one.event.case.number,
                n_attempts=one.n_attempts,
                status=one.status,
                next_at=one.next_at,
                delivered_at=one.delivered_at,
            )
            for one in shown
        ],
        next=cursor_behind(["deliveries", id], shown[-1].event_id) if more else None,
    )


def _own(by: Actor) -> QuerySet[Webhook]:
    left = Q(deliveries__delivered_at=None)
    return (
        Webhook.objects.filter(owner=by.account)
        .select_related("key")
        .annotate(
            waiting=Count("deliveries", filter=left & Q(deliveries__next_at__isnull=False)),
            given_up=Count("deliveries", filter=left & Q(deliveries__next_at=None)),
        )
        .order_by("pk")
    )


def _found(by: Actor, pk: int) -> Webhook:
    hook = _own(by).filter(pk=pk).first()
    if hook is None:
        raise NotFound("no_such_webhook", Text("there is no such webhook"))
    return hook


def _shown(by: Actor, pk: int) -> WebhookOut:
    return _out(_found(by, pk))


def _out(hook: Webhook) -> WebhookOut:
    return WebhookOut(
        id=hook.pk,
        url=hook.url,
        kinds=hook.kinds,
        active=hook.active,
        key=hook.key.prefix if hook.key else "",
        created_at=hook.created_at,
        waiting=getattr(hook, "waiting", 0),
        given_up=getattr(hook, "given_up", 0),
    )
