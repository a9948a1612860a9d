"""The admin's site: for administrators alone, in Chinese or English.

Others of the city's staff may sign in here too and are shown the way to the API's documentation.
What each page shows and allows is in `admin`.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jiesu.cases.models import Role, User

NOT_HERE = (Role.RESIDENT, Role.CLIENT)
API_DOCS = "/api/v1/docs"
OWN = "cases"
PAGES = (
    (_("dispatching"), ("DirectoryVersion", "Category", "Place", "Unit")),
    (_("cases"), ("Case", "Event", "Seal")),
    (_("accounts"), ("User", "ApiKey", "Webhook")),
    (_("rules and jobs"), ("RuleVersion", "Lease")),
)
"""The pages in their groups; one that is not named here is not listed."""


class SignInForm(AdminAuthenticationForm):
    """Name and password of the city's staff; programs and residents have other ways."""

    def confirm_login_allowed(self, user: Any) -> None:
        AuthenticationForm.confirm_login_allowed(self, user)
        if user.role in NOT_HERE:
            raise ValidationError(
                self.error_messages["invalid_login"],
                code="invalid_login",
                params={"username": self.username_field.verbose_name},
            )


class DeskSite(AdminSite):
    """Django's admin, which only an administrator enters."""

    site_header = _("jiesu working desk")
    site_title = _("jiesu")
    index_title = _("Administration")
    login_form = SignInForm
    login_template = "admin/desk_login.html"
    site_url = None
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if not isinstance(user, User) or not user.is_active or user.role != Role.ADMINISTRATOR:
            return False
        return not user.demo or (not settings.JIESU.production and _is_loopback(request))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "api_docs": API_DOCS}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The pages by what they are for, not by their letters."""
        found = {
            model["object_name"]: model
            for app in super().get_app_list(request, app_label)
            for model in app["models"]
        }
        groups = (
            (title, [found[name] for name in names if name in found]) for title, names in PAGES
        )
        return [
            {"name": title, "app_label": "cases", "app_url": "", "models": models,
             "has_module_perms": True}
            for title, models in groups
            if models
        ]  # fmt: skip

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        """As Django's, without what other apps bring: who may do what is said by roles."""
        is_one = isinstance(model_or_iterable, ModelBase)
        models: Any = [model_or_iterable] if is_one else model_or_iterable
        kept = [model for model in models if model._meta.app_label == OWN]
        super().register(kept, admin_class, **options)


def _is_loopback(request: HttpRequest) -> bool:
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
