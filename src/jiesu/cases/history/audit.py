"""Verifying the history: chains, seals, and the rows of today against what was recorded.

What is found and what cannot be: docs/history.md. Reads beside the work of the site in little
memory, changes nothing, and shows no value of an event. Sealing is in `seals`, what a case's
events say of its present in `replay`, the check of one case in `case_audit`, of a file in
`file_audit`.
"""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from jiesu.cases.history.case_audit import Known, found_in_cases
from jiesu.cases.history.file_audit import attachments_in_turn, wrong_file
from jiesu.cases.history.seals import AT_ONCE, seal_of, seals_file
from jiesu.cases.models import Attachment, Case, Event
from jiesu.cases.models import Seal as Row
from jiesu.cases.privacy.vault import ring
from jiesu.cases.refusals import NotFound
from jiesu.core.seals import Seal, check_sealed_events, check_seals
from jiesu.core.texts import Text

CASES_AT_ONCE = 1_000
SEALS_AT_ONCE = 1_000


_MISSING = "seal {}: it is missing, and events name it"
_UNREADABLE = (
    "seal {}: its row holds what cannot be read, and the seals from there on are not looked at"
)


@dataclass(slots=True)
class Audit:
    """A check of the whole history, or of one case's. `run` it, then read what it counted."""

    number: str = ""
    """Of the one case; empty for all."""
    file: Path | None = None
    read_files: bool = False
    """Whether to read what attached files hold; without it, that they are there and how long."""
    n_cases: int = 0
    n_events: int = 0
    n_files: int = 0
    n_seals: int = 0
    n_unsealed: int = 0
    unsealed_since: datetime | None = None
    last: Seal | None = None
    """The last seal of the database: what to write down elsewhere."""

    def run(self) -> Iterator[str]:
        """All findings, each a line; none means that the history is whole.

        Raises NotFound for a case that is not there.
        """
        file = self.file or seals_file()
        end = _end_of(file)
        self.last = next(_readable(Row.objects.order_by("-number")[:1]), None)
        if self.number:
            yield from self._one_case()
            return
        yield from self._cases()
        yield from self._files(Attachment.objects.all())
        yield from self._seals(file, end)
        unsealed = Event.objects.filter(seal=None).order_by("id")
        self.n_unsealed = unsealed.count()
        self.unsealed_since = unsealed.values_list("at", flat=True).first()

    def _one_case(self) -> Iterator[str]:
        case = Case.objects.filter(number=self.number).only("pk").first()
        if case is None:
            raise NotFound("no_such_case", Text("there is no such case"))
        yield from self._batch(case.pk, case.pk)
        yield from self._files(Attachment.objects.filter(case=case))
        events = Event.objects.filter(case=case)
        self.n_unsealed = events.filter(seal=None).count()
        numbers = events.exclude(seal=None).order_by("seal").values_list("seal", flat=True)
        keys = ring().secrets_by_id("seal")
        for number in dict.fromkeys(numbers):
            rows = Row.objects.filter(number=number)
            seal = next(_readable(rows), None)
            if seal is None:
                yield _UNREADABLE.format(number) if rows.exists() else _MISSING.format(number)
                continue
            self.n_seals += 1
            yield from self._under([seal])
            yield from (
                str(found)
                for found in check_seals([seal], None, keys)
                # Its place among the others is not looked at here.
                if found.number == number and found.reason in ("mac", "key")
            )

    def _cases(self) -> Iterator[str]:
        after = 0
        while True:
            keys = Case.objects.filter(pk__gt=after).order_by("pk")[:CASES_AT_ONCE]
            chosen = list(keys.values_list("pk", flat=True))
            if not chosen:
                break
            yield from self._batch(after + 1, chosen[-1])
            after = chosen[-1]
        # Of a case that was begun since, the next run speaks.
        gone = Event.objects.filter(case_id__gt=after).filter(
            ~Exists(Case.objects.filter(pk=OuterRef("case_id")))
        )
        for key in gone.order_by("case_id").values_list("case_id", flat=True).distinct():
            yield f"the case with the key {key}: it is missing, and events of it are there"

    def _batch(self, first: int, last: int) -> Iterator[str]:
        known = Known()
        checked = found_in_cases(first, last, known)
        self.n_cases += checked.n_cases
        self.n_events += checked.n_events
        for key in sorted(checked.findings):
            # While it was read somebody may have worked on the case: look again, alone.
            with transaction.atomic():
                locked = Case.objects.select_for_update(of=("self",)).filter(pk=key)
                locked.values_list("pk").first()
                again = found_in_cases(key, key, known)
            yield from again.findings.get(key, ())

    def _files(self, files: QuerySet[Attachment]) -> Iterator[str]:
        for attachment in attachments_in_turn(files):
            self.n_files += attachment.erased_at is None
            wrong = wrong_file(attachment, read=self.read_files)
            if wrong:
                yield wrong

    def _seals(self, file: Path, end: "_End") -> Iterator[str]:
        """The seals among themselves, beside the file, and over their events."""
        keys = ring().secrets_by_id("seal")
        if end.size is None and end.number:
            yield f"the file {file.name} is not there: the seals have nothing to be compared with"
        lines = _lines(file, end.size) if end.size is not None else None
        for found in check_seals(_readable(_rows(end.number)), lines, keys):
            yield str(found)
        last = 0
        for some in _groups(end.number):
            self.n_seals += len(some)
            last = some[-1].number
            yield from self._under(some)
        if beyond := _rows(end.number).filter(number__gt=last).values_list("number").first():
            yield _UNREADABLE.format(*beyond)
        loose = Event.objects.exclude(seal=None).filter(
            ~Exists(Row.objects.filter(number=OuterRef("seal_id")))
        )
        for number in loose.order_by("seal_id").values_list("seal_id", flat=True).distinct():
            if number <= end.number:
                yield _MISSING.format(number)

    def _under(self, seals: list[Seal]) -> Iterator[str]:
        """The events under some neighbouring seals."""
        events = Event.objects.filter(seal__gte=seals[0].number, seal__lte=seals[-1].number)
        # Without these words SQLite does not see that the index of sealed events has them all.
        events = events.exclude(seal=None)
        pairs = events.order_by("seal_id", "id").values_list("seal_id", "id", "digest")
        under = {
            number: [(pk, digest) for _, pk, digest in some]
            for number, some in groupby(pairs.iterator(), key=lambda pair: pair[0])
        }
        for seal in seals:
            found = under.get(seal.number, [])
            wrong = check_sealed_events(seal, found)
            if wrong is not None:
                yield f"{wrong} ({seal.n_events} were sealed, {len(found)} are there)"


def _groups(last: int) -> Iterator[list[Seal]]:
    """The seals up to a number, as many together as have not too many events."""
    some: list[Seal] = []
    n_events = 0
    for seal in _readable(_rows(last)):
        if some and (len(some) >= SEALS_AT_ONCE or n_events + seal.n_events > AT_ONCE):
            yield some
            some, n_events = [], 0
        some.append(seal)
        n_events += seal.n_events
    if some:
        yield some


def _rows(last: int) -> "QuerySet[Row]":
    return Row.objects.filter(number__lte=last).order_by("number")


def _readable(rows: "QuerySet[Row]") -> Iterator[Seal]:
    """The seals of rows, up to the first that holds what no seal can: SQLite takes anything."""
    try:
        for row in rows.iterator(chunk_size=SEALS_AT_ONCE):
            seal = seal_of(row)
            if not (isinstance(seal.n_events, int) and isinstance(seal.at, datetime)):
                return
            yield seal
    except (AttributeError, TypeError, ValueError):
        return


@dataclass(frozen=True, slots=True)
class _End:
    """Up to where database and file are compared: what came later may be in one of them alone."""

    number: int
    size: int | None
    """Bytes of the file; `None` where there is none."""


def _end_of(file: Path) -> _End:
    """Where both end now, while no sealer is between the two."""
    try:
        with file.open("rb") as opened:
            fcntl.flock(opened, fcntl.LOCK_SH)
            return _End(_last_number(), os.fstat(opened.fileno()).st_size)
    except FileNotFoundError:
        return _End(_last_number(), None)


def _last_number() -> int:
    return Row.objects.order_by("-number").values_list("number", flat=True).first() or 0


def _lines(file: Path, size: int) -> Iterator[str]:
    with file.open("rb") as opened:
        while opened.tell() < size and (line := opened.readline()):
            # What is no text is no seal, and is said to be none.
            yield line.decode(errors="replace")
