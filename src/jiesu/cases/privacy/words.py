"""What a free text may be: the one check of all words that people write.

Leaves out where the words are kept (`record_words`) and how they are sealed (`vault`).
"""

import re

from jiesu.cases.refusals import Invalid
from jiesu.core.texts import Text

MAX_WORDS = 20_000

_NONE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL takes no NUL, and no surrogate is a character."""


def checked_words(field: str, text: str, *, required: bool = True, longest: int = MAX_WORDS) -> str:
    """The text without blanks at its ends. Raises Invalid, which names the field.

    A text that is `required` holds more than blanks; `longest` is in characters.
    """
    wrong = fault_of(text, longest)
    if wrong is None and required and not text.strip():
        wrong = Text("say something here: it may not be empty")
    if wrong is not None:
        raise Invalid({field: wrong})
    return text.strip()


def fault_of(text: str, longest: int = MAX_WORDS) -> Text | None:
    """What is wrong with a text, in words that do not repeat it; `None` where nothing is."""
    if len(text) > longest:
        return Text("longer than {most} characters: shorten it", most=longest)
    if _NONE.search(text):
        return Text("holds a character that is none: remove it")
    return None
