"""What every reader yields: a source's rows as columns, with their place in the file.

Leaves out what the values mean (see `canonical`).
"""

from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jiesu.core.problems import InputError, Problem
from jiesu.core.texts import Text

MAX_CELL = 1_000_000
"""Characters in one cell. More is nearly always a quote that was not closed."""

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not used. `place` is its line or row, `column` the header, may be empty."""

    place: int
    column: str
    reason: str
    value: str


@dataclass(frozen=True, slots=True)
class SourceBatch:
    """Some rows. `columns` holds text or typed arrays by header, `places` a number for each row.

    A header that was asked for and is not in `columns` is null in these rows. `rejects` are
    rows that could not even be cut into cells; they are in no column.
    """

    columns: Mapping[str, pa.Array]
    places: Int64s
    rejects: tuple[Reject, ...] = ()

    @property
    def n_rows(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True)
class SourceTable:
    """An opened file. `batches` reads it once, only the headers asked for.

    `headers` are all headers; with `open_headers` more may come in later rows. `n_read` gives
    the bytes of the file that were read so far, `text_form` the encoding and the delimiter that
    were found (what is not known yet, or does not apply, is left out), `other_sheets` the names
    of a workbook's sheets that are not read.
    """

    file: str
    headers: tuple[str, ...]
    place_kind: Literal["line", "row"]
    batches: Callable[[Collection[str]], Generator[SourceBatch]]
    n_read: Callable[[], int]
    open_headers: bool = False
    text_form: Callable[[], dict[str, str]] = dict
    other_sheets: tuple[str, ...] = ()


def refused(file: str, what: str, remedy: str, where: str = "") -> InputError:
    """The error for a file that cannot be used."""
    return InputError(Problem(file, where, what, remedy))


def cell_too_long(file: str, where: str) -> InputError:
    return refused(
        file,
        Text("a cell has more than {n:,} characters", n=MAX_CELL),
        Text("look for a quote that is not closed, or for a file of another kind"),
        where,
    )


def refuse_long_cells(
    file: str, place_kind: str, columns: Iterable[pa.Array], places: Int64s
) -> None:
    """Raise `InputError` when a text cell in columns is longer than `MAX_CELL`."""
    for column in columns:
        if not pa.types.is_string(column.type) or len(column) == 0:
            continue
        offsets = np.frombuffer(column.buffers()[1], np.int32)
        lengths = np.diff(offsets[column.offset : column.offset + len(column) + 1])
        for index in np.flatnonzero(lengths > MAX_CELL):
            # Bytes are counted first, since they are at hand; characters only where it matters.
            if len(column[int(index)].as_py() or "") > MAX_CELL:
                raise cell_too_long(file, f"{place_kind} {places[index]}")
