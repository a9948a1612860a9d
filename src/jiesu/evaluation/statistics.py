"""What Parquet files say of their columns without being read: first and last time, all null.

The statistics of row groups are exact for times. Leaves out what needs a scan.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FileStatistics:
    """The row groups' statistics of several canonical files, read once."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._metadata = [pq.read_metadata(file) for file in files]

    def span(self, column: str) -> tuple[datetime, datetime] | None:
        """First and last value of a time column, `None` when all are null.

        Raises LookupError when a row group has no statistics.
        """
        bounds: list[int] = []
        for chunk in self._chunks(column):
            statistics = chunk.statistics
            if statistics is not None and statistics.has_min_max:
                # Microseconds since 1970 in UTC. The readable form would import pandas.
                bounds += [statistics.min_raw, statistics.max_raw]
            elif not self._is_null(chunk):
                raise LookupError(column)
        if not bounds:
            return None
        low, high = (_EPOCH + timedelta(microseconds=bound) for bound in (min(bounds), max(bounds)))
        return low, high

    def may_have_values(self, column: str) -> bool:
        """False only when every value is surely null."""
        return not all(self._is_null(chunk) for chunk in self._chunks(column))

    def _chunks(self, column: str) -> Iterator[pq.ColumnChunkMetaData]:
        for metadata in self._metadata:
            index = metadata.schema.to_arrow_schema().get_field_index(column)
            # An edition's file lacks the columns that nothing counts: as if all were null.
            for group in range(metadata.num_row_groups if index >= 0 else 0):
                yield metadata.row_group(group).column(index)

    @staticmethod
    def _is_null(chunk: pq.ColumnChunkMetaData) -> bool:
        statistics = chunk.statistics
        if statistics is None or not statistics.has_null_count:
            return False
        return bool(statistics.null_count == chunk.num_values)
