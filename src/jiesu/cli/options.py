"""What several commands' options have in common: one check and one wording of each mistake.

Every function raises InputError naming the option. `plain` is for names from files on a terminal.
"""

from collections.abc import Sequence
from datetime import date, datetime

from jiesu.city.workspace import LANGUAGES
from jiesu.core.problems import InputError, Problem

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""No case, report or evaluation is of a year outside: a mistyped one must not run for hours."""


def plain(text: str) -> str:
    """A text without characters that would steer the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def choice(option: str, value: str, choices: Sequence[str]) -> str:
    """One of the values that an option may have."""
    if value not in choices:
        remedy = f"choose one of: {', '.join(choices)}"
        raise InputError(Problem(option, "", f"{value[:40]!r} is not known", remedy))
    return value


def language(text: str | None) -> str:
    """The language of `--lang`; empty where none is given, and then the folder's holds."""
    return choice("--lang", text, LANGUAGES) if text else ""


def formats(text: str, documents: Sequence[str]) -> tuple[str, ...]:
    """The formats of a comma-separated `--formats`: all of a command's `documents` by default.

    `json` alone asks for no document; it may always stand, since JSON is always written.
    """
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in (*documents, "json"):
            what = f"{name[:40]!r} is not a format of this command"
            remedy = f"choose from: {', '.join((*documents, 'json'))}"
            raise InputError(Problem("--formats", "", what, remedy))
    return tuple(form for form in documents if form in names or not names)


def day(text: str, option: str) -> date:
    """A day such as 2022-02-10."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        what = f"{text[:40]!r} is not a day"
        raise InputError(Problem(option, "", what, "write it as 2022-02-18"))
    return found


def moment(text: str | None, option: str) -> datetime | None:
    """A day and time, with an offset or without; `None` where none is given."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        what = f"{text[:40]!r} is not a time"
        remedy = "write it as 2022-02-28T12:00 or 2022-02-28T12:00+08:00"
        raise InputError(Problem(option, "", what, remedy))
    return found
