"""The newest cases that match a search: as fast among a million cases as among ten thousand.

A search walks one index from its newest case down, the one that promises the fewest cases, and
looks at what it finds there; after `MOST_LOOKED` it stops and says where to go on. So no search
reads a whole table. Words are looked up by keyed hashes of their terms (`SearchTerm`) and found
again in the opened text. Leaves out how the index is filled (`search_index`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Min, QuerySet

from jiesu.cases.actor import Actor
from jiesu.cases.keyset import Branch, merged
from jiesu.cases.models import Callback, Case, CasePrivate, Category, Place, SearchTerm, Unit
from jiesu.cases.privacy.disclosure import sees_all_callers, sees_caller
from jiesu.cases.privacy.personal import SealedError, term_hashes
from jiesu.cases.privacy.vault import caller_hashes, name_hashes, ring, text_of
from jiesu.cases.refusals import Forbidden, Invalid
from jiesu.cases.rulebook import rulebook
from jiesu.cases.scopes import (
    ASKED,
    may,
    own_units,
    reached_cases,
    sees_city,
    visible_cases,
    with_merged,
)
from jiesu.core import terms
from jiesu.core.masking import mask_digits_in
from jiesu.core.texts import Text

MOST_LOOKED = 2_000
"""So many entries of an index one search looks at."""

MOST_FOUND = 100
RARITY = 64
"""How common a term is, is judged by how far down its 64th newest case lies."""

BREAK = "\ue000"
"""Between title and body: no term and no part of a query reaches across it."""


def search_text(title: str, body: str) -> str:
    """The text of a case in which words are searched."""
    return f"{title}{BREAK}{body}"


def index_terms(title: str, body: str) -> frozenset[str]:
    """The terms of a case that the index must hold, each as its hash (`personal.term_hashes`)."""
    return terms.terms(search_text(title, body))


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What is asked for; empty is any. `place` is a district, a street or a community.

    `phone` and `name` are whole ones; `urgent` asks for urgent ones, or for the others.
    `created_from <= created_at < created_to`.
    """

    number: str = ""
    phone: str = ""
    name: str = ""
    words: str = ""
    place: str = ""
    category_1: str = ""
    category_2: str = ""
    category_3: str = ""
    state: str = ""
    unit: str = ""
    urgent: bool | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Cases, the newest first. `before` is where to go on; `None` where there are no more.

    A page may be short, even empty, and have a `before`: the search has looked long enough.
    """

    cases: tuple[Case, ...]
    before: int | None


@dataclass(frozen=True, slots=True)
class Entries:
    """Rows of one key of an index that a walk goes down: those of `rows`, by their case's key.

    `term` is the hash of the term that they all have, where it is the index of terms.
    """

    rows: QuerySet[Any]
    case: str = "pk"
    term: int | None = None

    def below(self, before: int | None) -> Branch:
        rows = self.rows if before is None else self.rows.filter(**{f"{self.case}__lt": before})
        return rows.order_by(f"-{self.case}").values_list(self.case)


Walk = tuple[Entries, ...]
"""Entries that are gone down together: of the streets of a district, say."""


def newest_cases(
    actor: Actor, search: Search | None = None, *, before: int | None = None, limit: int = 20
) -> Found:
    """The newest cases that an actor may see and that match a search, below the key `before`.

    Words are searched in the texts that the actor may reveal. Raises Invalid for words without
    anything to look up, Forbidden for words from a role that may read no texts.
    """
    search = search or Search()
    limit = max(1, min(limit, MOST_FOUND))
    if search.words and not may(actor, "reveal"):
        # That a case is found by them would say what was said.
        text = Text(
            "your role may not read what was said, and so not search in it: leave the words out"
        )
        raise Forbidden("not_permitted", text)
    if search.words and not terms.query_terms(search.words):
        raise Invalid({"words": Text("give two Chinese characters that stand together, or a word")})
    lookup = _lookup(search.words)
    cases = _matching(actor, search)
    before, floor = _span(search, before)
    walk = _rarest(_walks(actor, search, lookup), before)
    # What the walk goes down need not be looked up again.
    walked = {entries.term for entries in walk}
    lookup = [hashes for hashes in lookup if walked.isdisjoint(hashes)]
    found: list[Case] = []
    # What all matches is read once; where little does, the stretches grow.
    n_looked, size = 0, limit + 1
    while n_looked < MOST_LOOKED and (before is None or before > floor):
        keys, down_to = _stretch(walk, before, size)
        having = _with_terms(keys, lookup)
        for case in _opened(actor, cases, having, search, limit + 1):
            if len(found) == limit:
                return Found(tuple(found), found[-1].pk)
            found.append(case)
        if down_to is None:
            return Found(tuple(found), None)
        before, n_looked = down_to, n_looked + size
        size = min(size * 4, MOST_LOOKED)
    return Found(tuple(found), before if before is not None and before > floor else None)


def _stretch(walk: Walk, before: int | None, n: int) -> tuple[list[int], int | None]:
    """The next keys of a walk, falling; and down to where it has looked, `None` at its end."""
    keys = merged([entries.below(before) for entries in walk], n, descending=True)
    return list(dict.fromkeys(keys)), keys[-1] if len(keys) == n else None


def _rarest(walks: list[Walk], before: int | None) -> Walk:
    """The walk that reaches deepest with its first entries: the one that meets the fewest cases."""
    if len(walks) == 1:
        return walks[0]
    return min(walks, key=lambda walk: _stretch(walk, before, RARITY)[1] or 0)


def _opened(
    actor: Actor, cases: QuerySet[Case], keys: Sequence[int], search: Search, n: int
) -> Iterator[Case]:
    """Those of the keys whose cases match, the newest first; words are looked for in the text.

    `n` are read at once.
    """
    words, levels = search.words, _levels(search)
    for start in range(0, len(keys), n):
        chunk = keys[start : start + n]
        found = cases.filter(pk__in=chunk).select_related("unit", "place").order_by()
        # The category is looked at here: asked for it too, SQLite reads all that have it instead of
        # the few that have these keys.
        of_category = (
            case for case in found if all(getattr(case, key) == levels[key] for key in levels)
        )
        some = sorted(of_category, key=lambda case: -case.pk)
        # Read apart: joined, PostgreSQL may read the whole table of the texts for fifty cases.
        texts = CasePrivate.objects.in_bulk([case.pk for case in some]) if words else {}
        for case in some:
            if not words or _says(actor, case, texts[case.pk], words):
                yield case


def _says(actor: Actor, case: Case, private: CasePrivate, words: str) -> bool:
    """Whether the words stand in a case's text as the actor may reveal it.

    Not in one that does not open any more.
    """
    try:
        text = search_text(*text_of(case, private))
    except SealedError:
        return False
    return terms.contains(text if sees_caller(actor, case) else mask_digits_in(text), words)


def _lookup(words: str) -> list[tuple[int, ...]]:
    """Each term that all texts with these words have: its hash under every key of the ring."""
    keys = ring().keys["hash"]
    return [
        tuple(term_hashes(ring(), [term], key_id=key.id)[0] for key in keys)
        for term in terms.query_terms(words)
    ]


def _with_terms(keys: list[int], lookup: list[tuple[int, ...]]) -> list[int]:
    """Those of the keys whose cases have all terms, in their order.

    During a rotation each case has its terms under one key of the ring.
    """
    if not lookup:
        return keys
    having: set[int] = set()
    for hashes in zip(*lookup, strict=True):
        left = set(keys)
        for term in hashes:
            if left:
                rows = SearchTerm.objects.filter(term=term, case_id__in=sorted(left))
                left = set(rows.values_list("case_id", flat=True))
        having |= left
    return [key for key in keys if key in having]


def _walks(actor: Actor, search: Search, lookup: list[tuple[int, ...]]) -> list[Walk]:
    """The walks that meet every case that matches."""
    cases = Case.objects.all()
    if search.number:
        return [(Entries(cases.filter(number=search.number)),)]
    walks: list[Walk] = []
    if search.phone:
        # An index without the empty ones is used where the query leaves them out too.
        known = cases.exclude(caller="")
        phones = caller_hashes(search.phone)
        walks.append(tuple(Entries(known.filter(caller=one)) for one in phones))
    if search.name:
        named = CasePrivate.objects.exclude(name_hash="")
        names = name_hashes(search.name)
        walks.append(tuple(Entries(named.filter(name_hash=one), "case_id") for one in names))
    for hashes in lookup:
        found = ((SearchTerm.objects.filter(term=one), one) for one in hashes)
        walks.append(tuple(Entries(rows, "case_id", one) for rows, one in found))
    if search.place:
        walks.append(tuple(Entries(cases.filter(place=one)) for one in _places(search.place)))
    if any(levels := _levels(search)):
        walks.append(tuple(Entries(cases.filter(**one)) for one in _categories(levels)))
    if search.unit:
        units = Unit.objects.filter(code=search.unit)
        walks.append(tuple(Entries(cases.filter(unit=unit.pk)) for unit in units))
    if search.urgent:
        walks.append((Entries(cases.filter(urgent=True)),))
    if not sees_city(actor):
        walks.append(_own(actor))
    if search.state:
        walks.append((Entries(cases.filter(state=search.state)),))
    return walks or [(Entries(cases),)]


def _own(actor: Actor) -> Walk:
    """The cases that an actor sees who does not see the city's.

    Received, led or, by the first call-back, judged as a unit of its own, or asked about.
    """
    unit = actor.unit_id
    if unit is None:
        return (Entries(Case.objects.filter(received_by=actor.user)),)
    own = own_units(actor)
    led = (Entries(Case.objects.filter(unit=one)) for one in own)
    first = Callback.objects.filter(round=1)
    judged = (Entries(first.filter(unit=one), "case_id") for one in own)
    asked = (
        Entries(one.rows([of]), f"{one.case}_id")
        for one in ASKED.values()
        for of in with_merged(unit)
    )
    return (*led, *judged, *asked)


def _places(code: str) -> list[int]:
    """The keys of a place as cases bear it: a district's with its streets', a community's street.

    A case's `place` is a street or a district; its community is looked at beside it.
    """
    book = rulebook()
    if code not in book.places:
        return []
    codes = {code}
    if book.places[code].kind == "community":
        codes = {place.code for place in book.places.upward(code)} - codes
    elif book.places[code].kind == "district":
        codes |= set(book.places.children(code))
    return sorted(book.place_ids[one] for one in codes)


def _levels(search: Search) -> dict[str, str]:
    levels = ("category_1", "category_2", "category_3")
    return {level: getattr(search, level) for level in levels if getattr(search, level)}


def _categories(levels: Mapping[str, str]) -> list[dict[str, str]]:
    """The categories that a case may have at or below the named levels, in full."""
    found: dict[tuple[str, str, str], None] = {}
    for first, second, third in Category.objects.filter(**levels).values_list(
        "category_1", "category_2", "category_3"
    ):
        # A case may also have been given the category above alone.
        for one in ((first, second, third), (first, second, ""), (first, "", "")):
            found[one] = None
    names = ("category_1", "category_2", "category_3")
    rows = [dict(zip(names, one, strict=True)) for one in found]
    return [row for row in rows if all(row[level] == name for level, name in levels.items())]


def _matching(actor: Actor, search: Search) -> QuerySet[Case]:
    """The cases that match in all but words and category: what a walk's keys are held against."""
    cases = reached_cases(actor, "reveal") if search.words else visible_cases(actor)
    if search.number:
        cases = cases.filter(number=search.number)
    if (search.phone or search.name) and not sees_all_callers(actor):
        # That it is found by them would say whose it is.
        cases = cases.filter(confidential=False)
    if search.phone:
        cases = cases.filter(caller__in=caller_hashes(search.phone))
    if search.name:
        cases = cases.filter(private__name_hash__in=name_hashes(search.name))
    if search.unit:
        cases = cases.filter(unit__code=search.unit)
    if search.state:
        cases = cases.filter(state=search.state)
    if search.created_from is not None:
        cases = cases.filter(created_at__gte=search.created_from)
    if search.created_to is not None:
        cases = cases.filter(created_at__lt=search.created_to)
    return _of_place(cases, search)


def _of_place(cases: QuerySet[Case], search: Search) -> QuerySet[Case]:
    """Those of the cases that lie where a search asks, and are as urgent."""
    if search.urgent is not None:
        cases = cases.filter(urgent=search.urgent)
    if not search.place:
        return cases
    community = Place.objects.filter(code=search.place, kind="community").first()
    if community is not None:
        return cases.filter(community=community)
    return cases.filter(place__in=_places(search.place))


def lying(cases: QuerySet[Case], search: Search) -> QuerySet[Case]:
    """Those of the cases that have the place, the category and the urgency of a search."""
    return _of_place(cases, search).filter(**_levels(search))


def _span(search: Search, before: int | None) -> tuple[int | None, int]:
    """Below which key to begin, and at which to end, by when the cases asked for came in."""
    span: dict[str, datetime] = {}
    if search.created_from is not None:
        span["created_at__gte"] = search.created_from
    if search.created_to is not None:
        span["created_at__lt"] = search.created_to
    if not span:
        return before, 0
    ends = Case.objects.filter(**span).aggregate(first=Min("pk"), last=Max("pk"))
    if ends["last"] is None:
        return 0, 0
    begin = ends["last"] + 1
    return begin if before is None else min(before, begin), ends["first"]
