"""The desk's rules of a city folder: `desk.toml`, a folder of versions, or those that jiesu ships.

A version is a TOML file of its own, in force from its `valid_from` on until the next one begins;
its digest is the SHA-256 of its bytes. What the keys mean is in `core.desk`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path

from jiesu.core.desk import DeskRules, parse_desk_rules
from jiesu.core.problems import InputError, Problem
from jiesu.core.settings import toml_table

FILE = "desk.toml"
"""Where the rules lie in a city folder; without it those that come with jiesu hold."""


@dataclass(frozen=True, slots=True)
class DeskVersion:
    """A version of the desk's rules with the text of its file, byte for byte."""

    rules: DeskRules
    text: str
    file: str

    @property
    def words_of_kinds(self) -> dict[str, str]:
        """The titles of the kinds of demand, in both languages, to their keys."""
        return {title: kind.key for kind in self.rules.kinds for title in kind.title.values()}


def shipped_desk() -> bytes:
    """The rules that come with jiesu, to be copied into a folder and changed."""
    return files("jiesu.city").joinpath("shipped", FILE).read_bytes()


def read_desk(path: Path | None) -> tuple[DeskVersion, ...]:
    """All versions at a path, the earliest first. Raises InputError with every mistake."""
    versions, problems = checked_desk(path)
    if problems:
        raise InputError(problems)
    return versions


def checked_desk(path: Path | None) -> tuple[tuple[DeskVersion, ...], list[Problem]]:
    """The versions that could be read, and every mistake; for a check that must go on.

    `path` is a file or a folder of `.toml` files; `None` stands for the shipped rules.
    """
    versions: list[DeskVersion] = []
    problems: list[Problem] = []
    try:
        found = list(_files(path))
    except InputError as error:
        return (), list(error.problems)
    for file, shown in found:
        try:
            versions.append(parse_desk(file.read_bytes(), shown))
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            problems.append(Problem(shown, "", what, "make it readable"))
        except InputError as error:
            problems += error.problems
    ordered = sorted(versions, key=_begins)
    return tuple(ordered), problems + _twice(ordered)


def parse_desk(content: bytes, shown: str) -> DeskVersion:
    """A version from its bytes; `shown` names it in InputError."""
    digest = sha256(content).hexdigest()
    rules = parse_desk_rules(toml_table(content, shown), file=shown, digest=digest)
    return DeskVersion(rules, content.decode("utf-8"), shown)


def _files(path: Path | None) -> Iterable[tuple[Traversable | Path, str]]:
    if path is None:
        return [(files("jiesu.city").joinpath("shipped", FILE), FILE)]
    if not path.is_dir():
        if path.is_file():
            return [(path, path.name)]
        what, remedy = "the file does not exist", "create it, or mend city.toml"
        raise InputError(Problem(path.name, "", what, remedy))
    inside = sorted(path.glob("*.toml"))
    if not inside:
        what = "the folder holds no rules of the desk"
        raise InputError(Problem(path.name, "", what, "put a .toml file in it, or remove it"))
    return [(file, f"{path.name}/{file.name}") for file in inside]


def _begins(version: DeskVersion) -> tuple[bool, str, str]:
    begin = version.rules.valid_from
    return begin is not None, begin.isoformat() if begin else "", version.file


def _twice(versions: list[DeskVersion]) -> list[Problem]:
    """Versions of one name, or that begin on one day: nobody could tell which holds."""
    problems = []
    for earlier, later in pairwise(versions):
        if earlier.rules.valid_from == later.rules.valid_from:
            what = f"{earlier.file} begins on the same day"
            remedy = "give the later version its own first day"
            problems.append(Problem(later.file, "valid_from", what, remedy))
    names: dict[str, str] = {}
    for version in versions:
        name = version.rules.version
        if name in names:
            what = f"{names[name]} is version {name!r} too"
            problems.append(
                Problem(version.file, "version", what, "give each version its own name")
            )
        names.setdefault(name, version.file)
    return problems
