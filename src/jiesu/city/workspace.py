"""Cases that are read once and evaluated for as many periods as a command needs.

A job says what to read; an opened workspace holds its canonical files, its units and its rules.
Writes nothing but the intake's reports (see `run` and the other commands' modules for the rest).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jiesu.city.adjustments import read_adjustments
from jiesu.city.boundaries import checked_boundaries
from jiesu.city.folder import read_city
from jiesu.city.outputs import DOCUMENTS, work_folder
from jiesu.city.policies import load_policies
from jiesu.city.units_file import read_units
from jiesu.core.period import Period
from jiesu.core.policy import Policy, period_in_force
from jiesu.core.problems import InputError
from jiesu.core.result import Evaluation, Input
from jiesu.core.roster import Line, Roster

if TYPE_CHECKING:
    from jiesu.core.measures import MeasureTable
    from jiesu.sources.intake import Intake
    from jiesu.sources.profile import Profile

LANGUAGES = ("zh", "en")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What to evaluate and where to write it, from the folder or the command line.

    `folder` is the city folder that has outside measures, where there is one.

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
    formats: tuple[str, ...] = DOCUMENTS
    group_by: str = "unit"
    as_of: datetime | None = None
    engine: str = "duckdb://"
    folder: Path | None = None


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
        folder=folder,
    )


@dataclass(frozen=True, slots=True)
class Workspace:
    """A job's cases as canonical files, with the units that answer for them.

    `folder` is a place for what is only needed on the way.
    """

    job: Job
    profile: "Profile"
    roster: Roster
    intake: "Intake"
    folder: Path
    now: datetime
    _tables: dict[str, dict[str, "MeasureTable"]] = field(default_factory=dict, compare=False)

    @property
    def files(self) -> Sequence[Path]:
        """The canonical case files."""
        return self.intake.cases

    def period(self, label: str) -> tuple[Policy, Period]:
        """A period and the version of the policy that is in force in it; see `policy_and_period`"""
        return policy_and_period(self.job, self.profile, label)

    def as_of(self, zone: ZoneInfo) -> datetime:
        """The time up to which things are known: the job's, else the latest time in the input.

        A job's time without an offset is in `zone`.
        """
        from jiesu.evaluation.run import known_until

        return _aware(self.job.as_of, zone) or known_until(self.files, self.now)

    def period_if_any(self, label: str) -> tuple[Policy, Period] | None:
        """As `period`; `None` where no version of the policy is in force in it."""
        try:
            return self.period(label)
        except InputError:
            return None

    def measures(self, label: str) -> Mapping[str, "MeasureTable"]:
        """The outside measures of a period and the air's means by key; read once for each period.

        Empty without a city folder. Raises InputError for mistakes in their files.
        """
        if self.job.folder is None:
            return {}
        if label not in self._tables:
            from jiesu.city.measures_files import measure_tables

            city, (_, period) = read_city(self.job.folder), self.period(label)
            self._tables[label] = measure_tables(city, self.roster.units, period)
        return self._tables[label]

    def evaluation(
        self, label: str, as_of: datetime | None = None, *, measured: bool = True
    ) -> Evaluation:
        """A period's evaluation, with the digests of what was read.

        `as_of` `None` means the job's, and else the latest time in the input. Without `measured` no
        outside measure is read, and their lists are not available. Raises InputError where no case
        falls in the period.
        """
        from jiesu.evaluation.run import Request, evaluate

        job, intake = self.job, self.intake
        policy, period = self.period(label)
        source = Input((), intake.accepted, intake.rejected, intake.duplicates)
        listed = any(rule.measure for rule in policy.lists)
        request = Request(
            policy,
            period,
            self.roster,
            self.now,
            as_of or _aware(job.as_of, period.rule.zone),
            job.group_by,
            job.engine,
            self.folder,
            measures=self.measures(label) if measured and listed else {},
        )
        evaluation = evaluate(
            self.files, request, source, city=job.names or {}, synthetic=job.synthetic
        )
        # The digests were taken in the background while the cases were counted.
        return replace(evaluation, input=replace(source, files=intake.files))


@contextmanager
def opened(job: Job, *, now: datetime, progress: Progress | None = None) -> Iterator[Workspace]:
    """Read a job's cases and keep them until the end of the block.

    Raises InputError for bad input, and where `job.out` cannot be written: nothing but
    `rejects.csv` and `duplicates.csv` is written there.
    """
    from jiesu.sources.intake import read_cases
    from jiesu.sources.profile import load_profile

    profile = load_profile(job.profile)
    # Before the cases are read, which takes longest: is the period one at all?
    policy_and_period(job, profile, job.period)
    roster = _roster(job)
    if job.boundaries is not None and (problems := checked_boundaries(job.boundaries)):
        raise InputError(problems)
    with work_folder(job.out) as work:
        intake = read_cases(
            job.inputs,
            profile,
            zone=job.zone,
            into=work / "cases",
            rejects=job.out / "rejects.csv",
            duplicates=job.out / "duplicates.csv",
            progress=progress,
        )
        yield Workspace(job, profile, roster, intake, work, now)


def policy_and_period(job: Job, profile: "Profile", label: str) -> tuple[Policy, Period]:
    """The period as the version in force on its last day cuts it, and that version.

    Raises InputError as `core.policy.period_in_force` does.
    """
    from jiesu.sources.intake import zone_of

    versions = load_policies(job.policies)
    zone = job.zone or zone_of(job.inputs, profile)
    shown = ", ".join(str(name) for name in job.policies)
    return period_in_force(versions, label, zone, file=shown)


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
