"""The check of some cases: their chains, their columns, and what is personal, as recorded.

Used by `audit`, which looks again, alone, at a case in which something was found. A finding names
the case and what is wrong, and never a value.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import BinaryField, ForeignKey, Model
from pydantic_core import from_json

from jiesu.cases.attachments import name_of
from jiesu.cases.history.events import plain
from jiesu.cases.history.record_tables import (
    NUMBERED,
    Key,
    attempt_key,
    opinion_key,
    supervision_key,
)
from jiesu.cases.history.replay import COLUMNS, Replay, played
from jiesu.cases.insertion import asked, aware, made
from jiesu.cases.models import (
    Assist,
    Attachment,
    Attempt,
    Case,
    CasePrivate,
    Opinion,
    Pause,
    Place,
    Supervision,
    Unit,
)
from jiesu.cases.privacy.erasure import ALIAS
from jiesu.cases.privacy.personal import AlteredError, KeyMissingError
from jiesu.cases.privacy.record_words import words_of
from jiesu.cases.privacy.sealed_fields import NAMES, RECORDS, records_of, word_fields
from jiesu.cases.privacy.vault import answer_of, caller_hashes, person_of, text_of
from jiesu.core.chain import StoredEvent, check_chain, is_recorded

_BY_KEY = {"unit": "unit_id", "district": "district_id", "place": "place_id",
           "community": "community_id", "repeat_of": "repeat_of__number"}  # fmt: skip
_READ = (
    "pk",
    "number",
    "head",
    "n_events",
    "caller",
    *sorted(_BY_KEY.get(name, name) for name in COLUMNS),
)

MODELS = set(NAMES)

_TABLES: Mapping[str, type[Model]] = {
    **NAMES, "attachment": Attachment, "attempt": Attempt, "pause": Pause,
}  # fmt: skip

PLAIN_FIELDS = {
    name: frozenset(
        field.name
        for field in model._meta.concrete_fields
        if not isinstance(field, BinaryField | ForeignKey) and not field.primary_key
    )
    for name, model in _TABLES.items()
}
"""The columns of records that are compared where an event that names the record says them."""

UNIT_FIELDS = {
    name: {
        field.name: field.attname
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and field.related_model is Unit
    }
    for name, model in _TABLES.items()
}
"""The columns of records that name a unit, which events call by its code."""

_WORD_FIELDS = {name: word_fields(model) for name, model in NAMES.items()}

_EVENTS = (
    "SELECT case_id, seq, at, actor, origin, kind, changes, previous, digest FROM cases_event "
    "WHERE case_id BETWEEN %s AND %s ORDER BY case_id, seq"
)
"""Past Django, which would take longer over them than it takes to hash them."""

_TOLD = _TABLES.keys() - {"assist", "pause"}
"""Records that an event tells of whenever there is one. Who is to help with a dispatch is told by
unit, and of pauses events tell only since they name them."""

_FILE_WORDS = {"name": "name", "digest": "content"}
"""What is personal of an attachment by its column, and by which name its event holds a digest."""


class Known:
    """Codes by key of units and places, which events call by their codes."""

    @cached_property
    def units(self) -> dict[int, str]:
        return dict(Unit.objects.values_list("pk", "code"))

    @cached_property
    def places(self) -> dict[int, str]:
        return dict(Place.objects.values_list("pk", "code"))


@dataclass(slots=True)
class Checked:
    """What was looked at, and what was found, by key of the case."""

    n_cases: int = 0
    n_events: int = 0
    findings: dict[int, list[str]] = field(default_factory=dict)


def found_in_cases(first: int, last: int, known: Known) -> Checked:
    """Check the cases whose keys lie from `first` to `last`, both included.

    SQLite takes anything into a column: what cannot be read there is a finding of its case alone.
    """
    try:
        return _found(first, last, known)
    except (ValueError, TypeError, AttributeError):
        if first == last:
            line = f"the case with the key {first}: its rows hold what cannot be read"
            return Checked(findings={first: [line]})
    middle = (first + last) // 2
    checked, rest = found_in_cases(first, middle, known), found_in_cases(middle + 1, last, known)
    checked.n_cases += rest.n_cases
    checked.n_events += rest.n_events
    checked.findings |= rest.findings
    return checked


def _found(first: int, last: int, known: Known) -> Checked:
    cases = list(Case.objects.filter(pk__gte=first, pk__lte=last).order_by("pk").values(*_READ))
    batch = _Batch(first, last)
    checked = Checked(n_cases=len(cases))
    there = set()
    for case in cases:
        events = batch.events.get(case["pk"], [])
        checked.n_events += len(events)
        there.add(case["pk"])
        found = [f"case {case['number']}: {line}" for line in _wrong(case, batch, known)]
        broken = check_chain(
            [StoredEvent(case["number"], *row) for row in events],
            case=case["number"],
            head=case["head"],
            n_events=case["n_events"],
        )
        if broken is not None:
            found.insert(0, str(broken))
        if found:
            checked.findings[case["pk"]] = found
    for key in batch.events.keys() - there:
        line = f"the case with the key {key}: it is missing, and events of it are there"
        checked.findings[key] = [line]
    return checked


class _Batch:
    """Everything of some cases that is compared, by key of the case."""

    def __init__(self, first: int, last: int) -> None:
        self.case = Case()
        # Cases first, events next: what is recorded meanwhile is looked at again.
        self.events: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for key, seq, at, actor, origin, kind, changes, *digests in asked(_EVENTS, [first, last]):
            said = _document(changes)
            self.events[key].append((seq, aware(at), actor, origin, kind, said, *digests))
        private = CasePrivate.objects.filter(case_id__gte=first, case_id__lte=last)
        self.private = {row["case_id"]: made(CasePrivate, **row) for row in private.values()}
        self.records: dict[int, list[Any]] = defaultdict(list)
        for model, way in RECORDS.items():
            case_key = f"{way}_id"
            columns = dict.fromkeys((case_key, *(f.attname for f in model._meta.concrete_fields)))
            for row in records_of(model, gte=first, lte=last).values(*columns):
                self.records[row[case_key]].append(made(model, **row))
        attempts = Attempt.objects.filter(callback__case__gte=first, callback__case__lte=last)
        for attempt in attempts.select_related("callback").order_by("pk"):
            self.records[attempt.callback.case_id].append(attempt)
        for pause in Pause.objects.filter(case_id__gte=first, case_id__lte=last).order_by("pk"):
            self.records[pause.case_id].append(pause)
        files = Attachment.objects.filter(case_id__gte=first, case_id__lte=last)
        for file in files.order_by("pk"):
            self.records[file.case_id].append(file)


def _document(text: str) -> Any:
    """What an event's changes say; `None` for what no event can say."""
    try:
        return from_json(text)
    except ValueError:
        return None


def _wrong(row: Mapping[str, Any], batch: _Batch, known: Known) -> Iterator[str]:
    """What is wrong with a case beside its chain."""
    events = batch.events.get(row["pk"], [])
    try:
        replay = played(((event[0], event[4], event[1], event[5]) for event in events), MODELS)
    except (TypeError, ValueError, KeyError, AttributeError):
        yield "its events say what no event can say"
        return
    present = _present(row, known)
    for name, value in replay.columns.items():
        if present[name] != value and plain(present[name]) != value:
            yield f"its column {name} is not what was last recorded"
    # One object for all: to make a model of each case takes a fifth of the whole check.
    case = batch.case
    case.pk, case.number = row["pk"], row["number"]
    private = batch.private.get(row["pk"])
    if private is None:
        yield "the row of its personal data is missing"
        return
    yield from _wrong_values(case, private, replay, row["caller"])
    yield from _wrong_records(case, private, batch.records.get(row["pk"], []), replay, known)


def _present(row: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """A case's columns, with units, places and cases as events name them."""
    present = dict(row, repeat_of=row["repeat_of__number"])
    for codes, names in (
        (known.units, ("unit", "district")),
        (known.places, ("place", "community")),
    ):
        for name in names:
            key = row[f"{name}_id"]
            present[name] = None if key is None else codes.get(key, "")
    return present


def _wrong_values(case: Case, private: CasePrivate, replay: Replay, caller: str) -> Iterator[str]:
    """Whether what is kept of the person and the text is what was recorded."""
    try:
        person, text = person_of(case, private), text_of(case, private)
        told = answer_of(case, private)
    except AlteredError:
        yield "a value of its personal data was changed, or is another's"
        return
    except KeyMissingError as error:
        yield f"its personal data cannot be compared: the key {error.key_id} is not in the ring"
        return
    kept = {f"person.{name}": value for name, value in person.parts.items()}
    kept |= {"title": text[0], "body": text[1], "answer": told}
    wrong = set()
    for name, value in kept.items():
        part = "person" if name.startswith("person.") else "text"
        salt = private.person_salt if part == "person" else private.text_salt
        digest = replay.digests.get(name, "")
        if not value:
            if digest and part not in replay.erased:
                wrong.add(name)
                yield f"the recorded value of {name} is gone, and no event says that it was erased"
        elif not digest or not _is_recorded(digest, salt, name.removeprefix("person."), value):
            wrong.add(name)
            yield f"the kept value of {name} is not the recorded one"
    # With a phone that is not the recorded one there is nothing to compare the mark with.
    if "person.phone" not in wrong and not _stands_for(caller, person.phone, replay):
        yield "its column caller does not stand for the recorded phone"


def _stands_for(caller: str, phone: str, replay: Replay) -> bool:
    """Whether a caller's mark is that of the phone; no event may hold it, so it is made again."""
    if "person" in replay.erased:
        return not caller or caller.startswith(ALIAS)
    # What another system calls a caller nobody can make again.
    return caller in (caller_hashes(phone) or ("",)) or (replay.imported and not phone)


def _wrong_records(
    case: Case, private: CasePrivate, rows: list[Any], replay: Replay, known: Known
) -> Iterator[str]:
    """Whether the records that events name are there, with the words that were recorded."""
    there: set[tuple[str, Key]] = set()
    told, helping = replay.beside.rows, []
    for row in rows:
        model, key = str(row._meta.model_name), _key(row, known)
        there.add((model, key))
        recorded = told.get((model, key), {})
        if isinstance(row, Attachment):
            yield from _wrong_attachment(case, private, row, replay)
        else:
            for name in _WORD_FIELDS.get(model, ()):
                yield from _wrong_words(case, private, row, (model, key, name), replay)
        if isinstance(row, Assist) and "unit" not in recorded:
            helping.append(known.units.get(row.unit_id, ""))
        for name in _wrong_columns(row, model, recorded, known):
            yield f"the {name} of its {model} {key} is not what was last recorded"
    if sorted(helping) != sorted(replay.beside.helping):
        yield "the units that were asked to help with a dispatch are not those that were recorded"
    for model, key in sorted(there - told.keys()):
        if model in _TOLD:
            yield f"no event tells of its {model} {key}"
    for model, key in sorted(told.keys() - there):
        yield f"its {model} {key} is missing"


def _key(row: Any, known: Known) -> Key:
    """How events call a record."""
    if isinstance(row, Attempt):
        return attempt_key(row.callback.round, row.number)
    if isinstance(row, Opinion):
        return opinion_key(row.consultation_id, known.units.get(row.unit_id, ""))
    if isinstance(row, Supervision):
        return supervision_key(row.rule, row.occasion)
    key: int = getattr(row, NUMBERED.get(str(row._meta.model_name), "pk"))
    return key


def _wrong_columns(
    row: Any, model: str, recorded: Mapping[str, object], known: Known
) -> Iterator[str]:
    """The columns of a record of which an event says something else."""
    plain_fields, unit_fields = PLAIN_FIELDS[model], UNIT_FIELDS[model]
    for name, value in recorded.items():
        if name in unit_fields:
            unit = getattr(row, unit_fields[name])
            if value != (None if unit is None else known.units.get(unit, "")):
                yield name
        elif name in plain_fields:
            present = getattr(row, name)
            if present != value and plain(present) != value:
                yield name


def _wrong_words(
    case: Case, private: CasePrivate, row: Any, place: tuple[str, Key, str], replay: Replay
) -> Iterator[str]:
    model, key, name = place
    digest = replay.beside.words.get(place)
    try:
        words = words_of(case, row, name)
    except AlteredError:
        yield f"the {name} of its {model} {key} was changed, or is another's"
        return
    except KeyMissingError as error:
        yield f"the {name} of its {model} {key} needs the missing key {error.key_id}"
        return
    if not words:
        if digest and "text" not in replay.erased:
            yield f"the {name} of its {model} {key} is gone, and no event says that it was erased"
        return
    recorded = [digest] if digest else [one for of, one in replay.beside.loose if of == name]
    if not any(_is_recorded(one, private.text_salt, name, words) for one in recorded):
        yield f"the {name} of its {model} {key} is not the recorded one"


def _wrong_attachment(
    case: Case, private: CasePrivate, row: Attachment, replay: Replay
) -> Iterator[str]:
    """Whether a file has the recorded name and digest, both gone where it was erased."""
    record = replay.beside.rows.get(("attachment", row.pk))
    if record is None:
        return
    kept, which = {"digest": row.digest}, f"of its attachment {row.pk}"
    try:
        kept["name"] = name_of(case, row)
    except AlteredError:
        yield f"the name {which} was changed, or is another's"
    except KeyMissingError as error:
        yield f"the name {which} needs the missing key {error.key_id}"
    for name, value in kept.items():
        field = _FILE_WORDS[name]
        digest = replay.beside.words.get(("attachment", row.pk, field), "")
        if record["erased_at"] is not None:
            if value:
                yield f"the {name} {which} is kept, and an event says that it was erased"
        elif not value:
            yield f"the {name} {which} is gone, and no event says that it was erased"
        # A file may stay longer than the texts, with which the salt goes.
        elif "text" not in replay.erased and not _is_recorded(
            digest, private.text_salt, field, value
        ):
            yield f"the {name} {which} is not the recorded one"


def _is_recorded(digest: str, salt: bytes | memoryview, name: str, value: str) -> bool:
    try:
        return is_recorded(digest, salt=bytes(salt), field=name, value=value)
    except ValueError:
        return False  # The salt is gone, and the value is not.
