"""A city's own boundaries for the map: whether the file can be used, not how it is drawn."""

import json
from pathlib import Path

from jiesu.core.problems import Problem

MAX_BYTES = 256 * 1024 * 1024
_LEAST_POINTS = 3

_REMEDY = "give a GeoJSON FeatureCollection whose features have properties.code, or remove the key"


def checked_boundaries(path: Path) -> list[Problem]:
    """The first thing that is wrong with a boundaries file; an empty list when it can be used.

    Features are Polygons or MultiPolygons with the unit's code in `properties.code`; every point
    of every ring is looked at.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            return [Problem(path.name, "", "the file is larger than 256 MB", _REMEDY)]
        document = json.loads(path.read_bytes())
    except OSError as error:
        return [Problem(path.name, "", f"cannot be read ({error.strerror})", _REMEDY)]
    except (ValueError, RecursionError):
        return [Problem(path.name, "", "not a JSON document", _REMEDY)]
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        return [Problem(path.name, "type", "not a GeoJSON FeatureCollection", _REMEDY)]
    features = document.get("features")
    if not isinstance(features, list):
        return [Problem(path.name, "features", "not a list of features", _REMEDY)]
    for number, feature in enumerate(features, start=1):
        if what := _wrong_area(feature):
            return [Problem(path.name, f"features[{number}]", what, _REMEDY)]
    return []


def _wrong_area(feature: object) -> str:
    """What is wrong with a feature; empty for an area with a unit's code."""
    match feature:
        case {
            "properties": {"code": str(code)},
            "geometry": {"type": "Polygon", "coordinates": [*rings]},
        } if code:
            polygons: list[object] = [rings]
        case {
            "properties": {"code": str(code)},
            "geometry": {"type": "MultiPolygon", "coordinates": [*polygons]},
        } if code and polygons:
            pass
        case _:
            return "no area with a unit's code"
    if not all(isinstance(polygon, list) and polygon for polygon in polygons):
        return "a polygon has no ring"
    rings = [ring for polygon in polygons if isinstance(polygon, list) for ring in polygon]
    if not all(isinstance(ring, list) and len(ring) >= _LEAST_POINTS for ring in rings):
        return "a ring has fewer than three points"
    if not all(_is_point(point) for ring in rings for point in ring):
        return "a point is not a longitude and a latitude in degrees"
    return ""


def _is_point(point: object) -> bool:
    """True for RFC 7946's positions: degrees east and north, further numbers left aside."""
    match point:
        case [float() | int() as x, float() | int() as y, *_]:
            # JSON's true is an int in Python, and NaN fails every comparison.
            return bool not in (type(x), type(y)) and abs(x) <= 180 and abs(y) <= 90
    return False
