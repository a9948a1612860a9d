"""The press draft of a review meeting, in the order of a newspaper's report.

Statements with their traces first, the document from them: what a reader reads and what
`press.json` lists is the same text. Parts that have no data are left out.
"""

from collections.abc import Iterator, Mapping, Sequence

from jiesu.briefing.document import Block, Content, Paragraph, Section
from jiesu.briefing.evidence import point_said
from jiesu.briefing.index_statements import index_statements
from jiesu.briefing.labels import Words
from jiesu.briefing.pack import EVALUATION, MEETING, Stage
from jiesu.briefing.statements import bulletin_statements
from jiesu.briefing.topic_statements import governance_statements, topic_statements
from jiesu.briefing.wording import clean, day, listing, raised, signed
from jiesu.core.commitments import Kept
from jiesu.core.meeting import Meeting, Point, Speaker
from jiesu.core.press import Statement, Trace
from jiesu.core.scorecard import Scorecard
from jiesu.core.topic_board import TopicBoard


def press_statements(stage: Stage) -> tuple[Statement, ...]:
    """All statements of the draft, in its order."""
    return tuple(_statements(stage))


def _statements(stage: Stage) -> Iterator[Statement]:
    meeting = stage.pack.meeting
    yield from _opening(stage, meeting)
    parts = {
        "speakers": _speakers,
        "experience": _experience,
        "bulletin": bulletin_statements,
        "index": index_statements,
        "topics": topic_statements,
        "governance": governance_statements,
        "commitments": _commitments,
        "next_steps": _next_steps,
    }
    for part in meeting.agenda:
        yield from parts[part](stage)
    yield from _attendance(stage, meeting)


def _opening(stage: Stage, meeting: Meeting) -> Iterator[Statement]:
    words = stage.words
    title = stage.title(stage.pack.rules.title)
    held = day(meeting.held_on, words)
    text = words("press.held", day=held, city=stage.city, meeting=title)
    trace = Trace("held on", held, meeting.held_on.isoformat(), MEETING, "/held_on")
    yield Statement("held", "opening", text, (trace,))
    if meeting.chair:
        chair = clean(meeting.chair)
        chaired = Trace("chair", chair, meeting.chair, MEETING, "/chair")
        yield Statement("chair", "opening", words("press.chaired", chair=chair), (chaired,))
    if meeting.speakers and "speakers" in meeting.agenda:
        names = [stage.unit(speaker.unit) for speaker in meeting.speakers]
        text = words(
            "press.speak",
            names=listing(names, words),
            role=stage.title(stage.pack.rules.speaker_role),
        )
        traces = tuple(
            Trace("speaker", name, speaker.unit, MEETING, f"/speakers/{n}/unit", speaker.unit)
            for n, (name, speaker) in enumerate(zip(names, meeting.speakers, strict=True))
        )
        yield Statement("speakers", "opening", text, traces)


def _speakers(stage: Stage) -> Iterator[Statement]:
    for number, speaker in enumerate(stage.pack.meeting.speakers):
        card = stage.pack.cards.get(speaker.unit)
        if card is not None:
            yield from _speaker(stage, number, speaker, card)


def _speaker(stage: Stage, number: int, speaker: Speaker, card: Scorecard) -> Iterator[Statement]:
    """A speaker's merits one by one, then its shortcomings in one sentence."""
    section = f"speaker:{speaker.unit}"
    for n, point in enumerate(speaker.merits):
        where = f"/speakers/{number}/merits/{n}/text"
        text, traces, given = _point(stage, card, point, where)
        if text:
            sentence = stage.words("press.merits", text=raised(text))
            yield Statement("merit", section, sentence, traces, given)
    for given in dict.fromkeys(point.source for point in speaker.shortcomings):
        points = [
            (n, point) for n, point in enumerate(speaker.shortcomings) if point.source == given
        ]
        yield from _shortcomings(stage, number, card, points, section)


def _shortcomings(
    stage: Stage,
    number: int,
    card: Scorecard,
    points: Sequence[tuple[int, Point]],
    section: str,
) -> Iterator[Statement]:
    words = stage.words
    named: list[str] = []
    traces: list[Trace] = []
    whole: list[tuple[str, tuple[Trace, ...]]] = []
    for n, point in points:
        where = f"/speakers/{number}/shortcomings/{n}/text"
        text, found, _ = _point(stage, card, point, where, short=True)
        if not text:
            continue
        evidence = card.evidence(point.evidence)
        # "In X, Y and Z" takes names of figures; what is a sentence stands alone.
        if evidence is None or evidence.place is not None:
            named.append(text)
            traces += found
        else:
            whole.append((text, found))
    given = points[0][1].source if points else ""
    if named:
        text = words("press.shortcomings", text=words("press.and").join(named))
        yield Statement("shortcoming", section, text, tuple(traces), given)
    for text, found in whole:
        sentence = words("press.shortcomings.one", text=text)
        yield Statement("shortcoming", section, sentence, found, given)


def _point(
    stage: Stage, card: Scorecard, point: Point, where: str, *, short: bool = False
) -> tuple[str, tuple[Trace, ...], str]:
    """A point's words, its traces and the office that gave it, if an office did."""
    text, traces = point_said(stage, card, point, short=short)
    if point.text is None:
        return text, traces, ""
    source = clean(point.source)
    trace = Trace("text", text, text, MEETING, where, card.unit)
    return text, (trace,), source


def _experience(stage: Stage) -> Iterator[Statement]:
    code = stage.pack.meeting.experience
    if not code:
        return
    words, name = stage.words, stage.unit(code)
    why, traces = experience_reason(stage, code)
    named = Trace("unit", name, code, MEETING, "/experience", code)
    role = stage.title(stage.pack.rules.experience_role)
    text = words("press.experience", name=name, role=role, why=why)
    yield Statement("experience", "experience", text, (named, *traces))


def experience_reason(stage: Stage, code: str) -> tuple[str, tuple[Trace, ...]]:
    """Why a unit may tell how it works: its rank, or its place among the most improved."""
    words, evaluation = stage.words, stage.pack.evaluation
    at = stage.unit_at(evaluation, code)
    if at is None:
        return "", ()
    group = evaluation.groups[at[0]]
    unit = group.units[at[1]]
    period, file = evaluation.period.label, EVALUATION
    for number, named in enumerate(evaluation.lists):
        if named.kind != "improved" or named.group != group.key or unit.rank == 1:
            continue
        for place, one in enumerate(named.units):
            if one.unit == code:
                shown = words("press.points", value=signed(one.value))
                pointer = f"/lists/{number}/units/{place}/value"
                trace = Trace(
                    "change", shown, f"{one.value:f}", file, pointer, code, period,
                    stage.cases_of(code),
                )  # fmt: skip
                text = words("meeting.experience.improved", value=shown, rank=one.position)
                return text, (trace,)
    if unit.score is None or unit.rank is None:
        return "", ()
    tied = sum(other.rank == unit.rank for other in group.units) > 1
    text = words(
        "meeting.experience.rank" if unit.rank == 1 else "meeting.experience.else",
        score=stage.score,
        value=f"{unit.score:f}",
        tied=words("merit.tied") if tied else "",
        rank=unit.rank,
    )
    pointer = f"/groups/{at[0]}/units/{at[1]}/score"
    score = f"{unit.score:f}"
    return text, (Trace("score", score, score, file, pointer, code, period, stage.cases_of(code)),)


def _commitments(stage: Stage) -> Iterator[Statement]:
    late = [one for one in stage.pack.kept if one.state == "overdue"]
    if late:
        n = str(len(late))
        trace = Trace("overdue", n, n, MEETING, "/overdue")
        yield Statement("overdue", "bulletin", stage.words("press.overdue", n=n), (trace,))


def _next_steps(stage: Stage) -> Iterator[Statement]:
    meeting = stage.pack.meeting
    for number, step in enumerate(meeting.next_steps):
        text = clean(stage.words.title(step, ""), 600)
        pointer = f"/next_steps/{number}/{stage.words.lang}"
        trace = Trace("text", text, text, MEETING, pointer)
        given = f"meetings/{meeting.period}.toml"
        sentence = stage.words("press.step", text=_ended(text, stage.words))
        yield Statement("next_step", "next", sentence, (trace,), given)


def _ended(text: str, words: Words) -> str:
    """A sentence with its full stop, as people may have left it out."""
    return text if text.endswith(("。", ".", "！", "!", "？", "?")) else text + words("list.end")


def proposed_steps(
    kept: Sequence[Kept], topics: TopicBoard | None
) -> tuple[Mapping[str, str], ...]:
    """What follows from the figures whatever people add: those named mend, those late explain."""
    both = {lang: Words(lang) for lang in ("zh", "en")}
    steps = [{lang: words("next.named") for lang, words in both.items()}]
    if any(one.state == "overdue" for one in kept):
        steps.append({lang: words("next.overdue") for lang, words in both.items()})
    behind = (
        [one.topic for one in topics.topics if one.completion.state == "behind"] if topics else []
    )
    if behind:
        steps.append(
            {
                lang: words(
                    "next.topics",
                    names=listing([words.title(topic.title, topic.key) for topic in behind], words),
                )
                for lang, words in both.items()
            }
        )
    return tuple(steps)


def _attendance(stage: Stage, meeting: Meeting) -> Iterator[Statement]:
    words = stage.words
    parts, traces = [], []
    for number, attendance in enumerate(meeting.attendance):
        who, found = stage.attending(number, attendance)
        if who:
            way = words(f"meeting.way.{attendance.way}")
            parts.append(words("press.present.way", who=listing(who, words), way=way))
            traces += found
    if parts:
        text = words("press.present.join").join(parts) + words("press.present.end")
        yield Statement("attendance", "closing", text, tuple(traces))


# The document ---------------------------------------------------------------------------------


def press_content(stage: Stage, statements: Sequence[Statement]) -> Content:
    """The draft as a document without a red head."""
    words, meeting = stage.words, stage.pack.meeting
    title = words(
        "press.title",
        city=stage.city,
        month=stage.month,
        meeting=stage.title(stage.pack.rules.title),
    )
    sections = tuple(_sections(stage, statements))
    return Content(
        lang=words.lang,
        title=title,
        sections=sections,
        ui=words.ui(),
        mark=stage.mark(words("press.draft")),
        essence=(words("press.traced"), *stage.sources()),
        office=clean(stage.pack.office),
        signed_on=day(meeting.held_on, words) if stage.pack.office else "",
    )


def _sections(stage: Stage, statements: Sequence[Statement]) -> Iterator[Section]:
    titles = {
        "bulletin": stage.words("press.bulletin"),
        "next": stage.words("press.next"),
    }
    for key in dict.fromkeys(statement.section for statement in statements):
        mine = [statement for statement in statements if statement.section == key]
        title = titles.get(key, "")
        if key.startswith("speaker:"):
            title = stage.unit(key.removeprefix("speaker:"))
        yield Section(key.replace(":", "-"), title, tuple(_paragraphs(mine)))


_ALONE = ("shortcoming", "next_step")


def _paragraphs(statements: Sequence[Statement]) -> Iterator[Block]:
    """Sentences run on; shortcomings, steps and lists of names each begin a line."""
    running = ""
    for statement in statements:
        alone = statement.kind in _ALONE or statement.section == "bulletin"
        if alone and running:
            yield Paragraph(running.strip())
            running = ""
        running += statement.text
        if alone:
            yield Paragraph(running.strip())
            running = ""
    if running:
        yield Paragraph(running.strip())
