"""How files come to lie in their folder: together, and none of an earlier run beside them."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from jiesu.city.outputs import every_format, json_bytes, put_in_place, work_folder
from jiesu.core.problems import InputError

STALE = every_format("page")


def made_in(work: Path, *names: str) -> list[Path]:
    for name in names:
        (work / name).write_text("new", "utf-8")
    return [work / name for name in names]


def test_json_is_written_as_people_read_it() -> None:
    assert json_bytes({"街道": 1}).decode() == '{\n "街道": 1\n}\n'


def test_files_of_formats_that_are_not_made_again_go(tmp_path: Path) -> None:
    made_in(tmp_path, "page.html", "page.pdf", "page.json", "other.pdf")
    with work_folder(tmp_path) as work:
        written = put_in_place(made_in(work, "page.json", "page.html"), tmp_path, STALE)
    assert written == (tmp_path / "page.json", tmp_path / "page.html")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "page.json": "new", "page.html": "new", "other.pdf": "new",
    }  # fmt: skip


def test_the_figures_come_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []
    replace = Path.replace

    def noted(self: Path, target: Path) -> Path:
        moved.append(self.name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    with work_folder(tmp_path) as work:
        put_in_place(made_in(work, "page.json", "page.html", "page.pdf"), tmp_path)
    assert moved == ["page.html", "page.pdf", "page.json"]


@pytest.mark.parametrize("name", ["page.html", "page.json", "page.docx"])
def test_a_folder_in_the_way_is_named_before_anything_is_moved(tmp_path: Path, name: str) -> None:
    made_in(tmp_path, "page.pdf")
    (tmp_path / name).mkdir()
    with work_folder(tmp_path) as work:
        made = made_in(work, "page.html", "page.json")
        with pytest.raises(InputError, match=f"{name}: cannot be written .it is a folder"):
            put_in_place(made, tmp_path, STALE)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({"page.pdf", name})


KILLED = """
import os, signal, sys
from pathlib import Path
from jiesu.city.outputs import work_folder
with work_folder(Path(sys.argv[1])) as work:
    (work / "cases.parquet").write_text("cases")
    print(work.name, flush=True)
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_goes_and_what_a_running_one_uses_stays(tmp_path: Path) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", KILLED, tmp_path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        names = [run.stdout.readline().strip() for run in runs if run.stdout]
        runs[0].communicate("now\n")
        assert runs[0].returncode == -signal.SIGKILL
        assert {path.name for path in tmp_path.iterdir()} == set(names)
        with work_folder(tmp_path) as outer, work_folder(tmp_path) as inner:
            assert {path.name for path in tmp_path.iterdir()} == {names[1], outer.name, inner.name}
            assert (tmp_path / names[1] / "cases.parquet").read_text() == "cases"
    finally:
        for run in runs:
            run.kill()
            run.communicate()
    with work_folder(tmp_path) as work:
        assert list(tmp_path.iterdir()) == [work]
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_leaves_no_folder_of_its_own(tmp_path: Path) -> None:
    out = tmp_path / "out" / "2022-02"
    with suppress(KeyError), work_folder(out) as work:
        made_in(work, "page.html")
        (out / "rejects.csv").write_text("line,column\n", "utf-8")
        raise KeyError
    assert not (tmp_path / "out").exists()


def test_a_run_that_fails_leaves_a_report_that_says_something(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with suppress(KeyError), work_folder(out):
        (out / "rejects.csv").write_text("line,column\n2,id\n", "utf-8")
        raise KeyError
    assert [path.name for path in out.iterdir()] == ["rejects.csv"]


def test_an_output_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", "utf-8")
    with (
        pytest.raises(InputError, match="cannot write here"),
        work_folder(tmp_path / "out" / "2022-02"),
    ):
        raise AssertionError
