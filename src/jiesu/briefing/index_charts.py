"""The index's charts as SVG: heat map, radars, bars of contributions.

Made from final figures. Shades are told apart in grey; every cell has its figure in it, and red
is never alone.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from jiesu.briefing import drawing
from jiesu.briefing.document import Figure
from jiesu.briefing.drawing import ACCENT, GREY, INK, PALE, RULE, WIDTH, Point
from jiesu.briefing.index_scene import IndexScene
from jiesu.briefing.maps import SHADES
from jiesu.briefing.wording import signed, text_width
from jiesu.core.index_scores import NOTHING, Contribution
from jiesu.core.indices import UnitIndex

STEPS = (90, 80, 70, 60)
"""Where the shades of the heat map change; the lowest scores are darkest."""

RINGS = (20, 40, 60, 80, 100)
Line = tuple[str, Mapping[str, Fraction | None]]
"""What a line of a radar is called, and its scores by dimension."""

FEWEST_AXES = 3
MOST_SMALL = 25
"""Of more units no small charts are drawn: each would be too small to read."""
SMALL_COLUMNS = 5


def heat_map(scene: IndexScene) -> Figure | None:
    """Units in rank order by dimensions; each cell printed and shaded, the lower the darker."""
    units, keys = scene.ranked, scene.result.tree.dimensions
    if not units or not keys:
        return None
    words = scene.words
    names = [scene.name(unit.unit) for unit in units]
    left = min(150.0, 14 + 11.5 * max(map(text_width, names)))
    head = 26.0 if words.lang == "zh" else 92.0
    row, wide = 21.0, (WIDTH - left - 4) / len(keys)
    top, height = head + 6, int(head + 6 + row * len(units) + 52)
    parts = [_heading(scene.node(key), left + wide * i, wide, head) for i, key in enumerate(keys)]
    last = {key: max(unit.nodes[key].rank or 0 for unit in units) for key in keys}
    framed = []
    for j, unit in enumerate(units):
        y = top + row * j
        parts.append(drawing.text((left - 6, y + 14.5), names[j], size=11, anchor="end"))
        for i, key in enumerate(keys):
            x, standing = left + wide * i, unit.nodes[key]
            score = standing.score
            shown = words("none") if score is None else f"{scene.points(score):.1f}"
            parts += _cell((x, y), wide, row, _shade(score), shown)
            if standing.rank == 1:
                framed.append(_frame((x, y), wide, row, INK))
            elif standing.rank is not None and standing.rank == last[key]:
                framed.append(_frame((x, y), wide, row, ACCENT))
    parts += [*framed, *_legend(scene, top + row * len(units) + 14)]
    title = words("index.heat")
    description = words("index.heat.description", n=len(units))
    svg = drawing.picture("index-heat", WIDTH, height, title, description, parts)
    return Figure("index-heat", title, svg, WIDTH, height, description)


def _heading(name: str, x: float, wide: float, base: float) -> str:
    """A dimension's name over its column; Latin words are turned, they are longer."""
    middle = x + wide / 2
    if name.isascii():
        at = f"{drawing.n(middle)} {drawing.n(base)}"
        turned = drawing.text((middle, base), name, size=10)
        return f'<g transform="rotate(-48 {at})">{turned}</g>'
    size = min(10.5, (wide - 2) / max(text_width(name), 1))
    return drawing.text((middle, base - 4), name, size=size, anchor="middle")


def _shade(score: Fraction | None) -> int:
    """Which shade a score has; -1 for none."""
    if score is None:
        return -1
    return sum(score < step for step in STEPS)


def _cell(at: Point, wide: float, high: float, shade: int, shown: str) -> list[str]:
    x, y = at
    fill = SHADES[shade] if shade >= 0 else "#ffffff"
    ink = "#ffffff" if shade >= 3 else INK
    box = (
        f'<rect x="{drawing.n(x)}" y="{drawing.n(y)}" width="{drawing.n(wide)}" '
        f'height="{drawing.n(high)}" fill="{fill}" stroke="#ffffff" stroke-width="1"/>'
    )
    return [
        box,
        drawing.text((x + wide / 2, y + 14), shown, size=10, anchor="middle", fill=ink),
    ]


def _frame(at: Point, wide: float, high: float, stroke: str) -> str:
    x, y = at
    return (
        f'<rect x="{drawing.n(x + 1)}" y="{drawing.n(y + 1)}" width="{drawing.n(wide - 2)}" '
        f'height="{drawing.n(high - 2)}" fill="none" stroke="{stroke}" stroke-width="1.6"/>'
    )


def _legend(scene: IndexScene, y: float) -> list[str]:
    words = scene.words
    labels = [words("index.heat.from", n=STEPS[0])]
    labels += [words("index.heat.between", low=low, high=high) for high, low in pairwise(STEPS)]
    labels.append(words("index.heat.below", n=STEPS[-1]))
    x, parts = 8.0, [drawing.text((8, y + 11), words("index.heat.legend"), size=10.5)]
    x += drawing.text_width(words("index.heat.legend"), 10.5) + 8
    for shade, label in zip(SHADES, labels, strict=True):
        parts.append(
            f'<rect x="{drawing.n(x)}" y="{drawing.n(y)}" width="18" height="13" '
            f'fill="{shade}" stroke="{RULE}" stroke-width="0.6"/>'
        )
        parts.append(drawing.text((x + 23, y + 11), label, size=10.5))
        x += 34 + drawing.text_width(label, 10.5)
    x, y = 8.0, y + 20
    for key, stroke in (("index.heat.first", INK), ("index.heat.last", ACCENT)):
        parts.append(_frame((x, y), 20, 14, stroke))
        parts.append(drawing.text((x + 25, y + 11), words(key), size=10.5))
        x += 44 + drawing.text_width(words(key), 10.5)
    return parts


# Radars ----------------------------------------------------------------------------------------


def radar(
    scene: IndexScene,
    key: str,
    title: str,
    lines: Sequence[Line],
) -> Figure | None:
    """One large radar; the first line is full, the second dashed."""
    axes = scene.result.tree.dimensions
    if len(axes) < FEWEST_AXES:
        return None
    height, centre, size = 400, (WIDTH / 2, 196.0), 142.0
    parts = _web(len(axes), centre, size)
    for ring in RINGS:
        at = (centre[0] + 3, centre[1] - size * ring / 100 + 10)
        parts.append(drawing.text(at, str(ring), size=8.5, fill=GREY))
    for number, axis in enumerate(axes):
        x, y = _on_axis(number, len(axes), centre, size + 13)
        side = x - centre[0]
        anchor = "middle" if abs(side) < 12 else "start" if side > 0 else "end"
        parts.append(drawing.text((x, y + 4), scene.node(axis), size=11, anchor=anchor))
    styles = ((INK, 2.0, ""), (ACCENT, 1.6, "5 3"))
    x = 14.0
    drawn = [(*line, *style) for line, style in zip(lines, styles, strict=False)]
    for _, scores, stroke, width, dash in reversed(drawn):
        parts += _ring(scores, axes, centre, size, (stroke, width, dash))
    for label, _, stroke, width, dash in drawn:
        start, end = (x, height - 14), (x + 26, height - 14)
        parts.append(drawing.line(start, end, stroke=stroke, width=width, dash=dash))
        parts.append(drawing.text((x + 32, height - 10), label, size=11))
        x += 52 + drawing.text_width(label, 11)
    description = scene.words("index.radar.description")
    svg = drawing.picture(key, WIDTH, height, title, description, parts)
    return Figure(key, title, svg, WIDTH, height, description)


def small_radars(scene: IndexScene) -> Figure | None:
    """A small radar of each ranked unit against the city; axes by number, named below."""
    axes, units = scene.result.tree.dimensions, scene.ranked
    if len(axes) < FEWEST_AXES or not 0 < len(units) <= MOST_SMALL:
        return None
    words, city = scene.words, scene.result.city.scores
    wide, high, size = WIDTH / SMALL_COLUMNS, 148.0, 46.0
    parts: list[str] = []
    for i, unit in enumerate(units):
        across, down = i % SMALL_COLUMNS, i // SMALL_COLUMNS
        centre = (wide * (across + 0.5), high * down + 84)
        name = f"{unit.rank} {scene.name(unit.unit)} {unit.shown:f}"
        parts.append(drawing.text((centre[0], centre[1] - 66), name, size=10.5, anchor="middle"))
        parts += _web(len(axes), centre, size, rings=(50, 100))
        for number in range(len(axes)):
            x, y = _on_axis(number, len(axes), centre, size + 8)
            label = str(number + 1)
            parts.append(drawing.text((x, y + 3), label, size=8, anchor="middle", fill=GREY))
        scores = {key: unit.nodes[key].score for key in axes}
        parts += _ring(city, axes, centre, size, (ACCENT, 1.1, "3 2"))
        parts += _ring(scores, axes, centre, size, (INK, 1.6, ""))
    bottom = high * -(-len(units) // SMALL_COLUMNS) + 22
    below = _numbers([scene.node(key) for key in axes], bottom)
    description = words("index.radar.small.description")
    title = words("index.radar.small")
    height = int(bottom + 16 * len(below[1]) + 4)
    svg = drawing.picture("index-radars", WIDTH, height, title, description, [*parts, *below[0]])
    return Figure("index-radars", title, svg, WIDTH, height, description)


def _numbers(names: Sequence[str], top: float) -> tuple[list[str], list[float]]:
    """The names of the axes by number, in as many lines as they need."""
    x, y, parts, lines = 10.0, top, [], [top]
    for number, name in enumerate(names, start=1):
        label = f"{number} {name}"
        room = drawing.text_width(label, 10.5) + 16
        if x + room > WIDTH and x > 10:
            x, y = 10.0, y + 16
            lines.append(y)
        parts.append(drawing.text((x, y), label, size=10.5))
        x += room
    return parts, lines


def _on_axis(number: int, n: int, centre: Point, distance: float) -> Point:
    """A point on an axis; the first points up, the others follow clockwise."""
    angle = 2 * math.pi * number / n - math.pi / 2
    return centre[0] + distance * math.cos(angle), centre[1] + distance * math.sin(angle)


def _web(n: int, centre: Point, size: float, rings: Sequence[int] = RINGS) -> list[str]:
    parts = []
    for ring in rings:
        corners = [_on_axis(i, n, centre, size * ring / 100) for i in range(n)]
        stroke = RULE if ring == rings[-1] else PALE
        parts.append(drawing.polyline([*corners, corners[0]], stroke=stroke, width=0.8))
    return parts + [
        drawing.line(centre, _on_axis(i, n, centre, size), stroke=PALE, width=0.8) for i in range(n)
    ]


def _ring(
    scores: Mapping[str, Fraction | None],
    axes: Sequence[str],
    centre: Point,
    size: float,
    style: tuple[str, float, str],
) -> list[str]:
    """A unit's line around the web; open where a dimension has no score."""
    stroke, width, dash = style
    corners = [
        None
        if (score := scores.get(key)) is None
        else _on_axis(i, len(axes), centre, size * float(score) / 100)
        for i, key in enumerate(axes)
    ]
    parts = []
    for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
        if start is not None and end is not None:
            parts.append(drawing.line(start, end, stroke=stroke, width=width, dash=dash))
        elif start is not None:
            parts.append(drawing.circle(start, 1.5, fill=stroke, stroke=stroke))
    return parts


# Contributions ---------------------------------------------------------------------------------


def contribution_bars(
    scene: IndexScene, key: str, name: str, contributions: Mapping[str, Contribution]
) -> Figure | None:
    """What each dimension added to the change of a total: bars to the right and to the left."""
    axes = scene.result.tree.dimensions
    if not contributions:
        return None
    totals = [contributions.get(axis, NOTHING).total for axis in axes]
    row, top = 21.0, 14.0
    height = int(top + row * len(axes) + 14)
    names = [scene.node(axis) for axis in axes]
    left = 20 + max(drawing.text_width(one, 11) for one in names)
    low, high = min(*totals, Fraction(0)), max(*totals, Fraction(0))
    room = WIDTH - left - 108
    scale = room / float(high - low) if high > low else 0.0
    zero = left + 54 - float(low) * scale
    parts = [drawing.line((zero, top - 4), (zero, top + row * len(axes)), stroke=RULE)]
    for i, total in enumerate(totals):
        y = top + row * i
        wide = abs(float(total)) * scale
        x = zero if total >= 0 else zero - wide
        fill = INK if total >= 0 else ACCENT
        parts.append(drawing.text((left - 8, y + 12), names[i], size=11, anchor="end"))
        parts.append(
            f'<rect x="{drawing.n(x)}" y="{drawing.n(y + 2)}" width="{drawing.n(wide)}" '
            f'height="13" fill="{fill}"/>'
        )
        anchor, at = ("start", zero + wide + 5) if total >= 0 else ("end", zero - wide - 5)
        label = signed(scene.points(total))
        parts.append(drawing.text((at, y + 12), label, size=10.5, anchor=anchor))
    title = scene.words("index.bars", name=name)
    description = scene.words("index.bars.description")
    svg = drawing.picture(key, WIDTH, height, title, description, parts)
    return Figure(key, title, svg, WIDTH, height, description)


def city_radar(scene: IndexScene) -> Figure | None:
    """The city's radar, against that of the year before where there is one."""
    words, result = scene.words, scene.result
    axes, city = result.tree.dimensions, result.city
    lines: list[Line] = [
        (words("index.radar.year", year=year), {key: scores.get(key) for key in axes})
        for year, scores in ((result.year, city.scores), (result.before, city.scores_before))
        if year is not None
    ]
    return radar(scene, "index-radar", words("index.radar"), lines)


def unit_radar(scene: IndexScene, unit: UnitIndex) -> Figure | None:
    """A unit's radar against the city."""
    axes = scene.result.tree.dimensions
    own = {key: unit.nodes[key].score for key in axes}
    city = {key: scene.result.city.scores.get(key) for key in axes}
    lines: list[Line] = [(scene.name(unit.unit), own), (scene.words("index.radar.city"), city)]
    return radar(scene, "index-radar-unit", scene.words("index.radar.small"), lines)
