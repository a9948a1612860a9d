"""Editing the dispatch directory: drafts, spreadsheets, what is wrong, putting in force.

A version in force is never changed: a change is a draft, a copy that is edited, checked and put in
force from a day on. Forms that edit a draft's lines are in `admin_directory`; what is checked in
`core.directory_check`.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import transaction

from jiesu.cases.actor import Actor
from jiesu.cases.folder.directory_rows import directory_digest, entries_of, write_entries
from jiesu.cases.folder.unit_rows import core_units
from jiesu.cases.models import DirectoryVersion
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, Invalid, NotFound
from jiesu.cases.rulebook import Rulebook, local_day, read_rulebook, rules_changed
from jiesu.cases.scopes import permit
from jiesu.city.directory_file import directory_bytes, read_entries
from jiesu.city.spreadsheet import SUFFIXES
from jiesu.core.directory import Directory, Entry, mistakes_of
from jiesu.core.directory_check import Finding, HolePair, check_directory, hole_pairs
from jiesu.core.problems import InputError, Problem
from jiesu.core.texts import Text
from jiesu.core.worktime import Lang

ACTION = "manage_directory"
LONGEST_NAME = 64
LONGEST_REASON = 200
NAMED = 5
STOPS = ("hole",)
"""Findings that are no errors and yet keep a draft from being put in force unasked."""


@dataclass(frozen=True)
class Desk:
    """What a directory is checked against: the rules, units and places of the database."""

    book: Rulebook
    on: date

    @property
    def kinds(self) -> list[str]:
        return [kind.key for kind in self.book.desk_on(self.on)[1].kinds]

    @property
    def words_of_kinds(self) -> dict[str, str]:
        """The titles of the kinds of demand to their keys: for spreadsheets."""
        kinds = self.book.desk_on(self.on)[1].kinds
        return {title: kind.key for kind in kinds for title in kind.title.values()}

    def findings(self, directory: Directory) -> list[Finding]:
        """Everything that is wrong with a version, errors first."""
        return check_directory(
            directory,
            self.book.categories,
            self.book.places.streets,
            core_units(),
            self.on,
            limits=self.book.desk_on(self.on)[1].limits,
            kinds=self.kinds,
            districts=self.book.places.districts,
            answering=self.book.places.answering,
        )

    def holes(self, directory: Directory) -> Iterator[HolePair]:
        """Each category and place that find no unit."""
        places = self.book.places
        return hole_pairs(
            directory, self.book.categories, places.streets, core_units(), self.on,
            kinds=self.kinds, districts=places.districts, answering=places.answering,
        )  # fmt: skip


def desk_on(day: date) -> Desk:
    """The desk as the database has it now, for a check on a day."""
    return Desk(read_rulebook(), day)


def make_draft(
    *, name: str, source: DirectoryVersion | None, by: Actor, as_of: datetime
) -> DirectoryVersion:
    """A new draft with the lines of another version, or with none."""
    entries = entries_of(source) if source is not None else ()
    return _written(name, entries, by, as_of)


def import_draft(
    *, name: str, file_name: str, content: bytes, by: Actor, as_of: datetime
) -> DirectoryVersion:
    """A new draft with the lines of a spreadsheet, CSV or XLSX. Raises InputError for mistakes."""
    permit(by, ACTION)
    suffix = Path(file_name).suffix.lower()
    if suffix not in SUFFIXES:
        what, remedy = Text("this is neither .csv nor .xlsx"), Text("save it as one of them")
        raise InputError(Problem(file_name[:100], "", what, remedy))
    words = desk_on(local_day(as_of)).words_of_kinds
    with tempfile.TemporaryDirectory(prefix="jiesu-") as folder:
        path = Path(folder, f"directory{suffix}")
        path.write_bytes(content)
        entries = read_entries(path, kinds=words, shown=file_name[:100])
    return _written(name, entries, by, as_of)


def directory_table(version: DirectoryVersion, *, suffix: str, language: str) -> bytes:
    """The lines of a version as a spreadsheet, headers in `zh` or `en`."""
    return directory_bytes(entries_of(version), suffix=suffix, language=language)


def as_directory(version: DirectoryVersion) -> Directory:
    """A version, a draft too, to be checked. Raises Invalid for a line with a mistake in itself."""
    entries = entries_of(version)
    for entry in entries:
        for column, what, remedy in mistakes_of(entry):
            raise Invalid(
                {f"line {entry.line}, {column}": Text("{what}; {remedy}", what=what, remedy=remedy)}
            )
    return Directory(version.version, version.valid_from, None, entries)


def findings_of(version: DirectoryVersion, on: date) -> list[Finding]:
    """Everything that is wrong with a version, a draft too, on a day."""
    return desk_on(on).findings(as_directory(version))


def errors_in_force(today: date) -> list[Finding]:
    """The errors with which a folder of these versions, units and places would not be loaded.

    Those of the versions that hold today or later and that nobody wanted with their errors.
    """
    book = read_rulebook()
    in_force = DirectoryVersion.objects.filter(in_force=True)
    wanted = set(in_force.exclude(despite="").values_list("version", flat=True))
    found: list[Finding] = []
    for directory in book.directories:
        has_ended = directory.valid_to is not None and directory.valid_to <= today
        if not has_ended and directory.version not in wanted:
            day = max(directory.valid_from or today, today)
            found += Desk(book, day).findings(directory)
    return [finding for finding in found if finding.is_error]


def put_in_force(
    *, directory_id: int, valid_from: date, despite: str, by: Actor, as_of: datetime
) -> DirectoryVersion:
    """Put a draft in force from a day on; from then it is called by that day and never changed.

    Raises Invalid for a day that is past while another version holds: cases were sent by that.
    Raises Conflict where a version from that day is there, and where the draft has errors or holes
    and `despite` does not say why it is wanted all the same.
    """
    permit(by, ACTION)
    despite = checked_words("despite", despite, required=False, longest=LONGEST_REASON)
    with transaction.atomic():
        draft = DirectoryVersion.objects.select_for_update().filter(pk=directory_id).first()
        if draft is None:
            raise NotFound("no_such_directory", Text("there is no such directory"))
        if draft.in_force:
            raise Conflict("in_force", Text("this version is in force already: make a draft of it"))
        held = DirectoryVersion.objects.filter(in_force=True)
        if valid_from < local_day(as_of) and held.exists():
            raise Invalid({"valid_from": Text("this day is past: choose today or a later day")})
        name = valid_from.isoformat()
        if DirectoryVersion.objects.filter(version=name).exclude(pk=draft.pk).exists():
            what = Text("a version is called by {name} already: choose another day", name=name)
            raise Conflict("day_taken", what)
        directory = as_directory(draft)
        found = stopping(desk_on(valid_from).findings(directory))
        if found and not despite:
            raise Conflict("findings", _first_of(found))
        draft.version, draft.valid_from, draft.in_force = name, valid_from, True
        draft.digest = directory_digest(directory.entries)
        draft.put_by, draft.despite = by.name, despite if found else ""
        draft.save()
        rules_changed()
    return draft


def _first_of(findings: list[Finding]) -> Text:
    """The first of the findings that stand in the way, and how many more there are."""

    def first(lang: Lang) -> str:
        return "; ".join(finding.what[lang] for finding in findings[:NAMED])

    if len(findings) <= NAMED:
        return Text("mend this, or say why it is wanted all the same: {findings}", findings=first)
    return Text(
        "mend this, or say why it is wanted all the same: {findings}; and {n} more findings",
        findings=first,
        n=len(findings) - NAMED,
    )


def stopping(findings: list[Finding]) -> list[Finding]:
    """The findings with which a draft is put in force only for a reason."""
    return [finding for finding in findings if finding.is_error or finding.sort in STOPS]


def check_name(name: str) -> str:
    """What a draft may be called: anything but a day. Raises Invalid."""
    name = checked_words("name", name, longest=LONGEST_NAME)
    if _is_day(name):
        raise Invalid(
            {"name": Text("only a version in force is called by a day: choose other words")}
        )
    return name


def remove_draft(*, directory_id: int, by: Actor) -> None:
    """Remove a draft. Raises Conflict for a version in force."""
    permit(by, ACTION)
    with transaction.atomic():
        draft = DirectoryVersion.objects.select_for_update().filter(pk=directory_id).first()
        if draft is None:
            raise NotFound("no_such_directory", Text("there is no such directory"))
        if draft.in_force:
            raise Conflict("in_force", Text("a version that is in force is never removed"))
        draft.delete()


def _written(name: str, entries: tuple[Entry, ...], by: Actor, as_of: datetime) -> DirectoryVersion:
    permit(by, ACTION)
    name = check_name(name)
    with transaction.atomic():
        draft, is_new = DirectoryVersion.objects.get_or_create(
            version=name, defaults={"loaded_at": as_of}
        )
        if not is_new:
            raise Conflict("name_taken", Text("a version is called {name!r} already", name=name))
        write_entries(draft, entries)
    return draft


def _is_day(name: str) -> bool:
    try:
        date.fromisoformat(name)
    except ValueError:
        return False
    return True
