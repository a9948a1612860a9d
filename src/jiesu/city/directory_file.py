"""The dispatch directory of a city: `directory/2022-01-19.csv` or `.xlsx` to `core.directory`.

A file for each version, called by its first day; it holds until the day of the next one. Every
mistake is named with line, column and remedy; forms: docs/directory.md. Leaves out whether units,
places and categories are known (see `core.directory_check`).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import cast

from jiesu.city.lines import Headers, Line, by_line
from jiesu.city.spreadsheet import CSV, SUFFIXES, read_table, table_bytes, write_bytes
from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.directory import DISTRICT, STREET, Directory, Entry, Via, in_turn, mistakes_of
from jiesu.core.problems import InputError, Problem

FOLDER = "directory"
"""Where the versions lie in a city folder."""

COLUMNS = (
    "category_1", "category_2", "category_3", "place", "kind",
    "unit", "assist_units", "via", "limit", "note",
)  # fmt: skip
REQUIRED = ("category_1", "unit")
OPTIONAL = tuple(column for column in COLUMNS if column not in REQUIRED)

CHINESE = {
    "一级分类": "category_1",
    "二级分类": "category_2",
    "三级分类": "category_3",
    "地点": "place",
    "诉求类型": "kind",
    "主办单位": "unit",
    "协办单位": "assist_units",
    "派单方式": "via",
    "时限": "limit",
    "备注": "note",
}
"""Chinese headers that stand for the columns."""

UNIT_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {STREET: "(street)", DISTRICT: "(district)"},
    "zh": {STREET: "（属地街道）", DISTRICT: "（属地区）"},
}
"""How the words for units are written: a spreadsheet takes neither for a formula."""

VIA_WORDS: Mapping[str, Mapping[Via, str]] = {
    "en": {"direct": "direct", "district": "district"},
    "zh": {"direct": "直派", "district": "区转"},
}

_UNITS_READ = {
    STREET: STREET,
    DISTRICT: DISTRICT,
    **{word: unit for words in UNIT_WORDS.values() for unit, word in words.items()},
    "（street）": STREET,
    "（district）": DISTRICT,
    "(属地街道)": STREET,
    "(属地区)": DISTRICT,
}
_VIA_READ: dict[str, Via] = {
    word: via for words in VIA_WORDS.values() for via, word in words.items()
}
_VIA_READ["区分转"] = "district"
_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME_REMEDY = "call it by its first day, such as 2022-01-19.csv"


def read_directories(
    folder: Path, *, kinds: Mapping[str, str] | None = None
) -> tuple[Directory, ...]:
    """All versions in a folder, the earliest first; none where there is no such folder.

    `kinds` gives words that may stand for the keys of kinds of demand, such as their titles.
    Raises InputError with every mistake in the files and in their names.
    """
    versions, problems = checked_directories(folder, kinds=kinds)
    if problems:
        raise InputError(problems)
    return versions


def checked_directories(
    folder: Path, *, kinds: Mapping[str, str] | None = None
) -> tuple[tuple[Directory, ...], list[Problem]]:
    """The versions as far as they could be read, and every mistake."""
    problems: list[Problem] = []
    by_day: dict[date, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        # A README may lie beside them, and what an open spreadsheet leaves there.
        if path.name.startswith((".", "~$")) or path.suffix.lower() == ".md":
            continue
        shown, day = f"{folder.name}/{path.name}", _day(path)
        if day is None:
            problems.append(
                Problem(shown, "", "the name is no day with .csv or .xlsx", _NAME_REMEDY)
            )
        elif day in by_day:
            what = f"{by_day[day].name} is for the same day"
            problems.append(Problem(shown, "", what, "leave one of them"))
        else:
            by_day[day] = path
    versions = []
    for day, path in by_day.items():
        shown = f"{folder.name}/{path.name}"
        entries, wrong = checked_entries(path, kinds=kinds, shown=shown)
        problems += wrong
        versions.append(Directory(day.isoformat(), day, None, entries))
    return in_turn(versions), problems


def read_entries(
    path: Path, *, kinds: Mapping[str, str] | None = None, shown: str = ""
) -> tuple[Entry, ...]:
    """The entries of one file, `.csv` or `.xlsx`. Raises InputError with every mistake."""
    entries, problems = checked_entries(path, kinds=kinds, shown=shown)
    if problems:
        raise InputError(problems)
    return entries


def checked_entries(
    path: Path, *, kinds: Mapping[str, str] | None = None, shown: str = ""
) -> tuple[tuple[Entry, ...], list[Problem]]:
    """The entries that are right by themselves, and every mistake; `shown` names the file."""
    file = shown or path.name
    problems: list[Problem] = []
    entries = []
    for line in read_table(path, REQUIRED, OPTIONAL, problems, also=CHINESE, shown=shown):
        entry = _entry(line, kinds or {})
        wrong = mistakes_of(entry)
        for column, what, remedy in wrong:
            problems.append(line.problem(file, Headers((column,), CHINESE), what, remedy))
        if not wrong:
            entries.append(entry)
    return tuple(entries), by_line(problems)


def directory_bytes(entries: Sequence[Entry], *, suffix: str = CSV, language: str = "en") -> bytes:
    """A version's entries as a file of one of `spreadsheet.SUFFIXES`, headers in `en` or `zh`.

    `read_entries` gives the same entries again.
    """
    header = list(COLUMNS) if language == "en" else list(CHINESE)
    sheet = "directory" if language == "en" else "派单目录"
    rows = [_cells(entry, language) for entry in entries]
    return table_bytes(suffix, sheet, header, rows)


def write_directories(
    folder: Path, versions: Sequence[Directory], *, suffix: str = CSV, language: str = "en"
) -> None:
    """Write each version to its file. What else lies in the folder is let be.

    Days without a version get an empty one. Raises InputError for a version without a first day,
    for two that overlap, and where the folder cannot be written.
    """
    for day, entries in _stretches(versions, folder.name).items():
        content = directory_bytes(entries, suffix=suffix, language=language)
        write_bytes(folder / f"{day.isoformat()}{suffix}", content)


def _stretches(versions: Sequence[Directory], file: str) -> dict[date, tuple[Entry, ...]]:
    """The entries by the day from which they hold."""
    stretches: dict[date, tuple[Entry, ...]] = {}
    ended: date | None = None
    for at, version in enumerate(sorted(versions, key=lambda one: one.valid_from or date.min)):
        begins = version.valid_from
        if begins is None:
            what, remedy = "a version has no first day", "give it the day from which it holds"
            raise InputError(Problem(file, version.version, what, remedy))
        if at and (ended is None or ended > begins):
            what = f"the version before it holds on {begins} too"
            raise InputError(Problem(file, version.version, what, "end that one on this day"))
        if ended is not None and ended < begins:
            stretches[ended] = ()
        stretches[begins] = version.entries
        ended = version.valid_to
    if ended is not None:
        stretches[ended] = ()
    return stretches


def _day(path: Path) -> date | None:
    """The day that a file is called by; None for another name."""
    if path.suffix.lower() not in SUFFIXES or not _NAME.fullmatch(path.stem):
        return None
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        return None


def _entry(line: Line, kinds: Mapping[str, str]) -> Entry:
    cells = {column: line.cells.get(column, "") for column in COLUMNS}
    for column in ("category_1", "category_2", "category_3", "place", "kind"):
        if cells[column] == "*":
            cells[column] = ""
    codes = [code.strip() for code in re.split("[;；]", cells["assist_units"])]
    via = cells["via"] or "direct"
    return Entry(
        cells["category_1"],
        cells["category_2"],
        cells["category_3"],
        cells["place"],
        kinds.get(cells["kind"], cells["kind"]),
        _UNITS_READ.get(cells["unit"], cells["unit"]),
        tuple(_UNITS_READ.get(code, code) for code in codes if code),
        # A word that is not known is kept, so that it is named among the mistakes.
        via=_VIA_READ.get(via, cast(Via, via)),
        limit=cells["limit"],
        note=cells["note"],
        line=line.number,
    )


def _cells(entry: Entry, language: str) -> list[str]:
    words = UNIT_WORDS[language]
    return [
        *entry.category,
        entry.place,
        entry.kind,
        words.get(entry.unit, entry.unit),
        LIST_SEPARATOR.join(words.get(code, code) for code in entry.assist_units),
        VIA_WORDS[language][entry.via],
        entry.limit,
        entry.note,
    ]
