"""Files written by tests, and the intake that reads them."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from jiesu.sources.intake import Intake, read_cases
from jiesu.sources.profile import Profile, load_profile, parse_profile

TINY = """
zone = "Asia/Shanghai"
[columns]
case_id = "id"
created_at = "at"
location = "where"
"""


@dataclass(frozen=True)
class Run:
    """An intake with everything that it wrote, read back."""

    intake: Intake
    rows: list[dict[str, Any]]
    rejects: list[dict[str, str]]
    duplicates: list[dict[str, str]]

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


Take = Callable[..., Run]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Run an intake over files; `profile` is a name or TOML text. Each run has its own folder."""
    numbers = count(2)

    def run(*inputs: str | Path, profile: str = TINY, zone: str | None = None) -> Run:
        read: Profile = (
            parse_profile(profile, file="test.toml", name="test")
            if "\n" in profile
            else load_profile(profile)
        )
        out = tmp_path / "out"
        if (out / "cases").exists():
            out = tmp_path / f"out-{next(numbers)}"
        intake = read_cases(
            inputs,
            read,
            into=out / "cases",
            rejects=out / "rejects.csv",
            duplicates=out / "duplicates.csv",
            zone=ZoneInfo(zone) if zone else None,
        )
        rows = [row for path in intake.cases for row in pq.read_table(path).to_pylist()]
        assert len(rows) == intake.accepted
        rejects, duplicates = read_csv(out / "rejects.csv"), read_csv(out / "duplicates.csv")
        assert len(rejects) == intake.rejected
        assert len(duplicates) == intake.duplicates
        return Run(intake, rows, rejects, duplicates)

    return run
