"""Sweep a filled site: `desk_sweeper SIZE`; prints JSON, a line for each sweep.

Filled by `desk_fill CITY sweep SIZE`: what falls due at each hour after that is `SWEPT`. Each
sweep is followed by its floor: as many bare rows as it wrote, in as many transactions.
"""

import json
import sys
import time
from datetime import timedelta

from jiesu.project import serving

serving.SETTINGS = "bench.bare.settings"


def main(size: int) -> None:
    serving.open_site(lambda line: None)
    from bench.contestants.desk_fills import SWEPT
    from jiesu.cases.models import Case
    from jiesu.cases.sweep import sweep

    filled_at = Case.objects.order_by("-created_at").values_list("created_at", flat=True)[0]
    filled_at += timedelta(days=5)
    # The rules are read, the statements put together.
    sweep(filled_at)
    for hour, what in enumerate(SWEPT, start=1):
        events = n_events()
        begun = time.perf_counter()
        swept = sweep(filled_at + timedelta(hours=hour, minutes=1))
        took = time.perf_counter() - begun
        n_rows = swept.n_callbacks + swept.n_supervisions + n_events() - events
        print(json.dumps({
            "what": what,
            "seconds": took,
            "n_cases": swept.n_cases,
            "n_failed": swept.n_failed,
            "n_rows": n_rows,
            "floor": floor(n_rows, swept.n_cases) if n_rows else 0.0,
        }), flush=True)  # fmt: skip
    assert Case.objects.count() == size


def n_events() -> int:
    from jiesu.cases.models import Event

    return Event.objects.count()


def floor(n_rows: int, n_cases: int) -> float:
    """Seconds in which so many bare rows are written, a transaction for each batch of cases."""
    from django.db import transaction
    from django.utils import timezone

    from bench.bare.models import Row
    from jiesu.cases.insertion import insert_many
    from jiesu.cases.sweep import BATCH

    a_batch = round(n_rows / n_cases * BATCH)
    rows = [Row(text="x" * 200, at=timezone.now()) for _ in range(n_rows)]
    begun = time.perf_counter()
    for start in range(0, n_rows, a_batch):
        with transaction.atomic():
            insert_many(rows[start : start + a_batch])
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(int(sys.argv[1]))
