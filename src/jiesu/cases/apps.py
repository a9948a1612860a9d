"""The Django app of the working desk, and Django's admin as the desk's administrators use it."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "jiesu.cases"
    label = "cases"
    verbose_name = _("working desk")
    default_auto_field = "django.db.models.BigAutoField"


class DeskAdminConfig(AdminConfig):
    default_site = "jiesu.cases.admin_site.DeskSite"
