"""The admin's page of the rules: policies, desk rules and calendars as they were loaded.

Only read: rules come from the city folder (`loading`) and are never changed.
"""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from jiesu.cases.admin.base import ClosedAdmin
from jiesu.cases.models import RuleVersion


@admin.register(RuleVersion)
class RuleAdmin(ClosedAdmin):
    """Every version with its text, its digest and the days for which it holds."""

    list_display = ("kind", "name", "version", "valid_from", "valid_to", "short_digest",
                    "loaded_at")  # fmt: skip
    list_display_links = ("kind", "name", "version")
    list_filter = ("kind",)
    ordering = ("kind", "-loaded_at")
    fields = ("kind", "name", "version", "valid_from", "valid_to", "loaded_at", "digest",
              "whole_text")  # fmt: skip

    @admin.display(description=_("digest"))
    def short_digest(self, rule: RuleVersion) -> str:
        return format_html("<code>{}</code>", rule.digest[:12])

    @admin.display(description=_("text"))
    def whole_text(self, rule: RuleVersion) -> str:
        return format_html('<pre class="desk-text">{}</pre>', rule.text)
