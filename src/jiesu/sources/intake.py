"""The one entry to this package: files of other systems in, canonical Parquet files out.

Counts every row: rows in = accepted + rejected + duplicates. Leaves out what the cases mean.
"""

import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, compress, count
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jiesu.core.problems import InputError, Problem
from jiesu.core.result import InputFile
from jiesu.sources.ahead import ahead
from jiesu.sources.canonical import Binding, Mapped, bind, map_batch
from jiesu.sources.canonical_file import CanonicalWriter, mark_of
from jiesu.sources.duplicates import CaseFile, Duplicates, find_duplicates, ids_are_apart
from jiesu.sources.profile import Profile
from jiesu.sources.pseudonyms import Pseudonyms, pseudonym
from jiesu.sources.readers import SUFFIXES, expand_inputs, open_table
from jiesu.sources.reports import RejectReport, writable, write_duplicates
from jiesu.sources.source_table import SourceTable, refused
from jiesu.sources.streams import PIECE, readable

Progress = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes of all files."""

OWN_PROFILE = "jiesu"

_PLACES = pa.schema([("line", pa.int64())])


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `n_checked` rows with a closing time, a due time and a flag, the flag is right in
    `n_agree`. Duplicates are among them, rejects are not."""

    n_agree: int
    n_checked: int


@dataclass(frozen=True)
class Intake:
    """What was read: canonical files and the numbers of rows.

    `cases` are Parquet files in which no `case_id` stands twice, within one or across all.
    `notes` are (key, values) pairs: `unused_headers` with `file` and `headers`, `other_sheets`
    with `file` and `sheets`; both name what was not read. `flags_not_used` with `file` and `n`
    tells of flags "on time" in a file whose column of due times is wholly empty.
    """

    cases: tuple[Path, ...]
    accepted: int
    rejected: int
    duplicates: int
    agreement: Agreement | None
    notes: tuple[tuple[str, dict[str, str]], ...]
    _names: tuple[str, ...]
    _digests: "_Digests"

    @property
    def files(self) -> tuple[InputFile, ...]:
        """The files read with their SHA-256; waits for hashing, which goes on in the background."""
        return tuple(map(InputFile, self._names, self._digests.results()))


def read_cases(
    inputs: Sequence[str | Path],
    profile: Profile,
    *,
    into: Path,
    rejects: Path,
    duplicates: Path,
    zone: ZoneInfo | None = None,
    progress: Progress | None = None,
    callers: Pseudonyms = pseudonym,
) -> Intake:
    """Read files, directories and glob patterns into canonical Parquet files in the folder `into`.

    `zone` holds for times without an offset, else the profile's zone. `callers` gives pseudonyms
    for what is none yet. `rejects` and `duplicates` are the reports to write; `rejects` is written
    even when a file turns out to be unusable. The files appear in `into` when everything is done,
    named after their inputs. A canonical file that jiesu wrote itself is used where it lies.
    Raises `InputError` for inputs that cannot be used, and for a file in `into` that would be
    written over.
    """
    paths = expand_inputs(inputs)
    targets = _targets(paths, into)
    with writable(into):
        foreign = (not used_as_it_stands(path, profile) for path in paths)
        _refuse_existing(compress(targets, foreign))
    with writable(into), RejectReport(rejects) as report:
        digests = _Digests(paths)
        into.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".part-", dir=into))
        try:
            reading = _Reading(
                profile, zone or ZoneInfo(profile.zone), work, report, progress, callers
            )
            files = reading.all_files(paths)
            found = _without_duplicates(files, reading, duplicates)
            cases = _published([file.path for file in files], work, targets)
        except BaseException:
            digests.stop()
            raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
            with suppress(OSError):
                into.rmdir()  # Only an empty folder goes.
    n_duplicates = found.n if found else 0
    accepted = sum(pq.read_metadata(path).num_rows for path in cases)
    assert reading.n_rows == accepted + report.n + n_duplicates
    return Intake(
        cases=cases,
        accepted=accepted,
        rejected=report.n,
        duplicates=n_duplicates,
        agreement=reading.agreement(),
        notes=tuple(reading.notes),
        _names=_distinct_names(paths),
        _digests=digests,
    )


def used_as_it_stands(path: Path, profile: Profile) -> bool:
    """Whether a file is one that jiesu wrote, with no `case_id` twice: it is not written anew.

    Only with the profile `jiesu`, and only by the mark in the file, not by its rows.
    """
    if profile.name != OWN_PROFILE or path.suffix != ".parquet":
        return False
    mark = mark_of(path)
    return mark is not None and mark.unique


def zone_of(inputs: Sequence[str | Path], profile: Profile) -> ZoneInfo:
    """The zone in which periods of these inputs are cut when nobody names another.

    That of the times that canonical files were made from, where they agree; else the profile's.
    Raises `InputError` for inputs that are not there.
    """
    marks = [mark_of(path) for path in expand_inputs(inputs) if used_as_it_stands(path, profile)]
    zones = {mark.zone for mark in marks if mark is not None}
    return ZoneInfo(zones.pop() if len(zones) == 1 and "" not in zones else profile.zone)


class _Reading:
    """The state of one run over all files: counts, notes and the progress."""

    def __init__(
        self,
        profile: Profile,
        zone: ZoneInfo,
        work: Path,
        report: RejectReport,
        progress: Progress | None,
        callers: Pseudonyms,
    ) -> None:
        self.profile = profile
        self.zone = zone
        self.work = work
        self.report = report
        self.progress = progress or (lambda done, total: None)
        self.callers = callers
        self.n_rows = 0
        self.n_mapped = 0
        self.n_agree = 0
        self.n_checked = 0
        self.notes: list[tuple[str, dict[str, str]]] = []
        self._done = 0
        self._total = 0

    def agreement(self) -> Agreement | None:
        return Agreement(self.n_agree, self.n_checked) if self.profile.agreement else None

    def all_files(self, paths: Sequence[Path]) -> list[CaseFile]:
        sizes = [path.stat().st_size for path in paths]
        self._total = sum(sizes)
        files = []
        for number, (path, size) in enumerate(zip(paths, sizes, strict=True), start=1):
            files.append(self._own_file(path) or self._foreign_file(path, number))
            self._done += size
            self.progress(self._done, self._total)
        if not self.n_mapped:
            raise refused(str(paths[0]), "holds no row", "give a file with rows")
        return files

    def _own_file(self, path: Path) -> CaseFile | None:
        """A file that jiesu wrote, as it stands; `None` for any other."""
        mark = mark_of(path) if used_as_it_stands(path, self.profile) else None
        if mark is None:
            return None
        self.n_rows += mark.rows
        self.n_mapped += mark.rows
        return CaseFile(path, str(path), None)

    def _foreign_file(self, path: Path, number: int) -> CaseFile:
        target = self.work / f"cases-{number:04}.parquet"
        places = self.work / f"places-{number:04}.parquet"
        with open_table(path, self.profile) as table:
            binding = bind(self.profile, table, self.zone, self.callers)
            self._note("unused_headers", path, "headers", binding.unused)
            self._note("other_sheets", path, "sheets", table.other_sheets)
            self._write(table, binding, target, places)
        return CaseFile(target, str(path), places)

    def _note(self, key: str, path: Path, what: str, names: Sequence[str]) -> None:
        if names:
            self.notes.append((key, {"file": path.name, what: ", ".join(names)}))

    def _write(self, table: SourceTable, binding: Binding, target: Path, places: Path) -> None:
        n_before = self.n_mapped, self.report.n
        self.report.first = None
        late_due_at = has_due_at = False
        n_idle_flags = 0
        with (
            closing(_mapped_batches(table, binding)) as batches,
            CanonicalWriter(target, unique=True, zone=self.zone.key) as writer,
            pq.ParquetWriter(
                places, _PLACES, use_dictionary=False, column_encoding="DELTA_BINARY_PACKED"
            ) as place_writer,
        ):
            for mapped in batches:
                writer.write(mapped.cases)
                place_writer.write_batch(pa.record_batch([pa.array(mapped.places)], schema=_PLACES))
                self._count(table, mapped)
                late_due_at |= mapped.late_due_at
                has_due_at |= mapped.has_due_at
                n_idle_flags += mapped.n_idle_flags
        if late_due_at:
            _drop_flags(target)
        if n_idle_flags and not has_due_at:
            values = {"file": Path(table.file).name, "n": str(n_idle_flags)}
            self.notes.append(("flags_not_used", values))
        n_mapped, n_rejected = self.n_mapped - n_before[0], self.report.n - n_before[1]
        if n_rejected and not n_mapped:
            self._refuse_all_rejected(table, n_rejected)

    def _count(self, table: SourceTable, mapped: Mapped) -> None:
        self.report.add(table.file, mapped.rejects)
        self.n_mapped += mapped.cases.num_rows
        self.n_rows += mapped.n_rows
        self.n_agree += mapped.n_agree
        self.n_checked += mapped.n_checked
        self.progress(self._done + table.n_read(), self._total)

    def _refuse_all_rejected(self, table: SourceTable, n_rejected: int) -> None:
        first = self.report.first
        assert first is not None
        column = f"{first.column} " if first.column else "the row "
        raise refused(
            table.file,
            f"none of {n_rejected:,} rows can be used: {column}{first.reason}",
            "choose or correct the profile; rejects.csv lists every row",
            f"{table.place_kind} {first.place}",
        )


def _mapped_batches(table: SourceTable, binding: Binding) -> Generator[Mapped]:
    """Cutting and mapping each in a thread of its own: both leave Python's lock alone mostly."""
    with (
        closing(ahead(table.batches(binding.wanted))) as batches,
        closing(ahead(map_batch(binding, batch) for batch in batches)) as mapped,
    ):
        yield from mapped


def _drop_flags(path: Path) -> None:
    """Set `closed_on_time` to null in a file, see `Mapped.late_due_at`."""
    whole = path.with_suffix(".flags")
    path.replace(whole)
    with pq.ParquetFile(whole) as source, _writer_like(whole, path) as writer:
        for batch in source.iter_batches():
            writer.write(batch.drop_columns(["closed_on_time"]))
    whole.unlink()


def _without_duplicates(
    files: list[CaseFile], reading: _Reading, report: Path
) -> Duplicates | None:
    """Find duplicates and write the files concerned anew; `None` when there can be none."""
    # Files that jiesu wrote hold no id twice; where their ids lie apart no two files do either.
    if all(file.places is None for file in files) and ids_are_apart([f.path for f in files]):
        write_duplicates(report, ())
        return None
    found = find_duplicates(files, reading.n_mapped, reading.work)
    with closing(found):
        write_duplicates(report, found.rows())
    for index, dropped in found.dropped.items():
        target = reading.work / f"kept-{index + 1:04}.parquet"
        _write_without(files[index].path, dropped.tolist(), target)
        files[index] = CaseFile(target, files[index].file, None)
    return found


def _write_without(path: Path, dropped: Sequence[int], target: Path) -> None:
    """Copy a canonical file without the rows of some numbers."""
    drop = pa.array(dropped, pa.int64())
    start = 0
    with pq.ParquetFile(path) as source, _writer_like(path, target) as writer:
        for batch in source.iter_batches():
            numbers = pa.array(range(start, start + batch.num_rows), pa.int64())
            start += batch.num_rows
            writer.write(batch.filter(pc.invert(pc.is_in(numbers, drop))))


def _writer_like(source: Path, target: Path) -> CanonicalWriter:
    """A writer for rows of a canonical file: the new file is of the same zone."""
    mark = mark_of(source)
    return CanonicalWriter(target, unique=True, zone=mark.zone if mark else "")


def _targets(paths: Sequence[Path], into: Path) -> list[Path]:
    """A file in `into` for each input, named after it; none is an input or that of another."""
    inputs = {path.resolve() for path in paths}
    targets: dict[str, Path] = {}
    for path in paths:
        stem = _stem(path.name)
        numbered = (f"{stem}-{number}.parquet" for number in count(2))
        for name in chain([f"{stem}.parquet"], numbered):
            # Some file systems take upper and lower case for the same.
            if name.casefold() not in targets and (into / name).resolve() not in inputs:
                targets[name.casefold()] = into / name
                break
    return list(targets.values())


def _stem(name: str) -> str:
    """A file's name without the suffixes that tell its format; never a hidden one."""
    suffix = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(suffix)].lstrip(".") or "cases"


def _refuse_existing(targets: Iterable[Path]) -> None:
    """What an earlier run wrote is neither written over nor removed."""
    remedy = "remove it, or name another folder"
    found = [Problem(str(t), "", "is there already", remedy) for t in targets if t.exists()]
    if found:
        raise InputError(found)


def _published(paths: Sequence[Path], work: Path, targets: Sequence[Path]) -> tuple[Path, ...]:
    """Move finished files from the working folder; one that lies elsewhere stays there."""
    places = [
        target if path.parent == work else path for path, target in zip(paths, targets, strict=True)
    ]
    new = [(path, place) for path, place in zip(paths, places, strict=True) if path != place]
    _refuse_existing(place for _, place in new)
    for path, place in new:
        path.replace(place)
    return tuple(places)


class _Digests:
    """The SHA-256 of files, taken one after the other in the background."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._stopped = Event()
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jiesu-hash")
        self._futures = [executor.submit(self._digest, path) for path in paths]
        executor.shutdown(wait=False)

    def results(self) -> tuple[str, ...]:
        """All digests, as hexadecimal text; waits for them."""
        return tuple(future.result() for future in self._futures)

    def stop(self) -> None:
        """Give up soon: nobody will ask for the digests."""
        self._stopped.set()

    def _digest(self, path: Path) -> str:
        digest = sha256()
        with readable(str(path)), path.open("rb") as file:
            while not self._stopped.is_set() and (piece := file.read(PIECE)):
                digest.update(piece)
        return digest.hexdigest()


def _distinct_names(paths: Sequence[Path]) -> tuple[str, ...]:
    """File names, with as much of the folder before them as tells equal names apart."""
    names = [path.name for path in paths]
    return tuple(
        path.name if names.count(path.name) == 1 else "/".join(path.parts[-2:]) for path in paths
    )
