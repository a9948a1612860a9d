"""`jiesu load`: a city folder into the database, all of it or nothing, and again without harm."""

import re
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jiesu.cases.actions.intake import receive_case
from jiesu.cases.actor import Actor
from jiesu.cases.folder.loading import Loaded, load_city
from jiesu.cases.models import (
    Case,
    Category,
    Counter,
    DirectoryVersion,
    Dispatch,
    Place,
    Role,
    RuleVersion,
    Unit,
    UnitChange,
    User,
)
from jiesu.cases.rulebook import rulebook
from jiesu.city.desk_file import shipped_desk
from jiesu.city.directory_file import directory_bytes, read_entries
from jiesu.city.policies import load_policies
from jiesu.core.problems import InputError
from tests.cases.cast import DEMAND, NOW
from tests.cases.folder import replace_in, small_folder

if TYPE_CHECKING:
    from django.db.models import Model

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=30)
TABLES: "tuple[type[Model], ...]" = (
    Unit, UnitChange, Place, Category, RuleVersion, DirectoryVersion, Counter
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_folder(tmp_path / "city")


def load(folder: Path, *, again: bool = False) -> Loaded:
    return load_city(folder, as_of=LATER if again else NOW)


def content() -> list[list[tuple[object, ...]]]:
    return [list(table._default_manager.order_by("pk").values_list()) for table in TABLES]


def refused(folder: Path) -> list[tuple[str, str, str]]:
    before = content()
    with pytest.raises(InputError) as caught:
        load(folder, again=True)
    assert content() == before
    return [(one.file, one.where, one.what) for one in caught.value.problems]


def a_case(**more: object) -> Case:
    rules = RuleVersion.objects.get(kind="desk")
    values = {"number": "20220208000001", "state": "received", "created_at": NOW, "rules": rules}
    return Case.objects.create(**{**values, **more})


def test_everything_of_the_folder_is_there_and_works(folder: Path) -> None:
    load(folder)
    assert Unit.objects.get(code="S1").parent == Unit.objects.get(code="A")
    assert Unit.objects.get(code="S2").valid_from == date(2021, 1, 1)
    assert Place.objects.get(code="S1001").parent == Place.objects.get(code="S1")
    assert Category.objects.get(category_3="停车收费").labels == "宜居性;便利性"
    book = rulebook()
    directory = book.directory_on(date(2022, 2, 8))
    assert directory is not None
    match = directory.match(
        ("住房", "物业管理", "电梯故障"), "S2", "complaint",
        streets=book.places.streets, answering=book.places.answering,
    )  # fmt: skip
    assert match is not None
    assert (match.sent_to, match.limit, match.entry.note) == ("A", "24h", "老旧小区")
    assert book.desk_on(date(2022, 2, 8))[1].digest == sha256(shipped_desk()).hexdigest()
    assert book.calendar[1].days_off


def test_a_rule_is_kept_as_the_text_of_its_file_with_its_digest(folder: Path) -> None:
    load(folder)
    [policy] = load_policies(["beijing"])
    row = RuleVersion.objects.get(kind="policy")
    assert (row.name, row.version, row.digest) == (policy.name, policy.version, policy.digest)
    assert (row.valid_from, row.valid_to) == (policy.valid_from, policy.valid_to)
    for row in RuleVersion.objects.all():
        assert sha256(row.text.encode()).hexdigest() == row.digest


def test_loading_again_changes_nothing_and_says_so(folder: Path) -> None:
    assert load(folder).changes
    before = content()
    assert load(folder, again=True).changes == ()
    assert content() == before


def test_one_mistake_keeps_everything_out(folder: Path) -> None:
    replace_in(folder / "directory" / "2021-12-19.csv", "E01", "E99")
    [(file, where, what)] = refused(folder)
    assert (file, where) == ("directory/2021-12-19.csv", "line 4")
    assert "E99" in what
    assert not Unit.objects.exists()


def test_what_no_column_holds_is_named_with_its_line(folder: Path) -> None:
    replace_in(folder / "units.csv", "甲二镇", "甲" * 101)
    replace_in(folder / "categories.csv", "便利性", "便" * 200)
    assert [where for _, where, _ in refused(folder)] == ["line 4, name", "line 3, labels"]


def test_a_folder_of_another_time_zone_is_refused(folder: Path) -> None:
    replace_in(folder / "city.toml", "Asia/Shanghai", "Asia/Urumqi")
    [(file, where, what)] = refused(folder)
    assert (file, where) == ("city.toml", "time_zone")
    assert "Asia/Shanghai" in what


def test_a_changed_unit_gets_a_row_of_history_for_each_field(folder: Path) -> None:
    load(folder)
    assert set(UnitChange.objects.values_list("field", flat=True)) == {"code"}
    replace_in(folder / "units.csv", "S2,甲二镇,street,A,,2021-01-01,",
               "S2,甲二街道,street,,5000,2021-01-01,2022-01-01")  # fmt: skip
    assert "units: 1 changed, with their history" in load(folder, again=True).changes
    changes = UnitChange.objects.filter(unit__code="S2").exclude(field="code")
    assert set(changes.values_list("field", "old", "new", "actor", "on")) == {
        ("name", "甲二镇", "甲二街道", "system:load", date(2022, 3, 10)),
        ("parent", "A", "", "system:load", date(2022, 3, 10)),
        ("population", "", "5000", "system:load", date(2022, 3, 10)),
        ("valid_to", "", "2022-01-01", "system:load", date(2022, 3, 10)),
    }


def test_a_merged_unit_names_its_successor(folder: Path) -> None:
    replace_in(folder / "units.csv", "valid_to\n", "valid_to,successor\n")
    replace_in(folder / "units.csv", "2021-01-01,", "2021-01-01,2022-01-01,S1")
    load(folder)
    assert Unit.objects.get(code="S2").successor == Unit.objects.get(code="S1")


def with_end(folder: Path, day: str, successor: str = "") -> None:
    """Write into the units file that S2 ends on a day, and into which unit it was merged."""
    replace_in(folder / "units.csv", "valid_to\n", "valid_to,successor\n")
    replace_in(folder / "units.csv", "2021-01-01,", f"2021-01-01,{day},{successor}")


def received_in(place: str) -> Case:
    demand = replace(DEMAND, place=place, category=("住房", "物业管理", "停车收费"))
    operator = Actor.of(User.objects.create_user("operator", role=Role.OPERATOR))
    return receive_case(demand, by=operator, as_of=NOW).case


def test_what_a_merged_unit_left_open_goes_to_its_successor(folder: Path) -> None:
    load(folder)
    case = received_in("S2")
    clerk = User.objects.create_user("clerk", role=Role.CLERK, unit=case.unit)
    with_end(folder, "2022-03-01", "S1")
    assert "cases: 1 of merged units given to their successors" in load(folder, again=True).changes
    for row in (case, clerk):
        row.refresh_from_db()
        assert row.unit == Unit.objects.get(code="S1")
    event = case.events.order_by("-seq").first()
    assert event is not None
    assert (event.kind, event.actor) == ("unit_merged", "system:load")
    assert load(folder, again=True).changes == ()


def test_a_merger_to_come_gives_over_when_it_is_loaded_on_its_day(folder: Path) -> None:
    load(folder)
    case = received_in("S2")
    with_end(folder, "2022-03-01", "S1")
    load(folder)
    case.refresh_from_db()
    assert case.unit == Unit.objects.get(code="S2")
    load(folder, again=True)
    case.refresh_from_db()
    assert case.unit == Unit.objects.get(code="S1")


def test_a_unit_that_is_not_free_does_not_end(folder: Path) -> None:
    load(folder)
    case = received_in("S2")
    with_end(folder, "2022-03-01")
    assert refused(folder) == [
        (
            "units.csv", "valid_to",
            "unit S2 ends and is not free (open cases: 1, units below it: 0, places: 0)",
        ),
    ]  # fmt: skip
    Case.objects.filter(pk=case.pk).update(state="closed")
    replace_in(folder / "places.csv", "S2,甲二镇,street,A,", "S2,甲二镇,street,A,S2")
    assert "places: 1)" in refused(folder)[0][2]
    replace_in(folder / "places.csv", "S2,甲二镇,street,A,S2", "S2,甲二镇,street,A,S1")
    load(folder, again=True)
    assert Unit.objects.get(code="S2").valid_to == date(2022, 3, 1)


def test_open_cases_of_a_unit_whose_end_was_loaded_ahead_are_named(folder: Path) -> None:
    load(folder)
    received_in("S2")
    with_end(folder, "2022-03-01")
    assert load(folder).kept == ()
    assert load(folder, again=True).kept == ("open cases of S2, which has ended: 1",)


def test_a_unit_that_ended_before_the_folder_was_loaded_is_let_be(folder: Path) -> None:
    with_end(folder, "2022-01-01")
    replace_in(folder / "places.csv", "S2,甲二镇,street,A,", "S2,甲二镇,street,A,S2")
    load(folder)
    assert load(folder, again=True).changes == ()


def test_what_the_folder_lacks_is_named_and_stays(folder: Path) -> None:
    load(folder)
    replace_in(folder / "units.csv", "D01,住建部门,department,,,,\n", "")
    replace_in(folder / "directory" / "2021-12-19.csv", "D01", "")
    replace_in(folder / "places.csv", "S1001,多福巷社区,community,S1,\n", "")
    replace_in(folder / "categories.csv", "住房,物业管理,电梯故障,\n", "")
    replace_in(folder / "directory" / "2021-12-19.csv", "电梯故障", "")
    loaded = load(folder, again=True)
    assert loaded.kept == (
        "units that the folder lacks: D01",
        "places that the folder lacks: S1001",
    )
    assert "categories: 1 no longer in use" in loaded.changes
    assert Unit.objects.filter(code="D01").exists()
    assert Place.objects.filter(code="S1001").exists()
    assert not Category.objects.get(category_3="电梯故障").active
    assert load(folder, again=True).changes == ()


def test_a_category_that_comes_back_is_in_use_again(folder: Path) -> None:
    load(folder)
    Category.objects.update(active=False)
    assert load(folder, again=True).changes == ("categories: 3 changed",)
    assert not Category.objects.filter(active=False).exists()


def test_places_that_stay_and_no_longer_fit_are_refused(folder: Path) -> None:
    load(folder)
    replace_in(folder / "places.csv", "S1001,多福巷社区,community,S1,\n", "")
    replace_in(folder / "places.csv", "S1,甲一街道,street,A", "S1,甲一社区,community,A")
    [(file, _, what)] = refused(folder)
    assert file == "city.toml"
    assert "S1001 cannot lie in S1" in what


def test_changed_rules_of_the_same_version_replace_those_that_no_case_knew(folder: Path) -> None:
    load(folder)
    changed = shipped_desk().decode().replace("soon_hours = 24", "soon_hours = 12")
    (folder / "desk.toml").write_text(changed, "utf-8")
    loaded = load(folder, again=True)
    assert loaded.changes == (
        "desk rules 2022: replaced, for no case was dealt with by it",
        "desk rules 2022: loaded",
    )
    assert rulebook().desk_on(date(2022, 2, 8))[1].soon_hours == 12


def test_changed_rules_of_the_same_version_are_refused_once_a_case_knew_them(folder: Path) -> None:
    load(folder)
    a_case()
    changed = shipped_desk().decode().replace("soon_hours = 24", "soon_hours = 12")
    (folder / "desk.toml").write_text(changed, "utf-8")
    assert refused(folder) == [
        (
            "desk.toml",
            "version",
            "version 2022 was changed, but by it were dealt with case 20220208000001",
        )
    ]


def test_a_version_of_its_own_holds_from_its_day_and_the_case_keeps_its_rules(folder: Path) -> None:
    load(folder)
    case = a_case()
    changed = shipped_desk().decode().replace("soon_hours = 24", "soon_hours = 12")
    changed = changed.replace('version = "2022"', 'version = "2022b"')
    (folder / "desk.toml").write_text(changed, "utf-8")
    assert load(folder, again=True).changes == ("desk rules 2022b: loaded",)
    book = rulebook()
    assert book.desk_on(date(2022, 2, 8))[1].version == "2022b"
    assert book.rules_of(case.rules_id).version == "2022"
    # The folder goes back to what it was: that holds again, without another row.
    (folder / "desk.toml").unlink()
    assert load(folder, again=True).changes == ("desk rules 2022: holds again",)
    assert rulebook().desk_on(date(2022, 2, 8))[1].version == "2022"
    assert load(folder, again=True).changes == ()


def load_text(name: str) -> str:
    return files("jiesu.city").joinpath(f"shipped/policies/{name}.toml").read_text("utf-8")


def with_version(text: str, version: str, valid_from: str, valid_to: str = "") -> str:
    text = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', text)
    end = f"\nvalid_to = {valid_to}" if valid_to else ""
    return re.sub(r"(?m)^valid_from = .*$", f"valid_from = {valid_from}{end}", text)


def own_policies(folder: Path, **texts: str) -> None:
    (folder / "policies").mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / "policies" / f"{name}.toml").write_text(text, "utf-8")
    city = folder / "city.toml"
    city.write_text(city.read_text("utf-8").replace('"beijing"', '"policies"'), "utf-8")


def test_a_policy_may_be_ended_and_followed_while_its_cases_stay_as_they_were(folder: Path) -> None:
    text = load_text("beijing")
    own_policies(folder, a=with_version(text, "2021", "2018-12-19"))
    load(folder)
    a_case()
    own_policies(
        folder,
        a=with_version(text, "2021", "2018-12-19", "2022-02-19"),
        b=with_version(text, "2022", "2022-02-19"),
    )
    load(folder, again=True)
    rows = RuleVersion.objects.filter(kind="policy").order_by("valid_from")
    assert list(rows.values_list("version", "valid_to")) == [
        ("2021", date(2022, 2, 19)), ("2022", None)
    ]  # fmt: skip


def test_a_policy_is_not_ended_before_cases_that_it_judged_nor_changed(folder: Path) -> None:
    text = load_text("beijing")
    own_policies(folder, a=with_version(text, "2021", "2018-12-19"))
    load(folder)
    a_case()
    own_policies(folder, a=with_version(text, "2021", "2018-12-19", "2022-02-08"))
    assert [what for _, _, what in refused(folder)] == [
        "version 2021 was changed, but by it were dealt with case 20220208000001"
    ]
    changed = with_version(text, "2021", "2018-12-19").replace("decimals = 1", "decimals = 2")
    own_policies(folder, a=changed)
    assert refused(folder)[0][1] == "version"


def test_a_policy_whose_older_version_is_not_ended_is_refused(folder: Path) -> None:
    text = load_text("beijing")
    own_policies(folder, a=with_version(text, "2021", "2018-12-19"))
    load(folder)
    a_case()
    own_policies(folder, a=with_version(text, "2022", "2022-03-19"))
    [(_, where, what)] = refused(folder)
    assert where == "valid_to"
    assert "2021 and 2022 are both in force" in what


def test_the_newest_calendar_holds_and_an_older_one_can_come_back(folder: Path) -> None:
    load(folder)
    [first] = RuleVersion.objects.filter(kind="calendar")
    (folder / "calendar.csv").write_text("date,kind\n2022-02-08,holiday\n", "utf-8")
    load(folder, again=True)
    assert rulebook().calendar[0] != first.pk
    assert date(2022, 2, 8) in rulebook().calendar[1].days_off
    (folder / "calendar.csv").unlink()
    load(folder, again=True)
    assert rulebook().calendar[0] == first.pk
    assert RuleVersion.objects.filter(kind="calendar").count() == 2


def test_a_changed_directory_replaces_one_that_sent_nothing(folder: Path) -> None:
    load(folder)
    replace_in(folder / "directory" / "2021-12-19.csv", "2h", "24h")
    assert load(folder, again=True).changes == ("directory 2021-12-19: replaced",)
    assert DirectoryVersion.objects.get().entries.get(category_1="供暖").limit == "24h"


def test_a_changed_directory_is_refused_once_cases_were_sent_by_it(folder: Path) -> None:
    load(folder)
    unit = Unit.objects.get(code="E01")
    Dispatch.objects.create(
        case=a_case(), number=1, unit=unit, at=NOW, by="user:1", directory="2021-12-19",
        entry=4, limit="2h", contact_due_at=NOW, due_at=NOW,
    )  # fmt: skip
    path = folder / "directory" / "2021-12-19.csv"
    replace_in(path, "2h", "24h")
    [(file, _, what)] = refused(folder)
    assert file == "directory/2021-12-19.csv"
    assert "20220208000001" in what
    path.rename(folder / "directory" / "2022-03-01.csv")
    loaded = load(folder, again=True)
    assert loaded.changes == ("directory 2022-03-01: loaded",)
    assert loaded.kept == ("directories that the folder lacks: 2021-12-19",)


def test_a_table_is_the_same_version_in_whichever_form_it_comes(folder: Path) -> None:
    load(folder)
    path = folder / "directory" / "2021-12-19.csv"
    content = directory_bytes(read_entries(path), suffix=".xlsx", language="zh")
    path.unlink()
    path.with_suffix(".xlsx").write_bytes(content)
    assert load(folder, again=True).changes == ()


def test_holes_are_counted_and_do_not_keep_a_directory_out(folder: Path) -> None:
    (folder / "directory" / "2021-12-19.csv").write_text("category_1,unit\n供暖,E01\n", "utf-8")
    assert load(folder).n_holes == 4
