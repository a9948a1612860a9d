"""Open the engine that counts, from one URL.

`duckdb://` (the default) runs in this process; `duckdb:///path/to/file` keeps its temporary
tables in a file. Any engine that Ibis knows and that adds integers would do: the counting
modules name none.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from jiesu.core.problems import InputError, Problem

DEFAULT = "duckdb://"


def open_engine(url: str = DEFAULT) -> BaseBackend:
    """Connect to an engine. Raises InputError for a URL that names none."""
    parts = urlsplit(url)
    if parts.scheme != "duckdb":
        raise InputError(
            Problem(url, "--engine", "no such engine", "use duckdb:// or duckdb:///path/to/file")
        )
    path = parts.netloc + parts.path
    engine = ibis.duckdb.connect(path or ":memory:")
    engine.raw_sql("SET TimeZone = 'UTC'")
    engine.raw_sql("SET preserve_insertion_order = false")
    engine.raw_sql("SET enable_progress_bar = false")
    return engine


def open_cases(engine: BaseBackend, files: Sequence[Path]) -> ir.Table:
    """The canonical case table over one or several Parquet files."""
    return engine.read_parquet([str(file) for file in files])


def rows(table: ir.Table) -> list[tuple[Any, ...]]:
    """The result's rows as plain Python values.

    The expression is compiled by Ibis and run on the engine's own connection: Ibis's way out
    imports pandas, which takes longer than a month's counts.
    """
    engine = ibis.get_backend(table)
    found: list[tuple[Any, ...]] = engine.raw_sql(engine.compile(table)).fetchall()
    return found
