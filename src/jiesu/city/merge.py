"""Mail merge: one make for many units, in several processes, that can be started again.

Knows nothing of what is made. What was finished for the same digest is not made again, also after
the machine or a process was killed; a task that fails keeps no other from being made.

In `out/.merge` lies one record a task with the digest and the hashes of its files. A record goes
before its task's files are touched and comes back when all of them are in place.
"""

import json
import os
import shutil
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait as wait_for
from pathlib import Path, PurePosixPath

from jiesu.city.durable import to_disk
from jiesu.core.problems import InputError, Problem, writable

try:
    import fcntl
except ImportError:  # Not a POSIX system: two runs at once are not kept apart there.
    fcntl = None  # type: ignore[assignment]

Progress = Callable[[int, int], None]

RECORDS = ".merge"
"""The folder in `out` for records and for files on the way."""

AHEAD = 2
"""So many tasks a process wait in its queue: no process idles, no payload lies about for long."""

LONGEST_NAME = 100
"""Bytes of a code that may be a file's name; systems stop at 255 with their endings."""

PROCESS_ENDED = "its process was ended from outside, also when it was made alone"


@dataclass(frozen=True, slots=True)
class Task:
    """What is made for one unit. `payload` must be picklable.

    `digest` stands for what this task's files are made from, beside the digest of the run.
    """

    key: str
    payload: object
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of a merge, each in the order of the tasks.

    `done` were made now, `skipped` were there already. `failed` gives key and what went wrong,
    without any word of the payload.
    """

    done: tuple[str, ...]
    skipped: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


Make = Callable[[Task, Path], Sequence[Path]]
"""Writes a task's files below the folder it is given, and returns their paths."""


def merge(
    tasks: Sequence[Task],
    make: Make,
    out: Path,
    *,
    digest: str,
    jobs: int | None = None,
    progress: Progress | None = None,
    only: bool = False,
) -> Merged:
    """Make every task's files in `out`; those that are there for the same digest stay.

    `digest` stands for all that files are made from: inputs, rules, the programme's version,
    language, formats. `make` must be picklable (a module's function, or a partial of one) where
    `jobs` is more than one; `None` takes the processors at hand. Files of a task with another
    digest are replaced, those that it no longer has are removed. With `only`, what earlier runs
    made for other keys goes too; what a person put there never does. Raises ValueError where two
    tasks have one key, InputError where `out` cannot be written or another run is at work in it.
    """
    if len({task.key for task in tasks}) < len(tasks):
        raise ValueError("two tasks have the same key")
    with _held(out) as records:
        if only:
            _remove_others(out, records, {task.key for task in tasks})
        ready = [task.key for task in tasks if _is_there(out, records, task, digest)]
        skipped = frozenset(ready)
        waiting = deque(task for task in tasks if task.key not in skipped)
        if progress is not None:
            progress(len(skipped), len(tasks))
        wanted = min(jobs or _processors(), len(waiting))
        place = _Place(make, out, records, digest)
        run = _one_by_one(waiting, place) if wanted < 2 else _together(waiting, place, wanted)
        failed: dict[str, str] = {}
        with closing(run) as outcomes:
            for made, (key, fault) in enumerate(outcomes, start=1):
                if fault is not None:
                    failed[key] = fault
                if progress is not None:
                    progress(len(skipped) + made, len(tasks))
    order = [task.key for task in tasks]
    return Merged(
        done=tuple(key for key in order if key not in skipped and key not in failed),
        skipped=tuple(key for key in order if key in skipped),
        failed=tuple((key, failed[key]) for key in order if key in failed),
    )


# Running the tasks ---------------------------------------------------------------------------

Outcome = tuple[str, str | None]
"""A task's key and what went wrong, `None` where nothing did."""

Outcomes = Generator[Outcome, None, None]


@dataclass(frozen=True, slots=True)
class _Place:
    """How a task is made and where its files and its record go."""

    make: Make
    out: Path
    records: Path
    digest: str


def _processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _one_by_one(waiting: deque[Task], place: _Place) -> Outcomes:
    while waiting:
        yield _made(waiting.popleft(), place)


def _together(waiting: deque[Task], place: _Place, jobs: int) -> Outcomes:
    """Outcomes as they come. Where a process dies, the tasks under way are made one by one."""
    while waiting:
        under_way: dict[Future[Outcome], Task] = {}
        try:
            with _pool(jobs) as pool:
                while waiting or under_way:
                    while waiting and len(under_way) < jobs * AHEAD:
                        future = pool.submit(_made, waiting[0], place)
                        under_way[future] = waiting.popleft()
                    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                        outcome = future.result()
                        del under_way[future]
                        yield outcome
        except BrokenProcessPool:
            # Which of them it was nobody can tell: each gets a process of its own.
            for task in under_way.values():
                yield _alone(task, place)


def _alone(task: Task, place: _Place) -> Outcome:
    try:
        with _pool(1) as pool:
            return pool.submit(_made, task, place).result()
    except BrokenProcessPool:
        return task.key, PROCESS_ENDED


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that begin afresh: one that is copied from a process with threads may hang."""
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin)
    try:
        yield pool
    finally:
        # Also after Ctrl-C: what is being made is finished, what waits is not begun.
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """In a new process: leave Ctrl-C to the first one, and end when that one is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    first = parent_process()
    if first is None:
        return

    def watch() -> None:
        wait_for([first.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _made(task: Task, place: _Place) -> Outcome:
    """Make one task's files in a folder of its own and put them in place."""
    try:
        with writable(str(place.out)):
            folder = Path(tempfile.mkdtemp(prefix="work-", dir=place.records))
        try:
            files = place.make(task, folder)
            with writable(str(place.out)):
                _put_in_place(task, files, folder, place)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except InputError as error:
        return task.key, "; ".join(str(problem) for problem in error.problems)
    except Exception as error:
        # A foreign exception's message may hold a resident's words: only its place is told.
        return task.key, _fault(error)
    return task.key, None


def _fault(error: Exception) -> str:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    where = "" if last is None else f" at {last.tb_frame.f_code.co_name}:{last.tb_lineno}"
    return f"a fault in jiesu itself ({type(error).__name__}{where})"


# Files and records ---------------------------------------------------------------------------


def file_name(code: str, reserved: Collection[str] = ()) -> str:
    """A unit's code as the name of its files, without what a path could be led astray by.

    A code that no file may be called, or one of the reserved names, gives a name of its hash.
    """
    safe = code.replace("-", "").replace("_", "").isalnum() and len(code.encode()) <= LONGEST_NAME
    if safe and code.lower() not in reserved:
        return code
    return f"unit-{sha256(code.encode()).hexdigest()[:16]}"


def _is_inside(name: str) -> bool:
    """Whether a name leads to a place below a folder, whatever the folder."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not PurePosixPath(name).is_absolute() and ".." not in parts


def _remove_others(out: Path, records: Path, keys: Collection[str]) -> None:
    """Remove what earlier runs made for keys that are not among these, as their records say."""
    kept = {_record(records, key).name for key in keys}
    for record in records.glob("*.json"):
        if record.name in kept:
            continue
        found = _recorded(record)
        with writable(str(out)):
            for name in found.files if found else ():
                (out / name).unlink(missing_ok=True)
            record.unlink(missing_ok=True)


def _put_in_place(task: Task, files: Sequence[Path], folder: Path, place: _Place) -> None:
    record = _record(place.records, task.key)
    before = _recorded(record)
    names = [path.resolve().relative_to(folder.resolve()).as_posix() for path in files]
    hashes = {name: _hash(path) for name, path in zip(names, files, strict=True)}
    for path in files:
        to_disk(path)
    # From here to the new record nothing says that this task is done.
    record.unlink(missing_ok=True)
    for name, path in zip(names, files, strict=True):
        target = place.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    for name in set(before.files) - set(names) if before else ():
        (place.out / name).unlink(missing_ok=True)
    content = {"key": task.key, "digest": _whole(place.digest, task), "files": hashes}
    half = folder / "record"
    half.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    to_disk(half)
    half.replace(record)


def _whole(digest: str, task: Task) -> str:
    """The digest of the run with that of the task."""
    return f"{digest} {task.digest}" if task.digest else digest


def _is_there(out: Path, records: Path, task: Task, digest: str) -> bool:
    """Whether a task was finished for a digest and its files are still as they were made."""
    found = _recorded(_record(records, task.key))
    if found is None or found.digest != _whole(digest, task):
        return False
    try:
        return all(_hash(out / name) == made for name, made in found.files.items())
    except OSError:
        return False


def _record(records: Path, key: str) -> Path:
    return records / f"{sha256(key.encode()).hexdigest()[:32]}.json"


@dataclass(frozen=True, slots=True)
class _Finished:
    """What a record says: for which digest, and each file's hash by its name."""

    digest: str
    files: Mapping[str, str]


def _recorded(record: Path) -> _Finished | None:
    """What a record says; nothing where there is none, or none that can be read."""
    try:
        found = json.loads(record.read_text("utf-8"))
        files = {str(name): str(made) for name, made in found["files"].items()}
        if not all(map(_is_inside, files)):
            return None
        return _Finished(str(found["digest"]), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


@contextmanager
def _held(out: Path) -> Iterator[Path]:
    """The folder of the records, for this run alone; what a killed run left on the way goes."""
    records = out / RECORDS
    with writable(str(out)):
        records.mkdir(parents=True, exist_ok=True)
        lock = (records / "lock").open("a")
    with lock:
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                what = "another run is at work in this folder"
                raise InputError(Problem(str(out), "", what, "wait until it is done")) from None
        for left in records.glob("work-*"):
            with suppress(OSError):
                shutil.rmtree(left)
        yield records
