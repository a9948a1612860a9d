"""Writing a million rows: a table's named columns row by row, all others as a new row has them.

COPY on PostgreSQL, one prepared statement on SQLite, without foreign keys and without waiting for
the disk: only for a site that is filled to be measured.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Model

AT_ONCE = 5_000

Row = tuple[Any, ...]


class Table:
    """A table that is being filled. `same` are columns in which all rows are alike.

    Instants are given as `instant` makes them. Texts hold no tab, line end or backslash.
    """

    def __init__(self, model: type[Model], names: Sequence[str], **same: Any) -> None:
        fields = {field.attname: field for field in model._meta.concrete_fields}
        alike: dict[str, Any] = {}
        for name, field in fields.items():
            if name in names or (field.primary_key and name not in same):
                continue
            value = same.get(name, field.get_default())
            is_json = isinstance(field, models.JSONField)
            alike[name] = json.dumps(value) if is_json else value
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(fields[name].column)) for name in (*names, *alike))
        self._table = quote(model._meta.db_table)
        self._columns, self._n_given, self._alike = columns, len(names), tuple(alike.values())
        self._tail = "".join(f"\t{_text(value)}" for value in self._alike) + "\n"

    def write(self, rows: Iterable[Row]) -> None:
        """Write rows, in one transaction."""
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {self._table} ({self._columns}) FROM STDIN") as copy:
                    rest = iter(rows)
                    while chunk := list(islice(rest, AT_ONCE)):
                        lines = ("\t".join(map(_text, row)) + self._tail for row in chunk)
                        copy.write("".join(lines))
                return
            marks = ", ".join(["?"] * self._n_given + [_literal(value) for value in self._alike])
            # Past Django, which rewrites the statement's marks.
            cursor.connection.executemany(
                f"INSERT INTO {self._table} ({self._columns}) VALUES ({marks})", rows
            )


@contextmanager
def quickly() -> Iterator[None]:
    """A connection that neither checks foreign keys nor waits for the disk, while it is filled."""
    start = (
        ("SET session_replication_role = replica", "SET synchronous_commit = off")
        if connection.vendor == "postgresql"
        else (
            "PRAGMA foreign_keys = OFF",
            "PRAGMA synchronous = OFF",
            "PRAGMA cache_size = -400000",
        )
    )
    with connection.cursor() as cursor:
        for statement in start:
            cursor.execute(statement)
    try:
        yield
    finally:
        connection.close()


def settle(*filled: type[Model]) -> None:
    """Leave the database as it would be after a quiet night.

    PostgreSQL vacuums and counts by itself. The site never tells SQLite to count, nor do we.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for model in filled:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _text(value: Any) -> str:
    """A value as COPY reads it."""
    if value is None:
        return r"\N"
    if type(value) is bytes:
        return rf"\\x{value.hex()}"
    return str(value)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return str(int(value)) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
