"""The worked tables of docs/methods/topics.md and governance.md, recomputed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from jiesu.core.before_after import MonthFigures, Side, mean_of
from jiesu.core.governance import (
    GovernanceBook,
    GovernanceRules,
    GovernedPlace,
    Month,
    Rule,
    governance,
)
from jiesu.core.period import MonthRule, month_period
from jiesu.core.scoring import rounded
from jiesu.core.selection import TESTS, score_of
from jiesu.core.topics import (
    Progress,
    Step,
    Survey,
    Target,
    Topic,
    TopicRules,
    completion,
    target_state,
)

from .cast import SHANGHAI
from .pages import table

TEXT = {"zh": "甲", "en": "a"}
START, END = date(2022, 1, 1), date(2022, 12, 31)


def none(text: str) -> str | None:
    return None if text == "none" else text


def day(text: str) -> date | None:
    return None if text == "none" else date.fromisoformat(text)


def target(progress: tuple[Progress, ...], of: int = 100) -> Target:
    return Target("t", TEXT, Fraction(of), TEXT, END, progress=progress)


def test_targets_page() -> None:
    rows = table("topics", "day", "newest month", "done", "target", "share", "expected", "behind")
    for row in rows:
        newest = none(row["newest month"])
        progress = (Progress(newest, Fraction(row["done"])),) if newest else ()
        aim = target(progress, int(row["target"]))
        found = target_state(aim, START, date.fromisoformat(row["day"]), TopicRules())
        assert str(rounded(found.share, 4)) == row["share"]
        assert str(rounded(found.expected, 4)) == row["expected"]
        assert ("yes" if found.behind else "no") == row["behind"]


def test_states_page() -> None:
    for row in table("topics", "task due", "task done", "share of target", "survey", "state"):
        due, share, survey = day(row["task due"]), none(row["share of target"]), none(row["survey"])
        tasks = (Step(TEXT, "D01", due, day(row["task done"])),) if due else ()
        targets: tuple[Target, ...] = ()
        if share:
            # Of a month that has ended; of 2022-01 the line asks for 30/364, of 2022-02 for 58/364.
            targets = (target((Progress("2022-02", Fraction(share) * 100),)),)
        surveys: tuple[Survey, ...] = ()
        if survey:
            surveys = (Survey(date(2022, 2, 1), 100, int(Fraction(survey) * 100), "x"),)
        topic = Topic("k", TEXT, "2022-01", "D01", START, tasks=tasks, targets=targets)
        topic = replace(topic, surveys=surveys)
        found = completion(topic, date(2022, 2, 28), TopicRules())
        assert found.state == row["state"], row


def test_selection_page() -> None:
    rows = table("topics", "test", "part 1", "part 2", "part 3", "score")
    assert {row["test"] for row in rows} == set(TESTS)
    for row in rows:
        parts = [none(row[f"part {number}"]) for number in (1, 2, 3)]
        found = score_of([None if part is None else Fraction(part) for part in parts])
        assert str(found) == row["score"]


def test_before_and_after_page() -> None:
    titles = ("side", "volumes", "others", "part", "whole", "per month", "share", "rate")
    sides: dict[str, Side] = {"before": "before", "after": "after"}
    for row in table("topics", *titles):
        volumes = [int(text) for text in row["volumes"].split(", ")]
        others = [int(text) for text in row["others"].split(", ")]
        part, whole = Fraction(row["part"]), int(row["whole"])
        months = [
            MonthFigures(
                f"2022-{i + 1:02}", 30, volume, other, part * (i == 0), whole * (i == 0),
                sides[row["side"]],
            )
            for i, (volume, other) in enumerate(zip(volumes, others, strict=True))
        ]  # fmt: skip
        mean = mean_of(months)
        assert mean.per_month is not None
        assert mean.share is not None
        assert mean.rate is not None
        assert str(rounded(mean.per_month, 2)) == row["per month"]
        assert str(rounded(mean.share, 6)) == row["share"]
        assert str(rounded(mean.rate, 6)) == row["rate"]


MONTHS = MonthRule(SHANGHAI, 19, 0, True)
LABELS = ("2021-10", "2021-11", "2021-12", "2022-01", "2022-02")


def rule(key: str, n: int, months: int, of: int) -> Rule:
    return Rule(key, TEXT, "volume", "top", n, Fraction(0), months, of)


def month(label: str, volumes: dict[str, int]) -> Month:
    number = int(label[:4]) * 12 + int(label[5:]) - 1
    figures = {unit: Fraction(volume) for unit, volume in volumes.items()}
    return Month(month_period(MONTHS, number), {"volume": figures})


def test_places_of_a_rule_page() -> None:
    for row in table("governance", "a", "b", "c", "d", "places", "met by"):
        volumes = {unit: int(row[unit]) for unit in "abcd" if row[unit] != "none"}
        book = GovernanceBook(GovernanceRules((rule("e", 2, 1, 1),), (rule("l", 2, 1, 1),)), ())
        found = governance(book, [month("2022-02", volumes)], "abcd", date(2022, 2, 28))
        assert {one.unit for one in found.governed} == set(row["met by"].split(", "))
        listed = tuple(GovernedPlace(unit, date(2021, 1, 1)) for unit in "abcd")
        rules = replace(book.rules, leave=(rule("l", 2, 1, 1),))
        everyone = governance(
            GovernanceBook(rules, listed), [month("2022-02", volumes)], "abcd", date(2022, 2, 28)
        )
        places = {one.unit: one.evidence[0].places[0] for one in everyone.governed}
        shown = ["none" if places[unit] is None else str(places[unit]) for unit in "abcd"]
        assert ", ".join(shown) == row["places"]


def test_standing_page() -> None:
    rules = GovernanceRules((rule("e", 1, 3, 4),), (rule("l", 2, 2, 2),), stay_months=3)
    for row in table("governance", "ranks", "entered on", "exited on", "standing"):
        ranks = [int(text) for text in row["ranks"].split(", ")]
        months = []
        for label, rank in zip(LABELS, ranks, strict=True):
            # Two other places fill the ranks that the place leaves.
            others = [r for r in (1, 2, 3) if r != rank]
            volumes = {"place": 10 - rank, "x": 10 - others[0], "y": 10 - others[1]}
            months.append(month(label, volumes))
        entered = day(row["entered on"])
        places = (GovernedPlace("place", entered, day(row["exited on"])),) if entered else ()
        book = GovernanceBook(rules, places)
        found = governance(book, months, ["place", "x", "y"], date(2022, 2, 28))
        standing = next((one.standing for one in found.governed if one.unit == "place"), "none")
        assert standing == row["standing"], row


def test_the_score_of_a_test_without_any_part_is_unknown() -> None:
    assert score_of([None, None]) is None
    assert score_of([Fraction(1, 3)]) == Decimal("33.3")
