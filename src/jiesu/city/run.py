"""An evaluation from end to end: files in, `evaluation.json` and the bulletin out.

Brings the folder's settings and the command's together and calls the packages in turn;
computes nothing itself. Prints nothing (see `jiesu.cli`).
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jiesu.city.adjustments import read_adjustments
from jiesu.city.boundaries import checked_boundaries
from jiesu.city.folder import read_city
from jiesu.city.policies import load_policies
from jiesu.city.units_file import read_units
from jiesu.core.contract import evaluation_document
from jiesu.core.period import Period, parse_period
from jiesu.core.policy import Policy, policy_in_force
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import Evaluation, Input
from jiesu.core.roster import Line, Roster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jiesu.sources.intake import Intake
    from jiesu.sources.profile import Profile

DOCUMENTS = ("html", "docx", "pdf", "xlsx")
FORMATS = (*DOCUMENTS, "json")
LANGUAGES = ("zh", "en")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What to evaluate and where to write it, from the folder or the command line.

    `zone` `None` leaves it to the profile. `as_of` may lack an offset: then it is in the zone of
    the periods. `names` is what the city is called, by language; empty where nobody said.
    """

    inputs: tuple[str | Path, ...]
    profile: str | Path
    policies: tuple[str | Path, ...]
    period: str
    out: Path
    zone: ZoneInfo | None = None
    units: Path | None = None
    adjustments: Path | None = None
    names: Mapping[str, str] | None = None
    boundaries: Path | None = None
    office: str = ""
    recipients: str = ""
    synthetic: bool = False
    lang: str = "zh"
    formats: tuple[str, ...] = FORMATS
    group_by: str = "unit"
    as_of: datetime | None = None
    engine: str = "duckdb://"


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job: the evaluation, what was read and the files written."""

    evaluation: Evaluation
    intake: "Intake"
    written: tuple[Path, ...]


def job_of(folder: Path, period: str) -> Job:
    """The job that a city folder describes; its output goes to `out/PERIOD` in the folder."""
    city = read_city(folder)
    return Job(
        inputs=city.cases,
        profile=city.profile,
        policies=city.policies,
        period=period,
        out=folder / "out" / period,
        zone=city.zone,
        units=city.units,
        adjustments=city.adjustments,
        names=city.name,
        boundaries=city.boundaries,
        office=city.office,
        recipients=city.recipients,
        synthetic=city.synthetic,
        lang=city.language,
    )


def run(job: Job, *, now: datetime, progress: Progress | None = None) -> Done:
    """Evaluate and write everything.

    Raises InputError for bad input before anything but `rejects.csv` and `duplicates.csv` is
    written; documents appear whole or not at all.
    """
    from jiesu.evaluation.run import Request, evaluate
    from jiesu.sources.intake import read_cases
    from jiesu.sources.profile import load_profile

    profile = load_profile(job.profile)
    policy, period = _policy_and_period(job, profile)
    roster = _roster(job)
    if job.boundaries is not None and (problems := checked_boundaries(job.boundaries)):
        raise InputError(problems)
    as_of = _aware(job.as_of, period.rule.zone)
    with _work_folder(job.out) as work:
        intake = read_cases(
            job.inputs,
            profile,
            zone=job.zone,
            into=work,
            rejects=job.out / "rejects.csv",
            duplicates=job.out / "duplicates.csv",
            progress=progress,
        )
        source = Input((), intake.accepted, intake.rejected, intake.duplicates)
        request = Request(policy, period, roster, now, as_of, job.group_by, job.engine, work)
        evaluation = evaluate(
            intake.cases, request, source, city=job.names or {}, synthetic=job.synthetic
        )
        # The digests were taken in the background while the cases were counted.
        evaluation = replace(evaluation, input=replace(source, files=intake.files))
        written = _write(job, evaluation)
    return Done(evaluation, intake, written)


def _policy_and_period(job: Job, profile: "Profile") -> tuple[Policy, Period]:
    """The period by the newest version's months, and the version in force in it."""
    versions = load_policies(job.policies)
    zone = job.zone or ZoneInfo(profile.zone)
    shown = ", ".join(str(name) for name in job.policies)
    try:
        period = parse_period(job.period, versions[-1].period.months(zone))
        policy = policy_in_force(versions, period, file=shown)
        # Versions may cut months differently: the one in force has the last word.
        period = parse_period(job.period, policy.period.months(zone))
    except ValueError as error:
        raise InputError(
            Problem("--period", "", str(error), "see docs/methods/periods.md")
        ) from None
    return policy, period


def _roster(job: Job) -> Roster:
    units = None if job.units is None else read_units(job.units)
    lines: tuple[Line, ...] = ()
    if job.adjustments is not None:
        lines = tuple(read_adjustments(job.adjustments, units))
    return Roster(units, {}, lines)


def _aware(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=zone).astimezone(UTC)


@contextmanager
def _work_folder(out: Path) -> "Iterator[Path]":
    """A folder inside `out` for what is only needed on the way; gone at the end.

    An output folder that was made for a run that failed goes too, unless reports lie in it.
    """
    missing = next((path for path in (out, *out.parents) if not path.exists()), None)
    try:
        out.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".work-", dir=out))
    except OSError as error:
        raise InputError(
            Problem(str(out), "", f"cannot write here ({error.strerror})", "name another folder")
        ) from None
    try:
        yield work
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        if missing is not None and _is_bare(out):
            shutil.rmtree(missing, ignore_errors=True)
        raise
    shutil.rmtree(work, ignore_errors=True)


def _is_bare(out: Path) -> bool:
    """True when nothing but an empty report lies in a folder."""
    kept = [path for path in out.iterdir() if not _is_empty_report(path)]
    return not kept


def _is_empty_report(path: Path) -> bool:
    names = ("rejects.csv", "duplicates.csv")
    return path.name in names and path.read_bytes().count(b"\n") <= 1


def _write(job: Job, evaluation: Evaluation) -> tuple[Path, ...]:
    written = [_write_json(evaluation, job.out / "evaluation.json")]
    documents = [name for name in job.formats if name in DOCUMENTS]
    if documents:
        from jiesu.briefing.content import Imprint
        from jiesu.briefing.write import write_bulletin

        written += write_bulletin(
            evaluation,
            job.out,
            lang=job.lang,
            formats=documents,
            imprint=Imprint(office=job.office, recipients=job.recipients),
            boundaries=job.boundaries,
        )
    for name in DOCUMENTS:
        if name not in documents:
            # A bulletin of an earlier run would contradict the new evaluation.
            (job.out / f"bulletin.{name}").unlink(missing_ok=True)
    return tuple(written)


def _write_json(evaluation: Evaluation, path: Path) -> Path:
    text = json.dumps(evaluation_document(evaluation), ensure_ascii=False, indent=1)
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(text + "\n", "utf-8")
    os.replace(partial, path)
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
