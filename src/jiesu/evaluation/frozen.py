"""The cases that an edition keeps: those that are counted, in the columns that are counted.

Writes them to one Parquet file from which the evaluation can be made again, and finds which cases
differ between two such files. Nothing that tells of a person, an address or a text is kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from jiesu.core.difference import CaseChange
from jiesu.core.facts import BIT, EXCLUSIVE, FACTS, mask_of
from jiesu.core.period import Period
from jiesu.core.policy import Policy
from jiesu.evaluation.engines import DEFAULT, open_cases, open_engine, rows
from jiesu.evaluation.facts import facts_of, instant, mask
from jiesu.evaluation.run import counted_window

FROZEN = (
    "case_id",
    "unit",
    "assist_units",
    "place",
    "created_at",
    "contacted_at",
    "due_at",
    "closed_at",
    "closed_on_time",
    "callback_at",
    "callback_valid",
    "callback_contacted",
    "callback_resolved",
    "callback_satisfaction",
    "final_resolved",
    "final_satisfaction",
    "excluded",
    "parked",
)
"""Every column that the counting of units reads under any policy, and the number of the case."""

ROW_GROUP = 131_072


def freeze_cases(
    files: Sequence[Path],
    into: Path,
    policy: Policy,
    period: Period,
    *,
    first: datetime,
    as_of: datetime,
) -> int:
    """Write the cases that a period's evaluation looks at; how many there are.

    `first` is the earliest time of the input. The rows stand in the order of the files.
    """
    start, end = counted_window(period, first)
    at = ds.field(policy.period.by)
    wanted = (at >= _scalar(start)) & (at < _scalar(end))
    wanted &= ds.field("created_at") <= _scalar(as_of)
    source = ds.dataset([str(file) for file in files], format="parquet")
    schema = pa.schema([source.schema.field(name) for name in FROZEN])
    n = 0
    with _writer(into, schema) as writer:
        for table in _row_groups(source.to_batches(columns=list(FROZEN), filter=wanted), schema):
            writer.write_table(table, row_group_size=ROW_GROUP)
            n += table.num_rows
    return n


def _writer(into: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A small file: numbers and times as differences, which suits what rises row by row."""
    times = [field.name for field in schema if pa.types.is_timestamp(field.type)]
    encoding = dict.fromkeys(times, "DELTA_BINARY_PACKED") | {"case_id": "DELTA_BYTE_ARRAY"}
    codes = [
        field.name for field in schema if field.type == pa.string() and field.name not in encoding
    ]
    return pq.ParquetWriter(
        into,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=codes,
        column_encoding=encoding,
    )


def _scalar(moment: datetime) -> pa.Scalar:
    return pa.scalar(moment, pa.timestamp("us", tz="UTC"))


def _row_groups(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows in tables of about a row group each; one empty table where there is no row."""
    waiting: list[pa.RecordBatch] = []
    n = 0
    for batch in batches:
        waiting.append(batch)
        n += batch.num_rows
        if n >= ROW_GROUP:
            yield pa.Table.from_batches(waiting, schema)
            waiting, n = [], 0
    yield pa.Table.from_batches(waiting, schema)


@dataclass(frozen=True, slots=True)
class Frozen:
    """An edition's case file with the rules and the moment by which it is looked at."""

    file: Path
    policy: Policy
    period: Period
    as_of: datetime


def case_changes(before: Frozen, after: Frozen) -> list[CaseChange]:
    """The cases of which a fact, the unit or the place differs, by number of the case.

    Compares what was known of each case in its own edition, not the bare columns: an answer that
    came after the first edition's `as_of` is a change even where it stood in the file.
    """
    facts = {*facts_of(before.policy), *facts_of(after.policy)}
    engine = open_engine(DEFAULT)
    try:
        one = _known(open_cases(engine, [before.file]), before, facts)
        two = _known(open_cases(engine, [after.file]), after, facts)
        one = one.rename({f"{name}_before": name for name in one.columns})
        both = one.outer_join(two, one.case_id_before == two.case_id)
        # A case that only one of them has is null on the other side, and equal to nothing there.
        same = ibis.and_(*(both[f"{name}_before"].identical_to(both[name]) for name in two.columns))
        found = rows(both.filter(~same))
    finally:
        engine.disconnect()
    half = len(two.columns)
    changes = [_change(row[:half], row[half:]) for row in found]
    return sorted(changes, key=lambda change: (not change.in_period, change.case_id))


def _known(cases: ir.Table, frozen: Frozen, facts: set[str]) -> ir.Table:
    """What one edition knows of each case: unit, place, facts, and if it is of the period."""
    at, period = cases[frozen.policy.period.by], frozen.period
    return cases.select(
        case_id=cases.case_id,
        unit=cases.unit,
        place=ibis.coalesce(cases.place, cases.unit),
        assist=cases.assist_units,
        inside=(at >= instant(period.start)) & (at < instant(period.end)),
        mask=mask(cases, frozen.policy, instant(frozen.as_of), facts),
    )


_CALLBACK = mask_of(("called_back", "contacted", *(fact for facts in EXCLUSIVE for fact in facts)))
_HANDLING = mask_of(FACTS) & ~_CALLBACK & ~BIT["excluded"]


_Known = tuple[str | None, str | None, str | None, str | None, bool | None, int | None]
"""Case, unit, place, assist units, of the period or not, and facts; all `None` if not there."""


def _change(before: _Known, after: _Known) -> CaseChange:
    old_id, *old_units, was_inside, old_mask = before
    new_id, *new_units, inside, new_mask = after
    if old_mask is None or new_mask is None:
        how = ["added" if old_mask is None else "removed"]
    else:
        differs = old_mask ^ new_mask
        how = []
        if differs & BIT["excluded"]:
            how.append("excluded" if new_mask & BIT["excluded"] else "restored")
        if differs & _CALLBACK:
            how.append("callback")
        if differs & _HANDLING or was_inside != inside:
            how.append("handling")
        if old_units != new_units:
            how.append("moved")
    unit = old_units[0] if new_mask is None else new_units[0]
    in_period = bool(inside) or bool(was_inside)
    return CaseChange(new_id or old_id or "", unit, tuple(how), in_period)
