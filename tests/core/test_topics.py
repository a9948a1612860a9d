"""Topics, candidates, governed places: what follows from dates and counts alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.before_after import side_of
from jiesu.core.facts import Joint, mask_of
from jiesu.core.governance import (
    GovernanceBook,
    GovernanceRules,
    GovernedPlace,
    Month,
    Rule,
    governance,
)
from jiesu.core.period import MonthRule, month_period
from jiesu.core.selection import Candidate, CandidateRules, CategoryCounts, Ground, candidates
from jiesu.core.topic_board import notes_on
from jiesu.core.topics import (
    CategoryPath,
    Progress,
    Step,
    Survey,
    Target,
    Topic,
    TopicRules,
    completion,
)
from jiesu.core.units import Unit, Units

from .cast import SHANGHAI, answers, policy

TEXT = {"zh": "甲", "en": "a"}
MONTHS = MonthRule(SHANGHAI, 19, 0, True)
FEBRUARY = 2022 * 12 + 1
ON = date(2022, 2, 28)


def topic(**changes: object) -> Topic:
    base = Topic("k", TEXT, "2022-01", "D01", date(2022, 1, 1))
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_topic_covers_a_branch_and_all_below_it_and_no_namesake() -> None:
    linked = topic(categories=(("住房", "物业管理"), ("供暖",)))
    assert linked.covers(("住房", "物业管理", "电梯故障"))
    assert linked.covers(("供暖",))
    assert not linked.covers(("住房",))
    assert not linked.covers(("城市管理", "物业管理"))
    assert not linked.covers(())
    assert not topic().covers(("住房",))


def test_what_is_done_later_was_not_done_on_the_day() -> None:
    step = Step(TEXT, "D01", ON, ON + timedelta(days=1))
    assert step.state(ON) == "open"
    assert step.state(ON + timedelta(days=1)) == "done_late"


def test_a_state_by_hand_stands_beside_the_computed_one() -> None:
    late = topic(tasks=(Step(TEXT, "D01", date(2022, 1, 31)),), state="on_schedule")
    found = completion(late, ON, TopicRules())
    assert (found.state, found.computed, found.by_hand) == ("on_schedule", "behind", True)
    assert found.reasons == ("tasks",)


def test_a_survey_of_a_later_day_and_progress_of_a_running_month_do_not_count() -> None:
    target = Target(
        "t", TEXT, Fraction(10), TEXT, date(2022, 12, 31),
        progress=(Progress("2022-01", Fraction(4)), Progress("2022-03", Fraction(10))),
    )  # fmt: skip
    surveys = (Survey(date(2022, 3, 1), 10, 1, "x"), Survey(date(2022, 1, 5), 10, 9, "x"))
    found = completion(topic(targets=(target,), surveys=surveys), ON, TopicRules())
    assert found.targets[0].done == 4
    assert found.survey == surveys[1]
    assert found.state == "on_schedule"


def test_notes_name_what_is_odd_and_nothing_else() -> None:
    progress = (
        Progress("2021-12", Fraction(9)),
        Progress("2022-01", Fraction(8)),
        Progress("2022-02", Fraction(99)),
        Progress("2022-03", Fraction(99)),
    )
    target = Target("t", TEXT, Fraction(10), TEXT, date(2022, 12, 31), progress=progress)
    odd = topic(targets=(target,), categories=(("a", "b"), ("c",)))
    keys = [key for key, _ in notes_on(odd, ON, {("a",), ("c", "d")})]
    assert keys == ["no_category", "progress_falls", "progress_beyond", "progress_ahead"]
    assert list(notes_on(topic(categories=(("a",),)), ON, {("a", "b", "c")})) == []


@given(st.dates(date(2021, 6, 1), date(2022, 6, 30)))
def test_at_most_one_month_is_that_of_the_start(started_on: date) -> None:
    months = [month_period(MONTHS, FEBRUARY + offset) for offset in range(-12, 8)]
    sides = [side_of(month, started_on, running=False) for month in months]
    assert sides == sorted(sides, key=["before", "start", "after"].index)
    assert sides.count("start") <= 1
    first = sides.index("after")
    assert months[first].start.date() >= started_on
    assert all(month.start.date() < started_on for month in months[:first])


# Candidates -----------------------------------------------------------------------------------

UNITS = Units.of(
    [
        Unit("B1", "东区", "district"),
        Unit("B2", "西区", "district"),
        *(Unit(f"S{n}", f"{n}街道", "street", "B1" if n <= 5 else "B2") for n in range(1, 11)),
        Unit("D1", "部门", "department"),
    ]
)
RATE = next(rule for rule in policy().rates if rule.key == "resolution")
RULES = CandidateRules(months=2, at_least=1, top=1, fewest_cases=10, fewest_answers=2)


def chosen(
    by_street: Mapping[CategoryPath, list[tuple[int, int]]], rules: CandidateRules = RULES
) -> dict[CategoryPath, Candidate]:
    """Candidates of categories that have (cases, solved) in the streets S1, S2 ..."""
    places: dict[CategoryPath, dict[str | None, Joint]] = {
        path: {
            f"S{n}": answers(cases, cases, solved, solved)
            for n, (cases, solved) in enumerate(row, 1)
        }
        for path, row in by_street.items()
    }
    month = {
        path: Joint({mask_of(["created"]): sum(cases for cases, _ in row)})
        for path, row in by_street.items()
    }
    leads: dict[CategoryPath, dict[str | None, int]] = {
        path: {"S1": 3, "D1": 1} for path in by_street
    }
    counts = CategoryCounts((month, month), places, leads)
    found = candidates(counts, Ground.of(UNITS, ()), RATE, rules)
    return {one.path: one for one in found}


def test_evidence_of_a_candidate_counted_by_hand() -> None:
    wide = [(4, 2)] * 8 + [(4, 4)] * 2
    narrow = [(30, 30)] + [(0, 0)] * 9
    found = chosen({("a", "b", "wide"): wide, ("a", "b", "narrow"): narrow})
    one, other = found["a", "b", "wide"], found["a", "b", "narrow"]
    assert (one.streets, one.n_streets, one.volume) == (10, 10, 40)
    assert (other.streets, other.volume) == (1, 30)
    assert (one.top_share, other.top_share) == (Fraction(1, 10), Fraction(1))
    assert one.grass_roots == Fraction(3, 4)
    assert (one.months_top, other.months_top) == (2, 0)
    assert (one.part, one.whole) == (Fraction(24), 40)
    # The better quarter of ten streets are two.
    assert one.best == 1
    assert other.best is None
    # The city solves 54 of 70; the wide problem is solved 10 and 14 times of 20.
    assert (one.districts, one.n_districts) == (2, 2)
    assert other.districts == 0
    assert one.departments == 1
    assert {key: str(value) for key, value in one.tests.items()} == {
        "felt": "87.5", "broad": "95.0", "unsolved": "100.0", "policy": "66.7",
    }  # fmt: skip
    assert (one.rank, other.rank) == (1, 2)


def test_what_counts_as_evidence_is_a_rule() -> None:
    row: dict[CategoryPath, list[tuple[int, int]]] = {("a",): [(4, 4)] + [(4, 2)] * 3}
    assert chosen(row)["a",].best is None
    assert chosen(row, replace(RULES, fewest_streets=4))["a",].best == 1
    # The department leads a quarter of the cases.
    assert chosen(row, replace(RULES, leading=Fraction(1, 4)))["a",].departments == 1
    assert chosen(row, replace(RULES, leading=Fraction(26, 100)))["a",].departments == 0


def test_categories_without_enough_cases_or_without_a_name_are_no_candidates() -> None:
    assert set(chosen({(): [(50, 1)], ("few",): [(9, 1)], ("a",): [(10, 1)]})) == {("a",)}


def test_branches_pool_what_is_below_them() -> None:
    rows: dict[CategoryPath, list[tuple[int, int]]] = {
        ("a", "b", "c"): [(6, 3)],
        ("a", "b", "d"): [(6, 1)],
        ("a", "b"): [(1, 1)],
    }
    found = chosen(rows, replace(RULES, level=2))
    assert set(found) == {("a", "b")}
    one = found["a", "b"]
    assert (one.volume, one.part, one.whole) == (13, Fraction(5), 13)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=10, max_size=10),
        min_size=1,
        max_size=5,
    )
)
def test_every_score_lies_between_0_and_100(rows: list[list[tuple[int, int]]]) -> None:
    table: dict[CategoryPath, list[tuple[int, int]]] = {
        ("c", str(i)): [(n, min(n, solved)) for n, solved in row] for i, row in enumerate(rows)
    }
    found = chosen(table, replace(RULES, fewest_cases=1))
    for one in found.values():
        assert all(0 <= value <= 100 for value in (one.score, *one.tests.values()))
    if found:
        assert min(one.rank for one in found.values()) == 1


# Governed places ------------------------------------------------------------------------------


def rule(key: str, n: int, months: int, of: int) -> Rule:
    return Rule(key, TEXT, "volume", "top", n, Fraction(0), months, of)


ENTER_AND_LEAVE = GovernanceRules((rule("e", 2, 3, 4),), (rule("l", 3, 3, 3),), stay_months=3)


def months_of(volumes: list[dict[str, int]]) -> list[Month]:
    first = FEBRUARY - len(volumes) + 1
    return [
        Month(
            month_period(MONTHS, first + i),
            {"volume": {unit: Fraction(n) for unit, n in row.items()}},
        )
        for i, row in enumerate(volumes)
    ]


@given(st.lists(st.integers(0, 6), min_size=8, max_size=30))
def test_a_place_does_not_come_and_go(levels: list[int]) -> None:
    """Follow every proposal at once: between two moves of one place lie at least three months."""
    place: GovernedPlace | None = None
    past: list[GovernedPlace] = []
    moves: list[int] = []
    months = months_of([{"p": 2 * n, "w": 3, "x": 5, "y": 7, "z": 9} for n in levels])
    for i in range(len(months)):
        seen = months[: i + 1]
        on = seen[-1].period.end.date()
        listed = [*past, *([place] if place else [])]
        book = GovernanceBook(ENTER_AND_LEAVE, tuple(listed))
        found = governance(book, seen, list("pwxyz"), on)
        standing = next((one.standing for one in found.governed if one.unit == "p"), "")
        if standing == "enter":
            place = GovernedPlace("p", on)
            moves.append(i)
        elif standing == "leave" and place is not None:
            past.append(replace(place, exited_on=on))
            place = None
            moves.append(i)
    assert all(later - earlier >= 3 for earlier, later in pairwise(moves))


def test_a_percentage_means_at_least_one_place_and_ties_go_in_whole() -> None:
    top = Rule("e", TEXT, "per_10000", "top", 0, Fraction(5), 1, 1)
    low = Rule("f", TEXT, "score", "bottom", 0, Fraction(40), 1, 1)
    month = Month(
        month_period(MONTHS, FEBRUARY),
        {
            "per_10000": {"a": Fraction(3), "b": Fraction(3), "c": Fraction(1)},
            "score": {"c": Fraction(90), "d": Fraction(80), "e": Fraction(85)},
        },
    )
    book = GovernanceBook(GovernanceRules((top, low), (top,)), ())
    found = governance(book, [month], list("abcde"), ON)
    by_unit = {one.unit: [e.rule.key for e in one.evidence if e.holds] for one in found.governed}
    # 40 per cent of three places, rounded up, are two.
    assert by_unit == {"a": ["e"], "b": ["e"], "d": ["f"], "e": ["f"]}


def test_without_months_nobody_is_proposed_and_the_list_stays() -> None:
    place = GovernedPlace("a", date(2021, 1, 1))
    found = governance(GovernanceBook(ENTER_AND_LEAVE, (place,)), [], ["a", "b"], ON)
    assert [(one.unit, one.standing) for one in found.governed] == [("a", "stay")]


def test_an_entry_of_a_later_day_is_not_on_the_list_yet() -> None:
    place = GovernedPlace("a", ON + timedelta(days=1))
    left = GovernedPlace("b", date(2021, 1, 1), ON)
    found = governance(GovernanceBook(ENTER_AND_LEAVE, (place, left)), [], ["a", "b"], ON)
    assert found.governed == ()
    assert found.past == (left,)
