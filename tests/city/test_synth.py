"""The synthetic city: the same for the same seed, and shaped like a city's cases."""

from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.city.folder import read_city
from jiesu.city.synth.catalogue import LIMIT_SECONDS, categories
from jiesu.city.synth.draw import Draws, WeightRows, Weights, shares
from jiesu.city.synth.rhythm import assessment_days, cases_by_day
from jiesu.city.synth.world import beijing
from jiesu.city.synth.write import write_city
from jiesu.city.units_file import read_units
from jiesu.core.case_table import BY_NAME
from jiesu.core.problems import InputError
from jiesu.sources.canonical_file import Mark, mark_of

CASES = 20_000
MONTHS = ("2022-01", "2022-02")

Row = dict[str, Any]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synth") / "city"
    write_city(out, period="2022-02", months=2, cases=CASES, seed=1)
    return out


@pytest.fixture(scope="module")
def rows(city: Path) -> dict[str, list[Row]]:
    return {month: read_rows(city / "cases" / f"{month}.csv") for month in MONTHS}


def read_rows(path: Path) -> list[Row]:
    options = pa_csv.ConvertOptions(strings_can_be_null=True)
    found: list[Row] = pa_csv.read_csv(path, convert_options=options).to_pylist()
    return found


def digest(folder: Path) -> str:
    names = ("units.csv", "cases/2022-02.csv", "texts/2022-02.csv")
    return sha256(b"".join((folder / name).read_bytes() for name in names)).hexdigest()


def test_the_same_arguments_give_the_same_bytes_on_every_machine(tmp_path: Path) -> None:
    write_city(tmp_path / "a", period="2022-02", months=1, cases=2_000, seed=7)
    assert (
        digest(tmp_path / "a") == "cb265ac84ff9378f2f70a118c30bb7ab833417781c42aa75043d306d826461ad"
    )


def test_all_that_lies_beside_the_cases_is_the_same_again(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        write_city(tmp_path / name, period="2022-02", months=3, cases=50, seed=3)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        found.append({str(p.relative_to(tmp_path / name)): p.read_bytes() for p in files})
    assert found[0] == found[1]
    folders = {name.split("/")[0] for name in found[0]}
    assert folders >= {"air", "measures", "index", "meetings", "topics.toml", "commitments.csv"}


def test_a_month_is_the_same_however_many_months_are_written(tmp_path: Path, city: Path) -> None:
    write_city(tmp_path / "one", period="2022-02", months=1, cases=CASES, seed=1)
    assert digest(tmp_path / "one") == digest(city)


def test_another_seed_gives_other_cases(tmp_path: Path, city: Path) -> None:
    write_city(tmp_path / "other", period="2022-02", months=1, cases=CASES, seed=2)
    assert digest(tmp_path / "other") != digest(city)


def test_each_month_has_exactly_the_cases_asked_for_from_the_19th_to_the_18th(
    rows: dict[str, list[Row]],
) -> None:
    borders = {
        "2022-01": (datetime(2021, 12, 19), datetime(2022, 1, 19)),  # noqa: DTZ001
        "2022-02": (datetime(2022, 1, 19), datetime(2022, 2, 19)),  # noqa: DTZ001
    }
    for month, (start, end) in borders.items():
        created = [row["created_at"] for row in rows[month]]
        assert len(created) == CASES
        assert created == sorted(created)
        assert start <= created[0] < start + timedelta(days=1)
        assert end - timedelta(days=1) <= created[-1] < end
    assert len({row["case_id"] for month in MONTHS for row in rows[month]}) == 2 * CASES


def test_the_columns_are_those_of_the_case_table_and_the_codes_are_known(
    rows: dict[str, list[Row]],
) -> None:
    for name in rows["2022-02"][0]:
        column = BY_NAME[name]
        values = {row[name] for row in rows["2022-02"]} - {None}
        if column.codes:
            assert values == set(column.codes)
        if column.kind == "boolean":
            assert values == {True, False}
        if column.kind == "instant":
            assert all(isinstance(value, datetime) for value in values)


def test_the_city_has_343_streets_17_districts_57_departments_and_30_enterprises(
    city: Path,
) -> None:
    units = read_units(city / "units.csv")
    kinds = Counter(unit.kind for unit in units)
    assert kinds == {"street": 343, "district": 17, "department": 57, "enterprise": 30}
    assert {units[code].name for code in units.children("BDA")} == {"荣华街道", "博兴街道"}
    assert len(units.children("110115")) == 20
    assert len([unit for unit in units if unit.name == "八里庄街道"]) == 2
    for unit in units:
        assert (unit.parent is not None) == (unit.kind == "street")
        assert unit.name.endswith("（示例）") == (unit.kind in ("department", "enterprise"))
        below = units.children(unit.code)
        if below:
            assert unit.population == sum(units[code].population or 0 for code in below)


def test_units_and_places_of_the_cases_stand_in_the_units_file(
    city: Path, rows: dict[str, list[Row]]
) -> None:
    units = read_units(city / "units.csv")
    everything = [row for month in MONTHS for row in rows[month]]
    for row in everything:
        place = units[str(row["place"])]
        assert (place.kind, place.parent) == ("street", str(row["district"]))
        if row["unit"] is not None:
            unit = units[str(row["unit"])]
            assert unit.kind != "street" or unit == place
        if row["assist_units"] is not None:
            assisting = str(row["assist_units"]).split(";")
            assert str(row["unit"]) not in assisting
            assert all(code in units for code in assisting)


def test_the_shares_are_near_what_the_manual_states(rows: dict[str, list[Row]]) -> None:
    everything = [row for month in MONTHS for row in rows[month]]

    def share(holds: Any) -> float:
        return sum(bool(holds(row)) for row in everything) / len(everything)

    assert 0.60 < share(lambda row: len(row["unit"] or "") == 12) < 0.65
    assert 0.85 < share(lambda row: row["callback_valid"] is True) < 0.90
    assert 0.02 < share(lambda row: row["callback_valid"] is None) < 0.04
    assert 0.025 < share(lambda row: row["excluded"]) < 0.035
    assert 0.003 < share(lambda row: row["parked"]) < 0.007
    assert 0.035 < share(lambda row: row["repeat_of"]) < 0.045
    assert 0.04 < share(lambda row: row["assist_units"]) < 0.06
    assert 0.001 < share(lambda row: row["unit"] is None) < 0.003
    assert 0.003 < share(lambda row: row["closed_at"] is None) < 0.012
    late = share(lambda row: row["closed_at"] and row["closed_at"] > row["due_at"])
    assert 0.02 < late < 0.05
    for row in everything:
        assert bool(row["excluded"]) == (row["exclusion_reason"] is not None)


def test_times_follow_the_life_of_a_case(rows: dict[str, list[Row]]) -> None:
    limits = {timedelta(seconds=seconds) for seconds in LIMIT_SECONDS.values()}
    for row in rows["2022-02"]:
        assert row["created_at"] < row["dispatched_at"] < row["signed_at"]
        assert row["due_at"] - row["dispatched_at"] in limits
        for earlier, later in (
            ("signed_at", "contacted_at"),
            ("signed_at", "closed_at"),
            ("contacted_at", "closed_at"),
            ("due_at", "callback_at"),
        ):
            if row[earlier] is not None and row[later] is not None:
                assert row[earlier] < row[later]
        if row["callback_at"] is not None:
            assert 9 <= row["callback_at"].hour < 20


def test_a_call_back_has_answers_exactly_where_it_is_valid(rows: dict[str, list[Row]]) -> None:
    answers = ("callback_contacted", "callback_resolved", "callback_satisfaction")
    for row in rows["2022-01"]:
        given = [row[name] is not None for name in (*answers, "final_resolved")]
        assert given == [row["callback_valid"] is True] * 4
        assert (row["callback_at"] is not None) or row["callback_valid"] is None


def test_a_repeat_has_the_caller_and_the_matter_of_an_earlier_case(
    rows: dict[str, list[Row]],
) -> None:
    by_id = {row["case_id"]: row for row in rows["2022-02"]}
    repeats = [row for row in by_id.values() if row["repeat_of"] is not None]
    assert repeats
    for row in repeats:
        first = by_id[row["repeat_of"]]
        assert first["created_at"] < row["created_at"]
        assert first["repeat_of"] is None
        for name in ("caller", "place", "community", "category_3", "unit"):
            assert row[name] == first[name]


def scores(rows: list[Row]) -> dict[str, tuple[Fraction, int]]:
    """Composite and valid call-backs by unit, excluded cases left out."""
    level = {"satisfied": Fraction(1), "fairly_satisfied": Fraction(9, 10)}
    sums: dict[str, Fraction] = {}
    wholes: Counter[str] = Counter()
    for row in rows:
        if not row["callback_valid"] or row["excluded"] or row["unit"] is None:
            continue
        points = Fraction(10 if row["callback_contacted"] else 0)
        points += 50 if row["callback_resolved"] == "yes" else 0
        points += 40 * level.get(row["callback_satisfaction"], Fraction(0))
        sums[row["unit"]] = sums.get(row["unit"], Fraction(0)) + points
        wholes[row["unit"]] += 1
    return {unit: (sums[unit] / wholes[unit], wholes[unit]) for unit in sums}


def test_a_handful_of_streets_tie_at_100_and_the_others_spread_below(tmp_path: Path) -> None:
    write_city(tmp_path / "big", period="2022-02", months=1, cases=150_000, seed=1, texts=False)
    found = scores(read_rows(tmp_path / "big/cases/2022-02.csv"))
    streets = {unit: figures for unit, figures in found.items() if len(unit) == 12}
    first = [n for score, n in streets.values() if score == 100]
    sizes = sorted(n for _, n in streets.values())
    assert 5 <= len(first) <= 25
    assert max(first) < sizes[len(sizes) * 3 // 4]
    busy = [float(score) for score, n in streets.values() if n >= 100]
    assert 70 < min(busy) < 80
    assert 90 < sum(busy) / len(busy) < 95
    assert not (tmp_path / "big/texts").exists()


def test_some_streets_improve_by_several_points(rows: dict[str, list[Row]]) -> None:
    january, february = (scores(rows[month]) for month in MONTHS)
    both = [unit for unit in january if unit in february and january[unit][1] >= 40]
    jumps = [february[unit][0] - january[unit][0] for unit in both]
    assert sum(jump > 4 for jump in jumps) >= 5


def test_some_units_have_no_cases_and_some_no_valid_call_back(
    city: Path, rows: dict[str, list[Row]]
) -> None:
    units = read_units(city / "units.csv")
    asked = Counter(row["unit"] for row in rows["2022-02"])
    reached = {row["unit"] for row in rows["2022-02"] if row["callback_valid"]}
    idle = [unit for unit in units if unit.code not in asked]
    unreached = [unit for unit in units if unit.code in asked and unit.code not in reached]
    assert {unit.kind for unit in idle} == {"street", "department", "enterprise"}
    assert unreached
    assert len(idle) + len(unreached) < 20


def test_volume_is_skewed_and_follows_the_day_and_the_season(rows: dict[str, list[Row]]) -> None:
    february = rows["2022-02"]
    by_place = sorted(Counter(row["place"] for row in february).values(), reverse=True)
    assert sum(by_place[:34]) > 0.3 * CASES
    hours = Counter(row["created_at"].hour for row in february)
    assert hours[10] > 10 * hours[3]
    days = Counter(row["created_at"].date().isoformat() for row in february)
    assert days["2022-02-01"] < 0.75 * days["2022-01-25"]
    heating = sum(row["category_1"] == "供暖" for row in february) / CASES
    assert heating > 0.12


def test_the_season_turns_heating_into_drains() -> None:
    tree = categories()
    winter, summer = (
        {c.levels[2]: c.weight_on(day, town=False) for c in tree}
        for day in (assessment_days(2022, 2)[20], assessment_days(2022, 8)[20])
    )
    assert winter["室温不达标"] > 20 * summer["室温不达标"]
    assert summer["排水管道堵塞"] > 3 * winter["排水管道堵塞"]


def test_no_text_holds_a_digit_or_more_than_a_sentence(city: Path) -> None:
    texts = [row["text"] for row in read_rows(city / "texts" / "2022-02.csv")]
    assert len(texts) == CASES
    assert len(set(texts)) > CASES / 2
    assert max(map(len, texts)) < 80
    assert not any(character.isdigit() for text in texts for character in text)


def test_the_folder_is_marked_synthetic_and_says_how_it_was_made(city: Path) -> None:
    described = read_city(city)
    assert described.synthetic
    assert "合成" in described.name["zh"]
    assert described.units == city / "units.csv"
    words = (city / "README.md").read_text("utf-8")
    assert "--period 2022-02 --months 2 --cases 20000 --seed 1 --format csv" in words
    assert "@" not in words


def test_parquet_holds_the_same_cases_in_utc_and_is_marked_canonical(
    tmp_path: Path, rows: dict[str, list[Row]]
) -> None:
    out = tmp_path / "city"
    write_city(out, period="2022-02", months=1, cases=CASES, seed=1, format="parquet", texts=True)
    path = out / "cases" / "2022-02.parquet"
    mark = mark_of(path)
    assert isinstance(mark, Mark)
    assert (mark.rows, mark.unique) == (CASES, True)
    table = pq.read_table(path)
    shift = timedelta(hours=8)
    for row, wanted in zip(table.slice(0, 500).to_pylist(), rows["2022-02"], strict=False):
        for name, value in wanted.items():
            found = row[name]
            if isinstance(value, datetime):
                assert found.replace(tzinfo=None) + shift == value
            else:
                assert str(found) == str(value)
    assert pq.read_metadata(out / "texts" / "2022-02.parquet").num_rows == CASES


def test_progress_is_told_up_to_the_last_case(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_city(
        tmp_path / "city",
        period="2022-02",
        months=2,
        cases=300,
        seed=1,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (600, 600)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_a_single_case_is_a_city_too(tmp_path: Path) -> None:
    write_city(tmp_path / "city", period="2024-01", months=1, cases=1, seed=0)
    assert len(read_rows(tmp_path / "city/cases/2024-01.csv")) == 1


def test_every_wrong_argument_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine", "utf-8")
    with pytest.raises(InputError) as error:
        write_city(
            tmp_path / "full",
            period="2022-13",
            months=0,
            cases=0,
            seed=-1,
            format="xml",  # type: ignore[arg-type]
        )
    wanted = ["--period", "--months", "--cases", "--seed", "--format", "--out"]
    assert [problem.where for problem in error.value.problems] == wanted
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
    with pytest.raises(InputError, match="begin before 2019-01"):
        write_city(tmp_path / "new", period="2019-02", months=3, cases=5, seed=1)


def test_a_fault_on_the_way_leaves_no_half_written_folder(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_city(tmp_path / "city", period="2022-02", months=2, cases=100, seed=1, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a run that was killed has left behind is no content.
    (tmp_path / f".{tmp_path.name}.part").mkdir()
    monkeypatch.chdir(tmp_path)
    before = tmp_path.stat().st_ino
    write_city(Path(), period="2022-02", months=1, cases=100, seed=1)
    assert tmp_path.stat().st_ino == before
    names = {"README.md", "cases", "city.toml", "policy.toml", "texts", "units.csv"}
    found = {path.name for path in Path().iterdir()}
    assert names < found
    assert not [name for name in found if name.startswith(".")]
    write_city(Path("new/city"), period="2022-02", months=1, cases=100, seed=1)
    assert digest(Path("new/city")) == digest(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", "utf-8")
    out = tmp_path / "file" / "city"
    with pytest.raises(InputError) as error:
        write_city(out, period="2022-02", months=1, cases=100, seed=1)
    (problem,) = error.value.problems
    assert problem.where == "--out"
    assert str(out) in problem.what
    assert "Not a directory" in problem.what


def test_shares_add_up_and_follow_the_weights() -> None:
    assert shares([1, 1, 2], 4) == [1, 1, 2]
    assert shares([1, 1, 1], 100) == [34, 33, 33]
    for total in (0, 1, 7, 99_991):
        assert sum(shares([0.2, 3.7, 0.0001, 5], total)) == total
    assert sum(n for _, n in cases_by_day(3, 2022, 3, 12_345)) == 12_345


def test_a_choice_falls_on_each_position_by_its_weight_and_never_on_none() -> None:
    uniform = np.arange(1000) / 1000
    assert Counter(Weights([1, 0, 3]).at(uniform).tolist()) == {0: 250, 2: 750}
    rows = WeightRows([[1, 0, 3], [0, 1, 1]])
    which = np.repeat(np.array([0, 1]), 1000)
    found = rows.at(which, np.concatenate([uniform, uniform])).tolist()
    assert Counter(found[:1000]) == {0: 250, 2: 750}
    assert Counter(found[1000:]) == {1: 500, 2: 500}


def test_draws_depend_on_the_whole_key_and_on_nothing_else() -> None:
    assert Draws(1, 2).uniform(3).tolist() == Draws(1, 2).uniform(3).tolist()
    assert Draws(1, 2).uniform(3).tolist() != Draws(1, 3).uniform(3).tolist()
    # The stream of PCG64 seeded through SeedSequence([1, 2]), stated once.
    assert Draws(1, 2).below(1000, 4).tolist() == [448, 430, 419, 277]


def test_every_target_of_the_catalogue_is_a_department_or_an_enterprise() -> None:
    world = beijing(1)
    for category in categories():
        assert 0 <= category.street_share <= 0.97
        for code, weight in category.targets:
            assert weight > 0
            if code != "*":
                kind = world.units[world.position[code]].kind
                assert kind in ("department", "enterprise")


@given(
    st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=400).filter(
        # Weights below a millionth of the whole are nothing.
        lambda weights: max(weights) / sum(weights) > 1e-6
    ),
    st.integers(0, 3_000_000),
)
def test_shares_of_any_weights_add_up_to_the_total(weights: list[float], total: int) -> None:
    counts = shares(weights, total)
    assert sum(counts) == total
    assert min(counts) >= 0
