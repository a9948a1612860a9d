"""What earlier health checks found: from the cases of the period before, or from their files.

Reads and hands on; what became of each finding is decided in `core.checkup`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jiesu.core.checkup import Earlier
from jiesu.core.checkup_contract import OVERVIEW as OVERVIEW_SCHEMA
from jiesu.core.checkup_contract import earlier_of
from jiesu.core.period import Period
from jiesu.core.problems import InputError, Problem

EarlierFindings = Mapping[str, Sequence[Earlier]]
"""Each unit's shortcomings of the earlier period, by code."""


def read_earlier(folder: Path, period: Period) -> tuple[EarlierFindings, str]:
    """The shortcomings in a folder that `jiesu checkup` wrote, and its period's label.

    Raises InputError where the folder holds anything else, several periods, or a period that does
    not end before `period` begins.
    """
    found: dict[str, Sequence[Earlier]] = {}
    ends: dict[str, datetime] = {}
    for path in sorted(folder.glob("*.json")):
        document = _document(path)
        if isinstance(document, dict) and document.get("schema") == OVERVIEW_SCHEMA:
            continue
        try:
            found[str(document["unit"])] = earlier_of(document)
            label, end = str(document["period"]["label"]), str(document["period"]["end"])
            ends[label] = datetime.fromisoformat(end)
            is_earlier = ends[label] <= period.start
        except (ValueError, KeyError, TypeError):
            raise InputError(_no_health_check(path)) from None
        if not is_earlier:
            what = f"is of {label[:40]!r}, which does not end before {period.label} begins"
            raise InputError(Problem(path.name, "period", what, "name one of an earlier period"))
    if len(ends) != 1:
        what = "holds no health checks" if not ends else "holds health checks of several periods"
        remedy = "name a folder that jiesu checkup wrote, such as out/2020/checkups"
        raise InputError(Problem("--before", str(folder), what, remedy))
    return found, next(iter(ends))


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise InputError(Problem(path.name, "", what, "make it readable")) from None
    except (ValueError, RecursionError):
        # Brackets in brackets without end are as little a health check as no JSON at all.
        raise InputError(_no_health_check(path)) from None


def _no_health_check(path: Path) -> Problem:
    remedy = "name a folder that jiesu checkup wrote"
    return Problem(path.name, "", "is no health check of jiesu", remedy)
