"""The desk as a city folder: `jiesu export`, on which every command of the evaluation works.

What `jiesu dump` writes, and all cases as canonical files beside it. Leaves out texts of cases and
whatever tells of residents.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jiesu.cases.figures.export import write_cases
from jiesu.cases.folder.dumping import dump_city
from jiesu.city.adjustments import REQUIRED
from jiesu.city.folder import FILE, City, read_city
from jiesu.city.toml_edit import with_key
from jiesu.core.problems import InputError, Problem, writable
from jiesu.sources.canonical_file import mark_of

CASES = "cases"
PROFILE = "jiesu"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and what a person has to know of the folder."""

    written: tuple[str, ...]
    n_cases: int
    notes: tuple[str, ...]


def export_city(folder: Path, progress: Callable[[int, int], None] | None = None) -> Exported:
    """Write the desk into a city folder: a new or empty one, or one that it was written to before.

    Raises InputError as `dump_city` does, and where case files of another origin lie there.
    """
    into = folder / CASES
    _refuse_others(into)
    written = dump_city(folder)
    with writable(str(folder)):
        written += _point_to_cases(folder)
        files = write_cases(into, progress)
        for old in set(into.glob("*.parquet")) - set(files):
            old.unlink()
    notes = list(_missing(read_city(folder)))
    marks = [mark_of(file) for file in files]
    return Exported(
        (*written, *(f"{CASES}/{file.name}" for file in files)),
        sum(mark.rows for mark in marks if mark is not None),
        tuple(notes),
    )


def _refuse_others(into: Path) -> None:
    """Cases of another origin beside the desk's would be counted twice."""
    others = [
        file.name
        for file in sorted(into.glob("*"))
        if not file.name.startswith(".") and mark_of(file) is None
    ]
    if others:
        what = f"case files of another origin lie here: {', '.join(others[:5])}"
        raise InputError(Problem(str(into), "", what, "name a new folder"))


def _point_to_cases(folder: Path) -> list[str]:
    """Have `city.toml` name the desk's cases, where it names others."""
    city, path = read_city(folder), folder / FILE
    text = before = path.read_bytes().decode("utf-8")
    if city.cases != (folder / CASES,):
        (folder / CASES).mkdir(exist_ok=True)
        text = with_key(text, "inputs.cases", [CASES], file=FILE)
    if city.profile != PROFILE:
        text = with_key(text, "inputs.profile", PROFILE, file=FILE)
    if text == before:
        return []
    path.write_text(text, "utf-8", newline="")
    return [FILE]


def _missing(city: City) -> list[str]:
    """Inputs that `city.toml` names and the desk does not have."""
    notes = []
    if city.adjustments is not None and not city.adjustments.exists():
        # Without the file the folder could not be evaluated.
        with writable(city.shown(city.adjustments)):
            city.adjustments.write_text(",".join(REQUIRED) + "\n", "utf-8")
        shown = city.shown(city.adjustments)
        notes.append(f"{shown}: the desk knows no points; copy the city's own file over it")
    if city.boundaries is not None and not city.boundaries.exists():
        notes.append(f"{city.shown(city.boundaries)}: copy the city's own file to here")
    return notes
