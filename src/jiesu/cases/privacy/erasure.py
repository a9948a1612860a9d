"""Erasing what is personal of a case, in parts, within the transaction of a change.

Values go with their salts, so that the digests in the history say nothing any more; the case,
its times, units and answers stay, and so do all figures. Who may erase is in `actions.privacy`,
what the city's rules erase by themselves in `retention`. What it means: docs/personal-data.md.
"""

import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Literal, get_args

from django.db import transaction

from jiesu.cases.attachments import remove_file
from jiesu.cases.change import Change
from jiesu.cases.figures.site_city import month_of
from jiesu.cases.importing import IMPORTED
from jiesu.cases.models import Attachment, Case, CasePrivate
from jiesu.cases.privacy.personal import SealedError
from jiesu.cases.privacy.sealed_fields import RECORDS, records_of, word_fields
from jiesu.cases.privacy.vault import caller_hashes, person_of, text_of
from jiesu.cases.rulebook import city_zone
from jiesu.cases.search_index import remove_terms
from jiesu.core.period import MonthRule
from jiesu.core.problems import InputError

Part = Literal["person", "text", "attachments"]
PARTS: tuple[Part, ...] = get_args(Part)

Cause = Literal["request", "order", "mistake", "retention"]
"""Why: the resident asked, an authority ordered it, it should never have been taken down, or its
time is over. A word of a list, for the event that holds it is never erased."""
CAUSES: tuple[Cause, ...] = get_args(Cause)

ALIAS = "0:"
"""With this begins what stands for an erased caller: no key has such an id."""


def erase(change: Change, parts: Iterable[Part], cause: Cause) -> tuple[Part, ...]:
    """Erase parts of a case; those that were there to erase, with an event if there were any."""
    private = CasePrivate.objects.select_for_update().get(case=change.case)
    wanted = set(parts)
    done: list[Part] = []
    # The text first: its terms are found from it, and the caller's hash from the person.
    if "text" in wanted and private.text_erased_at is None:
        _erase_text(change.case, private, change.as_of)
        done.append("text")
    if "person" in wanted and private.person_erased_at is None:
        _erase_person(change.case, private, change.as_of)
        done.append("person")
    if "attachments" in wanted and _erase_attachments(change.case, change.as_of):
        done.append("attachments")
    if done:
        change.event("erased", parts=sorted(done), cause=cause)
    return tuple(done)


def _erase_text(case: Case, private: CasePrivate, as_of: datetime) -> None:
    """Title, body and all words of the case's records, with the salt of their digests."""
    # What does not open was never indexed (`search_index`), and goes all the same.
    with suppress(SealedError):
        remove_terms(case, *text_of(case, private))
    private.text = private.text_salt = private.disposition = b""
    private.text_erased_at = as_of
    private.save(update_fields=["text", "text_salt", "disposition", "text_erased_at"])
    for model in RECORDS:
        empty = dict.fromkeys(word_fields(model), b"")
        records_of(model, exact=case.pk).order_by().update(**empty)
    # A hash of the whole demand: who holds the key and guesses it knows the phone.
    case.request_digest, case.indexed, case.index_key = "", True, ""
    case.save(update_fields=["request_digest", "indexed", "index_key"])


def _erase_person(case: Case, private: CasePrivate, as_of: datetime) -> None:
    case.caller, case.request_digest = _alias(case, private), ""
    # A client may have made its key of a phone number, and whoever tries all finds it.
    if not (case.idempotency_key or "").startswith(IMPORTED):
        case.idempotency_key = None
    # Not through the change: the event would keep what is to be forgotten.
    case.save(update_fields=["caller", "request_digest", "idempotency_key"])
    private.person = private.person_salt = b""
    private.name_hash = private.alias = ""
    private.person_erased_at = as_of
    private.save(update_fields=["person", "person_salt", "name_hash", "alias", "person_erased_at"])


def _erase_attachments(case: Case, as_of: datetime) -> int:
    kept = Attachment.objects.filter(case=case, erased_at=None)
    tokens = list(kept.values_list("token", flat=True))
    kept.update(name=b"", digest="", erased_at=as_of)
    for token in tokens:
        # Files that a killed process leaves are swept (`attachments.sweep_orphans`).
        transaction.on_commit(lambda token=token: remove_file(token))  # type: ignore[misc]
    return len(tokens)


def _alias(case: Case, private: CasePrivate) -> str:
    """What stands for the caller from now on: a random mark that nothing leads back from.

    Health checks count repeat callers within an assessment year, and figures never change by
    erasing; so a caller's demands of one year get one mark. Those not erased yet hold it until
    they are.
    """
    if not case.caller or private.alias:
        return private.alias
    mark = f"{ALIAS}{secrets.token_hex(16)}"
    start, end = _year_of(case.created_at)
    same = Case.objects.filter(
        caller__in={case.caller, *_hashes(case, private)},
        created_at__gte=start,
        created_at__lt=end,
        private__person_erased_at=None,
    )
    others = list(same.exclude(pk=case.pk).order_by("pk").values_list("pk", flat=True))
    CasePrivate.objects.filter(case__in=others, alias="").update(alias=mark)
    return mark


def _hashes(case: Case, private: CasePrivate) -> tuple[str, ...]:
    """The caller's hashes under every key: during a rotation some rows have an older one."""
    try:
        return caller_hashes(person_of(case, private).phone)
    except SealedError:
        return ()


def _year_of(instant: datetime) -> tuple[datetime, datetime]:
    """The assessment year of an instant; the calendar's where no policy is loaded."""
    try:
        rule = month_of(instant)[0].period.months(city_zone())
    except InputError:
        rule = MonthRule(city_zone())
    first = rule.month_of(instant) // 12 * 12
    return rule.month_start(first), rule.month_start(first + 12)
