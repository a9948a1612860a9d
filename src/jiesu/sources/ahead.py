"""An iterator that works ahead in a thread of its own, a few items at most."""

from collections.abc import Generator, Iterable
from queue import Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T], n: int = 2) -> Generator[T]:
    """The same items in the same order, made in a thread while the caller works on others.

    An exception there is raised here. The thread has ended when the caller has had all items,
    or has closed the iterator; `items`, where they are a generator, are closed then too.
    """
    queue: Queue[tuple[T | None, BaseException | None]] = Queue(maxsize=n)
    stopped = Event()

    def work() -> None:
        try:
            for item in items:
                queue.put((item, None))
                if stopped.is_set():
                    return
            queue.put((None, _Ended()))
        except BaseException as error:
            queue.put((None, error))

    thread = Thread(target=work, name="jiesu-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error = queue.get()
            if isinstance(error, _Ended):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        while thread.is_alive():
            while not queue.empty():
                queue.get()
            thread.join(0.01)
        if isinstance(items, Generator):
            items.close()


class _Ended(Exception):
    """Stands for the end of the items."""
