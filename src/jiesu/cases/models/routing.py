"""To whom a case went and by when it is due: dispatches, objections, extensions, pauses."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jiesu.cases.models.case import Case
from jiesu.cases.models.people import User
from jiesu.cases.models.places import Unit

BY_IMPORT = "system:import"
"""Who has done what a file of another system tells of, as far as the desk knows."""


class Dispatch(models.Model):
    """A case given to a unit, with what explains it. Only the last one of a case is not ended.

    `designated` was decided by a review, that of an objection or of a return, and can't be returned
    again. `entry` is the directory's line, `directory` its version; without one somebody chose by
    hand, and `why` has their words. `explanation` is made from records alone. A dispatch of which
    `via_district` holds goes to a district, which gives it on. The due times of one that was
    imported are what the record had, and null where it had none.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="dispatches", db_index=False)
    number = models.PositiveSmallIntegerField(_("number"))
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="+", db_index=False, verbose_name=_("unit")
    )
    copied_to = models.ForeignKey(
        Unit,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("copied to"),
    )
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=64)
    via_district = models.BooleanField(_("through the district"), default=False)
    designated = models.BooleanField(_("designated after review"), default=False)
    directory = models.CharField(_("directory"), max_length=64, blank=True)
    entry = models.PositiveIntegerField(_("line of the directory"), null=True)
    explanation = models.JSONField(_("explanation"), default=dict)
    why = models.BinaryField(default=b"")
    limit = models.CharField(_("time limit"), max_length=32)
    contact_due_at = models.DateTimeField(_("contact due"), null=True)
    due_at = models.DateTimeField(_("due"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_as = models.CharField(_("ended as"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("dispatch")
        verbose_name_plural = _("dispatches")
        ordering = ("case", "number")
        constraints = (
            models.UniqueConstraint(fields=("case", "number"), name="one_dispatch_a_number"),
        )

    @property
    def is_imported(self) -> bool:
        """Whether another system made it, by limits that the desk does not know."""
        return self.by == BY_IMPORT


class Objection(models.Model):
    """A unit's objection to a dispatch (异议, reviewed) or its return of the case (退单)."""

    class Kind(models.TextChoices):
        OBJECTION = "objection", _("objection")
        RETURN = "return", _("return")

    case = models.ForeignKey(Case, models.PROTECT, related_name="objections")
    dispatch = models.ForeignKey(Dispatch, models.PROTECT, related_name="objections")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=32)
    statement = models.BinaryField(default=b"")
    raised_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("raised by")
    )
    raised_at = models.DateTimeField(_("raised"))
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    upheld = models.BooleanField(_("upheld"), null=True)
    new_unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("new unit")
    )
    opinion = models.BinaryField(default=b"")

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("case",), condition=Q(decided_at=None), name="one_open_objection"
            ),
        )


class Extension(models.Model):
    """A longer limit: asked for with a reason, the caller told, decided."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="extensions")
    dispatch = models.ForeignKey(Dispatch, models.PROTECT, related_name="extensions")
    reason = models.CharField(_("reason"), max_length=32)
    statement = models.BinaryField(default=b"")
    amount = models.PositiveSmallIntegerField(_("amount"))
    unit_of_time = models.CharField(_("in"), max_length=16)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked"))
    caller_told_at = models.DateTimeField(_("caller told"), null=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    granted = models.BooleanField(_("granted"), null=True)

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("case",), condition=Q(decided_at=None), name="one_open_extension"
            ),
        )


class Pause(models.Model):
    """A stretch in which a case's clocks stand still; open while `end` is null."""

    class Cause(models.TextChoices):
        OBJECTION = "objection", _("objection")
        PARKED = "parked", _("parked")
        WAITING = "waiting", _("waiting for the caller")

    case = models.ForeignKey(Case, models.PROTECT, related_name="pauses")
    cause = models.CharField(_("cause"), max_length=16, choices=Cause.choices)
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("to"), null=True)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ("case", "start")
        constraints = (
            models.UniqueConstraint(
                fields=("case", "cause"), condition=Q(end=None), name="one_open_pause_a_cause"
            ),
        )


class DeadlineChange(models.Model):
    """What a case's clocks were before a change, so that overdue is exact at any past moment."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="deadline_changes")
    at = models.DateTimeField(_("at"))
    cause = models.CharField(_("cause"), max_length=20)
    old_contact_due_at = models.DateTimeField(_("contact due before"), null=True)
    old_due_at = models.DateTimeField(_("due before"), null=True)
    old_paused_since = models.DateTimeField(_("paused before since"), null=True)
    new_contact_due_at = models.DateTimeField(_("contact due now"), null=True)
    new_due_at = models.DateTimeField(_("due now"), null=True)
    new_paused_since = models.DateTimeField(_("paused now since"), null=True)

    class Meta:
        verbose_name = _("change of a deadline")
        verbose_name_plural = _("changes of deadlines")
        ordering = ("case", "at", "id")
        indexes = (models.Index(fields=("case", "at"), name="deadline_change_at"),)
