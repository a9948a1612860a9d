"""A review meeting from a city folder: what is proposed, what people decided, the documents.

Reads the cases once and brings the parts together; decides nothing itself. Prints nothing (see
`jiesu.cli`).
"""

import json
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
from jiesu.city.merge import Task, merge
from jiesu.city.workspace import Job, Progress, Workspace, job_of, opened
from jiesu.core.contract import evaluation_document
from jiesu.core.index_contract import index_document
from jiesu.core.meeting import (
    Point,
)
from jiesu.core.pack_contract import measures_document, meeting_document, scorecards_document
from jiesu.core.press import press_document
from jiesu.core.problems import InputError, Problem, writable
from jiesu.core.topic_board import topics_document

if TYPE_CHECKING:
    from jiesu.briefing.document import Content
    from jiesu.briefing.pack import Pack, Stage

FORMATS = ("html", "docx", "pdf")
CASES = "cases.csv"
"""The list of the month's cases, to which statements point."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of preparing a meeting: its draft if one was written, and the files."""

    drafted: Drafted | None
    written: tuple[Path, ...]
    failed: tuple[tuple[str, str], ...] = ()


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
        figures = figures_of(workspace, city)
        if wish.draft_only:
            return Prepared(_draft(wish.folder, figures), ())
        decided = figures.meetings.get(wish.period)
        drafted = None
        if decided is None:
            drafted = _draft(wish.folder, figures)
            decided = read_meetings(wish.folder, figures.units)[wish.period]
        pack = pack_of(figures, decided)
        _refuse_stale_points(pack, meeting_path(wish.folder, wish.period))
        written, failed = _write(wish, job, workspace, pack, progress)
    return Prepared(drafted, written, failed)


def _is_month(label: str) -> bool:
    try:
        date.fromisoformat(f"{label}-01")
    except ValueError:
        return False
    return len(label) == 7


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
    wish: Wish, job: Job, workspace: Workspace, pack: "Pack", progress: Progress | None
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
        progress=progress,
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
