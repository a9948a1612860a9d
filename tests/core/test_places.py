"""Places: in what they lie and who answers for them."""

import pytest

from jiesu.core.places import Place, Places, places_of_units
from jiesu.core.units import Unit, Units

PLACES = Places.of(
    [
        Place("E", "东区", "district", unit="gov"),
        Place("E1", "东一街道", "street", "E"),
        Place("E101", "第一社区", "community", "E1"),
        Place("E102", "第二社区", "community", "E1", "office-2"),
        Place("E900", "直管社区", "community", "E"),
        Place("X1", "飞地街道", "street"),
        Place("X101", "飞地社区", "community"),
    ]
)


def test_every_place_has_its_street_and_its_district_where_it_lies_in_one() -> None:
    found = {code: (PLACES.street_of(code), PLACES.district_of(code)) for code in PLACES.by_code}
    assert found == {
        "E": (None, "E"),
        "E1": ("E1", "E"),
        "E101": ("E1", "E"),
        "E102": ("E1", "E"),
        "E900": (None, "E"),
        "X1": ("X1", None),
        "X101": (None, None),
    }
    assert PLACES.streets == {"E1": "E", "X1": ""}
    assert PLACES.districts == ("E",)
    assert PLACES.children("E") == ("E1", "E900")
    assert [place.code for place in PLACES.upward("E101")] == ["E101", "E1", "E"]


def test_the_unit_of_a_place_is_its_own_or_that_with_its_code_or_that_of_the_place_above() -> None:
    assert PLACES.answering == {
        "E": "gov",
        "E1": "E1",
        "E101": "E1",
        "E102": "office-2",
        "E900": "gov",
        "X1": "X1",
        "X101": "X101",
    }


@pytest.mark.parametrize(
    "places",
    [
        [Place("a", "a", "street"), Place("b", "b", "street", "a")],
        [Place("a", "a", "community"), Place("b", "b", "district", "a")],
        [Place("a", "a", "street", "a")],
        [Place("a", "a", "village")],
    ],
)
def test_a_place_lies_only_in_a_larger_one_so_that_there_is_no_circle(places: list[Place]) -> None:
    with pytest.raises(ValueError, match=r"lie in|kind of place"):
        Places.of(places)


def test_without_a_list_the_places_are_the_districts_and_the_streets_among_the_units() -> None:
    units = Units.of(
        [
            Unit("C", "市政府", "city"),
            Unit("E", "东区", "district", "C"),
            Unit("E1", "东一街道", "street", "E"),
            Unit("X1", "直属街道", "street", "C"),
            Unit("D1", "住房部门", "department", "C"),
        ]
    )
    assert list(places_of_units(units)) == [
        Place("E", "东区", "district"),
        Place("E1", "东一街道", "street", "E"),
        Place("X1", "直属街道", "street"),
    ]
