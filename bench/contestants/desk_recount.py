"""Export and count the running month of a filled site: `desk_recount RUNS`; prints JSON.

First all cases, then with one case changed, then with none, as the worker's job does it. The
floor reads the exported files whole.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from jiesu.project import serving

serving.SETTINGS = "bench.bare.settings"


def main(runs: int) -> None:
    serving.open_site(lambda line: None)
    import pyarrow.parquet as pq
    from django.db.models import F

    from jiesu.cases.figures.export import live_files
    from jiesu.cases.figures.running import figures_job
    from jiesu.cases.jobs import More
    from jiesu.cases.models import Case

    def follow() -> None:
        while isinstance(figures_job(datetime.now(UTC)), More):
            pass

    def read() -> None:
        assert sum(pq.read_table(file).num_rows for file in live_files()) == size

    size = Case.objects.count()
    # What the evaluation is made of is imported at its first count: by a worker, once.
    import jiesu.evaluation.run  # noqa: F401

    whole = seconds(follow)
    changed, counted, floor = [], [], []
    for n in range(runs):
        one = Case.objects.filter(pk=(n + 1) * size // (runs + 1))
        one.update(exported=False, version=F("version") + 1)
        changed.append(seconds(follow))
        counted.append(seconds(follow))
        floor.append(seconds(read))
    print(json.dumps({"whole": [whole], "changed": changed, "counted": counted, "floor": floor}))


def seconds(do: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(int(sys.argv[1]))
