"""The board of the monthly topics for one period: what documents, meeting and files read.

Brings the topics, their completion, their cases before and after, and the candidates together,
and says what a reader must know of the input. Computes nothing new. JSON: docs/topics.md.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from jiesu.core.before_after import BeforeAfter, Effect, Estimate, Mean
from jiesu.core.policy import Policy, RateRule
from jiesu.core.scoring import exact_text, rounded
from jiesu.core.selection import Candidate, CandidateRules
from jiesu.core.topics import (
    STATES,
    CategoryPath,
    Completion,
    State,
    Step,
    Theme,
    Topic,
    TopicRules,
    falls,
    last_day,
)

SCHEMA = "jiesu.topics/1"
RATE_DECIMALS = 6
FAR_BEYOND = Fraction(3, 2)
"""Progress beyond so much of a target is worth a second look."""

Note = tuple[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class TopicStatus:
    """A topic as the board shows it; `cases` is `None` where no category and no word is linked."""

    topic: Topic
    completion: Completion
    cases: BeforeAfter | None


@dataclass(frozen=True, slots=True)
class TopicBoard:
    """All topics as of `on`, the day up to which plans are judged; cases as of `as_of`.

    Topics stand by theme, newest first, then in the file's order. `candidates` is `None` where
    they were not asked for. `notes` are sentences about the input, as (key, values).
    """

    period: str
    on: date
    as_of: datetime
    themes: tuple[Theme, ...]
    topics: tuple[TopicStatus, ...]
    rules: TopicRules
    rate: RateRule
    candidates: tuple[Candidate, ...] | None
    candidate_rules: CandidateRules
    notes: tuple[Note, ...]
    city: Mapping[str, str]
    synthetic: bool

    def theme(self, label: str) -> Theme | None:
        return next((theme for theme in self.themes if theme.label == label), None)

    @property
    def states(self) -> Mapping[State, int]:
        """How many topics are in each state, in the order of `STATES`."""
        found = Counter(one.completion.state for one in self.topics)
        return {state: found[state] for state in STATES if found[state]}


def rate_of(policy: Policy, rules: TopicRules) -> RateRule | None:
    """The rate by which topics are judged; `None` where the policy has none of that name."""
    by_key = {rule.key: rule for rule in policy.rates}
    if rules.rate:
        return by_key.get(rules.rate)
    return by_key.get("resolution") or max(policy.rates, key=lambda rule: rule.weight)


def notes_on(topic: Topic, on: date, paths: Collection[CategoryPath] | None) -> Iterator[Note]:
    """What is odd in a topic, though no mistake. `paths` are the categories that cases have."""
    for linked in topic.categories if paths is not None else ():
        if not any(path[: len(linked)] == linked for path in paths or ()):
            yield "no_category", {"topic": topic.key, "category": " > ".join(linked)}
    for target in topic.targets:
        where = {"topic": topic.key, "target": target.key}
        for month in falls(target):
            yield "progress_falls", {**where, "month": month}
        newest = target.reached(on)
        if newest is not None and newest.done > target.target * FAR_BEYOND:
            yield "progress_beyond", {**where, "month": newest.month}
        for one in target.progress:
            if last_day(one.month) > on:
                yield "progress_ahead", {**where, "month": one.month}


def topics_document(board: TopicBoard) -> dict[str, Any]:
    """`topics.json` as plain values: exact figures as integers or decimal texts, never floats."""
    return {
        "schema": SCHEMA,
        "period": board.period,
        "on": board.on.isoformat(),
        "as_of": board.as_of.isoformat(),
        "city": dict(board.city),
        "synthetic": board.synthetic,
        "rate": {"key": board.rate.key, "title": dict(board.rate.title)},
        "rules": {
            "target_slack": _exact(board.rules.target_slack),
            "survey_at_least": _exact(board.rules.survey_at_least),
        },
        "states": dict(board.states),
        "themes": [{"month": theme.label, "title": dict(theme.title)} for theme in board.themes],
        "topics": [_topic(one, board.on) for one in board.topics],
        "candidates": None
        if board.candidates is None
        else [_candidate(one) for one in board.candidates],
        "notes": [{"key": key, "values": dict(values)} for key, values in board.notes],
    }


def _topic(one: TopicStatus, on: date) -> dict[str, Any]:
    topic, done = one.topic, one.completion
    return {
        "key": topic.key,
        "title": dict(topic.title),
        "theme": topic.theme,
        "lead": topic.lead,
        "partners": list(topic.partners),
        "started_on": topic.started_on.isoformat(),
        "categories": [list(path) for path in topic.categories],
        "words": list(topic.words),
        "state": done.state,
        "computed_state": done.computed,
        "state_reason": topic.state_reason or None,
        "behind_in": list(done.reasons),
        "tasks": {
            "done": done.tasks_done,
            "total": len(topic.tasks),
            "items": [_step(step, on) for step in topic.tasks],
        },
        "policies": {
            "done": done.policies_issued,
            "total": len(topic.policies),
            "items": [_step(step, on) for step in topic.policies],
        },
        "duties": [{"unit": duty.unit, "duty": dict(duty.duty)} for duty in topic.duties],
        "targets": [
            {
                "key": state.target.key,
                "title": dict(state.target.title),
                "measured_in": dict(state.target.measured_in),
                "target": _exact(state.target.target),
                "due_on": state.target.due_on.isoformat(),
                "done": _exact(state.done),
                "month": state.month or None,
                "share": _decimal(state.share),
                "expected_share": _decimal(state.expected),
                "behind": state.behind,
            }
            for state in done.targets
        ],
        "survey": None
        if done.survey is None
        else {
            "on": done.survey.on.isoformat(),
            "asked": done.survey.asked,
            "satisfied": done.survey.satisfied,
            "share": _decimal(done.survey.share),
            "by": done.survey.by,
        },
        "cases": None if one.cases is None else _cases(one.cases),
    }


def _step(step: Step, on: date) -> dict[str, Any]:
    return {
        "key": step.key or None,
        "title": dict(step.title),
        "owner": step.owner,
        "due_on": step.due_on.isoformat(),
        "done_on": step.done_on.isoformat() if step.done_on else None,
        "state": step.state(on),
    }


def _cases(found: BeforeAfter) -> dict[str, Any]:
    return {
        "before": _mean(found.before),
        "after": _mean(found.after),
        "months": [
            {
                "month": month.month,
                "side": month.side,
                "days": month.days,
                "volume": month.volume,
                "others": month.others,
                "part": _exact(month.part),
                "whole": month.whole,
                "rate": _decimal(month.rate),
            }
            for month in found.months
        ],
        "volume_effect": _effect(found.volume),
        "rate_effect": _effect(found.rate),
    }


def _mean(mean: Mean) -> dict[str, Any]:
    return {
        "months": mean.n,
        "volume": mean.volume,
        "per_month": _decimal(mean.per_month, 2),
        "share": _decimal(mean.share),
        "rate": _decimal(mean.rate),
    }


def _effect(effect: Effect | None) -> dict[str, Any] | None:
    """A model's answer: its floats as texts with four decimals."""
    if effect is None:
        return None
    found: dict[str, Any] = {
        "months_before": effect.n_before,
        "months_after": effect.n_after,
        "missing": effect.missing,
    }
    if effect.missing is None:
        found |= {
            "level": _estimate(effect.level),
            "slope": _estimate(effect.slope),
            "average": _estimate(effect.average),
            "clear": effect.clear,
            "dispersion": f"{effect.dispersion:.4f}",
            "lag": effect.lag,
            "seasonal": effect.seasonal,
            "months": [
                {
                    "month": fit.month,
                    "fitted": f"{fit.fitted:.4f}",
                    "expected": f"{fit.expected:.4f}",
                    "low": f"{fit.low:.4f}",
                    "high": f"{fit.high:.4f}",
                }
                for fit in effect.months
            ],
        }
    return found


def _estimate(estimate: Estimate | None) -> dict[str, str] | None:
    if estimate is None:
        return None
    return {
        "value": f"{estimate.value:.4f}",
        "low": f"{estimate.low:.4f}",
        "high": f"{estimate.high:.4f}",
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    return {
        "category": list(one.path),
        "rank": one.rank,
        "score": str(one.score),
        "tests": {key: str(value) for key, value in one.tests.items()},
        "topic": one.topic or None,
        "volume": one.volume,
        "streets": one.streets,
        "streets_in_all": one.n_streets,
        "share_of_top_tenth": _decimal(one.top_share),
        "share_led_by_streets": _decimal(one.grass_roots),
        "months_among_top": one.months_top,
        "months": one.n_months,
        "part": _exact(one.part),
        "whole": one.whole,
        "rate": _decimal(one.part / one.whole) if one.whole else None,
        "rate_of_better_streets": _decimal(one.best),
        "districts_below_city": one.districts,
        "districts_in_all": one.n_districts,
        "departments": one.departments,
    }


def _decimal(value: Fraction | None, decimals: int = RATE_DECIMALS) -> str | None:
    return None if value is None else str(rounded(value, decimals))


def _exact(value: Fraction) -> int | str:
    """A whole number as such, another with all its digits."""
    if value.denominator == 1:
        return value.numerator
    return exact_text(value)
