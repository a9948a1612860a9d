"""The shipped profiles, on rows in the form of their sources and on the open data itself."""

import csv
import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from .conftest import Take

NYC_OLD = (
    "Unique Key,Created Date,Closed Date,Agency,Agency Name,Complaint Type,Descriptor,"
    "Borough,Community Board,Open Data Channel Type,Due Date\n"
    "1,05/01/2022 12:00:03 AM,05/02/2022 01:30:00 PM,NYPD,Police,Noise,Loud,BRONX,01 BRONX,PHONE,"
    "05/01/2022 08:00:03 AM\n"
    "2,11/06/2022 01:30:00 AM,,NYPD,Police,Noise,Loud,BRONX,01 BRONX,ONLINE,\n"
)
NYC_NEW = (
    "unique_key,created_date,closed_date,agency,agency_name,complaint_type,descriptor,borough,"
    "community_board,open_data_channel_type,due_date\n"
    "1,2022-05-01T00:00:03.000,2022-05-02T13:30:00.000,NYPD,Police,Noise,Loud,BRONX,01 BRONX,PHONE,"
    "2022-05-01T08:00:03.000\n"
    "2,2022-11-06T01:30:00.000,,NYPD,Police,Noise,Loud,BRONX,01 BRONX,ONLINE,\n"
)


def test_both_header_forms_of_new_york_give_the_same_cases(tmp_path: Path, take: Take) -> None:
    (tmp_path / "old.csv").write_text(NYC_OLD)
    (tmp_path / "new.csv").write_text(NYC_NEW)
    rows = take(tmp_path / "old.csv", profile="nyc311").rows
    assert rows == take(tmp_path / "new.csv", profile="nyc311").rows
    assert rows[0]["created_at"] == datetime(2022, 5, 1, 4, 0, 3, tzinfo=UTC)
    assert rows[0]["due_at"] == datetime(2022, 5, 1, 12, 0, 3, tzinfo=UTC)
    assert rows[0]["closed_at"] == datetime(2022, 5, 2, 17, 30, tzinfo=UTC)
    # The repeated hour in autumn is the earlier instant.
    assert rows[1]["created_at"] == datetime(2022, 11, 6, 5, 30, tzinfo=UTC)
    assert (rows[0]["unit"], rows[0]["unit_name"], rows[0]["place"]) == (
        "NYPD",
        "Police",
        "01 BRONX",
    )


def test_new_york_without_a_due_column_is_accepted(tmp_path: Path, take: Take) -> None:
    lines = [line.rsplit(",", 1)[0] for line in NYC_OLD.splitlines()]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    assert take(tmp_path / "a.csv", profile="nyc311").column("due_at") == [None, None]


def requests() -> list[dict[str, Any]]:
    base = {"service_name": "Pothole", "service_code": "006", "agency_responsible": "PWD"}
    times = {
        "requested_datetime": "2010-04-14T06:37:38-08:00",
        "updated_datetime": "2010-04-14T06:38:38-08:00",
        "expected_datetime": "2010-04-15T06:37:38-08:00",
    }
    return [
        {"service_request_id": 638344, "status": "closed", **base, **times, "address": "8TH AVE"},
        {"service_request_id": "638349", "status": "open", **base, **times, "lat": 37.76},
        {
            "service_request_id": "638350",
            "status": "Closed",
            **base,
            "requested_datetime": "2010-04-14T06:37:38",
            "updated_datetime": None,
        },
    ]


@pytest.mark.parametrize("wrapped", [False, True])
def test_open311_requests_take_closing_from_the_last_update_of_closed_ones(
    wrapped: bool, tmp_path: Path, take: Take
) -> None:
    document = {"requests": requests()} if wrapped else requests()
    (tmp_path / "requests.json").write_text(json.dumps(document))
    run = take(tmp_path / "requests.json", profile="open311")
    closed = datetime(2010, 4, 14, 14, 38, 38, tzinfo=UTC)
    assert run.column("case_id") == ["638344", "638349", "638350"]
    assert run.column("closed_at") == [closed, None, None]
    assert run.column("due_at")[0] == datetime(2010, 4, 15, 14, 37, 38, tzinfo=UTC)
    assert run.column("created_at")[2] == datetime(2010, 4, 14, 6, 37, 38, tzinfo=UTC)
    assert run.column("location") == ["8TH AVE", None, None]
    assert run.column("unit") == ["PWD"] * 3


@pytest.mark.realdata
def test_boston_is_read_whole_and_its_flag_agrees_on_every_row(realdata: Path, take: Take) -> None:
    path = realdata / "boston-311-2011-q3.csv.gz"
    run = take(path, profile="boston311")
    assert (run.intake.accepted, run.intake.rejected, run.intake.duplicates) == (31_828, 0, 0)
    assert run.intake.agreement is not None
    assert (run.intake.agreement.n_agree, run.intake.agreement.n_checked) == (25_101, 25_101)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        source = list(csv.DictReader(file))
    zone = ZoneInfo("America/New_York")

    def instant(text: str) -> datetime | None:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC) if text else None

    for row, case in zip(source, run.rows, strict=True):
        assert case["case_id"] == row["case_enquiry_id"]
        assert case["unit"] == row["department"]
        for name, header in (
            ("created_at", "open_dt"),
            ("due_at", "target_dt"),
            ("closed_at", "closed_dt"),
        ):
            assert case[name] == instant(row[header])
        assert case["closed_on_time"] is None


@pytest.mark.realdata
def test_pingshan_is_read_whole_with_its_flags(realdata: Path, take: Take) -> None:
    path = realdata / "pingshan-2018-part1.csv"
    run = take(path, profile="pingshan")
    assert (run.intake.accepted, run.intake.rejected, run.intake.duplicates) == (8_000, 0, 0)
    with path.open(encoding="utf-8", newline="") as file:
        source = list(csv.DictReader(file))
    in_time = sum(row["INTIME_ARCHIVE_NUM"] == "1" for row in source)
    overtime = sum(row["OVERTIME_ARCHIVE_NUM"] == "1" for row in source)
    flags = {True: in_time, False: overtime, None: 8_000 - in_time - overtime}
    assert Counter(run.column("closed_on_time")) == flags == {True: 7204, False: 794, None: 2}
    units = Counter(row["DISPOSE_UNIT_ID"] for row in source if row["DISPOSE_UNIT_ID"] != "-")
    assert Counter(unit for unit in run.column("unit") if unit) == units
    assert "-" not in {value for row in run.rows for value in row.values()}
    first = datetime.fromisoformat(source[0]["CREATE_TIME"])
    assert (
        run.rows[0]["created_at"].astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)
        == first
    )
