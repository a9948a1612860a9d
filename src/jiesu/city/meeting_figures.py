"""All figures of a review meeting, and what they propose, before anybody decides.

Reads the cases once, evaluates the month and the last whole year, and gathers what lies beside
the cases. Writes nothing (see `meeting_run`).
"""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from jiesu.city.commitments_file import read_commitments
from jiesu.city.editions import agrees_with_latest, latest_edition
from jiesu.city.folder import City
from jiesu.city.index_files import read_index
from jiesu.city.index_run import index_of
from jiesu.city.meeting_file import read_meetings
from jiesu.city.topics_run import governance_of, topics_of
from jiesu.city.workspace import Workspace
from jiesu.core.commitments import Commitment, Kept, commitments_on
from jiesu.core.contract import evaluation_document
from jiesu.core.governance import GovernanceResult
from jiesu.core.indices import IndexResult
from jiesu.core.measures import MeasureTable
from jiesu.core.meeting import (
    AGENDA,
    Attendance,
    Meeting,
    MeetingRules,
    Point,
    Speaker,
    experience_candidates,
    in_turn,
)
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import Evaluation
from jiesu.core.scorecard import (
    Scorecard,
    Source,
    index_places,
    measure_places,
    month_places,
    proposed,
    score_places,
    scorecards,
    telling_lists,
)
from jiesu.core.topic_board import TopicBoard
from jiesu.core.topics import STATES
from jiesu.core.units import Units

if TYPE_CHECKING:
    from jiesu.briefing.pack import Pack


OTHERS_SHOWN = 5
"""So many other units that may tell how they work stand in a draft's comment."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a meeting, before anybody decided anything."""

    city: City
    units: Units
    evaluation: Evaluation
    year: Evaluation | None
    measures: Mapping[str, MeasureTable]
    meetings: Mapping[str, Meeting]
    commitments: tuple[Commitment, ...]
    index: IndexResult | None
    topics: TopicBoard | None
    governance: GovernanceResult | None
    edition: int
    edition_holds: bool


def figures_of(workspace: Workspace, city: City) -> Figures:
    """Evaluate the month and the last whole year, and read all that lies beside the cases.

    Raises InputError for mistakes in any file, and without a units file.
    """
    units = workspace.roster.units
    if units is None:
        what, remedy = "the folder has no units", "add a units file: a meeting names units by kind"
        raise InputError(Problem("city.toml", "inputs.units", what, remedy))
    label = workspace.job.period
    evaluation = workspace.evaluation(label)
    commitments: tuple[Commitment, ...] = ()
    if path := city.outside.get("commitments"):
        commitments = read_commitments(path, units)
    edition, edition_holds = _published(city.folder, evaluation)
    return Figures(
        city=city,
        units=units,
        evaluation=evaluation,
        year=_last_year(workspace, evaluation),
        measures=workspace.measures(label),
        meetings=read_meetings(city.folder, units),
        commitments=commitments,
        index=_index(workspace, city, _year_before(label)),
        topics=topics_of(workspace, city, label, evaluation=evaluation, counted=False),
        governance=governance_of(workspace, city, label, evaluation=evaluation),
        edition=edition,
        edition_holds=edition_holds,
    )


def _published(folder: Path, evaluation: Evaluation) -> tuple[int, bool]:
    """The number of the month's newest edition (0: none), and whether it says what is said now."""
    period = evaluation.period.label
    edition = latest_edition(folder, period)
    if edition is None:
        return 0, False
    holds = agrees_with_latest(folder, period, evaluation_document(evaluation))
    return edition.number, bool(holds)


def _last_year(workspace: Workspace, evaluation: Evaluation) -> Evaluation | None:
    """The last year that ended before the month, if the cases reach back to its beginning."""
    from jiesu.evaluation.run import first_time

    year = _year_before(evaluation.period.label)
    found = workspace.period_if_any(year)
    if found is None:
        return None
    policy, period = found
    first = first_time(workspace.files, policy.period.by)
    if not period.reached_by(first):
        return None
    return workspace.evaluation(year, evaluation.as_of, measured=False)


def _year_before(label: str) -> str:
    return str(int(label[:4]) - 1)


def _index(workspace: Workspace, city: City, year: str) -> IndexResult | None:
    """The index of the last whole year, once its figures have come in."""
    found = read_index(city, workspace.roster.units)
    if found is None or int(year) not in found.values:
        return None
    return index_of(workspace, city, year)


# What is proposed -----------------------------------------------------------------------------


def proposal(figures: Figures) -> tuple[Meeting, Sequence[str]]:
    """The meeting that the figures suggest, and other units that may tell how they work."""
    from jiesu.briefing.press import proposed_steps

    rules, evaluation = figures.city.meeting, figures.evaluation
    label = evaluation.period.label
    held_on = _month_end(label)
    past = [meeting for meeting in figures.meetings.values() if meeting.period < label]
    group = next((g for g in evaluation.groups if g.key == rules.speaker_group), None)
    members = {unit.unit for unit in group.units} if group else set()
    in_order = [unit.code for unit in figures.units if unit.code in members]
    cards = _cards(figures, held_on)
    speakers = tuple(
        Speaker(
            code,
            tuple(Point(e.key) for e in proposed(cards[code].merits, rules.merits)),
            tuple(Point(e.key) for e in proposed(cards[code].shortcomings, rules.shortcomings)),
        )
        for code in in_turn(in_order, past, rules.speakers)
    )
    candidates = experience_candidates(evaluation, past, rules)
    meeting = Meeting(
        period=label,
        held_on=held_on,
        chair=rules.chair,
        agenda=tuple(part for part in AGENDA if part not in _empty_parts(figures, held_on)),
        attendance=_attendance(rules, figures.units),
        speakers=speakers,
        experience=candidates[0].unit if candidates else "",
        next_steps=proposed_steps(_kept(figures, held_on), figures.topics),
        topics=_heard(figures.topics, rules.topics),
        proposed=True,
    )
    return meeting, [one.unit for one in candidates[1 : 1 + OTHERS_SHOWN]]


def _empty_parts(figures: Figures, held_on: date) -> frozenset[str]:
    """Parts of the usual agenda of which the city has nothing to tell."""
    there = {
        "index": figures.index,
        "topics": figures.topics,
        "governance": figures.governance,
        "commitments": _kept(figures, held_on),
    }
    return frozenset(part for part, found in there.items() if not found)


def _heard(board: TopicBoard | None, n: int) -> tuple[str, ...]:
    """The topics to hear one by one: those behind first, then the newest themes."""
    if board is None:
        return ()
    ordered = sorted(board.topics, key=lambda one: STATES.index(one.completion.state))
    return tuple(one.topic.key for one in ordered[:n])


def _month_end(label: str) -> date:
    year, month = int(label[:4]), int(label[5:])
    return date(year, month, calendar.monthrange(year, month)[1])


def _attendance(rules: MeetingRules, units: Units) -> tuple[Attendance, ...]:
    there = {unit.kind for unit in units}
    ways = (("hall", rules.hall), ("branch", rules.branch), ("video", rules.video))
    found = ((way, tuple(kind for kind in kinds if kind in there)) for way, kinds in ways)
    return tuple(Attendance(way, kinds) for way, kinds in found if kinds)


# What it is made from -------------------------------------------------------------------------


def _kept(figures: Figures, held_on: date) -> tuple[Kept, ...]:
    """The commitments that a meeting hears of: since the last meeting that was held before."""
    before = [one.held_on for one in figures.meetings.values() if one.held_on < held_on]
    return commitments_on(figures.commitments, held_on, max(before, default=None))


def _cards(figures: Figures, held_on: date) -> dict[str, Scorecard]:
    """The scorecards of all units of the group that speaks."""
    from jiesu.briefing.pack import EVALUATION, INDEX, MEASURES, YEAR

    rules, evaluation = figures.city.meeting, figures.evaluation
    group = next((g for g in evaluation.groups if g.key == rules.speaker_group), None)
    if group is None:
        keys = ", ".join(g.key for g in evaluation.groups)
        what = f"the policy has no group {rules.speaker_group!r}"
        raise InputError(Problem("city.toml", "meeting.speaker_group", what, f"use one of: {keys}"))
    places = month_places(Source(evaluation, EVALUATION), group.key)
    if figures.year is not None:
        for code, more in score_places(Source(figures.year, YEAR), group.key, year=True).items():
            places.setdefault(code, []).extend(more)
    codes = [unit.unit for unit in group.units]
    members = set(codes)
    for table in figures.measures.values():
        for code, place in measure_places(table, codes, MEASURES).items():
            places.setdefault(code, []).append(place)
    if figures.index is not None:
        for code, more in index_places(figures.index, INDEX).items():
            if code in members:
                places.setdefault(code, []).extend(more)
    below = {
        code: frozenset(figures.units.with_all_below(code)) - {code}
        for code in codes
        if code in figures.units
    }
    return scorecards(
        codes,
        {code: tuple(found) for code, found in places.items()},
        telling_lists(evaluation),
        below,
        _kept(figures, held_on),
        rules,
    )


def pack_of(figures: Figures, meeting: Meeting) -> "Pack":
    from jiesu.briefing.pack import Pack

    return Pack(
        meeting=meeting,
        rules=figures.city.meeting,
        units=figures.units,
        evaluation=figures.evaluation,
        year=figures.year,
        cards=_cards(figures, meeting.held_on),
        kept=_kept(figures, meeting.held_on),
        measures=figures.measures,
        index=figures.index,
        topics=figures.topics,
        governance=figures.governance,
        office=figures.city.office,
        edition=figures.edition,
        edition_holds=figures.edition_holds,
    )
