"""The admin's pages of accounts and of keys for programs.

What somebody may do follows from the role alone; an account is never deleted, since the history
names it, but closed. Keys are made and revoked by the actions on accounts.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jiesu.cases.actions.accounts import make_api_key, revoke_api_key
from jiesu.cases.admin.base import ClosedAdmin, actor, now, refused
from jiesu.cases.admin.words import SCOPES as SCOPE_WORDS
from jiesu.cases.api_keys import SCOPES
from jiesu.cases.language import lang
from jiesu.cases.models import ApiKey, Role, Unit, User
from jiesu.cases.refusals import Invalid
from jiesu.cases.routes import is_in_office
from jiesu.cases.rulebook import local_day

IN_UNITS = (Role.CLERK, Role.HEAD, Role.COORDINATOR)
"""Roles that act for a unit, and are nothing without one."""

MAY_HAVE_UNIT = (*IN_UNITS, Role.CLIENT)
DISTRICT = "district"


class _RoleForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the forms of accounts have in common: role and unit fit to each other."""

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if "role" not in values:
            return values
        role, unit = values["role"], values.get("unit")
        if role == Role.RESIDENT:
            raise ValidationError({"role": _("Residents have no account.")})
        if wrong := _unit_wrong(role, unit):
            raise ValidationError({"unit": wrong})
        self._keep_an_administrator(values)
        return values

    def _keep_an_administrator(self, values: dict[str, Any]) -> None:
        """Refuse to close or change the account of the last administrator."""
        stays = values["role"] == Role.ADMINISTRATOR and values.get("is_active", True)
        if stays or self.instance.pk is None:
            return
        others = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True, demo=False)
        before = User.objects.get(pk=self.instance.pk)
        was_one = before.role == Role.ADMINISTRATOR and before.is_active and not before.demo
        if was_one and not others.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("This is the last administrator: make another one first."))


def _unit_wrong(role: str, unit: Unit | None) -> Any:
    if role not in MAY_HAVE_UNIT:
        return _("This role works for the whole city: leave it empty.") if unit else None
    if unit is None:
        return _("This role acts for a unit: choose one.") if role in IN_UNITS else None
    if role == Role.COORDINATOR and unit.kind != DISTRICT:
        return _("A coordinator's unit is a district.")
    if not is_in_office(unit, local_day(now())):
        return _("This unit is not in office today.")
    return None


class UserForm(_RoleForm, UserChangeForm):  # type: ignore[type-arg]
    """An account that is there; its password is told as set, and set on a page of its own."""

    class Meta:
        model = User
        fields = ("username", "password", "first_name", "last_name", "role", "unit", "is_active")


class NewUserForm(_RoleForm, BaseUserCreationForm):  # type: ignore[type-arg]
    """A new account with its first password."""

    class Meta:
        model = User
        fields = ("username", "role", "unit")


class RoleFilter(admin.SimpleListFilter):
    """The roles by their words."""

    title, parameter_name = _("role"), "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(role.value, role.label) for role in Role if role != Role.RESIDENT]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[User]") -> "QuerySet[User]":
        return queryset.filter(role=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ClosedAdmin):  # type: ignore[type-arg]
    """Accounts: role, unit, whether they are open; the password is set on a page of its own."""

    form = UserForm
    add_form = NewUserForm
    list_display = ("username", "full_name", "role", "unit", "is_active", "demo", "last_login")
    list_filter = (RoleFilter, "is_active", "demo")
    list_select_related = ("unit",)
    search_fields = ("username", "first_name", "last_name")
    ordering = ("username",)
    autocomplete_fields = ("unit",)
    filter_horizontal = ()
    actions = None
    readonly_fields = ("demo", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "last_name", "first_name")}),
        (_("Role"), {"fields": ("role", "unit", "is_active", "demo")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "role", "unit", "password1", "password2")}),)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **more: Any) -> Any:
        if db_field.name == "role":
            more["choices"] = [choice for choice in Role.choices if choice[0] != Role.RESIDENT]
        return super().formfield_for_choice_field(db_field, request, **more)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        # Django's own marks follow from the role: nothing else asks for them.
        obj.is_staff = obj.is_superuser = obj.role == Role.ADMINISTRATOR
        super().save_model(request, obj, form, change)

    @admin.display(description=_("name"))
    def full_name(self, user: User) -> str:
        chinese = lang() == "zh"
        return f"{user.last_name}{user.first_name}" if chinese else user.get_full_name()


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key: for whom, what for, how long."""

    scopes = forms.MultipleChoiceField(
        label=_("scopes"),
        choices=[(scope, SCOPE_WORDS.get(scope, scope)) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What the key may be used for, within what its user's role may do."),
    )
    expires_at = forms.SplitDateTimeField(
        label=_("expires"), required=False, widget=AdminSplitDateTime
    )

    class Meta:
        model = ApiKey
        fields = ("user", "name", "scopes", "expires_at")

    request: HttpRequest

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                with transaction.atomic():
                    self.make(values)
                    transaction.set_rollback(True)
            except Invalid as error:
                # The action names the user by the name.
                named = {"username": "user"}
                fields = {named.get(key, key): text for key, text in error.fields.items()}
                raise refused(Invalid(fields), self.fields) from error
        return values

    def make(self, values: dict[str, Any]) -> tuple[ApiKey, str]:
        return make_api_key(
            username=values["user"].username,
            name=values["name"],
            scopes=values["scopes"],
            expires_at=values["expires_at"],
            by=actor(self.request),
            as_of=now(),
        )


@admin.register(ApiKey)
class ApiKeyAdmin(ClosedAdmin):
    """Keys of programs; a new one is shown once."""

    form = KeyForm
    list_display = ("name", "prefix", "user", "created_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    fields = ("user", "name", "scopes", "expires_at")
    autocomplete_fields = ("user",)
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        more = ("prefix", "created_at", "revoked_at") if obj else ()
        return ("user", "name", "scopes", "expires_at", *more)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **more: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **more)
        return type("KeyPageForm", (form,), {"request": request})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        more = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **more})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        made, obj.told = form.make(form.cleaned_data)
        obj.pk, obj.prefix = made.pk, made.prefix

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key this once: nothing keeps it."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("The new key"),
            "opts": self.opts,
            "key": obj,
            "text": obj.told,
        }
        response = TemplateResponse(request, "admin/desk_key.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    @admin.action(description=_("Revoke"), permissions=("view",))
    def revoke(self, request: HttpRequest, queryset: "QuerySet[ApiKey]") -> None:
        """Let keys open nothing any more."""
        keys = list(queryset.filter(revoked_at=None))
        for key in keys:
            revoke_api_key(key_id=key.pk, by=actor(request), as_of=now())
            self.log_change(request, key, gettext("revoked"))
        said = gettext("Revoked: %(n)s. They open nothing any more.") % {"n": len(keys)}
        self.message_user(request, said, messages.SUCCESS)
