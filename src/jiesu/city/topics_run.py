"""The board of monthly topics and the list of governed places, from an opened city folder.

Brings files, counts and arithmetic together; computes and prints nothing itself. The documents
are written in `topics_documents`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from jiesu.city.folder import City
from jiesu.city.governance_file import read_governance
from jiesu.city.topics_files import TopicsFile, read_topics
from jiesu.city.workspace import Workspace
from jiesu.core.before_after import BeforeAfter, MonthFigures, side_of
from jiesu.core.facts import EMPTY, Joint
from jiesu.core.governance import (
    Figure,
    GovernanceBook,
    GovernanceResult,
    Month,
    governance,
)
from jiesu.core.period import MonthRule, Period, month_period
from jiesu.core.policy import Policy, RateRule
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import Evaluation
from jiesu.core.scoring import Scale, tally
from jiesu.core.selection import Candidate, Ground, candidates
from jiesu.core.settings import toml_table, with_lines
from jiesu.core.topic_board import Note, TopicBoard, TopicStatus, notes_on, rate_of
from jiesu.core.topics import Topic, completion, last_day
from jiesu.core.units import Unit

if TYPE_CHECKING:
    from jiesu.evaluation.categories import CategoryQuestion

FEWEST_MONTHS_BACK = 12
"""Governance looks back at least so far, so that its document shows a year."""


@dataclass(frozen=True, slots=True)
class _Months:
    """The assessment months at hand up to a period's end, oldest first, and what is known."""

    policy: Policy
    months: tuple[Period, ...]
    as_of: datetime

    def ask(
        self, rate: RateRule, workspace: Workspace, last: int | None = None
    ) -> "CategoryQuestion":
        from jiesu.evaluation.categories import CategoryQuestion

        chosen = self.months if last is None else self.months[-last:]
        windows = tuple((month.start, month.end) for month in chosen)
        job = workspace.job
        return CategoryQuestion(
            self.policy, rate, self.as_of, windows, job.engine, workspace.folder
        )


def topics_of(
    workspace: Workspace,
    city: City,
    label: str,
    *,
    evaluation: Evaluation | None = None,
    counted: bool = True,
    models: bool = False,
    propose: bool = False,
) -> TopicBoard | None:
    """The board for a period; `None` where the city has no topics.

    `evaluation` of the period saves finding out until when the data go. Without `counted` nothing
    is said of the topics' cases, only of their plans: looking for words in texts takes time.
    `models` fits the interrupted time series, for which statsmodels takes seconds to import.
    `propose` adds the candidates. Raises InputError for a wrong topics file, and for a rate that
    the policy has not.
    """
    found = read_topics(city, workspace.roster.units)
    if found is None:
        return None
    at_hand = _months(workspace, label, evaluation)
    rate = rate_of(at_hand.policy, found.book.rules)
    if rate is None:
        known = ", ".join(rule.key for rule in at_hand.policy.rates)
        what = f"the policy has no rate {found.book.rules.rate[:40]!r}"
        path = city.outside["topics"]
        wrong = Problem(path.name, "rules.rate", what, f"use one of: {known}")
        raise InputError(with_lines([wrong], toml_table(path.read_bytes(), path.name)))
    on = day_of(workspace.period(label)[1], at_hand.as_of)
    cases: dict[str, BeforeAfter] = {}
    notes: tuple[Note, ...] = ()
    if counted:
        cases, notes = _cases(workspace, city, found, at_hand, rate, on)
    if models:
        cases = _with_models(cases)
    themes = sorted(found.book.themes, key=lambda theme: theme.label, reverse=True)
    order = {theme.label: place for place, theme in enumerate(themes)}
    topics = sorted(found.book.topics, key=lambda topic: order[topic.theme])
    return TopicBoard(
        period=label,
        on=on,
        as_of=at_hand.as_of,
        themes=tuple(themes),
        topics=tuple(
            TopicStatus(topic, completion(topic, on, found.book.rules), cases.get(topic.key))
            for topic in topics
        ),
        rules=found.book.rules,
        rate=rate,
        candidates=_candidates(workspace, found, at_hand, rate) if propose else None,
        candidate_rules=found.candidates,
        notes=notes,
        city=workspace.job.names or {},
        synthetic=workspace.job.synthetic,
    )


def governance_of(
    workspace: Workspace, city: City, label: str, *, evaluation: Evaluation | None = None
) -> GovernanceResult | None:
    """The governed places for a period; `None` where the city has no `governance.toml`.

    Scores are those of the period's evaluation, which is made here if a rule needs it and it is
    not given; they reach back twelve months. Raises InputError for a wrong file.
    """
    book = read_governance(city, workspace.roster.units)
    units = workspace.roster.units
    if book is None or units is None:
        return None
    rules = (*book.rules.enter, *book.rules.leave)
    by_score = any(rule.figure == "score" for rule in rules)
    if evaluation is None and by_score:
        evaluation = workspace.evaluation(label)
    at_hand = _months(workspace, label, evaluation)
    on = day_of(workspace.period(label)[1], at_hand.as_of)
    members = [
        unit for unit in units if unit.kind in book.rules.kinds and unit.exists_between(on, on)
    ]
    months = _governed_months(workspace, book, at_hand, members, evaluation if by_score else None)
    return governance(book, months, [unit.code for unit in members], on)


def day_of(period: Period, as_of: datetime) -> date:
    """The day up to which plans are judged: the end of the calendar month in which the period ends,
    or the day of `as_of` where that is earlier."""
    end = last_day(f"{period.last_day:%Y-%m}")
    return min(end, as_of.astimezone(period.rule.zone).date())


def _months(workspace: Workspace, label: str, evaluation: Evaluation | None) -> _Months:
    """The months whose cases are at hand from their beginning, until the period's end."""
    from jiesu.evaluation.run import first_time

    policy, period = workspace.period(label)
    rule = period.rule
    as_of = workspace.as_of(rule.zone) if evaluation is None else evaluation.as_of
    first = first_time(workspace.files, policy.period.by)
    if first is None:
        return _Months(policy, (), as_of)
    begin = _first_whole_month(rule, first)
    end = rule.month_of(period.end)
    if rule.month_start(end) < period.end:
        end += 1
    every = (month_period(rule, number) for number in range(begin, end))
    return _Months(policy, tuple(month for month in every if month.start <= as_of), as_of)


def _first_whole_month(rule: MonthRule, first: datetime) -> int:
    """The month of the first case, or the next where more than its first day is missing."""
    number = rule.month_of(first)
    return number + (not month_period(rule, number).reached_by(first))


def _cases(
    workspace: Workspace,
    city: City,
    found: TopicsFile,
    at_hand: _Months,
    rate: RateRule,
    on: date,
) -> tuple[dict[str, BeforeAfter], tuple[Note, ...]]:
    """The months of each linked topic, and what is odd in the input."""
    topics = found.book.topics
    linked = [topic for topic in topics if topic.categories or topic.words]
    texts = _texts(city) if any(topic.words for topic in linked) else []
    notes: list[Note] = []
    if not linked or not at_hand.months:
        for topic in topics:
            notes += notes_on(topic, on, None)
        return {}, tuple(notes)
    from jiesu.evaluation.categories import count_topics

    counts = count_topics(workspace.files, at_hand.ask(rate, workspace), linked, texts)
    cases = {}
    for topic in linked:
        joints = [month.get(topic.key, EMPTY) for month in counts.topics]
        cases[topic.key] = BeforeAfter(_figures(topic, at_hand, joints, counts.volumes, rate))
    for topic in topics:
        notes += notes_on(topic, on, counts.paths)
        if topic.words and not texts:
            notes.append(("no_texts", {"topic": topic.key}))
    return cases, tuple(notes)


def _texts(city: City) -> list[Path]:
    from jiesu.evaluation.categories import TEXT_SUFFIXES

    place = city.outside.get("texts")
    if place is None or place.is_file():
        return [] if place is None else [place]
    return sorted(path for path in place.iterdir() if path.suffix in TEXT_SUFFIXES)


def _figures(
    topic: Topic,
    at_hand: _Months,
    joints: Sequence[Joint],
    volumes: Sequence[int],
    rate: RateRule,
) -> tuple[MonthFigures, ...]:
    scale = Scale((rate,), {rate.key: Fraction(1)}, 1, None)
    found = []
    for month, joint, volume in zip(at_hand.months, joints, volumes, strict=True):
        parts, wholes = tally(joint, scale, but="excluded")
        own = joint.count("created")
        found.append(
            MonthFigures(
                month=month.label,
                days=(month.end.date() - month.start.date()).days,
                volume=own,
                others=volume - own,
                part=Fraction(parts[0], scale.denominator(0)),
                whole=wholes[0],
                side=side_of(month, topic.started_on, running=month.is_running(at_hand.as_of)),
            )
        )
    return tuple(found)


def _with_models(cases: Mapping[str, BeforeAfter]) -> dict[str, BeforeAfter]:
    from jiesu.insight.interrupted import effects

    return {key: effects(found.months) for key, found in cases.items()}


def _candidates(
    workspace: Workspace, found: TopicsFile, at_hand: _Months, rate: RateRule
) -> tuple[Candidate, ...]:
    from jiesu.evaluation.categories import count_categories

    if not at_hand.months:
        return ()
    ask = at_hand.ask(rate, workspace, found.candidates.months)
    counts = count_categories(workspace.files, ask)
    places = {place for by_place in counts.places.values() for place in by_place}
    ground = Ground.of(workspace.roster.units, places)
    return candidates(counts, ground, rate, found.candidates, found.book.topics)


def _governed_months(
    workspace: Workspace,
    book: GovernanceBook,
    at_hand: _Months,
    members: Sequence[Unit],
    evaluation: Evaluation | None,
) -> list[Month]:
    """Volume, volume per 10,000 residents and score of each place, month by month."""
    from jiesu.evaluation.categories import count_places

    rules = (*book.rules.enter, *book.rules.leave)
    back = max(FEWEST_MONTHS_BACK, book.rules.stay_months, *(rule.of for rule in rules))
    months = at_hand.months[-back:]
    if not months:
        return []
    rate = at_hand.policy.rates[0]
    volumes = count_places(workspace.files, at_hand.ask(rate, workspace, back))
    scores = _scores(evaluation) if evaluation is not None else {}
    found = []
    for month, by_place in zip(months, volumes, strict=True):
        counted = {unit.code: Fraction(by_place.get(unit.code, 0)) for unit in members}
        figures: dict[Figure, dict[str, Fraction]] = {
            "volume": counted,
            "per_10000": {
                unit.code: counted[unit.code] * 10_000 / unit.population
                for unit in members
                if unit.population
            },
            "score": scores.get(month.label, {}),
        }
        found.append(Month(month, figures))
    return found


def _scores(evaluation: Evaluation) -> dict[str, dict[str, Fraction]]:
    """Scores by month and unit, from the paths of the months at hand."""
    found: dict[str, dict[str, Fraction]] = {}
    for paths in evaluation.paths.values():
        for unit, points in paths.items():
            for point in points:
                if point.score is not None:
                    found.setdefault(point.period, {})[unit] = Fraction(point.score)
    return found
