"""Texts for people: English by themselves, and said in a language by whoever translates."""

from jiesu.core.texts import Text
from jiesu.core.worktime import Limit

CHINESE = {
    "at most {n} files": "最多{n}个文件",
    "{what}: {remedy}": "{what}，{remedy}",
    "too many": "过多",
    "at most {limit}": "最长{limit}",
    "a {brace}": "一个{brace}",
}


def chinese(text: Text) -> str:
    return text.said("zh", CHINESE.__getitem__)


def test_a_text_is_its_english() -> None:
    text = Text("at most {n} files", n=9)
    assert text == str(text) == f"{text}" == "at most 9 files"


def test_a_text_is_said_with_its_values() -> None:
    assert chinese(Text("at most {n} files", n=9)) == "最多9个文件"


def test_a_text_within_a_text_is_said_too() -> None:
    text = Text("{what}: {remedy}", what=Text("too many"), remedy=Text("at most {n} files", n=9))
    assert text == "too many: at most 9 files"
    assert chinese(text) == "过多，最多9个文件"


def test_a_value_may_depend_on_the_language() -> None:
    text = Text("at most {limit}", limit=Limit("general", 7, "natural_day").words)
    assert text == "at most 7 natural days"
    assert chinese(text) == f"最长{Limit('general', 7, 'natural_day').words('zh')}"


def test_a_template_without_values_is_taken_as_it_is_and_filled_later() -> None:
    text = Text("a {brace}")
    assert (text, chinese(text)) == ("a {brace}", "一个{brace}")
    assert text.filled(brace="{x}") == "a {x}"
    assert chinese(text.filled(brace="{x}")) == "一个{x}"
