"""Places under special governance of a city folder: `governance.toml`.

Yields plain objects of `core.governance`, or every mistake with file, key path and remedy. Keys:
docs/topics.md. Decides nothing.
"""

from datetime import date
from fractions import Fraction

from jiesu.city.folder import City
from jiesu.city.topics_files import due_day, needed_day, own_key
from jiesu.core.governance import (
    FIGURES,
    LEVELS,
    GovernanceBook,
    GovernanceRules,
    GovernedPlace,
    ProgressReport,
    Rule,
    Side,
    Work,
)
from jiesu.core.problems import InputError, Problem
from jiesu.core.settings import Settings, toml_table
from jiesu.core.units import Units

SIDES: tuple[Side, ...] = ("top", "bottom")
MOST_MONTHS = 36


def read_governance(city: City, units: Units | None) -> GovernanceBook | None:
    """The rules and the list, `None` where the folder has none. Raises InputError.

    `units` `None` leaves unit codes unchecked.
    """
    found, problems = checked_governance(city, units)
    if problems:
        raise InputError(problems)
    return found


def check_governance(city: City, units: Units | None) -> list[Problem]:
    """Every mistake in a city folder's `governance.toml`."""
    return checked_governance(city, units)[1]


def checked_governance(
    city: City, units: Units | None
) -> tuple[GovernanceBook | None, list[Problem]]:
    """The book as far as it could be read, and every mistake."""
    path = city.outside.get("governance")
    if path is None:
        return None, []
    try:
        table = toml_table(path.read_bytes(), path.name)
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        return None, [Problem(path.name, "", what, "make it a readable file, or mend city.toml")]
    except InputError as error:
        return None, list(error.problems)
    top = Settings(table, path.name)
    keys: set[str] = set()
    kinds = top.some_texts("kinds", ("street",))
    rules = GovernanceRules(
        enter=tuple(_rule(item, keys, entry=True) for item in top.each("enter")),
        leave=tuple(_rule(item, keys, entry=False) for item in top.each("leave")),
        kinds=kinds,
        stay_months=top.integer("stay_months", 6, 0, MOST_MONTHS),
    )
    for key, found in (("enter", rules.enter), ("leave", rules.leave)):
        if not found and not top.has(key):
            top.wrong(key, "there is no such rule", f"write at least one [[{key}]]")
    places = tuple(_place(item, units, kinds) for item in top.each("places"))
    _overlaps(top, places)
    top.finish()
    return GovernanceBook(rules, places), top.problems


def _rule(table: Settings, keys: set[str], *, entry: bool) -> Rule:
    n = table.integer("n", 0, 1, 10_000)
    percent = table.number("percent", Fraction(0), 0, 100)
    if bool(n) == bool(percent):
        what = "it needs either n or percent, and not both"
        table.wrong("n", what, "write how many places it means, or how many per cent of them")
    months = table.integer("months", None, 1, MOST_MONTHS)
    of = table.integer("of", None, 1, MOST_MONTHS) if entry else months
    if of < months:
        what = f"{months} months of {of} can never be"
        table.wrong("of", what, "write at least as many as in months")
    figure = table.choice("figure", FIGURES)
    side = table.choice("side", SIDES)
    return Rule(
        key=own_key(table, keys, "rule"),
        title=table.words("title"),
        figure=next(one for one in FIGURES if one == figure),
        side=next(one for one in SIDES if one == side),
        n=n,
        percent=percent,
        months=months,
        of=of,
    )


def _place(table: Settings, units: Units | None, kinds: tuple[str, ...]) -> GovernedPlace:
    entered_on, exited_on = needed_day(table, "entered_on"), table.day("exited_on")
    if exited_on is not None and exited_on <= entered_on:
        table.wrong("exited_on", "it leaves before it enters", "mend one of the days")
    unit = _unit(table, "unit", units)
    if units is not None and unit in units and units[unit].kind not in kinds:
        what = f"the unit is a {units[unit].kind}"
        table.wrong("unit", what, f"write a unit of the kind {', '.join(kinds)}, or mend kinds")
    return GovernedPlace(
        unit=unit,
        entered_on=entered_on,
        exited_on=exited_on,
        reason=table.words("reason") if table.has("reason") else None,
        problems=tuple(_work(item, units, "") for item in table.each("problems")),
        measures=tuple(
            _work(item, units, item.choice("level", LEVELS)) for item in table.each("measures")
        ),
        reports=tuple(
            ProgressReport(needed_day(item, "on"), item.words("text"))
            for item in table.each("reports")
        ),
    )


def _work(table: Settings, units: Units | None, level: str) -> Work:
    return Work(
        title=table.words("title"),
        owner=_unit(table, "owner", units),
        due_on=due_day(table),
        done_on=table.day("done_on"),
        level=level,
    )


def _unit(table: Settings, key: str, units: Units | None) -> str:
    code = table.text(key)
    if code and units is not None and code not in units:
        table.wrong(key, f"no unit has the code {code[:40]!r}", "write a code of the units file")
    return code


def _overlaps(top: Settings, places: tuple[GovernedPlace, ...]) -> None:
    """A place that is on the list twice at one time."""
    for number, place in enumerate(places, start=1):
        for other in places[: number - 1]:
            last = min(place.exited_on or date.max, other.exited_on or date.max)
            if place.unit == other.unit and max(place.entered_on, other.entered_on) < last:
                what = "the place is on the list already at that time"
                top.wrong(f"places[{number}].entered_on", what, "end the other entry first")
