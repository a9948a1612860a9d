"""The mail merge: made once, started again, and never half."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from jiesu.city import merge as module
from jiesu.city.merge import PROCESS_ENDED, Task, merge
from jiesu.core.problems import InputError, Problem

TASKS = [Task(f"unit-{n}", n) for n in range(6)]


def letters(task: Task, folder: Path, *, forms: Sequence[str] = ("html", "json")) -> list[Path]:
    """Two files a task, which say who made them."""
    paths = [folder / f"{task.key}.{form}" for form in forms]
    for path in paths:
        path.write_text(f"{task.payload} {path.suffix}", "utf-8")
    return paths


def some_fail(task: Task, folder: Path) -> list[Path]:
    if task.payload == 1:
        raise InputError(Problem("units.csv", "line 3", "no such unit", "add it"))
    if task.payload == 2:
        raise RuntimeError("13800138000")
    return letters(task, folder)


def one_dies(task: Task, folder: Path) -> list[Path]:
    if task.payload == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return letters(task, folder)


def half_then_fault(task: Task, folder: Path) -> list[Path]:
    paths = letters(task, folder)
    if task.payload == 0:
        raise OSError("disk full")
    return paths


def slow(task: Task, folder: Path) -> list[Path]:
    """A task that tells that it has begun, and takes its time."""
    (folder.parent.parent / f"{task.key}.begun").touch()
    time.sleep(0.6)
    return letters(task, folder)


def slower(task: Task, folder: Path) -> list[Path]:
    """So slow that a busy machine does not finish all tasks before a signal is sent."""
    time.sleep(1.5)
    return slow(task, folder)


def documents(out: Path) -> list[str]:
    return sorted(p.name for p in out.iterdir() if p.suffix in (".html", ".json", ".pdf"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_is_made_once_and_skipped_the_next_time(tmp_path: Path, jobs: int) -> None:
    seen: list[tuple[int, int]] = []
    first = merge(
        TASKS,
        letters,
        tmp_path,
        digest="a",
        jobs=jobs,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert first.done == tuple(task.key for task in TASKS)
    assert (first.skipped, first.failed) == ((), ())
    assert seen == [(n, 6) for n in range(7)]
    assert (tmp_path / "unit-4.html").read_text("utf-8") == "4 .html"
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.html")}
    again = merge(TASKS, letters, tmp_path, digest="a", jobs=jobs)
    assert (again.done, again.skipped) == ((), first.done)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.html")} == before


def test_another_digest_makes_all_anew(tmp_path: Path) -> None:
    merge(TASKS, letters, tmp_path, digest="a", jobs=1)
    anew = [Task(task.key, "new") for task in TASKS]
    assert merge(anew, letters, tmp_path, digest="b", jobs=1).skipped == ()
    assert (tmp_path / "unit-0.html").read_text("utf-8") == "new .html"


def test_a_file_that_was_changed_or_lost_is_made_again(tmp_path: Path) -> None:
    merge(TASKS, letters, tmp_path, digest="a", jobs=1)
    (tmp_path / "unit-1.html").write_text("by hand", "utf-8")
    (tmp_path / "unit-2.json").unlink()
    again = merge(TASKS, letters, tmp_path, digest="a", jobs=1)
    assert again.done == ("unit-1", "unit-2")
    assert (tmp_path / "unit-1.html").read_text("utf-8") == "1 .html"


def test_files_that_a_task_no_longer_has_go(tmp_path: Path) -> None:
    merge(TASKS[:2], partial(letters, forms=("html", "pdf")), tmp_path, digest="a", jobs=1)
    merge(TASKS[:1], partial(letters, forms=("html",)), tmp_path, digest="b", jobs=1)
    assert documents(tmp_path) == ["unit-0.html", "unit-1.html", "unit-1.pdf"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failure_is_told_and_stops_no_other(tmp_path: Path, jobs: int) -> None:
    merged = merge(TASKS, some_fail, tmp_path, digest="a", jobs=jobs)
    assert merged.done == ("unit-0", "unit-3", "unit-4", "unit-5")
    (first, told), (second, fault) = merged.failed
    assert (first, told) == ("unit-1", "units.csv, line 3: no such unit; add it")
    assert second == "unit-2"
    assert fault.startswith("a fault in jiesu itself (RuntimeError at some_fail:")
    assert "13800138000" not in fault
    again = merge(TASKS, letters, tmp_path, digest="a", jobs=jobs)
    assert again.done == ("unit-1", "unit-2")


def test_a_process_that_dies_takes_only_its_own_task_with_it(tmp_path: Path) -> None:
    merged = merge(TASKS, one_dies, tmp_path, digest="a", jobs=2)
    assert merged.failed == (("unit-3", PROCESS_ENDED),)
    assert len(merged.done) == 5
    assert len(documents(tmp_path)) == 10


def test_a_task_that_fails_half_way_leaves_the_old_files_whole(tmp_path: Path) -> None:
    merge(TASKS, letters, tmp_path, digest="a", jobs=1)
    anew = [Task(task.key, task.payload) for task in TASKS]
    merged = merge(anew, half_then_fault, tmp_path, digest="b", jobs=1)
    assert [key for key, _ in merged.failed] == ["unit-0"]
    assert (tmp_path / "unit-0.html").read_text("utf-8") == "0 .html"
    assert [path.name for path in (tmp_path / ".merge").glob("work-*")] == []


def test_two_tasks_of_one_key_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="same key"):
        merge([TASKS[0], TASKS[0]], letters, tmp_path, digest="a")


def test_no_tasks_make_nothing(tmp_path: Path) -> None:
    assert merge([], letters, tmp_path, digest="a").done == ()


def test_two_runs_do_not_work_in_one_folder(tmp_path: Path) -> None:
    with module._held(tmp_path), pytest.raises(InputError, match="another run is at work"):
        merge(TASKS, letters, tmp_path, digest="a", jobs=1)


def test_a_record_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    merge(TASKS[:1], letters, tmp_path, digest="a", jobs=1)
    [record] = (tmp_path / ".merge").glob("*.json")
    for content in ("{", "[]", '{"digest": "a"}', '{"digest": "a", "files": 3}'):
        record.write_text(content, "utf-8")
        assert merge(TASKS[:1], letters, tmp_path, digest="a", jobs=1).done == ("unit-0",)


RUN = """
import signal, sys
# A shell's background job, as a test run may be, leaves Ctrl-C unheard to its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path[:0] = [{tests!r}]
from test_merge import TASKS, Path, merge, slow, slower
if __name__ == "__main__":
    merge(TASKS, {make}, Path({out!r}), digest="a", jobs=2)
"""


def begun(out: Path, n: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until so many tasks have begun."""
    until = time.monotonic() + 60
    while len(list(out.glob("*.begun"))) < n:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_killed_run_is_gone_on_with(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    script = tmp_path / "run.py"
    script.write_text(
        RUN.format(tests=str(Path(__file__).parent), out=str(out), make="slow"), "utf-8"
    )
    process = subprocess.Popen([sys.executable, str(script)])
    begun(out, 5, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    whole = {path.stem for path in out.glob("*.json")}
    for path in out.glob("*.html"):
        assert path.read_text("utf-8").endswith(".html")
    merged = merge(TASKS, letters, out, digest="a", jobs=1)
    assert merged.failed == ()
    assert set(merged.done) | set(merged.skipped) == {task.key for task in TASKS}
    # Five had begun in two processes, so three at least were finished.
    assert len(merged.skipped) >= 3
    assert merged.done
    assert set(merged.skipped) <= whole
    assert len(documents(out)) == 12
    assert merge(TASKS, letters, out, digest="a", jobs=1).done == ()
    assert [path.name for path in (out / ".merge").glob("work-*")] == []


def test_ctrl_c_finishes_what_is_under_way_and_stops(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    script = tmp_path / "run.py"
    tests = str(Path(__file__).parent)
    script.write_text(RUN.format(tests=tests, out=str(out), make="slower"), "utf-8")
    process = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL)
    begun(out, 1, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) != 0
    assert [path.name for path in (out / ".merge").glob("work-*")] == []
    made = {path.stem for path in out.glob("*.html")}
    assert len(made) < 6
    assert set(merge(TASKS, letters, out, digest="a", jobs=1).skipped) == made
