"""A case: what it is about and where it stands; what is personal lies in a row of its own.

Nothing in `Case` tells who a resident is. `CasePrivate` does, encrypted, and can be erased while
the case stays. Instants are UTC.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jiesu.cases.models.people import User
from jiesu.cases.models.places import Place, Unit
from jiesu.cases.models.rules import RuleVersion
from jiesu.core.lifecycle import AT_WORK, State

STATES = [(state.value, state.value) for state in State]
AT_WORK_VALUES = sorted(state.value for state in AT_WORK)


class Case(models.Model):
    """One demand, from intake to call-back.

    `version` grows with every change and is the ETag; `n_events` and `head` are the length and the
    last digest of the case's chain of events. `caller` is a keyed hash of the phone, by which
    demands of one caller are found. `due_at` and `contact_due_at` are the two clocks; while
    `paused_since` is set they stand still, and the due times hold what they were. `feedback_at` is
    the unit's first feedback (办结), `ended_at` when the case ended. `on_time` is the flag of an
    imported case whose file knew no due time. `round` counts the call-backs that the case needs:
    each redo of a closed case begins another. `next_sweep_at` is when next something happens by
    itself (`jiesu.cases.moments`), null where nothing will. `exported` and `indexed` are false
    where the export or the search index has yet to follow.
    """

    number = models.CharField(_("number"), max_length=32)
    idempotency_key = models.CharField(max_length=64, null=True, editable=False)
    request_digest = models.CharField(max_length=64, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=20, choices=STATES)
    version = models.PositiveIntegerField(_("version"), default=0)
    n_events = models.PositiveIntegerField(default=0, editable=False)
    head = models.BinaryField(max_length=32, default=b"", editable=False)

    channel = models.CharField(_("channel"), max_length=32)
    kind = models.CharField(_("kind of demand"), max_length=32)
    category_1 = models.CharField(_("category, level 1"), max_length=64, blank=True)
    category_2 = models.CharField(_("category, level 2"), max_length=64, blank=True)
    category_3 = models.CharField(_("category, level 3"), max_length=64, blank=True)
    labels = models.CharField(_("labels"), max_length=200, blank=True)
    # The newest of a street, a unit or a program are walked down: indexes of their own, below.
    place = models.ForeignKey(
        Place, models.PROTECT, null=True, blank=True, related_name="cases", db_index=False,
        verbose_name=_("street"),
    )  # fmt: skip
    community = models.ForeignKey(
        Place,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("community"),
    )
    district = models.ForeignKey(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("district"),
    )

    caller = models.CharField(max_length=48, blank=True, editable=False)
    anonymous = models.BooleanField(_("anonymous"), default=False)
    confidential = models.BooleanField(_("confidential"), default=False)
    on_behalf = models.BooleanField(_("on behalf of someone"), default=False)
    enterprise = models.BooleanField(_("an enterprise"), default=False)
    urgent = models.BooleanField(_("urgent"), default=False)
    n_month = models.PositiveIntegerField(_("demands of the caller this month"), default=1)
    n_year = models.PositiveIntegerField(_("demands of the caller this year"), default=1)
    repeat_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="repeats", db_index=False,
        verbose_name=_("repeats"),
    )  # fmt: skip
    disposition = models.CharField(_("reason of the disposition"), max_length=32, blank=True)

    created_at = models.DateTimeField(_("received at"))
    received_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("received by"),
    )  # fmt: skip
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="cases", db_index=False,
        verbose_name=_("unit"),
    )  # fmt: skip
    # Versions of rules stay for good. A constraint would have PostgreSQL lock the one row that all
    # new cases name, and note who else does.
    rules = models.ForeignKey(
        RuleVersion,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("desk rules"),
    )
    calendar = models.ForeignKey(
        RuleVersion,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("calendar"),
    )
    limit = models.CharField(_("time limit"), max_length=32, blank=True)
    dispatched_at = models.DateTimeField(_("dispatched at"), null=True, blank=True)
    signed_at = models.DateTimeField(_("signed at"), null=True, blank=True)
    contacted_at = models.DateTimeField(_("contacted at"), null=True, blank=True)
    contact_due_at = models.DateTimeField(_("contact due"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    provisional = models.BooleanField(_("due time is provisional"), default=False)
    paused_since = models.DateTimeField(_("paused since"), null=True, blank=True)
    feedback_at = models.DateTimeField(_("first feedback"), null=True, blank=True)
    on_time = models.BooleanField(_("closed on time"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    n_redos = models.PositiveSmallIntegerField(_("redos"), default=0)
    n_returns = models.PositiveSmallIntegerField(_("returns"), default=0)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    parked = models.BooleanField(_("parked"), default=False)
    excluded = models.BooleanField(_("excluded"), default=False)
    exclusion_reason = models.CharField(_("reason of the exclusion"), max_length=32, blank=True)

    next_sweep_at = models.DateTimeField(null=True, editable=False)
    exported = models.BooleanField(default=False, editable=False)
    indexed = models.BooleanField(default=False, editable=False)
    index_key = models.CharField(max_length=16, blank=True, editable=False)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ("-id",)
        # Not `unique` of the fields: PostgreSQL would keep an index more of each for LIKE.
        constraints = (
            models.UniqueConstraint(fields=("number",), name="one_case_a_number"),
            models.UniqueConstraint(fields=("idempotency_key",), name="one_case_a_request"),
        )
        indexes = (
            models.Index(
                fields=("unit", "due_at", "id"),
                name="case_unit_queue",
                condition=Q(state__in=AT_WORK_VALUES),
            ),
            models.Index(fields=("unit", "-id"), name="case_unit_newest"),
            models.Index(fields=("state", "-id"), name="case_state_newest"),
            models.Index(fields=("place", "-id"), name="case_place_newest"),
            models.Index(
                fields=("category_1", "category_2", "category_3", "-id"), name="case_category"
            ),
            models.Index(fields=("caller", "-id"), name="case_caller", condition=~Q(caller="")),
            models.Index(fields=("created_at", "id"), name="case_created"),
            # Few cases repeat another: the rest need no entry.
            models.Index(
                fields=("repeat_of",), name="case_repeats", condition=Q(repeat_of__isnull=False)
            ),
            # What the sweep looks at: only where something will happen by itself.
            models.Index(
                fields=("next_sweep_at", "id"),
                name="case_to_sweep",
                condition=Q(next_sweep_at__isnull=False),
            ),
            # Open cases by their clocks (`jiesu.cases.queries`).
            models.Index(
                fields=("due_at", "id"),
                name="case_open_due",
                condition=Q(state__in=AT_WORK_VALUES),
            ),
            models.Index(
                fields=("contact_due_at", "id"),
                name="case_open_contact",
                condition=Q(state__in=AT_WORK_VALUES, contacted_at=None),
            ),
            models.Index(fields=("id",), name="case_provisional", condition=Q(provisional=True)),
            models.Index(fields=("received_by", "-id"), name="case_received_by"),
            # Few cases are urgent, and these are what is asked for: the rest need no entry.
            models.Index(fields=("-id",), name="case_urgent", condition=Q(urgent=True)),
            models.Index(fields=("id",), name="case_to_export", condition=Q(exported=False)),
            models.Index(fields=("id",), name="case_to_index", condition=Q(indexed=False)),
        )

    def __str__(self) -> str:
        return self.number


class CasePrivate(models.Model):
    """What is personal of a case, encrypted (`jiesu.cases.privacy.personal`).

    `person` holds name, phone, e-mail, company and address as JSON, `text` title and body,
    `disposition` what the caller of an undispatched case was told. The salts are what the events'
    digests of personal values are made with: one for who the resident is, one for what was said.
    Erasing empties value and salt. `alias` is what will stand for the caller then: a random mark,
    the same for one caller's demands of one assessment year (`jiesu.cases.privacy.erasure`).
    """

    case = models.OneToOneField(
        Case, models.CASCADE, primary_key=True, related_name="private", verbose_name=_("case")
    )
    person_salt = models.BinaryField(max_length=32, default=b"")
    text_salt = models.BinaryField(max_length=32, default=b"")
    person = models.BinaryField(default=b"")
    text = models.BinaryField(default=b"")
    disposition = models.BinaryField(default=b"")
    name_hash = models.CharField(max_length=48, blank=True)
    alias = models.CharField(max_length=48, blank=True)
    person_erased_at = models.DateTimeField(_("person erased"), null=True, blank=True)
    text_erased_at = models.DateTimeField(_("text erased"), null=True, blank=True)

    class Meta:
        verbose_name = _("personal data")
        verbose_name_plural = _("personal data")
        indexes = (
            models.Index(
                fields=("name_hash", "-case"), name="private_name", condition=~Q(name_hash="")
            ),
        )


class Attachment(models.Model):
    """A file of a case. It lies outside the web root under a random `token`, encrypted.

    `unit` is the unit whose evidence it is; none where the hotline or a program added it.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments")
    token = models.CharField(max_length=43, unique=True)
    name = models.BinaryField(default=b"")
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("bytes"))
    digest = models.CharField(_("digest"), max_length=64)
    added_at = models.DateTimeField(_("added"))
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("unit"),
    )  # fmt: skip
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("id",)


class SearchTerm(models.Model):
    """That a case's text has a term, by keyed hash: the index of the search by words.

    The newest cases of a term are one walk down its key, at the same cost at any size. There is no
    index by case: a text's terms are found from the text when it is erased.
    """

    pk = models.CompositePrimaryKey("term", "case_id")
    term = models.BigIntegerField()
    case = models.ForeignKey(
        Case, models.CASCADE, related_name="terms", db_index=False, db_constraint=False
    )

    class Meta:
        verbose_name = _("search term")
        verbose_name_plural = _("search terms")
