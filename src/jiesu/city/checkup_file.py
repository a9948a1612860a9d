"""A city's `checkup.toml`: the rules of its health checks. Keys: docs/checkup.md.

Every key has a default; a city without the file has them all.
"""

from fractions import Fraction
from pathlib import Path

from jiesu.city.folder import City
from jiesu.core.comparison import CheckupRules
from jiesu.core.problems import InputError, Problem
from jiesu.core.settings import Settings, toml_table


def read_checkup_rules(city: City) -> CheckupRules:
    """The rules of a city. Raises InputError with every mistake in the file."""
    path = city.outside.get("checkup")
    if path is None:
        return CheckupRules()
    rules, problems = checked_checkup_rules(path)
    if problems or rules is None:
        raise InputError(problems)
    return rules


def check_checkup(city: City) -> list[Problem]:
    """What is wrong with a city's `checkup.toml`; nothing where it has none."""
    path = city.outside.get("checkup")
    return [] if path is None else checked_checkup_rules(path)[1]


def checked_checkup_rules(path: Path) -> tuple[CheckupRules | None, list[Problem]]:
    """The rules as far as they could be read, and every mistake."""
    try:
        table = toml_table(path.read_bytes(), path.name)
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        return None, [Problem(path.name, "", what, "make it readable, or mend city.toml")]
    except InputError as error:
        return None, list(error.problems)
    top, usual = Settings(table, path.name), CheckupRules()
    rules = CheckupRules(
        peers=top.integer("peers", usual.peers, 1, 100_000),
        peers_by=top.choice("peers_by", ("volume", "population"), usual.peers_by),
        fewest_peers=top.integer("fewest_peers", usual.fewest_peers, 2, 100_000),
        fewest_cases=top.integer("fewest_cases", usual.fewest_cases, 1, 1_000_000),
        fewest_expected=top.integer("fewest_expected", usual.fewest_expected, 1, 1_000_000),
        alpha=top.number("alpha", usual.alpha, 0, 1),
        control=top.choice("control", ("bh", "by"), usual.control),
        winsor=_winsor(top, usual.winsor),
        usual=top.number("usual", usual.usual, 0, 10),
        least_points=top.number("least_points", usual.least_points, 0, 100),
        category_level=top.integer("category_level", usual.category_level, 1, 3),
        repeat_from=top.integer("repeat_from", usual.repeat_from, 2, 10_000),
        places=top.integer("places", usual.places, 0, 1000),
        unsolved=top.integer("unsolved", usual.unsolved, 0, 100_000),
        topic_label=_label(top, usual.topic_label),
        place_kinds=top.texts("place_kinds", usual.place_kinds),
    )
    if rules.fewest_peers > rules.peers:
        remedy = f"write at most {rules.peers}, or raise peers"
        top.wrong("fewest_peers", "more than there are peers", remedy)
    top.finish()
    return rules, top.problems


def _winsor(top: Settings, usual: Fraction) -> Fraction:
    share = top.number("winsor", usual, 0, 1)
    if share >= Fraction(1, 2):
        top.wrong("winsor", "half or more on each side leaves no unit", "write 0.05")
        return usual
    return share


def _label(top: Settings, usual: str) -> str:
    """A label, or an empty text where cases bear none."""
    if top.raw("topic_label") == "":
        return ""
    return top.text("topic_label", usual)
