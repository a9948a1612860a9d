"""The commented template of a city folder, for a city that begins with jiesu."""

from importlib.resources import files
from pathlib import Path

from jiesu.core.problems import InputError, Problem

TEMPLATE_FILES = (
    "city.toml",
    "units.csv",
    "policy.toml",
    "adjustments.csv",
    "README.md",
    "cases/README.md",
)
"""What a new city folder holds. `policy.toml` is the shipped policy `beijing`, to be changed."""


def write_template(folder: Path) -> None:
    """Write the template into a new or empty folder.

    Raises InputError where there is something already, or where the folder cannot be made.
    """
    name = str(folder)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(Problem(name, "", "this is not a folder", "name a new one"))
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(Problem(name, "", "the folder is not empty", "name a new or empty one"))
    try:
        for item in TEMPLATE_FILES:
            target = folder / item
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_template(item))
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise InputError(Problem(name, "", what, "choose a place that you may write to")) from error


def _template(item: str) -> bytes:
    shipped = files("jiesu.city").joinpath("shipped")
    if item == "policy.toml":
        return shipped.joinpath("policies/beijing.toml").read_bytes()
    return shipped.joinpath("template", item).read_bytes()
