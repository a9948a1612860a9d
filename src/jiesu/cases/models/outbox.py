"""What the worker works off: deliveries to webhooks, counters, and who holds which job."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jiesu.cases.models.history import Event
from jiesu.cases.models.people import ApiKey, User


class Webhook(models.Model):
    """An address that is told of events: those of cases that its owner may see.

    Registered with a `key`, it ends with that.
    """

    owner = models.ForeignKey(User, models.CASCADE, related_name="webhooks")
    key = models.ForeignKey(
        ApiKey, models.CASCADE, null=True, related_name="webhooks", verbose_name=_("API key")
    )
    url = models.URLField(_("address"), max_length=500)
    secret = models.BinaryField()
    kinds = models.JSONField(_("events"), default=list)
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"))
    last_event = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ("id",)


class Delivery(models.Model):
    """An event on its way to a webhook; tried again until it is delivered or given up."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, models.PROTECT, related_name="+")
    next_at = models.DateTimeField(_("next attempt"), null=True)
    n_attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    status = models.CharField(_("last answer"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("webhook", "event"), name="one_delivery_an_event"),
        )
        indexes = (
            models.Index(
                fields=("webhook", "next_at"), name="delivery_due", condition=Q(delivered_at=None)
            ),
        )


class Counter(models.Model):
    """The next number of a series, such as the case numbers of a day."""

    key = models.CharField(max_length=64, primary_key=True)
    next = models.PositiveBigIntegerField()


class Lease(models.Model):
    """Which worker runs a job, until when, and as of when it was last done."""

    job = models.CharField(_("job"), max_length=40, primary_key=True)
    holder = models.CharField(_("holder"), max_length=64, blank=True)
    until = models.DateTimeField(_("until"), null=True)
    done_at = models.DateTimeField(_("last done"), null=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ("job",)
