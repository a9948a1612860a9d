"""`air.json` and the documents of a city's air, from a folder or from files alone.

Brings the settings and the command's options together; computes nothing. Prints nothing (see
`jiesu.cli`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jiesu.city.air_files import Air, AirInputs, Progress, air_inputs, measured_air
from jiesu.city.folder import read_city
from jiesu.city.outputs import every_format, put_in_place, work_folder, write_json
from jiesu.city.units_file import read_units
from jiesu.city.workspace import job_of, policy_and_period
from jiesu.core.air import last_day_for
from jiesu.core.air_contract import air_document
from jiesu.core.problems import InputError, Problem

NAME = "air"
FORMATS = ("html", "docx", "pdf")


@dataclass(frozen=True, slots=True)
class AirOrder:
    """What to make, where to write it, and what the city is called (empty where nobody said)."""

    inputs: AirInputs
    until: date
    out: Path
    names: Mapping[str, str]
    synthetic: bool = False
    lang: str = "zh"
    formats: tuple[str, ...] = FORMATS
    office: str = ""


@dataclass(frozen=True, slots=True)
class AirDone:
    """What came of it, and the files written."""

    air: Air
    written: tuple[Path, ...]


def air_order(folder: Path, *, until: date | None, period: str | None) -> AirOrder:
    """What a city folder asks for, for a day or for an assessment period (then see `air.toml`).

    Raises InputError where the folder has no hourly data, and for mistakes in its settings.
    """
    city = read_city(folder)
    units = None if city.units is None else read_units(city.units)
    inputs = air_inputs(city, units)
    if inputs is None:
        what, remedy = "the folder has no hourly data", "put files into air/, see docs/air.md"
        raise InputError(Problem("city.toml", "inputs.air", what, remedy))
    if until is None and period is not None:
        until = _last_day(folder, inputs, period)
    if until is None:
        what, remedy = "no day and no period is given", "add --until 2022-02-18 or --period 2022-02"
        raise InputError(Problem("jiesu air", "", what, remedy))
    label = period or until.isoformat()
    return AirOrder(
        inputs=inputs,
        until=until,
        out=folder / "out" / label,
        names=city.name,
        synthetic=city.synthetic,
        lang=city.language,
        office=city.office,
    )


def _last_day(folder: Path, inputs: AirInputs, label: str) -> date:
    from jiesu.sources.profile import load_profile

    job = job_of(folder, label)
    _, period = policy_and_period(job, load_profile(job.profile), label)
    return last_day_for(inputs.rule, period)


def run_air(order: AirOrder, progress: Progress | None = None) -> AirDone:
    """Measure, then write every file, or none where something is wrong.

    Raises InputError for bad input, and where the output cannot be written.
    """
    air = measured_air(order.inputs, order.until, progress)
    with work_folder(order.out) as work:
        written = put_in_place(_made(order, air, work), order.out, stale=every_format(NAME))
    return AirDone(air, written)


def _made(order: AirOrder, air: Air, work: Path) -> list[Path]:
    """Every file in the work folder."""
    from jiesu.briefing.air import AirImprint, air_content
    from jiesu.briefing.write import write_document

    made = []
    if order.formats:
        imprint = AirImprint(order.names, order.office, order.synthetic, air.files)
        content = air_content(air.result, order.lang, imprint)
        made += write_document(content, work, NAME, order.formats)
    return [*made, write_json(air_json(air), work / f"{NAME}.json")]


def air_json(air: Air) -> dict[str, object]:
    """The document of `core.air_contract` with what was met in the files."""
    report = air.report
    return {
        **air_document(air.result),
        "input": {
            "files": [{"name": file.name, "sha256": file.sha256} for file in air.files],
            "rows": report.rows,
            "used": report.used,
            "missing": report.missing,
            "unbelievable": report.unbelievable,
            "repeated": report.repeated,
            "conflicting": report.conflicting,
            "last_day": None if report.last is None else report.last.isoformat(),
        },
    }
