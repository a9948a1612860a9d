"""Charts of daily means: a calendar, rows of day cells, small line charts on one scale.

The scale's steps are those of the daily limits of China's air quality index (HJ 633-2012); its
colours fall evenly in lightness, so that they tell apart without hue and in print. Knows no files
and computes no mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from jiesu.briefing import drawing
from jiesu.briefing.document import Figure
from jiesu.briefing.drawing import ACCENT, GREY, INK, PALE, RULE, WIDTH, Point, Scale, n
from jiesu.briefing.labels import Words
from jiesu.briefing.wording import day

STEPS = {"pm25": (35, 75, 115, 150, 250), "pm10": (50, 150, 250, 350, 420)}
COLOURS = ("#fff3e0", "#fdd49e", "#fc8d59", "#d7432c", "#8c1010", "#3d0000")

Daily = Sequence[Fraction | None]


@dataclass(frozen=True, slots=True)
class Series:
    """A place's daily means from `first` on, its mean as printed, and the band of its stations."""

    name: str
    daily: Daily
    mean: str
    value: Fraction | None
    low: Daily = ()
    high: Daily = ()


@dataclass(frozen=True, slots=True)
class Span:
    """What all charts share: the first day, the pollutant with its title, the unit of measure."""

    first: date
    pollutant: str
    title: str
    unit: str

    def colour(self, value: Fraction) -> str:
        return COLOURS[sum(value > step for step in STEPS[self.pollutant])]


def _rect(at: Point, wide: float, high: float, fill: str, stroke: str = "") -> str:
    edge = f' stroke="{stroke}" stroke-width="0.6"' if stroke else ""
    return (
        f'<rect x="{at[0]:.2f}" y="{at[1]:.2f}" width="{wide:.2f}" height="{high:.2f}" '
        f'fill="{fill}"{edge}/>'
    )


def _legend(span: Span, words: Words, y: float, start: float) -> list[str]:
    """One line: the steps with their colours, what missing looks like, the unit of measure."""
    steps = STEPS[span.pollutant]
    labels = [f"≤{steps[0]}"]
    labels += [f"–{step}" for step in steps[1:]]
    labels.append(f">{steps[-1]}")
    x, parts = start, []
    for colour, label in zip(COLOURS, labels, strict=True):
        parts += [
            _rect((x, y - 9), 16, 11, colour, RULE),
            drawing.text((x + 20, y), label, size=11),
        ]
        x += 28 + drawing.text_width(label, 11) + 6
    parts += [*_missing((x, y - 9), 16, 11)]
    missing = words("air.chart.missing")
    parts.append(drawing.text((x + 20, y), missing, size=11))
    x += 34 + drawing.text_width(missing, 11)
    parts.append(drawing.text((x, y), span.unit, size=11, fill=GREY))
    return parts


def _missing(at: Point, wide: float, high: float) -> list[str]:
    x, y = at
    slash = drawing.line((x + 2, y + high - 2), (x + wide - 2, y + 2), stroke=RULE, width=0.8)
    return [_rect(at, wide, high, "#ffffff", RULE), slash]


def calendar_chart(series: Series, span: Span, words: Words) -> Figure:
    """A year as weeks by weekdays: a cell for each day, hatched where there is no value."""
    left, top = 40.0, 26.0
    days = [span.first + timedelta(i) for i in range(len(series.daily))]
    start = span.first - timedelta(span.first.weekday())
    n_weeks = (days[-1] - start).days // 7 + 1
    cell = min(22.0, (WIDTH - left - 4) / n_weeks)
    names = words("air.weekdays").split(",")
    high = min(cell, 16.0) if n_weeks < 30 else cell
    high = max(high, 12.0)
    parts = [
        drawing.text((left - 7, top + (i + 0.5) * high + 4), name, size=10, anchor="end", fill=GREY)
        for i, name in enumerate(names)
        if i % 2 == 0
    ]
    months = words("air.months").split(",")
    for value, when in zip(series.daily, days, strict=True):
        x = left + ((when - start).days // 7) * cell
        at = (x, top + when.weekday() * high)
        if value is None:
            parts += _missing(at, cell - 1.2, high - 1.2)
        else:
            parts.append(_rect(at, cell - 1.2, high - 1.2, span.colour(value)))
        if when.day == 1:
            label = months[when.month - 1]
            parts.append(drawing.text((x, top - 9), label, size=11))
    height = int(top + 7 * high + 34)
    parts += _legend(span, words, height - 8.0, left)
    known = [
        (value, when) for value, when in zip(series.daily, days, strict=True) if value is not None
    ]
    most, when = max(
        known, default=(Fraction(0), days[0]), key=lambda pair: (pair[0], -pair[1].toordinal())
    )
    description = words(
        "air.chart.city.description",
        valid=len(known),
        missing=len(days) - len(known),
        day=day(when, words),
        value=f"{float(most):.0f}",
        unit=span.unit,
    )
    caption = words("air.chart.city", headline=span.title)
    return _figure("air-calendar", caption, description, height, parts)


ROWS = 44
"""So many rows of day cells fit on a page."""


def strips_charts(rows: Sequence[Series], span: Span, words: Words, what: str) -> list[Figure]:
    """The rows of `_strips`, in as many figures as they need."""
    return [
        _strips(rows[i : i + ROWS], i // ROWS + 1, span, words, what)
        for i in range(0, len(rows), ROWS)
    ]


def _strips(rows: Sequence[Series], number: int, span: Span, words: Words, what: str) -> Figure:
    """A row for each place, a cell for each day; one line where days have no value."""
    size = 11.0
    left = min(max((drawing.text_width(row.name, size) for row in rows), default=40.0) + 12, 190.0)
    top, high = 24.0, 15.0
    n_days = max(len(row.daily) for row in rows)
    room = WIDTH - left - 42
    wide = min(room / n_days, 14.0)
    parts = _month_marks(span, n_days, left, wide, top - 8, words)
    for i, row in enumerate(rows):
        y = top + i * high
        parts.append(drawing.text((left - 7, y + high - 4), row.name, size=size, anchor="end"))
        parts += _strip(row.daily, span, left, y, wide, high - 2)
        end = (left + n_days * wide + 6, y + high - 4)
        parts.append(drawing.text(end, row.mean, size=size))
    height = int(top + high * len(rows) + 30)
    parts += _legend(span, words, height - 8.0, left if left < 120 else 40.0)
    caption = words("air.chart.strip", headline=span.title, what=what)
    description = words("air.chart.strip.description", n=len(rows))
    return _figure(f"air-strips-{number}", caption, description, height, parts)


def _strip(daily: Daily, span: Span, x: float, y: float, wide: float, high: float) -> list[str]:
    """Neighbouring days of one colour are one rectangle, so that a year is not 366 of them."""
    parts: list[str] = []
    begin = 0
    kinds = [None if value is None else span.colour(value) for value in daily]
    gap = 0.8 if wide > 5 else 0.0
    for i in range(1, len(kinds) + 1):
        if i < len(kinds) and kinds[i] == kinds[begin] and not (gap and kinds[i] is not None):
            continue
        at, width = (x + begin * wide, y), (i - begin) * wide - gap
        colour = kinds[begin]
        if colour is not None:
            parts.append(_rect(at, width, high, colour))
        else:
            middle = y + high / 2
            parts.append(
                drawing.line((at[0], middle), (at[0] + width, middle), stroke=RULE, width=0.8)
            )
        begin = i
    return parts


def _month_marks(
    span: Span, n_days: int, left: float, wide: float, y: float, words: Words
) -> list[str]:
    months = words("air.months").split(",")
    parts = []
    for i in range(n_days):
        when = span.first + timedelta(i)
        if when.day == 1:
            x = left + i * wide
            parts.append(drawing.text((x, y), months[when.month - 1], size=10, fill=GREY))
    return parts


PANEL_GAP, PANEL_HIGH, PANEL_TOP, PANEL_FOOT = 26.0, 92.0, 22.0, 44.0


PANELS = 18
"""So many small charts fit on a page; of more another figure is made."""


def lines_charts(rows: Sequence[Series], span: Span, words: Words, what: str) -> list[Figure]:
    """A small line chart for each place, side by side, all on one scale."""
    values = (float(v) for row in rows for v in (*row.daily, *row.high) if v is not None)
    most = max(values, default=1.0) * 1.05
    return [
        _panels(rows[i : i + PANELS], i // PANELS + 1, most, span, words, what)
        for i in range(0, len(rows), PANELS)
    ]


def _panels(
    rows: Sequence[Series], number: int, most: float, span: Span, words: Words, what: str
) -> Figure:
    n_columns = 2 if len(rows) <= 8 else 3
    wide = (WIDTH - 34 - (n_columns - 1) * PANEL_GAP) / n_columns
    n_rows = -(-len(rows) // n_columns)
    parts: list[str] = []
    for i, row in enumerate(rows):
        column = i % n_columns
        x = 34 + column * (wide + PANEL_GAP)
        y = PANEL_TOP + (i // n_columns) * (PANEL_HIGH + PANEL_FOOT)
        frame = (x, y, x + wide, y + PANEL_HIGH)
        parts += _panel(row, span, words, frame, most, with_axis=column == 0)
    height = int(PANEL_TOP + n_rows * (PANEL_HIGH + PANEL_FOOT) + 14)
    parts += _lines_legend(rows, span, words, height - 8.0)
    caption = words("air.chart.lines", headline=span.title, what=what)
    description = words("air.chart.lines.description", n=len(rows))
    return _figure(f"air-lines-{number}", caption, description, height, parts)


def _panel(
    row: Series, span: Span, words: Words, frame: drawing.Box, most: float, *, with_axis: bool
) -> list[str]:
    n_days = len(row.daily)
    x = Scale(0, max(n_days - 1, 1), frame[0], frame[2])
    y = Scale(0, most, frame[3], frame[1])
    parts = [drawing.text((frame[0], frame[1] - 6), row.name, size=11.5)]
    parts.append(drawing.text((frame[2], frame[1] - 6), row.mean, size=11.5, anchor="end"))
    for value in drawing.ticks(0, most, 3):
        parts.append(
            drawing.line((frame[0], y(value)), (frame[2], y(value)), stroke=PALE, width=0.8)
        )
        if with_axis:
            label = drawing.tick_text(value)
            parts.append(drawing.text((frame[0] - 5, y(value) + 4), label, size=10, anchor="end"))
    parts += _band(row, x, y)
    if row.value is not None:
        at = y(float(row.value))
        parts.append(drawing.line((frame[0], at), (frame[2], at), stroke=ACCENT, dash="4 3"))
    for run in _runs(row.daily):
        points = [(x(i), y(float(value))) for i, value in run]
        if len(points) == 1:
            parts.append(drawing.circle(points[0], 0.9, fill=INK, stroke=INK))
        else:
            parts.append(drawing.polyline(points, width=1.1 if n_days < 120 else 0.8))
    parts += _panel_months(span, words, n_days, x, frame)
    return parts


def _panel_months(span: Span, words: Words, n_days: int, x: Scale, frame: drawing.Box) -> list[str]:
    months = words("air.months").split(",")
    firsts = [i for i in range(n_days) if (span.first + timedelta(i)).day == 1]
    every = 1 if len(firsts) < 5 else 2 if len(firsts) < 8 else 3
    parts = [drawing.line((frame[0], frame[3]), (frame[2], frame[3]), stroke=RULE)]
    for i in firsts:
        parts.append(drawing.line((x(i), frame[3]), (x(i), frame[3] + 3)))
    for i in firsts[::every]:
        label = months[(span.first + timedelta(i)).month - 1]
        parts.append(drawing.text((x(i), frame[3] + 14), label, size=10, fill=GREY))
    return parts


def _band(row: Series, x: Scale, y: Scale) -> list[str]:
    """The stretch from the lowest to the highest of a place's stations, as one shape a run."""
    if not row.low:
        return []
    parts = []
    high = dict(pair for run in _runs(row.high) for pair in run)
    for run in _runs(row.low):
        lower = [(x(i), y(float(value))) for i, value in run]
        upper = [(x(i), y(float(high[i]))) for i, _ in reversed(run)]
        points = " ".join(f"{n(a)},{n(b)}" for a, b in [*lower, *upper])
        parts.append(f'<polygon points="{points}" fill="{PALE}"/>')
    return parts


def _runs(daily: Daily) -> list[list[tuple[int, Fraction]]]:
    """Days in a row that have a value, with their numbers."""
    runs: list[list[tuple[int, Fraction]]] = [[]]
    for i, value in enumerate(daily):
        if value is not None:
            runs[-1].append((i, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _lines_legend(rows: Sequence[Series], span: Span, words: Words, y: float) -> list[str]:
    x = 34.0
    parts = []
    marks = [(drawing.line((0, 0), (18, 0), stroke=ACCENT, dash="4 3"), words("air.chart.mean"))]
    if any(row.low for row in rows):
        marks.append((_rect((0, -5), 18, 10, PALE), words("air.chart.band")))
    for mark, label in marks:
        parts.append(f'<g transform="translate({n(x)} {n(y - 4)})">{mark}</g>')
        parts.append(drawing.text((x + 23, y), label, size=11))
        x += 39 + drawing.text_width(label, 11)
    parts.append(drawing.text((x, y), span.unit, size=11, fill=GREY))
    return parts


def _figure(key: str, caption: str, description: str, height: int, parts: Sequence[str]) -> Figure:
    svg = drawing.picture(key, WIDTH, height, caption, description, parts)
    return Figure(key, caption, svg, WIDTH, height, description)
