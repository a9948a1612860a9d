"""Working ahead in a thread changes neither items nor exceptions, and ends with the caller."""

import threading
from collections.abc import Iterator

import pytest

from jiesu.sources.ahead import ahead


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "jiesu-ahead"]


def test_items_come_in_their_order() -> None:
    assert list(ahead(range(1000))) == list(range(1000))
    assert list(ahead(())) == []
    assert threads() == []


def test_an_exception_is_raised_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("two")

    stream = ahead(items())
    assert next(stream) == 1
    with pytest.raises(KeyError, match="two"):
        next(stream)
    assert threads() == []


def test_a_caller_that_stops_early_ends_the_thread() -> None:
    made = []

    def items() -> Iterator[int]:
        for item in range(10_000):
            made.append(item)
            yield item

    stream = ahead(items(), n=2)
    assert next(stream) == 0
    stream.close()
    assert threads() == []
    assert len(made) < 10


def test_a_generator_is_closed_when_the_caller_stops_early() -> None:
    closed = []

    def items() -> Iterator[int]:
        try:
            yield from range(10_000)
        finally:
            closed.append(True)

    source = items()
    stream = ahead(source)
    assert next(stream) == 0
    stream.close()
    assert closed == [True]
