"""How a command's files come to lie in their folder: all of one run, or those of the run before.

Files are made in a work folder inside the output folder and renamed when the last one is complete.
What they hold is made elsewhere (`jiesu.briefing`, the contracts of `jiesu.core`); many documents
that are made in processes are put in place by `merge`, sealed editions by `publish`.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from jiesu.core.problems import InputError, Problem, writable

try:
    import fcntl
except ImportError:  # Windows.
    fcntl = None  # type: ignore[assignment]

WORK = ".work-"
"""How the names of work folders begin."""

DOCUMENTS = ("html", "docx", "pdf", "xlsx")


def json_bytes(document: object) -> bytes:
    """The text of a JSON file: Chinese as it is, one space of indent, a newline at the end."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def write_json(document: object, path: Path) -> Path:
    """Write a JSON file; gives its path. Raises InputError where it cannot be written."""
    with writable(path.name):
        path.write_bytes(json_bytes(document))
    return path


def every_format(*names: str) -> tuple[str, ...]:
    """The file names that documents of these names may have: what `put_in_place` calls stale."""
    return tuple(f"{name}.{form}" for name in names for form in DOCUMENTS)


def put_in_place(made: Sequence[Path], out: Path, stale: Sequence[str] = ()) -> tuple[Path, ...]:
    """Move finished files to `out`; gives their new paths in the same order.

    `stale` names files of the same command in `out`: those that were not made this time are of an
    earlier run, would contradict the new ones and go. JSON comes last: where it is new everything
    is. Raises InputError, before anything is moved, where a folder has the name of a file.
    """
    names = [path.name for path in made]
    gone = [name for name in stale if name not in names]
    in_the_way = {out / name for name in (*names, *gone) if (out / name).is_dir()}
    if in_the_way:
        what, remedy = "cannot be written (it is a folder)", "remove it, or name another folder"
        raise InputError(Problem(str(path), "", what, remedy) for path in sorted(in_the_way))
    for name in gone:
        with writable(str(out / name)):
            (out / name).unlink(missing_ok=True)
    for path in sorted(made, key=lambda path: path.suffix == ".json"):
        with writable(str(out / path.name)):
            path.replace(out / path.name)
    return tuple(out / name for name in names)


@contextmanager
def work_folder(out: Path) -> Iterator[Path]:
    """A folder inside `out` for what is only needed on the way; gone at the end.

    Those of earlier runs that were killed go first. Folders that were made for a run that failed go
    too, unless a report lies in them. Raises InputError where `out` cannot be written.
    """
    made: list[Path] = []
    try:
        made += [folder for folder in (out, *out.parents) if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        work, lock = _new_work(out)
    except OSError as error:
        _remove_bare(made)
        what = f"cannot write here ({error.strerror})"
        raise InputError(Problem(str(out), "", what, "name another folder")) from None
    with lock:
        try:
            yield work
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            _remove_bare(made)
            raise
        shutil.rmtree(work, ignore_errors=True)


def _new_work(out: Path) -> tuple[Path, ExitStack]:
    """A work folder, and what keeps it from being swept while it is open."""
    while True:
        work = Path(tempfile.mkdtemp(prefix=WORK, dir=out))
        lock = ExitStack()
        with suppress(OSError):
            # Without locks in this file system no run sweeps there, and none needs one.
            lock.enter_context(_locked(work, wait=True))
        if work.exists():
            return work, lock
        # Swept by another run before it was locked.
        lock.close()


def _sweep(out: Path) -> None:
    """Remove the work folders in which no run is at work: they may hold cases."""
    for left in out.glob(f"{WORK}*"):
        with suppress(OSError), _locked(left, wait=False):
            shutil.rmtree(left)


@contextmanager
def _locked(folder: Path, *, wait: bool) -> Iterator[None]:
    """Hold a folder against other runs; the system lets go of it when the process ends.

    Raises OSError where another holds it, or where that cannot be known.
    """
    if fcntl is None:
        raise OSError("this system has no locks")
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(held)


def _remove_bare(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, as far as nothing but empty reports lies in them."""
    for folder in folders:
        # One with anything else in it stays, and so do those around it.
        with suppress(OSError):
            inside = list(folder.iterdir())
            if all(map(_is_empty_report, inside)):
                for path in inside:
                    path.unlink()
            folder.rmdir()


def _is_empty_report(path: Path) -> bool:
    names = ("rejects.csv", "duplicates.csv")
    return path.name in names and path.read_bytes().count(b"\n") <= 1
