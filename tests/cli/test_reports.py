"""`jiesu report` from the command line."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "examples" / "small-city", tmp_path / "city"))


def jiesu(city: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jiesu", "report", *arguments, "--city", str(city)],
        capture_output=True,
        text=True,
        cwd=city.parent,
        # Neither the machine's zone nor its clock says what a day is.
        env={**os.environ, "TZ": "America/Lima"},
        check=False,
    )


def test_a_week_of_the_small_city_is_counted_by_its_own_clock(city: Path) -> None:
    done = jiesu(city, "weekly", "--date", "2022-02-15", "--formats", "html", "--lang", "en")
    assert done.returncode == 0, done.stderr
    out = city / "out" / "reports" / "weekly-2022-02-15"
    assert sorted(path.name for path in out.glob("report.*")) == ["report.html", "report.json"]
    found = json.loads((out / "report.json").read_text("utf-8"))
    assert found["window"] == {
        "start": "2022-02-07T12:00:00+08:00",
        "end": "2022-02-14T12:00:00+08:00",
    }
    lines = (city / "cases" / "2022-02.csv").read_text("utf-8").splitlines()
    at = lines[0].split(",").index("created_at")
    created = {line.split(",")[0]: line.split(",")[at] for line in lines[1:]}
    inside = [
        "2022-02-07 12:00:00" <= moment < "2022-02-14 12:00:00" for moment in created.values()
    ]
    assert found["intake"]["n"] == sum(inside) > 0
    assert f": {sum(inside)} cases" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("daily", "--date", "2022-02-30"), "is not a day"),
        (("daily", "--date", "2020-02-10"), "no case came in from"),
        (("daily", "--date", "2022-02-10", "--formats", "xlsx"), "is not a format"),
        (("daily", "--date", "2022-02-10", "--lang", "fr"), "is not known"),
        (("hourly", "--date", "2022-02-10"), "hourly"),
    ],
)
def test_wrong_arguments_are_named(city: Path, arguments: tuple[str, ...], said: str) -> None:
    done = jiesu(city, *arguments)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr
