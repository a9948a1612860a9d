"""`jiesu topics` on the synthetic city: figures against the case files, documents in both words."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from jiesu.city.check import check_city
from jiesu.city.folder import read_city
from jiesu.city.synth.write import write_city
from jiesu.city.topics_documents import TopicsDone, TopicsOrder, write_topics_documents
from jiesu.city.topics_run import governance_of, topics_of
from jiesu.city.workspace import Workspace, job_of, opened
from jiesu.core.before_after import BeforeAfter
from jiesu.core.problems import InputError
from jiesu.core.topic_board import TopicBoard

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = [f"2021-{month:02}" for month in range(1, 13)] + ["2022-01", "2022-02"]
CASES = 700


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("topics") / "city"
    write_city(out, period="2022-02", months=14, cases=CASES, seed=1)
    return out


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Iterator[Workspace]:
    with opened(job_of(folder, "2022-02"), now=NOW) as found:
        yield found


@pytest.fixture(scope="module")
def board(workspace: Workspace, folder: Path) -> TopicBoard:
    found = topics_of(workspace, read_city(folder), "2022-02", propose=True)
    assert found is not None
    return found


def rows(folder: Path, label: str) -> list[dict[str, str]]:
    with (folder / "cases" / f"{label}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cases_of(board: TopicBoard, key: str) -> BeforeAfter:
    (found,) = (one.cases for one in board.topics if one.topic.key == key)
    assert found is not None
    return found


def test_the_synthetic_city_s_files_are_right(folder: Path) -> None:
    assert check_city(folder) == []


def test_the_demo_has_the_three_topics_that_the_meeting_named(board: TopicBoard) -> None:
    titles = {one.topic.title["zh"] for one in board.topics}
    assert {"老旧小区加装电梯", "房产证办理难", "居住区电动自行车集中充电设施建设"} <= titles
    assert set(board.states) == {"done", "on_schedule", "behind", "not_started"}
    assert board.on == date(2022, 2, 28)


def test_a_topic_s_months_are_those_of_the_case_files(board: TopicBoard, folder: Path) -> None:
    found = cases_of(board, "lifts")
    assert [month.month for month in found.months] == LABELS
    for month in found.months:
        inside = rows(folder, month.month)
        own = [row for row in inside if row["category_3"] == "加装电梯"]
        assert month.volume == len(own)
        assert month.volume + month.others == len(inside) == CASES
        counted = [
            row for row in own if row["callback_valid"] == "true" and row["excluded"] != "true"
        ]
        # The last month's call-backs are not all there by the latest time in the input.
        assert month.whole <= len(counted)
        if month.month < "2022-01":
            assert month.whole == len(counted)
            assert month.part == sum(row["callback_resolved"] == "yes" for row in counted)


def test_before_and_after_are_told_apart_by_the_start(board: TopicBoard) -> None:
    sides = Counter(month.side for month in cases_of(board, "lifts").months)
    assert sides == {"before": 9, "after": 5}
    assert {month.side for month in cases_of(board, "sewage").months} == {"before"}


def test_words_are_looked_for_in_the_texts(board: TopicBoard, folder: Path) -> None:
    label = "2022-01"
    with (folder / "texts" / f"{label}.csv").open(encoding="utf-8", newline="") as file:
        said = {row["case_id"]: row["text"] for row in csv.DictReader(file)}
    inside = rows(folder, label)
    linked = [
        row
        for row in inside
        if row["category_2"] == "电动自行车" or "给电动车充电" in said.get(row["case_id"], "")
    ]
    month = next(one for one in cases_of(board, "charging").months if one.month == label)
    assert month.volume == len(linked)
    assert not [key for key, _ in board.notes if key == "no_texts"]


def test_models_are_fitted_when_asked_for(workspace: Workspace, folder: Path) -> None:
    found = topics_of(workspace, read_city(folder), "2022-02", models=True)
    assert found is not None
    lifts, wages = cases_of(found, "lifts"), cases_of(found, "wages")
    assert lifts.volume is not None
    assert (lifts.volume.n_before, lifts.volume.n_after) == (9, 5)
    assert wages.volume is not None
    assert wages.volume.missing == "few_months"
    assert [month for month in wages.months if month.side == "before"]


def test_an_earlier_month_knows_nothing_of_later_progress(
    workspace: Workspace, folder: Path, board: TopicBoard
) -> None:
    earlier = topics_of(workspace, read_city(folder), "2021-11")
    assert earlier is not None
    assert earlier.on == date(2021, 11, 30)
    before = {one.topic.key: one for one in earlier.topics}
    for one in board.topics:
        then = before[one.topic.key].completion
        assert then.tasks_done <= one.completion.tasks_done
        for old, new in zip(then.targets, one.completion.targets, strict=True):
            assert old.done <= new.done
            assert old.month <= "2021-11"
    assert cases_of(earlier, "lifts").months[-1].month == "2021-11"


def test_candidates_say_which_topics_cover_them_already(board: TopicBoard, folder: Path) -> None:
    assert board.candidates
    volumes: Counter[tuple[str, ...]] = Counter()
    for label in LABELS[2:]:
        volumes.update(
            (row["category_1"], row["category_2"], row["category_3"]) for row in rows(folder, label)
        )
    for one in board.candidates:
        assert one.volume == volumes[one.path]
        assert one.n_months == 12
    by_path = {one.path: one.topic for one in board.candidates}
    assert by_path["城市管理", "电动自行车", "充电设施"] == "charging"
    assert by_path["住房", "物业管理", "物业服务差"] == ""


def test_governed_places_follow_from_volumes_by_place(workspace: Workspace, folder: Path) -> None:
    found = governance_of(workspace, read_city(folder), "2022-02")
    assert found is not None
    by_standing = Counter(one.standing for one in found.governed)
    assert by_standing["stay"] + by_standing["leave"] == 2
    assert len(found.past) == 1
    # Recount: places among the ten highest volumes of a month.
    places = [Counter(row["place"] for row in rows(folder, label)) for label in LABELS[2:]]
    units = workspace.roster.units
    assert units is not None
    streets = [unit.code for unit in units if unit.kind == "street"]
    proposed = set()
    for street in streets:
        months = sum(
            sum(month[other] > month[street] for other in streets) < 10 for month in places
        )
        if months >= 9:
            proposed.add(street)
    holding = {
        one.unit
        for one in found.governed
        if one.standing == "enter"
        and any(e.rule.key == "high_volume" and e.holds for e in one.evidence)
    }
    on_list = {one.unit for one in found.governed if one.place is not None}
    # The place that left in December 2021 has not nine months yet.
    assert holding == proposed - on_list - {place.unit for place in found.past}


def test_rates_that_the_policy_has_not_are_refused(folder: Path, workspace: Workspace) -> None:
    path = folder / "topics.toml"
    text = path.read_text("utf-8")
    path.write_text(text + '\n[rules]\nrate = "speed"\n', "utf-8")
    try:
        with pytest.raises(InputError) as caught:
            topics_of(workspace, read_city(folder), "2022-02")
    finally:
        path.write_text(text, "utf-8")
    (problem,) = caught.value.problems
    assert (problem.file, problem.where) == ("topics.toml", "rules.rate")
    assert problem.line == text.count("\n") + 3
    assert "resolution" in problem.remedy


@pytest.fixture(scope="module")
def done(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TopicsDone]:
    found = {}
    for lang in ("zh", "en"):
        out = tmp_path_factory.mktemp(f"documents-{lang}")
        formats = ("html", "docx", "pdf", "xlsx") if lang == "zh" else ("html",)
        order = TopicsOrder(folder, "2022-02", True, formats, out, lang)
        found[lang] = write_topics_documents(order, now=NOW)
    return found


def page(done: TopicsDone, name: str) -> str:
    (path,) = (path for path in done.written if path.name == name)
    return path.read_text("utf-8")


def test_every_document_is_written(done: dict[str, TopicsDone]) -> None:
    names = {path.name for path in done["zh"].written}
    assert names == {
        "topics.json", "topics.xlsx",
        *(f"{name}.{form}" for name in ("topics", "duty-list", "governance")
          for form in ("html", "docx", "pdf")),
    }  # fmt: skip
    assert all(path.stat().st_size > 1000 for path in done["zh"].written)


def test_the_board_says_what_the_figures_say(done: dict[str, TopicsDone]) -> None:
    text = page(done["zh"], "topics.html")
    board = done["zh"].board
    assert board is not None
    for one in board.topics:
        assert one.topic.title["zh"] in text
        assert f"{one.completion.tasks_done}/{len(one.topic.tasks)}" in text
    assert "合成数据 · 演示" in text
    assert text.count("<svg") >= 5
    english = page(done["en"], "topics.html")
    assert "Lifts in old estates" in english
    assert "{" not in re.sub(r"<style.*?</style>", "", english, flags=re.S)


def test_the_duty_list_names_lead_partners_duties_and_days(done: dict[str, TopicsDone]) -> None:
    text = page(done["zh"], "duty-list.html")
    board = done["zh"].board
    assert board is not None
    for one in board.topics:
        for step in (*one.topic.tasks, *one.topic.policies):
            assert step.title["zh"] in text
            assert f"{step.due_on.year}年{step.due_on.month}月{step.due_on.day}日" in text
        for duty in one.topic.duties:
            assert duty.duty["zh"] in text


def test_streets_are_shown_with_their_district(
    done: dict[str, TopicsDone], workspace: Workspace
) -> None:
    units = workspace.roster.units
    text, result = page(done["zh"], "governance.html"), done["zh"].governance
    assert result is not None
    assert result.governed
    assert units is not None
    for one in result.governed:
        unit = units[one.unit]
        assert units[unit.parent or ""].name + unit.name in text
    assert not re.search(r"\b110\d{9}\b", text)


def test_no_document_holds_a_case_text(done: dict[str, TopicsDone], folder: Path) -> None:
    with (folder / "texts" / "2022-01.csv").open(encoding="utf-8", newline="") as file:
        texts = {row["text"] for row in csv.DictReader(file)}
    for name in ("topics.html", "duty-list.html", "governance.html", "topics.json"):
        content = page(done["zh"], name)
        assert not [text for text in texts if text in content]


def floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from floats(item)
    elif isinstance(value, list):
        for item in value:
            yield from floats(item)


def test_topics_json_holds_the_exact_figures_and_no_float(done: dict[str, TopicsDone]) -> None:
    document = json.loads(page(done["zh"], "topics.json"))
    board = done["zh"].board
    assert board is not None
    assert document["schema"] == "jiesu.topics/1"
    assert list(floats(document)) == []
    for written, one in zip(document["topics"], board.topics, strict=True):
        assert written["key"] == one.topic.key
        assert written["state"] == one.completion.state
        if one.cases is None:
            continue
        for month, figures in zip(written["cases"]["months"], one.cases.months, strict=True):
            assert (month["volume"], month["whole"]) == (figures.volume, figures.whole)
            assert Fraction(month["part"]) == figures.part
        effect = written["cases"]["volume_effect"]
        if effect["missing"] is None:
            assert re.fullmatch(r"\d+\.\d{4}", effect["average"]["value"])


def test_a_folder_with_neither_file_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    write_city(folder, period="2022-02", months=1, cases=50, seed=1)
    for name in ("topics.toml", "governance.toml"):
        (folder / name).unlink()
    with pytest.raises(InputError) as caught:
        write_topics_documents(TopicsOrder(folder, "2022-02", False, ()), now=NOW)
    assert "docs/topics.md" in caught.value.problems[0].remedy
    assert not (folder / "out").exists()


def test_one_month_at_hand_is_enough_for_a_board(tmp_path: Path) -> None:
    folder = tmp_path / "young"
    write_city(folder, period="2022-02", months=1, cases=300, seed=2)
    order = TopicsOrder(folder, "2022-02", True, ("html",), tmp_path / "out")
    stale = tmp_path / "out" / "duty-list.docx"
    stale.parent.mkdir()
    stale.write_bytes(b"of an earlier run")
    done = write_topics_documents(order, now=NOW)
    assert not stale.exists()
    assert stale.with_name("topics.json").exists()
    assert done.board is not None
    for one in done.board.topics:
        assert one.cases is not None
        assert one.cases.volume is not None
        assert one.cases.volume.missing == "few_months"
    assert "不足模型所需" in page(done, "topics.html")
