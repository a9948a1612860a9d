"""Health checks as plain values: `CODE.json` and `checkups.json`; see docs/checkup.md.

Figures leave as integers or decimal strings; shares, p and q are strings. Holds the case numbers
of unsolved cases and no other trace of a case. `earlier_of` reads back what a later health check
follows.
"""

import json
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from jiesu.core.checkup import Checkups, Earlier, Followed, Frame, MonthLine, UnitCheckup
from jiesu.core.comparison import Compared, difference
from jiesu.core.levers import Lever
from jiesu.core.scoring import exact_text, rounded

SCHEMA = "jiesu.checkup/1"
OVERVIEW = "jiesu.checkups/1"

Json = dict[str, Any]


def checkup_document(frame: Frame, unit: UnitCheckup) -> Json:
    """One unit's health check."""
    result = unit.result
    return {
        "schema": SCHEMA,
        **_head(frame),
        "unit": unit.unit,
        "name": unit.name,
        "parent": result.parent,
        "group": unit.group,
        "rank": result.rank,
        "ranked": unit.n_ranked,
        "score": _text(result.score),
        "apart": result.apart,
        "volume": result.volume,
        "previous_volume": result.previous_volume,
        "per_10000": _text(result.per_10000),
        "excluded": result.n_excluded,
        "exclusions": [{"reason": reason, "n": n} for reason, n in _by_number(unit.exclusions)],
        "months": [_month(line) for line in unit.months],
        "path": [
            {"period": point.period, "rank": point.rank, "score": _text(point.score)}
            for point in unit.path
        ],
        "peers": list(unit.peers),
        "compared": [compared_document(item) for item in unit.compared],
        "tests": unit.n_tests,
        "strengths": [compared_document(item) for item in unit.strengths],
        "shortcomings": [compared_document(item) for item in unit.shortcomings],
        "levers": [_lever(lever) for lever in unit.levers],
        "no_levers": unit.no_levers or None,
        "places": [
            {"place": item.place, "community": item.community, "n": item.n}
            for item in unit.recurrences
        ],
        "repeat_callers": {
            "from": frame.rules.repeat_from,
            "callers": unit.repeats.callers,
            "demands": unit.repeats.demands,
            "with_caller": unit.repeats.known,
        },
        "unsolved": unit.unsolved,
        "unsolved_cases": [
            {"case_id": case.case_id, "category": list(case.category), "months": case.months}
            for case in unit.open_cases
        ],
        "topics": [
            {"key": topic.key, "title": dict(topic.title), "n": topic.n} for topic in unit.topics
        ],
        "labelled": unit.labelled,
        "followed": None if unit.followed is None else [_followed(one) for one in unit.followed],
    }


def checkups_document(checkups: Checkups, failed: Mapping[str, str], made_from: str) -> Json:
    """The overview: where each unit stands and what was found; `failed` were not made.

    `made_from` is a digest of all that the documents of the run are made from.
    """
    frame = checkups.frame
    return {
        "schema": OVERVIEW,
        **_head(frame),
        "made_from": made_from,
        "units": [
            {
                "unit": unit.unit,
                "name": unit.name,
                "parent": unit.result.parent,
                "group": unit.group,
                "rank": unit.result.rank,
                "score": _text(unit.result.score),
                "volume": unit.result.volume,
                "strengths": [compared_document(item) for item in unit.strengths],
                "shortcomings": [compared_document(item) for item in unit.shortcomings],
                "unsolved": unit.unsolved,
                "failed": failed.get(unit.unit),
            }
            for unit in checkups.units.values()
        ],
    }


def _head(frame: Frame) -> Json:
    period, policy, rules = frame.period, frame.policy, frame.rules
    return {
        "city": dict(frame.city),
        "synthetic": frame.synthetic,
        "period": {
            "label": period.label,
            "start": period.start.isoformat(),
            "end": period.end.isoformat(),
        },
        "as_of": frame.as_of.isoformat(),
        "previous": frame.previous,
        "policy": {"name": policy.name, "version": policy.version, "digest": policy.digest},
        "input": frame.input_digest,
        "family": {
            "tests": frame.n_tests,
            "units": frame.n_units,
            "alpha": exact_text(rules.alpha),
            "control": rules.control,
            "usual": exact_text(rules.usual),
        },
        "missing": list(frame.missing),
    }


def compared_document(item: Compared) -> Json:
    """A figure beside the peers': counts exact, shares with six decimals."""
    return {
        "figure": item.figure,
        "category": list(item.category),
        "part": exact_text(item.part),
        "whole": exact_text(item.whole),
        "share": _share(item.share),
        "peers_part": exact_text(item.peers_part),
        "peers_whole": exact_text(item.peers_whole),
        "peers_share": None if item.peers_share is None else _share(item.peers_share),
        "peers": item.n_peers,
        "p": None if item.p is None else f"{item.p:f}",
        "q": None if item.q is None else _share(item.q),
        "kind": item.kind,
    }


def _month(line: MonthLine) -> Json:
    rates = {
        key: {"part": exact_text(part), "whole": whole} for key, (part, whole) in line.rates.items()
    }
    return {"period": line.period, "volume": line.volume, "rates": rates}


def _lever(lever: Lever) -> Json:
    return {
        "category": list(lever.category),
        "steps": [
            {
                "rate": step.rate,
                "more": step.more,
                "open": step.open,
                "share": _share(step.share),
                "target": _share(step.target),
            }
            for step in lever.steps
        ],
        "gain": _share(lever.gain),
        "score": _text(lever.score),
        "rank": lever.rank,
    }


def _followed(one: Followed) -> Json:
    return {
        "figure": one.earlier.figure,
        "category": list(one.earlier.category),
        "gap_before": _share(one.earlier.gap),
        "gap": None if one.gap is None else _share(one.gap),
        "state": one.state,
    }


def earlier_of(document: Json) -> tuple[Earlier, ...]:
    """The shortcomings of a `CODE.json`; ValueError where it is no health check of ours."""
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError("no health check")
    try:
        return tuple(
            Earlier(
                str(item["figure"]),
                tuple(str(level) for level in item["category"]),
                _gap(item),
            )
            for item in document["shortcomings"]
        )
    except (KeyError, TypeError, ArithmeticError) as error:
        raise ValueError("a shortcoming lacks a figure") from error


def _gap(item: Json) -> Fraction:
    share = _fraction(item["part"]) / _fraction(item["whole"])
    return difference(
        item["figure"], share, _fraction(item["peers_part"]) / _fraction(item["peers_whole"])
    )


def _by_number(table: Mapping[str | None, int]) -> list[tuple[str | None, int]]:
    return sorted(table.items(), key=lambda item: (-item[1], item[0] or ""))


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _share(value: Fraction) -> str:
    return f"{rounded(value, 6):f}"


def _fraction(text: object) -> Fraction:
    if not isinstance(text, str):
        raise TypeError("a figure is a text")
    return Fraction(text)


def canonical(value: object) -> object:
    """A value as JSON knows it, the same for equal values in every process.

    For digests: objects are their fields, tables and sets are sorted, since neither the order of
    sets nor that in which an engine gave its rows means anything.
    """
    if value is None or isinstance(value, str | int):
        return value
    if is_dataclass(value):
        return [canonical(getattr(value, item.name)) for item in fields(value)]
    if isinstance(value, Mapping):
        pairs = ([canonical(key), canonical(inner)] for key, inner in value.items())
        return sorted(pairs, key=lambda pair: json.dumps(pair[0]))
    if isinstance(value, Set):
        return sorted((canonical(item) for item in value), key=json.dumps)
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    return str(value)
