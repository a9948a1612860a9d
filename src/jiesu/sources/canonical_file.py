"""Canonical case tables as Parquet files: their schema, how they are written and recognised.

A file that is written here whole bears a mark in its metadata, so that it can be used again
as it stands. Leaves out what the values must be (see `canonical`) and duplicates (`intake`).
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from jiesu.core.case_table import COLUMNS, FILE_KEY, VERSION, Kind

ROW_GROUP = 131_072
"""Rows in a row group: small enough for memory, large enough for engines to scan in parallel."""

_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "code": pa.string(),
    "instant": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
}

# Nearly every value of these differs, so that a dictionary would be built only to be dropped.
_NO_DICTIONARY = {"case_id", "location", "caller", "repeat_of"}


@dataclass(frozen=True, slots=True)
class Mark:
    """What a canonical file says about itself.

    `unique` means that no `case_id` stands twice; `zone` is the zone of the times it was made
    from, in which its periods are cut when nobody names another, empty where not known.
    """

    version: int
    rows: int
    unique: bool
    zone: str = ""


def arrow_type(kind: Kind) -> pa.DataType:
    """The physical type of a kind of column: string, bool or timestamp in UTC microseconds."""
    return _TYPES[kind]


def schema() -> pa.Schema:
    """The schema of a canonical file: all columns of `core.case_table`, in their order."""
    return pa.schema([pa.field(column.name, _TYPES[column.kind]) for column in COLUMNS])


class CanonicalWriter:
    """Writes batches to one canonical file; use it as a context manager.

    A batch is a RecordBatch or Table with any of the canonical columns, in any order; a column
    that it lacks is null, a dictionary column is stored as text, any other type than the
    schema's is an error (`pyarrow.ArrowInvalid`, `TypeError`). The file appears at `path` only
    when the block ends without an exception; until then it has a temporary name beside it.
    `unique` is the caller's word that no `case_id` stands twice; it can be set until the end.
    `zone` is kept in the mark, see `Mark`.
    """

    def __init__(self, path: Path, *, unique: bool, zone: str = "") -> None:
        self.path = path
        self.unique = unique
        self.zone = zone
        self.rows = 0
        self._schema = schema()
        self._waiting: list[pa.Table] = []
        self._n_waiting = 0
        self._part = path.with_name(f".{path.name}.part")
        self._parquet = pq.ParquetWriter(
            self._part,
            self._schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[
                field.name
                for field in self._schema
                if field.name not in _NO_DICTIONARY and field.type == pa.string()
            ],
        )

    def write(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Add rows at the end, in their order."""
        self._waiting.append(self._conformed(batch))
        self._n_waiting += batch.num_rows
        self.rows += batch.num_rows
        if self._n_waiting >= ROW_GROUP:
            self._flush(whole_groups_only=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._parquet.close()
            self._part.unlink(missing_ok=True)
            return
        try:
            self._flush(whole_groups_only=False)
            mark = Mark(VERSION, self.rows, self.unique, self.zone)
            self._parquet.add_key_value_metadata({FILE_KEY: json.dumps(asdict(mark))})
            self._parquet.close()
            os.replace(self._part, self.path)
        finally:
            self._part.unlink(missing_ok=True)

    def _conformed(self, batch: pa.RecordBatch | pa.Table) -> pa.Table:
        unknown = set(batch.schema.names) - set(self._schema.names)
        if unknown:
            raise TypeError(f"not columns of the case table: {sorted(unknown)}")
        columns = []
        for field in self._schema:
            index = batch.schema.get_field_index(field.name)
            if index < 0:
                columns.append(pa.nulls(batch.num_rows, field.type))
                continue
            column = batch.column(index)
            if pa.types.is_dictionary(column.type) or pa.types.is_null(column.type):
                column = column.cast(field.type)
            columns.append(column)
        return pa.Table.from_arrays(columns, schema=self._schema)

    def _flush(self, *, whole_groups_only: bool) -> None:
        table = pa.concat_tables(self._waiting) if self._waiting else self._schema.empty_table()
        n_rows = table.num_rows
        n_whole = n_rows - n_rows % ROW_GROUP if whole_groups_only else n_rows
        self._parquet.write_table(table.slice(0, n_whole), row_group_size=ROW_GROUP)
        self._waiting = [table.slice(n_whole)] if n_whole < n_rows else []
        self._n_waiting = n_rows - n_whole


def write_canonical(
    batches: Iterable[pa.RecordBatch | pa.Table], path: Path, *, unique: bool
) -> int:
    """Write all batches to one canonical file and return the number of rows."""
    with CanonicalWriter(path, unique=unique) as writer:
        for batch in batches:
            writer.write(batch)
    return writer.rows


def mark_of(path: Path) -> Mark | None:
    """The mark of a canonical file, or `None` for every other file.

    Only the file's end is read. A file whose schema or number of rows is not what the mark and
    the schema say has been changed by another program, and is as good as unmarked.
    """
    try:
        with pq.ParquetFile(path) as parquet:
            metadata, found = parquet.metadata, parquet.schema_arrow
        words = json.loads((metadata.metadata or {})[FILE_KEY.encode()])
        mark = Mark(
            int(words["version"]),
            int(words["rows"]),
            bool(words["unique"]),
            ZoneInfo(words["zone"]).key if words.get("zone") else "",
        )
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return None
    whole = found.remove_metadata().equals(schema()) and metadata.num_rows == mark.rows
    return mark if whole and mark.version == VERSION else None
