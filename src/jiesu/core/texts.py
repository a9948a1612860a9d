"""Texts for people: in English, and ready to be said in another language.

A text is its English, values and all, wherever a string is wanted: in a log, on the command line.
Each that the code writes has its Chinese in the desk's catalogue (tools/messages.py).
"""

from collections.abc import Callable, Mapping
from typing import Self

from jiesu.core.worktime import Lang


class Text(str):
    """A text in English, made of a template and the values in it: `Text("at most {n}", n=9)`.

    A value may be a text itself, or a function of the language where its words depend on it.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> Self:
        """A text. Templates without values are taken as they are, braces too."""
        text = super().__new__(cls, _filled(template, values, "en", str))
        text.template, text.values = template, values
        return text

    def filled(self, **values: object) -> Self:
        """The text with values, where it was made without them."""
        return type(self)(self.template, **values)

    def said(self, lang: Lang, translated: Callable[[str], str]) -> str:
        """The text in a language, of which `translated` gives the templates."""
        return _filled(translated(self.template), self.values, lang, translated)


def _filled(
    template: str, values: Mapping[str, object], lang: Lang, translated: Callable[[str], str]
) -> str:
    if not values:
        return template
    return template.format(**{key: _said(one, lang, translated) for key, one in values.items()})


def _said(value: object, lang: Lang, translated: Callable[[str], str]) -> object:
    if isinstance(value, Text):
        return value.said(lang, translated)
    return value(lang) if callable(value) else value
