"""The fills of `desk_fill`: what the rows of a site hold that is to be measured.

Imported when Django stands.
"""

from array import array
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

from bench.contestants import desk_town as towns
from bench.contestants.desk_table import Table, quickly, settle
from bench.contestants.desk_town import DISTRICT, Matter, Town, caller_of, instant, number_of
from jiesu.cases.figures.site_city import month_of
from jiesu.cases.models import Callback, Case, CasePrivate, Dispatch, SearchTerm
from jiesu.cases.privacy.personal import new_salt, term_hash
from jiesu.cases.privacy.vault import (
    Person,
    caller_hash,
    name_hash,
    ring,
    sealed_person,
    sealed_text,
)
from jiesu.cases.rulebook import local_day, rulebook
from jiesu.cases.search import index_terms

DAY = timedelta(days=1)
CHUNK = 20_000
TERMS_AT_ONCE = 1_000_000

SWEPT = ("nothing",) * 3 + ("some",) * 3 + ("many",) * 3
"""The sweeps that are measured, an hour apart, and what falls due at each."""

N_SOME, MANY_ONE_IN = 1_000, 50
N_TO_CALL = 20
"""Call-backs that are due in a ranking's month."""

GIVEN = (
    "id", "number", "state", "category_1", "category_2", "category_3", "labels", "place_id",
    "district_id", "caller", "created_at", "unit_id", "limit", "dispatched_at", "signed_at",
    "contacted_at", "contact_due_at", "due_at", "feedback_at", "ended_at", "next_sweep_at",
)  # fmt: skip


def fill_reads(size: int, now: datetime) -> None:
    """A year of cases, evenly; the newest of them open, forty with each unit of the district."""
    units = units_of_the_district()
    town, queues = Town(1, now), frozenset(units.values())
    n_queued = len(units) * towns.N_OPEN
    n_open = max(size // 20, n_queued)
    queued = {size - n_open + n * n_open // n_queued: code for n, code in
              enumerate(list(units) * towns.N_OPEN)}  # fmt: skip
    texts = Texts(size)
    cases = Table(Case, GIVEN, **alike(), version=3, exported=True, indexed=True)
    private = Table(
        CasePrivate, ("case_id", "person_salt", "text_salt", "person", "text", "name_hash")
    )
    step = (now - (start := now - 365 * DAY)) / size
    with quickly():
        for first in range(0, size, CHUNK):
            rows, beside = [], []
            for n in range(first, min(first + CHUNK, size)):
                is_open = n >= size - n_open
                if n in queued:
                    matter = town.matter_of(queued[n])
                else:
                    matter = town.matter(keep_out=queues if is_open else ())
                caller, row = texts.private(n, town, matter)
                beside.append(row)
                rows.append(case_row(n, matter, caller, start + n * step, is_open, now))
            cases.write(rows)
            private.write(beside)
        texts.write_terms()
        settle(Case)


def case_row(
    n: int, matter: Matter, caller: str, at: datetime, is_open: bool, now: datetime
) -> tuple[Any, ...]:
    """A case that came at a moment, by the columns of `GIVEN`."""
    created = instant(at)
    contact_due, due = instant(at + DAY), at + 7 * DAY
    if is_open:
        # As many as are open lie within some weeks at the one size and within months at the other.
        due = now + timedelta(hours=1 + n % 300)
    ended = None if is_open else instant(due + timedelta(hours=1))
    contacted = None if is_open and n % 2 == 0 else created
    return (
        n + 1, number_of(n), ("dispatched", "contacted")[n % 2] if is_open else "closed",
        *matter.category.levels, matter.category.label, matter.place, matter.district, caller,
        created, matter.unit, matter.limit, created, created, contacted, contact_due, instant(due),
        None if is_open else instant(due), ended, instant(due) if is_open else None,
    )  # fmt: skip


class Texts:
    """What is personal of cases, sealed as the desk seals it, and the index of their words."""

    def __init__(self, size: int) -> None:
        self._size, self._holder = size, Case()
        self._cases: dict[int, array[int]] = {}
        self._known: dict[tuple[str, str], list[int]] = {}
        self._terms: dict[str, int] = {}
        self._caller_hash, self._name_hash = cache(caller_hash), cache(name_hash)

    def private(self, n: int, town: Town, matter: Matter) -> tuple[str, tuple[Any, ...]]:
        """The hash of the n-th case's caller, and its row."""
        phone, name = caller_of(n, self._size)
        title, body, is_special = town.text(n, self._size, matter)
        for term in self._hashes(title, body, is_special):
            if (cases := self._cases.get(term)) is None:
                cases = self._cases[term] = array("q")
            cases.append(n + 1)
        holder = self._holder
        holder.number = number_of(n)
        return self._caller_hash(phone), (
            n + 1,
            new_salt(),
            new_salt(),
            sealed_person(holder, Person(name=name, phone=phone)),
            sealed_text(holder, title, body),
            self._name_hash(name),
        )

    def _hashes(self, title: str, body: str, is_special: bool) -> list[int]:
        found = self._known.get((title, body))
        if found is None:
            found = [self._hash(term) for term in index_terms(title, body)]
            if not is_special:
                self._known[title, body] = found
        return found

    def _hash(self, term: str) -> int:
        found = self._terms.get(term)
        if found is None:
            found = self._terms[term] = term_hash(ring(), term)
        return found

    def write_terms(self) -> None:
        """Write the index in its own order."""
        table = Table(SearchTerm, ("term", "case_id"))
        rows = ((term, case) for term in sorted(self._cases) for case in self._cases[term])
        while some := list(islice(rows, TERMS_AT_ONCE)):
            table.write(some)


def fill_sweep(size: int, now: datetime) -> None:
    """Open cases: most with days left, some that fall due together (`SWEPT`)."""
    due_in = [timedelta(days=2 + n % 12, seconds=n % 86_400) for n in range(size)]
    place = 0
    for hour, what in enumerate(SWEPT, start=1):
        n = {"nothing": 0, "some": min(N_SOME, size // 20), "many": size // MANY_ONE_IN}[what]
        # Apart from one another, as cases of one limit are.
        for k in range(n):
            due_in[(place + k) * 7 % size] = timedelta(hours=hour)
        place += n
    _fill_dispatched(size, now, lambda n: (now - 5 * DAY, now + due_in[n], False))


def fill_ranking(size: int, now: datetime) -> None:
    """The running month until now: each case within a day due, closed and called back.

    The call-backs of the last ones are due.
    """
    start = month_of(now)[1].start.astimezone(UTC)
    step = (now - timedelta(hours=1) - start) / size
    limit = min(DAY, (now - start) / 4)

    def times(n: int) -> tuple[datetime, datetime, bool]:
        at = start + n * step
        return at, min(at + limit, now - timedelta(minutes=5)), n < size - N_TO_CALL

    _fill_dispatched(size, now, times)


def _fill_dispatched(
    size: int, now: datetime, times: Callable[[int], tuple[datetime, datetime, bool]]
) -> None:
    """Cases without texts, with their dispatches: received, due, and whether called back since.

    Those that fell due by now have their call-backs.
    """
    town = Town(1, now)
    cases = Table(Case, GIVEN, **alike(), version=3, exported=False, indexed=True)
    dispatches = Table(
        Dispatch, ("case_id", "unit_id", "at", "limit", "contact_due_at", "due_at"),
        number=1, by="system:bench",
    )  # fmt: skip
    callbacks = Table(
        Callback,
        ("case_id", "unit_id", "state", "due_at", "next_at", "ended_at", "contacted", "resolved",
         "satisfaction", "means"),
        round=1,
    )  # fmt: skip
    with quickly():
        for first in range(0, size, CHUNK):
            rows, sent, called = [], [], []
            for n in range(first, min(first + CHUNK, size)):
                at, due_at, is_called = times(n)
                matter, came, due = town.matter(), instant(at), instant(due_at)
                caller = caller_hash(caller_of(n, size)[0])
                ended = instant(due_at + timedelta(minutes=1)) if is_called else None
                rows.append((
                    n + 1, number_of(n), "closed" if is_called else "contacted",
                    *matter.category.levels, matter.category.label, matter.place, matter.district,
                    caller, came, matter.unit, matter.limit, came, came, came, due, due,
                    due if is_called else None, ended, due if due_at > now else None,
                ))  # fmt: skip
                sent.append((n + 1, matter.unit, came, matter.limit, due, due))
                if due_at <= now:
                    called.append((n + 1, matter.unit, *_answers(n, due, ended)))
            cases.write(rows)
            dispatches.write(sent)
            callbacks.write(called)
        settle(Case)


def _answers(n: int, due: str, ended: str | None) -> tuple[Any, ...]:
    if ended is None:
        return "due", due, due, None, None, "", "", ""
    resolved = ("yes", "yes", "partial", "no")[n % 4]
    satisfaction = ("satisfied", "fairly_satisfied", "dissatisfied")[n % 3]
    return "done", due, due, ended, n % 10 != 0, resolved, satisfaction, "phone"


def alike() -> dict[str, Any]:
    """What is the same of all cases."""
    book = rulebook()
    return {
        "channel": "phone",
        "kind": "complaint",
        "rules_id": book.desk_on(local_day(datetime.now(UTC)))[0],
        "calendar_id": book.calendar[0],
        "index_key": ring().active("hash").id,
    }


def units_of_the_district() -> dict[str, int]:
    """The units of the streets whose queues are asked for: codes of streets, keys of units."""
    book = rulebook()
    streets = sorted(book.places.children(DISTRICT))
    return {code: book.units[book.places.answering[code]].pk for code in streets}


FILLS: dict[str, Callable[[int, datetime], None]] = {
    "reads": fill_reads,
    "sweep": fill_sweep,
    "ranking": fill_ranking,
}
