"""Charts of the monthly topics as SVG: plan over time, physical targets, before and after.

Marks differ in form as well as in colour, so that they can be told apart in print. Figures are
final; nothing is computed here but places on the page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from jiesu.briefing import drawing
from jiesu.briefing.document import Figure
from jiesu.briefing.drawing import ACCENT, GREY, INK, PALE, RULE, WIDTH, Scale
from jiesu.briefing.topic_view import View, number
from jiesu.core.before_after import BeforeAfter, Effect, MonthFigures
from jiesu.core.topic_board import TopicBoard, TopicStatus
from jiesu.core.topics import Step, last_day

ROW = 19.0
HEAD = 26.0
LABELS = 216.0
MOST_ROWS = 40
"""A plan of more rows is cut into several pictures."""


@dataclass(frozen=True)
class _Row:
    """A line of the plan: a topic's head, a task or a policy."""

    label: str
    step: Step | None = None
    is_policy: bool = False


def plan_charts(view: View, board: TopicBoard) -> Iterator[Figure]:
    """The plans of all topics, months across; as many pictures as the rows need."""
    rows: list[_Row] = []
    pictures = 0
    for one in board.topics:
        more = _rows(view, one)
        if rows and len(rows) + len(more) > MOST_ROWS:
            pictures += 1
            yield _plan(view, board, rows, pictures)
            rows = []
        rows += more
    if any(row.step is not None for row in rows):
        yield _plan(view, board, rows, pictures + 1)


def _rows(view: View, one: TopicStatus) -> list[_Row]:
    topic = one.topic
    rows = [_Row(view.text(topic.title))]
    rows += [_Row(view.text(step.title), step) for step in topic.tasks]
    rows += [_Row(view.text(step.title), step, is_policy=True) for step in topic.policies]
    return rows if len(rows) > 1 else []


def _plan(view: View, board: TopicBoard, rows: Sequence[_Row], n: int) -> Figure:
    words, today = view.words, board.on
    steps = [row.step for row in rows if row.step is not None]
    first = min([_start(step) for step in steps] + [today]).replace(day=1)
    end = max([step.due_on for step in steps if step.due_on < date.max] + [today])
    end = last_day(f"{end:%Y-%m}") + timedelta(days=1)
    height = HEAD + ROW * len(rows) + 44
    frame = (LABELS, HEAD, WIDTH - 10.0, HEAD + ROW * len(rows))
    x = Scale(first.toordinal(), end.toordinal(), frame[0], frame[2] - 8)
    parts = _month_grid(first, end, x, frame)
    y = frame[1]
    for row in rows:
        parts += _row(row, x, y, today)
        y += ROW
    at = x(today.toordinal() + 1)
    parts.append(drawing.line((at, frame[1] - 4), (at, frame[3]), stroke=ACCENT, width=1.4))
    label = words("topics.chart.today", day=view.day(today))
    anchor = "end" if at > (frame[0] + frame[2]) / 2 else "start"
    parts.append(drawing.text((at, frame[3] + 13), label, size=10.5, anchor=anchor, fill=ACCENT))
    parts += _plan_legend(view, height - 8)
    states = [step.state(today) for step in steps]
    description = words(
        "topics.chart.plan.description",
        n=len(steps),
        done=sum(state in ("done", "done_late") for state in states),
        overdue=states.count("overdue"),
        open=states.count("open"),
        day=view.day(today),
    )
    key, title = f"topics-plan-{n}", words("topics.chart.plan")
    svg = drawing.picture(key, WIDTH, round(height), title, description, parts)
    return Figure(key, title, svg, WIDTH, round(height), description)


def _start(step: Step) -> date:
    """When the work begins: where nobody said, with the month in which it is due."""
    return step.starts_on or step.due_on.replace(day=1)


def _month_grid(first: date, end: date, x: Scale, frame: drawing.Box) -> list[str]:
    parts, months = [], []
    at = first
    while at < end:
        months.append(at)
        at = last_day(f"{at:%Y-%m}") + timedelta(days=1)
    every = 1 + (len(months) - 1) // 9
    for i, month in enumerate(months):
        place = x(month.toordinal())
        is_year = month.month == 1
        stroke = RULE if is_year else PALE
        parts.append(drawing.line((place, frame[1]), (place, frame[3]), stroke=stroke))
        if i % every == 0:
            parts.append(drawing.text((place + 2, frame[1] - 8), f"{month:%Y-%m}", size=10))
    parts.append(drawing.line((frame[0], frame[3]), (frame[2], frame[3]), stroke=INK))
    return parts


def _row(row: _Row, x: Scale, y: float, today: date) -> list[str]:
    middle = y + ROW / 2
    if row.step is None:
        label = _cut(row.label, LABELS - 8, 12)
        return [
            drawing.line((0, y + 1), (WIDTH - 10, y + 1), stroke=RULE, width=0.6),
            f'<g font-weight="bold">{drawing.text((0, middle + 4.5), label)}</g>',
        ]
    parts = [drawing.text((12, middle + 4), _cut(row.label, LABELS - 20, 11), size=11)]
    if row.is_policy:
        return [*parts, *_policy_mark(row.step, x, middle, today)]
    return [*parts, *_bar(row.step, x, middle, today)]


def _bar(step: Step, x: Scale, middle: float, today: date) -> list[str]:
    """Done: full; late: full, with a mark where it was due; open: empty; overdue: hatched."""
    state = step.state(today)
    start = x(_start(step).toordinal())
    due = x(step.due_on.toordinal() + 1)
    if state in ("done", "done_late"):
        done = x((step.done_on or step.due_on).toordinal() + 1)
        parts = [_box(start, middle, done, fill=INK, stroke=INK)]
        if state == "done_late":
            top, bottom = (due, middle - 7), (due, middle + 7)
            parts.append(drawing.line(top, bottom, stroke=ACCENT, width=2))
        return parts
    if state == "open":
        return [_box(start, middle, due, fill="#ffffff", stroke=INK)]
    end = max(x(today.toordinal() + 1), due)
    parts = [_box(start, middle, end, fill="#ffffff", stroke=ACCENT)]
    at = start + 4
    while at < end:
        parts.append(
            drawing.line((at - 3, middle + 4.5), (at + 3, middle - 4.5), stroke=ACCENT, width=0.9)
        )
        at += 6
    parts.append(drawing.line((due, middle - 7), (due, middle + 7), stroke=ACCENT, width=2))
    return parts


def _box(start: float, middle: float, end: float, *, fill: str, stroke: str) -> str:
    wide = max(end - start, 2.0)
    return (
        f'<rect x="{drawing.n(start)}" y="{drawing.n(middle - 4.5)}" width="{drawing.n(wide)}" '
        f'height="9" fill="{fill}" stroke="{stroke}" stroke-width="1"/>'
    )


def _policy_mark(step: Step, x: Scale, middle: float, today: date) -> list[str]:
    """A diamond: full where it was issued, empty at its due day else; overdue with a cross."""
    state = step.state(today)
    if state in ("done", "done_late"):
        at = x((step.done_on or step.due_on).toordinal())
        parts = [_diamond(at, middle, fill=INK, stroke=INK)]
        if state == "done_late":
            due = x(step.due_on.toordinal() + 1)
            top, bottom = (due, middle - 7), (due, middle + 7)
            parts.append(drawing.line(top, bottom, stroke=ACCENT, width=2))
        return parts
    at = x(step.due_on.toordinal())
    if state == "open":
        return [_diamond(at, middle, fill="#ffffff", stroke=INK)]
    return [
        _diamond(at, middle, fill="#ffffff", stroke=ACCENT),
        drawing.line((at - 4, middle - 4), (at + 4, middle + 4), stroke=ACCENT, width=1.4),
        drawing.line((at - 4, middle + 4), (at + 4, middle - 4), stroke=ACCENT, width=1.4),
    ]


def _diamond(x: float, y: float, *, fill: str, stroke: str) -> str:
    corners = ((x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y))
    points = " ".join(f"{drawing.n(a)},{drawing.n(b)}" for a, b in corners)
    return f'<polygon points="{points}" fill="{fill}" stroke="{stroke}" stroke-width="1.2"/>'


def _plan_legend(view: View, y: float) -> list[str]:
    hatch = [
        drawing.line((at - 3, 4.5), (at + 3, -4.5), stroke=ACCENT, width=0.9) for at in (4, 10, 16)
    ]
    marks = [
        ("done", _box(0, 0, 20, fill=INK, stroke=INK)),
        ("open", _box(0, 0, 20, fill="#ffffff", stroke=INK)),
        ("overdue", _box(0, 0, 20, fill="#ffffff", stroke=ACCENT) + "".join(hatch)),
        ("late", drawing.line((10, -7), (10, 7), stroke=ACCENT, width=2)),
        ("policy", _diamond(10, 0, fill=INK, stroke=INK)),
        ("policy_open", _diamond(10, 0, fill="#ffffff", stroke=INK)),
    ]
    return _legend(view, marks, 0.0, y)


def _cut(label: str, room: float, size: float) -> str:
    if drawing.text_width(label, size) <= room:
        return label
    while label and drawing.text_width(label + "…", size) > room:
        label = label[:-1]
    return label.rstrip() + "…"


# Physical targets -----------------------------------------------------------------------------


def targets_chart(view: View, board: TopicBoard) -> Figure | None:
    """A bar for each physical target: reached, and where the straight line would have it."""
    rows = [(one, state) for one in board.topics for state in one.completion.targets]
    if not rows:
        return None
    words, gap = view.words, 40.0
    height = 14 + gap * len(rows) + 20
    left, right = 4.0, WIDTH - 70.0
    parts = []
    for i, (one, state) in enumerate(rows):
        y = 14 + gap * i
        target = state.target
        label = f"{view.text(one.topic.title)} · {view.text(target.title)}"
        figures = words(
            "topics.chart.target",
            done=number(state.done),
            target=number(target.target),
            measured_in=view.text(target.measured_in),
        )
        room = right - left - drawing.text_width(figures, 11) - 12
        parts.append(drawing.text((left, y + 4), _cut(label, room, 11.5), size=11.5))
        parts.append(drawing.text((right, y + 4), figures, size=11, anchor="end"))
        x = Scale(0, 1, left, right)
        full = min(float(state.share), 1.0)
        shape = f'y="{drawing.n(y + 10)}" height="10"'
        whole = f'<rect x="{drawing.n(left)}" width="{drawing.n(right - left)}" {shape} '
        parts.append(f'{whole}fill="#ffffff" stroke="{RULE}" stroke-width="1"/>')
        fill = ACCENT if state.behind else INK
        if full:
            done = f'<rect x="{drawing.n(left)}" width="{drawing.n(x(full) - left)}" {shape} '
            parts.append(f'{done}fill="{fill}"/>')
        at = x(float(state.expected))
        parts.append(drawing.line((at, y + 6), (at, y + 24), stroke=GREY, width=1.6))
        share = view.percent(state.share)
        mark = "▼ " if state.behind else ""
        parts.append(drawing.text((right + 6, y + 19), mark + share, size=11, fill=fill))
    parts.append(
        drawing.line((left + 6, height - 15), (left + 6, height - 3), stroke=GREY, width=1.6)
    )
    legend = words("topics.chart.targets.legend")
    parts.append(drawing.text((left + 14, height - 5), legend, size=10.5))
    description = words(
        "topics.chart.targets.description",
        n=len(rows),
        behind=sum(state.behind for _, state in rows),
    )
    title = words("topics.chart.targets")
    svg = drawing.picture("topics-targets", WIDTH, round(height), title, description, parts)
    return Figure("topics-targets", title, svg, WIDTH, round(height), description)


# Before and after -----------------------------------------------------------------------------


def before_after_chart(view: View, one: TopicStatus, rate_title: str) -> Figure | None:
    """Volume and rate by month, the start as a line, and what was to be expected without it."""
    found = one.cases
    if found is None or len(found.months) < 3:
        return None
    words, title = view.words, view.text(one.topic.title)
    panel, top = 150.0, 24.0
    height = 2 * panel + top + 86
    frame = (54.0, top, WIDTH - 12.0, top + panel)
    below = (54.0, top + panel + 40, WIDTH - 12.0, top + 2 * panel + 40)
    volumes = [float(month.volume) for month in found.months]
    rates = [None if month.rate is None else float(month.rate) * 100 for month in found.months]
    parts = [drawing.text((0, 12), words("topics.chart.volume"), size=11, fill=GREY)]
    parts += _panel(found.months, volumes, found.volume, frame, 1.0)
    label = words("topics.chart.rate", rate=rate_title)
    parts.append(drawing.text((0, below[1] - 12), label, size=11, fill=GREY))
    parts += _panel(found.months, rates, found.rate, below, 100.0)
    parts += _month_labels(found.months, below)
    parts += _start_lines(view, found, (frame, below))
    parts += _before_after_legend(view, found, height - 6)
    caption = words("topics.chart.before_after", topic=title)
    description = words(
        "topics.chart.before_after.description",
        topic=title,
        n=len(found.months),
        first=view.month(found.months[0].month),
        last=view.month(found.months[-1].month),
        day=view.day(one.topic.started_on),
    )
    key = f"topics-cases-{one.topic.key}"
    anchor = "".join(char if char.isascii() and char.isalnum() else "-" for char in key)
    svg = drawing.picture(anchor, WIDTH, round(height), caption, description, parts)
    return Figure(anchor, caption, svg, WIDTH, round(height), description)


def _x(months: Sequence[MonthFigures], frame: drawing.Box) -> Scale:
    return Scale(-0.5, len(months) - 0.5, frame[0], frame[2])


def _panel(
    months: Sequence[MonthFigures],
    values: Sequence[float | None],
    effect: Effect | None,
    frame: drawing.Box,
    factor: float,
) -> list[str]:
    """Observed months as circles; the fitted line; beyond the start, the expected one, banded."""
    fits = {fit.month: fit for fit in effect.months} if effect is not None else {}
    known = [value for value in values if value is not None]
    after = {month.month for month in months if month.side == "after"}
    band = [
        (i, fits[m.month]) for i, m in enumerate(months) if m.month in fits and m.month in after
    ]
    extra = [factor * edge for _, fit in band for edge in (fit.low, fit.high)]
    if not known:
        return []
    low, high = min(known), max(known)
    # A wide band must not press the months flat.
    room = max(high - low, high * 0.1, 1e-9)
    low, high = max(low - room, min([low, *extra])), min(high + room, max([high, *extra]))
    pad = (high - low) * 0.08
    top = min(high + pad, 100.0) if factor > 1 else high + pad
    x, y = _x(months, frame), Scale(max(low - pad, 0.0), top, frame[3], frame[1])
    parts = []
    for value in drawing.ticks(y.low, y.high, 4):
        parts.append(drawing.line((frame[0], y(value)), (frame[2], y(value)), stroke=PALE))
        label = drawing.tick_text(value)
        parts.append(drawing.text((frame[0] - 7, y(value) + 4), label, size=11, anchor="end"))
    if len(band) > 1:
        upper = [(x(i), _within(y(factor * fit.high), frame)) for i, fit in band]
        lower = [(x(i), _within(y(factor * fit.low), frame)) for i, fit in reversed(band)]
        points = " ".join(f"{drawing.n(a)},{drawing.n(b)}" for a, b in [*upper, *lower])
        parts.append(f'<polygon points="{points}" fill="{PALE}"/>')
        expected = [(x(i), _within(y(factor * fit.expected), frame)) for i, fit in band]
        parts.append(drawing.polyline(expected, stroke=GREY, width=1.5, dash="5 3"))
    for side in (False, True):
        line = [
            (x(i), _within(y(factor * fits[month.month].fitted), frame))
            for i, month in enumerate(months)
            if month.month in fits and (month.month in after) == side
        ]
        if len(line) > 1:
            parts.append(drawing.polyline(line, stroke=INK, width=1.6))
    for i, observed in enumerate(values):
        if observed is not None:
            hollow = months[i].side in ("start", "running")
            fill = "#ffffff" if hollow else INK
            parts.append(drawing.circle((x(i), y(observed)), 2.8, fill=fill, stroke=INK))
    parts.append(drawing.line((frame[0], frame[3]), (frame[2], frame[3]), stroke=INK))
    return parts


def _within(y: float, frame: drawing.Box) -> float:
    return min(max(y, frame[1]), frame[3])


def _month_labels(months: Sequence[MonthFigures], frame: drawing.Box) -> list[str]:
    x, every = _x(months, frame), 1 + (len(months) - 1) // 8
    parts = []
    for i, month in enumerate(months):
        if (len(months) - 1 - i) % every == 0:
            at = (x(i), frame[3] + 17)
            parts.append(drawing.text(at, month.month, size=11, anchor="middle"))
    return parts


def _start_lines(view: View, found: BeforeAfter, frames: Sequence[drawing.Box]) -> list[str]:
    """The line between the last month before and the first one after."""
    edges = [
        i + 0.5
        for i, (one, other) in enumerate(pairwise(found.months))
        if one.side in ("before", "start") and other.side == "after"
    ]
    parts = []
    for frame in frames if edges else ():
        at = _x(found.months, frame)(edges[0])
        parts.append(
            drawing.line((at, frame[1]), (at, frame[3]), stroke=ACCENT, width=1.4, dash="2 2")
        )
    if edges:
        at = _x(found.months, frames[0])(edges[0])
        label = view.words("topics.chart.start")
        place = (at, frames[0][1] - 6)
        parts.append(drawing.text(place, label, size=11, anchor="middle", fill=ACCENT))
    return parts


def _before_after_legend(view: View, found: BeforeAfter, y: float) -> list[str]:
    marks = [("observed", drawing.circle((9, 0), 2.8, fill=INK, stroke=INK))]
    if any(effect is not None and effect.months for effect in (found.volume, found.rate)):
        band = f'<rect x="0" y="-6" width="18" height="12" fill="{PALE}"/>'
        dashed = drawing.line((0, 0), (18, 0), stroke=GREY, width=1.5, dash="5 3")
        marks.append(("fitted", drawing.line((0, 0), (18, 0), stroke=INK, width=1.6)))
        marks.append(("expected", band + dashed))
    return _legend(view, marks, 54.0, y)


def _legend(view: View, marks: Sequence[tuple[str, str]], x: float, y: float) -> list[str]:
    """Marks with their words on one line, all set smaller where they would not fit."""
    labels = [view.words(f"topics.chart.{key}") for key, _ in marks]
    wide = sum(42 + drawing.text_width(label, 11) for label in labels)
    size = min(11.0, 11 * (WIDTH - x) / wide)
    parts = []
    for (_, mark), label in zip(marks, labels, strict=True):
        parts.append(f'<g transform="translate({x:.1f} {y - 4:.1f})">{mark}</g>')
        parts.append(drawing.text((x + 25, y), label, size=size))
        x += 25 + drawing.text_width(label, size) + 15
    return parts
