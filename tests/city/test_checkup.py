"""Health checks from a city folder, against a plain recount of its cases."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jiesu.city.check import check_city
from jiesu.city.checkup_before import read_earlier
from jiesu.city.checkup_run import (
    CheckupCounts,
    CheckupDone,
    CheckupOrder,
    checkups_of,
    chosen_units,
    count_checkups,
    write_checkups,
)
from jiesu.city.folder import read_city
from jiesu.city.synth.write import write_city
from jiesu.city.workspace import job_of, opened
from jiesu.core.checkup import Checkups, follow
from jiesu.core.checkup_contract import canonical, checkup_document, earlier_of
from jiesu.core.comparison import SHARE, CheckupRules
from jiesu.core.problems import InputError

from ..evaluation.recount import facts
from .sealed import small_city

NOW = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER, MONTH = "2021-Q4", "2022-02"

REPORTS = {"rejects.csv", "duplicates.csv"}

Row = dict[str, Any]


def kept(unit: str) -> bool:
    """Three districts with their streets, and what answers for no place."""
    return unit.startswith(("110101", "110105", "110108", "D", "E"))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four months of a synthetic city; its rules are loose, so that little data finds something."""
    folder = tmp_path_factory.mktemp("checkup") / "city"
    write_city(folder, period=MONTH, months=4, cases=8_000, seed=3, format="parquet")
    for path in folder.iterdir():
        # What lies beside the cases names units that are left out here.
        if path.name not in ("cases", "city.toml", "policy.toml", "units.csv", "topics.toml"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in (folder / "cases").glob("*.parquet"):
        table = pq.read_table(path)
        units = table["unit"].to_pylist()
        pq.write_table(table.filter([unit is not None and kept(unit) for unit in units]), path)
    lines = (folder / "units.csv").read_text("utf-8").splitlines()
    few = [lines[0], *(line for line in lines[1:] if kept(line.split(",")[0]))]
    (folder / "units.csv").write_text("\n".join(few) + "\n", "utf-8")
    rules = "usual = 0\nfewest_cases = 10\nalpha = 0.2\nrepeat_from = 2\n"
    (folder / "checkup.toml").write_text(rules, "utf-8")
    return folder


def checked(folder: Path, label: str, out: Path) -> Checkups:
    job = replace(job_of(folder, label), out=out)
    with opened(job, now=NOW) as workspace:
        return checkups_of(workspace, read_city(folder), label)


@pytest.fixture(scope="module")
def counts(city: Path, tmp_path_factory: pytest.TempPathFactory) -> CheckupCounts:
    """A quarter, counted once: most tests are about what is made of it."""
    order = CheckupOrder(city, QUARTER, out=tmp_path_factory.mktemp("out"), formats=(), jobs=1)
    return count_checkups(order, now=NOW)


@pytest.fixture(scope="module")
def quarter(counts: CheckupCounts) -> Checkups:
    return counts.checkups


@pytest.fixture(scope="module")
def month(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Checkups:
    return checked(city, MONTH, tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def cases(city: Path) -> list[Row]:
    tables = [pq.read_table(path) for path in sorted((city / "cases").glob("*.parquet"))]
    return list(pa.concat_tables(tables).to_pylist())


def in_period(cases: list[Row], checkups: Checkups) -> list[Row]:
    period = checkups.frame.period
    return [case for case in cases if period.start <= case["created_at"] < period.end]


def below(city: Path, code: str) -> set[str]:
    lines = (city / "units.csv").read_text("utf-8").splitlines()[1:]
    children = {line.split(",")[0] for line in lines if line.split(",")[3] == code}
    return {code, *children}


def made(folder: Path, label: str, out: Path, **given: Any) -> CheckupDone:
    formats = given.pop("formats", ())
    order = CheckupOrder(folder, label, out=out, formats=formats, jobs=1, **given)
    return write_checkups(count_checkups(order, now=NOW))


def written(counts: CheckupCounts, out: Path, unit: str | None = None, **job: Any) -> CheckupDone:
    """Write what was counted, all or one unit; `job` are its `lang` and `formats`."""
    return write_checkups(
        replace(
            counts,
            order=replace(counts.order, unit=unit),
            job=replace(counts.job, out=out, **job),
            chosen=chosen_units(counts.checkups, unit),
        )
    )


# Counts --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def some_units(quarter: Checkups) -> list[str]:
    """A district, the largest street and a small one, a department, an enterprise."""
    by_group: dict[str, list[str]] = {}
    for code, unit in quarter.units.items():
        by_group.setdefault(unit.group, []).append(code)
    streets = sorted(by_group["street"], key=lambda code: quarter.units[code].result.volume)
    return [
        by_group["district"][0],
        streets[-1],
        streets[3],
        by_group["department"][0],
        by_group["enterprise"][0],
    ]


def test_every_count_is_that_of_a_plain_recount(
    city: Path, quarter: Checkups, cases: list[Row], some_units: list[str]
) -> None:
    frame = quarter.frame
    policy, as_of, rules = frame.policy, frame.as_of, frame.rules
    inside = in_period(cases, quarter)
    for code in some_units:
        unit, codes = quarter.units[code], below(city, code)
        own = [case for case in inside if case["unit"] in codes]
        held = [facts(case, policy, as_of) for case in own]
        assert unit.result.volume == len(own)
        ends = [month.end for month in frame.period.months()]
        months = Counter(sum(case["created_at"] >= end for end in ends) for case in own)
        assert [line.volume for line in unit.months] == [months[n] for n in range(3)]
        callers = Counter(case["caller"] for case in own)
        several = [n for n in callers.values() if n >= rules.repeat_from]
        assert (unit.repeats.callers, unit.repeats.demands) == (len(several), sum(several))
        assert unit.repeats.known == len(own)
        excluded = [case for case, facts_ in zip(own, held, strict=True) if "excluded" in facts_]
        assert unit.exclusions == Counter(case["exclusion_reason"] for case in excluded)
        places = Counter((case["place"] or case["unit"], case["community"]) for case in own)
        shown = {(item.place, item.community): item.n for item in unit.recurrences}
        assert all(places[place] == n for place, n in shown.items())
        assert sorted(shown.values(), reverse=True) == [
            n for _, n in places.most_common(rules.places) if n > 1
        ]
        open_ = sorted(
            (case["created_at"], case["case_id"])
            for case, facts_ in zip(own, held, strict=True)
            if "excluded" not in facts_ and not case["parked"] and is_open(case, facts_)
        )
        assert unit.unsolved == len(open_)
        assert [case.case_id for case in unit.open_cases] == [
            case_id for _, case_id in open_[: rules.unsolved]
        ]


def is_open(case: Row, held: frozenset[str]) -> bool:
    answer = case["final_resolved"] or case["callback_resolved"]
    return "closed" not in held or ("called_back" in held and answer in ("no", "partial"))


def test_every_figure_is_that_of_a_plain_recount(
    city: Path, quarter: Checkups, cases: list[Row], some_units: list[str]
) -> None:
    frame = quarter.frame
    inside = in_period(cases, quarter)
    for code in some_units:
        codes = below(city, code)
        rows = [(case, facts(case, frame.policy, frame.as_of)) for case in inside]
        own = [(case, held) for case, held in rows if case["unit"] in codes]
        for item in quarter.units[code].compared:
            chosen = [
                (case, held)
                for case, held in own
                if (case["category_1"], case["category_2"])[: len(item.category)] == item.category
            ]
            kept = [held for _, held in chosen if "excluded" not in held]
            if item.figure == "resolution":
                whole = [held for held in kept if "called_back" in held]
                part = sum("resolved" in held for held in whole)
                assert (int(item.part), int(item.whole)) == (part, len(whole))
            elif item.figure == "late":
                whole = [held for held in kept if "due" in held]
                part = sum("closed_on_time" not in held for held in whole)
                assert (int(item.part), int(item.whole)) == (part, len(whole))
            elif item.figure == SHARE:
                assert (int(item.part), int(item.whole)) == (len(chosen), len(own))


def test_the_rates_are_the_evaluation_s(quarter: Checkups) -> None:
    for unit in quarter.units.values():
        for key, rate in unit.result.figures.rates.items():
            item = unit.figure(key)
            if item is not None:
                assert (item.part, item.whole) == (rate.part, Fraction(rate.whole))


def test_the_peers_pool_is_that_of_the_named_units(quarter: Checkups) -> None:
    for unit in list(quarter.units.values())[::5]:
        for item in unit.compared:
            pool = [quarter.units[peer].figure(item.figure, item.category) for peer in unit.peers]
            whole = sum(other.whole for other in pool if other is not None)
            assert item.peers_whole == whole
            assert unit.unit not in unit.peers


def test_all_tests_of_all_units_are_one_family(quarter: Checkups) -> None:
    tests = [
        item for unit in quarter.units.values() for item in unit.compared if item.p is not None
    ]
    assert quarter.frame.n_tests == len(tests) == sum(u.n_tests for u in quarter.units.values())
    ordered = sorted(tests, key=lambda item: item.p or 0)
    m, rules = len(tests), quarter.frame.rules
    exact = [Fraction(item.p or 0) for item in ordered]
    n = max((i for i, p in enumerate(exact, 1) if p * m <= rules.alpha * i), default=0)
    assert n > 0
    for place, item in enumerate(ordered, start=1):
        large = abs(item.gap or Fraction(0)) * 100 >= rules.least_points
        assert (item.kind is not None) == (place <= n and large)


def test_a_lever_is_the_policy_s_own_arithmetic(quarter: Checkups) -> None:
    weights = {rule.key: rule.weight for rule in quarter.frame.policy.rates}
    pulled = 0
    for unit in quarter.units.values():
        same = [u for u in quarter.units.values() if u.group == unit.group and u is not unit]
        for lever in unit.levers:
            more = {step.rate: step.more for step in lever.steps}
            total = sum(
                (
                    weights[key] * (rate.part + more.get(key, 0)) / rate.whole
                    for key, rate in unit.result.figures.rates.items()
                ),
                Fraction(0),
            )
            # Half up, from the exact value.
            score = int(total * 1000 + Fraction(1, 2)) / 10
            assert float(lever.score) == score
            scores = [other.result.score for other in same if other.result.rank is not None]
            assert lever.rank == 1 + sum(s is not None and s > lever.score for s in scores)
            pulled += 1
    assert pulled > 50


# Periods, and what came before ---------------------------------------------------------------


@pytest.fixture(scope="module")
def before(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Checkups:
    return checked(city, "2022-01", tmp_path_factory.mktemp("out"))


def test_a_month_is_followed_up_from_the_cases_of_the_month_before(
    month: Checkups, before: Checkups
) -> None:
    assert month.frame.previous == "2022-01"
    for code, unit in month.units.items():
        earlier = before.units[code].shortcomings
        assert unit.followed is not None
        assert [(f.earlier.figure, f.earlier.category) for f in unit.followed] == [
            (item.figure, item.category) for item in earlier
        ]
        for one in unit.followed:
            now = unit.figure(one.earlier.figure, one.earlier.category)
            if one.state == "mended":
                assert now is not None
                assert now.gap is not None
                assert now.gap >= 0
                assert now.kind != "shortcoming"


def test_part_of_a_period_before_is_no_period_before(quarter: Checkups) -> None:
    assert quarter.frame.previous is None
    assert all(unit.followed is None for unit in quarter.units.values())
    assert "previous" in quarter.frame.missing


def test_a_folder_of_earlier_health_checks_serves_as_well_as_the_cases(
    city: Path, month: Checkups, before: Checkups, tmp_path: Path
) -> None:
    for code, unit in before.units.items():
        document = checkup_document(before.frame, unit)
        (tmp_path / f"{code}.json").write_text(json.dumps(document), "utf-8")
    found, label = read_earlier(tmp_path, month.frame.period)
    assert label == "2022-01"
    for code, unit in month.units.items():
        assert follow(found[code], unit.compared) == unit.followed


def test_what_is_no_folder_of_earlier_health_checks_is_refused(
    month: Checkups, before: Checkups, tmp_path: Path
) -> None:
    january, february = before.frame.period, month.frame.period
    with pytest.raises(InputError, match="holds no health checks"):
        read_earlier(tmp_path, february)
    code, unit = next(iter(before.units.items()))
    path = tmp_path / f"{code}.json"
    path.write_text(json.dumps(checkup_document(before.frame, unit)), "utf-8")
    assert read_earlier(tmp_path, february)[1] == "2022-01"
    for same_or_earlier in (january, january.previous()):
        with pytest.raises(InputError, match="does not end before"):
            read_earlier(tmp_path, same_or_earlier)
    other = tmp_path / "x.json"
    texts = ('{"unit": "a"}', "[1]", "[" * 100_000, path.read_text("utf-8").replace("+08:00", ""))
    for text in texts:
        other.write_text(text, "utf-8")
        with pytest.raises(InputError, match=re.escape("x.json: is no health check")):
            read_earlier(tmp_path, february)


def test_a_range_of_days_has_no_months_and_no_path(city: Path, tmp_path: Path) -> None:
    found = checked(city, "2022-01-01..2022-01-20", tmp_path)
    unit = next(iter(found.units.values()))
    assert (unit.months, unit.path) == ((), ())
    assert unit.result.volume > 0


# Units ---------------------------------------------------------------------------------------


def test_units_with_few_cases_and_units_apart_have_a_health_check_too(tmp_path: Path) -> None:
    folder = small_city(tmp_path)
    done = made(folder, MONTH, tmp_path / "out", formats=("html",))
    assert done.failed == ()
    apart = [u for u in done.checkups.units.values() if u.result.rank is None]
    assert apart
    assert {unit.no_levers for unit in apart} == {"apart"}
    for unit in done.checkups.units.values():
        page = (tmp_path / "out" / f"{unit.unit}.html").read_text("utf-8")
        assert unit.name in page
        assert unit.n_tests == 0


def test_a_unit_that_began_in_the_period_has_a_health_check_and_one_that_ended_has_none(
    city: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "city"
    folder.mkdir()
    for path in city.iterdir():
        if path.name != "units.csv" and path.name in ("cases", "city.toml", "policy.toml"):
            (folder / path.name).symlink_to(path)
    lines = (city / "units.csv").read_text("utf-8").splitlines()
    streets = [i for i, line in enumerate(lines) if ",street," in line]
    cells = lines[streets[0]].split(","), lines[streets[1]].split(",")
    cells[0][5], cells[1][6] = "2021-12-01", "2021-06-01"
    lines[streets[0]], lines[streets[1]] = (",".join(line) for line in cells)
    (folder / "units.csv").write_text("\n".join(lines) + "\n", "utf-8")
    found = checked(folder, QUARTER, tmp_path / "out")
    assert cells[0][0] in found.units
    assert cells[1][0] not in found.units
    with pytest.raises(InputError, match="is no unit of 2021-Q4"):
        chosen_units(found, cells[1][0])


def test_a_city_without_units_says_what_is_missing(city: Path, tmp_path: Path) -> None:
    folder = tmp_path / "city"
    folder.mkdir()
    for name in ("cases", "policy.toml"):
        (folder / name).symlink_to(city / name)
    text = (city / "city.toml").read_text("utf-8")
    (folder / "city.toml").write_text(re.sub(r"^units = .*\n", "", text, flags=re.M), "utf-8")
    order = CheckupOrder(folder, "2022-02", out=tmp_path / "out", formats=("html",), jobs=1)
    counts = count_checkups(order, now=NOW)
    code = next(iter(counts.checkups.units))
    done = written(counts, tmp_path / "out", code)
    assert "units" in done.checkups.frame.missing
    assert done.failed == ()
    assert {unit.group for unit in done.checkups.units.values()} == {"all"}
    figures = {item.figure for unit in done.checkups.units.values() for item in unit.compared}
    assert SHARE not in figures
    assert "没有单位名录" in (tmp_path / "out" / f"{code}.html").read_text("utf-8")


def test_a_unit_is_named_by_code_or_by_a_name_that_is_its_own(quarter: Checkups) -> None:
    assert chosen_units(quarter, "东城区东华门街道") == ["110101001000"]
    assert chosen_units(quarter, "110101") == ["110101"]
    with pytest.raises(InputError, match="is the name of several units"):
        chosen_units(quarter, "八里庄街道")
    with pytest.raises(InputError, match="is no unit of 2021-Q4"):
        chosen_units(quarter, "nowhere")


# Files ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder_of_all(counts: CheckupCounts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("all")
    assert written(counts, out).failed == ()
    return out


def test_one_unit_alone_gets_the_same_as_with_all_others(
    city: Path, folder_of_all: Path, tmp_path: Path
) -> None:
    made(city, QUARTER, tmp_path, unit="110105")
    alone, among = (folder / "110105.json" for folder in (tmp_path, folder_of_all))
    assert alone.read_bytes() == among.read_bytes()
    assert not (tmp_path / "checkups.json").exists()


def test_a_second_run_makes_nothing(counts: CheckupCounts, folder_of_all: Path) -> None:
    again = written(counts, folder_of_all)
    assert again.done == ()
    assert set(again.skipped) == set(counts.checkups.units)


RUN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from jiesu.city.checkup_run import CheckupOrder, count_checkups, write_checkups
order = CheckupOrder(Path(sys.argv[1]), "2022-02", out=Path(sys.argv[2]), formats=(), jobs=1)
done = write_checkups(count_checkups(order, now=datetime(2026, 1, 1, tzinfo=UTC)))
print(len(done.done), len(done.skipped))
"""


def test_what_was_made_is_known_again_in_another_process(tmp_path: Path) -> None:
    # Sets of texts have another order in each process, an engine's rows in each run.
    folder = small_city(tmp_path)
    told = []
    for seed in ("1", "2"):
        command = [sys.executable, "-c", RUN, str(folder), str(tmp_path / "out")]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        told.append([int(n) for n in done.stdout.split()])
    [first, second] = told
    assert first[0] > 0
    assert second == [0, first[0]]


def test_equal_values_have_one_digest_whatever_the_order_of_sets_and_tables() -> None:
    one: dict[Any, Any] = {None: {"b", "a"}, ("x", 1): Fraction(1, 3)}
    other: dict[Any, Any] = {("x", 1): Fraction(1, 3), None: {"a", "b"}}
    assert json.dumps(canonical(one)) == json.dumps(canonical(other))
    assert canonical(one) != canonical({**one, ("x", 1): Fraction(2, 3)})
    assert canonical("1/3") != canonical("1/2")


def test_only_what_says_something_else_is_made_anew(tmp_path: Path) -> None:
    folder, out = small_city(tmp_path), tmp_path / "out"
    units = folder / "units.csv"
    done = made(folder, MONTH, out)
    code = next(code for code, unit in done.checkups.units.items() if unit.above)
    named = done.checkups.units[code].name
    units.write_text(units.read_text("utf-8").replace(named, "新街道"), "utf-8")
    again = made(folder, MONTH, out)
    assert code in again.done
    assert again.skipped
    shown = {name for name in again.done if "新街道" in (out / f"{name}.json").read_text("utf-8")}
    assert code in shown
    assert not any("新街道" in (out / f"{name}.json").read_text("utf-8") for name in again.skipped)


def test_another_rule_language_or_format_makes_it_anew(
    counts: CheckupCounts, tmp_path: Path
) -> None:
    def run(counts: CheckupCounts, **job: Any) -> tuple[str, ...]:
        return written(counts, tmp_path, "110101", **job).done

    assert run(counts) == ("110101",)
    assert run(counts) == ()
    assert run(counts, lang="en") == ("110101",)
    assert run(counts, lang="en", formats=("html",)) == ("110101",)
    frame = counts.checkups.frame
    other = replace(frame, rules=replace(frame.rules, unsolved=1))
    changed = replace(counts, checkups=replace(counts.checkups, frame=other))
    assert run(changed, lang="en", formats=("html",)) == ("110101",)


# What an earlier run left --------------------------------------------------------------------


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()} - REPORTS


def test_a_run_for_all_removes_what_earlier_runs_made_for_units_that_are_gone(
    counts: CheckupCounts, tmp_path: Path
) -> None:
    (tmp_path / "110105.txt").write_text("a person's own", "utf-8")
    written(counts, tmp_path)
    units = {code: unit for code, unit in counts.checkups.units.items() if code != "110105"}
    fewer = replace(counts, checkups=replace(counts.checkups, units=units))
    written(fewer, tmp_path)
    assert not (tmp_path / "110105.json").exists()
    assert left_in(tmp_path) == {
        "110105.txt",
        "index.html",
        "index.xlsx",
        "checkups.json",
        *(f"{code}.json" for code in units),
    }


def test_an_overview_stays_beside_the_documents_that_it_is_of_and_no_others(
    counts: CheckupCounts, folder_of_all: Path, tmp_path: Path
) -> None:
    overview = {"index.html", "index.xlsx", "checkups.json"}
    shutil.copytree(folder_of_all, tmp_path, dirs_exist_ok=True)
    written(counts, tmp_path, "110105")
    assert overview <= left_in(tmp_path)
    moment = counts.checkups.frame.as_of - timedelta(days=1)
    frame = replace(counts.checkups.frame, as_of=moment)
    later = replace(counts, checkups=replace(counts.checkups, frame=frame))
    written(later, tmp_path, "110105")
    assert not overview & left_in(tmp_path)
    assert "110101.json" in left_in(tmp_path)


def test_no_document_of_an_earlier_run_stays_in_a_format_that_was_not_made(
    counts: CheckupCounts, tmp_path: Path
) -> None:
    written(counts, tmp_path, "110105", formats=("html",))
    assert left_in(tmp_path) == {"110105.html", "110105.json"}
    written(counts, tmp_path, "110105")
    assert left_in(tmp_path) == {"110105.json"}


def test_the_overview_says_of_when_and_of_which_cases_it_is(
    counts: CheckupCounts, folder_of_all: Path
) -> None:
    frame = counts.checkups.frame
    document = json.loads((folder_of_all / "checkups.json").read_text("utf-8"))
    assert document["as_of"] == frame.as_of.isoformat()
    assert document["input"] == frame.input_digest
    page = (folder_of_all / "index.html").read_text("utf-8")
    assert frame.input_digest[:16] in page


def test_a_unit_called_as_the_overview_does_not_write_over_it(
    counts: CheckupCounts, tmp_path: Path
) -> None:
    units = counts.checkups.units
    odd = {name: replace(units["110105"], unit=name) for name in ("index", "Checkups", "a/../b")}
    done = written(replace(counts, checkups=replace(counts.checkups, units=odd)), tmp_path)
    assert done.failed == ()
    names = left_in(tmp_path) - {"index.html", "index.xlsx", "checkups.json"}
    assert len(names) == 3
    assert all(re.fullmatch(r"unit-[0-9a-f]{16}\.json", name) for name in names)


def test_the_moment_and_the_usual_place_are_those_of_an_evaluation(tmp_path: Path) -> None:
    folder = small_city(tmp_path)
    order = CheckupOrder(
        folder, MONTH, formats=(), as_of=datetime.fromisoformat("2022-02-10T12:00")
    )
    counts = count_checkups(order, now=NOW)
    assert counts.job.out == folder / "out" / MONTH / "checkups"
    assert counts.checkups.frame.as_of.isoformat() == "2022-02-10T12:00:00+08:00"


def strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value
    else:
        assert not isinstance(value, float)


def test_no_caller_address_or_text_is_in_any_file(
    counts: CheckupCounts, cases: list[Row], tmp_path: Path
) -> None:
    written(counts, tmp_path, "110105001000", formats=("html",))
    hidden = {case["caller"] for case in cases} | {case["location"] for case in cases}
    document = json.loads((tmp_path / "110105001000.json").read_text("utf-8"))
    said = set(strings(document))
    assert not said & hidden
    page = (tmp_path / "110105001000.html").read_text("utf-8")
    assert not any(word and word in page for word in hidden if word)


def test_the_json_can_be_read_back(quarter: Checkups) -> None:
    for unit in quarter.units.values():
        document = json.loads(json.dumps(checkup_document(quarter.frame, unit)))
        assert [(item.figure, item.category, item.gap) for item in earlier_of(document)] == [
            (item.figure, item.category, item.gap) for item in unit.shortcomings
        ]
    for wrong in ({}, {"schema": "jiesu.checkup/1"}, {"schema": "x", "shortcomings": []}):
        with pytest.raises(ValueError, match=r"no health check|lacks a figure"):
            earlier_of(wrong)


def test_the_overview_names_every_unit_and_leads_to_it(
    folder_of_all: Path, quarter: Checkups
) -> None:
    document = json.loads((folder_of_all / "checkups.json").read_text("utf-8"))
    assert [unit["unit"] for unit in document["units"]] == list(quarter.units)
    by_code = {unit["unit"]: unit for unit in document["units"]}
    for code, unit in quarter.units.items():
        assert len(by_code[code]["shortcomings"]) == len(unit.shortcomings)
    assert (folder_of_all / "index.html").exists()
    assert (folder_of_all / "index.xlsx").exists()


# Documents -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_all_forms_are_written_in_both_languages(
    counts: CheckupCounts, tmp_path: Path, lang: str
) -> None:
    forms = ("html", "docx", "pdf")
    done = written(counts, tmp_path, "110105001000", lang=lang, formats=forms)
    assert done.failed == ()
    names = {path.name for path in tmp_path.glob("110105001000.*")}
    assert names == {f"110105001000.{form}" for form in ("html", "docx", "pdf", "json")}
    page = (tmp_path / "110105001000.html").read_text("utf-8")
    unit = done.checkups.units["110105001000"]
    assert f"{unit.result.score}" in page
    for item in unit.shortcomings[:2]:
        assert f"{float(item.share) * 100:.1f}"[:-1] in page


def test_a_policy_of_means_has_no_levers_and_says_so(city: Path, tmp_path: Path) -> None:
    folder = tmp_path / "city"
    folder.mkdir()
    for name in ("cases", "units.csv", "city.toml"):
        (folder / name).symlink_to(city / name)
    policy = (city / "policy.toml").read_text("utf-8")
    changed = policy.replace('long_periods = "pooled"', 'long_periods = "mean"')
    assert changed != policy
    (folder / "policy.toml").write_text(changed, "utf-8")
    done = made(folder, QUARTER, tmp_path / "out", unit="110105", formats=("html",))
    unit = done.checkups.units["110105"]
    assert (unit.levers, unit.no_levers) == ((), "mean")
    assert "不作测算" in (tmp_path / "out" / "110105.html").read_text("utf-8")


# Rules ---------------------------------------------------------------------------------------


def test_every_mistake_in_the_rules_is_named(tmp_path: Path) -> None:
    folder = small_city(tmp_path)
    (folder / "checkup.toml").write_text(
        'peers = 5\nfewest_peers = 9\ncontrol = "bonferroni"\nwinsor = 0.6\nnew = 1\n', "utf-8"
    )
    found = {problem.where for problem in check_city(folder) if problem.file == "checkup.toml"}
    assert found == {"fewest_peers", "control", "winsor", "new"}
    with pytest.raises(InputError, match=r"checkup\.toml, line 5, new"):
        made(folder, QUARTER, tmp_path / "out")
    assert not (tmp_path / "out" / "checkups.json").exists()


def test_every_rule_is_documented_with_its_default() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "checkup.md"
    block = re.search(r"```toml\n(.*?)```", page.read_text("utf-8"), re.S)
    assert block
    shown = tomllib.loads(block[1])
    rules = CheckupRules()
    assert set(shown) == set(CheckupRules.__slots__)
    for key, value in shown.items():
        default = getattr(rules, key)
        assert (list(default) if isinstance(default, tuple) else default) == (
            pytest.approx(value) if isinstance(value, float) else value
        )
