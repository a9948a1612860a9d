"""The one check of words that people write."""

import hypothesis
import pytest
from hypothesis import strategies as st

from jiesu.cases.privacy.words import MAX_WORDS, checked_words, fault_of
from jiesu.cases.refusals import Invalid


@hypothesis.given(st.text(max_size=200))
def test_a_text_is_taken_without_blanks_at_its_ends_or_refused_by_its_field(text: str) -> None:
    wrong = not text.strip() or "\x00" in text
    if wrong:
        with pytest.raises(Invalid) as caught:
            checked_words("note", text)
        assert set(caught.value.fields) == {"note"}
    else:
        assert checked_words("note", text) == text.strip()


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x\udfff", "x" * (MAX_WORDS + 1)])
def test_a_refusal_does_not_repeat_what_was_written(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked_words("note", text)
    assert text not in str(caught.value)


def test_the_longest_text_is_taken_and_one_more_character_is_not() -> None:
    assert checked_words("note", "字" * 5, longest=5) == "字" * 5
    assert fault_of("字" * 6, 5) is not None


def test_what_need_not_be_said_may_be_empty() -> None:
    assert checked_words("note", "  ", required=False) == ""
    with pytest.raises(Invalid):
        checked_words("note", "\x00", required=False)
