"""The live export follows the database: what a row says, what is rewritten, what a fault leaves."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db import connection

from jiesu.cases.actions.handling import record_contact, sign_case, submit_feedback
from jiesu.cases.actions.redoing import redo_case
from jiesu.cases.actor import Actor
from jiesu.cases.change import changing
from jiesu.cases.figures import export
from jiesu.cases.figures.case_rows import rows_of, settled_rows
from jiesu.cases.figures.export import follow, live_files, write_cases
from jiesu.cases.models import Assist, Callback, Case
from jiesu.city.durable import to_disk
from jiesu.sources.canonical_file import mark_of
from tests.cases.cast import ELEVATOR, LIGHTS, NOW, PHONE, City

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def held(folder: Path) -> dict[str, dict[str, Any]]:
    """The rows of the export by case."""
    found: dict[str, dict[str, Any]] = {}
    for file in live_files(folder):
        for row in pq.read_table(file).to_pylist():
            assert row["case_id"] not in found
            found[row["case_id"]] = row
    return found


def changed(case: Case, **values: object) -> None:
    """A change as the actions make it: the version grows and the export has to follow."""
    for name, value in values.items():
        setattr(case, name, value)
    case.version += 1
    case.exported = False
    case.save()


def answered(case: Case, round: int = 1, **values: Any) -> Callback:
    usual = {
        "state": "done", "ended_at": NOW + 8 * DAY, "contacted": True, "resolved": "no",
        "satisfaction": "dissatisfied",
    }  # fmt: skip
    unit = case.unit
    assert unit is not None
    made = Callback.objects.create(
        case=case, round=round, unit=unit, due_at=NOW + 7 * DAY, next_at=NOW + 7 * DAY,
        **(usual | values),
    )  # fmt: skip
    changed(case)
    return made


def row_of(case: Case) -> dict[str, Any]:
    from jiesu.cases.figures.case_rows import Words

    [row] = rows_of([case.pk], Words.of_the_city()).table.to_pylist()
    return dict(row)


def test_a_row_says_what_the_evaluation_needs_and_who_asked_by_pseudonym_only(
    city: City, tmp_path: Path
) -> None:
    case = city.received(community="110101001001")
    follow(tmp_path)
    [row] = held(tmp_path).values()
    case.refresh_from_db()
    assert row == {
        **dict.fromkeys(row),
        "case_id": "20220208000001",
        "channel": "电话",
        "kind": "投诉",
        "category_1": "住房",
        "category_2": "物业管理",
        "category_3": "停车收费",
        "unit": "110101001",
        "unit_name": "东华门街道",
        "assist_units": "D01",
        "district": "110101",
        "place": "110101001",
        "community": "110101001001",
        "caller": case.caller,
        "created_at": NOW,
        "dispatched_at": NOW,
        "due_at": NOW + 7 * DAY,
        "excluded": False,
        "parked": False,
        "labels": "宜居性",
    }
    assert case.caller
    assert PHONE not in str(row)
    assert case.exported


def test_a_demand_without_a_unit_is_a_row_without_one(city: City, tmp_path: Path) -> None:
    waiting = city.received(LIGHTS)
    first = city.received()
    repeat = city.received(at=NOW + DAY)
    follow(tmp_path)
    rows = held(tmp_path)
    assert (rows[waiting.number]["unit"], rows[waiting.number]["closed_at"]) == (None, None)
    assert rows[repeat.number]["repeat_of"] == first.number
    assert (rows[repeat.number]["unit"], rows[repeat.number]["closed_at"]) == (None, NOW + DAY)


def test_closed_is_the_first_feedback_and_not_the_end_of_the_call_back(city: City) -> None:
    case = city.received()
    changed(case, state="closed", ended_at=NOW + 9 * DAY)
    assert row_of(case)["closed_at"] is None
    changed(case, feedback_at=NOW + 2 * DAY)
    assert row_of(case)["closed_at"] == NOW + 2 * DAY


def test_a_redo_leaves_the_first_cycle_as_it_was(city: City) -> None:
    case = city.received()
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW)
    record_contact(case_id=case.pk, reached=True, by=city.clerk, as_of=NOW + HOUR)
    submit_feedback(
        case_id=case.pk, result="resolved", real=True, answer="已修好", by=city.clerk,
        as_of=NOW + 6 * DAY,
    )  # fmt: skip
    for number in (1, 2):
        at = NOW + number * 10 * DAY
        redo_case(case_id=case.pk, opinion="未解决", by=city.evaluator, as_of=at)
        sign_case(case_id=case.pk, by=city.clerk, as_of=at)
        record_contact(case_id=case.pk, reached=True, by=city.clerk, as_of=at + HOUR)
        submit_feedback(
            case_id=case.pk, result="resolved", real=True, answer="已修好", by=city.clerk,
            as_of=at + DAY,
        )  # fmt: skip
    row = row_of(case)
    assert row["due_at"] == NOW + 7 * DAY
    assert (row["contacted_at"], row["closed_at"]) == (NOW + HOUR, NOW + 6 * DAY)


def test_a_contact_after_a_redo_is_none_of_the_first_cycle(city: City) -> None:
    case = city.received()
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW)
    submit_feedback(
        case_id=case.pk, result="resolved", real=True, answer="已修好", by=city.clerk,
        as_of=NOW + DAY,
    )  # fmt: skip
    redo_case(case_id=case.pk, opinion="未联系", by=city.evaluator, as_of=NOW + 2 * DAY)
    sign_case(case_id=case.pk, by=city.clerk, as_of=NOW + 2 * DAY)
    record_contact(case_id=case.pk, reached=True, by=city.clerk, as_of=NOW + 3 * DAY)
    assert row_of(case)["contacted_at"] is None


def test_a_clock_that_stands_before_its_due_time_never_runs_out(city: City) -> None:
    case = city.received()
    changed(case, paused_since=NOW + DAY)
    assert row_of(case)["due_at"] is None
    for since in (7, 8):
        changed(case, paused_since=NOW + since * DAY)
        assert row_of(case)["due_at"] == NOW + 7 * DAY
    changed(case, paused_since=NOW + DAY, feedback_at=NOW + 2 * DAY)
    assert row_of(case)["due_at"] == NOW + 7 * DAY


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, (True, True, "no", "dissatisfied")),
        ({"state": "invalid", "contacted": None, "resolved": "", "satisfaction": ""},
         (False, None, None, None)),
        ({"void": True}, (False, True, "no", "dissatisfied")),
    ],
)  # fmt: skip
def test_a_call_back_counts_when_it_was_answered_and_is_not_void(
    city: City, values: dict[str, Any], told: tuple[object, ...]
) -> None:
    case = city.received()
    answered(case, **values)
    row = row_of(case)
    assert row["callback_at"] == NOW + 8 * DAY
    names = ("callback_valid", "callback_contacted", "callback_resolved", "callback_satisfaction")
    assert tuple(row[name] for name in names) == told


@pytest.mark.parametrize("state", ["due", "attempting", "not_sampled"])
def test_a_call_back_without_an_end_in_answers_leaves_its_columns_empty(
    city: City, state: str
) -> None:
    case = city.received()
    ended = NOW + 8 * DAY if state == "not_sampled" else None
    answered(case, state=state, ended_at=ended, contacted=None, resolved="", satisfaction="")
    row = row_of(case)
    assert {value for name, value in row.items() if name.startswith("callback_")} == {None}
    assert (row["final_resolved"], row["final_satisfaction"]) == (None, None)


def test_the_final_result_is_the_last_one_that_counts(city: City) -> None:
    case = city.received()
    answered(case)
    assert row_of(case)["final_resolved"] == "no"
    last = answered(case, 2, resolved="yes", satisfaction="satisfied")
    row = row_of(case)
    assert (row["callback_resolved"], row["final_resolved"]) == ("no", "yes")
    assert (row["callback_satisfaction"], row["final_satisfaction"]) == (
        "dissatisfied", "satisfied",
    )  # fmt: skip
    last.void = True
    last.save()
    assert row_of(case)["final_resolved"] == "no"


def test_an_exclusion_is_told_with_its_reason_in_words(city: City) -> None:
    case = city.received()
    changed(case, excluded=True, exclusion_reason="court")
    row = row_of(case)
    assert (row["excluded"], row["exclusion_reason"]) == (True, "正在诉讼或仲裁")


def test_only_the_files_of_changed_days_are_written_again(city: City, tmp_path: Path) -> None:
    cases = [city.received(at=NOW + n * DAY, new_facts=True) for n in range(3)]
    assert follow(tmp_path) == export.Pass(3, 3, True)
    assert follow(tmp_path) == export.Pass(0, 0, True)
    before = {file.name: file.stat().st_ino for file in live_files(tmp_path)}
    cases[1].refresh_from_db()
    changed(cases[1], parked=True)
    assert follow(tmp_path) == export.Pass(1, 1, True)
    after = {file.name: file.stat().st_ino for file in live_files(tmp_path)}
    assert [name for name in before if before[name] != after[name]] == ["2022-02-09.parquet"]
    assert [row["parked"] for row in held(tmp_path).values()] == [False, True, False]


def test_days_are_those_of_the_city(city: City, tmp_path: Path) -> None:
    # Half past midnight in Beijing is still yesterday in UTC.
    city.received(at=NOW.replace(hour=16, minute=30))
    follow(tmp_path)
    assert [file.stem for file in live_files(tmp_path)] == ["2022-02-09"]


def test_more_changes_than_a_pass_takes_are_left_for_the_next(city: City, tmp_path: Path) -> None:
    for n in range(5):
        city.received(at=NOW + n * DAY, new_facts=True)
    passes = [follow(tmp_path, at_most=2) for _ in range(3)]
    assert [(one.n_cases, one.is_whole) for one in passes] == [(2, False), (2, False), (1, True)]
    assert len(held(tmp_path)) == 5


def test_a_case_that_changes_while_it_is_written_is_written_again(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = city.received()

    def meanwhile(path: Path, to_disk: Callable[[Path], None] = to_disk) -> None:
        if path.suffix == ".parquet" and Case.objects.get().version == case.version:
            changed(Case.objects.get(), excluded=True, exclusion_reason="court")
        to_disk(path)

    monkeypatch.setattr(export, "to_disk", meanwhile)
    follow(tmp_path)
    assert not held(tmp_path)[case.number]["excluded"]
    assert not Case.objects.get().exported
    follow(tmp_path)
    assert held(tmp_path)[case.number]["excluded"]
    assert Case.objects.get().exported


def test_a_case_that_changes_while_it_is_read_is_read_again(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jiesu.cases.figures import case_rows

    case = city.received()
    read_beside = case_rows._beside

    def meanwhile(read: Any) -> Any:
        if Case.objects.get().version == case.version:
            Assist.objects.create(
                case=case, unit=city.unit["D02"], asked_at=NOW, asked_by="x", due_at=NOW
            )
            changed(Case.objects.get(), parked=True)
        return read_beside(read)

    monkeypatch.setattr(case_rows, "_beside", meanwhile)
    [row] = settled_rows([case.pk], case_rows.Words.of_the_city()).table.to_pylist()
    assert (row["parked"], row["assist_units"]) == (True, "D01;D02")


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("step", range(1, 9))
def test_whatever_a_killed_pass_leaves_the_next_one_makes_whole(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    first = city.received()
    follow(tmp_path)
    first.refresh_from_db()
    changed(first, parked=True)
    city.received(ELEVATOR, at=NOW + DAY)
    steps = 0

    def dying(name: str) -> Callable[..., Any]:
        do = getattr(export, name)

        def then_maybe_die(*args: Any, **more: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == step:
                raise Killed
            return do(*args, **more)

        return then_maybe_die

    with monkeypatch.context() as patched:
        for name in ("to_disk", "_mark", "_raise_serial", "_write_state"):
            patched.setattr(export, name, dying(name))
        with pytest.raises(Killed):
            follow(tmp_path)
    follow(tmp_path)
    follow(tmp_path)
    write_cases(tmp_path / "full")
    assert held(tmp_path) == full(tmp_path / "full")
    assert not Case.objects.filter(exported=False).exists()


def full(folder: Path) -> dict[str, dict[str, Any]]:
    rows = [row for file in sorted(folder.iterdir()) for row in pq.read_table(file).to_pylist()]
    return {row["case_id"]: row for row in rows}


@pytest.mark.parametrize("loss", ["everything", "a file", "a damaged file", "the state"])
def test_what_is_lost_of_the_folder_is_made_again(city: City, tmp_path: Path, loss: str) -> None:
    for n in range(3):
        city.received(at=NOW + n * DAY, new_facts=True)
    follow(tmp_path)
    whole = held(tmp_path)
    match loss:
        case "everything":
            for file in tmp_path.iterdir():
                file.unlink()
        case "a file":
            live_files(tmp_path)[1].unlink()
        case "a damaged file":
            live_files(tmp_path)[1].write_bytes(b"PAR1")
        case _:
            (tmp_path / export.STATE).unlink()
    follow(tmp_path)
    assert held(tmp_path) == whole
    assert len(whole) == 3


def test_a_folder_of_a_later_state_than_the_database_is_begun_anew(
    city: City, tmp_path: Path
) -> None:
    case = city.received()
    follow(tmp_path)
    for parked in (True, False):
        case.refresh_from_db()
        changed(case, parked=parked, excluded=True)
        follow(tmp_path)
    # A backup is put back: the case as it was, and the count of passes.
    from jiesu.cases.models import Counter

    Case.objects.update(excluded=False, version=1, exported=True)
    Counter.objects.filter(key=export.SERIAL).update(next=1)
    follow(tmp_path)
    assert not held(tmp_path)[case.number]["excluded"]


def test_a_backup_from_before_the_last_pass_is_noticed_too(city: City, tmp_path: Path) -> None:
    from jiesu.cases.models import Counter

    case = city.received()
    follow(tmp_path)
    case.refresh_from_db()
    changed(case, excluded=True)
    follow(tmp_path)
    Case.objects.update(excluded=False, version=1, exported=True)
    Counter.objects.filter(key=export.SERIAL).update(next=1)
    follow(tmp_path)
    assert not held(tmp_path)[case.number]["excluded"]


def test_a_full_export_has_a_file_a_month_that_every_command_takes_as_it_is(
    city: City, tmp_path: Path
) -> None:
    for n in (0, 10, 30):
        city.received(at=NOW + n * DAY, new_facts=True)
    seen: list[tuple[int, int]] = []
    files = write_cases(tmp_path, lambda done, total: seen.append((done, total)))
    assert [file.name for file in files] == ["2022-02.parquet", "2022-03.parquet"]
    marks = [mark_of(file) for file in files]
    assert [(mark.rows, mark.unique, mark.zone) for mark in marks if mark] == [
        (2, True, "Asia/Shanghai"), (1, True, "Asia/Shanghai"),
    ]  # fmt: skip
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert full(tmp_path).keys() == set(Case.objects.values_list("number", flat=True))


@pytest.mark.django_db(transaction=True)
def test_passes_beside_each_other_and_beside_changes_lose_nothing(tmp_path: Path) -> None:
    from tests.cases.cast import made_city

    city = made_city()
    cases = [city.received(at=NOW + n * HOUR, new_facts=True) for n in range(12)]
    stop = threading.Event()

    def following() -> int:
        n = 0
        try:
            while not stop.is_set():
                n += follow(tmp_path).n_cases
        finally:
            connection.close()
        return n

    with ThreadPoolExecutor(2) as pool:
        passes = [pool.submit(following) for _ in range(2)]
        for turn in range(5):
            for case in cases:
                with changing(case.pk, "amend", by=Actor.system("test"), as_of=NOW) as change:
                    change.set(labels=f"{turn}")
                    change.event("changed")
        stop.set()
        assert sum(one.result() for one in passes) >= 12
    follow(tmp_path)
    assert {row["labels"] for row in held(tmp_path).values()} == {"4"}
    write_cases(tmp_path / "full")
    assert held(tmp_path) == full(tmp_path / "full")
