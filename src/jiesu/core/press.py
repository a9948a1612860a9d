"""Statements of a press draft, and the figures that each one stands on.

A statement says nothing that its traces do not show: every number in its text is the `shown`
of a trace, which points into a file that lies beside the draft. The words are made in
`briefing`; the form of `press.json` is described in docs/meeting.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CasesBehind:
    """The cases that a figure counts: those of a period that belong to these units or places.

    `by` is the column (`unit` or `place`) and `codes` its values; with `by` = `period` all cases of
    the period are meant. `n` is how many cases there are.
    """

    period: str
    by: str
    codes: tuple[str, ...]
    n: int


@dataclass(frozen=True, slots=True)
class Trace:
    """A figure or a name in a statement and where it comes from.

    `pointer` (RFC 6901) leads to the value in `file`; `value` is what stands there, `shown` how
    the text says it. `cases` are those behind it, for figures that count cases.
    """

    what: str
    shown: str
    value: str
    file: str
    pointer: str
    unit: str = ""
    period: str = ""
    cases: CasesBehind | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the draft. `kind` says what sort of statement it is (see docs/meeting.md).

    `given` names the office that gave a text which is not made from figures.
    """

    kind: str
    section: str
    text: str
    traces: tuple[Trace, ...] = ()
    given: str = ""


SCHEMA = "jiesu.press/1"


def press_document(
    period: str, lang: str, title: str, statements: Iterable[Statement]
) -> dict[str, Any]:
    """`press.json` as plain values."""
    return {
        "schema": SCHEMA,
        "period": period,
        "language": lang,
        "title": title,
        "statements": [
            {
                "id": f"s{number:02}",
                "kind": statement.kind,
                "section": statement.section,
                "text": statement.text,
                "given_by": statement.given or None,
                "figures": [_trace(trace) for trace in statement.traces],
            }
            for number, statement in enumerate(statements, start=1)
        ],
    }


def _trace(trace: Trace) -> dict[str, Any]:
    cases = trace.cases
    return {
        "what": trace.what,
        "shown": trace.shown,
        "value": trace.value,
        "file": trace.file,
        "pointer": trace.pointer,
        "unit": trace.unit or None,
        "period": trace.period or None,
        "cases": None
        if cases is None
        else {"period": cases.period, "by": cases.by, "codes": list(cases.codes), "n": cases.n},
    }
