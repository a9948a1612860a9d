"""In whose turn the desk writes, and who writes together."""

from collections.abc import Callable, Sequence
from threading import Event, Thread, get_ident
from time import monotonic

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from jiesu.cases import transaction as turns
from jiesu.cases.models import Counter
from jiesu.cases.transaction import writing, written

on_sqlite = pytest.mark.only_on("sqlite", reason="PostgreSQL gathers commits by itself")


@pytest.mark.django_db
def test_who_writes_already_does_not_wait_for_the_turn_of_who_waits_for_it() -> None:
    taken, done = Event(), Event()
    given_back: list[bool] = []

    def other() -> None:
        with turns._turn:
            taken.set()
            # As long as SQLite would let it wait for the first to end.
            given_back.append(done.wait(5))

    thread = Thread(target=other)
    thread.start()
    taken.wait()
    with transaction.atomic(), writing():
        done.set()
    thread.join()
    assert given_back == [True]


def counted(key: str) -> Callable[[], int]:
    """A writing of one row, which gives the thread that did it."""

    def work() -> int:
        Counter.objects.create(key=key, next=1)
        return get_ident()

    return work


def while_others_write(works: Sequence[Callable[[], int]]) -> list[object]:
    """What each of some writings gives, or raises, that wait together for another's to end."""
    found: dict[int, object] = {}

    def run(position: int) -> None:
        try:
            found[position] = written(works[position])
        except Exception as error:
            found[position] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=(position,)) for position in range(len(works))]
    with turns._turn:
        for thread in threads:
            thread.start()
        until = monotonic() + 10
        while len(turns._queue) < len(works) - 1 and monotonic() < until:
            Event().wait(0.001)
    for thread in threads:
        thread.join()
    return [found[position] for position in range(len(works))]


def keys() -> set[str]:
    return set(Counter.objects.filter(key__startswith="t").values_list("key", flat=True))


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_those_that_wait_with_one_writing_each_share_a_transaction() -> None:
    threads = while_others_write([counted(f"t{n}") for n in range(6)])
    assert len(set(threads)) == 1
    assert keys() == {f"t{n}" for n in range(6)}


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_one_that_fails_is_told_and_takes_back_nobody_elses_writing() -> None:
    def refused() -> int:
        Counter.objects.create(key="t refused", next=1)
        raise IntegrityError("taken")

    results = while_others_write([counted("t0"), refused, counted("t2"), counted("t2")])
    assert isinstance(results[1], IntegrityError)
    assert str(results[1]) == "taken"
    # Of two that want the same one row is there: the database's own refusal, not the neighbour's.
    assert sorted(isinstance(one, IntegrityError) for one in results[2:]) == [False, True]
    assert isinstance(results[0], int)
    assert keys() == {"t0", "t2"}


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_a_database_that_lets_nobody_in_is_told_to_each_and_holds_nobody_up_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def locked() -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(turns, "writing", locked)
        results = while_others_write([counted("t0"), counted("t1")])
    assert [type(one) for one in results] == [OperationalError] * 2
    assert keys() == set()
    assert written(counted("t0")) == get_ident()
    assert keys() == {"t0"}


@pytest.mark.django_db
def test_within_a_transaction_a_writing_is_a_part_of_it() -> None:
    def given_up() -> None:
        with transaction.atomic():
            written(counted("t0"))
            assert keys() == {"t0"}
            raise IntegrityError

    with pytest.raises(IntegrityError):
        given_up()
    assert keys() == set()
