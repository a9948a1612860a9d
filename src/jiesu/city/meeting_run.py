"""A review meeting from a city folder: what is proposed, what people decided, the documents.

Reads the cases once and brings the parts together; decides nothing itself. Prints nothing (see
`jiesu.cli`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jiesu.city.folder import read_city
from jiesu.city.meeting_figures import Figures, figures_of, pack_of, proposal
from jiesu.city.meeting_file import Drafted, meeting_path, read_meetings, write_draft
from jiesu.city.merge import Task, file_name, merge
from jiesu.city.outputs import put_in_place, write_json
from jiesu.city.workspace import Job, Progress, Workspace, job_of, opened
from jiesu.core.contract import evaluation_document
from jiesu.core.index_contract import index_document
from jiesu.core.meeting import Point
from jiesu.core.pack_contract import measures_document, meeting_document, scorecards_document
from jiesu.core.press import press_document
from jiesu.core.problems import InputError, Problem, writable
from jiesu.core.settings import toml_table, with_lines
from jiesu.core.topic_board import topics_document

if TYPE_CHECKING:
    from jiesu.briefing.document import Content
    from jiesu.briefing.pack import Pack, Stage

FORMATS = ("html", "docx", "pdf")
PRESS, CASES = "press.json", "cases.csv"
"""The statements of the press draft, and the list of the month's cases to which they point."""


@dataclass(frozen=True, slots=True)
class MeetingDone:
    """What came of preparing a meeting: its draft if one was written, and the files.

    Of the papers `n_made` were made now and `n_kept` were there already, made of the same figures.
    """

    drafted: Drafted | None
    written: tuple[Path, ...]
    n_made: int = 0
    n_kept: int = 0
    failed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MeetingOrder:
    """What a command asks for. `out` `None` means `out/PERIOD/meeting` in the folder.

    `as_of` `None` means the latest time in the input; without an offset it is in the city's zone.
    """

    folder: Path
    period: str
    out: Path | None = None
    lang: str = ""
    formats: tuple[str, ...] = FORMATS
    jobs: int | None = None
    draft_only: bool = False
    as_of: datetime | None = None


def hold(order: MeetingOrder, *, now: datetime, progress: Progress | None = None) -> MeetingDone:
    """Prepare a month's review meeting: its draft where people have not decided, its documents.

    With `draft_only` a proposal is written and nothing else: where a file of the meeting is there
    already, beside it. Raises InputError for bad input, for a point whose figures no longer show
    it, and where the output cannot be written.
    """
    if not _is_month(order.period):
        what = f"{order.period!r} is not a month"
        remedy = "a review meeting reviews a month: write 2022-02"
        raise InputError(Problem("--period", "", what, remedy))
    city = read_city(order.folder)
    out = order.out or order.folder / "out" / order.period / "meeting"
    job = replace(job_of(order.folder, order.period), out=out, as_of=order.as_of)
    if order.lang:
        job = replace(job, lang=order.lang)
    with opened(job, now=now, progress=progress) as workspace:
        figures = figures_of(workspace, city)
        if order.draft_only:
            return MeetingDone(_draft(order.folder, figures), ())
        decided = figures.meetings.get(order.period)
        drafted = None
        if decided is None:
            drafted = _draft(order.folder, figures)
            decided = read_meetings(order.folder, figures.units)[order.period]
        pack = pack_of(figures, decided)
        _refuse_stale_points(pack, meeting_path(order.folder, order.period))
        return replace(_write(order, job, workspace, pack, progress), drafted=drafted)


def _is_month(label: str) -> bool:
    try:
        date.fromisoformat(f"{label}-01")
    except ValueError:
        return False
    return len(label) == 7


def _refuse_stale_points(pack: "Pack", path: Path) -> None:
    """Raise InputError for each point that the figures do not show (any more)."""
    problems = [*_wrong_frame(pack, f"meetings/{path.name}")]
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
        table = toml_table(path.read_bytes(), f"meetings/{path.name}")
        raise InputError(with_lines(problems, table))


def _wrong_frame(pack: "Pack", file: str) -> Iterator[Problem]:
    """A meeting that is held before its month has ended, or hears a unit of another group."""
    meeting, period = pack.meeting, pack.evaluation.period
    if meeting.held_on < period.last_day:
        what = f"{meeting.held_on} is before {period.last_day}, the last day of {period.label}"
        yield Problem(file, "held_on", what, "write the day on which the month is reviewed")
    group = next((g for g in pack.evaluation.groups if g.key == pack.rules.experience_group), None)
    members = {unit.unit for unit in group.units} if group else set()
    if meeting.experience and meeting.experience not in members:
        what = f"{meeting.experience} is not of the group {pack.rules.experience_group}"
        remedy = "name a unit of that group, or set meeting.experience_group in city.toml"
        yield Problem(file, "experience", what, remedy)


def _draft(folder: Path, figures: Figures) -> Drafted:
    from jiesu.briefing.evidence import point_said
    from jiesu.briefing.labels import Words
    from jiesu.briefing.pack import Stage

    meeting, others = proposal(figures)
    stage = Stage(pack_of(figures, meeting), Words(figures.city.language))

    def said(unit: str, point: Point) -> str:
        return point_said(stage, stage.pack.cards[unit], point)[0]

    return write_draft(folder, meeting, figures.units, said, others)


# Writing --------------------------------------------------------------------------------------


def _write(
    order: MeetingOrder, job: Job, workspace: Workspace, pack: "Pack", progress: Progress | None
) -> MeetingDone:
    """Make the documents, then put the figures beside them that they point into.

    Until all documents are there, no figures of another run are: a reader never follows a sentence
    into the wrong file.
    """
    from jiesu.briefing.labels import Words
    from jiesu.briefing.pack import FIGURES, Stage
    from jiesu.briefing.press import press_content, press_statements

    out, stage = job.out, Stage(pack, Words(job.lang))
    statements = press_statements(stage)
    press = press_content(stage, statements)
    said = press_document(pack.meeting.period, job.lang, press.title, statements)
    figures = _figures(workspace, pack, said)
    for name in (*FIGURES, PRESS, CASES):
        with writable(str(out / name)):
            (out / name).unlink(missing_ok=True)
    tasks = [
        Task(name, content, sha256(repr(content).encode()).hexdigest())
        for name, content in _documents(stage, press, job)
    ]
    merged = merge(
        tasks,
        partial(_make_document, formats=order.formats),
        out,
        digest=f"{version('jiesu')} {','.join(order.formats)}",
        jobs=order.jobs,
        progress=progress,
        only=True,
    )
    placed = put_in_place(figures, out)
    papers = (out / f"{task.key}.{form}" for task in tasks for form in order.formats)
    written = (*placed, *(path for path in papers if path.exists()))
    return MeetingDone(None, written, len(merged.done), len(merged.skipped), merged.failed)


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
        yield f"notices/{file_name(code)}", notice_content(stage, code)


def _make_document(task: Task, folder: Path, *, formats: Sequence[str]) -> Sequence[Path]:
    """Write one document into a folder; in a process of its own."""
    from jiesu.briefing.document import Content
    from jiesu.briefing.write import write_document

    name = Path(task.key)
    assert isinstance(task.payload, Content)
    return write_document(task.payload, folder / name.parent, name.name, formats)


def _figures(workspace: Workspace, pack: "Pack", said: Any) -> list[Path]:
    """The machine-readable files of a pack, made in the work folder."""
    from jiesu.briefing.pack import CARDS, EVALUATION, INDEX, MEASURES, MEETING, TOPICS, YEAR
    from jiesu.evaluation.case_list import write_case_list

    files: dict[str, Any] = {
        EVALUATION: evaluation_document(pack.evaluation),
        CARDS: scorecards_document(pack.meeting.period, pack.cards),
        MEETING: meeting_document(
            pack.meeting, pack.kept, pack.units, pack.topics, pack.governance
        ),
        MEASURES: measures_document(pack.measures, pack.units),
        PRESS: said,
    }
    if pack.index is not None:
        files[INDEX] = index_document(pack.index)
    if pack.topics is not None:
        files[TOPICS] = topics_document(pack.topics)
    if pack.year is not None:
        files[YEAR] = evaluation_document(pack.year)
    made = [write_json(document, workspace.folder / name) for name, document in files.items()]
    evaluation = pack.evaluation
    cases = workspace.folder / CASES
    with writable(CASES):
        write_case_list(
            workspace.files, cases, evaluation.policy, evaluation.period, evaluation.as_of
        )
    return [*made, cases]
