"""The dispatch directory: which line wins, for whom, and why; docs/directory.md read along."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.category_tree import Levels, depth_of, levels_of
from jiesu.core.directory import (
    DISTRICT,
    STREET,
    WORDS,
    Bar,
    Directory,
    Entry,
    Match,
    directory_on,
    in_turn,
    mistakes_of,
    specificity,
)
from jiesu.core.problems import InputError
from tests.core.pages import tables

STREETS = {"S1": "E", "S2": "F", "S3": "E", "S4": ""}
DISTRICTS = ("E", "F")
KINDS = ("complaint", "consultation", "help")
_WORDS_READ = {"(street)": STREET, "(district)": DISTRICT}


def directory(*entries: Entry) -> Directory:
    return Directory("2022", None, None, entries)


def found(entries: Directory, category: str, place: str | None, kind: str = "help") -> Match | None:
    return entries.match(levels_of(*category.split("/")), place, kind, streets=STREETS)


def sure(entries: Directory, category: str, place: str | None, kind: str = "help") -> Match:
    match = found(entries, category, place, kind)
    assert match is not None
    return match


def documented(*titles: str) -> list[dict[str, str]]:
    [rows] = [rows for rows in tables("../directory") if tuple(rows[0])[: len(titles)] == titles]
    return rows


def documented_directory() -> Directory:
    entries = []
    for row in documented("line", "category_1"):
        place, kind, unit = row["place"], row["kind"], row["unit"]
        unit = _WORDS_READ.get(unit, unit)
        levels = (row["category_1"], row["category_2"], row["category_3"])
        via = "district" if row["via"] == "district" else "direct"
        line = int(row["line"])
        entries.append(
            Entry(*levels, place, kind, unit, (), via, row["limit"], line=line)  # type: ignore[arg-type]
        )
    return directory(*entries)


@pytest.mark.parametrize("row", documented("case", "place"), ids=lambda row: "-".join(row.values()))
def test_every_case_of_the_worked_table_finds_its_line(row: Mapping[str, str]) -> None:
    match = found(documented_directory(), row["case"], row["place"] or None, row["kind"])
    got = ("", "", "", "")
    if match is not None:
        got = str(match.entry.line), match.unit, match.through or "", match.copied_to or ""
    assert got == (row["line"], row["unit"], row["through"], row["copied to"])


def test_the_explanation_is_that_of_the_page_and_there_in_chinese_too() -> None:
    match = sure(documented_directory(), "住房/物业管理/停车收费", "S1", "complaint")
    said = match.explanation("en")
    assert said == (
        "line 6: 住房/物业管理/* at S1, any kind → S1; more specific than line 5 "
        "(住房/物业管理/* at E, any kind), as it names the place more exactly; a copy goes to E."
    )
    names = {"S1": "东一街道", "E": "东区"}
    assert match.explanation("zh", names) == (
        "第6行：住房/物业管理/*，东一街道，任何类型 → 东一街道；比第5行（住房/物业管理/*，东区，"
        "任何类型）更具体，因为地点更具体；同时抄送东区。"
    )


def test_the_explanation_says_which_words_were_resolved_and_who_coordinates() -> None:
    entries = documented_directory()
    assert "→ S2 (the street's unit)" in sure(entries, "住房/物业管理/x", "S2").explanation("en")
    no_street = sure(entries, "住房/物业管理/x", "F")
    assert "no street is known, so F coordinates" in no_street.explanation("en")
    assert "由F统筹协调" in sure(entries, "教育/x/y", "S2").explanation("zh")
    by_kind = sure(entries, "住房/物业管理/x", "S2", "consultation")
    assert "as it names the kind" in by_kind.explanation("en")
    by_category = sure(entries, "住房/物业管理/电梯故障", "S2")
    assert "as it names more levels of the category" in by_category.explanation("en")


def test_a_unit_with_another_code_than_its_place_is_found_by_the_places() -> None:
    entries = directory(Entry("", "", "", "", "", STREET, (DISTRICT,)))
    answering = {"S1": "office-1", "E": "gov-e"}
    match = entries.match(levels_of("a"), "S1", "help", streets=STREETS, answering=answering)
    assert match is not None
    assert (match.unit, match.assist_units, match.copied_to) == ("office-1", ("gov-e",), "gov-e")


def test_assist_units_that_lead_or_are_not_known_are_left_out() -> None:
    entries = directory(Entry("", "", "", "", "", "S1", (STREET, DISTRICT, "D1")))
    assert sure(entries, "a", "S1").assist_units == ("E", "D1")
    assert sure(entries, "a", "S4").assist_units == ("S4", "D1")
    assert sure(entries, "a", None).assist_units == ("D1",)


def test_a_street_named_by_its_code_is_copied_to_its_own_district_and_a_department_to_none() -> (
    None
):
    entries = directory(Entry("a", "", "", "", "", "S2"), Entry("b", "", "", "", "", "D1"))
    assert sure(entries, "a", "S1").copied_to == "F"
    assert sure(entries, "b", "S1").copied_to is None


def test_through_the_district_the_case_goes_to_the_district_first_and_no_copy_is_made() -> None:
    match = sure(directory(Entry("", "", "", "", "", STREET, via="district")), "a", "S1")
    assert (match.unit, match.through, match.sent_to, match.copied_to) == ("S1", "E", "E", None)


def test_of_lines_that_contradict_each_other_the_first_unit_holds_and_the_match_says_so() -> None:
    one = Entry("a", "", "", "", "", "D2", line=7)
    other = Entry("a", "", "", "", "", "D1", line=9)
    same = Entry("a", "", "", "", "", "D1", note="again", line=11)
    match = sure(directory(one, other, same), "a", "S1")
    assert match.unit == "D1"
    assert match.against == (one,)
    assert "line 7 says otherwise" in match.explanation("en")


GONE: dict[str, Bar] = {"D2": "gone", "S1": "gone", "E": "assists"}


def test_a_line_whose_unit_can_get_no_case_is_passed_by_and_the_explanation_says_so() -> None:
    ended = Entry("a", "b", "", "", "", "D2", limit="2h", line=7)
    street = Entry("a", "", "", "", "", STREET, line=8)
    net = Entry("", "", "", "", "", "D1", line=9)
    entries = directory(ended, street, net)
    match = entries.match(levels_of("a", "b"), "S1", "help", streets=STREETS, bar=GONE.get)
    assert match is not None
    assert (match.entry, match.next_best) == (net, None)
    assert [(one.entry, one.unit, one.why) for one in match.passed_by] == [
        (ended, "D2", "gone"),
        (street, "S1", "gone"),
    ]
    assert match.explanation("en") == (
        "line 9: * at any place, any kind → D1; line 7 (a/b/* at any place, any kind) is passed "
        "by, as D2 is not in office and no unit stands for it; line 8 (a/*/* at any place, any "
        "kind) is passed by, as S1 is not in office and no unit stands for it."
    )
    match = entries.match(levels_of("a"), "E", "help", streets=STREETS, bar=GONE.get)
    assert match is not None
    assert "第8行（a/*/*，任何地点，任何类型）不适用，因为东区只协办，不主办" in match.explanation(
        "zh", {"E": "东区"}
    )
    assert entries.match(levels_of("a"), "S2", "help", streets=STREETS, bar=GONE.get) is not None


def test_of_a_merged_unit_another_stands_in_the_answer_and_the_explanation_says_so() -> None:
    line = Entry("a", "", "", "", "", "D1", ("D2", "D3", "D4"), via="district", line=7)
    stands = {"D1": "D9", "D2": "D9", "D3": "D3", "E": "F"}
    match = sure(directory(line), "a", "S1").on_a_day(stands.get)
    assert (match.unit, match.through, match.assist_units) == ("D9", "F", ("D3",))
    assert match.in_place_of == {"D9": "D1", "F": "E"}
    assert match.explanation("en") == (
        "line 7: a/*/* at any place, any kind → D1; D1 was merged into D9, which stands for it; "
        "E was merged into F, which stands for it; F coordinates."
    )
    assert sure(directory(line), "a", "S1").on_a_day(str).in_place_of == {}


def test_entries_without_a_line_are_numbered_as_in_a_file() -> None:
    entries = directory(Entry("a", "", "", "", "", "D1"), Entry("b", "", "", "", "", "D1"))
    assert [entry.line for entry in entries.entries] == [2, 3]


@pytest.mark.parametrize(
    ("entry", "column"),
    [
        (Entry("", "b", "", "", "", "D1"), "category_1"),
        (Entry("a", "", "c", "", "", "D1"), "category_2"),
        (Entry("a", "", "", "", "", ""), "unit"),
        (Entry("a", "", "", "", "", "@streets"), "unit"),
        (Entry("a", "", "", "", "", "(street)"), "unit"),
        (Entry("a", "", "", "", "", "D1", via="other"), "via"),  # type: ignore[arg-type]
        (Entry("a", "", "", "", "", "D1", ("D2", "D1")), "assist_units"),
        (Entry("a", "", "", "", "", "D1", ("D2;D3",)), "assist_units"),
        (Entry("a", "", "", "", "", "D1", ("",)), "assist_units"),
        (Entry("a", "", "", "", "", "D1", tuple(f"unit-number-{n}" for n in range(20))),
         "assist_units"),
        (Entry("a", "", "", "*", "", "D1"), "place"),
        (Entry("a", "", "", "", " help", "D1"), "kind"),
        (Entry("a", "", "", "", "", "D1", note="two\nlines"), "note"),
        (Entry("a", "", "", "", "", "D1", note="long" * 51), "note"),
        (Entry("a" * 65, "", "", "", "", "D1"), "category_1"),
    ],
)  # fmt: skip
def test_what_an_entry_cannot_say_is_named_with_its_column(entry: Entry, column: str) -> None:
    assert {where for where, _, _ in mistakes_of(entry)} == {column}
    with pytest.raises(ValueError, match=column):
        directory(entry)


def test_versions_hold_in_turn_and_overlapping_ones_are_refused() -> None:
    first, second = date(2022, 1, 19), date(2022, 7, 1)
    later = Directory("b", second, None, ())
    assert in_turn([]) == ()
    versions = in_turn([later, Directory("a", first, None, ())])
    assert [version.valid_to for version in versions] == [second, None]
    assert directory_on(versions, date(2022, 1, 18)) is None
    assert directory_on(versions, date(2022, 6, 30)) == versions[0]
    assert directory_on(versions, second) == later
    overlapping = [replace(versions[0], valid_to=date(2022, 7, 2)), later]
    with pytest.raises(InputError, match="versions a and b are both in force from 2022-07-01 on"):
        directory_on(overlapping, date(2022, 3, 1))


UNITS = ("D1", "D2", "S1", "old", "C1", *WORDS)


@st.composite
def entries_of_a_small_city(draw: st.DrawFn) -> Entry:
    depth = draw(st.integers(0, 3))
    levels = levels_of(*(draw(st.sampled_from("ab")) for _ in range(depth)))
    unit, *assists = draw(st.lists(st.sampled_from(UNITS), min_size=1, max_size=3, unique=True))
    return Entry(
        *levels,
        draw(st.sampled_from(("", *STREETS, *DISTRICTS))),
        draw(st.sampled_from(("", *KINDS[:2]))),
        unit,
        tuple(assists),
        draw(st.sampled_from(("direct", "district"))),
        draw(st.sampled_from(("", "7d"))),
    )


SMALL = st.lists(entries_of_a_small_city(), max_size=25)
CATEGORIES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3)
PLACES = st.sampled_from((None, *STREETS, *DISTRICTS))


def applies(entry: Entry, category: Levels, place: str | None, kind: str) -> bool:
    """The documented rules, word for word."""
    district = STREETS.get(place, place) if place else ""
    depth = depth_of(entry.category)
    return (
        entry.category[:depth] == category[:depth]
        and depth <= depth_of(category)
        and entry.place in ("", place, district)
        and entry.kind in ("", kind)
        and not (entry.unit == STREET and place is None)
        and not ((entry.unit == DISTRICT or entry.via == "district") and not district)
    )


@given(SMALL, CATEGORIES, PLACES, st.sampled_from(KINDS))
def test_a_match_is_what_a_scan_of_all_lines_by_the_documented_order_finds(
    entries: list[Entry], names: list[str], place: str | None, kind: str
) -> None:
    category = levels_of(*names)
    fitting = [entry for entry in entries if applies(entry, category, place, kind)]
    match = directory(*entries).match(category, place, kind, streets=STREETS)
    if not fitting:
        assert match is None
        return
    best = max(specificity(entry, STREETS) for entry in fitting)
    winners = [entry for entry in fitting if specificity(entry, STREETS) == best]
    assert match is not None
    assert match.entry == min(winners, key=lambda entry: entry.answer)
    others = {specificity(entry, STREETS) for entry in fitting} - {best}
    next_best = match.next_best and specificity(match.next_best, STREETS)
    assert next_best == max(others, default=None)


@given(SMALL, CATEGORIES, PLACES, st.sampled_from(KINDS))
def test_lines_that_are_passed_by_are_as_if_they_were_not_there(
    entries: list[Entry], names: list[str], place: str | None, kind: str
) -> None:
    category = levels_of(*names)
    whole = directory(*entries)
    match = whole.match(category, place, kind, streets=STREETS, bar=GONE.get)

    def goes(entry: Entry) -> bool:
        alone = directory(entry).match(category, place, kind, streets=STREETS)
        return alone is None or alone.sent_to not in GONE

    rest = directory(*(entry for entry in whole.entries if goes(entry)))
    other = rest.match(category, place, kind, streets=STREETS)
    assert (match is None) == (other is None)
    if match is not None and other is not None:
        assert (match.entry, match.sent_to) == (other.entry, other.sent_to)
        assert match.next_best == other.next_best


@given(SMALL, CATEGORIES, PLACES, st.sampled_from(KINDS), st.randoms())
def test_shuffling_the_lines_never_changes_a_match(
    entries: list[Entry], names: list[str], place: str | None, kind: str, chance: random.Random
) -> None:
    shuffled = list(entries)
    chance.shuffle(shuffled)
    category = levels_of(*names)
    assert directory(*entries).match(category, place, kind, streets=STREETS) == directory(
        *shuffled
    ).match(category, place, kind, streets=STREETS)
