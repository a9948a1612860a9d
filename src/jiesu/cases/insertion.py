"""Writing new rows quickly: the INSERT of a table is put together once, not for each row.

For the intake, where a resident waits and many come at once: Django's own way takes as long to
write the statement as the database to run it. The rows are the models' own; signals are not sent
(the desk has none).
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models import Field, Model

_CONVERTED = (models.DateTimeField, models.DateField, models.JSONField, models.BinaryField)
"""Fields whose values a driver does not take as they are."""

Column = tuple[str, Callable[[Any], Any] | None]


def insert(row: Model) -> None:
    """Insert a new row; where its key is the database's to give, the row has it afterwards."""
    model = type(row)
    columns, sql = _statement(model, 1, connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(row, columns))
        if _has_own_key(model):
            [row.pk] = cursor.fetchone()
    _saved(row)


def insert_all(rows: Sequence[Model]) -> None:
    """Insert new rows of one table in one statement; their keys stay unknown."""
    if not rows:
        return
    columns, sql = _statement(type(rows[0]), len(rows), connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for row in rows for value in _values(row, columns)])
    for row in rows:
        _saved(row)


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


@cache
def _statement(model: type[Model], n_rows: int, vendor: str) -> tuple[tuple[Column, ...], str]:
    """The columns of a table, without a key that the database gives, and the statement."""
    fields = [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key and _has_own_key(model))
    ]
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in fields)
    row = "(" + ", ".join(["%s"] * len(fields)) + ")"
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES " + ", ".join([row] * n_rows)
    if n_rows == 1 and _has_own_key(model):
        sql += f" RETURNING {quote(str(model._meta.pk.column))}"
    return tuple((field.attname, _converter(field)) for field in fields), sql


def _converter(field: "Field[Any, Any]") -> Callable[[Any], Any] | None:
    if not isinstance(field, _CONVERTED):
        return None
    return lambda value: field.get_db_prep_save(value, connection)
