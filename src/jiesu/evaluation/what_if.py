"""A period's counts with one case's row in place of what the files say of it.

Everything else is counted as it stands, so that two such counts differ by the case alone. What
the figures are then is worked out in `core.standings`.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from jiesu.core.counts import Counts, added
from jiesu.core.period import Period
from jiesu.evaluation.counts import Question, count
from jiesu.evaluation.engines import DEFAULT, open_cases, open_engine


def counts_with(
    files: Sequence[Path],
    case_id: str,
    rows: Sequence[pa.Table],
    period: Period,
    question: Question,
) -> list[Counts]:
    """The period's counts for each of `rows`, a canonical table with the case's one row.

    A row may lie outside the period, and then counts for nothing.
    """
    windows = [(period.start, period.end)]
    engine = open_engine(DEFAULT)
    try:
        cases = open_cases(engine, files)
        [others] = count(cases.filter(cases.case_id != case_id), windows, question)
        found = []
        for number, row in enumerate(rows):
            name = f"row_{number}"
            engine.con.register(name, row)
            [own] = count(engine.table(name), windows, question)
            found.append(added([others, own]))
        return found
    finally:
        engine.disconnect()
