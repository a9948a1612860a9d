"""The year's counts in DuckDB SQL, written by hand: `sql_counts FOLDER [--check]`.

Other forms were tried and were slower: grouping by the raw columns and making masks after, the
months by a tree of CASEs or by twelve queries, both tables from one scan over unit and place.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

import duckdb

from bench.contestants.months import AS_OF, EDGES, summary


def main() -> None:
    folder = Path(sys.argv[1])
    cases = f"read_parquet('{folder}/*.parquet')"
    month = " ".join(
        f"WHEN created_at < {_literal(end)} THEN {number}" for number, end in enumerate(EDGES[1:])
    )
    inside = (
        f"created_at >= {_literal(EDGES[0])} AND created_at < {_literal(EDGES[-1])} "
        f"AND created_at <= {_literal(AS_OF)}"
    )
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    joints = connection.execute(
        f"""
        SELECT unit, CASE {month} END AS month, ({_MASK})::SMALLINT AS mask, count(*) AS n
        FROM {cases} WHERE {inside} GROUP BY ALL
        """
    ).fetchall()
    places = connection.execute(
        f"""
        SELECT coalesce(place, unit) AS place, CASE {month} END AS month, count(*) AS n
        FROM {cases} WHERE {inside} GROUP BY ALL
        """
    ).fetchall()
    print(json.dumps(summary(joints, places) if "--check" in sys.argv else {}))


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
