"""The admin's pages of the dispatch directory: drafts and their lines, checks, spreadsheets.

A version in force is only read. Its change is a draft, which is put in force by the action of
`directory_edit`.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jiesu.cases.admin.base import ClosedAdmin, ClosedInline, actor, now, refused
from jiesu.cases.admin.entries import EntryForm, choices_of_lines, named, rules_today
from jiesu.cases.folder.directory_edit import (
    LONGEST_NAME,
    LONGEST_REASON,
    check_name,
    directory_table,
    findings_of,
    import_draft,
    make_draft,
    put_in_force,
    remove_draft,
    stopping,
)
from jiesu.cases.language import lang, told
from jiesu.cases.models import DirectoryEntry, DirectoryVersion
from jiesu.cases.refusals import Invalid, Refusal
from jiesu.cases.rulebook import local_day
from jiesu.city.directory_file import VIA_WORDS
from jiesu.city.spreadsheet import CSV, XLSX
from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.directory_check import Finding
from jiesu.core.problems import InputError

MOST_INLINE = 120
"""A draft with more lines is edited line by line: one form of all would be too large."""

TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
COLUMNS = ("category_1", "category_2", "category_3", "place", "kind", "unit", "assist_units",
           "via", "limit", "note")  # fmt: skip
SHOWN = ("number", "category_1", "category_2", "category_3", "place_words", "kind_words",
         "unit_words", "assist_words", "via_words", "limit_words", "note")  # fmt: skip


class NameForm(forms.Form):
    """What a new draft is called."""

    name = forms.CharField(label=_("name of the draft"), max_length=LONGEST_NAME)


class ImportForm(NameForm):
    file = forms.FileField(label=_("spreadsheet"), help_text=_("CSV or Excel, as it is exported."))


class ForceForm(forms.Form):
    """From which day a draft holds, and why it is wanted though something is wrong with it."""

    valid_from = forms.DateField(label=_("in force from"), widget=AdminDateWidget)
    despite = forms.CharField(
        label=_("why it is wanted all the same"),
        max_length=LONGEST_REASON,
        required=False,
        help_text=_("Only where the check found errors or holes; kept with the version."),
    )


class DraftForm(forms.ModelForm):  # type: ignore[type-arg]
    """A draft's name."""

    class Meta:
        model = DirectoryVersion
        fields = ("version",)

    def clean_version(self) -> str:
        try:
            return check_name(str(self.cleaned_data["version"]))
        except Invalid as error:
            raise ValidationError(error.said_fields()["name"]) from error


class LineWords:
    """A line's codes with their words."""

    @admin.display(description=_("kind of demand"))
    def kind_words(self, entry: DirectoryEntry) -> str:
        kinds = {one.key: one.title[lang()] for one in rules_today().kinds}
        return kinds.get(entry.kind, entry.kind) or "-"

    @admin.display(description=_("place"))
    def place_words(self, entry: DirectoryEntry) -> str:
        return named(entry.place) or "-"

    @admin.display(description=_("unit"))
    def unit_words(self, entry: DirectoryEntry) -> str:
        return named(entry.unit)

    @admin.display(description=_("assist units"))
    def assist_words(self, entry: DirectoryEntry) -> str:
        codes = filter(None, entry.assist_units.split(LIST_SEPARATOR))
        return ", ".join(map(named, codes)) or "-"

    @admin.display(description=_("by way of"))
    def via_words(self, entry: DirectoryEntry) -> str:
        words = VIA_WORDS[lang()]
        return words["district" if entry.via == "district" else "direct"]

    @admin.display(description=_("time limit"))
    def limit_words(self, entry: DirectoryEntry) -> str:
        limit = rules_today().limits.get(entry.limit)
        return limit.title[lang()] if limit else entry.limit or "-"


class Lines(LineWords, ClosedInline):
    """The lines of a version in force."""

    model = DirectoryEntry
    fields = SHOWN
    readonly_fields = SHOWN


class DraftLines(admin.TabularInline):  # type: ignore[type-arg]
    """The lines of a draft, to be changed."""

    model = DirectoryEntry
    form = EntryForm
    fields = ("number", *COLUMNS)
    readonly_fields = ("number",)
    extra = 1
    classes = ("desk-lines",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    # What may be done with a draft's lines is said by the page of the draft.
    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(DirectoryVersion)
class DirectoryAdmin(ClosedAdmin):
    """Versions of the directory, with what can be done with each as links above it."""

    form = DraftForm
    list_display = ("version", "state", "valid_from", "n_lines", "put_by", "loaded_at")
    ordering = ("in_force", "-valid_from", "-id")
    sortable_by = ()
    change_form_template = "admin/desk_directory.html"
    change_list_template = "admin/desk_directories.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and (obj is None or not obj.in_force)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[DirectoryVersion]":
        rows: QuerySet[DirectoryVersion] = super().get_queryset(request)
        return rows.annotate(lines=Count("entries"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        common = ("version", "state", "n_lines", "loaded_at")
        return (*common, "valid_from", "put_by", "despite") if obj and obj.in_force else common

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        own = () if obj is None or not obj.in_force else ("version",)
        return (*own, "state", "n_lines", "loaded_at", "valid_from", "put_by", "despite")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        if obj is None or obj.lines > MOST_INLINE:
            return ()
        return (Lines,) if obj.in_force else (DraftLines,)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("new/", view(self.new), name="desk_draft"),
            path("import/", view(self.take_in), name="desk_import"),
            path("<int:pk>/check/", view(self.check_draft), name="desk_check"),
            path("<int:pk>/draft/", view(self.new), name="desk_draft_of"),
            path("<int:pk>/force/", view(self.force), name="desk_force"),
            path("<int:pk>/remove/", view(self.remove), name="desk_remove"),
            path("<int:pk>/export/<str:form>/", view(self.export), name="desk_export"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        more = {
            "most_inline": MOST_INLINE,
            "show_save_and_add_another": False,
            **choices_of_lines(local_day(now())),
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        locked = DirectoryVersion.objects.select_for_update().get(pk=obj.pk)
        if locked.in_force:
            # Somebody put it in force while its lines were being changed here.
            raise PermissionDenied
        obj.save(update_fields=["version"])

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        lines = formset.save(commit=False)
        for line in formset.deleted_objects:
            line.delete()
        number = _last_number(form.instance)
        for line in lines:
            if not line.number:
                number += 1
                line.number = number
            line.save()
        formset.save_m2m()

    @admin.display(description=_("state"))
    def state(self, version: DirectoryVersion) -> str:
        return gettext("in force") if version.in_force else gettext("draft")

    @admin.display(description=_("lines"))
    def n_lines(self, version: Any) -> int:
        return int(version.lines)

    def new(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """A new draft, of another version or empty."""
        source = get_object_or_404(DirectoryVersion, pk=pk) if pk else None
        form = NameForm(request.POST or None)
        if form.is_valid():
            try:
                made = make_draft(
                    name=form.cleaned_data["name"], source=source, by=actor(request), as_of=now()
                )
            except Refusal as error:
                form.add_error(None, refused(error, form.fields))
            else:
                return self._made(request, made)
        title = gettext("New draft of %(version)s") % {"version": source} if source else ""
        return self._page(request, title or gettext("New empty draft"), form)

    def take_in(self, request: HttpRequest) -> HttpResponse:
        """A new draft from a spreadsheet; its mistakes with their lines."""
        form = ImportForm(request.POST or None, request.FILES or None)
        problems: tuple[str, ...] = ()
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                made = import_draft(
                    name=form.cleaned_data["name"],
                    file_name=file.name,
                    content=file.read(),
                    by=actor(request),
                    as_of=now(),
                )
            except Refusal as error:
                form.add_error(None, refused(error, form.fields))
            except InputError as error:
                problems = tuple(map(told, error.problems))
            else:
                return self._made(request, made)
        return self._page(request, gettext("Import a spreadsheet"), form, problems=problems)

    def check_draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What is wrong with a version today, or on its first day."""
        version = get_object_or_404(DirectoryVersion, pk=pk)
        today = local_day(now())
        findings, wrong = self._findings(version, max(today, version.valid_from or today))
        title = gettext("Check of %(version)s") % {"version": version}
        return self._page(request, title, None, version, findings=findings, problems=wrong)

    def force(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put a draft in force, after what is wrong with it was shown."""
        draft = get_object_or_404(DirectoryVersion, pk=pk, in_force=False)
        begins = local_day(now()) + timedelta(days=1)
        form = ForceForm(request.POST or None, initial={"valid_from": begins})
        if form.is_valid():
            try:
                made = put_in_force(
                    directory_id=draft.pk, by=actor(request), as_of=now(), **form.cleaned_data
                )
            except Refusal as error:
                form.add_error(None, refused(error, form.fields))
            else:
                self.log_change(request, made, gettext("put in force"))
                said = gettext("In force from %(day)s.") % {"day": made.valid_from}
                self.message_user(request, said, messages.SUCCESS)
                return HttpResponseRedirect(self._address("change", made.pk))
        findings, wrong = self._findings(draft, begins)
        title = gettext("Put %(version)s in force") % {"version": draft}
        return self._page(
            request, title, form, draft,
            findings=[one for one in findings if one["stops"]], problems=wrong,
            button=gettext("Put in force"),
        )  # fmt: skip

    def remove(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Remove a draft, once it was asked."""
        draft = get_object_or_404(DirectoryVersion, pk=pk, in_force=False)
        form = forms.Form(request.POST if request.method == "POST" else None)
        if form.is_valid():
            self.log_deletions(request, DirectoryVersion.objects.filter(pk=pk))
            remove_draft(directory_id=pk, by=actor(request))
            return HttpResponseRedirect(self._address("changelist"))
        title = gettext("Remove the draft %(version)s") % {"version": draft}
        return self._page(request, title, form, draft, button=gettext("Remove"))

    def export(self, request: HttpRequest, pk: int, form: str) -> HttpResponse:
        """A version as a spreadsheet, its headers in the page's language."""
        version = get_object_or_404(DirectoryVersion, pk=pk)
        suffix = XLSX if form == "xlsx" else CSV
        content = directory_table(version, suffix=suffix, language=lang())
        if suffix == CSV:
            # The spreadsheet programs of offices take a file without it for GB18030.
            content = b"\xef\xbb\xbf" + content
        name = version.version if version.in_force else f"draft-{version.pk}"
        headers = {"Content-Disposition": f'attachment; filename="directory-{name}{suffix}"'}
        return HttpResponse(content, content_type=TYPES[suffix], headers=headers)

    def _findings(
        self, version: DirectoryVersion, day: Any
    ) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        """What is wrong, in the page's language; mistakes of single lines where there are any."""
        try:
            findings = findings_of(version, day)
        except Invalid as error:
            return [], (error.said(),)
        except InputError as error:
            return [], tuple(map(told, error.problems))
        return [_shown(finding, bool(stopping([finding]))) for finding in findings], ()

    def _made(self, request: HttpRequest, draft: DirectoryVersion) -> HttpResponse:
        self.log_addition(request, draft, gettext("draft"))
        said = gettext("%(version)s: a draft of %(n)s lines. Nothing is sent by it yet.")
        values = {"version": draft, "n": draft.entries.count()}
        self.message_user(request, said % values, messages.SUCCESS)
        return HttpResponseRedirect(self._address("change", draft.pk))

    def _address(self, page: str, *keys: int) -> str:
        return reverse(f"admin:cases_directoryversion_{page}", args=keys)

    def _page(
        self,
        request: HttpRequest,
        title: str,
        form: forms.Form | None,
        version: DirectoryVersion | None = None,
        **more: Any,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "version": version,
            "media": self.media + form.media if form else self.media,
            **more,
        }
        return TemplateResponse(request, "admin/desk_form.html", context)


@admin.register(DirectoryEntry)
class EntryAdmin(LineWords, ClosedAdmin):
    """The lines of all versions, to be found and, in drafts, changed one by one."""

    form = EntryForm
    list_display = ("directory", *SHOWN)
    list_display_links = ("number",)
    list_filter = ("directory", "category_1")
    list_select_related = ("directory",)
    search_fields = ("category_2", "category_3", "place", "unit", "assist_units", "note")
    sortable_by = ()
    fields = ("directory", "number", *COLUMNS)
    change_form_template = "admin/desk_entry.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        # Reached from the version.
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and (obj is None or not obj.directory.in_force)

    has_delete_permission = has_change_permission

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("directory", "number") if obj else ("number",)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **more: Any) -> Any:
        if db_field.name == "directory":
            more["queryset"] = DirectoryVersion.objects.filter(in_force=False)
        return super().formfield_for_foreignkey(db_field, request, **more)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "",
        extra_context: Any = None,
    ) -> Any:  # fmt: skip
        more = choices_of_lines(local_day(now()))
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), **more}
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self._require_draft(obj)
        if not obj.number:
            obj.number = _last_number(obj.directory) + 1
        obj.save()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._require_draft(obj)
        obj.delete()

    def _require_draft(self, entry: DirectoryEntry) -> None:
        locked = DirectoryVersion.objects.select_for_update().get(pk=entry.directory_id)
        if locked.in_force:
            raise PermissionDenied


def _last_number(directory: DirectoryVersion) -> int:
    """The number of a version's last line; a file's first line is its header."""
    return directory.entries.aggregate(last=Max("number"))["last"] or 1


def _shown(finding: Finding, stops: bool) -> dict[str, Any]:
    words = lang()
    kind = "hole" if finding.sort == "hole" else "error" if finding.is_error else "note"
    return {
        "kind": kind,
        "what": finding.what[words],
        "remedy": finding.remedy[words],
        "stops": stops,
    }
