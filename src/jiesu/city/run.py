"""An evaluation from end to end: files in, `evaluation.json` and the bulletin out.

Brings the folder's settings and the command's together and calls the packages in turn;
computes nothing itself. Prints nothing (see `jiesu.cli`).
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jiesu.city.outputs import every_format, put_in_place, write_json
from jiesu.city.workspace import Job, Progress, opened
from jiesu.core.contract import evaluation_document
from jiesu.core.result import Evaluation

if TYPE_CHECKING:
    from jiesu.sources.intake import Intake


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job: the evaluation, what was read and the files written."""

    evaluation: Evaluation
    intake: "Intake"
    written: tuple[Path, ...]


def run(job: Job, *, now: datetime, progress: Progress | None = None) -> Done:
    """Evaluate and write everything.

    Raises InputError for bad input, and where the output cannot be written. Until everything is
    made, nothing but `rejects.csv` and `duplicates.csv` is written; then the files appear together.
    """
    with opened(job, now=now, progress=progress) as workspace:
        evaluation = workspace.evaluation(job.period)
        written = _write(job, evaluation, workspace.folder)
    return Done(evaluation, workspace.intake, written)


def _write(job: Job, evaluation: Evaluation, work: Path) -> tuple[Path, ...]:
    """Make every file in the work folder, then put all in place: a fault leaves the old ones."""
    made = [write_json(evaluation_document(evaluation), work / "evaluation.json")]
    if job.formats:
        from jiesu.briefing.content import Imprint
        from jiesu.briefing.write import write_bulletin

        made += write_bulletin(
            evaluation,
            work,
            lang=job.lang,
            formats=job.formats,
            imprint=Imprint(office=job.office, recipients=job.recipients),
            boundaries=job.boundaries,
        )
    return put_in_place(made, job.out, stale=every_format("bulletin"))
