"""A small city with editions, and ways to tamper with them, for the tests of editions."""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jiesu.city.publish import PublishDone, PublishOrder, publish

from .test_small_city import SMALL_CITY

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PERIOD = "2022-02"


def small_city(folder: Path) -> Path:
    return Path(shutil.copytree(SMALL_CITY, folder / "city"))


def published(folder: Path, period: str = PERIOD, **given: Any) -> PublishDone:
    return publish(PublishOrder(folder, period, formats=given.pop("formats", ()), **given), now=NOW)


def change_cases(folder: Path, change: Callable[[dict[str, str]], None]) -> None:
    """Change rows of the city's February file."""
    path = folder / "cases" / "2022-02.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        change(row)
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def exclude(*case_ids: str) -> Callable[[dict[str, str]], None]:
    def change(row: dict[str, str]) -> None:
        if row["case_id"] in case_ids:
            row["excluded"] = "true"

    return change


def unresolved(folder: Path) -> list[str]:
    """Numbers of the February cases whose call-back says that nothing was solved."""
    with (folder / "cases" / "2022-02.csv").open(encoding="utf-8", newline="") as lines:
        return [
            row["case_id"]
            for row in csv.DictReader(lines)
            if row["callback_resolved"] == "no"
            and row["callback_valid"] == "true"
            and row["excluded"] == "false"
        ]


def opened_up(folder: Path) -> Path:
    """Make an edition's folder and files writable, as a tamperer would."""
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
    return folder


def sealed_anew(folder: Path, **changes: Any) -> None:
    """Make all digests and the seal of an edition anew, after it was tampered with."""
    record = json.loads((folder / "edition.json").read_text("utf-8"))
    record["files"] = {name: sha256(folder / name) for name in record["files"]}
    record |= changes
    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    (folder / "edition.json").write_text(text, "utf-8")
    digest = sha256(folder / "edition.json")
    (folder / "edition.sha256").write_text(f"{digest}  edition.json\n", "utf-8")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def change_frozen_case(folder: Path) -> None:
    """Let one more case of an edition be excluded."""
    path = folder / "cases.parquet"
    table = pq.read_table(path)
    excluded = table["excluded"].to_pylist()
    at = max(i for i, value in enumerate(excluded) if not value)
    excluded[at] = True
    index = table.column_names.index("excluded")
    pq.write_table(table.set_column(index, "excluded", pa.array(excluded)), path)
