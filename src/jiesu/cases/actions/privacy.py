"""What is personal of a case: looked at with a reason, put right, erased.

Masked views, how erasing is done and a person's own copy of everything are in
`jiesu.cases.privacy`. Each of these is an event of the case, without a value.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from jiesu.cases.actor import Actor
from jiesu.cases.change import Change, changing
from jiesu.cases.history.events import chained, personal
from jiesu.cases.models import Case, CasePrivate, Disclosure, Event
from jiesu.cases.privacy.disclosure import sees_caller
from jiesu.cases.privacy.erasure import CAUSES, PARTS, Cause, Part, erase
from jiesu.cases.privacy.record_words import place_of
from jiesu.cases.privacy.vault import (
    Person,
    answer_of,
    caller_hash,
    caller_hashes,
    name_hash,
    person_of,
    sealed,
    sealed_person,
    sealed_text,
    text_of,
)
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, Invalid, NotFound, one_of
from jiesu.cases.scopes import permit
from jiesu.cases.search_index import remove_terms
from jiesu.cases.write_ahead import empty_log
from jiesu.core.lifecycle import ENDED
from jiesu.core.masking import mask_digits_in, normal_phone
from jiesu.core.texts import Text

MAX_REASON, MAX_PERSON, MAX_TITLE = 500, 200, 200


@dataclass(frozen=True, slots=True)
class Revealed:
    """What an actor was shown. `withheld`: the caller asked for discretion, the actor sees none.

    `answer` is what was told to the caller of a case that no unit got.
    """

    person: Person
    title: str = field(repr=False)
    body: str = field(repr=False)
    answer: str = field(repr=False)
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Erased:
    """Numbers of cases: erased now, and those that are still worked on and so were left."""

    erased: tuple[str, ...]
    waiting: tuple[str, ...]


def reveal_person(*, case_id: int, reason: str, by: Actor, as_of: datetime) -> Revealed:
    """Show who asked and what was said, in full, for a reason in words.

    The event says who looked, when and at what, for good; the reason is kept encrypted beside it,
    for it may name the resident. Looking is no change: the case's version stays. Raises Invalid
    without a reason, Forbidden, NotFound.
    """
    reason = checked_words("reason", reason, longest=MAX_REASON)
    with transaction.atomic():
        case = locked_case(case_id)
        permit(by, "reveal", case)
        private = CasePrivate.objects.get(case=case)
        withheld = not sees_caller(by, case)
        shown = ["text"] if withheld else ["person", "text"]
        disclosed(case, private, Disclosure.Kind.REVEALED, reason, by, as_of, shown=shown)
        title, body = text_of(case, private)
        answer = answer_of(case, private)
        person = Person() if withheld else person_of(case, private)
    if withheld:
        # People write into the words how they can be reached.
        title, body, answer = (mask_digits_in(words) for words in (title, body, answer))
    return Revealed(person, title, body, answer, withheld)


def disclosed(
    case: Case,
    private: CasePrivate,
    kind: Disclosure.Kind,
    reason: str,
    by: Actor,
    as_of: datetime,
    **more: Any,
) -> None:
    """Write down that a locked case's personal data were shown, and why.

    After the text was erased the reason is not kept either: only that there was one.
    """
    salt = private.text_salt
    said = personal(salt, "reason", reason) if salt else {}
    events = chained(case, by, as_of, [(kind.value, {"reason": said, **more})])
    case.save(update_fields=["n_events", "head"])
    Event.objects.bulk_create(events)
    [event] = events
    row = Disclosure.objects.create(case=case, seq=event.seq, kind=kind, at=as_of, by=by.name)
    if salt:
        row.reason = sealed(case, place_of(row, "reason"), reason)
        row.save(update_fields=["reason"])


def locked_case(case_id: int) -> Case:
    """A case, locked for an event that changes nothing else of it. Raises NotFound."""
    case = Case.objects.select_for_update(of=("self",)).filter(pk=case_id).first()
    if case is None:
        raise NotFound("no_such_case", Text("there is no such case"))
    return case


def amend_case(
    *,
    case_id: int,
    by: Actor,
    as_of: datetime,
    person: Person | None = None,
    title: str | None = None,
    body: str | None = None,
    expected: int | None = None,
) -> Case:
    """Put right who asks or what was said; `None` leaves it as it is.

    How often the caller has called is not counted anew. Raises Invalid for what is wrong, Conflict
    for a case that has ended or whose data were erased.
    """
    _check_amendment(person, title, body)
    with changing(case_id, "amend", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        if case.state in ENDED:
            raise Conflict("ended", Text("the case has ended: what was recorded stays"))
        private = CasePrivate.objects.select_for_update().get(case=case)
        said: dict[str, Any] = {}
        if person is not None:
            said |= _amend_person(change, private, person)
        if title is not None or body is not None:
            said |= _amend_text(change, private, title, body)
        if said:
            private.save()
            change.event("amended", **said)
    return case


def _check_amendment(person: Person | None, title: str | None, body: str | None) -> None:
    for name, value in asdict(person).items() if person is not None else ():
        checked_words(f"person.{name}", value, required=False, longest=MAX_PERSON)
    if title is not None:
        checked_words("title", title, required=False, longest=MAX_TITLE)
    if body is not None:
        checked_words("body", body, required=False)


def _amend_person(change: Change, private: CasePrivate, person: Person) -> dict[str, Any]:
    case = change.case
    if private.person_erased_at is not None:
        raise Conflict("erased", Text("who asked was erased: nothing is added to it"))
    if case.anonymous and any(asdict(person).values()):
        raise Invalid({"person": Text("an anonymous demand names nobody")})
    before, after = asdict(person_of(case, private)), asdict(person)
    salt = private.person_salt
    said = {
        name: personal(salt, name, value) for name, value in after.items() if value != before[name]
    }
    if not said:
        return {}
    private.person, private.name_hash = sealed_person(case, person), name_hash(person.name)
    if "phone" in said:
        # Not through the change: the event would keep a hash that an erasure could not reach.
        case.caller = caller_hash(person.phone)
        case.save(update_fields=["caller"])
        private.alias = ""
    return {"person": said}


def _amend_text(
    change: Change, private: CasePrivate, title: str | None, body: str | None
) -> dict[str, Any]:
    case = change.case
    if private.text_erased_at is not None:
        raise Conflict("erased", Text("what was said was erased: nothing is added to it"))
    before = text_of(case, private)
    after = (before[0] if title is None else title, before[1] if body is None else body)
    if not any(text.strip() for text in after):
        raise Invalid({"body": Text("say what the demand is about")})
    names = zip(("title", "body"), before, after, strict=True)
    salt = private.text_salt
    said = {name: personal(salt, name, new) for name, old, new in names if old != new}
    if said:
        remove_terms(case, *before)
        private.text = sealed_text(case, *after)
        case.indexed = False
        case.save(update_fields=["indexed"])
    return said


def erase_person(
    *,
    case_id: int,
    cause: Cause,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Case:
    """Erase all that is personal of an ended case: who asked, all words, the attachments.

    A second time changes nothing. Raises Invalid for an unknown `cause`, Conflict for a case that
    has not ended.
    """
    return _erase(case_id, PARTS, cause, by, as_of, expected)


def erase_case_text(
    *,
    case_id: int,
    cause: Cause,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Case:
    """Erase what was said about an ended case, in the demand and in all records; as above."""
    return _erase(case_id, ("text",), cause, by, as_of, expected)


def _erase(
    case_id: int,
    parts: Iterable[Part],
    cause: Cause,
    by: Actor,
    as_of: datetime,
    expected: int | None,
) -> Case:
    if cause not in CAUSES:
        raise Invalid({"cause": one_of(CAUSES)})
    with changing(case_id, "erase", by=by, as_of=as_of, expected=expected) as change:
        if change.case.state not in ENDED:
            text = Text("the case is still worked on: end it first, then erase")
            raise Conflict("not_ended", text)
        erase(change, parts, cause)
    empty_log()
    return change.case


def erase_caller(*, phone: str, cause: Cause, by: Actor, as_of: datetime) -> Erased:
    """Erase all that is personal of all ended cases of the caller with this phone.

    Each case in a transaction of its own: killed at any point, the next call goes on. Raises
    Invalid for what is no phone number.
    """
    permit(by, "erase")
    erased, waiting = [], []
    for pk, number, state in cases_of_phone(phone):
        if state not in ENDED:
            waiting.append(number)
            continue
        erase_person(case_id=pk, cause=cause, by=by, as_of=as_of)
        erased.append(number)
    return Erased(tuple(erased), tuple(waiting))


def cases_of_phone(phone: str) -> list[tuple[int, str, str]]:
    """Key, number and state of the cases of a phone, the oldest first. Raises Invalid."""
    if not normal_phone(phone):
        raise Invalid({"phone": Text("give a whole phone number")})
    cases = Case.objects.exclude(caller="").filter(caller__in=caller_hashes(phone))
    return list(cases.order_by("pk").values_list("pk", "number", "state"))
