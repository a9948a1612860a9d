"""Events, each case's own chain of them, and the seals over all of them.

Written by `jiesu.cases.history` alone. Events are never changed, but for `seal`, which names the
seal that covers them. The reasons for which personal data were looked at lie beside them, for they
can be erased.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jiesu.cases.models.case import Case


class Seal(models.Model):
    """A keyed digest over all events that had none, chained to the seal before it."""

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    at = models.DateTimeField(_("at"))
    n_events = models.PositiveIntegerField(_("events"))
    digest = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    mac = models.BinaryField(max_length=32)
    key_id = models.CharField(max_length=16)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering = ("number",)


class Event(models.Model):
    """What happened to a case: who, when, from where, which fields (see `jiesu.core.chain`)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField(_("number"))
    at = models.DateTimeField(_("at"))
    actor = models.CharField(_("by"), max_length=64)
    origin = models.CharField(_("from"), max_length=64, blank=True)
    kind = models.CharField(_("event"), max_length=40)
    changes = models.JSONField(_("changes"), default=dict)
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    seal = models.ForeignKey(Seal, models.PROTECT, null=True, related_name="events", db_index=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("case", "seq")
        constraints = (models.UniqueConstraint(fields=("case", "seq"), name="one_event_a_number"),)
        indexes = (
            models.Index(fields=("id",), name="event_unsealed", condition=Q(seal=None)),
            models.Index(fields=("seal", "id"), name="event_sealed", condition=~Q(seal=None)),
        )


class Disclosure(models.Model):
    """Somebody looked at what is personal of a case, with the reason in words (encrypted).

    The event with the same number says the same without the words, for good.
    """

    class Kind(models.TextChoices):
        REVEALED = "revealed", _("revealed")
        EXPORTED = "exported", _("given to the person")

    case = models.ForeignKey(Case, models.PROTECT, related_name="disclosures")
    seq = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=64)
    reason = models.BinaryField(default=b"")

    class Meta:
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")
        ordering = ("case", "seq")
        constraints = (
            models.UniqueConstraint(fields=("case", "seq"), name="one_disclosure_an_event"),
        )
