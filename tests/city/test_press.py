"""The demo city's February 2022: a press draft with every kind of statement of the news item.

Every statement is checked against a recount from the files that shares no code with jiesu; every
number in a text is traced, and every trace leads to its value.
"""

import csv
import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest

from jiesu.city.meeting_run import MeetingDone, MeetingOrder, hold
from jiesu.city.synth.write import write_city

from .press_recount import City, Month, half_up, pm25, ranks, window

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MONTHS = [f"2021-{month:02}" for month in range(1, 13)]
Statement = dict[str, Any]


@dataclass
class Pack:
    """The demo's folder, its papers and the recount of its months."""

    folder: Path
    out: Path
    prepared: MeetingDone
    city: City
    months: Mapping[str, Month]

    @cached_property
    def statements(self) -> list[Statement]:
        return list(self.file("press.json")["statements"])

    def file(self, name: str) -> Any:
        return loaded(self.out / name)

    def of(self, kind: str) -> list[Statement]:
        return [one for one in self.statements if one["kind"] == kind]

    def one(self, kind: str) -> Statement:
        [found] = self.of(kind)
        return found

    def scores(self, kind: str, label: str = "2022-02") -> dict[str, Decimal]:
        return self.months[label].scores(self.city.of_kind(kind))

    @property
    def meeting(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "meetings/2022-02.toml").read_text("utf-8"))


@cache
def loaded(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("demo") / "city"
    write_city(folder, period="2022-02", months=14, cases=12_000, seed=1, texts=False)
    out = folder / "papers"
    prepared = hold(MeetingOrder(folder, "2022-02", out, formats=("html",), jobs=1), now=NOW)
    city = City(folder)
    windows = {"2022-01": window("2022-01", "2022-01"), "2022-02": window("2022-02", "2022-02")}
    windows["2021"] = window("2021-01", "2021-12")
    return Pack(folder, out, prepared, city, city.counted(windows))


def shown(statement: Statement) -> str:
    return str(statement["text"])


def named(statement: Statement) -> list[str]:
    """The units that a statement names, by their traces."""
    return [one["unit"] for one in statement["figures"] if one["what"] == "named"]


def figures(statement: Statement, what: str) -> dict[str, str]:
    return {one["unit"]: one["value"] for one in statement["figures"] if one["what"] == what}


# The kinds of statement that the news item has -----------------------------------------------

KINDS = (
    "held", "speakers", "merit", "shortcoming", "experience", "opening", "volume",
    "street_first", "street_bottom", "street_improved", "street_volume", "street_pm25",
    "district_first", "district_bottom", "department_first", "department_bottom",
    "enterprise_first", "enterprise_bottom", "year_first", "index", "topics", "topic",
    "topic_asked", "duty_list", "governance", "overdue", "next_step", "attendance",
)  # fmt: skip


def test_every_kind_of_statement_of_the_news_item_is_there(pack: Pack) -> None:
    assert {one["kind"] for one in pack.statements} == set(KINDS)
    assert pack.prepared.failed == ()


def test_streets_tied_first(pack: Pack) -> None:
    scores = pack.scores("street")
    best = max(scores.values())
    first = {code for code, score in scores.items() if score == best}
    statement = pack.one("street_first")
    assert set(named(statement)) == first
    assert f"共{len(first)}个，均为{best}分" in shown(statement)
    for code in first:
        assert pack.city.name(code) in shown(statement)


def test_the_bottom_ten_streets(pack: Pack) -> None:
    scores = pack.scores("street")
    statement = pack.one("street_bottom")
    assert set(named(statement)) == pack.city.last_cut({c: -s for c, s in scores.items()}, 10)
    assert figures(statement, "bottom") == {c: str(scores[c]) for c in named(statement)}
    for code in named(statement):
        assert f"{pack.city.name(code)}（{scores[code]}分）" in shown(statement)


def test_the_ten_most_improved_streets(pack: Pack) -> None:
    now, before = pack.scores("street"), pack.scores("street", "2022-01")
    change = {c: now[c] - before[c] for c in now if c in before and now[c] > before[c]}
    statement = pack.one("street_improved")
    assert set(named(statement)) == pack.city.last_cut(change, 10)
    assert figures(statement, "improved") == {c: str(change[c]) for c in named(statement)}


def test_the_ten_streets_with_most_demands(pack: Pack) -> None:
    streets = set(pack.city.of_kind("street"))
    places = pack.months["2022-02"].places
    volumes = {code: Decimal(n) for code, n in places.items() if code in streets}
    statement = pack.one("street_volume")
    assert set(named(statement)) == pack.city.last_cut(volumes, 10)
    assert figures(statement, "volume") == {c: str(volumes[c]) for c in named(statement)}


def test_the_ten_streets_with_the_worst_pm25_since_january(pack: Pack) -> None:
    means = pm25(pack.folder, date(2022, 2, 18))
    printed = {code: half_up(mean, 1) for code, mean in means.items()}
    statement = pack.one("street_pm25")
    assert set(named(statement)) == pack.city.last_cut(printed, 10)
    assert figures(statement, "measure") == {c: str(printed[c]) for c in named(statement)}


@pytest.mark.parametrize("kind", ["district", "department", "enterprise"])
def test_first_and_last_of_the_other_groups(pack: Pack, kind: str) -> None:
    scores = pack.scores(kind)
    first, last = pack.one(f"{kind}_first"), pack.one(f"{kind}_bottom")
    if kind == "district":
        assert set(named(first)) == pack.city.last_cut(scores, 3)
    else:
        best = max(scores.values())
        assert set(named(first)) == {code for code, score in scores.items() if score == best}
    assert set(named(last)) == pack.city.last_cut({c: -s for c, s in scores.items()}, 3)
    for code in (*named(first), *named(last)):
        assert str(scores[code]) in shown(first) + shown(last)


def test_last_year_s_first_district_is_first_again(pack: Pack) -> None:
    year, now = pack.scores("district", "2021"), pack.scores("district")
    [first] = [code for code, rank in ranks(year).items() if rank == 1]
    assert ranks(now)[first] == 1
    text = shown(pack.one("year_first"))
    name = pack.city.name(first)
    assert f"2021年综合评分排名第一的区是{name}（{year[first]}分）" in text
    assert f"2月继续保持第一（{now[first]}分）" in text
    merits = [shown(one) for one in pack.of("merit") if one["section"] == f"speaker:{first}"]
    assert any("继续保持第一" in text for text in merits)


def test_how_many_demands(pack: Pack) -> None:
    assert f"2月全市共受理诉求{pack.months['2022-02'].n:,}件" in shown(pack.one("volume"))


# People and parts -------------------------------------------------------------------------------


def test_three_districts_speak_whose_turn_it_is(pack: Pack) -> None:
    """Of the districts, those that spoke longest ago in the meetings' files."""
    last: dict[str, str] = {}
    for path in (pack.folder / "meetings").glob("2021-*.toml"):
        for speaker in tomllib.loads(path.read_text("utf-8"))["speakers"]:
            last[speaker["unit"]] = max(last.get(speaker["unit"], ""), path.stem)
    january = tomllib.loads((pack.folder / "meetings/2022-01.toml").read_text("utf-8"))
    last |= {speaker["unit"]: "2022-01" for speaker in january["speakers"]}
    spoke = {speaker["unit"] for speaker in pack.meeting["speakers"]}
    assert len(spoke) == 3
    others = [last.get(code, "") for code in pack.city.of_kind("district") if code not in spoke]
    assert all(last.get(code, "") <= min(others) for code in spoke)
    for code in spoke:
        assert pack.city.name(code) in shown(pack.one("speakers"))


def test_merits_and_shortcomings_hold_by_the_recount(pack: Pack) -> None:
    """Each rank that a speaker is told is that of the recount, on the right side."""
    cards = pack.file("scorecards.json")["units"]
    by_key = recounted_ranks(pack)
    checked = Counter[str]()
    for statement in (*pack.of("merit"), *pack.of("shortcoming")):
        unit = statement["section"].removeprefix("speaker:")
        for figure in statement["figures"]:
            key = figure["what"].removesuffix(" rank")
            if key == figure["what"] or key not in by_key:
                continue
            found = by_key[key]
            assert int(figure["value"]) == found[unit], (statement, key)
            upper = found[unit] * 2 <= len(found)
            assert upper == (statement["kind"] == "merit")
            checked[key.partition(".")[0]] += 1
    assert set(checked) >= {"score", "measure"} or set(checked) >= {"rate", "measure"}
    assert set(cards) == set(pack.city.of_kind("district"))


def recounted_ranks(pack: Pack) -> dict[str, dict[str, int]]:
    """Ranks of the districts by score, rates, change, last year's score and outside measures."""
    districts = pack.city.of_kind("district")
    month = pack.months["2022-02"]
    found = {
        "score": ranks(pack.scores("district")),
        "year.score": ranks(pack.scores("district", "2021")),
    }
    for position, key in enumerate(("response", "resolution", "satisfaction")):
        values = {
            code: half_up(rates[position] * 100, 2)
            for code in districts
            if (rates := month.tallies[code].rates) is not None
        }
        found[f"rate.{key}"] = ranks(values)
    now, before = pack.scores("district"), pack.scores("district", "2022-01")
    found["change"] = ranks({code: now[code] - before[code] for code in now})
    rules = pack.city.toml("measures.toml")["measures"]
    assert isinstance(rules, list)
    for rule in rules:
        low_first = rule["direction"] == "lower"
        values = measured(pack, rule["key"], rule.get("decimals", 0))
        found[f"measure.{rule['key']}"] = ranks(values, low_first=low_first)
    return found


def measured(pack: Pack, key: str, decimals: int) -> dict[str, Decimal]:
    """A measure's figures of the districts for the month, else for the latest period before."""
    found: dict[str, dict[str, Decimal]] = {}
    districts = set(pack.city.of_kind("district"))
    for path in sorted((pack.folder / "measures").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as source:
            for row in csv.DictReader(source):
                if row["measure"] == key and row["unit"] in districts:
                    value = Decimal(row["value"]).quantize(Decimal(1).scaleb(-decimals))
                    found.setdefault(row["period"], {})[row["unit"]] = value
    if "2022-02" in found:
        return found["2022-02"]
    return found[max(found)] if found else {}


def test_the_speaking_street_is_first_and_was_not_heard_in_twelve_months(pack: Pack) -> None:
    code = pack.meeting["experience"]
    scores = pack.scores("street")
    assert scores[code] == max(scores.values())
    heard = set()
    for path in (pack.folder / "meetings").glob("*.toml"):
        if "2021-02" <= path.stem <= "2022-01":
            heard.add(tomllib.loads(path.read_text("utf-8"))["experience"])
    assert code not in heard
    month = pack.months["2022-02"]
    others = [
        month.tallies[other].n
        for other, score in scores.items()
        if score == scores[code] and other not in heard
    ]
    assert month.tallies[code].n == max(others)
    text = shown(pack.one("experience"))
    assert pack.city.name(code) in text
    assert f"{scores[code]}分" in text


def test_the_index_s_result_adds_up_from_its_dimensions(pack: Pack) -> None:
    """The ranking that is named, from the leaves' scores and weights in the city's own files."""
    document = pack.file("index.json")
    texts = [shown(one) for one in pack.of("index")]
    totals = {}
    for unit in document["units"]:
        leaves = {key: unit["nodes"][key] for key in unit["nodes"] if "value" in unit["nodes"][key]}
        total = sum(
            Decimal(leaf["score"]) * Decimal(leaf["weight"])
            for leaf in leaves.values()
            if leaf["score"] is not None
        )
        assert abs(total - Decimal(unit["score"])) < Decimal("0.000001"), unit["unit"]
        totals[unit["unit"]] = Decimal(unit["shown"])
    found = ranks(totals)
    assert {unit["unit"]: unit["rank"] for unit in document["units"]} == found
    ordered = sorted(totals, key=lambda code: found[code])
    for code in (*ordered[:3], *ordered[-3:]):
        assert any(
            f"{pack.city.name(code)}（{totals[code]}，第{found[code]}位）" in t for t in texts
        )
    assert "2021年" in texts[0]
    assert "指标体系为示例" in texts[0]


def test_the_topics_state_is_that_of_their_files(pack: Pack) -> None:
    topics = pack.city.toml("topics.toml")["topics"]
    assert isinstance(topics, list)
    by_key = {topic["key"]: topic for topic in topics}
    assert f"共{len(topics)}题" in shown(pack.one("topics"))
    heard = pack.of("topic")
    assert len(heard) == len(pack.meeting["topics"]) == 3
    for statement in heard:
        [key] = [f["value"] for f in statement["figures"] if f["what"] == "topic"]
        topic = by_key[key]
        for part, words, when in (
            ("tasks", "任务完成", "done_on"),
            ("policies", "政策出台", "issued_on"),
        ):
            steps = topic.get(part, [])
            done = sum(step.get(when, date.max) <= date(2022, 2, 28) for step in steps)
            if steps:
                assert f"{words}{done}项（共{len(steps)}项）" in shown(statement)
    duties = [duty["unit"] for topic in topics for duty in topic.get("duties", [])]
    text = shown(pack.one("duty_list"))
    assert f"{len(set(duties))}个单位的{len(duties)}项职责" in text


def test_overdue_commitments_are_counted_and_named(pack: Pack) -> None:
    with (pack.folder / "commitments.csv").open(encoding="utf-8", newline="") as source:
        late = [
            row
            for row in csv.DictReader(source)
            if row["due_on"] < "2022-02-28"
            and not (row["state"] == "done" and row["closed_on"] <= "2022-02-28")
        ]
    assert late
    assert f"{len(late)}项逾期未完成" in shown(pack.one("overdue"))
    html = (pack.out / "pack.html").read_text("utf-8")
    for row in late:
        assert row["promise"] in html
        assert (pack.out / "notices" / f"{row['unit']}.html").exists()


def test_next_steps_are_those_of_the_meeting_s_file(pack: Pack) -> None:
    texts = [step["text"]["zh"] for step in pack.meeting["next_steps"]]
    assert texts
    assert [shown(one).removeprefix("会议要求，") for one in pack.of("next_step")] == texts


def test_attendance_counts_the_units_file(pack: Pack) -> None:
    text = shown(pack.one("attendance"))
    for kind, title in (("district", "区"), ("street", "街道（乡镇）"), ("department", "市级部门")):
        assert f"{len(pack.city.of_kind(kind))}个{title}" in text


# Traces ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["zh", "en"])
def told(request: pytest.FixtureRequest, pack: Pack) -> Pack:
    """The papers in each language, from the same figures and the same meeting."""
    if request.param == "zh":
        return pack
    out = pack.folder / "papers-en"
    prepared = hold(MeetingOrder(pack.folder, "2022-02", out, "en", ("html",), 1), now=NOW)
    assert prepared.drafted is None
    return replace(pack, out=out, prepared=prepared)


def test_both_languages_say_the_same(told: Pack, pack: Pack) -> None:
    def values(one: Pack) -> list[list[tuple[str, str]]]:
        return [
            [(figure["pointer"], figure["value"]) for figure in statement["figures"]]
            for statement in one.statements
            if not statement["given_by"]
        ]

    assert values(told) == values(pack)


def test_every_trace_leads_to_its_value(told: Pack) -> None:
    pack, n = told, 0
    for statement in pack.statements:
        for figure in statement["figures"]:
            found: Any = pack.file(figure["file"])
            for part in figure["pointer"].split("/")[1:]:
                key = part.replace("~1", "/").replace("~0", "~")
                found = found[int(key)] if isinstance(found, list) else found[key]
            if isinstance(found, list):
                found = len(found)
            assert str(found) == figure["value"], (statement["text"], figure)
            assert figure["shown"] in statement["text"], (statement["text"], figure)
            n += 1
    assert n > 200


def test_every_number_in_a_text_is_traced_or_part_of_a_name(told: Pack) -> None:
    pack = told
    titles = [
        title for one in pack.file("evaluation.json")["lists"] for title in one["title"].values()
    ]
    for statement in pack.statements:
        text = statement["text"]
        traced = sorted((one["shown"] for one in statement["figures"]), key=len, reverse=True)
        for words in (*titles, *traced):
            text = text.replace(words, "")
        assert re.findall(r"\d+", text) == [], (statement["text"], text)


def test_the_cases_behind_a_figure_are_those_of_the_list(pack: Pack) -> None:
    with (pack.out / "cases.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    assert len(rows) == pack.months["2022-02"].n
    units = Counter(row["unit"] for row in rows)
    places = Counter(row["place"] for row in rows)
    checked = 0
    for statement in pack.statements:
        for figure in statement["figures"]:
            cases = figure["cases"]
            if cases is None:
                continue
            table = {"unit": units, "place": places}.get(cases["by"])
            n = len(rows) if table is None else sum(table[code] for code in cases["codes"])
            assert n == cases["n"], (statement["text"], figure)
            checked += 1
    assert checked > 50


def test_a_street_s_score_follows_from_its_lines(pack: Pack) -> None:
    statement = pack.one("street_bottom")
    with (pack.out / "cases.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    for figure in statement["figures"]:
        if figure["what"] != "bottom":
            continue
        mine = [row for row in rows if row["unit"] in figure["cases"]["codes"]]
        valid = [row for row in mine if row["called_back"] == "1" and row["excluded"] == "0"]
        parts = {name: sum(row[name] == "1" for row in valid) for name in valid[0]}
        share = (
            Decimal("0.1") * parts["contacted"]
            + Decimal("0.5") * parts["resolved"]
            + Decimal("0.4") * (parts["satisfied"] + Decimal("0.9") * parts["fairly_satisfied"])
        ) / len(valid)
        assert abs(share * 100 - Decimal(figure["value"])) <= Decimal("0.0500001")
