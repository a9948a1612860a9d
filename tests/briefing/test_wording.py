"""How documents write names."""

import pytest

from jiesu.briefing.wording import full_name, unit_name
from jiesu.core.units import Unit

UNITS = {
    "A": Unit("A", "朝阳区", "district"),
    "A1": Unit("A1", "八里庄街道", "street", "A"),
    "A2": Unit("A2", "朝阳区消防支队", "department", "A"),
    "B1": Unit("B1", "八里庄街道", "street", "B"),
}


@pytest.mark.parametrize(
    ("name", "above", "lang", "shown"),
    [
        ("八里庄街道", "朝阳区", "zh", "朝阳区八里庄街道"),
        ("八里庄街道", "朝阳区", "en", "朝阳区 八里庄街道"),
        ("Dorchester", "Boston", "zh", "Boston Dorchester"),
        ("朝阳区消防支队", "朝阳区", "zh", "朝阳区消防支队"),
        ("八里庄街道", "", "zh", "八里庄街道"),
        ("八里庄\u202e街道", "朝阳\n区", "zh", "朝阳 区八里庄 街道"),
    ],
)
def test_a_name_has_that_of_the_unit_above_before_it(
    name: str, above: str, lang: str, shown: str
) -> None:
    assert full_name(name, above, lang) == shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("A1", "朝阳区八里庄街道"),
        ("A2", "朝阳区消防支队"),
        ("A", "朝阳区"),
        # The district of this one is not in the list.
        ("B1", "八里庄街道"),
        ("C\x1b", "C"),
    ],
)
def test_a_unit_is_named_by_its_code_as_far_as_it_is_known(code: str, shown: str) -> None:
    assert unit_name(code, UNITS, "zh") == shown
