"""Policy files: those that come with jiesu, and a city's own.

A policy has one or several versions, each a TOML file of its own; the digest of a version is
the SHA-256 of its file's bytes, so that anyone can check it with sha256sum. What the keys
mean is in `core.policy`.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from jiesu.core.policy import Policy, overlaps, parse_policy
from jiesu.core.problems import InputError, Problem
from jiesu.core.settings import Settings, toml_table

_SHIPPED = files("jiesu.city") / "shipped" / "policies"


def shipped_policies() -> tuple[str, ...]:
    """Names of the policies that come with jiesu."""
    return tuple(
        sorted(
            item.name.removesuffix(".toml")
            for item in _SHIPPED.iterdir()
            if item.name.endswith(".toml")
        )
    )


def load_policies(names: Iterable[str | Path]) -> tuple[Policy, ...]:
    """The versions in the named policies: a shipped name, a TOML file or a folder of them.

    Raises InputError with every mistake in every file, and for versions that overlap.
    """
    versions, problems = checked_policies(names)
    if problems:
        raise InputError(problems)
    return versions


def policy_bytes(names: Iterable[str | Path], digest: str) -> bytes:
    """The file of the version with a digest, of those in the named policies.

    Raises InputError where none has it: the file was changed since the version was read.
    """
    names = list(names)
    for name in names:
        for file in _files(name):
            content = file.read_bytes()
            if sha256(content).hexdigest() == digest:
                return content
    what, remedy = "the policy was changed while it was used", "run the command again"
    raise InputError(Problem(", ".join(map(str, names)), "", what, remedy))


def checked_policies(
    names: Iterable[str | Path],
) -> tuple[tuple[Policy, ...], list[Problem]]:
    """The versions that could be read, and every mistake; for a check that must go on."""
    versions: list[Policy] = []
    problems: list[Problem] = []
    shown = ""
    for name in names:
        try:
            found = list(_files(name))
        except InputError as error:
            problems += error.problems
            continue
        for file in found:
            shown = file.name
            try:
                versions.append(_policy(file))
            except InputError as error:
                problems += error.problems
    problems += overlaps(versions, file=shown)
    return tuple(versions), problems


def unknown_measures(names: Iterable[str | Path], known: Collection[str]) -> list[Problem]:
    """A problem for each list by a measure that is not known; broken versions are passed over."""
    problems: list[Problem] = []
    for name in names:
        with suppress(InputError):
            for file in _files(name):
                problems += _unknown_measures(file, known)
    return problems


def _unknown_measures(file: Traversable | Path, known: Collection[str]) -> list[Problem]:
    with suppress(InputError):
        top = Settings(toml_table(file.read_bytes(), file.name), file.name)
        for number, rule in enumerate(_policy(file).lists, start=1):
            if rule.measure and rule.measure not in known:
                what = f"nothing gives the measure {rule.measure[:40]!r}"
                listed = ", ".join(sorted(known)) or "none"
                remedy = f"say in measures.toml what it is, or use one of: {listed}"
                top.wrong(f"lists[{number}].measure", what, remedy)
        return top.problems
    return []


def _files(name: str | Path) -> Iterable[Traversable | Path]:
    if isinstance(name, str) and name in shipped_policies():
        return [_SHIPPED / f"{name}.toml"]
    path = Path(name)
    if path.is_dir():
        inside = sorted(path.glob("*.toml"))
        if inside:
            return inside
        what, remedy = "the folder holds no policy", "put a .toml file in it"
    elif path.is_file():
        return [path]
    else:
        what = "no such policy"
        remedy = f"name a file, a folder of files, or one of: {', '.join(shipped_policies())}"
    raise InputError(Problem(str(name), "", what, remedy))


def _policy(file: Traversable | Path) -> Policy:
    try:
        content = file.read_bytes()
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise InputError(Problem(file.name, "", what, "make it readable")) from None
    table = toml_table(content, file.name)
    return parse_policy(table, file=file.name, digest=sha256(content).hexdigest())
