"""The documents' words in Chinese and English, by key.

Both catalogues have the same keys and the same placeholders (a test holds that). Titles of
groups, rates and lists come from the policy and are not here.
"""

from collections.abc import Mapping

from jiesu.briefing import (
    words_air,
    words_checkup,
    words_editions,
    words_index,
    words_measures,
    words_meeting,
    words_reports,
    words_topics,
)
from jiesu.briefing.words_en import EN
from jiesu.briefing.words_zh import ZH

PARTS: tuple[tuple[Mapping[str, str], Mapping[str, str]], ...] = (
    (ZH, EN),
    (words_meeting.ZH, words_meeting.EN),
    (words_air.ZH, words_air.EN),
    (words_checkup.ZH, words_checkup.EN),
    (words_measures.ZH, words_measures.EN),
    (words_editions.ZH, words_editions.EN),
    (words_index.ZH, words_index.EN),
    (words_topics.ZH, words_topics.EN),
    (words_reports.ZH, words_reports.EN),
)
"""Chinese and English words of each kind of document; every key stands in one part only."""

CATALOGUES: Mapping[str, Mapping[str, str]] = {
    "zh": {key: word for zh, _ in PARTS for key, word in zh.items()},
    "en": {key: word for _, en in PARTS for key, word in en.items()},
}


class Words:
    """The words of one language; call it with a key and the placeholders' values."""

    def __init__(self, lang: str) -> None:
        if lang not in CATALOGUES:
            raise ValueError(f"no bulletin in the language {lang!r}; use one of: zh, en")
        self.lang = lang
        self._catalogue = CATALOGUES[lang]

    def __call__(self, key: str, **values: object) -> str:
        return self._catalogue[key].format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """The word of a key that data brought, or what stands for it where there is none."""
        return self._catalogue.get(key, otherwise)

    def ui(self) -> dict[str, str]:
        """The few words that a page needs for itself, see `document.Content`."""
        return {key: self(f"ui.{key}") for key in ("skip", "contents", "top", "source")}

    def title(self, titles: Mapping[str, str], otherwise: str) -> str:
        """A title that policy or city gives in several languages, in this one if it is there."""
        return titles.get(self.lang) or next(iter(titles.values()), otherwise) or otherwise
