"""SVG by hand: text, lines, scales, and labels that keep out of one another's way.

Knows nothing of evaluations. Sizes are SVG units; a page shows WIDTH of them over its text width,
so that a text of 12 is about eight points there.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

INK, GREY, PALE, RULE, ACCENT = "#1c1c1c", "#6b6b6b", "#dcdcdc", "#9a9a9a", "#b3261e"
"""Dark and light differ enough to stand in a black and white print; red is never alone."""

WIDTH = 640

FONTS = "Noto Sans SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, sans-serif"

Point = tuple[float, float]


def n(value: float) -> str:
    """A coordinate with one decimal: enough for print, short in the file."""
    return f"{value:.1f}".removesuffix(".0")


def text(
    at: Point,
    words: str,
    *,
    size: float = 12,
    anchor: str = "start",
    fill: str = INK,
    halo: bool = False,
) -> str:
    """Text on its base line; with a halo it stays readable over points and lines."""
    white = ' stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
    return (
        f'<text x="{n(at[0])}" y="{n(at[1])}" font-size="{n(size)}" text-anchor="{anchor}" '
        f'fill="{fill}"{white if halo else ""}>{escape(words)}</text>'
    )


def line(start: Point, end: Point, *, stroke: str = RULE, width: float = 1, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{n(start[0])}" y1="{n(start[1])}" x2="{n(end[0])}" y2="{n(end[1])}" '
        f'stroke="{stroke}" stroke-width="{n(width)}"{dashed}/>'
    )


def polyline(
    points: Iterable[Point], *, stroke: str = INK, width: float = 1.5, dash: str = ""
) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    joined = " ".join(f"{n(x)},{n(y)}" for x, y in points)
    return (
        f'<polyline points="{joined}" fill="none" stroke="{stroke}" stroke-width="{n(width)}" '
        f'stroke-linejoin="round"{dashed}/>'
    )


def circle(at: Point, radius: float, *, fill: str = "none", stroke: str = GREY) -> str:
    return (
        f'<circle cx="{n(at[0])}" cy="{n(at[1])}" r="{n(radius)}" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="1"/>'
    )


def triangle(at: Point, size: float, *, up: bool, fill: str) -> str:
    x, y = at
    tip, base = (y - size, y + size * 0.7) if up else (y + size, y - size * 0.7)
    points = f"{n(x)},{n(tip)} {n(x - size)},{n(base)} {n(x + size)},{n(base)}"
    return f'<polygon points="{points}" fill="{fill}"/>'


def picture(
    key: str, width: int, height: int, title: str, description: str, parts: Sequence[str]
) -> str:
    """The whole SVG; title and description are read out by screen readers."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" '
        f'aria-labelledby="{key}-title {key}-desc" font-family={quoteattr(FONTS)}>'
        f'<title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-desc">{escape(description)}</desc>{"".join(parts)}</svg>'
    )


def text_width(words: str, size: float) -> float:
    """About how wide a text is: full-width characters one em, Latin ones 0.56."""
    return size * sum(0.56 if ord(char) < 0x2E80 else 1.0 for char in words)


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps numbers to a stretch of the picture, linearly or by logarithm."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(max(value, 1e-9))
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Round numbers between low and high."""
    if high <= low:
        return [low]
    raw = (high - low) / about
    step = 10.0 ** math.floor(math.log10(raw))
    step = next(step * factor for factor in (1, 2, 5, 10) if step * factor >= raw)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5 times powers of ten between low and high."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    return [value for value in found if low <= value <= high]


def tick_text(value: float) -> str:
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.1f}"


Box = tuple[float, float, float, float]


def _overlaps(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def place_labels(
    anchors: Sequence[tuple[Point, str]], frame: Box, taken: Iterable[Box], size: float = 11
) -> list[str]:
    """Text beside points, in the first of six places that is free; left out where none is."""
    boxes, parts = list(taken), []
    for (x, y), words in anchors:
        wide, high = text_width(words, size), size * 1.1
        for left, middle in (
            (x + 7, y),
            (x - 7 - wide, y),
            (x + 5, y - 11),
            (x + 5, y + 11),
            (x - 5 - wide, y - 11),
            (x - 5 - wide, y + 11),
        ):
            box = (left, middle - high / 2, left + wide, middle + high / 2)
            inside = box[0] >= frame[0] and box[2] <= frame[2]
            inside = inside and box[1] >= frame[1] and box[3] <= frame[3]
            if inside and not any(_overlaps(box, other) for other in boxes):
                boxes.append(box)
                parts.append(text((left, middle + size * 0.36), words, size=size, halo=True))
                break
    return parts


def spread_out(wanted: Sequence[float], low: float, high: float, gap: float) -> list[float]:
    """Heights near the wanted ones (ascending), at least `gap` apart, within low and high."""
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    placed: list[float] = []
    for i, y in enumerate(wanted):
        floor = placed[-1] + gap if placed else low
        ceiling = high - gap * (len(wanted) - 1 - i)
        placed.append(min(max(y, floor), ceiling))
    return placed
