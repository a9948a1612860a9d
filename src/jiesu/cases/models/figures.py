"""The figures of assessment periods as they were last counted, for those who only look."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PeriodFigures(models.Model):
    """A period's evaluation as of a moment, kept by `jiesu.cases.figures.running`.

    `document` is `evaluation.json`, compressed by gzip; empty until the first count.
    `stale_since` says since when cases of the period have changed that it does not show.
    """

    period = models.CharField(_("period"), max_length=24, primary_key=True)
    as_of = models.DateTimeField(_("as of"), null=True)
    policy = models.CharField(_("digest of the policy"), max_length=64, blank=True)
    document = models.BinaryField(default=b"")
    stale_since = models.DateTimeField(_("changed since"), null=True)

    class Meta:
        verbose_name = _("figures of a period")
        verbose_name_plural = _("figures of periods")
        ordering = ("period",)

    def __str__(self) -> str:
        return self.period
