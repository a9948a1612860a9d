"""`air.json`: the one form in which other programs may rely on air figures.

Documented in docs/air.md. Exact figures leave as integers or decimal strings, never as floats.
"""

from typing import Any

from jiesu.core.air import UNIT, AirFigure, AirPlace, AirResult
from jiesu.core.scoring import exact_text, rounded

SCHEMA = "jiesu.air/1"

MEAN_DECIMALS = 6

Json = dict[str, Any]


def air_document(result: AirResult) -> Json:
    """The air of a city as plain values, ready for `json.dumps`."""
    rule = result.rule
    return {
        "schema": SCHEMA,
        "from": result.first.isoformat(),
        "until": result.until.isoformat(),
        "month_from": result.month_first.isoformat(),
        "days": result.counts.days,
        "measured_in": UNIT,
        "pollutants": list(rule.pollutants),
        "rule": {
            "min_hours": rule.min_hours,
            "min_share": exact_text(rule.min_share),
            "decimals": rule.decimals,
            "lowest": exact_text(rule.lowest),
            "highest": exact_text(rule.highest),
            "through": rule.through,
        },
        "stations": [_station(place, result) for place in result.stations],
        "districts": [_district(place, result) for place in result.districts],
        "streets": [_street(place, result) for place in result.streets],
    }


def _station(place: AirPlace, result: AirResult) -> Json:
    figure = place.figures[result.headline]
    labels = {one.key: one.label for one in result.districts}
    return {
        "station": place.key,
        "name": place.name,
        "district": None if place.district is None else labels.get(place.district, place.district),
        "days_valid": figure.days_valid,
        "days": figure.days,
        "mean": _mean(figure),
        "listed": place.key not in result.unlisted,
        **_more(place, result),
    }


def _district(place: AirPlace, result: AirResult) -> Json:
    figure = place.figures[result.headline]
    return {
        "district": place.label,
        "unit": place.key,
        "name": place.name,
        "rank": figure.rank,
        "mean": _mean(figure),
        "shown": _shown(figure),
        "days_valid": figure.days_valid,
        "days": figure.days,
        "stations": len(place.stations),
        **_more(place, result),
    }


def _street(place: AirPlace, result: AirResult) -> Json:
    document = _district(place, result)
    document["street"] = document.pop("district")
    document["district"] = place.district
    return document


def _more(place: AirPlace, result: AirResult) -> Json:
    """Low validity, the month's figure, and the other pollutants in full."""
    headline = result.headline
    found: Json = {
        "low_validity": place.figures[headline].weak,
        "month": _figure(place.month[headline]),
    }
    for name in result.rule.pollutants[1:]:
        found[name] = {**_figure(place.figures[name]), "month": _figure(place.month[name])}
    return found


def _figure(figure: AirFigure) -> Json:
    return {
        "rank": figure.rank,
        "mean": _mean(figure),
        "shown": _shown(figure),
        "days_valid": figure.days_valid,
        "days": figure.days,
        "low_validity": figure.weak,
    }


def _mean(figure: AirFigure) -> str | None:
    return None if figure.value is None else f"{rounded(figure.value, MEAN_DECIMALS):f}"


def _shown(figure: AirFigure) -> str | None:
    return None if figure.shown is None else f"{figure.shown:f}"
