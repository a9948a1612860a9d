"""Bulk import: files of another system become cases of the desk, with the history that they have.

The same file again makes no second case. In batches, each one transaction: killed at any point,
the next run goes on where this one was. What a row becomes is in `import_rows`, how a batch is
written in `import_batch`; how files are read in `jiesu.sources`. For those who use it:
docs/importing.md.
"""

import csv
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pyarrow.parquet as pq
from django.db import IntegrityError, transaction

from jiesu.cases.importing.batch import Batch, Counts, Line, Source
from jiesu.cases.importing.rows import Desk
from jiesu.cases.importing.texts import Texts
from jiesu.cases.privacy.vault import imported_caller
from jiesu.cases.rulebook import city_zone, rulebook
from jiesu.cases.transaction import let_others_write
from jiesu.core.problems import InputError, Problem
from jiesu.sources.intake import OWN_PROFILE, Intake, read_cases
from jiesu.sources.profile import Profile
from jiesu.sources.reports import neutral, open_private, writable

BATCH = 5_000
"""Rows in a transaction: whoever works on SQLite meanwhile waits for one, and not for long."""

REPORT = "imported.csv"
WORK = ".reading"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has done.

    `counts` are of the rows that `intake` accepted. `gaps` counts what the desk does not know, by
    column and value; `report` names every row of it.
    """

    counts: Counts
    intake: Intake
    report: Path
    gaps: Mapping[tuple[str, str], int]


def import_cases(
    inputs: Sequence[str | Path],
    profile: Profile,
    *,
    as_of: datetime,
    reports: Path,
    texts: Sequence[str | Path] = (),
    progress: Progress | None = None,
) -> Imported:
    """Read files through a source profile and make cases of their rows.

    `texts` are CSV files `case_id,text`. `reports` is the folder for `rejects.csv`,
    `duplicates.csv` and `imported.csv`. Raises InputError for files that cannot be used, and
    where no city is loaded.
    """
    desk = _desk()
    work = reports / WORK
    with writable(reports):
        reports.mkdir(parents=True, exist_ok=True, mode=0o700)
        # What a run that was killed has left.
        shutil.rmtree(work, ignore_errors=True)
    try:
        intake = read_cases(
            inputs,
            profile,
            into=work,
            rejects=reports / "rejects.csv",
            duplicates=reports / "duplicates.csv",
            zone=city_zone() if profile.name == OWN_PROFILE else None,
            callers=imported_caller,
        )
        with _Report(reports / REPORT) as report:
            run = _Run(desk, profile.name, as_of, Texts.read(texts), report)
            for path, file in zip(intake.cases, intake.files, strict=True):
                for first, rows in _batches(path):
                    run.take(rows, first, file.name, file.sha256)
                    if progress is not None:
                        progress(run.counts.rows, intake.accepted)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    assert run.counts.rows == intake.accepted
    return Imported(run.counts, intake, reports / REPORT, report.gaps)


def _desk() -> Desk:
    book = rulebook()
    if not book.desks or not book.calendars or not book.units:
        what, remedy = "no city is loaded", "load one first: jiesu load --city DIR"
        raise InputError(Problem("the desk", "", what, remedy))
    return Desk(book)


def _batches(path: Path) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """The rows of a canonical file, with the number of the first of each batch, from 1."""
    first = 1
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=BATCH):
            yield first, batch.to_pylist()
            first += batch.num_rows


class _Report:
    """Writes `imported.csv`: what was left out, is not known or was not applied, row by row."""

    def __init__(self, path: Path) -> None:
        self._file = open_private(path)
        self._writer = csv.writer(self._file)
        self._writer.writerow(("file", "row", "case_id", "column", "value", "what"))
        self.gaps: dict[tuple[str, str], int] = {}

    def add(self, file: str, lines: Iterable[Line]) -> None:
        for line in lines:
            gap = line.gap
            if gap.column:
                named = (gap.column, gap.value)
                self.gaps[named] = self.gaps.get(named, 0) + 1
            words = (neutral(line.number), gap.column, neutral(gap.value), gap.what)
            self._writer.writerow((neutral(file), line.row, *words))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class _Run:
    """The state of one import over all files."""

    def __init__(
        self, desk: Desk, profile: str, as_of: datetime, texts: Texts, report: _Report
    ) -> None:
        self.desk, self.profile, self.as_of = desk, profile, as_of
        self.texts, self.report = texts, report
        self.counts = Counts()

    def take(self, rows: Sequence[Mapping[str, Any]], first: int, file: str, digest: str) -> None:
        """Import a batch: all of it or, where it is killed, nothing."""
        source = Source(digest, self.profile)
        try:
            batch = self._written(rows, first, source)
        except IntegrityError:
            # Somebody took one of the numbers meanwhile: now it is seen.
            batch = self._written(rows, first, source)
        self.counts.add(batch.counts)
        self.report.add(file, batch.lines)
        let_others_write()

    def _written(self, rows: Sequence[Mapping[str, Any]], first: int, source: Source) -> Batch:
        texts = self.texts.of([row["case_id"] for row in rows]) if self.texts else None
        batch = Batch(self.desk, source, self.as_of, texts)
        with transaction.atomic():
            batch.write(rows, first)
        return batch
