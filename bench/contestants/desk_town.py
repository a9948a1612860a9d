"""What the cases of a filled desk are about: streets, categories, units, callers and words.

Drawn from a fixed seed. The same questions have answers of the same length at every size: a
caller has four cases, a rare word stands in twenty-five. Those who ask use the names from here.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from jiesu.cases.models import Case
from jiesu.cases.routes import route_of
from jiesu.cases.rulebook import local_day, rulebook
from jiesu.city.synth.catalogue import Category, categories
from jiesu.core.places import Place

DISTRICT = "110101"
"""The district whose streets' queues are asked for."""

N_OPEN = 40
"""Open cases of each of its streets, at every size."""

CASES_A_CALLER = 4
MULTIPLE = 200
"""Sizes are multiples of it, so that every caller has as many cases."""

BUSY_PHONE, BUSY_NAME = "13700000000", "王秀英"
"""The caller of one case in fifty."""

RARE, N_RARE = "孔明灯", 25
MIDDLING, MIDDLING_ONE_IN = "光缆井盖", 400
ENDS = ("希望妥善处置", "请回电说明", "居民屡次反映")
"""Each ends a third of the texts; the first two stand together in those with the middling word."""

SURNAMES = "赵钱孙李周吴郑冯陈褚卫蒋沈韩杨朱秦尤许何"


def instant(at: datetime) -> str:
    """An instant in UTC as both databases read it, to the second: their connections speak UTC."""
    return at.isoformat(" ", "seconds")[:19]


def number_of(n: int) -> str:
    """The number of the n-th case, from 0."""
    return f"B{n:011}"


def is_busy(n: int) -> bool:
    """Whether the n-th case is the busy caller's."""
    return n % 50 == 7


def caller_of(n: int, size: int) -> tuple[str, str]:
    """Phone and name of the caller of the n-th case among `size`."""
    if is_busy(n):
        return BUSY_PHONE, BUSY_NAME
    caller = n % (size // CASES_A_CALLER)
    given = f"{chr(0x4E00 + caller // 20 % 1_000)}{chr(0x5E00 + caller // 20_000)}"
    return f"139{caller:08}", SURNAMES[caller % 20] + given


@dataclass(frozen=True, slots=True)
class Matter:
    """What a case is about, and to whom it goes: keys of rows."""

    category: Category
    place: int
    street: str
    district: int | None
    unit: int
    limit: str


class Town:
    """The city that is loaded, as cases are drawn from it."""

    def __init__(self, seed: int, as_of: datetime) -> None:
        self.draw = random.Random(seed)
        self._book, self._as_of = rulebook(), as_of
        places = self._book.places
        self.streets = [place for place in places if place.kind == "street"]
        self._weights = [category.weight for category in categories()]
        self._drawn: list[int] = []
        self._known: dict[tuple[int, int], Matter | None] = {}

    def matter(self, keep_out: Collection[int] = ()) -> Matter:
        """Any matter of the city, the usual ones more often; none for some units."""
        while True:
            if not self._drawn:
                self._drawn = self.draw.choices(range(len(self._weights)), self._weights, k=1_000)
            found = self._matter(self._drawn.pop(), self.draw.randrange(len(self.streets)))
            if found is not None and found.unit not in keep_out:
                return found

    def matter_of(self, street: str) -> Matter:
        """A matter that the unit of a street answers for itself."""
        place = next(n for n, one in enumerate(self.streets) if one.code == street)
        unit = self._book.units[self._book.places.answering[street]].pk
        while True:
            found = self._matter(self.draw.randrange(len(self._weights)), place)
            if found is not None and found.unit == unit:
                return found

    def _matter(self, category: int, street: int) -> Matter | None:
        key = category, street
        if key not in self._known:
            self._known[key] = self._made(categories()[category], self.streets[street])
        return self._known[key]

    def _made(self, category: Category, place: Place) -> Matter | None:
        book = self._book
        case = Case(place_id=book.place_ids[place.code], kind="complaint")
        case.rules_id = book.desk_on(local_day(self._as_of))[0]
        case.category_1, case.category_2, case.category_3 = category.levels
        route = route_of(case, book, self._as_of)
        if route is None:
            return None
        district = book.units.get(
            book.places.answering.get(book.places.district_of(place.code) or "", "")
        )
        return Matter(
            category,
            book.place_ids[place.code],
            place.name,
            district.pk if district else None,
            route.unit.pk,
            route.limit,
        )

    def text(self, n: int, size: int, matter: Matter) -> tuple[str, str, bool]:
        """Title and body of the n-th case, and whether the body is like no other."""
        body = f"{matter.street}{matter.category.bodies[self.draw.randrange(2)]}"
        special = True
        if n % (size // N_RARE) == 3:
            body = f"{body}，{ENDS[n % 3]}，夜间有人放{RARE}"
        elif n % MIDDLING_ONE_IN == 11:
            body = f"{body}，{ENDS[0]}，{MIDDLING}松动，{ENDS[1]}"
        else:
            body, special = f"{body}，{ENDS[n % 3]}", False
        return matter.category.levels[2], body, special
