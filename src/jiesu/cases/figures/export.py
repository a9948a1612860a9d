"""The live export: the case table of the database as Parquet, a file for each day of creation.

A case never leaves the day on which it was created, so that a change touches one small file. A
touched file is written whole and put in place of the old one; a case counts as exported only when
its file is on the disk and the case is still what was read. Whatever is interrupted is done again.
What a row holds is made in `case_rows`; what is counted from the files is in `running`.
"""

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings
from django.db import transaction
from django.db.models import F

from jiesu.cases.figures.case_rows import Words, in_chunks, replaced, rows_of, settled_rows
from jiesu.cases.models import Case, Counter
from jiesu.cases.rulebook import city_zone, local_day
from jiesu.city.durable import to_disk
from jiesu.sources.canonical_file import CanonicalWriter, mark_of, schema

try:
    import fcntl
except ImportError:  # Windows.
    fcntl = None  # type: ignore[assignment]

STATE = "state.json"
FORMAT = 1
SERIAL = "export"
"""The counter of passes: it tells a folder that belongs to this state of the database."""

AT_ONCE = 100_000
"""Changed cases in one pass: then what they change is counted before the next pass."""

MARKED_AT_ONCE = 1_000
"""Cases that are marked in one transaction: nobody waits for it on SQLite."""

WATCHED = ("created_at", "due_at", "callback_at")
"""The times by which policies cut periods."""

Times = Mapping[str, Collection[datetime]]
"""Times of cases by column, each cut down to the quarter of an hour."""

Touched = Callable[[Times], None]
"""Called in the transaction that marks cases, with the times by which they counted or count."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass did: how many cases it wrote into how many files, and if those were all.

    `files` are all files of the export.
    """

    n_cases: int
    n_written: int
    is_whole: bool
    files: tuple[Path, ...] = field(default=(), compare=False)


def live_folder() -> Path:
    """Where the live export lies. It holds pseudonyms, never names, phones, addresses or texts."""
    return settings.JIESU.data / "export"


def live_files(folder: Path | None = None) -> list[Path]:
    """The files of the live export, by day."""
    return sorted((folder or live_folder()).glob("????-??-??.parquet"))


def day_of(file: Path) -> date:
    """The day of creation of the cases in a file."""
    return date.fromisoformat(file.stem)


def follow(
    folder: Path | None = None, *, touched: Touched | None = None, at_most: int = AT_ONCE
) -> Pass:
    """Bring the files up to what has changed in the database.

    Only changed cases are read. May run beside every action, and be killed at any point.
    """
    with following(folder, touched=touched, at_most=at_most) as done:
        return done


@contextmanager
def following(
    folder: Path | None = None, *, touched: Touched | None = None, at_most: int = AT_ONCE
) -> Iterator[Pass]:
    """As `follow`; nobody else writes the files until the block ends, so that they agree."""
    with _alone(folder or live_folder()) as folder:
        yield _follow(folder, touched, at_most)


def _follow(folder: Path, touched: Touched | None, at_most: int) -> Pass:
    serial, open_days = _begun(folder)
    changed = Case.objects.filter(exported=False).order_by("pk")
    waiting = list(changed.values_list("pk", "created_at")[: at_most + 1])
    todo: dict[date, list[int]] = {day: [] for day in open_days}
    for pk, created_at in waiting[:at_most]:
        todo.setdefault(local_day(created_at), []).append(pk)
    if todo:
        _write_state(folder, serial + 1, todo)
        words = Words.of_the_city()
        for day, cases in sorted(todo.items()):
            _follow_day(folder, day, cases, words, touched, whole=day in open_days)
        _raise_serial(serial)
    n_cases = min(len(waiting), at_most)
    return Pass(n_cases, len(todo), len(waiting) <= at_most, tuple(live_files(folder)))


def write_cases(into: Path, progress: Callable[[int, int], None] | None = None) -> list[Path]:
    """All cases as canonical files in a folder, one for each month of the calendar."""
    into.mkdir(parents=True, exist_ok=True)
    words, zone = Words.of_the_city(), city_zone()
    total, done = Case.objects.count(), 0
    files = []
    for month, days in _by_month(_days()):
        path = into / f"{month}.parquet"
        with CanonicalWriter(path, unique=True, zone=zone.key) as writer:
            for day in days:
                rows = settled_rows(_cases_of(day), words)
                writer.write(_in_order(rows.table))
                done += rows.table.num_rows
                if progress is not None:
                    progress(done, max(total, done))
        files.append(path)
    return files


def _follow_day(
    folder: Path,
    day: date,
    cases: Sequence[int],
    words: Words,
    touched: Touched | None,
    *,
    whole: bool,
) -> None:
    path = folder / f"{day}.parquet"
    if whole or mark_of(path) is None:
        cases, old = _cases_of(day), schema().empty_table()
    else:
        old = pq.read_table(path)
    rows = rows_of(cases, words)
    times = _times(old, rows.table) if touched is not None else {}
    table = replaced(old, rows.table)
    with CanonicalWriter(path, unique=True, zone=city_zone().key) as writer:
        writer.write(table)
    to_disk(path)
    to_disk(folder)
    for chunk in in_chunks(sorted(rows.versions.items(), key=lambda one: one[1]), MARKED_AT_ONCE):
        with transaction.atomic():
            if touched is not None:
                touched(times)
            _mark(chunk)


def _mark(read: Iterable[tuple[int, int]]) -> None:
    """Mark cases as exported, but for those that were changed since they were read."""
    for version, cases in groupby(read, key=lambda one: one[1]):
        keys = [pk for pk, _ in cases]
        Case.objects.filter(pk__in=keys, version=version).update(exported=True)


def _times(old: pa.Table, new: pa.Table) -> Times:
    """The times by which the changed cases counted before, and by which they count now."""
    known = pc.is_in(old["case_id"], value_set=new["case_id"].combine_chunks())
    names = list(WATCHED)
    both = pa.concat_tables([old.select(names).filter(known), new.select(names)])
    return {name: _quarters(both[name]) for name in names}


def _quarters(times: pa.ChunkedArray) -> set[datetime]:
    # Months begin at full hours of a zone, which has quarters: few values say as much as many.
    found = pc.unique(pc.floor_temporal(times, multiple=15, unit="minute"))
    return {value.as_py() for value in found if value.is_valid}


def _in_order(table: pa.Table) -> pa.Table:
    return table.sort_by([("created_at", "ascending"), ("case_id", "ascending")])


def _cases_of(day: date) -> list[int]:
    start, end = _bounds(day)
    cases = Case.objects.filter(created_at__gte=start, created_at__lt=end)
    return list(cases.order_by("created_at", "pk").values_list("pk", flat=True))


def _bounds(day: date) -> tuple[datetime, datetime]:
    zone, after = city_zone(), day + timedelta(days=1)
    return (
        datetime(day.year, day.month, day.day, tzinfo=zone),
        datetime(after.year, after.month, after.day, tzinfo=zone),
    )


def _days() -> Iterator[date]:
    """The days on which cases were created."""
    times = Case.objects.order_by("created_at").values_list("created_at", flat=True)
    at = times.first()
    while at is not None:
        day = local_day(at)
        yield day
        at = times.filter(created_at__gte=_bounds(day)[1]).first()


def _by_month(days: Iterable[date]) -> Iterator[tuple[str, list[date]]]:
    months: dict[str, list[date]] = {}
    for day in days:
        months.setdefault(f"{day:%Y-%m}", []).append(day)
    yield from months.items()


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """The folder, for this pass alone; another one waits."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("a") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _begun(folder: Path) -> tuple[int, list[date]]:
    """The database's serial, and the days whose files are to be made anew from all their cases.

    These are the days that an interrupted pass left open: after a backup was put back their files
    may be ahead of the database. A folder that is not of this database, or of a later state of it
    than the present one, is begun anew; so is one in which a file is missing.
    """
    serial, state = _serial(), _read_state(folder)
    rows = {day_of(file): _rows(file) for file in live_files(folder)}
    damaged = [day for day, n in rows.items() if n is None]
    known = state is not None and state[0] in (serial, serial + 1)
    if state is None or not known or not (damaged or _holds_all(sum(filter(None, rows.values())))):
        _start_anew(folder, serial)
        return serial, []
    return serial, damaged + (state[1] if state[0] == serial + 1 else [])


def _read_state(folder: Path) -> tuple[int, list[date]] | None:
    try:
        state = json.loads((folder / STATE).read_bytes())
        if (state["format"], state["zone"]) != (FORMAT, city_zone().key):
            return None
        return int(state["serial"]), [date.fromisoformat(day) for day in state["open"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_state(folder: Path, serial: int, days: Iterable[date]) -> None:
    state = {
        "format": FORMAT,
        "zone": city_zone().key,
        "serial": serial,
        "open": sorted(str(day) for day in days),
    }
    part = folder / f".{STATE}.part"
    part.write_text(json.dumps(state) + "\n", encoding="utf-8")
    to_disk(part)
    os.replace(part, folder / STATE)
    to_disk(folder)


def _holds_all(n_rows: int) -> bool:
    """Whether so many rows may be those of all cases that were exported."""
    n_cases = Case.objects.count()
    n_waiting = Case.objects.filter(exported=False).count()
    return n_cases - n_waiting <= n_rows <= n_cases


def _rows(file: Path) -> int | None:
    found = file.stat()
    return _rows_at(file, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=8_192)
def _rows_at(file: Path, mtime: int, size: int) -> int | None:
    """How many rows a file holds; `None` where it is damaged. Looked at once for each state."""
    mark = mark_of(file)
    return None if mark is None else mark.rows


def _start_anew(folder: Path, serial: int) -> None:
    (folder / STATE).unlink(missing_ok=True)
    for file in live_files(folder):
        file.unlink()
    last = Case.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for start in range(0, last, MARKED_AT_ONCE):
        stretch = Case.objects.filter(pk__gt=start, pk__lte=start + MARKED_AT_ONCE)
        stretch.filter(exported=True).update(exported=False)
    _write_state(folder, serial, ())


def _serial() -> int:
    return Counter.objects.filter(key=SERIAL).values_list("next", flat=True).first() or 0


def _raise_serial(serial: int) -> None:
    if not Counter.objects.filter(key=SERIAL, next=serial).update(next=F("next") + 1):
        Counter.objects.get_or_create(key=SERIAL, defaults={"next": serial + 1})
