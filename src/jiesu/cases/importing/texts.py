"""What residents said, in files of their own beside the cases: `case_id,text` as CSV.

Held in columns, so that millions fit into memory; nothing of them is ever shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from jiesu.core.problems import InputError, Problem
from jiesu.sources.readers import expand_inputs

COLUMNS = ("case_id", "text")


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of some files; `None` where no file was given."""

    table: pa.Table | None

    @classmethod
    def read(cls, inputs: Sequence[str | Path]) -> "Texts":
        """Read files, directories and glob patterns. Raises InputError."""
        if not inputs:
            return cls(None)
        return cls(pa.concat_tables([_read(path) for path in expand_inputs(inputs)]))

    def __bool__(self) -> bool:
        return self.table is not None

    def of(self, numbers: Sequence[str]) -> Mapping[str, str]:
        """The texts of some cases; of one that has two, the last."""
        if self.table is None:
            return {}
        here = pc.is_in(self.table["case_id"], value_set=pa.array(numbers, pa.string()))
        found = self.table.filter(here)
        pairs = zip(found["case_id"].to_pylist(), found["text"].to_pylist(), strict=True)
        return {number: text for number, text in pairs if text}


def _read(path: Path) -> pa.Table:
    types = dict.fromkeys(COLUMNS, pa.string())
    try:
        return pa_csv.read_csv(
            path,
            parse_options=pa_csv.ParseOptions(newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=types, include_columns=list(COLUMNS), strings_can_be_null=False
            ),
        )
    except (pa.ArrowException, KeyError, OSError):
        # The reader's own words may repeat a text.
        what, remedy = "is no CSV file with the columns case_id,text", "write it as UTF-8, see docs"
        raise InputError(Problem(path.name, "", what, remedy)) from None
