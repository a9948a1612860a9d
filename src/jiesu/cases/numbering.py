"""Numbers of cases: unique and rising, in the city's format, without a lock that all wait for.

A process takes numbers of a day in small blocks, so that two servers seldom ask for one row. A
process that ends leaves the rest of its block unused: numbers may have gaps and are never given
twice.
"""

import threading
from collections.abc import Iterator
from datetime import date

from django.db import connection

BLOCK = 50

_lock = threading.Lock()
_blocks: dict[str, Iterator[int]] = {}


def next_number(day: date) -> int:
    """The next number of a day, from 1.

    Inside a transaction a single number is taken, for what is rolled back must not be kept here.
    """
    key = f"case:{day.isoformat()}"
    if connection.in_atomic_block:
        return take(key, 1)
    with _lock:
        number = next(_blocks.get(key, iter(())), None)
        if number is None:
            first = take(key, BLOCK)
            # Only one day is ever current; blocks of past days would lie about for good.
            _blocks.clear()
            _blocks[key] = iter(range(first + 1, first + BLOCK))
            number = first
        return number


def take(key: str, n: int) -> int:
    """Take the next `n` numbers of a series; gives the first of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_counter (key, next) VALUES (%s, %s) "
            "ON CONFLICT (key) DO UPDATE SET next = cases_counter.next + %s RETURNING next",
            [key, 1 + n, n],
        )
        [after] = cursor.fetchone()
    return int(after) - n


def forget_numbers() -> None:
    """Leave the rest of this process's block unused."""
    with _lock:
        _blocks.clear()
