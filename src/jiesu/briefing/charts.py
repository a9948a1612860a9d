"""The bulletin's charts as SVG: score against cases as a funnel, and paths of ranks.

Made from final figures without any library; `maps` draws the third kind. A chart that would
say nothing (too few units, one period only) is `None`.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from jiesu.briefing import drawing
from jiesu.briefing.document import Figure
from jiesu.briefing.drawing import ACCENT, GREY, INK, PALE, RULE, WIDTH, Point, Scale
from jiesu.briefing.scene import Scene
from jiesu.briefing.wording import lowered, period_label
from jiesu.core.result import Funnel, Group, RankPoint, UnitResult

FunnelPoint = tuple[float, float, UnitResult]
"""Cases, score and unit."""

FEWEST_FOR_FUNNEL = 5
ENDS_IN_PATHS = 4
"""Of a long ranking, so many units from each end have their paths drawn."""
ALL_IN_PATHS = 40
"""Up to so many units, the others' paths stand pale behind."""
MOST_LABELS = 14
LOG_FROM = 20
"""The axis of cases is logarithmic when the largest unit is so many times the smallest."""


def funnel_chart(scene: Scene, group: Group) -> Figure | None:
    """Scores against the cases they stand on, with the limits of chance."""
    points = _funnel_points(scene, group)
    if group.funnel is None or len(points) < FEWEST_FOR_FUNNEL:
        return None
    words, funnel = scene.words, group.funnel
    height, frame = 380, (52.0, 26.0, 624.0, 316.0)
    x, y = _funnel_scales(points, float(funnel.centre), frame)
    whole = words.known(f"fact.{_whole_fact(scene)}", words("column.whole"))
    axis = words("chart.funnel.x_log" if x.log else "chart.funnel.x", whole=whole)
    middle = (frame[0] + frame[2]) / 2
    parts = [
        *_axes(x, y, frame),
        drawing.text((middle, frame[3] + 34), axis, anchor="middle"),
        drawing.text((frame[0] - 44, 12), scene.score, size=11, fill=GREY),
        *_funnel_limits(funnel, x, y, frame),
        *_funnel_marks(scene, points, funnel, x, y, frame),
        *_funnel_legend(scene, funnel, height),
    ]
    score = lowered(scene.score, words)
    title = words("chart.funnel", group=scene.group_title(group), score=score, whole=whole)
    above = sum(_side(point, funnel) > 0 for point in points)
    below = sum(_side(point, funnel) < 0 for point in points)
    description = words(
        "chart.funnel.description",
        group=scene.group_title(group),
        n=len(points),
        whole=whole,
        score=score,
        centre=f"{funnel.centre:f}",
        above=above,
        below=below,
    )
    key = f"funnel-{scene.anchor(group.key)}"
    svg = drawing.picture(key, WIDTH, height, title, description, parts)
    return Figure(key, title, svg, WIDTH, height, description)


def _side(point: FunnelPoint, funnel: Funnel) -> int:
    """1 above the limits of chance, -1 below them, 0 within."""
    _, score, unit = point
    if unit.within_chance is not False:
        return 0
    return 1 if score > float(funnel.centre) else -1


def _funnel_marks(
    scene: Scene,
    points: Sequence[FunnelPoint],
    funnel: Funnel,
    x: Scale,
    y: Scale,
    frame: drawing.Box,
) -> list[str]:
    """Circles within, triangles outside; the farthest are named.

    A unit that lies below the picture stands on its lower edge, named with its score.
    """
    parts, named = [], []
    # Circles first, so that what stands out lies on top.
    for point in sorted(points, key=lambda point: abs(_side(point, funnel))):
        n, score, unit = point
        cut = score < y.low
        at = (x(n), frame[3] - 5 if cut else y(score))
        side = _side(point, funnel)
        if side == 0:
            parts.append(drawing.circle(at, 2.6, stroke=GREY))
        else:
            fill = INK if side > 0 else ACCENT
            parts.append(drawing.triangle(at, 4.2, up=side > 0, fill=fill))
        if side or cut:
            label = f"{scene.short_name(unit)} {unit.score:f}" if cut else scene.short_name(unit)
            named.append((-abs(score - float(funnel.centre)), at, label))
    anchors = [(at, label) for _, at, label in sorted(named)[:MOST_LABELS]]
    taken = [(at[0] - 5, at[1] - 5, at[0] + 5, at[1] + 5) for at, _ in anchors]
    return parts + drawing.place_labels(anchors, frame, taken)


def _whole_fact(scene: Scene) -> str:
    facts = {rule.whole for rule in scene.policy.rates if rule.weight}
    return facts.pop() if len(facts) == 1 else ""


def _funnel_points(scene: Scene, group: Group) -> list[FunnelPoint]:
    """Cases, score and unit of each ranked unit; the cases are the fewest a weighted rate has."""
    weighted = [key for key, weight in scene.weights(group.key).items() if weight]
    points = []
    for unit in group.units:
        wholes = [unit.figures.rates[key].whole for key in weighted if key in unit.figures.rates]
        if unit.rank is not None and unit.score is not None and wholes and min(wholes):
            points.append((float(min(wholes)), float(unit.score), unit))
    return points


def _funnel_scales(
    points: Sequence[FunnelPoint], centre: float, frame: drawing.Box
) -> tuple[Scale, Scale]:
    sizes = [n for n, _, _ in points]
    scores = sorted([score for _, score, _ in points] + [centre])
    log = max(sizes) >= LOG_FROM * min(sizes)
    left, right = (min(sizes) * 0.85, max(sizes) * 1.15) if log else (0.0, max(sizes) * 1.06)
    low, high = scores[0], scores[-1]
    # One unit of two cases must not press all the others into a band at the top.
    usual = scores[len(scores) // 50]
    if centre - low > 2 * (centre - usual) > 0:
        low = centre - 1.4 * (centre - usual)
    room = max((high - low) * 0.06, 0.5)
    bottom, top = max(0.0, low - room), min(100.5, high + room)
    x = Scale(left, right, frame[0], frame[2], log)
    return x, Scale(bottom, max(top, bottom + 1), frame[3], frame[1])


def _axes(x: Scale, y: Scale, frame: drawing.Box) -> list[str]:
    parts = []
    for value in drawing.ticks(y.low, y.high):
        parts.append(drawing.line((frame[0], y(value)), (frame[2], y(value)), stroke=PALE))
        label = drawing.tick_text(value)
        parts.append(drawing.text((frame[0] - 7, y(value) + 4), label, size=11, anchor="end"))
    marks = drawing.log_ticks(x.low, x.high) if x.log else drawing.ticks(x.low, x.high, 7)
    for value in marks:
        at = x(value)
        parts.append(drawing.line((at, frame[3]), (at, frame[3] + 4)))
        label = drawing.tick_text(value)
        parts.append(drawing.text((at, frame[3] + 17), label, size=11, anchor="middle"))
    parts.append(drawing.line((frame[0], frame[3]), (frame[2], frame[3]), stroke=INK))
    return parts


def _funnel_limits(funnel: Funnel, x: Scale, y: Scale, frame: drawing.Box) -> list[str]:
    """The two curves, cut where they leave the picture, and the centre line."""
    centre = y(float(funnel.centre))
    parts = [drawing.line((frame[0], centre), (frame[2], centre), stroke=INK, width=1.2)]
    limits = [limit for limit in funnel.limits if x.low <= limit.n <= x.high]
    for side in ("low", "high"):
        curve = [(x(limit.n), y(float(getattr(limit, side)))) for limit in limits]
        for piece in _inside(curve, frame):
            parts.append(drawing.polyline(piece, stroke=INK, width=1, dash="5 3"))
    return parts


def _inside(curve: Sequence[Point], frame: drawing.Box) -> list[list[Point]]:
    """The pieces of a curve that lie in the frame, cut at its top and bottom edge."""
    pieces: list[list[Point]] = []
    piece: list[Point] = []
    for a, b in pairwise(curve):
        cut = _cut(a, b, frame[1], frame[3])
        if cut is None:
            continue
        start, end = cut
        if piece and piece[-1] == start:
            piece.append(end)
        else:
            piece = [start, end]
            pieces.append(piece)
    return pieces


def _cut(a: Point, b: Point, top: float, bottom: float) -> tuple[Point, Point] | None:
    """The part of a line between two heights, `None` when there is none."""
    if max(a[1], b[1]) < top or min(a[1], b[1]) > bottom:
        return None

    def at(y: float) -> Point:
        share = (y - a[1]) / (b[1] - a[1])
        return a[0] + share * (b[0] - a[0]), y

    start = at(top) if a[1] < top else at(bottom) if a[1] > bottom else a
    end = at(top) if b[1] < top else at(bottom) if b[1] > bottom else b
    return start, end


def _funnel_legend(scene: Scene, funnel: Funnel, height: int) -> list[str]:
    """Below the axis, one line: what each mark means."""
    words, y, x = scene.words, height - 6.0, 52.0
    parts: list[str] = []
    marks = [
        (
            drawing.line((0, 0), (18, 0), stroke=INK, width=1.2),
            words("chart.centre", value=f"{funnel.centre:f}"),
        ),
        (
            drawing.line((0, 0), (18, 0), stroke=INK, dash="5 3"),
            words("chart.limits"),
        ),
        (drawing.triangle((9, 0), 4.2, up=True, fill=INK), words("chart.above")),
        (drawing.circle((9, 0), 2.6, stroke=GREY), words("chart.within")),
        (drawing.triangle((9, 0), 4.2, up=False, fill=ACCENT), words("chart.below")),
    ]
    wide = sum(39 + drawing.text_width(label, 11) for _, label in marks)
    # What does not fit at eleven is set smaller, all marks alike.
    size = min(11.0, 11 * (WIDTH - x) / wide)
    for mark, label in marks:
        parts.append(f'<g transform="translate({x:.1f} {y - 4:.1f})">{mark}</g>')
        parts.append(drawing.text((x + 23, y), label, size=size))
        x += 23 + drawing.text_width(label, size) + 16 * size / 11
    return parts


# The paths of ranks --------------------------------------------------------------------------


def paths_chart(scene: Scene, group: Group) -> Figure | None:
    """Ranks over the periods at hand, for the units at both ends of this period's ranking."""
    paths, periods = _aligned(scene.evaluation.paths.get(group.key, {}))
    drawn = [unit for unit in group.units if unit.rank is not None and _n_ranked(paths, unit) > 1]
    if len(drawn) < 2:
        return None
    top, bottom = _ends(drawn)
    worst = max(p.rank or 1 for unit in drawn for p in paths[unit.unit])
    height = 340
    label_room = max(drawing.text_width(_path_label(scene, unit), 11) for unit in [*top, *bottom])
    frame = (40.0, 30.0, WIDTH - min(label_room, 230.0) - 34, height - 34.0)
    x = Scale(0, len(periods) - 1, frame[0] + 8, frame[2])
    y = Scale(1, max(worst, 2), frame[1], frame[3])
    parts = _path_axes(scene, periods, x, y, frame)
    if len(drawn) <= ALL_IN_PATHS:
        others = [unit for unit in drawn if unit not in top and unit not in bottom]
        for unit in others:
            parts += _path(paths[unit.unit], x, y, RULE, 0.8, "")
    for unit in top:
        parts += _path(paths[unit.unit], x, y, INK, 1.8, "", mark=True)
    for unit in bottom:
        parts += _path(paths[unit.unit], x, y, ACCENT, 1.8, "6 3", mark=True)
    parts += _path_labels(scene, [*top, *bottom], y, frame)
    return _paths_figure(scene, group, [*top, *bottom], periods, height, parts)


def _paths_figure(
    scene: Scene,
    group: Group,
    units: Sequence[UnitResult],
    periods: Sequence[str],
    height: int,
    parts: Sequence[str],
) -> Figure:
    words, title = scene.words, scene.group_title(group)
    ends = "".join(
        words("chart.paths.end", name=scene.unit_name(unit), rank=scene.rank_words(group, unit))
        for unit in units
    )
    caption = words("chart.paths", group=title)
    description = words(
        "chart.paths.description",
        group=title,
        n=len(units),
        first=period_label(periods[0], words),
        last=period_label(periods[-1], words),
        ends=ends,
    ).strip()
    key = f"paths-{scene.anchor(group.key)}"
    svg = drawing.picture(key, WIDTH, height, caption, description, parts)
    return Figure(key, caption, svg, WIDTH, height, description)


def _aligned(
    paths: Mapping[str, Sequence[RankPoint]],
) -> tuple[dict[str, list[RankPoint]], list[str]]:
    """Every path over the same periods, oldest first; a unit is unranked where it has no point."""
    periods = sorted({point.period for points in paths.values() for point in points})
    full = {}
    for unit, points in paths.items():
        known = {point.period: point for point in points}
        full[unit] = [known.get(label, RankPoint(label, None, None)) for label in periods]
    return full, periods


def _n_ranked(paths: Mapping[str, Sequence[RankPoint]], unit: UnitResult) -> int:
    return sum(point.rank is not None for point in paths.get(unit.unit, ()))


def _ends(units: Sequence[UnitResult]) -> tuple[list[UnitResult], list[UnitResult]]:
    """The first and the last few, never one unit twice."""
    n = min(ENDS_IN_PATHS, len(units) // 2)
    return list(units[:n]), list(units[-n:])


def _path_axes(
    scene: Scene, periods: Sequence[str], x: Scale, y: Scale, frame: drawing.Box
) -> list[str]:
    parts = [drawing.text((frame[0] - 34, 14), scene.words("chart.rank"), size=11, fill=GREY)]
    marks = [1.0, *(v for v in drawing.ticks(1, y.high) if y(v) - y(1) > 14 and y.high - v > 0)]
    if y(y.high) - y(marks[-1]) < 14 and len(marks) > 1:
        marks.pop()
    for value in [*marks, y.high]:
        parts.append(drawing.line((frame[0], y(value)), (frame[2], y(value)), stroke=PALE))
        label = drawing.tick_text(value)
        parts.append(drawing.text((frame[0] - 7, y(value) + 4), label, size=11, anchor="end"))
    every = 1 + (len(periods) - 1) // 9
    for i, period in enumerate(periods):
        at = x(i)
        parts.append(drawing.line((at, frame[1]), (at, frame[3]), stroke=PALE))
        if (len(periods) - 1 - i) % every == 0:
            middle = (at, frame[3] + 20)
            parts.append(drawing.text(middle, period, size=11, anchor="middle"))
    return parts


def _path(
    points: Sequence[RankPoint],
    x: Scale,
    y: Scale,
    stroke: str,
    width: float,
    dash: str,
    *,
    mark: bool = False,
) -> list[str]:
    """A unit's line, broken where it was not ranked."""
    parts, run = [], []
    for i, point in enumerate([*points, None]):
        if point is not None and point.rank is not None:
            run.append((x(i), y(point.rank)))
            continue
        if len(run) > 1:
            parts.append(drawing.polyline(run, stroke=stroke, width=width, dash=dash))
        if mark:
            fill = stroke if not dash else "#ffffff"
            parts += [drawing.circle(at, 2.8, fill=fill, stroke=stroke) for at in run]
        run = []
    return parts


def _path_label(scene: Scene, unit: UnitResult) -> str:
    return f"{unit.rank} {scene.short_name(unit)}"


def _path_labels(
    scene: Scene, units: Sequence[UnitResult], y: Scale, frame: drawing.Box
) -> list[str]:
    """Names at the right end, moved apart where ranks are close, with a thin lead to each."""
    ordered = sorted(units, key=lambda unit: unit.rank or 0)
    wanted = [y(unit.rank or 1) for unit in ordered]
    placed = drawing.spread_out(wanted, frame[1] - 8, frame[3] + 8, 14.5)
    parts = []
    for unit, at, label_at in zip(ordered, wanted, placed, strict=True):
        parts.append(
            drawing.line((frame[2] + 4, at), (frame[2] + 18, label_at), stroke=RULE, width=0.7)
        )
        parts.append(drawing.text((frame[2] + 21, label_at + 4), _path_label(scene, unit), size=11))
    return parts
