"""A review meeting from a city folder: what is proposed, what people decided, the documents.

Reads the cases once and brings the parts together; decides nothing itself. Prints nothing (see
`jiesu.cli`).
"""

import calendar
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jiesu.city.commitments_file import read_commitments
from jiesu.city.editions import edition_folder, latest_edition, stored_evaluation
from jiesu.city.folder import City, read_city
from jiesu.city.index_files import read_index
from jiesu.city.index_run import index_of
from jiesu.city.meeting_file import Drafted, meeting_path, read_meetings, write_draft
from jiesu.city.merge import Task, merge
from jiesu.city.topics_run import governance_of, topics_of
from jiesu.city.workspace import Job, Progress, Workspace, job_of, opened
from jiesu.core.commitments import Commitment, Kept, commitments_on
from jiesu.core.contract import evaluation_document
from jiesu.core.difference import same_figures
from jiesu.core.governance import GovernanceResult
from jiesu.core.index_contract import index_document
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
from jiesu.core.pack_contract import measures_document, meeting_document, scorecards_document
from jiesu.core.press import press_document
from jiesu.core.problems import InputError, Problem, writable
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
)
from jiesu.core.topic_board import TopicBoard, topics_document
from jiesu.core.topics import STATES
from jiesu.core.units import Units

if TYPE_CHECKING:
    from jiesu.briefing.document import Content
    from jiesu.briefing.pack import Pack, Stage

FORMATS = ("html", "docx", "pdf")
CASES = "cases.csv"
"""The list of the month's cases, to which statements point."""

OTHERS_SHOWN = 5
"""So many other units that may tell how they work stand in a draft's comment."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of preparing a meeting: its draft if one was written, and the files."""

    drafted: Drafted | None
    written: tuple[Path, ...]
    failed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Figures:
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


@dataclass(frozen=True, slots=True)
class Wish:
    """What a command asks for. `out` `None` means `out/PERIOD/meeting` in the folder."""

    folder: Path
    period: str
    out: Path | None = None
    lang: str = ""
    formats: tuple[str, ...] = FORMATS
    jobs: int | None = None
    draft_only: bool = False


def hold(wish: Wish, *, now: datetime, progress: Progress | None = None) -> Prepared:
    """Prepare a month's review meeting: its draft where people have not decided, its documents.

    With `draft_only` a proposal is written and nothing else: where a file of the meeting is there
    already, beside it. Raises InputError for bad input, for a point whose figures no longer show
    it, and where the output cannot be written.
    """
    if not _is_month(wish.period):
        what = f"{wish.period!r} is not a month"
        remedy = "a review meeting reviews a month: write 2022-02"
        raise InputError(Problem("--period", "", what, remedy))
    city = read_city(wish.folder)
    out = wish.out or wish.folder / "out" / wish.period / "meeting"
    job = replace(job_of(wish.folder, wish.period), out=out)
    if wish.lang:
        job = replace(job, lang=wish.lang)
    with opened(job, now=now, progress=progress) as workspace:
        figures = _figures(workspace, city)
        if wish.draft_only:
            return Prepared(_draft(wish.folder, figures), ())
        decided = figures.meetings.get(wish.period)
        drafted = None
        if decided is None:
            drafted = _draft(wish.folder, figures)
            decided = read_meetings(wish.folder, figures.units)[wish.period]
        pack = _pack(figures, decided)
        _refuse_stale_points(pack, meeting_path(wish.folder, wish.period))
        written, failed = _write(wish, job, workspace, pack)
    return Prepared(drafted, written, failed)


def _is_month(label: str) -> bool:
    try:
        date.fromisoformat(f"{label}-01")
    except ValueError:
        return False
    return len(label) == 7


def _figures(workspace: Workspace, city: City) -> _Figures:
    """Evaluate the month and the last whole year, and read all that lies beside the cases."""
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
    return _Figures(
        city=city,
        units=units,
        evaluation=evaluation,
        year=_last_year(workspace, evaluation),
        measures=workspace.measures(label),
        meetings=read_meetings(city.folder, units),
        commitments=commitments,
        index=_index(workspace, city, _year_before(label)),
        topics=topics_of(workspace, city, label, evaluation=evaluation),
        governance=governance_of(workspace, city, label, evaluation=evaluation),
        edition=edition,
        edition_holds=edition_holds,
    )


def _published(folder: Path, evaluation: Evaluation) -> tuple[int, bool]:
    """The number of the month's newest edition (0: none), and whether it says what is said now."""
    edition = latest_edition(folder, evaluation.period.label)
    if edition is None:
        return 0, False
    stored = stored_evaluation(edition_folder(folder, edition.period, edition.number))
    return edition.number, same_figures(stored, evaluation_document(evaluation))


def _last_year(workspace: Workspace, evaluation: Evaluation) -> Evaluation | None:
    """The last year that ended before the month, if the cases reach back to its beginning."""
    from jiesu.evaluation.run import first_time

    year = _year_before(evaluation.period.label)
    policy, period = workspace.period(year)
    first = first_time(workspace.files, policy.period.by)
    # A day without cases at the beginning of a year is no gap.
    if first is None or first > period.start + timedelta(days=1):
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


def _draft(folder: Path, figures: _Figures) -> Drafted:
    from jiesu.briefing.evidence import point_said
    from jiesu.briefing.labels import Words
    from jiesu.briefing.pack import Stage

    meeting, others = _proposal(figures)
    stage = Stage(_pack(figures, meeting), Words(figures.city.language))

    def said(unit: str, point: Point) -> str:
        return point_said(stage, stage.pack.cards[unit], point)[0]

    return write_draft(folder, meeting, figures.units, said, others)


def _proposal(figures: _Figures) -> tuple[Meeting, Sequence[str]]:
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
        agenda=AGENDA,
        attendance=_attendance(rules, figures.units),
        speakers=speakers,
        experience=candidates[0].unit if candidates else "",
        next_steps=proposed_steps(_kept(figures, held_on), figures.topics),
        topics=_heard(figures.topics, rules.topics),
        proposed=True,
    )
    return meeting, [one.unit for one in candidates[1 : 1 + OTHERS_SHOWN]]


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


def _kept(figures: _Figures, held_on: date) -> tuple[Kept, ...]:
    """The commitments that a meeting hears of: since the last meeting that was held before."""
    before = [one.held_on for one in figures.meetings.values() if one.held_on < held_on]
    return commitments_on(figures.commitments, held_on, max(before, default=None))


def _cards(figures: _Figures, held_on: date) -> dict[str, Scorecard]:
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
        evaluation.lists,
        below,
        _kept(figures, held_on),
        rules,
    )


def _pack(figures: _Figures, meeting: Meeting) -> "Pack":
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


def _refuse_stale_points(pack: "Pack", path: Path) -> None:
    """Raise InputError for each point that the figures do not show (any more)."""
    problems = []
    for number, speaker in enumerate(pack.meeting.speakers, start=1):
        card = pack.cards.get(speaker.unit)
        where = f"speakers[{number}]"
        file = f"meetings/{path.name}"
        if card is None:
            what = f"{speaker.unit} is not of the group {pack.rules.speaker_group}"
            remedy = "name a unit of that group, or set meeting.speaker_group in city.toml"
            problems.append(Problem(file, f"{where}.unit", what, remedy))
            continue
        for key, points in (("merits", speaker.merits), ("shortcomings", speaker.shortcomings)):
            good = key == "merits"
            for place, point in enumerate(points, start=1):
                if point.text is not None:
                    continue
                evidence = card.evidence(point.evidence)
                if evidence is None or evidence.good != good:
                    known = ", ".join(e.key for e in (card.merits if good else card.shortcomings))
                    what = f"the figures do not show {point.evidence!r} for {speaker.unit}"
                    remedy = f"remove it, or use one of: {known or 'none'}"
                    problems.append(Problem(file, f"{where}.{key}[{place}]", what, remedy))
    board = {one.topic.key for one in pack.topics.topics} if pack.topics else set()
    for key in pack.meeting.topics:
        if key not in board:
            remedy = f"use one of: {', '.join(sorted(board)) or 'none'}"
            problems.append(Problem(f"meetings/{path.name}", "topics", f"no topic {key!r}", remedy))
    if problems:
        raise InputError(problems)


# Writing --------------------------------------------------------------------------------------


def _write(
    wish: Wish, job: Job, workspace: Workspace, pack: "Pack"
) -> tuple[tuple[Path, ...], tuple[tuple[str, str], ...]]:
    """Write the figures first, then the documents that point into them."""
    from jiesu.briefing.labels import Words
    from jiesu.briefing.pack import Stage
    from jiesu.briefing.press import press_content, press_statements
    from jiesu.evaluation.case_list import write_case_list

    out, evaluation = job.out, pack.evaluation
    stage = Stage(pack, Words(job.lang))
    statements = press_statements(stage)
    press = press_content(stage, statements)
    written = [_json(out / name, made) for name, made in _figure_files(pack).items()]
    document = press_document(pack.meeting.period, job.lang, press.title, statements)
    written.append(_json(out / "press.json", document))
    listed = workspace.folder / CASES
    write_case_list(workspace.files, listed, evaluation.policy, evaluation.period, evaluation.as_of)
    with writable(str(out / CASES)):
        written.append(listed.replace(out / CASES))
    tasks = [Task(name, content) for name, content in _documents(stage, press, job)]
    _remove_stale_notices(out, {task.key for task in tasks})
    merged = merge(
        tasks,
        partial(_make_document, formats=wish.formats),
        out,
        digest=_digest(written, job.lang, wish.formats),
        jobs=wish.jobs,
    )
    made = [
        path
        for task in tasks
        for form in wish.formats
        if (path := out / f"{task.key}.{form}").exists()
    ]
    return tuple(written + made), merged.failed


def _documents(stage: "Stage", press: "Content", job: Job) -> Iterator[tuple[str, "Content"]]:
    """Every document of the meeting by its name, those that take longest first."""
    from jiesu.briefing.content import Imprint, bulletin
    from jiesu.briefing.meeting_pack import pack_content
    from jiesu.briefing.notices import cards_content, notice_content, notified

    evaluation = stage.pack.evaluation
    imprint = Imprint(office=job.office, recipients=job.recipients)
    yield "bulletin", bulletin(evaluation, stage.words.lang, imprint, job.boundaries)
    yield "pack", pack_content(stage)
    yield "press", press
    yield "cards", cards_content(stage)
    for code in notified(stage):
        yield f"notices/{code}", notice_content(stage, code)


def _remove_stale_notices(out: Path, names: set[str]) -> None:
    """Notices of an earlier run to units that are not named any more contradict the lists."""
    for path in (out / "notices").glob("*.*"):
        if f"notices/{path.stem}" not in names:
            with writable(str(path)):
                path.unlink()


def _make_document(task: Task, folder: Path, *, formats: Sequence[str]) -> Sequence[Path]:
    """Write one document into a folder; in a process of its own."""
    from jiesu.briefing.document import Content
    from jiesu.briefing.write import write_document

    name = Path(task.key)
    assert isinstance(task.payload, Content)
    return write_document(task.payload, folder / name.parent, name.name, formats)


def _digest(files: Sequence[Path], lang: str, formats: Sequence[str]) -> str:
    """What the documents are made from: nothing is made anew while it stays the same."""
    found = sha256(f"{version('jiesu')} {lang} {','.join(formats)}".encode())
    for path in files:
        found.update(path.read_bytes())
    return found.hexdigest()


def _figure_files(pack: "Pack") -> dict[str, Any]:
    """The machine-readable files of a pack by name."""
    from jiesu.briefing.pack import CARDS, EVALUATION, INDEX, MEASURES, MEETING, TOPICS, YEAR

    files: dict[str, Any] = {
        EVALUATION: evaluation_document(pack.evaluation),
        CARDS: scorecards_document(pack.meeting.period, pack.cards),
        MEETING: meeting_document(
            pack.meeting, pack.kept, pack.units, pack.topics, pack.governance
        ),
        MEASURES: measures_document(pack.measures, pack.units),
    }
    if pack.index is not None:
        files[INDEX] = index_document(pack.index)
    if pack.topics is not None:
        files[TOPICS] = topics_document(pack.topics)
    if pack.year is not None:
        files[YEAR] = evaluation_document(pack.year)
    return files


def _json(path: Path, document: Any) -> Path:
    with writable(str(path)):
        text = json.dumps(document, ensure_ascii=False, indent=1)
        path.write_text(text + "\n", "utf-8")
    return path
