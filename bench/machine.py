"""What the measurements were made on: machine, load and versions."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("jiesu", "duckdb", "ibis-framework", "pyarrow", "pandas", "numpy", "typst")


def machine() -> list[tuple[str, str]]:
    """Names and values for the head of the page; the load is that of this moment."""
    return [
        ("CPU", _cpu_model()),
        ("cores", str(os.cpu_count())),
        ("memory", f"{_memory_bytes() / 2**30:.0f} GiB"),
        ("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("load average at the start", f"{os.getloadavg()[0]:.2f}"),
        ("Python", platform.python_version()),
        *((package, version(package)) for package in PACKAGES),
    ]


def _cpu_model() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
