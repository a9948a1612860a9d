"""Parquet files of other systems, by row batches; typed columns stay typed where it matters.

Timestamps stay timestamps; everything else becomes text, as it would stand in a CSV.
Our own files are not read here (see `canonical_file.mark_of`).
"""

from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jiesu.sources.source_table import SourceBatch, SourceTable, refuse_long_cells, refused

_ROWS = 50_000
_REMEDY = "get the file again, whole"
_NOT_UTF_8 = "text that is not UTF-8"
_REWRITE = "write the file again with UTF-8 text"


@contextmanager
def open_parquet(path: Path, file: str) -> Iterator[SourceTable]:
    """A Parquet file as a table; its columns are the headers."""
    try:
        parquet = pq.ParquetFile(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise refused(file, "is no readable Parquet file", _REMEDY) from error
    n_rows, size = parquet.metadata.num_rows, path.stat().st_size
    read = [0]

    def batches(wanted: Collection[str]) -> Generator[SourceBatch]:
        names = [name for name in parquet.schema_arrow.names if name in wanted]
        place = 1
        try:
            for rows in parquet.iter_batches(batch_size=_ROWS, columns=names or None):
                places = np.arange(place, place + rows.num_rows)
                place += rows.num_rows
                read[0] = int(size * place / max(n_rows, 1))
                columns = {name: _plain(rows.column(name)) for name in names}
                _refuse_undecodable(file, columns)
                refuse_long_cells(file, "row", columns.values(), places)
                yield SourceBatch(columns, places)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            if isinstance(error, UnicodeDecodeError) or "UTF8" in str(error):
                raise refused(file, "holds " + _NOT_UTF_8, _REWRITE) from error
            raise refused(file, "is a damaged Parquet file", _REMEDY, f"row {place}") from error

    with parquet:
        yield SourceTable(
            file=file,
            headers=tuple(parquet.schema_arrow.names),
            place_kind="row",
            batches=batches,
            n_read=lambda: read[0],
        )


def _refuse_undecodable(file: str, columns: Mapping[str, pa.Array]) -> None:
    """Parquet says of a column that it is UTF-8, which its writer need not have kept."""
    for name, column in columns.items():
        try:
            column.validate(full=True)
        except pa.ArrowException as error:
            raise refused(file, f"column {name!r} holds {_NOT_UTF_8}", _REWRITE) from error


def _plain(column: pa.Array) -> pa.Array:
    """Timestamps and dates as timestamps, anything else as text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    if pa.types.is_date(kind):
        return column.cast(pa.timestamp("us"))
    if pa.types.is_floating(kind):
        return _numbers(column)
    if pa.types.is_nested(kind):
        return pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return column.cast(pa.string(), safe=False)
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        return pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())


def _numbers(column: pa.Array) -> pa.StringArray:
    """Whole floats without a point (an id column with gaps is often stored as float)."""
    column = column.cast(pa.float64())
    column = pc.if_else(pc.is_finite(column), column, None)
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 9e15))
    if pc.all(whole, min_count=0).as_py():
        return column.cast(pa.int64()).cast(pa.string())
    texts = [
        None if value is None else str(int(value)) if value.is_integer() else repr(value)
        for value in column.to_pylist()
    ]
    return pa.array(texts, pa.string())
