"""Health checks from a city folder: what they are made from, and their documents.

Everything is counted once for all units; the documents are then made in several processes, each
from its unit's plain objects. Computes nothing itself. Prints nothing (see `jiesu.cli`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from jiesu.city.checkup_before import EarlierFindings, read_earlier
from jiesu.city.checkup_file import read_checkup_rules
from jiesu.city.folder import City, read_city
from jiesu.city.merge import Task, file_name, merge
from jiesu.city.outputs import put_in_place, work_folder, write_json
from jiesu.city.topics_files import read_topics
from jiesu.city.workspace import Job, Progress, Workspace, job_of, opened
from jiesu.core.breakdown import UnitBreakdown
from jiesu.core.checkup import (
    CheckupGround,
    Checkups,
    Frame,
    UnitCheckup,
    check_up,
    comparisons,
    shortcomings,
)
from jiesu.core.checkup_contract import canonical, checkup_document, checkups_document
from jiesu.core.comparison import CheckupRules
from jiesu.core.problems import InputError, Problem, writable
from jiesu.core.result import Evaluation

if TYPE_CHECKING:
    from jiesu.evaluation.breakdown import BreakdownQuestion

FORMATS = ("html", "docx", "pdf")
FOLDER = "checkups"
OVERVIEW = "checkups.json"
OVERVIEW_FILES = ("index.html", "index.xlsx", OVERVIEW)
RESERVED = ("index", "checkups")
"""No unit's files have these names: they are the overview's."""


@dataclass(frozen=True, slots=True)
class CheckupOrder:
    """What `jiesu checkup` was asked for; empty fields take the folder's own.

    `unit` `None` means all units. `out` `None` means `out/PERIOD/checkups` in the folder. `before`
    is a folder of earlier health checks, whose findings are followed where the cases of the period
    before are not at hand. `as_of` may lack an offset, as that of a `Job`.
    """

    folder: Path
    period: str
    unit: str | None = None
    out: Path | None = None
    lang: str = ""
    formats: tuple[str, ...] = FORMATS
    jobs: int | None = None
    before: Path | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckupCounts:
    """All health checks of an order as objects, and the units whose documents are asked for."""

    order: CheckupOrder
    job: Job
    checkups: Checkups
    chosen: Sequence[str]


@dataclass(frozen=True, slots=True)
class CheckupDone:
    """What came of a run: the health checks, where they lie and which units failed."""

    checkups: Checkups
    out: Path
    done: tuple[str, ...]
    skipped: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    overview: tuple[Path, ...]


def count_checkups(
    order: CheckupOrder, *, now: datetime, progress: Progress | None = None
) -> CheckupCounts:
    """Read the cases and make the health checks, as objects. Nothing is written yet.

    Raises InputError for bad input and for a unit that is not in the period.
    """
    city = read_city(order.folder)
    job = job_of(order.folder, order.period)
    job = replace(
        job,
        out=order.out or job.out / FOLDER,
        lang=order.lang or job.lang,
        formats=order.formats,
        as_of=order.as_of,
    )
    with opened(job, now=now, progress=progress) as workspace:
        checkups = checkups_of(workspace, city, order.period, before=order.before)
    return CheckupCounts(order, job, checkups, chosen_units(checkups, order.unit))


def write_checkups(counts: CheckupCounts, *, progress: Progress | None = None) -> CheckupDone:
    """Write the documents of one unit or of all.

    Units whose documents are there already, made from the same, are left as they are; one that
    fails is told and stops no other. A run for all removes what earlier runs made for other units.
    An overview of other documents than those that then lie beside it goes. Raises InputError where
    nothing can be written.
    """
    order, job, checkups = counts.order, counts.job, counts.checkups
    run, digests = _digests(checkups, job)
    made_from = _digest([run, digests])
    codes = {file_name(code, RESERVED): code for code in counts.chosen}
    tasks = [Task(key, checkups.units[code], digests[code]) for key, code in codes.items()]
    _remove_overview(job.out, made_from)
    merged = merge(
        tasks,
        partial(make_documents, frame=checkups.frame, job=job),
        job.out,
        digest=run,
        jobs=order.jobs,
        progress=progress,
        only=order.unit is None,
    )
    failed = tuple((codes[key], what) for key, what in merged.failed)
    return CheckupDone(
        checkups,
        job.out,
        tuple(codes[key] for key in merged.done),
        tuple(codes[key] for key in merged.skipped),
        failed,
        () if order.unit else _overview(checkups, job, made_from, dict(failed)),
    )


def checkups_of(
    workspace: Workspace,
    city: City,
    label: str,
    *,
    before: Path | None = None,
    evaluation: Evaluation | None = None,
) -> Checkups:
    """The health checks of all units of a period, from an opened folder.

    `evaluation` is the period's where it is made already. Raises InputError for wrong rules or
    topics, and where `before` holds no health checks.
    """
    rules = read_checkup_rules(city)
    topics = read_topics(city, workspace.roster.units)
    found = evaluation or workspace.evaluation(label)
    earlier, previous = _earlier(workspace, found, rules, before)
    missing = []
    if workspace.roster.units is None:
        missing.append("units")
    if earlier is None:
        missing.append("previous")
    return check_up(
        CheckupGround(
            evaluation=found,
            breakdown=_broken_down(workspace, found, rules),
            roster=workspace.roster,
            rules=rules,
            topics=() if topics is None else topics.book.topics,
            earlier=earlier,
            previous=previous,
            missing=tuple(missing),
        )
    )


def _broken_down(
    workspace: Workspace, evaluation: Evaluation, rules: CheckupRules
) -> Mapping[str, UnitBreakdown]:
    from jiesu.evaluation.breakdown import break_down

    return break_down(workspace.files, _ask(workspace, evaluation, rules))


def _ask(workspace: Workspace, evaluation: Evaluation, rules: CheckupRules) -> "BreakdownQuestion":
    from jiesu.evaluation.breakdown import BreakdownQuestion

    period, units = evaluation.period, workspace.roster.units
    below = {} if units is None else {unit.code: units.with_all_below(unit.code) for unit in units}
    return BreakdownQuestion(
        policy=evaluation.policy,
        as_of=evaluation.as_of,
        zone=period.rule.zone,
        windows=tuple((part.start, part.end) for part in period.months() or (period,)),
        below=below,
        repeat_from=rules.repeat_from,
        places=rules.places,
        unsolved=rules.unsolved,
        label=rules.topic_label,
        engine=workspace.job.engine,
        spill=workspace.folder,
    )


# What was found earlier ----------------------------------------------------------------------


def _earlier(
    workspace: Workspace, evaluation: Evaluation, rules: CheckupRules, before: Path | None
) -> tuple[EarlierFindings | None, str | None]:
    """The shortcomings of the period before, and its label: from a folder of health checks where
    one is named, else from its cases where all of it is at hand."""
    from jiesu.evaluation.run import first_time

    if before is not None:
        return read_earlier(before, evaluation.period)
    previous = evaluation.period.previous()
    first = first_time(workspace.files, evaluation.policy.period.by)
    # Part of it would mislead.
    if evaluation.previous_period is None or not previous.reached_by(first):
        return None, None
    try:
        then = workspace.evaluation(previous.label)
    except InputError:
        # No policy was in force then.
        return None, None
    counts = _broken_down(workspace, then, rules)
    _, found, _ = comparisons(then, counts, workspace.roster, rules)
    return shortcomings(found), previous.label


# Writing -------------------------------------------------------------------------------------


def chosen_units(checkups: Checkups, unit: str | None) -> list[str]:
    """All units, or the one with a code or with a name that no other has; else InputError."""
    if unit is None:
        return list(checkups.units)
    if unit in checkups.units:
        return [unit]
    named = [
        code for code, one in checkups.units.items() if unit in (one.name, one.above + one.name)
    ]
    if len(named) == 1:
        return named
    what = f"{unit[:40]!r} is no unit of {checkups.frame.period.label}"
    remedy = "give the code of a unit that exists in the period and is ranked in a group"
    if named:
        what = f"{unit[:40]!r} is the name of several units"
        remedy = f"give the code: {', '.join(named)}"
    raise InputError(Problem("--unit", "", what, remedy))


def make_documents(task: Task, folder: Path, *, frame: Frame, job: Job) -> list[Path]:
    """A unit's documents and its JSON; runs in a process of its own."""
    from jiesu.briefing.checkup import checkup_content
    from jiesu.briefing.write import write_document

    unit = task.payload
    assert isinstance(unit, UnitCheckup)
    path = write_json(checkup_document(frame, unit), folder / f"{task.key}.json")
    content = checkup_content(frame, unit, job.lang, office=job.office)
    return [path, *write_document(content, folder, task.key, job.formats)]


def _overview(
    checkups: Checkups, job: Job, made_from: str, failed: Mapping[str, str]
) -> tuple[Path, ...]:
    """The table of all units: a page with links, a workbook and JSON."""
    from jiesu.briefing.checkups_overview import overview_content
    from jiesu.briefing.write import write_document

    names = {code: file_name(code, RESERVED) for code in checkups.units if code not in failed}
    content = overview_content(checkups, names, job.lang, job.formats)
    with work_folder(job.out) as work:
        written = write_document(content, work, "index", ("html", "xlsx"))
        document = checkups_document(checkups, failed, made_from)
        return put_in_place([*written, write_json(document, work / OVERVIEW)], job.out)


# What was made from what ---------------------------------------------------------------------


def _digests(checkups: Checkups, job: Job) -> tuple[str, dict[str, str]]:
    """What all documents of a run are made from, and what each unit's is made from besides."""
    shared = [version("jiesu"), job.lang, sorted(job.formats), job.office, checkups.frame]
    return _digest(shared), {code: _digest(unit) for code, unit in checkups.units.items()}


def _digest(value: object) -> str:
    text = json.dumps(canonical(value), ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _remove_overview(out: Path, made_from: str) -> None:
    """Remove an overview of other documents than those that lie beside it after this run.

    The JSON goes last, as it comes last: without it no overview is there.
    """
    try:
        document = json.loads((out / OVERVIEW).read_text("utf-8"))
        failed = any(unit["failed"] for unit in document["units"])
        if document["made_from"] == made_from and not failed:
            return
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass  # Whatever it is, it is no overview of these documents.
    for name in OVERVIEW_FILES:
        with writable(name):
            (out / name).unlink(missing_ok=True)
