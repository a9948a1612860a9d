"""Air from files: joined, counted and ranked as a recount by hand does it; bad rows are named."""

import csv
import gzip
import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jiesu.city.air_files import (
    Air,
    AirInputs,
    air_inputs,
    check_air,
    checked_air_rule,
    checked_stations,
    measured_air,
)
from jiesu.city.air_run import AirOrder, air_json, run_air
from jiesu.city.folder import read_city
from jiesu.core.air import AirRule
from jiesu.core.problems import InputError
from jiesu.core.units import Unit, Units

SHANGHAI = ZoneInfo("Asia/Shanghai")
STATIONS = "station,district\nA,甲区\nB,甲区\nC,乙区\n"
HEAD = "station,at,pm25,pm10\n"


def folder(tmp_path: Path, files: dict[str, str | bytes], stations: str = STATIONS) -> AirInputs:
    (tmp_path / "air").mkdir(exist_ok=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "air" / name).write_bytes(data)
    (tmp_path / "stations.csv").write_text(stations, "utf-8")
    return AirInputs((tmp_path / "air",), tmp_path / "stations.csv", AirRule(), SHANGHAI)


def day_rows(station: str, day: str, values: Iterable[object]) -> str:
    return "".join(f"{station},{day}T{h:02},{v},{v}\n" for h, v in enumerate(values))


def document(air: Air) -> dict[str, Any]:
    return air_json(air)


def station(air: Air, code: str) -> dict[str, Any]:
    return next(row for row in document(air)["stations"] if row["station"] == code)


# The real stations -------------------------------------------------------------------------------


def mean_of(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def recount(
    rows: Iterable[dict[str, str]], districts: dict[str, str], until: date, column: str
) -> tuple[dict[str, tuple[Fraction, int]], dict[str, tuple[Fraction, int]]]:
    """Means and valid days of stations and of districts, from rows of the csv module."""
    values: dict[tuple[str, date], list[Fraction]] = defaultdict(list)
    for row in rows:
        day = date(int(row["year"]), int(row["month"]), int(row["day"]))
        if day.year == until.year and day <= until and row[column] not in ("", "NA"):
            values[row["station"], day].append(Fraction(row[column]))
    daily = {key: mean_of(some) for key, some in values.items() if len(some) >= 20}
    by_station: dict[str, list[Fraction]] = defaultdict(list)
    by_district: dict[str, dict[date, list[Fraction]]] = defaultdict(lambda: defaultdict(list))
    for (code, day), mean in daily.items():
        by_station[code].append(mean)
        by_district[districts[code]][day].append(mean)
    return (
        {code: (mean_of(some), len(some)) for code, some in by_station.items()},
        {
            name: (mean_of([mean_of(some) for some in days.values()]), len(days))
            for name, days in by_district.items()
        },
    )


def six(value: Fraction, places: str = "0.000001") -> str:
    # Exact: a quotient of so many digits cannot lie on a tie by rounding.
    long = Decimal(value.numerator * 10**30 // value.denominator).scaleb(-30)
    return str(long.quantize(Decimal(places), ROUND_HALF_UP))


@pytest.mark.realdata
@pytest.mark.parametrize("until", ["2016-03-31", "2016-12-31", "2017-02-28", "2016-01-01"])
def test_real_stations_equal_an_independent_recount(
    until: str, tmp_path: Path, realdata: Path
) -> None:
    source, stations = realdata / "beijing-air-2016.csv.gz", realdata / "beijing-air-stations.csv"
    order = AirOrder(
        AirInputs((source,), stations, AirRule(), SHANGHAI),
        date.fromisoformat(until), tmp_path / "out", {}, formats=(),
    )  # fmt: skip
    run_air(order)
    found = json.loads((tmp_path / "out" / "air.json").read_text("utf-8"))
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with stations.open(encoding="utf-8", newline="") as file:
        districts = {row["station"]: row["district"] for row in csv.DictReader(file)}
    for column, key in (("PM2.5", None), ("PM10", "pm10")):
        by_station, by_district = recount(rows, districts, date.fromisoformat(until), column)
        days = (date.fromisoformat(until) - date(int(until[:4]), 1, 1)).days + 1
        assert [row["station"] for row in found["stations"]] == list(districts)
        for row in found["stations"]:
            figure = row if key is None else row[key]
            mean, valid = by_station.get(row["station"], (None, 0))
            assert (figure["days_valid"], figure["days"]) == (valid, days)
            assert figure["mean"] == (None if mean is None else six(mean))
            assert row["district"] == districts[row["station"]]
        shown = {name: six(mean, "0.1") for name, (mean, _) in by_district.items()}
        for row in found["districts"]:
            figure = row if key is None else row[key]
            mean, valid = by_district.get(row["district"], (None, 0))
            assert figure["mean"] == (None if mean is None else six(mean))
            assert figure["shown"] == shown.get(row["district"])
            assert figure["days_valid"] == valid
            better = [s for s in shown.values() if mean and Decimal(s) < Decimal(figure["shown"])]
            assert figure["rank"] == (None if mean is None else len(better) + 1)
            assert row["stations"] == list(districts.values()).count(row["district"])


# Joining -----------------------------------------------------------------------------------------


def test_a_station_in_several_files_is_joined_and_the_later_file_holds(tmp_path: Path) -> None:
    first = HEAD + day_rows("A", "2022-01-01", [10] * 12) + "A,2022-01-01T00,70,10\n"
    second = HEAD + "".join(f"A,2022-01-01T{h},{v},10\n" for h, v in [(10, 10), (11, 30)])
    second += "".join(f"A,2022-01-01T{h},20,10\n" for h in range(12, 24))
    air = measured_air(folder(tmp_path, {"1.csv": first, "2.csv": second}), date(2022, 1, 1))
    # Hour 0 keeps the first row of its file, hour 11 takes the later file's 30.
    assert station(air, "A")["mean"] == six(Fraction(11 * 10 + 30 + 12 * 20, 24))
    report = air.report
    # PM10 is the same in all three: an hour is counted once, as one that contradicts.
    assert (report.conflicting, report.repeated) == (2, 1)
    assert (report.rows, report.used) == (27, 27)


def test_a_missing_or_unbelievable_value_displaces_none(tmp_path: Path) -> None:
    first = HEAD + day_rows("A", "2022-01-01", [10] * 24)
    second = HEAD + day_rows("A", "2022-01-01", ["", "NA", -1, 10_001, "nan", "NULL"] * 4)
    air = measured_air(folder(tmp_path, {"1.csv": first, "2.csv": second}), date(2022, 1, 1))
    assert station(air, "A")["mean"] == "10.000000"
    assert (air.report.missing, air.report.unbelievable) == (2 * 16, 2 * 8)
    assert (air.report.conflicting, air.report.repeated) == (0, 0)


def test_an_hour_whose_values_come_in_two_rows_has_not_come_again(tmp_path: Path) -> None:
    rows = "A,2022-01-01T00,10,\nA,2022-01-01T00,,20\nA,2022-01-01T00,10,20\n"
    report = measured_air(folder(tmp_path, {"1.csv": HEAD + rows}), date(2022, 1, 1)).report
    assert (report.rows, report.repeated, report.conflicting) == (3, 1, 0)


def test_what_is_missing_is_counted_in_the_span(tmp_path: Path) -> None:
    rows = "".join(day_rows("A", f"2022-01-0{day}", ["", -1, 5]) for day in (1, 2, 3))
    report = measured_air(folder(tmp_path, {"1.csv": HEAD + rows}), date(2022, 1, 2)).report
    assert (report.rows, report.used) == (9, 6)
    assert (report.missing, report.unbelievable) == (2 * 2, 2 * 2)


def test_a_day_needs_twenty_valid_hours(tmp_path: Path) -> None:
    rows = day_rows("A", "2022-01-01", [10] * 20 + ["NA"] * 4)
    rows += day_rows("A", "2022-01-02", [50] * 19 + ["NA"] * 5)
    air = measured_air(folder(tmp_path, {"1.csv": HEAD + rows}), date(2022, 1, 2))
    row = station(air, "A")
    assert (row["days_valid"], row["days"], row["mean"]) == (1, 2, "10.000000")
    silent = station(air, "C")
    assert (silent["days_valid"], silent["mean"], silent["low_validity"]) == (0, None, True)


def test_times_with_an_offset_are_those_of_the_citys_zone(tmp_path: Path) -> None:
    start = datetime(2021, 12, 31, 16, tzinfo=ZoneInfo("UTC"))
    rows = "".join(
        f"A,{(start + timedelta(hours=h)).isoformat().replace('+00:00', 'Z')},{h},1\n"
        for h in range(24)
    )
    air = measured_air(folder(tmp_path, {"1.csv": HEAD + rows}), date(2022, 1, 1))
    assert station(air, "A")["mean"] == six(Fraction(sum(range(24)), 24))


def test_both_forms_encodings_gzip_and_strange_columns_give_the_same(tmp_path: Path) -> None:
    random.seed(7)
    values = [Decimal(random.randrange(0, 5000)).scaleb(-1) for _ in range(48)]
    plain = (
        HEAD + day_rows("C", "2022-01-01", values[:24]) + day_rows("C", "2022-01-02", values[24:])
    )
    wide = "No,年,月,日,小时,站点,PM2.5,SO2,PM10,备注\n" + "".join(
        f"{i},2022,1,{1 + i // 24},{i % 24},C,{value},NA,{value},好\n"
        for i, value in enumerate(values)
    )
    forms: dict[str, dict[str, str | bytes]] = {
        "plain": {"a.csv": plain},
        "bom": {"a.csv": b"\xef\xbb\xbf" + plain.encode()},
        "gb18030": {"a.csv": wide.encode("gb18030")},
        "gzip": {"a.csv.gz": gzip.compress(wide.encode())},
        "crlf and blank lines": {"a.csv": plain.replace("\n", "\r\n\r\n")},
        "quoted": {"a.csv": plain.replace("C,", '"C",')},
    }
    found = set()
    for name, files in forms.items():
        (tmp_path / name).mkdir()
        air = measured_air(folder(tmp_path / name, files), date(2022, 1, 2))
        found.add(station(air, "C")["mean"])
    expected = (Fraction(sum(values[:24])) / 24 + Fraction(sum(values[24:])) / 24) / 2
    assert found == {six(expected)}


def test_random_files_equal_a_recount(tmp_path: Path) -> None:
    draw = random.Random(3)
    held: dict[tuple[str, int, int], Fraction] = {}
    files: dict[str, str | bytes] = {}
    for number in range(4):
        lines, seen = [], set()
        for _ in range(1500):
            key = (draw.choice("ABCX"), draw.randrange(4), draw.randrange(24))
            value = draw.choice(["NA", "", "7", f"{draw.randrange(900)}.{draw.randrange(100):02}"])
            lines.append(f"{key[0]},2022-01-{key[1] + 1:02}T{key[2]:02}:00:00,{value},1\n")
            if value not in ("NA", "") and key not in seen:
                seen.add(key)
                held[key] = Fraction(value)
        files[f"{number}.csv"] = HEAD + "".join(lines)
    air = measured_air(folder(tmp_path, files), date(2022, 1, 4))
    for code in "ABCX":
        means = []
        for day in range(4):
            values = [held[code, day, hour] for hour in range(24) if (code, day, hour) in held]
            if len(values) >= 20:
                means.append(mean_of(values))
        row = station(air, code)
        assert row["days_valid"] == len(means) > 0
        assert row["mean"] == six(mean_of(means))
    assert station(air, "X")["district"] is None


# Bad input ---------------------------------------------------------------------------------------


def problems_of(inputs: AirInputs) -> list[str]:
    with pytest.raises(InputError) as caught:
        measured_air(inputs, date(2022, 1, 2))
    return [str(problem) for problem in caught.value.problems]


PARTS = "year,month,day,hour,PM2.5,PM10,station\n"


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        (PARTS + "2022,1,1,24,5,5,A\n", "line 2, hour", "24 is not an hour"),
        (PARTS + "2022,1,1,-1,5,5,A\n", "line 2, hour", "-1 is not an hour"),
        (PARTS + "2022,2,30,1,5,5,A\n", "line 2, day", "no such date: 2022-2-30"),
        (PARTS + "2022,13,1,1,5,5,A\n", "line 2, day", "no such date"),
        (PARTS + "2022,1,1,x,5,5,A\n", "line 2, hour", "'x' is not a whole number"),
        (PARTS + "2022,1,1,1,5,5,\n", "line 2, station", "no station"),
        (PARTS + "\n2022,1,1,1,5,5,A\n\n2022,1,1,2,five,5,A\n", "line 5, pm25", "'five'"),
        (PARTS + "2022,1,1,1,inf,5,A\n", "line 2, pm25", "'inf' is not a number"),
        (PARTS + "2022,1,1,1,5,5,A\n2022,1,1,1,5,A\n", "line 3", "6 cells where"),
        (HEAD + "A,2022-01-01T24:00,5,5\n", "line 2, at", "not a time"),
        (HEAD + "A,yesterday,5,5\n", "line 2, at", "not a time"),
        ("year,month,day,PM2.5,PM10,station\n2022,1,1,5,5,A\n", "line 1", "hour is missing"),
        ("station,at,pm25\nA,2022-01-01T00,5\n", "line 1", "pm10 is missing"),
        ("station,at,pm25,PM2.5,pm10\n", "line 1", "pm25 stands twice"),
        ("", "", "is empty"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, content: str, where: str, what: str) -> None:
    [problem] = problems_of(folder(tmp_path, {"bad.csv": content}))
    assert "bad.csv" in problem
    assert where in problem
    assert what in problem


def test_of_many_bad_rows_the_first_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    content = PARTS + "2022,1,1,25,5,5,A\n" * 30
    problems = problems_of(folder(tmp_path, {"bad.csv": content}))
    assert len(problems) == 6
    assert "line 6, hour" in problems[4]
    assert "25 more rows" in problems[5]


def test_a_damaged_gzip_file_is_named(tmp_path: Path) -> None:
    data = gzip.compress((HEAD + day_rows("A", "2022-01-01", range(24))).encode())[:-20]
    [problem] = problems_of(folder(tmp_path, {"a.csv.gz": data}))
    assert "damaged" in problem


@pytest.mark.parametrize(
    ("stations", "what"),
    [
        ("station,district\nA,甲区\nA,乙区\n", "stands in line 2 with another place"),
        ("station,district\n,甲区\n", "line 2, station: the cell is empty"),
        ("station,district\nA,\n", "line 2, district: the cell is empty"),
        ("station\nA\n", "the column district is missing"),
        ("station,district\n", "no station in the file"),
    ],
)
def test_mistakes_of_the_station_list_are_named(tmp_path: Path, stations: str, what: str) -> None:
    inputs = folder(tmp_path, {"a.csv": HEAD}, stations)
    assert what in "\n".join(problems_of(inputs))


def test_an_unknown_rule_is_named(tmp_path: Path) -> None:
    path = tmp_path / "air.toml"
    path.write_text("min_hour = 20\nmin_share = 2\n", "utf-8")
    problems = [str(problem) for problem in checked_air_rule(path)[1]]
    assert any("min_hour: this key is not known" in problem for problem in problems)
    assert any("min_share" in problem for problem in problems)


# A city folder -----------------------------------------------------------------------------------

UNITS = Units.of(
    [
        Unit("1", "甲区", "district"),
        Unit("2", "乙区", "district"),
        Unit("3", "丙区", "district"),
        Unit("11", "东街道", "street", "1"),
        Unit("12", "西街道", "street", "1"),
        Unit("21", "东街道", "street", "2"),
        Unit("22", "旧街道", "street", "2", valid_to=date(2021, 1, 1)),
    ]
)


def test_in_a_folder_places_are_units_and_those_without_a_station_are_said_so(
    tmp_path: Path,
) -> None:
    rows = day_rows("A", "2022-01-01", [10] * 24) + day_rows("B", "2022-01-01", [30] * 24)
    rows += day_rows("C", "2022-01-01", [20] * 24)
    list_ = "station,district,street\nA,甲区,11\nB,1,12\nC,,21\n"
    inputs = folder(tmp_path, {"a.csv": HEAD + rows}, list_)
    air = measured_air(
        AirInputs(inputs.files, inputs.stations, inputs.rule, SHANGHAI, UNITS), date(2022, 1, 1)
    )
    found = document(air)
    districts = [
        (row["unit"], row["district"], row["rank"], row["shown"], row["stations"])
        for row in found["districts"]
    ]
    assert districts == [
        ("1", "甲区", 1, "20.0", 2), ("2", "乙区", 1, "20.0", 1), ("3", "丙区", None, None, 0),
    ]  # fmt: skip
    streets = [(row["unit"], row["district"], row["rank"]) for row in found["streets"]]
    assert streets == [("11", "1", 1), ("21", "2", 2), ("12", "1", 3)]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("A,丁区,", "no district has the code or name '丁区'"),
        ("A,甲区,99", "no street has the code '99'"),
        ("A,甲区,21", "does not belong to that district"),
        ("A,乙区,22", "no street has the code '22'"),
    ],
)
def test_a_station_in_no_unit_is_named(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "stations.csv"
    path.write_text(f"station,district,street\n{line}\n", "utf-8")
    inputs = AirInputs((), path, AirRule(), SHANGHAI, UNITS)
    problems = checked_stations(inputs, date(2022, 1, 1))[1]
    assert ["line 2" in str(problem) and what in str(problem) for problem in problems] == [True]


CITY = """
name = "城"
time_zone = "Asia/Shanghai"
[inputs]
cases = ["cases"]
profile = "jiesu"
policy = "beijing"
"""


def test_a_folder_without_air_has_none(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(CITY, "utf-8")
    city = read_city(tmp_path)
    assert air_inputs(city, None) is None
    assert check_air(city, None) == []


def test_check_names_the_mistakes_of_a_folders_air(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(CITY, "utf-8")
    (tmp_path / "air").mkdir()
    (tmp_path / "air" / "a.csv").write_text(PARTS + "2022,1,1,24,5,5,A\n", "utf-8")
    assert "there is no list of stations" in str(check_air(read_city(tmp_path), None)[0])
    (tmp_path / "stations.csv").write_text(STATIONS, "utf-8")
    assert "24 is not an hour" in str(check_air(read_city(tmp_path), None)[0])
    (tmp_path / "stations.csv").write_text(STATIONS + "A,乙区\n", "utf-8")
    found = [problem.file for problem in check_air(read_city(tmp_path), None)]
    assert found == ["stations.csv", "air/a.csv"]


# The command -------------------------------------------------------------------------------------


def jiesu(tmp_path: Path, arguments: Sequence[object]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jiesu", "air", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "TZ": "America/Lima"},
        check=False,
    )


def test_the_command_writes_everything_and_names_what_is_missing(tmp_path: Path) -> None:
    rows = day_rows("A", "2022-01-01", [10] * 24) + day_rows("Y", "2022-01-01", [30] * 24)
    inputs = folder(tmp_path, {"a.csv": HEAD + rows})
    arguments = [tmp_path / "air", "--stations", inputs.stations, "--until", "2022-01-03"]
    done = jiesu(tmp_path, [*arguments, "--out", "out", "--lang", "en"])
    assert done.returncode == 0, done.stderr
    assert "The data end on 2022-01-01" in done.stdout
    assert "Stations in the data that the list lacks (1): Y" in done.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "air.html", "air.docx", "air.pdf", "air.json",
    }  # fmt: skip
    text = (tmp_path / "out" / "air.html").read_text("utf-8")
    assert "Mean PM2.5 in 2022 up to 3 January 2022" in text
    again = jiesu(tmp_path, [*arguments, "--out", "out", "--formats", "html"])
    assert again.returncode == 0, again.stderr
    # The documents of the run before would contradict the new figures.
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"air.html", "air.json"}


def test_without_a_folder_files_are_named_as_given(tmp_path: Path) -> None:
    folder(tmp_path, {"a.csv": HEAD + "A,yesterday,5,5\n"})
    for stations, said in (
        ("nost.csv", "nost.csv: there is no such file; name the list of stations with --stations"),
        ("stations.csv", "air/a.csv, line 2, at: 'yesterday' is not a time"),
    ):
        arguments = ["air", "--stations", stations, "--until", "2022-01-03", "--out", "out"]
        done = jiesu(tmp_path, arguments)
        assert done.returncode == 2
        assert said in done.stderr
        assert "city.toml" not in done.stderr


def test_a_wrong_file_ends_with_two_and_leaves_nothing(tmp_path: Path) -> None:
    inputs = folder(tmp_path, {"a.csv": PARTS + "2022,1,1,24,5,5,A\n"})
    arguments = [tmp_path / "air", "--stations", inputs.stations, "--until", "2022-01-03"]
    done = jiesu(tmp_path, [*arguments, "--out", "out"])
    assert done.returncode == 2
    assert "line 2, hour: 24 is not an hour" in done.stderr
    assert not (tmp_path / "out").exists()
    for wrong in (["--until", "2022-02-30"], ["--formats", "odt"], ["--time-zone", "Mars/Base"]):
        again = jiesu(tmp_path, [*arguments, "--out", "out", *wrong])
        assert again.returncode == 2, wrong
