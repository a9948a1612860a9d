"""Units, places, the directory and the rules are read as they stand today."""

from datetime import timedelta

from jiesu.cases.actions.assistance import blow_whistle, end_whistle, report_whistle
from jiesu.cases.actions.units import end_unit, merge_units
from jiesu.cases.actor import Actor
from jiesu.cases.models import DirectoryEntry, DirectoryVersion, Role, User
from jiesu.cases.rulebook import local_day, rules_changed
from tests.api.callers import Callers
from tests.cases.cast import DIRECTORY, HEATING, NOW, UNITS, City


def test_units_are_listed_page_by_page_and_read_by_code(callers: Callers, city: City) -> None:
    seen: list[str] = []
    path = "/units?limit=3"
    while path:
        body = callers["clerk"].get(path).body
        seen += [unit["code"] for unit in body["items"]]
        path = f"/units?limit=3&cursor={body['next']}" if body["next"] else ""
    assert seen == [code for code, *_ in UNITS]
    streets = callers["clerk"].get("/units?kind=street&parent=110101").body["items"]
    assert [unit["name"] for unit in streets] == ["东华门街道", "景山街道"]
    one = callers["client"].get("/units/D01").body
    assert (one["name"], one["kind"], one["parent"]) == ("住建部门", "department", None)
    assert callers["client"].get("/units/D99").status == 404
    assert callers["client"].get("/units/%00").status == 404


def test_places_name_the_unit_that_answers_for_them(callers: Callers, city: City) -> None:
    places = callers["clerk"].get("/places?parent=110101001").body["items"]
    assert [(one["code"], one["kind"]) for one in places] == [("110101001001", "community")]
    districts = callers["clerk"].get("/places?kind=district").body["items"]
    assert [one["unit"] for one in districts] == ["110101", "110102"]


def test_the_directory_says_where_a_case_would_go_and_why(callers: Callers, city: City) -> None:
    asked = "/directory/match?category_1=住房&category_2=物业管理&category_3=电梯故障"
    answer = callers["clerk"].get(f"{asked}&place=110101001")
    assert answer.status == 200, answer.body
    assert answer.body["unit"]["code"] == "110101001"
    assert (answer.body["limit"], answer.body["line"]) == ("24h", 3)
    assert "住房" in answer.body["explanation"]
    hole = callers["clerk"].get("/directory/match?category_1=交通管理&place=110101001")
    assert (hole.status, hole.code) == (404, "no_unit")
    heating = "/directory/match?category_1=供暖"
    assert callers["clerk"].get(heating).body["unit"]["code"] == "E01"
    end_unit(code="E01", on=local_day(NOW), by=city.administrator, as_of=NOW)
    assert callers["clerk"].get(heating).code == "no_unit"
    assert callers["clerk"].get("/directory/match?category_1=火星").status == 422
    assert callers["clerk"].get(f"{asked}&place=9").status == 422
    assert callers["clerk"].get("/directory/match").status == 422


def test_of_a_merged_unit_the_directory_names_the_successor_that_gets_the_case(
    callers: Callers, city: City
) -> None:
    on, by = local_day(NOW), city.administrator
    DirectoryEntry.objects.filter(category_1="供暖").update(unit="D01", assist_units="D02")
    merge_units(codes=["D01"], into="D02", on=on, by=by, as_of=NOW)
    parking = "/directory/match?category_1=住房&category_2=物业管理&category_3=停车收费"
    body = callers["clerk"].get(f"{parking}&place=110101001").body
    assert [unit["code"] for unit in body["assist_units"]] == ["D02"]
    answer = callers["clerk"].get("/directory/match?category_1=供暖", Accept_Language="en")
    assert answer.body["unit"] == {"code": "D02", "name": "城管部门"}
    assert answer.body["assist_units"] == []
    assert "住建部门 was merged into 城管部门" in answer.body["explanation"]
    assert city.received(HEATING).unit == city.unit["D02"]
    merge_units(codes=["110101"], into="110102", on=on, by=by, as_of=NOW)
    stalls = "/directory/match?category_1=城市管理&place=110101001"
    body = callers["clerk"].get(stalls).body
    assert (body["unit"]["code"], body["through"]["code"]) == ("110101001", "110102")


def test_the_directory_is_read_line_by_line(callers: Callers, city: City) -> None:
    first = callers["clerk"].get("/directory?limit=3").body
    rest = callers["clerk"].get(f"/directory?limit=3&cursor={first['next']}").body
    lines = [one["line"] for one in (*first["items"], *rest["items"])]
    assert lines == list(range(2, 2 + len(DIRECTORY)))
    DirectoryVersion.objects.update(valid_from=(NOW + timedelta(days=9)).date())
    rules_changed()
    assert callers["clerk"].get("/directory").code == "no_directory"


def test_the_rules_speak_the_language_of_the_request(callers: Callers, city: City) -> None:
    chinese = callers["client"].get("/rules").body
    english = callers["client"].get("/rules", Accept_Language="en").body
    limit = {one["key"]: one for one in english["limits"]}["7d"]
    assert (limit["resolution"], limit["resolution_unit"]) == (7, "natural_day")
    assert limit["title"] == "general (7 days)"
    assert {one["use"] for one in chinese["reasons"]} >= {"disposition", "exclusion", "appeal"}
    assert chinese["channels"] != english["channels"]
    categories = callers["client"].get("/categories").body["items"]
    assert categories[0]["labels"] == ["宜居性"]


def test_figures_are_there_when_they_were_counted(callers: Callers, city: City) -> None:
    for path in ("/figures/running", "/figures/2022-02", "/figures/x", "/figures/%00"):
        answer = callers["leader"].get(path)
        assert (answer.status, answer.code) == (404, "no_such_figures")
    assert callers["client"].get("/figures/running").status == 403


def test_the_marks_of_whistles_are_read_by_month(callers: Callers, city: City) -> None:
    case = city.received()
    [whistle] = blow_whistle(
        case_id=case.pk, units=["D02"], matter="请到现场", by=city.clerk, as_of=NOW
    )
    assert callers["leader"].get("/figures/2022-03/whistles").body == {"items": []}
    department = User.objects.create_user("d02", role=Role.CLERK, unit=city.unit["D02"])
    by = Actor.of(department)
    report_whistle(case_id=case.pk, whistle_id=whistle.pk, report="已到", by=by, as_of=NOW)
    end_whistle(case_id=case.pk, whistle_id=whistle.pk, mark=4, by=city.clerk, as_of=NOW)
    items = callers["leader"].get("/figures/2022-02/whistles").body["items"]
    found = {one["unit"]["code"]: one for one in items}
    assert (found["110101001"]["n_blown"], found["110101001"]["n_marked_as_street"]) == (1, 0)
    assert (found["D02"]["n_reported_in_time"], found["D02"]["sum_as_department"]) == (1, 4)
    for path in ("/figures/x/whistles", "/figures/%00/whistles", "/figures/2022-13/whistles"):
        answer = callers["leader"].get(path)
        assert (answer.status, answer.code) == (404, "no_such_figures")
