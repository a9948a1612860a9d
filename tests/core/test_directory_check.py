"""What is wrong with a directory as a whole: found, grouped, and nothing else."""

import time
from datetime import date

import pytest
from hypothesis import given, settings

from jiesu.core.category_tree import Category, CategoryTree, levels_of
from jiesu.core.directory import DISTRICT, STREET, WORDS, Bar, Directory, Entry
from jiesu.core.directory_check import (
    ERRORS,
    SORTS,
    Finding,
    HolePair,
    check_directory,
    hole_pairs,
)
from jiesu.core.units import Unit, Units
from tests.core.pages import tables
from tests.core.test_directory import DISTRICTS, KINDS, SMALL, STREETS, directory

ON = date(2022, 2, 1)
TREE = CategoryTree.of(
    Category(levels_of(*path.split("/"))) for path in ("a/a/a", "a/a/b", "a/b", "b/a/a", "c")
)
UNITS = Units.of(
    [
        *(Unit(code, code, "street") for code in STREETS),
        *(Unit(code, code, "district") for code in DISTRICTS),
        Unit("D1", "D1", "department"),
        Unit("new", "new", "department", valid_from=date(2022, 3, 1)),
        Unit("old", "old", "department", valid_to=date(2022, 2, 1)),
        Unit("D2", "D2", "department", valid_to=date(2022, 2, 1), successor="D1"),
        Unit("C1", "C1", "community"),
    ]
)
NET = Entry("", "", "", "", "", "D1", line=99)


def checked(*entries: Entry, streets: dict[str, str] | None = None) -> list[Finding]:
    used = STREETS if streets is None else streets
    return check_directory(directory(*entries), TREE, used, UNITS, ON, limits=("7d",), kinds=KINDS)


def sorts(*entries: Entry) -> list[tuple[str, tuple[int, ...]]]:
    return [(finding.sort, finding.lines) for finding in checked(*entries)]


def test_every_finding_is_described_on_the_page_and_no_other() -> None:
    [rows] = [rows for rows in tables("../directory") if "finding" in rows[0]]
    described = {row["finding"]: row["error"] for row in rows}
    assert described == {sort: "yes" if sort in ERRORS else "no" for sort in SORTS}


def test_a_complete_and_right_directory_has_no_findings() -> None:
    assert checked(NET, Entry("a", "", "", "E", "help", "D1", (STREET,), limit="7d")) == []


def test_an_empty_directory_is_one_hole() -> None:
    [finding] = checked()
    assert (finding.sort, finding.category, finding.places) == ("hole", ("", "", ""), ())
    assert finding.n_pairs == len(TREE) * len(STREETS)
    assert finding.what["en"] == "5 categories, all of *, find no unit anywhere"
    assert not finding.is_error


def test_a_category_without_a_unit_anywhere_is_one_finding_and_so_is_a_whole_branch() -> None:
    one, branch = checked(Entry("a", "b", "", "", "", "D1"), Entry("b", "", "", "", "", "D1"))
    assert (branch.category, branch.n_pairs) == (("c", "", ""), len(STREETS))
    assert (one.category, one.n_pairs) == (("a", "a", ""), 2 * len(STREETS))
    assert one.what["zh"] == "a/a/* 的全部 2 个分类在任何地点都没有承办单位"
    assert branch.problem("directory/2022-01-19.csv").what == "c/*/* finds no unit anywhere"


def test_a_hole_names_a_district_for_all_its_streets_and_the_kinds_that_find_nothing() -> None:
    net = [Entry(levels, "", "", "F", "", STREET) for levels in "abc"]
    lines = [Entry(levels, "", "", "", "complaint", "D1") for levels in "abc"]
    [finding] = checked(*net, *lines)
    assert finding.places == ("E", "S4")
    assert finding.kinds == ("consultation", "help")
    assert finding.what["en"] == (
        "5 categories, all of *, find no unit in 3 places: E, S4 (consultation, help)"
    )


def test_without_the_citys_kinds_those_that_no_line_names_are_one() -> None:
    entries = directory(Entry("", "", "", "", "help", "D1"))
    [finding] = check_directory(entries, TREE, STREETS, UNITS, ON)
    assert finding.kinds == ("",)
    assert finding.what["en"].endswith("anywhere (other kinds)")


def test_a_district_without_streets_is_a_place_and_a_city_without_places_is_one() -> None:
    line = Entry("", "", "", "E", "", "D1")
    pairs = list(hole_pairs(directory(line), TREE, {}, UNITS, ON, districts=("E", "G")))
    assert {pair.place for pair in pairs} == {"G"}
    assert len(pairs) == len(TREE)
    assert next(hole_pairs(directory(), TREE, {}, UNITS, ON)) == HolePair(("a", "a", "a"), "", ())
    assert list(hole_pairs(directory(NET), TREE, {}, UNITS, ON)) == []


@pytest.mark.parametrize(
    "other",
    [
        Entry("a", "", "", "", "", "S1", line=3),
        Entry("a", "", "", "", "", "D1", limit="7d", line=3),
        Entry("a", "", "", "", "", "D1", ("S1",), line=3),
        Entry("a", "", "", "", "", "D1", via="district", line=3),
    ],
)
def test_lines_for_the_same_cases_that_differ_contradict_each_other(other: Entry) -> None:
    assert sorts(NET, Entry("a", "", "", "", "", "D1", line=2), other) == [
        ("contradiction", (2, 3))
    ]


def test_the_same_said_twice_is_no_contradiction() -> None:
    one = Entry("a", "", "", "", "", "D1", line=2)
    other = Entry("a", "", "", "", "", "D1", note="again", line=5)
    assert sorts(NET, one, other) == [("said_twice", (2, 5))]


def test_what_is_not_known_is_named_once_with_all_its_lines() -> None:
    wrong = [
        Entry("x", "", "", "", "", "D1", line=2),
        Entry("a", "b", "x", "", "", "D1", line=3),
        Entry("a", "", "", "Z", "", "D1", line=4),
        Entry("a", "", "", "", "wish", "D1", line=5),
        Entry("a", "", "", "", "help", "D1", limit="9d", line=6),
        Entry("a", "", "", "E", "", "nobody", ("new",), line=7),
        Entry("b", "", "", "E", "", "nobody", ("old",), line=8),
    ]
    assert sorts(NET, *wrong) == [
        ("unit_unknown", (7, 8)),
        ("category_unknown", (2,)),
        ("category_unknown", (3,)),
        ("place_unknown", (4,)),
        ("kind_unknown", (5,)),
        ("limit_unknown", (6,)),
        ("unit_not_valid", (7,)),
        ("unit_not_valid", (8,)),
    ]


def test_places_for_which_a_word_finds_no_unit_are_one_finding() -> None:
    line = Entry("", "", "", "", "", STREET, (DISTRICT,))
    finding, hole = checked(line, streets={**STREETS, "S8": "E", "S9": "H"})
    assert (finding.sort, finding.units, finding.lines) == ("unit_unknown", ("S8", "S9", "H"), ())
    assert (hole.sort, hole.places) == ("hole", ("H", "S8"))
    assert checked(NET, streets={**STREETS, "S8": "E"}) == []


def test_where_the_unit_can_get_no_case_and_no_other_line_is_found_there_is_a_hole() -> None:
    street = Entry("a", "", "", "", "", STREET)
    lines = [
        street,
        Entry("a", "a", "", "", "", "old"),
        Entry("b", "", "", "", "", "old"),
        Entry("c", "", "", "", "", "C1"),
        Entry("c", "", "", "F", "", "D2"),
        Entry("c", "", "", "S1", "", STREET, via="district"),
    ]
    units = Units.of(unit for unit in UNITS if unit.code != "S3")
    findings = check_directory(directory(*lines), TREE, STREETS, units, ON)
    holes = {(one.category, one.places) for one in findings if one.sort == "hole"}
    assert holes == {
        (("a", "", ""), ("S3",)),
        (("b", "", ""), ()),
        (("c", "", ""), ("S3", "S4")),
    }
    pairs = list(hole_pairs(directory(*lines), TREE, STREETS, units, ON))
    assert len(pairs) == sum(one.n_pairs for one in findings)
    merged = [*(unit for unit in UNITS if unit.code != "old"),
              Unit("old", "old", "department", valid_to=ON, successor="D2")]  # fmt: skip
    left = check_directory(directory(*lines[1:]), TREE, STREETS, Units.of(merged), ON)
    assert not any(one.category[0] == "b" for one in left if one.sort == "hole")


def test_a_line_whose_cases_are_all_taken_is_named_but_not_the_safety_net() -> None:
    below = [Entry(*levels_of(*path.split("/")), "", "", "D1") for path in ("a/a", "a/b")]
    rest = [Entry(first, "", "", "", "", "D1") for first in "bc"]
    dead = Entry("a", "", "", "", "", "D1", line=7)
    assert sorts(*below, *rest, NET, dead) == [("never_reached", (7,))]


def test_five_hundred_categories_and_all_streets_of_beijing_are_checked_in_no_time() -> None:
    streets = {f"S{n}": f"E{n % 17}" for n in range(343)}
    tree = CategoryTree.of(Category((f"a{n // 50}", f"b{n // 10}", f"c{n}")) for n in range(500))
    entries = Directory("v", None, None, (Entry("a3", "", "", "", "", "D1"),))
    begun = time.perf_counter()
    findings = check_directory(entries, tree, streets, UNITS, ON)
    n_pairs = sum(1 for _ in hole_pairs(entries, tree, streets, UNITS, ON))
    assert time.perf_counter() - begun < 5
    assert len(findings) == 9
    assert n_pairs == sum(finding.n_pairs for finding in findings) == 450 * 343


def bar(code: str) -> Bar | None:
    unit = UNITS.standing(code, ON)
    return "gone" if unit is None else "assists" if unit.kind == "community" else None


@given(SMALL)
@settings(deadline=None)
def test_the_holes_are_the_cases_that_find_no_match(entries: list[Entry]) -> None:
    version = directory(*entries)
    expected = {
        (category.levels, place, kind)
        for category in TREE
        for place in STREETS
        for kind in KINDS
        if version.match(category.levels, place, kind, streets=STREETS, bar=bar) is None
    }
    pairs = list(hole_pairs(version, TREE, STREETS, UNITS, ON, kinds=KINDS))
    listed = {(pair.category, pair.place, kind) for pair in pairs for kind in pair.kinds or KINDS}
    assert listed == expected
    assert len({(pair.category, pair.place) for pair in pairs}) == len(pairs)
    findings = checked(*entries)
    for_all = {(f.category, f.places, f.kinds) for f in findings if f.sort == "hole"}
    assert bool(for_all) == bool(expected)


@given(SMALL)
@settings(deadline=None)
def test_lines_never_reached_are_those_that_win_no_case(entries: list[Entry]) -> None:
    once = {entry.key: entry for entry in entries}
    version = directory(*once.values())
    places = (None, *STREETS, *DISTRICTS)
    won = {
        match.entry.key
        for category in TREE
        for place in places
        for kind in KINDS
        if (match := version.match(category.levels, place, kind, streets=STREETS, bar=bar))
    }
    # A line through the district for the street that lies in none can be used nowhere, nor one
    # whose unit can get no case.
    usable = [
        entry for entry in version.entries
        if (entry.place != "S4" or (entry.via == "direct" and entry.unit != DISTRICT))
        and (entry.via == "district" or entry.unit in WORDS or not bar(entry.unit))
    ]  # fmt: skip
    expected = {
        entry.line for entry in usable
        if TREE.knows(entry.category) and any(entry.key) and entry.key not in won
    }  # fmt: skip
    found = {
        line
        for finding in checked(*once.values())
        if finding.sort == "never_reached"
        for line in finding.lines
    }
    assert found == expected
