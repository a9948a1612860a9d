"""What the documents of a review meeting are made from, and what they all look up.

Holds no sentences (see `evidence`, `press`, `meeting_pack`) and computes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from jiesu.briefing.labels import Words
from jiesu.briefing.scene import Scene
from jiesu.briefing.wording import MAX_NAME, clean, lowered, period_label, unit_name
from jiesu.core.commitments import Kept
from jiesu.core.governance import GovernanceResult
from jiesu.core.indices import IndexResult
from jiesu.core.measures import MeasureTable
from jiesu.core.meeting import Attendance, Meeting, MeetingRules
from jiesu.core.press import CasesBehind, Trace
from jiesu.core.result import Evaluation, Group, NamedList
from jiesu.core.scorecard import Scorecard, pointed
from jiesu.core.topic_board import TopicBoard
from jiesu.core.units import Units

EVALUATION, YEAR, CARDS, MEETING, MEASURES, TOPICS, INDEX = (
    "evaluation.json",
    "evaluation-year.json",
    "scorecards.json",
    "meeting.json",
    "measures.json",
    "topics.json",
    "index.json",
)
"""The files of a pack that statements point into."""

FIGURES = (EVALUATION, YEAR, CARDS, MEETING, MEASURES, TOPICS, INDEX)


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that a meeting's documents say, as final figures and people's decisions.

    `year` is the evaluation of the last whole year before the month, `cards` the scorecards of the
    group that speaks, `kept` the commitments as they stand on the day. `index` (of the last whole
    year), `topics` and `governance` are `None` where the city has none. `edition` is the number of
    the month's newest edition, 0 for none; `edition_holds` says that its figures are these.
    """

    meeting: Meeting
    rules: MeetingRules
    units: Units
    evaluation: Evaluation
    year: Evaluation | None
    cards: Mapping[str, Scorecard]
    kept: tuple[Kept, ...]
    measures: Mapping[str, MeasureTable]
    index: IndexResult | None = None
    topics: TopicBoard | None = None
    governance: GovernanceResult | None = None
    office: str = ""
    edition: int = 0
    edition_holds: bool = False


@dataclass(frozen=True)
class Stage:
    """A pack with the words of one language: names, titles and pointers that sentences need."""

    pack: Pack
    words: Words

    @cached_property
    def scene(self) -> Scene:
        return Scene.of(self.pack.evaluation, self.words)

    @property
    def city(self) -> str:
        return clean(self.words.title(self.pack.evaluation.city, ""))

    @property
    def month(self) -> str:
        """The month that is reviewed, with its year."""
        return period_label(self.pack.meeting.period, self.words)

    @property
    def short_month(self) -> str:
        """The month without its year: 2月, February."""
        return self.month.split("年")[-1] if self.words.lang == "zh" else self.month.split()[0]

    def month_trace(self, shown: str = "") -> Trace:
        """Where the month stands that a sentence names; `shown` is how, if not in short."""
        period = self.pack.meeting.period
        return Trace("month", shown or self.short_month, period, MEETING, "/period", "", period)

    def title(self, titles: Mapping[str, str], otherwise: str = "", limit: int = MAX_NAME) -> str:
        """A text in this language, on one line and at most `limit` long."""
        return clean(self.words.title(titles, otherwise), limit)

    @property
    def score(self) -> str:
        """What the score is called inside a sentence."""
        return lowered(self.scene.score, self.words)

    def unit(self, code: str) -> str:
        """A unit's name, a street's with its district's before it."""
        return unit_name(code, self.pack.units.by_code, self.words.lang)

    def group(self, key: str) -> Group | None:
        return next((g for g in self.pack.evaluation.groups if g.key == key), None)

    def list_at(self, key: str) -> tuple[int, NamedList] | None:
        """A named list of the month and its number in `evaluation.json`."""
        for number, named in enumerate(self.pack.evaluation.lists):
            if named.key == key:
                return number, named
        return None

    def unit_at(self, evaluation: Evaluation, code: str) -> tuple[int, int] | None:
        """Where a unit stands in an evaluation's file: the numbers of its group and its place."""
        for g, group in enumerate(evaluation.groups):
            for u, unit in enumerate(group.units):
                if unit.unit == code:
                    return g, u
        return None

    def cases_of(self, code: str) -> CasesBehind | None:
        """The month's cases that a unit's figures count: its own and those of all units below."""
        evaluation = self.pack.evaluation
        found = self.unit_at(evaluation, code)
        if found is None:
            return None
        unit = evaluation.groups[found[0]].units[found[1]]
        codes = self.pack.units.with_all_below(code) if code in self.pack.units else (code,)
        return CasesBehind(evaluation.period.label, "unit", codes, unit.volume)

    def sources(self) -> tuple[str, ...]:
        """Who delivers the outside measures, for the foot of a document."""
        tables = self.pack.measures.values()
        names = dict.fromkeys(clean(table.measure.source, 120) for table in tables)
        if not names:
            return ()
        return (self.words("meeting.sources", names=self.words("between").join(names)),)

    def mark(self, otherwise: str = "") -> str:
        """What stands on every page: synthetic data, or a draft that nobody has approved."""
        words = self.words
        marks = [words("synthetic")] if self.pack.evaluation.synthetic else []
        if self.pack.meeting.proposed:
            marks.append(words("meeting.draft"))
        elif otherwise:
            marks.append(otherwise)
        return "　".join(marks)

    def attending(self, number: int, attendance: Attendance) -> tuple[list[str], list[Trace]]:
        """Who attends in one way, in words; how many units of a kind, traced to the meeting."""
        words, units = self.words, self.pack.units
        titles = {
            kind: self.title(rule.title, rule.key)
            for rule in self.pack.evaluation.policy.groups
            for kind in rule.kinds
        }
        who, traces = [], []
        for kind in attendance.kinds:
            held = self.pack.meeting.held_on
            there = (unit.exists_between(held, held) for unit in units if unit.kind == kind)
            n = str(sum(there))
            title = lowered(titles.get(kind, clean(kind)), words)
            who.append(words("meeting.kind", title=title, n=n))
            pointer = f"/attendance/{number}/units_of_kind/{pointed(kind)}"
            traces.append(Trace(f"units of kind {kind}", n, n, MEETING, pointer))
        for key, names in (("units", attendance.units), ("offices", attendance.offices)):
            for place, name in enumerate(names):
                shown = self.unit(name) if key == "units" else clean(name)
                who.append(shown)
                pointer = f"/attendance/{number}/{key}/{place}"
                traces.append(Trace(key, shown, name, MEETING, pointer))
        return who, traces
