"""In whose turn the desk writes."""

from threading import Event, Thread

import pytest
from django.db import transaction

from jiesu.cases import transaction as turns
from jiesu.cases.transaction import writing


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
