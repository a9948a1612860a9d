"""Cases that stand more than once, within a file and across files: which row is kept.

Within a file the first row is kept, across files the row of the later file; every other one is
a duplicate, identical or not. Exact, in bounded memory: hashes find candidates, values decide.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from jiesu.core.case_table import COLUMNS

MEMORY = "1GB"
"""What DuckDB may take before it spills to the working folder."""

_HASHES_AT_ONCE = 30_000_000


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A canonical file, the name to show for it, and the file with its rows' places.

    Without `places` the place of a row is its number, counted from 1.
    """

    path: Path
    file: str
    places: Path | None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that is dropped and the row that is kept for it."""

    file: str
    place: int
    case_id: str
    kept_file: str
    kept_place: int
    identical: bool


@dataclass(frozen=True)
class Duplicates:
    """`dropped` holds row numbers (from 0, ascending) by index of the file; `rows` reads them."""

    dropped: dict[int, npt.NDArray[np.int64]]
    _connection: duckdb.DuckDBPyConnection
    _files: Sequence[CaseFile]

    @property
    def n(self) -> int:
        return sum(len(rows) for rows in self.dropped.values())

    def close(self) -> None:
        """Let go of the working tables; the numbers stay."""
        self._connection.close()

    def rows(self) -> Iterator[Duplicate]:
        """The duplicates by file and row."""
        if not self.dropped:
            return
        same = " AND ".join(f"d.{c.name} IS NOT DISTINCT FROM k.{c.name}" for c in COLUMNS)
        found = self._connection.execute(
            f"SELECT d.f, d.line, d.case_id, k.f, k.line, {same} "
            "FROM repeated d JOIN repeated k ON k.case_id = d.case_id AND k.nth = 1 "
            "WHERE d.nth > 1 ORDER BY d.f, d.r"
        )
        while some := found.fetchmany(10_000):
            for index, place, case_id, kept, kept_place, identical in some:
                names = self._files[index].file, self._files[kept].file
                yield Duplicate(names[0], place, case_id, names[1], kept_place, identical)


def find_duplicates(files: Sequence[CaseFile], n_rows: int, folder: Path) -> Duplicates:
    """All duplicates among the rows of canonical files. `folder` takes what does not fit memory."""
    settings: dict[str, Any] = {"memory_limit": MEMORY, "temp_directory": str(folder / "spill")}
    connection = duckdb.connect(config=settings)
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"CREATE VIEW ids AS {_union(files, 'case_id')}")
    candidates = _repeated_hashes(connection, n_rows)
    dropped: dict[int, npt.NDArray[np.int64]] = {}
    if len(candidates):
        connection.register("candidates", {"h": candidates})
        connection.execute(_repeated(files))
        rows = connection.execute("SELECT f, r FROM repeated WHERE nth > 1 ORDER BY f, r")
        found = rows.fetchnumpy()
        index, numbers = (np.asarray(found[name], np.int64) for name in ("f", "r"))
        dropped = {int(file): numbers[index == file] for file in np.unique(index)}
    return Duplicates(dropped, connection, files)


def ids_are_apart(paths: Sequence[Path]) -> bool:
    """Whether no `case_id` of one file can stand in another, by the files' statistics alone.

    True for files by month where the ids begin with a date: then no id needs to be read.
    """
    spans = []
    for path in paths:
        metadata = pq.read_metadata(path)
        index = metadata.schema.to_arrow_schema().get_field_index("case_id")
        groups = [metadata.row_group(i).column(index) for i in range(metadata.num_row_groups)]
        if not all(group.statistics and group.statistics.has_min_max for group in groups):
            return False
        if groups:
            lowest = min(group.statistics.min for group in groups)
            spans.append((lowest, max(group.statistics.max for group in groups)))
    return all(before[1] < after[0] for before, after in pairwise(sorted(spans)))


def _repeated_hashes(connection: duckdb.DuckDBPyConnection, n_rows: int) -> npt.NDArray[np.uint64]:
    """Hashes of `case_id` that stand more than once. Sorting numbers beats grouping texts."""
    n_parts = n_rows // _HASHES_AT_ONCE + 1
    found = []
    for part in range(n_parts):
        query = "SELECT hash(case_id) AS h FROM ids"
        if n_parts > 1:
            query += f" WHERE hash(case_id) % {n_parts} = {part}"
        hashes = np.sort(np.asarray(connection.execute(query).fetchnumpy()["h"], np.uint64))
        found.append(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
    return np.concatenate(found)


def _repeated(files: Sequence[CaseFile]) -> str:
    """SQL that makes the table of all rows whose `case_id` stands more than once."""
    names = ", ".join(column.name for column in COLUMNS)
    # Rows with equal hashes and different ids are alone with their id and fall out.
    return (
        "CREATE TABLE repeated AS SELECT * FROM (SELECT *, "
        "row_number() OVER (PARTITION BY case_id ORDER BY f DESC, r) AS nth, "
        "count(*) OVER (PARTITION BY case_id) AS n "
        f"FROM ({_union(files, names, with_places=True)}) "
        "WHERE hash(case_id) IN (SELECT h FROM candidates)) WHERE n > 1"
    )


def _union(files: Sequence[CaseFile], names: str, *, with_places: bool = False) -> str:
    parts = []
    for index, file in enumerate(files):
        cases = f"read_parquet({_quoted(file.path)}, file_row_number = true)"
        part = f"SELECT {index} AS f, file_row_number AS r, {names}"
        if not with_places:
            part += f" FROM {cases}"
        elif file.places is None:
            part += f", file_row_number + 1 AS line FROM {cases}"
        else:
            places = f"read_parquet({_quoted(file.places)}, file_row_number = true)"
            part += f", p.line FROM {cases} JOIN {places} p USING (file_row_number)"
        parts.append(part)
    return " UNION ALL ".join(parts)


def _quoted(path: Path) -> str:
    """A path as SQL text, in which no character stands for others: DuckDB reads it as a pattern."""
    return "'" + re.sub(r"([*?\[])", r"[\1]", str(path)).replace("'", "''") + "'"
