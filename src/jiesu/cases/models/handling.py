"""What units do with a case: contacts, feedback, assistance, whistles, consultation, escalation.

Free words (`note`, `answer`, `statement`, `opinion`) may tell of residents and are encrypted.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jiesu.cases.models.case import Case
from jiesu.cases.models.people import User
from jiesu.cases.models.places import Unit
from jiesu.core.worktime import is_on_time


class Contact(models.Model):
    """A unit's attempt to contact the caller (联系); `reached` stops the response clock."""

    class Means(models.TextChoices):
        PHONE = "phone", _("phone")
        MESSAGE = "message", _("message")
        VISIT = "visit", _("visit")
        ONLINE = "online", _("online")
        LETTER = "letter", _("letter")

    case = models.ForeignKey(Case, models.PROTECT, related_name="contacts")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    means = models.CharField(
        _("by means of"), max_length=16, choices=Means.choices, default=Means.PHONE
    )
    reached = models.BooleanField(_("reached"))
    note = models.BinaryField(default=b"")

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ("case", "at", "id")


class Feedback(models.Model):
    """What a unit reports of a case: an interim report, or the result with its answer."""

    class Result(models.TextChoices):
        RESOLVED = "resolved", _("resolved")
        PARTIAL = "partial", _("partly resolved")
        EXPLAINED = "explained", _("explained")
        UNRESOLVED = "unresolved", _("not resolved")

    case = models.ForeignKey(Case, models.PROTECT, related_name="feedbacks")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    interim = models.BooleanField(_("interim report"), default=False)
    result = models.CharField(_("result"), max_length=16, choices=Result.choices, blank=True)
    real = models.BooleanField(_("as described"), null=True)
    legal_basis = models.BinaryField(default=b"")
    answer = models.BinaryField(default=b"")
    overdue = models.BooleanField(_("after the limit"), default=False)

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ("case", "at", "id")


class Assist(models.Model):
    """A unit that helps the lead unit, within a limit of its own (article 14).

    It may be asked again once it has answered. `matter` is what is asked; the directory asks for
    help without words.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="assists")
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="assists", db_index=False, verbose_name=_("unit")
    )
    asked_at = models.DateTimeField(_("asked"))
    asked_by = models.CharField(_("asked by"), max_length=64)
    matter = models.BinaryField(default=b"")
    due_at = models.DateTimeField(_("due"))
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("answered by")
    )
    answer = models.BinaryField(default=b"")

    class Meta:
        verbose_name = _("assistance")
        verbose_name_plural = _("assistance")
        ordering = ("case", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("case", "unit"),
                condition=Q(answered_at=None),
                name="one_open_assist_a_unit",
            ),
        )
        indexes = (
            models.Index(fields=("unit", "answered_at"), name="assist_unit"),
            models.Index(fields=("unit", "-case"), name="assist_newest"),
        )

    @property
    def is_late(self) -> bool:
        """Whether the answer came after its due time."""
        return self.answered_at is not None and not is_on_time(self.due_at, self.answered_at)


class Whistle(models.Model):
    """A street calls a department to a case (吹哨报到); both are assessed (articles 16 and 33).

    The street says whether the department came and helped, the department whether the call was
    justified; marks are 1 (no) to 5 (fully).
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="whistles")
    street = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("street"))
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="whistles", verbose_name=_("department")
    )
    matter = models.BinaryField(default=b"")
    blown_at = models.DateTimeField(_("blown"))
    blown_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("blown by"))
    due_at = models.DateTimeField(_("due"))
    reported_at = models.DateTimeField(_("reported"), null=True)
    answer = models.BinaryField(default=b"")
    ended_at = models.DateTimeField(_("ended"), null=True)
    mark_of_unit = models.PositiveSmallIntegerField(_("mark of the department"), null=True)
    mark_of_street = models.PositiveSmallIntegerField(_("mark of the street"), null=True)

    class Meta:
        verbose_name = _("whistle")
        verbose_name_plural = _("whistles")
        ordering = ("case", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("case", "unit"), condition=Q(ended_at=None), name="one_open_whistle_a_unit"
            ),
        )
        indexes = (
            models.Index(fields=("unit", "ended_at"), name="whistle_unit"),
            models.Index(fields=("unit", "-case"), name="whistle_newest"),
            models.Index(fields=("street", "-case"), name="whistle_street_newest"),
            models.Index(fields=("blown_at",), name="whistle_blown"),
        )

    @property
    def is_late(self) -> bool:
        """Whether the department reported after its due time."""
        return self.reported_at is not None and not is_on_time(self.due_at, self.reported_at)


class Consultation(models.Model):
    """Units are asked before a hard case is dispatched (会商, article 12)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="consultations")
    opened_at = models.DateTimeField(_("opened"))
    opened_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("opened by")
    )
    question = models.BinaryField(default=b"")
    closed_at = models.DateTimeField(_("closed at"), null=True)
    outcome = models.BinaryField(default=b"")
    chosen = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("chosen unit")
    )

    class Meta:
        verbose_name = _("consultation")
        verbose_name_plural = _("consultations")
        ordering = ("case", "id")


class Opinion(models.Model):
    """What a consulted unit says; empty until it does."""

    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="opinions")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="opinions", verbose_name=_("unit"))
    at = models.DateTimeField(_("at"), null=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    accepts = models.BooleanField(_("would take the case"), null=True)
    opinion = models.BinaryField(default=b"")

    class Meta:
        verbose_name = _("opinion")
        verbose_name_plural = _("opinions")
        ordering = ("consultation", "id")
        constraints = (
            models.UniqueConstraint(fields=("consultation", "unit"), name="one_opinion_a_unit"),
        )


class Escalation(models.Model):
    """A case brought before a higher unit, which must study it and answer (article 20)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="escalations")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("from"))
    to = models.ForeignKey(Unit, models.PROTECT, related_name="escalations", verbose_name=_("to"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    matter = models.BinaryField(default=b"")
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("answered by")
    )
    answer = models.BinaryField(default=b"")

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        ordering = ("case", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("case", "to"), condition=Q(answered_at=None), name="one_open_escalation_to"
            ),
        )
        indexes = (
            models.Index(fields=("to", "answered_at"), name="escalation_unit"),
            models.Index(fields=("to", "-case"), name="escalation_newest"),
        )
