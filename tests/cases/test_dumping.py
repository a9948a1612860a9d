"""`jiesu dump`: the database into a folder that `jiesu load` reads again to the same."""

from collections.abc import Callable
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from django.test import Client

from jiesu.cases.folder.dumping import dump_city
from jiesu.cases.folder.loading import load_city
from jiesu.cases.models import (
    Category,
    DirectoryEntry,
    DirectoryVersion,
    Place,
    Role,
    RuleVersion,
    Unit,
    UnitChange,
    User,
)
from jiesu.city.check import check_city
from jiesu.city.desk_file import shipped_desk
from jiesu.city.folder import read_city
from jiesu.city.policies import load_policies
from jiesu.city.synth.write import write_city
from jiesu.core.problems import InputError
from tests.cases.cast import NOW, made_city
from tests.cases.folder import replace_in, small_folder

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = small_folder(tmp_path / "city")
    load_city(made, as_of=NOW)
    return made


def content() -> dict[str, list[tuple[object, ...]]]:
    """What a folder says of a city, without the keys of rows and without when it was loaded."""
    return {
        "units": list(
            Unit.objects.order_by("code").values_list(
                "code", "name", "kind", "parent__code", "successor__code", "population",
                "valid_from", "valid_to",
            )
        ),
        "places": list(
            Place.objects.order_by("code").values_list(
                "code", "name", "kind", "parent__code", "unit__code"
            )
        ),
        "categories": list(
            Category.objects.filter(active=True).order_by("pk").values_list(
                "category_1", "category_2", "category_3", "labels"
            )
        ),
        "directories": list(
            DirectoryVersion.objects.order_by("version").values_list(
                "version", "valid_from", "in_force", "digest"
            )
        ),
        "entries": list(
            DirectoryEntry.objects.order_by("directory__version", "number").values_list(
                "directory__version", "number", "category_1", "category_2", "category_3", "place",
                "kind", "unit", "assist_units", "via", "limit", "note",
            )
        ),
        "rules": list(
            RuleVersion.objects.order_by("kind", "loaded_at", "pk").values_list(
                "kind", "name", "version", "digest", "valid_from", "valid_to", "text"
            )
        ),
    }  # fmt: skip


def bytes_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*.*")
    }


def emptied() -> None:
    Place.objects.update(parent=None)
    for model in (UnitChange, Place, DirectoryVersion, Category, RuleVersion):
        model._default_manager.all().delete()
    Unit.objects.update(parent=None, successor=None)
    Unit.objects.all().delete()


def round_trip(out: Path, *, other_settings: bool = False) -> None:
    """What a dump into a new folder gives back to an empty database: the same.

    With `other_settings` the new folder's `city.toml` has to say where its rules lie.
    """
    before = content()
    dump_city(out)
    emptied()
    load_city(out, as_of=NOW + 3 * DAY)
    after = content()
    if other_settings:
        for found in (before, after):
            found["rules"] = [row for row in found["rules"] if row[0] != "city"]
    assert after == before
    assert dump_city(out) == []


def test_a_folder_that_agrees_is_not_touched(folder: Path) -> None:
    before = bytes_of(folder)
    assert dump_city(folder) == []
    assert bytes_of(folder) == before


def test_a_new_folder_says_all_that_the_database_has(folder: Path, tmp_path: Path) -> None:
    round_trip(tmp_path / "new")
    assert (tmp_path / "new" / "city.toml").read_bytes() == (folder / "city.toml").read_bytes()


def test_a_synthetic_city_goes_in_and_out_whole(tmp_path: Path) -> None:
    write_city(tmp_path / "synth", period="2022-02", months=1, cases=20, seed=1)
    load_city(tmp_path / "synth", as_of=NOW)
    (tmp_path / "new").mkdir()
    round_trip(tmp_path / "new")
    for name in ("units.csv", "places.csv", "categories.csv", "directory/2018-12-19.csv"):
        assert (tmp_path / "new" / name).read_bytes() == (tmp_path / "synth" / name).read_bytes()


def test_only_the_files_that_changed_are_written_and_keep_their_order(folder: Path) -> None:
    unit = Unit.objects.get(code="S1")
    Unit.objects.filter(code="S2").update(valid_to=date(2022, 1, 1), successor=unit)
    Unit.objects.create(code="D02", name="=新部门", kind="department")
    before = bytes_of(folder)
    assert dump_city(folder) == ["units.csv"]
    after = bytes_of(folder)
    assert {name for name in after if after[name] != before[name]} == {"units.csv"}
    lines = (folder / "units.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["S1", "A", "S2", "D01", "E01", "D02"]
    assert lines[3].endswith("2022-01-01,S1")
    assert load_city(folder, as_of=NOW + DAY).changes == ()


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("places.csv", lambda: Place.objects.filter(code="S2").update(name="乙街道")),
        ("categories.csv", lambda: Category.objects.filter(category_1="供暖").update(labels="a;b")),
    ],
)
def test_a_change_of_the_desk_reaches_its_file(
    folder: Path, file: str, change: Callable[[], object]
) -> None:
    change()
    assert dump_city(folder) == [file]
    assert load_city(folder, as_of=NOW + DAY).changes == ()


def test_a_place_that_the_admin_takes_is_loaded_again(folder: Path, tmp_path: Path) -> None:
    person = User.objects.create_user("administrator", role=Role.ADMINISTRATOR)
    client = Client()
    client.force_login(person, backend="jiesu.project.sign_in.SiteBackend")
    unit = Unit.objects.get(code="S1").pk
    for code, answers in (("S9", ""), ("@street", unit), ("S8", unit)):
        form = {"code": code, "name": "新街道", "kind": "street", "unit": answers}
        client.post("/admin/cases/place/add/", form)
    assert list(Place.objects.filter(name="新街道").values_list("code", flat=True)) == ["S8"]
    round_trip(tmp_path / "out")


def test_a_category_that_is_no_longer_in_use_goes_from_the_file(folder: Path) -> None:
    Category.objects.filter(category_3="电梯故障").update(active=False)
    assert dump_city(folder) == ["categories.csv"]
    assert "电梯故障" not in (folder / "categories.csv").read_text("utf-8")


def test_a_directory_put_in_force_gets_a_file_of_its_own_and_a_draft_none(folder: Path) -> None:
    [old] = DirectoryVersion.objects.all()
    new = DirectoryVersion.objects.create(
        version="2022-03-01", valid_from=date(2022, 3, 1), in_force=True, loaded_at=NOW
    )
    DirectoryVersion.objects.create(version="draft", loaded_at=NOW)
    DirectoryEntry.objects.create(directory=new, number=2, unit="@street", note="=都归属地")
    assert dump_city(folder) == ["directory/2022-03-01.csv"]
    text = (folder / "directory" / "2022-03-01.csv").read_text("utf-8")
    assert text.splitlines()[1] == ",,,,,(street),,direct,,'=都归属地"
    assert (folder / "directory" / f"{old.version}.csv").exists()


def test_several_versions_of_the_desks_rules_get_a_folder(folder: Path, tmp_path: Path) -> None:
    text = shipped_desk().decode()
    text = text.replace('"2022"', '"2023"').replace("2018-12-19", "2023-01-01")
    (folder / "desk.toml").write_text(text, "utf-8")
    load_city(folder, as_of=NOW + DAY)
    assert set(dump_city(folder)) == {"desk/2022.toml", "desk/2023.toml", "city.toml"}
    assert not (folder / "desk.toml").exists()
    assert read_city(folder).outside["desk"] == folder / "desk"
    assert check_city(folder)[1:] == []  # But for the cases, which the small folder lacks.
    assert list(load_city(folder, as_of=NOW + 2 * DAY).changes) == ["city settings 小城: loaded"]
    round_trip(tmp_path / "new")


def test_rules_that_hold_no_more_come_back_as_such(folder: Path, tmp_path: Path) -> None:
    (folder / "calendar.csv").write_text("date,kind\n2022-02-08,holiday\n", "utf-8")
    load_city(folder, as_of=NOW + DAY)
    assert dump_city(folder) == ["past-rules/001.csv"]
    assert load_city(folder, as_of=NOW + 2 * DAY).changes == ()
    round_trip(tmp_path / "new", other_settings=True)
    newest = RuleVersion.objects.filter(kind="calendar").order_by("loaded_at", "pk").last()
    assert newest is not None
    assert "holiday,2022-02-08" in newest.text


def test_a_calendar_is_written_by_itself_where_the_folder_says_another(folder: Path) -> None:
    replace_in(folder / "city.toml", '"china"', '"none"')
    load_city(folder, as_of=NOW + DAY)
    replace_in(folder / "city.toml", '"none"', '"weekends"')
    load_city(folder, as_of=NOW + 2 * DAY)
    replace_in(folder / "city.toml", '"weekends"', '"none"')
    assert dump_city(folder) == ["past-rules/001.csv", "past-rules/002.csv", "city.toml"]
    assert read_city(folder).calendar == "weekends"


def test_policies_of_which_the_folder_has_only_the_last_are_written_beside_it(
    folder: Path, tmp_path: Path
) -> None:
    text = files("jiesu.city").joinpath("shipped/policies/beijing.toml").read_text("utf-8")
    [policy] = load_policies(["beijing"])
    (folder / "next.toml").write_text(
        text.replace(f'version = "{policy.version}"', 'version = "next"').replace(
            f"valid_from = {policy.valid_from}", "valid_from = 2030-01-01"
        ),
        "utf-8",
    )
    (folder / "ended.toml").write_text(
        text.replace(f"valid_from = {policy.valid_from}",
                     f"valid_from = {policy.valid_from}\nvalid_to = 2030-01-01"),
        "utf-8",
    )  # fmt: skip
    replace_in(folder / "city.toml", '"beijing"', '["ended.toml", "next.toml"]')
    load_city(folder, as_of=NOW + DAY)
    replace_in(folder / "city.toml", '["ended.toml", "next.toml"]', '"next.toml"')
    assert dump_city(folder) == ["policies/beijing-2021.toml", "city.toml"]
    assert len(load_policies(read_city(folder).policies)) == 2
    load_city(folder, as_of=NOW + 2 * DAY)
    round_trip(tmp_path / "new", other_settings=True)


def test_what_was_never_loaded_is_not_lost(folder: Path) -> None:
    (folder / "units.csv").write_text(
        (folder / "units.csv").read_text("utf-8") + "D09,新部门,department,,,,\n", "utf-8"
    )
    (folder / "directory" / "2022-05-01.csv").write_text("category_1,unit\n,E01\n", "utf-8")
    (folder / "desk.toml").write_bytes(shipped_desk() + b"\n")
    Unit.objects.filter(code="E01").update(name="别的名字")
    before = bytes_of(folder)
    with pytest.raises(InputError) as caught:
        dump_city(folder)
    assert {problem.file for problem in caught.value.problems} == {
        "units.csv", "directory", "desk.toml"
    }  # fmt: skip
    assert bytes_of(folder) == before


def test_a_folder_with_something_else_in_it_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("x", "utf-8")
    for place in (tmp_path / "home", tmp_path / "home" / "letter.txt"):
        with pytest.raises(InputError, match="no city folder"):
            dump_city(place)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter.txt"]


def test_files_outside_the_folder_are_never_written(folder: Path, tmp_path: Path) -> None:
    (folder / "units.csv").rename(tmp_path / "units.csv")
    replace_in(folder / "city.toml", '"units.csv"', '"../units.csv"')
    load_city(folder, as_of=NOW + DAY)
    Unit.objects.filter(code="E01").update(name="别的名字")
    before = (tmp_path / "units.csv").read_bytes()
    for place in (folder, tmp_path / "new"):
        with pytest.raises(InputError, match="outside the folder"):
            dump_city(place)
    assert (tmp_path / "units.csv").read_bytes() == before
    assert not (tmp_path / "new").exists()


def test_a_name_that_no_file_can_hold_is_refused(folder: Path) -> None:
    Unit.objects.filter(code="E01").update(name="两\n行")
    before = bytes_of(folder)
    with pytest.raises(InputError) as caught:
        dump_city(folder)
    assert caught.value.problems[0].file == "units.csv"
    assert bytes_of(folder) == before


def test_a_database_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="jiesu load"):
        dump_city(tmp_path / "new")


def test_a_directory_without_a_first_day_is_refused(tmp_path: Path) -> None:
    made_city()
    with pytest.raises(InputError, match="not called by its first day"):
        dump_city(tmp_path / "new")
