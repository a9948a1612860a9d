"""What SQLite believes of the table of cases: that it is a big city's, from the first day on.

SQLite chooses among indexes by its statistics of the tables. Without any it takes ten rows for
each value of an index: a state would be rarer than a due time, and the list of what is overdue
would sort all open cases. Statistics of the rows there are would change the plans while the city
grows. So they are given, and the plans are the same at any size. PostgreSQL makes its own.
"""

from collections.abc import Mapping
from typing import Any

TABLE = "cases_case"

STATISTICS: Mapping[str, str] = {
    "case_caller": "1000000 5 1",
    "case_category": "1000000 60000 20000 10000 1",
    "case_created": "1000000 1 1",
    "case_open_contact": "15000 2 1",
    "case_open_due": "50000 2 1",
    "case_place_newest": "1000000 2500 1",
    "case_received_by": "1000000 10000 1",
    "case_state_newest": "1000000 100000 1",
    "case_to_sweep": "50000 2 1",
    "case_unit_newest": "1000000 2500 1",
    "case_unit_queue": "50000 130 2 1",
}
"""By index: its entries, then how many have the same first column, the same first two, and so on.

A year of a city with 400 units, one case in twenty open (https://sqlite.org/fileformat2.html,
sqlite_stat1).
"""


def give_statistics(cursor: Any) -> None:
    """Write the statistics in place of those that there are."""
    # Makes SQLite's table of statistics, where there is none; it reads no other table.
    cursor.execute("ANALYZE sqlite_master")
    cursor.execute("DELETE FROM sqlite_stat1 WHERE tbl = %s", [TABLE])
    cursor.executemany(
        "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)",
        [(TABLE, index, stat) for index, stat in STATISTICS.items()],
    )
    # This connection knows it from here on, others when they open.
    cursor.execute("ANALYZE sqlite_master")
