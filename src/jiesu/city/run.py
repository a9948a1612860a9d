"""An evaluation from end to end: files in, `evaluation.json` and the bulletin out.

Brings the folder's settings and the command's together and calls the packages in turn;
computes nothing itself. Prints nothing (see `jiesu.cli`).
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
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
from jiesu.core.problems import InputError, Problem, writable
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

    `zone` `None` leaves it to the inputs and their profile. `as_of` may lack an offset: then it is
    in the zone of the periods. `names` is what the city is called, by language; empty where nobody
    said.
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

    Raises InputError for bad input, and where the output cannot be written. Until everything is
    made, nothing but `rejects.csv` and `duplicates.csv` is written; then the files appear together.
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
            into=work / "cases",
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
        written = _write(job, evaluation, work)
    return Done(evaluation, intake, written)


def _policy_and_period(job: Job, profile: "Profile") -> tuple[Policy, Period]:
    """The period as the version in force on its last day cuts it, and that version.

    Versions may cut months differently: the newest one's months say which is in force, and that
    one has the last word. Raises InputError where its own months end outside its validity.
    """
    from jiesu.sources.intake import zone_of

    versions = sorted(
        load_policies(job.policies), key=lambda version: version.valid_from or date.min
    )
    zone = job.zone or zone_of(job.inputs, profile)
    shown = ", ".join(str(name) for name in job.policies)
    try:
        period = parse_period(job.period, versions[-1].period.months(zone))
        policy = policy_in_force(versions, period, file=shown)
        period = parse_period(job.period, policy.period.months(zone))
    except ValueError as error:
        raise InputError(
            Problem("--period", "", str(error), "see docs/methods/periods.md")
        ) from None
    if not policy.holds_on(period.last_day):
        what = (
            f"version {policy.version} of the policy is not in force on {period.last_day}, "
            f"the last day of {period.label} by its own months"
        )
        remedy = "let a version begin on the day that one of its months begins"
        raise InputError(Problem(shown, "valid_from", what, remedy))
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

    Folders that were made for a run that failed go too, unless a report lies in them.
    """
    made: list[Path] = []
    try:
        made += [folder for folder in (out, *out.parents) if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".work-", dir=out))
    except OSError as error:
        _remove_bare(made)
        what = f"cannot write here ({error.strerror})"
        raise InputError(Problem(str(out), "", what, "name another folder")) from None
    try:
        yield work
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        _remove_bare(made)
        raise
    shutil.rmtree(work, ignore_errors=True)


def _remove_bare(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, as far as nothing but empty reports lies in them."""
    for folder in folders:
        # One with anything else in it stays, and so do those around it.
        with suppress(OSError):
            inside = list(folder.iterdir())
            if all(map(_is_empty_report, inside)):
                for path in inside:
                    path.unlink()
            folder.rmdir()


def _is_empty_report(path: Path) -> bool:
    names = ("rejects.csv", "duplicates.csv")
    return path.name in names and path.read_bytes().count(b"\n") <= 1


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
