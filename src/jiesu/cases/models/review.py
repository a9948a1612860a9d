"""How a case is judged: call-backs, claims of exclusion, parking and appeal, supervision.

Units never write a call-back and see it only when it has ended (`jiesu.cases.scopes`).
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jiesu.cases.models.case import Case
from jiesu.cases.models.people import User
from jiesu.cases.models.places import Unit
from jiesu.core.lifecycle import CALLBACK_OPEN, CallbackState

CALLBACK_STATES = [(state.value, state.value) for state in CallbackState]


class Callback(models.Model):
    """A call-back (回访): made when the limit expires, whatever the unit has done.

    `round` 1 is the first, each redo makes another. The answers are null until it is done.
    `void` was decided by an appeal: the answers are kept and not counted. Of an imported case the
    `unit` may not be known.
    """

    class Resolved(models.TextChoices):
        YES = "yes", _("yes")
        PARTIAL = "partial", _("partly")
        NO = "no", _("no")

    class Satisfaction(models.TextChoices):
        SATISFIED = "satisfied", _("satisfied")
        FAIRLY_SATISFIED = "fairly_satisfied", _("fairly satisfied")
        DISSATISFIED = "dissatisfied", _("dissatisfied")

    case = models.ForeignKey(Case, models.PROTECT, related_name="callbacks")
    round = models.PositiveSmallIntegerField(_("round"))
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("unit")
    )
    state = models.CharField(_("state"), max_length=16, choices=CALLBACK_STATES)
    due_at = models.DateTimeField(_("fell due"))
    next_at = models.DateTimeField(_("next attempt not before"))
    n_attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    taken_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("taken by")
    )
    taken_until = models.DateTimeField(_("taken until"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.CharField(_("ended by"), max_length=64, blank=True)
    means = models.CharField(_("by means of"), max_length=16, blank=True)
    contacted = models.BooleanField(_("contacted"), null=True)
    resolved = models.CharField(_("resolved"), max_length=16, choices=Resolved.choices, blank=True)
    satisfaction = models.CharField(
        _("satisfied"), max_length=20, choices=Satisfaction.choices, blank=True
    )
    words = models.BinaryField(default=b"")
    void = models.BooleanField(_("void by appeal"), default=False)

    class Meta:
        verbose_name = _("call-back")
        verbose_name_plural = _("call-backs")
        ordering = ("case", "round")
        constraints = (
            models.UniqueConstraint(fields=("case", "round"), name="one_callback_a_round"),
        )
        indexes = (
            models.Index(
                fields=("next_at", "id"),
                name="callback_queue",
                condition=Q(state__in=sorted(state.value for state in CALLBACK_OPEN)),
            ),
            # Whom the first answers of cases are about, the newest first.
            models.Index(fields=("unit", "-case"), name="callback_judging", condition=Q(round=1)),
        )


class Attempt(models.Model):
    """One attempt to call a resident back."""

    class Outcome(models.TextChoices):
        CONNECTED = "connected", _("connected")
        NO_ANSWER = "no_answer", _("no answer")
        REFUSED = "refused", _("refused")
        WRONG_NUMBER = "wrong_number", _("wrong number")

    callback = models.ForeignKey(Callback, models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField(_("number"))
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=64)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ("callback", "number")
        constraints = (
            models.UniqueConstraint(fields=("callback", "number"), name="one_attempt_a_number"),
        )


class CallbackLink(models.Model):
    """A link by which a resident answers alone: once, and for some days. Only a digest is kept."""

    callback = models.ForeignKey(Callback, models.PROTECT, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True)

    class Meta:
        verbose_name = _("link of a call-back")
        verbose_name_plural = _("links of call-backs")
        ordering = ("id",)


class Redo(models.Model):
    """A case given back to its unit to be handled again (重办), with why.

    `callback` is the one whose answers made the redo; null where somebody of the city decided it.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="redos")
    number = models.PositiveSmallIntegerField(_("number"))
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=64)
    callback = models.ForeignKey(Callback, models.PROTECT, null=True, related_name="+")
    opinion = models.BinaryField(default=b"")

    class Meta:
        verbose_name = _("redo")
        verbose_name_plural = _("redos")
        ordering = ("case", "number")
        constraints = (
            models.UniqueConstraint(fields=("case", "number"), name="one_redo_a_number"),
        )


class Claim(models.Model):
    """A unit's claim that a case be excluded (剔除), parked (挂账), or judged again (申诉).

    Claimed with evidence, reviewed by the district, decided by the city; a unit without a district
    goes to the city at once. Nothing is deleted by it. `effect` is what the claimed change would do
    to the unit's figures, as it was shown before the city's decision.
    """

    class Kind(models.TextChoices):
        EXCLUSION = "exclusion", _("exclusion")
        PARKING = "parking", _("parking")
        APPEAL = "appeal", _("appeal")

    class State(models.TextChoices):
        CLAIMED = "claimed", _("claimed")
        SUPPORTED = "supported", _("supported by the district")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    case = models.ForeignKey(Case, models.PROTECT, related_name="claims")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="claims", verbose_name=_("unit"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices)
    reason = models.CharField(_("reason"), max_length=32)
    evidence = models.BinaryField(default=b"")
    claimed_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("claimed by")
    )
    claimed_at = models.DateTimeField(_("claimed"))
    reviewed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("reviewed by")
    )
    reviewed_at = models.DateTimeField(_("reviewed"), null=True)
    review = models.BinaryField(default=b"")
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    decision = models.BinaryField(default=b"")
    effect = models.JSONField(_("effect"), default=dict)
    ended_at = models.DateTimeField(_("no longer in effect since"), null=True)
    end_words = models.BinaryField(default=b"")

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("case", "kind", "unit"),
                condition=Q(state__in=("claimed", "supported")),
                name="one_open_claim_a_unit",
            ),
        )
        indexes = (
            models.Index(
                fields=("state", "id"),
                name="claim_open",
                condition=Q(state__in=("claimed", "supported")),
            ),
        )


class Supervision(models.Model):
    """Supervision (督办) of a unit for a case, raised by a rule: once for each occasion.

    An empty `rule` was raised by hand, with `words` on what is expected.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="supervisions")
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="supervisions", verbose_name=_("unit")
    )
    rule = models.CharField(_("rule"), max_length=32, blank=True)
    words = models.BinaryField(default=b"")
    occasion = models.PositiveSmallIntegerField(_("occasion"), default=1)
    raised_at = models.DateTimeField(_("raised"))
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("answered by")
    )
    answer = models.BinaryField(default=b"")

    class Meta:
        verbose_name = _("supervision")
        verbose_name_plural = _("supervision")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("case", "rule", "occasion"), name="one_supervision_an_occasion"
            ),
        )
        indexes = (
            models.Index(fields=("unit", "answered_at"), name="supervision_unit"),
            models.Index(fields=("unit", "-case"), name="supervision_newest"),
        )
