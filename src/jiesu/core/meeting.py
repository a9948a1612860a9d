"""The monthly review meeting (点评会): who speaks, in what order, about what.

Plain objects that a folder holds as `meetings/PERIOD.toml` and a web application may store. What
is proposed here is edited by people; nothing here is ever decided by the program. Figures for
speakers are in `scorecard`. Rules: docs/methods/meeting.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from jiesu.core.result import Evaluation, UnitResult

AGENDA = (
    "speakers",
    "experience",
    "bulletin",
    "index",
    "topics",
    "governance",
    "commitments",
    "next_steps",
)
"""The parts that a pack knows, in the usual order; a meeting lists those that it has."""


@dataclass(frozen=True, slots=True)
class MeetingRules:
    """How a meeting is proposed.

    `speakers` units of the group `speaker_group` speak, and `topics` monthly topics are heard; one
    unit of `experience_group` tells how it works, which was not heard within `heard_months` months.
    At most so many `merits` and `shortcomings` are proposed for a speaker; a figure is a merit
    where the unit is among the first `leads_percent` of its group. `notices` are the kinds of list
    whose units get a notice (督办通知), to be answered within `notice_days`. `chair` is the office
    that leads; `hall`, `branch` and `video` are the kinds of unit that attend in each way. `title`
    is what the meeting is called, `speaker_role` and `experience_role` who speaks for a unit.
    """

    title: Mapping[str, str] = field(
        default_factory=lambda: {"zh": "月度工作点评会", "en": "monthly review meeting"}
    )
    speaker_role: Mapping[str, str] = field(
        default_factory=lambda: {"zh": "主要负责同志", "en": "heads"}
    )
    experience_role: Mapping[str, str] = field(
        default_factory=lambda: {"zh": "主要负责同志", "en": "head"}
    )

    speakers: int = 3
    topics: int = 3
    speaker_group: str = "district"
    experience_group: str = "street"
    heard_months: int = 12
    merits: int = 5
    shortcomings: int = 3
    leads_percent: int = 25
    notices: tuple[str, ...] = ("bottom", "measure")
    notice_days: int = 10
    chair: str = ""
    hall: tuple[str, ...] = ("district", "department")
    branch: tuple[str, ...] = ("enterprise",)
    video: tuple[str, ...] = ("street",)


@dataclass(frozen=True, slots=True)
class Point:
    """A merit or shortcoming that is to be read out.

    Either `evidence` is the key of an entry of the unit's scorecard, whose words and figures are
    made anew each time, or `text` is written by hand and `source` names the office that gives it.
    """

    evidence: str = ""
    text: Mapping[str, str] | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A unit that speaks, with what it is told."""

    unit: str
    merits: tuple[Point, ...] = ()
    shortcomings: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who attends in one way: units by kind, single units, offices in words."""

    way: str
    kinds: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    offices: tuple[str, ...] = ()


WAYS = ("hall", "branch", "video")


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting. `period` is the label of the month that it reviews.

    `experience` is the code of the unit that tells how it works (empty for none). `next_steps` are
    texts by language, `topics` the keys of the monthly topics that are heard one by one. `proposed`
    is true where no person has edited it yet.
    """

    period: str
    held_on: date
    chair: str
    agenda: tuple[str, ...]
    attendance: tuple[Attendance, ...]
    speakers: tuple[Speaker, ...]
    experience: str
    next_steps: tuple[Mapping[str, str], ...]
    topics: tuple[str, ...] = ()
    proposed: bool = False


def in_turn(units: Sequence[str], past: Iterable[Meeting], n: int) -> tuple[str, ...]:
    """The n units whose turn it is to speak: those who never spoke, then the longest ago.

    `units` in their usual order, which decides among equals; the chosen stand in that order.
    """
    last: dict[str, date] = {}
    for meeting in past:
        for speaker in meeting.speakers:
            last[speaker.unit] = max(last.get(speaker.unit, date.min), meeting.held_on)
    waiting = sorted(units, key=lambda unit: (last.get(unit, date.min), units.index(unit)))
    chosen = set(waiting[:n])
    return tuple(unit for unit in units if unit in chosen)


@dataclass(frozen=True, slots=True)
class Experience:
    """A unit that may tell how it works. `why` is `rank` or `improved`; `n` its rank or place."""

    unit: str
    why: str
    n: int


def experience_candidates(
    evaluation: Evaluation, past: Iterable[Meeting], rules: MeetingRules
) -> tuple[Experience, ...]:
    """Units that are first, or most improved, and were not heard in the last months.

    Of those ranked first the one with most cases comes first: it had the harder task. A unit that
    was heard in one of the `heard_months` months before the period is left out.
    """
    first = evaluation.period.first
    heard = {
        meeting.experience
        for meeting in past
        if 0 < first - month_number(meeting.period) <= rules.heard_months
    }
    group = next((g for g in evaluation.groups if g.key == rules.experience_group), None)
    if group is None:
        return ()
    leading = sorted((unit for unit in group.units if unit.rank == 1), key=_hardest)
    found = [Experience(unit.unit, "rank", 1) for unit in leading]
    for named in evaluation.lists:
        if named.kind == "improved" and named.group == group.key:
            found += [Experience(one.unit, "improved", one.position) for one in named.units]
    unique = {one.unit: one for one in reversed(found)}
    return tuple(one for one in found if one.unit not in heard and unique[one.unit] is one)


def _hardest(unit: UnitResult) -> tuple[int, str]:
    return -unit.volume, unit.unit


def month_number(label: str) -> int:
    """`year * 12 + month - 1` of a label such as 2022-02; before all others if it is no month."""
    year, _, month = label.partition("-")
    return int(year) * 12 + int(month) - 1 if month.isdigit() else -1
