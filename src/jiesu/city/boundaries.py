"""A city's own boundaries for the map: whether the file can be used, not how it is drawn."""

import json
from pathlib import Path

from jiesu.core.problems import Problem

MAX_BYTES = 256 * 1024 * 1024

_REMEDY = "give a GeoJSON FeatureCollection whose features have properties.code, or remove the key"


def checked_boundaries(path: Path) -> list[Problem]:
    """The first thing that is wrong with a boundaries file; an empty list when it can be used.

    Features are Polygons or MultiPolygons with the unit's code in `properties.code`.
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
        if not _is_area(feature):
            where = f"features[{number}]"
            return [Problem(path.name, where, "no area with a unit's code", _REMEDY)]
    return []


def _is_area(feature: object) -> bool:
    match feature:
        case {
            "properties": {"code": str(code)},
            "geometry": {"type": "Polygon", "coordinates": [[[_, _, *_], *_], *_]},
        }:
            return bool(code)
        case {
            "properties": {"code": str(code)},
            "geometry": {"type": "MultiPolygon", "coordinates": [[[[_, _, *_], *_], *_], *_]},
        }:
            return bool(code)
    return False
