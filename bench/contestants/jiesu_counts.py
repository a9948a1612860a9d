"""The year's counts by jiesu's own counting modules alone: `jiesu_counts FOLDER [--check]`."""

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from bench.contestants.months import AS_OF, EDGES, FACTS, Joint, Place, summary
from jiesu.city.policies import load_policies
from jiesu.core.counts import Counts
from jiesu.core.facts import BIT
from jiesu.evaluation.counts import Question, count
from jiesu.evaluation.engines import open_cases, open_engine


def main() -> None:
    files = sorted(Path(sys.argv[1]).glob("*.parquet"))
    [policy] = load_policies(["beijing"])
    windows = list(pairwise(EDGES))
    question = Question(policy, AS_OF, "unit")
    counted = count(open_cases(open_engine(), files), windows, question)
    print(json.dumps(summary(_joints(counted), _places(counted)) if "--check" in sys.argv else {}))


def _joints(counted: Sequence[Counts]) -> Iterator[Joint]:
    for month, counts in enumerate(counted):
        for unit, joint in counts.lead.items():
            for mask, n in joint.cells.items():
                yield unit, month, _own_mask(mask), n


def _own_mask(mask: int) -> int:
    """The same facts as a mask in this benchmark's order; every fact must be one of its own."""
    holding = [name for name, bit in BIT.items() if mask & bit]
    return sum(1 << FACTS.index(name) for name in holding)


def _places(counted: Sequence[Counts]) -> Iterator[Place]:
    for month, counts in enumerate(counted):
        for place, n in counts.places.items():
            yield place, month, n


if __name__ == "__main__":
    main()
