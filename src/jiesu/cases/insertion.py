"""Writing rows quickly: the statement of a table is put together once, not for each row.

For the intake, where a resident waits and many come at once, and for the sweep: Django's own way
takes as long to write a statement as the database to run it. The rows are the models' own;
signals are not sent (the desk has none).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    models,
)
from django.db.models import Field, Model
from django.db.models.base import ModelState
from pydantic_core import to_json

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


def _here() -> Any:
    """This thread's connection itself: each word to Django's stand-in for it looks it up anew."""
    return connections[DEFAULT_DB_ALIAS]


class _QuickCursor:
    """The driver's own cursor, for statements that are always the same: PostgreSQL prepares them.

    Django's writes values into the statement there, and reads its text anew each time. A statement
    for this one is in the driver's words (`driver_text`). Errors are Django's all the same.
    """

    def __init__(self, here: Any) -> None:
        self._here = here

    def __enter__(self) -> Any:
        here = self._here
        # As Django does before each of its own cursors.
        here.close_if_health_check_failed()
        here.ensure_connection()
        with here.wrap_database_errors:
            if here.vendor == "postgresql":
                return _kept_cursor(here)
            return here.connection.cursor()

    def __exit__(self, *raised: Any) -> None:
        self._here.wrap_database_errors.__exit__(*raised)


def _kept_cursor(here: Any) -> Any:
    """The one cursor for this, of the connection: each new one learns types of values anew."""
    cursor = getattr(here, "jiesu_cursor", None)
    if cursor is None or cursor.connection is not here.connection:
        # Here, for who runs on SQLite need not have it.
        from psycopg import RawCursor

        cursor = here.jiesu_cursor = RawCursor(here.connection)
    return cursor


def asked(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a reading statement, with Django's marks of values (`%s`).

    Of a connection that was kept Django asks first whether it still stands, a message to wait for.
    Here it shows by the statement itself, which is asked again then.
    """
    here = _here()
    sql = driver_text(sql, here.vendor)
    unproven = here.health_check_enabled and not here.health_check_done
    if unproven:
        here.health_check_done = True
        try:
            return _asked(here, sql, values)
        except (InterfaceError, OperationalError):
            if here.in_atomic_block:
                raise
            here.health_check_done = False
    return _asked(here, sql, values)


def _asked(here: Any, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with _QuickCursor(here) as cursor:
        rows: list[tuple[Any, ...]] = cursor.execute(sql, values).fetchall()
        return rows


@cache
def driver_text(sql: str, vendor: str) -> str:
    """A statement with the driver's marks of values in place of Django's `%s`."""
    if vendor != "postgresql":
        return sql.replace("%s", "?")
    parts = sql.split("%s")
    return parts[0] + "".join(f"${n}{part}" for n, part in enumerate(parts[1:], start=1))


def aware(value: datetime) -> datetime:
    """An instant as `asked` gives it: on SQLite in UTC, and without saying so."""
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


class Condition(NamedTuple):
    """What PostgreSQL is to find true before it writes anything, with Django's marks of values."""

    sql: str
    values: tuple[Any, ...]


def insert_family(
    head: Model, rest: Sequence[Model], *, key: str, when: Condition | None = None
) -> bool:
    """Insert a new row, and new rows of other tables that hold its key in the column `key`.

    `head` and `rest` have that key afterwards; the keys of `rest` stay unknown. Neighbours of one
    table go in one statement. To PostgreSQL all is one statement, and so a transaction by itself;
    on SQLite the caller is in one, nobody writes beside it, and `when` is not asked. `False` says
    that it did not hold, and that nothing was written.
    """
    here = _here()
    with _QuickCursor(here) as cursor:
        if here.vendor != "postgresql":
            _insert_in_turn(cursor, head, rest, key)
        elif not _insert_at_once(cursor, head, rest, key, when):
            return False
    _saved((head, *rest))
    return True


def _insert_at_once(
    cursor: Any, head: Model, rest: Sequence[Model], key: str, when: Condition | None
) -> bool:
    shape = tuple((model, len(list(group))) for model, group in groupby(rest, type))
    columns, others, sql = _family_statement(type(head), shape, key, when.sql if when else "")
    values = columns.values(head)
    if when is not None:
        values += when.values
    for row in rest:
        values += others[type(row)].values(row)
    found = cursor.execute(sql, values).fetchone()
    if found is None:
        return False
    [head.pk] = found
    for row in rest:
        row.__dict__[key] = head.pk
    return True


def _insert_in_turn(cursor: Any, head: Model, rest: Sequence[Model], key: str) -> None:
    columns, sql = _statement(type(head), 1, "sqlite")
    head.pk = cursor.execute(sql, columns.values(head)).lastrowid
    for row in rest:
        row.__dict__[key] = head.pk
    for model, group in groupby(rest, type):
        rows = list(group)
        columns, sql = _statement(model, len(rows), "sqlite")
        cursor.execute(sql, [value for row in rows for value in columns.values(row)])


def insert_many(rows: Sequence[Model]) -> None:
    """Insert any number of new rows of one table, the quickest way; their keys stay unknown."""
    if not rows:
        return
    model = type(rows[0])
    if connection.vendor == "postgresql":
        columns, sql = _copy_statement(model)
        with connection.cursor() as cursor, cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(columns.values(row))
    else:
        columns, sql = _statement(model, 1, connection.vendor)
        with _QuickCursor(_here()) as cursor:
            cursor.executemany(sql, [columns.values(row) for row in rows])
    _saved(rows)


def update_many(rows: Sequence[Model], names: tuple[str, ...]) -> None:
    """Write the named fields of any number of rows of one table."""
    if not rows:
        return
    columns, sql = _update_statement(type(rows[0]), names, connection.vendor)
    written = [columns.values(row) for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(sql, [list(column) for column in zip(*written, strict=True)])
        else:
            cursor.executemany(sql, written)


def _saved(rows: Iterable[Model]) -> None:
    for row in rows:
        row._state.adding = False
        row._state.db = DEFAULT_DB_ALIAS


def _has_own_key(model: type[Model]) -> bool:
    return isinstance(model._meta.pk, models.AutoField | models.BigAutoField)


def _written(model: type[Model]) -> "list[Field[Any, Any]]":
    """The fields of a table, without a key that the database gives."""
    return [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key and _has_own_key(model))
    ]


class Columns:
    """Columns of a table: the values of its rows there, as the driver takes them."""

    def __init__(self, fields: "Sequence[Field[Any, Any]]", vendor: str) -> None:
        names = [field.attname for field in fields]
        # Of one name alone it would give no tuple.
        self._found = itemgetter(*names, names[0])
        converters = [_converter(field, vendor) for field in fields]
        self._converted = [(n, made) for n, made in enumerate(converters) if made is not None]

    def values(self, row: Model) -> list[Any]:
        """The values of a row, in the order of the columns."""
        values: list[Any]
        *values, _ = self._found(row.__dict__)
        for n, converted in self._converted:
            if values[n] is not None:
                values[n] = converted(values[n])
        return values


def _into(model: type[Model], fields: "Sequence[Field[Any, Any]]") -> str:
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    return f"{quote(model._meta.db_table)} ({names})"


@cache
def _statement(model: type[Model], n_rows: int, vendor: str) -> tuple[Columns, str]:
    """The columns of new rows, and the statement."""
    fields = _written(model)
    row = "(" + ", ".join(["%s"] * len(fields)) + ")"
    sql = f"INSERT INTO {_into(model, fields)} VALUES " + ", ".join([row] * n_rows)
    return Columns(fields, vendor), driver_text(sql, vendor)


@cache
def _family_statement(
    head: type[Model], shape: tuple[tuple[type[Model], int], ...], key: str, when: str
) -> tuple[Columns, Mapping[type[Model], Columns], str]:
    """The columns of a row, those of the rows that hold its key, and PostgreSQL's statement.

    The key is that of the row above, which only the database knows yet.
    """
    fields, own = _written(head), head._meta.pk
    row = f"SELECT {', '.join(_cast(field) for field in fields)}" + (
        f" WHERE {when}" if when else ""
    )
    parts = [f"head AS (INSERT INTO {_into(head, fields)} {row} RETURNING {own.column})"]
    others = {}
    for n, (model, n_rows) in enumerate(shape):
        kin = [field for field in _written(model) if field.attname != key]
        of_head = next(field for field in model._meta.concrete_fields if field.attname == key)
        marks = "(" + ", ".join(_cast(field) for field in kin) + ")"
        rows = ", ".join([marks] * n_rows)
        parts.append(
            f"kin_{n} AS (INSERT INTO {_into(model, [of_head, *kin])} "
            f"SELECT head.*, kin.* FROM head, (VALUES {rows}) AS kin)"
        )
        others[model] = Columns(kin, "postgresql")
    sql = f"WITH {', '.join(parts)} SELECT * FROM head"
    return Columns(fields, "postgresql"), others, driver_text(sql, "postgresql")


def _cast(field: "Field[Any, Any]") -> str:
    """A value's mark where PostgreSQL does not see of which column it is.

    Not of texts: a text is one anyway, and a cast to a length would cut it.
    """
    kind = str(field.db_type(connection))
    return "%s" if kind.startswith(("varchar", "text")) else f"%s::{kind}"


@cache
def _copy_statement(model: type[Model]) -> tuple[Columns, str]:
    fields = _written(model)
    return Columns(fields, "postgresql"), f"COPY {_into(model, fields)} FROM STDIN"


@cache
def _update_statement(
    model: type[Model], names: tuple[str, ...], vendor: str
) -> tuple[Columns, str]:
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
    return Columns([*fields, own], vendor), sql


def _json(value: Any) -> str:
    return to_json(value).decode()


def _converter(field: "Field[Any, Any]", vendor: str) -> Callable[[Any], Any] | None:
    """What makes a value one that the driver takes; `None` where it takes it as it is.

    PostgreSQL is sent texts: with numbers of several sizes it would prepare a statement for each.
    """
    if isinstance(field, models.DateTimeField):
        return adapted_instant
    if isinstance(field, models.JSONField):
        return _json
    if isinstance(field, models.DateField):
        return str
    if vendor != "postgresql" or isinstance(
        field, models.BinaryField | models.CharField | models.TextField
    ):
        return None
    return str


@lru_cache(maxsize=1000)
def adapted_instant(value: datetime) -> str:
    """An aware instant as both databases read it: in UTC, as Django makes every connection be.

    Rows that are written together have many of one moment.
    """
    in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return in_utc.isoformat(" ")[: -len("+00:00")]
