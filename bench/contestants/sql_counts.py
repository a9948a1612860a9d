"""The year's counts in DuckDB SQL, written by hand: `sql_counts FOLDER [--check]`.

One scan with GROUPING SETS. Forms that were tried and were slower (two cores, 24 million cases):
two scans, the masks by row or after grouping by the raw columns; the months by a chain of CASEs,
by a sum of comparisons or by a query a month; one scan over unit and place, summed twice.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

import duckdb

from bench.contestants.months import AS_OF, EDGES, summary


def main() -> None:
    folder = Path(sys.argv[1])
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    found = connection.execute(
        f"""
        SELECT unit, place, month, mask, grouping(place), count(*)
        FROM (
            SELECT unit, coalesce(place, unit) AS place,
                {_month(0, len(EDGES) - 1)} AS month, ({_MASK})::SMALLINT AS mask
            FROM read_parquet('{folder}/*.parquet')
            WHERE created_at >= {_literal(EDGES[0])} AND created_at < {_literal(EDGES[-1])}
                AND created_at <= {_literal(AS_OF)}
        )
        GROUP BY GROUPING SETS ((unit, month, mask), (place, month))
        """
    ).fetchall()
    joints = [(unit, month, mask, n) for unit, _, month, mask, is_joint, n in found if is_joint]
    places = [(place, month, n) for _, place, month, _, is_joint, n in found if not is_joint]
    print(json.dumps(summary(joints, places) if "--check" in sys.argv else {}))


def _month(low: int, high: int) -> str:
    """The month's number as a balanced tree of comparisons, for the months from low to high."""
    if high - low == 1:
        return str(low)
    middle = (low + high) // 2
    before, after = _month(low, middle), _month(middle, high)
    return f"CASE WHEN created_at < {_literal(EDGES[middle])} THEN {before} ELSE {after} END"


def _literal(moment: datetime) -> str:
    return f"TIMESTAMPTZ '{moment:%Y-%m-%d %H:%M:%S}+00'"


_MASK = f"""
    1 + CASE WHEN excluded THEN 2 ELSE 0 END
    + CASE WHEN callback_valid AND (callback_at IS NULL OR callback_at <= {_literal(AS_OF)}) THEN 4
        + CASE WHEN callback_contacted THEN 8 ELSE 0 END
        + CASE callback_resolved WHEN 'yes' THEN 16 WHEN 'partial' THEN 32 ELSE 0 END
        + CASE callback_satisfaction WHEN 'satisfied' THEN 64 WHEN 'fairly_satisfied' THEN 128
            WHEN 'dissatisfied' THEN 256 ELSE 0 END
      ELSE 0 END
"""


if __name__ == "__main__":
    main()
