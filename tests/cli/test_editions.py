"""`jiesu publish` and `jiesu edition` from the command line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "examples" / "small-city", tmp_path / "city"))


@pytest.fixture
def jiesu(city: Path) -> Run:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jiesu", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=city.parent,
            env={**os.environ, "TZ": "America/Lima"},
            check=False,
        )

    return run


def test_a_month_is_published_corrected_listed_shown_compared_and_verified(
    jiesu: Run, city: Path
) -> None:
    where = ("--city", city, "--period", "2022-02")
    first = jiesu("publish", *where, "--office", "prepared=热线办", "--formats", "html")
    assert first.returncode == 0, first.stderr
    assert "Published: 2022-02, edition 1" in first.stdout
    again = jiesu("publish", *where)
    assert "Nothing changed since edition 1" in again.stdout
    path = city / "cases" / "2022-02.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    counted = [line.endswith(",false,,false,\n") and ",true,true,no," in line for line in lines]
    at = counted.index(True)
    case = lines[at].split(",")[0]
    lines[at] = lines[at].replace(",false,,false,", ",true,申诉,false,")
    path.write_text("".join(lines), "utf-8")
    refused = jiesu("publish", *where)
    assert refused.returncode == 2
    assert "--reason: this corrects edition 1 of 2022-02" in refused.stderr
    second = jiesu("publish", *where, "--reason", "申诉成立", "--lang", "en", "--formats", "html")
    assert second.returncode == 0, second.stderr
    assert case in (city / "editions/2022-02/2/correction.html").read_text("utf-8")
    listed = jiesu("edition", "list", "--city", city)
    assert [line.split()[:2] for line in listed.stdout.splitlines() if "2022-02 " in line] == [
        ["2022-02", "1"],
        ["2022-02", "2"],
    ]
    assert "热线办 (prepared)" in listed.stdout
    shown = jiesu("edition", "show", "--city", city, "2022-02")
    assert "Edition:     2022-02, 2" in shown.stdout
    differs = jiesu("edition", "diff", "--city", city, "2022-02", 1, 2)
    assert "Cases that differ: 1 (excluded 1)" in differs.stdout
    verified = jiesu("edition", "verify", "--city", city)
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout.count("the same to the byte") == 2


def test_a_damaged_edition_ends_with_exit_code_2_and_its_name(jiesu: Run, city: Path) -> None:
    jiesu("publish", "--city", city, "--period", "2022-02", "--formats", "html")
    path = city / "editions/2022-02/1/units.csv"
    path.chmod(0o644)
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    done = jiesu("edition", "verify", "--city", city, "2022-02", 1)
    assert done.returncode == 2
    assert "2022-02/1/units.csv: the file was changed after it was sealed" in done.stderr
    alone = jiesu("edition", "verify", "--folder", path.parent)
    assert alone.returncode == 2
    assert "jiesu: " in alone.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("publish", "--city", "city", "--period", "2022-02", "--office", "boss=A"), "no office"),
        (("publish", "--city", "city", "--period", "2022-02", "--lang", "fr"), "not known"),
        (("publish", "--city", "city", "--period", "2022-13"), "months go from 01 to 12"),
        (("publish", "--city", "nowhere", "--period", "2022-02"), "no folder"),
        (("edition", "verify"), "name a city folder"),
        (("edition", "verify", "--city", "city", "2022-02", "one"), "names no edition"),
        (("edition", "verify", "--city", "city"), "there is no edition"),
        (("edition", "verify", "--folder", "city"), "the file is missing"),
        (("edition", "show", "--city", "city", "2022-02"), "there is no edition"),
        (("edition", "diff", "--city", "city", "2022-02", "1", "2"), "there is no edition 1"),
    ],
)
def test_wrong_arguments_are_named(jiesu: Run, arguments: tuple[str, ...], said: str) -> None:
    done = jiesu(*arguments)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_city_without_editions_has_an_empty_list(jiesu: Run, city: Path) -> None:
    done = jiesu("edition", "list", "--city", city)
    assert (done.returncode, done.stderr) == (0, "")
    assert "No editions" in done.stdout
