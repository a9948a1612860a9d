"""The dispatch directory's entries as rows of the database, and back; their digest.

A digest is that of the entries as a CSV file: the same in whichever form they came.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from jiesu.cases.models import DirectoryEntry, DirectoryVersion
from jiesu.city.directory_file import directory_bytes
from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.directory import Entry


def directory_digest(entries: Sequence[Entry]) -> str:
    """The SHA-256 of the entries as a CSV file with English headers."""
    return sha256(directory_bytes(entries)).hexdigest()


def write_entries(directory: DirectoryVersion, entries: Iterable[Entry]) -> None:
    """Write the entries of a new version, each under its line; call it inside a transaction."""
    DirectoryEntry.objects.bulk_create(
        DirectoryEntry(
            directory=directory,
            number=entry.line,
            category_1=entry.category_1,
            category_2=entry.category_2,
            category_3=entry.category_3,
            place=entry.place,
            kind=entry.kind,
            unit=entry.unit,
            assist_units=LIST_SEPARATOR.join(entry.assist_units),
            via=entry.via,
            limit=entry.limit,
            note=entry.note,
        )
        for entry in entries
    )


def entry_of(row: DirectoryEntry) -> Entry:
    """A row as an entry; it may have mistakes where the row is a draft's."""
    return Entry(
        row.category_1,
        row.category_2,
        row.category_3,
        row.place,
        row.kind,
        row.unit,
        tuple(filter(None, row.assist_units.split(LIST_SEPARATOR))),
        "district" if row.via == "district" else "direct",
        row.limit,
        row.note,
        row.number,
    )


def entries_of(directory: DirectoryVersion) -> tuple[Entry, ...]:
    """The entries of a version, in the order of their lines."""
    return tuple(entry_of(row) for row in directory.entries.order_by("number"))
