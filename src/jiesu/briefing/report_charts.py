"""The charts of reports: intake by day, categories as bars, and hours as a heat map.

Made from counts that are final; a chart that would say nothing is `None`.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from jiesu.briefing import drawing
from jiesu.briefing.document import Figure
from jiesu.briefing.drawing import ACCENT, GREY, INK, PALE, RULE, WIDTH, Scale
from jiesu.briefing.labels import Words
from jiesu.briefing.wording import clean, day, listing, whole_number
from jiesu.core.reporting import Report, Tally
from jiesu.core.scoring import rounded

FEWEST_DAYS = 3
BEFORE = "#c4c4c4"
"""Days before the window; the window itself is in ink, so that it stands out in any print."""


def _rect(x: float, y: float, wide: float, high: float, fill: str) -> str:
    n = drawing.n
    return (
        f'<rect x="{n(x)}" y="{n(y)}" width="{n(max(wide, 0))}" height="{n(max(high, 0))}" '
        f'fill="{fill}"/>'
    )


def days_chart(report: Report, words: Words) -> Figure | None:
    """The intake by day as columns, the days of the window dark, with their mean as a line."""
    days = report.days
    if len(days) < FEWEST_DAYS:
        return None
    height, left, right, top, bottom = 240, 46.0, 632.0, 32.0, 202.0
    most = max(n for _, n in days)
    y = Scale(0, max(most, 1), bottom, top)
    parts = []
    for value in drawing.ticks(0, max(most, 1), 4):
        parts.append(drawing.line((left, y(value)), (right, y(value)), stroke=PALE))
        label = drawing.tick_text(value)
        parts.append(drawing.text((left - 6, y(value) + 4), label, size=11, anchor="end"))
    step = (right - left) / len(days)
    every = 1 + (len(days) - 1) // 10
    start = report.span.window[0].date()
    for i, (when, n) in enumerate(days):
        x = left + i * step
        # A noon-to-noon day bears the date on which it ends.
        inside = when > start or report.span.kind == "monthly"
        fill = INK if inside else BEFORE
        parts.append(_rect(x + step * 0.16, y(n), step * 0.68, bottom - y(n), fill))
        if (len(days) - 1 - i) % every == 0:
            at = (x + step / 2, bottom + 17)
            parts.append(drawing.text(at, f"{when.month}-{when.day:02}", size=11, anchor="middle"))
    total = Fraction(sum(n for _, n in days), len(days))
    mean = f"{rounded(total, 0):,f}"
    at_mean = y(float(total))
    parts.append(drawing.line((left, at_mean), (right, at_mean), stroke=ACCENT, dash="5 3"))
    marks = [(_rect(0, -9, 14, 9, INK), words("report.legend.now"))]
    if report.span.kind != "monthly":
        marks.append((_rect(0, -9, 14, 9, BEFORE), words("report.legend.earlier")))
    dashed = drawing.line((0, -4), (16, -4), stroke=ACCENT, dash="5 3")
    marks.append((dashed, words("report.chart.mean", mean=mean)))
    parts += _legend(marks, right, 12)
    caption = words("report.chart.days")
    (most_day, most_n), (least_day, least_n) = _extremes(days)
    description = words(
        "report.chart.days.text",
        n=len(days),
        most=whole_number(most_n),
        most_day=day(most_day, words),
        least=whole_number(least_n),
        least_day=day(least_day, words),
        mean=mean,
    )
    svg = drawing.picture("days", WIDTH, height, caption, description, parts)
    return Figure("days", caption, svg, WIDTH, height, description)


def _legend(marks: Sequence[tuple[str, str]], right: float, y: float) -> list[str]:
    """Marks with their words in one line that ends at the right edge."""
    parts, x = [], right
    for mark, label in reversed(marks):
        x -= drawing.text_width(label, 11)
        parts.append(drawing.text((x, y), label, size=11, fill=GREY))
        x -= 20
        parts.append(f'<g transform="translate({drawing.n(x)} {drawing.n(y)})">{mark}</g>')
        x -= 14
    return parts


def _extremes(days: Sequence[tuple[date, int]]) -> tuple[tuple[date, int], tuple[date, int]]:
    """The first day with most cases, and the first with fewest."""
    return max(days, key=lambda item: item[1]), min(days, key=lambda item: item[1])


def categories_chart(tallied: Sequence[Tally], words: Words, *, compared: bool) -> Figure | None:
    """The main categories as bars; a mark shows where each stood before."""
    shown = [tally for tally in tallied if tally.value]
    if len(shown) < 2:
        return None
    names = [clean(tally.value, 16) for tally in shown]
    room = max(drawing.text_width(name, 12) for name in names)
    left, right, row = min(room, 200.0) + 16, 580.0, 24.0
    top = 24.0 if compared else 10.0
    height = int(top + 8 + row * len(shown))
    most = max(max(tally.n, tally.before if compared else 0) for tally in shown)
    x = Scale(0, max(most, 1), left, right)
    parts = []
    for i, (tally, name) in enumerate(zip(shown, names, strict=True)):
        y = top + i * row
        parts.append(drawing.text((left - 8, y + 14), name, anchor="end"))
        parts.append(_rect(left, y + 3, x(tally.n) - left, row - 9, INK))
        if compared:
            at = x(tally.before)
            parts.append(drawing.line((at, y), (at, y + row - 3), stroke=ACCENT, width=2))
        label = whole_number(tally.n)
        edge = x(tally.n)
        # A mark just beyond the bar would run through its number.
        if compared and edge < x(tally.before) < edge + 12 + drawing.text_width(label, 11):
            edge = x(tally.before)
        parts.append(drawing.text((edge + 7, y + 14), label, size=11))
    parts.append(drawing.line((left, top - 2), (left, height - 6), stroke=RULE))
    if compared:
        mark = drawing.line((7, -12), (7, 1), stroke=ACCENT, width=2)
        bar = _rect(0, -9, 14, 9, INK)
        marks = [(bar, words("report.legend.now")), (mark, words("report.legend.before"))]
        parts += _legend(marks, 632, 14)
    caption = words("report.chart.categories")
    items = [
        words("report.chart.item", name=name, n=whole_number(tally.n))
        for tally, name in zip(shown, names, strict=True)
    ]
    description = words("report.chart.categories.text", items=listing(items, words))
    svg = drawing.picture("categories", WIDTH, height, caption, description, parts)
    return Figure("categories", caption, svg, WIDTH, height, description)


def hours_chart(report: Report, words: Words) -> Figure | None:
    """The intake of the window by weekday and hour of the local clock, the darker the more."""
    hours = report.hours
    if not hours:
        return None
    height, left, top, wide, high = 232, 46.0, 24.0, 24.2, 26.0
    most = max(hours.values())
    parts = []
    for hour in range(0, 24, 3):
        at = (left + hour * wide + wide / 2, 16.0)
        label = words("report.hour", hour=hour)
        parts.append(drawing.text(at, label, size=11, anchor="middle", fill=GREY))
    for weekday in range(1, 8):
        y = top + (weekday - 1) * (high + 2)
        name = words(f"report.weekday.{weekday}")
        parts.append(drawing.text((left - 8, y + high * 0.66), name, size=11, anchor="end"))
        for hour in range(24):
            n = hours.get((weekday, hour), 0)
            x = left + hour * wide
            parts.append(_rect(x, y, wide - 1.5, high, _shade(n, most)))
            if (weekday, hour) in _peaks(report):
                at = (x + wide / 2 - 0.7, y + high * 0.64)
                parts.append(
                    drawing.text(at, whole_number(n), size=9, anchor="middle", fill="#ffffff")
                )
    (weekday, hour), n = max(hours.items(), key=lambda item: (item[1], (-item[0][0], -item[0][1])))
    caption = words("report.chart.hours")
    name = words(f"report.weekday.{weekday}")
    description = words("report.chart.hours.text", weekday=name, hour=hour, n=whole_number(n))
    svg = drawing.picture("hours", WIDTH, height, caption, description, parts)
    return Figure("hours", caption, svg, WIDTH, height, description)


def _peaks(report: Report) -> set[tuple[int, int]]:
    """The hour with most cases of each weekday, where it has any."""
    found: dict[int, tuple[int, int]] = {}
    for (weekday, hour), n in sorted(report.hours.items()):
        if n > found.get(weekday, (0, 0))[1]:
            found[weekday] = (hour, n)
    return {(weekday, hour) for weekday, (hour, _) in found.items()}


def _shade(n: int, most: int) -> str:
    """From nearly white to ink in equal steps; the same in a black and white print."""
    share = n / most if most else 0.0
    levels = [round(244 - (244 - dark) * share) for dark in (38, 38, 38)]
    return "#" + "".join(f"{level:02x}" for level in levels)
