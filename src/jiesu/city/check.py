"""Every mistake of a city folder at once: what `jiesu check` prints.

Goes on after a broken file, with what the others allow. Reads settings whole and of the case
files only whether they are there and fit the profile; their rows are checked when they are
read.
"""

import json
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from jiesu.city.adjustments import checked_adjustments
from jiesu.city.folder import City, checked_city
from jiesu.city.units_file import checked_units
from jiesu.core.policy import Policy, overlaps, parse_policy
from jiesu.core.problems import InputError, Problem
from jiesu.core.units import Units
from jiesu.sources.profile import load_profile

MAX_BOUNDARIES_BYTES = 256 * 1024 * 1024


def check_city(folder: Path) -> list[Problem]:
    """Every mistake in a city folder with file, key path or line, and remedy; none is an empty list.

    Where `city.toml` itself cannot be read, the files with the template's names are checked.
    """
    city, problems = checked_city(folder)
    units_path = _default(folder, "units.csv") if city is None else city.units
    units: Units | None = None
    if units_path is not None:
        units, wrong = checked_units(units_path)
        problems += wrong
        # Codes are compared only with units that are all there.
        units = None if wrong else units
    adjustments = _default(folder, "adjustments.csv") if city is None else city.adjustments
    if adjustments is not None:
        problems += checked_adjustments(adjustments, units)[1]
    if city is None:
        policy = _default(folder, "policy.toml")
        return problems + (_policies([policy]) if policy else [])
    problems += _policies(city.policies)
    problems += _cases(city)
    if city.boundaries is not None:
        problems += _boundaries(city.boundaries)
    return problems


def _default(folder: Path, name: str) -> Path | None:
    path = folder / name
    return path if path.is_file() else None


def _policies(names: tuple[Path | str, ...]) -> list[Problem]:
    problems: list[Problem] = []
    versions: list[Policy] = []
    for name in names:
        try:
            versions.append(_policy(name))
        except InputError as error:
            problems += error.problems
    first = names[0] if names else ""
    file = first.name if isinstance(first, Path) else first
    return problems + overlaps(versions, file=file)


def _policy(name: Path | str) -> Policy:
    if isinstance(name, Path):
        file = name.name
        source: Path | Traversable = name
    else:
        file = f"{name}.toml"
        source = files("jiesu.city").joinpath("shipped/policies", file)
    try:
        content = source.read_bytes()
        table = tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        remedy = "name a policy file in the folder, or one that comes with jiesu"
        raise InputError(Problem(file, "", what, remedy)) from error
    except ValueError as error:
        raise InputError(Problem(file, "", f"not TOML: {error}", "mend that line")) from error
    return parse_policy(table, file=file, digest=sha256(content).hexdigest())


def _cases(city: City) -> list[Problem]:
    problems: list[Problem] = []
    try:
        load_profile(city.profile)
    except InputError as error:
        problems += error.problems
    for item in city.cases:
        if not _case_files(item):
            where = item.relative_to(city.folder) if item.is_relative_to(city.folder) else item
            what = f"there is no case file at {where}"
            remedy = "put the export there, or mend the path"
            problems.append(Problem("city.toml", "inputs.cases", what, remedy))
    return problems


def _case_files(item: Path) -> list[Path]:
    """The files that an input stands for: itself, those in a directory, those of a pattern."""
    if item.is_file():
        return [item]
    if item.is_dir():
        return [path for path in sorted(item.iterdir()) if _is_case_file(path)]
    return [path for path in sorted(_matches(item)) if path.is_file()]


def _matches(pattern: Path) -> Iterator[Path]:
    anchor = Path(pattern.anchor)
    return anchor.glob(str(pattern.relative_to(anchor)))


def _is_case_file(path: Path) -> bool:
    endings = ("csv", "tsv", "txt", "csv.gz", "tsv.gz", "xlsx", "jsonl", "json", "parquet")
    return path.is_file() and path.name.lower().endswith(tuple(f".{ending}" for ending in endings))


def _boundaries(path: Path) -> list[Problem]:
    remedy = "give a GeoJSON FeatureCollection, or remove the key"
    try:
        if path.stat().st_size > MAX_BOUNDARIES_BYTES:
            return [Problem(path.name, "", "the file is larger than 256 MB", remedy)]
        document = json.loads(path.read_bytes())
    except OSError as error:
        return [Problem(path.name, "", f"cannot be read ({error.strerror})", remedy)]
    except (ValueError, RecursionError):
        return [Problem(path.name, "", "not a JSON document", remedy)]
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        return [Problem(path.name, "type", "not a GeoJSON FeatureCollection", remedy)]
    return []
