"""Open the engine that counts, from one URL.

`duckdb://` (the default) runs in this process; `duckdb:///path/to/file` keeps its temporary
tables in a file. Any engine that Ibis knows and that adds integers would do: the counting
modules name none.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends import BaseBackend

from jiesu.core.problems import InputError, Problem

DEFAULT = "duckdb://"


def open_engine(url: str = DEFAULT, spill: Path | None = None) -> BaseBackend:
    """Connect to an engine. Raises InputError for a URL that names none or cannot be opened.

    `spill` is the folder for what does not fit into memory; without one the engine's own.
    """
    parts = urlsplit(url)
    if parts.scheme != "duckdb":
        raise InputError(
            Problem(url, "--engine", "no such engine", "use duckdb:// or duckdb:///path/to/file")
        )
    path = parts.netloc + parts.path
    # Cases are personal data: what spills never lands in the working directory.
    settings = {} if spill is None else {"temp_directory": str(spill)}
    try:
        engine = ibis.duckdb.connect(path or ":memory:", **settings)
    except duckdb.Error:
        what, remedy = "cannot be opened", "name a DuckDB file that can be written, or duckdb://"
        raise InputError(Problem(url, "--engine", what, remedy)) from None
    for setting in (
        "TimeZone = 'UTC'",
        "preserve_insertion_order = false",
        "enable_progress_bar = false",
    ):
        engine.raw_sql(f"SET {setting}")
    return engine


def open_cases(engine: BaseBackend, files: Sequence[Path]) -> ir.Table:
    """The canonical case table over one or several Parquet files."""
    return engine.read_parquet([_literal(file) for file in files])


def open_texts(engine: BaseBackend, file: Path) -> ir.Table:
    """A file of any columns: Parquet, or CSV whose values all stay texts.

    Raises InputError where the engine cannot read it; what the engine says is not shown, since it
    may hold a line of the file.
    """
    try:
        if file.suffix == ".parquet":
            return open_cases(engine, [file])
        return engine.read_csv(_literal(file), all_varchar=True, header=True)
    except (duckdb.Error, OSError):
        what, remedy = "cannot be read as a table", "save it as CSV in UTF-8 or as Parquet"
        raise InputError(Problem(file.name, "", what, remedy)) from None


def small_table(engine: BaseBackend, name: str, columns: Mapping[str, Sequence[str]]) -> ir.Table:
    """A table of our own beside the cases, such as which unit stands above which."""
    # Ibis's own way makes a statement that DuckDB cannot read.
    engine.con.register(name, pa.table({key: list(values) for key, values in columns.items()}))
    return engine.table(name)


def _literal(file: Path) -> str:
    """A path in which no character stands for others: DuckDB takes paths as glob patterns."""
    return re.sub(r"([*?\[])", r"[\1]", str(file))


def counted_by_sets(table: ir.Table, sets: Sequence[Sequence[str]]) -> Iterator[tuple[Any, ...]]:
    """Rows of the table's columns and a count, grouped by each set of columns in one scan.

    Columns that are not in a row's set are null. Ibis has no grouping sets, so that the last
    step is SQL, in a form that DuckDB, PostgreSQL and Spark share.
    """
    engine = ibis.get_backend(table)
    columns = ", ".join(table.columns)
    groups = ", ".join(f"({', '.join(names)})" for names in sets)
    query = (
        f"SELECT {columns}, count(*) FROM ({engine.compile(table)}) AS cases "
        f"GROUP BY GROUPING SETS ({groups})"
    )
    yield from engine.raw_sql(query).fetchall()


def rows(table: ir.Table) -> list[tuple[Any, ...]]:
    """The result's rows as plain Python values.

    The expression is compiled by Ibis and run on the engine's own connection: Ibis's way out
    imports pandas, which takes longer than a month's counts.
    """
    engine = ibis.get_backend(table)
    found: list[tuple[Any, ...]] = engine.raw_sql(engine.compile(table)).fetchall()
    return found
