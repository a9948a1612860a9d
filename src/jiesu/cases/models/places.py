"""Units that answer, places that demands are about, categories of demands.

A unit is an organisation, a place a piece of the city; the unit that answers for a place may
change while the place stays. Leaves out who answers what (the directory, `rules`).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Unit(models.Model):
    """A unit that answers for cases. It exists from `valid_from` until before `valid_to`.

    A merged unit ends and names its `successor`; its code, cases and figures stay its own.
    """

    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=32)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children",
        verbose_name=_("unit above"),
    )  # fmt: skip
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="predecessors",
        verbose_name=_("merged into"),
    )  # fmt: skip
    population = models.PositiveIntegerField(_("residents"), null=True, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class UnitChange(models.Model):
    """What was changed of a unit, when and by whom; never edited."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="changes")
    at = models.DateTimeField(_("at"))
    on = models.DateField(_("in force on"))
    field = models.CharField(_("field"), max_length=32)
    old = models.CharField(_("before"), max_length=100, blank=True)
    new = models.CharField(_("after"), max_length=100, blank=True)
    actor = models.CharField(_("by"), max_length=64)

    class Meta:
        verbose_name = _("change of a unit")
        verbose_name_plural = _("changes of units")
        ordering = ("unit", "at", "id")


class Place(models.Model):
    """A district, a street or a community; `unit` answers for it."""

    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=16)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children",
        verbose_name=_("place above"),
    )  # fmt: skip
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="places", verbose_name=_("unit")
    )

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A third-level category of the city's tree, with the labels that its cases bear."""

    category_1 = models.CharField(_("category, level 1"), max_length=64)
    category_2 = models.CharField(_("category, level 2"), max_length=64, blank=True)
    category_3 = models.CharField(_("category, level 3"), max_length=64, blank=True)
    labels = models.CharField(_("labels"), max_length=200, blank=True)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("category_1", "category_2", "category_3")
        constraints = (
            models.UniqueConstraint(
                fields=("category_1", "category_2", "category_3"), name="one_category"
            ),
        )

    def __str__(self) -> str:
        return "/".join(filter(None, (self.category_1, self.category_2, self.category_3)))
