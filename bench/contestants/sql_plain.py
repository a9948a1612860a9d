"""The year's counts in DuckDB SQL as one writes it: `sql_plain FOLDER [--check]`.

Two queries over one view that names the facts; the month by a CASE over its borders.
"""

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

from bench.contestants.months import AS_OF, EDGES, FACTS, summary


def main() -> None:
    folder = Path(sys.argv[1])
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    months = " ".join(
        f"WHEN created_at < TIMESTAMPTZ '{edge}' THEN {month}"
        for month, edge in enumerate(EDGES[1:])
    )
    connection.execute(
        f"""
        CREATE VIEW facts AS
        SELECT unit, coalesce(place, unit) AS place,
            CASE {months} END AS month,
            coalesce(excluded, false) AS excluded,
            coalesce(
                callback_valid AND (callback_at IS NULL OR callback_at <= '{AS_OF}'), false
            ) AS called_back,
            called_back AND coalesce(callback_contacted, false) AS contacted,
            called_back AND coalesce(callback_resolved = 'yes', false) AS resolved,
            called_back AND coalesce(callback_resolved = 'partial', false) AS partly_resolved,
            called_back AND coalesce(callback_satisfaction = 'satisfied', false) AS satisfied,
            called_back AND coalesce(callback_satisfaction = 'fairly_satisfied', false)
                AS fairly_satisfied,
            called_back AND coalesce(callback_satisfaction = 'dissatisfied', false)
                AS dissatisfied
        FROM read_parquet('{folder}/*.parquet')
        WHERE created_at >= '{EDGES[0]}' AND created_at < '{EDGES[-1]}' AND created_at <= '{AS_OF}'
        """
    )
    facts = ", ".join(FACTS[1:])
    joints = connection.execute(
        f"SELECT unit, month, {facts}, count(*) FROM facts GROUP BY ALL"
    ).fetchall()
    places = connection.execute(
        "SELECT place, month, count(*) FROM facts GROUP BY place, month"
    ).fetchall()
    print(json.dumps(_summary(joints, places) if "--check" in sys.argv else {}))


def _summary(joints: list[Any], places: list[Any]) -> dict[str, object]:
    """The rows in the form that all programs share: the facts as a mask."""
    cells = []
    for unit, month, *held, n in joints:
        mask = 1 + sum(2 << bit for bit, holds in enumerate(held) if holds)
        cells.append((unit, month, mask, n))
    return summary(cells, places)


if __name__ == "__main__":
    main()
