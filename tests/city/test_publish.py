"""Publishing editions: what is frozen, what is refused, and what a fault leaves behind."""

import errno
import json
import multiprocessing
import os
import shutil
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from jiesu.city import publish as module
from jiesu.city.check import check_city
from jiesu.city.editions import (
    agrees_with_latest,
    edition_folder,
    editions_of,
    latest_edition,
    numbers_of,
    seal,
    stored_evaluation,
)
from jiesu.city.publish import PublishOrder, publish
from jiesu.city.run import run
from jiesu.city.verification import verify_folder
from jiesu.city.workspace import job_of
from jiesu.core.problems import InputError
from jiesu.evaluation.frozen import FROZEN

from .sealed import NOW, PERIOD, change_cases, exclude, published, sha256, small_city, unresolved


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return small_city(tmp_path)


def test_the_first_edition_holds_the_figures_that_evaluate_gives(city: Path) -> None:
    done = published(city, signed=(("issued", "市政务服务局"), ("reviewed", "督查室")))
    evaluated = run(job_of(city, PERIOD), now=NOW)
    [plain] = [path for path in evaluated.written if path.name == "evaluation.json"]
    assert (done.folder / "evaluation.json").read_bytes() == plain.read_bytes()
    edition = latest_edition(city, PERIOD)
    assert edition == done.edition
    assert (edition.number, edition.previous, edition.reason) == (1, None, "")
    assert [(sign.role, sign.office) for sign in edition.signed] == [
        ("issued", "市政务服务局"),
        ("reviewed", "督查室"),
    ]
    assert edition.signed[0].on == NOW.astimezone(edition.made_at.tzinfo).date()
    assert verify_folder(done.folder).problems == ()
    assert check_city(city) == []


def test_every_file_is_named_with_its_digest_and_nobody_may_write(city: Path) -> None:
    done = published(city, formats=("html", "docx", "pdf", "xlsx"))
    inside = {path.name for path in done.folder.iterdir()}
    assert inside == {*done.edition.files, "edition.json", "edition.sha256"}
    assert {f"bulletin.{form}" for form in ("html", "docx", "pdf", "xlsx")} < inside
    for name, digest in done.edition.files.items():
        assert sha256(done.folder / name) == digest
    writable = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
    for path in (done.folder, *done.folder.iterdir()):
        assert not path.stat().st_mode & writable
    said = (done.folder / "edition.sha256").read_text("utf-8")
    assert said == f"{seal(done.folder)}  edition.json\n"


def test_only_what_is_counted_is_kept_of_a_case(city: Path) -> None:
    done = published(city)
    table = pq.read_table(done.folder / "cases.parquet")
    assert tuple(table.column_names) == FROZEN
    assert not {"caller", "location", "community", "channel", "exclusion_reason"} & set(FROZEN)
    assert table.num_rows == done.edition.n_cases
    assert len(set(table["case_id"].to_pylist())) == table.num_rows


def test_a_month_keeps_the_months_before_it_and_none_after(city: Path) -> None:
    january = pq.read_table(published(city, "2022-01").folder / "cases.parquet")
    both = pq.read_table(published(city).folder / "cases.parquet")
    first = set(january["case_id"].to_pylist())
    assert first
    assert first < set(both["case_id"].to_pylist())
    latest = max(january["created_at"].to_pylist())
    assert latest < datetime(2022, 1, 18, 16, tzinfo=UTC)


def test_publishing_again_without_a_change_makes_nothing(city: Path) -> None:
    published(city)
    again = published(city)
    assert not again.is_new
    assert numbers_of(city, PERIOD) == (1,)

    # Another file and the same figures: texts and channels are none.
    def other_channel(row: dict[str, str]) -> None:
        row["channel"] = "网站"

    change_cases(city, other_channel)
    assert not published(city, reason="nothing").is_new


def test_a_correction_needs_a_reason_and_says_what_differs(city: Path) -> None:
    first = published(city)
    case = unresolved(city)[0]
    change_cases(city, exclude(case))
    with pytest.raises(InputError) as caught:
        published(city)
    assert "corrects edition 1" in str(caught.value)
    assert numbers_of(city, PERIOD) == (1,)
    second = published(city, reason="逾期申诉成立", formats=("html",))
    assert second.is_new
    assert second.edition.number == 2
    assert second.edition.previous == seal(first.folder)
    document = json.loads((second.folder / "diff.json").read_text("utf-8"))
    [changed] = document["cases"]
    assert (changed["case_id"], changed["how"], changed["in_period"]) == (case, ["excluded"], True)
    before, after = (stored_evaluation(done.folder) for done in (first, second))
    moved = {(row["group"], row["unit"]): row for row in document["units"]}
    for old_group, new_group in zip(before["groups"], after["groups"], strict=True):
        new = {unit["unit"]: unit for unit in new_group["units"]}
        for unit in old_group["units"]:
            row = moved.pop((old_group["key"], unit["unit"]), None)
            assert (row is None) == (unit == new[unit["unit"]])
            if row is not None:
                assert row["before"]["score"] == unit["score"]
                assert row["after"]["score"] == new[unit["unit"]]["score"]
    assert moved == {}
    text = (second.folder / "correction.html").read_text("utf-8")
    assert case in text
    assert "逾期申诉成立" in text
    assert [edition.number for edition in editions_of(city, PERIOD)] == [1, 2]


def test_a_reason_without_anything_to_correct_is_refused(city: Path) -> None:
    with pytest.raises(InputError) as caught:
        published(city, reason="late appeal")
    assert caught.value.problems[0].file == "--reason"
    assert not (city / "editions").exists()


def test_a_changed_rule_makes_a_correction_even_where_no_score_differs(city: Path) -> None:
    published(city)
    shipped = (files("jiesu.city") / "shipped/policies/beijing.toml").read_bytes()
    (city / "policy.toml").write_bytes(shipped + b"\n# amended\n")
    settings = city / "city.toml"
    text = settings.read_text("utf-8").replace('policy = "beijing"', 'policy = "policy.toml"')
    settings.write_text(text, "utf-8")
    done = published(city, reason="rules amended", formats=("html",))
    assert done.differs is not None
    assert done.differs.rules_changed
    assert done.differs.moved == ()
    assert json.loads((done.folder / "diff.json").read_text("utf-8"))["cases"] == []


def test_an_answer_that_is_known_later_is_a_change_of_its_case(city: Path) -> None:
    early = datetime(2022, 2, 18, 16, tzinfo=UTC)
    published(city, as_of=early)
    second = published(city, reason="all call-backs are in")
    document = json.loads((second.folder / "diff.json").read_text("utf-8"))
    assert document["cases"]
    assert {how for case in document["cases"] for how in case["how"]} <= {"callback", "handling"}
    assert document["as_of"][0] < document["as_of"][1]


def test_a_running_period_cannot_be_published(city: Path) -> None:
    with pytest.raises(InputError) as caught:
        published(city, as_of=datetime(2022, 2, 10, tzinfo=UTC))
    assert "has not ended" in str(caught.value)
    assert not (city / "editions").exists()


def test_a_city_without_units_keeps_the_names_that_its_cases_give(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    (folder / "cases").mkdir(parents=True)
    columns = "case_id,unit,unit_name,created_at,callback_valid,callback_contacted,"
    rows = [columns + "callback_resolved,callback_satisfaction,excluded"]
    for day, name in ((1, "旧名"), (20, "新名"), (21, "新名")):
        month = "01" if day > 18 else "02"
        rows.append(f"c{day},U1,{name},2022-{month}-{day:02} 09:00,true,true,yes,satisfied,false")
    rows.append("c99,U1,旧名,2022-03-01 09:00,true,true,no,dissatisfied,false")
    (folder / "cases" / "all.csv").write_text("\n".join(rows) + "\n", "utf-8")
    (folder / "city.toml").write_text(
        'name = "城"\ntime_zone = "Asia/Shanghai"\n[inputs]\ncases = ["cases"]\n'
        'profile = "jiesu"\npolicy = "beijing"\n[bulletin]\noffice = "热线办"\n',
        "utf-8",
    )
    done = published(folder)
    # By the case of March, which the edition does not keep.
    assert done.edition.names == {"U1": "旧名"}
    assert [sign.office for sign in done.edition.signed] == ["热线办"]
    assert "units.csv" not in done.edition.files
    assert verify_folder(done.folder).problems == ()


def test_figures_can_be_held_against_the_newest_edition(city: Path) -> None:
    document = json.loads((published(city).folder / "evaluation.json").read_text("utf-8"))
    assert agrees_with_latest(city, PERIOD, document)
    assert agrees_with_latest(city, "2022-01", document) is None
    document["totals"]["volume"] += 1
    assert agrees_with_latest(city, PERIOD, document) is False


MEASURES = """[[measures]]
key = "pm25"
title = { zh = "PM2.5", en = "PM2.5" }
measured_in = { zh = "微克", en = "microgram" }
direction = "lower"
decimals = 1
source = "监测中心"
"""


def test_outside_measures_are_kept_and_a_later_figure_is_a_correction(city: Path) -> None:
    (city / "measures.toml").write_text(MEASURES, "utf-8")
    (city / "measures").mkdir()
    path = city / "measures" / "a.csv"
    path.write_text("measure,unit,period,value\npm25,E1,2022-02,31.25\npm25,E2,2022-02,30\n")
    first = published(city)
    assert "measures.json" in first.edition.files
    assert b"125/4" in (first.folder / "measures.json").read_bytes()
    # Another form of the same figures.
    path.write_text("measure,unit,period,value\npm25,E2,2022-02,30.0\npm25,E1,2022-02,31.250\n")
    assert not published(city).is_new
    path.write_text("measure,unit,period,value\npm25,E1,2022-02,29\npm25,E2,2022-02,30\n")
    second = published(city, reason="station repaired")
    assert second.is_new
    assert second.differs is not None
    assert second.differs.moved == ()
    shutil.rmtree(city / "measures")
    for done in (first, second):
        assert verify_folder(done.folder).problems == ()


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*")] if folder.exists() else []


@pytest.mark.parametrize("step", ["_write_bulletin", "_digests", "_put_in_place", "to_disk"])
def test_a_full_disk_leaves_no_edition_and_says_so(
    city: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module, step, full)
    with pytest.raises(InputError) as caught:
        published(city)
    assert "No space left on device" in str(caught.value)
    assert left(city / "editions") == []


def test_a_folder_that_cannot_be_written_gives_a_clear_error(city: Path) -> None:
    (city / "editions").write_text("not a folder", "utf-8")
    with pytest.raises(InputError) as caught:
        published(city)
    assert "cannot be written" in str(caught.value)


def test_what_was_read_must_not_change_meanwhile(
    city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze = module._freeze

    def meanwhile(part: Path, *given: Any) -> None:
        freeze(part, *given)
        lines = (part / "units.csv").read_text("utf-8").splitlines(keepends=True)
        (part / "units.csv").write_text("".join(lines[:-1]), "utf-8")

    monkeypatch.setattr(module, "_freeze", meanwhile)
    with pytest.raises(InputError) as caught:
        published(city)
    assert "changed while it was read" in str(caught.value)
    assert left(city / "editions") == []


def test_a_damaged_edition_is_not_corrected(city: Path) -> None:
    first = published(city)
    path = first.folder / "evaluation.json"
    path.chmod(0o644)
    path.write_text(path.read_text("utf-8").replace("1", "2", 1), "utf-8")
    change_cases(city, exclude(unresolved(city)[0]))
    with pytest.raises(InputError) as caught:
        published(city, reason="appeal")
    assert "changed after it was sealed" in str(caught.value)
    assert numbers_of(city, PERIOD) == (1,)


def test_a_break_in_the_chain_is_found_however_the_period_is_written(city: Path) -> None:
    as_of = datetime(2022, 4, 1, tzinfo=UTC)
    published(city, "2022-Q1", as_of=as_of)
    change_cases(city, exclude(unresolved(city)[0]))
    published(city, "2022-q1", as_of=as_of, reason="appeal")
    first = edition_folder(city, "2022-Q1", 1)
    first.chmod(0o755)
    shutil.rmtree(first)
    for label in ("2022-Q1", "2022-q1"):
        with pytest.raises(InputError, match="edition 1 is missing"):
            published(city, label, as_of=as_of, reason="again")
    assert numbers_of(city, "2022-Q1") == (2,)


def test_of_two_that_publish_at_once_one_gets_the_number(city: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        jobs = [pool.apply_async(publish, (PublishOrder(city, PERIOD, formats=()),), {"now": NOW})
                for _ in range(2)]  # fmt: skip
        made, refused = [], []
        for job in jobs:
            try:
                made.append(job.get(120).is_new)
            except InputError as error:
                refused.append(str(error))
    # The later one may have come when the first was done: then it found nothing changed.
    assert sorted(made) in ([True], [False, True])
    assert all("by somebody else meanwhile" in problem for problem in refused)
    assert len(made) + len(refused) == 2
    assert numbers_of(city, PERIOD) == (1,)
    assert left(city / "editions" / PERIOD).count("1") == 1
    assert verify_folder(edition_folder(city, PERIOD, 1)).problems == ()


def test_a_number_that_was_taken_meanwhile_is_not_overwritten(
    city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = module._put_in_place

    def after_another(part: Path, folder: Path) -> None:
        folder.mkdir()
        (folder / "edition.json").write_text("theirs", "utf-8")
        put(part, folder)

    monkeypatch.setattr(module, "_put_in_place", after_another)
    with pytest.raises(InputError) as caught:
        published(city)
    assert "by somebody else meanwhile" in str(caught.value)
    folder = edition_folder(city, PERIOD, 1)
    assert (folder / "edition.json").read_text("utf-8") == "theirs"
    assert left(city / "editions" / PERIOD) == ["1", "edition.json"]


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from jiesu.city import publish
put = publish._put_in_place
publish._put_in_place = lambda part, folder: os.kill(os.getpid(), signal.SIGKILL)
order = publish.PublishOrder(Path(sys.argv[1]), "2022-02", formats=())
publish.publish(order, now=datetime(2026, 1, 1, tzinfo=UTC))
"""


def test_a_killed_process_leaves_nothing_that_looks_like_an_edition(city: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, city], check=False)
    assert done.returncode == -signal.SIGKILL
    assert numbers_of(city, PERIOD) == ()
    assert latest_edition(city, PERIOD) is None
    assert check_city(city) == []
    halves = list((city / "editions" / PERIOD).iterdir())
    assert [half.name.startswith(".part-") for half in halves] == [True]
    assert published(city).edition.number == 1
    # A young one may still be at work; one of yesterday is not.
    assert halves[0].exists()
    os.utime(halves[0], (0, 0))
    change_cases(city, exclude(unresolved(city)[0]))
    published(city, reason="appeal")
    assert not halves[0].exists()


def test_quarters_and_days_can_be_published_too(city: Path) -> None:
    for period in ("2022-01-20..2022-02-05", "2022-Q1"):
        done = published(city, period, as_of=datetime(2022, 4, 1, tzinfo=UTC))
        assert verify_folder(done.folder).problems == ()
