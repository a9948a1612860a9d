"""Writing the synthetic city as a city folder, month by month and day by day.

Memory holds some days at a time, whatever the number of cases; the folder appears only when
it is complete.
"""

import csv
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from jiesu.city.synth.air import write_air
from jiesu.city.synth.cases import Columns, Month, day_cases
from jiesu.city.synth.directory import write_directory
from jiesu.city.synth.governance import write_governance
from jiesu.city.synth.index import write_index
from jiesu.city.synth.measures import write_measures
from jiesu.city.synth.meetings import write_meetings
from jiesu.city.synth.rhythm import cases_by_day
from jiesu.city.synth.table import Wording, case_table, text_table
from jiesu.city.synth.topics import write_topics
from jiesu.city.synth.world import World, beijing
from jiesu.core.problems import InputError, Problem
from jiesu.sources.canonical_file import CanonicalWriter

Format = Literal["csv", "parquet"]
Progress = Callable[[int, int], None]

OUTSIDE: tuple[Callable[[Path, World, Sequence[str]], None], ...] = (
    write_meetings,
    write_topics,
    write_governance,
    write_index,
    write_measures,
    write_air,
    write_directory,
)
"""What writes the files beside the cases: each is given the folder, the city and the months."""

FIRST_MONTH = "2019-01"
MAX_MONTHS = 120
MAX_CASES = 20_000_000
BATCH_ROWS = 120_000
"""Days are written together until so many rows are gathered."""


def write_city(
    out: Path,
    *,
    period: str,
    months: int,
    cases: int,
    seed: int,
    format: Format = "csv",
    texts: bool | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a synthetic city folder: `months` assessment months with `cases` cases each.

    `period` is the last month, such as `2022-02`. `texts` adds the case texts (by default
    with CSV only). `progress` is called with the cases written and their number in all. The
    same arguments always give the same files. Raises InputError for a wrong argument, where
    `out` exists and is not an empty directory, and where it cannot be written.
    """
    out = out.absolute()
    try:
        year, month = _checked(out, period, months, cases, seed, format)
        labels = [_month_label(year, month, back) for back in range(months - 1, -1, -1)]
        with _folder_when_complete(out) as part:
            world = beijing(seed)
            command = _command(period, months, cases, seed)
            _write_settings(part, world, format=format, command=command)
            with_texts = format == "csv" if texts is None else texts
            done = 0
            for label in labels:
                for n in _write_month(part, world, label, cases, format, with_texts):
                    done += n
                    if progress is not None:
                        progress(done, cases * months)
            for write in OUTSIDE:
                write(part, world, labels)
    except OSError as error:
        what = f"{out} cannot be written ({error.strerror or error})"
        remedy = "make room, or choose a place that you may write to"
        raise InputError(Problem("synth", "--out", what, remedy)) from error


@contextmanager
def _folder_when_complete(out: Path) -> Iterator[Path]:
    """A folder to fill that becomes `out` at the end, or goes after a fault.

    An empty `out` that is there already, be it where the user stands, is filled and not replaced.
    """
    part = _part_of(out)
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        yield part
        if out.is_dir():
            for item in part.iterdir():
                item.rename(out / item.name)
        else:
            part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _part_of(out: Path) -> Path:
    return (out if out.is_dir() else out.parent) / f".{out.name}.part"


def _command(period: str, months: int, cases: int, seed: int) -> str:
    return f"jiesu synth --period {period} --months {months} --cases {cases} --seed {seed}"


def _checked(
    out: Path, period: str, months: int, cases: int, seed: int, format: str
) -> tuple[int, int]:
    """The year and month of a right set of arguments; InputError with every wrong one."""
    wrong: list[tuple[str, str, str]] = []
    match = re.fullmatch(r"(2[0-9]{3})-(0[1-9]|1[0-2])", period)
    if match is None:
        wrong.append(("--period", f"{period[:40]!r} is not a month", "write it as 2022-02"))
    for option, value, low, high in (
        ("--months", months, 1, MAX_MONTHS),
        ("--cases", cases, 1, MAX_CASES),
        ("--seed", seed, 0, 2**63 - 1),
    ):
        if not low <= value <= high:
            remedy = f"give a whole number from {low} to {high}"
            wrong.append((option, f"{value} is out of range", remedy))
    if not wrong and match and _month_label(int(match[1]), int(match[2]), months - 1) < FIRST_MONTH:
        what = f"the months begin before {FIRST_MONTH}, the first of the city's policy"
        wrong.append(("--period", what, "take a later month or fewer months"))
    if format not in ("csv", "parquet"):
        wrong.append(("--format", f"{format[:40]!r} is not known", "choose csv or parquet"))
    if out.exists() and (not out.is_dir() or {*out.iterdir()} - {_part_of(out)}):
        wrong.append(("--out", f"{out} exists and is not empty", "name a new directory"))
    if wrong or match is None:
        raise InputError(Problem("synth", *words) for words in wrong)
    return int(match[1]), int(match[2])


def _month_label(year: int, month: int, back: int) -> str:
    months = year * 12 + month - 1 - back
    return f"{months // 12:04}-{months % 12 + 1:02}"


def _write_month(
    folder: Path, world: World, label: str, cases: int, format: Format, with_texts: bool
) -> Iterator[int]:
    """Write a month's files and yield the number of cases after each batch."""
    year, month = int(label[:4]), int(label[5:])
    wording = Wording(world)
    pool: list[Columns] = []
    in_month = Month.of(world, year, month)
    waiting: list[pa.Table] = []
    waiting_texts: list[pa.Table] = []
    with ExitStack() as stack:
        write_cases = _case_writer(stack, folder / "cases" / label, format)
        write_texts = _text_writer(stack, folder / "texts" / label, format) if with_texts else None
        days = [(day, n) for day, n in cases_by_day(world.seed, year, month, cases) if n]
        for position, (day, n) in enumerate(days):
            columns = day_cases(in_month, day, n, pool)
            waiting.append(case_table(wording, day, columns, utc=format == "parquet"))
            if write_texts is not None:
                waiting_texts.append(text_table(wording, day, columns))
            rows = sum(table.num_rows for table in waiting)
            if rows >= BATCH_ROWS or position == len(days) - 1:
                write_cases(_joined(waiting))
                if write_texts is not None:
                    write_texts(_joined(waiting_texts))
                waiting, waiting_texts = [], []
                yield rows


def _joined(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).combine_chunks()


def _case_writer(stack: ExitStack, stem: Path, format: Format) -> Callable[[pa.Table], None]:
    stem.parent.mkdir(exist_ok=True)
    if format == "parquet":
        path = stem.with_name(f"{stem.name}.parquet")
        return stack.enter_context(CanonicalWriter(path, unique=True)).write
    return _csv_writer(stack, stem)


def _text_writer(stack: ExitStack, stem: Path, format: Format) -> Callable[[pa.Table], None]:
    stem.parent.mkdir(exist_ok=True)
    if format == "csv":
        return _csv_writer(stack, stem)
    path = stem.with_name(f"{stem.name}.parquet")
    schema = pa.schema([("case_id", pa.string()), ("text", pa.string())])
    writer = stack.enter_context(pq.ParquetWriter(path, schema, compression="zstd"))
    return lambda table: writer.write_table(table)


def _csv_writer(stack: ExitStack, stem: Path) -> Callable[[pa.Table], None]:
    """A CSV file in UTF-8 without quotes, which Arrow refuses where a value would need them.

    The header is written by us, for Arrow puts it in quotes.
    """
    target = stack.enter_context(stem.with_name(f"{stem.name}.csv").open("wb"))
    options = pa_csv.WriteOptions(include_header=False, quoting_style="none", batch_size=8_192)
    header_written = False

    def write(table: pa.Table) -> None:
        nonlocal header_written
        if not header_written:
            target.write((",".join(table.column_names) + "\n").encode())
            header_written = True
        pa_csv.write_csv(table, target, options)

    return write


def _write_settings(folder: Path, world: World, *, format: Format, command: str) -> None:
    shipped = files("jiesu.city").joinpath("shipped")
    policy = shipped.joinpath("policies/beijing.toml")
    (folder / "policy.toml").write_bytes(policy.read_bytes())
    for name in ("city.toml", "README.md"):
        text = shipped.joinpath(f"synth/{name}").read_text(encoding="utf-8")
        text = text.replace("@COMMAND@", command).replace("@FORMAT@", format)
        (folder / name).write_text(text, encoding="utf-8")
    with (folder / "units.csv").open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(("code", "name", "kind", "parent", "population", "valid_from", "valid_to"))
        for unit in world.units:
            writer.writerow(
                (unit.code, unit.name, unit.kind, unit.parent, unit.population, None, None)
            )
