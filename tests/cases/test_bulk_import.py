"""Another system's cases in the desk: what they become, once, whole, and to the same figures."""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from jiesu.cases.actions.handling import sign_case
from jiesu.cases.figures.case_rows import Words, rows_of
from jiesu.cases.figures.export import write_cases
from jiesu.cases.folder.loading import load_city
from jiesu.cases.history.audit import Audit
from jiesu.cases.history.events import chain_of
from jiesu.cases.importing import bulk_import
from jiesu.cases.importing.bulk_import import Imported, import_cases
from jiesu.cases.models import Assist, Callback, Case, Dispatch, Event
from jiesu.cases.privacy.vault import person_of, text_of
from jiesu.cases.sweep import sweep
from jiesu.city.run import run
from jiesu.city.synth.write import write_city
from jiesu.city.workspace import Job, job_of
from jiesu.core.contract import evaluation_document
from jiesu.core.lifecycle import State
from jiesu.core.problems import InputError
from jiesu.sources.profile import load_profile, parse_profile
from tests.cases.cast import NOW, City

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT = NOW - 10 * DAY
OWN = load_profile("jiesu")

WHOLE: Mapping[str, object] = {
    "case_id": "A1",
    "channel": "电话",
    "kind": "complaint",
    "category_1": "住房",
    "category_2": "物业管理",
    "category_3": "停车收费",
    "unit": "110101001",
    "assist_units": "D01",
    "district": "110101",
    "place": "110101001",
    "community": "多福巷社区",
    "location": "示例小区1号楼",
    "caller": "c-0123456789ab",
    "created_at": AT,
    "dispatched_at": AT + HOUR,
    "signed_at": AT + 2 * HOUR,
    "contacted_at": AT + 3 * HOUR,
    "due_at": AT + HOUR + 7 * DAY,
    "closed_at": AT + DAY,
    "callback_at": AT + 9 * DAY,
    "callback_valid": "true",
    "callback_contacted": "true",
    "callback_resolved": "no",
    "callback_satisfaction": "dissatisfied",
    "final_resolved": "yes",
    "final_satisfaction": "satisfied",
    "excluded": "true",
    "exclusion_reason": "诉求人撤回",
    "parked": "false",
    "labels": "宜居性;便利性",
}


def bare(number: str = "A1", **values: object) -> dict[str, object]:
    """A row of which only that is known that has to be, and `values`."""
    return {"case_id": number, "created_at": AT, **values}


def written(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for row in rows:
            shown = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}
            writer.writerow(shown)
    return path


def taken(folder: Path, *rows: Mapping[str, object], **more: Any) -> Imported:
    """Import some rows as a file."""
    file = written(folder / "cases.csv", rows)
    options: dict[str, Any] = {"as_of": NOW, "reports": folder / "reports"} | more
    return import_cases([file], OWN, **options)


def case_of(number: str = "A1") -> Case:
    return Case.objects.get(number=number)


def row_of(case: Case) -> dict[str, Any]:
    [row] = rows_of([case.pk], Words.of_the_city()).table.to_pylist()
    return dict(row)


def report(folder: Path) -> list[dict[str, str]]:
    with (folder / "reports" / "imported.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def findings() -> list[str]:
    return [line for line in Audit().run() if "the file" not in line]


def test_a_row_becomes_a_case_with_all_its_history(city: City, tmp_path: Path) -> None:
    done = taken(tmp_path, WHOLE)
    assert (done.counts.made, done.counts.rows, done.gaps) == (1, 1, {})
    case = case_of()
    assert (case.state, case.channel, case.kind) == (State.CLOSED, "phone", "complaint")
    assert (case.unit, case.district) == (city.unit["110101001"], city.unit["110101"])
    assert case.caller == "c-0123456789ab"
    assert person_of(case, case.private).address == "示例小区1号楼"
    assert (case.excluded, case.exclusion_reason) == (True, "withdrawn")
    [dispatch] = Dispatch.objects.filter(case=case)
    assert (dispatch.at, dispatch.due_at, dispatch.limit) == (AT + HOUR, case.due_at, "7d")
    assert [assist.unit.code for assist in Assist.objects.filter(case=case)] == ["D01"]
    rounds = Callback.objects.filter(case=case).order_by("round")
    assert [(one.state, one.resolved) for one in rounds] == [("done", "no"), ("done", "yes")]


def test_the_first_event_says_what_the_file_said_and_from_where_it_is(
    city: City, tmp_path: Path
) -> None:
    done = taken(tmp_path, bare("A0"), WHOLE)
    [event] = chain_of(case_of())
    assert (event.kind, event.actor, event.at) == ("imported", "system:import", NOW)
    assert event.changes["file"] == done.intake.files[0].sha256
    assert (event.changes["row"], event.changes["profile"]) == (2, "jiesu")
    assert event.changes["unit"] == [None, "110101001"]
    assert event.changes["callbacks"][1]["resolved"] == "yes"
    assert "示例小区" not in str(event.changes)
    assert findings() == []


def test_the_export_of_imported_cases_is_the_file(city: City, tmp_path: Path) -> None:
    taken(tmp_path, WHOLE)
    row = row_of(case_of())
    expected: dict[str, object] = {
        **WHOLE,
        "kind": "投诉",
        "unit_name": "东华门街道",
        "community": "110101001001",
        "location": None,
        "closed_on_time": None,
        "repeat_of": None,
        "callback_valid": True,
        "callback_contacted": True,
        "excluded": True,
        "parked": False,
    }
    assert row == expected


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "city"
    write_city(folder, period="2022-02", months=2, cases=500, seed=3)
    return folder


@pytest.mark.django_db
def test_a_month_has_the_same_figures_from_the_file_and_from_the_desk(
    synthetic: Path, tmp_path: Path
) -> None:
    load_city(synthetic, as_of=NOW)
    files = [str(path) for path in sorted((synthetic / "cases").glob("*.csv"))]
    done = import_cases(files, OWN, as_of=NOW, reports=tmp_path / "reports")
    assert (done.counts.made, done.counts.rows) == (1000, 1000)
    exported = write_cases(tmp_path / "exported")
    as_of = datetime(2022, 3, 1, tzinfo=UTC)
    for policy in ("beijing", "on-time"):
        for period in ("2022-01", "2022-02"):
            figures = [
                _figures(synthetic, some, policy, period, as_of, tmp_path / "out")
                for some in (files, exported)
            ]
            assert figures[0] == figures[1]


def _figures(
    folder: Path, files: Iterable[object], policy: str, period: str, as_of: datetime, out: Path
) -> dict[str, Any]:
    base = job_of(folder, period)
    job = Job(
        inputs=tuple(str(file) for file in files),
        profile="jiesu",
        policies=(policy,),
        period=period,
        out=out,
        zone=base.zone,
        units=base.units,
        formats=(),
        as_of=as_of,
    )
    document = evaluation_document(run(job, now=as_of).evaluation)
    # What was read differs in its names and digests, and in nothing else.
    return {key: value for key, value in document.items() if key not in ("input", "produced")}


def test_the_same_file_again_makes_no_second_case(city: City, tmp_path: Path) -> None:
    taken(tmp_path, WHOLE, bare("A2"))
    heads = list(Case.objects.order_by("pk").values_list("head", flat=True))
    again = taken(tmp_path, WHOLE, bare("A2"), bare("A3"))
    assert (again.counts.known, again.counts.made, again.counts.rows) == (2, 1, 3)
    assert list(Case.objects.order_by("pk").values_list("head", flat=True))[:2] == heads


def test_what_a_killed_import_leaves_the_next_one_goes_on_with(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_import, "BATCH", 10)
    rows = [bare(f"A{n:02}", category_1="住房") for n in range(35)]
    take, n_taken = bulk_import._Run.take, 0

    def killed(self: Any, *arguments: Any) -> None:
        nonlocal n_taken
        n_taken += 1
        if n_taken == 3:
            raise KeyboardInterrupt
        take(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(bulk_import._Run, "take", killed)
        with pytest.raises(KeyboardInterrupt):
            taken(tmp_path, *rows)
    assert Case.objects.count() == 20
    rest = taken(tmp_path, *rows)
    assert (rest.counts.known, rest.counts.made) == (20, 15)
    assert Case.objects.count() == 35
    assert findings() == []


def test_a_changed_row_changes_a_case_that_nobody_has_worked_on(city: City, tmp_path: Path) -> None:
    opened = bare(unit="110101001", dispatched_at=AT, location="一号楼")
    taken(tmp_path, opened)
    assert case_of().state == State.DISPATCHED
    closed = {
        **opened, "unit": "D01", "closed_at": AT + DAY, "location": "", "callback_at": AT + 2 * DAY,
        "callback_valid": "true", "callback_resolved": "yes",
    }  # fmt: skip
    done = taken(tmp_path, closed, as_of=NOW + DAY)
    assert (done.counts.updated, done.counts.rows) == (1, 1)
    case = case_of()
    assert (case.state, case.unit, case.version) == (State.CLOSED, city.unit["D01"], 2)
    assert person_of(case, case.private).address == ""
    events = chain_of(case)
    assert [event.kind for event in events] == ["imported", "reimported"]
    assert events[1].changes["unit"] == ["110101001", "D01"]
    assert Callback.objects.get(case=case).resolved == "yes"
    assert [dispatch.unit for dispatch in Dispatch.objects.filter(case=case)] == [case.unit]
    assert findings() == []
    assert taken(tmp_path, closed).counts.known == 1


def test_a_changed_row_leaves_a_case_that_the_desk_has_worked_on(
    city: City, tmp_path: Path
) -> None:
    taken(tmp_path, bare(unit="110101001", due_at=NOW + 3 * DAY))
    sign_case(case_id=case_of().pk, by=city.clerk, as_of=NOW + HOUR)
    done = taken(tmp_path, bare(unit="110101001", closed_at=NOW), as_of=NOW + DAY)
    assert (done.counts.held, done.counts.updated) == (1, 0)
    assert case_of().state == State.SIGNED
    [line] = report(tmp_path)
    assert (line["case_id"], line["row"]) == ("A1", "1")
    assert "the desk has worked on the case since" in line["what"]


def test_a_number_that_the_desk_gave_is_not_taken(city: City, tmp_path: Path) -> None:
    own = city.received()
    done = taken(tmp_path, bare(own.number, closed_at=AT), bare("A2"))
    assert (done.counts.rejected, done.counts.made, done.counts.rows) == (1, 1, 2)
    own.refresh_from_db()
    assert own.state == State.DISPATCHED
    assert "bears this number" in report(tmp_path)[0]["what"]


def test_what_the_desk_cannot_keep_is_rejected_or_left_out_and_named(
    city: City, tmp_path: Path
) -> None:
    done = taken(tmp_path, bare("A" * 33), bare("A2", channel="长" * 33, location="x" * 300))
    assert (done.counts.rejected, done.counts.made, done.counts.with_gaps) == (1, 1, 1)
    lines = {line["column"]: line for line in report(tmp_path)}
    assert "longer than 32 characters" in lines["case_id"]["what"]
    assert case_of("A2").channel == ""
    # An address tells of somebody.
    assert lines["location"]["value"] == ""


def test_unknown_units_places_and_categories_are_listed_and_the_row_is_taken(
    city: City, tmp_path: Path
) -> None:
    row = bare(
        unit="X9", place="X8", district="X7", community="X6", assist_units="X5;D01",
        category_1="天外", closed_at=AT + DAY, callback_at=AT + 2 * DAY, callback_valid="true",
        repeat_of="A0",
    )  # fmt: skip
    done = taken(tmp_path, row)
    assert (done.counts.made, done.counts.with_gaps) == (1, 1)
    case = case_of()
    assert (case.unit, case.place, case.district, case.category_1) == (None, None, None, "天外")
    assert case.state == State.CLOSED
    assert {(line["column"], line["value"]) for line in report(tmp_path)} == {
        ("unit", "X9"), ("place", "X8"), ("district", "X7"), ("community", "X6"),
        ("assist_units", "X5"), ("category_1", "天外//"), ("repeat_of", "A0"),
    }  # fmt: skip
    row = row_of(case)
    assert (row["closed_at"], row["callback_at"], row["callback_valid"]) == (
        AT + DAY, AT + 2 * DAY, True,
    )  # fmt: skip
    assert findings() == []


def test_a_unit_that_is_loaded_later_is_found_by_the_next_import(
    city: City, tmp_path: Path
) -> None:
    row = bare(unit="X9", closed_at=AT + DAY, callback_at=AT + 2 * DAY, callback_valid="true")
    taken(tmp_path, row)
    from jiesu.cases.models import Unit
    from jiesu.cases.rulebook import rules_changed

    unit = Unit.objects.create(code="X9", name="新单位", kind="department")
    rules_changed()
    assert taken(tmp_path, row).counts.updated == 1
    assert case_of().unit == unit
    assert Callback.objects.get(case=case_of()).unit == unit


def test_units_and_places_are_known_by_their_names_too(city: City, tmp_path: Path) -> None:
    taken(tmp_path, bare(unit="110199", unit_name="住建部门", place="景山街道", district="东城区"))
    case = case_of()
    assert case.unit == city.unit["D01"]
    assert case.place is not None
    assert (case.place.code, case.district) == ("110101002", city.unit["110101"])


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, State.RECEIVED),
        ({"category_1": "住房"}, State.CLASSIFIED),
        ({"closed_at": AT + DAY}, State.ANSWERED),
        ({"unit": "D01"}, State.DISPATCHED),
        ({"unit": "D01", "signed_at": AT + HOUR}, State.SIGNED),
        ({"unit": "D01", "contacted_at": AT + HOUR}, State.CONTACTED),
        ({"unit": "D01", "closed_at": AT + HOUR}, State.CLOSED),
        ({"unit": "D01", "closed_on_time": "true"}, State.CLOSED),
        ({"unit": "D01", "callback_at": AT + DAY, "callback_valid": "false"}, State.CLOSED),
        ({"unit": "D01", "callback_valid": "false"}, State.DISPATCHED),
        # Nobody of this desk has it.
        ({"unit": "X9", "dispatched_at": AT}, State.RECEIVED),
    ],
)
def test_the_state_follows_from_the_times(
    city: City, tmp_path: Path, values: dict[str, Any], state: State
) -> None:
    taken(tmp_path, bare(**values))
    assert case_of().state == state
    assert findings() == []


SCORED = (
    "created_at", "due_at", "closed_at", "closed_on_time", "contacted_at", "callback_contacted",
    "callback_resolved", "callback_satisfaction", "excluded", "parked", "unit",
)  # fmt: skip


@pytest.mark.parametrize(
    "values",
    [
        {"closed_on_time": "true"},
        {"closed_on_time": "false", "closed_at": AT + DAY},
        {"due_at": AT + DAY},
        {"due_at": AT + DAY, "closed_at": AT + 2 * DAY, "parked": "true"},
        {"callback_at": AT + DAY, "callback_valid": "false"},
        {"callback_at": AT + DAY, "callback_valid": "true", "callback_contacted": "false"},
        {"callback_at": AT + DAY, "callback_valid": "true", "callback_resolved": "partial",
         "callback_satisfaction": "fairly_satisfied", "final_resolved": "yes"},
        {"callback_at": AT + DAY, "callback_valid": "false", "final_resolved": "yes"},
        {"excluded": "true", "exclusion_reason": "另一个原因"},
    ],
)  # fmt: skip
def test_what_scores_is_exported_as_it_was_imported(
    city: City, tmp_path: Path, values: dict[str, Any]
) -> None:
    done = taken(tmp_path, bare(unit="110101001", **values), reports=tmp_path / "reports")
    row = row_of(case_of())
    [kept] = _canonical(tmp_path, done)
    assert {name: row[name] for name in SCORED} == {name: kept[name] for name in SCORED} | {
        "excluded": bool(kept["excluded"]),
        "parked": bool(kept["parked"]),
    }
    assert bool(row["callback_valid"]) == bool(kept["callback_valid"])
    for answer in ("resolved", "satisfaction"):
        kept_final = kept[f"final_{answer}"] or kept[f"callback_{answer}"]
        if row["callback_valid"]:
            assert (row[f"final_{answer}"] or row[f"callback_{answer}"]) == kept_final


def _canonical(folder: Path, done: Imported) -> list[dict[str, Any]]:
    from jiesu.sources.intake import read_cases

    read = read_cases(
        [folder / "cases.csv"],
        OWN,
        into=folder / "canonical",
        rejects=folder / "rejects.csv",
        duplicates=folder / "duplicates.csv",
    )
    assert read.accepted == done.counts.rows
    rows: list[dict[str, Any]] = pq.read_table(read.cases[0]).to_pylist()
    return rows


def test_a_repeat_is_linked_to_its_first_in_the_file_or_on_the_desk(
    city: City, tmp_path: Path
) -> None:
    taken(tmp_path, bare("A1"))
    done = taken(tmp_path, bare("A2", repeat_of="A1"), bare("A3", repeat_of="A4"), bare("A4"))
    assert done.counts.made == 3
    assert case_of("A2").repeat_of == case_of("A1")
    assert case_of("A3").repeat_of == case_of("A4")
    assert (case_of("A2").state, case_of("A2").disposition) == (State.ANSWERED, "repeat")
    assert findings() == []


def test_a_first_that_comes_later_is_found_by_the_next_import(city: City, tmp_path: Path) -> None:
    row = bare("A2", repeat_of="A1")
    taken(tmp_path, row)
    assert case_of("A2").repeat_of is None
    done = taken(tmp_path, row, bare("A1"))
    assert (done.counts.made, done.counts.updated) == (1, 1)
    assert case_of("A2").repeat_of == case_of("A1")


def test_a_callers_demands_are_counted_by_month_and_year(city: City, tmp_path: Path) -> None:
    times = [AT - 40 * DAY, AT - 2 * DAY, AT, AT]
    rows = [bare(f"A{n}", created_at=at, caller="c-00000000beef") for n, at in enumerate(times)]
    taken(tmp_path, *rows[:2])
    taken(tmp_path, *rows[2:], bare("B"), bare("C"))
    counts = Case.objects.order_by("number").values_list("number", "n_month", "n_year")
    assert list(counts) == [
        ("A0", 1, 1), ("A1", 1, 1), ("A2", 2, 2), ("A3", 3, 3), ("B", 1, 1), ("C", 1, 1),
    ]  # fmt: skip


def test_texts_are_kept_sealed_and_compared_only_where_they_are_given(
    city: City, tmp_path: Path
) -> None:
    texts = written(tmp_path / "texts.csv", [{"case_id": "A1", "text": "楼道堆物,\n“多日”未清"}])
    taken(tmp_path, bare("A1"), bare("A2"), texts=[texts])
    case = case_of("A1")
    assert text_of(case, case.private) == ("", "楼道堆物,\n“多日”未清")
    assert "楼道" not in bytes(case.private.text).decode(errors="replace")
    assert not Event.objects.filter(changes__icontains="楼道").exists()
    assert findings() == []
    assert taken(tmp_path, bare("A1"), bare("A2")).counts.known == 2
    written(texts, [{"case_id": "A1", "text": "另一句话"}])
    assert taken(tmp_path, bare("A1"), bare("A2"), texts=[texts]).counts.updated == 1
    case = case_of("A1")
    assert text_of(case, case.private)[1] == "另一句话"
    assert findings() == []


def test_a_file_that_holds_no_texts_is_refused_without_its_words(
    city: City, tmp_path: Path
) -> None:
    wrong = written(tmp_path / "texts.csv", [{"id": "A1", "words": "某人的话"}])
    with pytest.raises(InputError) as refused:
        taken(tmp_path, bare(), texts=[wrong])
    assert "texts.csv" in str(refused.value)
    assert "某人" not in str(refused.value)


def test_a_limit_that_runs_still_falls_due_here_and_one_that_had_run_out_does_not(
    city: City, tmp_path: Path
) -> None:
    taken(
        tmp_path,
        bare("A1", unit="D01", caller="c-00000000beef", due_at=NOW - DAY),
        bare("A2", unit="D01", caller="c-00000000beef", due_at=NOW + DAY),
    )
    sweep(NOW + 2 * DAY)
    assert list(Callback.objects.values_list("case__number", "state")) == [("A2", "due")]
    assert case_of("A1").state == State.DISPATCHED


def test_a_profile_of_another_system_maps_its_columns(city: City, tmp_path: Path) -> None:
    profile = parse_profile(
        'zone = "Asia/Shanghai"\ntime_formats = ["%Y-%m-%d %H:%M"]\n[columns]\n'
        'case_id = "no"\ncreated_at = "opened"\nunit = "dept"\n',
        file="other.toml",
        name="other",
    )
    file = tmp_path / "other.csv"
    file.write_text("no,opened,dept\n7,2022-02-01 08:00,住建部门\n", "utf-8")
    import_cases([file], profile, as_of=NOW, reports=tmp_path / "reports")
    case = case_of("7")
    assert case.created_at == datetime(2022, 2, 1, tzinfo=UTC)
    assert case.unit == city.unit["D01"]


@pytest.mark.django_db
def test_without_a_city_nothing_is_imported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="jiesu load --city DIR"):
        taken(tmp_path, bare())
    assert Case.objects.count() == 0


def test_reports_are_for_their_owner_and_nothing_else_is_left(city: City, tmp_path: Path) -> None:
    taken(tmp_path, bare())
    reports = tmp_path / "reports"
    assert {path.name for path in reports.iterdir()} == {
        "rejects.csv", "duplicates.csv", "imported.csv",
    }  # fmt: skip
    assert {path.stat().st_mode & 0o077 for path in (reports, *reports.iterdir())} == {0}
