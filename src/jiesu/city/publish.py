"""Publishing: a period's evaluation becomes a numbered edition that nobody changes any more.

The edition is made in a hidden folder, recomputed from there, and renamed to its number when it
is complete: a fault, a full disk or a killed process leaves no edition, and of two that publish
at once one gets the number. What lies in it: docs/editions.md.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from jiesu.city.durable import to_disk
from jiesu.city.editions import (
    ADJUSTMENTS,
    CASES,
    DIFFERENCES,
    EVALUATION,
    MEASURES,
    PART,
    POLICY,
    RECORD,
    SEAL,
    UNITS,
    chain_problems,
    edition_folder,
    numbers_of,
    period_folder,
    read_edition,
    seal,
    stored_evaluation,
)
from jiesu.city.outputs import DOCUMENTS
from jiesu.city.policies import load_policies, policy_bytes
from jiesu.city.verification import (
    evaluation_bytes,
    file_digest,
    recomputed,
    seal_line,
    verify_folder,
)
from jiesu.city.workspace import Job, Progress, Workspace, job_of, opened, policy_and_period
from jiesu.core.contract import evaluation_document
from jiesu.core.difference import (
    CaseChange,
    Differences,
    differences,
    differences_document,
    same_figures,
)
from jiesu.core.edition import Edition, SignOff, edition_record
from jiesu.core.measure_record import tables_record
from jiesu.core.period import parse_period
from jiesu.core.problems import InputError, Problem, writable
from jiesu.core.result import Evaluation

LEFT_BEHIND = timedelta(days=1)
"""What a killed process left half made is removed by the next one after so long."""


@dataclass(frozen=True, slots=True)
class PublishOrder:
    """What is to be published, and who stands for it.

    `signed` are offices with their roles, the day is that of publishing. `reason` is needed for a
    correction and refused for a first edition. `as_of` `None` means the latest time in the input.
    """

    folder: Path
    period: str
    signed: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    as_of: datetime | None = None
    lang: str = ""
    formats: tuple[str, ...] = DOCUMENTS


@dataclass(frozen=True, slots=True)
class PublishDone:
    """An edition and its folder. `is_new` is false where the newest one has these figures already.

    `differs` is what a correction changes.
    """

    edition: Edition
    folder: Path
    is_new: bool
    differs: Differences | None = None


@dataclass(frozen=True, slots=True)
class _Before:
    """The edition that is corrected."""

    edition: Edition
    folder: Path
    differs: Differences


def publish(order: PublishOrder, *, now: datetime, progress: Progress | None = None) -> PublishDone:
    """Freeze a period's evaluation as its next edition.

    Raises InputError for bad input, for a period that has not ended, for a correction without a
    reason, where the edition before is damaged, where another process took the number meanwhile,
    and where the folder cannot be written. Then nothing is left behind.
    """
    from jiesu.sources.profile import load_profile

    job = replace(job_of(order.folder, order.period), as_of=order.as_of)
    job = replace(job, lang=order.lang or job.lang)
    # Editions lie under the period's own label, however it was written.
    _, period = policy_and_period(job, load_profile(job.profile), order.period)
    problems = list(chain_problems(order.folder, period.label))
    if problems:
        raise InputError(problems)
    with opened(job, now=now, progress=progress) as workspace:
        evaluation = workspace.evaluation(order.period)
        return _published(order, workspace, evaluation)


def _published(order: PublishOrder, workspace: Workspace, evaluation: Evaluation) -> PublishDone:
    period = evaluation.period
    if period.is_running(evaluation.as_of):
        what = f"{period.label} has not ended as of {evaluation.as_of:%Y-%m-%d %H:%M}"
        remedy = f"publish it when data of {period.last_day} are there"
        raise InputError(Problem("--period", "", what, remedy))
    numbers = numbers_of(order.folder, period.label)
    before = None
    if numbers:
        folder = edition_folder(order.folder, period.label, numbers[-1])
        before = _compared(folder, evaluation)
        if before is None:
            return PublishDone(read_edition(folder), folder, is_new=False)
    _check_reason(order, before)
    number = len(numbers) + 1
    with writable(str(period_folder(order.folder, period.label))):
        return _made(order, workspace, evaluation, number, before)


def _compared(folder: Path, evaluation: Evaluation) -> _Before | None:
    """The edition before with what differs; `None` where no figure does."""
    verdict = verify_folder(folder)
    if verdict.problems or verdict.edition is None:
        raise InputError(verdict.problems)
    stored, document = stored_evaluation(folder), evaluation_document(evaluation)
    if same_figures(stored, document):
        return None
    return _Before(verdict.edition, folder, differences(stored, document))


def _check_reason(order: PublishOrder, before: _Before | None) -> None:
    if before is None and order.reason:
        what = f"there is no edition of {order.period} that could be corrected"
        raise InputError(Problem("--reason", "", what, "leave it out"))
    if before is not None and not order.reason.strip():
        moved = len(before.differs.moved)
        what = (
            f"this corrects edition {before.edition.number} of {order.period} "
            f"(score or rank of {moved} units differ)"
        )
        raise InputError(Problem("--reason", "", what, 'say why: --reason "late appeal"'))


def _made(
    order: PublishOrder,
    workspace: Workspace,
    evaluation: Evaluation,
    number: int,
    before: _Before | None,
) -> PublishDone:
    folder = edition_folder(order.folder, evaluation.period.label, number)
    with _part_folder(folder.parent, workspace.now) as part:
        _freeze(part, workspace.job, evaluation)
        edition = _edition(part, workspace, evaluation, number, order, before)
        _write(part / EVALUATION, evaluation_bytes(evaluation_document(evaluation)))
        _check_recomputed(part, edition)
        _write_bulletin(part, workspace.job, evaluation, number, order.formats)
        if before is not None:
            _write_correction(part, workspace.job, edition, evaluation, before, order.formats)
        edition = replace(edition, files=_digests(part))
        record = edition_record(edition)
        _write(part / RECORD, record)
        _write(part / SEAL, seal_line(record))
        _put_in_place(part, folder)
    return PublishDone(edition, folder, True, None if before is None else before.differs)


@contextmanager
def _part_folder(folder: Path, now: datetime) -> Iterator[Path]:
    """A hidden folder beside the editions, gone at the end unless it was renamed."""
    made = [path for path in (folder, folder.parent) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{PART}*"):
        with suppress(OSError):
            if now.timestamp() - old.stat().st_mtime > LEFT_BEHIND.total_seconds():
                shutil.rmtree(old, ignore_errors=True)
    part = Path(tempfile.mkdtemp(prefix=PART, dir=folder))
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)
        for path in made:
            # Not empty where an edition came to be.
            with suppress(OSError):
                path.rmdir()


def _freeze(part: Path, job: Job, evaluation: Evaluation) -> None:
    """Put the rules and the units into the folder by which the evaluation was made."""
    _write(part / POLICY, policy_bytes(job.policies, evaluation.policy.digest))
    for source, name in ((job.units, UNITS), (job.adjustments, ADJUSTMENTS)):
        if source is not None:
            _write(part / name, source.read_bytes())
    if evaluation.measures:
        _write(part / MEASURES, tables_record(evaluation.measures))


def _edition(
    part: Path,
    workspace: Workspace,
    evaluation: Evaluation,
    number: int,
    order: PublishOrder,
    before: _Before | None,
) -> Edition:
    """Write the cases, and make the record as far as it is known by then."""
    from jiesu.evaluation.frozen import freeze_cases
    from jiesu.evaluation.run import first_time

    policy, period = evaluation.policy, evaluation.period
    first = first_time(workspace.files, policy.period.by) or period.start
    n_cases = freeze_cases(
        workspace.files, part / CASES, policy, period, first=first, as_of=evaluation.as_of
    )
    has_units = workspace.roster.units is not None
    units = () if has_units else (unit for group in evaluation.groups for unit in group.units)
    zone = period.rule.zone
    made_at = workspace.now.astimezone(zone)
    signed = order.signed or ((("issued", workspace.job.office),) if workspace.job.office else ())
    return Edition(
        period=period.label,
        number=number,
        made_at=made_at,
        made_by=version("jiesu"),
        as_of=evaluation.as_of,
        first=first.astimezone(zone),
        zone=zone.key,
        city=evaluation.city,
        synthetic=evaluation.synthetic,
        policy=(policy.name, policy.version, policy.digest),
        input=evaluation.input,
        names={unit.unit: unit.name for unit in units},
        n_cases=n_cases,
        files=_digests(part),
        signed=tuple(SignOff(office, role, made_at.date()) for role, office in signed),
        reason=order.reason.strip(),
        previous=None if before is None else seal(before.folder),
    )


def _check_recomputed(part: Path, edition: Edition) -> None:
    """No edition is sealed whose own files do not give its figures."""
    anew = evaluation_bytes(evaluation_document(recomputed(part, edition)))
    if anew != (part / EVALUATION).read_bytes():
        what = "the folder was changed while it was read"
        raise InputError(Problem("jiesu publish", edition.period, what, "publish again"))


def _write_bulletin(
    part: Path, job: Job, evaluation: Evaluation, number: int, formats: Sequence[str]
) -> None:
    from jiesu.briefing.content import Imprint
    from jiesu.briefing.correction import edition_mark
    from jiesu.briefing.write import write_bulletin

    imprint = Imprint(job.office, edition_mark(evaluation.period, number, job.lang), job.recipients)
    write_bulletin(
        evaluation,
        part,
        lang=job.lang,
        formats=formats,
        imprint=imprint,
        boundaries=job.boundaries,
    )


def _write_correction(
    part: Path,
    job: Job,
    edition: Edition,
    evaluation: Evaluation,
    before: _Before,
    formats: Sequence[str],
) -> None:
    """Write what differs from the edition before, for programs and for people."""
    from jiesu.briefing.correction import Correction, correction
    from jiesu.briefing.write import write_document

    cases = changed_cases(before.folder, before.edition, part, edition)
    document = differences_document(
        before.differs, cases, before.edition.number, edition.number, edition.reason
    )
    _write(part / DIFFERENCES, evaluation_bytes(document))
    content = correction(
        Correction(before.edition, edition, before.differs, cases, job.office),
        evaluation,
        job.lang,
    )
    write_document(content, part, "correction", [form for form in formats if form != "xlsx"])


def changed_cases(
    before_folder: Path, before: Edition, after_folder: Path, after: Edition
) -> list[CaseChange]:
    """The cases that differ between two editions of a period, each by its own rules."""
    from jiesu.evaluation.frozen import Frozen, case_changes

    def frozen(folder: Path, edition: Edition) -> Frozen:
        [policy] = load_policies([folder / POLICY])
        zone = ZoneInfo(edition.zone)
        period = parse_period(edition.period, policy.period.months(zone))
        return Frozen(folder / CASES, policy, period, edition.as_of)

    return case_changes(frozen(before_folder, before), frozen(after_folder, after))


def _digests(part: Path) -> dict[str, str]:
    return {path.name: file_digest(path) for path in sorted(part.iterdir())}


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _put_in_place(part: Path, folder: Path) -> None:
    """Bring every byte to the disk, then let the edition appear under its number, read-only.

    Renaming to a folder that holds something fails: of two processes one gets the number.
    """
    for path in part.iterdir():
        path.chmod(0o444)
        to_disk(path)
    part.chmod(0o755)
    to_disk(part)
    try:
        part.rename(folder)
    except OSError as error:
        if not folder.exists():
            raise
        what = f"edition {folder.name} was published by somebody else meanwhile"
        remedy = "look at it with jiesu edition show, and publish again"
        raise InputError(Problem(str(folder), "", what, remedy)) from error
    to_disk(folder.parent)
    folder.chmod(0o555)
