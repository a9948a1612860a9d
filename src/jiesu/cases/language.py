"""The language of the page or the request, and texts as they are said in it."""

from django.utils.translation import get_language, gettext

from jiesu.core.problems import Problem
from jiesu.core.texts import Text
from jiesu.core.worktime import Lang


def lang() -> Lang:
    """The language in which somebody is answered, as the words of rules know it."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def said(text: Text) -> str:
    """A text in that language."""
    return text.said(lang(), gettext)


def told(problem: Problem) -> str:
    """A mistake in an input in that language; in English what has no other words."""
    *place, what, remedy = map(_in_words, (*problem.place, problem.what, problem.remedy))
    if lang() == "en":
        return f"{', '.join(place)}: {what}; {remedy}"
    return f"{'，'.join(place)}：{what}；{remedy}。"


def _in_words(text: str) -> str:
    return said(text) if isinstance(text, Text) else text
