"""The language of the page or the request, and texts as they are said in it."""

from django.utils.translation import get_language, gettext

from jiesu.core.texts import Text
from jiesu.core.worktime import Lang


def lang() -> Lang:
    """The language in which somebody is answered, as the words of rules know it."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def said(text: Text) -> str:
    """A text in that language."""
    return text.said(lang(), gettext)
