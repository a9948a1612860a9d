"""The form of one line of the directory: what a line may say, with the codes that there are.

Words stand for the units of the place, as in a spreadsheet. Leaves out what is wrong with a
directory as a whole (`core.directory_check`).
"""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jiesu.cases.admin.base import now
from jiesu.cases.folder.directory_rows import entry_of
from jiesu.cases.language import lang, said
from jiesu.cases.models import DirectoryEntry
from jiesu.cases.rulebook import Rulebook, local_day, rulebook
from jiesu.city.directory_file import UNIT_WORDS, VIA_WORDS
from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.category_tree import depth_of
from jiesu.core.desk import DeskRules
from jiesu.core.directory import VIA, WORDS, mistakes_of
from jiesu.core.texts import Text

_READ = {word: code for words in UNIT_WORDS.values() for code, word in words.items()}

SUGGESTED = {
    "category_1": "desk-category-1",
    "category_2": "desk-category-2",
    "category_3": "desk-category-3",
    "place": "desk-places",
    "unit": "desk-units",
    "assist_units": "desk-units",
    "note": "",
}
"""Fields for which the page has a list of what there is."""


def choices_of_lines(day: date) -> dict[str, Any]:
    """What the page offers while a line is written: units, places and categories."""
    book = rulebook()
    words = UNIT_WORDS[lang()]
    tree = book.categories
    units = [(words[code], "") for code in WORDS]
    units += [(unit.code, unit.name) for unit in book.units.values()]
    return {
        "units": units,
        "places": [(place.code, place.name) for place in book.places if place.kind != "community"],
        "levels": [
            sorted({category.levels[level] for category in tree if category.levels[level]})
            for level in range(3)
        ],
        "day": day,
    }


def rules_today() -> DeskRules:
    """The desk's rules in force."""
    return rulebook().desk_on(local_day(now()))[1]


def named(code: str) -> str:
    """A unit's or a place's code with its name; a word for units as people write it."""
    words = UNIT_WORDS[lang()]
    if code in words:
        return words[code]
    name = rulebook().names.get(code)
    return f"{code} {name}" if name else code


class EntryForm(forms.ModelForm):  # type: ignore[type-arg]
    """A line of a draft."""

    kind = forms.ChoiceField(label=_("kind of demand"), required=False)
    via = forms.ChoiceField(label=_("by way of"))
    limit = forms.ChoiceField(label=_("time limit"), required=False)

    class Meta:
        model = DirectoryEntry
        fields = (
            "directory", "category_1", "category_2", "category_3", "place", "kind", "unit",
            "assist_units", "via", "limit", "note",
        )  # fmt: skip

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name, suggestions in SUGGESTED.items():
            attributes = {"class": "desk-short"} | ({"list": suggestions} if suggestions else {})
            self.fields[name].widget = forms.TextInput(attrs=attributes)
        self.book = rulebook()
        words, rules = lang(), rules_today()
        kinds = [(one.key, one.title[words]) for one in rules.kinds]
        limits = [(one.key, one.title[words]) for one in rules.limits.values()]
        self._offer("kind", [("", gettext("any")), *kinds])
        self._offer("limit", [("", gettext("usual")), *limits])
        self._offer("via", [(via, VIA_WORDS[words][via]) for via in VIA])
        for name in ("unit", "assist_units"):
            codes = str(self.initial.get(name, "")).split(LIST_SEPARATOR)
            shown = (UNIT_WORDS[words].get(code, code) for code in codes)
            self.initial[name] = LIST_SEPARATOR.join(shown)

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        """The choices of a field; what a line says already is kept, known or not."""
        if name not in self.fields:
            return
        said = str(self.initial.get(name, "") or "")
        if said and said not in dict(choices):
            choices.append((said, said))
        field: Any = self.fields[name]
        field.choices = choices

    def clean_unit(self) -> str:
        return _code(str(self.cleaned_data["unit"]))

    def clean_assist_units(self) -> str:
        text = str(self.cleaned_data["assist_units"]).replace("；", LIST_SEPARATOR)
        return LIST_SEPARATOR.join(filter(None, map(_code, text.split(LIST_SEPARATOR))))

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        entry = entry_of(self.instance)
        for column, what, remedy in mistakes_of(entry):
            self.add_error(column, said(Text("{what}; {remedy}", what=what, remedy=remedy)))
        if not self.errors:
            self._compare(entry_of(self.instance), self.book)

    def _compare(self, entry: Any, book: Rulebook) -> None:
        """Refuse codes that there are not; the whole is checked before it is put in force."""
        if depth_of(entry.category) and not book.categories.knows(entry.category):
            column = f"category_{depth_of(entry.category)}"
            self.add_error(column, ValidationError(_("This is not in the category tree.")))
        place = book.places.by_code.get(entry.place)
        if entry.place and (place is None or place.kind == "community"):
            self.add_error("place", ValidationError(_("No street and no district has this code.")))
        for column, codes in (("unit", (entry.unit,)), ("assist_units", entry.assist_units)):
            wrong = [code for code in codes if code not in book.units and code not in WORDS]
            if wrong:
                text = gettext("No unit has the code %(code)s.") % {"code": wrong[0]}
                self.add_error(column, ValidationError(text))


def _code(text: str) -> str:
    """A unit's code; of a word for units the one that stands for it."""
    text = text.strip()
    return _READ.get(text, text)
