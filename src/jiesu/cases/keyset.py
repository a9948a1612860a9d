"""Querysets that walk an index: as fast among a million rows as among a thousand.

`one_of` is for conditions of partial indexes, `merged` for several stretches of an index at once.
Leaves out which questions the desk asks (`queries`, `search`).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, QuerySet

MOST_BRANCHES = 200
"""SQLite takes 500 parts of a UNION."""

Branch = QuerySet[Any, tuple[Any, ...]]


class _OneOf(Func):
    output_field = BooleanField()
    arity = 1


def one_of(field: str, values: Iterable[str]) -> Func:
    """That a field has one of these values, with the values in the SQL itself.

    SQLite uses an index with such a condition only where the condition stands in the query word
    for word, and not with values bound to it.
    """
    words = list(values)
    if not all(word.replace("_", "").isalnum() and word.isascii() for word in words):
        raise ValueError("a value is a plain word")
    listed = ", ".join(f"'{word}'" for word in words)
    return _OneOf(F(field), template=f"%(expressions)s IN ({listed})")


def merged(branches: Sequence[Branch], n: int, *, descending: bool = False) -> list[int]:
    """The keys of the first `n` rows of all branches together.

    A branch gives rows whose last column is the key, in the order of their columns, and no row
    that another gives. Of each at most `n` are read: many branches are as many short walks.
    """
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(branches), MOST_BRANCHES):
        rows += _together(branches[start : start + MOST_BRANCHES], n, descending)
    return [row[-1] for row in sorted(rows, reverse=descending)[:n]]


def _together(branches: Sequence[Branch], n: int, descending: bool) -> list[tuple[Any, ...]]:
    if len(branches) == 1:
        return list(branches[0][:n])
    parts: list[str] = []
    params: list[Any] = []
    for number, branch in enumerate(branches):
        # Django refuses a UNION of cut querysets on SQLite, which takes them as tables.
        sql, values = branch[:n].query.sql_with_params()
        parts.append(f"SELECT * FROM ({sql}) AS b{number}")
        params += values
    columns = range(1, len(branches[0].query.values_select) + 1)
    order = ", ".join(f"{column} DESC" if descending else str(column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(parts)} ORDER BY {order} LIMIT {n}", params)
        return list(cursor.fetchall())
