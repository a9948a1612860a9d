"""The admin: for administrators alone, reading everything and passing no action by."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from jiesu.cases.actor import Actor
from jiesu.cases.admin import base as admin_base
from jiesu.cases.admin.cases import RECORDS
from jiesu.cases.folder.directory_edit import make_draft
from jiesu.cases.models import (
    ApiKey,
    Case,
    Category,
    DirectoryEntry,
    DirectoryVersion,
    Event,
    Place,
    Role,
    RuleVersion,
    Unit,
    UnitChange,
    User,
)
from jiesu.cases.refusals import Invalid
from jiesu.cases.rulebook import local_day, rulebook
from jiesu.core.texts import Text
from tests.cases.calling import HAPPY, LIMIT, answered, due_case
from tests.cases.cast import NOW, City

pytestmark = pytest.mark.django_db
TODAY = local_day(NOW)
PAGES = sorted(admin.site._registry, key=lambda model: model.__name__)
PASSWORD = "a long and winding password"
PERSONAL = ("张三", "13800000000", "停车费突然上涨", "一号楼")


@pytest.fixture(autouse=True)
def at_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The admin's clock stands at `NOW`."""
    monkeypatch.setattr(admin_base, "now", lambda: NOW)
    for module in ("units", "directory", "entries", "people"):
        monkeypatch.setattr(f"jiesu.cases.admin.{module}.now", lambda: NOW)


def client_of(actor: Actor, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    assert actor.user is not None
    client.force_login(actor.user, backend="jiesu.project.sign_in.SiteBackend")
    return client


@pytest.fixture
def desk(city: City) -> Client:
    """An administrator's browser, in English."""
    return client_of(city.administrator)


def address(model: type[Any], page: str, *keys: object) -> str:
    return reverse(f"admin:cases_{model._meta.model_name}_{page}", args=keys)


def text_of(response: Any) -> str:
    return str(response.content.decode())


def errors_of(response: Any) -> str:
    """The messages of a form, without the page around them."""
    return " ".join(re.findall(r'class="errorlist[^>]*>(.*?)</ul>', text_of(response), re.S))


# Who gets in.


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_every_page_is_for_administrators_alone(city: City, model: type[Any]) -> None:
    place = address(model, "changelist")
    assert client_of(city.administrator).get(place).status_code == 200
    others = [city.operator, city.dispatcher, city.clerk, city.head, city.coordinator, city.caller,
              city.evaluator, city.leader, city.auditor]  # fmt: skip
    for actor in others:
        response = client_of(actor).get(place)
        assert (response.status_code, response.headers["Location"].split("?")[0]) == (
            302, "/admin/login/"
        )  # fmt: skip


def test_the_list_of_cases_is_narrowed_to_urgent_ones(city: City) -> None:
    urgent, other = city.received(urgent=True).number, city.received(new_facts=True).number
    page = text_of(
        client_of(city.administrator).get(address(Case, "changelist") + "?urgent__exact=1")
    )
    assert urgent in page
    assert other not in page


def test_a_superuser_of_another_role_is_no_administrator(city: City) -> None:
    assert city.clerk.user is not None
    User.objects.filter(pk=city.clerk.user.pk).update(is_staff=True, is_superuser=True)
    assert client_of(city.clerk).get("/admin/").status_code == 302


def test_a_closed_account_and_a_demo_account_from_elsewhere_do_not_get_in(city: City) -> None:
    user = city.administrator.user
    assert user is not None
    client = client_of(city.administrator)
    User.objects.filter(pk=user.pk).update(demo=True)
    assert client.get("/admin/", REMOTE_ADDR="127.0.0.1").status_code == 200
    assert client.get("/admin/", REMOTE_ADDR="10.0.0.7").status_code == 302
    User.objects.filter(pk=user.pk).update(demo=False, is_active=False)
    assert client.get("/admin/", REMOTE_ADDR="127.0.0.1").status_code == 302


def test_staff_of_other_roles_sign_in_and_are_shown_the_way_to_the_api(city: City) -> None:
    for actor, signs_in in ((city.operator, True), (city.administrator, True)):
        assert actor.user is not None
        actor.user.set_password(PASSWORD)
        actor.user.save()
        client = Client(headers={"accept-language": "en"})
        given = {"username": actor.user.username, "password": PASSWORD}
        client.post("/admin/login/", given)
        assert ("_auth_user_id" in client.session) is signs_in
    page = text_of(client_of(city.operator).get("/admin/login/"))
    assert "/api/v1/docs" in page
    assert "Your role works with the API" in page


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.CLIENT])
def test_residents_and_programs_do_not_sign_in(city: City, role: Role) -> None:
    User.objects.create_user("other", password=PASSWORD, role=role)
    client = Client()
    client.post("/admin/login/", {"username": "other", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


# What the pages open.


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_nothing_is_deleted_and_only_the_citys_own_lists_are_added_to(
    city: City, rf: Any, model: type[Any]
) -> None:
    page = admin.site._registry[model]
    request = rf.get("/")
    request.user = city.administrator.user
    request.META["REMOTE_ADDR"] = "127.0.0.1"
    may_add = {Unit, Place, Category, User, ApiKey, DirectoryEntry}
    assert page.has_add_permission(request) is (model in may_add)
    may_change = {Unit, Place, Category, User, DirectoryVersion, DirectoryEntry}
    assert page.has_change_permission(request) is (model in may_change)
    # A draft's line alone is deleted, and that is asked of each.
    assert page.has_delete_permission(request) is (model is DirectoryEntry)


def test_what_residents_answered_stands_on_no_page(city: City, desk: Client) -> None:
    case = due_case(city)
    answered(case, city.caller, LIMIT, replace(HAPPY, words="谢谢"))
    done = case.events.get(kind="callback_done")
    assert desk.get(address(Event, "change", done.pk)).status_code == 302
    for page in (address(Event, "changelist"), address(Case, "change", case.pk)):
        assert "callback_done" not in text_of(desk.get(page))


def test_axes_and_groups_have_no_page() -> None:
    assert {model._meta.app_label for model in PAGES} == {"cases"}


def test_a_case_is_shown_with_its_records_and_nothing_personal(city: City, desk: Client) -> None:
    case = city.received()
    for place in (
        address(Case, "changelist"),
        address(Case, "change", case.pk),
        address(Event, "changelist"),
        address(Event, "change", Event.objects.latest("pk").pk),
    ):
        page = text_of(desk.get(place))
        assert case.number in page
        assert not [word for word in PERSONAL if word in page]
    page = text_of(desk.get(address(Case, "change", case.pk)))
    assert all(words in page for words in ("Dispatches", "Events", "dispatched", "complaint"))
    assert "Whistles" not in page


def test_every_column_of_a_cases_records_has_a_name_in_chinese() -> None:
    with translation.override("zh-hans"):
        unnamed = [
            f"{rows.model.__name__}.{name}"
            for rows in RECORDS
            for name in rows.fields or ()
            if rows.model is not Event
            and str(rows.model._meta.get_field(name).verbose_name).isascii()
        ]
    assert unnamed == []


def test_a_case_is_found_by_its_whole_number(city: City, desk: Client) -> None:
    first, second = city.received(), city.received()
    page = text_of(desk.get(address(Case, "changelist"), {"q": first.number}))
    assert first.number in page
    assert f">{second.number}<" not in page
    assert "0 results" in text_of(desk.get(address(Case, "changelist"), {"q": "2022"}))


@pytest.mark.parametrize("model", [Case, Event, RuleVersion])
def test_what_is_read_only_takes_no_writing(city: City, desk: Client, model: type[Any]) -> None:
    city.received()
    row = model.objects.latest("pk")
    before = model.objects.filter(pk=row.pk).values()[0]
    assert desk.post(address(model, "change", row.pk), {"kind": "x"}).status_code == 403
    assert desk.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert desk.get(address(model, "add")).status_code == 403
    assert model.objects.filter(pk=row.pk).values()[0] == before


def test_a_rule_is_shown_with_its_whole_text(city: City, desk: Client) -> None:
    row = RuleVersion.objects.get(kind="desk")
    page = text_of(desk.get(address(RuleVersion, "change", row.pk)))
    assert "number_format" in page
    assert row.digest in page


def test_pages_are_in_chinese_unless_english_is_chosen(city: City) -> None:
    page = text_of(client_of(city.administrator, "zh-CN").get("/admin/"))
    assert "派单目录" in page
    client = Client()
    assert city.administrator.user is not None
    client.force_login(city.administrator.user, backend="jiesu.project.sign_in.SiteBackend")
    assert "派单目录" in text_of(client.get("/admin/"))
    client.post("/i18n/setlang/", {"language": "en", "next": "/admin/"})
    page = text_of(client.get("/admin/"))
    assert "Directories" in page
    assert not re.findall("[\u4e00-\u9fff]+", page.replace("中文", ""))


# Units, places, categories.


def unit_form(unit: Unit, **changes: object) -> dict[str, object]:
    form: dict[str, object] = {
        "name": unit.name, "kind": unit.kind, "parent": unit.parent_id or "",
        "population": unit.population or "", "valid_from": unit.valid_from or "",
        "valid_to": unit.valid_to or "", "on": TODAY.isoformat(),
        "changes-TOTAL_FORMS": 0, "changes-INITIAL_FORMS": 0,
    }  # fmt: skip
    return {**form, **changes}


def test_a_units_changes_go_through_the_actions_and_into_its_history(
    city: City, desk: Client
) -> None:
    unit = city.unit["110101002"]
    change = unit_form(unit, name="景山新街道", parent=city.unit["110102"].pk, population=9)
    response = desk.post(address(Unit, "change", unit.pk), change)
    assert response.status_code == 302, errors_of(response)
    assert set(UnitChange.objects.values_list("field", "old", "new", "actor")) == {
        ("name", "景山街道", "景山新街道", city.administrator.name),
        ("parent", "110101", "110102", city.administrator.name),
        ("population", "", "9", city.administrator.name),
    }
    assert rulebook().units["110101002"].name == "景山新街道"
    assert "景山新街道" in text_of(desk.get(address(Unit, "change", unit.pk)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"on": (TODAY + timedelta(days=3)).isoformat(), "name": "新"}, "wait for the day"),
        ({"parent": "110101001"}, "one below it"),
        ({"valid_to": TODAY.isoformat()}, "merge it"),
        ({"name": ""}, "required"),
    ],
)
def test_a_change_that_an_action_refuses_is_said_at_its_field_and_changes_nothing(
    city: City, desk: Client, changes: dict[str, object], said: str
) -> None:
    if changes.get("parent"):
        changes = {"parent": city.unit[str(changes["parent"])].pk}
    unit = city.unit["110101"]
    response = desk.post(address(Unit, "change", unit.pk), unit_form(unit, **changes))
    assert said in errors_of(response)
    assert not UnitChange.objects.exists()


def test_a_refusal_is_said_in_the_language_of_the_page(city: City) -> None:
    unit, chinese = city.unit["110101"], client_of(city.administrator, "zh-hans")
    for changes, said in (
        (
            {"on": (TODAY + timedelta(days=3)).isoformat(), "name": "新"},
            "变更须在生效当日或之后登记",
        ),
        ({"parent": city.unit["110101001"].pk}, "不能是本单位或其下级单位"),
        ({"valid_to": TODAY.isoformat()}, "下级单位2个，地点1个"),
    ):
        response = chinese.post(address(Unit, "change", unit.pk), unit_form(unit, **changes))
        assert said in errors_of(response)


@pytest.mark.parametrize(
    ("language", "at_the_field", "at_the_form"),
    [("zh-hans", "名称没有变化", "name: 名称没有变化"), ("en", "this is", "name: this is")],
)
def test_a_refusal_stands_at_the_fields_that_a_form_has(
    language: str, at_the_field: str, at_the_form: str
) -> None:
    wrong = Invalid({"name": Text("this is its name already")})
    with translation.override(language):
        [said] = admin_base.refused(wrong, ["name"]).message_dict["name"]
        assert said.startswith(at_the_field)
        [said] = admin_base.refused(wrong, ["code"]).messages
        assert said.startswith(at_the_form)


def test_a_new_unit_begins_its_history(city: City, desk: Client) -> None:
    form = {"code": "D09", "name": "新部门", "kind": "department", "on": TODAY.isoformat()}
    assert desk.post(address(Unit, "add"), form).status_code == 302
    [row] = UnitChange.objects.all()
    assert (row.unit.code, row.field, row.new) == ("D09", "code", "D09")
    assert "D09" in rulebook().units
    assert "no ;" in errors_of(desk.post(address(Unit, "add"), {**form, "code": "D;1"}))


def test_units_are_merged_after_it_was_asked_into_which(city: City, desk: Client) -> None:
    case = city.received()
    unit, into = city.unit["110101001"], city.unit["110101002"]
    chosen = {"action": "merge", "_selected_action": [unit.pk]}
    page = text_of(desk.post(address(Unit, "changelist"), chosen))
    assert "110101002 景山街道" in page
    assert Unit.objects.get(pk=unit.pk).successor is None
    given = {**chosen, "into": into.pk, "on": TODAY.isoformat()}
    assert desk.post(address(Unit, "changelist"), given).status_code == 302
    assert Unit.objects.get(pk=unit.pk).successor == into
    case.refresh_from_db()
    assert case.unit == into


def test_a_place_lies_only_in_a_larger_one(city: City, desk: Client) -> None:
    street, community = Place.objects.get(code="110101001"), Place.objects.get(kind="community")
    form = {"name": "东华门街道", "kind": "street", "parent": community.pk, "unit": ""}
    wrong = desk.post(address(Place, "change", street.pk), form)
    assert "lie in streets" in errors_of(wrong)
    form |= {"parent": street.parent_id or "", "kind": "community"}
    assert "too large" in errors_of(desk.post(address(Place, "change", street.pk), form))
    form |= {"kind": "street", "unit": city.unit["D01"].pk}
    assert desk.post(address(Place, "change", street.pk), form).status_code == 302
    assert rulebook().places["110101001"].unit == "D01"


def test_a_place_for_which_no_unit_answers_is_refused_as_by_the_reader_of_a_folder(
    city: City, desk: Client
) -> None:
    new, street = address(Place, "add"), Place.objects.get(code="110101002")
    form = {"code": "110101009", "name": "新街道", "kind": "street", "unit": ""}
    for parent in ("", Place.objects.get(code="110101").pk):
        wrong = errors_of(desk.post(new, {**form, "parent": parent}))
        assert "1 places have no unit to answer for them: 110101009" in wrong
    chinese = client_of(city.administrator, "zh-hans")
    assert "1 个地点没有负责单位：110101009" in errors_of(chinese.post(new, form))
    for code in ("@street", "ZZ3;4", "(街道)"):
        given = {**form, "code": code, "unit": city.unit["D01"].pk}
        assert "no ;" in errors_of(desk.post(new, given))
    assert "already exists" in errors_of(desk.post(new, {**form, "code": "110101"}))
    assert not Place.objects.filter(name="新街道").exists()
    with_unit = {**form, "unit": city.unit["D01"].pk}
    assert desk.post(new, with_unit).status_code == 302
    assert desk.post(new, {**form, "code": "C9", "kind": "community"}).status_code == 302
    # With its own code it needs no unit.
    above = street.parent_id or ""
    given = {"name": street.name, "kind": "street", "parent": above, "unit": ""}
    assert desk.post(address(Place, "change", street.pk), given).status_code == 302
    directory = DirectoryVersion.objects.get()
    DirectoryEntry.objects.filter(directory=directory, unit="E01").update(place="110101002")
    wrong = errors_of(
        desk.post(address(Place, "change", street.pk), {**given, "kind": "community"})
    )
    assert "110101002" in wrong


def test_a_merged_unit_stays_of_the_kind_of_its_successor(city: City, desk: Client) -> None:
    old, new = city.unit["110101001"], city.unit["110101002"]
    Unit.objects.filter(pk=old.pk).update(successor=new, valid_to=TODAY)
    for unit in (Unit.objects.get(pk=old.pk), new):
        given = unit_form(unit, kind="department")
        wrong = errors_of(desk.post(address(Unit, "change", unit.pk), given))
        assert "one of their own kind" in wrong


def test_a_category_out_of_use_is_offered_no_more(city: City, desk: Client) -> None:
    row = Category.objects.get(category_3="停车收费")
    form = {"labels": "便利性；宜居性"}
    assert desk.post(address(Category, "change", row.pk), form).status_code == 302
    row.refresh_from_db()
    assert (row.labels, row.active) == ("便利性;宜居性", False)
    assert ("住房", "物业管理", "停车收费") not in rulebook().categories
    named = Category.objects.get(category_3="电梯故障")
    wrong = errors_of(desk.post(address(Category, "change", named.pk), form))
    assert "The directory does not fit to this" in wrong
    levels = ("category_1", "category_2", "category_3")
    same = {level: getattr(named, level) for level in levels}
    assert "already exists" in errors_of(desk.post(address(Category, "add"), same))


# The directory.


@pytest.fixture
def draft(city: City) -> DirectoryVersion:
    source = DirectoryVersion.objects.get(version="2022")
    return make_draft(name="draft", source=source, by=city.administrator, as_of=NOW)


def lines_form(draft: DirectoryVersion, *added: dict[str, str], **first: str) -> dict[str, object]:
    """What the page of a draft sends: its lines, the first one changed, and new ones."""
    columns = ("category_1", "category_2", "category_3", "place", "kind", "unit", "assist_units",
               "via", "limit", "note")  # fmt: skip
    rows = list(draft.entries.order_by("number"))
    form: dict[str, object] = {
        "version": draft.version,
        "entries-TOTAL_FORMS": len(rows) + len(added), "entries-INITIAL_FORMS": len(rows),
    }  # fmt: skip
    for at, row in enumerate(rows):
        form[f"entries-{at}-id"], form[f"entries-{at}-directory"] = row.pk, draft.pk
        form |= {f"entries-{at}-{column}": getattr(row, column) for column in columns}
    form |= {f"entries-0-{column}": text for column, text in first.items()}
    for at, values in enumerate(added, start=len(rows)):
        form |= {f"entries-{at}-directory": draft.pk, f"entries-{at}-via": "direct"}
        form |= {f"entries-{at}-{column}": text for column, text in values.items()}
    return form


def test_a_drafts_lines_are_changed_added_and_removed(
    desk: Client, draft: DirectoryVersion
) -> None:
    added = {"category_1": "交通管理", "unit": "（属地区）", "via": "district"}
    form = lines_form(draft, added, unit="(district)", limit="15d")
    form["entries-1-DELETE"] = "on"
    response = desk.post(address(DirectoryVersion, "change", draft.pk), form)
    assert response.status_code == 302, errors_of(response)
    rows = draft.entries.order_by("number").values_list("number", "category_1", "unit", "limit")
    assert list(rows) == [
        (2, "住房", "@district", "15d"),
        (4, "供暖", "E01", "2h"),
        (5, "城市管理", "@street", "15d"),
        (6, "交通管理", "@district", ""),
    ]
    assert DirectoryVersion.objects.get(version="2022").entries.count() == 4


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"unit": "X9"}, "No unit has the code X9"),
        ({"assist_units": "D01;X9"}, "No unit has the code X9"),
        ({"category_1": "没有"}, "not in the category tree"),
        ({"place": "110101001001"}, "No street and no district"),
        ({"category_3": "x"}, "name the level above too"),
        ({"unit": "D01", "assist_units": "D01"}, "a unit stands twice"),
        ({"limit": "9h"}, "Select a valid choice"),
        ({"unit": ""}, "required"),
    ],
)
def test_a_line_that_cannot_be_is_refused_at_its_column(
    desk: Client, draft: DirectoryVersion, line: dict[str, str], said: str
) -> None:
    response = desk.post(address(DirectoryVersion, "change", draft.pk), lines_form(draft, **line))
    assert said in errors_of(response)
    assert draft.entries.get(number=2).unit == "@street"


def test_a_version_in_force_takes_no_change(city: City, desk: Client) -> None:
    version = DirectoryVersion.objects.get(version="2022")
    entry = version.entries.get(number=4)
    form = lines_form(version, limit="15d")
    assert desk.post(address(DirectoryVersion, "change", version.pk), form).status_code == 403
    place = address(DirectoryEntry, "change", entry.pk)
    assert (
        desk.post(place, {"category_1": "供暖", "unit": "D01", "via": "direct"}).status_code == 403
    )
    assert (
        desk.post(address(DirectoryEntry, "delete", entry.pk), {"post": "yes"}).status_code == 403
    )
    added = {"directory": version.pk, "category_1": "供暖", "unit": "D01", "via": "direct"}
    assert "valid choice" in errors_of(desk.post(address(DirectoryEntry, "add"), added))
    assert desk.get(reverse("admin:desk_force", args=[version.pk])).status_code == 404
    assert desk.post(reverse("admin:desk_remove", args=[version.pk])).status_code == 404
    assert [row.limit for row in version.entries.all()] == ["7d", "24h", "2h", "15d"]


def test_a_draft_is_made_checked_and_put_in_force_on_its_pages(city: City, desk: Client) -> None:
    version = DirectoryVersion.objects.get(version="2022")
    place = reverse("admin:desk_draft_of", args=[version.pk])
    assert desk.post(place, {"name": "春季"}).status_code == 302
    draft = DirectoryVersion.objects.get(version="春季")
    check = text_of(desk.get(reverse("admin:desk_check", args=[draft.pk])))
    assert "交通管理/*/*" in check
    force = reverse("admin:desk_force", args=[draft.pk])
    day = (TODAY + timedelta(days=1)).isoformat()
    assert "say why" in errors_of(desk.post(force, {"valid_from": day}))
    assert desk.post(force, {"valid_from": day, "despite": "试行"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.version, draft.in_force, draft.despite) == (day, True, "试行")


def test_a_spreadsheet_goes_out_and_comes_back_as_a_draft(city: City, desk: Client) -> None:
    version = DirectoryVersion.objects.get(version="2022")
    for form in ("csv", "xlsx"):
        response = desk.get(reverse("admin:desk_export", args=[version.pk, form]))
        file = SimpleUploadedFile(f"目录.{form}", response.content)
        given = {"name": f"from {form}", "file": file}
        assert desk.post(reverse("admin:desk_import"), given).status_code == 302
        draft = DirectoryVersion.objects.get(version=f"from {form}")
        assert draft.entries.count() == version.entries.count()
    wrong = SimpleUploadedFile("x.csv", "category_1,unit\n,\n供暖,\n".encode())
    page = text_of(desk.post(reverse("admin:desk_import"), {"name": "x", "file": wrong}))
    assert "x.csv, line 3, unit" in page
    assert not DirectoryVersion.objects.filter(version="x").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("目录.csv", "一级分类,主办单位\n供暖,\n", "目录.csv，第2行，主办单位：此项为空；"),
        (
            "目录.csv",
            "一级分类\n供暖\n",
            "目录.csv，第1行：缺少“主办单位”列；首行应为：一级分类,主办单位,",
        ),
        (
            "目录.csv",
            "category_1,unit\n供暖,E01,2\n",
            "目录.csv，第2行：有3个单元格，而首行有2个；",
        ),
        ("目录.xlsx", "no workbook", "目录.xlsx：不是 Excel 工作簿，或已损坏；"),
        ("目录.doc", "", "目录.doc：既不是 .csv 也不是 .xlsx 文件；"),
    ],
)
def test_mistakes_of_a_spreadsheet_are_said_in_chinese(
    city: City, name: str, content: str, said: str
) -> None:
    file = SimpleUploadedFile(name, content.encode() or b"x")
    given = {"name": "x", "file": file}
    page = text_of(
        client_of(city.administrator, "zh-hans").post(reverse("admin:desk_import"), given)
    )
    assert said in page


def test_a_draft_of_many_lines_is_changed_line_by_line(
    desk: Client, draft: DirectoryVersion
) -> None:
    DirectoryEntry.objects.bulk_create(
        DirectoryEntry(directory=draft, number=number, unit="E01") for number in range(10, 200)
    )
    page = text_of(desk.get(address(DirectoryVersion, "change", draft.pk)))
    assert "There are 194 lines" in page
    assert 'name="entries-0-unit"' not in page
    entry = draft.entries.get(number=10)
    form = {"category_1": "供暖", "unit": "D02", "via": "direct"}
    assert desk.post(address(DirectoryEntry, "change", entry.pk), form).status_code == 302
    assert draft.entries.get(number=10).unit == "D02"
    added = {**form, "directory": draft.pk}
    assert desk.post(address(DirectoryEntry, "add"), added).status_code == 302
    assert draft.entries.order_by("number").last() == draft.entries.get(number=200)


def test_a_draft_is_removed_after_it_was_asked(desk: Client, draft: DirectoryVersion) -> None:
    place = reverse("admin:desk_remove", args=[draft.pk])
    assert desk.get(place).status_code == 200
    assert DirectoryVersion.objects.filter(pk=draft.pk).exists()
    assert desk.post(place).status_code == 302
    assert not DirectoryVersion.objects.filter(pk=draft.pk).exists()


# Accounts and keys.


def user_form(**values: object) -> dict[str, object]:
    return {
        "username": "new", "role": Role.CLERK, "unit": "", "password1": PASSWORD,
        "password2": PASSWORD, **values,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("role", "unit", "said"),
    [
        (Role.CLERK, "", "choose one"),
        (Role.HEAD, "", "choose one"),
        (Role.COORDINATOR, "", "choose one"),
        (Role.COORDINATOR, "D01", "is a district"),
        (Role.OPERATOR, "D01", "whole city"),
        (Role.AUDITOR, "D01", "whole city"),
        (Role.RESIDENT, "", "valid choice"),
    ],
)
def test_role_and_unit_of_an_account_fit_to_each_other(
    city: City, desk: Client, role: Role, unit: str, said: str
) -> None:
    form = user_form(role=role, unit=city.unit[unit].pk if unit else "")
    assert said in errors_of(desk.post(address(User, "add"), form))
    assert not User.objects.filter(username="new").exists()


@pytest.mark.parametrize(
    ("role", "unit", "is_staff"),
    [
        (Role.CLERK, "D01", False),
        (Role.COORDINATOR, "110101", False),
        (Role.OPERATOR, "", False),
        (Role.ADMINISTRATOR, "", True),
    ],
)
def test_an_account_gets_djangos_marks_from_its_role(
    city: City, desk: Client, role: Role, unit: str, is_staff: bool
) -> None:
    form = user_form(role=role, unit=city.unit[unit].pk if unit else "")
    response = desk.post(address(User, "add"), form)
    assert response.status_code == 302, errors_of(response)
    user = User.objects.get(username="new")
    assert (user.is_staff, user.is_superuser) == (is_staff, is_staff)
    assert user.check_password(PASSWORD)
    page = text_of(desk.get(address(User, "change", user.pk)))
    assert user.password not in page
    assert 'name="password"' not in page
    closed = {"username": "new", "role": Role.OPERATOR, "unit": ""}
    assert desk.post(address(User, "change", user.pk), closed).status_code == 302
    user.refresh_from_db()
    assert (user.is_active, user.is_staff, user.role) == (False, False, "operator")


def test_a_unit_that_has_ended_takes_no_accounts(city: City, desk: Client) -> None:
    Unit.objects.filter(code="D02").update(valid_to=TODAY)
    form = user_form(unit=city.unit["D02"].pk)
    assert "not in office" in errors_of(desk.post(address(User, "add"), form))


def test_the_last_administrator_stays_one(city: City, desk: Client) -> None:
    user = city.administrator.user
    assert user is not None
    for change in ({"role": Role.OPERATOR, "is_active": "on"}, {"role": Role.ADMINISTRATOR}):
        form = {"username": user.username, "unit": "", **change}
        response = desk.post(address(User, "change", user.pk), form)
        assert "last administrator" in errors_of(response)
    User.objects.create_user("second", role=Role.ADMINISTRATOR)
    form = {"username": user.username, "unit": "", "role": Role.OPERATOR, "is_active": "on"}
    assert desk.post(address(User, "change", user.pk), form).status_code == 302


def test_a_key_is_shown_once_and_revoked(city: City, desk: Client) -> None:
    program = User.objects.create_user("program", role=Role.CLIENT)
    form = {"user": program.pk, "name": "feed", "scopes": ["read", "feed"]}
    page = text_of(desk.post(address(ApiKey, "add"), form))
    key = ApiKey.objects.get()
    [shown] = re.findall(r'<pre class="desk-text">(.*?)</pre>', page)
    assert shown.startswith(key.prefix) or key.prefix in shown
    assert (key.user, sorted(key.scopes)) == (program, ["feed", "read"])
    for place in (address(ApiKey, "changelist"), address(ApiKey, "change", key.pk)):
        assert shown not in text_of(desk.get(place))
    chosen = {"action": "revoke", "_selected_action": [key.pk]}
    assert desk.post(address(ApiKey, "changelist"), chosen).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at == NOW


def test_a_key_that_the_action_refuses_is_not_made(city: City, desk: Client) -> None:
    assert city.administrator.user is not None
    form = {"user": city.administrator.user.pk, "name": "x", "scopes": ["read"]}
    assert "in person" in errors_of(desk.post(address(ApiKey, "add"), form))
    assert "required" in errors_of(desk.post(address(ApiKey, "add"), {"name": "x"}))
    assert not ApiKey.objects.exists()
