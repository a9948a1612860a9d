"""`jiesu evaluate`: the job from folder and options, and what the terminal shows of it."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jiesu.city.outputs import DOCUMENTS
from jiesu.city.run import Done, run
from jiesu.city.workspace import Job, job_of
from jiesu.cli import options
from jiesu.cli.progress import progress_bar
from jiesu.cli.sources import intake_lines
from jiesu.core.case_table import GROUPABLE
from jiesu.core.policy import RateRule
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import Group, NamedList, UnitResult
from jiesu.core.scoring import rounded

HEAD = 5
"""Units of each ranking that the terminal shows."""

NAMES = 12
"""Units of each named list that the terminal shows."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of the command as they were given."""

    files: tuple[str, ...]
    city: Path | None
    profile: str | None
    policy: str | None
    period: str
    out: Path | None
    units: Path | None
    group_by: str
    as_of: datetime | None
    engine: str
    formats: str
    lang: str | None


def evaluate_command(choices: Choices) -> None:
    job = _job(choices)
    with progress_bar("Reading", bytes_=True) as progress:
        done = run(job, now=datetime.now(UTC), progress=progress)
    _show(done, job)


def _job(choices: Choices) -> Job:
    """The folder's job with the options over it, or the options alone."""
    if choices.city is not None:
        job = job_of(choices.city, choices.period)
    else:
        job = _job_without_folder(choices)
    given: dict[str, Any] = {
        "inputs": choices.files,
        "profile": choices.profile,
        "policies": (choices.policy,) if choices.policy else None,
        "out": choices.out,
        "units": choices.units,
        "lang": options.language(choices.lang),
    }
    job = replace(job, **{key: value for key, value in given.items() if value})
    return replace(
        job,
        group_by=options.choice("--group-by", choices.group_by, GROUPABLE),
        as_of=choices.as_of,
        engine=choices.engine,
        formats=options.formats(choices.formats, DOCUMENTS),
    )


def _job_without_folder(choices: Choices) -> Job:
    needed = {
        "FILE": choices.files,
        "--profile": choices.profile,
        "--policy": choices.policy,
        "--out": choices.out,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing or not (choices.profile and choices.policy and choices.out):
        what = f"without --city this is needed: {', '.join(missing)}"
        raise InputError(Problem("jiesu evaluate", "", what, "add it, or name a city folder"))
    return Job(choices.files, choices.profile, (choices.policy,), choices.period, choices.out)


def _show(done: Done, job: Job) -> None:
    # A pipe has no width of its own; rankings want about a hundred columns.
    width = None if sys.stdout.isatty() else 100
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)
    evaluation, intake = done.evaluation, done.intake
    period, policy = evaluation.period, evaluation.policy
    console.print(
        f"{period.label}: {period.start:%Y-%m-%d %H:%M} to {period.end:%Y-%m-%d %H:%M}, "
        f"as of {evaluation.as_of:%Y-%m-%d %H:%M:%S}"
    )
    console.print(f"Policy {policy.name} {policy.version} ({policy.digest[:12]})")
    for line in intake_lines(intake):
        console.print(line)
    totals = evaluation.totals
    console.print(
        f"Cases in the period {totals.volume:,}, excluded {totals.excluded:,}, "
        f"unassigned {totals.unassigned:,}, of unlisted units {totals.unlisted:,}"
    )
    for group in evaluation.groups:
        console.print(ranking_table(group, policy.rates, job.lang), soft_wrap=False)
    for named in evaluation.lists:
        console.print(list_line(named, evaluation.groups, job.lang))
    console.print()
    for path in done.written:
        console.print(f"Written: {path}")
    if intake.rejected:
        console.print(f"Rejected rows: {job.out / 'rejects.csv'}")
    if intake.duplicates:
        console.print(f"Duplicates: {job.out / 'duplicates.csv'}")


_HEADINGS = {
    "zh": ("名次", "单位", "评分", "诉求量", "环比"),
    "en": ("Rank", "Unit", "Score", "Volume", "Change"),
}


def ranking_table(group: Group, rates: Sequence[RateRule], lang: str) -> Table:
    """The head of a group's ranking."""
    ranked = f"{group.n_ranked}/{len(group.units)}"
    table = Table(
        title=Text(f"{group.title[lang]} ({ranked})", style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    rank, unit, score, volume, change = _HEADINGS[lang]
    for heading in (rank, unit, score, *(rate.title[lang] for rate in rates), volume, change):
        is_name = heading == unit
        table.add_column(Text(heading), justify="left" if is_name else "right", no_wrap=not is_name)
    for result in group.units[:HEAD]:
        table.add_row(*_row(result, [rate.key for rate in rates]))
    return table


def _row(unit: UnitResult, rates: list[str]) -> list[Text]:
    shown = [
        str(unit.rank or "-"),
        options.plain(unit.name),
        "-" if unit.score is None else str(unit.score),
    ]
    for key in rates:
        value = unit.figures.rates[key].value
        shown.append("-" if value is None else f"{rounded(value * 100, 2)}%")
    shown += [f"{unit.volume:,}", "-" if unit.change is None else f"{unit.change:+}"]
    return [Text(cell) for cell in shown]


def list_line(named: NamedList, groups: Sequence[Group], lang: str) -> Text:
    """A named list in one line."""
    from jiesu.briefing.wording import full_name

    if not named.available:
        of = f": {options.plain(named.measure)}" if named.measure else ""
        names = f"(data not at hand{of})" if lang == "en" else f"（数据未提供{of}）"
    else:
        above = {unit.unit: unit.name for group in groups for unit in group.units}
        parents = {unit.unit: unit.parent for group in groups for unit in group.units}
        shown = [
            options.plain(full_name(unit.name, above.get(parents.get(unit.unit) or "", ""), lang))
            for unit in named.units[:NAMES]
        ]
        more = len(named.units) - len(shown)
        names = ("; " if lang == "en" else "、").join(shown) + (f" … +{more}" if more else "")
    return Text.assemble((f"{named.title[lang]}: ", "bold"), names or "-")
