"""The admin's pages of cases, their history and the machinery: all read, nothing written.

Nothing personal is shown: no person, no text, no words of records, no answers of call-backs. Who
needs them reveals them in the API, with a reason.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from jiesu.cases.action_words import STATE_WORDS
from jiesu.cases.admin.base import ClosedAdmin, ClosedInline, shown_fields
from jiesu.cases.admin.words import EVENTS
from jiesu.cases.language import lang, said
from jiesu.cases.models import (
    Assist,
    Attachment,
    Callback,
    Case,
    Claim,
    Consultation,
    Contact,
    DeadlineChange,
    Delivery,
    Dispatch,
    Escalation,
    Event,
    Extension,
    Feedback,
    Lease,
    Objection,
    Pause,
    Seal,
    Supervision,
    Webhook,
    Whistle,
)
from jiesu.cases.rulebook import rulebook
from jiesu.core.desk import Choice


def _inline(model: type[Model], *without: str) -> type[ClosedInline]:
    """The records of a kind on the page of their case, where there are any."""
    fields = shown_fields(model, "case", *without)
    return type(f"{model.__name__}Rows", (ClosedInline,), {"model": model, "fields": fields})


class EventWords:
    """An event's kind and its digest as people read them."""

    @admin.display(description=_("event"))
    def kind_words(self, event: Event) -> str:
        return str(EVENTS.get(event.kind, event.kind))

    @admin.display(description=_("digest"))
    def digest_hex(self, event: Event) -> str:
        return format_html("<code>{}</code>", bytes(event.digest).hex())


def _without_answers(events: "QuerySet[Event]") -> "QuerySet[Event]":
    """Without those of call-backs, which hold what a resident answered."""
    return events.exclude(kind__startswith="callback")


class EventRows(EventWords, ClosedInline):
    model = Event
    fields = ("seq", "at", "kind_words", "actor", "origin", "changes")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return _without_answers(super().get_queryset(request))


RECORDS = (
    _inline(Dispatch, "explanation"),
    _inline(Contact),
    _inline(Feedback),
    _inline(Assist),
    _inline(Whistle),
    _inline(Consultation),
    _inline(Escalation),
    _inline(Objection, "dispatch"),
    _inline(Extension, "dispatch"),
    _inline(Pause),
    _inline(DeadlineChange),
    _inline(Claim, "effect"),
    _inline(Supervision),
    # Not what was answered: the city's own judge sees that (`scopes`).
    _inline(Callback, "contacted", "resolved", "satisfaction"),
    _inline(Attachment, "token", "digest"),
    EventRows,
)


class StateFilter(admin.SimpleListFilter):
    """The states by their words."""

    title, parameter_name = _("state"), "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(state, said(words)) for state, words in STATE_WORDS.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Case]") -> "QuerySet[Case]":
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(Case)
class CaseAdmin(ClosedAdmin):
    """A case with all its records and its history."""

    list_display = ("number", "state_words", "category", "unit", "due_at", "created_at")
    list_filter = (StateFilter, "urgent")
    list_select_related = ("unit",)
    search_fields = ("number",)
    search_help_text = _("The whole case number.")
    sortable_by = ()
    inlines = RECORDS
    fieldsets = (
        (None, {"fields": (("number", "state_words", "version"), ("channel_words", "kind_words"),
                           ("category", "labels"), ("district", "place", "community"))}),
        (_("Caller"), {"fields": (("anonymous", "confidential", "on_behalf", "enterprise"),
                                  ("n_month", "n_year", "repeat_of"))}),
        (_("Handling"), {"fields": (("unit", "limit", "urgent"), ("rules", "calendar"),
                                    ("created_at", "received_by", "disposition"),
                                    ("dispatched_at", "signed_at", "contacted_at"),
                                    ("contact_due_at", "due_at", "provisional", "paused_since"),
                                    ("feedback_at", "ended_at"))}),
        (_("Judgement"), {"fields": (("n_redos", "n_returns", "parked"),
                                     ("excluded", "exclusion_reason"))}),
    )  # fmt: skip

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Only kinds of records that the case has: most have three of sixteen."""
        return [
            inline
            for inline in super().get_inline_instances(request, obj)
            if obj is not None and inline.model._default_manager.filter(case=obj).exists()
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Case]", search_term: str
    ) -> tuple["QuerySet[Case]", bool]:
        """By the whole number, which an index finds among a million."""
        found = queryset.filter(number=search_term.strip()) if search_term else queryset
        return found, False

    @admin.display(description=_("state"))
    def state_words(self, case: Case) -> str:
        return said(STATE_WORDS[case.state])

    @admin.display(description=_("channel"))
    def channel_words(self, case: Case) -> str:
        return _title(case, "channels", case.channel)

    @admin.display(description=_("kind of demand"))
    def kind_words(self, case: Case) -> str:
        return _title(case, "kinds", case.kind)

    @admin.display(description=_("category"))
    def category(self, case: Case) -> str:
        return " / ".join(filter(None, (case.category_1, case.category_2, case.category_3))) or "-"


def _title(case: Case, catalogue: str, key: str) -> str:
    """The words of a key of the rules by which the case is dealt with."""
    for pk, rules in rulebook().desks:
        if pk == case.rules_id:
            choices: tuple[Choice, ...] = getattr(rules, catalogue)
            return next((one.title[lang()] for one in choices if one.key == key), key)
    return key


@admin.register(Event)
class EventAdmin(EventWords, ClosedAdmin):
    """The history of all cases, the newest first."""

    list_display = ("at", "case", "seq", "kind_words", "actor", "origin")
    list_select_related = ("case",)
    ordering = ("-id",)
    sortable_by = ()
    search_fields = ("case__number",)
    search_help_text = _("The whole case number.")
    fields = ("case", "seq", "at", "actor", "origin", "kind_words", "changes", "digest_hex",
              "seal")  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return _without_answers(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Event]", search_term: str
    ) -> tuple["QuerySet[Event]", bool]:
        found = queryset.filter(case__number=search_term.strip()) if search_term else queryset
        return found, False


@admin.register(Seal)
class SealAdmin(ClosedAdmin):
    """The seals over the history."""

    list_display = ("number", "at", "n_events", "digest_hex", "key_id")
    fields = list_display
    ordering = ("-number",)
    sortable_by = ()

    @admin.display(description=_("digest"))
    def digest_hex(self, seal: Seal) -> str:
        return format_html("<code>{}</code>", bytes(seal.digest).hex())


@admin.register(Lease)
class LeaseAdmin(ClosedAdmin):
    """What the worker does, and when it last did it."""

    list_display = ("job", "done_at", "holder", "until", "note")
    fields = list_display


class DeliveryRows(ClosedInline):
    model = Delivery
    fields = ("event", "n_attempts", "next_at", "delivered_at", "status")
    ordering = ("-id",)
    max_shown = 100

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Delivery]":
        """Those that are still to be delivered: of the others there are as many as events."""
        return super().get_queryset(request).filter(delivered_at=None)


@admin.register(Webhook)
class WebhookAdmin(ClosedAdmin):
    """The addresses that are told of events; their owners keep them by the API."""

    list_display = ("url", "owner", "active", "created_at")
    list_select_related = ("owner",)
    fields = ("url", "owner", "key", "kinds", "active", "created_at")
    inlines = (DeliveryRows,)
