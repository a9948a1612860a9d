"""`python -m tests.faults --database sqlite|postgresql [--kills 50] [--seed 1] [--folder DIR]`."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.databases import DATABASES
from tests.faults.run import N_DUE, run


def main() -> int:
    """Run and report; 1 where something was lost or broken."""
    words = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    words.add_argument("--database", choices=DATABASES, default="sqlite")
    words.add_argument("--kills", type=int, default=50)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--due", type=int, default=N_DUE, help="cases that fall due meanwhile")
    words.add_argument("--folder", type=Path, help="where to keep what the sites leave behind")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="jiesu-faults-") as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        report = run(
            folder, asked.database, asked.kills, seed=asked.seed, n_due=asked.due, say=_say
        )
    for finding in report.findings:
        _say(f"FOUND {finding}")
    _say(str(report))
    return 1 if report.findings else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
