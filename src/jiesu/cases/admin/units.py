"""The admin's pages of units, places and categories.

A unit is changed by the actions on units, each with the day from which it holds; its history is
shown below it. Places and categories are the city's own lists, changed here or in its folder.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jiesu.cases.actions.units import end_unit, merge_units, move_unit, rename_unit
from jiesu.cases.admin.base import ClosedAdmin, ClosedInline, actor, now, refused
from jiesu.cases.folder.directory_edit import errors_in_force
from jiesu.cases.folder.unit_changes import change_unit, first_row
from jiesu.cases.language import lang
from jiesu.cases.models import Category, Place, Unit, UnitChange
from jiesu.cases.privacy.words import fault_of
from jiesu.cases.refusals import Invalid, Refusal
from jiesu.cases.rulebook import local_day, rules_changed
from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.places import PLACE_KINDS
from jiesu.core.texts import Text

UNIT_KINDS = {
    "district": _("district"),
    "street": _("street or township"),
    "department": _("department"),
    "enterprise": _("enterprise"),
}
PLACE_WORDS = {"district": _("district"), "street": _("street or township"),
               "community": _("community or village")}  # fmt: skip


class _Undone(Exception):
    """Ends a trial: what was done in it is undone."""


@contextmanager
def _trial() -> Iterator[None]:
    """Do something to see whether it is refused, and undo it."""
    try:
        with transaction.atomic():
            yield
            raise _Undone
    except _Undone:
        pass


def _check_fit(row: Model, values: dict[str, Any]) -> None:
    """Raise ValidationError where a directory in force would have errors with a row's new values.

    For a folder that is written with it would not be loaded again.
    """
    for field, value in values.items():
        setattr(row, field, value)
    try:
        row.full_clean()
    except ValidationError:
        return  # The form says that itself.
    today = local_day(now())
    with _trial():
        row.save()
        after = errors_in_force(today)
    before = errors_in_force(today) if after else []
    wrong = [error.what[lang()] for error in after if error not in before]
    if wrong:
        what = gettext("The directory does not fit to this: %s.")
        raise ValidationError([what % one.rstrip(".。") for one in wrong])


def _checked_code(text: str) -> str:
    """A code that lists and the words of directories leave room for."""
    code = text.strip()
    if LIST_SEPARATOR in code or code.startswith(("@", "(", "（")):
        raise ValidationError(_("A code holds no ; and begins neither with @ nor a bracket."))
    return _checked_line(code)


def _checked_line(text: str) -> str:
    """A name on one line that a spreadsheet can hold."""
    if fault_of(text) or any(character < " " for character in text):
        raise ValidationError(_("Write it on one line, without odd characters."))
    return text


class UnitForm(forms.ModelForm):  # type: ignore[type-arg]
    """A unit, with the day from which its changes hold."""

    on = forms.DateField(
        label=_("changes hold from"),
        widget=AdminDateWidget,
        help_text=_("Today or an earlier day; a change is recorded on its day or later."),
    )

    class Meta:
        model = Unit
        fields = ("code", "name", "kind", "parent", "population", "valid_from", "valid_to")

    request: HttpRequest
    """Set by the page: the actions ask who acts."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if "on" in self.fields:
            self.fields["on"].initial = local_day(now())

    def clean_code(self) -> str:
        return _checked_code(str(self.cleaned_data["code"]))

    def clean_name(self) -> str:
        return _checked_line(str(self.cleaned_data["name"]).strip())

    def clean_kind(self) -> str:
        return _checked_line(str(self.cleaned_data["kind"]).strip())

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        begin, end = values.get("valid_from"), values.get("valid_to")
        if begin and end and begin >= end:
            raise ValidationError({"valid_to": _("This is the first day without the unit.")})
        if not self.errors and self.instance.pk:
            try:
                with _trial():
                    self.apply(values)
            except Refusal as error:
                raise refused(error, tuple(self.fields)) from error
        return values

    def apply(self, values: dict[str, Any]) -> None:
        """Make the changes by the actions on units, each of them or none."""
        unit, on, by, as_of = self._before(), values["on"], actor(self.request), now()
        common: dict[str, Any] = {"code": unit.code, "on": on, "by": by, "as_of": as_of}
        with transaction.atomic():
            if values["name"] != unit.name:
                rename_unit(name=values["name"], **common)
            if values["parent"] != unit.parent:
                above = values["parent"]
                move_unit(parent=above.code if above else "", **common)
            if values["valid_to"] != unit.valid_to:
                if values["valid_to"] is None or unit.valid_to is not None:
                    raise Invalid({"valid_to": Text("a unit that has ended does not begin again")})
                end_unit(code=unit.code, on=values["valid_to"], by=by, as_of=as_of)
            merged = Unit.objects.filter(Q(successor=unit) | Q(pk=unit.successor_id))
            if values["kind"] != unit.kind and merged.exclude(kind=values["kind"]).exists():
                raise Invalid({"kind": Text("units are merged into one of their own kind")})
            left = {key: values[key] for key in ("kind", "population", "valid_from")}
            fresh = Unit.objects.get(pk=unit.pk)
            if change_unit(fresh, left, by=by.name, as_of=as_of, on=on):
                rules_changed()

    def _before(self) -> Unit:
        return Unit.objects.select_related("parent").get(pk=self.instance.pk)


class UnitChangeRows(ClosedInline):
    model = UnitChange
    fields = ("on", "field_words", "old", "new", "actor", "at")
    readonly_fields = fields
    ordering = ("-at", "-id")

    @admin.display(description=_("field"))
    def field_words(self, change: UnitChange) -> str:
        field = Unit._meta.get_field(change.field)
        return str(getattr(field, "verbose_name", change.field))


class KindFilter(admin.SimpleListFilter):
    """The kinds that there are."""

    title, parameter_name = _("kind"), "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        kinds = Unit.objects.order_by("kind").values_list("kind", flat=True).distinct()
        return [(kind, UNIT_KINDS.get(kind, kind)) for kind in kinds]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Unit]") -> "QuerySet[Unit]":
        return queryset.filter(kind=self.value()) if self.value() else queryset


class UnitChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Units by code and name: streets of two districts may share a name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} {obj.name}"


class MergeForm(forms.Form):
    """Into which unit, and from which day on."""

    into = UnitChoice(label=_("into"), queryset=Unit.objects.none())
    on = forms.DateField(label=_("first day without them"), widget=AdminDateWidget)

    def __init__(self, kinds: list[str], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        into = cast(UnitChoice, self.fields["into"])
        into.queryset = Unit.objects.filter(kind__in=kinds, valid_to=None).order_by("code")


@admin.register(Unit)
class UnitAdmin(ClosedAdmin):
    """Units; they are never deleted, but end or are merged."""

    form = UnitForm
    list_display = ("code", "name", "kind_words", "parent", "population", "valid_from", "valid_to",
                    "successor")  # fmt: skip
    list_display_links = ("code", "name")
    list_filter = (KindFilter,)
    list_select_related = ("parent", "successor")
    search_fields = ("code", "name")
    autocomplete_fields = ("parent",)
    inlines = (UnitChangeRows,)
    actions = ("merge",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code", "successor") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        own = ("code", "name", "kind", "parent", "population", "valid_from")
        return (*own, "valid_to", "successor", "on") if obj else (*own, "on")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **more: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **more)
        return type("UnitPageForm", (form,), {"request": request})

    def save_model(self, request: HttpRequest, obj: Unit, form: Any, change: bool) -> None:
        if change:
            form.apply(form.cleaned_data)
            return
        obj.save()
        by, on = actor(request).name, form.cleaned_data["on"]
        first_row(obj, by=by, as_of=now(), on=on).save()
        rules_changed()

    @admin.display(description=_("kind"), ordering="kind")
    def kind_words(self, unit: Unit) -> str:
        return str(UNIT_KINDS.get(unit.kind, unit.kind))

    @admin.action(description=_("Merge into another unit"), permissions=("change",))
    def merge(self, request: HttpRequest, queryset: "QuerySet[Unit]") -> HttpResponse | None:
        """Ask into which unit; then everything open goes to it, and the units end."""
        units = list(queryset.order_by("code"))
        kinds = sorted({unit.kind for unit in units})
        form = MergeForm(
            kinds,
            request.POST if "into" in request.POST else None,
            initial={"on": local_day(now())},
        )
        if form.is_bound and form.is_valid():
            into, on = form.cleaned_data["into"], form.cleaned_data["on"]
            codes = [unit.code for unit in units]
            try:
                merge_units(codes=codes, into=into.code, on=on, by=actor(request), as_of=now())
            except Refusal as error:
                form.add_error(None, refused(error))
            else:
                for unit in units:
                    self.log_change(request, unit, [{"changed": {"fields": ["successor"]}}])
                said = gettext("%(units)s: merged into %(into)s.")
                values = {"units": ", ".join(map(str, units)), "into": into}
                self.message_user(request, said % values, messages.SUCCESS)
                return None
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Merge into another unit"),
            "opts": self.opts,
            "units": units,
            "form": form,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/desk_merge.html", context)


class PlaceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A place, which lies in one of a larger kind."""

    kind = forms.ChoiceField(label=_("kind"), choices=[*PLACE_WORDS.items()])

    class Meta:
        model = Place
        fields = ("code", "name", "kind", "parent", "unit")

    def clean_code(self) -> str:
        return _checked_code(str(self.cleaned_data["code"]))

    def clean_name(self) -> str:
        return _checked_line(str(self.cleaned_data["name"]).strip())

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        kind, parent = values.get("kind"), values.get("parent")
        if kind and parent and not _is_larger(parent.kind, kind):
            what = _("Communities lie in streets or districts, streets in districts.")
            raise ValidationError({"parent": what})
        below = Place.objects.filter(parent=self.instance.pk) if self.instance.pk else ()
        if kind and not all(_is_larger(kind, place.kind) for place in below):
            raise ValidationError({"kind": _("Places lie in this one that would be too large.")})
        if not self.errors:
            row = Place.objects.filter(pk=self.instance.pk).first() or Place()
            _check_fit(row, values)
        return values


def _is_larger(kind: str, other: str) -> bool:
    return PLACE_KINDS.index(kind) < PLACE_KINDS.index(other)


class _ListAdmin(ClosedAdmin):
    """A list of the city's own: rows are added and changed, never deleted; the rules are told."""

    fixed: tuple[str, ...] = ()
    """Fields that do not change once the row is there."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fixed if obj else ()

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        obj.save()
        rules_changed()


@admin.register(Place)
class PlaceAdmin(_ListAdmin):
    """Places, and which unit answers for each."""

    form = PlaceForm
    fixed = ("code",)
    list_display = ("code", "name", "kind_words", "parent", "unit")
    list_display_links = ("code", "name")
    list_select_related = ("parent", "unit")
    search_fields = ("code", "name")
    autocomplete_fields = ("parent", "unit")

    @admin.display(description=_("kind"), ordering="kind")
    def kind_words(self, place: Place) -> str:
        return str(PLACE_WORDS.get(place.kind, place.kind))


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]
    """A category: its levels from the first on, its labels on one line."""

    class Meta:
        model = Category
        fields = ("category_1", "category_2", "category_3", "labels", "active")

    def clean_labels(self) -> str:
        text = str(self.cleaned_data["labels"]).replace("；", LIST_SEPARATOR)
        labels = (label.strip() for label in text.split(LIST_SEPARATOR))
        return _checked_line(LIST_SEPARATOR.join(dict.fromkeys(filter(None, labels))))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        levels = [values.get(f"category_{level}") for level in (1, 2, 3)]
        for level, name in enumerate(levels, start=1):
            if name and (name.strip() != name or "*" in name):
                raise ValidationError({f"category_{level}": _("'*' is no name.")})
            if name:
                _checked_line(name)
        if levels[2] and not levels[1]:
            raise ValidationError({"category_2": _("Name the levels from the first on.")})
        if not self.errors:
            row = Category.objects.filter(pk=self.instance.pk).first() or Category()
            _check_fit(row, values)
        return values


@admin.register(Category)
class CategoryAdmin(_ListAdmin):
    """The category tree; what is no longer in use is not offered any more."""

    form = CategoryForm
    fixed = ("category_1", "category_2", "category_3")
    list_display = ("__str__", "labels", "active")
    list_filter = ("active", "category_1")
    search_fields = ("category_1", "category_2", "category_3", "labels")
