"""Writing a batch of imported rows: new cases, those that are known, those that have changed.

Called within a transaction by `bulk_import`; what a row becomes is in `import_rows`.
"""

import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jiesu.cases.actor import Actor
from jiesu.cases.history.events import chained, personal
from jiesu.cases.importing import IMPORTED
from jiesu.cases.importing.rows import (
    EMPTY,
    SAID,
    Desk,
    Gap,
    Made,
    sweep_at,
    unusable,
)
from jiesu.cases.insertion import insert_many
from jiesu.cases.insertion import made as new_row
from jiesu.cases.models import Assist, Callback, Case, CasePrivate, Dispatch, Event
from jiesu.cases.models.routing import BY_IMPORT
from jiesu.cases.privacy.vault import Person, person_of, private_of, text_of
from jiesu.cases.privacy.words import fault_of
from jiesu.cases.rulebook import local_day

IMPORT = Actor.system(BY_IMPORT.removeprefix("system:"))

FIRST, AGAIN = "imported", "reimported"
"""The events of cases that nobody of the desk has worked on."""

BESIDE = (Dispatch, Assist, Callback)

HELD = "differs from what was imported, and the desk has worked on the case since: not applied"
TAKEN = "a case that the desk has received bears this number: not imported"


@dataclass
class Counts:
    """What became of rows: each is counted once, and `with_gaps` beside that."""

    made: int = 0
    updated: int = 0
    known: int = 0
    held: int = 0
    """They differ from what was imported, and the desk has worked on their cases since."""
    rejected: int = 0
    with_gaps: int = 0
    """Something of them was left out or is not known to the desk."""

    @property
    def rows(self) -> int:
        return self.made + self.updated + self.known + self.held + self.rejected

    def add(self, other: "Counts") -> None:
        for name, n in vars(other).items():
            setattr(self, name, getattr(self, name) + n)


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows are from: the digest of their file and the profile it was read by."""

    digest: str
    profile: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report."""

    row: int
    number: str
    gap: Gap


@dataclass(slots=True)
class _Item:
    """A row on its way: its place in the file, what it becomes, what its caller said."""

    row: int
    made: Made
    text: str


@dataclass
class Batch:
    """Some rows of a file. `texts` is `None` where the import has none: then none is compared."""

    desk: Desk
    source: Source
    as_of: datetime
    texts: Mapping[str, str] | None
    counts: Counts = field(default_factory=Counts)
    lines: list[Line] = field(default_factory=list)

    def write(self, rows: Sequence[Mapping[str, Any]], first: int) -> None:
        """Write rows, the first of which has the number `first` in its file."""
        items = list(self._items(rows, first))
        known = _cases(item.made.number for item in items)
        firsts = self._find_firsts(items, known)
        new = [item for item in items if item.made.number not in known]
        firsts |= self._insert(new, firsts)
        self._compare([item for item in items if item.made.number in known], firsts)
        for item in items:
            self.counts.with_gaps += bool(item.made.gaps)
            self.lines += [Line(item.row, item.made.number, gap) for gap in item.made.gaps]

    def _items(self, rows: Sequence[Mapping[str, Any]], first: int) -> Iterator[_Item]:
        for place, row in enumerate(rows, start=first):
            number = row["case_id"]
            why = unusable(number)
            if why is not None:
                self._reject(place, number[:64], Gap("case_id", "", f"{why}; not imported"))
                continue
            made = self.desk.made(row, self.as_of)
            text = (self.texts or {}).get(number, "")
            fault = fault_of(text)
            if fault is not None:
                made.gaps.append(Gap("text", "", f"{fault}; left out"))
                text = ""
            yield _Item(place, made, text)

    def _reject(self, row: int, number: str, gap: Gap) -> None:
        self.counts.rejected += 1
        self.lines.append(Line(row, number, gap))

    def _find_firsts(self, items: Sequence[_Item], known: Mapping[str, int]) -> dict[str, int]:
        """The keys of the cases that rows repeat, as far as they are there; others are gaps."""
        here = {item.made.number for item in items}
        wanted = {item.made.repeat_of for item in items} - here - {""}
        firsts = {**known, **_cases(wanted)}
        for item in items:
            made = item.made
            there = made.repeat_of in firsts or made.repeat_of in here
            if made.repeat_of and (not there or made.repeat_of == made.number):
                what = "no such case on the desk: left out, until an import finds it"
                made.gaps.append(Gap("repeat_of", made.repeat_of, what))
                made.repeat_of = ""
            made.said["repeat_of"] = made.repeat_of or None
        return firsts

    def _insert(self, new: Sequence[_Item], firsts: Mapping[str, int]) -> dict[str, int]:
        """Make cases; their keys by number."""
        cases, privates, events = [], [], []
        for item, counted in zip(new, _counts_of_callers(new), strict=True):
            case = _case(item.made, counted, self.as_of, self.desk)
            private = _private(case, item.made.address, item.text)
            case.request_digest = _digest(item.made, case.caller, private)
            events += chained(case, IMPORT, self.as_of, [(FIRST, self._said(item, private, EMPTY))])
            cases.append(case)
            privates.append(private)
        insert_many(cases)
        keys = _cases(case.number for case in cases)
        for case, private, event in zip(cases, privates, events, strict=True):
            case.pk = keys[case.number]
            private.case_id = event.case_id = case.pk
        insert_many(privates)
        insert_many(events)
        self._insert_beside(new, cases)
        # A row may repeat one of its own batch, which has its key only now.
        for item in new:
            if item.made.repeat_of:
                of = firsts.get(item.made.repeat_of) or keys[item.made.repeat_of]
                Case.objects.filter(pk=keys[item.made.number]).update(repeat_of=of)
        self.counts.made += len(new)
        return keys

    def _insert_beside(self, items: Sequence[_Item], cases: Sequence[Case]) -> None:
        rows: dict[type, list[Any]] = defaultdict(list)
        for item, case in zip(items, cases, strict=True):
            for model, values in item.made.beside(case):
                rows[model].append(new_row(model, **values))
        for some in rows.values():
            insert_many(some)

    def _said(
        self, item: _Item, private: CasePrivate, before: Mapping[str, object]
    ) -> dict[str, object]:
        """The event of an import: from where it is, and all that it changes."""
        said: dict[str, object] = {
            "file": self.source.digest,
            "row": item.row,
            "profile": self.source.profile,
        }
        for name in SAID:
            old, new = before[name], item.made.said[name]
            if old != new:
                said[name] = [old, new]
        said |= item.made.history()
        if item.made.address:
            digest = personal(private.person_salt, "address", item.made.address)
            said["person"] = {"address": digest}
        if item.text:
            said["body"] = personal(private.text_salt, "body", item.text)
        return said

    def _compare(self, items: Sequence[_Item], firsts: Mapping[str, int]) -> None:
        """What has become of rows whose cases are there."""
        cases = Case.objects.select_for_update(of=("self",)).select_related(
            "unit", "district", "repeat_of", "private"
        )
        found = {}
        numbers = [item.made.number for item in items]
        for case in cases.filter(number__in=numbers).order_by("pk"):
            found[case.number] = case
        changed = []
        for item in items:
            case = found[item.made.number]
            if case.idempotency_key != _key(case.number):
                self._reject(item.row, case.number, Gap("case_id", "", TAKEN))
            elif self._is_as_imported(item, item.made.values["caller"], case):
                self.counts.known += 1
            else:
                changed.append((item, case))
        touched = set(
            Event.objects.filter(case__in=[case.pk for _, case in changed])
            .exclude(kind__in=(FIRST, AGAIN))
            .values_list("case_id", flat=True)
        )
        held = [(item, case) for item, case in changed if case.pk in touched]
        self.counts.held += len(held)
        self.lines += [Line(item.row, case.number, Gap("", "", HELD)) for item, case in held]
        self._update([pair for pair in changed if pair[1].pk not in touched], firsts)

    def _is_as_imported(self, item: _Item, caller: str, case: Case) -> bool:
        private = case.private
        # What was erased cannot be compared, and stays erased.
        if not private.text_salt or not private.person_salt:
            return True
        same_text = self.texts is None or not item.text or item.text == text_of(case, private)[1]
        return same_text and case.request_digest == _digest(item.made, caller, private)

    def _update(self, changed: Sequence[tuple[_Item, Case]], firsts: Mapping[str, int]) -> None:
        """Bring cases that nobody has worked on to what their rows say now."""
        keys = [case.pk for _, case in changed]
        for model in BESIDE:
            model._default_manager.filter(case__in=keys).delete()
        events = []
        for item, case in changed:
            events += self._updated(item, case, firsts)
        insert_many(events)
        self._insert_beside([item for item, _ in changed], [case for _, case in changed])
        self.counts.updated += len(changed)

    def _updated(self, item: _Item, case: Case, firsts: Mapping[str, int]) -> list[Event]:
        """The event of a changed row: none where the caller alone has another pseudonym.

        The history names no caller, so that it has nothing to say.
        """
        is_caller_alone = self._is_as_imported(item, case.caller, case)
        made, private, before = item.made, case.private, self.desk.said(vars(case))
        before["repeat_of"] = case.repeat_of.number if case.repeat_of else None
        for name, value in made.values.items():
            setattr(case, name, value)
        case.repeat_of_id = firsts.get(made.repeat_of)
        rules = self.desk.rules_on(local_day(case.created_at))[1]
        case.next_sweep_at = sweep_at(case, rules, self.as_of)
        item.text = item.text or text_of(case, private)[1]
        was_address = person_of(case, private).address
        renewed = _private(case, made.address, item.text)
        private.person, private.text = renewed.person, renewed.text
        private.save(update_fields=["person", "text"])
        said = self._said(item, private, before)
        if was_address and not made.address:
            said["person"] = {"address": {}}
        case.request_digest = _digest(made, case.caller, private)
        case.version += 1
        case.exported = case.indexed = False
        happened = [] if is_caller_alone else [(AGAIN, said)]
        events = chained(case, IMPORT, self.as_of, happened)
        case.save()
        return events


def _cases(numbers: Iterable[str]) -> dict[str, int]:
    """The keys of the cases of some numbers, as far as they are there."""
    rows = Case.objects.filter(number__in=list(numbers)).order_by()
    return dict(rows.values_list("number", "pk"))


def _key(number: str) -> str:
    """The idempotency key of an imported case."""
    return f"{IMPORTED}{number}"


def _case(made: Made, counted: tuple[int, int], as_of: datetime, desk: Desk) -> Case:
    n_month, n_year = counted
    values = {**made.values, "idempotency_key": _key(made.number), "version": 1}
    case = new_row(Case, **{**values, "n_month": n_month, "n_year": n_year})
    rules = desk.rules_on(local_day(case.created_at))[1]
    case.next_sweep_at = sweep_at(case, rules, as_of)
    return case


def _private(case: Case, address: str, text: str) -> CasePrivate:
    """The row of what is personal; what the file does not have is empty."""
    private = private_of(case, Person(address=address), "", text)
    if not address:
        private.person = b""
    if not text:
        private.text = b""
    return private


def _digest(made: Made, caller: str, private: CasePrivate) -> str:
    """What a row says, to know it again: with the case's salt, which goes when it is erased."""
    return hmac.digest(bytes(private.text_salt), made.content(caller).encode(), "sha256").hex()


def _counts_of_callers(new: Sequence[_Item]) -> Iterator[tuple[int, int]]:
    """Which demand of its caller each is, in its month and in its year.

    Of those that are here and that were before it.
    """
    callers = {item.made.values["caller"] for item in new} - {""}
    times: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    rows = Case.objects.filter(caller__in=callers).order_by()
    for caller, at in rows.values_list("caller", "created_at"):
        times[caller].append((at, -1))
    for place, item in enumerate(new):
        if caller := item.made.values["caller"]:
            times[caller].append((item.made.values["created_at"], place))
    for place, item in enumerate(new):
        at = item.made.values["created_at"]
        some = times.get(item.made.values["caller"], ())
        if len(some) < 2:
            yield 1, 1
            continue
        today = local_day(at)
        days = [local_day(other[0]) for other in some if other < (at, place)]
        yield (
            1 + sum((day.year, day.month) == (today.year, today.month) for day in days),
            1 + sum(day.year == today.year for day in days),
        )
