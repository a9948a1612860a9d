"""What all pages of the admin have in common: closed unless a page opens something.

Nothing here passes the actions by: a page that changes something calls one.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import BinaryField, Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from jiesu.cases.actor import Actor
from jiesu.cases.models import User
from jiesu.cases.refusals import Invalid, Refusal

MOST_COUNTED = 10_000
"""A list is counted so far: to count a million rows takes longer than to show fifty."""

if TYPE_CHECKING:
    DeskAdmin = admin.ModelAdmin[Any]
    DeskInline = admin.TabularInline[Any, Any]
    RowPaginator = Paginator[Any]
else:
    DeskAdmin, DeskInline = admin.ModelAdmin, admin.TabularInline
    RowPaginator = Paginator


class CappedPaginator(RowPaginator):
    """Pages of a list that is counted up to `MOST_COUNTED`."""

    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return len(self.object_list.order_by("pk").values_list("pk")[:MOST_COUNTED])


class ClosedAdmin(DeskAdmin):
    """Shown to administrators, and nothing more."""

    actions: Any = None
    list_per_page = 50
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    paginator = CappedPaginator
    change_form_template = "admin/desk_change.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **more: Any) -> Any:
        """Without Django's four small icons beside each choice of a row."""
        field = super().formfield_for_dbfield(db_field, request, **more)
        widget: Any = getattr(field, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):
            widget.can_add_related = widget.can_change_related = False
            widget.can_delete_related = widget.can_view_related = False
        return field


class ClosedInline(DeskInline):
    """Rows that belong to a page's object; shown, and nothing more."""

    extra = 0
    can_delete = False
    show_change_link = False
    template = "admin/desk_rows.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def shown_fields(model: type[Model], *without: str) -> tuple[str, ...]:
    """A model's fields that may be shown: nothing encrypted, no keys of rows."""
    return tuple(
        field.name
        for field in model._meta.fields
        if not isinstance(field, BinaryField)
        and not field.primary_key
        and field.name not in without
    )


def actor(request: HttpRequest) -> Actor:
    """Who acts in the admin."""
    address = str(request.META.get("REMOTE_ADDR") or "unknown")[:45]
    return Actor.of(cast(User, request.user), address)


def now() -> datetime:
    """The moment of a request: `as_of` of every action."""
    return timezone.now()


def refused(error: Refusal, fields: Iterable[str] = ()) -> ValidationError:
    """An action's refusal for a form: at the fields that it names, else at the whole form."""
    known = set(fields)
    if isinstance(error, Invalid) and known >= set(error.fields):
        return ValidationError(error.said_fields())
    return ValidationError(error.said())
