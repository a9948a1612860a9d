"""Search terms of a text: what an index holds so that a part of the text finds it.

A term is two neighbouring Chinese characters, or a whole word or number. Terms narrow a search;
`contains` then decides. Leaves out how terms are kept (hashed: `cases.privacy`) and the ranking
of what is found.
"""

import re
import unicodedata
from functools import lru_cache

LONGEST_TEXT = 20_000
"""Characters of a text that are searched; what comes after is not found."""

LONGEST_WORD = 32
"""Characters of a word that count: addresses on the web and the like are cut."""

MOST_QUERY_TERMS = 16
"""Terms of a query that are looked up; `contains` checks the whole query."""

# Written without blanks: Han with 々 and 〇, kana, hangul.
_SCRIPT = (
    "々〇\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U000323af"
)
_RUNS = re.compile(rf"(?P<script>[{_SCRIPT}]+)|[^\W_{_SCRIPT}]+")
_WORD_CHARACTER = re.compile(rf"[^\W_{_SCRIPT}]")
_BLANKS_INSIDE = re.compile(rf"(?<=[{_SCRIPT}])\s+(?=[{_SCRIPT}])")


def normal(text: str) -> str:
    """The form in which texts and queries are compared: NFKC, no case, blanks between Chinese gone.

    Cut at LONGEST_TEXT characters.
    """
    return _BLANKS_INSIDE.sub("", _folded(text))


def terms(text: str) -> frozenset[str]:
    """All terms of a text: pairs of neighbouring Chinese characters, words and numbers."""
    return frozenset(_terms(normal(text)))


def query_terms(query: str) -> tuple[str, ...]:
    """The terms that every text has which contains the query, at most MOST_QUERY_TERMS.

    Empty when there is nothing to look up: a single Chinese character, or signs alone.
    """
    found = (term for part in _parts(query) for term in _terms(part))
    return tuple(dict.fromkeys(found))[:MOST_QUERY_TERMS]


def contains(text: str, query: str) -> bool:
    """Whether every part of the query (between blanks) stands in the text, in normal form.

    A word or number at the edge of a part must be a whole one in the text: 12 is not found in
    2012. A query without a part is contained in nothing.
    """
    parts = _parts(query)
    within = normal(text)
    return bool(parts) and all(_pattern(part).search(within) for part in parts)


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).casefold()
    return unicodedata.normalize("NFKC", folded)[:LONGEST_TEXT]


def _parts(query: str) -> list[str]:
    return _folded(query).split()


def _terms(part: str) -> list[str]:
    found: list[str] = []
    for run in _RUNS.finditer(part):
        word = run[0]
        if run["script"] is None:
            found.append(word[:LONGEST_WORD])
        else:
            found += [word[at : at + 2] for at in range(len(word) - 1)]
    return found


@lru_cache(maxsize=64)
def _pattern(part: str) -> re.Pattern[str]:
    before = rf"(?<![^\W_{_SCRIPT}])" if _WORD_CHARACTER.match(part) else ""
    after = rf"(?![^\W_{_SCRIPT}])" if _WORD_CHARACTER.match(part[-1]) else ""
    return re.compile(before + re.escape(part) + after)
