"""`rejects.csv` and `duplicates.csv`: what was not used, row by row.

Both are readable by their owner only, since they hold values of the source.
"""

import csv
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from jiesu.core.problems import InputError, Problem
from jiesu.sources.duplicates import Duplicate
from jiesu.sources.source_table import Reject


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Turn what the operating system complains of on writing into `InputError`."""
    try:
        yield
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})"
        remedy = "choose another folder, or make room"
        raise InputError(Problem(str(error.filename or folder), "", what, remedy)) from error


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class RejectReport:
    """Writes `rejects.csv`: `file,line,column,reason,value`. A context manager."""

    def __init__(self, path: Path) -> None:
        self._file = open_private(path)
        self._writer = csv.writer(self._file)
        self._writer.writerow(("file", "line", "column", "reason", "value"))
        self.n = 0
        self.first: Reject | None = None

    def add(self, file: str, rejects: Iterable[Reject]) -> None:
        """Write rejects of a file."""
        for row in rejects:
            self.n += 1
            self.first = self.first or row
            cells = (neutral(file), row.place, neutral(row.column), row.reason, neutral(row.value))
            self._writer.writerow(cells)

    def __enter__(self) -> "RejectReport":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def write_duplicates(path: Path, duplicates: Iterable[Duplicate]) -> None:
    """Write `duplicates.csv`: `file,line,case_id,kept_file,kept_line,rows`."""
    with open_private(path) as file:
        writer = csv.writer(file)
        writer.writerow(("file", "line", "case_id", "kept_file", "kept_line", "rows"))
        for row in duplicates:
            rows = "identical" if row.identical else "different"
            own = neutral(row.file), row.place, neutral(row.case_id)
            writer.writerow((*own, neutral(row.kept_file), row.kept_place, rows))


def open_private(path: Path) -> TextIO:
    """Open a text file for writing that only its owner may read, whatever it was before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.chmod(path, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def neutral(value: str) -> str:
    """Text that a spreadsheet takes for text, never for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value
