"""Run programs as whole processes and measure them from outside: wall, CPU, peak memory.

Nothing heavy is imported here: a child's peak memory is never below that of the process that
started it.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile

REPOSITORY = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
JIESU = str(Path(PYTHON).with_name("jiesu"))

_KIB = 1024


class Failed(Exception):
    """A program ended with an error, or its results are not those of the others."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A program to be measured.

    `check` is an argument that only the warm-up run gets; `fresh` a folder that is removed before
    each run, outside the measured time.
    """

    name: str
    command: Sequence[str]
    check: str | None = None
    fresh: Path | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: seconds of wall and of CPU, bytes of peak memory, and what it printed.

    `others` are the CPU seconds that the rest of the machine took meanwhile; 0 where unknown.
    """

    wall: float
    cpu: float
    peak: int
    printed: str
    others: float


@dataclass(frozen=True, slots=True)
class Runs:
    """All runs of one contestant after its warm-up."""

    contestant: Contestant
    warm_up: Measured
    runs: tuple[Measured, ...]

    @property
    def wall(self) -> float:
        """Median of the walls, in seconds."""
        return median(run.wall for run in self.runs)

    @property
    def walls(self) -> tuple[float, float]:
        """Shortest and longest wall, in seconds."""
        return min(run.wall for run in self.runs), max(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """Median of the CPU seconds of all threads."""
        return median(run.cpu for run in self.runs)

    @property
    def peak(self) -> float:
        """Median of the peak memories, in bytes."""
        return median(run.peak for run in self.runs)


def contestant_script(name: str, *arguments: str | Path) -> list[str]:
    """The command that runs a module of `bench.contestants`."""
    return [PYTHON, "-m", f"bench.contestants.{name}", *map(str, arguments)]


def measured(command: Sequence[str]) -> Measured:
    """Run one program to its end. Raises Failed when it fails."""
    # Compiled modules may be kept, as they are wherever Python is not told otherwise.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with TemporaryFile() as printed, TemporaryFile() as complaints:
        busy = _busy_seconds()
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdout=printed, stderr=complaints
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        busy = _busy_seconds() - busy
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        complaints.seek(0)
        text, errors = printed.read().decode(), complaints.read().decode()
    if process.returncode:
        raise Failed(f"{' '.join(command)}\nended with {process.returncode}\n{errors[-2000:]}")
    # macOS counts bytes where Linux counts kibibytes.
    unit = 1 if sys.platform == "darwin" else _KIB
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(wall, cpu, usage.ru_maxrss * unit, text, max(0.0, busy - cpu))


def _busy_seconds() -> float:
    """CPU seconds that all processes of the machine have taken since it started."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    fields = list(map(int, stat.read_text().partition("\n")[0].split()[1:]))
    idle, waiting, stolen = fields[3], fields[4], fields[7]
    return (sum(fields[:8]) - idle - waiting - stolen) / os.sysconf("SC_CLK_TCK")


def others_share(runs: Sequence["Runs"]) -> float:
    """The part of the machine's CPU that other programs took while these ran."""
    every = [run for one in runs for run in one.runs]
    wall = sum(run.wall for run in every)
    return sum(run.others for run in every) / (wall * (os.cpu_count() or 1))


def in_turn(contestants: Sequence[Contestant], n_runs: int) -> list[Runs]:
    """Warm every contestant up once, then run them in turn, A B C A B C."""
    warm = []
    for contestant in contestants:
        extra = [contestant.check] if contestant.check else []
        _clear(contestant.fresh)
        warm.append(measured([*contestant.command, *extra]))
        say(f"  {contestant.name}: warm-up {warm[-1].wall:.2f} s")
    found: list[list[Measured]] = [[] for _ in contestants]
    for turn in range(n_runs):
        for contestant, runs in zip(contestants, found, strict=True):
            _clear(contestant.fresh)
            runs.append(measured(contestant.command))
            say(f"  {contestant.name}: run {turn + 1} of {n_runs} {runs[-1].wall:.2f} s")
    return [
        Runs(contestant, first, tuple(runs))
        for contestant, first, runs in zip(contestants, warm, found, strict=True)
    ]


def _clear(folder: Path | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def say(line: str) -> None:
    """Tell the person who waits how far things are."""
    print(line, file=sys.stderr, flush=True)
