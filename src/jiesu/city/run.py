"""An evaluation from end to end: files in, `evaluation.json` and the bulletin out.

Brings the folder's settings and the command's together and calls the packages in turn;
computes nothing itself. Prints nothing (see `jiesu.cli`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jiesu.city.workspace import DOCUMENTS, FORMATS, Job, Progress, opened
from jiesu.core.contract import evaluation_document
from jiesu.core.problems import InputError, Problem, writable
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
    made = [_write_json(evaluation, work / "evaluation.json")]
    documents = [name for name in job.formats if name in DOCUMENTS]
    if documents:
        from jiesu.briefing.content import Imprint
        from jiesu.briefing.write import write_bulletin

        made += write_bulletin(
            evaluation,
            work,
            lang=job.lang,
            formats=documents,
            imprint=Imprint(office=job.office, recipients=job.recipients),
            boundaries=job.boundaries,
        )
    return _put_in_place(made, job.out)


def _put_in_place(made: Sequence[Path], out: Path) -> tuple[Path, ...]:
    """Move finished files to `out`; a bulletin of an earlier run would contradict them and goes."""
    names = {path.name for path in made}
    stale = [f"bulletin.{form}" for form in DOCUMENTS if f"bulletin.{form}" not in names]
    in_the_way = [out / name for name in (*names, *stale) if (out / name).is_dir()]
    if in_the_way:
        what, remedy = "cannot be written (it is a folder)", "remove it, or name another folder"
        raise InputError(Problem(str(path), "", what, remedy) for path in sorted(in_the_way))
    for name in stale:
        with writable(str(out / name)):
            (out / name).unlink(missing_ok=True)
    # `evaluation.json`, made first, comes last: where it is new everything is.
    for path in reversed(made):
        with writable(str(out / path.name)):
            path.replace(out / path.name)
    return tuple(out / path.name for path in made)


def _write_json(evaluation: Evaluation, path: Path) -> Path:
    text = json.dumps(evaluation_document(evaluation), ensure_ascii=False, indent=1)
    with writable(path.name):
        path.write_text(text + "\n", "utf-8")
    return path


def chosen_formats(texts: Sequence[str]) -> tuple[str, ...]:
    """The formats of a comma-separated option. Raises InputError for an unknown one."""
    names = tuple(
        name.strip().lower() for text in texts for name in text.split(",") if name.strip()
    )
    for name in names:
        if name not in FORMATS:
            remedy = f"choose from: {', '.join(FORMATS)}"
            raise InputError(Problem("--formats", "", f"{name!r} is not a format", remedy))
    return names or FORMATS
