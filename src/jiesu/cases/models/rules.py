"""Rules as the city folder had them: immutable, dated versions with a digest.

A policy, the desk's rules and the calendar are kept as the text of their file; the directory as
its lines, for it is also edited here. Each case names the versions that it was dealt with by.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RuleVersion(models.Model):
    """A version of a rule file. The text is never changed: `digest` is the SHA-256 of its bytes."""

    class Kind(models.TextChoices):
        POLICY = "policy", _("policy")
        DESK = "desk", _("desk rules")
        CALENDAR = "calendar", _("calendar")
        CITY = "city", _("city settings")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=100)
    version = models.CharField(_("version"), max_length=64)
    digest = models.CharField(_("digest"), max_length=64)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    text = models.TextField(_("text"))
    loaded_at = models.DateTimeField(_("loaded"))

    class Meta:
        verbose_name = _("version of rules")
        verbose_name_plural = _("versions of rules")
        ordering = ("kind", "valid_from", "id")
        constraints = (
            models.UniqueConstraint(fields=("kind", "digest"), name="one_version_a_digest"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name} {self.version}"


class DirectoryVersion(models.Model):
    """A version of the dispatch directory: a draft until it is put in force, then never changed.

    In force it is called by its first day. `despite` is why it was put in force though it had
    holes or contradictions.
    """

    version = models.CharField(_("version"), max_length=64, unique=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    in_force = models.BooleanField(_("in force"), default=False)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    loaded_at = models.DateTimeField(_("loaded"))
    put_by = models.CharField(_("put in force by"), max_length=64, blank=True)
    despite = models.CharField(
        _("put in force despite findings, because"), max_length=200, blank=True
    )

    class Meta:
        verbose_name = _("directory")
        verbose_name_plural = _("directories")
        ordering = ("valid_from", "id")

    def __str__(self) -> str:
        return self.version


class DirectoryEntry(models.Model):
    """A line of a directory; empty columns mean any. See `jiesu.core.directory.Entry`."""

    directory = models.ForeignKey(DirectoryVersion, models.CASCADE, related_name="entries")
    number = models.PositiveIntegerField(_("line"))
    category_1 = models.CharField(_("category, level 1"), max_length=64, blank=True)
    category_2 = models.CharField(_("category, level 2"), max_length=64, blank=True)
    category_3 = models.CharField(_("category, level 3"), max_length=64, blank=True)
    place = models.CharField(_("place"), max_length=32, blank=True)
    kind = models.CharField(_("kind of demand"), max_length=32, blank=True)
    unit = models.CharField(_("unit"), max_length=32)
    assist_units = models.CharField(_("assist units"), max_length=200, blank=True)
    via = models.CharField(_("by way of"), max_length=16, default="direct")
    limit = models.CharField(_("time limit"), max_length=32, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("line of the directory")
        verbose_name_plural = _("lines of the directory")
        ordering = ("directory", "number")
        constraints = (
            models.UniqueConstraint(fields=("directory", "number"), name="one_line_a_number"),
        )

    def __str__(self) -> str:
        levels = filter(None, (self.category_1, self.category_2, self.category_3))
        return f"{self.number}: {'/'.join(levels) or '*'} → {self.unit}"
