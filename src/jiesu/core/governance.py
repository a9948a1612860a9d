"""Places under special governance (治理类街乡镇): who is proposed to enter, who to leave, and why.

Rules are data; months in, proposals with evidence out. The program only proposes: a place is on the
list from the day that people write down, until the day they write down. Holds also what is done
there: problems, measures at three levels, progress. Method: docs/methods/governance.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from jiesu.core.period import Period
from jiesu.core.ranking import competition_ranks
from jiesu.core.topics import ItemState, Words

Figure = Literal["volume", "per_10000", "score"]
FIGURES: tuple[Figure, ...] = ("volume", "per_10000", "score")

Side = Literal["top", "bottom"]

LEVELS = ("city", "district", "street")
"""The three levels at which measures are taken."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A month meets a rule where the place is among the `side` most by `figure`.

    Either `n` places (with all that are tied with the last), or `percent` of those that have the
    figure, rounded up. Enter: met in at least `months` of the last `of` months. Leave: not met in
    any of the last `months` months.
    """

    key: str
    title: Words
    figure: Figure
    side: Side
    n: int
    percent: Fraction
    months: int
    of: int


@dataclass(frozen=True, slots=True)
class GovernanceRules:
    """`enter`: any one of them is enough; `leave`: all of them must hold.

    `kinds` are the kinds of unit. A place stays at least `stay_months` months. The defaults that
    ship are ours.
    """

    enter: tuple[Rule, ...]
    leave: tuple[Rule, ...]
    kinds: tuple[str, ...] = ("street",)
    stay_months: int = 6


@dataclass(frozen=True, slots=True)
class Work:
    """A problem to be solved or a measure to be taken, with owner and due day.

    `level` is one of `LEVELS` for a measure and empty for a problem.
    """

    title: Words
    owner: str
    due_on: date
    done_on: date | None = None
    level: str = ""

    def state(self, on: date) -> ItemState:
        if self.done_on is not None and self.done_on <= on:
            return "done" if self.done_on <= self.due_on else "done_late"
        return "overdue" if self.due_on < on else "open"


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """What was said of the progress on a day."""

    on: date
    text: Words


@dataclass(frozen=True, slots=True)
class GovernedPlace:
    """A place that people put on the list. `exited_on` is the first day off it."""

    unit: str
    entered_on: date
    exited_on: date | None = None
    reason: Words | None = None
    problems: tuple[Work, ...] = ()
    measures: tuple[Work, ...] = ()
    reports: tuple[ProgressReport, ...] = ()

    def on_list(self, on: date) -> bool:
        return self.entered_on <= on and (self.exited_on is None or on < self.exited_on)


@dataclass(frozen=True, slots=True)
class GovernanceBook:
    """The rules and the list of a city."""

    rules: GovernanceRules
    places: tuple[GovernedPlace, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month's figures by place; a place without a figure is not in its table."""

    period: Period
    figures: Mapping[Figure, Mapping[str, Fraction]]


@dataclass(frozen=True, slots=True)
class RuleMonths:
    """What a rule says of a place: the months that met it among those looked at, oldest first.

    `holds`: for entry, that it was met often enough; for exit, that it was not met for long enough.
    `places` gives its place in each month looked at (`None`: no figure).
    """

    rule: Rule
    looked_at: tuple[str, ...]
    met: tuple[str, ...]
    places: tuple[int | None, ...]
    holds: bool


GovernedStanding = Literal["enter", "stay", "leave"]
GOVERNED_STANDINGS: tuple[GovernedStanding, ...] = ("enter", "stay", "leave")


@dataclass(frozen=True, slots=True)
class Governed:
    """A place and where it stands: proposed to enter, on the list, or proposed to leave.

    `place` is the entry made by hand, `None` for one that is only proposed. For `enter` the
    evidence is of the rules of entry, else of those of exit. `months_on` are the whole months since
    it entered.
    """

    unit: str
    standing: GovernedStanding
    place: GovernedPlace | None
    evidence: tuple[RuleMonths, ...]
    months_on: int = 0


@dataclass(frozen=True, slots=True)
class GovernanceResult:
    """The state of the list as of a day; `past` are places that have left it."""

    period: str
    on: date
    months: tuple[str, ...]
    governed: tuple[Governed, ...]
    past: tuple[GovernedPlace, ...]
    rules: GovernanceRules


def governance(
    book: GovernanceBook, months: Sequence[Month], units: Sequence[str], on: date
) -> GovernanceResult:
    """Who is on the list at the end of a day, who is proposed to enter and to leave.

    `months` are oldest first, the last one that of the proposal, without gaps; `units` are the
    codes of all places that may be on the list. Worked table: docs/methods/governance.md.
    """
    members = set(units)
    rules = (*book.rules.enter, *book.rules.leave)
    # The place of each unit by each rule in each month, computed once for all units.
    tables = {rule.key: [_met(rule, month, members) for month in months] for rule in rules}
    listed = {place.unit: place for place in book.places if place.on_list(on)}
    governed = []
    for unit in units:
        place = listed.get(unit)
        if place is not None:
            governed.append(_listed(place, book.rules, months, tables))
        else:
            found = _proposed(unit, book, months, tables, on)
            if found is not None:
                governed.append(found)
    order = {standing: place for place, standing in enumerate(GOVERNED_STANDINGS)}
    governed.sort(key=lambda one: order[one.standing])
    past = tuple(p for p in book.places if p.exited_on is not None and p.exited_on <= on)
    label = months[-1].period.label if months else ""
    return GovernanceResult(
        period=label,
        on=on,
        months=tuple(month.period.label for month in months),
        governed=tuple(governed),
        past=past,
        rules=book.rules,
    )


Met = Mapping[str, tuple[int, bool]]
"""By unit its place by a rule's figure, and whether it is among those that the rule means."""


def _met(rule: Rule, month: Month, members: set[str]) -> Met:
    """Places with gaps from the rule's side; without a figure a unit has no place."""
    values = {
        unit: value for unit, value in month.figures.get(rule.figure, {}).items() if unit in members
    }
    sign = 1 if rule.side == "top" else -1
    ranks = competition_ranks({unit: sign * value for unit, value in values.items()})
    # Rounded up: of 343 places 5 per cent are 18.
    cut = rule.n or -(-len(ranks) * rule.percent.numerator // (rule.percent.denominator * 100))
    return {unit: (rank, rank <= cut) for unit, rank in ranks.items()}


def _evidence(
    unit: str, rule: Rule, looked_at: Sequence[int], months: Sequence[Month], table: Sequence[Met]
) -> RuleMonths:
    places = [table[i].get(unit) for i in looked_at]
    met = [
        months[i].period.label
        for i, place in zip(looked_at, places, strict=True)
        if place is not None and place[1]
    ]
    return RuleMonths(
        rule=rule,
        looked_at=tuple(months[i].period.label for i in looked_at),
        met=tuple(met),
        places=tuple(place[0] if place else None for place in places),
        holds=False,
    )


def _listed(
    place: GovernedPlace,
    rules: GovernanceRules,
    months: Sequence[Month],
    tables: Mapping[str, Sequence[Met]],
) -> Governed:
    """On the list: proposed to leave when every exit rule was unmet long enough.

    Only months that began on or after the day of entry count, and at least `stay_months` of them
    must have passed.
    """
    since = [i for i, month in enumerate(months) if month.period.start.date() >= place.entered_on]
    found = []
    for rule in rules.leave:
        looked_at = since[-rule.months :]
        evidence = _evidence(place.unit, rule, looked_at, months, tables[rule.key])
        held = len(looked_at) == rule.months and not evidence.met
        found.append(_holding(evidence, held))
    may_leave = bool(found) and len(since) >= rules.stay_months
    leaves = may_leave and all(evidence.holds for evidence in found)
    return Governed(place.unit, "leave" if leaves else "stay", place, tuple(found), len(since))


def _proposed(
    unit: str,
    book: GovernanceBook,
    months: Sequence[Month],
    tables: Mapping[str, Sequence[Met]],
    on: date,
) -> Governed | None:
    """Not on the list: proposed to enter when one rule was met often enough.

    After an exit only months that began on or after it count, so that the months which brought a
    place onto the list do not bring it back.
    """
    exits = [
        place.exited_on
        for place in book.places
        if place.unit == unit and place.exited_on is not None and place.exited_on <= on
    ]
    first = max(exits, default=date.min)
    since = [i for i, month in enumerate(months) if month.period.start.date() >= first]
    found = []
    for rule in book.rules.enter:
        evidence = _evidence(unit, rule, since[-rule.of :], months, tables[rule.key])
        found.append(_holding(evidence, len(evidence.met) >= rule.months))
    if not any(evidence.holds for evidence in found):
        return None
    return Governed(unit, "enter", None, tuple(found))


def _holding(evidence: RuleMonths, holds: bool) -> RuleMonths:
    return RuleMonths(evidence.rule, evidence.looked_at, evidence.met, evidence.places, holds)
