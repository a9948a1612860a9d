"""The folder in which benchmarks work, and the synthetic cities that they read."""

import shutil
from pathlib import Path

from bench.processes import JIESU, measured, say


def synthetic_city(work: Path, *, period: str, months: int, cases: int, form: str = "csv") -> Path:
    """A synthetic city folder with `cases` a month; one that lies there already is used again."""
    folder = work / f"city-{period}-{months}x{cases}-{form}"
    if not folder.exists():
        say(f"  writing {months * cases:,} synthetic cases")
        command = [JIESU, "synth", "--period", period, "--months", str(months)]
        command += ["--cases", str(cases), "--seed", "1", "--format", form, "--out", str(folder)]
        measured(command)
        # Nothing here reads the cases' texts.
        shutil.rmtree(folder / "texts", ignore_errors=True)
    return folder


def file_bytes(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.iterdir())
