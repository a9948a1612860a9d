"""`jiesu topics` from end to end: the board, the duty list and the governed places as files.

Everything is made in the work folder and then put in place together. Prints nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from jiesu.city.folder import City, read_city
from jiesu.city.outputs import every_format, put_in_place, write_json
from jiesu.city.topics_run import governance_of, topics_of
from jiesu.city.workspace import Job, Progress, job_of, opened
from jiesu.core.governance import GovernanceResult
from jiesu.core.problems import InputError, Problem
from jiesu.core.topic_board import TopicBoard, topics_document
from jiesu.core.units import Units

STALE = ("topics.json", *every_format("topics", "duty-list", "governance"))


@dataclass(frozen=True, slots=True)
class TopicsOrder:
    """What is wanted: `candidates` adds those from the cases; `out` and `lang` override the
    folder's; `formats` are those of the documents (`topics.json` is always written)."""

    folder: Path
    period: str
    candidates: bool
    formats: tuple[str, ...]
    out: Path | None = None
    lang: str = ""


@dataclass(frozen=True, slots=True)
class TopicsDone:
    """What came of it; `board` or `governance` is `None` where the city has no such file."""

    board: TopicBoard | None
    governance: GovernanceResult | None
    written: tuple[Path, ...]


def write_topics_documents(
    order: TopicsOrder, *, now: datetime, progress: Progress | None = None
) -> TopicsDone:
    """Make all files of a city's topics and governed places for a period.

    Raises InputError for bad input, where the city has neither, and where the output cannot be
    written; older files stay until the new ones are complete.
    """
    city = read_city(order.folder)
    job = job_of(order.folder, order.period)
    job = replace(job, out=order.out or job.out, lang=order.lang or job.lang)
    if not {"topics", "governance"} & set(city.outside):
        what = "the folder has neither topics.toml nor governance.toml"
        raise InputError(Problem("city.toml", "inputs", what, "write one; see docs/topics.md"))
    with opened(job, now=now, progress=progress) as workspace:
        board = topics_of(workspace, city, order.period, models=True, propose=order.candidates)
        governed = governance_of(workspace, city, order.period)
        made = _made(order, job, city, workspace.roster.units, board, governed, workspace.folder)
        written = put_in_place(made, job.out, stale=STALE)
    return TopicsDone(board, governed, written)


def _made(
    order: TopicsOrder,
    job: Job,
    city: City,
    units: Units | None,
    board: TopicBoard | None,
    governed: GovernanceResult | None,
    work: Path,
) -> list[Path]:
    from jiesu.briefing.duty_list import duty_list
    from jiesu.briefing.governance_content import governance_content
    from jiesu.briefing.labels import Words
    from jiesu.briefing.topic_view import View
    from jiesu.briefing.topics_content import topics_content
    from jiesu.briefing.write import write_document

    view = View(Words(job.lang), units, city.name, city.synthetic, city.office)
    pages = [form for form in order.formats if form != "xlsx"]
    made: list[Path] = []
    if board is not None:
        made.append(write_json(topics_document(board), work / "topics.json"))
        made += write_document(topics_content(view, board), work, "topics", order.formats)
        made += write_document(duty_list(view, board), work, "duty-list", pages)
    if governed is not None:
        made += write_document(governance_content(view, governed), work, "governance", pages)
    return made
