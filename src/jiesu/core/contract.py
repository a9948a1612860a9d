"""`evaluation.json`: the one form in which other programs may rely on an evaluation.

Documented in docs/evaluation-json.md, with a JSON Schema beside it; figures are exact and
leave as integers or decimal strings, never as floats.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jiesu.core.measures import MeasureTable
from jiesu.core.period import Period
from jiesu.core.policy import Policy
from jiesu.core.result import (
    Evaluation,
    Figures,
    Funnel,
    Group,
    Interval,
    ListedUnit,
    NamedList,
    RankPoint,
    Rate,
    Totals,
    UnitResult,
)
from jiesu.core.scoring import exact_text, rounded

SCHEMA = "jiesu.evaluation/1"

Json = dict[str, Any]


def evaluation_document(evaluation: Evaluation) -> Json:
    """The evaluation as plain values, ready for `json.dumps`."""
    policy, source = evaluation.policy, evaluation.input
    previous = evaluation.previous_period
    return {
        "schema": SCHEMA,
        "city": dict(evaluation.city),
        "synthetic": evaluation.synthetic,
        "as_of": evaluation.as_of.isoformat(),
        "period": _period(evaluation.period),
        "previous_period": None if previous is None else _period(previous),
        "policy": {
            "name": policy.name,
            "version": policy.version,
            "digest": policy.digest,
            "weights": {rate.key: exact_text(rate.weight) for rate in policy.rates},
            "long_periods": policy.long_periods,
            "totals": policy.totals,
        },
        "input": {
            "files": [{"name": file.name, "sha256": file.sha256} for file in source.files],
            "digest": source.digest,
            "accepted": source.accepted,
            "rejected": source.rejected,
            "duplicates": source.duplicates,
        },
        "groups": [_group(group, evaluation) for group in evaluation.groups],
        "lists": [_list(named) for named in evaluation.lists],
        "totals": _totals(evaluation.totals, policy),
        "notes": [{"key": key, **values} for key, values in evaluation.notes],
        "measures": [_measure(table) for table in evaluation.measures.values()],
    }


def _period(period: Period) -> Json:
    return {
        "label": period.label,
        "kind": period.kind,
        "start": period.start.isoformat(),
        "end": period.end.isoformat(),
    }


def _group(group: Group, evaluation: Evaluation) -> Json:
    policy = evaluation.policy
    paths = evaluation.paths.get(group.key, {})
    return {
        "key": group.key,
        "title": dict(group.title),
        "n_ranked": group.n_ranked,
        "units": [_unit(unit, policy, paths.get(unit.unit, ())) for unit in group.units],
        "pooled": _figures(group.pooled, policy),
        "mean_of_units": _text(group.mean_of_units),
        "funnel": None if group.funnel is None else _funnel(group.funnel),
    }


def _unit(unit: UnitResult, policy: Policy, path: tuple[RankPoint, ...]) -> Json:
    previous, closing = unit.previous, unit.closing_time
    return {
        "unit": unit.unit,
        "name": unit.name,
        "parent": unit.parent,
        "rank": unit.rank,
        "score": _text(unit.score),
        "base_score": _text(unit.base_score),
        "points": _text(unit.points),
        "adjustments": [
            {"points": _text(line.points), "reason": line.reason, "approval": line.approval}
            for line in unit.adjustments
        ],
        "grade": unit.grade,
        "rates": _rates(unit.figures, policy),
        "interval": _interval(unit.figures.interval),
        "within_chance": unit.within_chance,
        "volume": unit.volume,
        "excluded": unit.n_excluded,
        "population": unit.population,
        "per_10000": _text(unit.per_10000),
        "previous": (
            None
            if previous is None
            else {
                "rank": previous.rank,
                "score": _text(previous.score),
            }
        ),
        "previous_volume": unit.previous_volume,
        "change": _text(unit.change),
        "apart": unit.apart,
        "with_excluded": _figures(unit.with_excluded, policy),
        "mean_of_units": _text(unit.mean_of_units),
        "closing_time": (
            None
            if closing is None
            else {
                "n": closing.n,
                "median_hours": closing.median_hours,
                "p90_hours": closing.p90_hours,
            }
        ),
        "path": [
            {"period": point.period, "rank": point.rank, "score": _text(point.score)}
            for point in path
        ],
    }


def _list(named: NamedList) -> Json:
    return {
        "key": named.key,
        "kind": named.kind,
        "group": named.group,
        "title": dict(named.title),
        "available": named.available,
        "measure": named.measure or None,
        "end": named.end or None,
        "units": [_listed(unit) for unit in named.units],
    }


def _listed(unit: ListedUnit) -> Json:
    return {
        "unit": unit.unit,
        "name": unit.name,
        "rank": unit.rank,
        "score": _text(unit.score),
        "position": unit.position,
        "value": _text(unit.value),
        "weak": unit.weak,
    }


def _measure(table: MeasureTable) -> Json:
    measure = table.measure
    return {
        "key": measure.key,
        "title": dict(measure.title),
        "measured_in": dict(measure.measured_in),
        "direction": measure.direction,
        "decimals": measure.decimals,
        "source": measure.source,
        "period": table.period,
        "span": table.span or None,
        "days": table.days,
        "units": len(table.readings),
        "files": [{"name": file.name, "sha256": file.sha256} for file in table.files],
    }


def _totals(totals: Totals, policy: Policy) -> Json:
    return {
        "volume": totals.volume,
        "previous_volume": totals.previous_volume,
        "excluded": totals.excluded,
        "unassigned": totals.unassigned,
        "unlisted": totals.unlisted,
        "lapsed": totals.lapsed,
        "pooled": _figures(totals.figures, policy),
        "with_excluded": _figures(totals.with_excluded, policy),
    }


def _figures(figures: Figures, policy: Policy) -> Json:
    return {"score": _text(figures.score), "rates": _rates(figures, policy)}


def _rates(figures: Figures, policy: Policy) -> Json:
    return {
        rule.key: _rate(figures.rates[rule.key], rule.has_level_weights) for rule in policy.rates
    }


def _rate(rate: Rate, has_level_weights: bool) -> Json:
    part: int | str = exact_text(rate.part) if has_level_weights else int(rate.part)
    document: Json = {
        "part": part,
        "whole": rate.whole,
        "value": None if rate.value is None else _text(rounded(rate.value, 6)),
    }
    if rate.interval is not None:
        document["interval"] = _interval(rate.interval)
    return document


def _interval(interval: Interval | None) -> Mapping[str, str | None] | None:
    if interval is None:
        return None
    return {"low": _text(interval.low), "high": _text(interval.high)}


def _funnel(funnel: Funnel) -> Json:
    return {
        "centre": _text(funnel.centre),
        "dispersion": _text(funnel.dispersion),
        "limits": [
            {"n": limit.n, "low": _text(limit.low), "high": _text(limit.high)}
            for limit in funnel.limits
        ],
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
