"""Monthly topics (每月一题): what was promised for a recurring problem, and how far it has come.

Plain objects and the state that follows from them as of a day, by the rules of
docs/methods/topics.md. Reads no files (`city.topics_files`), counts no cases (`core.selection`,
`core.before_after`).
"""

import calendar
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

State = Literal["not_started", "unplanned", "on_schedule", "behind", "done"]
STATES: tuple[State, ...] = ("behind", "on_schedule", "not_started", "unplanned", "done")
"""In the order in which a board lists them: what needs attention first."""

BY_HAND: tuple[State, ...] = ("not_started", "on_schedule", "behind", "done")

ItemState = Literal["done", "done_late", "overdue", "open"]

Words = Mapping[str, str]
"""A text by language."""

CategoryPath = tuple[str, ...]
"""One to three levels of the category tree, from the first down."""


def category_path(*levels: str | None) -> CategoryPath:
    """A case's category down to its first empty level."""
    found: list[str] = []
    for level in levels:
        if not level:
            break
        found.append(level)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Theme:
    """The theme of a month, under which one to three problems stand. `month` is 1..12."""

    year: int
    month: int
    title: Words

    @property
    def label(self) -> str:
        return f"{self.year:04}-{self.month:02}"


@dataclass(frozen=True, slots=True)
class Step:
    """A task or a policy of a topic: what, by whom, due when, done when (`None`: not yet).

    `starts_on` is the first day of the work, where that is planned. `key` is empty for a policy.
    """

    title: Words
    owner: str
    due_on: date
    done_on: date | None = None
    starts_on: date | None = None
    key: str = ""

    def state(self, on: date) -> ItemState:
        """How it stands at the end of a day; what is done later than that is not done yet."""
        if self.done_on is not None and self.done_on <= on:
            return "done" if self.done_on <= self.due_on else "done_late"
        return "overdue" if self.due_on < on else "open"


@dataclass(frozen=True, slots=True)
class Duty:
    """What a unit answers for in a topic."""

    unit: str
    duty: Words


@dataclass(frozen=True, slots=True)
class Progress:
    """The figure reached by the end of a calendar month, since the start. `source` says whence."""

    month: str
    done: Fraction
    source: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A physical target: `target` in `measured_in`, to be reached by `due_on`.

    `progress` is cumulative and sorted by month, so that a month without a figure loses nothing.
    """

    key: str
    title: Words
    target: Fraction
    measured_in: Words
    due_on: date
    source: str = ""
    progress: tuple[Progress, ...] = ()

    def reached(self, on: date) -> Progress | None:
        """The newest figure of a month that has ended by a day."""
        known = [item for item in self.progress if last_day(item.month) <= on]
        return known[-1] if known else None


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey of the public: `satisfied` of `asked`. `by` is the office that asked."""

    on: date
    asked: int
    satisfied: int
    by: str

    @property
    def share(self) -> Fraction:
        return Fraction(self.satisfied, self.asked)


@dataclass(frozen=True, slots=True)
class Topic:
    """A problem with one lead unit. `theme` is a theme's label.

    `started_on` is the day from which the measures work: before and after are told apart by it.
    `categories` are linked branches of the category tree, `words` those looked for in the cases'
    texts. `state` and `state_reason` are empty unless a person sets the state by hand.
    """

    key: str
    title: Words
    theme: str
    lead: str
    started_on: date
    partners: tuple[str, ...] = ()
    categories: tuple[CategoryPath, ...] = ()
    words: tuple[str, ...] = ()
    plan: Words = field(default_factory=dict)
    tasks: tuple[Step, ...] = ()
    policies: tuple[Step, ...] = ()
    duties: tuple[Duty, ...] = ()
    targets: tuple[Target, ...] = ()
    surveys: tuple[Survey, ...] = ()
    state: str = ""
    state_reason: str = ""

    def survey(self, on: date) -> Survey | None:
        """The newest survey up to a day."""
        known = [survey for survey in self.surveys if survey.on <= on]
        return max(known, key=lambda survey: survey.on) if known else None

    def covers(self, path: CategoryPath) -> bool:
        """Whether a case of this category belongs to the topic by its category."""
        return any(path[: len(linked)] == linked for linked in self.categories)


@dataclass(frozen=True, slots=True)
class TopicRules:
    """When a topic is behind, and by which rate of the policy it is judged.

    `target_slack` is how far, as a share of the target, a physical target may lie under the
    straight line from start to due day; `survey_at_least` the least satisfied share. `rate` names
    a rate of the policy; empty: its `resolution`, else the one that weighs most. Defaults are ours:
    no source gives them.
    """

    target_slack: Fraction = Fraction(1, 10)
    survey_at_least: Fraction = Fraction(85, 100)
    rate: str = ""


@dataclass(frozen=True, slots=True)
class TopicBook:
    """All that a city's topics file holds."""

    themes: tuple[Theme, ...]
    topics: tuple[Topic, ...]
    rules: TopicRules = TopicRules()


@dataclass(frozen=True, slots=True)
class TargetState:
    """A target as of a day: `share` reached and `expected` by the straight line, both in 0..1
    (`share` may pass 1); `month` of the newest figure, empty where there is none."""

    target: Target
    done: Fraction
    share: Fraction
    expected: Fraction
    month: str
    behind: bool


@dataclass(frozen=True, slots=True)
class Completion:
    """A topic as of a day: its state, and what it stands on.

    `reasons` are those for `behind`: `tasks`, `policies`, `targets`, `survey`. `by_hand` says that
    a person set `state`; `computed` is what the rules give.
    """

    state: State
    computed: State
    by_hand: bool
    reasons: tuple[str, ...]
    tasks: tuple[ItemState, ...]
    policies: tuple[ItemState, ...]
    targets: tuple[TargetState, ...]
    survey: Survey | None

    @property
    def tasks_done(self) -> int:
        return n_done(self.tasks)

    @property
    def policies_issued(self) -> int:
        return n_done(self.policies)


def n_done(states: Iterable[ItemState]) -> int:
    return sum(state in ("done", "done_late") for state in states)


def completion(topic: Topic, on: date, rules: TopicRules) -> Completion:
    """How a topic stands at the end of a day (docs/methods/topics.md, "Completion").

    Done: every task done, every policy issued, every target reached, and the newest survey, if
    there is one, not under `survey_at_least`. Behind: any of them is late.
    """
    tasks = tuple(task.state(on) for task in topic.tasks)
    policies = tuple(policy.state(on) for policy in topic.policies)
    targets = tuple(target_state(target, topic.started_on, on, rules) for target in topic.targets)
    survey = topic.survey(on)
    reasons = tuple(
        reason
        for reason, late in (
            ("tasks", "overdue" in tasks),
            ("policies", "overdue" in policies),
            ("targets", any(target.behind for target in targets)),
            ("survey", survey is not None and survey.share < rules.survey_at_least),
        )
        if late
    )
    everything = n_done(tasks) == len(tasks) and n_done(policies) == len(policies)
    everything = everything and all(target.share >= 1 for target in targets)
    computed: State
    if not (tasks or policies or targets):
        computed = "not_started" if on < topic.started_on else "unplanned"
    elif reasons:
        computed = "behind"
    elif everything:
        computed = "done"
    else:
        computed = "not_started" if on < topic.started_on else "on_schedule"
    by_hand = next((state for state in BY_HAND if state == topic.state), None)
    return Completion(
        state=by_hand or computed,
        computed=computed,
        by_hand=by_hand is not None,
        reasons=reasons,
        tasks=tasks,
        policies=policies,
        targets=targets,
        survey=survey,
    )


def target_state(target: Target, started_on: date, on: date, rules: TopicRules) -> TargetState:
    """How far a target is against the straight line from the start to the due day.

    share = done / target. expected = days gone / days in all, at the end of the month of the
    newest figure (of the day itself where there is none or the due day has passed), within 0..1.
    Behind: share < expected - slack; from the due day on, share < 1.
    """
    newest = target.reached(on)
    done = newest.done if newest else Fraction(0)
    share = done / target.target
    over = on > target.due_on
    seen = last_day(newest.month) if newest and not over else on
    whole = max((target.due_on - started_on).days, 1)
    expected = min(max(Fraction((seen - started_on).days, whole), Fraction(0)), Fraction(1))
    behind = share < 1 if over else share < expected - rules.target_slack
    return TargetState(target, done, share, expected, newest.month if newest else "", behind)


def last_day(month: str) -> date:
    """The last day of a calendar month such as 2022-02."""
    year, number = int(month[:4]), int(month[5:7])
    return date(year, number, calendar.monthrange(year, number)[1])


def is_month(text: str) -> bool:
    """Whether a text is a calendar month such as 2022-02."""
    return re.fullmatch(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])", text) is not None


def falls(target: Target) -> tuple[str, ...]:
    """The months in which a cumulative figure is lower than the one before it."""
    pairs = zip(target.progress, target.progress[1:], strict=False)
    return tuple(later.month for earlier, later in pairs if later.done < earlier.done)
