"""The cases of a period, one line each, as they are counted: what stands behind every figure.

For those who follow a figure down to its cases: number, unit, place, and each fact that the
policy counts as 0 or 1. Nothing that tells of a person. Adds up nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.csv as pa_csv

from jiesu.core.facts import BIT
from jiesu.core.period import Period
from jiesu.core.policy import Policy
from jiesu.evaluation.engines import DEFAULT, open_cases, open_engine
from jiesu.evaluation.facts import facts_of, instant, mask

_FORMULA = r"^[=+\-@\t\r]"
"""How a text begins that a spreadsheet would take for a formula."""


def write_case_list(
    files: Sequence[Path], into: Path, policy: Policy, period: Period, as_of: datetime
) -> int:
    """Write the period's cases as CSV, by case number; how many there are.

    Columns: `case_id`, `unit`, `place` (the unit where the place is not known, as places are
    counted), `assist_units`, then the facts that the policy counts, as 0 or 1.
    """
    engine = open_engine(DEFAULT)
    try:
        cases = open_cases(engine, files)
        at = cases[policy.period.by]
        inside = cases.filter(
            at >= instant(period.start),
            at < instant(period.end),
            cases.created_at <= instant(as_of),
        )
        facts = facts_of(policy)
        known = inside.select(
            case_id=_text(inside.case_id),
            unit=_text(inside.unit),
            place=_text(ibis.coalesce(inside.place, inside.unit)),
            assist_units=_text(inside.assist_units),
            mask=mask(inside, policy, instant(as_of), facts),
        )
        columns = {fact: (known.mask & BIT[fact]) / BIT[fact] for fact in facts}
        listed = known.select(
            "case_id",
            "unit",
            "place",
            "assist_units",
            **{fact: bit.cast("int8") for fact, bit in columns.items()},
        ).order_by("case_id")
        table: pa.Table = engine.raw_sql(engine.compile(listed)).to_arrow_table()
    finally:
        engine.disconnect()
    pa_csv.write_csv(table, into)
    return int(table.num_rows)


def _text(column: ir.StringColumn) -> ir.StringValue:
    """A text that a spreadsheet takes for text, never for a formula."""
    return ibis.ifelse(column.re_search(_FORMULA), ibis.literal("'").concat(column), column)
