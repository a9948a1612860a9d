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
from typing import TYPE_CHECKING, Any

from jiesu.city.checkup_file import read_checkup_rules
from jiesu.city.folder import City, read_city
from jiesu.city.merge import Task, merge
from jiesu.city.topics_files import read_topics
from jiesu.city.workspace import Progress, Workspace, job_of, opened
from jiesu.core.breakdown import UnitBreakdown
from jiesu.core.checkup import (
    Checkups,
    Earlier,
    Frame,
    Ground,
    UnitCheckup,
    check_up,
    comparisons,
    shortcomings,
)
from jiesu.core.checkup_contract import checkup_document, checkups_document, earlier_of
from jiesu.core.comparison import Rules
from jiesu.core.period import Period
from jiesu.core.problems import InputError, Problem, writable
from jiesu.core.result import Evaluation

if TYPE_CHECKING:
    from jiesu.evaluation.breakdown import BreakdownQuestion

FORMATS = ("html", "docx", "pdf")
FOLDER = "checkups"
OVERVIEW = "checkups.json"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a command asks for.

    `unit` `None` means all units. `out` `None` means `checkups/PERIOD` in the folder. `before` is a
    folder of earlier health checks, whose findings are followed where the cases of the period
    before are not at hand.
    """

    folder: Path
    period: str
    unit: str | None = None
    out: Path | None = None
    lang: str = ""
    formats: tuple[str, ...] = FORMATS
    jobs: int | None = None
    before: Path | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a run: the health checks, where they lie and which units failed."""

    checkups: Checkups
    out: Path
    done: tuple[str, ...]
    skipped: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    overview: tuple[Path, ...]


def make_checkups(wish: Wish, *, now: datetime, progress: Progress | None = None) -> Made:
    """Make the documents of one unit or of all.

    Units whose documents are there already, made from the same, are left as they are; one that
    fails is told and stops no other. Raises InputError for bad input, for a unit that is not in the
    period, and where the output cannot be written.
    """
    city = read_city(wish.folder)
    out = wish.out or wish.folder / FOLDER / wish.period
    job = replace(job_of(wish.folder, wish.period), out=out)
    lang = wish.lang or job.lang
    with opened(job, now=now) as workspace:
        checkups = checkups_of(workspace, city, wish.period, before=wish.before)
    chosen = _chosen(checkups, wish.unit)
    tasks = [Task(file_name(code), checkups.units[code]) for code in chosen]
    codes = {file_name(code): code for code in chosen}
    make = partial(
        make_documents, frame=checkups.frame, lang=lang, formats=wish.formats, office=job.office
    )
    merged = merge(
        tasks,
        make,
        out,
        digest=_digest(checkups, lang, wish.formats, job.office),
        jobs=wish.jobs,
        progress=progress,
    )
    failed = tuple((codes[key], what) for key, what in merged.failed)
    overview = () if wish.unit else _overview(checkups, out, lang, wish.formats, dict(failed))
    return Made(
        checkups,
        out,
        tuple(codes[key] for key in merged.done),
        tuple(codes[key] for key in merged.skipped),
        failed,
        overview,
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
        Ground(
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
    workspace: Workspace, evaluation: Evaluation, rules: Rules
) -> Mapping[str, UnitBreakdown]:
    from jiesu.evaluation.breakdown import break_down

    return break_down(workspace.files, _ask(workspace, evaluation, rules))


def _ask(workspace: Workspace, evaluation: Evaluation, rules: Rules) -> "BreakdownQuestion":
    from jiesu.evaluation.breakdown import BreakdownQuestion

    period, units = evaluation.period, workspace.roster.units
    below = {} if units is None else {unit.code: units.with_all_below(unit.code) for unit in units}
    return BreakdownQuestion(
        policy=evaluation.policy,
        as_of=evaluation.as_of,
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
    workspace: Workspace, evaluation: Evaluation, rules: Rules, before: Path | None
) -> tuple[Mapping[str, Sequence[Earlier]] | None, str | None]:
    """The shortcomings of the period before, and its label: from a folder of health checks where
    one is named, else from its cases where all of it is at hand."""
    if before is not None:
        return _read_earlier(before)
    previous = evaluation.period.previous()
    if not _reaches_back(workspace, evaluation, previous):
        return None, None
    try:
        then = workspace.evaluation(previous.label)
    except InputError:
        # No policy was in force then.
        return None, None
    counts = _broken_down(workspace, then, rules)
    _, found, _ = comparisons(then, counts, workspace.roster, rules)
    return shortcomings(found), previous.label


def _reaches_back(workspace: Workspace, evaluation: Evaluation, previous: Period) -> bool:
    """Whether the input has the whole of the period before: part of it would mislead."""
    from jiesu.evaluation.run import first_time

    if evaluation.previous_period is None:
        return False
    first = first_time(workspace.files, evaluation.policy.period.by)
    return first is not None and (first - previous.start).days < 1


def _read_earlier(folder: Path) -> tuple[Mapping[str, Sequence[Earlier]], str | None]:
    overview = folder / OVERVIEW
    found: dict[str, Sequence[Earlier]] = {}
    labels = set()
    for path in sorted(folder.glob("*.json")):
        if path.name == overview.name:
            continue
        try:
            document: Any = json.loads(path.read_text("utf-8"))
            found[str(document["unit"])] = earlier_of(document)
            labels.add(str(document["period"]["label"]))
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise InputError(Problem(path.name, "", what, "make it readable")) from None
        except (ValueError, KeyError, TypeError):
            what, remedy = "is no health check of jiesu", "name a folder that jiesu checkup wrote"
            raise InputError(Problem(path.name, "", what, remedy)) from None
    if len(labels) != 1:
        what = "holds no health checks" if not labels else "holds health checks of several periods"
        remedy = "name a folder that jiesu checkup wrote, such as checkups/2020"
        raise InputError(Problem("--before", str(folder), what, remedy))
    return found, labels.pop()


# Writing -------------------------------------------------------------------------------------


def _chosen(checkups: Checkups, unit: str | None) -> list[str]:
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


def file_name(code: str) -> str:
    """A unit's code as the name of its files: what no file may be called is written in hex."""
    safe = code.replace("-", "").replace("_", "").isalnum() and len(code.encode()) <= 100
    if safe and code.lower() not in ("index", "checkups"):
        return code
    return f"unit-{sha256(code.encode()).hexdigest()[:16]}"


def make_documents(
    task: Task, folder: Path, *, frame: Frame, lang: str, formats: Sequence[str], office: str
) -> list[Path]:
    """A unit's documents and its JSON; runs in a process of its own."""
    from jiesu.briefing.checkup import checkup_content
    from jiesu.briefing.write import write_document

    unit = task.payload
    assert isinstance(unit, UnitCheckup)
    path = folder / f"{task.key}.json"
    _write_json(path, checkup_document(frame, unit))
    content = checkup_content(frame, unit, lang, office=office)
    return [path, *write_document(content, folder, task.key, formats)]


def _overview(
    checkups: Checkups, out: Path, lang: str, formats: Sequence[str], failed: Mapping[str, str]
) -> tuple[Path, ...]:
    """The table of all units: a page with links, a workbook and JSON."""
    from jiesu.briefing.checkups_overview import overview_content
    from jiesu.briefing.write import write_document

    names = {code: file_name(code) for code in checkups.units if code not in failed}
    content = overview_content(checkups, names, lang, formats)
    written = write_document(content, out, "index", ("html", "xlsx"))
    path = out / OVERVIEW
    half = path.with_suffix(".part")
    _write_json(half, checkups_document(checkups, failed))
    with writable(path.name):
        half.replace(path)
    return (*written, path)


def _write_json(path: Path, document: Mapping[str, object]) -> None:
    with writable(path.name):
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _digest(checkups: Checkups, lang: str, formats: Sequence[str], office: str) -> str:
    """What the documents are made from: every figure, the rules, language, formats, programme."""
    frame = checkups.frame
    parts = [
        version("jiesu"),
        lang,
        ",".join(sorted(formats)),
        office,
        frame.policy.digest,
        repr(frame),
        *(repr(unit) for unit in checkups.units.values()),
    ]
    found = sha256()
    for part in parts:
        found.update(part.encode() + b"\0")
    return found.hexdigest()
