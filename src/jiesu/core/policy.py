"""An evaluation policy: the rules of scoring and ranking as one validated object.

A policy names facts and gives numbers; it holds no expressions. It is parsed from a TOML
table (the reading of files is in `city`). Every key: docs/policy.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from jiesu.core.facts import EXCLUSIVE, FACTS
from jiesu.core.period import MonthRule, Period, parse_period
from jiesu.core.problems import InputError, Problem
from jiesu.core.settings import Settings

FORMAT = 1

ALL = "all"
"""Key of the one group there is without a units file."""

LIST_KINDS = ("tied_first", "top", "bottom", "improved", "volume", "per_10000", "measure")
EACH_GROUP = "*"
"""A list of this group is made once for every group."""


@dataclass(frozen=True, slots=True)
class RateRule:
    """A rate: over the cases with fact `whole`, the sum of `part`'s weights by fact.

    `weight` is the rate's share in the composite.
    """

    key: str
    title: Mapping[str, str]
    whole: str
    part: Mapping[str, Fraction]
    weight: Fraction

    @property
    def has_level_weights(self) -> bool:
        return any(weight.denominator != 1 for weight in self.part.values())


@dataclass(frozen=True, slots=True)
class GroupRule:
    """A peer group: units of these kinds are ranked together.

    `weights` gives the group its own composite weights by rate key; empty: the rates' own.
    """

    key: str
    title: Mapping[str, str]
    kinds: tuple[str, ...]
    weights: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class ListRule:
    """A named list of the bulletin.

    `ties` says whether a cut takes in the `whole_group` that is tied with the last, or `exact`ly
    `n` units by the display order. `measure` names an outside measure, `end` which end of its
    ranking is listed.
    """

    key: str
    kind: str
    group: str
    title: Mapping[str, str]
    n: int
    ties: str
    measure: str
    end: str = "worst"


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade for scores of at least `at_least` points."""

    key: str
    title: Mapping[str, str]
    at_least: Fraction


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """How periods are cut and by which time of a case."""

    start_day: int
    start_hour: int
    in_previous_month: bool
    by: str

    def months(self, zone: ZoneInfo) -> MonthRule:
        return MonthRule(zone, self.start_day, self.start_hour, self.in_previous_month)


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of an evaluation policy, in force `valid_from <= day < valid_to`.

    `digest` is the SHA-256 of the file's bytes. `scored` is the call-back result that counts
    (`first` or `final`); `parked` says whether parked cases are `counted` or `excluded`.
    `lead_weight` and `assist_weight` share cases among units (1 and 0: the lead unit alone).
    `totals` and `long_periods` say what is ranked for units with units below and for quarters
    and years: `pooled` counts or `mean` scores. `max_bonus` and `max_deduction` cap adjustments.
    """

    name: str
    version: str
    digest: str
    title: Mapping[str, str]
    valid_from: date | None
    valid_to: date | None
    decimals: int
    period: PeriodRule
    scored: str
    parked: str
    lead_weight: int
    assist_weight: int
    rates: tuple[RateRule, ...]
    groups: tuple[GroupRule, ...]
    lists: tuple[ListRule, ...]
    grades: tuple[Grade, ...]
    min_whole: int
    rank_by: str
    improvement: str
    totals: str
    long_periods: str
    max_bonus: Fraction
    max_deduction: Fraction
    confidence: Decimal
    winsor: Fraction
    closing_time: bool

    def holds_on(self, day: date) -> bool:
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day < self.valid_to)

    def weights_of(self, group: GroupRule) -> Mapping[str, Fraction]:
        """The composite's weights by rate key for a group; they add up to 1."""
        return group.weights or {rate.key: rate.weight for rate in self.rates}


def parse_policy(table: Mapping[str, Any], *, file: str, digest: str) -> Policy:
    """Validate a parsed TOML table and make the policy.

    Numbers must come as int, Decimal or text, never as float (parse with
    `parse_float=Decimal`). Raises InputError with every mistake: file, key and remedy.
    """
    top = Settings(table, file)
    if top.integer("format", None, 0, 1000) != FORMAT and top.has("format"):
        top.wrong("format", "this version of the format is not known", f"write format = {FORMAT}")
    period, cases, ranking = top.below("period"), top.below("cases"), top.below("ranking")
    adjustments, statistics = top.below("adjustments"), top.below("statistics")
    rates = _rates(top)
    groups = _groups(top, rates)
    policy = Policy(
        name=top.text("name"),
        version=top.text("version"),
        digest=digest,
        title=top.words("title"),
        valid_from=top.day("valid_from"),
        valid_to=top.day("valid_to"),
        decimals=top.integer("decimals", 1, 0, 6),
        period=_period(period),
        scored=cases.choice("scored", ("first", "final"), "first"),
        parked=cases.choice("parked", ("counted", "excluded"), "counted"),
        lead_weight=cases.integer("lead_weight", 1, 1, 1000),
        assist_weight=cases.integer("assist_weight", 0, 0, 1000),
        rates=rates,
        groups=groups,
        lists=_lists(top, groups),
        grades=_grades(top),
        min_whole=ranking.integer("min_whole", 1, 1, 1_000_000),
        rank_by=ranking.choice("by", ("score", "interval_low"), "score"),
        improvement=ranking.choice("improvement", ("score", "rank"), "score"),
        totals=ranking.choice("totals", ("pooled", "mean"), "pooled"),
        long_periods=ranking.choice("long_periods", ("pooled", "mean"), "pooled"),
        max_bonus=adjustments.number("max_bonus", Fraction(0), 0, 100),
        max_deduction=adjustments.number("max_deduction", Fraction(0), 0, 100),
        confidence=_confidence(statistics),
        winsor=_winsor(statistics),
        closing_time=top.flag("closing_time", False),
    )
    if policy.rank_by == "interval_low" and (
        "mean" in (policy.totals, policy.long_periods) or policy.max_bonus or policy.max_deduction
    ):
        what = "interval_low ranks by the composite's bound: means and points would change nothing"
        ranking.wrong("by", what, "rank by score, or leave means and adjustments out")
    if policy.valid_from and policy.valid_to and policy.valid_from >= policy.valid_to:
        top.wrong("valid_to", "the policy ends before it begins", "make it later than valid_from")
    top.finish()
    top.raise_problems()
    return policy


def policy_in_force(policies: Iterable[Policy], period: Period, *, file: str) -> Policy:
    """The version in force on the last day of a period.

    Raises InputError when versions overlap or none is in force.
    """
    versions = sorted(policies, key=lambda policy: policy.valid_from or date.min)
    problems = overlaps(versions, file=file)
    if problems:
        raise InputError(problems)
    last_day = period.last_day
    for policy in versions:
        if policy.holds_on(last_day):
            return policy
    remedy = "add a version of the policy for that time, or change valid_from or valid_to"
    what = f"no version of the policy is in force on {last_day}, the last day of {period.label}"
    raise InputError(Problem(file, "valid_from", what, remedy))


def period_in_force(
    policies: Iterable[Policy], label: str, zone: ZoneInfo, *, file: str
) -> tuple[Policy, Period]:
    """The period of a label as the version in force on its last day cuts it, and that version.

    Versions may cut months differently: the newest one's months say which is in force, and that
    one has the last word. Raises InputError for a wrong label, and where the version's own months
    end outside its validity.
    """
    versions = sorted(policies, key=lambda version: version.valid_from or date.min)
    try:
        period = parse_period(label, versions[-1].period.months(zone))
        policy = policy_in_force(versions, period, file=file)
        period = parse_period(label, policy.period.months(zone))
    except ValueError as error:
        raise InputError(
            Problem("--period", "", str(error), "see docs/methods/periods.md")
        ) from None
    if not policy.holds_on(period.last_day):
        what = (
            f"version {policy.version} of the policy is not in force on {period.last_day}, "
            f"the last day of {period.label} by its own months"
        )
        remedy = "let a version begin on the day that one of its months begins"
        raise InputError(Problem(file, "valid_from", what, remedy))
    return policy, period


def overlaps(versions: Iterable[Policy], *, file: str) -> list[Problem]:
    """A problem for every two neighbouring versions that are in force on the same day."""
    ordered = sorted(versions, key=lambda policy: policy.valid_from or date.min)
    return [
        Problem(
            file,
            "valid_to",
            f"versions {earlier.version} and {later.version} are both in force "
            f"from {later.valid_from or 'the beginning'} on",
            f"end version {earlier.version} with valid_to = the day on which "
            f"{later.version} begins",
        )
        for earlier, later in pairwise(ordered)
        if earlier.valid_to is None or earlier.valid_to > (later.valid_from or date.min)
    ]


def _period(settings: Settings) -> PeriodRule:
    start_in = settings.choice("start_in", ("same_month", "previous_month"), "same_month")
    return PeriodRule(
        start_day=settings.integer("start_day", 1, 1, 28),
        start_hour=settings.integer("start_hour", 0, 0, 23),
        in_previous_month=start_in == "previous_month",
        by=settings.choice("by", ("created_at", "due_at", "callback_at"), "created_at"),
    )


def _confidence(settings: Settings) -> Decimal:
    number = settings.number("confidence", Fraction(95, 100), 0, 1)
    if not Fraction(1, 2) <= number <= Fraction(9999, 10_000):
        settings.wrong("confidence", "not between 0.5 and 0.9999", "write 0.95")
        number = Fraction(95, 100)
    return Decimal(number.numerator) / Decimal(number.denominator)


def _winsor(settings: Settings) -> Fraction:
    share = settings.number("winsor", Fraction(1, 10), 0, 1)
    if share >= Fraction(1, 2):
        settings.wrong("winsor", "half or more on each side leaves no unit", "write 0.1")
        share = Fraction(1, 10)
    return share


def _unique(settings: list[Settings], keys: list[str], what: str) -> None:
    for position, key in enumerate(keys):
        if key in keys[:position]:
            settings[position].wrong("key", f"two {what} have the key {key!r}", "rename one")


def _rates(top: Settings) -> tuple[RateRule, ...]:
    tables = top.each("rates")
    if not tables:
        top.wrong("rates", "the policy has no rate", "add [[rates]] with key, whole and part")
        return ()
    rates = []
    for table in tables:
        part = table.numbers("part", 0, 1)
        if not part:
            table.wrong("part", "no fact counts for this rate", "write part = { resolved = 1 }")
        elif _highest_level(part) > 1:
            what = "facts that can hold together weigh more than 1 in one case"
            table.wrong("part", what, "lower the weights, or leave one fact out")
        for fact in part:
            if fact not in FACTS:
                table.wrong(f"part.{fact}", "this fact is not known", _facts_remedy())
        whole = table.text("whole")
        if whole and whole not in FACTS:
            table.wrong("whole", f"the fact {whole!r} is not known", _facts_remedy())
        rates.append(
            RateRule(
                key=table.text("key"),
                title=table.words("title"),
                whole=whole,
                part=part,
                weight=table.number("weight", None, 0, 1),
            )
        )
    _unique(tables, [rate.key for rate in rates], "rates")
    total = sum(rate.weight for rate in rates)
    if total != 1 and not any(".weight" in problem.where for problem in top.problems):
        _wrong_weights(top, "rates", total)
    return tuple(rates)


def _highest_level(part: Mapping[str, Fraction]) -> Fraction:
    """The most that one case can add to a rate: of answers to one question only one holds."""
    rest = dict(part)
    total = Fraction(0)
    for answers in EXCLUSIVE:
        total += max((rest.pop(fact, Fraction(0)) for fact in answers), default=Fraction(0))
    return total + sum(rest.values(), Fraction(0))


def _facts_remedy() -> str:
    return f"use one of: {', '.join(FACTS)}"


def _wrong_weights(settings: Settings, key: str, total: Fraction | int) -> None:
    shown = Decimal(Fraction(total).numerator) / Decimal(Fraction(total).denominator)
    settings.wrong(
        key, f"the weights add up to {shown.normalize():f}, not to 1", "change them so that they do"
    )


def _groups(top: Settings, rates: tuple[RateRule, ...]) -> tuple[GroupRule, ...]:
    tables = top.each("groups")
    groups: list[GroupRule] = []
    kinds_seen: dict[str, str] = {}
    for table in tables:
        kinds = table.some_texts("kinds")
        weights = table.numbers("weights", 0, 1)
        if table.has("weights") and set(weights) != {rate.key for rate in rates}:
            table.wrong("weights", "not exactly the rates' keys", "give each rate one weight")
        elif weights and sum(weights.values()) != 1:
            _wrong_weights(table, "weights", sum(weights.values()))
        key = table.text("key")
        if key == ALL:
            table.wrong("key", f"{ALL!r} is the group of cities without units", "rename it")
        for kind in kinds:
            if kind in kinds_seen:
                what = f"units of kind {kind!r} are in the group {kinds_seen[kind]!r} already"
                table.wrong("kinds", what, "name each kind in one group only")
            kinds_seen[kind] = key
        groups.append(GroupRule(key, table.words("title"), kinds, weights))
    _unique(tables, [group.key for group in groups], "groups")
    return tuple(groups)


def _lists(top: Settings, groups: tuple[GroupRule, ...]) -> tuple[ListRule, ...]:
    tables = top.each("lists")
    lists = []
    known = [group.key for group in groups] + [EACH_GROUP]
    for table in tables:
        kind = table.choice("kind", LIST_KINDS)
        group = table.text("group", EACH_GROUP)
        if group not in known:
            remedy = f"use one of: {', '.join(known)}"
            table.wrong("group", f"the group {group!r} is not declared", remedy)
        lists.append(
            ListRule(
                key=table.text("key"),
                kind=kind,
                group=group,
                title=table.words("title"),
                n=table.integer("n", 10, 1, 100_000),
                ties=table.choice("ties", ("whole_group", "exact"), "whole_group"),
                measure=table.text("measure") if kind == "measure" else "",
                end=_end(table, kind),
            )
        )
    _unique(tables, [rule.key for rule in lists], "lists")
    own = {rule.key for rule in lists if rule.group != EACH_GROUP}
    for table, rule in zip(tables, lists, strict=True):
        made = {f"{group.key}_{rule.key}" for group in groups}
        if rule.group == EACH_GROUP and made & own:
            table.wrong("key", f"makes a second list {min(made & own)!r}", "rename one")
    return tuple(lists)


def _end(table: Settings, kind: str) -> str:
    """Which end of a measure's ranking is listed; other kinds say it themselves."""
    if kind != "measure":
        return "worst"
    return table.choice("end", ("worst", "best"), "worst")


def _grades(top: Settings) -> tuple[Grade, ...]:
    tables = top.each("grades")
    grades = [
        Grade(table.text("key"), table.words("title"), table.number("at_least", None, 0, 200))
        for table in tables
    ]
    _unique(tables, [grade.key for grade in grades], "grades")
    return tuple(sorted(grades, key=lambda grade: -grade.at_least))
