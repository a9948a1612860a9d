"""The Django app of the working desk, and Django's admin as the desk's administrators use it."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "jiesu.cases"
    label = "cases"
    verbose_name = _("working desk")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Here: models are not there before.
        from jiesu.cases.overtaking import give_function
        from jiesu.cases.sqlite_statistics import give_statistics

        for give in (give_function, give_statistics):
            post_migrate.connect(give, sender=self, dispatch_uid=give.__name__)


class DeskAdminConfig(AdminConfig):
    default_site = "jiesu.cases.admin_site.DeskSite"
