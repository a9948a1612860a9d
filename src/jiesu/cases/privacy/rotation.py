"""After a new key: everything is made anew with it, while the site works and searches go on.

Old values open under their old keys, and searches ask for the hashes of every key of the ring; so
nothing is lost in between. What is left to do stands in the rows themselves: killed at any point,
the next run goes on. When an old key may go is what `key_uses` counts. How keys are kept is in
`keys`; docs/personal-data.md.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import BinaryField, Count, F, Model, QuerySet
from django.db.models.functions import Substr

from jiesu.cases.attachments import key_of_file, name_place, renew_file
from jiesu.cases.models import Attachment, Case, CasePrivate, Seal
from jiesu.cases.privacy.erasure import ALIAS
from jiesu.cases.privacy.keys import Purpose
from jiesu.cases.privacy.personal import SealedError, beginning
from jiesu.cases.privacy.record_words import place_of
from jiesu.cases.privacy.sealed_fields import RECORDS, word_fields
from jiesu.cases.privacy.vault import caller_hash, name_hash, person_of, resealed, ring
from jiesu.cases.search_index import index_cases
from jiesu.cases.transaction import let_others_write

BATCH = 200
"""Rows in one transaction: nobody waits for it."""

PRIVATE = ("person", "text", "disposition")


@dataclass(slots=True)
class Renewed:
    """What a run made anew; `n_failed` did not open under any key of the ring."""

    n_values: int = 0
    n_files: int = 0
    n_hashes: int = 0
    n_texts: int = 0
    n_failed: int = 0

    def __str__(self) -> str:
        return (
            f"{self.n_values} values, {self.n_files} files, {self.n_hashes} hashes and the terms "
            f"of {self.n_texts} texts made anew; {self.n_failed} could not be opened"
        )


def renew(*, batch: int = BATCH) -> Renewed:
    """Make anew with the active keys whatever was made with older ones."""
    done = Renewed()
    # Hashes are worked out from values: these first.
    for model, name in _sealed_columns():
        _renew_column(model, name, batch, done)
    _renew_files(done)
    _renew_callers(batch, done)
    _renew_names(batch, done)
    _forget_requests()
    _renew_terms(done)
    return done


def key_uses() -> dict[Purpose, Counter[str]]:
    """How many values, files, hashes, texts and seals need each key, by purpose and id.

    Looks at every row; a key that is not in the ring is counted under its own id.
    """
    return {
        "encryption": _encryption_uses(),
        "hash": _hash_uses(),
        "seal": Counter(dict(Seal.objects.values_list("key_id").annotate(n=Count("number")))),
    }


# Sealed values ----------------------------------------------------------------------------------


def _sealed_columns() -> Iterator[tuple[type[Model], str]]:
    for name in PRIVATE:
        yield CasePrivate, name
    for model in RECORDS:
        for name in word_fields(model):
            yield model, name
    yield Attachment, "name"


def _older(model: type[Model], name: str) -> QuerySet[Model]:
    """The rows whose value was sealed with another key than the active one."""
    header = beginning(ring().active("encryption").id)
    start = Substr(name, 1, len(header), output_field=BinaryField())
    rows = model._default_manager.annotate(sealed_with=start)
    return rows.exclude(**{name: b""}).exclude(sealed_with=header).order_by("pk")


def _renew_column(model: type[Model], name: str, batch: int, done: Renewed) -> None:
    after, older = 0, _older(model, name).select_related(RECORDS.get(model, "case"))
    while True:
        with transaction.atomic():
            rows = list(older.filter(pk__gt=after).select_for_update(of=("self",))[:batch])
            changed = []
            for row in rows:
                try:
                    value = resealed(_case_of(row), _context(row, name), getattr(row, name))
                except SealedError:
                    done.n_failed += 1
                    continue
                if value is not None:
                    setattr(row, name, value)
                    changed.append(row)
            model._default_manager.bulk_update(changed, [name])
        done.n_values += len(changed)
        if len(rows) < batch:
            return
        let_others_write()
        after = rows[-1].pk


def _case_of(row: Any) -> Case:
    case = row.case if hasattr(row, "case") else row.consultation.case
    assert isinstance(case, Case)
    return case


def _context(row: Model, name: str) -> str:
    if isinstance(row, CasePrivate):
        return name
    return name_place(row.token) if isinstance(row, Attachment) else place_of(row, name)


def _renew_files(done: Renewed) -> None:
    active = ring().active("encryption").id
    kept = Attachment.objects.filter(erased_at=None).order_by("pk")
    for pk, token in kept.values_list("pk", "token").iterator(chunk_size=1000):
        if _file_key(token) in (None, active):
            continue
        with transaction.atomic():
            locked = kept.select_for_update(of=("self",)).select_related("case")
            attachment = locked.filter(pk=pk).first()
            if attachment is None:
                continue  # Erased meanwhile.
            try:
                renew_file(attachment.case, attachment)
            except SealedError:
                done.n_failed += 1
            else:
                done.n_files += 1


def _file_key(token: str) -> str | None:
    try:
        return key_of_file(token)
    except SealedError:
        return ""


# Hashes -----------------------------------------------------------------------------------------


def _renew_callers(batch: int, done: Renewed) -> None:
    prefix, after = f"{ring().active('hash').id}:", 0
    older = _hashed_callers().exclude(caller__startswith=prefix).order_by("pk")
    while True:
        with transaction.atomic():
            some = older.filter(pk__gt=after).select_for_update(of=("self",))
            cases = list(some.select_related("private")[:batch])
            for case in cases:
                made = _made(case, "phone")
                if not made:
                    done.n_failed += 1
                    continue
                # The version too: an export under way then reads the case again.
                Case.objects.filter(pk=case.pk).update(
                    caller=made, exported=False, version=F("version") + 1
                )
                done.n_hashes += 1
        if len(cases) < batch:
            return
        let_others_write()
        after = cases[-1].pk


def _hashed_callers() -> QuerySet[Case]:
    """The cases whose caller is a hash of ours: not erased, no pseudonym of another system."""
    return Case.objects.filter(caller__contains=":").exclude(caller__startswith=ALIAS)


def _renew_names(batch: int, done: Renewed) -> None:
    prefix, after = f"{ring().active('hash').id}:", 0
    older = CasePrivate.objects.exclude(name_hash="").exclude(name_hash__startswith=prefix)
    older = older.order_by("pk").select_related("case")
    while True:
        with transaction.atomic():
            some = older.filter(pk__gt=after).select_for_update(of=("self",))
            rows = list(some[:batch])
            for row in rows:
                made = _made(row.case, "name", row)
                if not made:
                    done.n_failed += 1
                    continue
                row.name_hash = made
                row.save(update_fields=["name_hash"])
                done.n_hashes += 1
        if len(rows) < batch:
            return
        let_others_write()
        after = rows[-1].pk


def _forget_requests() -> None:
    """The hashes of whole requests under older keys cannot be made anew, and go.

    A request that comes again with the key of such a one is then refused, and makes no second case.
    """
    prefix, ours = f"{ring().active('hash').id}:", Case.objects.filter(request_digest__contains=":")
    older = ours.exclude(request_digest__startswith=prefix).order_by("pk")
    while keys := list(older.values_list("pk", flat=True)[:1000]):
        Case.objects.filter(pk__in=keys).update(request_digest="")


def _made(case: Case, of: str, private: CasePrivate | None = None) -> str:
    """The hash under the active key; empty where the value does not open or is not there."""
    try:
        person = person_of(case, private or case.private)
    except SealedError:
        return ""
    return caller_hash(person.phone) if of == "phone" else name_hash(person.name)


def _renew_terms(done: Renewed) -> None:
    """Have the terms under older keys made anew by the index; a search finds both meanwhile."""
    older = Case.objects.filter(indexed=True).exclude(index_key__in=["", ring().active("hash").id])
    while keys := list(older.order_by("pk").values_list("pk", flat=True)[:1000]):
        Case.objects.filter(pk__in=keys).update(indexed=False)
    done.n_texts = index_cases().n_cases


# Counting ---------------------------------------------------------------------------------------


def _encryption_uses() -> Counter[str]:
    uses: Counter[str] = Counter()
    for model, name in _sealed_columns():
        rows = model._default_manager.exclude(**{name: b""})
        # Version, length of the id, and the longest id that there can be.
        start = Substr(name, 1, 18, output_field=BinaryField())
        for value in rows.annotate(start=start).values_list("start", flat=True).iterator():
            uses[_id_in(bytes(value))] += 1
    kept = Attachment.objects.filter(erased_at=None).values_list("token", flat=True)
    for token in kept.iterator(chunk_size=1000):
        key_id = _file_key(token)
        if key_id is not None:
            uses[key_id or "?"] += 1
    return uses


def _id_in(start: bytes) -> str:
    if len(start) < 2:
        return "?"
    return start[2 : 2 + start[1]].decode("ascii", errors="replace") or "?"


def _hash_uses() -> Counter[str]:
    uses: Counter[str] = Counter()
    callers = _hashed_callers()
    names = CasePrivate.objects.exclude(name_hash="")
    requests = Case.objects.filter(request_digest__contains=":")
    for values in (
        callers.values_list("caller", flat=True),
        names.values_list("name_hash", flat=True),
        requests.values_list("request_digest", flat=True),
    ):
        for value in values.iterator(chunk_size=2000):
            uses[value.partition(":")[0]] += 1
    indexed = Case.objects.exclude(index_key="").order_by()
    for key_id, n in indexed.values_list("index_key").annotate(n=Count("pk")):
        uses[key_id] += n
    return uses
