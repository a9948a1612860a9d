"""Verifying editions: are they as they were sealed, and do their cases still give their figures?

An edition is recomputed from its own folder alone, which may be a copy that lies anywhere. Writes
nothing. What verification proves and what it cannot: docs/methods/editions.md.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jiesu.city.adjustments import read_adjustments
from jiesu.city.editions import (
    ADJUSTMENTS,
    CASES,
    EVALUATION,
    FOLDER,
    MEASURES,
    POLICY,
    RECORD,
    SEAL,
    UNITS,
    chain_problems,
    edition_folder,
    numbers_of,
    period_folder,
    published_periods,
    read_bytes,
    shown,
)
from jiesu.city.policies import load_policies
from jiesu.city.units_file import read_units
from jiesu.core.contract import evaluation_document
from jiesu.core.difference import added_keys, unequal
from jiesu.core.edition import Edition, parse_edition, seal_of
from jiesu.core.measure_record import parse_tables
from jiesu.core.measures import MeasureTable
from jiesu.core.period import parse_period
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import Evaluation
from jiesu.core.roster import Line, Roster

COPY = "take the edition from a copy; nobody may change it"
FIGURES_NAMED = 8
"""Of many figures that differ, so many are named."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of verifying one edition; right when there is no problem.

    `edition` is `None` where its record cannot be read. `added` are keys that this version of jiesu
    writes and the edition's did not have: its figures are the same all the same.
    """

    folder: Path
    edition: Edition | None
    problems: tuple[Problem, ...]
    added: tuple[str, ...] = ()


def verify_editions(
    folder: Path, period: str | None = None, number: int | None = None
) -> Iterator[Verdict]:
    """Verify a city's editions one by one: all, a period's, or one.

    What is wrong between editions (a missing number, a seal that does not fit, a strange file)
    is a verdict of its own without an edition. Raises InputError where there is nothing to verify.
    """
    periods = published_periods(folder) if period is None else (period,)
    numbers = {label: numbers_of(folder, label) for label in periods}
    wanted = "" if period is None else f" of {period}" if number is None else f" {number}"
    if not any(numbers.values()) or (number is not None and number not in numbers[periods[0]]):
        what = f"there is no edition{wanted}"
        raise InputError(Problem(str(folder / FOLDER), "", what, "publish one with jiesu publish"))
    for label in periods:
        between = (*chain_problems(folder, label), *_strange(period_folder(folder, label)))
        if between:
            yield Verdict(period_folder(folder, label), None, between)
        for one in numbers[label]:
            if number in (None, one):
                yield verify_folder(edition_folder(folder, label, one))


def _strange(folder: Path) -> Iterator[Problem]:
    for path in sorted(folder.iterdir()):
        is_edition = path.is_dir() and path.name.isdecimal() and str(int(path.name)) == path.name
        if not (is_edition or path.name.startswith(".")):
            yield Problem(shown(path), "", "this is no edition", "move it elsewhere")


def verify_folder(folder: Path) -> Verdict:
    """Verify the edition in a folder by itself: its seal, its files, and its figures anew."""
    try:
        record = read_bytes(folder / RECORD)
        edition = parse_edition(record, file=shown(folder / RECORD))
    except InputError as error:
        return Verdict(folder, None, error.problems)
    problems = [*_wrong_seal(folder, record), *_wrong_files(folder, edition)]
    evidence = {shown(folder / name) for name in edition.files if name != EVALUATION}
    if evidence & {problem.file for problem in problems}:
        # What it was made from is not what was sealed: nothing can be said of its figures.
        return Verdict(folder, edition, tuple(problems))
    try:
        anew = evaluation_document(recomputed(folder, edition))
    except InputError as error:
        return Verdict(folder, edition, (*problems, *error.problems))
    except Exception as error:
        # Sealed anew with cases that no engine can read: what it says of them differs.
        what = f"the cases cannot be counted ({type(error).__name__})"
        return Verdict(folder, edition, (*problems, Problem(shown(folder / CASES), "", what, COPY)))
    added: set[str] = set()
    problems += _wrong_figures(folder, edition, anew, added)
    return Verdict(folder, edition, tuple(problems), tuple(sorted(added)))


def _wrong_seal(folder: Path, record: bytes) -> Iterator[Problem]:
    try:
        if read_bytes(folder / SEAL) != seal_line(record):
            yield Problem(shown(folder / SEAL), "", f"the seal is not that of {RECORD}", COPY)
    except InputError as error:
        yield from error.problems


def seal_line(record: bytes) -> bytes:
    """The content of `edition.sha256`, as sha256sum writes it."""
    return f"{seal_of(record)}  {RECORD}\n".encode()


def _wrong_files(folder: Path, edition: Edition) -> Iterator[Problem]:
    """Files that are missing, changed, or were not there when the edition was sealed."""
    for name, digest in edition.files.items():
        path = folder / name
        if not path.exists():
            yield Problem(shown(path), "", "the file is missing", COPY)
        elif not path.is_file() or file_digest(path) != digest:
            yield Problem(shown(path), "", "the file was changed after it was sealed", COPY)
    for path in sorted(folder.iterdir()):
        if path.name not in (*edition.files, RECORD, SEAL):
            what = "this does not belong to the edition"
            yield Problem(shown(path), "", what, "move it elsewhere")


def file_digest(path: Path) -> str:
    """The SHA-256 of a file. Raises InputError where it cannot be read."""
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise InputError(Problem(shown(path), "", what, "make it readable")) from None


def recomputed(folder: Path, edition: Edition) -> Evaluation:
    """The evaluation of an edition, counted anew from the files in its folder alone.

    Raises InputError where a file is missing or cannot be used.
    """
    from jiesu.evaluation.run import Request, evaluate

    [policy] = load_policies([folder / POLICY])
    units = read_units(folder / UNITS) if UNITS in edition.files else None
    lines: tuple[Line, ...] = ()
    if ADJUSTMENTS in edition.files:
        lines = tuple(read_adjustments(folder / ADJUSTMENTS, units))
    measures: dict[str, MeasureTable] = {}
    if MEASURES in edition.files:
        path = folder / MEASURES
        measures = parse_tables(read_bytes(path), file=shown(path))
    try:
        period = parse_period(edition.period, policy.period.months(ZoneInfo(edition.zone)))
    except ValueError as error:
        raise InputError(Problem(shown(folder / RECORD), "period", str(error), COPY)) from None
    if CASES not in edition.files:
        raise InputError(Problem(shown(folder / CASES), "", "the edition has no cases", COPY))
    with tempfile.TemporaryDirectory(prefix="jiesu-") as spill:
        request = Request(
            policy,
            period,
            Roster(units, edition.names, lines),
            edition.made_at,
            edition.as_of,
            spill=Path(spill),
            first=edition.first,
            measures=measures,
        )
        return evaluate(
            [folder / CASES],
            request,
            edition.input,
            city=edition.city,
            synthetic=edition.synthetic,
        )


def evaluation_bytes(document: dict[str, Any]) -> bytes:
    """The content of `evaluation.json`."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _wrong_figures(
    folder: Path, edition: Edition, anew: dict[str, Any], added: set[str]
) -> Iterator[Problem]:
    """Figures that the edition's own cases do not give.

    The bytes must be the same where the same version of jiesu made them. Of another version every
    figure must be the same; keys that this version writes beside them go to `added`.
    """
    path = folder / EVALUATION
    try:
        content = read_bytes(path)
        stored = json.loads(content.decode())
    except (InputError, ValueError, RecursionError):
        yield Problem(shown(path), "", "this is no evaluation", COPY)
        return
    if content == evaluation_bytes(anew):
        return
    plain = json.loads(evaluation_bytes(anew))
    wrong = list(unequal(stored, plain))
    more = added_keys(stored, plain)
    if not wrong and edition.made_by != version("jiesu"):
        added |= more
        return
    for where in _named(wrong) or ["the file as a whole"]:
        what = "the cases of the edition do not give this figure"
        yield Problem(shown(path), where, what, COPY)


def _named(wrong: Sequence[str]) -> list[str]:
    more = len(wrong) - FIGURES_NAMED
    return [*wrong[:FIGURES_NAMED], *([f"and {more} more"] if more > 0 else [])]
