"""The charts of a health check: demands by month, the path of ranks, categories beside peers.

Made from final figures without any library. A chart that would say nothing is `None`.
"""

from collections.abc import Sequence

from jiesu.briefing import drawing
from jiesu.briefing.checkup_desk import Desk, share_text
from jiesu.briefing.document import Figure
from jiesu.briefing.drawing import ACCENT, GREY, INK, PALE, RULE, WIDTH, Scale
from jiesu.briefing.wording import period_label, text_width
from jiesu.core.comparison import Compared

BAR, ROW = "#8a8a8a", 25
MOST_CATEGORIES = 12


def volume_chart(desk: Desk) -> Figure | None:
    """One bar a month, with its number on it."""
    months, words = desk.unit.months, desk.words
    if len(months) < 2 or not any(line.volume for line in months):
        return None
    height, frame = 190, (14.0, 26.0, 626.0, 158.0)
    highest = max(line.volume for line in months)
    step = (frame[2] - frame[0]) / len(months)
    parts = [drawing.line((frame[0], frame[3]), (frame[2], frame[3]), stroke=INK)]
    for place, line in enumerate(months):
        middle = frame[0] + step * (place + 0.5)
        top = frame[3] - (frame[3] - frame[1]) * line.volume / highest
        wide = min(34.0, step * 0.62)
        fill = INK if line.volume == highest else BAR
        parts += [
            _bar((middle - wide / 2, top, middle + wide / 2, frame[3]), fill=fill),
            drawing.text((middle, top - 6), f"{line.volume:,}", size=11, anchor="middle"),
            drawing.text(
                (middle, frame[3] + 18), line.period, size=10.5, anchor="middle", fill=GREY
            ),
        ]
    items = words("between").join(
        f"{period_label(line.period, words)} {line.volume:,}" for line in months
    )
    caption = words("checkup.chart.volume")
    description = words("checkup.chart.volume.description", n=len(months), items=items)
    svg = drawing.picture("volumes", WIDTH, height, caption, description, parts)
    return Figure("volumes", caption, svg, WIDTH, height, description)


def _bar(box: drawing.Box, *, fill: str) -> str:
    left, top, right, bottom = box
    return (
        f'<rect x="{drawing.n(left)}" y="{drawing.n(top)}" width="{drawing.n(right - left)}" '
        f'height="{drawing.n(bottom - top)}" fill="{fill}"/>'
    )


def path_chart(desk: Desk) -> Figure | None:
    """The unit's rank in each month at hand, the first rank on top; broken where it has none."""
    points, words = desk.unit.path, desk.words
    ranked = [point for point in points if point.rank is not None]
    if len(ranked) < 2:
        return None
    height, frame = 250, (52.0, 26.0, 612.0, 212.0)
    last = max(desk.unit.n_ranked, *(point.rank or 1 for point in ranked))
    x = Scale(0, len(points) - 1, frame[0] + 12, frame[2] - 12)
    y = Scale(1, max(last, 2), frame[1], frame[3])
    parts = _rank_axis(desk, y, frame)
    for place, point in enumerate(points):
        parts.append(
            drawing.text(
                (x(place), frame[3] + 22), point.period, size=10.5, anchor="middle", fill=GREY
            )
        )
    runs: list[list[drawing.Point]] = [[]]
    marks, taken = [], []
    for place, point in enumerate(points):
        if point.rank is None:
            runs.append([])
            continue
        at = (x(place), y(point.rank))
        runs[-1].append(at)
        above = y(point.rank) > frame[1] + 16
        taken.append(
            drawing.text(
                (at[0], at[1] + (-9 if above else 19)),
                str(point.rank),
                size=11,
                anchor="middle",
                halo=True,
            )
        )
        marks.append(drawing.circle(at, 3.4, fill=INK, stroke=INK))
    parts += [drawing.polyline(run, width=1.8) for run in runs if len(run) > 1]
    items = words("between").join(
        f"{period_label(point.period, words)} {point.rank or words('none')}" for point in points
    )
    caption = words("checkup.chart.path")
    description = words("checkup.chart.path.description", n=len(points), items=items)
    svg = drawing.picture("path", WIDTH, height, caption, description, [*parts, *marks, *taken])
    return Figure("path", caption, svg, WIDTH, height, description)


def _rank_axis(desk: Desk, y: Scale, frame: drawing.Box) -> list[str]:
    inner = [mark for mark in drawing.ticks(1, y.high, 5) if y(mark) - y(1) > 14]
    marks = [1.0, *(mark for mark in inner if y(y.high) - y(mark) > 14), y.high]
    parts = [
        drawing.text((frame[0] - 44, 13), desk.words("checkup.rank"), size=11, fill=GREY),
        drawing.text(
            (frame[2], 13),
            desk.words("checkup.chart.path.of", n=desk.unit.n_ranked),
            size=11,
            fill=GREY,
            anchor="end",
        ),
    ]
    for mark in marks:
        parts += [
            drawing.line((frame[0], y(mark)), (frame[2], y(mark)), stroke=PALE),
            drawing.text((frame[0] - 8, y(mark) + 4), f"{mark:.0f}", size=11, anchor="end"),
        ]
    return parts


def category_chart(desk: Desk, rate: str, rows: Sequence[Compared]) -> Figure | None:
    """A rate in each category: the unit's dot, the peers' tick and their middle half.

    All rows have peers.
    """
    if len(rows) < 2:
        return None
    words = desk.words
    height = 40 + ROW * len(rows) + 26
    frame = (214.0, 26.0, 578.0, 26.0 + ROW * len(rows))
    shown = [float(row.share) for row in rows]
    shown += [float(value) for row in rows for value in (row.peers_share or 0, row.low, row.high)]
    low, high = min(shown), max(shown)
    room = max((high - low) * 0.06, 0.005)
    x = Scale(max(0.0, low - room), min(1.0, high + room), frame[0], frame[2])
    parts: list[str] = []
    for tick in drawing.ticks(x.low * 100, x.high * 100, 5):
        at = x(tick / 100)
        parts += [
            drawing.line((at, frame[1] - 4), (at, frame[3]), stroke=PALE),
            drawing.text(
                (at, frame[3] + 18), f"{drawing.tick_text(tick)}%", size=11, anchor="middle"
            ),
        ]
    for place, row in enumerate(rows):
        parts += _category_row(desk, row, x, frame[1] + ROW * (place + 0.5), frame)
    items = words("between").join(
        words(
            "checkup.chart.categories.row",
            category=desk.category(row.category),
            own=share_text(row.share),
            peers=desk.share(row.peers_share),
        )
        for row in rows
    )
    caption = words("checkup.chart.categories", rate=desk.figure(rate))
    svg = drawing.picture("categories", WIDTH, height, caption, items, parts)
    return Figure("categories", caption, svg, WIDTH, height, items)


def _category_row(desk: Desk, row: Compared, x: Scale, y: float, frame: drawing.Box) -> list[str]:
    low, high, tick, at = (
        x(float(value)) for value in (row.low, row.high, row.peers_share or 0, row.share)
    )
    colour = {"shortcoming": ACCENT, "strength": INK}.get(row.kind or "", GREY)
    fill = colour if row.kind else "#ffffff"
    shown = share_text(row.share)
    return [
        drawing.text((frame[0] - 12, y + 4), _fitted(desk, row), size=11.5, anchor="end"),
        drawing.line((frame[0], y), (frame[2], y), stroke=PALE),
        drawing.line((low, y), (max(high, low + 1), y), stroke=PALE, width=9),
        drawing.line((tick, y - 7), (tick, y + 7), stroke=RULE, width=2),
        drawing.circle(
            (at, y), 4.6, fill=fill, stroke=INK if row.kind != "shortcoming" else ACCENT
        ),
        drawing.text((WIDTH - 8, y + 4), shown, size=11.5, anchor="end", fill=colour or INK),
    ]


def _fitted(desk: Desk, row: Compared) -> str:
    """The category's last levels, cut to the room left of the chart."""
    title = desk.category(row.category)
    if text_width(title) > 16:
        title = desk.category(row.category[-1:])
    while text_width(title) > 16:
        title = title.rstrip("…")[:-1] + "…"
    return title
