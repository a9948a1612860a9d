"""Who signs in: a role, and the unit whose cases the role sees; keys for programs.

What each role may do is said in `jiesu.cases.scopes`.
"""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from jiesu.cases.models.places import Unit


class Role(models.TextChoices):
    """What somebody is in the city's work with demands (rule 30; domain.md §10)."""

    OPERATOR = "operator", _("operator")
    DISPATCHER = "dispatcher", _("dispatcher")
    CLERK = "clerk", _("unit clerk")
    HEAD = "head", _("unit head")
    COORDINATOR = "coordinator", _("district coordinator")
    CALLER = "caller", _("call-back clerk")
    EVALUATOR = "evaluator", _("evaluator")
    LEADER = "leader", _("leader")
    AUDITOR = "auditor", _("auditor")
    ADMINISTRATOR = "administrator", _("administrator")
    RESIDENT = "resident", _("resident")
    CLIENT = "client", _("API client")


class User(AbstractUser):
    """An account. Clerk, head and coordinator belong to a unit; others see the city or nothing."""

    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.RESIDENT)
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="users", verbose_name=_("unit")
    )
    demo = models.BooleanField(
        _("demo sign-in"),
        default=False,
        help_text=_("Works from this machine only and never in production."),
    )

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")


class ApiKey(models.Model):
    """A key of a program. Only its digest is kept; it acts as its user, within its scopes."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
