"""Daily, weekly and monthly reports against a plain recount of a synthetic city's cases."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from jiesu.briefing.report_content import report_content
from jiesu.briefing.write import write_document
from jiesu.city.folder import read_city
from jiesu.city.reports import make_report, report_of
from jiesu.city.synth.write import write_city
from jiesu.city.workspace import job_of, opened
from jiesu.core.problems import InputError
from jiesu.core.report_contract import report_document
from jiesu.core.reporting import CallBacks, Kind, OpenCases, Report

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")

Row = dict[str, Any]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "city"
    write_city(folder, period="2022-02", months=2, cases=4000, seed=5, format="parquet")
    return folder


@pytest.fixture(scope="module")
def rows(city: Path) -> list[Row]:
    found: list[Row] = []
    for path in sorted((city / "cases").glob("*.parquet")):
        found += pq.read_table(path).to_pylist()
    return found


def made(city: Path, kind: Kind, day: date, out: Path) -> Report:
    label = "2022-02"
    with opened(replace(job_of(city, label), out=out), now=NOW) as workspace:
        return report_of(workspace, read_city(city), kind, day)


@pytest.fixture(scope="module")
def daily(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return made(city, "daily", date(2022, 2, 10), tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def weekly(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return made(city, "weekly", date(2022, 2, 16), tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def monthly(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return made(city, "monthly", date(2022, 2, 28), tmp_path_factory.mktemp("out"))


@pytest.fixture(params=["daily", "weekly", "monthly"])
def report(request: pytest.FixtureRequest) -> Report:
    found: Report = request.getfixturevalue(request.param)
    return found


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[misc, arg-type]


WINDOWS = {
    "daily": (local(2022, 2, 9, 12), local(2022, 2, 10, 12), local(2022, 2, 8, 12)),
    "weekly": (local(2022, 2, 7, 12), local(2022, 2, 14, 12), local(2022, 1, 31, 12)),
    "monthly": (local(2022, 1, 19), local(2022, 2, 19), local(2021, 12, 19)),
}
KNOWN_UNTIL = {
    "daily": local(2022, 2, 10, 12),
    "weekly": local(2022, 2, 14, 12),
    "monthly": local(2022, 2, 28, 12),
}


def within(rows: list[Row], start: datetime, end: datetime, by: str = "created_at") -> list[Row]:
    return [row for row in rows if row[by] is not None and start <= row[by] < end]


def test_intake_and_its_parts_are_those_of_a_recount(report: Report, rows: list[Row]) -> None:
    start, end, before = WINDOWS[report.span.kind]
    inside, earlier = within(rows, start, end), within(rows, before, start)
    assert (report.n, report.n_before) == (len(inside), len(earlier))
    assert report.n_excluded == sum(bool(row["excluded"]) for row in inside)
    assert report.n_repeats == sum(row["repeat_of"] is not None for row in inside)
    for column in ("channel", "kind", "category_1", "category_2", "place"):
        counted = Counter(row[column] or "" for row in inside)
        were = Counter(row[column] or "" for row in earlier)
        assert {tally.value: (tally.n, tally.before) for tally in report.by[column]} == {
            value: (counted[value], were[value]) for value in {*counted, *were}
        }
    reasons = Counter(row["exclusion_reason"] for row in inside if row["excluded"])
    assert {t.value: t.n for t in report.by["exclusion_reason"] if t.value and t.n} == reasons


def test_each_watched_case_is_counted_once(report: Report, rows: list[Row]) -> None:
    start, end, _ = WINDOWS[report.span.kind]
    for tally in report.watched:
        assert tally.n == sum(
            row["category_1"] == tally.value
            or any(tally.value in (row[f"category_{n}"] or "") for n in (2, 3))
            for row in within(rows, start, end)
        )
    assert "供暖" in [tally.value for tally in report.watched]


def points(found: CallBacks, key: str, *, excluded: bool) -> tuple[Fraction | int, int]:
    rate = (found.with_excluded if excluded else found.figures).rates[key]
    return rate.part, rate.whole


@pytest.mark.parametrize("excluded", [True, False])
def test_rates_stand_on_the_call_backs_made_in_the_window(
    report: Report, rows: list[Row], excluded: bool
) -> None:
    start, end, _ = WINDOWS[report.span.kind]
    valid = [
        row
        for row in within(rows, start, end, "callback_at")
        if row["callback_valid"] and row["created_at"] <= end and (excluded or not row["excluded"])
    ]
    found = report.callbacks
    assert found is not None
    level = {"satisfied": Fraction(1), "fairly_satisfied": Fraction(9, 10)}
    n = len(valid)
    assert points(found, "response", excluded=excluded) == (
        sum(bool(row["callback_contacted"]) for row in valid), n,
    )  # fmt: skip
    assert points(found, "resolution", excluded=excluded) == (
        sum(row["callback_resolved"] == "yes" for row in valid), n,
    )  # fmt: skip
    pleased = [level.get(row["callback_satisfaction"], Fraction(0)) for row in valid]
    assert points(found, "satisfaction", excluded=excluded) == (sum(pleased), n)


def test_open_overdue_and_soon_due_cases_are_those_of_the_moment(
    report: Report, rows: list[Row]
) -> None:
    at = KNOWN_UNTIL[report.span.kind] - timedelta(microseconds=1)
    found: dict[str | None, Counter[str]] = {}
    for row in rows:
        if row["created_at"] <= at and not (row["closed_at"] and row["closed_at"] <= at):
            counts = found.setdefault(row["unit"], Counter())
            if row["excluded"]:
                counts["excluded"] += 1
            elif row["parked"]:
                counts["parked"] += 1
            else:
                counts["n"] += 1
                counts["overdue"] += row["due_at"] < at
                counts["soon"] += at <= row["due_at"] < at + timedelta(hours=24)
    assert report.open == {unit: OpenCases(**counts) for unit, counts in found.items()}
    total = report.open_total
    assert (total.n, total.parked, total.excluded) == tuple(
        sum(counts[key] for counts in found.values()) for key in ("n", "parked", "excluded")
    )
    assert min(total.parked, total.excluded) > 0
    assert report.has_due


def test_parked_and_excluded_cases_that_are_not_closed_are_said_apart(daily: Report) -> None:
    total = daily.open_total
    for lang, parked in (("zh", "另有挂账诉求{}件未办结"), ("en", "Parked and not closed: {}")):
        said = str(report_content(daily, lang))
        assert parked.format(total.parked) in said
        assert f"{total.excluded}" in said
    none = {unit: OpenCases(one.n, one.overdue, one.soon) for unit, one in daily.open.items()}
    assert "挂账" not in str(report_content(replace(daily, open=none), "zh"))


def test_days_add_up_and_end_with_the_window(report: Report, rows: list[Row]) -> None:
    hour = 0 if report.span.kind == "monthly" else 12
    for day, n in report.days:
        ended = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)
        begun = ended if not hour else ended - timedelta(1)
        until = begun + timedelta(1)
        assert n == len(within(rows, begun, until))
    last = report.days[-1][0]
    assert last == (date(2022, 2, 18) if not hour else WINDOWS[report.span.kind][1].date())
    assert len(report.days) == (31 if not hour else 28)


def test_hours_are_those_of_the_local_clock(weekly: Report, rows: list[Row]) -> None:
    start, end, _ = WINDOWS["weekly"]
    moments = [row["created_at"].astimezone(ZONE) for row in within(rows, start, end)]
    assert weekly.hours == Counter((at.isoweekday(), at.hour) for at in moments)


def test_the_running_month_is_compared_with_the_same_noon_of_the_month_before(
    daily: Report, rows: list[Row]
) -> None:
    assert daily.n_running == len(within(rows, local(2022, 1, 19), local(2022, 2, 10, 12)))
    assert daily.n_previous == len(within(rows, local(2021, 12, 19), local(2022, 1, 10, 12)))


def ranks_at(rows: list[Row], noon: datetime, streets: set[str]) -> dict[str, int]:
    """The streets' ranks as of a moment, from the cases alone."""
    at = noon - timedelta(microseconds=1)
    scores: dict[str, Decimal] = {}
    by_street: dict[str, list[Row]] = {}
    for row in within(rows, local(2022, 1, 19), noon):
        known = row["callback_valid"] and (row["callback_at"] is None or row["callback_at"] <= at)
        if row["unit"] in streets and not row["excluded"] and known:
            by_street.setdefault(row["unit"], []).append(row)
    level = {"satisfied": Fraction(1), "fairly_satisfied": Fraction(9, 10)}
    for street, valid in by_street.items():
        n = len(valid)
        share = (
            Fraction(10, 100) * Fraction(sum(bool(r["callback_contacted"]) for r in valid), n)
            + Fraction(50, 100) * Fraction(sum(r["callback_resolved"] == "yes" for r in valid), n)
            + Fraction(40, 100)
            * sum((level.get(r["callback_satisfaction"], Fraction(0)) for r in valid), Fraction(0))
            / n
        )
        exact = Decimal((share * 10**9).numerator) / Decimal((share * 10**9).denominator)
        scores[street] = (exact / 10**7).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return {
        unit: 1 + sum(other > mine for other in scores.values()) for unit, mine in scores.items()
    }


def test_ranks_day_by_day_are_those_that_stood_at_each_noon(
    daily: Report, rows: list[Row], city: Path
) -> None:
    lines = (city / "units.csv").read_text("utf-8").splitlines()
    streets = {line.split(",")[0] for line in lines if ",street," in line}
    assert len(daily.moments) == 7
    assert daily.moments[-1] == local(2022, 2, 10, 12)
    assert len(daily.ranks) == 3
    for i, noon in enumerate(daily.moments):
        expected = ranks_at(rows, noon, streets)
        for row in daily.ranks:
            assert row.ranks[i] == expected.get(row.unit), (noon, row.unit)


def test_units_with_most_dissatisfied_callers_are_in_order(weekly: Report, rows: list[Row]) -> None:
    start, end, _ = WINDOWS["weekly"]
    counted: Counter[str] = Counter(
        row["unit"]
        for row in within(rows, start, end, "callback_at")
        if row["callback_valid"]
        and not row["excluded"]
        and row["callback_satisfaction"] == "dissatisfied"
        and row["unit"]
    )
    assert [n for _, n, _ in weekly.dissatisfied] == sorted(counted.values(), reverse=True)[:10]
    assert all(counted[unit] == n for unit, n, _ in weekly.dissatisfied)


def test_the_month_is_followed_from_demand_to_satisfied_caller(
    monthly: Report, rows: list[Row]
) -> None:
    inside = within(rows, *WINDOWS["monthly"][:2])
    at = KNOWN_UNTIL["monthly"]
    rest = [row for row in inside if not row["excluded"]]
    back = [row for row in rest if row["callback_valid"] and row["callback_at"] < at]
    assert dict(monthly.funnel) == {
        "created": len(inside),
        "counted": len(rest),
        "called_back": len(back),
        "contacted": sum(bool(row["callback_contacted"]) for row in back),
        "resolved": sum(row["callback_resolved"] == "yes" for row in back),
        "pleased": sum(
            row["callback_satisfaction"] in ("satisfied", "fairly_satisfied") for row in back
        ),
    }
    assert monthly.running is None


def test_a_report_of_the_first_days_says_nothing_of_what_was_before(
    city: Path, tmp_path: Path
) -> None:
    found = make_report(city, "daily", date(2021, 12, 20), now=NOW, out=tmp_path, formats=("html",))
    report = found.report
    assert (report.n_before, report.n_previous, report.has_usual) == (None, None, False)
    assert report.alerts == ()
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "比前一日" not in text
    assert "同日相比" not in text
    assert "可比时段不足" in text


def test_without_call_backs_no_rate_is_printed(tmp_path: Path) -> None:
    folder = bare_city(tmp_path, "case_id,unit,created_at,category_1", "{i},U{u},{at},供暖")
    found = make_report(folder, "daily", date(2022, 2, 10), now=NOW, formats=("html",))
    assert found.report.callbacks is None
    assert set(found.report.lacking) == {"due", "callbacks", "enterprise"}
    text = found.written[0].read_text("utf-8")
    assert "不列各项比率" in text
    assert "未作超期统计" in text
    assert "解决率" not in text.split("附件")[0]
    document = json.loads(found.written[-1].read_text("utf-8"))
    assert document["callbacks"] is None


def bare_city(tmp_path: Path, header: str, line: str) -> Path:
    folder = tmp_path / "bare"
    (folder / "cases").mkdir(parents=True)
    lines = [header]
    for i in range(60):
        at = datetime(2022, 2, 8, 13, tzinfo=UTC).replace(tzinfo=None) + timedelta(hours=i)
        lines.append(line.format(i=i, u=i % 3, at=at))
    (folder / "cases" / "a.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "city.toml").write_text(
        'name = "城"\ntime_zone = "Asia/Shanghai"\n[inputs]\ncases = ["cases"]\n'
        'profile = "jiesu"\npolicy = "beijing"\n',
        "utf-8",
    )
    return folder


def test_enterprise_demands_are_counted_where_the_data_mark_them(tmp_path: Path) -> None:
    header = "case_id,unit,created_at,labels"
    folder = bare_city(tmp_path, header, "{i},U{u},{at},宜居性;营商环境")
    found = make_report(folder, "daily", date(2022, 2, 10), now=NOW, formats=("html",)).report
    assert found.enterprise is not None
    assert found.enterprise.n == found.n == 24
    assert "enterprise" not in found.lacking


def test_a_label_that_only_begins_alike_is_another(tmp_path: Path) -> None:
    header = "case_id,unit,created_at,labels"
    folder = bare_city(tmp_path, header, "{i},U{u},{at},优化营商环境;宜居性")
    found = make_report(folder, "daily", date(2022, 2, 10), now=NOW, formats=("html",)).report
    assert found.enterprise is None


@pytest.mark.parametrize("day", [date(2021, 12, 1), date(2022, 6, 1)])
def test_a_day_without_cases_is_named(city: Path, tmp_path: Path, day: date) -> None:
    with pytest.raises(InputError) as caught:
        make_report(city, "daily", day, now=NOW, out=tmp_path)
    assert "no case came in from" in str(caught.value)
    assert "choose a date in it" in str(caught.value)
    assert not list(tmp_path.glob("report.*"))


def strings(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    else:
        yield value


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_has_no_gap_and_names_no_caller(
    report: Report, rows: list[Row], tmp_path: Path, lang: str
) -> None:
    write_document(report_content(report, lang), tmp_path, "report", ["html"])
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "None" not in text
    assert "{" not in text.split("<body")[1].replace("{}", "")
    assert not any(row["caller"] and row["caller"] in text for row in rows[:200])
    document = report_document(report)
    assert not any(isinstance(value, float) for value in strings(document))
    assert document["intake"]["n"] == report.n


def test_all_files_are_written_and_none_of_an_earlier_run_stays(city: Path, tmp_path: Path) -> None:
    day = date(2022, 2, 18)
    written = make_report(city, "daily", day, now=NOW, out=tmp_path).written
    names = ["report.html", "report.docx", "report.pdf", "report.json"]
    assert [path.name for path in written] == names
    assert all(path.stat().st_size for path in written)
    assert json.loads(written[-1].read_text("utf-8"))["date"] == "2022-02-18"
    make_report(city, "daily", day, now=NOW, out=tmp_path, formats=("html",))
    assert {path.name for path in tmp_path.glob("report.*")} == {"report.html", "report.json"}


def test_a_report_that_fails_leaves_the_one_before(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date(2022, 2, 18)
    written = make_report(city, "daily", day, now=NOW, out=tmp_path, formats=("html",)).written
    before = [path.read_bytes() for path in written]

    def fails(report: Report) -> None:
        raise KeyError(report.span.day)

    monkeypatch.setattr("jiesu.city.reports.report_document", fails)
    with pytest.raises(KeyError):
        make_report(city, "daily", day, now=NOW, out=tmp_path, lang="en", formats=("html", "docx"))
    assert [path.read_bytes() for path in written] == before
    assert not (tmp_path / "report.docx").exists()


def test_a_report_is_counted_by_the_engine_of_its_job(city: Path, tmp_path: Path) -> None:
    job = replace(job_of(city, "2022-02"), out=tmp_path, engine="duckdb:////no/such/folder/x.db")
    with opened(job, now=NOW) as workspace, pytest.raises(InputError, match="cannot be opened"):
        report_of(workspace, read_city(city), "monthly", date(2022, 2, 28))


def test_rules_of_the_city_are_followed(city: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("cases", "units.csv", "policy.toml"):
        (copy / name).symlink_to(city / name)
    text = (city / "city.toml").read_text("utf-8")
    rules = '\n[reports]\ncut_hour = 9\nweek_start = 3\nwatch = ["物业"]\nends = 1\n'
    (copy / "city.toml").write_text(text + rules, "utf-8")
    found = made(copy, "weekly", date(2022, 2, 18), tmp_path / "out")
    assert found.span.window == (local(2022, 2, 9, 9), local(2022, 2, 16, 9))
    assert [tally.value for tally in found.watched] == ["物业"]
    assert len(found.ranks) == 1


def test_a_wrong_rule_is_named_with_its_key(city: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    text = (city / "city.toml").read_text("utf-8")
    (copy / "city.toml").write_text(text + "\n[reports]\ncut_hour = 24\nnoon = 1\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_city(copy)
    assert {problem.where for problem in caught.value.problems} == {
        "reports.cut_hour",
        "reports.noon",
    }
