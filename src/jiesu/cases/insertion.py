"""Writing rows quickly: the statement of a table is put together once, not for each row.

For the intake, where a resident waits and many come at once, and for the sweep: Django's own way
takes as long to write a statement as the database to run it. The rows are the models' own;
signals are not sent (the desk has none).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import groupby
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import Field, Model
from django.db.models.base import ModelState

Column = tuple[str, Callable[[Any], Any] | None]


M = TypeVar("M", bound=Model)


def made(model: type[M], **values: Any) -> M:
    """A new row as the model's constructor makes it, without its work field by field.

    `values` are by column: `unit_id`, not `unit`. What is not given has its field's default.
    """
    row = model.__new__(model)
    constants, callables = _defaults(model)
    row.__dict__.update(constants)
    for name, default in callables:
        row.__dict__[name] = default()
    row.__dict__.update(values, _state=ModelState())
    return row


@cache
def _defaults(
    model: type[Model],
) -> tuple[dict[str, Any], tuple[tuple[str, Callable[[], Any]], ...]]:
    fields = model._meta.concrete_fields
    made_anew = tuple(
        (f.attname, f.default) for f in fields if f.has_default() and callable(f.default)
    )
    names = {name for name, _ in made_anew}
    return {f.attname: f.get_default() for f in fields if f.attname not in names}, made_anew


@contextmanager
def quick_cursor() -> Iterator[Any]:
    """A cursor for statements that are always the same: PostgreSQL prepares them.

    There it is the driver's own, which binds values on the server; Django's writes them into the
    statement. Errors are Django's all the same.
    """
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            yield cursor
        return
    from psycopg import Cursor

    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as own:
        yield own


def insert(row: Model) -> None:
    """Insert a new row; where its key is the database's to give, the row has it afterwards."""
    model = type(row)
    columns, sql = _statement(model, 1, connection.vendor)
    with quick_cursor() as cursor:
        cursor.execute(sql, _values(row, columns))
        if _has_own_key(model):
            [row.pk] = cursor.fetchone()
    _saved(row)


def insert_together(rows: Iterable[Model]) -> None:
    """Insert new rows of several tables, in their order; their keys stay unknown.

    Neighbours of one table go in one statement, and to PostgreSQL all in one message.
    """
    groups = [(model, list(group)) for model, group in groupby(rows, type)]
    together = connection.connection.pipeline if connection.vendor == "postgresql" else nullcontext
    with quick_cursor() as cursor, together():
        for model, group in groups:
            columns, sql = _statement(model, len(group), connection.vendor, returning=False)
            cursor.execute(sql, [value for row in group for value in _values(row, columns)])
    for _, group in groups:
        for row in group:
            _saved(row)


def insert_many(rows: Sequence[Model]) -> None:
    """Insert any number of new rows of one table, the quickest way; their keys stay unknown."""
    if not rows:
        return
    model = type(rows[0])
    if connection.vendor == "postgresql":
        columns, sql = _copy_statement(model)
        with connection.cursor() as cursor, cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(_values(row, columns))
    else:
        columns, sql = _statement(model, 1, connection.vendor, returning=False)
        with connection.cursor() as cursor:
            cursor.executemany(sql, [_values(row, columns) for row in rows])
    for row in rows:
        _saved(row)


def update_many(rows: Sequence[Model], names: tuple[str, ...]) -> None:
    """Write the named fields of any number of rows of one table."""
    if not rows:
        return
    columns, sql = _update_statement(type(rows[0]), names, connection.vendor)
    written = [[*_values(row, columns), row.pk] for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(sql, [list(column) for column in zip(*written, strict=True)])
        else:
            cursor.executemany(sql, written)


def _saved(row: Model) -> None:
    row._state.adding = False
    row._state.db = connection.alias


def _values(row: Model, columns: Sequence[Column]) -> list[Any]:
    have = row.__dict__
    return [
        have[name] if convert is None or have[name] is None else convert(have[name])
        for name, convert in columns
    ]


def _has_own_key(model: type[Model]) -> bool:
    return isinstance(model._meta.pk, models.AutoField | models.BigAutoField)


def _written(model: type[Model]) -> "tuple[list[Field[Any, Any]], str]":
    """The fields of a table, without a key that the database gives, and their names."""
    fields = [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key and _has_own_key(model))
    ]
    quote = connection.ops.quote_name
    return fields, ", ".join(quote(str(field.column)) for field in fields)


@cache
def _statement(
    model: type[Model], n_rows: int, vendor: str, returning: bool = True
) -> tuple[tuple[Column, ...], str]:
    """The columns of a new row, and the statement."""
    fields, names = _written(model)
    quote = connection.ops.quote_name
    row = "(" + ", ".join(["%s"] * len(fields)) + ")"
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES " + ", ".join([row] * n_rows)
    if returning and n_rows == 1 and _has_own_key(model):
        sql += f" RETURNING {quote(str(model._meta.pk.column))}"
    return tuple((field.attname, _converter(field)) for field in fields), sql


@cache
def _copy_statement(model: type[Model]) -> tuple[tuple[Column, ...], str]:
    fields, names = _written(model)
    sql = f"COPY {connection.ops.quote_name(model._meta.db_table)} ({names}) FROM STDIN"
    return tuple((field.attname, _converter(field)) for field in fields), sql


@cache
def _update_statement(
    model: type[Model], names: tuple[str, ...], vendor: str
) -> tuple[tuple[Column, ...], str]:
    """On PostgreSQL a statement of columns, each an array; on SQLite of one row."""
    fields = [field for field in model._meta.concrete_fields if field.name in names]
    quote = connection.ops.quote_name
    table, own = quote(model._meta.db_table), model._meta.pk
    columns, key = [quote(str(field.column)) for field in fields], quote(str(own.column))
    if vendor == "postgresql":
        arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in (*fields, own))
        sets = ", ".join(f"{column} = new.{column}" for column in columns)
        new = f"unnest({arrays}) AS new ({', '.join((*columns, key))})"
        sql = f"UPDATE {table} SET {sets} FROM {new} WHERE {table}.{key} = new.{key}"
    else:
        sets = ", ".join(f"{column} = %s" for column in columns)
        sql = f"UPDATE {table} SET {sets} WHERE {key} = %s"
    return tuple((field.attname, _converter(field)) for field in fields), sql


def _converter(field: "Field[Any, Any]") -> Callable[[Any], Any] | None:
    """What makes a value one that the driver takes; `None` where it takes it as it is."""
    if isinstance(field, models.DateTimeField):
        # PostgreSQL's driver knows instants, SQLite has texts.
        return None if connection.vendor == "postgresql" else adapted_instant
    if isinstance(field, models.DateField | models.JSONField):
        return lambda value: field.get_db_prep_save(value, connection)
    return None


@lru_cache(maxsize=1000)
def adapted_instant(value: datetime) -> Any:
    """An aware instant as SQLite keeps it. Many rows that are written together have the same."""
    # As Django does for a database in UTC, which is all that this needs to know of one.
    return str(value.astimezone(UTC).replace(tzinfo=None))
