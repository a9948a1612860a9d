"""A scorecard on one page: every figure with its rank, the ranks as a chart, what follows.

Puts what `core.scorecard` found into blocks; computes nothing.
"""

from collections.abc import Iterator

from jiesu.briefing import drawing
from jiesu.briefing.document import Block, Cell, Column, Figure, Paragraph, Section, Table
from jiesu.briefing.drawing import ACCENT, GREY, INK, PALE, RULE, WIDTH
from jiesu.briefing.evidence import figure_title, figure_value, point_said
from jiesu.briefing.pack import Stage
from jiesu.briefing.wording import clean, day, listing, raised, text_width
from jiesu.core.commitments import Kept
from jiesu.core.meeting import Point, Speaker
from jiesu.core.scorecard import Place, Scorecard
from jiesu.core.scoring import rounded

TOP = 34
LEFT, RIGHT = 330, 596
"""Where the lines of ranks begin and end; left of them stand titles and values."""
VALUES = 306
ROOM = 380
"""So high may a chart be, that a scorecard stays on its page."""


def scorecard_section(stage: Stage, speaker: Speaker, label: str) -> Section:
    """A speaker's scorecard as an annex."""
    card = stage.pack.cards[speaker.unit]
    name = stage.unit(speaker.unit)
    blocks = tuple(_blocks(stage, speaker, card))
    title = stage.words("card.title", name=name)
    return Section(f"card-{clean(speaker.unit)}", title, blocks, label)


def _blocks(stage: Stage, speaker: Speaker, card: Scorecard) -> Iterator[Block]:
    words = stage.words
    yield from points_paragraphs(stage, speaker, card)
    if card.places:
        yield ranks_chart(stage, card)
    rows = tuple(
        (
            Cell(stage.scene.list_title(found[1])),
            Cell(listing([stage.unit(code) for code in codes], words)),
        )
        for key, codes in card.on_lists.items()
        if (found := stage.list_at(key)) is not None
    )
    if rows:
        columns = (
            Column("list", words("meeting.lists.list"), width=14),
            Column("units", words("meeting.lists.units"), width=26),
        )
        yield Table(f"streets_{card.unit}", words("card.streets"), columns, rows)
    if card.kept:
        text = listing([_promise(stage, kept) for kept in card.kept], words)
        yield Paragraph(text + words("list.end"), words("card.promised"))


def points_paragraphs(stage: Stage, speaker: Speaker, card: Scorecard) -> Iterator[Paragraph]:
    """What the unit is told: its merits and its shortcomings."""
    words = stage.words
    for lead, points in (
        ("meeting.merits", speaker.merits),
        ("meeting.shortcomings", speaker.shortcomings),
    ):
        found = [text for point in points if (text := _point(stage, card, point))]
        shown = words("between").join(found) + words("list.end") if found else ""
        yield Paragraph(shown or words("meeting.none_shown"), words(lead))


def _point(stage: Stage, card: Scorecard, point: Point) -> str:
    text, _ = point_said(stage, card, point)
    if point.text is None or not text:
        return text
    given = stage.words("press.by_hand", source=clean(point.source))
    return text + stage.words("bracket", text=given)


def _promise(stage: Stage, kept: Kept) -> str:
    state = stage.words("bracket", text=kept_state(stage, kept))
    return clean(kept.commitment.promise, 120) + state


def kept_state(stage: Stage, kept: Kept) -> str:
    """A commitment's state in words."""
    key = {"overdue": "kept.overdue.days", "due": "kept.due_now"}.get(
        kept.state, f"kept.{kept.state}"
    )
    return stage.words(key, days=kept.days)


def ranks_chart(stage: Stage, card: Scorecard) -> Figure:
    """Each figure with its value and a line from the first rank to the last, the unit upon it."""
    words = stage.words
    places = card.places
    row = min(22.0, (ROOM - TOP) / len(places))
    size = min(11.5, row * 0.62)
    name = stage.unit(card.unit)
    n = max(place.n for place in places)
    height = int(TOP + row * len(places))
    parts = [
        drawing.text((LEFT, 14), words("card.chart.best"), size=11, fill=GREY, anchor="middle"),
        drawing.text((RIGHT, 14), words("card.chart.worst"), size=11, fill=GREY, anchor="middle"),
        *_quarters(TOP + row * (len(places) - 1) + 8),
    ]
    for number, place in enumerate(places):
        parts += _ranks_row(stage, place, TOP + row * number, size)
    description = words("between").join(
        words(
            "card.chart.row",
            title=raised(figure_title(stage, place)),
            value=figure_value(stage, place),
            rank=place.rank,
        )
        for place in places
    )
    caption = words("card.chart", name=name, n=n)
    if any(place.weak for place in places):
        caption += words("bracket", text=words("card.weak"))
    key = f"ranks_{card.unit}"
    svg = drawing.picture(key, WIDTH, height, caption, description, parts)
    return Figure(key, caption, svg, WIDTH, height, description)


def _ranks_row(stage: Stage, place: Place, y: float, size: float) -> list[str]:
    """One figure: filled black in the first quarter, red in the last, hollow between."""
    worst = place.last_of_tied * 4 > place.n * 3 and place.n > 1
    best = place.rank * 4 <= place.n
    colour = ACCENT if worst else INK if best else GREY
    x = LEFT + (RIGHT - LEFT) * (place.rank - 1) / max(1, place.n - 1)
    value = figure_value(stage, place) + ("*" if place.weak else "")
    title = _fitted(raised(figure_title(stage, place)), value)
    filling = colour if best or worst else "#fff"
    base = y + size * 0.36
    return [
        drawing.text((0, base), title, size=size),
        drawing.text((VALUES, base), value, size=size, anchor="end"),
        drawing.line((LEFT, y), (RIGHT, y), stroke=PALE),
        drawing.circle((x, y), size * 0.45, fill=filling, stroke=colour),
        drawing.text((RIGHT + 14, base), str(place.rank), size=size, fill=colour),
    ]


def _quarters(bottom: float) -> list[str]:
    """Pale lines at the quarters, so that first and last quarter can be seen."""
    return [
        drawing.line((x, 22), (x, bottom), stroke=RULE, width=0.6, dash="2 3")
        for share in (0.25, 0.5, 0.75)
        for x in [LEFT + (RIGHT - LEFT) * share]
    ]


def _fitted(title: str, value: str) -> str:
    """A title cut to the room left of its value."""
    room = 26.5 - text_width(value)
    while text_width(title) > room and len(title) > 2:
        title = title.removesuffix("…")[:-1] + "…"
    return title


def kept_table(stage: Stage) -> Table:
    """All commitments that the meeting hears of."""
    words = stage.words
    columns = (
        Column("key", words("kept.key"), width=4),
        Column("unit", words("kept.unit"), width=8),
        Column("promise", words("kept.promise"), width=15),
        Column("owner", words("kept.owner"), width=7),
        Column("due", words("kept.due"), width=7),
        Column("state", words("kept.state"), width=7),
    )
    rows = []
    for kept in stage.pack.kept:
        promise = clean(kept.commitment.promise, 160)
        if (progress := measured_progress(stage, kept)) is not None:
            promise += words("bracket", text=progress)
        rows.append(
            (
                Cell(clean(kept.commitment.key)),
                Cell(stage.unit(kept.commitment.unit)),
                Cell(promise),
                Cell(clean(kept.commitment.owner)),
                Cell(day(kept.commitment.due_on, words)),
                Cell(kept_state(stage, kept)),
            )
        )
    return Table("commitments", words("kept.caption"), columns, tuple(rows))


def measured_progress(stage: Stage, kept: Kept) -> str | None:
    """The promised figure beside the present one, where a measure was named."""
    commitment = kept.commitment
    table = stage.pack.measures.get(commitment.measure)
    if table is None or commitment.target is None:
        return None
    reading = table.readings.get(commitment.unit)
    if reading is None:
        return None
    value = f"{rounded(reading.value, table.measure.decimals):f}"
    return stage.words("kept.measure", target=f"{commitment.target:f}", value=value)
