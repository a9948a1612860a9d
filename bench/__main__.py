"""`python -m bench`: run the benchmarks; at full size write docs/benchmarks.md."""

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.desk import desk
from bench.desk_ranking import desk_ranking
from bench.desk_reads import desk_reads
from bench.desk_sweep import desk_sweep
from bench.documents import documents
from bench.importing import importing
from bench.machine import machine
from bench.processes import REPOSITORY, Failed, say
from bench.report import Section, page
from bench.review import review
from bench.year import year

PAGE = REPOSITORY / "docs" / "benchmarks.md"
WORK = REPOSITORY / "build" / "bench"

BENCHMARKS: dict[str, Callable[[Path, float, int], Section]] = {
    "year": year,
    "import": importing,
    "documents": documents,
    "review": review,
    "desk": desk,
    "desk-reads": desk_reads,
    "desk-sweep": desk_sweep,
    "desk-ranking": desk_ranking,
}


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for. The work folder goes at the end unless `--keep` names one."""
    options = _options(arguments)
    work = (options.keep or WORK).resolve()
    work.mkdir(parents=True, exist_ok=True)
    on = machine()
    try:
        sections = []
        for name in [options.only] if options.only else list(BENCHMARKS):
            say(f"{name}:")
            sections.append(BENCHMARKS[name](work, options.scale, options.runs))
    except Failed as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    finally:
        if options.keep is None:
            shutil.rmtree(work, ignore_errors=True)
    text = page(_head(options.runs, options.scale), on, sections)
    print(text)
    if options.scale == 1 and not options.only:
        PAGE.write_text(text, "utf-8")
        say(f"Written: {PAGE.relative_to(REPOSITORY)}")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="part of the full size")
    parser.add_argument("--only", choices=list(BENCHMARKS), help="one benchmark")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it")
    parser.add_argument("--runs", type=int, default=3, help="runs after the warm-up")
    return parser.parse_args(arguments)


def _head(n_runs: int, scale: float) -> list[str]:
    how = (
        "Every program is a whole process, measured from outside: wall from start to end, CPU "
        "seconds of all its threads, peak resident memory. After one warm-up, which leaves files "
        "in the system's cache and compiled modules on disk, the programs of a table ran in turn "
        f"(A B C A B C), {n_runs} times each. Walls are medians with the shortest and longest; "
        "ratios are ratios of medians."
    )
    if scale != 1:
        return [how, f"Scale {scale:g}: the targets are for scale 1 and mean nothing here."]
    return [f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}, not by hand.", how]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
