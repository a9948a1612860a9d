"""A person's own copy: everything that is held of them, as a ZIP of JSON and files.

By the exact phone number, from all their cases; what was erased is not there any more. Each case
gets an event that its data were handed out, with the reason. Leaves out demands without a phone,
which nothing ties to a person, and the names of those who worked on a case.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.db import transaction
from django.db.models import BinaryField, ForeignKey, Model

from jiesu.cases.actions.privacy import MAX_REASON, cases_of_phone, disclosed
from jiesu.cases.actor import Actor
from jiesu.cases.attachments import name_of, read_file
from jiesu.cases.history.events import plain
from jiesu.cases.models import Attachment, Case, CasePrivate, Disclosure, Unit
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.privacy.sealed_fields import RECORDS, records_of, word_fields
from jiesu.cases.privacy.vault import answer_of, person_of, text_of
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import NotFound
from jiesu.cases.scopes import permit
from jiesu.core.problems import writable
from jiesu.core.texts import Text

FORMAT = 1

OF_CASE = (
    "number", "state", "channel", "kind", "category_1", "category_2", "category_3", "labels",
    "place", "community", "unit", "anonymous", "confidential", "on_behalf", "enterprise", "urgent",
    "n_month", "n_year", "repeat_of", "created_at", "dispatched_at", "signed_at", "contacted_at",
    "due_at", "feedback_at", "ended_at", "parked", "excluded",
)  # fmt: skip

OF_STAFF = frozenset({"by", "asked_by", "ended_by"})
"""Columns that name who worked on a case."""


def write_person_copy(
    path: Path, *, phone: str, reason: str, by: Actor, as_of: datetime
) -> tuple[str, ...]:
    """Write all that is held of the caller with this phone; the numbers of the cases.

    The file is its owner's alone, whole or not there. Raises Invalid for what is no phone number
    or no reason, NotFound where there is no case, InputError for a file that is there already.
    """
    permit(by, "erase")
    reason = checked_words("reason", reason, longest=MAX_REASON)
    keys = [pk for pk, _, _ in cases_of_phone(phone)]
    if not keys:
        raise NotFound("no_such_caller", Text("there is no case of this phone number"))
    unfinished = path.with_name(f".{path.name}.part")
    with writable(path.name):
        try:
            with open(
                os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
            ) as to:
                with ZipFile(to, "w", ZIP_DEFLATED) as archive:
                    numbers = _write(archive, keys, as_of)
                to.flush()
                os.fsync(to.fileno())
            with transaction.atomic():
                _record(keys, reason, by, as_of)
                os.link(unfinished, path)  # Unlike a rename it never replaces a file.
        finally:
            unfinished.unlink(missing_ok=True)
    return numbers


def _record(keys: list[int], reason: str, by: Actor, as_of: datetime) -> None:
    locked = Case.objects.select_for_update(of=("self",)).filter(pk__in=keys)
    for case in locked.order_by("pk"):
        private = CasePrivate.objects.get(case=case)
        disclosed(case, private, Disclosure.Kind.EXPORTED, reason, by, as_of)


def _write(archive: ZipFile, keys: list[int], as_of: datetime) -> tuple[str, ...]:
    cases = Case.objects.filter(pk__in=keys).order_by("pk")
    parts = ("place", "community", "unit", "repeat_of", "private")
    documents = []
    for case in cases.select_related(*parts):
        documents.append(_document(case))
        for attachment in case.attachments.filter(erased_at=None):
            _write_file(archive, case, attachment)
    whole = {"format": FORMAT, "made_at": plain(as_of), "cases": documents}
    text = json.dumps(whole, ensure_ascii=False, indent=2)
    archive.writestr(_entry("person.json", as_of), text.encode())
    return tuple(document["number"] for document in documents)


def _document(case: Case) -> dict[str, Any]:
    private = case.private
    person = person_of(case, private)
    title, body = text_of(case, private)
    kept = case.attachments.filter(erased_at=None)
    return {
        **{name: _shown(case, name) for name in OF_CASE},
        "person": {name: getattr(person, name) for name in person.__slots__},
        "title": title,
        "body": body,
        "told": answer_of(case, private),
        "records": list(_records(case)),
        "attachments": [_file_name(case, attachment) for attachment in kept],
        "history": [
            {"at": plain(at), "what": kind}
            for at, kind in case.events.order_by("seq").values_list("at", "kind")
        ],
    }


def _shown(row: Model, name: str) -> object:
    value = getattr(row, name)
    return value.name if isinstance(value, Unit) else plain(value)


def _records(case: Case) -> Iterator[dict[str, Any]]:
    for model in RECORDS:
        columns = [
            field.name
            for field in model._meta.concrete_fields
            if not isinstance(field, BinaryField | ForeignKey)
            and not field.primary_key
            and field.name not in OF_STAFF
        ]
        units = [field.name for field in model._meta.concrete_fields if field.related_model is Unit]
        for row in records_of(model, exact=case.pk):
            words = {name: words_of(case, row, name) for name in word_fields(model)}
            yield {
                "record": str(model._meta.model_name),
                **{name: _shown(row, name) for name in (*columns, *units)},
                **words,
            }


def _write_file(archive: ZipFile, case: Case, attachment: Attachment) -> None:
    with archive.open(_entry(_file_name(case, attachment), attachment.added_at), "w") as to:
        for piece in read_file(case, attachment):
            to.write(piece)


def _file_name(case: Case, attachment: Attachment) -> str:
    return f"{case.number}/{attachment.pk}-{name_of(case, attachment)}"


def _entry(name: str, at: datetime) -> ZipInfo:
    entry = ZipInfo(name, at.timetuple()[:6])
    entry.external_attr = 0o600 << 16
    entry.compress_type = ZIP_DEFLATED
    return entry
