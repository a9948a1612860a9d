"""A city's editions as they lie in `editions/PERIOD/NUMBER/`: where, which, and reading them.

Writes nothing (see `publish`) and recomputes nothing (see `verification`). docs/editions.md says
what is in an edition's folder.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jiesu.core.difference import same_figures
from jiesu.core.edition import Edition, parse_edition, seal_of
from jiesu.core.problems import InputError, Problem

FOLDER = "editions"
RECORD = "edition.json"
SEAL = "edition.sha256"
"""The record's digest in the form of sha256sum: `sha256sum -c edition.sha256` checks it."""

CASES = "cases.parquet"
POLICY = "policy.toml"
UNITS = "units.csv"
ADJUSTMENTS = "adjustments.csv"
MEASURES = "measures.json"
EVALUATION = "evaluation.json"
DIFFERENCES = "diff.json"

PART = ".part-"
"""How the name of a folder begins that is still being filled."""


def period_folder(folder: Path, period: str) -> Path:
    """Where a period's editions lie in a city folder."""
    return folder / FOLDER / period


def edition_folder(folder: Path, period: str, number: int) -> Path:
    """Where one edition lies."""
    return period_folder(folder, period) / str(number)


def published_periods(folder: Path) -> tuple[str, ...]:
    """The periods of which a city folder has editions, in the order of their labels."""
    try:
        inside = sorted((folder / FOLDER).iterdir())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unreadable(folder / FOLDER, error) from None
    return tuple(path.name for path in inside if path.is_dir() and not path.name.startswith("."))


def numbers_of(folder: Path, period: str) -> tuple[int, ...]:
    """The numbers of a period's editions, ascending; whatever else lies there is none."""
    try:
        names = [path.name for path in period_folder(folder, period).iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise _unreadable(period_folder(folder, period), error) from None
    return tuple(sorted(int(name) for name in names if re.fullmatch("[1-9][0-9]{0,6}", name)))


def editions_of(folder: Path, period: str) -> tuple[Edition, ...]:
    """The editions of a period in a city folder, the oldest first; their files are not checked.

    Raises InputError where a record cannot be read.
    """
    return tuple(
        read_edition(edition_folder(folder, period, number))
        for number in numbers_of(folder, period)
    )


def latest_edition(folder: Path, period: str) -> Edition | None:
    """The newest edition of a period, `None` where there is none."""
    numbers = numbers_of(folder, period)
    return read_edition(edition_folder(folder, period, numbers[-1])) if numbers else None


def read_edition(folder: Path) -> Edition:
    """The record in an edition's folder. Raises InputError where it is missing or is none."""
    return parse_edition(read_bytes(folder / RECORD), file=shown(folder / RECORD))


def seal(folder: Path) -> str:
    """The seal of the edition in a folder: the digest of its record."""
    return seal_of(read_bytes(folder / RECORD))


def stored_evaluation(folder: Path) -> dict[str, Any]:
    """The document of `evaluation.json` in an edition's folder."""
    path = folder / EVALUATION
    try:
        document = json.loads(read_bytes(path).decode())
        if isinstance(document, dict):
            return document
    except (ValueError, RecursionError):
        pass
    what, remedy = "this is no evaluation", "take the edition from a copy"
    raise InputError(Problem(shown(path), "", what, remedy))


def agrees_with_latest(folder: Path, period: str, document: dict[str, Any]) -> bool | None:
    """Whether figures are those of the newest edition; `None` where there is no edition.

    `document` is what `core.contract.evaluation_document` gives.
    """
    edition = latest_edition(folder, period)
    if edition is None:
        return None
    stored = stored_evaluation(edition_folder(folder, period, edition.number))
    return same_figures(stored, json.loads(json.dumps(document)))


def checked_editions(folder: Path) -> list[Problem]:
    """What is wrong with the editions at a glance: records, numbers, and the chain of seals.

    Their other files are looked at by `jiesu edition verify` only, which takes longer.
    """
    try:
        periods = published_periods(folder)
    except InputError as error:
        return list(error.problems)
    return [problem for period in periods for problem in chain_problems(folder, period)]


def chain_problems(folder: Path, period: str) -> Iterator[Problem]:
    """Numbers that are missing, records that are damaged, and seals that do not fit together."""
    remedy = "take the edition from a copy; nobody may change it"
    before: str | None = None
    for expected, number in enumerate(numbers_of(folder, period), start=1):
        path = edition_folder(folder, period, number)
        if number != expected:
            what = f"edition {expected} is missing, and {number} is there"
            yield Problem(shown(path.parent), "", what, "put it back from a copy")
            return
        try:
            record = read_bytes(path / RECORD)
            edition = parse_edition(record, file=shown(path / RECORD))
        except InputError as error:
            yield from error.problems
            return
        if (edition.period, edition.number) != (period, number):
            what = f"this is edition {edition.number} of {edition.period}"
            yield Problem(shown(path / RECORD), "number", what, remedy)
        if edition.previous != before:
            what = "its seal of the edition before it is not that edition's"
            yield Problem(shown(path / RECORD), "previous", what, remedy)
        before = seal_of(record)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file of an edition. Raises InputError."""
    try:
        if path.exists() and not path.is_file():
            what, remedy = "this is no regular file", "take the edition from a copy"
            raise InputError(Problem(shown(path), "", what, remedy))
        return path.read_bytes()
    except FileNotFoundError:
        what, remedy = "the file is missing", "take the edition from a copy"
        raise InputError(Problem(shown(path), "", what, remedy)) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def shown(path: Path) -> str:
    """The last parts of a path, which name the edition: 2022-02/1/cases.parquet."""
    parts = path.parts
    if FOLDER in parts:
        return "/".join(parts[len(parts) - parts[::-1].index(FOLDER) :]) or FOLDER
    return "/".join(parts[-2:])


def _unreadable(path: Path, error: OSError) -> InputError:
    what = f"cannot be read ({error.strerror})"
    return InputError(Problem(shown(path), "", what, "make it readable"))
