"""`jiesu topics` from the command line: what it prints, writes and refuses."""

import subprocess
import sys
from pathlib import Path

import pytest

from jiesu.city.synth.write import write_city


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("topics") / "city"
    write_city(out, period="2022-02", months=1, cases=200, seed=3)
    return out


def jiesu(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jiesu", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_states_and_files_are_listed(folder: Path) -> None:
    done = jiesu("topics", "--city", folder, "--period", "2022-02", "--formats", "json,html")
    assert done.returncode == 0, done.stderr
    assert "Topics on 2022-02-28: 2 behind, 2 on schedule, 1 not started, 1 done" in done.stdout
    out = folder / "out" / "2022-02"
    for name in ("topics.json", "topics.html", "duty-list.html", "governance.html"):
        assert f"Written: {out / name}" in done.stdout
        assert (out / name).is_file()


def test_mistakes_end_it_with_2_and_leave_older_files(folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "topics.html"
    old.write_text("older", "utf-8")
    path = folder / "topics.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('lead = "D01"', 'lead = "D99"'), "utf-8")
    line = text[: text.index('lead = "D01"')].count("\n") + 1
    try:
        arguments = ("--city", folder, "--period", "2022-02", "--out", tmp_path)
        done = jiesu("topics", *arguments)
    finally:
        path.write_text(text, "utf-8")
    assert done.returncode == 2
    assert f"topics.toml, line {line}, topics[1].lead: no unit has the code 'D99'" in done.stderr
    assert old.read_text("utf-8") == "older"


@pytest.mark.parametrize(
    ("option", "value"), [("--lang", "fr"), ("--formats", "odt"), ("--period", "2022-13")]
)
def test_wrong_options_are_named(folder: Path, option: str, value: str) -> None:
    given = {"--period": "2022-02", option: value}
    arguments = [part for pair in given.items() for part in pair]
    done = jiesu("topics", "--city", folder, *arguments)
    assert done.returncode == 2
    assert option in done.stderr
