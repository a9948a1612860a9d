"""Which files are meant, what each of them is, and the reader for it.

Content decides before the name. Leaves out what the rows mean (see `canonical`).
"""

import glob
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from jiesu.core.problems import InputError, Problem
from jiesu.sources.delimited import open_delimited
from jiesu.sources.json_rows import open_json_array, open_json_lines
from jiesu.sources.parquet_rows import open_parquet
from jiesu.sources.profile import Format, Profile
from jiesu.sources.source_table import SourceTable, refused
from jiesu.sources.streams import PIECE, TextStream, readable
from jiesu.sources.workbook import open_workbook

_TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json")
SUFFIXES = (*_TEXT_SUFFIXES, *(f"{suffix}.gz" for suffix in _TEXT_SUFFIXES), ".xlsx", ".parquet")
"""What is taken from a directory."""

# What an earlier run may have left beside its input.
_REPORTS = ("rejects.csv", "duplicates.csv")

_ZIP, _PARQUET, _OLD_EXCEL = b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"


def expand_inputs(inputs: Sequence[str | Path]) -> list[Path]:
    """The files that names, directories and glob patterns stand for, in their order.

    A directory gives its files of a known suffix, sorted by name, hidden ones left out.
    Raises `InputError` with every input that is missing or gives no file.
    """
    found: list[Path] = []
    problems: list[Problem] = []
    for given in inputs:
        try:
            found.extend(_expanded(str(given)))
        except InputError as error:
            problems.extend(error.problems)
        except OSError as error:
            # A directory without permission to look into it, a name that is too long.
            what = f"cannot be looked for ({error.strerror})"
            problems.append(Problem(str(given), "", what, "check the name and its permissions"))
    if not inputs:
        problems.extend(refused("input", "no file is given", "name at least one").problems)
    if problems:
        raise InputError(problems)
    return found


def _expanded(given: str) -> list[Path]:
    path = Path(given)
    if path.is_dir():
        entries = sorted(path.iterdir(), key=lambda entry: entry.name)
        files = [entry for entry in entries if _is_data(entry)]
        if not files:
            raise refused(given, "the directory holds no data file", f"put in {_known_suffixes()}")
        return files
    if path.exists():
        if not path.is_file():
            raise refused(given, "is no regular file", "give a file, a directory or a pattern")
        return [path]
    if glob.has_magic(given):
        files = [Path(name) for name in sorted(glob.glob(given, recursive=True))]
        files = [file for file in files if file.is_file()]
        if not files:
            raise refused(given, "the pattern matches no file", "check the pattern")
        return files
    raise refused(given, "no such file", "check the name")


def _is_data(entry: Path) -> bool:
    name = entry.name.lower()
    known = name.endswith(SUFFIXES) and not name.startswith(".")
    return known and name not in _REPORTS and entry.is_file()


def _known_suffixes() -> str:
    return ", ".join(SUFFIXES)


@contextmanager
def open_table(path: Path, profile: Profile) -> Iterator[SourceTable]:
    """A file as a table of text columns. Raises `InputError` when it is not what it seems."""
    file = str(path)
    with readable(file), path.open("rb") as raw:
        magic = raw.read(4)
    if not magic:
        raise refused(file, "is empty", "give a file with rows")
    kind = _binary_kind(magic, path, profile.format)
    if kind == "xlsx":
        yield open_workbook(path, file, profile.sheet)
    elif kind == "parquet":
        with open_parquet(path, file) as table:
            yield table
    else:
        with closing(TextStream(path, file, profile.encoding)) as stream:
            yield _text_table(stream, path, profile)


def _text_table(stream: TextStream, path: Path, profile: Profile) -> SourceTable:
    head = stream.read(PIECE)
    stream.unread(head)
    kind = profile.format if profile.format != "auto" else _text_kind(head, path.name.lower())
    _refuse_markup(head, stream.file)
    if kind == "jsonl":
        return open_json_lines(stream)
    if kind == "json":
        return open_json_array(stream)
    return open_delimited(stream, "\t" if kind == "tsv" else profile.delimiter)


def _binary_kind(magic: bytes, path: Path, asked: Format) -> Format | None:
    """`xlsx`, `parquet`, or `None` for a text file; refuses what is named as one and is not."""
    name, file = path.name.lower(), str(path)
    if magic == _OLD_EXCEL:
        raise refused(file, "is a workbook of old Excel or a locked one", "save it as .xlsx or CSV")
    wanted = asked
    if asked == "auto":
        wanted = "xlsx" if name.endswith(".xlsx") else asked
        wanted = "parquet" if name.endswith(".parquet") else wanted
    for kind, sign, label in (("xlsx", _ZIP, "Excel workbook"), ("parquet", _PARQUET, "Parquet")):
        if magic == sign:
            if asked not in ("auto", kind):
                what = f"is {label}, not {asked}"
                raise refused(file, what, f'set format = "{kind}" in the profile')
            return "xlsx" if kind == "xlsx" else "parquet"
        if wanted == kind:
            raise refused(file, f"is no {label} file", "get the file again, or correct its name")
    return None


def _text_kind(head: bytes, name: str) -> Format:
    name = name.removesuffix(".gz")
    start = head.lstrip()
    if start.startswith(b"["):
        return "json"
    if start.startswith(b"{"):
        lines = start.split(b"\n", 1)
        several = len(lines) == 2 and lines[0].rstrip().endswith(b"}") and lines[1].strip()
        return "jsonl" if several or name.endswith((".jsonl", ".ndjson")) else "json"
    if name.endswith((".jsonl", ".ndjson")):
        return "jsonl"
    if name.endswith(".json"):
        return "json"
    return "tsv" if name.endswith(".tsv") else "csv"


def _refuse_markup(head: bytes, file: str) -> None:
    start = head[:1024].lstrip().lower()
    if start.startswith(b"<"):
        page = b"<html" in start or b"<!doctype" in start
        what = "is an HTML page, not data" if page else "is XML or HTML, not a table"
        raise refused(file, what, "get the file again; a log-in or error page was saved instead")
    sample = head[:4096]
    noise = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in sample)
    if noise * 20 > len(sample):
        raise refused(file, "is binary data, no text", "give CSV, TSV, XLSX, JSON or Parquet")
