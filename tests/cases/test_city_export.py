"""The desk as a city folder: the evaluation's commands say of it what the desk says itself."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jiesu.cases.figures.city_export import export_city
from jiesu.cases.figures.running import evaluated
from jiesu.cases.folder.dumping import UNNAMED
from jiesu.cases.models import DirectoryVersion, RuleVersion
from jiesu.cases.privacy.vault import Person
from jiesu.cases.rulebook import rules_changed
from jiesu.city.adjustments import read_adjustments
from jiesu.city.folder import read_city
from jiesu.city.run import run
from jiesu.city.workspace import job_of
from jiesu.cli import desk_export
from jiesu.core.contract import evaluation_document
from jiesu.core.problems import InputError
from tests.cases.cast import NOW, City
from tests.cases.test_running import called_back, figures, live

__all__ = ["live"]

DAY = timedelta(days=1)
AT = NOW + 30 * DAY


def load_settings(text: str) -> None:
    """A `city.toml` in the database, and the directory called as a folder calls it."""
    DirectoryVersion.objects.update(version="2018-12-19", valid_from=date(2018, 12, 19))
    RuleVersion.objects.create(
        kind="city", name="city", version="", digest=sha256(text.encode()).hexdigest(), text=text,
        loaded_at=NOW,
    )  # fmt: skip
    rules_changed()


@pytest.fixture
def worked(city: City) -> City:
    """The city after some cases were answered, one excluded."""
    load_settings(UNNAMED.replace("@ZONE@", "Asia/Shanghai") + "\n[meeting]\n")
    for n, place in enumerate(("110101001", "110101002", "110102001") * 3):
        case = city.received(place=place, person=Person(), at=NOW + n * DAY)
        if n % 4:
            called_back(case, NOW + (n + 8) * DAY, "yes" if n % 2 else "no", "fairly_satisfied")
    return city


def test_the_folder_is_evaluated_to_the_figures_of_the_desk(
    worked: City, live: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    exported = export_city(folder)
    assert exported.n_cases == 9
    assert {"city.toml", "units.csv", "cases/2022-02.parquet"} <= set(exported.written)
    for label in ("2022-02", "2022-Q1"):
        job = job_of(folder, label)
        done = run(replace(job, as_of=AT, formats=()), now=AT)
        evaluation = evaluated(label, AT)
        assert figures(done.evaluation) == figures(evaluation)
        assert evaluation_document(evaluation)["city"] == {
            "zh": "未命名的城市",
            "en": "unnamed city",
        }


def test_the_desk_is_exported_to_the_same_folder_again(worked: City, tmp_path: Path) -> None:
    export_city(tmp_path)
    worked.received(at=NOW + 60 * DAY, new_facts=True)
    (tmp_path / "cases" / "2021-01.parquet").write_bytes(
        (tmp_path / "cases" / "2022-02.parquet").read_bytes()
    )
    again = export_city(tmp_path)
    assert again.n_cases == 10
    assert sorted(file.name for file in (tmp_path / "cases").iterdir()) == [
        "2022-02.parquet", "2022-04.parquet",
    ]  # fmt: skip


def test_cases_of_another_origin_are_never_mixed_with_the_desks(
    worked: City, tmp_path: Path
) -> None:
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "old.csv").write_text("case_id\n1\n", "utf-8")
    with pytest.raises(InputError, match=r"another origin lie here: old\.csv"):
        export_city(tmp_path)
    assert not (tmp_path / "city.toml").exists()


def test_a_folder_that_named_other_cases_names_the_desks_own(city: City, tmp_path: Path) -> None:
    load_settings(
        'name = { zh = "城", en = "city" }\ntime_zone = "Asia/Shanghai"\n\n[inputs]\n'
        'cases = ["old/*.csv"] # from before\nprofile = "pingshan"\nunits = "units.csv"\n'
        'policy = "policy.toml"\nadjustments = "points.csv"\nboundaries = "map.geojson"\n'
    )
    city.received()
    exported = export_city(tmp_path)
    folder = read_city(tmp_path)
    assert folder.cases == (tmp_path / "cases",)
    assert folder.profile == "jiesu"
    assert folder.adjustments is not None
    assert read_adjustments(folder.adjustments, None) == []
    assert [note.split(":")[0] for note in exported.notes] == ["points.csv", "map.geojson"]


def test_nothing_in_the_folder_tells_who_asked(city: City, tmp_path: Path) -> None:
    load_settings(UNNAMED.replace("@ZONE@", "Asia/Shanghai"))
    city.received()
    export_city(tmp_path)
    told = str(pq.read_table(tmp_path / "cases" / "2022-02.parquet").to_pylist())
    for secret in ("张三", "13800000000", "一号楼", "停车费", "涨"):
        assert secret not in told


def test_the_command_says_what_it_wrote_and_how_to_go_on(
    worked: City,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(desk_export, "_open_site", lambda: None)
    desk_export.export_command(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert "written: cases/2022-02.parquet" in lines
    assert lines[-1] == f"9 cases: jiesu evaluate --city {tmp_path} --period PERIOD"


def test_the_command_shows_a_ranking_and_writes_the_evaluation(
    worked: City,
    live: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(desk_export, "_open_site", lambda: None)
    out = tmp_path / "evaluation.json"
    desk_export.ranking_command("2022-02", as_of=AT, lang="en", out=out)
    shown = capsys.readouterr().out
    assert "Cases 9, excluded 0, without a unit 0" in shown
    assert "东华门街道" in shown
    assert json.loads(out.read_bytes())["totals"]["volume"] == 9
    with pytest.raises(InputError, match="will have happened"):
        desk_export.ranking_command(
            None, as_of=datetime(2199, 1, 1, tzinfo=UTC), lang=None, out=None
        )
