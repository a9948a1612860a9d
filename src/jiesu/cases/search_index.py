"""Filling the index of the search by words, some seconds after a case came or was changed.

A case's terms are worked out from its text, hashed with the active key, and written in one
transaction with the word that they are there: killed at any point, the next run goes on. There is
no index of terms by case: they are removed by way of the text, so whoever changes or erases a text
calls `remove_terms` first. How they are looked up is in `search`.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from jiesu.cases.jobs import More
from jiesu.cases.models import Case, SearchTerm
from jiesu.cases.privacy.personal import SealedError, term_hashes
from jiesu.cases.privacy.vault import ring, text_of
from jiesu.cases.search import index_terms
from jiesu.cases.transaction import let_others_write

BATCH = 100
"""Cases in one transaction: their rows are locked for a fraction of a second."""

SECONDS = 3.0
"""A run by the worker ends after so long, to be begun again at once: so a signal is heard."""

MARKED_AT_ONCE = 1_000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Indexed:
    """What a run did; `more` says that it ended before all was done."""

    n_cases: int = 0
    n_terms: int = 0
    more: bool = False

    def __str__(self) -> str:
        return f"{self.n_cases} cases, {self.n_terms} terms"


def index_job(as_of: datetime) -> str:
    """The worker's run."""
    done = index_cases(seconds=SECONDS)
    return More(done) if done.more else str(done)


def index_cases(*, batch: int = BATCH, seconds: float | None = None) -> Indexed:
    """Index all cases that are not, `batch` at a time, for at most so many `seconds`."""
    done = Indexed()
    ends = None if seconds is None else time.monotonic() + seconds
    while True:
        n_cases, n_terms = _index_some(batch)
        done.n_cases, done.n_terms = done.n_cases + n_cases, done.n_terms + n_terms
        if n_cases < batch:
            return done
        let_others_write()
        if ends is not None and time.monotonic() > ends:
            done.more = True
            return done


def remove_terms(case: Case, title: str, body: str) -> None:
    """Remove the terms of a text that is about to be changed or erased, in its transaction.

    Under every key of the ring: during a rotation they may be there under an older one.
    """
    terms = index_terms(title, body)
    for key in ring().keys["hash"]:
        _delete(case.pk, term_hashes(ring(), terms, key_id=key.id))


def rebuild_index() -> int:
    """Have all cases indexed anew by the next runs; how many there are. Nothing is lost meanwhile.

    After a rotation of the hash key the rotation does it by itself.
    """
    last = Case.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    n = 0
    for start in range(0, last, MARKED_AT_ONCE):
        stretch = Case.objects.filter(pk__gt=start, pk__lte=start + MARKED_AT_ONCE, indexed=True)
        n += stretch.update(indexed=False)
    return n


def _index_some(batch: int) -> tuple[int, int]:
    key_id = ring().active("hash").id
    with transaction.atomic():
        # Of a case that is being changed now the next run sees the outcome.
        rows = Case.objects.select_for_update(
            of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked
        )
        waiting = rows.filter(indexed=False).order_by("pk").select_related("private")[:batch]
        cases = list(waiting.only("pk", "number", "index_key", "private__text"))
        pairs: list[tuple[int, int]] = []
        for case in cases:
            terms = index_terms(*_text(case))
            if case.index_key not in ("", key_id) and ring().by_id("hash", case.index_key):
                _delete(case.pk, term_hashes(ring(), terms, key_id=case.index_key))
            pairs += [(term, case.pk) for term in term_hashes(ring(), terms)]
        _insert(pairs)
        done = Case.objects.filter(pk__in=[case.pk for case in cases])
        done.update(indexed=True, index_key=key_id)
    return len(cases), len(pairs)


def _text(case: Case) -> tuple[str, str]:
    """Title and body; nothing where they do not open, so that one such case stops no other."""
    try:
        return text_of(case, case.private)
    except SealedError:
        log.error("the text of case %s does not open: see jiesu audit verify", case.number)
        return "", ""


def _table() -> str:
    return connection.ops.quote_name(SearchTerm._meta.db_table)


def _insert(pairs: Sequence[tuple[int, int]]) -> None:
    """Add terms; those that are there already stay."""
    into = f"INSERT INTO {_table()} (term, case_id)"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            terms, cases = [term for term, _ in pairs], [case for _, case in pairs]
            cursor.execute(
                f"{into} SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING",
                [terms, cases],
            )
        else:
            cursor.executemany(f"{into} VALUES (%s, %s) ON CONFLICT DO NOTHING", pairs)


def _delete(case_id: int, terms: Iterable[int]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"DELETE FROM {_table()} WHERE case_id = %s AND term = ANY(%s)",
                [case_id, list(terms)],
            )
        else:
            cursor.executemany(
                f"DELETE FROM {_table()} WHERE term = %s AND case_id = %s",
                [(term, case_id) for term in terms],
            )
