"""Search terms: what contains the query has its terms."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jiesu.core.terms import (
    LONGEST_TEXT,
    MOST_QUERY_TERMS,
    contains,
    normal,
    query_terms,
    terms,
)

ALPHABET = "停水三天 \n　，。12Ab３Ｗé_-々かㇰ가ﬁßİ́𠮷㈱"
written = st.text(ALPHABET, max_size=24) | st.text(max_size=24)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("停水三天", {"停水", "水三", "三天"}),
        ("停水,三天", {"停水", "三天"}),
        ("停水\n三天", {"停水", "水三", "三天"}),
        ("5号楼2单元501", {"5", "号楼", "2", "单元", "501"}),
        ("ＷｉＦｉ断网", {"wifi", "断网"}),
        ("水", set()),
        ("", set()),
    ],
)
def test_terms_are_pairs_of_characters_and_whole_words(text: str, expected: set[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("小区停水三天", "停水", True),
        ("小区停水三天", "三天 停水", True),
        ("小区停水三天", "停水五天", False),
        ("小区停 水三天", "停水", True),
        ("2012年", "12", False),
        ("第12号", "12号", True),
        ("WIFI断网", "wifi", True),
        ("WIFI断网", "wi", False),
        ("停水", "", False),
        ("停水", "  ", False),
    ],
)
def test_a_query_is_found_by_its_parts(text: str, query: str, found: bool) -> None:
    assert contains(text, query) is found


@given(written, written)
@example("ab停水", "b停")
def test_what_contains_the_query_has_its_terms(text: str, query: str) -> None:
    if contains(text, query):
        assert set(query_terms(query)) <= terms(text)


@given(written, st.text("停水三天々", min_size=2, max_size=8), written)
def test_two_characters_and_more_are_found_wherever_they_stand(
    before: str, query: str, after: str
) -> None:
    text = f"{before}，{query}{after}"
    if query in normal(text):
        assert contains(text, query)
    assert query_terms(query)
    assert set(query_terms(query)) <= terms(text)


@given(written, st.data())
def test_a_part_cut_out_of_a_text_is_found_or_cuts_a_word(text: str, data: st.DataObject) -> None:
    form = normal(text)
    start = data.draw(st.integers(0, len(form)))
    part = form[start : data.draw(st.integers(start, len(form)))]
    if contains(form, part):
        assert set(query_terms(part)) <= terms(form)
    else:
        edges = form[max(0, start - 1) : start + 1] + part[-1:]
        assert not part.split() or any(char.isalnum() for char in edges)


def test_a_long_query_has_no_more_terms_than_are_looked_up() -> None:
    query = "".join(chr(0x4E00 + number) for number in range(40))
    assert len(query_terms(query)) == MOST_QUERY_TERMS
    assert set(query_terms(query)) <= terms(query)


def test_what_stands_beyond_the_longest_text_is_not_searched() -> None:
    text = "，" * LONGEST_TEXT + "停水"
    assert not contains(text, "停水")
    assert terms(text) == set()
    assert contains(text[2:], "停水")
    assert terms(text[2:]) == {"停水"}


def test_a_query_of_one_character_has_nothing_to_look_up() -> None:
    assert query_terms("水") == ()
    assert query_terms("，。") == ()
