"""What the documents of a review meeting are made from, and what they all look up.

Holds no sentences (see `evidence`, `press`, `meeting_pack`) and computes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from jiesu.briefing.labels import Words
from jiesu.briefing.scene import Scene
from jiesu.briefing.wording import clean, period_label
from jiesu.core.commitments import Kept
from jiesu.core.measures import MeasureTable
from jiesu.core.meeting import Meeting, MeetingRules
from jiesu.core.press import CasesBehind
from jiesu.core.result import Evaluation, Group, NamedList
from jiesu.core.scorecard import Scorecard
from jiesu.core.units import Units

EVALUATION, YEAR, CARDS, MEETING = (
    "evaluation.json",
    "evaluation-year.json",
    "scorecards.json",
    "meeting.json",
)
"""The files of a pack that statements point into."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that a meeting's documents say, as final figures and people's decisions.

    `year` is the evaluation of the last whole year before the month, `cards` the scorecards of the
    group that speaks, `kept` the commitments as they stand on the day, `edition` the number of the
    month's published edition (0 for none).
    """

    meeting: Meeting
    rules: MeetingRules
    units: Units
    evaluation: Evaluation
    year: Evaluation | None
    cards: Mapping[str, Scorecard]
    kept: tuple[Kept, ...]
    measures: Mapping[str, MeasureTable]
    office: str = ""
    edition: int = 0


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

    def title(self, titles: Mapping[str, str], otherwise: str = "") -> str:
        return clean(self.words.title(titles, otherwise))

    def unit(self, code: str) -> str:
        """A unit's name, a street's with its district's before it."""
        units = self.pack.units
        if code not in units:
            return clean(code)
        unit = units[code]
        above = units[unit.parent].name if unit.parent and unit.parent in units else ""
        own = clean(unit.name)
        if not above or own.startswith(above):
            return own
        return f"{clean(above)}{own}" if self.words.lang == "zh" else f"{clean(above)} {own}"

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
