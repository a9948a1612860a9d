"""Setting a key in a TOML file: the rest stays as it was written."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.city.toml_edit import with_key
from jiesu.core.problems import InputError

TEXT = """# 城市
name = "小城"   # the name

[inputs]
cases = ["cases"]
policy = [
  "a.toml",  # the first
  "b.toml",
]
units = "units.csv"

[meeting]
speakers = 3
"""


def test_a_key_is_set_and_all_else_stays() -> None:
    found = with_key(TEXT, "inputs.units", "u.csv", file="city.toml")
    assert found == TEXT.replace("units.csv", "u.csv")


def test_a_value_over_several_lines_is_replaced_whole() -> None:
    found = with_key(TEXT, "inputs.policy", ["beijing"], file="city.toml")
    assert 'policy = ["beijing"]\nunits' in found
    assert "a.toml" not in found
    assert "# the name" in found


def test_a_new_key_stands_in_its_table_and_before_the_first_table() -> None:
    found = with_key(TEXT, "inputs.desk", "desk", file="city.toml")
    assert '[inputs]\ndesk = "desk"\n' in found
    found = with_key(TEXT, "calendar", "none", file="city.toml")
    assert tomllib.loads(found) == {**tomllib.loads(TEXT), "calendar": "none"}


def test_a_document_without_the_table_gets_it() -> None:
    found = with_key('name = "x"\n', "inputs.desk", "desk", file="city.toml")
    assert tomllib.loads(found) == {"name": "x", "inputs": {"desk": "desk"}}


@pytest.mark.parametrize("text", ['inputs = { units = "u", x = 1 }\n', "inputs = { x = 1 }\n"])
def test_a_way_of_writing_that_cannot_be_followed_is_refused_with_the_line_to_write(
    text: str,
) -> None:
    with pytest.raises(InputError) as caught:
        with_key(text, "inputs.units", "u.csv", file="city.toml")
    assert caught.value.problems[0].remedy == 'set it by hand: units = "u.csv"'


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20))
def test_any_text_is_read_back_as_it_was_set(value: str) -> None:
    found = with_key(TEXT, "inputs.units", value, file="city.toml")
    assert tomllib.loads(found)["inputs"]["units"] == value
