"""Drafts of the directory, their spreadsheets and checks, and how one is put in force."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import typer
from django.utils.translation import override

from jiesu.cases.folder.directory_edit import (
    directory_table,
    findings_of,
    import_draft,
    make_draft,
    put_in_force,
    remove_draft,
)
from jiesu.cases.folder.directory_rows import entries_of
from jiesu.cases.folder.dumping import dump_city
from jiesu.cases.folder.loading import load_city
from jiesu.cases.models import DirectoryVersion, RuleVersion
from jiesu.cases.refusals import Conflict, Forbidden, Invalid
from jiesu.cases.rulebook import local_day, rulebook
from jiesu.cli import desk_data
from jiesu.core.problems import InputError
from tests.cases.cast import NOW, City
from tests.cases.folder import small_folder

pytestmark = pytest.mark.django_db
TODAY = local_day(NOW)
TOMORROW = TODAY + timedelta(days=1)
HOLE = "交通管理/*/*"


def old() -> DirectoryVersion:
    return DirectoryVersion.objects.get(version="2022")


def draft(city: City, name: str = "春季调整") -> DirectoryVersion:
    return make_draft(name=name, source=old(), by=city.administrator, as_of=NOW)


def whole(city: City) -> DirectoryVersion:
    """A draft without a hole."""
    made = draft(city)
    made.entries.create(number=9, category_1="交通管理", unit="D02")
    return made


def in_force(made: DirectoryVersion, city: City, on: date = TOMORROW, despite: str = "") -> None:
    put_in_force(
        directory_id=made.pk, valid_from=on, despite=despite, by=city.administrator, as_of=NOW
    )


def test_a_draft_is_a_copy_that_changes_nothing(city: City) -> None:
    made = draft(city)
    assert entries_of(made) == entries_of(old())
    assert [entry.line for entry in entries_of(made)] == [2, 3, 4, 5]
    made.entries.filter(number=2).delete()
    assert len(entries_of(old())) == 4
    assert rulebook().directory_on(TODAY) is not None
    assert len(rulebook().directories) == 1


def test_a_draft_says_what_is_wrong_with_it(city: City) -> None:
    made = draft(city)
    made.entries.create(number=9, category_1="供暖", unit="X9", limit="9h")
    sorts = [finding.sort for finding in findings_of(made, TODAY)]
    assert sorts == ["contradiction", "unit_unknown", "limit_unknown", "hole"]


def test_a_whole_draft_is_put_in_force_and_holds_from_its_day(city: City) -> None:
    made = whole(city)
    in_force(made, city)
    made.refresh_from_db()
    assert (made.version, made.in_force, made.despite) == (TOMORROW.isoformat(), True, "")
    assert made.put_by == city.administrator.name
    book = rulebook()
    before, after = book.directory_on(TODAY), book.directory_on(TOMORROW)
    assert before is not None
    assert after is not None
    assert (before.version, after.version) == ("2022", TOMORROW.isoformat())


def test_a_draft_with_a_hole_needs_a_reason_which_is_kept(city: City) -> None:
    made = draft(city)
    with pytest.raises(Conflict, match=HOLE.replace("*", "[*]")) as caught:
        in_force(made, city)
    [hole] = [one for one in findings_of(made, TOMORROW) if one.sort == "hole"]
    with override("zh-hans"):
        assert caught.value.said() == f"请先处理以下问题，或填写仍要启用的理由：{hole.what['zh']}"
    made.refresh_from_db()
    assert not made.in_force
    in_force(made, city, despite="交通类暂由值班员手工派单")
    made.refresh_from_db()
    assert made.despite == "交通类暂由值班员手工派单"


def test_a_reason_that_was_not_needed_is_not_kept(city: City) -> None:
    made = whole(city)
    in_force(made, city, despite="以防万一")
    made.refresh_from_db()
    assert made.despite == ""


def test_a_day_that_is_past_or_taken_is_refused(city: City) -> None:
    with pytest.raises(Invalid, match="past"):
        in_force(whole(city), city, TODAY - timedelta(days=1))
    in_force(DirectoryVersion.objects.get(version="春季调整"), city)
    with pytest.raises(Conflict, match="another day"):
        in_force(draft(city, "又一次"), city, despite="x")


def test_the_first_directory_may_hold_from_a_day_that_is_past(city: City) -> None:
    made = whole(city)
    old().delete()
    in_force(made, city, date(2021, 12, 19))
    assert rulebook().directory_on(TODAY) is not None


def test_a_version_in_force_is_put_in_force_and_removed_no_more(city: City) -> None:
    with pytest.raises(Conflict, match="already"):
        in_force(old(), city, despite="x")
    with pytest.raises(Conflict, match="never removed"):
        remove_draft(directory_id=old().pk, by=city.administrator)
    made = draft(city)
    remove_draft(directory_id=made.pk, by=city.administrator)
    assert DirectoryVersion.objects.get() == old()


def test_only_an_administrator_changes_the_directory(city: City) -> None:
    for actor in (city.dispatcher, city.head, city.coordinator, city.auditor):
        with pytest.raises(Forbidden):
            make_draft(name="x", source=old(), by=actor, as_of=NOW)
        with pytest.raises(Forbidden):
            import_draft(name="x", file_name="x.csv", content=b"", by=actor, as_of=NOW)
    made = draft(city)
    with pytest.raises(Forbidden):
        put_in_force(
            directory_id=made.pk, valid_from=TOMORROW, despite="x", by=city.head, as_of=NOW
        )


@pytest.mark.parametrize("name", ["", "  ", "2022-03-01", "名" * 65, "a\x00b"])
def test_a_draft_has_a_name_of_its_own_that_is_no_day(city: City, name: str) -> None:
    with pytest.raises(Invalid):
        make_draft(name=name, source=None, by=city.administrator, as_of=NOW)
    draft(city)
    with pytest.raises(Conflict):
        draft(city)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_spreadsheet_is_imported_as_it_was_exported(
    city: City, suffix: str, language: str
) -> None:
    content = directory_table(old(), suffix=suffix, language=language)
    made = import_draft(
        name="回来的", file_name=f"x{suffix}", content=content, by=city.administrator, as_of=NOW
    )
    assert entries_of(made) == entries_of(old())
    assert not made.in_force


def test_kinds_may_be_called_by_their_titles_in_a_spreadsheet(city: City) -> None:
    content = "一级分类,诉求类型,主办单位\n供暖,投诉,E01\n".encode()
    made = import_draft(
        name="x", file_name="x.csv", content=content, by=city.administrator, as_of=NOW
    )
    assert [entry.kind for entry in entries_of(made)] == ["complaint"]


def test_a_spreadsheet_with_mistakes_makes_no_draft_and_names_them(city: City) -> None:
    content = "category_1,category_3,unit\n供暖,x,E01\n供暖,,\n".encode()
    with pytest.raises(InputError) as caught:
        import_draft(
            name="x", file_name="新.csv", content=content, by=city.administrator, as_of=NOW
        )
    assert [(one.file, one.where) for one in caught.value.problems] == [
        ("新.csv", "line 2, category_2"),
        ("新.csv", "line 3, unit"),
    ]
    with pytest.raises(InputError, match=r"\.xlsx"):
        import_draft(name="x", file_name="x.ods", content=b"", by=city.administrator, as_of=NOW)
    with pytest.raises(InputError):
        import_draft(name="x", file_name="x.xlsx", content=b"PK", by=city.administrator, as_of=NOW)
    assert DirectoryVersion.objects.get() == old()


# The command.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small folder that is loaded; the commands work on the database of the test."""
    monkeypatch.setattr(desk_data, "_open_site", lambda: None)
    made = small_folder(tmp_path / "city")
    load_city(made, as_of=NOW)
    return made


def holes_in(folder: Path) -> Path:
    """A table in which 住房 is not answered for and 供暖 twice."""
    path = folder.parent / "holes.csv"
    path.write_text("category_1,unit\n供暖,E01\n供暖,D01\n", "utf-8")
    return path


def test_a_directory_without_holes_is_said_to_be_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for city in (folder, None):
        desk_data.directory_check_command(city, None, every=False, on="2022-02-08")
        assert capsys.readouterr().out == (
            "directory 2021-12-19: 3 lines, 0 errors, "
            "0 pairs of category and place without a unit\n"
        )


def test_holes_are_listed_compactly_or_one_by_one_and_end_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk_data.directory_import_command(holes_in(folder), "试", in_force_from=None, despite="")
    capsys.readouterr()
    with pytest.raises(typer.Exit) as ended:
        desk_data.directory_check_command(None, "试", every=False, on=None)
    assert ended.value.exit_code == 2
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["error", "hole"]
    assert last == ("directory 试: 2 lines, 1 errors, 4 pairs of category and place without a unit")
    with pytest.raises(typer.Exit):
        desk_data.directory_check_command(None, "试", every=True, on=None)
    assert [line for line in capsys.readouterr().out.splitlines() if "×" in line] == [
        "住房/物业管理/停车收费 × S1 甲一街道",
        "住房/物业管理/停车收费 × S2 甲二镇",
        "住房/物业管理/电梯故障 × S1 甲一街道",
        "住房/物业管理/电梯故障 × S2 甲二镇",
    ]


def test_a_folder_is_checked_without_the_database(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RuleVersion.objects.all().delete()
    holes_in(folder).rename(folder / "directory" / "2022-06-01.csv")
    with pytest.raises(typer.Exit):
        desk_data.directory_check_command(folder, "2022-06-01", every=False, on=None)
    assert "contradict" in capsys.readouterr().out
    desk_data.directory_check_command(folder, None, every=False, on="2022-05-31")
    with pytest.raises(InputError, match="no version is in force on 2020-01-01"):
        desk_data.directory_check_command(folder, None, every=False, on="2020-01-01")


def test_a_table_is_exported_once_and_never_over_a_file(folder: Path) -> None:
    out = folder.parent / "out.xlsx"
    desk_data.directory_export_command(out, "2021-12-19", "zh")
    with pytest.raises(InputError, match="there already"):
        desk_data.directory_export_command(out, None, "zh")
    desk_data.directory_import_command(out, "回来的", in_force_from=None, despite="")
    versions = {row.version: entries_of(row) for row in DirectoryVersion.objects.all()}
    assert versions["回来的"] == versions["2021-12-19"]


def test_an_import_that_cannot_be_put_in_force_leaves_no_draft(folder: Path) -> None:
    with pytest.raises(InputError, match="nothing was imported"):
        desk_data.directory_import_command(
            holes_in(folder), "试", in_force_from="2199-01-01", despite=""
        )
    assert DirectoryVersion.objects.count() == 1
    desk_data.directory_import_command(
        holes_in(folder), "试", in_force_from="2199-01-01", despite="试点"
    )
    row = DirectoryVersion.objects.get(version="2199-01-01")
    assert (row.in_force, row.despite, row.put_by) == (True, "试点", "system:directory")


def test_a_directory_wanted_with_errors_is_written_back_and_loaded_again(folder: Path) -> None:
    desk_data.directory_import_command(
        holes_in(folder), "试", in_force_from="2199-01-01", despite="试点"
    )
    assert dump_city(folder) == ["directory/2199-01-01.csv"]
    assert load_city(folder, as_of=NOW).changes == ()
    DirectoryVersion.objects.filter(version="2199-01-01").delete()
    with pytest.raises(InputError, match="contradict"):
        load_city(folder, as_of=NOW)
    load_city(folder, as_of=NOW, despite="试点")
    assert DirectoryVersion.objects.get(version="2199-01-01").despite == "试点"
    assert DirectoryVersion.objects.get(version="2021-12-19").despite == ""
